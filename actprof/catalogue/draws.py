"""Standardised random draws: mean 0, std 1, in the working dtype. An initialiser only scales and shifts them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from actprof.arrays import Array

TRUNCATED_STD = 0.87962566103423978  # std of N(0, 1) cut at ±2
BLOCK = 1 << 16  # cut draws are made this many at a time, so that what is thrown away needs no room

Sampler = Callable[[np.random.Generator, tuple[int, ...], DTypeLike], Array]


class Draw(NamedTuple):
    """A shape of distribution.

    Attributes:
        name: "normal", "uniform", "truncated" or "point".
        bound: the largest |draw|; None if unbounded.
        sample: (rng, shape, dtype) → draws with mean 0 and std 1 (a point's are 0).
        square_variance: Var(draw²), which says how well a sample tells the std.
        inside: k → P(|draw| <= k).
        std_factor: std of the draw before it was standardised (a cut normal's is below 1).
    """

    name: str
    bound: float | None
    sample: Sampler
    square_variance: float
    inside: Callable[[float], float]
    std_factor: float = 1.0


def _normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    return rng.standard_normal(shape, dtype=dtype)  # type: ignore[arg-type]


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    draws: Array = rng.random(shape, dtype=dtype)  # type: ignore[arg-type]
    draws -= 0.5
    draws *= math.sqrt(12)
    return draws


def _zeros(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    return np.zeros(shape, dtype)


NORMAL = Draw("normal", None, _normal, 2.0, lambda k: math.erf(k / math.sqrt(2)))
UNIFORM = Draw("uniform", math.sqrt(3), _uniform, 4 / 5, lambda k: min(k / math.sqrt(3), 1.0))
POINT = Draw("point", 0.0, _zeros, 0.0, lambda k: 1.0)


@cache
def truncated(cut: float) -> Draw:
    """N(0, 1) conditioned on |z| <= cut, divided by its std."""
    factor = truncated_std(cut)

    def sample(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        draws = np.empty(shape, dtype)
        flat = draws.reshape(-1)
        for start in range(0, flat.size, BLOCK):
            _fill(rng, flat[start:start + BLOCK], cut)
        draws /= factor
        return draws

    def inside(k: float) -> float:
        return math.erf(min(k * factor, cut) / math.sqrt(2)) / math.erf(cut / math.sqrt(2))

    return Draw("truncated", cut / factor, sample, _truncated_square_variance(cut), inside, factor)


def truncated_std(cut: float) -> float:
    """√(1 - 2c·φ(c)/(2Φ(c) - 1)): the std of N(0, 1) cut at ±c; for a small c, where that cancels, its series."""
    if cut < 0.05:
        return cut / math.sqrt(3) * (1 - cut**2 / 15 + cut**4 / 1050)
    return math.sqrt(1 - 2 * cut * _density_at_cut(cut))


def _truncated_square_variance(cut: float) -> float:
    """(3σ² - 2c³·φ(c)/(2Φ(c) - 1))/σ⁴ - 1 of N(0, 1) cut at ±c; for a small c, where that cancels, the uniform's."""
    if cut < 0.05:
        return UNIFORM.square_variance
    variance = truncated_std(cut) ** 2
    return (3 * variance - 2 * cut**3 * _density_at_cut(cut)) / variance**2 - 1


def _density_at_cut(cut: float) -> float:
    """φ(c)/(2Φ(c) - 1)."""
    return math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi) / math.erf(cut / math.sqrt(2))


def _uniform_within(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike, cut: float) -> Array:
    """Proposals for a narrow cut: uniform, kept with probability exp(-z²/2); a rejected one is marked outside."""
    draws = _uniform(rng, shape, dtype)
    draws *= cut / math.sqrt(3)
    draws[rng.random(shape, dtype=dtype) > np.exp(-(draws**2) / 2)] = np.inf  # type: ignore[arg-type]
    return draws


def _fill(rng: np.random.Generator, draws: Array, cut: float) -> None:
    """Propose, and propose again what lies outside ±cut until nothing does."""
    propose = _normal if cut > 1 else partial(_uniform_within, cut=cut)
    draws[:] = propose(rng, draws.shape, draws.dtype)
    outside = np.flatnonzero(np.abs(draws) > cut)
    while outside.size:
        draws[outside] = propose(rng, outside.shape, draws.dtype)
        outside = outside[np.abs(draws[outside]) > cut]
