"""Standardised random draws: mean 0, std 1, in the working dtype. An initialiser only scales and shifts them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

TRUNCATED_STD = 0.87962566103423978
"""Std of N(0, 1) cut at ±2."""

BLOCK = 1 << 16
"""Cut draws are made this many at a time, so that what is thrown away needs no room."""

Sampler = Callable[[np.random.Generator, tuple[int, ...], DTypeLike], NDArray[Any]]


@dataclass(frozen=True)
class Draw:
    """A shape of distribution.

    Attributes:
        name: "normal", "uniform", "truncated" or "point".
        bound: the largest |draw|; None if unbounded.
        sample: (rng, shape, dtype) → draws with mean 0 and std 1 (a point's are 0).
        std_factor: std of the draw before it was standardised (a cut normal's is below 1).
    """

    name: str
    bound: float | None
    sample: Sampler
    std_factor: float = 1.0


def _normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    return rng.standard_normal(shape, dtype=dtype)  # type: ignore[arg-type]


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    draws: NDArray[Any] = rng.random(shape, dtype=dtype)  # type: ignore[arg-type]
    draws -= 0.5
    draws *= math.sqrt(12)
    return draws


def _zeros(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    return np.zeros(shape, dtype)


NORMAL = Draw("normal", None, _normal)
UNIFORM = Draw("uniform", math.sqrt(3), _uniform)
POINT = Draw("point", 0.0, _zeros)


@cache
def truncated(cut: float) -> Draw:
    """N(0, 1) conditioned on |z| <= cut, divided by its std."""
    factor = truncated_std(cut)

    def sample(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        draws = np.empty(shape, dtype)
        flat = draws.reshape(-1)
        for start in range(0, flat.size, BLOCK):
            _fill(rng, flat[start:start + BLOCK], cut)
        draws /= factor
        return draws

    return Draw("truncated", cut / factor, sample, factor)


def truncated_std(cut: float) -> float:
    """√(1 - 2c·φ(c)/(2Φ(c) - 1)): the std of N(0, 1) cut at ±c; for a small c, where that cancels, its series."""
    if cut < 0.05:
        return cut / math.sqrt(3) * (1 - cut**2 / 15 + cut**4 / 1050)
    density = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * cut * density / math.erf(cut / math.sqrt(2)))


def _uniform_within(rng: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike, cut: float) -> NDArray[Any]:
    """Proposals for a narrow cut: uniform, kept with probability exp(-z²/2); a rejected one is marked outside."""
    draws = _uniform(rng, shape, dtype)
    draws *= cut / math.sqrt(3)
    draws[rng.random(shape, dtype=dtype) > np.exp(-(draws**2) / 2)] = np.inf  # type: ignore[arg-type]
    return draws


def _fill(rng: np.random.Generator, draws: NDArray[Any], cut: float) -> None:
    """Propose, and propose again what lies outside ±cut until nothing does."""
    propose = _normal if cut > 1 else partial(_uniform_within, cut=cut)
    draws[:] = propose(rng, draws.shape, draws.dtype)
    outside = np.flatnonzero(np.abs(draws) > cut)
    while outside.size:
        draws[outside] = propose(rng, outside.shape, draws.dtype)
        outside = outside[np.abs(draws[outside]) > cut]
