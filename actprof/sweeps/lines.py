"""The lines that theory draws on a grid: the edge of chaos, and where stacks become too deep to be trained."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from actprof.spec import StackSpec
from actprof.sweep_maps import Axis, Line, Point
from actprof.sweeps.criticality import Conditions, conditions, inverse_depth, silence_about

CRITICAL, TRAINABLE = "critical", "trainable"
TITLES = {CRITICAL: "edge of chaos: χ₁ = 1", TRAINABLE: "depth 6 ξ_c: as deep as is trainable"}

DEPTH_SCALES = 6.0
"""Depth scales to which stacks can be trained (Schoenholz et al. 2017)."""

FEWEST, ROWS = 24, 60
"""Places at which crossings are looked for, and rows of a second axis that is continuous too."""

TOLERANCE, SETTLED = 1e-9, 1e-8
"""Width, relative to where it is, of the stretch that a crossing is in, or a step, relative to the stretch at first."""

MOST_STEPS = 8
"""Interpolations of one crossing."""

ROUNDING = 1e-13
"""Below a level by less than this counts as on it, so that where a whole stretch is critical its end is the line."""

StackAt = Callable[[Sequence[float]], StackSpec]


class Crossing(NamedTuple):
    """Where a level is crossed; `branch` is what crossings of one curve have in common."""

    branch: tuple[str, float, bool]
    place: float


def lines(axes: Sequence[Axis], stack_at: StackAt, second_moment: float) -> tuple[tuple[Line, ...], str]:
    """The lines on a grid of one or two axes, for inputs of E x².

    Args:
        stack_at: the stack at coordinates, one an axis; between the places of an axis only if it has numbers that count
            nothing.

    Returns:
        (lines, note). The note says of which rows theory is silent, or why there is no line; else it is "".
    """
    along = next((number for number, axis in enumerate(axes) if axis.numbers and not axis.whole), None)
    if along is None:
        return (), ""
    axis, other = axes[along], axes[1 - along] if len(axes) > 1 else None
    rows = _row_places(other)
    found: list[list[Crossing]] = []
    silent: dict[float, str] = {}
    curves: dict[tuple[Conditions | None, ...], _Curve] = {}
    for row in rows:
        row_at = _row(stack_at, along, other, row)
        places = _search_places(axis)
        known = tuple(conditions(row_at(place), second_moment) for place in places)
        if not any(known):
            silent[row] = silence_about(row_at(places[0])) or "the inputs have no finite mean square"
        curve = curves.setdefault(known, _curve(places, known, row_at, second_moment))
        found.append(list(_crossings(curve, row_at(places[0]).depth)))
    drawn = _assembled(found, rows, axis, other, along)
    return drawn, _note(axis, other, silent, len(rows), bool(drawn))


def _row_places(other: Axis | None) -> tuple[float, ...]:
    if other is None:
        return (0.0,)
    if other.whole or len(other.numbers) < 2:
        return other.places
    space = np.geomspace if other.logarithmic else np.linspace
    inner = space(other.numbers[0], other.numbers[-1], max(ROWS, len(other))).tolist()[1:-1]
    return (other.numbers[0], *inner, other.numbers[-1])


def _search_places(axis: Axis) -> list[float]:
    """FEWEST or up to twice as many: some of the axis's own places, or with others evenly between neighbours."""
    own = [*axis.numbers[:-1][::max(1, (len(axis) - 1) // (FEWEST - 1))], *axis.numbers[-1:]]
    if len(own) < 2:
        return own
    pieces = math.ceil((FEWEST - 1) / (len(own) - 1))
    space = np.geomspace if axis.logarithmic else np.linspace
    return [place for low, high in itertools.pairwise(own)
            for place in (low, *space(low, high, pieces + 1).tolist()[1:-1])] + own[-1:]


def _row(stack_at: StackAt, along: int, other: Axis | None, row: float) -> Callable[[float], StackSpec]:
    """The stacks of a row, by their place along the first axis that is continuous."""
    if other is None:
        return lambda place: stack_at((place,))
    return (lambda place: stack_at((row, place))) if along else (lambda place: stack_at((place, row)))


@dataclass
class _Curve:
    """The criticality along one axis, with all that is known of it so far: (place, value), rising."""

    at: Callable[[float], float]
    known: list[Point] = field(default_factory=list)

    def crossings(self, level: float) -> Iterator[tuple[float, bool]]:
        """(place, whether the level is crossed from below) of each."""
        for (low, at_low), (high, at_high) in itertools.pairwise(tuple(self.known)):
            if _above(at_low, level) != _above(at_high, level):
                yield self._crossing(level, low, high), _above(at_high, level)

    def _crossing(self, level: float, low: float, high: float) -> float:
        """By interpolation and, where that does not settle, because there is a jump, by halving."""
        settled, guess = SETTLED * (high - low), math.nan
        rising = not _above(self._value(low), level)
        for step in range(200):
            least = TOLERANCE * max(abs(low), abs(high)) / 2
            if high - low <= 2 * least:
                break
            before, guess = guess, self._interpolated(level, low, high) if step < MOST_STEPS else (low + high) / 2
            if abs(guess - before) <= settled:
                return guess
            # An end that is a root up to rounding is not left by less.
            guess = min(max(guess, low + least), high - least)
            value = self.at(guess)
            bisect.insort(self.known, (guess, value))
            low, high = (low, guess) if _above(value, level) == rising else (guess, high)
        return (low + high) / 2

    def _value(self, place: float) -> float:
        return self.known[self._index(place)][1]

    def _index(self, place: float) -> int:
        return bisect.bisect_left(self.known, (place, -math.inf))

    def _interpolated(self, level: float, low: float, high: float) -> float:
        """Between two neighbours, by the inverse polynomial through both and theirs, or the line through both."""
        index = self._index(low)
        for points in (self.known[max(index - 1, 0):index + 3], self.known[index:index + 2]):
            guess = _inverse(points, level)
            if low <= guess <= high:
                return guess
        return (low + high) / 2


def _above(value: float, level: float) -> bool:
    return value - level > -ROUNDING


def _inverse(points: Sequence[Point], level: float) -> float:
    """Where the polynomial place(value) through the points has that level (Neville); NaN unless values are distinct."""
    values = [value - level for _, value in points]
    if not all(map(math.isfinite, values)) or len(set(values)) < len(values):
        return math.nan
    places = [place for place, _ in points]
    for order in range(1, len(points)):
        places = [(values[k + order] * places[k] - values[k] * places[k + 1]) / (values[k + order] - values[k])
                  for k in range(len(points) - order)]
    return places[0]


def _curve(places: Sequence[float], known: Sequence[Conditions | None], row_at: Callable[[float], StackSpec],
           second_moment: float) -> _Curve:
    def at(place: float) -> float:
        there = conditions(row_at(place), second_moment)
        return math.nan if there is None else inverse_depth(there)

    return _Curve(at, [(place, inverse_depth(each)) for place, each in zip(places, known, strict=True) if each])


def _crossings(curve: _Curve, depth: int) -> Iterator[Crossing]:
    for name, level in ((CRITICAL, 0.0), (TRAINABLE, -DEPTH_SCALES), (TRAINABLE, DEPTH_SCALES)):
        for place, rising in curve.crossings(level / depth):
            yield Crossing((name, level, rising), place)


def _assembled(found: Sequence[Sequence[Crossing]], rows: Sequence[float], axis: Axis, other: Axis | None,
               along: int) -> tuple[Line, ...]:
    def point(place: float, row: float) -> Point:
        return (row, place) if along else (place, row)

    if other is not None and not other.numbers:
        return tuple(Line(name, TITLES[name], points, rows=True) for name in TITLES
                     if (points := tuple(point(each.place, row) for row, crossings in zip(rows, found, strict=True)
                                         for each in crossings if each.branch[0] == name)))
    branches = _branches(found, axis.logarithmic)
    return tuple(Line(name, TITLES[name], tuple(point(place, rows[row]) for row, place in branch))
                 for (name, _, _), branch in branches)


def _branches(found: Sequence[Sequence[Crossing]],
              logarithmic: bool) -> list[tuple[tuple[str, float, bool], list[tuple[int, float]]]]:
    """Curves of (row, place): each crossing goes on with the nearest of its kind in the row before, or starts one."""
    every: list[tuple[tuple[str, float, bool], list[tuple[int, float]]]] = []
    for row, crossings in enumerate(found):
        open_ends = [(kind, branch) for kind, branch in every if branch[-1][0] == row - 1]
        pairs = sorted((abs(_scaled(crossing.place, logarithmic) - _scaled(branch[-1][1], logarithmic)), new, old)
                       for new, crossing in enumerate(crossings) for old, (kind, branch) in enumerate(open_ends)
                       if kind == crossing.branch)
        taken: dict[int, int] = {}
        for _, new, old in pairs:
            if new not in taken and old not in taken.values():
                taken[new] = old
        for new, crossing in enumerate(crossings):
            if new in taken:
                open_ends[taken[new]][1].append((row, crossing.place))
            else:
                every.append((crossing.branch, [(row, crossing.place)]))
    return sorted(every, key=lambda each: list(TITLES).index(each[0][0]))


def _scaled(place: float, logarithmic: bool) -> float:
    return math.log(place) if logarithmic else place


def _note(axis: Axis, other: Axis | None, silent: dict[float, str], rows: int, drawn: bool) -> str:
    if not silent:
        return "" if drawn else (f"theory has no edge of chaos where {axis.name} is from {axis.labels[0]} to "
                                 f"{axis.labels[-1]}")
    reason = next(iter(silent.values()))
    if other is None or len(silent) == rows:
        return f"theory draws no lines: {reason}"
    named = [other.labels[other.places.index(row)] if row in other.places else f"{row:g}" for row in silent]
    listed = ", ".join(named[:3]) + (", …" if len(named) > 3 else "")
    return f"theory draws no lines for {other.name} {listed}: {reason}"
