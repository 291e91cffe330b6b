"""The lines that theory draws on a grid: the edge of chaos, and where stacks become too deep to be trained."""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.diagnosis.verdicts import CHANGE
from actprof.digits import typed
from actprof.sweep.level_search import (
    LAYERS,
    ROUNDING,
    TOLERANCE,
    Row,
    StackAt,
    crossings,
    extent,
    rows_of,
    search_places,
)
from actprof.sweep.result import Axis, Line, Point
from actprof.theory.criticality import Conditions, Criticalities, between, conditions, gradient_growths, silence_about
from actprof.theory.predictions import EDGE_WORDS, JUMP_WORDS, TRAINABLE_SCALES


class Kind(NamedTuple):
    """What crossings of one curve have in common.

    Attributes:
        name: of the line.
        scales: what the curve is there times the depth, with the sign of the phase; 0 on the edge of chaos.
        rising: whether the criticality rises there.
        jumps: whether it does so at once, without being there anywhere, as the variance jumps.
    """

    name: str
    scales: float
    rising: bool
    jumps: bool = False


class Crossing(NamedTuple):
    kind: Kind
    place: float


Wanted = tuple[Row, float, float]  # a row, a place in it, and the level that its value is to be told from
Piece = list[tuple[int, float]]  # (row, place), row after row


def curve_pieces(found: Sequence[Sequence[Crossing]], logarithmic: bool) -> list[tuple[Kind, Piece]]:
    """Each crossing goes on with the nearest of its kind in the row before, or starts a piece.

    Where a curve begins or ceases to jump, the part between the two rows belongs to the piece that jumps.
    """
    every: list[tuple[Kind, Piece]] = []
    for row, here in enumerate(found):
        open_ends = [(kind, piece) for kind, piece in every if piece[-1][0] == row - 1]
        taken = _pairs(here, open_ends, logarithmic)
        for new, crossing in enumerate(here):
            if new in taken:
                open_ends[taken[new]][1].append((row, crossing.place))
            else:
                left = [each for old, each in enumerate(open_ends) if old not in taken.values()]
                every.append((crossing.kind, _begun(crossing.kind, (row, crossing.place), left)))
    return every


def _begun(kind: Kind, start: tuple[int, float], left: Sequence[tuple[Kind, Piece]]) -> Piece:
    """A piece from there, tied to one of those left that differs only in whether it jumps."""
    before = next((piece for each, piece in left if each == kind._replace(jumps=not kind.jumps)), None)
    if before is None:
        return [start]
    if kind.jumps:
        return [before[-1], start]
    before.append(start)
    return [start]


def _pairs(crossings: Sequence[Crossing], open_ends: Sequence[tuple[Kind, Piece]],
           logarithmic: bool) -> dict[int, int]:
    """Crossing → the piece it goes on with, the nearest first."""
    distances = sorted((abs(_scaled(crossing.place, logarithmic) - _scaled(piece[-1][1], logarithmic)), new, old)
                       for new, crossing in enumerate(crossings) for old, (kind, piece) in enumerate(open_ends)
                       if kind == crossing.kind)
    taken: dict[int, int] = {}
    for _, new, old in distances:
        if new not in taken and old not in taken.values():
            taken[new] = old
    return taken


def _scaled(place: float, logarithmic: bool) -> float:
    return math.log(place) if logarithmic else place


CRITICAL, TRAINABLE, GRADIENT = "critical", "trainable", "gradient"

# Line → how many depth scales deep a stack on it is; or how much the logarithm of its squared gradient changes.
DEPTH_SCALES = {TRAINABLE: TRAINABLE_SCALES, GRADIENT: 2 * math.log(CHANGE.value)}

SCALES = ((CRITICAL, 0.0), *((name, sign * scales) for name, scales in DEPTH_SCALES.items() for sign in (-1, 1)))

MIN_JUMP = 1e-3  # difference of criticalities right beside each other, from which on it is one
APART = 0.02  # parts of the deepest by which neighbouring points of a line of depths differ
HALVINGS = 5  # how often the distance of two rows, between which a line ends, is halved


