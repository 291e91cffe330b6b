"""Closed forms for two inputs through αu + β|u|, which relu and its leaky kin are: the arc-cosine kernel.

Cho & Saul 2009. The angle θ = arccos c is taken from d = q(1 - c), so that it keeps its digits when it is small.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_SLOPES: dict[str, Callable[..., float]] = {
    "linear": lambda: 1.0,
    "relu": lambda: 0.0,
    "abs": lambda: -1.0,
    "leaky_relu": lambda slope: float(slope),
    "prelu": lambda slope: float(slope),
}
"""Name → slope below 0; above it is 1."""

SMALL = 0.01
"""Angle below which the series of sin θ - θ cos θ is exact."""


def slope(name: str, parameters: dict[str, float | int | str]) -> float | None:
    """The slope below 0 of a φ that has slope 1 above; None for any other φ."""
    return _SLOPES[name](**parameters) if name in _SLOPES else None


def _lag(theta: float) -> float:
    """sin θ - θ cos θ."""
    if theta < SMALL:
        return theta**3 / 3 - theta**5 / 30 + theta**7 / 840
    return math.sin(theta) - theta * math.cos(theta)


def pair(below: float, q: float, d: float) -> tuple[float, ...]:
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
