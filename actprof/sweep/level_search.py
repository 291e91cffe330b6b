"""Where curves cross a level: many searches at once, so that all that they ask for is computed together."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from actprof.sweep.result import Point

T = TypeVar("T")

Search = Generator[float, float, float]
"""Yields the places it wants to know the curve's value at, and returns that of the crossing."""

TOLERANCE, SETTLED = 1e-9, 1e-8
"""Width, relative to where it is, of the stretch that a crossing is in, or a step, relative to the stretch at first."""

MAX_STEPS, MAX_HALVINGS = 8, 200
"""Interpolations of one crossing, before it is taken for a jump, and steps in all."""

NEIGHBOURS = 3
"""Points of the curve on either side that an interpolation starts from."""

ROUNDING = 1e-13
"""Below a level by less than this counts as on it, so that where a whole stretch is critical its end is the line."""


def searches(curve: Sequence[Point], level: float) -> list[tuple[bool, Search]]:
    """(whether the level is crossed from below, the search) for each crossing between points (place, value), rising.

    An end that is on the level, and from which the curve goes to one side, is a crossing.
    """
    sides = [(place, value - level) for place, value in curve if abs(value - level) > ROUNDING]
    found = []
    if sides and sides[0][1] > 0 and sides[0][0] > curve[0][0]:
        found.append((True, _known(curve[0][0])))
    for number, ((low, at_low), (high, at_high)) in enumerate(itertools.pairwise(curve)):
        if _above(at_low, level) != _above(at_high, level):
            near = list(curve[max(number + 1 - NEIGHBOURS, 0):number + 1 + NEIGHBOURS])
            found.append((_above(at_high, level), _search(near, level, low, high)))
    if sides and sides[-1][1] > 0 and sides[-1][0] < curve[-1][0]:
        found.append((False, _known(curve[-1][0])))
    return found


def together(running: Sequence[tuple[T, Search]],
             values: Callable[[list[tuple[T, float]]], Sequence[float]]) -> list[float]:
    """What the searches return.

    Args:
        running: (whose curve, search).
        values: the values at (whose curve, place).
    """
    ends = [math.nan] * len(running)
    answers: dict[int, float | None] = dict.fromkeys(range(len(running)))
    while answers:
        asked: dict[int, float] = {}
        for number, answer in answers.items():
            try:
                search = running[number][1]
                asked[number] = next(search) if answer is None else search.send(answer)
            except StopIteration as end:
                ends[number] = end.value
        found = values([(running[number][0], place) for number, place in asked.items()]) if asked else ()
        answers = dict(zip(asked, found, strict=True))
    return ends


def _known(place: float) -> Search:
    """One that has nothing to ask."""
    yield from ()
    return place


def _search(known: list[Point], level: float, low: float, high: float) -> Search:
    """By interpolation and, where that does not settle, because there is a jump, by halving."""
    settled, guess = SETTLED * (high - low), math.nan
    rising = not _above(dict(known)[low], level)
    for step in range(MAX_HALVINGS):
        least = TOLERANCE * max(abs(low), abs(high)) / 2
        if high - low <= 2 * least:
            break
        smooth = step < MAX_STEPS
        before, guess = guess, _interpolated(known, level, low, high) if smooth else (low + high) / 2
        if smooth and abs(guess - before) <= settled:
            return _snapped(known, level, guess, settled)
        # An end that is a root up to rounding is not left by less.
        guess = min(max(guess, low + least), high - least)
        value = yield guess
        bisect.insort(known, (guess, value))
        low, high = (low, guess) if _above(value, level) == rising else (guess, high)
    return _snapped(known, level, (low + high) / 2, max(high - low, settled))


def _snapped(known: Sequence[Point], level: float, guess: float, reach: float) -> float:
    """A place close by that is on the level, such as a grid's end, or the guess."""
    near = (place for place, value in known if abs(place - guess) <= reach and abs(value - level) <= ROUNDING)
    return next(near, guess)


def _interpolated(known: list[Point], level: float, low: float, high: float) -> float:
    """Between two neighbours, by the inverse polynomial through both and theirs, or the line through both."""
    index = bisect.bisect_left(known, (low, -math.inf))
    for points in (known[max(index - 1, 0):index + 3], known[index:index + 2]):
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
