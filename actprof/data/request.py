"""What rows are asked for, and how they are read; the place of the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from actprof.errors import SpecError, quoted
from actprof.registry import Choice

SPLIT = 0.2  # the part of a file's rows held back for the test where nothing else is asked for

DATA = "glyphs"
AUTO, NONE, FIRST, LAST = "auto", "none", "first", "last"
MISSING = ("error", "drop-rows")
TARGETS = (AUTO, "classes", "numbers")

# What an option is for, said where it cannot be used.
ABOUT = {
    "input_key": "It names an array in an .npz file.",
    "label_key": "It names an array in an .npz file.",
    "label_column": "It names a column of a file.",
    "drop": "It names columns of a file.",
    "missing": "It is for files.",
    "data_dir": "It is where mnist and fashion_mnist are sought.",
}


def reading(settings: dict[str, Any]) -> dict[str, Any]:
    """How rows are read: the fields of a RowsSpec and their scale, taken out of the values of a command's options."""
    return {name: settings.pop(name) for name in (*ABOUT, "scale")}


def refuse(what: str, options: Mapping[str, Any]) -> None:
    """Raise SpecError at the first of these options of a RowsSpec that is not at its default, since `what` would ignore
    it."""
    defaults = {each.name: each.default for each in fields(RowsSpec)}
    for name, value in options.items():
        if value != defaults[name]:
            raise SpecError(f"--{name.replace('_', '-')} cannot be combined with {what}. {ABOUT[name]}")


@dataclass(frozen=True)
class RowsSpec:
    """Rows from outside: a named data set, or (data None) a file or folder and how it is read.

    Attributes:
        input_key, label_key: the arrays of an .npz file that hold the inputs and the labels; None for the usual names.
        label_column: of a table: auto, none, first, last, a column's name or its number.
        drop: columns to leave out: names, numbers and ranges joined by commas; "none" keeps a column of row numbers.
        missing: what becomes of rows that lack a number, one of MISSING.
        data_dir: a folder that holds MNIST/raw or FashionMNIST/raw.
    """

    data: Choice | None = field(default_factory=lambda: Choice("glyphs", (("train", 10_000), ("test", 2000)), "glyphs"))
    path: str = ""
    input_key: str | None = None
    label_key: str | None = None
    label_column: str = AUTO
    drop: str = ""
    missing: str = MISSING[0]
    data_dir: str | None = None

    def __post_init__(self) -> None:
        if self.missing not in MISSING:
            raise SpecError(f"--missing must be {' or '.join(MISSING)}, not {quoted(self.missing)}.")
        if self.data is None:
            refuse(quoted(self.path), {"data_dir": self.data_dir})
        else:
            refuse(self.data.name, {name: getattr(self, name) for name in ABOUT if name != "data_dir"})


@dataclass(frozen=True)
class DataSpec:
    """Labelled rows to learn from.

    Attributes:
        target: whether the labels are classes or numbers to predict, one of TARGETS.
        scale: a name in table.SCALINGS.
        validation_split: the part of the rows, from the end, that is held back for the test; None for the data's own
            test set or, without one, for SPLIT.
        shuffle: whether the rows are put in random order first.
        train_size: how many training rows are used, the first ones; None for all.
    """

    rows: RowsSpec = field(default_factory=RowsSpec)
    target: str = AUTO
    scale: str = AUTO
    validation_split: float | None = None
    shuffle: bool = False
    train_size: int | None = None

    def __post_init__(self) -> None:
        if self.validation_split is not None and not 0 < self.validation_split < 1:
            raise SpecError(f"--validation-split must be above 0 and below 1, not {self.validation_split:g}.")
        if self.train_size is not None and self.train_size < 1:
            raise SpecError(f"--train-size must be 1 or more, not {self.train_size:,}.")
        data = self.rows.data
        if data is None:
            return
        if self.validation_split is not None:
            raise SpecError(f"--validation-split cannot be combined with {data.name}. It brings its own test set.")
        if self.target != AUTO:
            raise SpecError(f"--target cannot be combined with {data.name}. It says what a file's labels are.")
