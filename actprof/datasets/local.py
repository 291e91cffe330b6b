"""Data sets that Keras and torchvision keep on this machine. Nothing is ever downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from actprof.datasets.idx import first_in, read_idx
from actprof.datasets.labelled_npz import read_labelled_npz
from actprof.datasets.samples import Samples
from actprof.datasets.table import named
from actprof.errors import DataError

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
            raise DataError(f"{label}: {named(folder)} is not a folder. Name the one that holds {kept.torchvision}.")
    searched = list(dict.fromkeys(_places(kept, data_dir)))
    for path in searched:
        if os.path.isfile(path) or (os.path.isdir(path) and first_in(path)):
            read = read_idx if os.path.isdir(path) else read_labelled_npz
            samples = read(path)
            return replace(samples, notes=(f"{name} is read from {named(path)}", *samples.notes))
    raise DataError(f"{name} is not on this machine. Searched: {', '.join(map(named, searched))}. "
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
