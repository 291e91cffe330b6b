"""Comma-separated values: a number in each cell, with or without a header line and one column of labels."""

from __future__ import annotations

import csv
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.data.table import Table, display_path, require_memory
from actprof.errors import DataError, quoted
from actprof.registry import did_you_mean, folded

DELIMITERS = ("\t", ";", ",")
"""Most telling first: a comma may be a decimal one, the others are hardly anything else."""

SAMPLE = 20
"""Lines from which the layout is read."""

LABEL_NAMES = ("label", "labels", "target", "class")


@dataclass(frozen=True)
class Layout:
    """How a file is written, judged by its first lines.

    Attributes:
        delimiter: what stands between two cells.
        header: the column names, or None.
        rows: the first rows of data.
        width: cells in a row.
    """

    delimiter: str
    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    width: int

    def number(self, cell: str) -> float | None:
        """The finite or infinite number or NaN in a cell; None if it is text."""
        return _number(cell, self.delimiter)


def read_csv(path: str, key: str | None, label_column: str) -> Table:
    """The numbers of a .csv file but for the column of labels; there are no keys."""
    with _one_line(path):
        layout = _layout(path)
        left_out, notes = _left_out(display_path(path), layout, label_column)
        kept = [column for column in range(layout.width) if column != left_out]
        if not kept:
            raise DataError(f"{display_path(path)} has no column but the one left out. --label-column none uses it.")
        return Table(_features(path, layout, kept), path, notes)


