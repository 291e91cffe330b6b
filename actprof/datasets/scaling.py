"""How `--scale` maps a file's numbers before they enter the network: x ↦ (x − shift) / spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.datasets.table import Table, named, row_chunks
from actprof.errors import DataError

USUAL = (0.1, 10.0)
"""Mean squares that no note is made of."""


@dataclass(frozen=True)
class Scaling:
    """A linear map of each feature; shift and spread are numbers, or vectors with one number a feature."""

    shift: NDArray[np.float64] | float = 0.0
    spread: NDArray[np.float64] | float = 1.0
    identity: bool = False
    notes: tuple[str, ...] = ()

    def apply(self, rows: NDArray[Any], dtype: str) -> NDArray[Any]:
        """The scaled rows, C-contiguous in `dtype`; computed in float64."""
        # What float32 cannot hold becomes infinite here and is counted as such by the profile.
        with np.errstate(over="ignore"):
            if self.identity:
                return rows.astype(dtype, order="C")
            scaled = (rows.astype(np.float64) - self.shift) / self.spread
            return scaled.astype(dtype, order="C", copy=False)


def unscaled(table: Table) -> Scaling:
    """The numbers as they are, with a note when they are far from what initialisers assume."""
    with np.errstate(over="ignore", under="ignore"):
        total = sum(float(np.square(rows, dtype=np.float64).sum()) for _, rows in row_chunks(table.features))
    mean_square = total / table.features.size
    if USUAL[0] <= mean_square <= USUAL[1]:
        return Scaling(identity=True)
    text = f"{mean_square:,.0f}" if 10 < mean_square < 1e9 else f"{mean_square:.2g}"
    note = f"the inputs' mean square is {text}; initialisers assume about 1: --scale standard"
    return Scaling(identity=True, notes=(note,))


def unit(table: Table) -> Scaling:
    """The whole table on 0…1, by its overall minimum and maximum."""
    low, high = float(table.features.min()), float(table.features.max())
    if low == high:
        return Scaling(low, 1.0, notes=("all inputs are equal and become 0",))
    _require_representable(table, high - low)
    return Scaling(low, high - low)


def standard(table: Table) -> Scaling:
    """Each feature to mean 0 and standard deviation 1 over the table; constant features to 0."""
    low, high = (extreme.astype(np.float64) for extreme in (table.features.min(axis=0), table.features.max(axis=0)))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = sum(rows.sum(axis=0, dtype=np.float64) for _, rows in row_chunks(table.features)) / len(table.features)
        squares = sum(np.square(rows - mean).sum(axis=0) for _, rows in row_chunks(table.features))
    spread = np.sqrt(squares / len(table.features))
    _require_representable(table, spread)
    constant = (low == high) | (spread == 0)
    count = np.count_nonzero(constant)
    notes = (f"{count:,} of {len(constant):,} features are constant and become 0",) if count else ()
    return Scaling(np.where(constant, low, mean), np.where(constant, 1.0, spread), notes=notes)


SCALINGS: Mapping[str, Callable[[Table], Scaling]] = {"none": unscaled, "unit": unit, "standard": standard}
"""The value of `--scale` → the map it stands for, from the whole table."""


def _require_representable(table: Table, spread: NDArray[np.float64] | float) -> None:
    if not np.isfinite(spread).all():
        raise DataError(f"{named(table.source)} holds numbers too large to be scaled. Divide them first.")
