"""Fixed points of variance and correlation, depth scales and phases.

Poole et al. 2016, Schoenholz et al. 2017. Where φ jumps, χ_1 is infinite in theory and 0 for automatic
differentiation: there is no statement about it.
"""

from __future__ import annotations

import math

import numpy as np

from actprof.activations import BoundActivation, bind
from actprof.predictions import MARGINAL as MARGINAL
from actprof.predictions import FixedPoint, FixedPoints
from actprof.registry import Choice
from actprof.theory.gaussian import moments
from actprof.theory.length_map import bisected, length_slope, limit, roots
from actprof.theory.pairs import pair
from actprof.theory.stability import stability, stability_at

ROUNDING = 1e-12
"""A slope that counts as 0, and the gap between two inputs below which there is none."""


def chi_1(phi: BoundActivation, sigma_w: float, q: float) -> float | None:
    """σ_w² E φ'², None where φ jumps."""
    return None if phi.jumps else float(sigma_w**2 * moments(phi, q).slope_square)


@np.errstate(all="ignore")
def fixed_points(choice: Choice, sigma_w: float, sigma_b: float, q_0: float = 1.0) -> FixedPoints:
    """All roots of q = σ_w² W(q) + σ_b² up to LARGEST_Q and the one that q_0, the first layer's variance, leads to."""
    phi = bind(choice)
    variances = roots(phi, sigma_w, sigma_b)
    if variances is None:
        only = _point(phi, sigma_w, sigma_b, q_0)
        return FixedPoints(sigma_w, sigma_b, (), q_0, only, "any")
    points = tuple(_point(phi, sigma_w, sigma_b, q) for q in variances)
    end = limit(phi, sigma_w, sigma_b, q_0, variances)
    reached = next((point for point in points if point.q_star == end), None)
    return FixedPoints(sigma_w, sigma_b, points, end, reached, _course(reached))


def _course(reached: FixedPoint | None) -> str:
    if reached is None:
        return "diverges"
    return "power law" if stability(reached.length_slope) == "neutral" else "converges"


def _point(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> FixedPoint:
    slope, chi = length_slope(phi, sigma_w, q), chi_1(phi, sigma_w, q)
    c_star, phase = _correlation(phi, sigma_w, sigma_b, q, chi)
    decay = chi if chi is None or c_star in (None, 1.0) else correlation_slope(phi, sigma_w, q, c_star)
    return FixedPoint(q, slope, c_star, chi, depth_scale(slope), None if decay is None else depth_scale(decay), phase,
                      stability_at(phi, sigma_w, q, slope))


def depth_scale(slope: float) -> float:
    """ξ = -1/ln|slope| layers; infinite at 1 and above, where nothing decays exponentially, and 0 where all is gone."""
    size = abs(slope)
    if size >= 1 - MARGINAL:
        return math.inf
    return -1 / math.log(size) if size > ROUNDING else 0.0


def correlation_slope(phi: BoundActivation, sigma_w: float, q: float, c: float) -> float:
    """C'(c) = σ_w² E φ'(u₁)φ'(u₂)."""
    return float(sigma_w**2 * pair(phi, q, q * (1 - c)).slopes)


def _correlation(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float,
                 chi: float | None) -> tuple[float | None, str]:
    """(c*, phase). Slopes drawn anew for every input keep two of them apart in every phase."""
    phase = "" if chi is None else "edge" if abs(chi - 1) <= MARGINAL else "ordered" if chi < 1 else "chaotic"
    if phase in ("edge", "ordered") and not phi.random:
        return 1.0, phase
    return (_chaotic(phi, sigma_w, sigma_b, q) if q else None), phase


def _chaotic(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """c* < 1: the gap 1 - c that σ_w² E(φ₁ - φ₂)²/2q returns, sought between 1e-12 and 1."""
    def excess(gap: float) -> float:
        return float(sigma_w**2 * pair(phi, q, q * gap).difference / q - gap)

    if excess(1.0) >= -ROUNDING or (sigma_b == 0 and moments(phi, q).mean == 0):
        return 0.0  # C(0) = σ_w² (E φ)² + σ_b², over q
    if excess(ROUNDING) <= 0:
        return 1.0
    return 1 - bisected(excess, ROUNDING, 1.0)
