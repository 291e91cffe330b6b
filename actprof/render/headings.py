"""The title with the whole configuration, and the heading of each arm with its line's colour and marker."""

from __future__ import annotations

from dataclasses import dataclass

from actprof.render.canvas import Canvas
from actprof.render.drawing import MARKERS
from actprof.render.lettering import line_height, wrapped
from actprof.render.settings import Compared, own_words

MARGIN = 32.0
GUTTER = 124.0  # left of an axis with labels and a title
TITLE, SUBTITLE, LABEL, DETAIL = 22.0, 14.0, 16.0, 14.0


@dataclass(frozen=True)
class Paragraph:
    """Wrapped lines of one size."""

    lines: list[str]
    size: float
    bold: bool = False

    @property
    def height(self) -> float:
        return len(self.lines) * line_height(self.size)

    def draw(self, canvas: Canvas, x: float, top: float, color: str | None = None) -> None:
        step = line_height(self.size)
        for number, line in enumerate(self.lines):
            canvas.text(x, top + (number + 0.5) * step, line, self.size, bold=self.bold, color=color)


class Header:
    """Title and subtitle over the whole width."""

    def __init__(self, title: str, words: list[str], width: float) -> None:
        room = width - 2 * MARGIN
        self._title = Paragraph(wrapped([title], room, TITLE, bold=True), TITLE, bold=True)
        self._subtitle = Paragraph(wrapped(words, room, SUBTITLE), SUBTITLE)
        self.height = 22 + self._title.height + self._subtitle.height + 14

    def draw(self, canvas: Canvas) -> None:
        self._title.draw(canvas, MARGIN, 22)
        self._subtitle.draw(canvas, MARGIN, 22 + self._title.height + 2, canvas.theme.muted)


class ArmHeading:
    """`● he / relu`, and below what sets this arm apart."""

    INDENT = 40.0

    def __init__(self, comparison: Compared, number: int, room: float, notes: list[str] | None = None) -> None:
        arm = comparison.arms[number]
        room -= self.INDENT
        self._number = number
        self._label = Paragraph(wrapped([arm.label], room, LABEL, bold=True), LABEL, bold=True)
        details = own_words(arm, comparison) + (notes or [])
        self._details = Paragraph(wrapped(details, room, DETAIL), DETAIL)
        self.height = self._label.height + self._details.height + 6

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        middle = top + line_height(LABEL) / 2
        canvas.line([x, x + 28], [middle, middle], linewidth=3, color=arm_color(canvas, self._number))
        canvas.line([x + 14], [middle], marker=arm_marker(self._number), markersize=10,
                    color=arm_color(canvas, self._number))
        self._label.draw(canvas, x + self.INDENT, top)
        self._details.draw(canvas, x + self.INDENT, top + self._label.height, canvas.theme.muted)


def arm_color(canvas: Canvas, number: int) -> str:
    return canvas.theme.arms[number % len(canvas.theme.arms)]


def arm_marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]
