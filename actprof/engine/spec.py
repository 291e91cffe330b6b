"""What to build and what to send through it: plain frozen values, valid once built. The only place of defaults."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field

from actprof.errors import SpecError, shown
from actprof.registry import Choice

MAX_LAYERS = 10_000
MAX_WIDTH = 10_000_000
MAX_BATCH = 10**9
MAX_BATCHES = 10**6
MAX_REPEATS = 10_000
MAX_BINS = 4096
MAX_SEED = 2**64 - 1
MAX_UPDATES = 10**7
MAX_RATE = 1e6
MAX_FAN = 10**18
MAX_KERNEL, MAX_SIDES = 1_000, 3
MIN_SAMPLES, MAX_SAMPLES = 2, 10**7

LAYERS = 5
WIDTH = 100
INIT = "he"
ACTIVATION = "relu"
SPLIT = 0.2
"""The part of a file's rows held back for the test where nothing else is asked for."""
TRAIN_INITS = ("0.01", "xavier", "he")
HIDDEN_LAYERS = 4
DATA = "glyphs"
AUTO = "auto"
SCHEMES = ("xavier", "xavier_uniform", "he", "lecun", "fan_in_uniform")
FAN_IN = "1:100"
FAN_OUT = "same"
OVER = ("gain=0.5:3:26", "layers=5:50:10")
SWEPT = {"std": "std", "square": "second_moment", "within": "within_unit_std", "correlation": "correlation",
         "saturated": "saturated_fraction", "dead": "dead_fraction", "gradient": "log10_gradient_ratio",
         "verdict": "verdict"}
"""What a sweep can show: its word on the command line → its key in JSON."""
SWEEP_ROWS = 200
"""Rows of a batch in a sweep: what strays is the network, not the batch."""

DTYPES = ("float32", "float64")
SCALES = ("none", "unit", "standard")
NORM_POSITIONS = ("before", "after")
RANGES = ("shared", "layer")
QUANTITIES = ("activation", "preactivation")
GRADIENT = "gradient"
SHOWN = (*QUANTITIES, GRADIENT)
"""What a table or a figure can show: gradients are counted beside the other quantities, if at all."""
VIEWS = {"panels": 8, "ridge": 24, "heatmap": MAX_LAYERS}
"""View of a figure → the most layers for which "auto" takes it."""
THEMES = ("light", "dark")
SHEET = 1920, 1080
"""The least pixels of a figure at Style's default resolution."""

ZEROS = Choice("zeros", label="zeros")
NO_NORM = Choice("none", label="none")
SGD = Choice("sgd", label="sgd")
CONSTANT = Choice("constant", label="constant")


def require(name: str, value: float, low: float, high: float) -> None:
    """Raise SpecError unless low <= value <= high."""
    if not low <= value <= high:
        raise SpecError(f"{name} must be from {low:,} to {high:,}, not {value:,}.")


def require_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise SpecError unless the value is one of the allowed words."""
    if value not in allowed:
        raise SpecError(f"{name} must be {' or '.join(allowed)}, not {shown(value)}.")


@dataclass(frozen=True)
class StackSpec:
    """A stack of dense layers: layer k maps widths[k-1] units to widths[k] units.

    Attributes:
        widths: n_0 … n_L, inputs first.
        init: where the weights come from.
        activations: one for each layer.
        bias: where the biases come from.
        norm: normalisation of each layer ("none" for no normalisation).
        norm_position: whether `norm` works on the pre-activation or on the activation.
        label: how the arm is called beside others.
    """

    widths: tuple[int, ...]
    init: Choice
    activations: tuple[Choice, ...]
    bias: Choice = ZEROS
    norm: Choice = NO_NORM
    norm_position: str = "before"
    label: str = ""

    def __post_init__(self) -> None:
        require("--layers", len(self.widths) - 1, 1, MAX_LAYERS)
        for width in self.widths:
            require("a layer's width", width, 1, MAX_WIDTH)
        require_one_of("--norm-position", self.norm_position, NORM_POSITIONS)
        if len(self.activations) != len(self.widths) - 1:
            raise SpecError(f"--act names {len(self.activations)} activations for {len(self.widths) - 1} layers. "
                            "Name one, or one for each layer.")

    @property
    def depth(self) -> int:
        return len(self.widths) - 1


@dataclass(frozen=True)
class InputSpec:
    """Where the rows come from: a named random source, or (source None) a file; `label_column` is auto, last, none or a
    column's name."""

    source: Choice | None = field(default_factory=lambda: Choice("normal", (("mean", 0.0), ("std", 1.0)), "normal"))
    path: str = ""
    key: str | None = None
    label_column: str = "auto"
    scale: str = "none"

    def __post_init__(self) -> None:
        require_one_of("--scale", self.scale, SCALES)
        if self.source is not None and self.label_column != "auto":
            raise SpecError("--label-column cannot be combined with a random --input. "
                            "It names a column of a .csv file.")
        if self.source is not None and self.scale != "none":
            raise SpecError("--scale cannot be combined with a random --input. Give the source its own parameters, "
                            "such as --input normal:std=2.")
        if self.source is not None and self.key is not None:
            raise SpecError("--input-key cannot be combined with a random --input. It names an array in an .npz file.")


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
            raise SpecError(f"--data-dir cannot be combined with {shown(self.path)}. "
                            "It is where mnist and fashion_mnist are sought.")
        if self.label_column != "last" and not self.path.casefold().endswith(".csv"):
            raise SpecError(f"--label-column cannot be combined with {shown(self.path)}. "
                            "It names a column of a .csv file.")


