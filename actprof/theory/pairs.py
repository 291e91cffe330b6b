"""Two inputs through one layer: what a unit's activations share, and how far they differ.

Two pre-activations are m + δ and m - δ, where m and δ are independent and of variances q - d/2 and d/2. φ bends along
the lines m = h ± δ, so panels over the wider of the two are cut there, for each value of the narrower.
d = q(1 - c) is given and the like is returned, because 1 - c drops below what a float near 1 can tell.

Through αu + β|u|, which relu and its leaky kin are, two inputs have closed forms: the arc-cosine kernel (Cho & Saul
2009). The angle θ = arccos c is taken from d = q(1 - c), so that it keeps its digits when it is small.

For maxout, the largest M of k Gaussians, P(M <= a, M' <= b) is the k-th power of one piece's, and Cov(f(M), g(M')) =
∬ f'(a) g'(b) [P(M <= a, M' <= b) - P(M <= a)P(M' <= b)] da db (Hoeffding 1940).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import quadrature
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import largest, moments
from actprof.catalogue.quadrature import Values, trapezoid, values
from actprof.catalogue.special import normal_cdf, normal_density
from actprof.catalogue.waves import closed, wave_pair

MAX_STEP = 0.55  # step of the trapezoidal rule in z, at most
MAX_NODES = 400  # equidistant nodes up to which they are cheaper than panels
MAX_TOGETHER = 20_000  # points of several grids that are worked on at once, and fit into a cache
TOGETHER = 8  # grids of panels that are worked on at once: more have ever more panels that are empty in most of them


class Rule(NamedTuple):
    """How finely two inputs are integrated over: nodes of a panel, a step in units of scale(φ), and panels in z."""

    order: int
    step: float
    panels: tuple[float, ...]


EXACT, TABULATED = Rule(14, 0.25, quadrature.PANELS), Rule(9, 0.3, (-7.0, -3.5, 0.0, 3.5, 7.0))
"""Good to 1e-9 and better, and to 5e-8 for a third of the time; poles are at least a unit away from the axis."""

COARSE = 0.5
"""Std, in units of scale(φ), above which panels are cut where φ changes its course, though it does not bend there."""

STRAIGHT = 1e-13  # change of a slope that is rounding

SMALL = 0.01  # angle below which the series of sin θ - θ cos θ is exact


def _lag(theta: float) -> float:
    """sin θ - θ cos θ."""
    if theta < SMALL:
        return theta**3 / 3 - theta**5 / 30 + theta**7 / 840
    return math.sin(theta) - theta * math.cos(theta)


@functools.cache
def below_zero(phi: BoundActivation) -> tuple[float, float] | None:
    """(E slope, E slope²) below 0 of a φ that is a line to each side, of slope 1 above; None of another."""
    shares, slopes = zip(*((share, curve.slope_below) for share, curve in quadrature.curves(phi)), strict=True)
    return None if None in slopes else (float(np.dot(shares, slopes)), float(np.dot(shares, np.square(slopes))))


def rectifier_pair(below: float, below_square: float, q: float, d: float) -> tuple[float, ...]:
    """The fields of pairs.Pair for a slope under 0 of that mean and mean square, drawn for each input, and 1 above."""
    theta = 2 * math.asin(math.sqrt(min(d / (2 * q), 1.0))) if q else 0.0
    c = 1 - d / q if q else 1.0
    alpha, beta = (1 + below) / 2, (1 - below) / 2
    even, odd = (1 + below_square) / 2, (1 - below_square) / 2  # φ² = even·u² + odd·u|u|
    noise = (below_square - below**2) / 2 * q
    difference = alpha**2 * d + beta**2 * (d - 2 * q / math.pi * _lag(theta)) + noise
    square, mean = even * q, beta * math.sqrt(2 * q / math.pi)
    root = q * math.sqrt(2 * q / math.pi)
    mixed = even * beta * root * (1 + c * c) + odd * alpha * 2 * c * root - square * mean
    turned = 2 / math.pi * (3 * math.sin(theta) * c + (math.pi / 2 - theta) * (1 + 2 * c * c))  # E u₁|u₁|u₂|u₂|/q²
    squares = q * q * (even**2 * 2 * c * c + odd**2 * turned)
    signs = 1 - 2 * theta / math.pi  # E sign u₁ sign u₂
    return (square - difference, difference, square - difference - mean * mean, mixed, squares,
            alpha**2 + beta**2 * signs, even**2 + odd**2 * signs)


GRID = 241

NEAR = 0.01  # 1 - c below which the grid is too coarse and the difference is interpolated towards its limit, 1 - c


def largest_pair(k: int, variance: float, d: float, offset: float) -> tuple[float, ...]:
    """The fields of pairs.Pair for offset + √variance·M."""
    std, gap = math.sqrt(variance), d / variance if variance else 0.0
    values = np.linspace(-9, 9, GRID)
    weights = np.full(GRID, values[1] - values[0])
    joint = _below(min(max(gap, NEAR), 2 - NEAR)) ** k - np.outer(*[normal_cdf(values) ** k] * 2)
    slope = 2 * (offset + std * values)
    far = float(weights @ joint @ weights)
    top, alone = largest(k)
    near = min(1.0, math.sqrt(gap / NEAR))
    ratio = 1 + ((alone - far) / max(gap, NEAR) - 1) * near
    difference = variance * gap * ratio
    shared = variance * alone - difference
    mean = offset + std * top
    same = _same(k, gap)
    return (mean * mean + shared, difference, shared, variance * float(slope * weights @ joint @ weights),
            variance * float(slope * weights @ joint @ (slope * weights)), same, 1.0)


@functools.lru_cache(16)
def _below(gap: float) -> Array:
    """P(u <= a, u' <= b) of one piece at both inputs, on the grid."""
    values = np.linspace(-9, 9, GRID)
    common = math.sqrt(abs(1 - gap))
    own = math.sqrt(1 - common * common)
    t, t_weights = trapezoid(2 * math.ceil(18 / own) + 1)
    below = normal_cdf((values[:, None] - common * t) / own)
    other = below if gap <= 1 else below[:, ::-1]
    return np.asarray((below * t_weights) @ other.T)


@functools.lru_cache(256)
def _same(k: int, gap: float) -> float:
    """P(the same piece is the largest at both inputs): k times that it is the first, at a and b."""
    if gap < 2 * NEAR:
        return 1.0 - (1.0 - _same(k, 2 * NEAR)) * math.sqrt(gap / (2 * NEAR))
    if gap > 2 - 2 * NEAR:  # towards opposite inputs, at both of which none is the largest
        return _same(k, 2 - 2 * NEAR) * math.pow(max(2 - gap, 0.0) / (2 * NEAR), (k - 1) / 2)
    values, free = np.linspace(-9, 9, GRID), gap * (2 - gap)
    apart = values[:, None] - (1 - gap) * values
    density = normal_density(values) * normal_density(apart / math.sqrt(free)) / math.sqrt(free)
    return k * float((density * _below(gap) ** (k - 1)).sum()) * (18 / (GRID - 1)) ** 2


CLOSE = 1e-12  # d/q from which on two inputs differ by φ' times their difference


class Pair(NamedTuple):
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
def pair(phi: BoundActivation, variance: float, d: float, offset: float = 0.0, rule: Rule = EXACT) -> Pair:
    """The expectations for h ~ N(offset, variance) and 0 <= d <= 2·variance; NaN where they overflow."""
    if not variance < math.inf:
        return Pair(*[math.nan] * 7)
    with np.errstate(all="ignore"):
        return Pair(*map(np.float64, _pair(phi, variance, d, offset, rule)))


def _pair(phi: BoundActivation, variance: float, d: float, offset: float, rule: Rule) -> Sequence[float]:
    known = closed(phi, variance)
    if known is not None:
        return wave_pair(known, variance, d, offset)
    if phi.pieces > 1:
        return largest_pair(phi.pieces, variance, d, offset)
    if (below := below_zero(phi)) and offset == 0:
        return rectifier_pair(*below, variance, d)
    if d <= CLOSE * variance:
        return _close(phi, variance, d, offset)
    return _distant(phi, variance, d, offset, rule)


def mixed(phi: BoundActivation, variance: float, d: float, offsets: tuple[tuple[float, float], ...],
          single: Callable[[BoundActivation, float, float, float], Pair] = pair) -> Pair:
    """The expectations where both inputs have the same offset, drawn from ((value, probability), …)."""
    if len(offsets) == 1:
        return single(phi, variance, d, offsets[0][0])
    weights = np.array([weight for _, weight in offsets])
    parts = np.array([pair(phi, variance, d, offset) for offset, _ in offsets])
    whole = dict(zip(Pair._fields, (weights @ parts).tolist(), strict=True))
    alone = [moments(phi, variance, offset) for offset, _ in offsets]
    means, squares = (np.array([getattr(part, name) for part in alone]) for name in ("mean", "square"))
    means, squares = means - weights @ means, squares - weights @ squares
    whole["shared"] += float(weights @ means**2)
    whole["shared_mixed"] += float(weights @ (means * squares))
    whole["shared_squares"] += float(weights @ squares**2)
    return Pair(**whole)


def _close(phi: BoundActivation, variance: float, d: float, offset: float) -> Sequence[float]:
    """φ₁ - φ₂ = φ'·(u₁ - u₂); where φ jumps that is not so, and d is not let sink so far."""
    if phi.jumps and d > 0:
        return _distant(phi, variance, d, offset)
    one = moments(phi, variance, offset)
    drawn = noise(phi, variance, offset) if phi.random else 0.0
    weights, at = _line(phi, variance, offset)
    value, square = at.mean(at.value), at.mean(at.value**2)
    shared_mixed = float((square - one.square) * (value - one.mean) @ weights)
    shared_squares = float((square - one.square) ** 2 @ weights)
    difference = d * one.slope_square + drawn
    return (one.square - difference, difference, one.variance - difference, shared_mixed, shared_squares,
            float(at.mean(at.slope) ** 2 @ weights), float(at.mean(at.slope**2) ** 2 @ weights))


def _line(phi: BoundActivation, variance: float, offset: float) -> tuple[Array, Values]:
    z, weights = quadrature.rule(quadrature.cuts(phi), offset, math.sqrt(variance))
    return weights, values(phi, offset + math.sqrt(variance) * z)


def noise(phi: BoundActivation, variance: float, offset: float) -> float:
    """E Var(φ | h): what slopes that are drawn anew for every element make of the same pre-activation."""
    weights, at = _line(phi, variance, offset)
    return float((at.mean(at.value**2) - at.mean(at.value) ** 2) @ weights)


@np.errstate(all="ignore")
def differences(phi: BoundActivation, variance: float, d: Array) -> Array:
    """(difference, slopes) of Pair, each (len(d),), at one variance, for rising d > 0 up to it."""
    if closed(phi, variance) or phi.pieces > 1 or below_zero(phi):  # in closed form
        both = [(two.difference, two.slopes) for two in (pair(phi, variance, each) for each in d.tolist())]
        return np.asarray(np.transpose(both))
    groups = np.split(d, range(TOGETHER, len(d), TOGETHER))
    if _is_equidistant(phi, math.sqrt(variance), TABULATED):
        points = [math.prod(_nodes(phi, math.sqrt(of), TABULATED) for of in (variance, each / 2))
                  for each in d.tolist()]
        groups = np.split(d, np.flatnonzero(np.diff(np.cumsum(points) // MAX_TOGETHER)) + 1)
    found = [_apart(phi, *_both(phi, variance, some, 0.0, TABULATED)) for some in groups]
    return np.concatenate(found, axis=1)


def _both(phi: BoundActivation, variance: float, d: Array, offset: float, rule: Rule) -> tuple[Values, Values, Array]:
    """(φ at one input, at the other, weights): (…, len(d), nodes of the narrower of m and δ, nodes of the wider)."""
    middle, half, weights = _grid(phi, variance, d, offset, rule)
    return values(phi, middle + half), values(phi, middle - half), weights


def _expected(weights: Array, *factors: Array) -> Array:
    """The mean of a product, which is never stored: it would not stay in a cache."""
    return np.asarray(np.einsum(",".join(["dij"] * (len(factors) + 1)) + "->d", *factors, weights))


def _apart(phi: BoundActivation, one: Values, two: Values, weights: Array) -> Array:
    """E(φ₁ - φ₂)²/2 and E φ'₁φ'₂."""
    first, second = one.mean(one.value), two.mean(two.value)
    if phi.random:  # slopes that are drawn anew for every element keep even the same pre-activation apart
        squares = _expected(weights, one.mean(one.value**2) + two.mean(two.value**2) - 2 * first * second)
    else:
        squares = _expected(weights, *[first - second] * 2)
    return np.array([squares / 2, _expected(weights, one.mean(one.slope), two.mean(two.slope))])


def _distant(phi: BoundActivation, variance: float, d: float, offset: float, rule: Rule = EXACT) -> Sequence[float]:
    one, two, weights = _both(phi, variance, np.array([d]), offset, rule)
    difference, slopes = _apart(phi, one, two, weights)[:, 0].tolist()
    first, second = one.mean(one.value), two.mean(two.value)
    mean = float(_expected(weights, first)[0] + _expected(weights, second)[0]) / 2
    squares = [at.mean(at.value * at.value) for at in (one, two)]
    square = sum(float(_expected(weights, each)[0]) for each in squares) / 2
    first, second = first - mean, second - mean
    squares[0] -= square
    squares[1] -= square
    shared, mixed, other, both = (float(_expected(weights, *each)[0]) for each in (
        (first, second), (squares[0], second), (squares[1], first), squares))
    slope_squares = float(_expected(weights, *(at.mean(at.slope * at.slope) for at in (one, two)))[0])
    return mean**2 + shared, difference, shared, (mixed + other) / 2, both, slopes, slope_squares


def _grid(phi: BoundActivation, variance: float, d: Array, offset: float, rule: Rule) -> tuple[Array, Array, Array]:
    """(m, δ, weights), each (len(d), nodes of the narrower, nodes of the wider); δ >= 0 where it is the narrower."""
    middle, half = np.sqrt([variance - d / 2, d / 2])[..., None]
    swapped = bool(half[0] > middle[0])
    narrow, wide = (middle, half) if swapped else (half, middle)
    if _is_equidistant(phi, float(wide.max()), rule):
        x, weights = _equidistant(phi, narrow, rule, one_sided=not swapped)
        y, own = _equidistant(phi, wide, rule)
        y, own = y[:, None], own[:, None]
    else:
        bends = np.array(phi.bends) - offset
        cuts = _cuts(phi) - offset if wide.max() > COARSE * phi.scale else bends
        meetings = (bends[:, None] + (bends if swapped else -bends)).ravel() / 2
        points = np.concatenate([cuts, meetings])
        x, weights = _panels(np.unique(points if swapped else np.append(np.abs(points), 0.0))[None], narrow, rule)
        if not swapped:
            right = (x > 0).all(axis=0)
            x, weights = x[:, right], 2 * weights[:, right]
        y, own = _panels(np.concatenate([cuts - x[..., None], (-cuts if swapped else cuts) + x[..., None]], axis=-1),
                         wide[..., None], rule)
    x, y, weights = np.broadcast_arrays(x[..., None], y, weights[..., None] * own)
    return (offset + x, y, weights) if swapped else (offset + y, x, weights)


@functools.cache
def _cuts(phi: BoundActivation) -> Array:
    """The bends and, of the places where φ changes its course, every second one: they are cut twice, for each input.

    Not those from a quarter of which on φ is a line.
    """
    cuts = quadrature.cuts(phi)
    graded = np.isin(np.round(np.abs(cuts) / phi.scale, 6), (0.0, 2.0, 8.0, 32.0, 512.0, 8192.0))
    with np.errstate(all="ignore"):
        here, inside = (at.mean(at.slope) for at in (values(phi, cuts), values(phi, cuts / 4)))
        bends = (cuts == 0) | ~(np.abs(here - inside) <= STRAIGHT)
    return np.asarray(cuts[graded & bends | np.isin(cuts, phi.bends)])


def _nodes(phi: BoundActivation, std: float, rule: Rule) -> int:
    step = min(MAX_STEP, rule.step * phi.scale / std) if std else MAX_STEP
    return 2 * math.ceil(9 / step) + 1


def _is_equidistant(phi: BoundActivation, std: float, rule: Rule) -> bool:
    return not phi.bends and _nodes(phi, std, rule) <= MAX_NODES


def _equidistant(phi: BoundActivation, std: Array, rule: Rule, one_sided: bool = False) -> tuple[Array, Array]:
    """(values, weights), each (len(std), nodes), of an analytic φ."""
    z, weights = quadrature.trapezoid(_nodes(phi, float(std.max()), rule))
    if one_sided:
        middle = len(z) // 2
        z, weights = z[middle:], np.concatenate([weights[middle:middle + 1], 2 * weights[middle + 1:]])
    return std * z, np.broadcast_to(weights, (len(std), len(z)))


def _panels(points: Array, std: Array, rule: Rule) -> tuple[Array, Array]:
    """(values, weights) of E f(std·z) for an f that bends at the points; the last axes are nodes' and points'."""
    z, weights = quadrature.rule(points, 0.0, std[..., 0], rule.order, rule.panels)
    return std * z, weights
