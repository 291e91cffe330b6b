"""The rows of a grid that theory's lines are looked for along, and the places along them where it is asked first."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from actprof.engine.spec import StackSpec
from actprof.sweep.result import Axis
from actprof.theory.criticality import conditions

MIN_PLACES, ROWS, DEPTHS = 16, 30, 60
"""Places along a row, at least; rows of a second axis that is continuous too, and of depths."""

LAYERS = "layers"
StackAt = Callable[[Sequence[float]], StackSpec]


@dataclass(frozen=True)
class Row:
    """One place on the other axis.

    Attributes:
        place: 0 where there is no other axis.
        depth: of its stacks; between two layers too, where nothing else depends on it.
        at: the stack at a place along the row, but for its depth; rows that differ in that only share it.
        moved: the row at another place; None where there is nothing between rows.
    """

    place: float
    depth: float
    at: Callable[[float], StackSpec]
    moved: Callable[[float], Row] | None = None


def rows_of(stack_at: StackAt, along: int, axis: Axis, other: Axis | None, second_moment: float) -> list[Row]:
    """The rows across the axis that is number `along`, half a cell beyond the other's ends where that makes sense."""
    start = axis.places[0]
    if other is None:
        return [Row(0.0, stack_at((start,)).depth, lambda place: stack_at((place,)))]
    between = bool(other.numbers) and not other.whole
    rows = [_row(stack_at, along, place, start, between) for place in _row_places(other)]
    if other.name == LAYERS and len(rows) > 1 and _differ_in_depth(rows, axis, second_moment):
        depths = sorted({*other.numbers, *_even(other, DEPTHS)}) if len(rows) < DEPTHS else other.numbers
        return [_of_depth(rows[-1].at, depth) for depth in depths]
    return rows


def search_places(axis: Axis, beyond: bool) -> list[float]:
    """MIN_PLACES or up to twice as many: some of the axis's own places, or with others evenly between neighbours.

    Args:
        beyond: whether half a cell beyond the axis's ends belongs to the grid too.
    """
    own = [*axis.numbers[:-1][::max(1, (len(axis) - 1) // (MIN_PLACES - 1))], *axis.numbers[-1:]]
    if len(own) < 2:
        return own
    pieces = math.ceil((MIN_PLACES - 1) / (len(own) - 1))
    space = np.geomspace if axis.logarithmic else np.linspace
    inner = [place for low, high in itertools.pairwise(own)
             for place in (low, *space(low, high, pieces + 1).tolist()[1:-1])] + own[-1:]
    return sorted({*inner, *extent(axis)}) if beyond else inner


def extent(axis: Axis) -> tuple[float, float]:
    """From half a cell below the first value to half a cell above the last, but no value that cannot be."""
    if len(axis) < 2:
        return axis.numbers[0], axis.numbers[-1]
    first, second, *_ = axis.numbers
    before, last = axis.numbers[-2:]
    if axis.logarithmic:
        low, high = first * math.sqrt(first / second), last * math.sqrt(last / before)
    else:
        low, high = first - (second - first) / 2, last + (last - before) / 2
    return max(low, float(axis.whole)), high


def _row_places(other: Axis) -> Sequence[float]:
    if other.whole or len(other.numbers) < 2:
        return other.places
    places = _even(other, max(ROWS, len(other)))
    for own in other.numbers:  # where the line is at a value that was asked for can be said in words
        places[min(range(len(places)), key=lambda each: abs(places[each] - own))] = own
    return sorted({*_even(other, 2), *places})


def _even(axis: Axis, count: int) -> list[float]:
    """Places from end to end of its extent; of whole numbers evenly in the logarithm, from 0 on in the root."""
    low, high = extent(axis)
    if low == 0:  # near which the edge of a smooth φ follows a power of σ_b below 1
        return [high * (step / (count - 1)) ** 2 for step in range(count)]
    space = np.geomspace if axis.logarithmic or axis.whole else np.linspace
    return [low, *space(low, high, count).tolist()[1:-1], high]


def _row(stack_at: StackAt, along: int, row: float, start: float, between: bool) -> Row:
    def at(place: float) -> StackSpec:
        return stack_at((row, place) if along else (place, row))

    def moved(place: float) -> Row:
        return _row(stack_at, along, place, start, between)

    return Row(row, at(start).depth, at, moved if between else None)


def _of_depth(at: Callable[[float], StackSpec], depth: float) -> Row:
    return Row(depth, depth, at, lambda place: _of_depth(at, place))


def _differ_in_depth(rows: Sequence[Row], axis: Axis, second_moment: float) -> bool:
    """Whether nothing else makes a difference, as far as both ends and the middle tell."""
    probes = {axis.numbers[0], axis.numbers[len(axis) // 2], axis.numbers[-1]}
    same = (len({conditions(row.at(place), second_moment) for row in rows}) == 1 for place in probes)
    return all(row.depth == row.place for row in rows) and all(same)
