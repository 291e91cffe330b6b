"""Polynomials through nodes by the barycentric formula (Berrut & Trefethen 2004)."""

from __future__ import annotations

import functools

import numpy as np

from actprof.arrays import Floats


@functools.cache
def chebyshev(count: int) -> tuple[Floats, Floats]:
    """Nodes of the second kind, rising from 0 to 1, and their barycentric weights."""
    weights = np.where(np.arange(count) % 2, -1.0, 1.0)
    weights[[0, -1]] /= 2
    nodes: Floats = (1 - np.cos(np.pi * np.arange(count) / (count - 1))) / 2
    return nodes, weights


def shares_at(x: Floats | float, nodes: Floats, weights: Floats) -> Floats:
    """(…, nodes): how much of each node's value the polynomial through all of them has at each x (…)."""
    away = np.subtract.outer(x, nodes)
    kernel: Floats = weights / np.where(away == 0, 1e-300, away)
    kernel /= kernel.sum(axis=-1, keepdims=True)
    return kernel
