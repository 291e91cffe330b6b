"""Which line is which arm, in as many rows as they need."""

from __future__ import annotations

from actprof.learning_curves import Training
from actprof.render.canvas import Canvas
from actprof.render.headings import MARGIN, arm_color, arm_marker
from actprof.render.lettering import line_height, width, wrapped
from actprof.render.training.learning_lines import arm_style

SIZE, MANY = 18.0, 13.0
SAMPLE, GAP, LONGEST = 38.0, 30.0, 420.0
FEW = 8


class ArmKey:
    """A line with its marker and the arm's label."""

    def __init__(self, training: Training, room: float) -> None:
        self._size = SIZE if len(training.arms) <= FEW else MANY
        self._labels = [_cut(arm.label, self._size) for arm in training.arms]
        self._places: list[tuple[float, int]] = []
        x, row = 0.0, 0
        for label in self._labels:
            wide = SAMPLE + 10 + width(label, self._size, bold=True)
            if x and x + wide > room:
                x, row = 0.0, row + 1
            self._places.append((x, row))
            x += wide + GAP
        self.height = (row + 1) * line_height(self._size) + 8

    def draw(self, canvas: Canvas, top: float) -> None:
        for number, (label, (x, row)) in enumerate(zip(self._labels, self._places, strict=True)):
            draw_sample(canvas, number, MARGIN + x, top + (row + 0.5) * line_height(self._size), SAMPLE)
            canvas.text(MARGIN + x + SAMPLE + 10, top + (row + 0.5) * line_height(self._size), label, self._size,
                        bold=True)


def draw_sample(canvas: Canvas, number: int, x: float, y: float, wide: float) -> None:
    """An arm's line with its marker."""
    color = arm_color(canvas, number)
    canvas.line([x, x + wide], [y, y], linewidth=3, color=color, linestyle=arm_style(number))
    canvas.line([x + wide / 2], [y], marker=arm_marker(number), markersize=10, color=color,
                markeredgecolor=canvas.theme.background, markeredgewidth=0.9)


def _cut(label: str, size: float) -> str:
    lines = wrapped([label], LONGEST, size, bold=True)
    return lines[0] + ("…" if len(lines) > 1 else "") if lines else ""
