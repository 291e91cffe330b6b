"""Closed forms for e^h, which grows too fast for any finite range of integration; infinite where they overflow."""

from __future__ import annotations

import math

import numpy as np


def _exp(exponent: float) -> float:
    return math.exp(exponent) if exponent < 709 else math.inf


def _power(k: int, variance: float, offset: float) -> float:
    """E e^{kh}, h ~ N(offset, variance)."""
    return _exp(k * offset + k * k * variance / 2)


def moments(variance: float, offset: float) -> tuple[float, ...]:
    """The fields of gaussian.Moments."""
    mean, square, third, fourth = (_power(k, variance, offset) for k in (1, 2, 3, 4))
    spread, std = square * -float(np.expm1(-variance)), math.sqrt(variance)
    return (mean, square, third, fourth, spread, square, fourth, std * mean, 2 * std * square, mean / 2, mean / 4,
            2 * square, 4 * square)


def pair(variance: float, d: float, offset: float) -> tuple[float, ...]:
    """The fields of pairs.Pair."""
    def covariance(j: int, k: int) -> float:
        return _power(j, variance, offset) * _power(k, variance, offset) * (_exp(j * k * (variance - d)) - 1)

    square = _exp(2 * offset + 2 * variance - d)
    return (square, _power(2, variance, offset) * -float(np.expm1(-d)), covariance(1, 1), covariance(2, 1),
            covariance(2, 2), square, _exp(4 * offset + 8 * variance - 4 * d))
