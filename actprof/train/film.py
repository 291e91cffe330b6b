"""What an animation shows: for each arm the bars of its hidden layers at each checkpoint, on axes that stand still."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.digits import percent_label
from actprof.errors import SpecError
from actprof.report.scales import Bars, ShareScale, Span, share_scale
from actprof.train.result import LayerHistory, TrainedArm, Training

MOST_ARMS, MOST_LAYERS = 6, 8
MOST_BARS = 64

TAIL = 0.005
"""An axis of values ends where at each checkpoint at most this share lies beyond."""

TALL = 0.8
"""The share of checkpoints for which the axis of shares is tall enough: bars that are taller are cut."""


@dataclass(frozen=True)
class Moment:
    """A layer at one checkpoint; `message` is what stands instead of notes."""

    bars: Bars
    message: tuple[str, ...]
    outside: str
    dead: float


class LayerFilm:
    """The moments of one hidden layer; `number` counts from 1."""

    def __init__(self, number: int, history: LayerHistory) -> None:
        self.number = number
        totals = history.counts.sum(axis=1) + history.below + history.above + history.zeros
        edges, counts = joined(history.edges, history.counts, *bounds(history, totals))
        self.span = Span(float(edges[0]), float(edges[-1]))
        self.moments = [self._moment(history, place, edges, counts[place], totals) for place in range(len(totals))]

    def _moment(self, history: LayerHistory, place: int, edges: Floats, counts: Counts, totals: Counts) -> Moment:
        zeros, total = int(history.zeros[place]), int(totals[place])
        atoms = ((0.0, zeros / total),) if zeros else ()
        bars = Bars(self.span, self.span.place(edges), counts / max(total, 1), atoms)
        outside = (total - zeros - int(counts.sum())) / max(total, 1)
        said = f"{percent_label(outside)} outside" if outside > 2 * TAIL else ""
        return Moment(bars, _message(zeros, total, int(totals.max())), said, float(history.dead[place]))


def _message(zeros: int, finite: int, values: int) -> tuple[str, ...]:
    if finite < values or not values:
        return ("not finite",) if not finite else (percent_label(1 - finite / values), "not finite")
    return ("100 % zeros",) if zeros == finite else ()


def bounds(history: LayerHistory, totals: Counts) -> tuple[int, int]:
    """The first bin and the one after the last, without tails that hold next to nothing; 0 stays where it is an edge.
    """
    few = TAIL * totals[:, None]
    from_left = history.below[:, None] + np.cumsum(history.counts, axis=1)
    from_right = history.above[:, None] + np.cumsum(history.counts[:, ::-1], axis=1)
    bins, zero = history.counts.shape[1], _zero(history.edges)
    low = min(int((from_left <= few).sum(axis=1).min()), zero)
    return low, max(bins - int((from_right <= few).sum(axis=1).min()), zero, low + 1)


def joined(edges: Floats, counts: Counts, low: int, high: int) -> tuple[Floats, Counts]:
    """Edges and counts (checkpoints, bins) of at most MOST_BARS bins from `low` to `high` (or one more), each so many
    neighbours; 0 stays an edge."""
    together, zero, bins = math.ceil((high - low) / MOST_BARS), _zero(edges), counts.shape[1]
    left, right = -((low - zero) // together), -((zero - high) // together)
    first, last = zero - left * together, zero + right * together
    before, after = max(-first, 0), max(last - bins, 0)
    kept = np.pad(counts, ((0, 0), (before, after)))[:, first + before:last + before]
    step = (edges[-1] - edges[0]) / bins * together
    return (edges[zero] + step * np.arange(-left, right + 1),
            kept.reshape(len(counts), left + right, together).sum(axis=2))


def _zero(edges: Floats) -> int:
    """The edge next to 0, but one that a bin starts at."""
    return min(int(np.abs(edges).argmin()), len(edges) - 2)


class ArmFilm:
    """The typical run of an arm."""

    def __init__(self, arm: TrainedArm) -> None:
        self.label, self.chance_loss, self.run = arm.label, arm.chance_loss, arm.median_run
        self.layers = [LayerFilm(place + 1, self.run.layers[place]) for place in spaced(len(self.run.layers))]
        each = [share_scale((layer.moments[place].bars for layer in self.layers), logarithmic=False).top
                for place in range(len(self.run.checkpoints))]
        self.scale = ShareScale(float(np.quantile(each, TALL)))

    def place(self, iteration: int) -> int:
        """The last checkpoint at or before an iteration."""
        return int(np.searchsorted(self.run.checkpoints, iteration, side="right")) - 1

    def loss(self, place: int) -> float:
        done = int(self.run.checkpoints[place])
        return float(self.run.smoothed[max(done - 1, 0)]) if self.run.iterations else math.nan


def spaced(layers: int) -> list[int]:
    """The places of all layers, or of MOST_LAYERS from the first to the last."""
    if layers <= MOST_LAYERS:
        return list(range(layers))
    return [round(number * (layers - 1) / (MOST_LAYERS - 1)) for number in range(MOST_LAYERS)]


class Film:
    """All arms that are shown; a frame for each checkpoint of the longest run.

    Raises SpecError where there is no hidden layer.
    """

    def __init__(self, training: Training) -> None:
        if not all(arm.median_run.layers for arm in training.arms):
            raise SpecError("--animate needs a hidden layer whose activations can be shown. Add --layers 1.")
        self.training = training
        self.arms = [ArmFilm(arm) for arm in training.arms[:MOST_ARMS]]
        longest = max((arm.run for arm in self.arms), key=lambda run: run.iterations)
        self.iterations = [int(done) for done in longest.checkpoints]

    @property
    def end(self) -> int:
        return self.iterations[-1]
