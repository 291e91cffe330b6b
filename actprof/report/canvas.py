"""A sheet of pixels: x to the right, y downwards from the top left corner, whatever the dpi of the file.

Everything is placed by its maker, so no layout pass and no axis machinery is needed, and no number of the data can
upset one: coordinates are always within the sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actprof.report.lettering import font, printable
from actprof.report.style import EM, UNIT, Theme

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure


Point = tuple[float, float]


class Canvas:
    """Draws on a figure of the given size in pixels."""

    def __init__(self, figure: Figure, theme: Theme, width: float, height: float) -> None:
        from matplotlib.transforms import Affine2D

        figure.set_size_inches(width / UNIT, height / UNIT)
        figure.set_facecolor(theme.background)
        self.theme, self.width, self.height = theme, width, height
        self._figure = figure
        self._transform = Affine2D().scale(1, -1).translate(0, height).scale(1 / UNIT) + figure.dpi_scale_trans

    def text(self, x: float, y: float, text: str, size: float = 14, *, align: str = "left", bold: bool = False,
             color: str | None = None, upright: bool = False, boxed: bool = False) -> None:
        """One line; `y` is the middle of its capitals (`upright`: turned by 90°, centred on the point)."""
        from matplotlib.text import Text

        artist = Text(x, y if upright else y + 0.36 * size * EM, printable(text, bold), fontproperties=font(bold),
                      color=color or self.theme.foreground, ha="center" if upright else align, parse_math=False,
                      va="center" if upright else "baseline", rotation=90 if upright else 0, zorder=9)
        artist.set_fontsize(size)
        if boxed:
            artist.set_bbox({"facecolor": self.theme.background, "edgecolor": "none", "pad": 1.5, "alpha": 0.85})
        self._add(artist)

    def formula(self, x: float, baseline: float, text: str, size: float) -> None:
        """One line with mathematics between dollars."""
        from matplotlib.text import Text

        artist = Text(x, baseline, text, fontproperties=font(), color=self.theme.foreground, va="baseline", zorder=9)
        artist.set_fontsize(size)
        self._add(artist)

    def rectangle(self, x: float, y: float, width: float, height: float, **look: Any) -> None:
        """A filled or hatched rectangle with (x, y) as its upper left corner."""
        from matplotlib.patches import Rectangle

        self._add(Rectangle((x, y), width, height, **{"linewidth": 0, **look}))

    def hatched(self, x: float, y: float, width: float, height: float) -> None:
        """The sign of values that are not finite."""
        self.rectangle(x, y, width, height, facecolor="none", edgecolor=self.theme.muted, hatch="//", zorder=4)

    def stairs(self, edges: ArrayLike, tops: ArrayLike, baseline: float, **look: Any) -> None:
        """A filled histogram: `tops` (bins,) between `edges` (bins + 1,)."""
        from matplotlib.patches import StepPatch

        self._add(StepPatch(np.asarray(tops), np.asarray(edges), baseline=baseline, fill=True,
                            **{"linewidth": 0, **look}))

    def segments(self, segments: Sequence[Sequence[Point]], **look: Any) -> None:
        """Straight lines, each from a point to a point."""
        from matplotlib.collections import LineCollection

        if segments:
            self._add(LineCollection(list(segments), **{"linewidths": 1.0, "colors": self.theme.grid, **look}))

    def line(self, x: ArrayLike, y: ArrayLike, **look: Any) -> None:
        """A curve, broken where y is not a number."""
        from matplotlib.lines import Line2D

        self._add(Line2D(np.asarray(x), np.asarray(y), **look))

    def area(self, corners: Sequence[Point], **look: Any) -> None:
        """A filled polygon."""
        from matplotlib.patches import Polygon

        self._add(Polygon(list(corners), closed=True, **{"linewidth": 0, **look}))

    def picture(self, x: float, y: float, width: float, height: float, colours: NDArray[np.uint8]) -> None:
        """An image of (rows, columns, 4) colours, the first row at the top."""
        from matplotlib.image import BboxImage
        from matplotlib.transforms import Bbox, TransformedBbox

        frame = TransformedBbox(Bbox([[x, y + height], [x + width, y]]), self._transform)
        image = BboxImage(frame, origin="lower", interpolation="antialiased", zorder=1)
        image.set_data(colours)
        self._figure.add_artist(image)

    def _add(self, artist: Artist) -> None:
        artist.set_transform(self._transform)
        self._figure.add_artist(artist)
