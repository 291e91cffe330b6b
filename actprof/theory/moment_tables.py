"""W(q) and E φ'² of an activation over all variances: neither depends on σ_w or σ_b, so a whole plane shares them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actprof.arrays import Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Moments, curve, moments
from actprof.theory.interpolation import cubic
from actprof.theory.length_map import LEAST_Q, VARIANCES
from actprof.theory.predictions import LARGEST_Q

LEAST_LOG, MOST_LOG = -600.0, 600.0
"""Logarithms further out stand for an expectation of 0 or for one that overflows: floats end at -745 and 709, and some
room is left to multiply."""


@dataclass(frozen=True)
class MomentTable:
    """Nodes at the variances of the length map, and one between each two of them.

    Attributes:
        q, log_q: (nodes,), rising; the logarithms are equidistant.
        log_square: ln W.
        elasticity: d ln W/d ln q = q W'/W.
        log_slope_square: ln E φ'².
        zero: the moments without variance.
    """

    q: Floats
    log_q: Floats
    log_square: Floats
    elasticity: Floats
    log_slope_square: Floats
    zero: Moments

    @property
    def step(self) -> float:
        return float(self.log_q[-1] - self.log_q[0]) / (len(self.log_q) - 1)

    @property
    def rising(self) -> bool:
        """Whether W rises with q."""
        return bool((self.elasticity >= -1e-9).all())

    def position(self, log_q: Floats) -> Floats:
        """How many nodes lie below, and what part of the way to the next."""
        position: Floats = np.clip((log_q - self.log_q[0]) / self.step, 0.0, len(self.log_q) - 1.0)
        return position

    def square(self, log_q: Floats) -> Floats:
        """W, shaped like log_q, by Hermite's cubic in logarithms: its slopes are exact."""
        position = self.position(log_q)
        left = np.minimum(position.astype(np.int64), len(self.log_q) - 2)
        t = position - left
        low, high = self.log_square[left], self.log_square[left + 1]
        rise, fall = self.step * self.elasticity[left], self.step * self.elasticity[left + 1]
        change = high - low
        logs = low + t * (rise + t * (3 * change - 2 * rise - fall + t * (rise + fall - 2 * change)))
        return _exponential(logs)

    def square_slope(self, q: Floats) -> Floats:
        """W', shaped like q."""
        log_q = _logarithm(q)
        inside = cubic(self.elasticity, self.position(log_q)) * self.square(log_q) * np.exp(-log_q)
        return np.where(q > LEAST_Q, inside, self.zero.square_slope)

    def slope_square(self, q: Floats) -> Floats:
        """E φ'², shaped like q."""
        inside = _exponential(cubic(self.log_slope_square, self.position(_logarithm(q))))
        return np.where(q > LEAST_Q, inside, self.zero.slope_square)


@np.errstate(all="ignore")
def moment_table(phi: BoundActivation) -> MomentTable:
    """All nodes; the variances of the length map are those that its roots are sought at too."""
    q = np.geomspace(LEAST_Q, LARGEST_Q, 2 * len(VARIANCES) - 1)
    q[::2] = VARIANCES
    square, slope_square, slope, _ = curve(phi, q)
    log_square = _logarithm(square)
    elasticity = np.where(np.abs(log_square) < MOST_LOG, q * slope / square, 0.0)
    return MomentTable(q, np.log(q), log_square, elasticity, _logarithm(slope_square), moments(phi, 0.0))


def _logarithm(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs: Floats = np.clip(np.nan_to_num(np.log(values), nan=MOST_LOG), LEAST_LOG, MOST_LOG)
    return logs


def _exponential(logs: Floats) -> Floats:
    return np.where(logs > LEAST_LOG, np.exp(logs), 0.0)
