"""Logarithms to base 10 of values, and the range of an axis that shows them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from actprof.distributions import Floats


def decades_over(logs: Sequence[float], wished: Sequence[float] = ()) -> tuple[float, float]:
    """A range of logarithms to base 10: at least one decade wide, for a flat line to look flat; at most one more either
    way for what is `wished`."""
    low, high = min(logs, default=0.0), max(logs, default=0.0)
    low, high = max(min([low, *wished]), low - 1), min(max([high, *wished]), high + 1)
    middle, half = (low + high) / 2, max((high - low) / 2 * 1.08, 0.5)
    return middle - half, middle + half


def logarithms(values: ArrayLike) -> Floats:
    """log₁₀; NaN for what has none."""
    numbers = np.asarray(values, np.float64)
    return np.log10(numbers, out=np.full_like(numbers, math.nan), where=numbers > 0)


def finite_logs(values: Iterable[float]) -> list[float]:
    """Those that there are."""
    return [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
