"""The table of losses: name → the loss of the last layer's pre-activations z, and its gradient dL/dz."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Array, Counts, Flags, Rows
from actprof.errors import SpecError
from actprof.registry import Choice, Parameter, Registry, Value, folded
from actprof.train.spec import AUTO

Shares = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Loss:
    """A row of the table. The rules take the row's parameters by name.

    Attributes:
        write: write(z, labels, out, **parameters) puts dL/dz into `out`, which may be `z` itself, and returns L.
        outputs: classes → output units.
        chance_loss: chance_loss(outputs, **parameters), L at z = 0, with classes equally frequent.
        best_constant_loss: best_constant_loss(shares), the least L when z is the same for all samples; `shares` are
            those of the outputs' targets.
        output: output(**parameters), what z goes through to become a.
        middle: middle(**parameters), above it a single output means class 1.
    """

    name: str
    formula: str
    source: str
    write: Callable[..., float]
    outputs: Callable[[int], int]
    chance_loss: Callable[..., float]
    best_constant_loss: Callable[[Shares], float]
    output: Callable[..., str]
    middle: Callable[..., float] = lambda **_: 0.0
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()


def _cross_entropy(z: Rows, labels: Array, out: Rows) -> float:
    samples = np.arange(len(z))
    largest = z.max(axis=1, keepdims=True)
    # In float64, where the difference of two float32 neither overflows nor is rounded.
    behind = np.subtract(largest[:, 0], z[samples, labels], dtype=np.float64)
    np.subtract(z, largest, out=out)
    np.exp(out, out=out)
    total = out.sum(axis=1, keepdims=True)
    behind += np.log(total[:, 0], dtype=np.float64)
    total *= len(z)
    out /= total
    out[samples, labels] -= out.dtype.type(1 / len(z))
    return _mean(behind, z)


def _binary_cross_entropy(z: Rows, labels: Array, out: Rows) -> float:
    signs, decay, sigmoid = _towards_wrong(z, labels, out)
    np.maximum(out, 0, out=out)
    out += np.log1p(decay)
    loss = _mean(out, z)
    np.multiply(sigmoid, signs, out=out)
    out /= len(z)
    return loss


def _squared_error(z: Rows, labels: Array, out: Rows, output: str) -> float:
    if output == "linear":
        np.subtract(z, labels[:, np.newaxis] if labels.dtype.kind == "f" else _targets(z, labels), out=out)
        loss = _half_mean_square(out)
    else:
        signs, decay, sigmoid = _towards_wrong(z, labels, out)
        loss = _half_mean_square(sigmoid)
        np.multiply(sigmoid, signs, out=out)
        out *= decay
        decay += 1
        decay *= decay
        out /= decay
    out /= len(z)
    return loss


def _towards_wrong(z: Rows, labels: Array, out: Rows) -> tuple[Rows, Rows, Rows]:
    """s, e^{-|t|} and σ(t) of t = s·z, which `out` becomes; s = 1 where the target y is 0, -1 where it is 1.

    a - y = s·σ(t) and σ'(z) = e^{-|t|}/(1 + e^{-|t|})² lose no digits where a is near y, as 1 - a would.
    """
    signs = np.where(_targets(z, labels), z.dtype.type(-1), z.dtype.type(1))
    np.multiply(z, signs, out=out)
    decay = np.abs(out)
    np.negative(decay, out=decay)
    np.exp(decay, out=decay)
    sigmoid = np.where(out < 0, decay, z.dtype.type(1))
    sigmoid /= decay + 1
    return signs, decay, sigmoid


def _targets(z: Rows, labels: Array) -> Flags:
    """y, one-hot; of a single output, whether the class is 1."""
    classes = np.arange(z.shape[1]) if z.shape[1] > 1 else np.ones(1, np.int64)
    targets: Flags = labels[:, None] == classes
    return targets


def _mean(losses: Rows, z: Rows) -> float:
    """Of the samples; the outputs of a sample add up."""
    return float(losses.sum(dtype=np.float64)) / len(z)


def _half_mean_square(errors: Rows) -> float:
    # In float64 the square of no float32 overflows.
    return float(np.square(errors, dtype=np.float64).sum()) / (2 * len(errors))


def _entropy(shares: Shares) -> float:
    return math.fsum(-share * math.log(share) for share in shares.tolist() if share > 0)


def _one_for_two(classes: int) -> int:
    return 1 if classes <= 2 else classes


def _squared_error_at_zero(outputs: int, output: str) -> float:
    """a = ½ misses each target by ½; a = 0 misses one target of each sample, a single output's in half of them."""
    return outputs / 8 if output == "sigmoid" else 0.5 if outputs > 1 else 0.25


