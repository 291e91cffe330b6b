"""q*, χ₁, c* and the depth scales of an activation for whole arrays of σ_w, σ_b and the first layer's variance.

W(q) and E φ'² depend on neither σ, nor do E(φ₁ - φ₂)²/2d and E φ'₁φ'₂ of two inputs: tables of them, by ln q and by the
gap 1 - c, serve every stack of an activation. Poole et al. 2016, Schoenholz et al. 2017.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from actprof.arrays import Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import moments
from actprof.theory.length_map import moment_table
from actprof.theory.pairs import differences, noise, pair
from actprof.theory.polynomials import chebyshev, shares_at
from actprof.theory.predictions import MARGINAL
from actprof.theory.roots import LengthMaps, between

CELLS = 2048  # at once, for the memory of it

# ln q, in units of scale(φ)², between which variances share a table of correlations. Beyond the ends two inputs do as
# at them: φ is a line to the one, and has but its asymptotes left to the other.
EDGES = np.log(10) * np.array([-6, -4, -2.5, -1.5, -1, -0.5, 0, 0.5, 1, 1.75, 2.75, 4, 6, 9])

NODES, GAPS = 9, 25  # the nodes of a table of correlations by ln q and by the gap
MIN_RATIO = 1e-30  # a ratio that counts as none
DOUBT = 3e-5  # error of a polynomial through every fourth node with which every second node is enough
FINE = np.arange(1, 129) / 128  # places for a gap at which a change of sign is looked for
SETTLED = 1e-14  # distance between two guesses at a root after which it is found


class Field(NamedTuple):
    """What becomes of stacks (cells,), each on its way from its first layer's variance.

    Attributes:
        q_star: the variance reached, 0 or a fixed point's; infinite where it grows without bound, and all else but the
            growth is NaN there.
        chi_1: σ_w² E φ'².
        length_slope: χ_q.
        c_star: the correlation that two inputs approach; NaN where the variance vanishes in the chaotic phase.
        decay: the slope of the correlation map there.
        growth: the least relative growth of the variance in one layer, from the first variance upwards.
        slowest: the variance of the least growth.
    """

    q_star: Floats
    chi_1: Floats
    length_slope: Floats
    c_star: Floats
    decay: Floats
    growth: Floats
    slowest: Floats


@np.errstate(all="ignore")
def field(phi: BoundActivation, sigma_w: Floats, sigma_b: Floats, first: Floats | None = None) -> Field:
    """The field for arrays (cells,); `first` is the first layer's variance, of inputs with E x² = 1 by default."""
    first = sigma_w**2 + sigma_b**2 if first is None else first
    if len(first) > CELLS:
        parts = [field(phi, *(each[place:place + CELLS] for each in (sigma_w, sigma_b, first)))
                 for place in range(0, len(first), CELLS)]
        return Field(*map(np.concatenate, zip(*parts, strict=True)))
    table = moment_table(phi)
    q_star, growth, slowest = LengthMaps(phi, sigma_w**2, sigma_b**2).limits(first)
    known = np.isfinite(q_star)
    chi = np.where(known, sigma_w**2 * table.slope_square(q_star), np.nan)
    slope = np.where(known, sigma_w**2 * table.square_slope(q_star), np.nan)
    chaotic = chi > 1 + MARGINAL
    c_star, decay = np.where(chaotic | np.isnan(chi), np.nan, 1.0), np.where(chaotic, np.nan, chi)
    apart = (chaotic | (known & phi.random)) & (q_star > 0)
    c_star[apart], decay[apart] = pair_rows(phi, q_star[apart]).fixed(sigma_w[apart]**2)
    return Field(q_star, chi, slope, c_star, decay, growth, slowest)


@np.errstate(all="ignore")
def pair_rows(phi: BoundActivation, q: Floats) -> PairRows:
    """What is known of two inputs at each of the variances."""
    place = np.clip(np.searchsorted(EDGES, np.log(q / phi.scale ** 2)) - 1, 0, len(EDGES) - 2)
    rows = PairRows(np.empty(len(q)), np.empty((len(q), GAPS)), np.empty((len(q), GAPS)), _noise(phi))
    for part in np.unique(place).tolist():
        some, (low, high, log_ratio, share) = place == part, pair_table(phi, part)
        log_q = np.clip(np.log(q[some]), low, high)
        shares = shares_at((log_q - low) / (high - low), *_NODES)
        rows.bend[some] = _bend(phi, np.exp(log_q))
        rows.log_ratio[some], rows.share[some] = shares @ log_ratio, shares @ share
    if not phi.random:  # without a gap it is E φ'², of which more is known
        rows.log_ratio[:] += np.log(moment_table(phi).slope_square(q))[:, None] - rows.log_ratio[:, :1]
    return rows


