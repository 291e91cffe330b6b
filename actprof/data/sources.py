"""Where rows come from: a table of data sets that are drawn or kept on this machine, or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from actprof.data import FILES, looks_like_a_file, made, memory, read
from actprof.data.idx import first_in
from actprof.data.request import RowsSpec, refuse
from actprof.data.samples import Samples
from actprof.data.table import display_path
from actprof.errors import DataError, SpecError
from actprof.registry import Parameter, Registry, folded

VARIABLE = "ACTPROF_DATA_DIR"


class Kept(NamedTuple):
    """Where a data set lies: under Keras's folder and under torchvision's; and the command that fetches it."""

    keras: str
    torchvision: str
    fetch: str


MNIST = Kept("mnist.npz", "MNIST/raw", 'python -c "from keras.datasets import mnist; mnist.load_data()"')
FASHION = Kept("fashion-mnist", "FashionMNIST/raw",
               'python -c "from keras.datasets import fashion_mnist; fashion_mnist.load_data()"')


def find(name: str, kept: Kept, data_dir: str | None, labelled: bool) -> Samples:
    """The samples of the first copy there is; DataError lists where it was sought."""
    for label, folder in (("--data-dir", data_dir), (VARIABLE, os.environ.get(VARIABLE))):
        if folder and not os.path.isdir(folder):
            raise DataError(f"{label}: {display_path(folder)} is not a folder. "
                            f"Name the one that holds {kept.torchvision}.")
    searched = list(dict.fromkeys(_places(kept, data_dir)))
    for path in searched:
        if os.path.isfile(path) or (os.path.isdir(path) and first_in(path)):
            samples = read(RowsSpec(None, path), labelled)
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


class DataSet(NamedTuple):
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
            _counts(10_000, 2000), made.glyphs),
    DataSet("mnist", "28×28 images of handwritten digits", "LeCun et al. 1998; a copy on this machine", kept=MNIST),
    DataSet("fashion_mnist", "28×28 images of clothes", "Xiao et al. 2017; a copy on this machine", kept=FASHION,
            aliases=("fashion",)),
    DataSet("blobs", "centre of the class + N(0, spread²)", "clouds in the plane",
            (_classes(3), _noise("spread", 0.5), *_counts(1000, 500)), made.blobs),
    DataSet("circles", "ring of the class, from factor·2 to 2, + N(0, noise²)", "rings in the plane",
            (_classes(2), _noise("noise", 0.1), *_counts(1000, 500), Parameter("factor", 0.5, low=0, high=1)),
            made.circles),
    DataSet("spirals", "arm of the class + N(0, noise²)", "arms in the plane",
            (_classes(2), Parameter("turns", 1.0, low=-100, high=100), _noise("noise", 0.05), *_counts(1000, 500)),
            made.spirals),
])


def parse(text: Any, **reading: Any) -> RowsSpec:
    """What a text asks for: a data set's name with its values or, failing that, a file; `reading` as in RowsSpec.

    What is no text are rows in memory.
    """
    if not isinstance(text, str):
        return RowsSpec(None, memory.name_of(text), **reading)
    if folded(text.partition(":")[0]) not in DATASETS.names() and looks_like_a_file(text):
        return RowsSpec(None, text, **reading)
    try:
        choice = DATASETS.parse(text)
    except SpecError as error:
        raise SpecError(f"{error} {FILES}" if str(error).startswith("unknown data set") else str(error)) from None
    if DATASETS[choice.name].kept is None:
        refuse(choice.name, {"data_dir": reading.get("data_dir")})
    return RowsSpec(choice, "", **reading)


def name_of(spec: RowsSpec) -> str:
    """How the rows are called: by the data set or the file."""
    return spec.data.name if spec.data else display_path(os.path.basename(spec.path.rstrip(os.sep)))


def load(spec: RowsSpec, seed: int, labelled: bool = False, held: object = None) -> Samples:
    """The rows that a spec stands for, which may be `held` in memory, with their labels if these are needed; DataError
    says what is wrong with them."""
    if not (held is None or isinstance(held, str)):
        return memory.held_samples(held, spec, labelled)
    if spec.data is None:
        return read(spec, labelled)
    entry = DATASETS[spec.data.name]
    if entry.kept is not None:
        return find(entry.name, entry.kept, spec.data_dir, labelled)
    assert entry.make is not None
    return replace(entry.make(seed, **spec.data.values), what=entry.name)
