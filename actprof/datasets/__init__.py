"""Files of numbers: a table of readers by suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from actprof.datasets import csv_file, npz
from actprof.datasets.table import Table, named
from actprof.errors import DataError, SpecError, shown

__all__ = ["READERS", "Table", "read", "suffix", "suffixes"]

READERS: Mapping[str, Callable[[str, str | None, str], Table]] = {
    ".npz": npz.read_npz,
    ".npy": npz.read_npy,
    ".csv": csv_file.read_csv,
}
"""Suffix → what reads such a file: (path, key, label_column) → Table."""


def read(path: str, key: str | None = None, label_column: str = "auto") -> Table:
    """The numbers in a file.

    Args:
        path: the file; its suffix decides on the reader.
        key: which array of an .npz file.
        label_column: the column of a .csv file to leave out: auto (the last one if it is text), last, none or a name.

    Raises:
        SpecError: the suffix is unknown, or an option does not fit it.
        DataError: the file is not there or does not hold what it should.
    """
    if os.path.isdir(path):
        raise DataError(f"{named(path)} is a folder. Name a file that ends in {suffixes()}.")
    if suffix(path) not in READERS:
        raise SpecError(f"cannot read {shown(path)}. Files end in {suffixes()}.")
    if key is not None and suffix(path) != ".npz":
        raise SpecError(f"--input-key cannot be combined with {shown(path)}. It names an array in an .npz file.")
    if not os.path.exists(path):
        raise DataError(f"{named(path)} does not exist. Check the path.")
    if not os.path.isfile(path):
        raise DataError(f"{named(path)} is not a regular file. Save the data to a file first.")
    try:
        return READERS[suffix(path)](path, key, label_column)
    except OSError as error:
        raise DataError(f"{named(path)} cannot be read: {error.strerror or error}.") from None


def suffix(path: str) -> str:
    """The suffix that decides on the reader: lower case, with its dot."""
    return os.path.splitext(path)[1].casefold()


def suffixes() -> str:
    """The known suffixes as a phrase: `.npz, .npy or .csv`."""
    *most, last = READERS
    return f"{', '.join(most)} or {last}"
