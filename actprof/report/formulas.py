"""Formulas typeset by matplotlib, in lines as wide as the room."""

from __future__ import annotations

import re

from actprof.report.lettering import MIN_SIZE, fitting_size, formula_extent, line_height, width
from actprof.report.sheet import Paragraph, Sheet

SIZES = (17.0, 16.0, 15.0, 14.0, 13.0, 12.0, MIN_SIZE)
LEAD = 6.0
_PIECE = re.compile(r"(?:\$[^$]*\$|[^\s$])+")


class Formula:
    """Lines of at most `room` pixels: of `tex` where it fits in some size, else of the `plain` text."""

    def __init__(self, tex: str, plain: str, room: float, largest: float = SIZES[0]) -> None:
        pieces, sizes = _PIECE.findall(tex), [size for size in SIZES if size <= largest]
        self._size = fitting_size(lambda size: all(_wide(piece, size) <= room for piece in pieces), sizes)
        fits = pieces and all(_wide(piece, self._size) <= room for piece in pieces)
        self._plain = None if fits else Paragraph.of([plain], room, largest)
        self._lines = _filled(pieces, room, self._size) if fits else []
        self._extents = [_extent(line, self._size) for line in self._lines]
        self.height = self._plain.height if self._plain else sum(above + below for above, below in self._extents)

    def draw(self, sheet: Sheet, x: float, top: float) -> None:
        if self._plain:
            self._plain.draw(sheet, x, top)
        for line, (above, below) in zip(self._lines, self._extents, strict=True):
            sheet.text(x, top + above, " ".join(line), self._size, mathematics=True)
            top += above + below


def _wide(piece: str, size: float) -> float:
    return formula_extent(piece, size)[0] if "$" in piece else width(piece, size)


def _extent(line: list[str], size: float) -> tuple[float, float]:
    """Pixels above and below the baseline, at least those of a line of text."""
    tall = [formula_extent(piece, size) for piece in line if "$" in piece]
    above, below = (max((extent[side] for extent in tall), default=0.0) for side in (1, 2))
    return max(above + LEAD / 2, 0.75 * line_height(size)), max(below + LEAD / 2, 0.25 * line_height(size))


def _filled(pieces: list[str], room: float, size: float) -> list[list[str]]:
    lines: list[list[str]] = []
    space = width(" ", size)
    for piece in pieces:
        if lines and sum(_wide(each, size) + space for each in (*lines[-1], piece)) - space <= room:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return lines
