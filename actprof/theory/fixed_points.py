"""Fixed points of variance and correlation, phases, depth scales, the edge of chaos and gains of one activation.

Poole et al. 2016, Schoenholz et al. 2017, Hayou et al. 2019. Where φ jumps, χ_1 is infinite in theory and 0 for
automatic differentiation: there is no statement about it. Variances are sought as `fields` does, and found to rounding;
a correlation is one root of a dozen integrals here, where a table of `fields` takes a hundred and ends at seven digits.

Gains keep the forward variance, 1/√E φ² (He et al. 2015, eq. 10), the gradient, 1/√E φ'² (ibid., eq. 14), or a std of
1, 1/√Var φ (Brock et al. 2021, whose weights are standardised so that the mean of φ is not passed on), for z ~ N(0, 1).
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from actprof.arrays import Floats
from actprof.catalogue.activations import BoundActivation, bind
from actprof.catalogue.expectations import inverse_root, moments
from actprof.registry import Choice
from actprof.theory.length_map import VARIANCES, length_slope, scanned, stability, stability_at
from actprof.theory.pairs import pair
from actprof.theory.predictions import MARGINAL, Edge, FixedPoint, FixedPoints, Gains, Jump
from actprof.theory.roots import bisected, crossings, fixed_variances

ROUNDING = 1e-12  # a slope that counts as 0, the gap between two inputs that counts as none, a share of a variance

# What rounding leaves of a mean of slopes, relative to their size; a large σ_w makes it look like a slope.
NOISE = 1e-15


@np.errstate(all="ignore")
def fixed_points(choice: Choice, sigma_w: float, sigma_b: float, q_0: float = 1.0) -> FixedPoints:
    """All roots of q = σ_w² W(q) + σ_b² up to MAX_Q and the one that q_0, the first layer's variance, leads to."""
    phi = bind(choice)
    variances, end = fixed_variances(phi, sigma_w, sigma_b, q_0)
    points = tuple(_point(phi, sigma_w, sigma_b, q) for q in variances or ())
    reached = min(points, key=lambda point: abs(point.q_star - end), default=None) if end < math.inf else None
    if end < math.inf and (reached is None or abs(reached.q_star - end) > MARGINAL * end):  # a variance that stays
        reached = _point(phi, sigma_w, sigma_b, end)
    course = ("any" if variances is None else "diverges" if reached is None else
              "power law" if stability(reached.length_slope) == "neutral" else "converges")
    return FixedPoints(sigma_w, sigma_b, points, reached.q_star if reached else end, reached, course)


