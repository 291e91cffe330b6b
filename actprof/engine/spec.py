"""Specs of what to build and what to send through it: plain frozen values, valid once built; the place of defaults."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby

from actprof.data.request import RowsSpec
from actprof.errors import SpecError, quoted
from actprof.registry import Choice

MAX_LAYERS = 10_000
MAX_WIDTH = 10_000_000
MAX_BATCH = 10**9
MAX_BATCHES = 10**6
MAX_REPEATS = 10_000
MAX_BINS = 4096
MAX_SEED = 2**64 - 1
LAYERS = 5
WIDTH = 100
INIT = "he"
ACTIVATION = "relu"
DTYPES = ("float32", "float64")
SCALES = ("auto", "none", "unit", "standard")
NORM_POSITIONS = ("before", "after")
RANGES = ("shared", "layer")
QUANTITIES = ("activation", "preactivation")
GRADIENT = "gradient"

# What is counted of a residual block besides: its stream, and what the branch adds to that.
STREAMS = ("stream", "branch")

# The quantities that a table or a figure can show; gradients are counted beside the others, if at all.
SHOWN = (*QUANTITIES, GRADIENT)

ZEROS = Choice("zeros", label="zeros")
NO_NORM = NO_RESIDUAL = Choice("none", label="none")


def require(name: str, value: float, low: float, high: float) -> None:
    """Raise SpecError unless low <= value <= high."""
    if not low <= value <= high:
        raise SpecError(f"{name} must be from {low:,} to {high:,}, not {value:,}.")


def whole(name: str, value: object, low: int, high: int) -> int:
    """The whole number that a value is, or that stands in a text. Raises SpecError unless low <= number <= high."""
    with suppress(ValueError):
        number = int(str(value))
        if low <= number <= high:
            return number
    raise SpecError(f"{name} must be a whole number from {low:,} to {high:,}, not {quoted(value)}.")


def require_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise SpecError unless the value is one of the allowed words."""
    if value not in allowed:
        raise SpecError(f"{name} must be {' or '.join(allowed)}, not {quoted(value)}.")


@dataclass(frozen=True)
class StackSpec:
    """A stack of dense layers: layer k maps widths[k-1] units to widths[k] units.

    Attributes:
        widths: n_0 … n_L, inputs first.
        inits: where the weights come from, one for each layer.
        activations: one for each layer.
        bias: where the biases come from.
        norm: normalisation of each layer ("none" for no normalisation).
        norm_position: whether `norm` works on the pre-activation or on the activation.
        dropout: probability with which an activation is 0 on its way to the next layer; the others grow by 1/(1 - it).
        label: how the arm is called beside others.
        residual: how layers form residual blocks ("none" for none).
        tied: whether one matrix and one vector of biases serve all layers, as in a recurrent network unrolled.
        apart: how many layers at the inputs and at the outputs belong to no block and have their matrix first.
    """

    widths: tuple[int, ...]
    inits: tuple[Choice, ...]
    activations: tuple[Choice, ...]
    bias: Choice = ZEROS
    norm: Choice = NO_NORM
    norm_position: str = "before"
    dropout: float = 0.0
    label: str = ""
    residual: Choice = NO_RESIDUAL
    tied: bool = False
    apart: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        require("--layers", len(self.widths) - 1, 1, MAX_LAYERS)
        for width in self.widths:
            require("a layer's width", width, 1, MAX_WIDTH)
        require_one_of("--norm-position", self.norm_position, NORM_POSITIONS)
        if not 0 <= self.dropout < 1:
            raise SpecError(f"--dropout must be from 0 to below 1, not {self.dropout:g}.")
        for option, named, what in (("--init", self.inits, "initialiser"), ("--act", self.activations, "activation")):
            if len(named) != self.depth:
                raise SpecError(f"{option} names {len(named)} {what}{'s' * (len(named) != 1)} for {self.depth} "
                                f"layer{'s' * (self.depth != 1)}. Name one, or one for each layer.")
        if self.residual.values.get("order") == "pre" and any(choice.name == "maxout" for choice in self.activations):
            raise SpecError("maxout makes fewer values of more, so it cannot stand before a matrix. "
                            f"Take --residual {self.residual.name}:order=post.")
        if self.tied:
            self._require_one_matrix()

    def _require_one_matrix(self) -> None:
        if len(set(self.widths)) > 1:
            other = next(width for width in self.widths if width != self.widths[0])
            raise SpecError(f"--tied needs layers as wide as the inputs, not {self.widths[0]:,} and {other:,}. "
                            f"Take --width {self.widths[0]}.")
        if len(set(self.inits)) > 1:
            raise SpecError("--tied makes one matrix for all layers, and --init names several. Name one.")
        if self.residual != NO_RESIDUAL:
            raise SpecError(f"--tied cannot be combined with --residual {self.residual.name}. Choose one.")

    @property
    def whole_batch(self) -> bool:
        """Whether a normalisation mixes the samples of a batch."""
        return "batch" in (self.norm.name, self.residual.values.get("norm"))

    @property
    def depth(self) -> int:
        return len(self.widths) - 1

    @property
    def options(self) -> dict[str, str]:
        """What the command line calls the settings in which arms may differ, but for the number of layers."""
        return {"--init": _joined(self.inits), "--act": _joined(self.activations),
                "--bias": self.bias.label or str(self.bias), "--norm": self.norm.label or str(self.norm),
                "--dropout": f"{self.dropout:g}", "--residual": self.residual.label or str(self.residual)}

    @property
    def alike(self) -> bool:
        """Whether all layers above the inputs are of one width, initialiser and activation."""
        return all(len(set(each)) == 1 for each in (self.widths[1:], self.inits, self.activations))

    def initialised(self, init: Choice) -> StackSpec:
        """The same stack with one initialiser for all layers."""
        return replace(self, inits=(init,) * self.depth)

    def first(self, depth: int) -> StackSpec:
        """The first layers alone."""
        below, above = self.apart
        return replace(self, widths=self.widths[:depth + 1], inits=self.inits[:depth],
                       activations=self.activations[:depth], apart=(below, max(above - self.depth + depth, 0)))


