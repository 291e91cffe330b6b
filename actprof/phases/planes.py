"""The grid of a plane: every cell's fixed points by interpolation between nodes that all cells share."""

from __future__ import annotations

import numpy as np

from actprof.activations import BoundActivation
from actprof.distributions import Floats
from actprof.phase_diagrams import PhaseGrid
from actprof.phases.correlation_tables import CorrelationTable, correlation_table
from actprof.phases.moment_tables import MomentTable
from actprof.phases.variance_limits import CELLS, variance_limits
from actprof.theory.fixed_points import MARGINAL, depth_scale

FAINT, STRONG = 1e-6, 1e6
"""Variances of the chaotic phase beyond which two inputs do as at these: φ is a line to the one, and has but its
asymptotes left to the other."""

_depth_scales = np.vectorize(depth_scale, otypes=[np.float64])


def grid(phi: BoundActivation, table: MomentTable, sigma_w: tuple[float, ...],
         sigma_b: tuple[float, ...]) -> tuple[PhaseGrid, CorrelationTable | None]:
    """The cells σ_w × σ_b for inputs with E x² = 1, and the correlations of two inputs if any cell is chaotic.

    Both ranges rise and have at least two values; `table` is that of φ.
    """
    across, up = (each.ravel() for each in np.meshgrid(np.array(sigma_w), np.array(sigma_b), indexing="ij"))
    q_star, growth, slowest = variance_limits(table, across, up)
    known = np.isfinite(q_star)
    chi = np.where(known, across**2 * table.slope_square(q_star), np.nan)
    slope = np.where(known, across**2 * table.square_slope(q_star), np.nan)
    c_star, decay, pairs = _correlations(phi, across, q_star, chi)
    cells = {"q_star": q_star, "chi_1": chi, "c_star": c_star, "xi_q": _scales(slope), "xi_c": _scales(decay),
             "growth": growth, "chi_passing": np.where(known, chi, across**2 * table.slope_square(slowest))}
    shape = len(sigma_w), len(sigma_b)
    return PhaseGrid(sigma_w, sigma_b, marginal=MARGINAL,
                     **{name: values.reshape(shape) for name, values in cells.items()}), pairs


def _correlations(phi: BoundActivation, sigma_w: Floats, q_star: Floats,
                  chi: Floats) -> tuple[Floats, Floats, CorrelationTable | None]:
    """(c*, slope of the correlation map there, the table that told), for arrays (cells,).

    Both are NaN where χ_1 is, and in the chaotic phase without a variance.
    """
    chaotic = chi > 1 + MARGINAL
    c_star, decay = np.where(chaotic | np.isnan(chi), np.nan, 1.0), np.where(chaotic, np.nan, chi)
    there = np.flatnonzero(chaotic & (q_star > 0))
    if not len(there):
        return c_star, decay, None
    q = np.clip(q_star, FAINT, STRONG)
    least, most = float(q[there].min()), float(q[there].max())
    pairs = correlation_table(phi, least, max(most, 1.01 * least))
    for some in np.split(there, range(CELLS, len(there), CELLS)):
        c_star[some], decay[some] = pairs.fixed(sigma_w[some], q[some])
    return c_star, decay, pairs


def _scales(slope: Floats) -> Floats:
    """The depth scales; NaN where the slope is."""
    known = np.isfinite(slope)
    scales = np.full(slope.shape, np.nan)
    if known.any():
        scales[known] = _depth_scales(slope[known])
    return scales
