"""The training loss of every arm, the guide of a network that says nothing, and what leaves the axis."""

from __future__ import annotations

import math

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.digits import compact, with_power
from actprof.report.canvas import Canvas
from actprof.report.headings import arm_color
from actprof.report.plane import Axis, LinearAxis, LogAxis, Plane
from actprof.report.scales import round_step
from actprof.train.learning_lines import (
    DASHED,
    GUIDE,
    Curve,
    along,
    draw_curve,
    draw_end,
    draw_marks,
    iterations,
    places,
    thinned,
)
from actprof.train.result import TrainedArm, Training

EARLY = 0.05  # of the iterations, in which a loss may fall from anywhere
FAR = 4.0  # times undecided: what stays higher shall not flatten the others


class LossPlane:
    """Smoothed curves, or medians with their quartiles, on an axis that suits those that learn."""

    def __init__(self, training: Training, log: bool) -> None:
        self._training = training
        self._curves = [Curve.of(arm, "smoothed") for arm in training.arms]
        self.longest = iterations(training.arms)
        self.axis = _log_axis(training, self._curves) if log else _linear_axis(training, self._curves)

    @property
    def title(self) -> str:
        networks = max((len(arm.runs) for arm in self._training.arms), default=1)
        return ("Training loss, smoothed (faint: each mini-batch)" if networks == 1 else
                f"Training loss, smoothed: median of {networks} networks, and quartiles")

    def notes(self) -> list[str]:
        """What becomes of the curves that leave the axis."""
        return [f"{arm.label}: {words}" for arm, curve in zip(self._training.arms, self._curves, strict=True)
                if (words := self._left(arm, curve))]

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        plane.draw(canvas)
        self._draw_guides(canvas, plane)
        for number, (arm, curve) in enumerate(zip(self._training.arms, self._curves, strict=True)):
            if curve.low is None:
                _draw_raw(canvas, plane, arm.runs[0].loss, number)
            draw_curve(canvas, plane, curve, number, "loss", 3.2)
            draw_marks(canvas, plane, curve, number, len(self._curves), self.longest)
            self._draw_exit(canvas, plane, curve, number)
            draw_end(canvas, plane, arm, curve, number, "loss")

    def _draw_guides(self, canvas: Canvas, plane: Plane) -> None:
        for undecided in dict.fromkeys(arm.chance_loss for arm in self._training.arms):
            y = float(plane.y(undecided))
            canvas.line([plane.left, plane.right], [y, y], color=canvas.theme.foreground, zorder=3.5, gid="undecided",
                        **DASHED)
            said = y - 19 if y - plane.top > 29 else y + 19
            canvas.text(plane.right - 8, said, _guide_words(undecided, len(self._training.data.classes)), GUIDE,
                        align="right")

    def _out(self, curve: Curve) -> Counts:
        """The places in the list at which the curve is above the axis, or no number."""
        with np.errstate(over="ignore"):
            placed = self.axis.place(curve.middle)
        return np.flatnonzero((placed > 1) | ~np.isfinite(curve.middle))

    def _left(self, arm: TrainedArm, curve: Curve) -> str:
        out = self._out(curve)
        if not out.size:
            return ""
        if out[0] == 0 and len(out) < len(curve.middle) and arm.median_run.status != "diverged":
            return f"the loss starts above the axis, at {with_power(compact(float(curve.middle[0])))}"
        if not curve.finite.size:
            return "the loss is not finite"
        highest = [run.loss[np.isfinite(run.loss)].max(initial=0.0) for run in arm.runs]
        most = with_power(compact(float(max(highest))))
        return f"the loss leaves the axis at iteration {int(out[0]) + 1} (at most {most})"

    def _draw_exit(self, canvas: Canvas, plane: Plane, curve: Curve, number: int) -> None:
        """An arrow on the upper edge where a curve goes beyond it."""
        out = self._out(curve)
        if out.size:
            canvas.line([plane.x(curve.x[int(out[0])])], [plane.top + 8], marker="^", markersize=13, zorder=6,
                        color=arm_color(canvas, number), markeredgecolor=canvas.theme.background, markeredgewidth=0.9,
                        linestyle="none", gid=f"exit-{number + 1}")


def logarithm(undecided: float, classes: int) -> str:
    """`ln 10`, or nothing for a loss that is no logarithm of a number of classes."""
    return next((f"ln {count}" for count in (classes, 2) if count and math.isclose(undecided, math.log(count))), "")


def _guide_words(undecided: float, classes: int) -> str:
    """`undecided: ln 10 = 2.303`."""
    name = logarithm(undecided, classes)
    return f"undecided: {f'{name} = ' if name else ''}{compact(undecided, 4)}"


def _linear_axis(training: Training, curves: list[Curve]) -> Axis:
    undecided = [arm.chance_loss for arm in training.arms] or [1.0]
    levels = [_level(curve) for curve in curves if curve.finite.size]
    near = [level for level in levels if level <= FAR * max(undecided)]
    top = 1.05 * max([*undecided, *(near or sorted(levels)[:1])])
    step = round_step(min(top, 1e300) / 5)
    return LinearAxis(0.0, math.ceil(top / step) * step if step else 1.0)


def _level(curve: Curve) -> float:
    """What nearly all of a curve stays below, when its beginning is over."""
    late = curve.finite[int(EARLY * len(curve.finite)):]
    return float(np.quantile(late, 0.98))


def _log_axis(training: Training, curves: list[Curve]) -> Axis:
    drawn = [curve.finite[[np.argmin(curve.finite), np.argmax(curve.finite)]] for curve in curves if curve.finite.size]
    return LogAxis([*(arm.chance_loss for arm in training.arms), *(float(value) for pair in drawn for value in pair)])


def _draw_raw(canvas: Canvas, plane: Plane, loss: Floats, number: int) -> None:
    """What each mini-batch gave; of a long run its least and greatest values, side by side."""
    at = thinned(len(loss))
    if len(at) < len(loss):
        least, most = np.fmin.reduceat(loss, at), np.fmax.reduceat(loss, at)
        at, loss = np.repeat(at, 2), np.stack([least, most], axis=1).ravel()
    placed = places(plane, loss)
    placed[~np.isfinite(loss)] = math.nan
    x, y = along(plane, at + 1.0, loss)
    canvas.line(x, y, color=arm_color(canvas, number), alpha=0.28, linewidth=1.0, zorder=2, gid=f"raw-{number + 1}")
