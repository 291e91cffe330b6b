"""The lines that theory draws on a grid: the edge of chaos, and where stacks become too deep to be trained."""

from __future__ import annotations

from collections.abc import Sequence

from actprof.predictions import TRAINABLE_SCALES
from actprof.sweep_maps import Axis, Line, Point
from actprof.sweeps.branches import Crossing, Kind, branches
from actprof.sweeps.line_notes import nothing_to_draw, silences
from actprof.sweeps.row_crossings import CRITICAL, TRAINABLE, RowCrossings
from actprof.sweeps.rows import LAYERS, Row, StackAt, rows_of
from actprof.sweeps.trainable_depths import trainable_depths

JUMP = "jump"
TITLES = {CRITICAL: "edge of chaos: χ₁ = 1", JUMP: "variance jumps, χ₁ skips 1",
          TRAINABLE: f"depth {TRAINABLE_SCALES:g} ξ: as deep as is trainable"}
"""Of each line; at a jump the variance goes to another fixed point, or to infinity."""

WEIGHTS = "gain", "std"
"""Axes along which lines are looked for first: a scale of the biases may leave a line and come back to it."""


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
        return (), "theory draws no lines where only names vary"
    rows = rows_of(stack_at, along, axis, other, second_moment)
    theory = RowCrossings(axis, other is not None, second_moment)
    drawn = () if axis.name == LAYERS else _drawn(theory.found(rows), axis, other, along)
    if all(line.name != TRAINABLE for line in drawn):
        drawn += trainable_depths(axes, along, rows, theory, TITLES[TRAINABLE])
    note = silences(theory, rows, axis, other, second_moment)
    return drawn, note or ("" if drawn else nothing_to_draw(theory, rows, axis, other))


def _order(axis: Axis) -> int:
    """Where it comes among those along which lines are looked for."""
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
    every = sorted(branches([crossings for _, crossings in found], axis.logarithmic),
                   key=lambda each: list(TITLES).index(_name(each[0])))
    return tuple(Line(_name(kind), TITLES[_name(kind)], tuple(point(found[row][0].place, place)
                                                              for row, place in branch)) for kind, branch in every)


def _name(kind: Kind) -> str:
    return JUMP if kind.jumps else kind.name
