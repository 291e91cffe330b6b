"""Rows with their classes as a source gives them, before anything is held back for the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.data.table import require_finite, require_memory
from actprof.errors import DataError, quoted


@dataclass(frozen=True)
class Samples:
    """What a data set or a file holds.

    Attributes:
        x: (rows, features), finite.
        y: the class number of each row.
        classes: the names of the classes.
        x_test: rows for the test, or None where a source has none of its own.
        y_test: their class numbers.
        image_shape: rows and columns of the image that a row is, or None.
        notes: one-line remarks on where they come from.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    x_test: NDArray[np.float32] | None = None
    y_test: NDArray[np.int64] | None = None
    image_shape: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()


def balanced(rng: np.random.Generator, classes: int, count: int) -> NDArray[np.int64]:
    """Class numbers in random order, each class once in every `classes` rows; the first do not depend on the rest."""
    rounds = np.tile(np.arange(classes, dtype=np.int64), (-(-count // classes), 1))
    return rng.permuted(rounds, axis=1).ravel()[:count]


MAX_CLASSES = 1000


def encoded(what: str, *parts: NDArray[Any]) -> tuple[list[NDArray[np.int64]], tuple[str, ...]]:
    """The class numbers of each part, and the classes of all; DataError names `what`.

    Args:
        parts: labels of the training rows, and of the test rows if there are some: whole numbers or text, one a row, or
            one-hot rows.
    """
    plain = [_plain(what, part) for part in parts]
    if len({part.dtype.kind == "U" for part in plain}) > 1:
        raise DataError(f"{what}: some labels are text, others numbers. Use one kind.")
    labels, numbers = np.unique(np.concatenate(plain), return_inverse=True)
    if not 2 <= len(labels) <= MAX_CLASSES:
        raise DataError(f"{what}: found {len(labels):,} different label{'s' * (len(labels) != 1)}, expected 2 to "
                        f"{MAX_CLASSES:,} classes.")
    classes = tuple(str(label) if labels.dtype.kind == "U" else str(int(label)) for label in labels)
    cuts = np.cumsum([len(part) for part in plain])[:-1]
    return np.split(numbers.reshape(-1).astype(np.int64), cuts), classes


def _plain(what: str, labels: NDArray[Any]) -> NDArray[Any]:
    """One label a row: text, or whole numbers."""
    if labels.ndim == 2:
        return _plain(what, labels[:, 0]) if labels.shape[1] == 1 else _from_one_hot(what, labels)
    if labels.dtype.kind == "S":
        return np.asarray(np.char.decode(labels, "utf-8", "replace"))
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.floor(labels))).all():
        wrong = labels[~(np.isfinite(labels) & (labels == np.floor(labels)))][0]
        raise DataError(f"{what}: found label {quoted(f'{wrong:g}')}, expected whole numbers or text.")
    return labels.astype(np.int8) if labels.dtype.kind == "b" else labels


def _from_one_hot(what: str, rows: NDArray[Any]) -> NDArray[Any]:
    if rows.dtype.kind not in "biuf" or not (((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise DataError(f"{what}: found labels of shape {rows.shape}, expected one a row or one-hot rows.")
    return np.asarray(rows.argmax(axis=1))


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
