"""What is said where theory draws no lines: of which rows, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from actprof.predictions import TRAINABLE_SCALES
from actprof.sweep_maps import Axis
from actprof.sweeps.conditions import silence_about
from actprof.sweeps.crossings import ROUNDING
from actprof.sweeps.row_crossings import RowCrossings
from actprof.sweeps.rows import LAYERS, Row

MOST_NAMED = 3
"""Rows of one reason."""


def silences(theory: RowCrossings, rows: Sequence[Row], axis: Axis, other: Axis | None, second_moment: float) -> str:
    """Of which rows along the axis theory says nothing, and why; "" if of none."""
    reasons = defaultdict(list)
    for row in filter(theory.silent, rows):
        reason = silence_about(row.at(axis.numbers[0])) or f"inputs whose mean square is {second_moment:g} have no fate"
        reasons[reason].append(_named(row, other))
    if not reasons:
        return ""
    if other is None or (len(reasons) == 1 and len(*reasons.values()) == len(rows)):
        return f"theory draws no lines: {next(iter(reasons))}"
    parts = (f"{', '.join(names[:MOST_NAMED])}{', …' if len(names) > MOST_NAMED else ''}: {reason}"
             for reason, names in reasons.items())
    return f"theory draws no lines for {other.name} {'; for '.join(parts)}"


def nothing_to_draw(theory: RowCrossings, rows: Sequence[Row], axis: Axis, other: Axis | None) -> str:
    """Why there are no lines where theory is not silent: all is critical, or nothing."""
    values = theory.criticalities([(row, place) for row in rows for place in theory.places], 0.0)
    if all(not abs(value) > ROUNDING for value in values):
        return "theory draws no lines: χ₁ = 1 everywhere"
    depths = next((each for each in (axis, other) if each and each.name == LAYERS), None)
    ends = [f"{what} where {each.name} is from {each.labels[0]} to {each.labels[-1]}" for what, each in (
        ("χ₁ does not cross 1", None if axis is depths else axis),
        (f"depth {TRAINABLE_SCALES:g} ξ is not reached", depths),
    ) if each]
    return f"theory draws no lines: {' and '.join(ends)}"


def _named(row: Row, other: Axis | None) -> str:
    return other.labels[other.places.index(row.place)] if other and row.place in other.places else f"{row.place:g}"
