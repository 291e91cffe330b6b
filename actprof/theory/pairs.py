"""Two inputs through one layer: what a unit's activations share, and how far they differ.

Two pre-activations of covariance C > 0 are √C·t + √d·z₁ and √C·t + √d·z₂ with a common t. All expectations of products
are means over t of what is left when z is averaged out, so one grid of (t, z) serves them all. d = q - C is given and
the like is returned, because 1 - c drops below what a float near 1 can tell.
"""

from __future__ import annotations

import functools
import math
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import BoundActivation
from actprof.theory import exponential, kernels, largest, quadrature
from actprof.theory.branches import Values, values
from actprof.theory.gaussian import moments
from actprof.theory.pair_grid import grid

Array = NDArray[Any]

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
    if phi.name == "exponential":
        return Pair(*exponential.pair(variance, d, offset))
    if phi.pieces > 1:
        return Pair(*largest.pair(phi.pieces, variance, d, offset))
    below = kernels.slope(phi.name, dict(phi.parameters))
    if below is not None and offset == 0:
        return Pair(*kernels.pair(below, variance, d))
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