def read_labelled_csv(path: str, label_column: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """The numbers of a .csv file, and the labels of its rows: whole numbers or text, from `last` or a named column."""
    with _one_line(path):
        layout = _layout(path)
        column = layout.width - 1 if label_column == "last" else _column(display_path(path), layout, label_column)
        kept = [other for other in range(layout.width) if other != column]
        if not kept:
            raise DataError(f"{display_path(path)} has 1 column, expected features and a column of labels.")
        return _features(path, layout, kept), _labels(path, layout, column)


@contextmanager
def _one_line(path: str) -> Iterator[None]:
    """What is no .csv file at all becomes a DataError."""
    try:
        yield
    except UnicodeDecodeError:
        raise DataError(f"{display_path(path)}: not UTF-8 text. Save it as a .csv file in UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"{display_path(path)}: not a .csv file ({error}). Save it as one.") from None


def _layout(path: str) -> Layout:
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = list(islice((line for line in file if line.strip()), SAMPLE))
    if not lines:
        raise DataError(f"{display_path(path)} is empty. Expected rows of numbers.")
    delimiter = _delimiter(lines)
    first, *others = (tuple(cells) for cells in csv.reader(lines, delimiter=delimiter))
    header = first if _is_header(first, others[0] if others else None, delimiter) else None
    rows = others if header else [first, *others]
    if not rows:
        raise DataError(f"{display_path(path)} holds a header line and no rows. Expected rows of numbers.")
    lengths = sum(len(line.encode()) for line in lines) / len(lines)
    require_memory(display_path(path), 8 * len(first) * os.path.getsize(path) / lengths)
    return Layout(delimiter, header, tuple(rows), len(first))


def _delimiter(lines: list[str]) -> str:
    """The first delimiter that cuts all lines into equally many cells, else the one that cuts the first line."""
    cuts = {delimiter: [len(cells) for cells in csv.reader(lines, delimiter=delimiter)] for delimiter in DELIMITERS}
    even = [delimiter for delimiter in DELIMITERS if cuts[delimiter][0] > 1 and len(set(cuts[delimiter])) == 1]
    some = [delimiter for delimiter in DELIMITERS if cuts[delimiter][0] > 1]
    return (even or some or [","])[0]


def _is_header(first: tuple[str, ...], second: tuple[str, ...] | None, delimiter: str) -> bool:
    """Whether a column starts with a word and goes on with a number (a lone line: whether it is all words)."""
    words = [bool(cell.strip()) and _number(cell, delimiter) is None for cell in first]
    if second is None:
        return all(words)
    numbers = [_number(cell, delimiter) is not None for cell in second]
    return any(word and number for word, number in zip(words, numbers, strict=False))


def _left_out(file: str, layout: Layout, label_column: str) -> tuple[int | None, tuple[str, ...]]:
    """The column to leave out, if any, and the note that says so."""
    last = layout.width - 1
    if label_column == "none":
        return None, ()
    if label_column == "auto" and not _ends_in_text(layout):
        return None, _doubts(layout)
    if label_column in ("auto", "last"):
        name = quoted(layout.header[last]) if layout.header else _examples(layout)
        return last, (f"the last column ({name}) is left out",)
    return _column(file, layout, label_column), (f"column {quoted(label_column)} is left out",)


def _doubts(layout: Layout) -> tuple[str, ...]:
    """A note where a column of numbers is called what labels are called."""
    called = [name for name in layout.header or () if folded(name) in LABEL_NAMES]
    return tuple(f"column {quoted(name)} is used as an input; --label-column {name} leaves it out"
                 for name in called[:1])


def _column(file: str, layout: Layout, label_column: str) -> int:
    """The place of a named column."""
    if layout.header is None:
        raise DataError(f"{file} has no header line, so no column {quoted(label_column)}. "
                        "--label-column takes last or none instead.")
    if label_column not in layout.header:
        guess = did_you_mean(label_column, layout.header) or f"The last one is {quoted(layout.header[-1])}."
        raise DataError(f"{file} has no column {quoted(label_column)}. {guess}")
    return layout.header.index(label_column)


def _last_cells(layout: Layout) -> list[str]:
    return [row[-1] for row in layout.rows if len(row) == layout.width]


def _ends_in_text(layout: Layout) -> bool:
    cells = _last_cells(layout)
    return layout.width > 1 and bool(cells) and all(layout.number(cell) is None for cell in cells)


def _examples(layout: Layout) -> str:
    """The first few different values of the last column: `'g', 'b'`."""
    values = list(dict.fromkeys(_last_cells(layout)))
    return ", ".join([*(quoted(value, 20) for value in values[:3]), *(["…"] if len(values) > 3 else [])])


def _features(path: str, layout: Layout, kept: list[int]) -> NDArray[Any]:
    features = _fast(path, layout, kept)
    return _careful(path, layout, kept) if features is None else features


def _labels(path: str, layout: Layout, column: int) -> NDArray[Any]:
    """The labels of a file whose rows are in order: numbers if all are, else text."""
    cells = [(place, cells[column].strip()) for place, cells in _records(path, layout)]
    numbers = [number for _, cell in cells if (number := layout.number(cell)) is not None]
    are_text = len(numbers) < len(cells)
    for place, cell in cells:
        if not cell:
            raise DataError(f"{place}:{column + 1}: the label is empty. Every row needs one.")
        if not are_text and not (layout.number(cell) or 0.0).is_integer():
            raise DataError(f"{place}:{column + 1}: label {quoted(cell)} is not a whole number. "
                            "Labels are whole numbers or text; --label-column takes another column.")
    return np.array([cell for _, cell in cells] if are_text else numbers)


def _records(path: str, layout: Layout) -> Iterator[tuple[str, list[str]]]:
    """(file:line, cells) of each row of data."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=layout.delimiter)
        records = (cells for cells in reader if cells and not (len(cells) == 1 and cells[0].isspace()))
        for cells in islice(records, 1 if layout.header else 0, None):
            yield f"{display_path(path)}:{reader.line_num}", cells


def _fast(path: str, layout: Layout, kept: list[int]) -> NDArray[Any] | None:
    """The numbers of an orderly file; None if a closer look is needed."""
    # loadtxt reads whole numbers five times as fast as others: worth a try, which fails at the first that is none.
    for dtype in (np.int32, np.float64):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                features: NDArray[Any] = np.loadtxt(
                    _orderly_lines(path, layout), dtype, delimiter=layout.delimiter, comments=None, ndmin=2,
                    usecols=None if len(kept) == layout.width else kept)
        except (ValueError, DeprecationWarning):
            continue
        return features if np.isfinite(features).all() else None
    return None


def _orderly_lines(path: str, layout: Layout) -> Iterator[str]:
    """The lines of data; ValueError at one that is ragged or quoted, which loadtxt would misread."""
    with open(path, encoding="utf-8-sig") as file:
        lines = (line for line in file if line.strip())
        for line in islice(lines, 1 if layout.header else 0, None):
            if line.count(layout.delimiter) != layout.width - 1 or '"' in line:
                raise ValueError(line)
            yield line if layout.delimiter == "," else line.replace(",", ".")


def _careful(path: str, layout: Layout, kept: list[int]) -> NDArray[Any]:
    """The numbers of any file, cell by cell; DataError names the line and column of the first fault."""
    rows = []
    for place, cells in _records(path, layout):
        if len(cells) != layout.width:
            raise DataError(f"{place}:{min(len(cells), layout.width) + 1}: found {len(cells)}, expected "
                            f"{layout.width} columns as in the first line.")
        rows.append(np.array([_finite(cells[column], layout, f"{place}:{column + 1}") for column in kept]))
    return np.stack(rows)


def _finite(cell: str, layout: Layout, place: str) -> float:
    number = layout.number(cell)
    if number is None:
        fault = f"{quoted(cell)} is not a number" if cell.strip() else "the cell is empty"
        raise DataError(f"{place}: {fault}. Every cell must be one; --label-column leaves one column out.")
    if not math.isfinite(number):
        raise DataError(f"{place}: {quoted(cell)} is not a finite number. Leave such rows out.")
    return number


def _number(cell: str, delimiter: str) -> float | None:
    # Python reads 1_000 as a number, nobody who writes a table does.
    try:
        return None if "_" in cell else float(cell if delimiter == "," else cell.replace(",", "."))
    except ValueError:
        return None
