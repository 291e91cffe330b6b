"""Two inputs through one layer: what a unit's activations share, and how far they differ.

Two pre-activations of covariance C > 0 are √C·t + √d·z₁ and √C·t + √d·z₂ with a common t. All expectations of products
are means over t of what is left when z is averaged out, so one grid of (t, z) serves them all. d = q - C is given and
the like is returned, because 1 - c drops below what a float near 1 can tell.

Closed forms for two inputs through αu + β|u|, which relu and its leaky kin are: the arc-cosine kernel.

Cho & Saul 2009. The angle θ = arccos c is taken from d = q(1 - c), so that it keeps its digits when it is small.

The largest of k Gaussians at two inputs, for maxout: P(M <= a, M' <= b) is the k-th power of one piece's.

Cov(f(M), g(M')) = ∬ f'(a) g'(b) [P(M <= a, M' <= b) - P(M <= a)P(M' <= b)] da db (Hoeffding 1940).
"""

from __future__ import annotations

import functools
import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.catalogue import expectations, quadrature
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import _mean, _variance, moments
from actprof.catalogue.quadrature import Values, trapezoid, values
from actprof.catalogue.special import normal_cdf

Array = NDArray[Any]

STEP, WIDEST_STEP = 0.25, 0.55
"""Steps of the trapezoidal rule: in units of scale(φ), with poles at least that far from the axis, and of z."""

MOST_NODES = 400
"""Nodes from which on panels are cheaper than equidistant ones."""

PAIR_ORDER = 14


def grid(phi: BoundActivation, common: float, own: float, offset: float,
         mirrored: bool) -> tuple[Array, Array, Array, Array]:
    """t, its weights, z for each t, and their weights; `mirrored` asks for -t wherever t is."""
    widest = max(common, own) / phi.scale
    if not phi.bends and 18 * widest / STEP <= MOST_NODES:
        return (*_equidistant(phi, common), *_equidistant(phi, own))
    points = quadrature.cuts(phi)
    outer = np.unique(np.concatenate([points, _beside(phi, own, common)]))
    if mirrored:
        outer = np.unique(np.concatenate([outer, 2 * offset - outer]))
    t, t_weights = quadrature.rule(outer, offset, common, PAIR_ORDER)
    z, z_weights = quadrature.rule(points, offset + common * t, own, PAIR_ORDER)
    return t, t_weights, z, z_weights


LEAST = 1e-12
"""Of a smoothing that is worth its points."""


def _equidistant(phi: BoundActivation, std: float) -> tuple[Array, Array]:
    step = min(WIDEST_STEP, STEP * phi.scale / std) if std else WIDEST_STEP
    return quadrature.trapezoid(2 * math.ceil(9 / step) + 1)


def _beside(phi: BoundActivation, own: float, common: float) -> Array:
    """Points to both sides of every bend where the average over z has its own bend smoothed over a width of `own`."""
    own = max(own, LEAST * common, LEAST)
    levels = max(1, math.ceil(math.log(max(10 * common / own, 2), 3)))
    steps = own * 3.0 ** np.arange(levels)
    return np.array([bend + sign * step for bend in phi.bends for sign in (-1, 1) for step in steps])


SMALL = 0.01
"""Angle below which the series of sin θ - θ cos θ is exact."""


def _lag(theta: float) -> float:
    """sin θ - θ cos θ."""
    if theta < SMALL:
        return theta**3 / 3 - theta**5 / 30 + theta**7 / 840
    return math.sin(theta) - theta * math.cos(theta)


def rectifier_pair(below: float, q: float, d: float) -> tuple[float, ...]:
    """The fields of pairs.Pair for slope `below` under 0 and 1 above."""
    theta = 2 * math.asin(math.sqrt(min(d / (2 * q), 1.0))) if q else 0.0
    c = 1 - d / q if q else 1.0
    alpha, beta = (1 + below) / 2, (1 - below) / 2
    difference = alpha**2 * d + beta**2 * (d - 2 * q / math.pi * _lag(theta))
    square, mean = (alpha**2 + beta**2) * q, beta * math.sqrt(2 * q / math.pi)
    even, odd = alpha**2 + beta**2, 2 * alpha * beta  # φ² = even·u² + odd·u|u|
    root = q * math.sqrt(2 * q / math.pi)
    mixed = even * beta * root * (1 + c * c) + odd * alpha * 2 * c * root - square * mean
    turned = 2 / math.pi * (3 * math.sin(theta) * c + (math.pi / 2 - theta) * (1 + 2 * c * c))  # E u₁|u₁|u₂|u₂|/q²
    squares = q * q * (even**2 * 2 * c * c + odd**2 * turned)
    signs = 1 - 2 * theta / math.pi  # E sign u₁ sign u₂
    return (square - difference, difference, square - difference - mean * mean, mixed, squares,
            alpha**2 + beta**2 * signs, even**2 + odd**2 * signs)


