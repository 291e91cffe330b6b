"""The axes of a grid on the sheet: where cells begin and end, which ticks they get."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actprof.arrays import Floats
from actprof.digits import logarithms, with_power
from actprof.report.decades import DecadeAxis
from actprof.report.plane import LinearAxis
from actprof.report.scales import Extent, Tick, clear
from actprof.sweep import result

OWN = ((16, 8), (4, 14))
"""(number, characters) up to which there are ticks at the values themselves."""

MOST_STEP = 4
LONE = 0.05  # decades, or parts of the value, on either side of a lone value
EVEN = 1e-3  # of a cell


class Side(Protocol):
    """An axis of a plane, cut into cells. `edges` are the places (cells + 1,) between 0 and 1."""

    edges: Floats

    def place(self, values: ArrayLike) -> Floats: ...
    def ticks(self, room: float, extent: Extent) -> list[Tick]: ...
    def minor(self) -> list[float]: ...


class NameSide:
    """Equal cells; their labels are no ticks."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.edges: Floats = np.linspace(0.0, 1.0, count + 1)

    def place(self, values: ArrayLike) -> Floats:
        return (np.asarray(values, np.float64) + 0.5) / self._count

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        return []

    def minor(self) -> list[float]:
        return []


class NumberSide:
    """Cells around numbers, edges halfway between neighbours, of a logarithmic axis halfway in the logarithm."""

    def __init__(self, axis: result.Axis) -> None:
        self._axis, numbers = axis, np.asarray(axis.numbers, np.float64)
        centres = logarithms(numbers) if axis.logarithmic else numbers
        bounds = _bounds(centres, _lone(axis))
        low, high = bounds[0], bounds[-1]
        self._range = DecadeAxis(low, high) if axis.logarithmic else LinearAxis(low, high, 0.0, whole=axis.whole)
        self.edges = self._range.place(bounds)
        self._own: list[Tick] = list(zip(self._range.place(centres).tolist(), map(_sign, axis.labels), strict=True))

    def place(self, values: ArrayLike) -> Floats:
        """NaN for what has no logarithm on a logarithmic axis."""
        return self._range.place(logarithms(values) if self._axis.logarithmic else values)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """At every value where there is room (of a logarithmic axis at every second, third …), else at round ones."""
        if len(self._own) == 1:
            return [(0.5, self._own[0][1])]
        longest = max(len(label) for _, label in self._own)
        short = any(len(self._own) <= most and longest <= least for most, least in OWN)
        for step in range(1, 1 + short * (MOST_STEP if self._axis.logarithmic else 1)):
            if clear(self._own[::step], room, extent):
                return self._own[::step]
        return self._range.ticks(room, extent)

    def minor(self) -> list[float]:
        return []


def side(axis: result.Axis) -> Side:
    return NumberSide(axis) if axis.numbers else NameSide(len(axis))


def even(edges: Floats) -> bool:
    """Whether all cells are equally wide."""
    wide = np.diff(edges)
    return bool(np.ptp(wide) <= EVEN * wide.mean())


def cells_at(edges: Floats, pixels: int) -> NDArray[np.intp]:
    """The cell in which each of so many pixels along a side lies."""
    places = (np.arange(pixels) + 0.5) / pixels
    return np.clip(np.searchsorted(edges, places, side="right") - 1, 0, len(edges) - 2)


def _lone(axis: result.Axis) -> float:
    """Half the width of a cell that has no neighbour."""
    if axis.logarithmic:
        return LONE
    return 0.5 if axis.whole else LONE * abs(axis.numbers[0]) or 0.5


def _bounds(centres: Floats, lone: float) -> Floats:
    if len(centres) == 1:
        return np.array([centres[0] - lone, centres[0] + lone])
    between = centres[:-1] / 2 + centres[1:] / 2
    return np.array([centres[0] - (between[0] - centres[0]), *between, centres[-1] + (centres[-1] - between[-1])])


def _sign(label: str) -> str:
    return with_power(label.replace("-", "−"))
