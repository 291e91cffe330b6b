"""Watches the hidden layers of a network while it learns: always on the same rows, at each checkpoint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.backpropagation import Passes
from actprof.learning_curves import Counts, Floats, LayerHistory

Rows = NDArray[Any]

BINS = 128
"""On each side of 0; a power of two, so that neighbours can be joined when the range grows."""

LEAST_POWER = -200
"""Below any float32, and far from where bins of float64 could not be told apart."""

MOST_GROWTH = 12
"""How often a range may double: what grows further is counted as outside, or nothing else could be seen."""


class Probe:
    """Histograms of each hidden layer on `rows`."""

    def __init__(self, rows: Rows, hidden: int) -> None:
        self._rows = rows
        self._layers = [_LayerWatch() for _ in range(hidden)]

    def look(self, passes: Passes, lost: bool = False) -> None:
        """Note how the network stands; one that is lost shall not blur, by its range, what there was to see before."""
        passes.evaluate(self._rows, self._layers)
        for layer in self._layers:
            layer.note(grow=not lost)

    def histories(self) -> tuple[LayerHistory, ...]:
        return tuple(layer.history() for layer in self._layers)


class Living:
    """A recorder that notes which units are not 0 for some row."""

    def __init__(self, units: int) -> None:
        self.units = np.zeros(units, np.bool_)

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        self.units |= (block != 0).any(axis=0)
        return True

    @property
    def dead(self) -> float:
        """The share of units that never were."""
        return float(1 - self.units.mean())


class _LayerWatch:
    """A recorder of one layer, and the history of what it saw."""

    def __init__(self) -> None:
        self._blocks: list[Rows] = []
        self._histogram = GrowingHistogram()
        self._zeros: list[int] = []
        self._dead: list[float] = []
        self._within: list[float] = []

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        self._blocks.append(block.astype(np.float64))
        return True

    def note(self, grow: bool) -> None:
        """One more checkpoint, of all blocks since the last."""
        values = np.concatenate(self._blocks)
        self._blocks.clear()
        zero = values == 0
        self._zeros.append(int(np.count_nonzero(zero)))
        self._dead.append(float(zero.all(axis=0).mean()))
        with np.errstate(all="ignore"):
            self._within.append(float(np.sqrt(values.var(axis=0).mean())))
        self._histogram.add(values[~zero], grow)

    def history(self) -> LayerHistory:
        edges, counts, below, above = self._histogram.cropped()
        return LayerHistory(edges, counts, below, above, np.array(self._zeros, np.int64), np.array(self._dead),
                            np.array(self._within))


class GrowingHistogram:
    """Histograms of several sets of values with the same edges, which are not known before: -R … R in 2·BINS bins,
    where R is a power of two that doubles, and joins bins in pairs, when a value lies outside."""

    def __init__(self) -> None:
        self._power: int | None = None
        self._most = 0
        self._counts: list[Counts] = []
        self._outside: list[tuple[int, int]] = []

    def add(self, values: Floats, grow: bool = True) -> None:
        """One more set; what is not finite is left out."""
        values = values[np.isfinite(values)]
        if grow or self._power is None:
            self._fit(float(np.abs(values).max(initial=0)))
        reach = math.ldexp(1.0, self._power or 0)
        counts, _ = np.histogram(values, 2 * BINS, (-reach, reach))
        self._counts.append(counts)
        self._outside.append((int(np.count_nonzero(values < -reach)), int(np.count_nonzero(values > reach))))

    def cropped(self) -> tuple[Floats, Counts, Counts, Counts]:
        """Edges, counts, below and above, without the empty bins at the ends; 0 stays an edge."""
        counts = np.array(self._counts)
        filled = np.flatnonzero(counts.any(axis=0))
        low = min([BINS, *filled[:1]])
        high = max([BINS, *filled[-1:] + 1])
        if low == high:
            high += 1
        edges = np.linspace(-1, 1, 2 * BINS + 1) * math.ldexp(1.0, self._power or 0)
        below, above = np.array(self._outside, np.int64).T
        return edges[low:high + 1], counts[:, low:high], below, above

    def _fit(self, largest: float) -> None:
        """Widen the range to what is largest."""
        if largest == 0:
            return
        wanted = max(math.frexp(largest)[1], LEAST_POWER)
        if self._power is None:
            self._power, self._most = wanted, wanted + MOST_GROWTH
        while self._power < min(wanted, self._most):
            self._power += 1
            self._counts = [_joined(counts) for counts in self._counts]


def _joined(counts: Counts) -> Counts:
    """The same values over a range twice as wide."""
    pairs = counts.reshape(-1, 2).sum(axis=1)
    return np.pad(pairs, BINS // 2)
