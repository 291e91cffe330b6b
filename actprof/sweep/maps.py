"""Cells as colours: blue for what vanishes, orange for what explodes; shares; verdicts; a number or a word on each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, Normalize, to_hex, to_rgb
from numpy.typing import ArrayLike

from actprof.arrays import Flags, Floats
from actprof.diagnosis.verdicts import CODES
from actprof.digits import grouped, logarithms, number_label, percent, power_label, power_of_ten, with_power
from actprof.report.axes import Box, FreeSpace, colour_bar, hatch, write
from actprof.report.lettering import line_height, width
from actprof.report.sheet import Entry, Sheet
from actprof.report.style import EM, TICK, Theme
from actprof.report.ticks import Fixed, Linear, Scale
from actprof.sweep.cell_axis import CellAxis, draw_lines, pieces
from actprof.sweep.result import BY_NAME, Axis, Quantity, Sweep

# Colours from the least value to the greatest; neutral in the middle, lightness monotone on either side.
DIVERGING = {
    "light": ("#08306b", "#08519c", "#3182bd", "#6baed6", "#c6dbef", "#f7f7f7", "#fdd0a2", "#fd8d3c", "#e6550d",
              "#a63603", "#662004"),
    "dark": ("#b3dcff", "#84c3f6", "#559fe0", "#3179b8", "#1d4b75", "#262a32", "#6f3510", "#b25413", "#df7622",
             "#f99f50", "#ffc890"),
}

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


AWAY, WIDE, BESIDE = 18.0, 24.0, 12.0  # pixels of a colour bar: before it, its own, and before its labels
SIZES, WORD_SIZES = (18.0, 16.0, 14.0, 12.0), (17.0, 14.0, 12.0)
MAX_WRITTEN = 200  # cells with a number each
PAD = 8.0
ALL = (*CODES, "")
NO_NUMBER = "non_finite"
ONE_ROW = Axis("", "", ("",))


class CellMap:
    """What numbers and verdicts have in common; `beside` is the room that is needed on the right."""

    beside = 0.0
    entries: list[Entry]

    def __init__(self, sweep: Sweep, theme: Theme) -> None:
        self.sweep, self.theme = sweep, theme
        self.x_axis = CellAxis(sweep.axes[0])
        self.y_axis = CellAxis(sweep.axes[1] if len(sweep.axes) > 1 else ONE_ROW)
        self.upwards = self.y_axis if len(sweep.axes) > 1 else None

    def draw_over(self, axes: Axes, missing: Flags) -> None:
        hatch(axes, self.x_axis.edges, self.y_axis.edges, missing.T, self.theme.muted)
        draw_lines(axes, self.sweep, self.theme, self.x_axis, self.upwards)


class NumberMap(CellMap):
    """A quantity's map, with the bar of its colours."""

    def __init__(self, sweep: Sweep, name: str, theme: Theme) -> None:
        super().__init__(sweep, theme)
        self._name, self._shown = name, Shown.of(sweep, name)
        self._scale = ColourScale.of(self._shown)
        self._mappable = self._scale.mappable(theme)
        labels = [label for _, label in self._scale.axis.ticks(400.0, lambda _: line_height(TICK))]
        self.beside = AWAY + WIDE + BESIDE + max(width(label, TICK) for label in labels)
        least = to_hex(self._mappable.to_rgba(np.zeros(1) - np.inf)[0])
        zero = {"marker": "$0$", "markersize": 8, "color": ink(to_rgb(least))}
        self.entries = [*counted("exactly 0", self._shown.zero, swatch(theme, least), zero),
                        *counted("no number", self._shown.missing, swatch(theme))]

    def draw(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        seen = np.ma.masked_where(self._shown.missing, np.maximum(self._shown.values, self._scale.low))
        axes.pcolormesh(self.x_axis.edges, self.y_axis.edges, seen.T, cmap=self._mappable.cmap, rasterized=True,
                        vmin=self._scale.low, vmax=self._scale.high, zorder=1, gid="cells")
        self.draw_over(axes, self._shown.missing)
        colour_bar(sheet, f"colours of {self._name}", Box(box.right + AWAY, box.top, WIDE, box.height), self._mappable,
                   self._scale.axis, below=self._scale.below, above=self._scale.above)
        if not self.sweep.lines and self._shown.values.size <= MAX_WRITTEN:
            self._write_numbers(sheet, axes, box)

    def _write_numbers(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        """Write the numbers of all cells, or none where there is no room."""
        values = self._shown.values
        said = {(column, row): written(values[column, row], self._shown.quantity)
                for column, row in np.argwhere(~self._shown.missing).tolist()}
        wide = np.diff(self.x_axis.parts).min() * box.width - PAD
        tall = np.diff(self.y_axis.parts).min() * box.height - PAD
        sizes = [size for size in SIZES
                 if line_height(size) <= tall and all(width(text, size) <= wide for text in said.values())]
        for (column, row), text in said.items() if sizes else ():
            x, y = sheet.pixels(axes, self.x_axis.middles[column], self.y_axis.middles[row])[0].tolist()
            write(sheet, axes, x, y, text, sizes[0], align="center",
                  color=ink(self._mappable.to_rgba(values[column:column + 1, row])[0]))


class VerdictMap(CellMap):
    """The verdict of each cell by its colour, with its word on the cells that have it: none needs to be looked up."""

    def __init__(self, sweep: Sweep, theme: Theme) -> None:
        super().__init__(sweep, theme)
        numbers = np.array([ALL.index(cell.verdict) for cell in sweep.cells])
        self._numbers = numbers.reshape(len(sweep.axes[0]), -1)
        self.entries = [entry for number, code in enumerate(ALL) for entry in counted(
            words(code), self._numbers == number, swatch(theme, VERDICTS.get(code, "")))]

    def draw(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        colours = ListedColormap([VERDICTS.get(code, self.theme.background) for code in ALL])
        axes.pcolormesh(self.x_axis.edges, self.y_axis.edges, self._numbers.T, cmap=colours, vmin=-0.5,
                        vmax=len(ALL) - 0.5, rasterized=True, zorder=1, gid="cells")
        self.draw_over(axes, self._numbers == ALL.index(NO_NUMBER))
        single = self.upwards is None
        lines = [sheet.pixels(axes, x, np.interp(y, [0, 1], axes.get_ylim()) if single else y)
                 for line in self.sweep.lines
                 for x, y in pieces(self.sweep, line, self.x_axis, self.upwards)]
        rows, columns = FreeSpace(box).taken.shape
        found = self._numbers[self.x_axis.cells_at(columns)][:, self.y_axis.cells_at(rows)].T[::-1]
        for number in np.unique(self._numbers).tolist():
            for avoided in (lines, []):
                free = FreeSpace(box)
                free.taken |= found != number
                for points in avoided:
                    free.take_line(points)
                if _write_word(sheet, axes, words(ALL[number]), free, single):
                    break


def _write_word(sheet: Sheet, axes: Axes, word: str, free: FreeSpace, may_turn: bool) -> bool:
    """Whether there is a free place; the word is as large as possible there, and upright where it must be."""
    for size in WORD_SIZES:
        for upright in (False, True)[:1 + may_turn]:
            wide, high = width(word, size) + PAD, line_height(size)
            wide, high = (high, wide) if upright else (wide, high)
            place = free.middle(wide, high)
            if place is not None:
                x, y = place[0] + wide / 2, place[1] + high / 2 - 0.36 * size * EM * upright
                text = write(sheet, axes, x, y, word, size, align="center", boxed=True)
                text.set(rotation=90, va="center") if upright else None
                return True
    return False


def written(value: float, quantity: Quantity) -> str:
    """`0.831`, `49.7 %`, `3.1·10⁻⁵`; of a logarithm beyond the floats `1.0·10⁻⁴⁸⁰`."""
    if quantity.decades:
        return with_power(power_of_ten(value))
    return f"{percent(value)} %" if quantity.is_share else number_label(value)


def words(code: str) -> str:
    return code.replace("_", " ") or "no verdict"