class RowCrossings:
    """Theory on a grid whose rows run along an axis, for inputs of E x².

    Attributes:
        places: where it is looked at first, in each row.
        deep: whether one of the axes is that of the depths.
    """

    def __init__(self, axis: Axis, beyond: bool, second_moment: float, deep: bool = False) -> None:
        self._deep = deep
        self.places = search_places(axis, beyond)
        self._axis, self._second_moment = axis, second_moment
        self._conditions: dict[tuple[int, float], tuple[Row, Conditions | None]] = {}
        self._criticalities = Criticalities()

    def silent(self, row: Row) -> bool:
        """Whether theory says nothing of a row."""
        return not any(self._known(row, place) for place in self.places)

    def criticalities(self, wanted: Sequence[tuple[Row, float]], level: float = math.nan) -> list[float]:
        """The criticalities at places of rows, as exactly as tells them from a level; NaN where theory is silent."""
        return self._values([(row, place, level) for row, place in wanted])

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
        found: list[list[Crossing]] = [[] for _ in rows]
        places = [list(self.places) for _ in rows]
        for name, scales in SCALES:
            if name == GRADIENT and self._deep:  # its depth is found over all places at once
                continue
            levels = [scales / row.depth for row in rows]
            measure = self._rates if name == GRADIENT else self._values
            wanted = [[(row, place, level) for place in some]
                      for row, level, some in zip(rows, levels, places, strict=True)]
            told = iter(measure([each for some in wanted for each in some]))
            curves = [[(place, next(told)) for _, place, _ in some] for some in wanted]

            def values(numbers: Counts, where: Floats, levels: Sequence[float] = levels,
                       measure: Callable[[Sequence[Wanted]], list[float]] = measure) -> Floats:
                return np.array(measure([(rows[number], place, levels[number]) for number, place in
                                         zip(numbers.tolist(), where.tolist(), strict=True)]))

            crossed = crossings(curves, levels, values)
            if name == GRADIENT:  # which finite stacks change smoothly
                for number, rising, place in crossed:
                    found[number].append(Crossing(Kind(name, scales, rising), place))
                continue
            below, above = (self.criticalities([(rows[number], place * (1 + side)) for number, _, place in crossed],
                                               0.0) for side in (-TOLERANCE, TOLERANCE))
            for (number, rising, place), low, high in zip(crossed, below, above, strict=True):
                jumps = abs(high - low) > MIN_JUMP
                if jumps:  # which may cross other levels as well
                    places[number] = sorted({*places[number], place * (1 - TOLERANCE), place * (1 + TOLERANCE)})
                if name == CRITICAL or not jumps:  # depths that are jumped over are nobody's
                    found[number].append(Crossing(Kind(name, scales, rising, jumps), place))
        return found

    def growths(self, wanted: Sequence[tuple[Row, float, float]]) -> list[float]:
        """How much the logarithm of the squared gradient changes over stacks of these depths, from the inputs' own
        variance on; NaN where theory is silent."""
        known = [(self._known(row, place), depth) for row, place, depth in wanted]
        told = [(each, depth) for each, depth in known if each is not None]
        values = iter(gradient_growths(*zip(*told, strict=True)) if told else ())
        return [math.nan if each is None else next(values) for each, _ in known]

    def _rates(self, wanted: Sequence[Wanted]) -> list[float]:
        """The same a layer."""
        growths = self.growths([(row, place, row.depth) for row, place, _ in wanted])
        return [growth / row.depth for growth, (row, _, _) in zip(growths, wanted, strict=True)]

    def _known(self, row: Row, place: float) -> Conditions | None:
        """What decides on the stack there; None where theory is silent."""
        key = id(row.at), place
        if key not in self._conditions:  # with the row, whose identity is the key
            self._conditions[key] = row, self._found(row, place)
        return self._conditions[key][1]

    def _found(self, row: Row, place: float) -> Conditions | None:
        """What decides on the stack; between whole numbers, and beyond them, from the two nearest on the axis."""
        numbers = self._axis.numbers
        if not self._axis.whole or place in numbers:
            return conditions(row.at(place), self._second_moment)
        after = min(max(bisect.bisect(numbers, place), 1), len(numbers) - 1)
        low, high = numbers[after - 1:after + 1]
        one, other = self._known(row, low), self._known(row, high)
        return one and other and between(one, other, (place - low) / (high - low))

    def _values(self, wanted: Sequence[Wanted]) -> list[float]:
        """The criticalities of rows at places, as exactly as it takes to tell them from levels; NaN where theory is
        silent."""
        known = [(self._known(row, place), level) for row, place, level in wanted]
        told = [(each, level) for each, level in known if each is not None]
        values = iter(self._criticalities.compared(*zip(*told, strict=True)) if told else ())
        return [math.nan if each is None else next(values) for each, _ in known]


