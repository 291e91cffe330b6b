"""NumPy's own formats: one array (.npy) or a zip archive of arrays (.npz).

Sizes and types are checked from the headers, before anything is loaded; pickled objects are never loaded.
"""

from __future__ import annotations

import math
import os
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from actprof.data.samples import Samples, encoded, image_shape, rows
from actprof.data.table import Table, display_path, require_finite, require_memory
from actprof.errors import DataError, quoted
from actprof.machine import amount
from actprof.registry import did_you_mean

PREFERRED = ("x_train", "x", "X", "data", "features", "images")
"""Which of several arrays is taken for the features."""

EXPECTED = "expected 2-D rows × features or images"


@dataclass(frozen=True)
class Header:
    """What an array's header promises, and the bytes that are there to keep it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: int

    @property
    def promised(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def is_table(self) -> bool:
        return self.dtype.kind in "biuf" and len(self.shape) >= 2


def read_npy(path: str, key: str | None, label_column: str) -> Table:
    """The array of an .npy file as a table; it has neither keys nor named columns."""
    with open(path, "rb") as file:
        header = _header(file, os.path.getsize(path))
        if header is None:
            raise DataError(f"{display_path(path)}: not an .npy file. numpy.save writes one.")
        require_usable(display_path(path), header)
        array = _array(file, display_path(path))
    return _table(array, path, display_path(path), ())


def read_npz(path: str, key: str | None, label_column: str) -> Table:
    """One array of an .npz file as a table: the one named `key`, or the one that must be meant."""
    with opened(path) as (archive, headers):
        name = _chosen(display_path(path), headers, key)
        what = f"{display_path(path)}: array {quoted(name)}"
        require_usable(what, headers[name])
        array = member(archive, name, what)
    others = [other for other, header in headers.items() if header.is_table and other != name]
    notes = (f"array {quoted(name)} is used; --input-key takes another: {', '.join(map(quoted, others))}",)
    return _table(array, path, what, notes if others and key is None else ())


@contextmanager
def opened(path: str) -> Iterator[tuple[zipfile.ZipFile, dict[str, Header]]]:
    """An .npz file and the headers of its arrays; what is found wrong with it inside becomes a DataError."""
    with _archive(path) as archive:
        try:
            yield archive, dict(_headers(archive))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
            # RuntimeError: an encrypted member; NotImplementedError: an unknown compression.
            raise DataError(f"{display_path(path)} is damaged or encrypted. Save it again with numpy.savez.") from None


def member(archive: zipfile.ZipFile, name: str, what: str) -> NDArray[Any]:
    """One array of an open .npz file."""
    with archive.open(f"{name}.npy") as file:
        return _array(file, what)


def _archive(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise DataError(f"{display_path(path)}: not an .npz file. numpy.savez writes one.") from None


def _headers(archive: zipfile.ZipFile) -> Iterable[tuple[str, Header]]:
    for info in archive.infolist():
        if info.filename.endswith(".npy"):
            with archive.open(info) as file:
                header = _header(file, info.file_size)
            if header is not None:
                yield info.filename.removesuffix(".npy"), header


def _header(file: IO[bytes], size: int) -> Header | None:
    """The header of an array stored in `size` bytes; None if there is none."""
    # Hostile bytes get far into the header's parser, which then raises nearly anything.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(file)
            header = Header(shape, dtype, size - file.tell())
    except (zipfile.BadZipFile, zlib.error):
        raise
    except Exception:
        return None
    return header if all(length >= 0 for length in shape) else None


def _chosen(file: str, headers: dict[str, Header], key: str | None) -> str:
    """The name of the array to read; DataError lists what is there."""
    if not headers:
        raise DataError(f"{file} holds no arrays. numpy.savez writes some.")
    found = "; ".join(f"{quoted(name)} {header.shape}" for name, header in headers.items())
    if key is not None and key not in headers:
        guess = did_you_mean(key, headers)
        raise DataError(f"{file} has no array {quoted(key)}. {guess}{' ' * bool(guess)}It holds {found}.")
    tables = [name for name, header in headers.items() if header.is_table]
    likely = [name for name in PREFERRED if name in tables]
    if key is not None:
        return key
    if len(tables) == 1 or likely:
        return tables[0] if len(tables) == 1 else likely[0]
    if len(headers) == 1:
        return next(iter(headers))
    raise DataError(f"{file} holds {found}. Choose one with --input-key.")


def require_usable(what: str, header: Header) -> None:
    """Raise DataError unless the header is that of a table that can be loaded."""
    _require_no_objects(what, header)
    if header.dtype.kind not in "biuf":
        raise DataError(f"{what} holds values of type {header.dtype}, expected real numbers.")
    if not 2 <= len(header.shape) <= 4:
        raise DataError(f"{what}: found shape {header.shape}, {EXPECTED}.")
    if 0 in header.shape:
        raise DataError(f"{what} is empty: found shape {header.shape}, {EXPECTED}.")
    _require_stored(what, header)


def require_labels(what: str, header: Header) -> None:
    """Raise DataError unless the header is that of labels that can be loaded: numbers or text, one a row or one-hot."""
    _require_no_objects(what, header)
    if header.dtype.kind not in "biufUS":
        raise DataError(f"{what} holds values of type {header.dtype}, expected whole numbers or text.")
    if len(header.shape) not in (1, 2) or 0 in header.shape:
        raise DataError(f"{what}: found shape {header.shape}, expected one label a row or one-hot rows.")
    _require_stored(what, header)


def _require_no_objects(what: str, header: Header) -> None:
    if header.dtype.hasobject:
        raise DataError(f"{what} holds Python objects, which could run code and are never loaded. Store numbers.")


def _require_stored(what: str, header: Header) -> None:
    """Raise DataError unless the file holds, and the memory can take, what the header promises."""
    if header.promised > header.stored:
        raise DataError(f"{what} is cut short: its header promises {amount(header.promised)}, "
                        f"the file holds {amount(header.stored)}. Save it again.")
    require_memory(what, header.promised)


def _array(file: IO[bytes], what: str) -> NDArray[Any]:
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    except (OSError, MemoryError, zipfile.BadZipFile, zlib.error):
        raise
    except Exception:  # as many kinds as there are decompressors
        raise DataError(f"{what} is damaged: its data do not match its header. Save it again.") from None
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            array = array.astype(np.float64)
    return array


def _table(array: NDArray[Any], path: str, what: str, notes: tuple[str, ...]) -> Table:
    features = array.reshape(len(array), -1)
    if array.ndim > 2:
        image = "×".join(str(length) for length in array.shape[1:])
        notes = (*notes, f"{image} images flattened to {features.shape[1]:,} features")
    require_finite(what, features)
    return Table(features, path, notes)


X_TRAIN = ("x_train", "X_train", "train_images", "x", "X", "images", "data")
Y_TRAIN = ("y_train", "t_train", "train_labels", "y", "t", "labels", "target")
X_TEST = ("x_test", "X_test", "test_images")
Y_TEST = ("y_test", "t_test", "test_labels")


def read_labelled_npz(path: str) -> Samples:
    """The samples of an .npz file, with those for the test if it has some."""
    file = display_path(path)
    with opened(path) as (archive, headers):
        pairs = [_pair(archive, file, headers, X_TRAIN, Y_TRAIN)]
        if any(name in headers for name in (*X_TEST, *Y_TEST)):
            pairs.append(_pair(archive, file, headers, X_TEST, Y_TEST))
    widths = [x[0].size for x, _ in pairs]
    if len(set(widths)) > 1:
        raise DataError(f"{file}: found {widths[1]:,} features in the test rows, expected {widths[0]:,} as in the "
                        "training rows.")
    x, notes = rows(file, *(x for x, _ in pairs))
    y, classes = encoded(file, *(y for _, y in pairs))
    x_test, y_test = (x[1], y[1]) if len(pairs) > 1 else (None, None)
    return Samples(x[0], y[0], classes, x_test, y_test, image_shape(pairs[0][0]), notes)


def _pair(archive: zipfile.ZipFile, file: str, headers: Mapping[str, Header], x_names: tuple[str, ...],
          y_names: tuple[str, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The features and the labels, equally many."""
    x_name, y_name = (_present(file, headers, names) for names in (x_names, y_names))
    require_usable(_array_name(file, x_name), headers[x_name])
    require_labels(_array_name(file, y_name), headers[y_name])
    found, expected = headers[y_name].shape[0], headers[x_name].shape[0]
    if found != expected:
        raise DataError(f"{_array_name(file, y_name)}: found {found:,} labels, expected {expected:,}, one a row of "
                        f"{quoted(x_name)}.")
    return (member(archive, x_name, _array_name(file, x_name)), member(archive, y_name, _array_name(file, y_name)))


def _present(file: str, headers: Mapping[str, Header], names: tuple[str, ...]) -> str:
    for name in names:
        if name in headers:
            return name
    found = "; ".join(f"{quoted(name)} {header.shape}" for name, header in headers.items()) or "no arrays"
    raise DataError(f"{file} has no array {quoted(names[0])}. It holds {found}.")


def _array_name(file: str, name: str) -> str:
    return f"{file}: array {quoted(name)}"
