"""The GIF file of `actprof train --animate`: how the histogram of each hidden layer changes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from actprof.errors import SpecError
from actprof.machine import Progress
from actprof.report.settings import of_arms, provenance
from actprof.report.style import THEMES, UNIT, Style, Theme, collector_paused, matplotlib_set_up, require_drawable
from actprof.train.result import FILM_SIZE, Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from actprof.train.film import Film

FRAME, HELD = 100, 2000  # milliseconds that a frame is shown, and that the last one is
MAX_FRAME_PIXELS = 500_000_000  # pixels of all frames together: they are in memory until the file is written
APART = 14  # of 256: colours that are nearer might be taken for each other


def render(training: Training, style: Style) -> bytes:
    """The GIF file: a frame for each checkpoint, for ever.

    Raises SpecError for a network without hidden layers and for too many pixels, OutputError where matplotlib cannot
    be loaded.
    """
    if not all(arm.median_run.layers for arm in training.arms):
        raise SpecError("--animate needs a hidden layer whose activations can be shown. Add --layers 1.")
    theme = replace(THEMES[style.theme], title=style.title)
    with collector_paused(), warnings.catch_warnings(), matplotlib_set_up(theme):
        from matplotlib.figure import Figure

        from actprof.train.film import NAME, Film

        figure = Figure(dpi=style.dpi)
        film = Film(figure, theme, training)
        require_animatable(len(film.iterations), style.dpi, *figure.get_size_inches())
        told = provenance(NAME, training.seed, of_arms(training))
        comment = "; ".join(f"{key}: {value}" for key, value in told.items())
        frames, buffer = _frames(figure, film, style.progress), io.BytesIO()
        still = [FRAME] * (len(film.iterations) - 1)
        next(frames).save(buffer, format="GIF", save_all=True, append_images=frames, loop=0, optimize=False, disposal=1,
                          duration=[*still, HELD] if still else HELD, comment=comment.encode("ascii"))
        return buffer.getvalue()


def require_animatable(frames: int, dpi: int, width: float = FILM_SIZE[0] / UNIT,
                       height: float = FILM_SIZE[1] / UNIT) -> None:
    """Raise SpecError for too many pixels, by default of a sheet as small as it can be; sizes in inches."""
    require_drawable(width, height, dpi)
    if (pixels := width * dpi * height * dpi * frames) > MAX_FRAME_PIXELS:
        raise SpecError(f"the animation would have {pixels / 1e6:,.0f} megapixels in {frames} frames; "
                        f"{MAX_FRAME_PIXELS // 10**6} are the limit. Lower --dpi.")


def _frames(figure: Figure, film: Film, progress: Progress) -> Iterator[Image]:
    """Each frame: what moves, drawn over what stands still, in the colours that all frames share."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    background, colours = canvas.copy_from_bbox(figure.bbox), _palette(film.sheet.theme)
    for number, iteration in enumerate(film.iterations):
        progress(number / len(film.iterations))
        film.show(iteration)
        canvas.restore_region(background)
        for artist in film.moving:
            figure.draw_artist(artist)
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        yield pixels.quantize(palette=colours, dither=Image.Dither.NONE)


def _palette(theme: Theme) -> Image:
    """The theme's colours and their mixes with the background at the rims of shapes: the same for all frames."""
    from PIL import Image

    pure = np.array([[int(color[place:place + 2], 16) for place in (1, 3, 5)] for color in
                     (theme.background, theme.foreground, theme.muted, theme.grid, *theme.arms)])
    steps = [max(2, int(np.abs(color - pure[0]).max() / APART)) for color in pure]
    mixed = [pure[0] + (color - pure[0]) * shade / count for color, count in zip(pure[1:], steps[1:], strict=True)
             for shade in range(1, count)]
    image = Image.new("P", (1, 1))
    image.putpalette(np.array([*pure, *mixed]).round().astype(np.uint8).tobytes())
    return image