@dataclass(frozen=True)
class PairRows:
    """Two inputs at a variance each, by the place y between 0 and 1 that stands for a gap 1 - c.

    Attributes:
        bend: κ; √gap = sinh κy/sinh κ, fine where two inputs are about scale(φ) apart.
        log_ratio, share: (cells, GAPS), ln of E(φ₁ - φ₂)²/2 over d = q·gap, and E φ'₁φ'₂ as a part of that.
        noise: as `_noise` tells.
    """

    bend: Floats
    log_ratio: Floats
    share: Floats
    noise: float

    def gap(self, y: Floats) -> Floats:
        return np.asarray((np.sinh(self.bend * y) / np.sinh(self.bend)) ** 2)

    def at(self, y: Floats) -> tuple[Floats, Floats]:
        """For every unit of σ_w² the factor on a gap and E φ'₁φ'₂, at y (cells,)."""
        shares = shares_at(y, *_GAPS)
        ratio = np.exp((shares * self.log_ratio).sum(axis=1))
        return ratio + self.noise / self.gap(y) if self.noise else ratio, ratio * (shares * self.share).sum(axis=1)

    def fine(self) -> tuple[Floats, Floats]:
        """The same at each of FINE, (cells, FINE)."""
        ratio = np.exp(self.log_ratio @ _FINER.T)
        more = self.noise / self.gap(FINE[:, None]).T if self.noise else 0.0
        return ratio + more, ratio * (self.share @ _FINER.T)

    @np.errstate(all="ignore")
    def fixed(self, weights: Floats) -> tuple[Floats, Floats]:
        """(c*, C'(c*)) at σ_w²."""
        crosses = weights[:, None] * self.fine()[0] <= 1 - 1e-12
        high = np.where(crosses.any(axis=1), FINE[crosses.argmax(axis=1)], 1.0)
        y = between(lambda each: weights * self.at(each)[0] - 1, high - FINE[0], high, SETTLED)
        y = np.where(crosses.any(axis=1), y, 1.0)
        return 1 - self.gap(y), weights * self.at(y)[1]


def _bend(phi: BoundActivation, q: Floats) -> Floats:
    scale = math.inf if phi.pieces > 1 else phi.scale  # the largest of several knows no scale
    return np.arcsinh(1.5 * np.sqrt(q) / scale) + 1e-3


_NODES, _GAPS = chebyshev(NODES), chebyshev(GAPS)
_FINER = shares_at(FINE, *_GAPS)


@functools.lru_cache(256)
@np.errstate(all="ignore")
def pair_table(phi: BoundActivation, part: int) -> tuple[float, float, Floats, Floats]:
    """(least and most ln q of a part, log_ratio and share of PairRows at nodes between, (NODES, GAPS)).

    Without a gap the ratio is E φ'², of slopes that are drawn that of their mean.
    """
    low, high = EDGES[part:part + 2] + (0.0 if phi.pieces > 1 else 2 * math.log(phi.scale))
    nodes = np.exp(low + (high - low) * _NODES[0])
    known = _refined(lambda some: np.stack([_row(phi, q) for q in nodes[some].tolist()], -1), _NODES[0])
    return float(low), float(high), known[0].T, known[1].T


@functools.cache
def _noise(phi: BoundActivation) -> float:
    """The share of the variance by which slopes that are drawn anew keep inputs apart, whatever the variance."""
    return noise(phi, 1.0, 0.0) if phi.random else 0.0


def _row(phi: BoundActivation, q: float) -> Floats:
    """(log_ratio, share) at every place for a gap."""
    bend = _bend(phi, np.array([q]))
    alone = float(pair(phi, q, 0.0).slopes if phi.random else moments(phi, q).slope_square)

    def at(places: slice) -> Floats:
        d = q * (np.sinh(bend * _GAPS[0][places]) / np.sinh(bend)) ** 2
        apart = d > 0
        ratio, slopes = np.full((2, len(d)), alone)
        difference, slopes[apart] = differences(phi, q, d[apart])
        ratio[apart] = (difference - _noise(phi) * q) / d[apart]
        ratio = np.maximum(ratio, MIN_RATIO)
        return np.array([np.log(ratio), slopes / ratio])

    return _refined(at, _GAPS[0])


def _refined(at: Callable[[slice], Floats], nodes: Floats) -> Floats:
    """The values (…, nodes), of every second node if those tell the others: the error of a polynomial through twice as
    many nodes is about the square of the error of one."""
    half = at(slice(None, None, 2))
    places, coarse = nodes[::2], chebyshev(len(nodes) // 2 + 1)[1]
    quarter = half[..., ::2] @ shares_at(places, places[::2], chebyshev(len(places) // 2 + 1)[1]).T
    if np.abs(quarter - half).max() <= DOUBT:
        return np.asarray(half @ shares_at(nodes, places, coarse).T)
    values = np.empty((*half.shape[:-1], len(nodes)))
    values[..., ::2], values[..., 1::2] = half, at(slice(1, None, 2))
    return values
