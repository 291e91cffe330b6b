"""Which rows are trained on and which are held back for the test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actprof.datasets.samples import Samples
from actprof.errors import DataError, SpecError
from actprof.spec import SPLIT, DataSpec
from actprof.streams import DATA, stream

SHUFFLE = 2
"""The stream of the order of rows, beside those of the two parts of what is drawn."""

ROUNDING = 1e-9
"""What 100 × (1 − 0.9) lacks of 10, and much less than a row."""


@dataclass(frozen=True)
class Parts:
    """Training and test rows and their classes, with remarks for the user."""

    x_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
        return self.x_train, self.y_train, self.x_test, self.y_test


def split(name: str, samples: Samples, spec: DataSpec, seed: int) -> Parts:
    """The rows in two parts, as the spec asks for them."""
    if samples.x_test is not None and spec.validation_split is not None:
        raise SpecError(f"--validation-split cannot be combined with {name}. It brings its own test set.")
    x, y = samples.x, samples.y
    if spec.shuffle:
        order = stream(seed, DATA, SHUFFLE).permutation(len(x))
        x, y = x[order], y[order]
    notes: tuple[str, ...] = ()
    if samples.x_test is None or samples.y_test is None:
        kept = _training_rows(name, len(x), spec)
        x, y, x_test, y_test = x[:kept], y[:kept], x[kept:], y[kept:]
        notes = _remarks(spec, kept, len(x_test))
    else:
        x_test, y_test = samples.x_test, samples.y_test
    size = _train_size(name, len(x), spec)
    x, y = x[:size], y[:size]
    return Parts(x, y, x_test, y_test, (*notes, *_missing(samples.classes, y, y_test, spec.shuffle)))


def _training_rows(name: str, rows: int, spec: DataSpec) -> int:
    """How many rows come before those held back: rounded down, and at least one in both parts."""
    if rows < 2:
        raise DataError(f"{name} has 1 row, expected 2 or more: some to train on and some to test.")
    share = SPLIT if spec.validation_split is None else spec.validation_split
    return min(max(math.floor(rows * (1 - share) + ROUNDING), 1), rows - 1)


def _train_size(name: str, rows: int, spec: DataSpec) -> int:
    if spec.train_size is not None and spec.train_size > rows:
        raise SpecError(f"--train-size must be from 1 to {rows:,}, the training rows of {name}, "
                        f"not {spec.train_size:,}.")
    return spec.train_size or rows


def _remarks(spec: DataSpec, train: int, test: int) -> tuple[str, ...]:
    if spec.validation_split is not None:
        return ()
    which = f"{test:,} of {train + test:,} rows, " + ("drawn at random" if spec.shuffle else "the last ones")
    return (f"{which}, are held back for the test; --validation-split sets the share",)


def _missing(classes: tuple[str, ...], y_train: NDArray[np.int64], y_test: NDArray[np.int64],
             shuffled: bool) -> tuple[str, ...]:
    """Remarks on classes that only one of the two parts knows."""
    hint = "" if shuffled else "; --shuffle mixes the rows first"
    known = {"training": set(y_train.tolist()), "test": set(y_test.tolist())}
    return tuple(f"{len(found)} of {len(classes)} classes occur in the {part} rows{hint}"
                 for part, found in known.items() if len(found) < len(classes) and len(y_test) >= len(classes))
