"""The map of variances q → σ_w² E φ² + σ_b²: its roots, and where an iteration ends."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import BoundActivation
from actprof.theory.gaussian import moments, squares

Array = NDArray[Any]

LEAST_Q, LARGEST_Q = 1e-14, 1e8
VARIANCES = np.logspace(math.log10(LEAST_Q), math.log10(LARGEST_Q), 221)

MOST_STEPS = 300


def length_map(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """σ_w² W(q) + σ_b²: the next layer's variance."""
    return float((sigma_w**2 * moments(phi, q).square if sigma_w else 0.0) + sigma_b**2)


def length_slope(phi: BoundActivation, sigma_w: float, q: float) -> float:
    """χ_q = σ_w² W'(q); infinite at 0 where φ jumps there, because W does."""
    if q == 0 and 0.0 in phi.jumps and sigma_w:
        return math.inf
    return float(sigma_w**2 * moments(phi, q).square_slope)


@functools.lru_cache(256)
def scanned(phi: BoundActivation) -> tuple[NDArray[Any], NDArray[Any]]:
    """(E φ², E φ'²) at VARIANCES; whatever σ_w and σ_b, the map's values there follow from them."""
    return squares(phi, VARIANCES)


def _excess(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    return length_map(phi, sigma_w, sigma_b, q) - q


def roots(phi: BoundActivation, sigma_w: float, sigma_b: float) -> list[float] | None:
    """All fixed points, rising; None if every variance is one."""
    def excess(q: float) -> float:
        return _excess(phi, sigma_w, sigma_b, q)

    values = _images(phi, sigma_w, sigma_b) - VARIANCES
    if (np.abs(values) <= 1e-12 * VARIANCES).all():
        return None
    at_0 = length_map(phi, sigma_w, sigma_b, 0.0)
    found = [0.0] if at_0 == 0 else []
    more = [*([at_0 / 2] if 0 < at_0 < LEAST_Q else []), *_turns(phi, sigma_w, values)]
    grid = np.array([*VARIANCES, *more])
    values = np.array([*values, *map(excess, more)])
    order = np.argsort(grid)
    return [*found, *crossings(excess, grid[order], values[order], 1e-11)]


def crossings(f: Callable[[float], float], grid: Array, values: Array, rounding: float) -> list[float]:
    """The roots of f, one between any two neighbours of opposite signs; values below rounding·grid have none."""
    seen = np.flatnonzero(np.abs(values) > rounding * grid)
    return [bisected(f, float(grid[left]), float(grid[right])) for left, right in itertools.pairwise(seen)
            if (values[left] > 0) != (values[right] > 0)]


def _images(phi: BoundActivation, sigma_w: float, sigma_b: float) -> Array:
    """The map at VARIANCES; without weights W does not matter, overflown or not."""
    return (sigma_w**2 * scanned(phi)[0] if sigma_w else np.zeros(VARIANCES.size)) + sigma_b**2


def _turns(phi: BoundActivation, sigma_w: float, excess: Array) -> list[float]:
    """Where the excess comes closest to 0 between two points of the grid: a pair of roots may lie around it."""
    with np.errstate(all="ignore"):
        bent = np.sign(excess[1:-1]) * (np.sign(np.diff(excess)[1:]) - np.sign(np.diff(excess)[:-1])) > 0
    def slope(q: float) -> float:
        return length_slope(phi, sigma_w, q) - 1

    places = [(float(VARIANCES[i]), float(VARIANCES[i + 2])) for i in np.flatnonzero(bent)]
    return [bisected(slope, low, high) for low, high in places if slope(low) * slope(high) < 0]


def bisected(f: Callable[[float], float], low: float, high: float) -> float:
    """The root of f, of opposite signs at both ends (the Illinois variant of false position, then halving)."""
    at_low, at_high = f(low), f(high)
    for step in range(200):
        if not low < high or high - low <= 4e-16 * abs(high):
            break
        guess = (low * at_high - high * at_low) / (at_high - at_low) if step % 3 and math.isfinite(
            at_high - at_low) else math.sqrt(low * high) if low > 0 else (low + high) / 2
        if not low < guess < high:
            guess = (low + high) / 2
        value = f(guess)
        if value == 0 or guess in (low, high):
            return guess
        if (value > 0) == (at_low > 0):
            low, at_low, at_high = guess, value, at_high / 2 if step % 2 else at_high
        else:
            high, at_high, at_low = guess, value, at_low / 2 if step % 2 else at_low
    return (low + high) / 2


def limit(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, roots: list[float]) -> float:
    """Where the iteration from q ends: where W rises with q, at the next root on its way, and no step is needed."""
    if _rises(phi):
        return _next_root(phi, sigma_w, sigma_b, q, roots, 1e-12)
    for _ in range(MOST_STEPS):
        following = length_map(phi, sigma_w, sigma_b, q)
        if not following < 10 * LARGEST_Q:
            return math.inf
        if abs(following - q) <= 1e-13 * q:
            break
        near = [root for root in roots if abs(following - root) <= 1e-9 * root]
        if near:
            return near[0]
        q = following
    return _next_root(phi, sigma_w, sigma_b, q, roots, 1e-6)


def _rises(phi: BoundActivation) -> bool:
    """Whether W rises with q, so that a course from any q keeps its direction and passes no root."""
    square = scanned(phi)[0]
    return bool((np.diff(square) >= 0).all())


def _next_root(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, roots: list[float],
               within: float) -> float:
    """The root that a slow course heads for."""
    rising = _excess(phi, sigma_w, sigma_b, q) > 0
    ahead = [root for root in roots if (root > q) == rising]
    nearest = min(roots, key=lambda root: abs(root - q), default=math.inf)
    if abs(nearest - q) <= within * q:
        return nearest
    return (min(ahead) if rising else max(ahead)) if ahead else math.inf
