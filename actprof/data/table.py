"""What a file of numbers holds, whatever its format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from actprof import machine
from actprof.arrays import Array, Floats
from actprof.digits import typed
from actprof.errors import DataError, quoted

MEMORY_SHARE = 0.75  # the part of the available memory that one file may take
CHUNK = 1 << 20  # numbers looked at together when a whole table is gone through


class Table(NamedTuple):
    """Rows of numbers read from a file.

    Attributes:
        features: (rows, features), all finite, in the type they are stored in.
        source: where they are from, for messages.
        notes: one-line remarks on how they were read.
        pixels: whether they are whole numbers 0 … 255 of images.
    """

    features: Array
    source: str
    notes: tuple[str, ...] = ()
    pixels: bool = False


def display_path(path: str) -> str:
    """A path for a message: control characters escaped, no quotes."""
    return quoted(path, limit=400)[1:-1]


def row_chunks(features: Array) -> Iterator[tuple[int, Array]]:
    """(first row, rows) of consecutive pieces that fit the cache."""
    step = max(1, CHUNK // (features.size // len(features)))
    for start in range(0, len(features), step):
        yield start, features[start:start + step]


def require_memory(what: str, needed: float) -> None:
    """Raise DataError when `needed` bytes are more than this machine should give to one file."""
    available = machine.available_memory()
    if available is not None and needed > MEMORY_SHARE * available:
        raise DataError(f"{what} takes {machine.amount(needed)} in memory; {machine.amount(available)} available. "
                        "Store fewer rows.")


# What unpacks to more than so many bytes, and so many times its size, is taken for a trap.
BOMB, MAX_RATIO = 1 << 30, 200


def require_no_bomb(what: str, promised: int, packed: int) -> None:
    """Raise DataError when few bytes would unpack to so many that nobody can have meant it."""
    if promised > BOMB and promised > MAX_RATIO * packed:
        raise DataError(f"{what} unpacks from {machine.amount(packed)} to {machine.amount(promised)}. "
                        "Save it uncompressed if that is meant.")


USUAL = (0.01, 10.0)  # mean squares that no note is made of


class Scaling(NamedTuple):
    """A linear map of each feature; shift and spread are numbers, or vectors with one number a feature."""

    shift: Floats | float = 0.0
    spread: Floats | float = 1.0
    identity: bool = False
    notes: tuple[str, ...] = ()

    def apply(self, rows: Array, dtype: str) -> Array:
        """The scaled rows, C-contiguous in `dtype`; computed in float64."""
        # What float32 cannot hold becomes infinite here and is counted as such by the profile.
        with np.errstate(over="ignore"):
            if self.identity:
                return rows.astype(dtype, order="C")
            scaled = (rows.astype(np.float64) - self.shift) / self.spread
            return scaled.astype(dtype, order="C", copy=False)


def rms(features: Array) -> float:
    """The root mean square of all numbers; infinite where squares leave float64."""
    with np.errstate(over="ignore", under="ignore"):
        total = sum(float(np.square(rows, dtype=np.float64).sum()) for _, rows in row_chunks(features))
    return math.sqrt(total / features.size)


def is_usual(size: float) -> bool:
    """Whether inputs of this rms are near what initialisers assume."""
    return USUAL[0] <= size**2 <= USUAL[1] if size < 1e150 else False


def size_text(size: float) -> str:
    """An rms in a sentence: `3,815`, `0.031`, `1e20`."""
    return f"{size:,.0f}" if 10 < size < 1e9 else typed(size, 2)


def unscaled(table: Table) -> Scaling:
    """The numbers as they are, with a note when they are far from what initialisers assume."""
    size = rms(table.features)
    if is_usual(size):
        return Scaling(identity=True)
    text = size_text(size)
    grown = (f"{text} times as large, and losses high" if size > 1 else
             f"{typed(1 / size, 2)} times as small" if size else "at 0")
    note = f"the inputs' rms is {text}; initialisers assume about 1, so signals start {grown}: --scale standard or unit"
    return Scaling(identity=True, notes=(note,))


def automatic(table: Table) -> Scaling:
    """Pixels 0…255 to 0…1, all else as it is."""
    return Scaling(0.0, 255.0, notes=(PIXELS,)) if table.pixels else unscaled(table)


def unit(table: Table) -> Scaling:
    """The whole table on 0…1, by its overall minimum and maximum."""
    low, high = float(table.features.min()), float(table.features.max())
    if low == high:
        return Scaling(low, 1.0, notes=("all inputs are equal and become 0",))
    _require_representable(table, high - low)
    return Scaling(low, high - low)


def standard(table: Table) -> Scaling:
    """Each feature to mean 0 and standard deviation 1 over the table; constant features to 0."""
    low, high = (extreme.astype(np.float64) for extreme in (table.features.min(axis=0), table.features.max(axis=0)))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = sum(rows.sum(axis=0, dtype=np.float64) for _, rows in row_chunks(table.features)) / len(table.features)
        squares = sum(np.square(rows - mean).sum(axis=0) for _, rows in row_chunks(table.features))
    spread = np.sqrt(squares / len(table.features))
    _require_representable(table, spread)
    constant = (low == high) | (spread == 0)
    count = np.count_nonzero(constant)
    notes = (f"{count:,} of {len(constant):,} features are constant and become 0",) if count else ()
    return Scaling(np.where(constant, low, mean), np.where(constant, 1.0, spread), notes=notes)


PIXELS = "whole numbers 0…255 are scaled to 0…1; --scale none keeps them"
# The value of `--scale` → the map it stands for, from the whole table.
SCALINGS: Mapping[str, Callable[[Table], Scaling]] = {
    "auto": automatic, "none": unscaled, "unit": unit, "standard": standard}


def _require_representable(table: Table, spread: Floats | float) -> None:
    if not np.isfinite(spread).all():
        raise DataError(f"{table.source} holds numbers too large to be scaled. Divide them first.")
