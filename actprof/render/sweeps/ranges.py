"""Ranges of an axis that end exactly where its cells or values do, and their round ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from numpy.typing import ArrayLike

from actprof.distributions import Floats
from actprof.render.numerals import compact, power_of_ten, with_power
from actprof.render.plane import LABELLED_DECADES, MOST_TICKS
from actprof.render.scales import CLEARANCE, Span, Tick, clear

Extent = Callable[[str], float]
EXPONENTS = 290.0  # of floats, nearly


class Even:
    """A linear range; `whole` where there is nothing between whole numbers."""

    def __init__(self, low: float, high: float, whole: bool) -> None:
        self._span, self._whole = Span(low, high), whole

    def place(self, values: ArrayLike) -> Floats:
        return self._span.place(values)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        longest = max(extent(with_power(compact(end))) for end in (self._span.low, self._span.high))
        most = min(MOST_TICKS, max(2, int(room / (longest + CLEARANCE))))
        ticks = self._span.ticks(room, lambda label: extent(with_power(label)), most)
        whole = [tick for tick in ticks if self._is_whole(tick[0])] if self._whole else ticks
        return [(place, with_power(label)) for place, label in whole or ticks]

    def _is_whole(self, place: float) -> bool:
        value = self._span.low + place * (self._span.high - self._span.low)
        return abs(value - round(value)) < 1e-6 * max(1.0, abs(value))


class Decades:
    """A range of logarithms to base 10, which floats need not hold the powers of: 1e-480 is at -480."""

    def __init__(self, low: float, high: float) -> None:
        self._span = Span(low, high)

    @classmethod
    def over(cls, logs: Sequence[float], wished: Sequence[float] = ()) -> Decades:
        """At least one decade wide; at most one more either way for what is `wished`."""
        low, high = min(logs), max(logs)
        low, high = max(min([low, *wished]), low - 1), min(max([high, *wished]), high + 1)
        middle, half = (low + high) / 2, max((high - low) / 2 * 1.08, 0.5)
        return cls(middle - half, middle + half)

    def place(self, logs: ArrayLike) -> Floats:
        return self._span.place(logs)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """Powers of ten, with 1, 2, 5 between where there are few, or round numbers where there is none."""
        low, high = self._span.low, self._span.high
        if high - low <= LABELLED_DECADES and max(abs(low), abs(high)) < EXPONENTS:
            for factors in ((1, 2, 5), (1, 3), (1,)):
                ticks = self._labelled(factors)
                if len(ticks) > 1 and clear(ticks, room, extent):
                    return ticks
            return self._round(room, extent)
        first, last = math.ceil(low), math.floor(high)
        widest = max(extent(power_of_ten(power)) for power in (first, last))
        step = max(1, math.ceil((widest + CLEARANCE) * (high - low) / room), math.ceil((last - first) / 12))
        return [(float(self.place(power)), power_of_ten(power)) for power in range(first, last + 1)
                if power % step == 0]

    def minor(self) -> list[float]:
        if self._span.high - self._span.low > 30:
            return []
        powers = range(math.floor(self._span.low), math.ceil(self._span.high))
        places = self.place([power + math.log10(factor) for power in powers for factor in range(1, 10)])
        return [place for place in places.tolist() if 0 <= place <= 1]

    def _labelled(self, factors: Sequence[int]) -> list[Tick]:
        powers = range(math.floor(self._span.low), math.floor(self._span.high) + 1)
        ticks = [(float(self.place(power + math.log10(factor))), with_power(compact(float(f"{factor}e{power}"))))
                 for power in powers for factor in factors]
        return [(place, label) for place, label in ticks if 0 <= place <= 1]

    def _round(self, room: float, extent: Extent) -> list[Tick]:
        low, high = 10**self._span.low, 10**self._span.high
        values = [(low + place * (high - low), label) for place, label in Span(low, high).ticks(room, extent)]
        return [(float(self.place(math.log10(value))), with_power(label)) for value, label in values]
