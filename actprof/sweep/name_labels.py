"""Names beside rows and below columns: wrapped, made smaller, or turned, so that each stays by its own cells."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from actprof.report.canvas import Canvas
from actprof.report.lettering import SMALLEST, fitting_size, line_height, width, wrapped
from actprof.report.plane import TICK, Plane

SIZES = (TICK, 15.0, 14.0, 13.0, 12.0, SMALLEST)
MOST_LINES, MOST_CUT = 4, 6  # of a label; where it must be cut within a word
LEAST = 56.0  # pixels of a column with labels that are cut so
LONGEST = 280.0  # pixels of a label that is turned
GAP = 8.0  # between neighbours, and between a label and the axis


class RowNames:
    """`width` is what they take left of the plane, `least` the height of a plane that has room for them."""

    def __init__(self, names: Sequence[str], room: float) -> None:
        self._names = names
        self.width = min(max(width(name, TICK) for name in names), room)
        self.least = len(names) * (_most_lines(names, self.width, SMALLEST) * line_height(SMALLEST) + 2)

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        row = plane.height / len(self._names)
        size = fitting_size(
            lambda size: _most_lines(self._names, self.width, size) * line_height(size) + 2 <= row, SIZES)
        for number, name in enumerate(self._names):
            lines = broken(name, self.width, size)
            y = plane.bottom - (number + 0.5) * row - (len(lines) - 1) / 2 * line_height(size)
            for place, line in enumerate(lines):
                canvas.text(plane.left - 10, y + place * line_height(size), line, size, align="right",
                            color=canvas.theme.muted)


class ColumnNames:
    """`height` is what they take below a plane of `room` pixels; `step` is above 1 where only some have room."""

    def __init__(self, names: Sequence[str], room: float) -> None:
        column = room / len(names)
        across = _sizes_across(names, column - GAP)
        self._turned = not across
        if across:
            self.step, self._size = 1, across[0]
            self._lines = [broken(name, column - GAP, self._size) for name in names]
            self.height = max(map(len, self._lines)) * line_height(self._size)
        else:
            self._size = fitting_size(lambda size: line_height(size) <= column, SIZES)
            self.step = math.ceil(line_height(self._size) / column)
            self._lines = [[shortened(name, LONGEST, self._size)] for name in names]
            self.height = max(width(line, self._size) for line, in self._lines)

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        for number in range(0, len(self._lines), self.step):
            x, top = float(plane.x(number)), plane.bottom + GAP
            for place, line in enumerate(self._lines[number]):
                y = top + (width(line, self._size) / 2 if self._turned else (place + 0.5) * line_height(self._size))
                canvas.text(x, y, line, self._size, align="center", upright=self._turned, color=canvas.theme.muted)


def broken(name: str, room: float, size: float) -> list[str]:
    """Lines of at most `room` pixels, broken behind a mark of the grammar of names where there is one."""
    return wrapped(_pieces(name), room, size, joint="") or [""]


def shortened(text: str, room: float, size: float) -> str:
    """The text, or its beginning and its end."""
    kept = len(text)
    while kept > 4 and width(text, size) > room:
        kept -= 2
        text = f"{text[:kept // 2]}…{text[-(kept // 2 - 1):]}"
    return text


def _pieces(name: str) -> list[str]:
    return re.findall(r"[^ :,=/_]+[ :,=/_]*|[ :,=/_]+", name)


def _sizes_across(names: Sequence[str], room: float) -> list[float]:
    """At which all have room as they are, the largest first; if there is none, where words must be cut."""
    return ([size for size in SIZES if all(width(piece, size) <= room for name in names for piece in _pieces(name))
             and _most_lines(names, room, size) <= MOST_LINES]
            or [size for size in SIZES if room >= LEAST and _most_lines(names, room, size) <= MOST_CUT])


def _most_lines(names: Sequence[str], room: float, size: float) -> int:
    return max(len(broken(name, room, size)) for name in names)
