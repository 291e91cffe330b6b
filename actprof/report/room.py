"""Where in a plane there is room for a text: what is taken, what had better stay in sight, and the free places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Flags, Floats
from actprof.report.canvas import Point
from actprof.report.clipping import Box, runs

CELL = 3.0  # pixels
MARGINS = 60.0, 30.0, 12.0, 3.0
Cells = NDArray[np.intp]


class FreeSpace:
    """The rectangle of a plane in cells of a few pixels.

    Attributes:
        taken: where nothing else may lie.
        drawn: where there are lines, which a text may cover if there is no better place.
    """

    def __init__(self, left: float, top: float, width: float, height: float) -> None:
        self.left, self.top = left, top
        self.taken: Flags = np.zeros((int(height / CELL), int(width / CELL)), bool)
        self.drawn: Flags = np.zeros_like(self.taken)

    def copy(self) -> FreeSpace:
        """The same, to be tried out."""
        other = FreeSpace(self.left, self.top, 0.0, 0.0)
        other.taken, other.drawn = self.taken.copy(), self.drawn.copy()
        return other

    def only(self, cells: Flags) -> FreeSpace:
        """What of it lies in these cells."""
        other = self.copy()
        other.taken |= ~cells
        return other

    def take(self, box: Box) -> None:
        """All that a box touches."""
        rows, columns = self.taken.shape
        left, top, right, bottom = self._corners(box)
        self.taken[max(top, 0):min(bottom + 1, rows), max(left, 0):min(right + 1, columns)] = True

    def take_line(self, x: Floats, y: Floats) -> None:
        """All that a polyline goes through; it is broken where y is not a number."""
        self.taken[self._along(x, y)] = True

    def draw_line(self, x: Floats, y: Floats) -> None:
        """The same for what a text may cover."""
        self.drawn[self._along(x, y)] = True

    def crosses(self, start: Point, end: Point) -> bool:
        """Whether a straight line meets anything that is taken."""
        return bool(self.taken[self._along(np.array([start[0], end[0]]), np.array([start[1], end[1]]))].any())

    def meets(self, box: Box, others: Flags) -> bool:
        """Whether a box lies partly beyond the plane, or touches what is taken or one of the other cells."""
        left, top, right, bottom = self._corners(box)
        rows, columns = self.taken.shape
        if min(box[0] - self.left, box[1] - self.top) < 0 or right >= columns or bottom >= rows:
            return True
        within = slice(top, bottom + 1), slice(left, right + 1)
        return bool(self.taken[within].any() or others[within].any())

    def places(self, width: float, height: float) -> tuple[Floats, Floats, Flags]:
        """(left, top, whether it covers a line) of every free place of a box."""
        row, column = np.nonzero(self._free(width, height))
        covers = _any(self.drawn, *_size(width, height))[row, column]
        left, top = self.left + (column.astype(float) + 0.5) * CELL, self.top + (row.astype(float) + 0.5) * CELL
        return left, top, covers

    def middle(self, width: float, height: float) -> Point | None:
        """Left and top of the free place of a box with the widest margin that there is; of several a middle one."""
        for margin in MARGINS:
            free = self._free(width + 2 * margin, height + 2 * margin)
            row, column = np.nonzero(free)
            if len(row):
                nearest = int(np.argmin(np.hypot(row - row.mean(), column - column.mean())))
                across = _middle(free[row[nearest]], column[nearest])
                down = _middle(free[:, across], row[nearest])
                return self.left + (across + 0.5) * CELL + margin, self.top + (down + 0.5) * CELL + margin
        return None

    def cells(self, x: Floats, y: Floats) -> Flags:
        """The cells on a polyline and next to it."""
        grown: Flags = np.zeros_like(self.taken)
        grown[self._along(x, y)] = True
        for axis in (0, 1):
            grown |= np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
        return grown

    def _free(self, width: float, height: float) -> Flags:
        """Whether a box fits, for each cell that its upper left corner may lie in."""
        return ~_any(self.taken, *_size(width, height))

    def _corners(self, box: Box) -> tuple[int, int, int, int]:
        return (int((box[0] - self.left) // CELL), int((box[1] - self.top) // CELL),
                int((box[2] - self.left) // CELL), int((box[3] - self.top) // CELL))

    def _along(self, x: Floats, y: Floats) -> tuple[Cells, Cells]:
        """(rows, columns) of the cells that a polyline goes through."""
        known = np.isfinite(x[:-1] + x[1:] + y[:-1] + y[1:])
        one, other = np.array([x[:-1], y[:-1]])[:, known], np.array([x[1:], y[1:]])[:, known]
        steps = int(np.abs(other - one).max(initial=0.0) / CELL) + 2
        points = one[:, :, None] + (other - one)[:, :, None] * np.linspace(0, 1, steps)
        column = ((points[0].ravel() - self.left) // CELL).astype(int)
        row = ((points[1].ravel() - self.top) // CELL).astype(int)
        inside = (column >= 0) & (row >= 0) & (column < self.taken.shape[1]) & (row < self.taken.shape[0])
        return row[inside], column[inside]


def _size(width: float, height: float) -> tuple[int, int]:
    """Rows and columns that a box may touch."""
    return int(height / CELL) + 2, int(width / CELL) + 2


def _middle(free: Flags, place: int) -> int:
    """Of the run of free cells around a place."""
    return next((first + last - 1) // 2 for first, last in runs(free) if first <= place < last)


def _any(taken: Flags, rows: int, columns: int) -> Flags:
    """Whether any cell of a box is taken, for every upper left corner from which it fits."""
    if rows > taken.shape[0] or columns > taken.shape[1]:
        return np.ones((1, 1), bool)
    sums: NDArray[np.int64] = np.zeros((taken.shape[0] + 1, taken.shape[1] + 1), np.int64)
    sums[1:, 1:] = taken.cumsum(axis=0).cumsum(axis=1)
    found: Flags = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns] > 0
    return found
