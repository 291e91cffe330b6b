"""The grid of (t, z) for two inputs: equidistant where φ is analytic, else panels cut at its bends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import BoundActivation
from actprof.theory import quadrature

Array = NDArray[Any]

STEP, WIDEST_STEP = 0.25, 0.55
"""Steps of the trapezoidal rule: in units of scale(φ), with poles at least that far from the axis, and of z."""

MOST_NODES = 400
"""Nodes from which on panels are cheaper than equidistant ones."""

PAIR_ORDER = 14


def grid(phi: BoundActivation, common: float, own: float, offset: float,
         mirrored: bool) -> tuple[Array, Array, Array, Array]:
    """t, its weights, z for each t, and their weights; `mirrored` asks for -t wherever t is."""
    widest = max(common, own) / quadrature.scale(phi)
    if quadrature.analytic(phi) and 18 * widest / STEP <= MOST_NODES:
        return (*_equidistant(phi, common), *_equidistant(phi, own))
    points = quadrature.cuts(phi)
    outer = np.unique(np.concatenate([points, _beside(phi, own, common)]))
    if mirrored:
        outer = np.unique(np.concatenate([outer, 2 * offset - outer]))
    t, t_weights = quadrature.rule(outer, offset, common, PAIR_ORDER)
    z, z_weights = quadrature.rule(points, offset + common * t, own, PAIR_ORDER)
    return t, t_weights, z, z_weights


LEAST = 1e-12
"""Of a smoothing that is worth its points."""


def _equidistant(phi: BoundActivation, std: float) -> tuple[Array, Array]:
    step = min(WIDEST_STEP, STEP * quadrature.scale(phi) / std) if std else WIDEST_STEP
    return quadrature.trapezoid(2 * math.ceil(9 / step) + 1)


def _beside(phi: BoundActivation, own: float, common: float) -> Array:
    """Points to both sides of every bend where the average over z has its own bend smoothed over a width of `own`."""
    own = max(own, LEAST * common, LEAST)
    levels = max(1, math.ceil(math.log(max(10 * common / own, 2), 3)))
    steps = own * 3.0 ** np.arange(levels)
    return np.array([bend + sign * step for bend in quadrature.bends(phi) for sign in (-1, 1) for step in steps])
