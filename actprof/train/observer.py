"""Looks at a network while it learns: on the test rows, on the probe, and at the end on all training rows."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof import streams
from actprof.backpropagation import Passes
from actprof.datasets.labelled import Labelled
from actprof.learning_curves import Boundary, LayerHistory
from actprof.memory import EVALUATED_ROWS
from actprof.network import Layer
from actprof.propagation import Recorder
from actprof.training.losses import BoundLoss
from actprof.training.probe import Living, Probe

Rows = NDArray[Any]

PROBE_ROWS = 400

GRID = 200
"""Points of a decision boundary along each side."""


class Observer:
    """What was seen at each checkpoint.

    Attributes:
        checkpoints: updates made before each look.
        tests: (loss, accuracy) on the test rows at each.
        seconds: how long the first look took.
    """

    def __init__(self, data: Labelled, passes: Passes, loss: BoundLoss, hidden: Sequence[Layer], seed: int) -> None:
        self._data, self._passes, self._loss, self._hidden = data, passes, loss, hidden
        chosen = streams.stream(seed, streams.PROBE).permutation(len(data.x_train))[:PROBE_ROWS]
        self._probe = Probe(data.x_train[np.sort(chosen)], len(hidden))
        self.checkpoints: list[int] = []
        self.tests: list[tuple[float, float]] = []
        self.seconds = math.nan

    def look(self, updates: int) -> None:
        """Note how the network stands after so many updates."""
        start = time.monotonic()
        self.checkpoints.append(updates)
        self._probe.look(self._passes)
        self.tests.append(self._judged(self._data.x_test, self._data.y_test))
        if updates == 0:
            self.seconds = time.monotonic() - start

    def histories(self) -> tuple[LayerHistory, ...]:
        return self._probe.histories()

    def final(self) -> tuple[float, tuple[float, ...]]:
        """The loss over all training rows, and the share of each hidden layer's units that are 0 for all of them."""
        living = [Living(layer.fans.fan_out) for layer in self._hidden]
        loss, _ = self._judged(self._data.x_train, self._data.y_train, living)
        return loss, tuple(each.dead for each in living)

    def boundary(self) -> Boundary | None:
        """The classes that the network now gives to the plane, for data that lies in one."""
        if not self._data.is_plane:
            return None
        x = self._data.x_train
        low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
        low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
        across, up = (np.linspace(low[axis], high[axis], GRID) for axis in (0, 1))
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(np.float32)
        classes = np.concatenate([self._loss.predictions(z) for _, z in self._evaluated(points)])
        return Boundary((float(low[0]), float(high[0])), (float(low[1]), float(high[1])),
                        np.maximum(classes, 0).reshape(GRID, GRID).astype(np.uint16))

    def _judged(self, rows: Rows, labels: NDArray[np.int64], recorders: Sequence[Recorder] = ()) -> tuple[float, float]:
        """Loss and accuracy."""
        total, right = 0.0, 0
        for start, z in self._evaluated(rows, recorders):
            known = labels[start:start + len(z)]
            total += self._loss.value(z, known) * len(z)
            right += int(np.count_nonzero(self._loss.predictions(z) == known))
        return total / len(labels), right / len(labels)

    def _evaluated(self, rows: Rows, recorders: Sequence[Recorder] = ()) -> Iterator[tuple[int, Rows]]:
        """(first row, outputs until the next ones) of rows taken together."""
        for start in range(0, len(rows), EVALUATED_ROWS):
            yield start, self._passes.evaluate(rows[start:start + EVALUATED_ROWS], recorders)
