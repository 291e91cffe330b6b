"""Labelled rows of an .npz file: arrays of features and labels by their usual names."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from actprof.datasets import npz
from actprof.datasets.labels import encoded
from actprof.datasets.npz import Header
from actprof.datasets.pixels import image_shape, rows
from actprof.datasets.samples import Samples
from actprof.datasets.table import named
from actprof.errors import DataError, shown

X_TRAIN = ("x_train", "X_train", "train_images", "x", "X", "images", "data")
Y_TRAIN = ("y_train", "t_train", "train_labels", "y", "t", "labels", "target")
X_TEST = ("x_test", "X_test", "test_images")
Y_TEST = ("y_test", "t_test", "test_labels")


def read_labelled_npz(path: str) -> Samples:
    """The samples of an .npz file, with those for the test if it has some."""
    file = named(path)
    with npz.opened(path) as (archive, headers):
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
    npz.require_usable(_array(file, x_name), headers[x_name])
    npz.require_labels(_array(file, y_name), headers[y_name])
    found, expected = headers[y_name].shape[0], headers[x_name].shape[0]
    if found != expected:
        raise DataError(f"{_array(file, y_name)}: found {found:,} labels, expected {expected:,}, one a row of "
                        f"{shown(x_name)}.")
    return (npz.member(archive, x_name, _array(file, x_name)), npz.member(archive, y_name, _array(file, y_name)))


def _present(file: str, headers: Mapping[str, Header], names: tuple[str, ...]) -> str:
    for name in names:
        if name in headers:
            return name
    found = "; ".join(f"{shown(name)} {header.shape}" for name, header in headers.items()) or "no arrays"
    raise DataError(f"{file} has no array {shown(names[0])}. It holds {found}.")


def _array(file: str, name: str) -> str:
    return f"{file}: array {shown(name)}"
