"""A formula as a paragraph: mathematics set as such, wrapped between its pieces."""

from __future__ import annotations

from actprof.report.canvas import Canvas
from actprof.report.headings import Paragraph
from actprof.report.lettering import SMALLEST, fitting_size, formula_extent, line_height, printable, width, wrapped
from actprof.report.mathtext import words

SIZES = (17.0, 16.0, 15.0, 14.0, 13.0, 12.0, SMALLEST)
LEAD = 10.0  # between lines


class Formula:
    """Lines of at most `room` pixels; as plain text where mathematics has no place."""

    def __init__(self, formula: str, room: float) -> None:
        pieces = words(formula)
        self._size = fitting_size(lambda size: _fit(pieces, room, size), SIZES)
        self._plain: Paragraph | None = None
        if printable(formula) != formula or not _fit(pieces, room, self._size):
            self._plain = Paragraph(wrapped([formula], room, SIZES[0]), SIZES[0])
        self._lines = [] if self._plain else _filled(pieces, room, self._size)
        self._extents = [_extent(line, self._size) for line in self._lines]
        self.height = self._plain.height if self._plain else sum(above + below for above, below in self._extents)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        if self._plain:
            self._plain.draw(canvas, x, top)
        for line, (above, below) in zip(self._lines, self._extents, strict=True):
            canvas.formula(x, top + above, " ".join(line), self._size)
            top += above + below


def _fit(pieces: list[str], room: float, size: float) -> bool:
    return all(_wide(piece, size) <= room for piece in pieces)


def _is_mathematics(piece: str) -> bool:
    return "$" in piece.replace(r"\$", "")


def _wide(piece: str, size: float) -> float:
    if _is_mathematics(piece):
        return formula_extent(piece, size)[0]
    return width(piece.replace(r"\$", "$"), size)


def _extent(line: list[str], size: float) -> tuple[float, float]:
    """Pixels above and below the baseline, at least those of a line of text."""
    tall = [formula_extent(piece, size) for piece in line if _is_mathematics(piece)]
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
