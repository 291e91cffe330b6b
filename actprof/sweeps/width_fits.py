"""A weighted line through the means of networks at several widths, and how likely it is that there is none.

Small networks scatter more: the variance of a network is fitted as a power of the width, expected near 1/width, and the
widths are weighted by it. A slope and a bend have p-values of t and F for the degrees of freedom that the scatter
within the widths leaves, less one for its power.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actprof.theory.quadrature import interval

Array = NDArray[Any]

EXPONENT, EXPONENT_STD = -1.0, 0.5
"""What the power of the width in the variance is expected to be (1/width, by theory), and how surely."""

FITTING_STEPS = 50
NODES, MOST_FREEDOM = 200, 400
NEAR_0 = 1e-10
"""Scatter, relative to the size of the values, that may be rounding."""


class Group(NamedTuple):
    """The networks of one width: their number, mean and sum of squares about it, in logarithms or as they are."""

    width: float
    label: str
    networks: int
    mean: float
    squares: float


class Fit(NamedTuple):
    """A weighted line: its slope, its standard error, both p-values, and the fitted variance of each group's mean."""

    slope: float
    error: float
    slope_p: float
    bend_p: float
    variances: Array


def fitted(groups: Sequence[Group]) -> Fit:
    """The line through the groups' means over ln width."""
    x = np.log([group.width for group in groups])
    means, counts = np.array([group.mean for group in groups]), np.array([group.networks for group in groups])
    freedom = max(int(counts.sum()) - len(groups) - 1, 1)
    variances = _network_variances(x, counts - 1, np.array([group.squares for group in groups])) / counts
    if not variances.any():
        slope = float(np.polyfit(x, means, 1)[0])
        same = bool(np.ptp(means) <= NEAR_0 * np.abs(means).max())
        return Fit(slope, 0.0, float(same), 1.0, variances)
    weights = 1 / variances
    centred = x - weights @ x / weights.sum()
    information = float(weights @ centred**2)
    slope = float(weights @ (centred * means)) / information
    rest = means - weights @ means / weights.sum() - slope * centred
    bend = float(weights @ rest**2) / (len(groups) - 2)
    return Fit(slope, information**-0.5, tail(slope**2 * information, 1, freedom),
               tail(bend, len(groups) - 2, freedom), variances)


def _network_variances(x: Array, freedom: Array, squares: Array) -> Array:
    """The variance of one network at each ln width: exp(level + power·x), by its likelihood for sums of squares.

    The power is held near what theory expects, as few networks tell little of it; 0 where nothing scatters.
    """
    if not squares.any():
        return np.zeros_like(x)
    middle = x - x.mean()
    level, power = 0.0, EXPONENT
    for _ in range(FITTING_STEPS):
        level = math.log(float((squares * np.exp(-power * middle)).sum() / freedom.sum()))
        shares = squares * np.exp(-level - power * middle)
        gradient = float(middle @ (shares - freedom)) / 2 - (power - EXPONENT) / EXPONENT_STD**2
        step = gradient / (float(middle**2 @ (shares + freedom)) / 4 + EXPONENT_STD**-2)
        power += step
        if abs(step) < 1e-9:
            break
    return np.asarray(np.exp(level + power * middle))


def tail(ratio: float, above: int, below: int) -> float:
    """P(F > ratio) of Fisher's F with so many degrees of freedom above and below; with 1 above, of t² both-sided.

    By quadrature of sin^(below-1) cos^(above-1) up to the angle whose squared cotangent is above·ratio/below.
    """
    below = min(below, MOST_FREEDOM)
    angle = math.atan2(math.sqrt(below), math.sqrt(above * ratio))
    part, whole = (end * float(np.sin(at) ** (below - 1) * np.cos(at) ** (above - 1) @ weights)
                   for end in (angle, math.pi / 2) for at, weights in (interval(0.0, end, NODES),))
    return min(part / whole, 1.0)
