"""The lines on which a function on a grid is 0, cell by cell (marching squares)."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from actprof.distributions import Flags, Floats

Edge = tuple[int, int, int]
"""A side of a cell: the node it starts from, and whether it goes along the first or the second axis."""


def level_lines(values: Floats) -> list[Floats]:
    """Each line's points (points, 2), in node counts along both axes."""
    neighbours: dict[Edge, list[Edge]] = defaultdict(list)
    for row, column in np.argwhere(_mixed(values < 0)).tolist():
        sides = [side for side in ((row, column, 0), (row, column, 1), (row + 1, column, 1), (row, column + 1, 0))
                 if _crossed(values, side)]
        for one, other in zip(sides[::2], sides[1::2], strict=True):
            neighbours[one].append(other)
            neighbours[other].append(one)
    lines = []
    while neighbours:
        start = min(neighbours, key=lambda side: len(neighbours[side]))
        lines.append(np.array([_point(values, side) for side in _walked(neighbours, start)]))
    return lines


def _walked(neighbours: dict[Edge, list[Edge]], start: Edge) -> list[Edge]:
    """From side to side; every one that is passed is taken out."""
    walked = [start]
    following = neighbours.pop(start)
    while following := [side for side in following if side in neighbours]:
        walked.append(following[0])
        following = neighbours.pop(following[0])
    return walked


def _mixed(below: Flags) -> Flags:
    """The cells whose corners are not all on one side."""
    corners = np.stack([below[:-1, :-1], below[1:, :-1], below[:-1, 1:], below[1:, 1:]])
    return np.logical_and(corners.any(axis=0), ~corners.all(axis=0))


def _ends(side: Edge) -> tuple[tuple[int, int], tuple[int, int]]:
    row, column, along = side
    return (row, column), (row + 1, column) if along == 0 else (row, column + 1)


def _crossed(values: Floats, side: Edge) -> bool:
    one, other = _ends(side)
    return bool((values[one] < 0) != (values[other] < 0))


def _point(values: Floats, side: Edge) -> tuple[float, float]:
    """Where a side is crossed, linearly."""
    one, other = _ends(side)
    share = float(values[one] / (values[one] - values[other]))
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
