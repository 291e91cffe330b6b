"""From values to colours: blue for what vanishes, orange for what explodes; a scale of shares; verdicts by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from numpy.typing import ArrayLike

from actprof.arrays import Flags, Floats
from actprof.digits import grouped, logarithms, power_label
from actprof.report.sheet import Entry
from actprof.report.style import Theme
from actprof.report.ticks import Fixed, Linear, Scale
from actprof.sweep.result import BY_NAME, Quantity, Sweep

DIVERGING = {
    "light": ("#08306b", "#08519c", "#3182bd", "#6baed6", "#c6dbef", "#f7f7f7", "#fdd0a2", "#fd8d3c", "#e6550d",
              "#a63603", "#662004"),
    "dark": ("#b3dcff", "#84c3f6", "#559fe0", "#3179b8", "#1d4b75", "#262a32", "#6f3510", "#b25413", "#df7622",
             "#f99f50", "#ffc890"),
}
"""Colours from the least value to the greatest; neutral in the middle, lightness monotone on either side."""

VERDICTS = {"healthy": "#009e73", "vanishing": "#56b4e9", "exploding": "#d55e00", "saturated": "#e69f00",
            "dying": "#cc79a7", "collapsed": "#0072b2", "symmetric": "#f0e442", "drifting": "#a6dbc9",
            "uncertain": "#bfc4cc", "": "#8d939e"}
"""Colours of Okabe & Ito (2008), told apart with any colour vision; cells without a number are hatched instead."""

MAX_DECADES = 12.0  # beyond which everything has the colour of the end
OUTLIER = 3.0  # times what nine of ten cells stay within
NEGATIVE = -0.05  # a mean cosine below is more than chance


@dataclass(frozen=True)
class Shown:
    """What a figure shows of a quantity: (cells across, cells upwards) values, or their logarithms to base 10; -inf for
    the logarithm of 0; one cell upwards for a single axis."""

    quantity: Quantity
    values: Floats

    @classmethod
    def of(cls, sweep: Sweep, name: str) -> Shown:
        raw = np.array([cell.statistic(name) for cell in sweep.cells], np.float64)
        return cls(BY_NAME[name], transformed(BY_NAME[name], raw.reshape(len(sweep.axes[0]), -1)))

    @property
    def missing(self) -> Flags:
        """Cells without a number: overflown, or nothing was to be computed."""
        return ~np.isfinite(self.values) & ~self.zero

    @property
    def zero(self) -> Flags:
        """Cells that are exactly 0, where logarithms are shown."""
        return np.isneginf(self.values) & self.quantity.decades


def transformed(quantity: Quantity, values: ArrayLike) -> Floats:
    """log₁₀ of what is positive; the others as they are."""
    numbers = np.asarray(values, np.float64)
    return np.where(numbers <= 0, -math.inf, logarithms(numbers)) if quantity.positive else numbers


@dataclass(frozen=True)
class ColourScale:
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

    @classmethod
    def of(cls, shown: Shown) -> ColourScale:
        """The scale for what is shown of a quantity; values that are not finite do not count."""
        finite, quantity = shown.values[np.isfinite(shown.values)], shown.quantity
        if quantity.decades:
            return cls._around_one(finite)
        low, high = quantity.low, quantity.high
        low = 0.0 if low < 0 < high and finite.min(initial=0.0) >= NEGATIVE else low
        least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        low, high = (low if math.isfinite(low) else least), (high if math.isfinite(high) else most)
        high = high if high > low else low + (abs(low) or 1.0)
        slack = 1e-6 * (high - low)
        return cls(low, high, least < low - slack, most > high + slack)

    @classmethod
    def _around_one(cls, logs: Floats) -> ColourScale:
        """A scale with as many decades on either side of 1: at least one, and no more than nearly all cells need."""
        sizes = np.abs(logs)
        usual = OUTLIER * float(np.quantile(sizes, 0.9)) if sizes.size else 0.0
        wanted = max(min(float(sizes.max(initial=0.0)), MAX_DECADES, max(usual, 1.0)), 1.0)
        step = math.ceil(wanted / 4)
        reach = float(step * math.ceil(wanted / step))
        return cls(-reach, reach, bool((logs < -reach).any()), bool((logs > reach).any()), True, step)

    def mappable(self, theme: Theme) -> ScalarMappable:
        """What gives each value its colour; values beyond an end have the colour of that end."""
        chosen = (LinearSegmentedColormap.from_list("sizes", DIVERGING[theme.name]) if self.diverging
                  else colormaps[theme.colormap])
        return ScalarMappable(Normalize(self.low, self.high), chosen)

    @property
    def axis(self) -> Scale:
        """The scale of its bar."""
        if not self.diverging:
            return Linear(self.low, self.high, 0.0, most=6)
        powers = np.arange(self.low, self.high + 1, self.step).astype(int).tolist()
        return Fixed(self.low, self.high, [(float(power), power_label(power)) for power in powers])


def counted(text: str, cells: Flags, *looks: dict[str, Any]) -> list[Entry]:
    """`no number (12)` with a sample of these looks, where there is any."""
    return [Entry(f"{text} ({grouped(int(cells.sum()))})", looks)] if cells.any() else []


def swatch(theme: Theme, color: str = "") -> dict[str, Any]:
    """The sample of a cell: hatched without a colour."""
    return {"facecolor": color or theme.background, "edgecolor": theme.muted, "linewidth": 0.8,
            "hatch": "" if color else "//"}


def ink(color: ArrayLike) -> str:
    """Black or white, whichever is read on a colour (channels from 0 to 1): by the luminance of ITU-R BT.709."""
    red, green, blue = (np.asarray(color)[:3] ** 2.2).tolist()
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#ffffff"
