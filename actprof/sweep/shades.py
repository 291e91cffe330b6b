"""From values to colours, blue for what vanishes, orange for what explodes; a scale of shares; and their bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actprof.arrays import Floats
from actprof.digits import power_label
from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width
from actprof.report.plane import Plane
from actprof.report.scales import Span, Tick
from actprof.report.style import Theme
from actprof.sweep.result import Quantity

Colours = NDArray[np.uint8]

DIVERGING = {
    "light": ("#08306b", "#08519c", "#3182bd", "#6baed6", "#c6dbef", "#f7f7f7", "#fdd0a2", "#fd8d3c", "#e6550d",
              "#a63603", "#662004"),
    "dark": ("#b3dcff", "#84c3f6", "#559fe0", "#3179b8", "#1d4b75", "#262a32", "#6f3510", "#b25413", "#df7622",
             "#f99f50", "#ffc890"),
}
"""From the least to the greatest; neutral in the middle, lightness monotone on either side."""

DECADES = 12.0  # beyond which everything has the colour of the end
OUTLIER = 3.0  # times what nine of ten cells stay within
NEGATIVE = -0.05  # a mean cosine below is more than chance
AWAY, WIDE, TIP, BESIDE = 18.0, 24.0, 16.0, 10.0  # of the bar, in pixels
LABEL = 16.0
STEPS = 256


@dataclass(frozen=True)
class Shades:
    """A scale of colours over values, or over logarithms to base 10 where it is `diverging`.

    Attributes:
        below, above: whether there are values beyond the ends.
        step: between ticks, in decades.
    """

    low: float
    high: float
    below: bool
    above: bool
    diverging: bool = False
    step: int = 1

    def paint(self, values: ArrayLike, theme: Theme) -> Colours:
        """(…, 4) colours; what is beyond an end has that end's."""
        from matplotlib import colormaps

        places = np.clip(np.nan_to_num(Span(self.low, self.high).place(np.clip(values, self.low, self.high))), 0.0, 1.0)
        if not self.diverging:
            painted: Colours = np.asarray(colormaps[theme.colormap](places, bytes=True))
            return painted
        knots = np.array([channels(color) for color in DIVERGING[theme.name]])
        at = np.linspace(0, 1, len(knots))
        mixed = np.stack([np.interp(places, at, knots[:, channel]) for channel in range(4)], axis=-1)
        whole: Colours = mixed.round().astype(np.uint8)
        return whole

    def ticks(self, room: float) -> list[Tick]:
        """`≤ 10⁻¹²` at an end that has values beyond it."""
        if self.diverging:
            powers = np.arange(self.low, self.high + 1, self.step).astype(int).tolist()
            ticks = [((power - self.low) / (self.high - self.low), power_label(power)) for power in powers]
        else:
            ticks = Span(self.low, self.high).ticks(room, lambda _: line_height(14), 6)
        return [(place, _beyond(label, place < 1e-6 and self.below, place > 1 - 1e-6 and self.above))
                for place, label in ticks]


def shades(quantity: Quantity, values: Floats) -> Shades:
    """The scale for what is shown of a quantity, its values or their logarithms; non-finite ones do not count."""
    finite = values[np.isfinite(values)]
    if quantity.decades:
        return _diverging(finite)
    low, high = quantity.low, quantity.high
    low = 0.0 if low < 0 < high and finite.min(initial=0.0) >= NEGATIVE else low
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = (low if math.isfinite(low) else least), (high if math.isfinite(high) else most)
    high = high if high > low else low + (abs(low) or 1.0)
    slack = 1e-6 * (high - low)
    return Shades(low, high, least < low - slack, most > high + slack)


def _diverging(logs: Floats) -> Shades:
    """As many decades on either side of 1: at least one, and no more than nearly all cells need."""
    sizes = np.abs(logs)
    usual = OUTLIER * float(np.quantile(sizes, 0.9)) if sizes.size else 0.0
    wanted = max(min(float(sizes.max(initial=0.0)), DECADES, max(usual, 1.0)), 1.0)
    step = math.ceil(wanted / 4)
    reach = float(step * math.ceil(wanted / step))
    return Shades(-reach, reach, bool((logs < -reach).any()), bool((logs > reach).any()), True, step)


class ColourBar:
    """Tells which colour stands for which value, with a tip at an end beyond which there is more.

    `width` is what it takes on the right of a plane.
    """

    def __init__(self, shades: Shades) -> None:
        self._shades = shades
        self.width = AWAY + WIDE + BESIDE + max(width(label, LABEL) for _, label in shades.ticks(400.0))

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        left, top, tall = plane.right + AWAY, plane.top + TIP, plane.height - 2 * TIP
        ends = np.linspace(self._shades.high, self._shades.low, STEPS)[:, np.newaxis]
        colours = self._shades.paint(ends, canvas.theme)
        canvas.picture(left, top, WIDE, tall, colours)
        canvas.rectangle(left, top, WIDE, tall, facecolor="none", edgecolor=canvas.theme.muted, linewidth=0.8, zorder=3)
        for beyond, edge, away, colour in ((self._shades.above, top, -TIP, colours[0, 0]),
                                          (self._shades.below, top + tall, TIP, colours[-1, 0])):
            if beyond:
                canvas.area([(left, edge), (left + WIDE, edge), (left + WIDE / 2, edge + away)], linewidth=0.8,
                            facecolor=colour / 255, edgecolor=canvas.theme.muted, zorder=3, gid="beyond")
        for place, label in self._shades.ticks(tall):
            y = top + tall * (1 - place)
            canvas.segments([[(left + WIDE, y), (left + WIDE + 5, y)]], colors=canvas.theme.muted)
            canvas.text(left + WIDE + BESIDE, y, label, LABEL, color=canvas.theme.muted)


def channels(color: str) -> list[int]:
    """`#rrggbb` as red, green, blue and full opacity."""
    return [*(int(color[place:place + 2], 16) for place in (1, 3, 5)), 255]


def to_hex(color: Colours) -> str:
    """Without its opacity."""
    return "#" + bytes(color[:3].tolist()).hex()


def ink(color: ArrayLike) -> str:
    """Black or white, whichever is read on it: by the relative luminance of ITU-R BT.709."""
    red, green, blue = ((np.asarray(color)[:3] / 255.0) ** 2.2).tolist()
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#ffffff"


def _beyond(label: str, below: bool, above: bool) -> str:
    return f"≤ {label}" if below else f"≥ {label}" if above else label
