"""Which line is which arm, in as many rows as they need."""

from __future__ import annotations

from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, arm_color, arm_marker
from actprof.report.key import SAMPLE, Entry, Key, Painter
from actprof.report.lettering import wrapped
from actprof.train.learning_lines import arm_style
from actprof.train.result import Training

SIZE, MANY = 18.0, 13.0
LONGEST = 420.0
FEW = 8


class ArmKey:
    """A line with its marker and the arm's label."""

    def __init__(self, training: Training, room: float) -> None:
        size = SIZE if len(training.arms) <= FEW else MANY
        self._key = Key([Entry(_cut(arm.label, size), _sample(number)) for number, arm in enumerate(training.arms)],
                        room, size, bold=True)
        self.height = self._key.height + 8

    def draw(self, canvas: Canvas, top: float) -> None:
        self._key.draw(canvas, MARGIN, top)


def draw_sample(canvas: Canvas, number: int, x: float, y: float, wide: float) -> None:
    """An arm's line with its marker."""
    color = arm_color(canvas, number)
    canvas.line([x, x + wide], [y, y], linewidth=3, color=color, linestyle=arm_style(number))
    canvas.line([x + wide / 2], [y], marker=arm_marker(number), markersize=10, color=color,
                markeredgecolor=canvas.theme.background, markeredgewidth=0.9)


def _sample(number: int) -> Painter:
    return lambda canvas, x, y: draw_sample(canvas, number, x, y, SAMPLE)


def _cut(label: str, size: float) -> str:
    lines = wrapped([label], LONGEST, size, bold=True)
    return lines[0] + ("…" if len(lines) > 1 else "") if lines else ""
