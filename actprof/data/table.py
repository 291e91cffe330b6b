"""What a file of numbers holds, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof import resources
from actprof.errors import DataError, shown

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


def named(path: str) -> str:
    """A path for a message: control characters escaped, no quotes."""
    return shown(path, limit=400)[1:-1]


def row_chunks(features: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """(first row, rows) of consecutive pieces that fit the cache."""
    step = max(1, CHUNK // features.shape[1])
    for start in range(0, len(features), step):
        yield start, features[start:start + step]


def require_memory(what: str, needed: float) -> None:
    """Raise DataError when `needed` bytes are more than this machine should give to one file."""
    available = resources.available_memory()
    if available is not None and needed > MEMORY_SHARE * available:
        raise DataError(f"{what} takes {resources.amount(needed)} in memory; {resources.amount(available)} available. "
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
