"""Expectations of one activation φ(h), h ~ N(offset, variance), and their derivatives by the variance.

Derivatives of E f(h), h ~ N(offset, q), by the variance q, as expectations (Stein's lemma).

With f they are d/dq E f = E[(z² - 1)f]/(2q) and d²/dq² E f = E[(z⁴ - 6z² + 3)f]/(4q²), which hold where f jumps; with
f' = df/dh they are E[z f']/(2√q) and E[(z³ - 3z)f']/(4q√q), which cancel less.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import quadrature
from actprof.catalogue.activations import BoundActivation, bind
from actprof.catalogue.quadrature import Values, rule, values
from actprof.catalogue.special import normal_cdf
from actprof.catalogue.waves import closed, wave_moments
from actprof.digits import typed
from actprof.errors import SpecError
from actprof.registry import Choice

# A polynomial in z, and what it is divided by: a function of the variance q.
Kernel = tuple[Callable[[Array], Array], Callable[[Any], Any]]

_SMOOTH: tuple[Kernel, Kernel] = ((lambda z: z, lambda q: 2 * np.sqrt(q)),
                                  (lambda z: z * (z * z - 3), lambda q: 4 * q * np.sqrt(q)))
_JUMPING: tuple[Kernel, Kernel] = ((lambda z: z * z - 1, lambda q: 2 * q),
                                   (lambda z: z * z * (z * z - 6) + 3, lambda q: 4 * q * q))


def kernels(phi: BoundActivation) -> tuple[Kernel, Kernel]:
    """The kernels of the first and the second derivative: with f' unless φ jumps, then with f."""
    return _JUMPING if phi.jumps else _SMOOTH


def without_noise(phi: BoundActivation, derivative: Any, power: Any, square: Any) -> Any:
    """W' or W'' without what rounding makes of a W that stands still, as that of a step.

    `power` is the variance's that makes the derivative comparable with W, which is `square`.
    """
    if not phi.jumps:
        return derivative
    return np.where(np.abs(power * derivative) <= 1e-14 * square, 0.0, derivative)


@functools.cache
def largest(k: int) -> tuple[float, float]:
    """(E M, Var M) of the largest M of k standard normal numbers."""
    z, weights = rule(np.array([]), 0.0, 1.0)
    weights = weights * k * normal_cdf(z) ** (k - 1)
    mean = float(z @ weights)
    return mean, float((z - mean) ** 2 @ weights)


def _of_largest(k: int, variance: float, offset: float, order: int) -> tuple[float, float]:
    """A derivative by the variance of m = offset + √q E M and W = offset² + 2·offset·√q E M + q E M²."""
    (mean, spread), root = largest(k), np.sqrt(variance)
    if order == 1:
        return mean / (2 * root), spread + mean * mean + offset * mean / root
    return -mean / (4 * variance * root), -offset * mean / (2 * variance * root)


MIN_TO_SPLIT = 1e-28  # variance, in units of scale(φ)², below which both sides of a kink are seen as from there

# Variances, in units of scale(φ)², below which a derivative is taken there: further down it only gathers rounding.
MIN_FOR_SLOPES, MIN_FOR_CURVATURES = 1e-10, 1e-4

NOTHING = 1e-20  # a slope without variance that is 0: it is looked up at MIN_TO_SPLIT


class Moments(NamedTuple):
    """The expectations for a pre-activation of variance q; for a φ with jumps the slopes miss them.

    NumPy's floats, whose squares overflow to infinity.

    Attributes:
        mean: m = E φ.
        square: W = E φ².
        third, fourth: E φ³, E φ⁴.
        variance: Var φ = W - m², without cancellation.
        slope_square: E φ'², of a maxout's pieces the sum.
        slope_fourth: E φ'⁴.
        mean_tilt, square_tilt: E zφ, E zφ².
        mean_slope, mean_curvature: m', m'' by q.
        square_slope, square_curvature: W', W'' by q.
    """

    mean: float
    square: float
    third: float
    fourth: float
    variance: float
    slope_square: float
    slope_fourth: float
    mean_tilt: float
    square_tilt: float
    mean_slope: float
    mean_curvature: float
    square_slope: float
    square_curvature: float


@functools.lru_cache(4096)
def moments(phi: BoundActivation, variance: float, offset: float = 0.0) -> Moments:
    """All expectations for h ~ N(offset, variance); infinite where they overflow."""
    if not variance < math.inf:
        return Moments(**dict.fromkeys(Moments._fields, math.nan))
    variance = np.float64(variance)
    with np.errstate(all="ignore"):
        known = closed(phi, variance)
        if known is not None:
            return Moments(*map(np.float64, wave_moments(known, variance, offset)))
        found, unit = _integrals(phi, variance, offset), phi.scale**2
        slopes = _integrals(phi, max(variance, MIN_FOR_SLOPES * unit), offset)
        curvatures = _integrals(phi, max(variance, MIN_FOR_CURVATURES * unit), offset)
        split = _integrals(phi, max(variance, MIN_TO_SPLIT * unit), offset)  # both sides of a kink, whatever is little
        square_slope = slopes.square_slope
        if variance < MIN_FOR_SLOPES * unit and _through_0(phi, offset):
            square_slope = _without_0(split.square_slope, variance)
    return Moments(*map(np.float64, found._replace(
        slope_square=_without_0(split.slope_square, variance), slope_fourth=split.slope_fourth,
        mean_slope=slopes.mean_slope, mean_curvature=curvatures.mean_curvature,
        square_slope=square_slope, square_curvature=curvatures.square_curvature)))


class Curve(NamedTuple):
    """E φ², E φ'², and the first's derivative W' by the variance, at many variances."""

    square: Array
    slope_square: Array
    square_slope: Array