@dataclass(frozen=True)
class RunSpec:
    """What goes through the stack, how often, and how it is counted.

    Attributes:
        batches: batches that stream through one after the other; their profiles merge.
        repeats: independent networks.
        bins: bars of each histogram.
        range: "shared" (one range for all layers and arms), "layer" (each its own) or (low, high).
        quantities: what is counted; activations alone take about half the time.
        gradients: whether a random cotangent goes back through the layers.
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
    jacobian: bool = False

    def __post_init__(self) -> None:
        require("--batch-size", self.batch_size, 1, MAX_BATCH)
        require("--batches", self.batches, 1, MAX_BATCHES)
        require("--repeats", self.repeats, 1, MAX_REPEATS)
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


@dataclass(frozen=True)
class TrainSpec:
    """One arm of a training: a network, what it is to minimise, and how.

    Attributes:
        stack: its last layer is linear; the loss makes of it what it needs.
        rate: the first learning rate; `schedule` says how it goes on.
        iterations: updates on batches that are drawn with replacement, unless there are `epochs`.
        epochs: times that every row is seen, in an order of its own.
        dropout: the share of activations that are dropped after each hidden layer.
    """

    stack: StackSpec
    loss: Choice
    optimizer: Choice = SGD
    schedule: Choice = CONSTANT
    rate: float = 0.01
    weight_decay: float = 0.0
    dropout: float = 0.0
    batch_size: int = 128
    iterations: int = 2000
    epochs: int | None = None
    seed: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        require("--batch-size", self.batch_size, 1, MAX_BATCH)
        require("--iterations", self.iterations, 1, MAX_UPDATES)
        if self.epochs is not None:
            require("--epochs", self.epochs, 1, MAX_UPDATES)
        require("--seed", self.seed, 0, MAX_SEED)
        require("--weight-decay", self.weight_decay, 0, MAX_RATE)
        if not 0 < self.rate <= MAX_RATE:
            raise SpecError(f"--lr must be above 0 and at most {MAX_RATE:,.0f}, not {self.rate:g}.")
        if self.stack.norm.name == "batch" and self.batch_size == 1:
            raise SpecError("--norm batch needs batches of two rows or more: a single one is its own mean. "
                            "Raise --batch-size.")
        if not 0 <= self.dropout < 1:
            raise SpecError(f"--dropout must be from 0 to below 1, not {self.dropout:g}.")


@dataclass(frozen=True)
class BoundsSpec:
    """Schemes whose weights' scale is followed over fan-ins, and checked by sampling at some of them.

    Attributes:
        fan_in: the fan-ins of the curves, or the input channels of a convolution; ascending.
        at: those at which weights are sampled.
        fan_out: units, or output channels; None for as many as inputs.
        kernel: the sides of a convolution's kernel; a dense layer has none.
        gain: replaces the gain of every scheme that has one.
        samples: weights drawn; a matrix is drawn whole.
    """

    schemes: tuple[Choice, ...]
    fan_in: tuple[int, ...]
    at: tuple[int, ...]
    fan_out: int | None = None
    kernel: tuple[int, ...] = ()
    gain: float | None = None
    samples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.schemes and self.fan_in and self.at):
            raise SpecError("bounds need a scheme, a fan-in and a place to sample at.")
        for fan in (*self.fan_in, *self.at):
            require("--fan-in", fan, 1, MAX_FAN)
        if self.fan_out is not None:
            require("--fan-out", self.fan_out, 1, MAX_FAN)
        require("the number of sides of --kernel", len(self.kernel), 0, MAX_SIDES)
        for side in self.kernel:
            require("a side of --kernel", side, 1, MAX_KERNEL)
        require("--samples", self.samples, MIN_SAMPLES, MAX_SAMPLES)
        require("--seed", self.seed, 0, MAX_SEED)
        if self.gain is not None and not 0 <= self.gain < math.inf:
            raise SpecError(f"--gain must be a finite number, 0 or more, not {self.gain:g}.")
        if list(self.fan_in) != sorted(set(self.fan_in)):
            raise SpecError("the fan-ins must ascend.")
        if not set(self.at) <= set(self.fan_in):
            raise SpecError("--at must name some of the fan-ins.")

    @property
    def area(self) -> int:
        """By what a convolution's channels are multiplied."""
        return math.prod(self.kernel)


@dataclass(frozen=True)
class View:
    """What a figure shows: a quantity in one of VIEWS, or the one that suits the number of layers."""

    quantity: str = QUANTITIES[0]
    view: str = "auto"
    log_y: bool = False


@dataclass(frozen=True)
class Style:
    """How a figure is drawn."""

    theme: str = THEMES[0]
    dpi: int = 100
