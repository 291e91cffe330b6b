"""Batches of inputs: from a table of random sources, or the rows of a file."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from actprof import data
from actprof.arrays import Array, Floats
from actprof.data import sources
from actprof.data.request import refuse
from actprof.data.table import SCALINGS, Table
from actprof.engine.spec import MAX_BATCH, InputSpec, RunSpec
from actprof.errors import DataError, SpecError
from actprof.registry import Choice, Parameter, Registry, did_you_mean, folded
from actprof.streams import BLOCK, INPUT, stream


class Source(NamedTuple):
    """A random source.

    `draw(rng, shape, dtype, **parameters)` fills an array; its first rows do not depend on how many follow.

    Attributes:
        rows: the most that a batch has.
    """

    name: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...]
    draw: Callable[..., Array]
    aliases: tuple[str, ...] = ()
    rows: int = MAX_BATCH


def _normal(rng: np.random.Generator, shape: tuple[int, int], dtype: Any, *, mean: float, std: float) -> Array:
    numbers = rng.standard_normal(shape, dtype=dtype)
    if (mean, std) != (0, 1):
        numbers *= std
        numbers += mean
    return numbers


def _uniform(rng: np.random.Generator, shape: tuple[int, int], dtype: Any, *, low: float, high: float) -> Array:
    numbers = rng.random(shape, dtype=dtype)
    numbers *= high - low
    numbers += low
    return numbers


def _constant(rng: np.random.Generator, shape: tuple[int, int], dtype: Any, *, value: float) -> Array:
    return np.full(shape, value, dtype)


def _line(rng: np.random.Generator, shape: tuple[int, int], dtype: Any, *, low: float, high: float) -> Array:
    start, along = rng.standard_normal((2, shape[1]), dtype=dtype)
    rows: Array = start + np.linspace(low, high, BLOCK, dtype=dtype)[:shape[0], None] * along
    return rows


def _check(choice: Choice) -> None:
    values = choice.values
    if "low" in values and not float(values["low"]) < float(values["high"]):
        raise SpecError(f"{choice.name}: low must be below high, not {values['low']:g} and {values['high']:g}.")


SOURCES: Registry[Source] = Registry("input", "inputs", [
    Source("normal", "N(mean, std²)", "the textbook's standard normal inputs",
           (Parameter("mean", 0.0), Parameter("std", 1.0, low=0)), _normal, ("gaussian", "random_normal")),
    Source("uniform", "U[low, high)", "bounded inputs, such as scaled pixels",
           (Parameter("low", -1.0), Parameter("high", 1.0)), _uniform),
    Source("constant", "value", "every input alike: shows what the weights do alone", (Parameter("value", 1.0),),
           _constant),
    Source("line", f"x₀ + t·x₁ at {BLOCK} t from low to high, x₀ and x₁ ~ N(0, 1)",
           "Balduzzi et al. 2017: gradients along it; --batch-size takes the first points",
           (Parameter("low", -2.0, -1e6, 1e6), Parameter("high", 2.0, -1e6, 1e6)), _line, rows=BLOCK),
], check=_check)


def parse(text: Any, scale: str = "auto", **reading: Any) -> InputSpec:
    """What `--input` asks for: a random source's name with its values, or rows as sources.parse has them."""
    if not isinstance(text, str):
        return InputSpec(None, sources.parse(text, **reading), scale)
    name = folded(text.partition(":")[0])
    if name not in SOURCES.names() and (name in sources.DATASETS.names() or data.looks_like_a_file(text)):
        return InputSpec(None, sources.parse(text, **reading), scale)
    refuse("a random --input", reading)
    try:
        return InputSpec(SOURCES.parse(text), None, scale)
    except SpecError as error:
        raise SpecError(_with_hint(name, str(error))) from None


def _with_hint(name: str, error: str) -> str:
    """The error with a suggestion of what else an unknown input could have been."""
    if not error.startswith("unknown input"):
        return error
    guess = did_you_mean(name, [*SOURCES.names(), *sources.DATASETS.names()])
    said = f"{error.partition('. ')[0]}. {guess}" if guess else f"{error} So does 'actprof list datasets'."
    return f"{said} {data.FILES}"


