"""What a figure shows of a quantity: the values of all cells or their logarithms, and the axis upwards of a curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from actprof.arrays import Flags, Floats
from actprof.digits import logarithms
from actprof.report.decades import DecadeAxis
from actprof.report.plane import Axis, LinearAxis
from actprof.sweep.result import BY_NAME, Quantity, Sweep

FURTHER = 1.5  # how many times the greatest value a linear axis may reach for what is wished


@dataclass(frozen=True)
class Shown:
    """`values` (cells across, cells upwards; one upwards for a single axis); -inf for the logarithm of 0."""

    quantity: Quantity
    values: Floats

    @classmethod
    def of(cls, sweep: Sweep, name: str) -> Shown:
        raw = np.array([cell.statistic(name) for cell in sweep.cells], np.float64)
        return cls(BY_NAME[name], transformed(BY_NAME[name], raw.reshape(len(sweep.axes[0]), -1)))

    @property
    def missing(self) -> Flags:
        """No number: overflown, or nothing was to be computed."""
        return ~np.isfinite(self.values) & ~self.zero

    @property
    def zero(self) -> Flags:
        """Exactly 0, where logarithms are shown."""
        return np.isneginf(self.values) & self.quantity.decades


@dataclass(frozen=True)
class ValueAxis:
    """Places for values as they are stored: by powers of ten where they differ more than a decade, else by numbers."""

    axis: Axis
    quantity: Quantity
    decades: bool

    @classmethod
    def over(cls, quantity: Quantity, values: ArrayLike, wished: ArrayLike) -> ValueAxis:
        """Room for all values, and as far as it does not press them flat for what is `wished`."""
        logs = _finite(transformed(quantity, values))
        if quantity.logarithmic or (quantity.positive and np.ptp(logs or [0.0]) > 1):
            return cls(DecadeAxis.over(logs, _finite(transformed(quantity, wished))), quantity, True)
        return cls(_linear(_finite(values), _finite(wished), quantity), quantity, False)

    def place(self, values: ArrayLike) -> Floats:
        """-inf for the logarithm of 0, and of the lower end of a band that lies below it."""
        numbers = np.asarray(values, np.float64)
        if self.decades:
            numbers = transformed(self.quantity, np.maximum(numbers, 0.0) if self.quantity.positive else numbers)
        with np.errstate(invalid="ignore"):
            placed: Floats = self.axis.place(numbers)
        return placed


def transformed(quantity: Quantity, values: ArrayLike) -> Floats:
    """log₁₀ of what is positive; the others as they are."""
    numbers = np.asarray(values, np.float64)
    return np.where(numbers == 0, -math.inf, logarithms(numbers)) if quantity.positive else numbers


def _linear(values: list[float], wished: list[float], quantity: Quantity) -> Axis:
    """From 0, to the end of a known scale that is half used; what is positive and hardly changes shall look flat."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    low = high / 2 if quantity.positive and low > high / 2 else min(low, 0.0)
    high = max(high, quantity.high if high > quantity.high / 2 else 0.0)
    high = max([high, *(min(value, FURTHER * high) for value in wished)])
    low = min([low, *(max(value, low / FURTHER if quantity.positive else FURTHER * low) for value in wished)])
    return LinearAxis(low, high if high > low else 1.0)


def _finite(values: ArrayLike) -> list[float]:
    return [value for value in np.ravel(np.asarray(values, np.float64)).tolist() if math.isfinite(value)]
