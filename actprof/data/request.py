"""What labelled rows are asked for; the place of its defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from actprof.errors import SpecError, quoted
from actprof.registry import Choice

SPLIT = 0.2
"""The part of a file's rows held back for the test where nothing else is asked for."""

DATA = "glyphs"


@dataclass(frozen=True)
class DataSpec:
    """Labelled rows to learn from: a named data set, or (data None) a file.

    Attributes:
        label_column: of a .csv file: last or a column's name.
        validation_split: the part of the rows, from the end, that is held back for the test; None for the data's own
            test set or, without one, for SPLIT.
        shuffle: whether the rows are put in random order first.
        train_size: how many training rows are used, the first ones; None for all.
        data_dir: a folder that holds MNIST/raw or FashionMNIST/raw.
    """

    data: Choice | None = field(default_factory=lambda: Choice("glyphs", (("train", 10_000), ("test", 2000)), "glyphs"))
    path: str = ""
    label_column: str = "last"
    validation_split: float | None = None
    shuffle: bool = False
    train_size: int | None = None
    data_dir: str | None = None

    def __post_init__(self) -> None:
        if self.validation_split is not None and not 0 < self.validation_split < 1:
            raise SpecError(f"--validation-split must be above 0 and below 1, not {self.validation_split:g}.")
        if self.train_size is not None and self.train_size < 1:
            raise SpecError(f"--train-size must be 1 or more, not {self.train_size:,}.")
        if self.data is None:
            self._require_fitting_a_file()
        elif self.validation_split is not None:
            raise SpecError(f"--validation-split cannot be combined with {self.data.name}. "
                            "It brings its own test set.")
        elif self.label_column != "last":
            raise SpecError(f"--label-column cannot be combined with {self.data.name}. "
                            "It names a column of a .csv file.")

    def _require_fitting_a_file(self) -> None:
        if self.data_dir is not None:
            raise SpecError(f"--data-dir cannot be combined with {quoted(self.path)}. "
                            "It is where mnist and fashion_mnist are sought.")
        if self.label_column != "last" and not self.path.casefold().endswith(".csv"):
            raise SpecError(f"--label-column cannot be combined with {quoted(self.path)}. "
                            "It names a column of a .csv file.")
