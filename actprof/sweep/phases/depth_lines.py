"""Lines on which a network can be trained down to a given number of layers, parametrised by the variance.

At variance q the ordered phase has ξ_c where χ_1 = e^(-1/ξ_c), which gives σ_w. In the chaotic phase it has it where
the slope of the correlation map at its fixed point is that. For every unit of σ_w² that slope and the gap's ratio are
known, and σ_w² times the ratio is 1: where slope over ratio is e^(-1/ξ_c), 1 over the ratio is σ_w². Either way
σ_b² = q - σ_w² W(q).
"""

from __future__ import annotations

import math

import numpy as np
from contourpy import contour_generator

from actprof.arrays import Flags, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.sweep.phases.result import DepthLine, PhaseGrid
from actprof.theory.fields import FINE, MomentTable, moment_table, pair_rows, variance_limits
from actprof.theory.predictions import TRAINABLE_SCALES

LAYERS = 10, 30, 100

MIN_LOG = -24.0
"""ln q from which lines are followed: σ_b, which is less than √q, comes to 6e-6 there."""

ORDERED_POINTS, CHAOTIC_POINTS = 3000, 200
"""Variances at which a line is looked for: over all that the table has, and over those of the plane's chaotic cells."""

REACHED = 1e-3
"""How near, in parts of q, the end of the first layer's variance must be to q."""

ROUNDING = 1e-4
"""Size of σ_b², in parts of q, that is interpolation's: an odd φ has c* = 0 only without biases."""

FAINT, STRONG = 1e-6, 1e6
"""Variances between which a line in the chaotic phase is looked for."""

MARGIN = 1.1
"""By how much a line goes on beyond the plane, for whoever cuts it there."""


def depth_lines(phi: BoundActivation, cells: PhaseGrid) -> tuple[DepthLine, ...]:
    """All lines on the plane of these cells; in the chaotic phase at variances as its cells have."""
    table, most = moment_table(phi), (cells.sigma_w[-1], cells.sigma_b[-1])
    log_q = np.linspace(MIN_LOG, float(table.log_q[-1]), ORDERED_POINTS)
    ordered = table.slope_square(np.exp(log_q))
    reached = cells.q_star[(cells.chi_1 > 1 + cells.marginal) & (cells.q_star > 0)]
    lines: list[DepthLine] = []
    for layers in LAYERS:
        decay = math.exp(-TRAINABLE_SCALES / layers)
        with np.errstate(divide="ignore"):
            lines += _lines(table, log_q, decay / ordered, layers, "ordered", most)
        for place, weights in _chaotic(phi, float(reached.min()), float(reached.max()), decay) if reached.size else ():
            lines += _lines(table, place, weights, layers, "chaotic", most)
    return tuple(lines)


def _chaotic(phi: BoundActivation, least: float, most: float, decay: float) -> list[tuple[Floats, Floats]]:
    """(ln q, σ_w²) of every line on which the slope is `decay` of the ratio, for variances between least and most."""
    low, high = np.log(np.clip([least, max(most, 1.01 * least)], FAINT, STRONG)).tolist()
    log_q = np.linspace(low, high, CHAOTIC_POINTS)
    ratio, slope = pair_rows(phi, np.exp(log_q)).fine
    lines = contour_generator(FINE, log_q, slope - decay * ratio).lines(0.0)
    return [(line[:, 1], 1 / pair_rows(phi, np.exp(line[:, 1])).multiplied(line[:, 0]))
            for line in map(np.array, lines)]


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
