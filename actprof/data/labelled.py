"""Labelled rows to train and to test on: a table of data sets, or a file."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from actprof.data import made, suffix
from actprof.data.csv_file import read_labelled_csv
from actprof.data.idx import first_in, read_idx
from actprof.data.made import glyphs
from actprof.data.npz import read_labelled_npz
from actprof.data.request import SPLIT, DataSpec
from actprof.data.samples import Samples, encoded, rows
from actprof.data.table import display_path
from actprof.errors import DataError, SpecError, quoted
from actprof.registry import Choice, Parameter, Registry, folded
from actprof.streams import DATA, stream

SHUFFLE = 2
"""The stream of the order of rows, beside those of the two parts of what is drawn."""

ROUNDING = 1e-9
"""What 100 × (1 − 0.9) lacks of 10, and much less than a row."""


@dataclass(frozen=True)
class Parts:
    """Training and test rows and their classes, with remarks for the user."""

    x_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
        return self.x_train, self.y_train, self.x_test, self.y_test


def split(name: str, samples: Samples, spec: DataSpec, seed: int) -> Parts:
    """The rows in two parts, as the spec asks for them."""
    if samples.x_test is not None and spec.validation_split is not None:
        raise SpecError(f"--validation-split cannot be combined with {name}. It brings its own test set.")
    x, y = samples.x, samples.y
    if spec.shuffle:
        order = stream(seed, DATA, SHUFFLE).permutation(len(x))
        x, y = x[order], y[order]
    notes: tuple[str, ...] = ()
    if samples.x_test is None or samples.y_test is None:
        kept = _training_rows(name, len(x), spec)
        x, y, x_test, y_test = x[:kept], y[:kept], x[kept:], y[kept:]
        notes = _remarks(spec, kept, len(x_test))
    else:
        x_test, y_test = samples.x_test, samples.y_test
    size = _train_size(name, len(x), spec)
    x, y = x[:size], y[:size]
    return Parts(x, y, x_test, y_test, (*notes, *_missing(samples.classes, y, y_test, spec.shuffle)))


def _training_rows(name: str, rows: int, spec: DataSpec) -> int:
    """How many rows come before those held back: rounded down, and at least one in both parts."""
    if rows < 2:
        raise DataError(f"{name} has 1 row, expected 2 or more: some to train on and some to test.")
    share = SPLIT if spec.validation_split is None else spec.validation_split
    return min(max(math.floor(rows * (1 - share) + ROUNDING), 1), rows - 1)


def _train_size(name: str, rows: int, spec: DataSpec) -> int:
    if spec.train_size is not None and spec.train_size > rows:
        raise SpecError(f"--train-size must be from 1 to {rows:,}, the training rows of {name}, "
                        f"not {spec.train_size:,}.")
    return spec.train_size or rows


def _remarks(spec: DataSpec, train: int, test: int) -> tuple[str, ...]:
    if spec.validation_split is not None:
        return ()
    which = f"{test:,} of {train + test:,} rows, " + ("drawn at random" if spec.shuffle else "the last ones")
    return (f"{which}, are held back for the test; --validation-split sets the share",)


def _missing(classes: tuple[str, ...], y_train: NDArray[np.int64], y_test: NDArray[np.int64],
             shuffled: bool) -> tuple[str, ...]:
    """Remarks on classes that only one of the two parts knows."""
    hint = "" if shuffled else "; --shuffle mixes the rows first"
    known = {"training": set(y_train.tolist()), "test": set(y_test.tolist())}
    return tuple(f"{len(found)} of {len(classes)} classes occur in the {part} rows{hint}"
                 for part, found in known.items() if len(found) < len(classes) and len(y_test) >= len(classes))


VARIABLE = "ACTPROF_DATA_DIR"


@dataclass(frozen=True)
class Kept:
    """Where a data set lies: under Keras's folder and under torchvision's; and the command that fetches it."""

    keras: str
    torchvision: str
    fetch: str


MNIST = Kept("mnist.npz", "MNIST/raw", 'python -c "from keras.datasets import mnist; mnist.load_data()"')
FASHION = Kept("fashion-mnist", "FashionMNIST/raw",
               'python -c "from keras.datasets import fashion_mnist; fashion_mnist.load_data()"')


def find(name: str, kept: Kept, data_dir: str | None) -> Samples:
    """The samples of the first copy there is; DataError lists where it was sought."""
    for label, folder in (("--data-dir", data_dir), (VARIABLE, os.environ.get(VARIABLE))):
        if folder and not os.path.isdir(folder):
            raise DataError(f"{label}: {display_path(folder)} is not a folder. "
                            f"Name the one that holds {kept.torchvision}.")
    searched = list(dict.fromkeys(_places(kept, data_dir)))
    for path in searched:
        if os.path.isfile(path) or (os.path.isdir(path) and first_in(path)):
            read = read_idx if os.path.isdir(path) else read_labelled_npz
            samples = read(path)
            return replace(samples, notes=(f"{name} is read from {display_path(path)}", *samples.notes))
    raise DataError(f"{name} is not on this machine. Searched: {', '.join(map(display_path, searched))}. "
                    f"To fetch it: {kept.fetch}")


def _places(kept: Kept, data_dir: str | None) -> Iterator[str]:
    home = os.path.expanduser("~")
    explicit = [folder for folder in (data_dir, os.environ.get(VARIABLE)) if folder]
    keras = os.environ.get("KERAS_HOME") or os.path.join(home, ".keras")
    for folder in explicit:
        yield os.path.join(folder, kept.torchvision)
        yield os.path.join(folder, kept.keras)
        yield folder
    yield os.path.join(keras, "datasets", kept.keras)
    for folder in ("data", os.path.join(home, "data")):
        yield os.path.join(folder, kept.torchvision)


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
            (_classes(3), _noise("spread", 0.5), *_counts(1000, 500)), made.blobs),
    DataSet("circles", "ring of the class + N(0, noise²)", "rings in the plane",
            (_classes(2), _noise("noise", 0.1), *_counts(1000, 500)), made.circles),
    DataSet("spirals", "arm of the class + N(0, noise²)", "arms in the plane",
            (_classes(2), Parameter("turns", 1.0, low=-100, high=100), _noise("noise", 0.05), *_counts(1000, 500)),
            made.spirals),
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
    name = spec.data.name if spec.data else display_path(os.path.basename(spec.path.rstrip(os.sep)))
    try:
        samples = _drawn(spec.data, spec.data_dir, seed) if spec.data else _read(spec)
    except OSError as error:
        raise DataError(f"{display_path(str(error.filename or spec.path or name))} cannot be read: "
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
    return suffix(text) in (*READERS, ".gz") or "ubyte" in text or os.sep in text or os.path.exists(text)


def _drawn(choice: Choice, data_dir: str | None, seed: int) -> Samples:
    entry = DATASETS[choice.name]
    if entry.kept is not None:
        return find(entry.name, entry.kept, data_dir)
    assert entry.make is not None
    return entry.make(seed, **choice.values)


def _read(spec: DataSpec) -> Samples:
    path = spec.path
    if not os.path.exists(path):
        raise DataError(f"{display_path(path)} does not exist. Check the path.")
    if os.path.isdir(path) or "ubyte" in os.path.basename(path):
        return read_idx(path)
    if not os.path.isfile(path):
        raise DataError(f"{display_path(path)} is not a regular file. Save the data to a file first.")
    if suffix(path) not in READERS:
        raise SpecError(f"cannot read {quoted(path)}. {FILES}")
    return READERS[suffix(path)](path, spec.label_column)


def _read_csv(path: str, label_column: str) -> Samples:
    features, labels = read_labelled_csv(path, label_column)
    (x,), notes = rows(display_path(path), features)
    (y,), classes = encoded(display_path(path), labels)
    return Samples(x, y, classes, notes=notes)


READERS: Mapping[str, Callable[[str, str], Samples]] = {
    ".npz": lambda path, label_column: read_labelled_npz(path),
    ".csv": _read_csv,
}
"""Suffix → reader (path, label_column) of labelled rows."""
