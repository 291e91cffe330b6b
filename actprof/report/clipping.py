"""Curves cut at the edges of a box, in pixels or in places between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from actprof.arrays import Flags, Floats
from actprof.report.canvas import Point

Box = tuple[float, float, float, float]
"""Left, top, right, bottom: the least x and y, the most x and y."""

PLANE: Box = (0.0, 0.0, 1.0, 1.0)
BAND: Box = (-math.inf, 0.0, math.inf, 1.0)
FAR = 1e6  # as good as infinite
SLACK = 1e-9  # of rounding


def clipped(points: Sequence[Point], box: Box = PLANE) -> list[list[Point]]:
    """The pieces of a polyline that lie within, ended exactly at the edges; it is broken where it is not a number."""
    pieces: list[list[Point]] = []
    for one, other in pairwise(_bounded(points)):
        found = _cut(one, other, box)
        if found is None:
            continue
        start, end = (_pressed(point, box) for point in found)
        if not pieces or pieces[-1][-1] != start:
            pieces.append([start])
        pieces[-1].append(end)
    return pieces


def interrupted(pieces: Sequence[Sequence[Point]]) -> tuple[Floats, Floats]:
    """x and y of all pieces, NaN between them."""
    points = [point for piece in pieces for point in ((math.nan, math.nan), *piece)]
    x, y = np.array(points[1:] or [(math.nan, math.nan)]).T
    return x, y


def crossed(curve: Sequence[Point]) -> list[Point]:
    """The curve with a point wherever it crosses place 0 or 1, and what lies beyond pressed onto them."""
    points = list(curve[:1])
    for (left, start), (right, stop) in pairwise(curve):
        ends = [end for end in (0.0, 1.0) if min(start, stop) < end < max(start, stop)]
        points += sorted((left + (end - start) / (stop - start) * (right - left), end) for end in ends)
        points.append((right, stop))
    return [_pressed(point, BAND) for point in points]


def runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """(first, one past the last) of neighbours that are all true."""
    turns = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return ((first, last) for first, last in turns.tolist())


def _bounded(points: Sequence[Point]) -> list[Point]:
    return [(x if math.isnan(x) else min(max(x, -FAR), FAR), y if math.isnan(y) else min(max(y, -FAR), FAR))
            for x, y in points]


def _cut(one: Point, other: Point, box: Box) -> tuple[Point, Point] | None:
    """The part of a segment in the box (Liang & Barsky 1984)."""
    change = other[0] - one[0], other[1] - one[1]
    if math.isnan(change[0] + change[1]):
        return None
    first, last = 0.0, 1.0
    for axis, low, high in ((0, box[0], box[2]), (1, box[1], box[3])):
        for step, room in ((-change[axis], one[axis] - low + SLACK), (change[axis], high + SLACK - one[axis])):
            if step == 0 and room < 0:
                return None
            if step < 0:
                first = max(first, room / step)
            elif step > 0:
                last = min(last, room / step)
    if first >= last:
        return None
    start, end = ((one[0] + part * change[0], one[1] + part * change[1]) for part in (first, last))
    return one if first == 0 else start, other if last == 1 else end


def _pressed(point: Point, box: Box) -> Point:
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])
