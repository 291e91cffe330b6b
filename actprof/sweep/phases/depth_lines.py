"""Lines on which a network can be trained down to a given number of layers, parametrised by the variance.

At variance q the ordered phase has ξ_c where χ_1 = e^(-1/ξ_c), which gives σ_w. In the chaotic phase it has it where
the slope of the correlation map at its fixed point is that. For every unit of σ_w² that slope and the gap's ratio are
known, and σ_w² times the ratio is 1: where slope over ratio is e^(-1/ξ_c), 1 over the ratio is σ_w². Either way
σ_b² = q - σ_w² W(q).
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from actprof.arrays import Flags, Floats
from actprof.sweep.phases.result import DepthLine
from actprof.theory.correlation_tables import CorrelationTable, between
from actprof.theory.moment_tables import MomentTable
from actprof.theory.predictions import TRAINABLE_SCALES
from actprof.theory.variance_limits import variance_limits

Edge = tuple[int, int, int]
"""A side of a cell: the node it starts from, and whether it goes along the first or the second axis."""


def level_lines(values: Floats) -> list[Floats]:
    """Each line's points (points, 2), in node counts along both axes."""
    neighbours: dict[Edge, list[Edge]] = defaultdict(list)
    for row, column in np.argwhere(_mixed(values < 0)).tolist():
        sides = [side for side in ((row, column, 0), (row, column, 1), (row + 1, column, 1), (row, column + 1, 0))
                 if _crossed(values, side)]
        for one, other in zip(sides[::2], sides[1::2], strict=True):
            neighbours[one].append(other)
            neighbours[other].append(one)
    lines = []
    while neighbours:
        start = min(neighbours, key=lambda side: len(neighbours[side]))
        lines.append(np.array([_point(values, side) for side in _walked(neighbours, start)]))
    return lines


def _walked(neighbours: dict[Edge, list[Edge]], start: Edge) -> list[Edge]:
    """From side to side; every one that is passed is taken out."""
    walked = [start]
    following = neighbours.pop(start)
    while following := [side for side in following if side in neighbours]:
        walked.append(following[0])
        following = neighbours.pop(following[0])
    return walked


def _mixed(below: Flags) -> Flags:
    """The cells whose corners are not all on one side."""
    corners = np.stack([below[:-1, :-1], below[1:, :-1], below[:-1, 1:], below[1:, 1:]])
    return np.logical_and(corners.any(axis=0), ~corners.all(axis=0))


def _ends(side: Edge) -> tuple[tuple[int, int], tuple[int, int]]:
    row, column, along = side
    return (row, column), (row + 1, column) if along == 0 else (row, column + 1)


def _crossed(values: Floats, side: Edge) -> bool:
    one, other = _ends(side)
    return bool((values[one] < 0) != (values[other] < 0))


def _point(values: Floats, side: Edge) -> tuple[float, float]:
    """Where a side is crossed, linearly."""
    one, other = _ends(side)
    share = float(values[one] / (values[one] - values[other]))
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])


LAYERS = 10, 30, 100

LEAST_LOG = -24.0
"""ln q from which lines are followed: σ_b, which is less than √q, comes to 6e-6 there."""

ORDERED_POINTS, CHAOTIC_POINTS = 3000, 200
"""Variances at which a line is looked for: over all that the table has, and over those of the plane's chaotic cells."""

REACHED = 1e-3
"""How near, in parts of q, the end of the first layer's variance must be to q."""

ROUNDING = 1e-4
"""Size of σ_b², in parts of q, that is interpolation's: an odd φ has c* = 0 only without biases."""

MARGIN = 1.1
"""By how much a line goes on beyond the plane, for whoever cuts it there."""


def depth_lines(table: MomentTable, pairs: CorrelationTable | None, most_w: float,
                most_b: float) -> tuple[DepthLine, ...]:
    """All lines for σ_w and σ_b up to these; none in the chaotic phase without `pairs`."""
    lines: list[DepthLine] = []
    for layers in LAYERS:
        decay = math.exp(-TRAINABLE_SCALES / layers)
        log_q = np.linspace(LEAST_LOG, float(table.log_q[-1]), ORDERED_POINTS)
        with np.errstate(divide="ignore"):
            weights = decay / table.slope_square(np.exp(log_q))
        lines += _lines(table, log_q, weights, layers, "ordered", (most_w, most_b))
        for log_q, weights in _chaotic(pairs, decay) if pairs is not None else ():
            lines += _lines(table, log_q, weights, layers, "chaotic", (most_w, most_b))
    return tuple(lines)


def _chaotic(pairs: CorrelationTable, decay: float) -> list[tuple[Floats, Floats]]:
    """(ln q, σ_w²) of every line on which the slope is `decay` of the ratio."""
    log_q = np.linspace(pairs.low, pairs.low + pairs.step * (len(pairs.ratio) - 1), CHAOTIC_POINTS)
    ratio, slope = pairs.rows(log_q)
    found = []
    for places in level_lines((slope - decay * ratio)[:, 1:]):  # without a gap the two are the same
        there = np.interp(places[:, 0], np.arange(CHAOTIC_POINTS), log_q)
        rows = pairs.rows(there)[0]
        gaps = places[:, 1] + 1
        before = np.minimum(gaps.astype(np.int64), rows.shape[1] - 2)
        found.append((there, 1 / between(rows, gaps, before)))
    return found


def _lines(table: MomentTable, log_q: Floats, weights: Floats, layers: int, phase: str,
           most: tuple[float, float]) -> list[DepthLine]:
    """The parts of a curve that are on the plane, where the first layer's variance comes to q."""
    q = np.exp(log_q)
    with np.errstate(invalid="ignore", over="ignore"):
        biases = q - weights * table.square(log_q)
        biases = np.where(np.abs(biases) <= ROUNDING * q, 0.0, biases)
        near = np.isfinite(biases) & (weights <= (MARGIN * most[0])**2) & (biases <= (MARGIN * most[1])**2)
    usable = near & (biases >= 0)
    if not usable.any():
        return []
    ends = np.full(len(q), np.inf)
    ends[usable] = variance_limits(table, np.sqrt(weights[usable]), np.sqrt(biases[usable]))[0]
    usable &= np.abs(ends - q) <= REACHED * q
    return [DepthLine(layers, phase, _points(weights, biases, first, last, near))
            for first, last in _runs(usable) if last > first]


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """(first, last) of each run of true flags."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(steps[::2].tolist(), (steps[1::2] - 1).tolist(), strict=True))


def _points(weights: Floats, biases: Floats, first: int, last: int, near: Flags) -> tuple[tuple[float, float], ...]:
    """(σ_w, σ_b) of a run; where it comes up from σ_b² < 0, or sinks below, from the point where that is 0."""
    points = list(zip(np.sqrt(weights[first:last + 1]).tolist(), np.sqrt(biases[first:last + 1]).tolist(),
                      strict=True))
    for outside, inside, place in ((first - 1, first, 0), (last + 1, last, len(points) + 1)):
        if 0 <= outside < len(near) and near[outside] and biases[outside] < 0:
            share = biases[inside] / (biases[inside] - biases[outside])
            at_zero = weights[inside] + share * (weights[outside] - weights[inside])
            points.insert(place, (math.sqrt(at_zero), 0.0))
    return tuple(points)
