"""The map of variances q → σ_w² E φ² + σ_b²: its roots, and where an iteration ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from actprof.activations import BoundActivation
from actprof.theory.gaussian import moments

LEAST_Q, LARGEST_Q = 1e-14, 1e8
VARIANCES = np.logspace(math.log10(LEAST_Q), math.log10(LARGEST_Q), 221)

MOST_STEPS = 300


def length_map(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """σ_w² W(q) + σ_b²: the next layer's variance."""
    return float(sigma_w**2 * moments(phi, q).square + sigma_b**2)


def length_slope(phi: BoundActivation, sigma_w: float, q: float) -> float:
    """χ_q = σ_w² W'(q)."""
    return float(sigma_w**2 * moments(phi, q).square_slope)


def _excess(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    return length_map(phi, sigma_w, sigma_b, q) - q


def roots(phi: BoundActivation, sigma_w: float, sigma_b: float) -> list[float] | None:
    """All fixed points, rising; None if every variance is one."""
    excess = np.array([_excess(phi, sigma_w, sigma_b, float(q)) for q in VARIANCES])
    if (np.abs(excess) <= 1e-12 * VARIANCES).all():
        return None
    found = [0.0] if sigma_b == 0 and moments(phi, 0.0).square == 0 else []
    signs = np.sign(excess)
    # Near a root at 0 that is neutral the sign is that of rounding.
    signs[np.abs(excess) <= 1e-11 * VARIANCES] = 0
    seen = np.flatnonzero(signs)
    for left, right in itertools.pairwise(seen):
        if signs[left] != signs[right]:
            found.append(bisected(lambda q: _excess(phi, sigma_w, sigma_b, q), float(VARIANCES[left]),
                                  float(VARIANCES[right])))
    return found


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
    """Where the iteration from q ends: W rises with q for all but a few φ, and then the next root on its way is it."""
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
    return _next_root(phi, sigma_w, sigma_b, q, roots)


def _next_root(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, roots: list[float]) -> float:
    """The root that a slow course heads for."""
    rising = _excess(phi, sigma_w, sigma_b, q) > 0
    ahead = [root for root in roots if (root > q) == rising]
    nearest = min(roots, key=lambda root: abs(root - q), default=math.inf)
    if abs(nearest - q) <= 1e-6 * q:
        return nearest
    return (min(ahead) if rising else max(ahead)) if ahead else math.inf
