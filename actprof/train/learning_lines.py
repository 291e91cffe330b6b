"""A quantity of every arm over the iterations: curves with markers, bands of quartiles, and how a curve ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.report.bars import runs_of
from actprof.report.canvas import Canvas
from actprof.report.headings import arm_color, arm_marker
from actprof.report.plane import LinearAxis, Plane
from actprof.report.scales import Tick, round_step
from actprof.report.style import MARKERS
from actprof.train.result import TrainedArm

MARK = 36.0  # pixels from marker to marker, at least
POINTS = 1500  # of a curve; more would lie in the same pixels
GUIDE = 15.0  # the label of a guide
DASHED = {"linestyle": (0, (6, 4)), "linewidth": 2.0}
STOPPED = ("diverged", "interrupted")
STYLES = ("-", (0, (5, 1.6)), (0, (1.6, 1.2)))


class IterationAxis(LinearAxis):
    """From 0 to the last of some updates, with whole numbers only."""

    def __init__(self, last: float, pad: float) -> None:
        super().__init__(0.0, max(last, 1.0), pad)

    def ticks(self, room: float, extent: Callable[[str], float]) -> list[Tick]:
        return [tick for tick in super().ticks(room, extent) if "." not in tick[1] or "·" in tick[1]]


@dataclass(frozen=True)
class Curve:
    """`middle` over `x`, between the quartiles `low` and `high` where there are several networks."""

    x: Floats
    middle: Floats
    low: Floats | None = None
    high: Floats | None = None

    @classmethod
    def of(cls, arm: TrainedArm, name: str) -> Curve:
        """A list of the arm's runs; what is not finite is NaN."""
        x = _longest(arm, name)
        if len(arm.runs) > 1:
            low, middle, high = arm.band(name)
            return cls(x, middle, low, high)
        values = np.array(getattr(arm.runs[0], name), np.float64)
        values[~np.isfinite(values)] = math.nan
        return cls(x, values)

    @property
    def finite(self) -> Floats:
        return self.middle[np.isfinite(self.middle)]


def _longest(arm: TrainedArm, name: str) -> Floats:
    """The updates made at each value of a list: of its checkpoints, or counted from 1."""
    run = max(arm.runs, key=lambda run: len(getattr(run, name)))
    if name.startswith("test_"):
        return run.checkpoints.astype(np.float64)
    return np.arange(1.0, len(getattr(run, name)) + 1)


def iterations(arms: tuple[TrainedArm, ...]) -> int:
    """Those of the longest run, at least one."""
    return max((run.iterations for arm in arms for run in arm.runs), default=0) or 1


def along(plane: Plane, x: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Pixels of a curve, cut where it leaves the plane."""
    return plane.x(x), plane.bottom - within(places(plane, values)) * plane.height


def places(plane: Plane, values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return plane.y_axis.place(values)


def within(placed: Floats) -> Floats:
    """Places from 0 to 1; where a curve is outside it rests on the edge for one point, and is broken."""
    outside = ~((placed >= 0) & (placed <= 1))
    neighbours = np.concatenate([[True], outside, [True]])
    kept: Floats = np.clip(placed, 0.0, 1.0)
    kept[outside & neighbours[:-2] & neighbours[2:]] = math.nan
    return kept


def thinned(count: int) -> Any:
    """The places of at most POINTS out of `count`, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(int)) if count else np.arange(0)


def draw_curve(canvas: Canvas, plane: Plane, curve: Curve, number: int, name: str, thick: float = 2.8) -> None:
    """The band, and the curve upon it."""
    color, at = arm_color(canvas, number), thinned(len(curve.x))
    if curve.low is not None and curve.high is not None:
        _draw_band(canvas, plane, curve, color, f"{name}-band-{number + 1}")
    canvas.line(*along(plane, curve.x[at], curve.middle[at]), color=color, linewidth=thick, zorder=4,
                linestyle=arm_style(number), solid_joinstyle="round", gid=f"{name}-{number + 1}")


def draw_marks(canvas: Canvas, plane: Plane, curve: Curve, number: int, arms: int, longest: float) -> None:
    """Markers at round numbers of iterations, those of one arm a little after those of the last."""
    every = max(1.0, round_step(longest * MARK / plane.width))
    wanted = np.arange(every, longest + every, every) - every * (arms - 1 - number) / arms
    at = np.unique(np.searchsorted(curve.x, wanted)) if len(curve.x) else np.arange(0)
    at = at[at < len(curve.x)] if (at < len(curve.x)).any() else np.arange(len(curve.x))[-1:]
    x, y = plane.x(curve.x[at]), places(plane, curve.middle[at])
    shown = (y >= 0) & (y <= 1)
    canvas.line(x[shown], plane.bottom - y[shown] * plane.height, color=arm_color(canvas, number), linestyle="none",
                marker=arm_marker(number), markersize=8.5, markeredgecolor=canvas.theme.background,
                markeredgewidth=0.9, zorder=5)


def draw_end(canvas: Canvas, plane: Plane, arm: TrainedArm, curve: Curve, number: int, name: str) -> None:
    """A cross where an arm stopped before its time."""
    if arm.median_run.status not in STOPPED or not len(curve.x):
        return
    last = places(plane, curve.finite[-1:])
    y = float(np.clip(last, 0, 1)[0]) if last.size and np.isfinite(last[0]) else 1.0
    if not np.isfinite(curve.middle[-1]):
        y = 1.0
    canvas.line([plane.x(curve.x[-1])], [plane.bottom - y * plane.height], marker="X", markersize=14, zorder=7,
                color=arm_color(canvas, number), markeredgecolor=canvas.theme.foreground, markeredgewidth=1.2,
                linestyle="none", gid=f"{name}-end-{number + 1}")


def _draw_band(canvas: Canvas, plane: Plane, curve: Curve, color: str, name: str) -> None:
    assert curve.low is not None
    assert curve.high is not None
    at = thinned(len(curve.x))
    low, high = (np.clip(places(plane, values[at]), 0, 1) for values in (curve.low, curve.high))
    x = plane.x(curve.x[at])
    for first, last in runs_of((np.isfinite(low) & np.isfinite(high)).tolist()):
        part = slice(first, last + 1)
        edges = [plane.bottom - side[part] * plane.height for side in (low, high)]
        corners = [*zip(x[part], edges[0], strict=True), *zip(x[part][::-1], edges[1][::-1], strict=True)]
        canvas.area(corners, facecolor=color, alpha=0.22, zorder=2, gid=f"{name}-{first}")


def arm_style(number: int) -> Any:
    """The look of a line: colours and markers together repeat after so many arms."""
    return STYLES[number // (2 * len(MARKERS)) % len(STYLES)]
