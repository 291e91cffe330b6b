"""One network learns: the loop over its updates, and what is noted on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof import streams
from actprof.backpropagation import Passes
from actprof.datasets.labelled import Labelled
from actprof.learning_curves import Boundary, Floats, Run
from actprof.memory import EVALUATED_ROWS
from actprof.network import Network
from actprof.parameters import trainable
from actprof.propagation import Recorder
from actprof.spec import TrainSpec
from actprof.streams import stream
from actprof.tape import Dropout
from actprof.training import losses, optimizers, schedules
from actprof.training.batches import Batches, updates_per_epoch
from actprof.training.probe import Living, Probe
from actprof.training.smoothing import smoothed
from actprof.training.standing import Evidence, standing

Rows = NDArray[Any]

CHECKPOINTS = 50
PROBE_ROWS = 400
HOPELESS = 1e9
"""A loss beyond which there is nothing left to learn from."""

GRID = 200
"""Points of a decision boundary along each side."""

Report = Callable[[int, float], bool]
"""Told the updates made and the current loss; answers whether to go on."""


def updates_of(spec: TrainSpec, rows: int) -> int:
    """How many updates a spec asks for."""
    return spec.iterations if spec.epochs is None else spec.epochs * updates_per_epoch(rows, spec.batch_size)


def checkpoints_of(updates: int) -> list[int]:
    """The numbers of updates after which is looked: none, all, and evenly between."""
    return sorted({round(updates * place / CHECKPOINTS) for place in range(CHECKPOINTS + 1)})


class Trainer:
    """A network in training: the same spec, data and repeat always learn the same.

    Attributes:
        parameters: as they are now.
    """

    def __init__(self, spec: TrainSpec, data: Labelled, repeat: int) -> None:
        self._spec, self._data = spec, data
        self._total = updates_of(spec, len(data.x_train))
        self._network = Network(spec.stack, spec.seed, repeat, np.dtype(np.float32))
        self.parameters = trainable(self._network)
        dropout = Dropout(spec.dropout, stream(spec.seed, streams.DROPOUT, repeat)) if spec.dropout else None
        self._passes = Passes(self._network, self.parameters, dropout)
        self._loss = losses.bind(spec.loss)
        self._batches = Batches(len(data.x_train), spec.batch_size, spec.seed, repeat, spec.epochs is not None)
        self._rates = schedules.rates(spec.schedule, spec.rate, self._total, self._batches.per_epoch)
        self._optimizer = optimizers.bind(spec.optimizer).start(self.parameters.values,
                                                                 self.parameters.weights)
        self._rows = np.empty((spec.batch_size, data.features), np.float32)
        chosen = stream(spec.seed, streams.PROBE).permutation(len(data.x_train))[:PROBE_ROWS]
        self._probe = Probe(data.x_train[np.sort(chosen)], spec.stack.depth - 1)
        self._losses: list[float] = []
        self._noted: list[int] = []
        self._ratios: dict[int, Floats] = {}
        self._tests: list[tuple[float, float]] = []

    def run(self, report: Report) -> Run:
        """Learn until all updates are made, the loss has left every bound, or `report` says stop."""
        with np.errstate(all="ignore"):
            self._look(0)
            stopped = self._updates(report)
            if stopped and self._noted[-1] < len(self._losses):
                self._look(len(self._losses), lost=stopped == "diverged")
            return self._noted_down(stopped)

    def boundary(self) -> Boundary | None:
        """The classes that the network now gives to the plane, for data with two features."""
        if self._data.features != 2:
            return None
        x = self._data.x_train
        low, high = x.min(axis=0), x.max(axis=0)
        low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
        across, up = (np.linspace(low[axis], high[axis], GRID, dtype=np.float32) for axis in (0, 1))
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        with np.errstate(all="ignore"):
            classes = np.concatenate([self._loss.predictions(z) for _, z in self._evaluated(points)])
        return Boundary((float(low[0]), float(high[0])), (float(low[1]), float(high[1])),
                        classes.reshape(GRID, GRID).astype(np.uint8))

    def _updates(self, report: Report) -> str:
        """Make the updates; how they were cut short, if they were."""
        checkpoints = set(checkpoints_of(self._total))
        for update in range(self._total):
            loss = self.update(update, measured=update == 0 or update + 1 in checkpoints)
            self._losses.append(loss)
            if not abs(loss) < HOPELESS:
                return "diverged"
            if update + 1 in checkpoints:
                self._look(update + 1)
            if not report(update + 1, loss) and update + 1 < self._total:
                return "interrupted"
        return ""

    def update(self, update: int, measured: bool = False) -> float:
        """Make one update, unless its loss is beyond all bounds; the loss before it."""
        loss = self._backwards(update)
        if abs(loss) < HOPELESS:
            self._step(update, measured)
        return loss

    def _backwards(self, update: int) -> float:
        """The loss of a batch; its gradient is in the parameters'."""
        chosen = self._batches.take(update)
        rows = np.take(self._data.x_train, chosen, axis=0, out=self._rows[:len(chosen)], mode="clip")
        z = self._passes.forward(rows, update)
        cotangent = np.empty_like(z)
        loss = self._loss.value_and_gradient(z, self._data.y_train[chosen], cotangent)
        self._passes.backward(cotangent)
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
            old = before[start:start + layer.weights.size].astype(np.float64)
            change = layer.weights.ravel() - old
            ratios.append(np.linalg.norm(change) / (np.linalg.norm(old) or np.nan))
            start += layer.weights.size
        return np.array(ratios)

    def _look(self, updates: int, lost: bool = False) -> None:
        """Note how the network stands after so many updates."""
        self._noted.append(updates)
        self._probe.look(self._passes, lost)
        total, right, y = 0.0, 0, self._data.y_test
        for start, z in self._evaluated(self._data.x_test):
            labels = y[start:start + len(z)]
            total += self._loss.value(z, labels) * len(z)
            right += int(np.count_nonzero(self._loss.predictions(z) == labels))
        self._tests.append((total / len(y), right / len(y)))

    def _evaluated(self, rows: Rows, recorders: Sequence[Recorder] = ()) -> Iterator[tuple[int, Rows]]:
        """(first row, outputs until the next ones) of rows taken together."""
        for start in range(0, len(rows), EVALUATED_ROWS):
            yield start, self._passes.evaluate(rows[start:start + EVALUATED_ROWS], recorders)

    def _dead(self) -> tuple[float, ...]:
        """The share of each hidden layer's units that are 0 for every training row."""
        living = [Living(layer.fans.fan_out) for layer in self.parameters.layers[:-1]]
        for _ in self._evaluated(self._data.x_train, living):
            pass
        return tuple(each.dead for each in living)

    def _noted_down(self, stopped: str) -> Run:
        nothing = np.full(self._spec.stack.depth, np.nan)
        loss = np.array(self._losses)
        test_loss, test_accuracy = np.array(self._tests).T
        run = Run(loss, smoothed(loss), self._rates[:len(loss)], np.array(self._noted), test_loss, test_accuracy,
                  np.array([self._ratios.get(max(updates, 1), nothing) for updates in self._noted]),
                  self._probe.histories(), self._dead(), stopped or "ok")
        shares = np.bincount(self._data.y_train, minlength=len(self._data.classes)) / len(self._data.y_train)
        status, reason = standing(Evidence(run, self._loss.blind(shares), self._alike(), self._spec))
        return replace(run, status=status, reason=reason)

    def _alike(self) -> list[int]:
        """The hidden layers, counted from 1, of several units that all have the same weights."""
        hidden = self.parameters.layers[:-1]
        return [layer.number for layer in hidden
                if layer.weights.shape[1] > 1 and bool((layer.weights == layer.weights[:, :1]).all())]
