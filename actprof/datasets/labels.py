"""Labels of any kind → class numbers 0 … C − 1 in the order of the sorted labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.errors import DataError, shown

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
        raise DataError(f"{what}: found label {shown(f'{wrong:g}')}, expected whole numbers or text.")
    return labels.astype(np.int8) if labels.dtype.kind == "b" else labels


def _from_one_hot(what: str, rows: NDArray[Any]) -> NDArray[Any]:
    if rows.dtype.kind not in "biuf" or not (((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise DataError(f"{what}: found labels of shape {rows.shape}, expected one a row or one-hot rows.")
    return np.asarray(rows.argmax(axis=1))
