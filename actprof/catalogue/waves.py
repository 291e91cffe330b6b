"""Gaussian expectations of sums of c·h^p·e^{κh} in closed form: of waves, for an imaginary κ, and of e^h.

E f(h) for h ~ N(μ, q): e^{κh} moves the mean to μ + κq and leaves e^{κμ + κ²q/2} as a factor.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from actprof.arrays import Array, Floats
from actprof.catalogue.activations import BoundActivation

# Std times |κ| from which on the closed forms serve a wave: below they cancel, and a quadrature sees no waves.
MIN_PHASE = 1.0


@dataclass(frozen=True, eq=False)
class Waves:
    """Σ c·h^p·e^{κh}: the arrays (terms,); real for e^h, so that what overflows is infinite."""

    c: Array
    p: Array
    kappa: Array

    @functools.cached_property
    def derivative(self) -> Waves:
        """The derivative by h."""
        falling = self.p > 0
        return Waves(np.concatenate([self.c * self.kappa, (self.c * self.p)[falling]]),
                     np.concatenate([self.p, self.p[falling] - 1]), np.concatenate([self.kappa, self.kappa[falling]]))

    def expected(self, q: Any, offset: float) -> Floats:
        """E f(h), h ~ N(offset, q), shaped like q."""
        q = np.asarray(q, float)[..., None]
        mean, size = offset + self.kappa * q, self.c * np.exp(self.kappa * (offset + self.kappa * q / 2))
        if self.p.any():
            size *= np.choose(self.p, [np.ones_like(mean), mean, mean**2 + q, mean**3 + 3 * mean * q,
                                       mean**4 + 6 * mean**2 * q + 3 * q * q])
        return _real(size)

    def shared(self, other: Waves, q: Any, common: Any, more: Any, offset: float) -> Floats:
        """By how much E f(h₁)g(h₂) grows where Cov(h₁, h₂) = common does by `more`; of powers up to 2."""
        q, common, more = (np.asarray(each, float)[..., None, None] for each in (q, common, more))
        k, last = self.kappa[:, None], other.kappa
        now = then = np.ones(1)
        if self.p.any() or other.p.any():
            first, second = offset + k * q + last * common, offset + last * q + k * common
            now = _joint(self.p[:, None], other.p, q, first, second, common)
            then = _joint(self.p[:, None], other.p, q, first + last * more, second + k * more, common + more)
        exponent, added = (k + last) * offset + (k * k + last * last) * q / 2 + k * last * common, k * last * more
        size = np.exp(exponent)
        # A size of 0 may grow by more than a float holds, little growth must not cancel.
        grown = np.where(added.real > 1, np.exp(exponent + added) - size, size * np.expm1(added)) * then
        grown = grown + size * (then - now)
        return _real(self.c[:, None] * other.c * grown, axis=(-2, -1))


@functools.lru_cache(256)
def product(f: Waves, g: Waves) -> Waves:
    """f·g, each power and each wave once."""
    p, kappa = (np.add.outer(one, other).ravel() for one, other in ((f.p, g.p), (f.kappa, g.kappa)))
    terms, place = np.unique(np.column_stack([p, kappa]), axis=0, return_inverse=True)
    c = np.multiply.outer(f.c, g.c).ravel() @ (place.reshape(-1, 1) == np.arange(len(terms)))
    return Waves(c, terms[:, 0].real.astype(int), terms[:, 1])


def _real(values: Array, axis: Any = -1) -> Floats:
    return np.asarray(values.sum(axis=axis).real)


def _joint(p: Array, r: Array, q: Array, first: Array, second: Array, common: Array) -> Array:
    """E h₁^p h₂^r for the means, the variance q and the covariance, p and r up to 2."""
    one, two = (np.where(power == 0, 1, np.where(power == 1, mean, mean * mean + q))
                for power, mean in ((p, first), (r, second)))
    linked = np.minimum(p, 1) * np.minimum(r, 1) * common * np.where(p == 2, 2 * first, 1) * np.where(
        r == 2, 2 * second, 1)
    return np.asarray(one * two + linked + np.where((p == 2) & (r == 2), 2 * common**2, 0))


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


def wave_moments(f: Waves, q: float, offset: float) -> tuple[Any, ...]:
    """The fields of expectations.Moments."""
    square, slopes = product(f, f), product(f.derivative, f.derivative)
    curvatures = [of.derivative.derivative for of in (f, square)]
    mean, square_mean, third, fourth, of_slopes, of_fourth = (each.expected(q, offset) for each in (
        f, square, product(square, f), product(square, square), slopes, product(slopes, slopes)))
    tilts = (np.sqrt(q) * of.derivative.expected(q, offset) for of in (f, square))
    by_q = [(of.expected(q, offset) / 2, of.derivative.derivative.expected(q, offset) / 4) for of in curvatures]
    return (mean, square_mean, third, fourth, f.shared(f, q, 0.0, q, offset), of_slopes, of_fourth, *tilts,
            *by_q[0], *by_q[1])


def wave_pair(f: Waves, q: float, d: Any, offset: float) -> tuple[Any, ...]:
    """The fields of pairs.Pair."""
    square, slope = product(f, f), f.derivative
    shared, mixed, squares = (one.shared(two, q, 0.0, q - d, offset) for one, two in (
        (f, f), (square, f), (square, square)))
    return (shared + f.expected(q, offset) ** 2, -f.shared(f, q, q, -d, offset), shared, mixed, squares,
            *(of.shared(of, q, 0.0, q - d, offset) + of.expected(q, offset) ** 2
              for of in (slope, product(slope, slope))))
