"""A pair of axes, linear or logarithmic: from numbers to pixels, with grid, ticks and titles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.digits import compact, decades_over, finite_logs, logarithms, short, with_power
from actprof.report.canvas import Canvas
from actprof.report.decades import DecadeAxis
from actprof.report.headings import MARGIN
from actprof.report.lettering import line_height, width
from actprof.report.scales import CLEARANCE, Extent, Span, Tick

TICK, TITLE = 16.0, 17.0
BELOW = line_height(TICK) + line_height(TITLE) + 22
MOST_TICKS = 9
PAD = 0.03
CLOSEST = 1.5  # pixels between grid lines


class Axis(Protocol):
    """Places between 0 and 1. `minor` are grid lines without a label."""

    def place(self, values: ArrayLike) -> Floats: ...
    def ticks(self, room: float, extent: Extent) -> list[Tick]: ...
    def minor(self) -> list[float]: ...


class LinearAxis:
    """Round values, at most so many; beyond either end a `pad`, in parts of the range.

    `whole` where there is nothing between whole numbers.
    """

    def __init__(self, low: float, high: float, pad: float = PAD, *, whole: bool = False,
                 most: int = MOST_TICKS) -> None:
        pad *= high - low
        self._span, self._whole, self._most = Span(low - pad, high + pad), whole, most

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

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        if self._span.low == self._span.high:
            return [(0.5, short(self._span.low))]
        longest = max(extent(with_power(compact(end))) for end in (self._span.low, self._span.high))
        most = min(self._most, max(2, int(room / (longest + CLEARANCE))))
        shown = room, lambda label: extent(with_power(label)), most
        ticks = self._span.even_ticks(*shown) or self._span.ticks(*shown)
        whole = [tick for tick in ticks if self._is_whole(tick[0])] if self._whole else ticks
        return [(place, with_power(label)) for place, label in whole or ticks]

    def minor(self) -> list[float]:
        return []

    def _is_whole(self, place: float) -> bool:
        value = self._span.low + place * self.reach
        return abs(value - round(value)) < 1e-6 * max(1.0, abs(value))


class LogAxis(DecadeAxis):
    """Values by their logarithms."""

    def __init__(self, values: Iterable[float]) -> None:
        super().__init__(*decades_over(finite_logs(values)))

    def place(self, values: ArrayLike) -> Floats:
        """NaN for what has no logarithm."""
        return super().place(logarithms(values))


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
