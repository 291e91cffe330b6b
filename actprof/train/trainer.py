"""One network learns: the loop over its updates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from actprof import streams
from actprof.arrays import Counts, Floats, Rows
from actprof.data.labelled import Labelled
from actprof.engine import pilot
from actprof.engine.forward import Dropout
from actprof.engine.network import Network
from actprof.streams import BATCH, stream
from actprof.train import losses, optimizers
from actprof.train.observer import Observer
from actprof.train.outcome import Evidence, judged
from actprof.train.result import Run
from actprof.train.spec import TrainSpec
from actprof.train.trainable import TrainableNetwork, parameters_of

Report = Callable[[int, float], bool]  # told the updates made and the current loss; answers whether to go on

DRAWN_TOGETHER = 1 << 15  # row numbers that are drawn in one call
WINDOW, BETA = 11, 2.0  # Kaiser's window, as Saito's Deep Learning from Scratch has it

CHECKPOINTS = 50
CALIBRATION_ROWS = 1024

MAX_LOSS = 1e9
"""A loss, or so many times the chance loss if that is more, beyond which there is nothing left to learn from."""

MAX_LAST_LOOK = 0.3
"""Seconds that a last look may take when training is to stop; where it takes longer, the one before must do."""

BLOCK = 1 << 16  # weights whose change is measured at once


class Batches:
    """Row numbers for one update after the other; the same seed and repeat give the same ones to every arm.

    Attributes:
        per_epoch: updates that it takes to see as many rows as there are.
        largest: rows of the largest batch.
    """

    def __init__(self, rows: int, size: int, seed: int, repeat: int, by_epochs: bool) -> None:
        self.per_epoch = updates_per_epoch(rows, size)
        self.largest = min(size + 1, rows) if by_epochs else size
        self._rows, self._size, self._key, self._by_epochs = rows, size, (BATCH, repeat), by_epochs
        self._together = self.per_epoch if by_epochs else max(1, DRAWN_TOGETHER // size)
        self._seed, self._group, self._drawn = seed, -1, np.empty(0, np.int64)

    def take(self, update: int) -> Counts:
        """The rows of an update, counted from 0."""
        group, place = divmod(update, self._together)
        if group != self._group:
            self._group, self._drawn = group, self._draw(group)
        last = self._by_epochs and place == self.per_epoch - 1
        return self._drawn[place * self._size:None if last else (place + 1) * self._size]

    def _draw(self, group: int) -> Counts:
        rng = stream(self._seed, *self._key, group)
        if self._by_epochs:
            return rng.permutation(self._rows)
        return rng.integers(self._rows, size=self._together * self._size)


def updates_per_epoch(rows: int, size: int) -> int:
    """The updates that it takes to see every row once.

    The last batch is what is left, but a lone row joins the one before: over a single row, nothing can be normalised.
    """
    full, left = divmod(rows, size)
    return max(full + (left > (size > 1)), 1)


def smoothed(values: Floats) -> Floats:
    """The moving mean under the window, as long as `values`; at the end the curve is mirrored.

    At the start the window is narrower: before the first update the loss is that of the first batch, and not, mirrored,
    that of the batches which follow.
    """
    half = min(WINDOW, len(values)) // 2
    if half == 0:
        return np.array(values, np.float64)
    windows = [np.kaiser(2 * place + 1, BETA) for place in range(half + 1)]
    curve: Floats = np.empty_like(values)
    with np.errstate(invalid="ignore", over="ignore"):
        curve[:half] = [values[:len(window)] @ window / window.sum() for window in windows[:half]]
        curve[half:] = np.convolve(np.pad(values, (0, half), "reflect"), windows[half] / windows[half].sum(), "valid")
    return curve


def updates_of(spec: TrainSpec, rows: int) -> int:
    """The number of updates that a spec asks for."""
    return spec.iterations if spec.epochs is None else spec.epochs * updates_per_epoch(rows, spec.batch_size)


def checkpoints_of(updates: int) -> list[int]:
    """The numbers of updates after which the observer looks: none, all, and evenly between."""
    return sorted({round(updates * place / CHECKPOINTS) for place in range(CHECKPOINTS + 1)})


class Trainer:
    """A network in training, with its `parameters` as they are now.

    The same spec, data and repeat always learn the same.
    """

    def __init__(self, spec: TrainSpec, data: Labelled, repeat: int) -> None:
        self._spec, self._data = spec, data
        self._total = updates_of(spec, len(data.x_train))
        self._network = Network(spec.stack, spec.seed, repeat, np.dtype(np.float32))
        pilot.calibrate(self._network, data.x_train[:CALIBRATION_ROWS])
        self.parameters = parameters_of(self._network)
        dropout = Dropout(spec.dropout, stream(spec.seed, streams.DROPOUT, repeat)) if spec.dropout else None
        self._trainable = TrainableNetwork(self._network, self.parameters, dropout)
        self._loss = losses.bind(spec.loss)
        self._chance_loss, self._best_constant_loss = losses.of_targets(len(data.classes), data.y_train, spec.loss)
        self._max_loss = MAX_LOSS * max(1.0, self._chance_loss)
        self._batches = Batches(len(data.x_train), spec.batch_size, spec.seed, repeat, spec.epochs is not None)
        self._rates = optimizers.rates(spec.schedule, spec.rate, self._total, self._batches.per_epoch)
        self._optimizer = optimizers.bind(spec.optimizer).start(self.parameters.values, self.parameters.weights)
        self._rows = np.empty((self._batches.largest, data.features), np.float32)
        self._observer = Observer(data, self._trainable, self._loss, self.parameters.layers[:-1], spec.seed)
        self._losses: list[float] = []
        self._ratios: dict[int, Floats] = {}

    def run(self, report: Report) -> Run:
        """Learn until all updates are made, the loss has left every bound, or `report` says stop."""
        with np.errstate(all="ignore"):
            self._observer.look(0)
            stopped = self._updates(report)
            brief = stopped == "interrupted" and self._observer.seconds > MAX_LAST_LOOK
            if not brief and self._observer.checkpoints[-1] < len(self._losses):
                self._observer.look(len(self._losses))
            return self._run_of(stopped, brief)

    def update(self, update: int, measured: bool = False) -> float:
        """Make one update, unless its loss is beyond all bounds, and return the loss before it."""
        loss = self._loss_and_gradient(update)
        if abs(loss) < self._max_loss:
            self._step(update, measured)
        return loss

    def _updates(self, report: Report) -> str:
        """Make the updates, and return how they were cut short, or nothing."""
        checkpoints = set(checkpoints_of(self._total))
        for update in range(self._total):
            loss = self.update(update, measured=update == 0 or update + 1 in checkpoints)
            self._losses.append(loss)
            if not abs(loss) < self._max_loss:
                return "diverged"
            if not report(update + 1, loss) and update + 1 < self._total:
                return "interrupted"
            if update + 1 in checkpoints:
                self._observer.look(update + 1)
        return ""

    def _loss_and_gradient(self, update: int) -> float:
        """Return the loss of a batch, and leave its gradient in the parameters'."""
        chosen = self._batches.take(update)
        rows = np.take(self._data.x_train, chosen, axis=0, out=self._rows[:len(chosen)], mode="clip")
        z = self._trainable.forward(rows, update)
        cotangent = np.empty_like(z)
        loss = self._loss.value_and_gradient(z, self._data.y_train[chosen], cotangent)
        self._trainable.backward(cotangent)
        return loss

    def _step(self, update: int, measured: bool) -> None:
        """Change the parameters; where it is measured, note by how much of their size the weights change."""
        parameters = self.parameters
        before = parameters.values[:parameters.weights].copy() if measured else None
        self._optimizer.step(parameters.gradient, float(self._rates[update]), self._spec.weight_decay)
        if before is not None:
            self._ratios[update + 1] = self._ratio(before)

    def _ratio(self, before: NDArray[np.float32]) -> Floats:
        """‖ΔW‖/‖W‖ of each layer; NaN where W is 0."""
        ratios, start = [], 0
        for layer in self.parameters.layers:
            old, new = before[start:start + layer.weights.size], layer.weights.reshape(-1)
            ratios.append(_distance(new, old) / (_distance(old, None) or math.nan))
            start += layer.weights.size
        return np.array(ratios)

    def _run_of(self, stopped: str, brief: bool) -> Run:
        observer, depth = self._observer, self._spec.stack.depth
        loss = np.array(self._losses)
        test_loss, test_accuracy = np.array(observer.tests).T
        train_loss, dead = (math.nan, (math.nan,) * (depth - 1)) if brief else observer.final()
        run = Run(loss, smoothed(loss), self._rates[:len(loss)], np.array(observer.checkpoints), test_loss,
                  test_accuracy,
                  np.array([self._ratios.get(max(updates, 1), np.full(depth, math.nan))
                            for updates in observer.checkpoints]),
                  observer.histories(), train_loss, dead, stopped or "ok", boundary=observer.boundary(),
                  fit=observer.fit())
        evidence = Evidence(run, self._chance_loss, self._best_constant_loss, self._alike(), self._spec, self._data)
        status, why = judged(evidence)
        return replace(run, status=status, cause=why.cause, reason=why.reason, remedy=why.remedy,
                       learned=evidence.learned)

    def _alike(self) -> list[int]:
        """The hidden layers, counted from 1, of several units that all have the same weights."""
        return [layer.number for layer in self.parameters.layers[:-1]
                if layer.weights.shape[1] > 1 and bool((layer.weights == layer.weights[:, :1]).all())]


def _distance(one: Rows, other: Rows | None) -> float:
    """‖one - other‖, or ‖one‖, in float64, where no square of a float32 is lost."""
    squares = 0.0
    for start in range(0, len(one), BLOCK):
        part = one[start:start + BLOCK].astype(np.float64)
        if other is not None:
            part -= other[start:start + BLOCK]
        squares += float(part @ part)
    return math.sqrt(squares)
