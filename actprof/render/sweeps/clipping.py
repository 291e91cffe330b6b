"""Curves cut at the edges of a plane, in places between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from actprof.render.canvas import Point
from actprof.render.histograms.sigma_theory import crossed

FAR = 1e6  # as good as infinite
SLACK = 1e-9  # of rounding


def inside(points: Sequence[Point]) -> list[list[Point]]:
    """The pieces of a curve that lie within, ended exactly at the edges; it is broken where it is not a number."""
    pieces: list[list[Point]] = [[]]
    for x, y in _turned(crossed(_turned(crossed(_bounded(points))))):
        if -SLACK <= x <= 1 + SLACK and -SLACK <= y <= 1 + SLACK:
            pieces[-1].append((min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _bounded(points: Sequence[Point]) -> list[Point]:
    return [(_bound(x), _bound(y)) for x, y in points]


def _bound(place: float) -> float:
    return place if math.isnan(place) else min(max(place, -FAR), FAR)


def _turned(points: Sequence[Point]) -> list[Point]:
    return [(y, x) for x, y in points]
