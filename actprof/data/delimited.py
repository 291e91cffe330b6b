"""Tables as text: a row a line, cells between commas, semicolons, tabs or blanks, with or without a line of names."""

from __future__ import annotations

import csv
import math
import operator
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np

from actprof.arrays import Array
from actprof.data.columns import Columns, Look, columns, drop_option
from actprof.data.request import MISSING, RowsSpec
from actprof.data.samples import NO_LABEL, Samples
from actprof.data.table import display_path, require_memory
from actprof.errors import DataError, quoted

BLANKS = " "
# Most telling first: a comma may be a decimal one, a blank a part of a name, the others are hardly anything else.
DELIMITERS = ("\t", ";", ",", BLANKS)

# Lines from which the layout is read, and characters that end them sooner, from the second line on.
SAMPLE, MAX_SAMPLE = 20, 1 << 18

NO_NUMBER = {"", "?", "na", "n/a", "nan", "null", "none", "-", "."}  # cells that stand for a missing number


@dataclass(frozen=True)
class Layout:
    """How a file is written, judged by its first lines.

    Attributes:
        names: of the columns, or None.
        header: lines of names before the data: 0 or 1; names may also stand in a comment.
        rows: the first rows of data.
        width: cells in a row.
        trailing: whether each row ends in a delimiter behind which there is nothing.
    """

    delimiter: str
    names: tuple[str, ...] | None
    header: int
    rows: tuple[tuple[str, ...], ...]
    width: int
    trailing: bool

    def number(self, cell: str) -> float | None:
        """The number in a cell, which may be infinite or NaN; None if it is text."""
        return _number(cell, self.delimiter)

    def look(self) -> Look:
        """The columns as the first rows show them."""
        even = [row for row in self.rows if len(row) == self.width]
        cells = [[cell for cell in column if cell.strip().casefold() not in NO_NUMBER]
                 for column in zip(*even, strict=True)]
        first = [self.number(row[0]) for row in even]
        counts = len(even) > 1 and first[0] in (0, 1) and all(
            one is not None and two == one + 1 for one, two in pairwise(first))
        return Look(self.width, self.names,
                    frozenset(place for place, column in enumerate(cells)
                              if column and all(self.number(cell) is None for cell in column)),
                    frozenset(place for place, column in enumerate(cells) if 2 * len(set(column)) <= len(column)),
                    counts)


def read_delimited(path: str, spec: RowsSpec, labelled: bool) -> Samples:
    """The inputs and, if they are asked for, the labels of a text file."""
    with _one_line(path):
        layout = _layout(path)
        look = layout.look()
        chosen = columns(display_path(path), look, spec, labelled)
        reading = _Reading(path, layout, look, chosen, labelled, spec)
        x, labels = reading.fast() or reading.careful()
        return Samples(x, _labels(layout, labels) if labelled else None, what=display_path(path), label=chosen.called,
                       why=chosen.why, notes=chosen.notes)


