"""The fixed points of a length map: a marker each, and the key to them, which stands above the map.

Nothing is written into a map, where a text would hide what it is about: several markers are numbered in a strip above,
each number joined to its marker.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from actprof.gain.result import LengthMap
from actprof.gain.words import significant
from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width
from actprof.report.plane import Plane
from actprof.theory.predictions import FixedPoint

SIZE = 13.0
DROP = 9.0  # from a number down to the map
STRIP = line_height(SIZE) + DROP
APART = 6.0  # pixels between two numbers
EDGE = 2.2  # of a marker, in points
DIGITS = range(5, 18)


class Look(NamedTuple):
    """A marker's sign in the key, its size in points, and how much of it is filled."""

    sign: str
    size: float
    filled: str
    zorder: float


LOOKS = {"unstable": Look("○", 14.0, "none", 6.0), "neutral": Look("◐", 10.5, "left", 6.1),
         "stable": Look("●", 8.0, "full", 6.2)}
"""Neighbours on the diagonal differ in stability: so a stable one is seen in the ring of an unstable one."""


def point_keys(drawn: LengthMap) -> list[str]:
    """`1 ● q* = 0.15189 stable` for each fixed point; one alone goes without a number."""
    points, seen = drawn.fixed_points.points, _seen(drawn)
    keys = []
    for point, name in zip(points, _told_apart(points), strict=True):
        number = f"{seen.index(point) + 1} " if point in seen and len(seen) > 1 else ""
        away = "" if point in seen else " (off the map)"
        keys.append(f"{number}{LOOKS[point.stability].sign} q* = {name} {point.stability}{away}")
    return keys


def strip_height(drawn: LengthMap | None) -> float:
    """Pixels that the numbers take above the map."""
    return STRIP if drawn is not None and len(_seen(drawn)) > 1 else 0.0


def draw_points(canvas: Canvas, plane: Plane, drawn: LengthMap, color: str) -> None:
    """Stable ones filled, unstable ones hollow and neutral ones half; numbered where there are several."""
    seen = _seen(drawn)
    xs = plane.x([point.q_star for point in seen]).tolist()
    ys = plane.y([point.q_star for point in seen]).tolist()
    for point, x, y in zip(seen, xs, ys, strict=True):
        _draw_marker(canvas, x, y, point.stability, color)
    if len(seen) > 1:
        _draw_numbers(canvas, plane, xs, ys)


def _seen(drawn: LengthMap) -> list[FixedPoint]:
    """Those between the ends of the axes: 0 is on no logarithmic one."""
    return [point for point in drawn.fixed_points.points if drawn.q[0] <= point.q_star <= drawn.q[-1]]


def _told_apart(points: tuple[FixedPoint, ...]) -> list[str]:
    """The variances with as many digits as it takes."""
    for digits in DIGITS:
        names = [significant(point.q_star, digits) for point in points]
        if len(set(names)) == len(names):
            break
    return names


def _draw_marker(canvas: Canvas, x: float, y: float, kind: str, color: str) -> None:
    look, background = LOOKS[kind], canvas.theme.background
    canvas.line([x], [y], marker="o", markersize=look.size, zorder=look.zorder, gid=kind, markeredgecolor=color,
                markeredgewidth=EDGE, markerfacecolor=background if look.filled == "none" else color,
                markerfacecoloralt=background, fillstyle="left" if look.filled == "left" else "full")


def _draw_numbers(canvas: Canvas, plane: Plane, xs: list[float], ys: list[float]) -> None:
    """In the strip above the map, from left to right, each with a line down to its marker."""
    middle = plane.top - STRIP + line_height(SIZE) / 2
    step = width(str(len(xs)), SIZE) + APART
    for number, (at, x, y) in enumerate(zip(spread(xs, step, plane.right), xs, ys, strict=True), 1):
        canvas.text(at, middle, str(number), SIZE, align="center")
        canvas.line([at, x, x], [plane.top - DROP, plane.top, y], color=canvas.theme.muted, linewidth=0.9,
                    linestyle=(0, (1, 2)), zorder=2, gid="leader")


def spread(places: list[float], step: float, most: float) -> list[float]:
    """Rising places, moved as little to the right as leaves a `step` between them, and back from beyond `most`."""
    moved = list(places)
    for before, after in pairwise(range(len(moved))):
        moved[after] = max(moved[after], moved[before] + step)
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], most - (len(moved) - 1 - place) * step)
    return moved
