"""The layers of a deep stack one after another, where their map is known already: a path along which little changes.

A layer's map depends on the variance q and on the angle between two inputs alone. Where q moves slowly, moments are
interpolated in ln q, and so are pairs by Mehler's formula: E f(u₁)g(u₂) = Σ f_k g_k c^k for u₁, u₂ ~ N(offset, q) of
correlation c and the coefficients f_k = E f(offset + √q z) He_k(z)/√k!.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from actprof.arrays import Array, Flags
from actprof.catalogue import quadrature
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Moments, evaluated, moments
from actprof.catalogue.waves import closed
from actprof.theory.pairs import CLOSE, EXACT, TABULATED, Pair, below_zero, pair
from actprof.theory.polynomials import chebyshev, shares_at

# Of a polynomial in the angle between two inputs, and from where to where it reaches, in units of the first angle.
ANGLES, WINDOW = 12, (0.8, 1.1)

# Relative change of a variance or an angle in one layer that is rounding, and of an angle that is slow.
STANDS, SLOW = 1e-13, 0.01

PLACES = 16  # variances of a table, which reaches over a factor of e
NODES, WEIGHTS = chebyshev(PLACES)

TERMS = (64, 256)  # of Mehler's formula: as few as leave out no more than LEFT_OUT

LEFT_OUT, GOOD = 1e-12, 1e-11  # shares of an expectation that terms may leave out, and by which a table may miss

# Where in a cell a table is checked; and √terms times the steps of z that Hermite's polynomials are followed in.
BETWEEN, WAVES = (0.04, 0.55), 30.0

# Fields of Moments and products of _Table that are no mere rounding where φ is odd, by which a table is judged.
EVEN, EVEN_PAIRS = [1, 3, 4, 5, 6, 11], [0, 2, 3, 4]

REACHES = (1.0, 0.9, 0.7, 0.5, 0.0)  # correlations at which a table's pairs are judged

MAX_RATIO = 1e3  # of E φ² within a table: beyond, what is small at one end has no digits

# Relative change of the variance from layer to layer that is slow, and after how many such layers a table pays.
STEADY, LAYERS = 0.04, 12


class _Table(NamedTuple):
    """What is known of two inputs at PLACES variances.

    Attributes:
        cell: ln q of the first.
        mean, spread: E φ and Var φ, (PLACES,).
        products: f_k g_k of the last five fields of Pair, (PLACES, terms, 5); of covariances 0 for k = 0.
        left: the largest share that the terms leave out of a Var f.
        reach: the correlation up to which the products are known between the variances.
    """

    cell: int
    mean: Array
    spread: Array
    products: Array
    left: float
    reach: float

    def pair(self, variance: float, d: float) -> Pair:
        """The expectations as `pairs.pair` tells them."""
        shares = shares_at(math.log(variance) - self.cell, NODES, WEIGHTS)
        c, k = 1 - d / variance, np.arange(self.products.shape[1])
        products = (shares @ self.products.reshape(PLACES, -1)).reshape(len(k), -1)
        if c > 0:
            steps = k * math.log1p(-d / variance)
            powers, lost = np.exp(steps), -np.expm1(steps)
        else:
            powers, lost = c**k, 1 - c**k
        shared, *others = powers @ products
        difference = lost @ products[:, 0] + lost[-1] * (shares @ self.spread - products[:, 0].sum())
        return Pair((shares @ self.mean)**2 + shared, difference, shared, *others)


def _serving(phi: BoundActivation, variance: float, offset: float, c: float) -> _Table | None:
    """The table that tells the pairs of that correlation; None where none does."""
    if phi.random or phi.pieces > 1 or closed(phi, variance) or not 0 < variance < math.inf:
        return None
    cell = math.floor(math.log(variance))
    first = _table(phi, offset, cell, TERMS[0])
    if first is None:
        return None
    for terms in TERMS:
        # What is left of a kink falls slowly, of an analytic φ with the root of the terms in its exponent.
        left = first.left if phi.bends else first.left ** math.sqrt(terms / TERMS[0])
        if left * abs(c)**terms <= 10 * LEFT_OUT and abs(c) <= first.reach:
            table = _table(phi, offset, cell, terms)
            if table and table.left * abs(c)**terms <= LEFT_OUT and abs(c) <= table.reach:
                return table
    return None


@functools.lru_cache(32)
def _alone(phi: BoundActivation, offset: float, cell: int) -> Array | None:
    """The fields of Moments, (PLACES, 13), from e^cell to e^(cell + 1); None if they miss by more than GOOD between."""
    q = np.exp(cell + np.append(NODES, BETWEEN))
    alone = np.array([moments(phi, at, offset) for at in q.tolist()])
    curved = alone[:, [1]] + q[:, None]**2 * alone[:, [12]]  # W + q²W'': alone W'' may be mere rounding
    told = _is_told(np.hstack([alone[:, EVEN], curved])) and alone[:, 1].max() < MAX_RATIO * alone[:, 1].min()
    return alone[:PLACES] if told else None


@functools.lru_cache(32)
def _table(phi: BoundActivation, offset: float, cell: int, terms: int) -> _Table | None:
    """The table from e^cell to e^(cell + 1)."""
    alone = _alone(phi, offset, cell)
    if alone is None:
        return None
    products, left = _products(phi, offset, np.exp((cell + np.append(NODES, BETWEEN)) / 2), terms)
    # The waves of a kink's terms, of which there are the more the higher they are, can be too many for PLACES.
    sums = (c**np.arange(terms) @ products[..., EVEN_PAIRS] for c in REACHES)
    reach = next((c for c, each in zip(REACHES, sums, strict=True) if _is_told(each)), -1.0)
    return _Table(cell, alone[:, 0], alone[:, 4], products[:PLACES], left, reach)


def _is_told(values: Array) -> bool:
    """Whether the values (PLACES and BETWEEN, …) at PLACES tell those between."""
    told = shares_at(np.array(BETWEEN), NODES, WEIGHTS) @ values[:PLACES]
    return bool((np.abs(told - values[PLACES:]) <= GOOD * np.abs(values).max(axis=0)).all())


def _products(phi: BoundActivation, offset: float, std: Array, terms: int) -> tuple[Array, float]:
    """The products of _Table at each std, and what they leave out."""
    bends, cuts = ((np.array(points)[:, None] - offset) / std for points in (phi.bends, quadrature.cuts(phi)))
    panels = np.arange(-quadrature.REACH, quadrature.REACH, WAVES / math.sqrt(terms))
    z, weights = quadrature.rule(np.concatenate([bends.ravel(), cuts[:, 0], panels]), 0.0, 1.0)
    at = quadrature.values(phi, offset + std[:, None] * z)
    f = np.stack([at.value[0], at.value[0]**2, at.slope[0], at.slope[0]**2])
    means = f @ weights
    f -= means[..., None]
    whole = f * f @ weights
    weighed = (f * weights).reshape(-1, len(z)).T.copy()
    found, table, last, now = np.empty((terms, *means.shape)), np.empty((TERMS[0], len(z))), 0 * z, np.ones_like(z)
    for k in range(terms):
        table[k % TERMS[0]] = now
        last, now = now, (z * now - math.sqrt(k) * last) / math.sqrt(k + 1)
        if not (k + 1) % TERMS[0]:
            found[k + 1 - TERMS[0]:k + 1] = (table @ weighed).reshape(-1, *means.shape)
    left = whole - (found[1:]**2).sum(axis=0)
    whole[2:] += means[2:]**2
    found[0] = means
    products = found[:, [0, 0, 1, 2, 3]] * found[:, [0, 1, 1, 2, 3]]
    products[0, :3] = 0.0
    return np.transpose(products, (2, 0, 1)).copy(), float((left / np.where(whole > 0, whole, 1.0)).max())


# How far φ may be from two rays out of the origin, relative to their slopes: towards it and far from it.
NEAR, FAR = 1e-10, 5e-8

# Powers of the variance to which the fields of Moments and of Pair are proportional where φ is two such rays.
POWERS, PAIR_POWERS = np.array([0.5, 1, 1.5, 2, 1, 0, 0, 0.5, 1, -0.5, -1.5, 0, -1]), np.array([1, 1, 1, 1.5, 2, 0, 0])

MIN_SIZE = 1e-150  # below it what is inverse to a power of it might overflow


@functools.cache
@np.errstate(all="ignore")
def rays(phi: BoundActivation) -> tuple[float, float]:
    """The variances (below, above) which φ is two rays out of the origin, so that layers differ in size alone.

    They are equal where φ is that everywhere, as relu is; 0 and infinity where it is that nowhere.
    """
    h = phi.scale * np.geomspace(1e-14, 1e10, 24 * 8 + 1)
    at = evaluated(phi, np.concatenate([-h, h]))
    slopes, chords = (each.reshape(-1, len(h)) for each in (at.slope, at.value / np.concatenate([-h, h])))

    def straight(end: int, miss: float) -> Flags:
        ends = slopes[:, [end]]
        miss *= np.abs(ends).max()
        off = np.maximum(np.abs(slopes - ends), np.abs(chords - ends)).max(axis=0)
        return np.asarray((miss > 0) & (off <= miss))

    near, far = straight(0, NEAR), straight(-1, FAR)
    if near.all():
        return 1.0, 1.0
    low = (h[near.argmin() - 1] / quadrature.REACH)**2 if near[0] else 0.0
    return low, (h[-far[::-1].argmin()] / FAR)**2 if far[-1] else math.inf


def representative(phi: BoundActivation, variance: float, shifted: bool) -> float:
    """The variance that stands for all at which layers differ in size alone; itself beside others and if `shifted`."""
    low, high = rays(phi)
    return variance if shifted else low if 0 < variance < low else high if high < variance < math.inf else variance


def _grown(found: Moments | Pair, size: float, powers: Array) -> Array:
    """The fields at a variance so many times as large."""
    powers = np.where(powers < 0, max(size, MIN_SIZE), size)**powers
    return np.where(np.equal(found, 0), 0.0, found * powers)


class Follower:
    """Moments and pairs of a stack's layers, one after another.

    Where the variance stands still and no table serves, a polynomial goes through ANGLES angles around the one that is
    asked for, and is good to 1e-11; else a pair is worked out.
    """

    def __init__(self) -> None:
        self._steady: dict[tuple[BoundActivation, float], tuple[float, int]] = {}
        self._known: dict[tuple[BoundActivation, float], tuple[float, float]] = {}
        self._curves: dict[tuple[BoundActivation, float], tuple[float, Array, Array]] = {}
        self._variance = math.nan
        self._others = 0  # pairs that had to be worked out

    def still(self, variance: float) -> float:
        """The variance of the layer before where that is the same to rounding: what is known at it serves again."""
        if not abs(variance - self._variance) <= STANDS * variance < math.inf:
            self._variance = variance
        return self._variance

    def moments(self, phi: BoundActivation, variance: float, offset: float = 0.0) -> Moments:
        """The expectations of a layer's φ."""
        at = representative(phi, variance, offset != 0)
        if at != variance:
            return Moments(*_grown(self.moments(phi, at), variance / at, POWERS))
        before, layers = self._steady.get((phi, offset), (math.nan, 0))
        self._steady[phi, offset] = variance, layers + 1 if abs(variance - before) <= STEADY * variance else 0
        if layers >= LAYERS and variance != before and 0 < variance < math.inf:  # else the last ones serve again
            place = math.log(variance)
            table = _alone(phi, offset, math.floor(place))
            if table is not None:
                return Moments(*(shares_at(place % 1, NODES, WEIGHTS) @ table))
        return moments(phi, variance, offset)

    def pair(self, phi: BoundActivation, variance: float, d: float, offset: float = 0.0) -> Pair:
        """The expectations of a layer's φ at two inputs; after its `moments`."""
        if (d <= CLOSE * variance and phi.pieces == 1) or (below_zero(phi) and offset == 0):
            return pair(phi, variance, d, offset)  # as fast as any table
        at = representative(phi, variance, offset != 0)
        if at != variance:
            return Pair(*_grown(self.pair(phi, at, d / variance * at), variance / at, PAIR_POWERS))
        if self._steady.get((phi, offset), (math.nan, 0))[1] >= LAYERS:
            table = _serving(phi, variance, offset, 1 - d / variance)
            if table:
                return table.pair(variance, d)
        angle = 2 * math.asin(math.sqrt(min(max(d / (2 * variance), 0.0), 1.0))) if 0 < variance < math.inf else 0.0
        key = phi, offset
        before, last = self._known.get(key, (math.nan, math.nan))
        self._known[key] = variance, angle
        # Of a size that grows without end three digits are enough.
        grown = variance == rays(phi)[1] or (self._others > LAYERS and variance > phi.scale**2)
        rule = TABULATED if grown else EXACT
        if not (abs(variance - before) <= STANDS * variance and STANDS * angle < abs(angle - last) < SLOW * angle):
            self._others += 1
            return pair(phi, variance, d, offset, rule)
        at, angles, found = self._curves.get(key, (math.nan, np.zeros(2), np.empty(0)))
        if not (abs(variance - at) <= STANDS * variance and angles[0] <= angle <= angles[-1]):
            angles = angle * (WINDOW[0] + (WINDOW[1] - WINDOW[0]) * chebyshev(ANGLES)[0])
            gaps = 2 * variance * np.sin(angles / 2) ** 2
            found = np.array([pair(phi, variance, gap, offset, rule) for gap in gaps.tolist()])
            found[:, 1] /= gaps
            self._curves[key] = variance, angles, found
        values = shares_at(angle, angles, chebyshev(ANGLES)[1]) @ found
        values[1] *= d
        return Pair(*values)


