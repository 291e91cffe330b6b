"""What a figure shows of a quantity: the values of all cells, or their logarithms, and which have none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from actprof.distributions import Flags, Floats
from actprof.sweep_maps import BY_NAME, VERDICT, Quantity, Sweep

VERDICT_TITLE = "what becomes of the signal"


@dataclass(frozen=True)
class Shown:
    """`values` (cells across, cells upwards; one upwards for a single axis); -inf for the logarithm of 0."""

    quantity: Quantity
    values: Floats

    @classmethod
    def of(cls, sweep: Sweep, name: str) -> Shown:
        quantity = BY_NAME[name]
        raw = np.array([cell.figures.get(name, math.nan) for cell in sweep.cells], np.float64)
        return cls(quantity, transformed(quantity, raw.reshape(len(sweep.axes[0]), -1)))

    @property
    def missing(self) -> Flags:
        """No number: overflown, or nothing was to be computed."""
        return np.isnan(self.values) | np.isposinf(self.values) | (np.isinf(self.values) & (not self.decades))

    @property
    def zero(self) -> Flags:
        """Exactly 0, where logarithms are shown."""
        return np.isneginf(self.values) & self.decades

    @property
    def decades(self) -> bool:
        return in_decades(self.quantity)


def in_decades(quantity: Quantity) -> bool:
    return quantity.positive or quantity.logarithmic


def transformed(quantity: Quantity, values: ArrayLike) -> Floats:
    """log₁₀ of what is positive; the others as they are."""
    numbers = np.asarray(values, np.float64)
    if not quantity.positive:
        return numbers
    logs = np.log10(numbers, out=np.full_like(numbers, math.nan), where=numbers > 0)
    logs[numbers == 0] = -math.inf
    return logs


def title(name: str) -> str:
    """The quantity in words; its ticks are powers of ten, so that none speaks of logarithms."""
    if name == VERDICT:
        return VERDICT_TITLE
    return BY_NAME[name].title.removeprefix("log₁₀ of ")
