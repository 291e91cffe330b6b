"""IDX files, the format of MNIST: bytes behind a header of their sizes, plain or gzipped."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from typing import IO

import numpy as np
from numpy.typing import NDArray

from actprof.data.samples import Samples, encoded, rows
from actprof.data.table import display_path, require_memory
from actprof.errors import DataError
from actprof.machine import amount

IMAGES, LABELS = 0x00000803, 0x00000801
"""Magic numbers: unsigned bytes in three dimensions and in one."""

FIRST = ("train-images-idx3-ubyte", "train-images.idx3-ubyte")
"""How the file of training images is called in a folder."""

DEFLATE_RATIO = 1032
"""How much larger than its gzipped file anything can be."""


def read_idx(path: str) -> Samples:
    """The images of a file or a folder, with the labels and the test set beside them."""
    train = first_in(path) if os.path.isdir(path) else path
    if train is None:
        raise DataError(f"{display_path(path)} holds no {FIRST[0]}[.gz]. Name a folder that does.")
    images, labels = _pair(train)
    folder, name = os.path.split(train)
    test = _present(os.path.join(folder, name.replace("train", "t10k", 1))) if "train" in name else None
    parts = [(images, labels), *([_pair(test)] if test else [])]
    x, notes = rows(display_path(path), *(images for images, _ in parts))
    y, classes = encoded(display_path(path), *(labels for _, labels in parts))
    x_test, y_test = (x[1], y[1]) if test else (None, None)
    return Samples(x[0], y[0], classes, x_test, y_test, (images.shape[1], images.shape[2]), notes)


def first_in(folder: str) -> str | None:
    """The file of training images in a folder."""
    return next((found for name in FIRST if (found := _present(os.path.join(folder, name)))), None)


def read_bytes(path: str, magic: int) -> NDArray[np.uint8]:
    """The array of one file; its size is checked from the header before anything is loaded."""
    try:
        with open(path, "rb") as raw:
            size = os.path.getsize(path)
            if raw.read(2) != b"\x1f\x8b":
                raw.seek(0)
                return _array(raw, display_path(path), magic, size)
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) as file:
                return _array(file, display_path(path), magic, DEFLATE_RATIO * size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{display_path(path)} is damaged or cut short ({error}). Fetch it again.") from None


def _array(file: IO[bytes] | gzip.GzipFile, what: str, magic: int, stored: int) -> NDArray[np.uint8]:
    axes = magic & 0xFF
    header = file.read(4 + 4 * axes)
    found = int.from_bytes(header[:4], "big")
    if len(header) < 4 or found != magic:
        raise DataError(f"{what}: not the expected IDX file: found magic number 0x{found:08x}, "
                        f"expected 0x{magic:08x}.")
    if len(header) < 4 + 4 * axes:
        raise DataError(f"{what} is cut short: its header has {len(header)} bytes, expected {4 + 4 * axes}.")
    shape = struct.unpack(f">{axes}I", header[4:])
    promised = math.prod(shape)
    if promised == 0:
        raise DataError(f"{what} is empty: found shape {shape}.")
    if promised > stored - len(header):
        raise _mismatch(what, promised, stored - len(header))
    require_memory(what, promised)
    data = file.read(promised + 1)
    if len(data) != promised:
        raise _mismatch(what, promised, len(data))
    return np.frombuffer(data, np.uint8).reshape(shape)


def _mismatch(what: str, promised: int, held: int) -> DataError:
    if held > promised:
        return DataError(f"{what} is damaged: it holds more than the {amount(promised)} that its header promises.")
    return DataError(f"{what} is cut short: its header promises {amount(promised)}, the file holds {amount(held)}.")


def _pair(path: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images of a file and the labels of the file beside it."""
    folder, name = os.path.split(path)
    beside = os.path.join(folder, name.replace("images", "labels").replace("idx3", "idx1"))
    labels_path = _present(beside)
    if labels_path is None or labels_path == path:
        raise DataError(f"{display_path(path)} has no labels beside it: {display_path(beside)} does not exist.")
    images, labels = read_bytes(path, IMAGES), read_bytes(labels_path, LABELS)
    if len(images) != len(labels):
        raise DataError(f"{display_path(labels_path)}: found {len(labels):,} labels, expected {len(images):,}, "
                        "one an image.")
    return images, labels


def _present(path: str) -> str | None:
    """A file, with or without .gz, if it is there."""
    plain = path.removesuffix(".gz")
    return next((found for found in (path, plain, f"{plain}.gz") if os.path.isfile(found)), None)
