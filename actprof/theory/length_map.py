"""The map of variances q → σ_w² E φ² + σ_b² (Poole et al. 2016), and a table of what it and its slope follow from."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Curve, Moments, curve, moments
from actprof.theory.polynomials import shares_at
from actprof.theory.predictions import MARGINAL, MAX_Q

MIN_Q = 1e-14
VARIANCES = np.logspace(math.log10(MIN_Q), math.log10(MAX_Q), 261)  # ten in a decade, at which roots are sought
LOG_VARIANCES = np.log(VARIANCES)

STILL = 1e-13  # relative growth in one layer that may be the quadrature's: a variance that grows by no more stays
MAX_ITERATIONS, SETTLED = 300, 1e-11  # layers that a map which does not rise is followed, relative growth that ends it

# Logarithms further out stand for an expectation of 0 or for one that overflows: floats end at -745 and 709, and some
# room is left to multiply.
MIN_LOG, MAX_LOG = -600.0, 600.0

WINDOW = 12  # neighbouring nodes through which a polynomial is laid


def length_map(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """σ_w² W(q) + σ_b²: the next layer's variance."""
    return float((sigma_w**2 * moments(phi, q).square if sigma_w else 0.0) + sigma_b**2)


def length_slope(phi: BoundActivation, sigma_w: float, q: float) -> float:
    """χ_q = σ_w² W'(q); infinite at 0 where φ jumps there, because W does."""
    if q == 0 and 0.0 in phi.jumps and sigma_w:
        return math.inf
    return float(sigma_w**2 * moments(phi, q).square_slope) if sigma_w else 0.0


@dataclass(frozen=True)
class MomentTable:
    """What an activation's length maps follow from, at VARIANCES and at one variance between each two of them.

    Attributes:
        q: (nodes,), rising; the logarithms are equidistant.
        known: the expectations at q.
        zero: the moments without variance.
    """

    q: Floats
    known: Curve
    zero: Moments

    @cached_property
    def log_q(self) -> Floats:
        return np.asarray(np.log(self.q))

    @cached_property
    def log_square(self) -> Floats:
        """ln W."""
        return _logarithm(self.known.square)

    @cached_property
    def elasticity(self) -> Floats:
        """d ln W/d ln q = q W'/W."""
        with np.errstate(all="ignore"):
            share = self.q * self.known.square_slope / self.known.square
        return np.where(np.abs(self.log_square) < MAX_LOG, share, MAX_LOG)

    @cached_property
    def log_slope_square(self) -> Floats:
        """ln E φ'²."""
        return _logarithm(self.known.slope_square)

    def square(self, log_q: Floats) -> Floats:
        """W, shaped like log_q."""
        return _exponential(self._at(self.log_square, log_q))

    def square_slope(self, q: Floats) -> Floats:
        """W', shaped like q."""
        log_q = _logarithm(q)
        inside = self._at(self.elasticity, log_q) * self.square(log_q) * np.exp(-log_q)
        return np.where(q > MIN_Q, inside, self.zero.square_slope)

    def slope_square(self, q: Floats) -> Floats:
        """E φ'², shaped like q."""
        inside = _exponential(self._at(self.log_slope_square, _logarithm(q)))
        return np.where(q > MIN_Q, inside, self.zero.slope_square)

    def growth(self, weights: Floats | float, biases: Floats | float, log_q: Floats) -> Floats:
        """The part of itself by which a variance grows in one layer of σ_w² = weights and σ_b² = biases."""
        return np.asarray((weights * self.square(log_q) + biases) * np.exp(-log_q) - 1)

    def iterated(self, weights: Floats, biases: Floats, q: Floats) -> Floats:
        """The variance many layers on."""
        for _ in range(MAX_ITERATIONS):
            following = weights * self.square(np.log(np.clip(q, self.q[0], self.q[-1]))) + biases
            if (np.abs(following - q) <= SETTLED * q).all():
                break
            q = following
        return q

    def _at(self, values: Floats, log_q: Floats) -> Floats:
        """The polynomial through the nearest nodes, or a line beside those that stand for 0 or for infinity.

        The first and the last node stand for what is beyond them.
        """
        last = len(self.log_q) - 1
        position = np.clip((log_q - self.log_q[0]) / (self.log_q[-1] - self.log_q[0]) * last, 0.0, last)
        told = np.flatnonzero(np.abs(values) < MAX_LOG)
        least, most = told[[0, -1]].tolist() if len(told) >= WINDOW else (0, last)
        inside = np.clip(position, least, most)
        first: Counts = np.clip(inside.astype(np.int64) - WINDOW // 2 + 1, least, most + 1 - WINDOW)
        near = values[first[:, None] + np.arange(WINDOW)]
        smooth: Floats = (shares_at(inside - first, _EVEN, _BINOMIAL) * near).sum(axis=1)
        lost = (np.abs(near) >= MAX_LOG).any(axis=1) | (inside != position)
        return np.where(lost, np.interp(position, np.arange(last + 1), values), smooth) if lost.any() else smooth


_EVEN = np.arange(WINDOW, dtype=np.float64)
_BINOMIAL = np.array([(-1.0) ** k * math.comb(WINDOW - 1, k) for k in range(WINDOW)])


@functools.lru_cache(256)
def scanned(phi: BoundActivation) -> Curve:
    """The expectations at VARIANCES; whatever σ_w and σ_b, the map's values there follow from them."""
    return curve(phi, VARIANCES)


@functools.lru_cache(256)
def moment_table(phi: BoundActivation) -> MomentTable:
    """The table of an activation."""
    q = np.geomspace(MIN_Q, MAX_Q, 2 * len(VARIANCES) - 1)
    q[::2] = VARIANCES
    known = np.empty((len(Curve._fields), len(q)))
    known[:, ::2], known[:, 1::2] = scanned(phi), curve(phi, q[1::2])
    return MomentTable(q, Curve(*known), moments(phi, 0.0))


def _logarithm(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs: Floats = np.clip(np.nan_to_num(np.log(values), nan=MAX_LOG), MIN_LOG, MAX_LOG)
    return logs


def _exponential(logs: Floats) -> Floats:
    return np.where(logs > MIN_LOG, np.exp(logs), 0.0)


LITTLE = np.logspace(-14, -3, 12)  # variances by which a fixed point at 0 of slope 1 is told


def stability(slope: float) -> str:
    """"stable", "unstable" or, of a slope χ_q of 1, "neutral"; "" of no number."""
    if math.isnan(slope):
        return ""
    return "neutral" if abs(abs(slope) - 1) <= MARGINAL else "stable" if abs(slope) < 1 else "unstable"


@np.errstate(all="ignore")
def stability_at(phi: BoundActivation, sigma_w: float, q: float, slope: float) -> str:
    """The stability of a fixed point q; at 0 a slope of 1 leaves it to the next order: whether small variances grow."""
    found = stability(slope)
    if found != "neutral" or q > 0:
        return found
    growth = sigma_w**2 * curve(phi, LITTLE).square / LITTLE - 1
    telling = growth[np.abs(growth) > STILL]
    return found if not len(telling) else "unstable" if telling[0] > 0 else "stable"
