"""The observer of a network that learns: it looks at the test rows, the probe, and at the end all training rows."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from actprof import streams
from actprof.arrays import Array, Counts, Floats, Rows
from actprof.data.labelled import Labelled
from actprof.engine.forward import Recorder
from actprof.engine.memory import EVALUATED_ROWS
from actprof.engine.network import Layer
from actprof.train.losses import BoundLoss
from actprof.train.result import Boundary, Fit, LayerHistory
from actprof.train.trainable import TrainableNetwork

BINS = 128  # bins on each side of 0; a power of two, so that neighbours can be joined when a range grows

MAX_REACH = 12
"""A checkpoint that reaches 2**MAX_REACH times as far as the median one shows a lost network: it is out of range."""

MIN_POWER = -200  # this power of two is below any float32, and far from where bins of float64 could not be told apart
PROBE_ROWS = 400  # training rows on which the histograms are counted
GRID = 200  # points of a decision boundary along each side


class AliveUnits(Recorder):
    """A recorder that notes which units are not 0 for some row."""

    def __init__(self, units: int) -> None:
        self._alive = np.zeros(units, np.bool_)
        self._finite = True

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        self._alive |= (block != 0).any(axis=0)
        self._finite &= bool(np.isfinite(block).all())
        return True

    @property
    def dead(self) -> float:
        """The share of units that were 0 for all rows; NaN for a network that computes no numbers any more."""
        return np.count_nonzero(~self._alive) / len(self._alive) if self._finite else math.nan


class _LayerWatch(Recorder):
    """A recorder of one layer, and the history of what it saw."""

    def __init__(self) -> None:
        self._blocks: list[Rows] = []
        self._histograms = Histograms()
        self._zeros: list[int] = []
        self._dead: list[float] = []
        self._within: list[float] = []

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        self._blocks.append(block.astype(np.float64))
        return True

    def note(self) -> None:
        """Count all blocks since the last checkpoint as one more."""
        values = np.concatenate(self._blocks)
        self._blocks.clear()
        zero = values == 0
        self._zeros.append(int(np.count_nonzero(zero)))
        self._dead.append(float(zero.all(axis=0).mean()))
        with np.errstate(all="ignore"):
            self._within.append(float(np.sqrt(values.var(axis=0).mean())))
        self._histograms.add(values[~zero])

    def history(self) -> LayerHistory:
        edges, counts, below, above = self._histograms.joined()
        return LayerHistory(edges, counts, below, above, np.array(self._zeros, np.int64), np.array(self._dead),
                            np.array(self._within))


class Histograms:
    """Histograms of several sets of values, each over -R … R in 2·BINS bins with a power of two for R of its own;
    in the end all over one range, their bins joined in pairs as often as it takes."""

    def __init__(self) -> None:
        self._sets: list[tuple[int | None, Counts, int]] = []

    def add(self, values: Floats) -> None:
        """Count one more set; what is not finite is left out."""
        values = values[np.isfinite(values)]
        if not values.size:
            self._sets.append((None, np.zeros(2 * BINS, np.int64), 0))
            return
        power = max(math.frexp(float(np.abs(values).max()))[1], MIN_POWER)
        reach = math.ldexp(1.0, power)
        counts, _ = np.histogram(values, 2 * BINS, (-reach, reach))
        self._sets.append((power, counts, int(np.count_nonzero(values < 0))))

    def joined(self) -> tuple[Floats, Counts, Counts, Counts]:
        """Edges, counts, below and above, without bins that are empty at the ends; 0 stays an edge.

        A set that reaches much further than most lies outside, negative values below and positive ones above.
        """
        power = self._common_power()
        counts = np.array([_widened(each, power - own) if own is not None and own <= power else 0 * each
                           for own, each, _ in self._sets])
        lost = [own is not None and own > power for own, _, _ in self._sets]
        below = np.array([negative * out for out, (_, _, negative) in zip(lost, self._sets, strict=True)], np.int64)
        above = np.array([int(each.sum()) * out for out, (_, each, _) in zip(lost, self._sets, strict=True)],
                         np.int64) - below
        filled = np.flatnonzero(counts.any(axis=0))
        low, high = min([BINS, *filled[:1]]), max([BINS, *filled[-1:] + 1])
        edges = np.linspace(-1, 1, 2 * BINS + 1) * math.ldexp(1.0, power)
        high += low == high
        return edges[low:high + 1], counts[:, low:high], below, above

    def _common_power(self) -> int:
        """The largest power, leaving out sets that reach much further than the median one."""
        powers = [power for power, _, _ in self._sets if power is not None]
        if not powers:
            return 0
        limit = float(np.median(powers)) + MAX_REACH
        return max(power for power in powers if power <= limit)


def _widened(counts: Counts, times: int) -> Counts:
    """The counts of the same values over a range 2**times as wide."""
    for _ in range(min(times, BINS.bit_length() + 1)):
        counts = np.pad(counts.reshape(-1, 2).sum(axis=1), BINS // 2)
    return counts


class Observer:
    """What was seen at each checkpoint, on the test rows and on a fixed set of training rows, the probe.

    Attributes:
        checkpoints: updates made before each look.
        tests: (loss, accuracy) on the test rows at each.
        seconds: how long the first look took.
    """

    def __init__(self, data: Labelled, network: TrainableNetwork, loss: BoundLoss, hidden: Sequence[Layer],
                 seed: int) -> None:
        self._data, self._network, self._loss, self._hidden = data, network, loss, hidden
        chosen = streams.stream(seed, streams.PROBE).permutation(len(data.x_train))[:PROBE_ROWS]
        self._probe = data.x_train[np.sort(chosen)]
        self._layers = [_LayerWatch() for _ in hidden]
        self.checkpoints: list[int] = []
        self.tests: list[tuple[float, float]] = []
        self.seconds = math.nan

    def look(self, updates: int) -> None:
        """Note how the network stands after so many updates."""
        start = time.monotonic()
        self.checkpoints.append(updates)
        self._network.evaluate(self._probe, self._layers)
        for layer in self._layers:
            layer.note()
        self.tests.append(self._loss_and_accuracy(self._data.x_test, self._data.y_test))
        if updates == 0:
            self.seconds = time.monotonic() - start

    def histories(self) -> tuple[LayerHistory, ...]:
        return tuple(layer.history() for layer in self._layers)

    def final(self) -> tuple[float, tuple[float, ...]]:
        """The loss over all training rows, and the share of each hidden layer's units that are 0 for all of them."""
        alive = [AliveUnits(layer.phi_units[1]) for layer in self._hidden]
        loss, _ = self._loss_and_accuracy(self._data.x_train, self._data.y_train, alive)
        return loss, tuple(each.dead for each in alive)

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

    def fit(self) -> Fit | None:
        """What the network now predicts, where that is one number from one other."""
        if not self._data.is_curve:
            return None
        low, high = float(self._data.x_train.min()), float(self._data.x_train.max())
        x = np.linspace(low, high, GRID, dtype=np.float32)
        y = np.concatenate([z[:, 0] for _, z in self._evaluated(x[:, np.newaxis])])
        return Fit(x.astype(np.float64), y.astype(np.float64))

    def _loss_and_accuracy(self, rows: Rows, labels: Array,
                           recorders: Sequence[Recorder] = ()) -> tuple[float, float]:
        """The accuracy is NaN where numbers are predicted."""
        total, right = 0.0, 0
        for start, z in self._evaluated(rows, recorders):
            known = labels[start:start + len(z)]
            total += self._loss.value(z, known) * len(z)
            right += int(np.count_nonzero(self._loss.predictions(z) == known))
        return total / len(labels), right / len(labels) if self._data.classes else math.nan

    def _evaluated(self, rows: Rows, recorders: Sequence[Recorder] = ()) -> Iterator[tuple[int, Rows]]:
        """Yield (first row, outputs until the next ones are asked for) of rows taken together."""
        for start in range(0, len(rows), EVALUATED_ROWS):
            yield start, self._network.evaluate(rows[start:start + EVALUATED_ROWS], recorders)
