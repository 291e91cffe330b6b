"""The edge of chaos, σ_w² E φ'² = 1 at a fixed point, parametrised by the fixed point's variance (no iteration needed).

Schoenholz et al. 2017, Hayou et al. 2019.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from actprof.activations import BoundActivation, bind
from actprof.predictions import MARGINAL
from actprof.predictions import Edge as Edge
from actprof.registry import Choice
from actprof.theory.gaussian import moments
from actprof.theory.length_map import VARIANCES, crossings, scanned, scanned_slopes
from actprof.theory.stability import stability_at

ROUNDING = 1e-12
"""Share of a variance that may be rounding."""

LEAST_BIAS = 1e-8
"""σ_b down to which q - W/E φ'² = σ_b², of the order of q³ for a smooth odd φ, stands out of rounding."""


@np.errstate(all="ignore")
def edge_of_chaos(choice: Choice, q: float) -> Edge | None:
    """The point of the edge of chaos at variance q: σ_w² = 1/E φ'², σ_b² = q - W/E φ'²; None where that is below 0."""
    phi = bind(choice)
    one = moments(phi, q)
    if phi.jumps or not one.slope_square > 0:
        return None
    square = float(q - one.square / one.slope_square)
    return _edge(phi, q, math.sqrt(max(square, 0.0))) if square >= -ROUNDING * q else None


@functools.lru_cache(256)
@np.errstate(all="ignore")
def critical(choice: Choice, sigma_b: float = 0.0) -> Edge | None:
    """The edge of chaos at a given σ_b: the smallest variance q with q - W/E φ'² = σ_b²; None if there is none.

    One so near 0 that rounding hides σ_b² is told at q = 0.
    """
    phi = bind(choice)
    if phi.jumps:
        return None

    def excess(q: float) -> float:
        one = moments(phi, q)
        return float((q - sigma_b**2) * one.slope_square - one.square)

    start = _scale_free(phi) if sigma_b <= LEAST_BIAS else None
    if sigma_b == 0 and start is not None:
        return start
    square, slope_square = scanned(phi)
    found = crossings(excess, VARIANCES, (VARIANCES - sigma_b**2) * slope_square - square, ROUNDING)
    if found:
        return _edge(phi, found[0], sigma_b)
    return None if start is None or start.q is None else replace(start, sigma_b=sigma_b)


@np.errstate(all="ignore")
def stable_edge(choice: Choice, edge: Edge) -> Edge | None:
    """Where the edge of chaos turns stable for good, if it is unstable at `edge` and from there on; None otherwise."""
    if edge.q is None or edge.stability != "unstable":
        return None
    phi = bind(choice)

    def excess(q: float) -> float:
        one = moments(phi, q)
        return float(q * (one.square_slope / one.slope_square - 1))

    (square, slope_square), slope = scanned(phi), scanned_slopes(phi)
    there = (edge.q < VARIANCES) & (VARIANCES - square / slope_square >= -ROUNDING * VARIANCES)
    q = VARIANCES[there]
    turns = crossings(excess, q, q * (slope / slope_square - 1)[there], MARGINAL)
    return edge_of_chaos(choice, turns[0]) if len(turns) == 1 else None


def _edge(phi: BoundActivation, q: float, sigma_b: float) -> Edge:
    one = moments(phi, q)
    sigma_w = 1 / math.sqrt(one.slope_square)
    slope = float(one.square_slope / one.slope_square)
    return Edge(sigma_w, sigma_b, q, slope, stability_at(phi, sigma_w, q, slope))


def _scale_free(phi: BoundActivation) -> Edge | None:
    """The edge at every q (relu), or at q = 0 where φ(0) = 0 (tanh), if either is one."""
    at_0, at_1 = moments(phi, 0.0), moments(phi, 1.0)
    if at_0.square != 0 or not at_0.slope_square > 0:
        return None
    ratios = at_1.square / at_1.slope_square, at_1.slope_square / at_0.slope_square
    edge = _edge(phi, 0.0, 0.0)
    return replace(edge, q=None) if all(abs(ratio - 1) < ROUNDING for ratio in ratios) else edge
