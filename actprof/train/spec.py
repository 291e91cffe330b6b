"""One arm of a training, valid once built; the place of its defaults."""

from __future__ import annotations

from dataclasses import dataclass

from actprof.engine.spec import MAX_BATCH, MAX_SEED, NO_RESIDUAL, StackSpec, require
from actprof.errors import SpecError
from actprof.registry import Choice

MAX_UPDATES = 10**7
MAX_RATE = 1e6
TRAIN_INITS = ("0.01", "xavier", "he")
HIDDEN_LAYERS = 4
AUTO = "auto"
VARIED = ("init", "act", "norm", "residual", "loss", "optimizer", "lr", "schedule")  # options in which arms differ
SGD = Choice("sgd", label="sgd")
CONSTANT = Choice("constant", label="constant")


@dataclass(frozen=True)
class TrainSpec:
    """One arm of a training: a network, what it is to minimise, and how.

    Attributes:
        stack: its last layer is linear; the loss makes of it what it needs. Residual blocks are of hidden layers
            alone, above the first.
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
        if self.stack.residual != NO_RESIDUAL:
            self._require_trainable_blocks(self.stack.residual)

    def _require_trainable_blocks(self, residual: Choice) -> None:
        from actprof.engine.blocks import blocks_of  # not above: a command's help loads no NumPy

        if residual.values.get("norm") == "batch":
            raise SpecError(f"--residual {residual.name}:norm=batch cannot be trained. Take norm=layer or norm=rms, or "
                            "--residual plain --norm batch.")
        if not blocks_of(self.stack):
            layers = int(residual.values["matrices"]) + 1
            raise SpecError(f"--residual {residual.name} needs {layers} hidden layers or more, of one width: the "
                            f"first one is in no block. Take --layers {layers}.")