NODES = 241

NEAR = 0.01
"""1 - c below which the grid is too coarse and the difference is interpolated towards its limit, 1 - c."""

DELTA = 1e-3


def largest_pair(k: int, variance: float, d: float, offset: float) -> tuple[float, ...]:
    """The fields of pairs.Pair for offset + √variance·M."""
    std, gap = math.sqrt(variance), d / variance if variance else 0.0
    values = np.linspace(-9, 9, NODES)
    weights = np.full(NODES, values[1] - values[0])
    joint = _joint(k, max(gap, NEAR))
    slope = 2 * (offset + std * values)
    far = float(weights @ joint @ weights)
    alone = _variance(k)
    near = min(1.0, math.sqrt(gap / NEAR))
    ratio = 1 + ((alone - far) / max(gap, NEAR) - 1) * near
    difference = variance * gap * ratio
    shared = variance * alone - difference
    mean = offset + std * _mean(k)
    same = _same(k, gap)
    return (mean * mean + shared, difference, shared, variance * float(slope * weights @ joint @ weights),
            variance * float(slope * weights @ joint @ (slope * weights)), same, 1.0)


@functools.lru_cache(256)
def _joint(k: int, gap: float) -> Array:
    """P(M <= a, M' <= b) - P(M <= a)P(M' <= b) on the grid; of a covariance below 0 the pieces' product is kept."""
    values = np.linspace(-9, 9, NODES)
    t, t_weights = trapezoid(NODES)
    common = math.sqrt(abs(1 - gap))
    own = math.sqrt(1 - common * common)
    below = normal_cdf((values[:, None] - common * t) / own)
    other = below if gap <= 1 else below[:, ::-1]
    alone = normal_cdf(values) ** k
    joint: Array = ((below * t_weights) @ other.T) ** k - np.outer(alone, alone)
    return joint


def _same(k: int, gap: float) -> float:
    """P(the same piece is the largest at both inputs) = d Cov(M, M')/dc."""
    if gap < 2 * NEAR:
        return 1.0 - (1.0 - _same(k, 2 * NEAR)) * math.sqrt(gap / (2 * NEAR))
    step = (18 / (NODES - 1)) ** 2
    low, high = (float(_joint(k, edge).sum()) * step for edge in (min(gap + DELTA, 2.0), gap - DELTA))
    return (high - low) / (min(gap + DELTA, 2.0) - gap + DELTA)


CLOSE = 1e-12
"""d/q from which on two inputs differ by φ' times their difference."""


@dataclass(frozen=True)
class Pair:
    """Expectations, as NumPy's floats, of φ₁ = φ(u₁), φ₂ = φ(u₂) for u of equal variance q and E(u₁ - u₂)²/2 = d.

    Attributes:
        product: E φ₁φ₂.
        difference: E(φ₁ - φ₂)²/2 = E φ² - E φ₁φ₂.
        shared: Cov(φ₁, φ₂), without cancellation.
        shared_mixed: Cov(φ₁², φ₂).
        shared_squares: Cov(φ₁², φ₂²).
        slopes: E φ'₁φ'₂.
        slope_squares: E φ'₁²φ'₂².
    """

    product: float
    difference: float
    shared: float
    shared_mixed: float
    shared_squares: float
    slopes: float
    slope_squares: float


@functools.lru_cache(4096)
def pair(phi: BoundActivation, variance: float, d: float, offset: float = 0.0) -> Pair:
    """The expectations for h ~ N(offset, variance) and 0 <= d <= 2·variance; NaN where they overflow."""
    if not variance < math.inf:
        return Pair(*[math.nan] * 7)
    with np.errstate(all="ignore"):
        return Pair(*map(np.float64, astuple(_pair(phi, variance, d, offset))))


