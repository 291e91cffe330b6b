"""The length map: the next layer's variance against this one's, its fixed points on the diagonal, and the course."""

from __future__ import annotations

import numpy as np

from actprof.distributions import Floats
from actprof.gain_tables import LengthMap
from actprof.predictions import FixedPoint
from actprof.render.canvas import Canvas, Point
from actprof.render.gains.words import figure, stability
from actprof.render.lettering import line_height, width
from actprof.render.plane import Axis, LinearAxis, LogAxis, Plane

SIZE = 13.0
POINT = 11.0
AWAY = 12.0

Box = tuple[float, float, float, float]


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
    _draw_points(canvas, plane, drawn, color)


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
    canvas.line(plane.x(x[:1]), plane.y(y[:1]), color=canvas.theme.foreground, marker="^", markersize=9, zorder=5,
                gid="start")


def _draw_points(canvas: Canvas, plane: Plane, drawn: LengthMap, color: str) -> None:
    """Stable ones filled, the others hollow; a label where there is room for it."""
    taken: list[Box] = []
    inked = [*_pixels(plane, drawn.q, drawn.image), *_pixels(plane, drawn.q, drawn.q)]
    for point in drawn.fixed_points.points:
        if not drawn.q[0] <= point.q_star <= drawn.q[-1]:
            continue
        x, y = float(plane.x(point.q_star)), float(plane.y(point.q_star))
        canvas.line([x], [y], marker="o", markersize=POINT, zorder=6, markeredgecolor=color, markeredgewidth=2.2,
                    markerfacecolor=color if point.stable else canvas.theme.background,
                    gid="stable" if point.stable else "unstable")
        _draw_label(canvas, plane, x, y, point, taken, inked)


def _draw_label(canvas: Canvas, plane: Plane, x: float, y: float, point: FixedPoint, taken: list[Box],
                inked: list[Point]) -> None:
    """Beside the point, where no curve and no other label is, or at least no label."""
    text = f"q* = {figure(point.q_star, 5)} {stability(point.length_slope)}"
    wide, high = width(text, SIZE) + 6, line_height(SIZE)
    places = [(left, y + lines * high) for lines in (1, -1, 1.6, -1.6, 2.4, -2.4, 3.2, -3.2)
              for left in (x + AWAY, x - AWAY - wide)]
    boxes = [(left, middle - high / 2, left + wide, middle + high / 2) for left, middle in places]
    free = [box for box in boxes if plane.left <= box[0] and box[2] <= plane.right and plane.top <= box[1]
            and box[3] <= plane.bottom and not any(_meet(box, other) for other in taken)]
    clear = [box for box in free if not any(_holds(box, point) for point in inked)]
    for box in (clear or free)[:1]:
        taken.append(box)
        if not y - 1.6 * high <= (box[1] + box[3]) / 2 <= y + 1.6 * high:
            edge = box[0] if box[0] > x else box[2]
            canvas.segments([[(x, y), (edge, (box[1] + box[3]) / 2)]], colors=canvas.theme.muted, zorder=5)
        canvas.text(box[0] + 3, (box[1] + box[3]) / 2, text, SIZE, boxed=True)


def _pixels(plane: Plane, q: tuple[float, ...], values: tuple[float, ...]) -> list[Point]:
    return list(zip(plane.x(q).tolist(), plane.y(values).tolist(), strict=True))


def _holds(box: Box, point: Point) -> bool:
    return box[0] - 2 <= point[0] <= box[2] + 2 and box[1] - 2 <= point[1] <= box[3] + 2


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
