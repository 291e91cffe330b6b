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

TITLES = {(CRITICAL, False): "edge of chaos: χ₁ = 1",
          (CRITICAL, True): "variance jumps, χ₁ skips 1",
          (TRAINABLE, False): f"depth {TRAINABLE_SCALES:g} ξ: as deep as is trainable"}
"""Of (name, whether the variance jumps there: to another fixed point, or to infinity)."""

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
        drawn += trainable_depths(axes, along, rows, theory, TITLES[TRAINABLE, False])
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
        points = {key: tuple(point(row.place, each.place) for row, crossings in found for each in crossings
                             if _key(each.kind) == key) for key in TITLES}
        return tuple(Line(key[0], TITLES[key], some, rows=True) for key, some in points.items() if some)
    every = sorted(branches([crossings for _, crossings in found], axis.logarithmic),
                   key=lambda each: list(TITLES).index(_key(each[0])))
    return tuple(Line(kind.name, TITLES[_key(kind)], tuple(point(found[row][0].place, place) for row, place in branch))
                 for kind, branch in every)


def _key(kind: Kind) -> tuple[str, bool]:
    return kind.name, kind.jumps
