"""A curve without its noise."""

from __future__ import annotations

import numpy as np

from actprof.learning_curves import Floats

WINDOW, BETA = 11, 2.0
"""Kaiser's window, as Saito's Deep Learning from Scratch has it."""


def smoothed(values: Floats) -> Floats:
    """The moving mean under the window; at the ends the curve is mirrored. As long as `values`."""
    half = min(WINDOW, len(values)) // 2
    if half == 0:
        return np.array(values, np.float64)
    window = np.kaiser(2 * half + 1, BETA)
    mirrored = np.pad(values, half, mode="reflect" if half < len(values) else "edge")
    curve: Floats = np.empty_like(values)
    with np.errstate(invalid="ignore", over="ignore"):
        curve[:] = np.convolve(mirrored, window / window.sum(), mode="valid")
    return curve
