"""Where on an axes there is room for a text: what is taken, and the free places, in pixels of the sheet."""

from __future__ import annotations

import numpy as np

from actprof.arrays import Counts, Flags, Floats
from actprof.report.axes import Box, runs

CELL = 3.0  # pixels
MARGINS = 60.0, 30.0, 12.0, 3.0


class FreeSpace:
    """The box of an axes in cells of a few pixels; `taken` where nothing else may lie."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self.taken: Flags = np.zeros((int(box.height / CELL), int(box.width / CELL)), bool)

    def take(self, box: Box, air: float = 0.0) -> None:
        """All that a box touches, with some air around it; nothing where it has no place."""
        if not np.isfinite(box).all():
            return
        columns = slice(max(self._cell(box.left - air, 0), 0), max(self._cell(box.right + air, 0) + 1, 0))
        self.taken[max(self._cell(box.top - air, 1), 0):max(self._cell(box.bottom + air, 1) + 1, 0), columns] = True

    def take_line(self, points: Floats) -> None:
        """All that a polyline of pixels (points, 2) goes through; NaN breaks it."""
        known = np.isfinite(points[:, 0] + points[:, 1])
        starts, ends = points[:-1][known[:-1] & known[1:]], points[1:][known[:-1] & known[1:]]
        steps = int(np.abs(ends - starts).max(initial=0.0).clip(0, 1e4) / CELL) + 2
        parts = np.linspace(0, 1, steps)[:, None, None]
        cells = ((starts + parts * (ends - starts) - self._box[:2]) // CELL).astype(int).reshape(-1, 2)
        rows, columns = self.taken.shape
        x, y = cells.T
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        self.taken[y[inside], x[inside]] = True

    def places(self, width: float, height: float) -> Floats:
        """(left, top) of every free place of a box of that size."""
        row, column = np.nonzero(~self._covered(width, height))
        return np.column_stack([column, row]) * CELL + CELL / 2 + self._box[:2]

    def nearest(self, width: float, height: float, points: Floats,
                anchor: tuple[float, float] | None = None) -> tuple[float, float] | None:
        """Left and top of the free place whose anchor, by default the middle of the box, is closest to a point; of
        points where a box may lie the one in the middle."""
        anchor, points = anchor or (width / 2, height / 2), points[np.isfinite(points).all(1)]
        free = ~self._covered(width, height)
        wished = points - anchor
        column, row = ((wished - self._box[:2]) // CELL).astype(int).T
        inside = (column >= 0) & (row >= 0) & (column < free.shape[1]) & (row < free.shape[0])
        wished = wished[inside][free[row[inside], column[inside]]]
        if len(wished):
            left, top = wished[len(wished) // 2].tolist()
            return left, top
        places = self.places(width, height)
        if not len(places) or not len(points):
            return None
        away = places[:, None] + anchor - points[::max(1, len(points) // 20)]
        left, top = places[int(np.hypot(*away.T).min(axis=0).argmin())].tolist()
        return left, top

    def middle(self, width: float, height: float) -> tuple[float, float] | None:
        """Left and top of the free place of a box with the widest margin that there is; of several a middle one."""
        for margin in MARGINS:
            free = ~self._covered(width + 2 * margin, height + 2 * margin)
            row, column = np.nonzero(free)
            if len(row):
                nearest = int(np.hypot(row - row.mean(), column - column.mean()).argmin())
                across = _middle(free[row[nearest]], column[nearest])
                down = _middle(free[:, across], row[nearest])
                left, top = np.add(self._box[:2], margin + CELL / 2) + CELL * np.array([across, down])
                return float(left), float(top)
        return None

    def _cell(self, pixels: float, side: int) -> int:
        return int((pixels - self._box[side]) // CELL)

    def _covered(self, width: float, height: float) -> Flags:
        """Whether any cell of a box is taken, for every upper left corner from which it fits."""
        rows, columns = int(height / CELL) + 2, int(width / CELL) + 2
        if rows > self.taken.shape[0] or columns > self.taken.shape[1]:
            return np.ones((1, 1), bool)
        sums: Counts = np.zeros(np.add(self.taken.shape, 1), np.int64)
        sums[1:, 1:] = self.taken.cumsum(axis=0).cumsum(axis=1)
        found: Flags = (sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns]
                        + sums[:-rows, :-columns]) > 0
        return found


def _middle(free: Flags, place: int) -> int:
    """The middle of the run of free cells around a place."""
    return next((first + last - 1) // 2 for first, last in runs(free) if first <= place < last)