def _kinds(crossings: Sequence[Crossing]) -> list[Kind]:
    """What lines there are; where one that jumps goes on as one that does not, none ends."""
    return sorted(each.kind._replace(jumps=False) for each in crossings)


def depths(axes: Sequence[Axis], along: int, rows: Sequence[Row], theory: RowCrossings, name: str) -> tuple[Line, ...]:
    """Lines of a depth over the other axis, as far as it is on that of the depths; () without one.

    Args:
        along: the number of the axis that the rows run along.
        name: one of DEPTH_SCALES.
    """
    deep = next((number for number, axis in enumerate(axes) if axis.name == LAYERS), None)
    if deep is None:
        return ()
    # The deepest stacks are asked: a single layer has no weights like those above it.
    along_rows, deepest = along != deep, axes[deep].numbers[-1]
    low, high = extent(axes[deep]) if len(axes) > 1 else (axes[deep].numbers[0], deepest)

    def at(places: Sequence[float]) -> list[tuple[float, float]]:
        wanted = [(rows[-1], place) for place in places] if along_rows else [(row, deepest) for row in rows]
        signed = _gradient_depths(theory, wanted, high) if name == GRADIENT else [
            DEPTH_SCALES[name] / value if value else math.inf for value in theory.criticalities(wanted)]
        return list(zip(places, signed, strict=True))

    found = at(theory.places if along_rows else [row.place for row in rows])
    if along_rows and name == GRADIENT:
        found = _smooth(found, at, high)
    found = [(place, depth if low <= abs(depth) <= high else 0.0) for place, depth in found]
    pieces = [tuple((place, abs(depth)) if deep else (abs(depth), place) for place, depth in piece)
              for sign, piece in groupby(found, lambda each: np.sign(each[1])) if sign]
    if along_rows:
        return tuple(Line(name, TITLES[name], piece) for piece in pieces)
    points = tuple(point for piece in pieces for point in piece)
    return (Line(name, TITLES[name], points, rows=len(axes) > 1),) if points else ()


def _smooth(found: list[tuple[float, float]], at: Callable[[Sequence[float]], list[tuple[float, float]]],
            deepest: float) -> list[tuple[float, float]]:
    """With further places between those whose depths are far apart."""
    for _ in range(HALVINGS):
        seen = [min(abs(depth), 2 * deepest) for _, depth in found]
        between = [(one + other) / 2 for ((one, _), (other, _)), (before, after) in zip(
            pairwise(found), pairwise(seen), strict=True) if abs(after - before) > APART * deepest]
        found = sorted([*found, *at(between)])
    return found


def _gradient_depths(theory: RowCrossings, wanted: Sequence[tuple[Row, float]], deepest: float) -> list[float]:
    """The depth at which each gradient has changed by as much as it may, with the sign of the change; infinite where
    that is deeper than `deepest`."""
    steps = np.arange(1, math.ceil(deepest) + 1)
    growths = np.reshape(theory.growths([(row, place, depth) for row, place in wanted for depth in steps.tolist()]),
                         (-1, len(steps)))
    over = np.abs(growths) >= DEPTH_SCALES[GRADIENT]
    first = over.argmax(axis=1)
    found = []
    for growth, step, any_ in zip(growths, first.tolist(), over.any(axis=1).tolist(), strict=True):
        before, here = np.abs(growth[max(step - 1, 0)]), np.abs(growth[step])
        depth = step + (DEPTH_SCALES[GRADIENT] - before) / (here - before) if any_ and step else math.inf
        found.append(math.copysign(depth, growth[step]))
    return found


MAX_NAMED = 3  # maximum rows that are named for one reason


def silences(theory: RowCrossings, rows: Sequence[Row], axis: Axis, other: Axis | None, second_moment: float) -> str:
    """A note that says of which rows theory is silent, and why; "" if of none."""
    reasons = defaultdict(list)
    for row in filter(theory.silent, rows):
        fateless = f"inputs whose mean square is {typed(second_moment)} have no fate"
        reason = silence_about(row.at(axis.numbers[0])) or fateless
        reasons[reason].append(_named(row, other))
    if not reasons:
        return ""
    if other is None or (len(reasons) == 1 and len(*reasons.values()) == len(rows)):
        return f"theory draws no edge of chaos: {next(iter(reasons))}"
    parts = (f"{', '.join(names[:MAX_NAMED])}{', …' if len(names) > MAX_NAMED else ''}: {reason}"
             for reason, names in reasons.items())
    return f"theory draws no edge of chaos for {other.name} {'; for '.join(parts)}"


