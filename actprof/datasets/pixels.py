"""Numbers of a file → rows of float32 that a network can take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.datasets.table import require_finite, require_memory
from actprof.errors import DataError

BYTES = "bytes 0…255 are scaled to 0…1"


def rows(what: str, *parts: NDArray[Any]) -> tuple[list[NDArray[np.float32]], tuple[str, ...]]:
    """The parts flattened to (N, features), bytes scaled to 0…1, and a note if they were."""
    scale = 255 if all(_are_bytes(part) for part in parts) and max(part.max() for part in parts) > 1 else 1
    return [_row(what, part, scale) for part in parts], (BYTES,) if scale > 1 else ()


def image_shape(array: NDArray[Any]) -> tuple[int, int] | None:
    """Rows and columns of grey images (N, h, w) or (N, h, w, 1); None for anything else."""
    grey = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 1)
    return (array.shape[1], array.shape[2]) if grey else None


def _are_bytes(array: NDArray[Any]) -> bool:
    """Whether these are pixels 0 … 255: bytes, or images of larger whole numbers that would fit in bytes."""
    if array.dtype == np.uint8:
        return True
    return array.dtype.kind in "iu" and array.ndim > 2 and bool(array.min() >= 0 and array.max() <= 255)


def _row(what: str, array: NDArray[Any], scale: int) -> NDArray[np.float32]:
    require_memory(what, 4 * array.size)
    flat = array.reshape(len(array), -1)
    require_finite(what, flat)
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(flat, np.float32)
    if not np.isfinite(converted).all():
        raise DataError(f"{what} holds numbers too large for float32. Divide them first.")
    return converted / np.float32(scale) if scale > 1 else converted
