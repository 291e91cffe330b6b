"""Where the variance ends that starts at the first layer's, for all cells of a plane at once.

The length map rises with q for all but a few φ: then the next root on the way from the start is the end, and no
iteration is needed, which at the edge would take thousands of layers.
"""

from __future__ import annotations

import numpy as np

from actprof.arrays import Counts, Flags, Floats
from actprof.theory.length_map import MOST_STEPS
from actprof.theory.moment_tables import MomentTable

CELLS = 2048  # at once, for the memory of it

HALVINGS = 45
"""Of a step between nodes of ln q, which leave nothing but rounding of it."""

STILL = 1e-11
"""Relative growth in one layer that is rounding."""


def variance_limits(table: MomentTable, sigma_w: Floats, sigma_b: Floats) -> tuple[Floats, Floats, Floats]:
    """(q*, least growth, where that is), each (cells,), for cells (σ_w, σ_b) and inputs with E x² = 1.

    q* is infinite where the variance has no end; the least growth is looked for from the first variance upwards.
    """
    parts = [_limits(table, sigma_w[first:first + CELLS]**2, sigma_b[first:first + CELLS]**2)
             for first in range(0, len(sigma_w), CELLS)]
    q_star, growth, slowest = (np.concatenate(each) for each in zip(*parts, strict=True))
    return q_star, growth, slowest


def _limits(table: MomentTable, weights: Floats, biases: Floats) -> tuple[Floats, Floats, Floats]:
    start = weights + biases
    if not table.rising:
        start = _iterated(table, weights, biases, start)
    log_q = np.log(np.clip(start, table.q[0], table.q[-1]))
    now = _growth(table, weights, biases, log_q)
    growth = weights[:, None] * np.exp(table.log_square - table.log_q) + biases[:, None] / table.q - 1
    position = table.position(log_q)[:, None]
    nodes = np.arange(len(table.q))
    above, below = nodes >= position, nodes <= position
    up = _first(above & (growth < -STILL))
    down = len(nodes) - 1 - _first((below & (growth > STILL))[:, ::-1])
    rises, falls = now > STILL, now < -STILL
    low = np.where(rises, np.maximum(log_q, table.log_q[np.clip(up - 1, 0, None)]), table.log_q[down])
    high = np.where(rises, table.log_q[np.minimum(up, len(nodes) - 1)],
                    np.minimum(log_q, table.log_q[np.minimum(down + 1, len(nodes) - 1)]))
    end = np.exp(_halved(table, weights, biases, low, high))
    end = np.where(falls & (down < 0), _bottom(table, weights, biases), end)
    end = np.where(rises & (up == len(nodes)), np.inf, end)
    ahead = np.where(above, growth, np.inf)
    slowest = np.where(now < ahead.min(axis=1), np.exp(log_q), table.q[ahead.argmin(axis=1)])
    return np.where(rises | falls, end, start), np.minimum(now, ahead.min(axis=1)), slowest


def _first(flags: Flags) -> Counts:
    """The first true flag of each row; their number where there is none."""
    first: Counts = np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1]).astype(np.int64)
    return first


def _growth(table: MomentTable, weights: Floats, biases: Floats, log_q: Floats) -> Floats:
    """By what part of itself a variance grows in one layer."""
    growth: Floats = (weights * table.square(log_q) + biases) * np.exp(-log_q) - 1
    return growth


def _iterated(table: MomentTable, weights: Floats, biases: Floats, q: Floats) -> Floats:
    """The variance many layers on."""
    for _ in range(MOST_STEPS):
        following = weights * table.square(np.log(np.clip(q, table.q[0], table.q[-1]))) + biases
        if (np.abs(following - q) <= STILL * q).all():
            break
        q = following
    return q


def _halved(table: MomentTable, weights: Floats, biases: Floats, low: Floats, high: Floats) -> Floats:
    """ln q of the roots between: growth at `low`, shrinking at `high`."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        grows = _growth(table, weights, biases, middle) > 0
        low, high = np.where(grows, middle, low), np.where(grows, high, middle)
    return (low + high) / 2


def _bottom(table: MomentTable, weights: Floats, biases: Floats) -> Floats:
    """The roots below the table, where W is proportional to q unless φ(0) ≠ 0."""
    if table.zero.square > 0:
        return weights * table.zero.square + biases
    share = weights * np.exp(table.log_square[0] - table.log_q[0])
    return np.where(biases > 0, biases / np.maximum(1 - share, STILL), 0.0)
