"""What two inputs' correlation does in the chaotic phase, over all variances and gaps 1 - c that a plane needs.

Two statistics tell everything: by what the gap is multiplied in a layer for every unit of σ_w², and the slope of the
correlation map for the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import moments
from actprof.theory.interpolation import cubic
from actprof.theory.pairs import pair

PER_DECADE, LEAST_NODES, MOST_NODES = 6, 4, 20
"""Variances in a decade, and in all: a cubic needs four, and each takes as many double integrals as there are gaps."""

POWER = 4
"""Gaps are tabulated by this root: a kink of φ makes itself felt by the square root, and at a large variance all that
happens is near 0."""

GAPS, FINE = 13, 257
"""Nodes of the root from 0 to 1: those that are computed, and those between which lines do for a cubic."""


@dataclass(frozen=True)
class CorrelationTable:
    """Nodes in ln q × gap^(1/POWER).

    Attributes:
        low, step: ln q of the first node, and from each to the next.
        ratio: (variances, gaps), E(φ₁ - φ₂)²/2 over d = q·gap.
        slope: (variances, gaps), E φ'₁φ'₂.
    """

    low: float
    step: float
    ratio: Floats
    slope: Floats

    def rows(self, log_q: Floats) -> tuple[Floats, Floats]:
        """(ratio, slope), each (variances, FINE), for log_q (variances,)."""
        position = (log_q - self.low) / self.step
        return cubic(self.ratio, position) @ _FINER.T, cubic(self.slope, position) @ _FINER.T

    def fixed(self, sigma_w: Floats, q: Floats) -> tuple[Floats, Floats]:
        """(c*, C'(c*)), each (cells,), in the chaotic phase: at the gap that is multiplied by 1."""
        ratio, slope = self.rows(np.log(q))
        weights: Floats = sigma_w**2
        place, before = _crossing(weights[:, None] * ratio - 1)
        return 1 - (place / (FINE - 1)) ** POWER, weights * between(slope, place, before)


_FINER = cubic(np.eye(GAPS), np.linspace(0, GAPS - 1, FINE))


def between(rows: Floats, place: Floats, before: Counts) -> Floats:
    """Each of the rows (rows, nodes) at its place (rows,), linearly from the node before it (rows,)."""
    each = np.arange(len(rows))
    after = np.minimum(before + 1, rows.shape[1] - 1)
    values: Floats = rows[each, before] + (place - before) * (rows[each, after] - rows[each, before])
    return values


def _crossing(falling: Floats) -> tuple[Floats, Counts]:
    """Where each row of (rows, nodes) first is below 0, linearly between nodes.

    Returns:
        The position, and the node before it, each (rows,); the last node where there is no such place.
    """
    below = falling < 0
    after = np.where(below.any(axis=1), below.argmax(axis=1), falling.shape[1] - 1)
    before: Counts = np.maximum(after - 1, 0)
    rows = np.arange(len(falling))
    high, low = falling[rows, before], falling[rows, after]
    share = np.where(low < 0, high / np.where(high > low, high - low, 1.0), 1.0)
    return before + np.clip(share, 0.0, 1.0), before


@np.errstate(all="ignore")
def correlation_table(phi: BoundActivation, least: float, most: float) -> CorrelationTable:
    """For variances between least > 0 and most."""
    low, high = math.log(least), math.log(most)
    nodes = min(max(LEAST_NODES, 1 + math.ceil(PER_DECADE * (high - low) / math.log(10))), MOST_NODES)
    step = (high - low) / (nodes - 1) or 1.0
    found = [_row(phi, math.exp(low + place * step)) for place in range(nodes)]
    ratio, slope = (np.array([row[which] for row in found]) for which in (0, 1))
    return CorrelationTable(low, step, ratio, slope)


def _row(phi: BoundActivation, q: float) -> tuple[list[float], list[float]]:
    """(ratio, slope) at every gap; without one both are E φ'²."""
    gaps = np.linspace(0, 1, GAPS)[1:] ** POWER
    alone = float(moments(phi, q).slope_square)
    pairs = [pair(phi, q, q * gap) for gap in gaps.tolist()]
    return ([alone, *(float(two.difference) / (q * gap) for two, gap in zip(pairs, gaps.tolist(), strict=True))],
            [alone, *(float(two.slopes) for two in pairs)])
