"""Rows with their classes as a source gives them, before anything is held back for the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
