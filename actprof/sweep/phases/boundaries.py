"""Lines on the plane: the edge of chaos with its stability, and how deep networks can be trained around it.

The edge is followed by its variance q. At q the ordered phase has ξ_c where χ_1 = e^(-1/ξ_c), which gives σ_w. In the
chaotic phase it has it where the slope of the correlation map at its fixed point is that. For every unit of σ_w² that
slope and the gap's ratio are known, and σ_w² times the ratio is 1: where slope over ratio is e^(-1/ξ_c), 1 over the
ratio is σ_w². Either way σ_b² = q - σ_w² W(q).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
from contourpy import contour_generator

from actprof.arrays import Flags, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.registry import Choice
from actprof.sweep.phases.result import DepthLine, PhaseGrid
from actprof.theory.fields import FINE, pair_rows
from actprof.theory.fixed_points import critical, edge_of_chaos, scanned_edges
from actprof.theory.length_map import moment_table
from actprof.theory.predictions import MARGINAL, TRAINABLE_SCALES, Edge
from actprof.theory.roots import LengthMaps, bisected

# Variance from which on the edge is followed; a smooth odd φ has it within 1e-6 of its start until then.
EDGE_FROM = 1e-6

Branch = tuple[Edge, ...]  # points of a curve, by rising variance


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


STEP = 0.01  # maximum distance of neighbours: a part of the plane's width or height
NOISE = 1e-14  # rounding of σ_b², relative to q: it is the difference of q and σ_w²·E φ²
NEAREST = 1e-13  # relative distance of neighbours' variances at which nothing is between them

Extent = tuple[float, float, float, float]  # (least σ_w, most σ_w, least σ_b, most σ_b)


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
    """The edge on the border, between a point on the plane and one beyond; None where the first is on the border."""
    def depth(q: float) -> float:
        point = _at(choice, one, q)
        return -1.0 if point is None else _depth(point, extent)

    if max(_depth(one, extent), _depth(other, extent)) == 0:
        return None
    return _at(choice, one, bisected(depth, one.q or 0.0, other.q or 0.0))


LAYERS = 10, 30, 100

MIN_LOG = -24.0  # ln q from which lines are followed: σ_b, which is less than √q, comes to 6e-6 there

# Variances at which a line is looked for: over all that the table has, and over those of the plane's chaotic cells.
ORDERED_POINTS, CHAOTIC_POINTS = 3000, 200

REACHED = 1e-3  # how near, in parts of q, the end of the first layer's variance must be to q
ROUNDING = 1e-4  # size of σ_b², in parts of q, that is interpolation's: an odd φ has c* = 0 only without biases
FAINT, STRONG = 1e-6, 1e6  # variances between which a line in the chaotic phase is looked for
MARGIN = 1.1  # the factor by which a line goes on beyond the plane, for whoever cuts it there


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
            lines += _lines(phi, log_q, decay / ordered, layers, "ordered", most)
        for place, weights in _chaotic(phi, float(reached.min()), float(reached.max()), decay) if reached.size else ():
            lines += _lines(phi, place, weights, layers, "chaotic", most)
    return tuple(lines)


def _chaotic(phi: BoundActivation, least: float, most: float, decay: float) -> list[tuple[Floats, Floats]]:
    """(ln q, σ_w²) of every line on which the slope is `decay` of the ratio, for variances between least and most."""
    low, high = np.log(np.clip([least, max(most, 1.01 * least)], FAINT, STRONG)).tolist()
    log_q = np.linspace(low, high, CHAOTIC_POINTS)
    ratio, slope = pair_rows(phi, np.exp(log_q)).fine()
    lines = contour_generator(FINE, log_q, slope - decay * ratio).lines(0.0)
    return [(line[:, 1], 1 / pair_rows(phi, np.exp(line[:, 1])).at(line[:, 0])[0])
            for line in map(np.array, lines)]


def _lines(phi: BoundActivation, log_q: Floats, weights: Floats, layers: int, phase: str,
           most: tuple[float, float]) -> list[DepthLine]:
    """The parts of a curve that are on the plane, where the first layer's variance comes to q."""
    q = np.exp(log_q)
    with np.errstate(invalid="ignore", over="ignore"):
        biases = q - weights * moment_table(phi).square(log_q)
        biases = np.where(np.abs(biases) <= ROUNDING * q, 0.0, biases)
        near = np.isfinite(biases) & (weights <= (MARGIN * most[0])**2) & (biases <= (MARGIN * most[1])**2)
    usable = near & (biases >= 0)
    if not usable.any():
        return []
    ends = np.full(len(q), np.inf)
    maps = LengthMaps(phi, weights[usable], biases[usable])
    ends[usable] = maps.limits(maps.weights + maps.biases)[0]
    usable &= np.abs(ends - q) <= REACHED * q
    return [DepthLine(layers, phase, _points(weights, biases, first, last, near))
            for first, last in _true_runs(usable) if last > first]


def _true_runs(flags: Flags) -> list[tuple[int, int]]:
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
