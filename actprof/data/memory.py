"""Rows that are held in memory: arrays, pairs of inputs and labels, and data frames with named columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from actprof.arrays import Array
from actprof.data.columns import Look, columns, drop_option
from actprof.data.request import RowsSpec, refuse
from actprof.data.samples import EXPECTED, NO_LABEL, Samples, complete, in_columns
from actprof.errors import DataError

MISSING_TEXT = ("None", "<NA>", "NaT")  # what a missing cell becomes as text, beside nan


def name_of(rows: object) -> str:
    """How rows in memory are called in messages and results."""
    return "data frame" if hasattr(rows, "columns") else "array"


def held_samples(rows: Any, spec: RowsSpec, labelled: bool) -> Samples:
    """The rows, all of finite numbers, with labels if these are needed.

    Args:
        rows: an array (rows, features) or of images (rows, …), whose last column holds the labels where they are
            needed; a pair (inputs, labels); or a data frame, of which `spec` tells the parts as of a file's.

    Raises:
        DataError: they are no table of numbers.
        SpecError: an option does not fit them.
    """
    refuse(f"an {spec.path}" if spec.path == "array" else f"a {spec.path}",
           {"input_key": spec.input_key, "label_key": spec.label_key})
    if hasattr(rows, "columns"):
        samples = _of_frame(rows, spec, labelled)
    elif labelled and isinstance(rows, tuple) and len(rows) == 2:
        samples = _of_pair(*rows, spec)
    else:
        samples = in_columns(_numbers(rows, spec.path), spec, labelled, spec.path)
    return complete(samples, spec.missing)


def _of_pair(inputs: Any, labels: Any, spec: RowsSpec) -> Samples:
    x, y = _numbers(inputs, "array"), _column(labels)
    if len(x) != len(y):
        raise DataError(f"the arrays hold {len(x):,} rows of inputs and {len(y):,} labels, expected one for each row.")
    return Samples(in_columns(x, spec, False, spec.path).x, y, what=spec.path)


def _numbers(rows: Any, what: str) -> Array:
    try:
        array = np.asarray(rows)
        array = array.astype(np.float64) if array.dtype.kind == "O" else array
    except (TypeError, ValueError):
        raise DataError(f"{what} holds values that are no numbers, expected real numbers.") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what} holds values of type {array.dtype}, expected real numbers.")
    if not 2 <= array.ndim <= 4 or 0 in array.shape:
        raise DataError(f"{what}: found shape {array.shape}, {EXPECTED}.")
    return array


def _of_frame(frame: Any, spec: RowsSpec, labelled: bool) -> Samples:
    """The parts of a data frame, chosen as those of a text file are."""
    names = tuple(map(str, frame.columns))
    if len(set(names)) < len(names):
        raise DataError(f"{spec.path} has two columns of one name. Rename one.")
    if not names or not len(frame):
        raise DataError(f"{spec.path} is empty. Expected rows of numbers.")
    cells = [_column(frame[name]) for name in frame.columns]
    text = frozenset(place for place, column in enumerate(cells) if column.dtype.kind == "U")
    repeating = frozenset(place for place in text if 2 * len(set(cells[place])) <= len(cells[place]))
    look = Look(len(names), names, text, repeating, _counts(cells[0]))
    chosen = columns(spec.path, look, spec, labelled)
    if wrong := [place for place in chosen.inputs if place in text]:
        said = " and ".join(map(look.called, wrong))
        raise DataError(f"{spec.path}: {said} hold{'s' * (len(wrong) == 1)} text, expected numbers. "
                        f"{drop_option(look, wrong, spec.drop)} leaves {'it' if len(wrong) == 1 else 'them'} out.")
    return Samples(np.stack([cells[place] for place in chosen.inputs], axis=1),
                   cells[chosen.label] if labelled and chosen.label is not None else None, what=spec.path,
                   label=chosen.called, why=chosen.why, notes=chosen.notes)


def _column(cells: Any) -> Array:
    """One number a row if all that is there are numbers, else text; what is missing becomes NaN, or no text."""
    array = np.asarray(cells)
    if array.dtype.kind in "biuf":
        return array
    plain: Array = array.astype(object)
    for place, cell in np.ndenumerate(plain):
        plain[place] = None if str(cell) in (*MISSING_TEXT, *NO_LABEL) else cell
    try:
        return plain.astype(np.float64)
    except (TypeError, ValueError):
        return np.array(["" if cell is None else str(cell) for cell in plain])


def _counts(column: Array) -> bool:
    """Whether a column counts the rows from 0 or 1."""
    return bool(column.dtype.kind in "iuf" and len(column) > 1 and column[0] in (0, 1) and (np.diff(column) == 1).all())
