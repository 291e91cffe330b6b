"""A pair of axes, linear or logarithmic: from numbers to pixels, with grid, ticks and titles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from actprof.distributions import Floats
from actprof.render.canvas import Canvas
from actprof.render.headings import MARGIN
from actprof.render.lettering import line_height, width
from actprof.render.numerals import compact, power_of_ten, short, with_power
from actprof.render.scales import CLEARANCE, LogSpan, Span, Tick, clear

TICK, TITLE = 16.0, 17.0
BELOW = line_height(TICK) + line_height(TITLE) + 22
LABELLED_DECADES = 3
MOST_TICKS = 9
PAD = 0.03
CLOSEST = 1.5  # pixels between grid lines


class Axis(Protocol):
    """Places between 0 and 1. `minor` are grid lines without a label."""

    def place(self, values: ArrayLike) -> Floats: ...
    def ticks(self, room: float, extent: Callable[[str], float]) -> list[Tick]: ...
    def minor(self) -> list[float]: ...


class LinearAxis:
    """Round values; beyond either end a `pad`, in parts of the range."""

    def __init__(self, low: float, high: float, pad: float = PAD) -> None:
        pad *= high - low
        self._span = Span(low - pad, high + pad)

    @classmethod
    def around_zero(cls, values: Iterable[float]) -> LinearAxis:
        """Symmetric where there are values on both sides."""
        low, high = min(values := [0.0, *values]), max(values)
        if low == high:
            return cls(-1.0, 1.0)
        return cls(-max(-low, high), max(-low, high)) if low < 0 < high else cls(low, high)

    @property
    def reach(self) -> float:
        return self._span.high - self._span.low

    def place(self, values: ArrayLike) -> Floats:
        return self._span.place(values)

    def ticks(self, room: float, extent: Callable[[str], float]) -> list[Tick]:
        if self._span.low == self._span.high:
            return [(0.5, short(self._span.low))]
        longest = max(extent(short(self._span.low)), extent(short(self._span.high)))
        most = min(MOST_TICKS, max(2, int(room / (longest + CLEARANCE))))
        ticks = self._span.ticks(room, lambda label: extent(with_power(label)), most)
        return [(place, with_power(label)) for place, label in ticks]

    def minor(self) -> list[float]:
        return []


class LogAxis:
    """Powers of ten, and 1, 2, 5 between them where there are few."""

    def __init__(self, values: Iterable[float]) -> None:
        self._span = LogSpan.over(values)

    def place(self, values: ArrayLike) -> Floats:
        """NaN for what has no logarithm."""
        numbers = np.asarray(values, np.float64)
        logs = np.log10(numbers, out=np.full_like(numbers, math.nan), where=numbers > 0)
        return (logs - self._span.low) / (self._span.high - self._span.low)

    def per_decade(self) -> float:
        """The part of the axis that is a factor of ten."""
        return 1 / (self._span.high - self._span.low)

    def ticks(self, room: float, extent: Callable[[str], float]) -> list[Tick]:
        first, last = math.ceil(self._span.low), math.floor(self._span.high)
        if self._span.high - self._span.low <= LABELLED_DECADES:
            for ticks in map(self._labelled, ((1, 2, 5), (1, 3))):
                if clear(ticks, room, extent):
                    return ticks
        widest = max(extent(power_of_ten(power)) for power in (first, last))
        step = max(1, math.ceil((widest + CLEARANCE) / (room * self.per_decade())), math.ceil((last - first) / 12))
        return [((power - self._span.low) * self.per_decade(), power_of_ten(power))
                for power in range(first, last + 1) if power % step == 0]

    def minor(self) -> list[float]:
        decades = self._span.high - self._span.low
        if decades > 30:
            return []
        return [place for _, place in self._within((1,) if decades > 8 else range(1, 10))]

    def _labelled(self, factors: Iterable[int]) -> list[Tick]:
        return [(place, compact(value)) for value, place in self._within(factors)]

    def _within(self, factors: Iterable[int]) -> list[tuple[float, float]]:
        powers = range(math.floor(self._span.low), math.floor(self._span.high) + 1)
        values = [float(f"{factor}e{power}") for power in powers for factor in factors]
        return [(value, place) for value, place in zip(values, self.place(values), strict=True) if 0 <= place <= 1]


@dataclass(frozen=True)
class Plane:
    """The rectangle of pixels between two axes, with the size of their ticks' labels."""

    left: float
    top: float
    width: float
    height: float
    x_axis: Axis
    y_axis: Axis
    tick: float = TICK

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def x(self, values: ArrayLike) -> Floats:
        return self.left + self.x_axis.place(values) * self.width

    def y(self, values: ArrayLike) -> Floats:
        return self.bottom - self.y_axis.place(values) * self.height

    def draw(self, canvas: Canvas) -> None:
        """Grid, axes and the labels of ticks."""
        self._draw_grid(canvas)
        corner = self.left, self.bottom
        canvas.segments([[corner, (self.right, self.bottom)], [corner, (self.left, self.top)]],
                        colors=canvas.theme.muted, linewidths=1.4, zorder=1)
        for place, label in self.x_axis.ticks(self.width, lambda text: width(text, self.tick)):
            canvas.text(self.left + place * self.width, self.bottom + 8 + line_height(self.tick) / 2, label, self.tick,
                        align="center", color=canvas.theme.muted)
        for place, label in self.y_axis.ticks(self.height, lambda text: line_height(self.tick)):
            canvas.text(self.left - 10, self.bottom - place * self.height, label, self.tick, align="right",
                        color=canvas.theme.muted)

    def draw_titles(self, canvas: Canvas, x_title: str, y_title: str) -> None:
        canvas.text((self.left + self.right) / 2, self.bottom + 12 + line_height(self.tick) + line_height(TITLE) / 2,
                    x_title, TITLE, align="center")
        canvas.text(MARGIN - 4, (self.top + self.bottom) / 2, y_title, TITLE, upright=True)

    def _draw_grid(self, canvas: Canvas) -> None:
        for places, thick in ((self._minor(), 0.5), (self._major(), 1.1)):
            across = [[(self.left, self.bottom - place * self.height), (self.right, self.bottom - place * self.height)]
                      for place in places[1]]
            upright = [[(self.left + place * self.width, self.top), (self.left + place * self.width, self.bottom)]
                       for place in places[0]]
            canvas.segments(across + upright, linewidths=thick, zorder=0.5)

    def _minor(self) -> tuple[list[float], list[float]]:
        return _apart(self.x_axis.minor(), self.width), _apart(self.y_axis.minor(), self.height)

    def _major(self) -> tuple[list[float], list[float]]:
        return ([place for place, _ in self.x_axis.ticks(self.width, lambda text: width(text, self.tick))],
                [place for place, _ in self.y_axis.ticks(self.height, lambda text: line_height(self.tick))])


def _apart(places: list[float], room: float) -> list[float]:
    """The same, or none where they would lie too close."""
    near = min((after - before for before, after in pairwise(places)), default=1.0)
    return places if near * room >= CLOSEST else []
