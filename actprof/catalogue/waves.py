"""Gaussian expectations of sums of c·h^p·e^{κh} in closed form: of waves, for an imaginary κ, and of e^h.

E f(h) for h ~ N(μ, q): e^{κh} moves the mean to μ + κq and leaves e^{κμ + κ²q/2} as a factor.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actprof.arrays import Array, Floats
from actprof.catalogue.activations import BoundActivation

# Std times |κ| from which on the closed forms serve a wave: below they cancel, and a quadrature sees no waves.
MIN_PHASE = 1.0


@dataclass(frozen=True, eq=False)
class Waves:
    """Σ c·h^p·e^{κh}; real for e^h, so that what overflows is infinite.

    Attributes:
        c: (terms,), or (functions, terms) of several that share their terms.
        p, kappa: (terms,).
    """

    c: Array
    p: Array
    kappa: Array

    @functools.cached_property
    def derivative(self) -> Waves:
        """The derivative by h."""
        falling = self.p > 0
        return Waves(np.concatenate([self.c * self.kappa, (self.c * self.p)[falling]]),
                     np.concatenate([self.p, self.p[falling] - 1]), np.concatenate([self.kappa, self.kappa[falling]]))

    def times(self, other: Waves) -> Waves:
        """The product, of one function and another."""
        return together(Waves(*(outer.ravel() for outer in (
            np.multiply.outer(self.c, other.c), np.add.outer(self.p, other.p),
            np.add.outer(self.kappa, other.kappa)))))

    def expected(self, q: float, offset: float) -> Floats:
        """E f(h), h ~ N(offset, q), (functions,)."""
        mean, size = offset + self.kappa * q, np.exp(self.kappa * (offset + self.kappa * q / 2))
        if self.p.any():
            size *= np.choose(self.p, [np.ones_like(mean), mean, mean**2 + q, mean**3 + 3 * mean * q,
                                       mean**4 + 6 * mean**2 * q + 3 * q * q])
        return _sum(self.c, size)

    def shared(self, pairs: Sequence[tuple[int, int]], q: float, common: Floats, more: Floats, offset: float) -> Floats:
        """By how much E f(h₁)g(h₂) grows where Cov(h₁, h₂) = common does by `more`, both (n,): (n, pairs).

        Powers are 2 at most.
        """
        common, more = common[:, None, None], more[:, None, None]
        k, last = self.kappa[:, None], self.kappa
        now = then = np.ones(1)
        if self.p.any():
            first, second = offset + k * q + last * common, offset + last * q + k * common
            now = _joint(self.p[:, None], self.p, q, first, second, common)
            then = _joint(self.p[:, None], self.p, q, first + last * more, second + k * more, common + more)
        exponent, added = (k + last) * offset + (k * k + last * last) * q / 2 + k * last * common, k * last * more
        size = np.exp(exponent)
        # A size of 0 may grow by more than a float holds, little growth must not cancel.
        grown = np.where(added.real > 1, np.exp(exponent + added) - size, size * np.expm1(added)) * then
        grown = grown + size * (then - now)
        one, two = np.transpose(pairs)
        return _sum((self.c[one][..., None] * self.c[two][:, None]).reshape(len(pairs), -1),
                    grown.reshape(len(common), 1, -1))


def together(*functions: Waves) -> Waves:
    """The functions with terms in common, each power and each wave once; c is (terms,) of a single one."""
    p, kappa = (np.concatenate(each) for each in zip(*((f.p, f.kappa) for f in functions), strict=True))
    terms, place = np.unique(np.column_stack([p, kappa]), axis=0, return_inverse=True)
    of = np.repeat(np.arange(len(functions)), [len(f.p) for f in functions])
    c = np.zeros((len(functions), len(terms)), kappa.dtype)
    np.add.at(c, (of, place.ravel()), np.concatenate([f.c for f in functions]))
    return Waves(c if len(functions) > 1 else c[0], terms[:, 0].real.astype(int), terms[:, 1])


def _sum(c: Array, sizes: Array) -> Floats:
    """Σ c·size; a term that a function has not does not count, be it infinite."""
    return np.asarray(np.where(c == 0, 0, c * sizes).sum(axis=-1).real)


def _joint(p: Array, r: Array, q: float, first: Array, second: Array, common: Array) -> Array:
    """E h₁^p h₂^r for the means, the variance q and the covariance, p and r up to 2."""
    one, two = (np.choose(power, [1.0, mean, mean * mean + q]) for power, mean in ((p, first), (r, second)))
    linked = (np.choose(power, [0.0, 1.0, 2 * mean]) for power, mean in ((p, first), (r, second)))
    return np.asarray(one * two + common * math.prod(linked) + 2 * common**2 * ((p == 2) & (r == 2)))


@functools.cache
def waves(phi: BoundActivation) -> Waves | None:
    """φ as such a sum, if it is one."""
    if not phi.terms:
        return None
    c, p, kappa = np.array(phi.terms).T
    c, kappa = (each.real if not each.imag.any() else each for each in (c * phi.stretch**p.real, kappa * phi.stretch))
    return Waves(c, p.real.astype(int), kappa)


def closed(phi: BoundActivation, variance: float) -> Waves | None:
    """φ as such a sum where its closed forms keep their digits."""
    found = waves(phi)
    if found is None or not np.iscomplexobj(found.kappa):
        return found
    return found if variance * np.abs(found.kappa).max() ** 2 >= MIN_PHASE else None


@functools.cache
def _powers(f: Waves) -> Waves:
    """f, f², f'², f'⁴ first, then f³, f⁴, and derivatives of f and f², those of the first, second and fourth order."""
    square, slopes = f.times(f), f.derivative.times(f.derivative)
    derived = [(of.derivative, twice := of.derivative.derivative, twice.derivative.derivative) for of in (f, square)]
    return together(f, square, slopes, slopes.times(slopes), square.times(f), square.times(square), *derived[0],
                    *derived[1])


@functools.cache
def _linked(f: Waves) -> Waves:
    slope = f.derivative
    return together(f, f.times(f), slope, slope.times(slope))


def wave_moments(f: Waves, q: float, offset: float) -> tuple[Any, ...]:
    """The fields of expectations.Moments."""
    (mean, square, slopes, of_fourth, third, fourth, tilt, by_q, by_qq, square_tilt, square_by_q,
     square_by_qq) = _powers(f).expected(q, offset)
    [[spread]] = _linked(f).shared([(0, 0)], q, np.zeros(1), np.array([q]), offset)
    return (mean, square, third, fourth, spread, slopes, of_fourth, math.sqrt(q) * tilt, math.sqrt(q) * square_tilt,
            by_q / 2, by_qq / 4, square_by_q / 2, square_by_qq / 4)


def wave_pair(f: Waves, q: float, d: float, offset: float) -> tuple[Any, ...]:
    """The fields of pairs.Pair."""
    functions = _linked(f)
    mean, _, slope, slope_square = functions.expected(q, offset)
    (shared, mixed, squares, slopes, slope_squares), (less, *_) = functions.shared(
        [(0, 0), (1, 0), (1, 1), (2, 2), (3, 3)], q, np.array([0.0, q]), np.array([q - d, -d]), offset)
    return shared + mean**2, -less, shared, mixed, squares, slopes + slope**2, slope_squares + slope_square**2