def nothing_to_draw(theory: RowCrossings, rows: Sequence[Row], axis: Axis, other: Axis | None) -> str:
    """Why there are no lines where theory is not silent: all is critical, or nothing."""
    values = theory.criticalities([(row, place) for row in rows for place in theory.places], 0.0)
    if all(not abs(value) > ROUNDING for value in values):
        return "theory draws no edge of chaos: χ₁ = 1 everywhere"
    depths = next((each for each in (axis, other) if each and each.name == LAYERS), None)
    ends = [f"{what} where {each.name} is from {each.labels[0]} to {each.labels[-1]}" for what, each in (
        ("χ₁ does not cross 1", None if axis is depths else axis),
        (f"depth {TRAINABLE_SCALES:g} ξ is not reached", depths),
    ) if each]
    return f"theory draws no edge of chaos: {' and '.join(ends)}"


def _named(row: Row, other: Axis | None) -> str:
    return other.labels[other.places.index(row.place)] if other and row.place in other.places else typed(row.place)


JUMP = "jump"

# Of each line; at a jump the variance goes to another fixed point, or to infinity.
TITLES = {CRITICAL: f"{EDGE_WORDS}: χ₁ = 1", JUMP: JUMP_WORDS,
          TRAINABLE: f"depth {TRAINABLE_SCALES:g} ξ_c: inputs still told apart",
          GRADIENT: f"gradients change ×{CHANGE.value:g}: trainable within both"}

# Axes along which lines are looked for first: a scale of the biases may leave a line and come back to it.
WEIGHTS = "gain", "std"


def lines(axes: Sequence[Axis], stack_at: StackAt, second_moment: float) -> tuple[tuple[Line, ...], str]:
    """The lines on a grid of one or two axes, for inputs of E x².

    Args:
        stack_at: the stack at coordinates, one an axis; between the places of an axis, and beyond them, only if it has
            numbers that count nothing.

    Returns:
        (lines, note). The note says of which rows theory is silent, or why there is no line; else it is "".
    """
    along = min(range(len(axes)), key=lambda number: _order(axes[number]))
    axis, other = axes[along], axes[1 - along] if len(axes) > 1 else None
    if not axis.numbers:
        return (), "theory draws no edge of chaos where only names vary"
    rows = rows_of(stack_at, along, axis, other, second_moment)
    theory = RowCrossings(axis, other is not None, second_moment, any(each.name == LAYERS for each in axes))
    drawn = () if axis.name == LAYERS else _drawn(theory.found(rows), axis, other, along)
    for name in DEPTH_SCALES:
        if all(line.name != name for line in drawn):
            drawn += depths(axes, along, rows, theory, name)
    note = silences(theory, rows, axis, other, second_moment)
    return drawn, note or ("" if drawn else nothing_to_draw(theory, rows, axis, other))


def _order(axis: Axis) -> int:
    """The rank of an axis among those along which lines may be looked for; the least is taken."""
    if not axis.numbers:
        return 4
    return 2 + (axis.name == LAYERS) if axis.whole else int(axis.name not in WEIGHTS)


def _drawn(found: Sequence[tuple[Row, Sequence[Crossing]]], axis: Axis, other: Axis | None,
           along: int) -> tuple[Line, ...]:
    """Curves, or along an axis of names one line of separate points for each title."""
    def point(row: float, place: float) -> Point:
        return (row, place) if along else (place, row)

    if other is not None and not other.numbers:
        points = {name: tuple(point(row.place, each.place) for row, crossings in found for each in crossings
                              if _name(each.kind) == name) for name in TITLES}
        return tuple(Line(name, TITLES[name], some, rows=True) for name, some in points.items() if some)
    every = sorted(curve_pieces([crossings for _, crossings in found], axis.logarithmic),
                   key=lambda each: list(TITLES).index(_name(each[0])))
    return tuple(Line(_name(kind), TITLES[_name(kind)], tuple(point(found[row][0].place, place)
                                                              for row, place in piece)) for kind, piece in every)


def _name(kind: Kind) -> str:
    return JUMP if kind.jumps else kind.name