def _pair(phi: BoundActivation, variance: float, d: float, offset: float) -> Pair:
    if phi.activation.log_normal:
        return Pair(*expectations.pair(variance, d, offset))
    if phi.pieces > 1:
        return Pair(*largest_pair(phi.pieces, variance, d, offset))
    if phi.slope_below is not None and offset == 0:
        return Pair(*rectifier_pair(phi.slope_below, variance, d))
    if d <= CLOSE * variance:
        return _close(phi, variance, d, offset)
    return _distant(phi, variance, d, offset)


def mixed(phi: BoundActivation, variance: float, d: float, offsets: tuple[tuple[float, float], ...]) -> Pair:
    """The expectations where both inputs have the same offset, drawn from ((value, probability), …)."""
    if len(offsets) == 1:
        return pair(phi, variance, d, offsets[0][0])
    weights = np.array([weight for _, weight in offsets])
    parts = np.array([astuple(pair(phi, variance, d, offset)) for offset, _ in offsets])
    whole = dict(zip(Pair.__annotations__, (weights @ parts).tolist(), strict=True))
    alone = [moments(phi, variance, offset) for offset, _ in offsets]
    means, squares = (np.array([getattr(part, name) for part in alone]) for name in ("mean", "square"))
    means, squares = means - weights @ means, squares - weights @ squares
    whole["shared"] += float(weights @ means**2)
    whole["shared_mixed"] += float(weights @ (means * squares))
    whole["shared_squares"] += float(weights @ squares**2)
    return Pair(**whole)


def _close(phi: BoundActivation, variance: float, d: float, offset: float) -> Pair:
    """φ₁ - φ₂ = φ'·(u₁ - u₂); where φ jumps that is not so, and d is not let sink so far."""
    if phi.jumps and d > 0:
        return _distant(phi, variance, d, offset)
    one = moments(phi, variance, offset)
    noise = _noise(phi, variance, offset) if phi.random else 0.0
    weights, at = _line(phi, variance, offset)
    value, square = at.mean(at.value), at.mean(at.value**2)
    shared_mixed = float((square - one.square) * (value - one.mean) @ weights)
    shared_squares = float((square - one.square) ** 2 @ weights)
    difference = d * one.slope_square + noise
    return Pair(one.square - difference, difference, one.variance - difference, shared_mixed, shared_squares,
                float(at.mean(at.slope) ** 2 @ weights), float(at.mean(at.slope**2) ** 2 @ weights))


def _line(phi: BoundActivation, variance: float, offset: float) -> tuple[Array, Values]:
    z, weights = quadrature.rule(quadrature.cuts(phi), offset, math.sqrt(variance))
    return weights, values(phi, offset + math.sqrt(variance) * z)


def _noise(phi: BoundActivation, variance: float, offset: float) -> float:
    """E Var(φ | h): what slopes that are drawn anew for every element make of the same pre-activation."""
    weights, at = _line(phi, variance, offset)
    return float((at.mean(at.value**2) - at.mean(at.value) ** 2) @ weights)


def _distant(phi: BoundActivation, variance: float, d: float, offset: float) -> Pair:
    common, own = variance - d, d
    if common < 0:  # c < 0: the second input sees -t
        common, own = -common, variance + common
    common, own = quadrature.tamed(phi, common), quadrature.tamed(phi, own)
    mirrored = variance < d
    t, t_weights, z, z_weights = grid(phi, math.sqrt(common), math.sqrt(own), offset, mirrored)
    middle = offset + math.sqrt(common) * t
    at = values(phi, middle[:, None] + math.sqrt(own) * z)
    centre = values(phi, middle).value[0]
    difference = at.value - centre[:, None]

    def inner(of: Array) -> Array:
        return np.asarray((at.mean(of) * z_weights).sum(axis=1))

    shift = inner(difference)
    spread = inner(difference**2) - shift**2
    first, second, slope, slope_square = centre + shift, inner(at.value**2), inner(at.slope), inner(at.slope**2)
    mean, square = float(first @ t_weights), float(second @ t_weights)
    mirror = slice(None, None, -1) if mirrored else slice(None)
    first, second = first - mean, second - square
    shared = float(first * first[mirror] @ t_weights)
    apart = float(spread @ t_weights) + float((first - first[mirror]) ** 2 @ t_weights) / 2
    return Pair(mean * mean + shared, apart, shared, float(second * first[mirror] @ t_weights),
                float(second * second[mirror] @ t_weights), float(slope * slope[mirror] @ t_weights),
                float(slope_square * slope_square[mirror] @ t_weights))
