"""From values to places between 0 and 1: the value axis, the share axis and the axis of σ, each with its few ticks.

Matplotlib only ever sees these places, so no range of the data (1e-310, 1e308, one ulp) can trouble it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.digits import compact, decades_over, finite_logs, percent_label, power_label
from actprof.engine.profiles import Summary

Tick = tuple[float, str]

Extent = Callable[[str], float]
"""Pixels that a label takes along its axis."""

CLEARANCE = 10.0  # between the labels of ticks


@dataclass(frozen=True)
class Span:
    """The range of an axis of values."""

    low: float
    high: float

    def place(self, values: ArrayLike) -> Floats:
        """0 at `low`, 1 at `high`; no overflow and no underflow on the way."""
        power = -math.frexp(max(abs(self.low), abs(self.high)))[1]
        low, high = math.ldexp(self.low, power), math.ldexp(self.high, power)
        placed: Floats = (np.ldexp(np.asarray(values, np.float64), power) - low) / ((high - low) or 1.0)
        return placed if high > low else np.full_like(placed, 0.5)

    def ticks(self, room: float, extent: Extent, most: int = 5) -> list[Tick]:
        """At most five (or `most`) round values whose labels, `extent` pixels long, stand clear of each other."""
        for wanted in range(most, 1, -1):
            ticks = self._round(wanted)
            for chosen in (ticks, [ticks[0], *(tick for tick in ticks[1:-1] if tick[1] == "0"), ticks[-1]],
                           [ticks[0], ticks[-1]]) if len(ticks) > 1 else ():
                if clear(chosen, room, extent):
                    return chosen
        return [(0.5, f"≈ {compact(self.low / 2 + self.high / 2)}")]

    def even_ticks(self, room: float, extent: Extent, most: int) -> list[Tick]:
        """The same with all values between the first and the last; none where no two stand clear of each other."""
        tried = (self._round(wanted) for wanted in range(most, 1, -1))
        return next((ticks for ticks in tried if len(ticks) > 1 and clear(ticks, room, extent)), [])

    def _round(self, wanted: int) -> list[Tick]:
        power = 10.0 ** math.floor(math.log10(max(abs(self.low), abs(self.high)) or 1.0))
        low, high = self.low / power, self.high / power
        step = round_step((high - low) / wanted)
        if not step > 1e-6 * max(abs(low), abs(high)):
            return []
        values = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
        digits = max(3, 1 + math.ceil(math.log10(max(map(abs, values), default=1.0) / step + 1)))
        return [((value - low) / (high - low), compact(value * power, digits)) for value in values]


def clear(ticks: Sequence[Tick], room: float, extent: Extent) -> bool:
    """Whether labels `extent` pixels long stand clear of each other."""
    if len({label for _, label in ticks}) < len(ticks):
        return False
    spans = [(place * room, extent(label)) for place, label in ticks]
    spans = [(min(max(x, wide / 2), room - wide / 2), wide) for x, wide in spans]
    return all(right - left >= (wide_left + wide_right) / 2 + CLEARANCE
               for (left, wide_left), (right, wide_right) in pairwise(spans))


def round_step(step: float) -> float:
    """The next of 1, 2, 5 × 10ⁿ at or above `step`."""
    if not step > 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= step * (1 - 1e-9)), 10 * power)


@dataclass(frozen=True)
class Bars:
    """What is drawn of one layer: the share of all finite values in each bin, atoms beside them."""

    span: Span
    edges: Floats
    shares: Floats
    atoms: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, summary: Summary) -> Bars:
        histogram = summary.histogram
        span = Span(float(histogram.edges[0]), float(histogram.edges[-1]))
        total = max(histogram.total, 1)
        atoms = tuple((value, count / total) for value, count in summary.atoms
                      if count and span.low <= value <= span.high)
        return cls(span, span.place(histogram.edges), histogram.without(summary.atoms) / total, atoms)

    @property
    def tallest(self) -> float:
        return float(self.shares.max())

    @property
    def body(self) -> float:
        """The height that shows the shape: of the tallest bin, but at most twice the next tallest."""
        next_tallest = float(np.sort(self.shares)[-2]) if len(self.shares) > 1 else 0.0
        return min(self.tallest, 2 * next_tallest) if next_tallest else self.tallest

    @property
    def shrunk(self) -> bool:
        """Nearly all that is drawn stands in one or two bins."""
        return float(np.sort(self.shares)[-2:].sum()) > 0.9 * float(self.shares.sum())


@dataclass(frozen=True)
class ShareScale:
    """The common height of bars. Linear: taller ones are cut at `top`. Logarithmic: from `floor` to `top`."""

    top: float
    floor: float = 0.0

    def place(self, shares: ArrayLike) -> Floats:
        values = np.asarray(shares, np.float64)
        if not self.floor:
            return np.clip(values / self.top, 0.0, 1.0)
        logs = np.log(np.maximum(values, self.floor) / self.floor) / math.log(self.top / self.floor)
        return np.clip(logs, 0.0, 1.0)

    @property
    def ceiling(self) -> float:
        """Shares above are cut; a bar as tall as the axis is not, whatever the rounding."""
        return self.top * (1 + 1e-9)

    def cuts(self, share: float) -> bool:
        return share > self.ceiling

    def ticks(self) -> list[Tick]:
        if self.floor:
            lowest = math.ceil(math.log10(self.floor))
            powers = range(0, lowest - 1, -math.ceil((1 - lowest) / 5))
            return [(float(self.place(10.0**power)), percent_of_power(power)) for power in powers]
        step = round_step(self.top / 4)
        return [(n * step / self.top, percent_label(n * step)) for n in range(int(self.top / step * (1 + 1e-9)) + 1)]


def percent_of_power(power: int) -> str:
    return f"{100 * 10.0**power:g} %" if power > -5 else f"{power_label(power + 2)} %"


ATOM_HEIGHTS = 8
"""An atom's bar is at most this many times as tall as the axis: little beside large atoms shall look like little."""


def share_scale(bars: Iterable[Bars], logarithmic: bool) -> ShareScale:
    """The scale for all panels: tall enough for the body of every layer that is spread out, so that a lone spike, or a
    layer that has shrunk into a bin, is cut (and labelled) rather than flattening the rest."""
    drawn = [bar for bar in bars if bar.tallest > 0]
    if logarithmic:
        least = min((float(bar.shares[bar.shares > 0].min()) for bar in drawn), default=0.01)
        return ShareScale(1.0, max(least / 2, 1e-12))
    spread = [bar.body for bar in drawn if not bar.shrunk]
    atoms = [share / ATOM_HEIGHTS for bar in drawn for _, share in bar.atoms]
    return ShareScale(max([*(spread or [bar.body for bar in drawn]), *atoms], default=1.0))


@dataclass(frozen=True)
class LogSpan:
    """The axis of σ, in powers of ten."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float], wished: Iterable[float] = ()) -> LogSpan:
        return cls(*decades_over(finite_logs(values), finite_logs(wished)))

    def place(self, value: float) -> float:
        """NaN for what has no logarithm."""
        if not (value > 0 and math.isfinite(value)):
            return math.nan
        return (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[Tick]:
        first, last = math.ceil(self.low), math.floor(self.high)
        if last - first < 2:
            fine = [(power, factor) for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
            values = [factor * 10.0**power for power, factor in fine]
            return [(self.place(value), compact(value)) for value in values if 0 <= self.place(value) <= 1]
        step = max(1, math.ceil((last - first) / 4))
        return [((power - self.low) / (self.high - self.low), power_label(power))
                for power in range(first, last + 1) if power % step == 0]