class Inputs(ABC):
    """Batches of input rows, made or converted when asked for; safe to ask from several threads.

    Attributes:
        features: numbers in a row.
        batches: how many there are; fewer than asked for where a file is short.
        notes: one-line remarks for the user.
        size: bytes of what is held in memory.
    """

    features: int
    batches: int
    notes: tuple[str, ...] = ()
    size: int = 0

    @abstractmethod
    def batch_rows(self, batch: int) -> int:
        """The number of rows of one batch."""

    def calibration(self) -> Array:
        """The rows on which weights are scaled that ask for it (LSUV)."""
        return self.rows(0, 0, min(self.batch_rows(0), CALIBRATION_ROWS))

    @abstractmethod
    def rows(self, batch: int, start: int, stop: int) -> Array:
        """Rows start … stop − 1 of a batch, C-contiguous in the run's dtype; `start` is a multiple of BLOCK.

        What they hold does not depend on where a batch is cut.
        """


class FirstRows(Inputs):
    """The first rows of the first batch of other inputs."""

    def __init__(self, inputs: Inputs, most: int) -> None:
        self._inputs = inputs
        self._count = min(most, inputs.batch_rows(0))
        self.features, self.batches, self.size = inputs.features, 1, inputs.size

    def batch_rows(self, batch: int) -> int:
        return self._count

    def rows(self, batch: int, start: int, stop: int) -> Array:
        return self._inputs.rows(batch, start, stop)

    def calibration(self) -> Array:
        return self._inputs.calibration()


