"""The length map: the next layer's variance against this one's, its fixed points on the diagonal, and the course."""

from __future__ import annotations

import numpy as np

from actprof.arrays import Floats
from actprof.gain.fixed_marks import draw_points
from actprof.gain.result import LengthMap
from actprof.report.canvas import Canvas
from actprof.report.plane import Axis, LinearAxis, LogAxis, Plane


def map_plane(drawn: LengthMap, left: float, top: float, wide: float, high: float) -> Plane:
    """Both axes over the same variances, so that the diagonal goes from corner to corner."""
    axis: Axis = LogAxis(drawn.q) if drawn.logarithmic else LinearAxis(drawn.q[0], drawn.q[-1])
    return Plane(left, top, wide, high, axis, axis, 14.0)


def draw_map(canvas: Canvas, plane: Plane, drawn: LengthMap, color: str) -> None:
    """The axes, the curve, the diagonal, the course of the first layers and the fixed points."""
    plane.draw(canvas)
    ends = [drawn.q[0], drawn.q[-1]]
    canvas.line(plane.x(ends), plane.y(ends), color=canvas.theme.muted, linestyle=(0, (6, 3)), linewidth=1.3,
                zorder=3.5, gid="diagonal")
    canvas.line(plane.x(drawn.q), plane.y(_within(drawn.image, ends)), color=color, linewidth=2.6, zorder=3,
                gid="map")
    _draw_course(canvas, plane, drawn, ends)
    draw_points(canvas, plane, drawn, color)


def _within(values: tuple[float, ...], ends: list[float]) -> Floats:
    numbers = np.asarray(values)
    return np.where((numbers >= ends[0]) & (numbers <= ends[1]), numbers, np.nan)


def _draw_course(canvas: Canvas, plane: Plane, drawn: LengthMap, ends: list[float]) -> None:
    """Upright to the curve, across to the diagonal, and again; as far as the axes reach."""
    corners = [(drawn.course[0], ends[0])]
    for q, following in zip(drawn.course, drawn.course[1:], strict=False):
        corners += [(q, following), (following, following)]
    cut = [(min(max(x, ends[0]), ends[1]), min(max(y, ends[0]), ends[1])) for x, y in corners]
    x, y = zip(*cut, strict=True)
    canvas.line(plane.x(x), plane.y(y), color=canvas.theme.foreground, linewidth=1.1, zorder=4, alpha=0.8,
                gid="course")
    # Above the markers: where both lie in the corner, a fixed point's is the larger.
    canvas.line(plane.x(x[:1]), plane.y(y[:1]), color=canvas.theme.foreground, marker="^", markersize=6, zorder=7,
                gid="start")
