"""Loss, accuracy and, where it says anything, the learning rate: planes side by side over the iterations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, Paragraph
from actprof.report.lettering import line_height, wrapped
from actprof.report.plane import Axis, Plane
from actprof.train.curves import LossPlane
from actprof.train.learning_lines import IterationAxis
from actprof.train.result import Training
from actprof.train.side_planes import AccuracyPlane, RatePlane

TITLE, TICK, X_TITLE, FOOT = 17.0, 14.0, 14.0, 15.0
LOWEST = 290.0
LABELS = 74.0  # left of a plane
BETWEEN = 26.0
ABOVE = line_height(TITLE) + 10
BELOW = line_height(TICK) + line_height(X_TITLE) + 12
WIDTHS = {2: (0.6, 0.4), 3: (0.48, 0.3, 0.22)}


class Curves(Protocol):
    """What fills a plane."""

    axis: Axis

    @property
    def title(self) -> str: ...
    def draw(self, canvas: Canvas, plane: Plane) -> None: ...


class LearningPlanes:
    """The planes, and notes below them."""

    def __init__(self, training: Training, log: bool, width: float, notes: Sequence[str]) -> None:
        loss = LossPlane(training, log)
        self._longest = loss.longest
        self._all: list[Curves] = [loss, AccuracyPlane(training)]
        self._all += [RatePlane(training)] if RatePlane.needed(training) else []
        self._width = width
        room = width - 2 * MARGIN
        self._foot = Paragraph(wrapped([*loss.notes(), *notes], room, FOOT), FOOT)
        self.height = ABOVE + LOWEST + BELOW + self._foot.height + 14

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        tall = height - (self.height - LOWEST)
        room = self._width - 2 * MARGIN - len(self._all) * LABELS - (len(self._all) - 1) * BETWEEN
        left = MARGIN + LABELS
        for curves, part in zip(self._all, WIDTHS[len(self._all)], strict=True):
            x_axis = IterationAxis(self._longest, 0.01)
            plane = Plane(left, top + ABOVE, part * room, tall, x_axis, curves.axis, TICK)
            canvas.text(plane.left - LABELS, top + line_height(TITLE) / 2 - 4, curves.title, TITLE, bold=True)
            curves.draw(canvas, plane)
            canvas.text((plane.left + plane.right) / 2, plane.bottom + 8 + line_height(TICK) + line_height(X_TITLE) / 2,
                        "iteration", X_TITLE, align="center")
            left = plane.right + BETWEEN + LABELS
        self._foot.draw(canvas, MARGIN, top + ABOVE + tall + BELOW, canvas.theme.muted)
