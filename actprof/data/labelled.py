"""Labelled rows to train and to test on: in two parts, scaled, their labels as class numbers or numbers to predict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Array, Counts
from actprof.data import sources
from actprof.data.request import AUTO, NONE, SPLIT, DataSpec
from actprof.data.samples import Samples, are_pixels, encoded, flattened
from actprof.data.table import SCALINGS, Scaling, Table, is_usual, require_memory, rms, row_chunks, size_text
from actprof.errors import DataError, SpecError
from actprof.streams import DATA, stream

SHUFFLE = 2  # the stream of the order of rows, beside those of the two parts of what is drawn
ROUNDING = 1e-9  # what 100 × (1 − 0.9) lacks of 10, and much less than a row


@dataclass(frozen=True)
class Labelled:
    """Rows with their labels, in two parts.

    Attributes:
        x_train: (N, features), C-contiguous.
        y_train: the class number of each row, from 0; or, without classes, the number to predict.
        x_test: at least one row.
        classes: the names of the classes; none where numbers are predicted.
        notes: one-line remarks for the user.
    """

    name: str
    x_train: NDArray[np.float32]
    y_train: Array
    x_test: NDArray[np.float32]
    y_test: Array
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def features(self) -> int:
        return int(self.x_train.shape[1])

    @property
    def is_plane(self) -> bool:
        """Whether the rows are points of a plane in classes, so that a decision boundary can be drawn."""
        return self.features == 2 and bool(self.classes)

    @property
    def is_curve(self) -> bool:
        """Whether one number is predicted from one other, so that the fit can be drawn."""
        return self.features == 1 and not self.classes

    @property
    def baseline(self) -> float:
        """The test accuracy of always answering the most frequent training class; NaN where numbers are predicted."""
        return float(np.mean(self.y_test == np.bincount(self.y_train).argmax())) if self.classes else math.nan

    @property
    def baseline_loss(self) -> float:
        """The test loss of always answering the mean of the training numbers; NaN for classes."""
        return math.nan if self.classes else half_mean_square(self.y_test - self.y_train.mean())

    @cached_property
    def rms(self) -> float:
        """The root mean square of the training inputs."""
        return rms(self.x_train)

    @property
    def target_rms(self) -> float:
        """The root mean square of the training numbers to predict; 1 for classes."""
        return 1.0 if self.classes else rms(self.y_train)


def half_mean_square(errors: Array) -> float:
    with np.errstate(over="ignore"):
        return float(np.square(errors, dtype=np.float64).mean()) / 2


def load(spec: DataSpec, seed: int, held: object = None) -> Labelled:
    """The rows that a spec stands for, or that are `held` in memory; SpecError or DataError says what is wrong with
    them."""
    name, samples = sources.name_of(spec.rows), sources.load(spec.rows, seed, labelled=True, held=held)
    assert samples.y is not None
    parts = [samples.y] if samples.y_test is None else [samples.y, samples.y_test]
    labels, classes = (parts, samples.classes) if samples.classes else encoded(samples.what, spec.target, *parts)
    train, test, notes = split(name, samples, labels, spec, seed)
    x_train, x_test, scaled = _scaled(samples, train[0], test[0], spec.scale)
    y_train, y_test, more = _targets(train[1], test[1], spec.scale) if not classes else (train[1], test[1], ())
    remarks = (_missing(classes, train[1], test[1], spec.shuffle) if classes else
               _beyond(x_train, x_test, samples.x_test is None and not spec.shuffle))
    # What is made here is on a scale of its own.
    scaled = () if samples.classes and spec.scale == AUTO else scaled
    return Labelled(name, x_train, y_train, x_test, y_test, classes,
                    (*samples.notes, *_found(samples, classes), *notes, *scaled, *more, *remarks))


def _found(samples: Samples, classes: tuple[str, ...]) -> tuple[str, ...]:
    """A remark on the column of labels of a table: which it is, why, and how to take another."""
    kind = "classes" if classes else "numbers to predict"
    why = f", {samples.why}; --label-column takes another" if samples.why else ""
    return (f"the {kind} are {samples.label}{why}",) if samples.label else ()


Part = tuple[Array, Array]


def split(name: str, samples: Samples, labels: list[Array], spec: DataSpec, seed: int,
          ) -> tuple[Part, Part, tuple[str, ...]]:
    """Inputs and labels to train on and to test on as the spec asks for them, and remarks."""
    if samples.x_test is not None and spec.validation_split is not None:
        raise SpecError(f"--validation-split cannot be combined with {name}. It brings its own test set.")
    x, y = samples.x, labels[0]
    if spec.shuffle:
        order = stream(seed, DATA, SHUFFLE).permutation(len(x))
        x, y = x[order], y[order]
    notes: tuple[str, ...] = ()
    if samples.x_test is not None:
        test = samples.x_test, labels[-1]
    else:
        kept = _training_rows(name, len(x), spec)
        x, y, test = x[:kept], y[:kept], (x[kept:], y[kept:])
        notes = _remarks(spec, kept, len(test[0]))
    size = _train_size(name, len(x), spec)
    return (x[:size], y[:size]), test, notes


def _scaled(samples: Samples, train: Array, test: Array, scale: str,
            ) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[str, ...]]:
    """Both parts as rows of float32, scaled by what the training rows show, and remarks."""
    rows = flattened(train)
    scaling = SCALINGS[scale](Table(rows, samples.what, pixels=are_pixels(train)))
    x_train, x_test = (_float32(samples.what, flattened(part), scaling) for part in (train, test))
    return x_train, x_test, scaling.notes


def _float32(what: str, rows: Array, scaling: Scaling) -> NDArray[np.float32]:
    require_memory(what, 4 * rows.size)
    converted = np.empty(rows.shape, np.float32)
    for start, part in row_chunks(rows):
        converted[start:start + len(part)] = scaling.apply(part, "float32")
    if not all(np.isfinite(part).all() for _, part in row_chunks(converted)):
        raise DataError(f"{what} holds numbers too large for float32. Divide them first.")
    return converted


def _targets(train: Array, test: Array, scale: str) -> tuple[Array, Array, tuple[str, ...]]:
    """Numbers to predict, scaled as the inputs are where that is asked for, and remarks."""
    if scale in (AUTO, NONE):
        size = rms(train)
        note = f"the numbers to predict have an rms of {size_text(size)}; losses go with its square: --scale standard"
        return train, test, () if is_usual(size) else (note,)
    scaling = SCALINGS[scale](Table(train[:, np.newaxis], "the numbers to predict"))
    y_train, y_test = (scaling.apply(part[:, np.newaxis], "float64")[:, 0] for part in (train, test))
    return y_train, y_test, ("the numbers to predict are scaled likewise", *scaling.notes)


def _beyond(train: NDArray[np.float32], test: NDArray[np.float32], mixable: bool) -> tuple[str, ...]:
    """A remark where a file sorted by an input leaves only extrapolation for the test."""
    outside = (test.min(axis=0) >= train.max(axis=0)) | (test.max(axis=0) <= train.min(axis=0))
    if not outside.any() or len(train) < 2:
        return ()
    hint = "; --shuffle mixes the rows first" if mixable else ""
    return (f"an input of all test rows is beyond those of the training rows{hint}",)


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


def _missing(classes: tuple[str, ...], y_train: Counts, y_test: Counts,
             shuffled: bool) -> tuple[str, ...]:
    """Remarks on classes that only one of the two parts knows."""
    hint = "" if shuffled else "; --shuffle mixes the rows first"
    known = {"training": set(y_train.tolist()), "test": set(y_test.tolist())}
    return tuple(f"{len(found)} of {len(classes)} classes occur in the {part} rows{hint}"
                 for part, found in known.items() if len(found) < len(classes) and len(y_test) >= len(classes))


