"""Roots of a function of one variable, from its values on a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def crossings(f: Callable[[float], float], grid: Array, values: Array, rounding: float | Array) -> list[float]:
    """The roots of f, one between any two neighbours of opposite signs; values below rounding·grid have none."""
    return [bisected(f, low, high) for low, high in brackets(grid, values, rounding)]


def brackets(grid: Array, values: Array, rounding: float | Array) -> list[tuple[float, float]]:
    """The neighbours of opposite signs, without regard to values below rounding·grid."""
    seen = np.flatnonzero(np.abs(values) > rounding * grid)
    return [(float(grid[left]), float(grid[right])) for left, right in itertools.pairwise(seen)
            if (values[left] > 0) != (values[right] > 0)]


def bisected(f: Callable[[float], float], low: float, high: float) -> float:
    """The root of f, of opposite signs at both ends.

    The Illinois variant of false position (Dowell & Jarratt 1971), and every third step a halving.
    """
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
