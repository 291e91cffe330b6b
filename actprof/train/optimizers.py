"""The tables of optimizers, how an update changes all parameters in one flat array, and of learning-rate schedules."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Array, Counts, Floats
from actprof.errors import SpecError
from actprof.registry import Choice, Parameter, Registry, Value


@dataclass(frozen=True)
class Optimizer:
    """A row of the table.

    Attributes:
        update: update(w, g, rate, scratch, time, *slots, **parameters) changes w and the slots in place, and may
            overwrite scratch but not g; `time` is 1 for the first update.
        slots: arrays of the size of w that it keeps from one update to the next; they start as 0.
    """

    name: str
    formula: str
    source: str
    update: Callable[..., None]
    slots: int = 0
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()


def _sgd(w: Array, g: Array, rate: float, scratch: Array, time: int) -> None:
    np.multiply(g, rate, out=scratch)
    w -= scratch


def _momentum(w: Array, g: Array, rate: float, scratch: Array, time: int, v: Array, momentum: float) -> None:
    _accelerate(v, g, rate, scratch, momentum)
    w += v


def _nesterov(w: Array, g: Array, rate: float, scratch: Array, time: int, v: Array, momentum: float) -> None:
    _accelerate(v, g, rate, scratch, momentum)
    w -= scratch
    np.multiply(v, momentum, out=scratch)
    w += scratch


def _accelerate(v: Array, g: Array, rate: float, scratch: Array, momentum: float) -> None:
    """v ← μv - lr·g; scratch becomes lr·g."""
    np.multiply(g, rate, out=scratch)
    v *= momentum
    v -= scratch


def _adam(w: Array, g: Array, rate: float, scratch: Array, time: int, m: Array, v: Array, beta1: float,
          beta2: float, eps: float) -> None:
    """The slots hold m/(1 - β₁) and v/(1 - β₂): the factors left out of them, and both corrections, are numbers."""
    m *= beta1
    m += g
    v *= beta2
    np.square(g, out=scratch)
    v += scratch
    first, second = (1 - beta1) / (1 - beta1**time), math.sqrt((1 - beta2) / (1 - beta2**time))
    _step_by_root(w, m, v, rate * first / second, eps / second, scratch)


def _rmsprop(w: Array, g: Array, rate: float, scratch: Array, time: int, h: Array, rho: float,
             eps: float) -> None:
    """The slot holds h/(1 - ρ)."""
    h *= rho
    np.square(g, out=scratch)
    h += scratch
    root = math.sqrt(1 - rho)
    _step_by_root(w, g, h, rate / root, eps / root, scratch)


def _adagrad(w: Array, g: Array, rate: float, scratch: Array, time: int, h: Array, eps: float) -> None:
    np.square(g, out=scratch)
    h += scratch
    _step_by_root(w, g, h, rate, eps, scratch)


def _step_by_root(w: Array, direction: Array, h: Array, rate: float, eps: float, scratch: Array) -> None:
    """w ← w - rate·direction/(√h + eps)."""
    np.sqrt(h, out=scratch)
    scratch += eps
    np.divide(direction, scratch, out=scratch)
    scratch *= rate
    w -= scratch


def _check(choice: Choice) -> None:
    for name, value in choice.parameters:
        if name != "eps" and float(value) == 1:
            raise SpecError(f"{choice.name}: {name} must be below 1. At 1 nothing is ever forgotten.")


def _share(name: str, default: float) -> Parameter:
    """How much of the past is kept from one update to the next."""
    return Parameter(name, default, low=0.0, high=1.0)


def _eps(default: float) -> Parameter:
    return Parameter("eps", default, positive=True)


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", "optimizers", (
    Optimizer("sgd", "w ← w - lr·g", "Robbins & Monro 1951, A stochastic approximation method", _sgd),
    Optimizer("momentum", "v ← μv - lr·g, w ← w + v",
              "Polyak 1964, Some methods of speeding up the convergence of iteration methods", _momentum, 1,
              ("sgd_momentum",), (_share("momentum", 0.9),)),
    Optimizer("nesterov", "v ← μv - lr·g, w ← w + μv - lr·g",
              "Sutskever et al. 2013, On the importance of initialization and momentum in deep learning", _nesterov, 1,
              ("nag",), (_share("momentum", 0.9),)),
    Optimizer("adam", "m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← w - lr·m̂/(√v̂ + eps), m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ)",
              "Kingma & Ba 2015, Adam: a method for stochastic optimization", _adam, 2, (),
              (_share("beta1", 0.9), _share("beta2", 0.999), _eps(1e-8))),
    Optimizer("rmsprop", "h ← ρh + (1-ρ)g², w ← w - lr·g/(√h + eps)",
              "Tieleman & Hinton 2012, Neural networks for machine learning, lecture 6.5", _rmsprop, 1, (),
              (_share("rho", 0.9), _eps(1e-7))),
    Optimizer("adagrad", "h ← h + g², w ← w - lr·g/(√h + eps)",
              "Duchi et al. 2011, Adaptive subgradient methods for online learning", _adagrad, 1, (), (_eps(1e-7),)),
), check=_check)


class State:
    """An optimizer at work on one array of parameters: allocates at the start, never in a step."""

    def __init__(self, row: Optimizer, values: Mapping[str, Value], parameters: Array, weights: int) -> None:
        self._row, self._values, self._parameters = row, values, parameters
        self._slots = [np.zeros_like(parameters) for _ in range(row.slots)]
        self._scratch, self._decayed = np.empty_like(parameters), np.empty_like(parameters)
        self._weights, self._time = weights, 0

    def step(self, gradient: Array, rate: float, weight_decay: float = 0.0) -> None:
        """Change the parameters in place. Weight decay λ is coupled, as in L2 regularisation: λw joins the gradient."""
        self._time += 1
        with np.errstate(all="ignore"):
            if weight_decay:
                gradient = self._with_decay(gradient, float(weight_decay))
            # A NumPy scalar would make NumPy 2 compute in its own precision.
            self._row.update(self._parameters, gradient, float(rate), self._scratch, self._time, *self._slots,
                             **self._values)

    def _with_decay(self, gradient: Array, weight_decay: float) -> Array:
        weights, decayed = self._weights, self._decayed
        np.multiply(self._parameters[:weights], weight_decay, out=decayed[:weights])
        decayed[:weights] += gradient[:weights]
        decayed[weights:] = gradient[weights:]
        return decayed


@dataclass(frozen=True)
class BoundOptimizer:
    """An optimizer with its parameters filled in."""

    row: Optimizer
    values: Mapping[str, Value]

    def start(self, parameters: Array, weights: int | None = None) -> State:
        """Ready to change `parameters`, flat, in place; weight decay is for the first `weights` of them, or all."""
        return State(self.row, self.values, parameters, len(parameters) if weights is None else weights)


@functools.cache
def bind(choice: Choice) -> BoundOptimizer:
    """The optimizer that a choice stands for."""
    return BoundOptimizer(OPTIMIZERS[choice.name], choice.values)


@dataclass(frozen=True)
class Progress:
    """The state of a training: update t and epoch e, both counted from 0, and the number of updates in all."""

    update: Counts
    epoch: Counts
    updates: int


@dataclass(frozen=True)
class Schedule:
    """A row of the table; `factor(progress, **parameters)` gives rate/lr for each update of the progress."""

    name: str
    formula: str
    source: str
    factor: Callable[..., Floats]
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()


def _compound(progress: Progress, decay: float) -> Floats:
    """The factor is 1/(1 + decay)/(1 + 2·decay)/…, one divisor for every epoch so far."""
    divisors = 1 + decay * np.arange(progress.epoch.max(initial=0) + 1)
    factors: Floats = np.divide.accumulate(divisors)[progress.epoch]
    return factors


def _warm(progress: Progress, updates: int) -> Floats:
    factors: Floats = np.minimum((progress.update + 1) / updates, 1.0)
    return factors


def _cosine(progress: Progress, final: float, start: int = 0) -> Floats:
    """The factor falls from 1 at the update `start` to `final` at the last."""
    done = np.clip((progress.update - start) / max(progress.updates - 1 - start, 1), 0.0, 1.0)
    factors: Floats = final + (1 - final) * (1 + np.cos(np.pi * done)) / 2
    return factors


def _warm_cosine(progress: Progress, updates: int, final: float) -> Floats:
    return _warm(progress, updates) * _cosine(progress, final, updates - 1)


def _decay(default: float) -> tuple[Parameter, ...]:
    return (Parameter("decay", default, low=0.0),)


BROWNLEE = "Brownlee, Using learning rate schedules for deep learning models"
GOYAL = "Goyal et al. 2017, Accurate, large minibatch SGD"
LOSHCHILOV = "Loshchilov & Hutter 2017, SGDR: stochastic gradient descent with warm restarts"
WARM_UP = Parameter("updates", 100, low=1)
FINAL = Parameter("final", 0.0, low=0.0, high=1.0)
SCHEDULES: Registry[Schedule] = Registry("schedule", "schedules", (
    Schedule("constant", "lr", "constant", lambda progress: np.ones(len(progress.update)), ("none",)),
    Schedule("time", "lr/(1 + decay·e), e the epoch", BROWNLEE,
             lambda progress, decay: 1 / (1 + decay * progress.epoch), ("time_based",), _decay(0.001)),
    Schedule("keras_time", "lr/(1 + decay·t), t the update", "Keras, the decay of its SGD",
             lambda progress, decay: 1 / (1 + decay * progress.update), ("keras.sgd",), _decay(0.001)),
    Schedule("compound_time", "lr_e = lr_{e-1}/(1 + decay·e), e the epoch", f"{BROWNLEE}, its table",
             _compound, ("compound",), _decay(0.001)),
    Schedule("step", "lr·drop^⌊e/every⌋, e the epoch", BROWNLEE,
             lambda progress, drop, every: drop ** (progress.epoch // every), ("drop", "step_decay"),
             (Parameter("drop", 0.5, low=0.0, high=1.0), Parameter("every", 10, low=1))),
    Schedule("exponential", "lr·e^(-decay·e), e the epoch", "PyTorch ExponentialLR with gamma = e^(-decay)",
             lambda progress, decay: np.exp(-decay * progress.epoch), ("exponential_decay",), _decay(0.1)),
    Schedule("cosine", "lr·(final + (1 - final)·(1 + cos(πt/T))/2), T the last update", LOSHCHILOV, _cosine,
             ("cosine_annealing", "cosine_decay"), (FINAL,)),
    Schedule("warmup", "lr·min((t + 1)/updates, 1), t the update", GOYAL, _warm, ("warm_up",), (WARM_UP,)),
    Schedule("warmup_cosine", "warmup, then cosine to the last update", f"{GOYAL}; {LOSHCHILOV}", _warm_cosine,
             ("warm_up_cosine",), (WARM_UP, FINAL)),
))


def rates(choice: Choice, lr: float, updates: int, per_epoch: int) -> Floats:
    """The learning rate of every update."""
    update = np.arange(updates)
    # A decay beyond all measure makes an infinite divisor: the rate is 0.
    with np.errstate(all="ignore"):
        return lr * SCHEDULES[choice.name].factor(Progress(update, update // per_epoch, updates), **choice.values)
