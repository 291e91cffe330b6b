"""Cells as colours, across the first axis and upwards the second, or a single row; a number or a word on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from actprof.arrays import Flags
from actprof.diagnosis.verdicts import CODES
from actprof.digits import compact, grouped, power_label, with_power
from actprof.report.axes import Box, colour_bar, hatch, runs, write
from actprof.report.free import FreeSpace
from actprof.report.lettering import line_height, width
from actprof.report.sheet import Entry, Sheet
from actprof.report.style import EM, TICK, Theme
from actprof.report.ticks import SAFE_EXPONENTS
from actprof.sweep.cell_axis import CellAxis
from actprof.sweep.colours import VERDICTS, ColourScale, Shown, ink
from actprof.sweep.result import Axis, Sweep
from actprof.sweep.theory_lines import draw_lines, pieces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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

    def __init__(self, sweep: Sweep, theme: Theme) -> None:
        self.sweep, self.theme = sweep, theme
        self.x_axis = CellAxis(sweep.axes[0])
        self.y_axis = CellAxis(sweep.axes[1] if len(sweep.axes) > 1 else ONE_ROW)
        self.entries: list[Entry] = []

    def draw_lines(self, axes: Axes) -> None:
        draw_lines(axes, self.sweep, self.theme, self.x_axis, self.y_axis if len(self.sweep.axes) > 1 else None)

    def counted(self, text: str, cells: Flags, color: str = "", mark: str = "") -> None:
        """Add `no number (12)` to the entries, where there is any; without a colour it is hatched."""
        looks = [{"facecolor": color or self.theme.background, "edgecolor": self.theme.muted, "linewidth": 0.8}]
        looks += [] if color else [{"hatch": "//", "facecolor": "none", "edgecolor": self.theme.muted}]
        looks += [{"marker": f"${mark}$", "markersize": 8, "color": ink(_channels(color))}] if mark else []
        self.entries += [Entry(f"{text} ({grouped(int(cells.sum()))})", looks)] if cells.any() else []

    def hatch(self, axes: Axes, cells: Flags) -> None:
        hatch(axes, self.x_axis.edges, self.y_axis.edges, cells.T, self.theme.muted)


class NumberMap(CellMap):
    """A quantity, with the bar of its colours."""

    def __init__(self, sweep: Sweep, name: str, theme: Theme) -> None:
        super().__init__(sweep, theme)
        self._name, self._shown = name, Shown.of(sweep, name)
        self._scale = ColourScale.of(self._shown)
        self._mappable = self._scale.mappable(theme)
        labels = [label for _, label in self._scale.axis.ticks(400.0, lambda _: line_height(TICK))]
        self.beside = AWAY + WIDE + BESIDE + max(width(label, TICK) for label in labels)
        self.counted("exactly 0", self._shown.zero, _hex(self._mappable.to_rgba(np.array(-np.inf))), "0")
        self.counted("no number", self._shown.missing)

    def draw(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        seen = np.ma.masked_where(self._shown.missing, np.maximum(self._shown.values, self._scale.low))
        axes.pcolormesh(self.x_axis.edges, self.y_axis.edges, seen.T, cmap=self._mappable.cmap, rasterized=True,
                        vmin=self._scale.low, vmax=self._scale.high, zorder=1, gid="cells")
        self.hatch(axes, self._shown.missing)
        colour_bar(sheet, f"colours of {self._name}", Box(box.right + AWAY, box.top, WIDE, box.height), self._mappable,
                   self._scale.axis, below=self._scale.below, above=self._scale.above)
        self.draw_lines(axes)
        if not self.sweep.lines and self._shown.values.size <= MAX_WRITTEN:
            self._write_numbers(sheet, axes, box)

    def _write_numbers(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        """Those of all cells, or none where there is no room."""
        values = self._shown.values
        said = {(column, row): written(values[column, row], self._shown.quantity.decades)
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
        counts = Counter(cell.verdict for cell in sweep.cells)
        for code in sorted(counts, key=ALL.index):
            self.counted(words(code), self._numbers == ALL.index(code), VERDICTS.get(code, ""))

    def draw(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        from matplotlib.colors import ListedColormap

        colours = ListedColormap([VERDICTS.get(code, self.theme.background) for code in ALL])
        axes.pcolormesh(self.x_axis.edges, self.y_axis.edges, self._numbers.T, cmap=colours, vmin=-0.5,
                        vmax=len(ALL) - 0.5, rasterized=True, zorder=1, gid="cells")
        self.hatch(axes, self._numbers == ALL.index(NO_NUMBER))
        self.draw_lines(axes)
        single = len(self.sweep.axes) == 1
        lines = [sheet.pixels(axes, x, np.interp(y, [0, 1], axes.get_ylim()) if single else y)
                 for line in self.sweep.lines
                 for x, y in pieces(self.sweep, line, self.x_axis, None if single else self.y_axis)]
        for number, place, free in self._runs(box) if single else self._regions(box):
            beside_lines = FreeSpace(place)
            beside_lines.taken |= free
            for points in lines:
                beside_lines.take_line(points)
            anywhere = FreeSpace(place)
            anywhere.taken |= free
            _write_word(sheet, axes, words(ALL[number]), (beside_lines, anywhere), single)

    def _runs(self, box: Box) -> Iterator[tuple[int, Box, Flags]]:
        """(number, box, what is taken of it) of equal neighbours in a single row."""
        numbers, x = self._numbers[:, 0], box.left + self.x_axis.parts * box.width
        for number in np.unique(numbers).tolist():
            for first, last in runs(numbers == number):
                yield number, Box(x[first], box.top, x[last] - x[first], box.height), np.zeros((1, 1), bool)

    def _regions(self, box: Box) -> Iterator[tuple[int, Box, Flags]]:
        """The cells that have a verdict, for each that occurs."""
        rows, columns = FreeSpace(box).taken.shape
        found = self._numbers[self.x_axis.cells_at(columns)][:, self.y_axis.cells_at(rows)].T[::-1]
        return ((number, box, found != number) for number in np.unique(self._numbers).tolist())


def _write_word(sheet: Sheet, axes: Axes, word: str, rooms: tuple[FreeSpace, ...], may_turn: bool) -> None:
    """In the middle of the first room that has a place for it, as large as possible; upright where it must be."""
    for room in rooms:
        for size in WORD_SIZES:
            for upright in (False, True)[:1 + may_turn]:
                wide, high = width(word, size) + PAD, line_height(size)
                wide, high = (high, wide) if upright else (wide, high)
                place = room.middle(wide, high)
                if place is not None:
                    x, y = place[0] + wide / 2, place[1] + high / 2
                    text = write(sheet, axes, x, y - 0.36 * size * EM * upright, word, size, align="center", boxed=True)
                    text.set(rotation=90, va="center") if upright else None
                    return


def written(value: float, decades: bool) -> str:
    """`0.83`, `3·10⁻⁵`; of a logarithm beyond the floats `10⁻⁴⁸⁰`."""
    if not decades:
        return compact(value, 2)
    if value == -np.inf:
        return "0"
    return with_power(compact(10**value, 2)) if abs(value) < SAFE_EXPONENTS else power_label(round(value))


def words(code: str) -> str:
    return code.replace("_", " ") or "no verdict"


def _channels(color: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return to_rgb(color)


def _hex(color: object) -> str:
    from matplotlib.colors import to_hex

    return to_hex(color)  # type: ignore[arg-type]