def _point(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> FixedPoint:
    slope = length_slope(phi, sigma_w, q)
    chi = decay = None if phi.jumps else float(sigma_w**2 * moments(phi, q).slope_square)
    c_star, phase = _correlation(phi, sigma_w, sigma_b, q, chi)
    if chi is not None and c_star not in (None, 1.0):
        two = pair(phi, q, q * (1 - c_star))
        decay = float(sigma_w**2 * two.slopes) if two.slopes**2 > NOISE**2 * two.slope_squares else 0.0
    return FixedPoint(q, slope, c_star, chi, float(depth_scale(slope)),
                      None if decay is None else float(depth_scale(decay)), phase,
                      stability_at(phi, sigma_w, q, slope))


@np.errstate(all="ignore")
def depth_scale(slope: Floats | float) -> Floats:
    """ξ = -1/ln|slope| layers; infinite at 1 and above, where nothing decays exponentially, 0 where all is gone."""
    size = np.abs(slope)
    return np.select([np.isnan(size), size >= 1 - MARGINAL, size <= ROUNDING], [np.nan, np.inf, 0.0], -1 / np.log(size))


def _correlation(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float,
                 chi: float | None) -> tuple[float | None, str]:
    """(c*, phase). Slopes drawn anew for every input keep two of them apart in every phase."""
    phase = "" if chi is None else "edge" if abs(chi - 1) <= MARGINAL else "ordered" if chi < 1 else "chaotic"
    if phase in ("edge", "ordered") and not phi.random:
        return 1.0, phase
    return (_chaotic(phi, sigma_w, sigma_b, q) if q else None), phase


def _chaotic(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """c* < 1: the gap 1 - c that σ_w² E(φ₁ - φ₂)²/2q returns, sought between 1e-12 and 1."""
    def growth(log_gap: float) -> float:
        d = q * math.exp(log_gap)
        return float(sigma_w**2 * pair(phi, q, d).difference / d - 1)

    if growth(0.0) >= -ROUNDING or (sigma_b == 0 and moments(phi, q).mean == 0):
        return 0.0  # C(0) = σ_w² (E φ)² + σ_b², over q
    if growth(math.log(ROUNDING)) <= 0:
        return 1.0
    return -math.expm1(bisected(growth, math.log(ROUNDING), 0.0, ROUNDING))


BESIDE = 1e-3  # share of σ_w by which both sides of a jump are apart from it
MIN_BIAS = 1e-8  # σ_b down to which q - W/E φ'² = σ_b², of the order of q³ for a smooth odd φ, stands out of rounding


@np.errstate(all="ignore")
def edge_of_chaos(choice: Choice, q: float) -> Edge | None:
    """The point of the edge of chaos at variance q: σ_w² = 1/E φ'², σ_b² = q - W/E φ'²; None where that is below 0."""
    phi = bind(choice)
    one = moments(phi, q)
    return _edge_at(phi, q, one.square, one.slope_square, one.square_slope)


@np.errstate(all="ignore")
def scanned_edges(choice: Choice, least: float) -> dict[float, Edge | None]:
    """The edge of chaos at all variances of the length map's scan from the least on."""
    phi = bind(choice)
    found = zip(VARIANCES.tolist(), *scanned(phi), strict=True)
    return {q: _edge_at(phi, q, *known) for q, *known in found if q >= least}


def _edge_at(phi: BoundActivation, q: float, square: float, slope_square: float, square_slope: float) -> Edge | None:
    if phi.jumps or not slope_square > 0:
        return None
    biases, sigma_w = float(q - square / slope_square), float(1 / np.sqrt(slope_square))
    if not biases >= -ROUNDING * q:
        return None
    slope = float(square_slope / slope_square)
    return Edge(sigma_w, math.sqrt(max(biases, 0.0)), q, slope, stability_at(phi, sigma_w, q, slope))


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

    start = _scale_free(choice) if sigma_b <= MIN_BIAS else None
    if sigma_b == 0 and start is not None:
        return start
    square, slope_square, _ = scanned(phi)
    found = crossings(excess, VARIANCES, (VARIANCES - sigma_b**2) * slope_square - square, ROUNDING)
    if found:
        start = edge_of_chaos(choice, found[0])
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

    square, slope_square, slope = scanned(phi)
    there = (edge.q < VARIANCES) & (VARIANCES - square / slope_square >= -ROUNDING * VARIANCES)
    q = VARIANCES[there]
    turns = crossings(excess, q, q * (slope / slope_square - 1)[there], MARGINAL)
    return edge_of_chaos(choice, turns[0]) if len(turns) == 1 else None


@functools.lru_cache(256)
@np.errstate(all="ignore")
def jump(choice: Choice) -> Jump | None:
    """The least σ_w without biases at which inputs with E x² = 1 start on an unstable fixed point: E φ(σ_w z)² = 1."""
    phi = bind(choice)
    starts = crossings(lambda q: float(moments(phi, q).square - 1), VARIANCES, scanned(phi).square - 1, 0.0)
    unstable = [q for q in starts
                if stability_at(phi, math.sqrt(q), q, float(q * moments(phi, q).square_slope)) == "unstable"]
    if not unstable:
        return None
    sigma_w = math.sqrt(unstable[0])
    below, above = (fixed_variances(phi, beside, 0.0, beside**2)[1]
                    for beside in (sigma_w * (1 - BESIDE), sigma_w * (1 + BESIDE)))
    return Jump(sigma_w, below, above)


def _scale_free(choice: Choice) -> Edge | None:
    """The edge at every q (relu), or at q = 0 where φ(0) = 0 (tanh), if either is one."""
    phi = bind(choice)
    at_0, at_1 = moments(phi, 0.0), moments(phi, 1.0)
    if at_0.square != 0 or not at_0.slope_square > 0:
        return None
    ratios = at_1.square / at_1.slope_square, at_1.slope_square / at_0.slope_square
    edge = edge_of_chaos(choice, 0.0)
    return replace(edge, q=None) if edge and all(abs(ratio - 1) < ROUNDING for ratio in ratios) else edge


@np.errstate(all="ignore")
def gains(choice: Choice) -> Gains:
    """All gains of an activation; what is undefined for it is None."""
    phi = bind(choice)
    one, edge = moments(phi, 1.0), critical(choice)
    slope = float(one.square_slope / one.square)
    smooth = not phi.jumps  # else E φ'² misses the jumps
    return Gains(
        activation=str(choice), e_phi=float(one.mean), e_phi2=float(one.square),
        e_dphi2=float(one.slope_square) if smooth else None,
        gain_forward=inverse_root(one.square),
        gain_backward=inverse_root(one.slope_square) if smooth else None,
        gain_std=inverse_root(one.variance),
        chi_at_gain_forward=float(one.slope_square / one.square) if smooth else None,
        length_slope=slope, stability=stability(slope),
        critical_sigma_w=edge.sigma_w if edge else None, critical_q=edge.q if edge else None,
        torch_gain=phi.torch_gain)
