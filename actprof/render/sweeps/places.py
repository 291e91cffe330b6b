"""Places on the axes of a sweep: in a few characters, those there is room for, and where theory's lines run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from actprof.sweep_maps import Axis, Line, Point

WIDEST_NUMBER = 8
"""Characters of a label that is a number, before it is rounded."""

FEWEST_DIGITS, MOST_DIGITS = 3, 17
MOST_POINTS = 5
"""Of a curve, in a sentence."""

STEADY = 1e-6
"""Relative; coordinates no further apart are one number."""


def labels(axis: Axis) -> list[str]:
    """Labels as they are; long numbers with as few digits as tell them apart, and at least three."""
    if not axis.numbers or max(map(len, axis.labels)) <= WIDEST_NUMBER:
        return list(axis.labels)
    rounded = ([f"{value:.{digits}g}" for value in axis.numbers] for digits in range(FEWEST_DIGITS, MOST_DIGITS))
    return next((texts for texts in rounded if len(set(texts)) == len(texts)), list(axis.labels))


def folded(label: str, room: int) -> str:
    """The whole label in lines of at most `room` characters, broken behind punctuation where there is some."""
    lines = []
    while len(label) > room:
        cut = max(label.rfind(mark, 0, room) for mark in ":,=_/- ") + 1 or room
        lines.append(label[:cut])
        label = label[cut:]
    return "\n".join([*lines, label])


def picked(axis: Axis, most: int) -> list[int]:
    """Indices of at most `most` places: of numbers evenly from end to end, of names the first."""
    # Between two names there is nothing that a third could stand for, so they are left out where a reader expects it.
    return evenly(len(axis), most) if axis.numbers else list(range(min(most, len(axis))))


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0 … count - 1, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / max(most - 1, 1)) for step in range(most)]


def omitted(axes: Sequence[Axis], places: Sequence[Sequence[int]]) -> str:
    """`9 of 50 values of gain and 25 of 50 of layers shown; --format csv has all`, or nothing if all are shown."""
    parts = [(len(some), axis) for axis, some in zip(axes, places, strict=True) if len(some) < len(axis)]
    texts = [f"{count} of {len(axis)}{'' if number else ' values'} of {axis.name}"
             for number, (count, axis) in enumerate(parts)]
    return f"{' and '.join(texts)} shown; --format csv has all" if texts else ""


def course(line: Line, axes: Sequence[Axis]) -> str:
    """`edge of chaos at gain 1.4142`, or up to five points at values of the other axis, or one for each name; "" if it
    has none."""
    points = [point for point in line.points if all(map(math.isfinite, point))]
    if not points:
        return ""
    steady = _steady(points, axes)
    if steady is not None and not line.rows:
        values = dict.fromkeys(_text(axes[steady], point[steady]) for point in points)
        return f"{line.title} at {axes[steady].name} {', '.join(values)}"
    moving = _continuous(axes)
    given = axes[1 - moving]
    own = [point for point in points if point[1 - moving] in given.places] or points
    some = points if line.rows else [own[index] for index in evenly(len(own), MOST_POINTS)]
    pairs = [(_text(axes[moving], point[moving]), _text(given, point[1 - moving])) for point in some]
    words = [f"{place} ({row})" if number or not given.numbers else f"{place} ({given.name} {row})"
             for number, (place, row) in enumerate(pairs)]
    return f"{line.title} at {axes[moving].name} {', '.join(words)}"


def _steady(points: Sequence[Point], axes: Sequence[Axis]) -> int | None:
    """The axis on which all points are at one place; the only axis in any case."""
    if len(axes) == 1:
        return 0
    for axis in (0, 1) if len(points) > 1 else ():
        values = [point[axis] for point in points]
        if max(values) - min(values) <= STEADY * max(map(abs, values)):
            return axis
    return None


def _continuous(axes: Sequence[Axis]) -> int:
    """The axis on which a line can lie anywhere, given a place on the other."""
    return next((number for number, axis in enumerate(axes) if axis.numbers and not axis.whole), 0)


def _text(axis: Axis, value: float) -> str:
    if not axis.numbers:
        return axis.labels[round(value)]
    return f"{round(value, 1):g}" if axis.whole else f"{value:.5g}"
