"""One network over the width of a sheet: arithmetic above its circles, names and the sum below."""

from __future__ import annotations

from collections.abc import Sequence

from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, Paragraph
from actprof.report.lettering import SMALLEST, fitting_size, width, wrapped
from actprof.train.network_circles import draw_circles
from actprof.train.network_layers import Layer, LeftOut, Network

SIZES = (22.0, 20.0, 18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, SMALLEST)
HEADING, TOTAL = 18.0, 22.0
WIDEST_STEP = 420.0  # from a layer to the next
BETWEEN = 20.0  # texts
LOWEST = 240.0  # of the circles
ROOMS = (12.0, 20.0, 14.0, 14.0, 22.0)  # below heading, arithmetic, circles, names and sum

Texts = list[tuple[str, bool]]
"""Lines of a few words, and whether they are bold."""


class Drawing:
    """Knows how tall it must be before it is drawn."""

    def __init__(self, network: Network, sheet_width: float) -> None:
        self._columns, room = network.columns, sheet_width - 2 * MARGIN
        self._step = min(WIDEST_STEP, room / len(self._columns))
        middle = (len(self._columns) - 1) / 2
        self._xs = [sheet_width / 2 + (number - middle) * self._step for number in range(len(self._columns))]
        self._above = _stacks([_arithmetic(column) for column in self._columns], self._step - BETWEEN)
        self._below = _stacks([_names(column) for column in self._columns], self._step - BETWEEN)
        self._heading = Paragraph(wrapped(network.heading, room, HEADING, bold=True), HEADING, bold=True)
        self._sum = Paragraph([_sum(network, room)], TOTAL, bold=True)
        self._heights = [self._heading.height, _height(self._above), 0.0, _height(self._below), self._sum.height]
        self.height = sum(self._heights) + sum(ROOMS) + LOWEST

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        tall = height - self.height + LOWEST
        places = [top]
        for part, room in zip(self._heights, ROOMS, strict=True):
            places.append(places[-1] + (part or tall) + room)
        heading, arithmetic, circles, names, total, _ = places
        self._heading.draw(canvas, MARGIN, heading)
        draw_circles(canvas, self._columns, self._xs, circles, tall)
        for x, above, below in zip(self._xs, self._above, self._below, strict=True):
            _draw(canvas, above, x - self._step / 2, arithmetic + _height(self._above) - _height([above]))
            _draw(canvas, below, x, names)
        canvas.text(canvas.width / 2, total + self._sum.height / 2, self._sum.lines[0], TOTAL, align="center",
                    bold=True)


def _arithmetic(column: Layer | LeftOut) -> Texts:
    """`784 × 100`, `+ 100`, `= 78,500` stand above the lines that lead to a layer."""
    if isinstance(column, LeftOut) or not column.shape:
        return []
    return [(column.shape, False), (column.biases, False), (f"= {column.parameters:,}", True)]


def _names(column: Layer | LeftOut) -> Texts:
    if isinstance(column, LeftOut):
        return [(f"{column.layers:,} more", True), ("layers", False), (f"{column.parameters:,}", False),
                ("parameters", False)]
    return [(f"{column.units:,}", True), (column.name, False), (column.does, False)]


def _sum(network: Network, room: float) -> str:
    """With all its terms where they fit."""
    total = f"{network.parameters:,} parameters"
    whole = f"{' + '.join(f'{term:,}' for term in network.terms)} = {total}"
    return whole if len(network.terms) > 1 and width(whole, TOTAL, bold=True) <= room else total


def _stacks(columns: Sequence[Texts], room: float) -> list[list[Paragraph]]:
    """All in one size, the largest in which every text fits its column; if none does, texts are broken."""
    size = fitting_size(lambda size: all(width(text, size, bold) <= room for texts in columns for text, bold in texts),
                        SIZES)
    return [[Paragraph(wrapped([text], room, size, bold), size, bold) for text, bold in texts if text]
            for texts in columns]


def _height(stacks: Sequence[Sequence[Paragraph]]) -> float:
    return max(sum(paragraph.height for paragraph in stack) for stack in stacks)


def _draw(canvas: Canvas, stack: Sequence[Paragraph], x: float, top: float) -> None:
    """Centred on x."""
    for paragraph in stack:
        step = paragraph.height / len(paragraph.lines)
        for number, line in enumerate(paragraph.lines):
            canvas.text(x, top + (number + 0.5) * step, line, paragraph.size, align="center", bold=paragraph.bold)
        top += paragraph.height
