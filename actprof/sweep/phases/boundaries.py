"""The edge of chaos as curves over all σ_w and σ_b, coarsely; which parts are stable, and where that turns."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from actprof.predictions import MARGINAL, Edge
from actprof.registry import Choice
from actprof.theory.edges import critical, edge_of_chaos
from actprof.theory.length_map import VARIANCES, bisected

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
    points = {q: edge_of_chaos(choice, q) for q in VARIANCES[VARIANCES >= EDGE_FROM].tolist()}
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
