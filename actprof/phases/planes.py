"""The grid of a plane: every cell's fixed points by interpolation between nodes that all cells share."""

from __future__ import annotations

import numpy as np

from actprof.activations import BoundActivation
from actprof.distributions import Flags, Floats
from actprof.phase_diagrams import Grid
from actprof.phases.correlation_tables import CorrelationTable, correlation_table
from actprof.phases.moment_tables import MomentTable
from actprof.phases.variance_limits import CELLS, variance_limits
from actprof.theory.fixed_points import MARGINAL, depth_scale

LEAST_Q, MOST_Q = 1e-6, 1e6
"""Variances of the chaotic phase beyond which two inputs do as at these."""

_depth_scales = np.vectorize(depth_scale, otypes=[np.float64])


def grid(phi: BoundActivation, table: MomentTable, sigma_w: tuple[float, ...],
         sigma_b: tuple[float, ...]) -> tuple[Grid, CorrelationTable | None]:
    """All cells, and the table of correlations if some are chaotic."""
    shape = len(sigma_w), len(sigma_b)
    across, up = (each.ravel() for each in np.meshgrid(np.array(sigma_w), np.array(sigma_b), indexing="ij"))
    q_star, growth, slowest = variance_limits(table, across, up)
    known = np.isfinite(q_star)
    chi, slope = np.full(q_star.shape, np.nan), np.full(q_star.shape, np.nan)
    chi[known] = across[known]**2 * table.slope_square(q_star[known])
    slope[known] = across[known]**2 * table.square_slope(q_star[known])
    chaotic = known & (chi > 1 + MARGINAL)
    decay, c_star = chi.copy(), np.where(known, 1.0, np.nan)
    c_star[chaotic], decay[chaotic] = np.nan, np.nan
    pairs = _correlations(phi, q_star, chaotic)
    if pairs is not None:
        there = np.flatnonzero(chaotic & (q_star > 0))
        for some in np.split(there, range(CELLS, len(there), CELLS)):
            c_star[some], decay[some] = pairs.fixed(across[some], np.clip(q_star[some], LEAST_Q, MOST_Q))
    passing = np.where(known, chi, across**2 * table.slope_square(slowest))
    cells = {"q_star": q_star, "chi_1": chi, "c_star": c_star, "xi_q": _scales(slope), "xi_c": _scales(decay),
             "growth": growth, "chi_passing": passing}
    return Grid(sigma_w, sigma_b, marginal=MARGINAL,
                **{name: values.reshape(shape) for name, values in cells.items()}), pairs


def _correlations(phi: BoundActivation, q_star: Floats, chaotic: Flags) -> CorrelationTable | None:
    variances = q_star[chaotic & (q_star > 0)]
    if not len(variances):
        return None
    least, most = np.clip([variances.min(), variances.max()], LEAST_Q, MOST_Q).tolist()
    return correlation_table(phi, least, max(most, 1.01 * least))


def _scales(slope: Floats) -> Floats:
    """The depth scales; NaN where the slope is."""
    known = np.isfinite(slope)
    scales = np.full(slope.shape, np.nan)
    if known.any():
        scales[known] = _depth_scales(slope[known])
    return scales
