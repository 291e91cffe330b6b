"""The title with the whole configuration, and the heading of each arm with its line's colour and marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.settings import Compared, own_words
from actprof.report.style import MARKERS

MARGIN = 32.0
GUTTER = 124.0  # left of an axis with labels and a title
TITLE, SUBTITLE, LABEL, DETAIL = 22.0, 14.0, 16.0, 14.0


@dataclass(frozen=True)
class Paragraph:
    """Wrapped lines of one size; `lead` stands before the first, in bold."""

    lines: list[str]
    size: float
    bold: bool = False
    lead: str = ""

    @property
    def height(self) -> float:
        return len(self.lines) * line_height(self.size)

    def draw(self, canvas: Canvas, x: float, top: float, color: str | None = None) -> None:
        step = line_height(self.size)
        for number, line in enumerate(self.lines):
            left, middle = x, top + (number + 0.5) * step
            if self.lead and number == 0:
                canvas.text(x, middle, self.lead, self.size, bold=True, color=color)
                left += _lead_width(self.lead, self.size)
            canvas.text(left, middle, line, self.size, bold=self.bold, color=color)


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
    """`● he / relu`, and below what sets this arm apart and what becomes of the signal in it."""

    INDENT = 40.0

    def __init__(self, comparison: Compared, number: int, room: float, notes: list[str] | None = None,
                 said: Sequence[tuple[str, str]] = ()) -> None:
        arm = comparison.arms[number]
        room -= self.INDENT
        self._number = number
        self._label = Paragraph(wrapped([arm.label], room, LABEL, bold=True), LABEL, bold=True)
        details = own_words(arm, comparison) + (notes or [])
        self._details = Paragraph(wrapped(details, room, DETAIL), DETAIL)
        self._judgement = [_said(lead, text, room) for lead, text in said]
        self.height = self._label.height + sum(part.height for part in [self._details, *self._judgement]) + 6

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        middle = top + line_height(LABEL) / 2
        canvas.line([x, x + 28], [middle, middle], linewidth=3, color=arm_color(canvas, self._number))
        canvas.line([x + 14], [middle], marker=arm_marker(self._number), markersize=10,
                    color=arm_color(canvas, self._number))
        self._label.draw(canvas, x + self.INDENT, top)
        top += self._label.height
        for part in [self._details, *self._judgement]:
            part.draw(canvas, x + self.INDENT, top, canvas.theme.muted)
            top += part.height


def _said(lead: str, text: str, room: float) -> Paragraph:
    """A paragraph whose first words are bold."""
    return Paragraph(_between_words(text, room, _lead_width(lead, DETAIL) if lead else 0.0), DETAIL, lead=lead)


def _lead_width(lead: str, size: float) -> float:
    return width(lead, size, True) + 2


def _between_words(text: str, room: float, taken: float = 0.0) -> list[str]:
    """Lines of at most `room` pixels, the first with `taken` less; word by word, which is fast as words recur."""
    space = width("n n", DETAIL) - 2 * width("n", DETAIL)
    lines: list[list[str]] = [[]]
    for piece in (piece for word in text.split() for piece in wrapped([word], room, DETAIL)):
        wide = width(piece, DETAIL)
        if taken and taken + wide > room:
            lines.append([])
            taken = 0.0
        lines[-1].append(piece)
        taken += wide + space
    return [" ".join(line) for line in lines]


def arm_color(canvas: Canvas, number: int) -> str:
    return canvas.theme.arms[number % len(canvas.theme.arms)]


def arm_marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]
