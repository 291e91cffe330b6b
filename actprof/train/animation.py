"""The animation of `actprof train --animate`: how the histogram of each hidden layer changes, as a GIF file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from actprof.errors import SpecError
from actprof.report.style import THEMES, UNIT, Style, Theme, collector_paused, matplotlib_set_up, require_drawable
from actprof.train.result import Training

if TYPE_CHECKING:
    from PIL.Image import Image

    from actprof.train.film import Film


FRAME, HELD = 100, 2000
"""Milliseconds that a frame is shown, and that the last one is."""

MOST_PIXELS = 500_000_000
"""Of all frames together: they are in memory until the file is written."""


def render(training: Training, style: Style) -> bytes:
    """The GIF file: a frame for each checkpoint, for ever.

    Raises SpecError for a network without hidden layers and for too many pixels, OutputError where matplotlib cannot
    be loaded.
    """
    from actprof.train.film import Film

    film = Film(training)
    with collector_paused(), warnings.catch_warnings(), matplotlib_set_up():
        frames = _frames(film, THEMES[style.theme], style.dpi)
        return _gif(frames, len(film.iterations), _comment(training))


def _frames(film: Film, theme: Theme, dpi: int) -> Iterator[Image]:
    """Each frame: what moves, drawn over a copy of what stands still."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from actprof.report.canvas import Canvas
    from actprof.train.film_sheet import WIDTH, Sheet
    from actprof.train.palette import Palette

    sheet = Sheet(film)
    _require_few_pixels(WIDTH / UNIT, sheet.height / UNIT, dpi, len(film.iterations))
    still = Figure(dpi=dpi)
    sheet.draw_still(Canvas(still, theme, WIDTH, sheet.height))
    agg: Any = FigureCanvasAgg(still)
    agg.draw()
    background, colours = agg.copy_from_bbox(still.bbox), Palette(theme)
    for iteration in film.iterations:
        agg.restore_region(background)
        moving = Figure(dpi=dpi)
        sheet.draw_moving(Canvas(moving, theme, WIDTH, sheet.height), iteration)
        moving.patch.set_visible(False)
        moving.draw(agg.get_renderer())
        yield colours.image(np.asarray(agg.buffer_rgba()))


def _require_few_pixels(width: float, height: float, dpi: int, frames: int) -> None:
    require_drawable(width, height, dpi)
    if (pixels := width * dpi * height * dpi * frames) > MOST_PIXELS:
        raise SpecError(f"the animation would have {pixels / 1e6:,.0f} megapixels in {frames} frames; "
                        f"{MOST_PIXELS // 10**6} are the limit. Lower --dpi.")


def _gif(frames: Iterator[Image], count: int, comment: str) -> bytes:
    buffer = io.BytesIO()
    durations = [FRAME] * (count - 1) + [HELD]
    next(frames).save(buffer, format="GIF", save_all=True, append_images=frames, loop=0, optimize=False, disposal=1,
                      duration=durations if count > 1 else HELD, comment=comment.encode("ascii"))
    return buffer.getvalue()


def _comment(training: Training) -> str:
    """The same provenance as in every figure."""
    from actprof.report.settings import of_arms, provenance
    from actprof.train.film_sheet import NAME

    told = provenance(NAME, training.seed, of_arms(training))
    return "; ".join(f"{key}: {value}" for key, value in told.items())
