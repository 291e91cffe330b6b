"""IDX files, the format of MNIST: bytes behind a header of their sizes, plain or gzipped."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from dataclasses import replace
from typing import IO

import numpy as np
from numpy.typing import NDArray

from actprof.data.request import RowsSpec
from actprof.data.samples import Samples, in_columns
from actprof.data.table import display_path, require_memory, require_no_bomb
from actprof.errors import DataError
from actprof.machine import amount

IMAGES, LABELS = 0x00000803, 0x00000801  # magic numbers: unsigned bytes in three dimensions and in one
FIRST = ("train-images-idx3-ubyte", "train-images.idx3-ubyte")  # how the file of training images is called in a folder
DEFLATE_RATIO = 1032  # how much larger than its gzipped file anything can be


def read_idx(path: str, spec: RowsSpec, labelled: bool) -> Samples:
    """The images of a file or a folder and, if they are asked for, the labels and the test set beside them."""
    train = first_in(path) if os.path.isdir(path) else path
    if train is None:
        raise DataError(f"{display_path(path)} holds no {FIRST[0]}[.gz]. Name a folder that does.")
    what = display_path(path)
    samples = in_columns(read_bytes(train, IMAGES), spec, False, what)
    if not labelled:
        return samples
    folder, name = os.path.split(train)
    samples = replace(samples, y=_labels(train, len(samples.x)))
    test = _present(os.path.join(folder, name.replace("train", "t10k", 1))) if "train" in name else None
    if test is None:
        return samples
    x_test = in_columns(read_bytes(test, IMAGES), spec, False, what).x
    return replace(samples, x_test=x_test, y_test=_labels(test, len(x_test)))


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
                return _array(raw, display_path(path), magic, size, 1)
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) as file:
                return _array(file, display_path(path), magic, size, DEFLATE_RATIO)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{display_path(path)} is damaged or cut short ({error}). Fetch it again.") from None


def _array(file: IO[bytes] | gzip.GzipFile, what: str, magic: int, size: int, ratio: int,
           ) -> NDArray[np.uint8]:
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
    if promised > ratio * size - len(header):
        raise _mismatch(what, promised, ratio * size - len(header))
    require_no_bomb(what, promised, size)
    require_memory(what, promised)
    data = file.read(promised + 1)
    if len(data) != promised:
        raise _mismatch(what, promised, len(data))
    return np.frombuffer(data, np.uint8).reshape(shape)


def _mismatch(what: str, promised: int, held: int) -> DataError:
    if held > promised:
        return DataError(f"{what} is damaged: it holds more than the {amount(promised)} that its header promises.")
    return DataError(f"{what} is cut short: its header promises {amount(promised)}, the file holds {amount(held)}.")


def _labels(path: str, images: int) -> NDArray[np.uint8]:
    """The labels in the file beside that of the images, of which there are so many."""
    folder, name = os.path.split(path)
    beside = os.path.join(folder, name.replace("images", "labels").replace("idx3", "idx1"))
    found = _present(beside)
    if found is None or found == path:
        raise DataError(f"{display_path(path)} has no labels beside it: {display_path(beside)} does not exist.")
    labels = read_bytes(found, LABELS)
    if len(labels) != images:
        raise DataError(f"{display_path(found)}: found {len(labels):,} labels, expected {images:,}, one an image.")
    return labels


def _present(path: str) -> str | None:
    """A file, with or without .gz, if it is there."""
    plain = path.removesuffix(".gz")
    return next((found for found in (path, plain, f"{plain}.gz") if os.path.isfile(found)), None)
