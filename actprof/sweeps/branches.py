"""Crossings of neighbouring rows, put together to curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Kind(NamedTuple):
    """What crossings of one curve have in common.

    Attributes:
        name: of the line.
        scales: depth scales that the stack is deep, with the sign of its phase; 0 on the edge of chaos.
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


Branch = list[tuple[int, float]]
"""(row, place), row after row."""


def branches(found: Sequence[Sequence[Crossing]], logarithmic: bool) -> list[tuple[Kind, Branch]]:
    """Each crossing goes on with the nearest of its kind in the row before, or starts a branch.

    Where a curve begins or ceases to jump, the part between the two rows belongs to the branch that jumps.
    """
    every: list[tuple[Kind, Branch]] = []
    for row, crossings in enumerate(found):
        open_ends = [(kind, branch) for kind, branch in every if branch[-1][0] == row - 1]
        taken = _pairs(crossings, open_ends, logarithmic)
        for new, crossing in enumerate(crossings):
            if new in taken:
                open_ends[taken[new]][1].append((row, crossing.place))
            else:
                left = [each for old, each in enumerate(open_ends) if old not in taken.values()]
                every.append((crossing.kind, _begun(crossing.kind, (row, crossing.place), left)))
    return every


def _begun(kind: Kind, start: tuple[int, float], left: Sequence[tuple[Kind, Branch]]) -> Branch:
    """A branch from there, tied to one of those left that differs only in whether it jumps."""
    before = next((branch for each, branch in left if each == kind._replace(jumps=not kind.jumps)), None)
    if before is None:
        return [start]
    if kind.jumps:
        return [before[-1], start]
    before.append(start)
    return [start]


def _pairs(crossings: Sequence[Crossing], open_ends: Sequence[tuple[Kind, Branch]],
           logarithmic: bool) -> dict[int, int]:
    """Crossing → the branch it goes on with, the nearest first."""
    distances = sorted((abs(_scaled(crossing.place, logarithmic) - _scaled(branch[-1][1], logarithmic)), new, old)
                       for new, crossing in enumerate(crossings) for old, (kind, branch) in enumerate(open_ends)
                       if kind == crossing.kind)
    taken: dict[int, int] = {}
    for _, new, old in distances:
        if new not in taken and old not in taken.values():
            taken[new] = old
    return taken


def _scaled(place: float, logarithmic: bool) -> float:
    return math.log(place) if logarithmic else place
