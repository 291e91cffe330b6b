"""An axis of powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.digits import compact, decades_over, power_label, with_power
from actprof.report.scales import CLEARANCE, Extent, Span, Tick, clear

LABELLED = 3  # decades up to which numbers between powers of ten have labels
FINE_MINOR, MOST_MINOR = 8, 30  # decades up to which 2 … 9, and up to which powers of ten have grid lines
EXPONENTS = 290.0  # of floats, nearly


class DecadeAxis:
    """Logarithms to base 10, which floats need not hold the powers of: 1e-480 is at -480."""

    def __init__(self, low: float, high: float) -> None:
        self._span = Span(low, high)

    @classmethod
    def over(cls, logs: Sequence[float], wished: Sequence[float] = ()) -> DecadeAxis:
        return cls(*decades_over(logs, wished))

    def place(self, values: ArrayLike) -> Floats:
        return self._span.place(values)

    def per_decade(self) -> float:
        """The part of the axis that is a factor of ten."""
        return 1 / (self._span.high - self._span.low)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """Powers of ten, with 1, 2, 5 between where there are few, or round numbers where there is none."""
        low, high = self._span.low, self._span.high
        if high - low <= LABELLED and max(abs(low), abs(high)) < EXPONENTS:
            labelled = (self._within(factors) for factors in ((1, 2, 5), (1, 3), (1,)))
            found = (ticks for ticks in labelled if len(ticks) > 1 and clear(ticks, room, extent))
            return next(found, None) or self._round(room, extent)
        first, last = math.ceil(low), math.floor(high)
        widest = max(extent(power_label(power)) for power in (first, last))
        step = max(1, math.ceil((widest + CLEARANCE) * (high - low) / room), math.ceil((last - first) / 12))
        return [(float(self._span.place(power)), power_label(power)) for power in range(first, last + 1)
                if power % step == 0]

    def minor(self) -> list[float]:
        decades = self._span.high - self._span.low
        if decades > MOST_MINOR:
            return []
        return [place for place, _ in self._within((1,) if decades > FINE_MINOR else range(1, 10))]

    def _within(self, factors: Iterable[int]) -> list[Tick]:
        """These multiples of powers of ten."""
        powers = range(math.floor(self._span.low), math.floor(self._span.high) + 1)
        ticks = [(float(self._span.place(power + math.log10(factor))), with_power(compact(float(f"{factor}e{power}"))))
                 for power in powers for factor in factors]
        return [(place, label) for place, label in ticks if 0 <= place <= 1]

    def _round(self, room: float, extent: Extent) -> list[Tick]:
        low, high = 10**self._span.low, 10**self._span.high
        values = [(low + place * (high - low), label) for place, label in Span(low, high).ticks(room, extent)]
        return [(float(self._span.place(math.log10(value))), with_power(label)) for value, label in values]