@contextmanager
def _one_line(path: str) -> Iterator[None]:
    """What is no text table at all becomes a DataError."""
    try:
        yield
    except UnicodeDecodeError:
        raise DataError(f"{display_path(path)}: not UTF-8 text. Save it as a .csv file in UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"{display_path(path)}: not a table of text ({error}). Save it as a .csv file.") from None


def _layout(path: str) -> Layout:
    what, comment = display_path(path), ""
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines: list[str] = []
        for line in file:
            if _is_comment(line):
                comment = comment if lines else line.strip()[1:]
            elif line.strip():
                lines.append(line)
            if len(lines) == SAMPLE or (len(lines) > 1 and sum(map(len, lines)) > MAX_SAMPLE):
                break
    if not lines:
        raise DataError(f"{what} is empty. Expected rows of numbers.")
    delimiter = _delimiter(lines)
    rows = [tuple(cells) for cells in _cells(lines, delimiter)]
    header = int(_is_header(rows[0], rows[1] if len(rows) > 1 else None, delimiter))
    trailing = delimiter != BLANKS and _trailing(rows, header)
    rows = [row[:-1] if trailing and not row[-1].strip() else row for row in rows]
    if not rows[header:]:
        raise DataError(f"{what} holds a header line and no rows. Expected rows of numbers.")
    names = rows[0] if header else tuple(next(_cells([comment], delimiter))) if comment.strip() else ()
    require_memory(what, 8 * len(rows[0]) * os.path.getsize(path) / (sum(len(line.encode()) for line in lines)
                                                                     / len(lines)))
    named = header or (len(names) == len(rows[0]) > 1)
    return Layout(delimiter, tuple(name.strip() for name in names) if named else None, header, tuple(rows[header:]),
                  len(rows[0]), trailing)


def _is_comment(line: str) -> bool:
    return "#" in line and line.lstrip()[0] == "#"


def _cells(lines: Iterable[str], delimiter: str) -> Any:
    """A csv.reader of the cells of each line; quotes may join several lines."""
    if delimiter == BLANKS:
        return csv.reader((line.replace("\t", " ").strip() for line in lines), delimiter=" ", skipinitialspace=True)
    return csv.reader(lines, delimiter=delimiter)


def _delimiter(lines: Sequence[str]) -> str:
    """The first delimiter that cuts all lines into equally many cells, else the one that cuts the first line."""
    cuts = {delimiter: _counts(lines, delimiter) for delimiter in DELIMITERS}
    even = [delimiter for delimiter in DELIMITERS if cuts[delimiter][0] > 1 and len(set(cuts[delimiter])) == 1]
    some = [delimiter for delimiter in DELIMITERS[:-1] if cuts[delimiter][0] > 1]
    return (even or some or [","])[0]


def _counts(lines: Sequence[str], delimiter: str) -> list[int]:
    try:
        return [len(cells) for cells in _cells(lines, delimiter)] or [0]
    except csv.Error:  # a cell over 131,072 characters: what was not cut was not to be cut here
        return [0]


def _is_header(first: Sequence[str], second: Sequence[str] | None, delimiter: str) -> bool:
    """Whether a line is one of names: words, or numbers from 0 on, above a number (a lone line: only words)."""
    numbers = [number for cell in first if (number := _number(cell, delimiter)) is not None]
    words = [cell.strip().casefold() not in NO_NUMBER and _number(cell, delimiter) is None for cell in first]
    if second is None:
        return all(words)
    below = (_number(cell, delimiter) is not None for cell in second)
    return numbers == [*range(len(numbers))] and any(map(operator.and_, words, below))


def _trailing(rows: Sequence[Sequence[str]], header: int) -> bool:
    ends = all(len(row) > 1 and not row[-1].strip() for row in rows[header:]) and len(rows) > header
    return ends and not (header and len(rows[0]) == len(rows[1]) and rows[0][-1].strip())


def _number(cell: str, delimiter: str) -> float | None:
    # Python reads 1_000 as a number, nobody who writes a table does.
    try:
        return None if "_" in cell else float(cell if delimiter == "," else cell.replace(",", "."))
    except ValueError:
        return None


def _labels(layout: Layout, cells: Sequence[str]) -> Array:
    """Numbers if all are, but for the missing ones, which become NaN; else text."""
    plain = [cell.strip() for cell in cells]
    numbers = [math.nan if cell.casefold() in NO_LABEL else layout.number(cell) for cell in plain]
    if all(number is None or math.isnan(number) for number in numbers) or None in numbers:
        return np.array(plain)
    return np.array(numbers, np.float64)


@dataclass(frozen=True)
class _Reading:
    """A file with what is to be read from it."""

    path: str
    layout: Layout
    look: Look
    chosen: Columns
    labelled: bool
    spec: RowsSpec

    def fast(self) -> tuple[Array, list[str]] | None:
        """The numbers and labels of an orderly file; None if a closer look is needed."""
        layout, inputs = self.layout, self.chosen.inputs
        # loadtxt reads whole numbers five times as fast as others: worth a try, which fails at the first that is none.
        for dtype in (np.int32, np.float64):
            labels: list[str] = []
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    x: Array = np.loadtxt(
                        self._orderly_lines(labels), dtype, comments=None, ndmin=2, quotechar='"',
                        delimiter=None if layout.delimiter == BLANKS else layout.delimiter,
                        usecols=None if len(inputs) == layout.width else inputs)
            except (ValueError, DeprecationWarning, UserWarning):
                continue
            return (x, labels) if np.isfinite(x).all() else None
        return None

    def _orderly_lines(self, labels: list[str]) -> Iterator[str]:
        """The lines of data; ValueError at one that is ragged or oddly quoted, which loadtxt would misread."""
        delimiter, width, label = self.layout.delimiter, self.layout.width, self.chosen.label
        asked = None if delimiter == BLANKS else delimiter
        with open(self.path, encoding="utf-8-sig") as file:
            lines = (line for line in file if line.strip() and not _is_comment(line))
            for line in islice(lines, self.layout.header, None):
                if self.layout.trailing:
                    line = line.rstrip().removesuffix(delimiter)
                cells = len(line.split()) if asked is None else line.count(delimiter) + 1
                if cells != width or line.count('"') % 2:
                    raise ValueError(line)
                if self.labelled and label is not None:
                    cell = line.split(asked, label + 1)[label].strip().strip('"')
                    if cell.strip().casefold() in NO_LABEL:
                        raise ValueError(line)
                    labels.append(cell)
                yield line if delimiter == "," else line.replace(",", ".")

    def careful(self) -> tuple[Array, list[str]]:
        """The numbers and labels of any file, cell by cell; missing numbers are NaN where they may be missing.

        DataError names the columns of text, or the place of the first fault.
        """
        rows, labels, faults = [], [], _Faults(self)
        for place, cells in self._records():
            if len(cells) != self.layout.width:
                raise DataError(f"{place}:{min(len(cells), self.layout.width) + 1}: found {len(cells):,}, expected "
                                f"{self.layout.width:,} columns as in the first line.")
            rows.append(np.array([faults.number(cells[column], place, column) for column in self.chosen.inputs]))
            if self.labelled and self.chosen.label is not None:
                label = cells[self.chosen.label]
                labels.append(label)
                if label.strip().casefold() in NO_LABEL:
                    faults.note_missing(label, place, self.chosen.label)
        if not rows:
            raise DataError(f"{display_path(self.path)} holds no rows. Expected rows of numbers.")
        faults.judge(len(rows))
        return np.stack(rows), labels

    def _records(self) -> Iterator[tuple[str, list[str]]]:
        """(file:line, cells) of each row of data."""
        with open(self.path, encoding="utf-8-sig", newline="") as file:
            # Comments become empty lines rather than none, so that lines are counted as an editor counts them.
            reader = _cells(("\n" if _is_comment(line) else line for line in file), self.layout.delimiter)
            records = (cells for cells in reader if cells and not (len(cells) == 1 and not cells[0].strip()))
            for cells in islice(records, self.layout.header, None):
                if self.layout.trailing and not cells[-1].strip():
                    cells.pop()
                yield f"{display_path(self.path)}:{reader.line_num}", cells


class _Faults:
    """What is no number: cells of text by their column, and rows with missing numbers."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._texts: Counter[int] = Counter()
        self._examples: dict[int, list[str]] = {}
        self._first_text = self._first_missing = ""
        self._places: set[str] = set()

    def number(self, cell: str, place: str, column: int) -> float:
        """The number in a cell, NaN where there is none."""
        number = self._reading.layout.number(cell)
        if number is not None and math.isfinite(number):
            return number
        if number is None and cell.strip().casefold() not in NO_NUMBER:
            self._note_text(cell, place, column)
        else:
            self.note_missing(cell, place, column)
        return math.nan

    def _note_text(self, cell: str, place: str, column: int) -> None:
        self._texts[column] += 1
        known = self._examples.setdefault(column, [])
        if len(known) < 2 and cell not in known:
            known.append(cell)
        self._first_text = self._first_text or (
            f"{place}:{column + 1}: {quoted(cell)} is not a number. Every cell must be one; "
            f"{self._drop([column])} leaves its column out.")

    def note_missing(self, cell: str, place: str, column: int) -> None:
        """Remember a cell that holds no finite number."""
        self._places.add(place)
        if not self._first_missing:
            said = f"{quoted(cell)} is not a finite number" if cell.strip() else "the cell is empty"
            label = "the label is missing" if column == self._reading.chosen.label else said
            self._first_missing = f"{place}:{column + 1}: {label}"

    def judge(self, rows: int) -> None:
        """Raise DataError if the file cannot be used as it is asked for."""
        lacking = f"{len(self._places):,} of {rows:,}"
        columns = [column for column, count in sorted(self._texts.items()) if 2 * count > rows]
        if columns:
            more = f" Then {lacking} rows have missing values: --missing {MISSING[1]}." if self._unanswered else ""
            raise DataError(f"{display_path(self._reading.path)}: {self._listed(columns)}, expected numbers. "
                            f"{self._drop(columns)} leaves {'them' if len(columns) > 1 else 'it'} out.{more}")
        if self._first_text:
            raise DataError(self._first_text)
        if self._unanswered:
            raise DataError(f"{self._first_missing}. --missing {MISSING[1]} leaves such rows out: {lacking}.")

    @property
    def _unanswered(self) -> bool:
        return bool(self._places) and self._reading.spec.missing != MISSING[1]

    def _listed(self, columns: Sequence[int]) -> str:
        """`column 4 'Name' ('a', 'b', …) and column 5 'Sex' (…) hold text`; of many columns their number."""
        look = self._reading.look
        if len(columns) > 6:
            return f"{len(columns):,} columns hold text, the first {look.called(columns[0])}"
        said = [f"{look.called(each)} ({', '.join(quoted(cell, 20) for cell in self._examples[each])}, …)"
                for each in columns]
        *most, last = said
        return f"{', '.join(most)} and {last} hold text" if most else f"{last} holds text"

    def _drop(self, columns: Sequence[int]) -> str:
        return drop_option(self._reading.look, columns, self._reading.spec.drop)
