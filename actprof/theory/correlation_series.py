"""How fast correlations settle in the chaotic phase, for many stacks of one activation: C'(c*).

In orthonormal Hermite polynomials φ'(√q z) = Σ b_k he_k(z), and then E φ'₁φ'₂ = Σ b_k² c^k, and E φ₁φ₂ is its
integral over c. What a cut series leaves out of either is bounded by c^k and known at c = 1, as E φ'² and Var φ.
"""

from __future__ import annotations

import numpy as np

from actprof.arrays import Floats
from actprof.catalogue import quadrature
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import evaluated
from actprof.theory.pairs import pair

TERMS = 48, 160, 640
"""Lengths to which a series is cut: one after another, as far as is needed."""

ORDER = 24, 16, 24

SPACING = 4.0, 1.0, 0.75
"""Nodes of a panel, and its width at most, which resolve as many polynomials."""

AT_ONCE = 64
"""Stacks, whose arrays fit into a cache."""

MOST_STEPS = 100

SETTLED = 1e-9
"""Relative size of a step of Newton's method after which it is as far as it gets."""


@np.errstate(all="ignore")
def by_series(phi: BoundActivation, sigma_w: Floats, q: Floats, length: int) -> tuple[Floats, Floats]:
    """(C'(c*), how far it may be off) of stacks with χ₁ > 1, from TERMS[length] terms."""
    parts = [_by_series(phi, sigma_w[first:first + AT_ONCE]**2, q[first:first + AT_ONCE], length)
             for first in range(0, len(q), AT_ONCE)]
    slope, doubt = (np.concatenate(each) for each in zip(*parts, strict=True))
    return slope, doubt


def has_series(phi: BoundActivation) -> bool:
    """Whether φ is a function of one pre-activation, of a growth that quadrature can follow."""
    return phi.pieces == 1 and not phi.activation.log_normal


def _by_series(phi: BoundActivation, weights: Floats, q: Floats, length: int) -> tuple[Floats, Floats]:
    terms, whole, spread = _squares(phi, q, length)
    integrals = terms / np.arange(1, terms.shape[1] + 1)
    gap, slope = np.ones(len(q)), np.zeros(len(q))
    moving = np.ones(len(q), bool)
    for _ in range(MOST_STEPS):
        c = 1 - gap
        powers = np.cumprod(np.broadcast_to(c[:, None], terms.shape), axis=1)
        slope = weights * (terms[:, 0] + np.einsum("ij,ij->i", terms[:, 1:], powers[:, :-1]))
        height = 1 - weights * (spread - np.einsum("ij,ij->i", integrals, powers)) / gap
        moving &= ~((height <= 1e-12) & (gap == 1))
        following = _step(gap, height, slope)
        moving &= np.isfinite(following) & (np.abs(following - gap) > SETTLED * gap)
        if not moving.any():
            break
        gap = np.where(moving, following, gap)
    missing = weights * np.maximum(whole - terms.sum(axis=1), 0.0) * (1 - gap) ** terms.shape[1]
    return slope, missing * (1 + 1 / (gap * terms.shape[1]))


def _step(gap: Floats, height: Floats, slope: Floats) -> Floats:
    """The next gap 1 - c, where (C(c) - c)/(1 - c) is `height`: its root is c*, which c = 1 is not.

    Newton's method by √(1 - c), in which that is close to a line where φ' has kinks, to a parabola where it has none.
    """
    following: Floats = np.minimum(gap * np.maximum(1 - height / (2 * (1 - slope - height)), 0.1) ** 2, 1.0)
    return following


def _squares(phi: BoundActivation, q: Floats, length: int) -> tuple[Floats, Floats, Floats]:
    """(b_k² (stacks, terms), their sum over all k, Var φ/q)."""
    std = np.sqrt(np.array([quadrature.tamed(phi, each) for each in q.tolist()]))
    cuts = quadrature.cuts(phi)
    cuts = cuts[np.abs(cuts) < quadrature.REACH * std.max()]
    marks = np.arange(-quadrature.REACH, quadrature.REACH, SPACING[length])
    points = np.concatenate([np.broadcast_to(cuts, (len(q), len(cuts))), std[:, None] * marks], axis=1)
    z, weights = quadrature.rule(points, 0.0, std, ORDER[length])
    at = evaluated(phi, std[:, None] * z)
    value, slope = at.mean(at.value), at.mean(at.slope)
    weighted = slope * weights
    mean = np.einsum("ij,ij->i", value, weights)
    spread = np.einsum("ij,ij->i", at.mean((at.value - mean[:, None]) ** 2), weights)
    terms = np.empty((TERMS[length], len(q)))
    before, now = np.zeros_like(z), np.ones_like(z)
    for k in range(len(terms)):
        terms[k] = np.einsum("ij,ij->i", weighted, now)
        before *= -np.sqrt(k / (k + 1))
        before += z * now / np.sqrt(k + 1)
        before, now = now, before
    return (terms**2).T, np.einsum("ij,ij->i", slope * weighted, np.ones_like(z)), spread / q


@np.errstate(all="ignore")
def by_pairs(phi: BoundActivation, sigma_w: float, q: float) -> float:
    """C'(c*) of one stack, whatever φ and however near the edge: slow and exact."""
    gap, slope = np.ones(1), 0.0
    for _ in range(MOST_STEPS):
        two = pair(phi, q, q * float(gap[0]))
        slope, height = float(sigma_w**2 * two.slopes), 1 - float(sigma_w**2 * two.difference / q) / gap
        following = _step(gap, height, np.array([slope]))
        settled = not np.abs(following - gap) > SETTLED * gap
        if settled or (gap[0] == 1 and height[0] <= 1e-12) or not np.isfinite(following[0]):
            break
        gap = following
    return slope
