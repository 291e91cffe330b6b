"""Scales of axes: limits, round ticks with short labels, and values in units that no float range can trouble.

Matplotlib misdraws 1e-310, neighbouring floats and 1e308. A scale leaves values as they are wherever that is safe, so
that whoever goes on with the figure works in the data's own numbers; elsewhere its axis counts from 0 to 1, or in
powers of ten.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.digits import compact, decades_over, finite_logs, logarithms, power_label, short, with_power

Tick = tuple[float, str]  # a place on an axis, in its units, and its label
Extent = Callable[[str], float]  # pixels that a label takes along its axis

CLEARANCE = 10.0  # pixels between the labels of ticks
MAX_TICKS = 9
MORE = 6  # ticks that are thinned, below this many, where fewer round ones would be one alone
PAD = 0.03
SAFE_EXPONENTS = 290.0  # powers of ten that floats hold with room to spare
SAFE_STEP = 1e-9  # of a range beside its largest value
FAR = 1e3  # ranges beyond the limits that are as good as infinite
MAX_LABELLED, MAX_FINE_MINOR, MAX_MINOR = 3, 8, 30  # decades with labels between, with 2 … 9, and with any minor line


class Scale:
    """The range of an axis in its own units, and its ticks.

    Attributes:
        low, high: the limits of the axis.
        log: whether the axis is matplotlib's logarithmic one.
    """

    log = False

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def of(self, values: ArrayLike) -> Floats:
        """Values in the units of the axis; NaN for what has no place, and never farther away than can be drawn."""
        reach = FAR * (self.high - self.low)
        placed: Floats = np.clip(np.asarray(values, np.float64), self.low - reach, self.high + reach)
        return placed

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """Ticks whose labels, `extent` pixels long, stand clear of each other on `room` pixels."""
        return []

    def minor(self) -> list[float]:
        """Places of grid lines without a label."""
        return []


class Fixed(Scale):
    """A scale whose ticks are given: names of rows and columns, or numbers that are all to be shown."""

    def __init__(self, low: float, high: float, ticks: Iterable[Tick] = ()) -> None:
        super().__init__(low, high)
        self._ticks = list(ticks)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """Every tick, or every second, fifth, tenth … where there is no room for more."""
        per_unit = room / abs(self.high - self.low)
        for step in (factor * 10**power for power in range(6) for factor in (1, 2, 5)):
            chosen = self._ticks[step - 1::step]
            if _clear([(abs(place - self.low) * per_unit, extent(label)) for place, label in chosen], room):
                return chosen
        return []


class Linear(Scale):
    """At most `most` round values; beyond either end a `pad`, in parts of the range.

    `whole` where there is nothing between whole numbers.
    """

    def __init__(self, low: float, high: float, pad: float = PAD, *, whole: bool = False,
                 most: int = MAX_TICKS) -> None:
        low, high = float(low), float(high)
        power = -math.frexp(max(abs(low), abs(high)))[1]
        start, end = math.ldexp(low, power), math.ldexp(high, power)  # no overflow and no underflow from here on
        pad *= end - start
        self._power, self._start, self._end = power, start - pad, end + pad
        self._whole, self._most = whole, most
        largest = max(abs(low), abs(high))
        self.is_safe = (abs(math.log10(largest or 1.0)) < SAFE_EXPONENTS and end > start
                        and end - start > SAFE_STEP * max(abs(start), abs(end)))
        super().__init__(*(map(self._value, (self._start, self._end)) if self.is_safe else (0.0, 1.0)))

    @classmethod
    def around_zero(cls, values: Iterable[float]) -> Linear:
        """Symmetric where there are values on both sides."""
        low, high = min(values := [0.0, *values]), max(values)
        if low == high:
            return cls(-1.0, 1.0)
        return cls(-max(-low, high), max(-low, high)) if low < 0 < high else cls(low, high)

    def of(self, values: ArrayLike) -> Floats:
        if self.is_safe:
            return super().of(values)
        if self._end == self._start:
            return np.full(np.shape(values), 0.5)
        return super().of((np.ldexp(np.asarray(values, np.float64), self._power) - self._start)
                          / (self._end - self._start))

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        most = self._at_most(room, extent)
        for even in (True, False):
            for wanted in (*range(most, 1, -1), *range(most + 1, MORE)):
                for chosen in _thinned(self._within(self._round(wanted), room, extent), even):
                    if len(chosen) > 1 and self._clear(chosen, room, extent):
                        whole = [(at, label) for at, label in chosen
                                 if self._whole and math.isclose(self._value(at), round(self._value(at)), abs_tol=1e-6)]
                        return [(self._placed(value), with_power(label)) for value, label in whole or chosen]
        middle = self._start / 2 + self._end / 2
        about = "" if self._start == self._end else "≈ "
        return [(self._placed(middle), f"{about}{short(self._value(middle))}")]

    def _at_most(self, room: float, extent: Extent) -> int:
        """How many ticks are tried first: labels as long as those of the ends would be."""
        longest = max(extent(with_power(compact(self._value(end)))) for end in (self._start, self._end))
        return min(self._most, max(3, int(room / (longest + CLEARANCE))))

    def _within(self, ticks: list[Tick], room: float, extent: Extent) -> list[Tick]:
        """The ticks that may be used."""
        return ticks

    def _value(self, scaled: float) -> float:
        try:
            return math.ldexp(scaled, -self._power)
        except OverflowError:  # of the pad beyond the largest number
            return math.copysign(sys.float_info.max, scaled)

    def _placed(self, scaled: float) -> float:
        part = (scaled - self._start) / ((self._end - self._start) or 1.0) if self._end > self._start else 0.5
        return self.low + part * (self.high - self.low)

    def _clear(self, ticks: Sequence[Tick], room: float, extent: Extent) -> bool:
        return len({label for _, label in ticks}) == len(ticks) and _clear(
            [((value - self._start) / (self._end - self._start) * room, extent(with_power(label)))
             for value, label in ticks], room)

    def _round(self, wanted: int) -> list[Tick]:
        """About so many round values, scaled, with their labels."""
        exponent = math.floor(math.log10(max(abs(self._value(self._start)), abs(self._value(self._end))) or 1.0))
        power = 10.0**exponent
        unit = math.ldexp(power, self._power)
        low, high = self._start / unit, self._end / unit
        step = round_step((high - low) / wanted)
        if not step > 1e-6 * max(abs(low), abs(high)):
            return []
        values = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
        digits = max(3, 1 + math.ceil(math.log10(max(map(abs, values), default=1.0) / step + 1)))
        return [(value * unit, compact(value * power, digits)) for value in values if math.isfinite(value * power)]


def _thinned(ticks: list[Tick], even: bool) -> list[list[Tick]]:
    """All, or where these are too close their ends, with 0 between."""
    if even or len(ticks) < 2:
        return [ticks]
    return [[ticks[0], *(tick for tick in ticks[1:-1] if tick[1] == "0"), ticks[-1]], [ticks[0], ticks[-1]]]


def _clear(spans: Sequence[tuple[float, float]], room: float) -> bool:
    """Whether labels, each (middle, length) in pixels and pushed within the room, stand clear of each other."""
    pushed = [(min(max(x, wide / 2), max(room - wide / 2, wide / 2)), wide) for x, wide in sorted(spans)]
    return all(right - left >= (wide_left + wide_right) / 2 + CLEARANCE
               for (left, wide_left), (right, wide_right) in pairwise(pushed))


def round_step(step: float) -> float:
    """The next of 1, 2, 5 × 10ⁿ at or above `step`."""
    if not step > 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= step * (1 - 1e-9)), 10 * power)


class Log(Scale):
    """Powers of ten, from and to logarithms to base 10; values come as they are, or as `logs`, too.

    Where floats hold the values the axis is matplotlib's logarithmic one; else it counts in powers: 1e-480 is at -480.
    """

    def __init__(self, low: float, high: float, *, logs: bool = False) -> None:
        self._from, self._to, self._logs = low, high, logs
        self.log = max(abs(low), abs(high)) < SAFE_EXPONENTS
        super().__init__(*((10.0**low, 10.0**high) if self.log else (low, high)))

    @classmethod
    def over(cls, values: Iterable[float], wished: Iterable[float] = ()) -> Log:
        """At least one decade wide, for a flat line to look flat; at most one more either way for what is wished."""
        return cls(*decades_over(finite_logs(values), finite_logs(wished)))

    @classmethod
    def over_logs(cls, logs: Sequence[float], wished: Sequence[float] = ()) -> Log:
        """The same over logarithms, whose powers of ten floats need not hold."""
        return cls(*decades_over(logs, wished), logs=True)

    def of(self, values: ArrayLike) -> Floats:
        """NaN for what has no logarithm."""
        logs = np.asarray(values, np.float64) if self._logs else logarithms(values)
        reach = FAR * (self._to - self._from)
        if not self.log:
            return np.clip(logs, self._from - reach, self._to + reach)
        bounds = max(self._from - reach, -SAFE_EXPONENTS), min(self._to + reach, SAFE_EXPONENTS)
        placed: Floats = 10.0 ** np.clip(logs, *bounds) if self._logs else np.where(
            np.isnan(logs), math.nan, np.clip(values, 10.0 ** bounds[0], 10.0 ** bounds[1]))
        return placed

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """Powers of ten, with 1, 2, 5 between where there are few, or round numbers where there is none."""
        low, high = self._from, self._to
        if high - low <= MAX_LABELLED and self.log:
            labelled = (self._within(factors) for factors in ((1, 2, 5), (1, 3), (1,)))
            found = (ticks for ticks in labelled if len(ticks) > 1 and self._clear(ticks, room, extent))
            return next(found, None) or Linear(self.low, self.high, 0.0).ticks(room, extent)
        first, last = math.ceil(low), math.floor(high)
        widest = max(extent(power_label(power)) for power in (first, last))
        step = max(1, math.ceil((widest + CLEARANCE) * (high - low) / room), math.ceil((last - first) / 12))
        return [(self._at(power), power_label(power)) for power in range(first, last + 1) if power % step == 0]

    def minor(self) -> list[float]:
        decades = self._to - self._from
        if decades > MAX_MINOR:
            return []
        return [place for place, _ in self._within((1,) if decades > MAX_FINE_MINOR else range(1, 10))]

    def _at(self, exponent: float) -> float:
        return 10.0**exponent if self.log else exponent

    def _within(self, factors: Iterable[int]) -> list[Tick]:
        powers = range(math.floor(self._from), math.floor(self._to) + 1)
        return [(self._at(power + math.log10(factor)), with_power(compact(float(f"{factor}e{power}"))))
                for power in powers for factor in factors if self._from <= power + math.log10(factor) <= self._to]

    def _clear(self, ticks: Sequence[Tick], room: float, extent: Extent) -> bool:
        return _clear([((math.log10(value) - self._from) / (self._to - self._from) * room, extent(label))
                       for value, label in ticks], room)
