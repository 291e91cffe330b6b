"""The edge of chaos as curves, each point exact for a variance; which parts are stable, and where that turns."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from actprof.phase_diagrams import Boundary
from actprof.phases.moment_tables import MomentTable
from actprof.registry import Choice
from actprof.theory.edges import critical, edge_of_chaos
from actprof.theory.length_map import bisected

NEUTRAL = 1e-6
"""By how much a length slope may be above 1 and count as 1."""

LEAST_Q = 1e-6
"""Below, the edge lies where it starts."""

START = np.linspace(0.02, 0.98, 40) ** 2
"""Parts of the first few intervals between nodes after the start: there σ_b rises like a root."""

Branch = tuple[Boundary, ...]


def boundaries(choice: Choice, table: MomentTable) -> tuple[tuple[Branch, ...], Branch]:
    """(branches, turns), over all σ_w and σ_b."""
    start = _critical(choice, 0.0)
    if start is not None and start.q is None:
        return ((start,),), ()
    branches, turns = [], []
    for points in _runs(choice, table, start):
        found = [_turn(choice, one, other) for one, other in pairwise(points)
                 if min(abs(one.length_slope - 1), abs(other.length_slope - 1)) > NEUTRAL
                 and (one.length_slope > 1) != (other.length_slope > 1)]
        branches.append(tuple(sorted([*_told(points), *found], key=lambda point: point.q or 0.0)))
        turns += found
    return tuple(branches), tuple(turns)


def critical_points(choice: Choice, sigma_b: tuple[float, ...], branches: tuple[Branch, ...]) -> Branch:
    """The edge at each σ_b, where there is one; where it starts neutral it is as stable as what follows."""
    found = [point for point in (_critical(choice, each) for each in sigma_b) if point]
    return tuple(replace(point, stable=branches[0][0].stable) if point.q == 0 and branches else point
                 for point in found)


def _told(points: list[Boundary]) -> list[Boundary]:
    """The same with a stability for the neutral start: that of the first point whose slope tells."""
    first = next((place for place, point in enumerate(points) if abs(point.length_slope - 1) > NEUTRAL), 0)
    return [replace(point, stable=points[max(place, first)].stable) for place, point in enumerate(points)]


def _runs(choice: Choice, table: MomentTable, start: Boundary | None) -> list[list[Boundary]]:
    """The curve where σ_b² is not below 0, in pieces."""
    variances = table.q[table.q >= LEAST_Q]
    if start is not None and start.q:
        after = variances[variances > start.q][4:5]
        variances = np.union1d(variances, start.q + START * (after - start.q))
    runs: list[list[Boundary]] = [[]]
    for q in variances.tolist():
        point = _at(choice, q)
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    if start is not None:
        runs[0].insert(0, start)
    return [run for run in runs if run]


def _turn(choice: Choice, one: Boundary, other: Boundary) -> Boundary:
    """The half-stable point between two."""
    def excess(q: float) -> float:
        point = _at(choice, q)
        return point.length_slope - 1 if point else math.nan

    found = _at(choice, bisected(excess, one.q or 0.0, other.q or 0.0))
    assert found is not None
    return replace(found, stable=True)


def _at(choice: Choice, q: float) -> Boundary | None:
    """The edge at a variance."""
    edge = edge_of_chaos(choice, q)
    return None if edge is None else Boundary(edge.sigma_w, edge.sigma_b, q, edge.length_slope,
                                              edge.length_slope <= 1 + NEUTRAL)


def _critical(choice: Choice, sigma_b: float) -> Boundary | None:
    """The edge at σ_b."""
    edge = critical(choice, sigma_b)
    return None if edge is None else Boundary(edge.sigma_w, edge.sigma_b, None if edge.q is None else float(edge.q),
                                              edge.length_slope, edge.length_slope <= 1 + NEUTRAL)
