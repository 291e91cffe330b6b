"""How far a plane extends where nobody says: around the edge of chaos, and a little further for a scheme beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from actprof.phases.requests import VALUES_B, VALUES_W
from actprof.predictions import Edge

ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Where a range may end, times a power of ten."""

BEYOND, BEYOND_ANY = 2.5, 2.0
"""Of σ_w at the edge: where chaos follows, and where the variance grows without bound."""

WITHOUT_EDGE = 4.0
"""The most σ_w of a plane without an edge: well beyond any usual gain."""

FURTHEST = 100.0
"""σ_w up to which the edge is looked for."""

HEIGHT = 0.4
"""σ_b over σ_w, at most: the shape of a figure's plane."""

WIDEST = 3.0
"""By what factor schemes may widen a range."""


def most_sigma_w(branches: Sequence[Sequence[Edge]]) -> float:
    """From the point of the edge with the least σ_w that is stable, or else from its start."""
    points = [point for branch in branches for point in branch if point.sigma_w <= FURTHEST]
    edge = min((point for point in points if point.stable), key=lambda point: point.sigma_w, default=None) or next(
        (point for point in points if point.sigma_b == 0), None)
    if edge is None:
        return WITHOUT_EDGE
    bounded = edge.q is not None and branches[0][0].stable
    return rounded_up((BEYOND if bounded else BEYOND_ANY) * edge.sigma_w)


def widened(most: float, wished: Sequence[float]) -> float:
    """A range that holds as many of the wished values as it may."""
    further = [value for value in wished if most < value <= WIDEST * most]
    return rounded_up(1.05 * max(further)) if further else most


def values_w(most: float) -> tuple[float, ...]:
    """Above 0."""
    return tuple((most * np.arange(1, VALUES_W + 1) / VALUES_W).tolist())


def values_b(most: float) -> tuple[float, ...]:
    """From 0."""
    return tuple((most * np.arange(VALUES_B) / (VALUES_B - 1)).tolist())


def rounded_up(value: float) -> float:
    """The next number of ROUND."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{next(each for each in ROUND if each * power >= value * (1 - 1e-9)) * power:.6g}")
