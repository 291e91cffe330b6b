"""What a file of numbers holds, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof import machine
from actprof.errors import DataError, quoted

MEMORY_SHARE = 0.75
"""The part of the available memory that one file may take."""

CHUNK = 1 << 20
"""Numbers looked at together when a whole table is gone through."""


@dataclass(frozen=True)
class Table:
    """Rows of numbers read from a file.

    Attributes:
        features: (rows, features), all finite, in the type they are stored in.
        source: the path as given.
        notes: one-line remarks on how the file was read.
    """

    features: NDArray[Any]
    source: str
    notes: tuple[str, ...] = ()


def display_path(path: str) -> str:
    """A path for a message: control characters escaped, no quotes."""
    return quoted(path, limit=400)[1:-1]


def row_chunks(features: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """(first row, rows) of consecutive pieces that fit the cache."""
    step = max(1, CHUNK // features.shape[1])
    for start in range(0, len(features), step):
        yield start, features[start:start + step]


def require_memory(what: str, needed: float) -> None:
    """Raise DataError when `needed` bytes are more than this machine should give to one file."""
    available = machine.available_memory()
    if available is not None and needed > MEMORY_SHARE * available:
        raise DataError(f"{what} takes {machine.amount(needed)} in memory; {machine.amount(available)} available. "
                        "Store fewer rows.")


def require_finite(what: str, features: NDArray[Any]) -> None:
    """Raise DataError at the first NaN or infinity."""
    if features.dtype.kind != "f":
        return
    for start, rows in row_chunks(features):
        finite = np.isfinite(rows)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise DataError(f"{what} holds {rows[row, column]} at row {start + row + 1:,}, column {column + 1:,}. "
                            "Every number must be finite.")


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
        raise DataError(f"{display_path(table.source)} holds numbers too large to be scaled. Divide them first.")
