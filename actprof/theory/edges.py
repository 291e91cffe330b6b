"""The edge of chaos, σ_w² E φ'² = 1 at a fixed point, parametrised by the fixed point's variance (no iteration needed).

Schoenholz et al. 2017, Hayou et al. 2019.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from actprof.activations import BoundActivation, bind
from actprof.registry import Choice
from actprof.theory.gaussian import moments
from actprof.theory.length_map import VARIANCES, crossings, scanned


class Edge(NamedTuple):
    """A point of the edge of chaos; q is None where every variance is a fixed point.

    `length_slope` is χ_q there: above 1 the fixed point is unstable.
    """

    sigma_w: float
    sigma_b: float
    q: float | None
    length_slope: float


@np.errstate(all="ignore")
def edge_of_chaos(choice: Choice, q: float) -> Edge | None:
    """The point of the edge of chaos at variance q: σ_w² = 1/E φ'², σ_b² = q - W/E φ'²; None where that is below 0."""
    phi = bind(choice)
    one = moments(phi, q)
    if phi.jumps or not one.slope_square > 0:
        return None
    square = q - one.square / one.slope_square
    if square < -1e-12 * q:
        return None
    return Edge(1 / math.sqrt(one.slope_square), math.sqrt(max(square, 0.0)), q,
                float(one.square_slope / one.slope_square))


@functools.lru_cache(256)
@np.errstate(all="ignore")
def critical(choice: Choice, sigma_b: float = 0.0) -> Edge | None:
    """The edge of chaos at a given σ_b: the smallest variance q with q - W/E φ'² = σ_b²; None if there is none."""
    phi = bind(choice)
    if phi.jumps:
        return None

    def excess(q: float) -> float:
        one = moments(phi, q)
        return (q - sigma_b**2) * one.slope_square - one.square

    if sigma_b == 0:
        neutral = _scale_free(phi)
        if neutral is not None:
            return neutral
    square, slope_square = (each[::2] for each in scanned(phi))
    values = (VARIANCES[::2] - sigma_b**2) * slope_square - square
    for q in crossings(excess, VARIANCES[::2], values, 1e-12):
        one = moments(phi, q)
        return Edge(1 / math.sqrt(one.slope_square), sigma_b, q, float(one.square_slope / one.slope_square))
    return None


def _scale_free(phi: BoundActivation) -> Edge | None:
    """The edge at every q (relu), or at q = 0 where φ(0) = 0 (tanh), if either is one."""
    at_0, at_1 = moments(phi, 0.0), moments(phi, 1.0)
    if at_0.square != 0 or not at_0.slope_square > 1e-20:
        return None
    ratios = at_1.square / at_1.slope_square, at_1.slope_square / at_0.slope_square
    anywhere = all(abs(ratio - 1) < 1e-12 for ratio in ratios)
    sigma_w = 1 / math.sqrt(at_0.slope_square)
    return Edge(sigma_w, 0.0, None if anywhere else 0.0, float(at_0.square_slope * sigma_w**2))
