"""The verdict of each cell by its colour, with its word on the cells that have it: none needs to be looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from actprof.diagnosis.verdicts import CODES
from actprof.digits import grouped
from actprof.report.canvas import Canvas
from actprof.report.clipping import runs
from actprof.report.key import Entry
from actprof.report.lettering import line_height, width
from actprof.report.plane import Plane
from actprof.report.room import FreeSpace
from actprof.report.style import Theme
from actprof.sweep.maps import CellMap
from actprof.sweep.result import Sweep
from actprof.sweep.scales import cells_at
from actprof.sweep.shades import channels
from actprof.sweep.signs import Swatch
from actprof.sweep.theory_lines import pixels

ALL = (*CODES, "")
NO_NUMBER = "non_finite"

COLOURS = {"healthy": "#009e73", "vanishing": "#56b4e9", "exploding": "#d55e00", "saturated": "#e69f00",
           "dying": "#cc79a7", "collapsed": "#0072b2", "symmetric": "#f0e442", "": "#8d939e"}
"""Those of Okabe & Ito (2008), told apart with any colour vision."""

SIZES = (17.0, 14.0, 12.0)


class VerdictMap(CellMap):
    """`_numbers` (cells across, cells upwards) are places in ALL."""

    def __init__(self, sweep: Sweep, theme: Theme) -> None:
        numbers = np.array([ALL.index(cell.verdict) for cell in sweep.cells])
        self._numbers = numbers.reshape(len(sweep.axes[0]), -1)
        palette = np.array([channels(color(code, theme)) for code in ALL], np.uint8)
        super().__init__(sweep, self._numbers == ALL.index(NO_NUMBER), palette[self._numbers])
        counts = Counter(cell.verdict for cell in sweep.cells)
        signs = {code: Swatch(color(code, theme), hatched=code == NO_NUMBER) for code in ALL}
        self.entries = [Entry(f"{words(code)} ({grouped(counts[code])})", signs[code]) for code in ALL if counts[code]]

    def draw_words(self, canvas: Canvas, plane: Plane) -> None:
        single = self._numbers.shape[1] == 1
        for number, room in self._runs(plane) if single else self._regions(plane):
            for x, y in (drawn for line in self.sweep.lines for drawn in pixels(plane, self.sweep, line)):
                room.draw_line(x, y)
            _draw_word(canvas, words(ALL[number]), room, single)

    def _runs(self, plane: Plane) -> Iterator[tuple[int, FreeSpace]]:
        """Equal neighbours in a single row, each with its room."""
        numbers, x = self._numbers[:, 0], plane.left + self.x_axis.edges * plane.width
        for number in np.unique(numbers).tolist():
            for first, last in runs(numbers == number):
                yield number, FreeSpace(x[first], plane.top, x[last] - x[first], plane.height)

    def _regions(self, plane: Plane) -> Iterator[tuple[int, FreeSpace]]:
        """The cells that have a verdict, for each that occurs."""
        whole = FreeSpace(plane.left, plane.top, plane.width, plane.height)
        rows, columns = whole.taken.shape
        found = self._numbers[cells_at(self.x_axis.edges, columns)][:, cells_at(self.y_axis.edges, rows)].T[::-1]
        return ((number, whole.only(found == number)) for number in np.unique(self._numbers).tolist())


def _draw_word(canvas: Canvas, word: str, room: FreeSpace, turned: bool) -> None:
    """In the middle of the room, beside the lines in it if possible; upright where it has no other place."""
    for free in (room.only(~room.drawn), room):
        for size in SIZES:
            for upright in (False, True)[:1 + turned]:
                wide, high = width(word, size), line_height(size)
                wide, high = (high, wide) if upright else (wide, high)
                place = free.middle(wide, high)
                if place is not None:
                    canvas.text(place[0] + wide / 2, place[1] + high / 2, word, size, align="center", upright=upright,
                                boxed=True)
                    return


def color(code: str, theme: Theme) -> str:
    """Cells without a number are hatched and have no other colour."""
    return COLOURS.get(code, theme.background)


def words(code: str) -> str:
    return code.replace("_", " ") or "no verdict"
