"""Cubic interpolation between equidistant nodes, for thousands of places at once."""

from __future__ import annotations

import numpy as np

from actprof.arrays import Counts, Floats


def cubic(values: Floats, position: Floats) -> Floats:
    """Lagrange's cubic through the four nodes around each position, which counts nodes from 0.

    Args:
        values: (nodes, …), at least four nodes.
        position: (places,); the first and the last node stand for what is beyond them.

    Returns:
        (places, …).
    """
    position = np.clip(position, 0.0, len(values) - 1.0)
    first: Counts = np.clip(position.astype(np.int64) - 1, 0, len(values) - 4)
    t = (position - first).reshape(-1, *[1] * (values.ndim - 1))
    weights = (-(t - 1) * (t - 2) * (t - 3) / 6, t * (t - 2) * (t - 3) / 2, -t * (t - 1) * (t - 3) / 2,
               t * (t - 1) * (t - 2) / 6)
    total: Floats = sum((weight * values[first + place] for place, weight in enumerate(weights)),
                        np.zeros(1))
    return total
