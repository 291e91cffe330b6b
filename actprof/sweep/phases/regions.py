"""The phases as flat colours: each pixel's from the cells around it, so that their borders are smooth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Floats
from actprof.report.style import Theme
from actprof.sweep.phases.result import PhaseGrid

REGIONS = ("ordered", "chaotic", "diverges")

COLOURS = {"light": {"ordered": "#bcd9ee", "chaotic": "#f8d3a4", "diverges": "#b3b6bc"},
           "dark": {"ordered": "#17415f", "chaotic": "#6b430f", "diverges": "#44474f"}}
"""Blue and orange, which any colour vision tells apart, and grey; each theme's text is readable on all three."""

STILL = 1e-9


def colour(theme: Theme, region: str) -> str:
    """The colour of a phase."""
    return COLOURS[theme.name][region]


def regions(grid: PhaseGrid, columns: int, rows: int) -> NDArray[np.intp]:
    """(rows, columns) places in REGIONS of a raster over the plane's extent, the largest σ_b in the first row."""
    low_w, high_w, low_b, high_b = grid.extent
    across = np.interp(_centres(low_w, high_w, columns), grid.sigma_w, np.arange(len(grid.sigma_w)))
    up = np.interp(_centres(low_b, high_b, rows)[::-1], grid.sigma_b, np.arange(len(grid.sigma_b)))
    chi = _between(grid.chi_passing, across, up)
    grows = _between(grid.growth, across, up) > STILL
    found: NDArray[np.intp] = np.where(grows, 2, np.where(chi > 1, 1, 0)).T
    return found


def painted(found: NDArray[np.intp], theme: Theme) -> NDArray[np.uint8]:
    """(rows, columns, 4) colours."""
    from matplotlib.colors import to_rgba

    palette = np.array([to_rgba(colour(theme, region)) for region in REGIONS])
    return np.round(255 * palette).astype(np.uint8)[found]


def _centres(low: float, high: float, count: int) -> Floats:
    return low + (high - low) * (np.arange(count) + 0.5) / count


def _between(values: Floats, across: Floats, up: Floats) -> Floats:
    """Bilinear, (across, up)."""
    left = np.minimum(across.astype(int), values.shape[0] - 2)
    low = np.minimum(up.astype(int), values.shape[1] - 2)
    x, y = (across - left)[:, None], up - low
    lower = values[left][:, low] * (1 - x) + values[left + 1][:, low] * x
    upper = values[left][:, low + 1] * (1 - x) + values[left + 1][:, low + 1] * x
    mixed: Floats = lower * (1 - y) + upper * y
    return mixed
