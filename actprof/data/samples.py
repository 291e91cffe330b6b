"""Rows as a source holds them: inputs, labels, and those for the test, before anything is scaled or held back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from actprof.arrays import Array, Counts, Flags
from actprof.data.columns import Look, columns
from actprof.data.request import MISSING, RowsSpec
from actprof.data.table import Table, row_chunks
from actprof.errors import DataError, quoted

EXPECTED = "expected 2-D rows × features or images"
MAX_CLASSES = 1000
FEW_CLASSES = 20  # so many different labels are classes however few rows there are
NO_LABEL = ("", "?", "nan")  # text that stands for a missing label
WIDE = 16  # columns from which whole numbers 0…255 are taken for pixels


@dataclass(frozen=True)
class Samples:
    """What a data set or a file holds.

    Attributes:
        x: (rows, features) or images (rows, …), as stored.
        y: the label of each row as stored, the numbers of `classes` where these are given; None if they were not asked
            for.
        x_test, y_test: rows for the test, or None where a source has none of its own.
        classes: the names of the classes, where the source knows them.
        what: where the rows are from, for messages.
        label: which column holds the labels, "" where that is plain; `why` where nobody said so.
        notes: one-line remarks on how they were read.
    """

    x: Array
    y: Array | None = None
    x_test: Array | None = None
    y_test: Array | None = None
    classes: tuple[str, ...] = ()
    what: str = ""
    label: str = ""
    why: str = ""
    notes: tuple[str, ...] = ()

    def table(self) -> Table:
        """The inputs as a table for a profile."""
        image = "×".join(map(str, self.x.shape[1:]))
        flat = flattened(self.x)
        notes = (f"{image} images flattened to {flat.shape[1]:,} features",) if self.x.ndim > 2 else ()
        return Table(flat, self.what, (*self.notes, *notes), are_pixels(self.x))


def flattened(x: Array) -> Array:
    """(rows, features)."""
    return x.reshape(len(x), -1)


def are_pixels(x: Array) -> bool:
    """Whether these are pixels 0 … 255: bytes, or whole numbers of images or of many columns that fit in bytes."""
    if x.dtype.kind not in "iu" or not x.size:
        return False
    image = x.dtype == np.uint8 or x.ndim > 2
    high = int(x.max())
    return 1 < high <= 255 and int(x.min()) >= 0 and (image or (x.shape[1] >= WIDE and high > 127))


def in_columns(x: Array, spec: RowsSpec, labelled: bool, what: str) -> Samples:
    """The parts of an array without names of columns, as the spec asks for them."""
    flat = flattened(x)
    chosen = columns(what, Look(flat.shape[1]), spec, labelled)
    whole = len(chosen.inputs) == flat.shape[1]
    return Samples((x if x.ndim > 1 else flat) if whole else flat[:, list(chosen.inputs)],
                   flat[:, chosen.label] if labelled and chosen.label is not None else None, what=what,
                   label=chosen.called, why=chosen.why, notes=chosen.notes)


def complete(samples: Samples, missing: str) -> Samples:
    """The rows with finite numbers and a label; DataError at the first other one unless they may be left out."""
    x, y, note = _complete(samples.what, samples.x, samples.y, missing)
    if samples.x_test is None:
        return replace(samples, x=x, y=y, notes=(*samples.notes, *note))
    x_test, y_test, more = _complete(samples.what, samples.x_test, samples.y_test, missing)
    return replace(samples, x=x, y=y, x_test=x_test, y_test=y_test, notes=(*samples.notes, *note, *more))


def _complete(what: str, x: Array, y: Array | None, missing: str,
              ) -> tuple[Array, Array | None, tuple[str, ...]]:
    good, flat = np.ones(len(x), np.bool_), flattened(x)
    if x.dtype.kind == "f":
        for start, rows in row_chunks(flat):
            good[start:start + len(rows)] = np.isfinite(rows).all(axis=1)
    labels = _are_labels(y) if y is not None else good
    if (good & labels).all():
        return x, y, ()
    lacking = f"{np.count_nonzero(~(good & labels)):,} of {len(x):,}"
    if missing != MISSING[1]:
        row = int(np.argmin(good & labels))
        place = f"row {row + 1:,}"
        if not good[row]:
            column = int(np.argmin(np.isfinite(flat[row])))
            place = f"{flat[row, column]} at {place}, column {column + 1:,}"
        else:
            place = f"no label at {place}"
        raise DataError(f"{what} holds {place}. --missing {MISSING[1]} leaves such rows out: {lacking}.")
    if not (good & labels).any():
        raise DataError(f"{what} has no row without a missing value. --drop leaves out the columns that lack most.")
    return (x[good & labels], None if y is None else y[good & labels],
            (f"{lacking} rows lack a value and are left out",))


def _are_labels(y: Array) -> Flags:
    """Which labels are there: finite numbers, or text."""
    if y.dtype.kind == "f":
        good: Flags = np.isfinite(y)
    elif y.dtype.kind == "U":
        good = ~np.isin(np.char.lower(y), NO_LABEL)
    else:
        return np.ones(len(y), np.bool_)
    return np.asarray(good.reshape(len(y), -1).all(axis=1))


def balanced(rng: np.random.Generator, classes: int, count: int) -> Counts:
    """Class numbers in random order, each class once in every `classes` rows; the first do not depend on the rest."""
    rounds = np.tile(np.arange(classes, dtype=np.int64), (-(-count // classes), 1))
    return rng.permuted(rounds, axis=1).ravel()[:count]


def encoded(what: str, target: str, *parts: Array) -> tuple[list[Array], tuple[str, ...]]:
    """The class numbers of each part and the classes of all, or numbers to predict (float64) and no classes.

    Args:
        target: classes, numbers, or auto: numbers are what is not whole, or has hardly a value twice.
        parts: labels of the training rows, and of the test rows if there are some: numbers or text, one a row, or
            one-hot rows.
    """
    plain = [_plain(what, part) for part in parts]
    if len({part.dtype.kind == "U" for part in plain}) > 1:
        raise DataError(f"{what}: some labels are text, others numbers. Use one kind.")
    every = np.concatenate(plain)
    labels, numbers = np.unique(every, return_inverse=True)
    text = labels.dtype.kind == "U"
    many = len(labels) > MAX_CLASSES or len(labels) > max(FEW_CLASSES, len(every) / 2)
    broken = not text and not (labels == np.floor(labels)).all()
    if target == "numbers" or (target != "classes" and not text and (broken or many)):
        if text:
            raise DataError(f"{what}: the labels are text ({quoted(labels[0], 20)}, …), not numbers to predict. "
                            "--label-column takes another column.")
        return [part.astype(np.float64) for part in plain], ()
    if broken:
        wrong = labels[labels != np.floor(labels)][0]
        raise DataError(f"{what}: found label {quoted(f'{wrong:g}')}, expected whole numbers or text. "
                        "--target numbers predicts numbers.")
    if not 2 <= len(labels) <= MAX_CLASSES or (many and text):
        raise DataError(f"{what}: found {len(labels):,} different label{'s' * (len(labels) != 1)} in {len(every):,} "
                        f"rows, expected 2 to {MAX_CLASSES:,} classes. --label-column takes another column.")
    classes = tuple(str(label) if text else str(int(label)) for label in labels)
    cuts = np.cumsum([len(part) for part in plain])[:-1]
    return np.split(numbers.reshape(-1).astype(np.int64), cuts), classes


def _plain(what: str, labels: Array) -> Array:
    """One label a row: text, or numbers."""
    if labels.ndim == 2:
        return _plain(what, labels[:, 0]) if labels.shape[1] == 1 else _from_one_hot(what, labels)
    if labels.dtype.kind == "S":
        return np.asarray(np.char.decode(labels, "utf-8", "replace"))
    return labels.astype(np.int8) if labels.dtype.kind == "b" else labels


def _from_one_hot(what: str, rows: Array) -> Array:
    if rows.dtype.kind not in "biuf" or not (((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise DataError(f"{what}: found labels of shape {rows.shape}, expected one a row or one-hot rows.")
    return np.asarray(rows.argmax(axis=1))
