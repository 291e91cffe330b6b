"""Gaussian quadrature rules: composite Gauss-Legendre cut where the integrand bends, and the trapezoidal rule.

Gauss-Hermite is off by a percent at a kink and by half at a large variance, and seldom shows it.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from actprof.arrays import Array
from actprof.catalogue.activations import ACTIVATIONS, BoundActivation, bind
from actprof.catalogue.special import normal_density

REACH = 10.0  # standard deviations to which an expectation extends: beyond are 1e-23 of the probability

ORDER = 24
PANELS = (-REACH, -6.0, -3.0, 0.0, 3.0, 6.0, REACH)
_GRADED = (2.0, 4.0, 8.0, 16.0, 32.0, 128.0, 512.0, 2048.0, 8192.0)


@functools.cache
def cuts(phi: BoundActivation) -> Array:
    """Pre-activations at which panels should end: every bend and, away from 0, wider and wider steps."""
    graded = () if phi.activation.piecewise else (0.0, *_GRADED, *(-edge for edge in _GRADED))
    return np.array(sorted({*phi.bends, *(phi.scale * edge for edge in graded)}))


@functools.cache
def _legendre(order: int) -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(order)


def rule(points: Array, mean: Array | float, std: Array | float, order: int = ORDER,
         panels: tuple[float, ...] = PANELS) -> tuple[Array, Array]:
    """Nodes z and weights of E f(mean + std·z), z ~ N(0, 1), for an f that bends at the given points.

    For arrays of means or stds the nodes are those arrays' shape and one axis more.
    """
    reach = panels[-1]
    if np.ndim(std) == np.ndim(mean) == 0 and points.ndim == 1:  # a third of the time that small arrays take
        ends = [(point - mean) / std for point in points.tolist()] if std else []
        return _composite(np.array(sorted({*panels, *(z for z in ends if abs(z) < reach)})), order)
    mean, std = (np.asarray(each, float)[..., None] for each in (mean, std))
    if points.ndim == 1 and std.size:
        points = points[np.abs(points) <= np.abs(mean).max() + reach * std.max()]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inner = np.fmin(np.fmax((points - mean) / std, -reach), reach)
    fixed = np.broadcast_to(panels, (*inner.shape[:-1], len(panels)))
    edges = np.sort(np.concatenate([fixed, inner], axis=-1), axis=-1)
    wide = (np.diff(edges) > 0).reshape(-1, edges.shape[-1] - 1).any(axis=0)
    return _composite(edges[..., np.concatenate([[True], wide])], order)


def _composite(edges: Array, order: int) -> tuple[Array, Array]:
    x, weight = _legendre(order)
    half = np.diff(edges, axis=-1)[..., None] / 2
    z = edges[..., :-1, None] + half * (1 + x)
    weights = half * weight * normal_density(z)
    shape = (*edges.shape[:-1], -1)
    return z.reshape(shape), weights.reshape(shape)


@functools.lru_cache(64)
def trapezoid(nodes: int) -> tuple[Array, Array]:
    """Equidistant nodes z in ±9, so many, and their weights."""
    z = np.linspace(-9, 9, nodes)
    weights = normal_density(z)
    return z, weights / weights.sum()


def interval(low: float, high: float, nodes: int) -> tuple[Array, Array]:
    """Nodes and weights of the mean over [low, high]."""
    x, weights = _legendre(nodes)
    return low + (high - low) * (1 + x) / 2, weights / 2


SLOPES = 8  # slopes that stand for all that can be drawn; enough for their fourth powers


class Values(NamedTuple):
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
    draw = phi.activation.drawn
    if not phi.random or draw is None:
        return ((1.0, phi),)
    return tuple((weight, bind(ACTIVATIONS.parse(draw(share, **dict(phi.parameters)))))
                 for share, weight in zip(*(each.tolist() for each in interval(0.0, 1.0, SLOPES)), strict=True))


def values(phi: BoundActivation, h: Array) -> Values:
    """All curves at h."""
    drawn = curves(phi)
    return Values(np.array([probability for probability, _ in drawn]),
                  np.stack([curve.value(h) for _, curve in drawn]) if len(drawn) > 1 else drawn[0][1].value(h)[None],
                  np.stack([curve.derivative(h) for _, curve in drawn]) if len(drawn) > 1
                  else drawn[0][1].derivative(h)[None])
