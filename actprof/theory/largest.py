"""The largest of k Gaussians at two inputs, for maxout: P(M <= a, M' <= b) is the k-th power of one piece's.

Cov(f(M), g(M')) = ∬ f'(a) g'(b) [P(M <= a, M' <= b) - P(M <= a)P(M' <= b)] da db (Hoeffding 1940).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.special import normal_cdf
from actprof.theory.quadrature import rule, trapezoid

Array = NDArray[Any]

NODES = 241
NEAR = 0.01
"""1 - c below which the grid is too coarse and the difference is interpolated towards its limit, 1 - c."""

DELTA = 1e-3


def pair(k: int, variance: float, d: float, offset: float) -> tuple[float, ...]:
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


@functools.cache
def _of_largest(k: int) -> tuple[float, float]:
    """(E M, Var M)."""
    z, weights = rule(np.array([]), 0.0, 1.0)
    weights = weights * k * normal_cdf(z) ** (k - 1)
    mean = float(z @ weights)
    return mean, float((z - mean) ** 2 @ weights)


def _mean(k: int) -> float:
    return _of_largest(k)[0]


def _variance(k: int) -> float:
    return _of_largest(k)[1]


def slopes(k: int, variance: float, offset: float) -> tuple[float, float]:
    """(m', W') by the variance: m = offset + √q E M, W = offset² + 2·offset·√q E M + q E M²."""
    mean, root = _mean(k), math.sqrt(variance)
    return mean / (2 * root), _variance(k) + mean * mean + offset * mean / root


def curvatures(k: int, variance: float, offset: float) -> tuple[float, float]:
    """(m'', W'')."""
    quarter = _mean(k) / (4 * variance * math.sqrt(variance))
    return -quarter, -2 * offset * quarter


def _same(k: int, gap: float) -> float:
    """P(the same piece is the largest at both inputs) = d Cov(M, M')/dc."""
    if gap < 2 * NEAR:
        return 1.0 - (1.0 - _same(k, 2 * NEAR)) * math.sqrt(gap / (2 * NEAR))
    step = (18 / (NODES - 1)) ** 2
    low, high = (float(_joint(k, edge).sum()) * step for edge in (min(gap + DELTA, 2.0), gap - DELTA))
    return (high - low) / (min(gap + DELTA, 2.0) - gap + DELTA)
