"""The rows of a grid along which theory's lines are looked for, and the search for where curves cross levels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.engine.spec import StackSpec
from actprof.sweep.result import Axis, Point
from actprof.theory.criticality import conditions

# Places along a row, at least; rows of a second axis that is continuous too, and of depths.
MIN_PLACES, ROWS, DEPTHS = 16, 30, 60

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
    """The ends of an axis, half a cell beyond its first and last value, but no value that cannot be."""
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


# Width, relative to where it is, of the stretch that a crossing is in, or a step, relative to the stretch at first.
TOLERANCE, SETTLED = 1e-9, 1e-8

# Lines through two points of a curve, before a crossing is taken for a jump, and steps in all.
MAX_STEPS, MAX_HALVINGS = 12, 200

# Below a level by less than this counts as on it, so that where a whole stretch is critical its end is the line.
ROUNDING = 1e-13

Found = tuple[int, bool, float]  # number of the curve, whether its level is crossed from below, and the place


def crossings(curves: Sequence[Sequence[Point]], levels: Sequence[float],
              values: Callable[[Counts, Floats], Floats]) -> list[Found]:
    """All crossings of curves given as (place, value), rising in each; a value of NaN is left out.

    An end that is on the level, and from which the curve goes to one side, is a crossing.

    Args:
        values: the values of the curves of these numbers at these places.
    """
    found: list[Found] = []
    stretches = []
    for number, (curve, level) in enumerate(zip(curves, levels, strict=True)):
        known = [(place, value - level) for place, value in curve if not math.isnan(value)]
        sides = [point for point in known if abs(point[1]) > ROUNDING]
        found += [(number, not end, known[end][0]) for end in (0, -1) if sides and sides[end][1] > 0
                  and sides[end][0] != known[end][0]]
        stretches += [(number, *low, *high) for low, high in pairwise(known)
                      if (low[1] > -ROUNDING) != (high[1] > -ROUNDING)]
    if stretches:
        numbers, low, at_low, high, at_high = map(np.array, zip(*stretches, strict=True))
        rising, level_of = at_high > -ROUNDING, np.array(levels)[numbers]
        places = _refined(low, at_low, high, at_high, lambda some, where: values(numbers[some], where) - level_of[some])
        found += zip(numbers.tolist(), rising.tolist(), places.tolist(), strict=True)
    return sorted(found, key=lambda each: (each[0], each[2]))


@np.errstate(all="ignore")
def _refined(low: Floats, at_low: Floats, high: Floats, at_high: Floats,
             values: Callable[[Counts, Floats], Floats]) -> Floats:
    """The places between where the values change their side, by the Illinois variant of false position (Dowell &
    Jarratt 1971) and, where that does not settle, because there is a jump, by halving."""
    rising, settled, guess = at_high > -ROUNDING, SETTLED * (high - low), np.full(len(low), np.nan)
    on_level = [np.where(np.abs(at) <= ROUNDING, end, np.nan) for end, at in ((low, at_low), (high, at_high))]
    done, last = np.zeros(len(low), bool), np.zeros(len(low))
    for step in range(MAX_HALVINGS):
        line = (low * at_high - high * at_low) / (at_high - at_low)
        least = TOLERANCE * np.maximum(np.abs(low), np.abs(high)) / 2
        smooth = (step < MAX_STEPS) & (low <= line) & (line <= high)
        following = np.where(smooth, line, (low + high) / 2)
        ended = (smooth & (np.abs(following - guess) <= settled)) | (high - low <= 2 * least)
        # An end that is a root up to rounding is not left by less.
        guess = np.where(done, guess, np.where(ended, following, np.clip(following, low + least, high - least)))
        done |= ended
        some = np.flatnonzero(~done)
        if not len(some):
            break
        value = values(some, guess[some])
        upper = (value > -ROUNDING) == rising[some]
        for side, end, at, other in ((upper, high, at_high, at_low), (~upper, low, at_low, at_high)):
            here, moved = some[side], 1.0 if end is high else -1.0
            other[here] = np.where(last[here] == moved, other[here] / 2, other[here])
            end[here], at[here], last[here] = guess[here], value[side], moved
    for place in on_level:  # such as a grid's end
        guess = np.where(np.abs(place - guess) <= settled, place, guess)
    return guess
