"""The edge of chaos as curves over all σ_w and σ_b, coarsely; which parts are stable, and where that turns."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise

from actprof.registry import Choice
from actprof.theory.fixed_points import critical, edge_of_chaos, scanned_edges
from actprof.theory.length_map import bisected
from actprof.theory.predictions import MARGINAL, Edge

EDGE_FROM = 1e-6
"""Variance from which on the edge is followed; a smooth odd φ has it within 1e-6 of its start until then."""

Branch = tuple[Edge, ...]
"""Points of a curve, by rising variance."""


def boundaries(choice: Choice) -> tuple[tuple[Branch, ...], Branch]:
    """(branches, turns) of the edge of chaos.

    Returns:
        The pieces of the curve on which σ_b² is not below 0, with ten points in a decade of the variance; one point
        where every variance is fixed (relu). And the points, on the branches too, where the variance turns from
        unstable to stable or back.
    """
    start = critical(choice, 0.0)
    if start is not None and start.q is None:
        return ((start,),), ()
    branches, turns = [], []
    for points in _runs(choice, start):
        found = [_turn(choice, one, other) for one, other in pairwise(points)
                 if min(abs(one.length_slope - 1), abs(other.length_slope - 1)) > MARGINAL
                 and (one.length_slope > 1) != (other.length_slope > 1)]
        branches.append(tuple(sorted([*_told(points), *found], key=lambda point: point.q or 0.0)))
        turns += found
    return tuple(branches), tuple(turns)


def critical_points(choice: Choice, sigma_b: tuple[float, ...]) -> Branch:
    """The edge at each σ_b, where there is one."""
    return tuple(filter(None, (critical(choice, each) for each in sigma_b)))


def _told(points: list[Edge]) -> list[Edge]:
    """The same with a stability for those near the start whose slope is 1 up to rounding: that of the first that
    tells."""
    first = next((place for place, point in enumerate(points) if abs(point.length_slope - 1) > MARGINAL), 0)
    return [replace(point, stability=points[first].stability) if 0 < place < first else point
            for place, point in enumerate(points)]


def _runs(choice: Choice, start: Edge | None) -> list[list[Edge]]:
    """The curve where σ_b² is not below 0, in pieces."""
    points = scanned_edges(choice, EDGE_FROM)
    if start is not None:
        points[start.q or 0.0] = start
    runs: list[list[Edge]] = [[]]
    for _, point in sorted(points.items(), key=lambda each: each[0]):
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _turn(choice: Choice, one: Edge, other: Edge) -> Edge:
    """The half-stable point between two."""
    def excess(q: float) -> float:
        point = edge_of_chaos(choice, q)
        return point.length_slope - 1 if point else math.nan

    found = edge_of_chaos(choice, bisected(excess, one.q or 0.0, other.q or 0.0))
    assert found is not None
    return found


STEP = 0.01
"""Between neighbours, at most: a part of the plane's width or height."""

NOISE = 1e-14
"""Rounding of σ_b², relative to q: it is the difference of q and σ_w²·E φ²."""

NEAREST = 1e-13
"""Between neighbours' variances, relative to them: nothing is between."""

Extent = tuple[float, float, float, float]
"""(least σ_w, most σ_w, least σ_b, most σ_b)."""


def edge_sections(choice: Choice, branch: Branch, extent: Extent) -> tuple[Branch, ...]:
    """The parts of a branch on a plane; the ends of each are its own or lie on the border.

    A corner that a part cuts off by less than STEP may be missed.
    """
    if len(branch) == 1:
        return (branch,) if _depth(branch[0], extent) >= 0 else ()
    finer = [branch[0]]
    for one, other in pairwise(branch):
        finer += [*_between(choice, one, other, extent), other]
    told = [(point, _depth(point, extent) >= 0) for point in finer]
    parts = (tuple(point for point, _ in part)
             for inside, part in groupby(_bordered(choice, told, extent), lambda each: each[1]) if inside)
    return tuple(part for part in parts if len(part) > 1)


def _between(choice: Choice, one: Edge, other: Edge, extent: Extent) -> list[Edge]:
    """Points to put between two, until none of the steps on the plane is too long."""
    if not (_is_long(one, other, extent) and _is_near(one, other, extent)):
        return []
    middle = _at(choice, one, ((one.q or 0.0) + (other.q or 0.0)) / 2)
    if middle is None:
        return []
    return [*_between(choice, one, middle, extent), middle, *_between(choice, middle, other, extent)]


def _at(choice: Choice, before: Edge, q: float) -> Edge | None:
    """The edge at a variance after a point; where its slope is 1 up to rounding it is as stable as there."""
    found = edge_of_chaos(choice, q)
    if found is None or found.stability != "neutral":
        return found
    return replace(found, stability=before.stability)


def _is_long(one: Edge, other: Edge, extent: Extent) -> bool:
    width, height = extent[1] - extent[0], extent[3] - extent[2]
    across, up = abs(other.sigma_w - one.sigma_w), abs(other.sigma_b - one.sigma_b)
    noise = NOISE * (other.q or 0.0) / max(one.sigma_b, other.sigma_b, sys.float_info.min)
    long = across > STEP * width or (up > STEP * height and up > noise)
    return long and (other.q or 0.0) - (one.q or 0.0) > NEAREST * (other.q or 0.0)


def _is_near(one: Edge, other: Edge, extent: Extent) -> bool:
    """Whether the curve between two points may come to the plane: where it turns it leaves their rectangle, but by less
    than the size of that."""
    for first, last, least, most in ((one.sigma_w, other.sigma_w, *extent[:2]),
                                     (one.sigma_b, other.sigma_b, *extent[2:])):
        size = abs(last - first)
        if max(first, last) + size < least or min(first, last) - size > most:
            return False
    return True


def _depth(point: Edge, extent: Extent) -> float:
    """How far inside the plane a point is, in parts of its width or height; below 0 outside."""
    width, height = extent[1] - extent[0], extent[3] - extent[2]
    return min((point.sigma_w - extent[0]) / width, (extent[1] - point.sigma_w) / width,
               (point.sigma_b - extent[2]) / height, (extent[3] - point.sigma_b) / height)


def _bordered(choice: Choice, told: list[tuple[Edge, bool]], extent: Extent) -> Iterator[tuple[Edge, bool]]:
    """(point, whether it is on the plane), with the points on the border between those inside and outside."""
    for (one, inside), (other, stays) in pairwise(told):
        yield one, inside
        border = _border(choice, one, other, extent) if inside != stays else None
        if border is not None:
            yield border, True
    yield told[-1]


def _border(choice: Choice, one: Edge, other: Edge, extent: Extent) -> Edge | None:
    """Between a point on the plane and one beyond; None where the first is on the border itself."""
    def depth(q: float) -> float:
        point = _at(choice, one, q)
        return -1.0 if point is None else _depth(point, extent)

    if max(_depth(one, extent), _depth(other, extent)) == 0:
        return None
    return _at(choice, one, bisected(depth, one.q or 0.0, other.q or 0.0))