@np.errstate(all="ignore")
def curve(phi: BoundActivation, variances: Array) -> Curve:
    """The curve for h ~ N(0, q) at many variances q > 0 at once: `moments` of each, to rounding, but for derivatives at
    the least of them, which are noisy."""
    far = np.array([closed(phi, float(each)) is not None for each in variances], bool)
    if far.any():
        parts = [moments(phi, float(q)) for q in variances[far]]
        found = np.empty((len(Curve._fields), len(variances)))
        found[:, far] = np.array([[getattr(part, name) for part in parts] for name in Curve._fields])
        found[:, ~far] = curve(phi, variances[~far]) if not far.all() else 0.0
        return Curve(*found)
    q = np.asarray(variances, float)
    std = np.sqrt(q)
    z, weights = quadrature.rule(quadrature.cuts(phi), 0.0, std)
    if phi.pieces > 1:
        weights = weights * phi.pieces * normal_cdf(z) ** (phi.pieces - 1)
    at = evaluated(phi, std[:, None] * z)
    square, slope_square = (np.einsum("ij,ij->i", at.mean(each * each), weights) for each in (at.value, at.slope))
    if phi.pieces > 1:
        return Curve(square, slope_square, np.full(q.size, _of_largest(phi.pieces, 1.0, 0.0, 1)[1]))
    of = at.mean(at.value * at.value if phi.jumps else 2 * at.value * at.slope) * weights
    polynomial, divisor = kernels(phi)[0]
    slope = np.einsum("ij,ij->i", of, polynomial(z)) / divisor(q)
    return Curve(square, slope_square, without_noise(phi, slope, q, square))


def mixed(phi: BoundActivation, variance: float, offsets: tuple[tuple[float, float], ...],
          single: Callable[[BoundActivation, float, float], Moments] = moments) -> Moments:
    """The expectations for h = N(0, variance) + an offset that is drawn from ((value, probability), …)."""
    if len(offsets) == 1:
        return single(phi, variance, offsets[0][0])
    parts = [moments(phi, variance, offset) for offset, _ in offsets]
    weights = np.array([weight for _, weight in offsets])
    whole = dict(zip(Moments._fields, weights @ np.array(parts), strict=True))
    whole["variance"] += float(weights @ np.square([part.mean - whole["mean"] for part in parts]))
    return Moments(**{name: np.float64(value) for name, value in whole.items()})


def evaluated(phi: BoundActivation, h: Array) -> Values:
    """φ and φ' at h; of a maxout at the largest piece, which passes on unchanged."""
    if phi.pieces > 1:
        return Values(np.ones(1), h[None], np.ones_like(h)[None])
    return values(phi, h)


@functools.lru_cache(16)  # of little variances derivatives are taken at the same place
def _integrals(phi: BoundActivation, variance: float, offset: float) -> Moments:
    """The expectations by quadrature; derivatives by a little variance are rounding."""
    std = math.sqrt(variance)
    z, weights = rule(quadrature.cuts(phi), offset, std)
    if phi.pieces > 1:
        weights = weights * phi.pieces * normal_cdf(z) ** (phi.pieces - 1)
    at = evaluated(phi, offset + std * z)
    square, slope_square = at.value * at.value, at.slope * at.slope
    found = at.mean(np.array([at.value, square, square * at.value, square * square, slope_square,
                              slope_square * slope_square, at.slope, 2 * at.value * at.slope]).swapaxes(0, 1))
    by_q = [weights * polynomial(z) / divisor(np.float64(variance)) for polynomial, divisor in kernels(phi)]
    alone, tilted, *turned = np.einsum("kz,fz->kf", np.array([weights, z * weights, *by_q]), found).tolist()
    mean, square_mean, third, fourth, slope_level, slope_fourth = alone[:6]
    if mean**2 <= 1e-30 * square_mean:
        mean = 0.0  # φ is odd
    spread = float(at.mean((at.value - mean) ** 2) @ weights)
    if spread < 1e-18 * mean * mean and not phi.jumps:
        spread = variance * slope_level  # less than rounding leaves of the difference
    (mean_slope, square_slope), (mean_curvature, square_curvature) = (
        _of_largest(phi.pieces, variance, offset, order) if phi.pieces > 1 else each[:2] if phi.jumps else each[6:]
        for order, each in enumerate(turned, 1))
    return Moments(mean, square_mean, third, fourth, spread, slope_level, slope_fourth, tilted[0], tilted[1],
                   mean_slope, mean_curvature,
                   float(without_noise(phi, square_slope, variance, square_mean)),
                   float(without_noise(phi, square_curvature, variance**2, square_mean)))


def _without_0(slope: float, variance: float) -> float:
    return 0.0 if variance == 0 and slope < NOTHING else slope


def _through_0(phi: BoundActivation, offset: float) -> bool:
    """Whether φ(offset) = 0: then W' = E zφφ'/√q is no small difference, however small q is."""
    return phi.pieces == 1 and not phi.jumps and float(phi.value(np.array([offset]))[0]) == 0


def forward_gain(choice: Choice) -> float:
    """The σ_w that keeps E a² without biases: gain_forward = 1/√E φ(z)², z ~ N(0, 1); of a maxout of its largest z.

    Raises SpecError where there is none.
    """
    square = moments(bind(choice), 1.0).square
    if not 0 < square < math.inf:
        raise SpecError(f"{choice} has no gain that keeps the variance: E φ(z)² is {typed(square)} for z ~ N(0, 1).")
    return 1 / math.sqrt(square)


def inverse_root(square: float) -> float | None:
    return 1 / math.sqrt(square) if 0 < square < math.inf else None
