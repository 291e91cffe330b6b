"""Whether a fixed point of the variance draws the variances beside it or drives them away."""

from __future__ import annotations

import math

import numpy as np

from actprof.activations import BoundActivation
from actprof.predictions import MARGINAL
from actprof.theory.gaussian import squares

LITTLE = np.logspace(-14, -3, 12)
"""Variances by which a fixed point at 0 of slope 1 is told."""

ROUNDING = 1e-12
"""Growth in one layer that says nothing."""


def stability(slope: float) -> str:
    """"stable", "unstable" or, of a slope χ_q of 1, "neutral"; "" of no number."""
    if math.isnan(slope):
        return ""
    return "neutral" if abs(abs(slope) - 1) <= MARGINAL else "stable" if abs(slope) < 1 else "unstable"


@np.errstate(all="ignore")
def stability_at(phi: BoundActivation, sigma_w: float, q: float, slope: float) -> str:
    """That of a fixed point q; at 0 a slope of 1 leaves it to the next order: whether small variances grow."""
    found = stability(slope)
    if found != "neutral" or q > 0:
        return found
    growth = sigma_w**2 * squares(phi, LITTLE)[0] / LITTLE - 1
    telling = growth[np.abs(growth) > ROUNDING]
    return found if not len(telling) else "unstable" if telling[0] > 0 else "stable"
