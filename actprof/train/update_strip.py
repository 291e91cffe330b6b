"""By what part of its size an update changes each layer's weights, beside the usual 10⁻³."""

from __future__ import annotations

import numpy as np

from actprof.digits import power_label
from actprof.report.canvas import Canvas
from actprof.report.headings import arm_color
from actprof.report.plane import Axis, LogAxis, Plane
from actprof.train.learning_lines import DASHED, IterationAxis, along
from actprof.train.result import USUAL_RATIO, Run, Training

LEAST, MOST = 1e-8, 10.0  # what changes a float32 by less does not change it
TICK = 13.0
PALEST = 0.3
TITLE = ["‖ΔW‖ / ‖W‖ of an update", "a line a layer, the first pale"]


def ratio_axis(training: Training) -> Axis:
    """One axis for all arms, with the usual ratio on it."""
    ratios = [arm.median_run.update_ratio for arm in training.arms]
    shown = [np.clip(ratio[np.isfinite(ratio) & (ratio > 0)], LEAST, MOST) for ratio in ratios]
    ends = [float(end) for values in shown if values.size for end in (values.min(), values.max())]
    return LogAxis([USUAL_RATIO / 40, USUAL_RATIO * 40, *ends])


def draw_ratios(canvas: Canvas, run: Run, number: int, axis: Axis, left: float, top: float, width: float,
                height: float) -> None:
    """A line for each layer; a triangle at the lower edge where next to nothing changed."""
    plane = Plane(left, top, width, height, IterationAxis(run.iterations, 0.0), axis, TICK)
    plane.draw(canvas)
    _draw_usual(canvas, plane)
    layers, x, color = run.update_ratio.shape[1], run.checkpoints.astype(np.float64), arm_color(canvas, number)
    for layer, alpha in enumerate(np.linspace(PALEST, 1.0, layers) if layers > 1 else [1.0]):
        ratio = run.update_ratio[:, layer]
        canvas.line(*along(plane, x, ratio), color=color, alpha=float(alpha), linewidth=2.2, zorder=3,
                    marker="." if len(x) < 3 else "", gid=f"ratio-{number + 1}-{layer + 1}")
        still = x[ratio < LEAST]
        if still.size:
            canvas.line(plane.x(still), np.full(len(still), plane.bottom - 5), color=color, alpha=float(alpha),
                        linestyle="none", marker="v", markersize=6, zorder=3.5, gid=f"still-{number + 1}-{layer + 1}")


    if not np.isfinite(run.update_ratio).any():
        why = "no update" if not run.iterations else "no ratio" if run.status == "diverged" else "no ratio: W is 0"
        canvas.text(left + width / 2, top + height * 0.75, why, TICK, align="center", color=canvas.theme.muted,
                    boxed=True)


def _draw_usual(canvas: Canvas, plane: Plane) -> None:
    y = float(plane.y(USUAL_RATIO))
    canvas.line([plane.left, plane.right], [y, y], color=canvas.theme.foreground, zorder=2.5, **DASHED)
    canvas.text(plane.right + 8, y, power_label(-3), 14)
