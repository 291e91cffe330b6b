"""NumPy's own formats: one array (.npy) or a zip archive of arrays (.npz).

Sizes and types are checked from the headers, before anything is loaded; pickled objects are never loaded.
"""

from __future__ import annotations

import io
import math
import os
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from actprof.arrays import Array
from actprof.data.request import AUTO, RowsSpec
from actprof.data.samples import EXPECTED, Samples, in_columns
from actprof.data.table import display_path, require_memory, require_no_bomb
from actprof.errors import DataError, quoted
from actprof.machine import amount
from actprof.registry import did_you_mean, folded

INPUTS = ("x_train", "train_images", "train_x", "x", "features", "images", "imgs", "data", "inputs", "arr_0")
LABELS = ("y_train", "t_train", "train_labels", "train_y", "y", "t", "labels", "label", "targets", "target", "classes",
          "arr_1")
TEST_INPUTS = ("x_test", "test_images", "test_x")
# The usual names of arrays, the likeliest first; case does not matter.
TEST_LABELS = ("y_test", "t_test", "test_labels", "test_y")

MAX_HEADER = 1 << 16
MAX_LISTED = 12


@dataclass(frozen=True)
class Header:
    """What an array's header promises, and the bytes that are there to keep it, unpacked and as they are packed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: int
    packed: int

    @property
    def promised(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def is_table(self) -> bool:
        return self.dtype.kind in "biuf" and len(self.shape) >= 2


def read_npy(path: str, spec: RowsSpec, labelled: bool) -> Samples:
    """The array of an .npy file as a table whose columns have no names."""
    what, size = display_path(path), os.path.getsize(path)
    with open(path, "rb") as file:
        header = _header(file, size, size)
        if header is None:
            raise DataError(f"{what}: not an .npy file. numpy.save writes one.")
        require_usable(what, header)
        return in_columns(_array(file, what), spec, labelled, what)


def read_npz(path: str, spec: RowsSpec, labelled: bool) -> Samples:
    """The inputs of an .npz file and, if they are asked for, the labels beside them, and those for the test."""
    file = display_path(path)
    with _opened(path) as (archive, headers):
        arrays = _Arrays(archive, file, headers)
        name = arrays.inputs(spec)
        x = arrays.load(name, require_rows if labelled else require_usable)
        others = [other for other, header in headers.items() if header.is_table and other != name]
        samples = in_columns(x, spec, labelled and spec.label_column != AUTO, arrays.called(name))
        if others and spec.input_key is None and not labelled:
            listed = _some([quoted(other) for other in others], ", ")
            samples = replace(samples, notes=(f"array {quoted(name)} is used; --input-key takes another: {listed}",
                                              *samples.notes))
        return arrays.with_labels(samples, name, spec) if labelled and spec.label_column == AUTO else samples


@contextmanager
def _opened(path: str) -> Iterator[tuple[zipfile.ZipFile, dict[str, Header]]]:
    """An .npz file and the headers of its arrays; what is found wrong with it inside becomes a DataError."""
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise DataError(f"{display_path(path)}: not an .npz file. numpy.savez writes one.") from None
    with opened as archive:
        try:
            yield archive, dict(_headers(archive))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError):
            # RuntimeError: an encrypted member; NotImplementedError: an unknown compression.
            raise DataError(f"{display_path(path)} is damaged or encrypted. Save it again with numpy.savez.") from None


def _headers(archive: zipfile.ZipFile) -> Iterable[tuple[str, Header]]:
    for info in archive.infolist():
        if info.filename.endswith(".npy"):
            # Others than NumPy's own unpack as much as they like at once.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise NotImplementedError
            with archive.open(info) as file:
                header = _header(file, info.file_size, info.compress_size)
            if header is not None:
                yield info.filename.removesuffix(".npy"), header


def _header(file: IO[bytes], size: int, packed: int) -> Header | None:
    """The header of an array stored in `size` bytes; None if there is none."""
    # Hostile bytes get far into the header's parser, which then raises nearly anything.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy.read_magic(file)
            prefix = file.read(2 if version == (1, 0) else 4)
            length = int.from_bytes(prefix, "little")
            if length > MAX_HEADER:
                return None
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(io.BytesIO(prefix + file.read(length)))
            header = Header(shape, dtype, size - file.tell(), packed)
    except (zipfile.BadZipFile, zlib.error):
        raise
    except Exception:
        return None
    return header if all(length >= 0 for length in shape) else None


@dataclass(frozen=True)
class _Arrays:
    """The arrays of an open .npz file."""

    archive: zipfile.ZipFile
    file: str
    headers: Mapping[str, Header]

    def called(self, name: str) -> str:
        return f"{self.file}: array {quoted(name)}"

    def load(self, name: str, require: Any) -> Array:
        """An array whose header is as required."""
        require(self.called(name), self.headers[name])
        with self.archive.open(f"{name}.npy") as file:
            return _array(file, self.called(name))

    def inputs(self, spec: RowsSpec) -> str:
        """The name of the array of inputs: as asked for, as it is usually called, or the only one that can be meant."""
        if not self.headers:
            raise DataError(f"{self.file} holds no arrays. numpy.savez writes some.")
        if spec.input_key is not None:
            return self._named(spec.input_key)
        tables = [name for name, header in self.headers.items() if header.is_table and name != spec.label_key]
        usual = self._usual(INPUTS, tables)
        if usual is not None or len(tables) == 1:
            return usual or tables[0]
        alone = [name for name in self.headers if name != spec.label_key]
        named = self._usual(INPUTS, alone)
        if named is not None or len(alone) == 1:
            return named or alone[0]
        raise DataError(f"{self.file} holds {self._found()}. Choose one with --input-key.")

    def with_labels(self, samples: Samples, name: str, spec: RowsSpec) -> Samples:
        """The samples with their labels, and with those for the test where they are called as usual."""
        others = [other for other in self.headers if other != name]
        label = self._named(spec.label_key) if spec.label_key else self._usual(LABELS, others)
        if label is None:
            raise DataError(f"{self.file} has no array {quoted(LABELS[0])} or {quoted('labels')}. It holds "
                            f"{self._found()}. Choose the labels with --label-key.")
        y = self._labels(label, name)
        x_test, y_test = (self._usual(names, self.headers) for names in (TEST_INPUTS, TEST_LABELS))
        if spec.input_key or x_test is None or y_test is None:
            return replace(samples, y=y, what=self.file)
        test = in_columns(self.load(x_test, require_rows), spec, False, self.called(x_test)).x
        if test[0].size != samples.x[0].size:
            raise DataError(f"{self.file}: found {test[0].size:,} features in the test rows, expected "
                            f"{samples.x[0].size:,} as in the training rows.")
        return replace(samples, y=y, x_test=test, y_test=self._labels(y_test, x_test), what=self.file)

    def _labels(self, name: str, inputs: str) -> Array:
        """One label for each row of the inputs."""
        y = self.load(name, require_labels)
        expected = self.headers[inputs].shape[0]
        if len(y) != expected:
            raise DataError(f"{self.called(name)}: found {len(y):,} labels, expected {expected:,}, one a row of "
                            f"{quoted(inputs)}.")
        return y

    def _named(self, key: str) -> str:
        if key in self.headers:
            return key
        guess = did_you_mean(key, self.headers)
        raise DataError(f"{self.file} has no array {quoted(key)}. {guess}{' ' * bool(guess)}It holds {self._found()}.")

    @staticmethod
    def _usual(usual: Iterable[str], names: Iterable[str]) -> str | None:
        known = {folded(name): name for name in reversed([*names])}
        return next((known[name] for name in usual if name in known), None)

    def _found(self) -> str:
        return _some([f"{quoted(name)} {header.shape}" for name, header in self.headers.items()], "; ")


def _some(items: list[str], joint: str) -> str:
    left = len(items) - MAX_LISTED
    return joint.join([*items[:MAX_LISTED], *([f"… {left:,} more"] if left > 0 else [])])


def require_rows(what: str, header: Header) -> None:
    """As require_usable; but what has labels beside it may also be one number a row."""
    require_usable(what, replace(header, shape=(*header.shape, 1)) if len(header.shape) == 1 else header)


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
        raise DataError(f"{what} holds values of type {header.dtype}, expected numbers or text.")
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
    require_no_bomb(what, header.promised, header.packed)
    require_memory(what, header.promised)


def _array(file: IO[bytes], what: str) -> Array:
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array: Array = npy.read_array(file, allow_pickle=False)
    except (OSError, MemoryError, zipfile.BadZipFile, zlib.error):
        raise
    except Exception:  # as many kinds as there are decompressors
        raise DataError(f"{what} is damaged: its data do not match its header. Save it again.") from None
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(all="ignore"):
            array = array.astype(np.float64)
    return array
