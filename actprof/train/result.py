"""What `train` leaves behind: one Run a network, one TrainedArm a configuration, one Training a command."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Array, Counts, Floats
from actprof.digits import number, percent
from actprof.report.result import Finding, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = 4  # digits of a loss, in table, figure and film alike
FILM_SIZE = 1280.0, 720.0  # the least pixels of an animation
USUAL_RATIO = 1e-3  # ‖ΔW‖/‖W‖ of an update in a network that learns well

STATUSES = ("ok", "slow", "badly_scaled", "not_learning", "diverged", "interrupted")
"""How a run may end: it learned well; it learns, but slowly; it learns in spite of weights of the wrong scale; its loss
is what guessing would give; its loss left every bound; it was told to stop."""


@dataclass(frozen=True)
class LayerHistory:
    """A hidden layer's activations on the probe, a fixed set of training rows, at each checkpoint.

    Attributes:
        edges: (bins + 1,), the same for all checkpoints.
        counts: (checkpoints, bins) values in each bin; exact zeros are counted in `zeros` alone.
        below, above: (checkpoints,) finite values outside the edges.
        zeros: (checkpoints,) values that are exactly 0.
        dead: (checkpoints,) share of units that are 0 on the whole probe.
        within_std: (checkpoints,) root mean square over units of the std over rows.
    """

    edges: Floats
    counts: Counts
    below: Counts
    above: Counts
    zeros: Counts
    dead: Floats
    within_std: Floats


@dataclass(frozen=True)
class Boundary:
    """What a network of two inputs says on a grid: the class of each point, rows from low to high second input."""

    x: tuple[float, float]
    y: tuple[float, float]
    classes: NDArray[np.uint16]


@dataclass(frozen=True)
class Fit:
    """What a network of one input predicts at evenly spaced inputs."""

    x: Floats
    y: Floats


@dataclass(frozen=True)
class Run:
    """One network's training; lists by iteration hold what was done, also of a run that stopped early.

    Attributes:
        loss: of each mini-batch, before its update.
        smoothed: the same, smoothed.
        learning_rate: of each update.
        checkpoints: (K,) updates made before each checkpoint; 0 is the network as it was drawn.
        test_loss, test_accuracy: (K,); accuracies are NaN where numbers are predicted.
        update_ratio: (K, layers) ‖ΔW‖/‖W‖ of the update that led to each checkpoint, at the first one of the update
            that follows; NaN where it was not measured or W was 0.
        layers: one for each hidden layer.
        train_loss: over all training rows, at the end; NaN where there was no time left to look.
        dead_fraction: of each hidden layer's units, 0 for every training row, at the end; NaN likewise.
        status: one of STATUSES, with its cause in a few words, the same with the numbers behind it, and what to try.
        learned: the part of the way from guessing to no error, by the loss or the test rows.
        boundary: for classes of data with two features; `fit` for numbers predicted from one feature.
    """

    loss: Floats
    smoothed: Floats
    learning_rate: Floats
    checkpoints: Counts
    test_loss: Floats
    test_accuracy: Floats
    update_ratio: Floats
    layers: tuple[LayerHistory, ...]
    train_loss: float
    dead_fraction: tuple[float, ...]
    status: str
    cause: str = ""
    reason: str = ""
    remedy: str = ""
    learned: float = math.nan
    boundary: Boundary | None = None
    fit: Fit | None = None

    @property
    def iterations(self) -> int:
        return len(self.loss)

    def reached(self, level: float) -> int | None:
        """The first iteration, counted from 1, whose smoothed loss is at most `level`."""
        below = np.flatnonzero(self.smoothed <= level)
        return int(below[0]) + 1 if below.size else None


@dataclass(frozen=True)
class TrainedArm:
    """One configuration: its settings as plain values, and the runs of its networks.

    Attributes:
        layers: (name, output shape, parameters) of each layer, for the summary.
        chance_loss: the loss of a network that says nothing, ln C for cross-entropy.
    """

    label: str
    config: Mapping[str, Any]
    layers: tuple[tuple[str, str, int], ...]
    chance_loss: float
    runs: tuple[Run, ...] = field(repr=False)

    @property
    def parameters(self) -> int:
        return sum(parameters for _, _, parameters in self.layers)

    @cached_property
    def median_run(self) -> Run:
        """The run with the median final smoothed loss (of an even number the better one; what is not finite is worst).
        """
        order = sorted(self.runs, key=lambda run: min(
            run.smoothed[-1:][np.isfinite(run.smoothed[-1:])], default=math.inf))
        return order[(len(order) - 1) // 2]

    @property
    def first_loss(self) -> float:
        """The median over the runs of the first mini-batch's loss; NaN without an update."""
        return self.median(lambda run: run.loss[0] if run.iterations else math.nan)

    @property
    def last_loss(self) -> float:
        """The median over the runs of the smoothed loss at the end; NaN without an update."""
        return self.median(lambda run: run.smoothed[-1] if run.iterations else math.nan)

    def score(self, data: DataSummary) -> float:
        """The median over the runs of the score at the end."""
        return self.median(lambda run: float(data.score(run)[-1]))

    @property
    def iterations_to_half(self) -> float:
        """The median over the runs of the iterations until the smoothed loss is half the chance loss; infinite where
        it stays higher."""
        return self.median(lambda run: run.reached(self.chance_loss / 2) or math.inf)

    def median(self, statistic: Callable[[Run], float]) -> float:
        """The median of a statistic over the runs; NaN if it is so for more than half of them."""
        values = sorted(map(statistic, self.runs), key=lambda value: math.inf if math.isnan(value) else value)
        return values[(len(values) - 1) // 2] / 2 + values[len(values) // 2] / 2

    @property
    def dead_fractions(self) -> list[float]:
        """The median over the runs of each hidden layer's."""
        return [self.median(lambda run: run.dead_fraction[layer])  # noqa: B023
                for layer in range(len(self.median_run.dead_fraction))]

    def band(self, name: str) -> tuple[Floats, Floats, Floats]:
        """First quartile, median and third quartile over the runs of a list by iteration or checkpoint; as long as
        the longest run, over those runs that got so far."""
        rows = [getattr(run, name) for run in self.runs]
        longest = max(map(len, rows))
        padded = np.array([np.concatenate([row, np.full(longest - len(row), math.nan)]) for row in rows])
        padded[~np.isfinite(padded)] = math.nan
        kept = np.isfinite(padded).any(axis=0)
        quartiles = np.full((3, longest), math.nan)
        quartiles[:, kept] = np.nanquantile(padded[:, kept], (0.25, 0.5, 0.75), axis=0)
        return quartiles[0], quartiles[1], quartiles[2]


@dataclass(frozen=True)
class DataSummary:
    """The data set in numbers.

    Attributes:
        classes: none where numbers are predicted.
        baseline: the accuracy of always answering the most frequent training class; NaN without classes.
        points: (rows, 2) and their classes, a sample of the training rows, for data that lie in a plane; or (rows, 1)
            and the numbers to predict.
        baseline_loss: the test loss of always answering the mean of the training numbers; NaN for classes.
    """

    name: str
    samples: int
    test_samples: int
    features: int
    classes: tuple[str, ...]
    baseline: float
    points: tuple[Floats, Array] | None = field(default=None, repr=False)
    baseline_loss: float = math.nan

    @property
    def kind(self) -> str:
        """What is learned: `10 classes`, or `1 number to predict`."""
        return f"{len(self.classes):,} classes" if self.classes else "1 number to predict"

    def score(self, run: Run) -> Floats:
        """At each checkpoint the share of test rows that are right; of numbers to predict R², the part of their
        variance that is explained: 1 − loss over that of the mean."""
        return run.test_accuracy if self.classes else self.r2(run.test_loss)

    def r2(self, test_loss: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(1 - test_loss / self.baseline_loss)

    def score_text(self, score: float) -> str:
        """`93.8 %`, or `R² 0.9312`."""
        return f"{percent(score)} %" if self.classes else f"R² {number(score, DIGITS)}"


@dataclass(frozen=True, repr=False)
class Training(Result):
    """All arms of a command, on the same batches."""

    seed: int
    data: DataSummary
    arms: tuple[TrainedArm, ...]
    notes: tuple[str, ...] = ()

    @property
    def trained(self) -> bool:
        """Whether there is more than a summary of the networks."""
        return any(arm.runs for arm in self.arms)

    @property
    def findings(self) -> Sequence[Finding]:
        """The arms with the status of the median run; the curve is that of its loss."""
        if not self.trained:
            return [Finding(arm.label, text=f"{arm.parameters:,} parameters") for arm in self.arms]
        return [Finding(arm.label, "✓" if run.status == STATUSES[0] else "✗", run.status.replace("_", " "),
                     f"loss {number(arm.last_loss, DIGITS)}  test {self.data.score_text(arm.score(self.data))}",
                     run.smoothed) for arm in self.arms for run in (arm.median_run,)]

    @property
    def verdicts(self) -> dict[str, str]:
        """The label of an arm → the status of its median run."""
        return {arm.label: arm.median_run.status for arm in self.arms if arm.runs}

    @property
    def told(self) -> Sequence[str]:
        return self.notes

    def figure(self, log: bool = False, theme: str = "light") -> Figure:
        """The picture of the training, or of its networks where nothing was trained, for matplotlib's own means."""
        return self._painted(theme, log)
