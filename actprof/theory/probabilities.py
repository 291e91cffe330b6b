"""Probabilities of a layer's pre-activations and activations: saturation, exact zeros, single values."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import BoundActivation
from actprof.special import normal_cdf
from actprof.theory import quadrature
from actprof.theory.parameters import Offsets

Array = NDArray[Any]


def below(h: Array | float, variance: float, offsets: Offsets) -> Array:
    """P(pre-activation <= h)."""
    h = np.atleast_1d(np.asarray(h, float))
    std = math.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [weight * (normal_cdf((h - value) / std) if std else h >= value) for value, weight in offsets]
    return np.asarray(np.sum(parts, axis=0))


def saturated(phi: BoundActivation, variance: float, offsets: Offsets) -> float:
    """Probability of a pre-activation beyond the saturation points."""
    low, high = below(np.array(phi.saturation), variance, offsets)
    return float(low + (1 - high)) if high < 0.5 else float(low + below(-phi.saturation[1], variance, tuple(
        (-value, weight) for value, weight in offsets))[0])


@functools.cache
def levels(phi: BoundActivation) -> tuple[tuple[float, float, float], ...]:
    """(value, from, to) of the intervals of pre-activations on which φ stands still at one of its atoms."""
    if not phi.atoms:
        return ()
    ends = (-math.inf, *quadrature.bends(phi), math.inf)
    still = []
    for low, high in itertools.pairwise(ends):
        left, right = max(low, min(high, 1e3) - 1.0), min(high, max(low, -1e3) + 1.0)
        at = phi.value(np.array([0.7 * left + 0.3 * right, 0.3 * left + 0.7 * right])) + 0.0
        still += [(atom, low, high) for atom in phi.atoms if at[0] == at[1] == atom]
    return tuple(still)


def atoms(phi: BoundActivation, variance: float, offsets: Offsets) -> tuple[tuple[float, float], ...]:
    """(value, probability) of what φ takes with positive probability."""
    found = dict.fromkeys(phi.atoms, 0.0)
    for atom, low, high in levels(phi):
        lower, upper = below(np.array([low, high]), variance, offsets)
        found[atom] += float(upper - lower)
    return tuple(found.items())


def zero_fraction(phi: BoundActivation, variance: float, offsets: Offsets) -> float:
    """Probability of φ = 0."""
    if variance == 0:
        return float(sum(weight for value, weight in offsets if phi.value(np.full(phi.pieces, value))[0] == 0))
    return dict(atoms(phi, variance, offsets)).get(0.0, 0.0)
