"""Labelled rows to train and to test on: a table of data sets, or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actprof import datasets
from actprof.datasets import toys
from actprof.datasets.csv_file import read_labelled_csv
from actprof.datasets.glyphs import glyphs
from actprof.datasets.idx import read_idx
from actprof.datasets.labelled_npz import read_labelled_npz
from actprof.datasets.labels import encoded
from actprof.datasets.local import FASHION, MNIST, Kept, find
from actprof.datasets.pixels import rows
from actprof.datasets.samples import Samples
from actprof.datasets.splitting import split
from actprof.datasets.table import named
from actprof.errors import DataError, SpecError, shown
from actprof.registry import Choice, Parameter, Registry, folded
from actprof.spec import DataSpec

FILES = "Files end in .npz, .csv or -ubyte[.gz]; or name a folder that holds the last."


@dataclass(frozen=True)
class Labelled:
    """Rows with their classes, in two parts.

    Attributes:
        x_train: (N, features), C-contiguous.
        y_train: the class number of each row, from 0.
        x_test: at least one row.
        classes: the names of the classes.
        image_shape: rows and columns of the image that a row is, or None.
        notes: one-line remarks for the user.
    """

    name: str
    x_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    classes: tuple[str, ...]
    image_shape: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    @property
    def features(self) -> int:
        return int(self.x_train.shape[1])

    @property
    def is_plane(self) -> bool:
        """Whether the rows are points of a plane, so that a decision boundary can be drawn."""
        return self.features == 2

    @property
    def baseline(self) -> float:
        """The test accuracy of always answering the most frequent training class."""
        return float(np.mean(self.y_test == np.bincount(self.y_train).argmax()))


@dataclass(frozen=True)
class DataSet:
    """A named data set; `make(seed, **parameters)` draws it, unless it is `kept` on the machine."""

    name: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    make: Callable[..., Samples] | None = None
    kept: Kept | None = None
    aliases: tuple[str, ...] = ()


def _counts(train: int, test: int) -> tuple[Parameter, ...]:
    return Parameter("train", train, low=1, high=1_000_000), Parameter("test", test, low=1, high=1_000_000)


def _classes(default: int) -> Parameter:
    return Parameter("classes", default, low=2, high=100)


def _noise(name: str, default: float) -> Parameter:
    return Parameter(name, default, low=0, high=1e6)


DATASETS: Registry[DataSet] = Registry("data set", "datasets", [
    DataSet("glyphs", "28×28 images of the digits 0–9 in many hands", "embedded: drawn from 14 fonts",
            _counts(10_000, 2000), glyphs),
    DataSet("mnist", "28×28 images of handwritten digits", "LeCun et al. 1998; a copy on this machine", kept=MNIST),
    DataSet("fashion_mnist", "28×28 images of clothes", "Xiao et al. 2017; a copy on this machine", kept=FASHION,
            aliases=("fashion",)),
    DataSet("blobs", "centre of the class + N(0, spread²)", "clouds in the plane",
            (_classes(3), _noise("spread", 0.5), *_counts(1000, 500)), toys.blobs),
    DataSet("circles", "ring of the class + N(0, noise²)", "rings in the plane",
            (_classes(2), _noise("noise", 0.1), *_counts(1000, 500)), toys.circles),
    DataSet("spirals", "arm of the class + N(0, noise²)", "arms in the plane",
            (_classes(2), Parameter("turns", 1.0, low=-100, high=100), _noise("noise", 0.05), *_counts(1000, 500)),
            toys.spirals),
])


def parse(text: str, label_column: str = "last", validation_split: float | None = None, shuffle: bool = False,
          train_size: int | None = None, data_dir: str | None = None) -> DataSpec:
    """What `--data` asks for: a data set's name with its values or, failing that, a file."""
    choice = None
    if folded(text.partition(":")[0]) in DATASETS.names() or not _looks_like_a_file(text):
        choice = _named(text)
        if data_dir is not None and DATASETS[choice.name].kept is None:
            raise SpecError(f"--data-dir cannot be combined with {choice.name}. "
                            "It is where mnist and fashion_mnist are sought.")
    return DataSpec(choice, "" if choice else text, label_column, validation_split, shuffle, train_size, data_dir)


def load(spec: DataSpec, seed: int) -> Labelled:
    """The rows that a spec stands for; SpecError or DataError says what is wrong with them."""
    name = spec.data.name if spec.data else named(os.path.basename(spec.path.rstrip(os.sep)))
    try:
        samples = _drawn(spec.data, spec.data_dir, seed) if spec.data else _read(spec)
    except OSError as error:
        raise DataError(f"{named(str(error.filename or spec.path or name))} cannot be read: "
                        f"{error.strerror or error}.") from None
    if samples.x_test is not None and samples.x_test.shape[1] != samples.x.shape[1]:
        raise DataError(f"{name}: test rows have {samples.x_test.shape[1]:,} features, expected "
                        f"{samples.x.shape[1]:,} as in the training rows.")
    parts = split(name, samples, spec, seed)
    return Labelled(name, *parts.arrays, samples.classes, samples.image_shape, (*samples.notes, *parts.notes))


def _named(text: str) -> Choice:
    try:
        return DATASETS.parse(text)
    except SpecError as error:
        raise SpecError(f"{error} {FILES}" if str(error).startswith("unknown data set") else str(error)) from None


def _looks_like_a_file(text: str) -> bool:
    return datasets.suffix(text) in (*READERS, ".gz") or "ubyte" in text or os.sep in text or os.path.exists(text)


def _drawn(choice: Choice, data_dir: str | None, seed: int) -> Samples:
    entry = DATASETS[choice.name]
    if entry.kept is not None:
        return find(entry.name, entry.kept, data_dir)
    assert entry.make is not None
    return entry.make(seed, **choice.values)


def _read(spec: DataSpec) -> Samples:
    path = spec.path
    if not os.path.exists(path):
        raise DataError(f"{named(path)} does not exist. Check the path.")
    if os.path.isdir(path) or "ubyte" in os.path.basename(path):
        return read_idx(path)
    if not os.path.isfile(path):
        raise DataError(f"{named(path)} is not a regular file. Save the data to a file first.")
    if datasets.suffix(path) not in READERS:
        raise SpecError(f"cannot read {shown(path)}. {FILES}")
    return READERS[datasets.suffix(path)](path, spec.label_column)


def _read_csv(path: str, label_column: str) -> Samples:
    features, labels = read_labelled_csv(path, label_column)
    (x,), notes = rows(named(path), features)
    (y,), classes = encoded(named(path), labels)
    return Samples(x, y, classes, notes=notes)


READERS: Mapping[str, Callable[[str, str], Samples]] = {
    ".npz": lambda path, label_column: read_labelled_npz(path),
    ".csv": _read_csv,
}
"""Suffix → reader (path, label_column) of labelled rows."""
