"""The places in each row of a grid where a stack is critical, or just as deep as can be trained."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from itertools import pairwise

from actprof.predictions import TRAINABLE_SCALES
from actprof.sweep_maps import Axis
from actprof.sweeps.branches import Crossing, Kind
from actprof.sweeps.conditions import Conditions, between, conditions
from actprof.sweeps.criticality import Criticalities
from actprof.sweeps.crossings import TOLERANCE, searches, together
from actprof.sweeps.rows import Row, search_places

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
    """Theory on a grid whose rows run along an axis, for inputs of E x².

    Attributes:
        places: where it is looked at first, in each row.
    """

    def __init__(self, axis: Axis, beyond: bool, second_moment: float) -> None:
        self.places = search_places(axis, beyond)
        self._axis, self._second_moment = axis, second_moment
        self._conditions: dict[tuple[int, float], tuple[Row, Conditions | None]] = {}
        self._criticalities = Criticalities()

    def silent(self, row: Row) -> bool:
        """Whether theory says nothing of a row."""
        return not any(self._known(row, place) for place in self.places)

    def criticalities(self, wanted: Sequence[tuple[Row, float]], level: float = math.nan) -> list[float]:
        """Those at places of rows, exactly or as far as tells them from a level; NaN where theory is silent."""
        return self._values([((row, level), place) for row, place in wanted])

    def found(self, rows: Sequence[Row]) -> list[tuple[Row, list[Crossing]]]:
        """Each row with its crossings, and further rows that are close to where a line ends between two."""
        found = list(zip(rows, self._of(rows), strict=True))
        for _ in range(HALVINGS):
            further = [one.moved((one.place + other.place) / 2) for (one, here), (other, there) in pairwise(found)
                       if one.moved and _kinds(here) != _kinds(there)]
            if not further:
                break
            found = sorted([*found, *zip(further, self._of(further), strict=True)], key=lambda each: each[0].place)
        return found

    def _of(self, rows: Sequence[Row]) -> list[list[Crossing]]:
        crossings: list[list[Crossing]] = [[] for _ in rows]
        places = [list(self.places) for _ in rows]
        for name, scales in SCALES:
            found = self._sought([(row, scales / row.depth) for row in rows], places)
            jumps = self._jumps([(rows[number], place) for number, _, place in found])
            for (number, rising, place), sides in zip(found, jumps, strict=True):
                places[number] = sorted({*places[number], *sides})
                if name == CRITICAL or not sides:  # depths that are jumped over are nobody's
                    crossings[number].append(Crossing(Kind(name, scales, rising, bool(sides)), place))
        return crossings

    def _sought(self, asked: Sequence[Asked], places: Sequence[Sequence[float]]) -> list[tuple[int, bool, float]]:
        """(number of the row, whether its level is crossed from below, place) for all crossings."""
        values = iter(self._values([(each, place) for each, some in zip(asked, places, strict=True) for place in some]))
        curves = [[(place, next(values)) for place in some] for some in places]
        running = [(number, rising, search) for number, curve in enumerate(curves) for rising, search in searches(
            [point for point in curve if not math.isnan(point[1])], asked[number][1])]
        ends = together([(asked[number], search) for number, _, search in running], self._values)
        return [(number, rising, place) for (number, rising, _), place in zip(running, ends, strict=True)]

    def _jumps(self, found: Sequence[tuple[Row, float]]) -> list[tuple[float, ...]]:
        """Places on both sides of each crossing at a jump, which may cross other levels as well; () for all others."""
        sides = [(place * (1 - TOLERANCE), place * (1 + TOLERANCE)) for _, place in found]
        values = self.criticalities([(row, place) for (row, _), both in zip(found, sides, strict=True)
                                     for place in both], 0.0)
        return [both if abs(above - below) > JUMP else ()
                for both, below, above in zip(sides, values[::2], values[1::2], strict=True)]

    def _known(self, row: Row, place: float) -> Conditions | None:
        """What decides on the stack there; None where theory is silent."""
        key = id(row.at), place
        if key not in self._conditions:  # with the row, whose identity is the key
            self._conditions[key] = row, self._found(row, place)
        return self._conditions[key][1]

    def _found(self, row: Row, place: float) -> Conditions | None:
        """Between whole numbers, and beyond them, from the two nearest on the axis."""
        numbers = self._axis.numbers
        if not self._axis.whole or place in numbers:
            return conditions(row.at(place), self._second_moment)
        after = min(max(bisect.bisect(numbers, place), 1), len(numbers) - 1)
        low, high = numbers[after - 1:after + 1]
        one, other = self._known(row, low), self._known(row, high)
        return one and other and between(one, other, (place - low) / (high - low))

    def _values(self, wanted: Sequence[tuple[Asked, float]]) -> list[float]:
        """The criticalities, as exactly as it takes to tell them from the levels; NaN where theory is silent."""
        known = [(self._known(row, place), level) for (row, level), place in wanted]
        told = [(each, level) for each, level in known if each is not None]
        values = iter(self._criticalities.compared(*zip(*told, strict=True)) if told else ())
        return [math.nan if each is None else next(values) for each, _ in known]


def _kinds(crossings: Sequence[Crossing]) -> list[Kind]:
    """What lines there are; where one that jumps goes on as one that does not, none ends."""
    return sorted(each.kind._replace(jumps=False) for each in crossings)