LOSSES: Registry[Loss] = Registry("loss", "losses", (
    Loss("cross_entropy", "-ln a_y, a = softmax(z)", "Bridle 1990, Probabilistic interpretation of feedforward "
         "classification network outputs", _cross_entropy, lambda classes: classes, math.log, _entropy,
         lambda: "softmax",
         aliases=("ce", "categorical_crossentropy", "sparse_categorical_crossentropy", "softmax_cross_entropy")),
    Loss("binary_cross_entropy", "-Σ (y·ln a + (1 - y)·ln(1 - a)), a = σ(z)",
         "Nielsen 2015, Neural networks and deep learning, eq. 63", _binary_cross_entropy, _one_for_two,
         lambda outputs: outputs * math.log(2), lambda shares: _entropy(shares) + _entropy(1 - shares),
         lambda: "sigmoid",
         aliases=("bce", "binary_crossentropy", "sigmoid_cross_entropy")),
    Loss("mse", "½‖a - y‖², a = σ(z) or z", "Nielsen 2015, Neural networks and deep learning, eq. 6",
         _squared_error, _one_for_two, _squared_error_at_zero, lambda shares: float(shares @ (1 - shares)) / 2,
         lambda output: output, lambda output: 0.5 if output == "linear" else 0.0,
         ("quadratic", "squared_error", "mean_squared_error"),
         (Parameter("output", "sigmoid", choices=("sigmoid", "linear")),)),
))


@dataclass(frozen=True)
class BoundLoss:
    """A loss with its parameters filled in.

    z is (samples, outputs), labels are class numbers. A loss is the mean over the samples; it is NaN only where z is
    not finite, and no call warns.
    """

    row: Loss
    values: Mapping[str, Value]

    def value_and_gradient(self, z: Rows, labels: Array, out: Rows) -> float:
        """L, and dL/dz into `out`, which may be `z` itself."""
        with np.errstate(all="ignore"):
            return self.row.write(z, labels, out, **self.values)

    def value(self, z: Rows, labels: Array) -> float:
        return self.value_and_gradient(z, labels, np.empty_like(z))

    def gradient(self, z: Rows, labels: Array, out: Rows) -> None:
        """dL/dz into `out`, in the type of z."""
        self.value_and_gradient(z, labels, out)

    def predictions(self, z: Rows) -> Counts:
        """The class of each sample: its largest output, the first of equals; of a single output, its side; -1 where an
        output is no number."""
        classes = z.argmax(axis=1) if z.shape[1] > 1 else z[:, 0] > self.row.middle(**self.values)
        return np.where(np.isnan(z).any(axis=1), np.int64(-1), classes)

    @property
    def output(self) -> str:
        """The name of the function that makes a of z."""
        return self.row.output(**self.values)

    def outputs(self, classes: int) -> int:
        """Units that the last layer needs; without classes, for the number to predict."""
        return self.row.outputs(classes) if classes else 1

    def chance_loss(self, classes: int) -> float:
        """The loss of an undecided network: z = 0, all classes equally frequent."""
        return self.row.chance_loss(self.outputs(classes), **self.values)

    def best_constant_loss(self, shares: Shares) -> float:
        """The least loss without looking at the inputs, where the classes have these shares."""
        return self.row.best_constant_loss(shares[1:] if self.outputs(len(shares)) == 1 else shares)


@functools.cache
def bind(choice: Choice) -> BoundLoss:
    """The loss that a choice stands for."""
    return BoundLoss(LOSSES[choice.name], choice.values)


NUMBERS = LOSSES.parse("mse:linear")  # what numbers are predicted with


def chosen(text: str, classes: int) -> Choice:
    """The loss that is asked for; "auto" is what goes with a number of classes, of which numbers to predict have none.
    """
    if folded(text) == AUTO:
        return LOSSES.parse("binary_cross_entropy" if classes == 2 else "cross_entropy") if classes else NUMBERS
    choice = LOSSES.parse(text)
    if not classes and choice.name != NUMBERS.name:
        raise SpecError(f"--loss {choice.name} cannot be combined with numbers to predict. Use --loss {NUMBERS.name}, "
                        "or --target classes where the labels are whole numbers.")
    return choice if classes else NUMBERS


def of_targets(classes: int, labels: Array, choice: Choice) -> tuple[float, float]:
    """The loss of an undecided network, all outputs 0, and the least loss without looking at the inputs.

    Of numbers both are taken over these labels; of classes the first is that of equally frequent ones.
    """
    if not classes:
        with np.errstate(over="ignore"):
            return float(np.square(labels, dtype=np.float64).mean()) / 2, float(labels.var(dtype=np.float64)) / 2
    loss = bind(choice)
    return loss.chance_loss(classes), loss.best_constant_loss(np.bincount(labels, minlength=classes) / len(labels))
