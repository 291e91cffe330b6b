"""An activation as the values it takes: one curve, or several where a slope is drawn for every element."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import ACTIVATIONS, RRELU_HIGH, RRELU_LOW, BoundActivation
from actprof.theory.quadrature import interval

Array = NDArray[Any]

SLOPES = 8
"""Slopes that stand for all that can be drawn; enough for their fourth powers."""


@dataclass(frozen=True)
class Values:
    """φ and φ' at some pre-activations, for each curve (first axis), and each curve's probability."""

    probability: Array
    value: Array
    slope: Array

    def mean(self, values: Array) -> Array:
        """The mean over the curves."""
        averaged: Array = values[0] if len(values) == 1 else np.tensordot(self.probability, values, 1)
        return averaged


@functools.cache
def curves(phi: BoundActivation) -> tuple[tuple[float, BoundActivation], ...]:
    """(probability, activation without chance) for every curve that may be drawn."""
    if not phi.random:
        return ((1.0, phi),)
    leaky = ACTIVATIONS["leaky_relu"]
    slopes, weights = interval(RRELU_LOW, RRELU_HIGH, SLOPES)
    return tuple((float(weight), replace(phi, activation=leaky, parameters=(("slope", float(slope)),)))
                 for slope, weight in zip(slopes, weights, strict=True))


def values(phi: BoundActivation, h: Array) -> Values:
    """All curves at h."""
    drawn = curves(phi)
    return Values(np.array([probability for probability, _ in drawn]),
                  np.stack([curve.value(h) for _, curve in drawn]) if len(drawn) > 1 else drawn[0][1].value(h)[None],
                  np.stack([curve.derivative(h) for _, curve in drawn]) if len(drawn) > 1
                  else drawn[0][1].derivative(h)[None])