def _joined(choices: Sequence[Choice]) -> str:
    """`he*2/orthogonal:gain=0.01`, a name alone where it is that of all layers."""
    runs = [(choice.label or str(choice), len(list(same))) for choice, same in groupby(choices)]
    return runs[0][0] if len(runs) == 1 else "/".join(f"{name}*{count}" if count > 1 else name for name, count in runs)


@dataclass(frozen=True)
class InputSpec:
    """The source of the rows: a named random source, or (source None) a data set or file."""

    source: Choice | None = field(default_factory=lambda: Choice("normal", (("mean", 0.0), ("std", 1.0)), "normal"))
    rows: RowsSpec | None = None
    scale: str = SCALES[0]

    def __post_init__(self) -> None:
        require_one_of("--scale", self.scale, SCALES)
        if self.source is not None and self.scale != SCALES[0]:
            raise SpecError("--scale cannot be combined with a random --input. Give the source its own parameters, "
                            "such as --input normal:std=2.")


@dataclass(frozen=True)
class RunSpec:
    """The inputs that go through the stack, how often, and how they are counted.

    Attributes:
        batches: batches that stream through one after the other; their profiles merge.
        repeats: independent networks.
        bins: bars of each histogram.
        range: "shared" (one range for all layers and arms), "layer" (each its own) or (low, high).
        quantities: what is counted; activations alone take about half the time.
        gradients: whether a random cotangent goes back through the layers.
        gradient_rows: how many rows of the first batch it is sent back for; None for all of all batches.
        jacobian: whether the Jacobian of a few samples is decomposed.
    """

    input: InputSpec = field(default_factory=InputSpec)
    batch_size: int = 1000
    batches: int = 1
    repeats: int = 1
    seed: int = 0
    dtype: str = "float32"
    bins: int = 30
    range: str | tuple[float, float] = "shared"
    quantities: tuple[str, ...] = QUANTITIES
    gradients: bool = False
    gradient_rows: int | None = None
    jacobian: bool = False

    def __post_init__(self) -> None:
        require("--batch-size", self.batch_size, 1, MAX_BATCH)
        require("--batches", self.batches, 1, MAX_BATCHES)
        require("--repeats", self.repeats, 1, MAX_REPEATS)
        if self.gradient_rows is not None:
            require("the number of gradient rows", self.gradient_rows, 1, MAX_BATCH)
        require("--seed", self.seed, 0, MAX_SEED)
        require("--bins", self.bins, 1, MAX_BINS)
        require_one_of("--dtype", self.dtype, DTYPES)
        if self.quantities not in (QUANTITIES, QUANTITIES[:1]):
            raise SpecError(f"what is counted must be {QUANTITIES[0]}, alone or with {QUANTITIES[1]}.")
        if isinstance(self.range, str):
            require_one_of("--range", self.range, RANGES)
        else:
            self._require_range(*self.range)

    def _require_range(self, low: float, high: float) -> None:
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise SpecError(f"--range needs two finite numbers, LOW below HIGH, not {low:g} {high:g}.")
        if not 16 * sys.float_info.epsilon * max(abs(low), abs(high)) * self.bins < high - low < math.inf:
            raise SpecError(f"--range {low!r} {high!r} is too {'wide' if high - low == math.inf else 'narrow'} "
                            f"for {self.bins} bins of floating-point numbers.")
