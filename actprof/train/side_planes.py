"""Beside the loss: the test accuracy, and the learning rate where it says anything."""

from __future__ import annotations

import math

from actprof.digits import tenths
from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, wrapped
from actprof.report.plane import Axis, LinearAxis, LogAxis, Plane
from actprof.train.learning_lines import DASHED, GUIDE, Curve, draw_curve, draw_end, draw_marks, iterations
from actprof.train.result import DataSummary, Training

WIDE = 20.0  # learning rates that differ by a larger factor stand on a logarithmic axis


class AccuracyPlane:
    """The share of right answers on the test rows at each checkpoint, and that of the most frequent class; or R² of the
    numbers to predict, and that of their mean, 0."""

    axis: Axis

    def __init__(self, training: Training) -> None:
        self._training = training
        self.title = "Test accuracy in %" if training.data.classes else "Test R²"
        if not training.data.classes:
            self._curves = [_r2(Curve.of(arm, "test_loss"), training.data) for arm in training.arms]
            self._baseline, self.axis = 0.0, LinearAxis(0.0, 1.0)
            return
        self._curves = [_in_percent(Curve.of(arm, "test_accuracy")) for arm in training.arms]
        self._baseline = 100 * training.data.baseline
        least = min([self._baseline, *(float(curve.finite.min(initial=100.0)) for curve in self._curves)])
        low = 10 * math.floor((least - 5) / 10) if least > 50 else 0
        self.axis = LinearAxis(low, 100.0)

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        plane.draw(canvas)
        longest = iterations(self._training.arms)
        for number, (arm, curve) in enumerate(zip(self._training.arms, self._curves, strict=True)):
            draw_curve(canvas, plane, curve, number, "accuracy")
            draw_marks(canvas, plane, curve, number, len(self._curves), longest)
            draw_end(canvas, plane, arm, curve, number, "accuracy")
        self._draw_baseline(canvas, plane)

    def _draw_baseline(self, canvas: Canvas, plane: Plane) -> None:
        y = float(plane.y(self._baseline))
        canvas.line([plane.left, plane.right], [y, y], color=canvas.theme.foreground, zorder=3.5, gid="baseline",
                    **DASHED)
        words = ([f"always the most frequent class: {tenths(self._training.data.baseline)}"]
                 if self._training.data.classes else ["always the mean: 0"])
        lines = wrapped(words, plane.width - 24, GUIDE)
        step = line_height(GUIDE)
        first = y + 19 if plane.bottom - y > 3 + step * len(lines) else y - 19 - step * (len(lines) - 1)
        for number, line in enumerate(lines):
            canvas.text(plane.right - 8, first + number * step, line, GUIDE, align="right")


def _r2(curve: Curve, data: DataSummary) -> Curve:
    low, high = (None if side is None else data.r2(side) for side in (curve.high, curve.low))
    return Curve(curve.x, data.r2(curve.middle), low, high)


def _in_percent(curve: Curve) -> Curve:
    low, high = (None if side is None else 100 * side for side in (curve.low, curve.high))
    return Curve(curve.x, 100 * curve.middle, low, high)


class RatePlane:
    """The learning rate of each update."""

    title = "Learning rate"

    def __init__(self, training: Training) -> None:
        self._arms = training.arms
        self._curves = [Curve.of(arm, "learning_rate") for arm in training.arms]
        firsts = [float(curve.finite.max()) for curve in self._curves if curve.finite.max(initial=0.0) > 0]
        if firsts and max(firsts) > WIDE * min(firsts):
            self.axis: Axis = LogAxis([*firsts, *(float(curve.finite[curve.finite > 0].min()) for curve in self._curves
                                                  if (curve.finite > 0).any())])
        else:
            self.axis = LinearAxis(0.0, max(firsts, default=1.0))

    @staticmethod
    def needed(training: Training) -> bool:
        """A constant that all arms share is named in the subtitle."""
        configs = [arm.config for arm in training.arms]
        return (any(config.get("schedule", "constant") != "constant" for config in configs)
                or len({config.get("rate") for config in configs}) > 1)

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        plane.draw(canvas)
        longest = iterations(self._arms)
        for number, curve in enumerate(self._curves):
            draw_curve(canvas, plane, curve, number, "rate")
            draw_marks(canvas, plane, curve, number, len(self._curves), longest)
