"""The table of learning-rate schedules: name → the factor on the first rate, lr, at every update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.registry import Choice, Parameter, Registry


@dataclass(frozen=True)
class Progress:
    """Where a training has got to: update t and epoch e, both counted from 0, and the number of updates in all."""

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
