"""The places in each row of a grid where a stack is critical, or just as deep as can be trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from actprof.predictions import TRAINABLE_SCALES
from actprof.sweeps.branches import Crossing, Kind
from actprof.sweeps.conditions import Conditions, conditions
from actprof.sweeps.criticality import Criticalities
from actprof.sweeps.crossings import TOLERANCE, searches, together
from actprof.sweeps.rows import Row

CRITICAL, TRAINABLE = "critical", "trainable"

SCALES = ((CRITICAL, 0.0), (TRAINABLE, -TRAINABLE_SCALES), (TRAINABLE, TRAINABLE_SCALES))
"""Line → how many depth scales deep a stack on it is, with the sign of the phase."""

JUMP = 1e-3
"""Difference of criticalities right beside each other, from which on it is one."""

HALVINGS = 5
"""Of the distance of two rows between which a line ends."""

Asked = tuple[Row, float]
"""A row and the level that is looked for in it."""


class RowCrossings:
    """Theory on a grid, for inputs of E x², which is looked at in these places along each row."""

    def __init__(self, places: Sequence[float], second_moment: float) -> None:
        self._places, self._second_moment = places, second_moment
        self._conditions: dict[tuple[int, float], tuple[Row, Conditions | None]] = {}
        self._criticalities = Criticalities()

    def silent(self, row: Row) -> bool:
        """Whether theory says nothing of a row."""
        return not any(self._known(row, place) for place in self._places)

    def found(self, rows: Sequence[Row]) -> list[tuple[Row, list[Crossing]]]:
        """Each row with its crossings, and further rows that are close to where a line ends between two."""
        found = list(zip(rows, self._of(rows), strict=True))
        for _ in range(HALVINGS):
            between = [one.moved((one.place + other.place) / 2) for (one, here), (other, there) in pairwise(found)
                       if one.moved and _kinds(here) != _kinds(there)]
            if not between:
                break
            found = sorted([*found, *zip(between, self._of(between), strict=True)], key=lambda each: each[0].place)
        return found

    def _of(self, rows: Sequence[Row]) -> list[list[Crossing]]:
        crossings: list[list[Crossing]] = [[] for _ in rows]
        places = [list(self._places) for _ in rows]
        for name, scales in SCALES:
            found = self._sought([(row, scales / row.depth) for row in rows], places)
            for number, rising, place in found:
                crossings[number].append(Crossing(Kind(name, scales, rising), place))
            for number, sides in self._jumps(rows, [(number, place) for number, _, place in found]):
                places[number] = sorted({*places[number], *sides})
        return crossings

    def _sought(self, asked: Sequence[Asked], places: Sequence[Sequence[float]]) -> list[tuple[int, bool, float]]:
        """(number of the row, whether its level is crossed from below, place) for all crossings."""
        values = iter(self._values([(each, place) for each, some in zip(asked, places, strict=True) for place in some]))
        curves = [[(place, next(values)) for place in some] for some in places]
        running = [(number, rising, search) for number, curve in enumerate(curves) for rising, search in searches(
            [point for point in curve if not math.isnan(point[1])], asked[number][1])]
        ends = together([(asked[number], search) for number, _, search in running], self._values)
        return [(number, rising, place) for (number, rising, _), place in zip(running, ends, strict=True)]

    def _jumps(self, rows: Sequence[Row],
               found: Sequence[tuple[int, float]]) -> list[tuple[int, tuple[float, float]]]:
        """(number of the row, places on both sides) of crossings at a jump, which may cross other levels as well."""
        sides = [(number, (place * (1 - TOLERANCE), place * (1 + TOLERANCE))) for number, place in found]
        values = self._values([((rows[number], 0.0), place) for number, both in sides for place in both])
        return [side for side, below, above in zip(sides, values[::2], values[1::2], strict=True)
                if abs(above - below) > JUMP]

    def _known(self, row: Row, place: float) -> Conditions | None:
        """What decides on the stack there; None where theory is silent."""
        key = id(row.at), place
        if key not in self._conditions:  # with the row, whose identity is the key
            self._conditions[key] = row, conditions(row.at(place), self._second_moment)
        return self._conditions[key][1]

    def _values(self, wanted: Sequence[tuple[Asked, float]]) -> list[float]:
        """The criticalities, as exactly as it takes to tell them from the levels; NaN where theory is silent."""
        known = [(self._known(row, place), level) for (row, level), place in wanted]
        told = [(each, level) for each, level in known if each is not None]
        values = iter(self._criticalities.compared(*zip(*told, strict=True)) if told else ())
        return [math.nan if each is None else next(values) for each, _ in known]


def _kinds(crossings: Sequence[Crossing]) -> list[Kind]:
    return sorted(each.kind for each in crossings)