class StandardInputs(Inputs):
    """Other inputs with each feature at mean 0 and std 1 over the first LOOKED_AT rows; a constant one becomes 0."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self.features, self.batches, self.size = inputs.features, inputs.batches, inputs.size
        looked_at = inputs.rows(0, 0, min(LOOKED_AT, inputs.batch_rows(0))).astype(np.float64)
        self._mean, std = looked_at.mean(axis=0), looked_at.std(axis=0)
        self._factor = np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)

    def batch_rows(self, batch: int) -> int:
        return self._inputs.batch_rows(batch)

    def rows(self, batch: int, start: int, stop: int) -> Array:
        rows = self._inputs.rows(batch, start, stop)
        scaled: Array = ((rows - self._mean) * self._factor).astype(rows.dtype)
        return scaled


class RandomInputs(Inputs):
    """Rows drawn from a random source: each block of BLOCK rows has a stream of its own."""

    def __init__(self, run: RunSpec, choice: Choice, features: int) -> None:
        self.features = features
        self.batches = run.batches
        self._run = run
        self._draw = SOURCES[choice.name].draw
        self._count = min(run.batch_size, SOURCES[choice.name].rows)
        self._values = choice.values

    def batch_rows(self, batch: int) -> int:
        return self._count

    def rows(self, batch: int, start: int, stop: int) -> Array:
        rows = np.empty((stop - start, self.features), self._run.dtype)
        # A source told to leave the range of float32 becomes infinite, which the profile counts.
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(start, stop, BLOCK):
                rng = stream(self._run.seed, INPUT, batch, first // BLOCK)
                shape = (min(BLOCK, stop - first), self.features)
                rows[first - start:first - start + BLOCK] = self._draw(rng, shape, rows.dtype, **self._values)
        return rows


class FileInputs(Inputs):
    """Rows of a file in its own order, or a random sample of them where not all are asked for."""

    def __init__(self, run: RunSpec, table: Table) -> None:
        available = len(table.features)
        self._used = min(available, run.batch_size * run.batches)
        self.features = table.features.shape[1]
        self.batches = -(-self._used // run.batch_size)
        self.size = table.features.nbytes
        self._table = table
        self._run = run
        self._scaling = SCALINGS[run.input.scale](table)
        # Files are often sorted by label: the first rows alone would be of one class.
        self._sample = (None if self._used == available else
                        stream(run.seed, INPUT, 0).choice(available, self._used, replace=False))
        self.notes = (*table.notes, *self._usage(), *self._scaling.notes)

    def batch_rows(self, batch: int) -> int:
        return min(self._run.batch_size, self._used - batch * self._run.batch_size)

    def rows(self, batch: int, start: int, stop: int) -> Array:
        first = batch * self._run.batch_size
        wanted = slice(first + start, first + stop)
        rows = self._table.features[wanted if self._sample is None else self._sample[wanted]]
        return self._scaling.apply(rows, self._run.dtype)

    def _usage(self) -> tuple[str, ...]:
        available, asked = len(self._table.features), self._run.batch_size * self._run.batches
        if asked < available:
            enough = -(-available // self._run.batch_size)
            return (f"{asked:,} of {available:,} rows, drawn at random; --batches {enough} uses all",)
        if asked > available:
            batches = "batch" if self.batches == 1 else "batches"
            return (f"{self._table.source} has {available:,} rows: {self.batches:,} {batches} instead of "
                    f"{self._run.batches:,} × {self._run.batch_size:,}",)
        return ()


def open_inputs(run: RunSpec, features: int) -> Inputs:
    """The inputs of a run for a first layer with `features` inputs; reads the file if there is one."""
    if run.input.source is not None:
        return RandomInputs(run, run.input.source, features)
    inputs = stored_inputs(run)
    assert inputs is not None
    if inputs.features != features:
        assert run.input.rows is not None
        raise DataError(f"{sources.name_of(run.input.rows)} has {inputs.features:,} features, the first layer expects "
                        f"{features:,}. Build the layers for {inputs.features:,} inputs.")
    return inputs


def stored_inputs(run: RunSpec, held: object = None) -> Inputs | None:
    """The inputs of a run that come from a data set or a file, or are `held` in memory, which say themselves how many
    features there are; None where they are drawn at random."""
    if run.input.rows is None:
        return None
    return FileInputs(run, sources.load(run.input.rows, run.seed, held=held).table())


@dataclass(frozen=True)
class InputMoments:
    """The inputs as theory sees them.

    Attributes:
        mean, second_moment: of all numbers.
        correlation: mean cosine between two rows, whatever their sizes; rows of zeros have none.
        unevenness: variance over rows of their mean squares, over the square of the second moment.
        largest: the largest size of a number.
        normal: whether the numbers may be normally distributed about 0, by their mean and their fourth moment.
    """

    mean: float
    second_moment: float
    correlation: float
    unevenness: float
    largest: float
    normal: bool = True


MAX_SKEW, MAX_EXCESS = 0.1, 0.3  # mean over the std, and fourth moment over the square of the second, less 3

CALIBRATION_ROWS = 1024  # rows of the first batch on which weights are scaled that ask for it
LOOKED_AT = 1024  # rows of the first batch from which the inputs' moments are taken


def input_moments(inputs: Inputs) -> InputMoments:
    """The moments of the first rows, in float64; what is not finite makes moments that are not."""
    rows = inputs.rows(0, 0, min(LOOKED_AT, inputs.batch_rows(0))).astype(np.float64)
    largest = float(np.abs(rows).max())
    with np.errstate(all="ignore"):
        rows /= largest or 1.0  # squares neither overflow nor underflow
        mean, sizes = float(rows.mean()), (rows**2).mean(axis=1)
        second = float(sizes.mean())
        unevenness = float(sizes.var()) / second**2 if second else 0.0
        normal = mean**2 <= MAX_SKEW**2 * second and abs(float((rows**4).mean()) - 3 * second**2) <= (
            MAX_EXCESS + 10 * math.sqrt(24 / rows.size)) * second**2
    return InputMoments(mean * largest, second * largest * largest, _mean_cosine(rows, sizes), unevenness, largest,
                        normal)


def _mean_cosine(rows: Floats, sizes: Floats) -> float:
    """The mean cosine between two of the rows, of such mean squares; 0 if all are 0.

    It comes from the differences between them, and so is exactly 1 where they point the same way.
    """
    unit = rows[sizes != 0] / np.sqrt(sizes[sizes != 0])[:, None]
    others = max(len(unit) - 1, 1)
    unlike = float((unit - unit[:1]).var(axis=0).mean()) * len(unit) / others if len(unit) else 1.0
    return max(1 - unlike, -1 / others)
