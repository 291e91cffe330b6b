"""The lines that theory draws on a grid: the edge of chaos, and where stacks become too deep to be trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actprof.predictions import TRAINABLE_SCALES
from actprof.sweep_maps import Axis, Line, Point
from actprof.sweeps.branches import Crossing, branches
from actprof.sweeps.conditions import silence_about
from actprof.sweeps.row_crossings import CRITICAL, TRAINABLE, RowCrossings
from actprof.sweeps.rows import Row, StackAt, rows_of, search_places

# Where the variance jumps (gelu), to infinity or a larger fixed point, χ₁ passes 1 without being 1 anywhere.
TITLES = {CRITICAL: "edge of chaos: χ₁ passes 1",
          TRAINABLE: f"depth {TRAINABLE_SCALES:g} ξ_c: as deep as is trainable"}

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
    continuous = [number for number, axis in enumerate(axes) if axis.numbers and not axis.whole]
    if not continuous:
        return (), ""
    along = min(continuous, key=lambda number: axes[number].name not in WEIGHTS)
    axis, other = axes[along], axes[1 - along] if len(axes) > 1 else None
    rows = rows_of(stack_at, along, axis, other, second_moment)
    crossings = RowCrossings(search_places(axis, beyond=other is not None), second_moment)
    drawn = _drawn(crossings.found(rows), axis, other, along)
    silent = {row.place: silence_about(row.at(axis.numbers[0])) or "the inputs have no finite mean square"
              for row in rows if crossings.silent(row)}
    return drawn, _note(axis, other, silent, len(rows), bool(drawn))


def _drawn(found: Sequence[tuple[Row, Sequence[Crossing]]], axis: Axis, other: Axis | None,
           along: int) -> tuple[Line, ...]:
    """Curves, or along an axis of names one line of separate points for each title."""
    def point(row: float, place: float) -> Point:
        return (row, place) if along else (place, row)

    if other is not None and not other.numbers:
        points = {name: tuple(point(row.place, each.place) for row, crossings in found for each in crossings
                              if each.kind.name == name) for name in TITLES}
        return tuple(Line(name, TITLES[name], some, rows=True) for name, some in points.items() if some)
    every = sorted(branches([crossings for _, crossings in found], axis.logarithmic),
                   key=lambda each: list(TITLES).index(each[0].name))
    return tuple(Line(kind.name, TITLES[kind.name], tuple(point(found[row][0].place, place) for row, place in branch))
                 for kind, branch in every)


def _note(axis: Axis, other: Axis | None, silent: Mapping[float, str], rows: int, drawn: bool) -> str:
    if not silent:
        return "" if drawn else (f"theory has no edge of chaos where {axis.name} is from {axis.labels[0]} to "
                                 f"{axis.labels[-1]}")
    reason = next(iter(silent.values()))
    if other is None or len(silent) == rows:
        return f"theory draws no lines: {reason}"
    named = [other.labels[other.places.index(row)] if row in other.places else f"{row:g}" for row in silent]
    listed = ", ".join(named[:3]) + (", …" if len(named) > 3 else "")
    return f"theory draws no lines for {other.name} {listed}: {reason}"
