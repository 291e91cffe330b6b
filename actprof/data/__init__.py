"""Files of numbers: a table of readers by suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module

from actprof.data.table import Table, display_path
from actprof.errors import DataError, SpecError, quoted

__all__ = ["READERS", "Table", "read", "suffix", "suffixes"]

READERS: Mapping[str, tuple[str, str]] = {
    ".npz": ("actprof.data.npz", "read_npz"),
    ".npy": ("actprof.data.npz", "read_npy"),
    ".csv": ("actprof.data.csv_file", "read_csv"),
}
"""Suffix → module and function (path, key, label_column) → Table that reads such a file."""


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
        raise DataError(f"{display_path(path)} is a folder. Name a file that ends in {suffixes()}.")
    if suffix(path) not in READERS:
        raise SpecError(f"cannot read {quoted(path)}. Files end in {suffixes()}.")
    _require_fitting(path, key, label_column)
    if not os.path.exists(path):
        raise DataError(f"{display_path(path)} does not exist. Check the path.")
    if not os.path.isfile(path):
        raise DataError(f"{display_path(path)} is not a regular file. Save the data to a file first.")
    try:
        return _reader(path)(path, key, label_column)
    except OSError as error:
        raise DataError(f"{display_path(path)} cannot be read: {error.strerror or error}.") from None


def _reader(path: str) -> Callable[[str, str | None, str], Table]:
    # Imported only now: a run on random inputs should not wait for zipfile and csv.
    module, function = READERS[suffix(path)]
    reader: Callable[[str, str | None, str], Table] = getattr(import_module(module), function)
    return reader


def _require_fitting(path: str, key: str | None, label_column: str) -> None:
    """Raise SpecError for an option that would be ignored."""
    if key is not None and suffix(path) != ".npz":
        raise SpecError(f"--input-key cannot be combined with {quoted(path)}. It names an array in an .npz file.")
    if label_column not in ("auto", "none") and suffix(path) != ".csv":
        raise SpecError(f"--label-column cannot be combined with {quoted(path)}. It names a column of a .csv file.")


def suffix(path: str) -> str:
    """The suffix that decides on the reader: lower case, with its dot."""
    return os.path.splitext(path)[1].casefold()


def suffixes() -> str:
    """The known suffixes as a phrase: `.npz, .npy or .csv`."""
    *most, last = READERS
    return f"{', '.join(most)} or {last}"
