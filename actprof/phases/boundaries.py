"""The edge of chaos as curves, each point exact for a variance; which parts are stable, and where that turns."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from actprof.phases.moment_tables import MomentTable
from actprof.predictions import MARGINAL, Edge
from actprof.registry import Choice
from actprof.theory.edges import critical, edge_of_chaos
from actprof.theory.length_map import bisected

LEAST_Q = 1e-6
"""Below, the edge lies where it starts."""

START = np.linspace(0.02, 0.98, 40) ** 2
"""Parts of the first few intervals between nodes after the start: there σ_b rises like a root."""

Branch = tuple[Edge, ...]


def boundaries(choice: Choice, table: MomentTable) -> tuple[tuple[Branch, ...], Branch]:
    """(branches, turns), over all σ_w and σ_b."""
    start = critical(choice, 0.0)
    if start is not None and start.q is None:
        return ((start,),), ()
    branches, turns = [], []
    for points in _runs(choice, table, start):
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


def _runs(choice: Choice, table: MomentTable, start: Edge | None) -> list[list[Edge]]:
    """The curve where σ_b² is not below 0, in pieces."""
    variances = table.q[table.q >= LEAST_Q]
    if start is not None and start.q:
        after = variances[variances > start.q][4:5]
        variances = np.union1d(variances, start.q + START * (after - start.q))
    runs: list[list[Edge]] = [[]]
    for q in variances.tolist():
        point = edge_of_chaos(choice, q)
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    if start is not None:
        runs[0].insert(0, start)
    return [run for run in runs if run]


def _turn(choice: Choice, one: Edge, other: Edge) -> Edge:
    """The half-stable point between two."""
    def excess(q: float) -> float:
        point = edge_of_chaos(choice, q)
        return point.length_slope - 1 if point else math.nan

    found = edge_of_chaos(choice, bisected(excess, one.q or 0.0, other.q or 0.0))
    assert found is not None
    return found
