"""What became of a training, and why: a status, and the reason in words with the number behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from actprof.arrays import Floats
from actprof.data.labelled import Labelled
from actprof.data.request import RowsSpec
from actprof.data.table import Table, is_usual, size_text
from actprof.diagnosis import rules
from actprof.diagnosis.remedies import Trials
from actprof.diagnosis.verdicts import CHANCE, DIVERGED, FALLING, LEARNED, MASTERED, WEAK, Verdict
from actprof.digits import number, percent, typed
from actprof.engine.inputs import FileInputs, input_moments
from actprof.engine.measure import measured
from actprof.engine.spec import InputSpec, RunSpec
from actprof.errors import ResourceError
from actprof.theory.stack import predict
from actprof.train.result import DIGITS, USUAL_RATIO, Run
from actprof.train.spec import TrainSpec

STILL = 0.1 * USUAL_RATIO  # weights that change by less than this part of their size per update stand still

BADLY_SCALED = ("exploding", "saturated", "non_finite")
"""Verdicts on the network as it was drawn whose training is badly scaled; with the others it is slow."""

MAX_ROWS = 400
MAX_LISTED = 4


@dataclass(frozen=True)
class Evidence:
    """A run with what is needed to judge it.

    Attributes:
        chance_loss: the loss of a network whose outputs are all 0.
        best_constant_loss: the least loss that is possible without looking at the inputs.
        alike: hidden layers whose units all have the same weights at the end.
    """

    run: Run
    chance_loss: float
    best_constant_loss: float
    alike: Sequence[int]
    spec: TrainSpec
    data: Labelled

    @cached_property
    def ratios(self) -> Floats:
        """The median of each layer's ‖ΔW‖/‖W‖ over the checkpoints; NaN where there is none."""
        known = np.where(np.isfinite(self.run.update_ratio), self.run.update_ratio, np.nan)
        return np.array([np.nanmedian(column) if np.isfinite(column).any() else np.nan for column in known.T])

    @cached_property
    def start(self) -> Verdict | None:
        """What `actprof histogram` says of the hidden layers as they were drawn, on rows of the data; None if well."""
        return _verdict(self.spec, self.data)

    @property
    def fits(self) -> bool:
        """Whether the training loss shows that the network looks at its inputs."""
        return self.run.train_loss <= LEARNED.value * self.best_constant_loss

    @property
    def gain(self) -> float:
        """The part of the way that the training loss has come down to 0 from the best constant's."""
        return 1 - self.run.train_loss / self.best_constant_loss

    @property
    def score(self) -> float:
        """The share of test rows that are right, or R² of the numbers to predict."""
        data, run = self.data, self.run
        return float(run.test_accuracy[-1]) if data.classes else 1 - float(run.test_loss[-1]) / data.baseline_loss

    @property
    def baseline(self) -> float:
        """The score of always answering the most frequent class, or the mean."""
        return self.data.baseline if self.data.classes else 0.0

    @property
    def skill(self) -> float:
        """The part of the way from the baseline to a perfect score; 0 where that is no way."""
        return (self.score - self.baseline) / (1 - self.baseline) if self.baseline < 1 else 0.0

    @property
    def learned(self) -> float:
        """The larger of both parts of the way, NaN where neither is known; all where there is nothing to learn."""
        return float(np.fmax(self.gain, self.skill)) if self.best_constant_loss else 1.0

    @property
    def beats_chance(self) -> bool:
        error = math.sqrt(self.baseline * (1 - self.baseline) / max(len(self.data.x_test), 1))
        return self.score - self.baseline > max(3 * error, CHANCE.value * (1 - self.baseline))

    @property
    def is_falling(self) -> bool:
        """Whether a good part of what the loss has come down, or is yet to, was in the last quarter of the updates."""
        now, best = self.run.smoothed[-1], self.best_constant_loss
        return bool(self.earlier - now > FALLING.value * max(abs(best - now), CHANCE.value * best))

    @property
    def earlier(self) -> float:
        """The smoothed loss after three quarters of the updates."""
        return float(self.run.smoothed[3 * len(self.run.smoothed) // 4])


class Why(NamedTuple):
    """The cause of a status in a few words, the numbers behind it, and what to try instead."""

    cause: str
    numbers: str = ""
    remedy: str = ""

    def and_also(self, said: str) -> Why:
        """The same cause with further numbers."""
        return self._replace(numbers=f"{self.numbers}; {said}")

    @property
    def reason(self) -> str:
        return self.cause + self.numbers


def judged(evidence: Evidence) -> tuple[str, Why]:
    """The status of a run, and why unless it is simply "ok"."""
    run = evidence.run
    if run.status == "diverged" or run.train_loss > DIVERGED.value * max(run.smoothed[0], evidence.best_constant_loss):
        return "diverged", _diverged(evidence)
    if run.status == "interrupted":
        return "interrupted", Why(f"after {run.iterations:,} iterations")
    if evidence.best_constant_loss == 0:
        return "ok", Why("all training rows are of one class, so there is nothing to learn from the inputs")
    status = _status(evidence)
    if status == "ok":
        return "ok", Why("")
    unknown = Why(f"the {'test rows show' if evidence.fits else 'loss shows'} nothing learned")
    return status, next(filter(None, (cause(evidence) for cause in CAUSES)), unknown).and_also(_numbers(evidence))


def _status(evidence: Evidence) -> str:
    """How well a run that came to its end has learned, by its loss and by its accuracy."""
    learned = evidence.learned
    if not evidence.fits and not evidence.beats_chance:
        return "not_learning"
    if evidence.fits and (learned >= MASTERED.value or (learned >= WEAK.value and not evidence.is_falling)):
        return "ok"
    if evidence.start and evidence.start.code in BADLY_SCALED:
        return "badly_scaled"
    if evidence.is_falling or not evidence.beats_chance or evidence.start or _still(evidence):
        return "slow"
    return "ok" if evidence.fits else "badly_scaled"


def outdone(run: Run, most: float) -> Run:
    """The run, slow instead of "ok" for want of more to learn where another arm has learned `most`: that is more."""
    if run.status != "ok" or run.learned >= min(MASTERED.value, most - CHANCE.value):
        return run
    why = Why("the loss hardly falls any more, though another arm's comes further", "", "try its settings")
    return replace(run, status="slow", cause=why.cause, reason=why.reason, remedy=why.remedy)


def _numbers(evidence: Evidence) -> str:
    """The losses where nothing was learned, else the accuracies."""
    if not evidence.fits:
        return (f"over all training rows the loss is {number(evidence.run.train_loss, DIGITS)}, without looking at "
                f"them it would be {number(evidence.best_constant_loss, DIGITS)}")
    if not evidence.data.classes:
        return f"R² is {number(evidence.score, DIGITS)} on the test rows"
    return (f"{percent(evidence.score)} % of the test rows are right, {percent(evidence.baseline)} % by always "
            "answering the most frequent class")


def _verdict(spec: TrainSpec, data: Labelled) -> Verdict | None:
    """The verdict on the hidden layers; None where it is good, or where there is nothing to judge."""
    stack = spec.stack
    if stack.depth == 1:
        return None
    hidden = stack.first(stack.depth - 1)
    rows = data.x_train[np.linspace(0, len(data.x_train) - 1, min(len(data.x_train), MAX_ROWS)).astype(int)]
    run = RunSpec(InputSpec(None, RowsSpec(), "none"), batch_size=len(rows), seed=spec.seed, gradients=True)
    inputs = FileInputs(run, Table(rows, data.name))
    moments = input_moments(inputs)
    try:
        [arm] = measured([hidden], run, inputs)
    except ResourceError:
        return None
    with np.errstate(all="ignore"):
        theory = predict(hidden, moments.second_moment, moments.correlation, len(rows), moments.unevenness)
        found = rules.verdict(arm, hidden, theory, moments, Trials(run, inputs, rules.judge))
    return replace(found, text=found.text.partition(": ")[2]) if found.bad else None


def _diverged(evidence: Evidence) -> Why:
    """The scale of inputs and weights comes before the rate: no rate makes up for it."""
    run, spec = evidence.run, evidence.spec
    if unscaled := _unscaled(evidence):
        return unscaled
    last = number(run.loss[-1], DIGITS) if math.isfinite(run.loss[-1]) else "no number any more"
    said = f"the loss was {last} at iteration {run.iterations:,}"
    if spec.rate * spec.weight_decay > 2:
        return Why("each update takes more than twice the weights off them", f"; {said}",
                   f"try a --weight-decay below {typed(2 / spec.rate)}")
    if why := _start(evidence):
        return why.and_also(said)
    if run.iterations <= 1:
        return Why(said, "", "try a smaller --init, or inputs on a smaller scale")
    return Why(said, "", f"try a --lr below {typed(spec.rate)}, or a smaller --init")


def _unscaled(evidence: Evidence) -> Why | None:
    """Inputs or numbers to predict far from the size that initialisers and rates are made for."""
    data, run = evidence.data, evidence.run
    sizes = {"the inputs' rms": data.rms, "the rms of the numbers to predict": data.target_rms}
    far = [f"{what} is {size_text(size)}, not about 1" for what, size in sizes.items() if not is_usual(size)]
    if not far:
        return None
    start = (f", so the loss starts at {number(run.loss[0], DIGITS)} where "
             f"{number(evidence.chance_loss, DIGITS)} is undecided"
             if run.iterations and math.isfinite(run.loss[0]) else "")
    return Why(" and ".join(far), start, "try --scale standard")


def _start(evidence: Evidence) -> Why | None:
    """`vanishing from layer 2: activations shrink ×0.17 a layer …`."""
    verdict = evidence.start
    if verdict is None:
        return None
    where = f" from layer {verdict.layer}" if verdict.layer is not None else ""
    cause = re.split(" to rms|;", verdict.text)[0]
    return Why(f"{verdict.code.replace('_', ' ')}{where}: {cause}", verdict.text.removeprefix(cause),
               verdict.remedy.partition(" (")[0])


def _zeros(evidence: Evidence) -> Why | None:
    dead = _dead_layers(evidence)
    if not dead or not np.isnan(evidence.ratios[[layer - 1 for layer in dead]]).all():
        return None
    return Why(f"all weights of {_layers(dead)} are 0 and no gradient reaches them: only the output bias learns",
               "", "try --init he")


def _dead_layers(evidence: Evidence) -> list[int]:
    return [layer for layer, share in enumerate(evidence.run.dead_fraction, start=1) if share == 1]


def _dead(evidence: Evidence) -> Why | None:
    dead = _dead_layers(evidence)
    return Why(f"every unit of {_layers(dead)} is 0 for all training rows, so no gradient passes", "",
               f"try a --lr below {typed(evidence.spec.rate)}, or --act leaky_relu") if dead else None


def _alike(evidence: Evidence) -> Why | None:
    if not evidence.alike:
        return None
    return Why(f"all units of {_layers(evidence.alike)} have the same weights, and the same gradients keep them so",
               "", "try --init he")


def _dying(evidence: Evidence) -> Why | None:
    dead = [(share, layer) for layer, share in enumerate(evidence.run.dead_fraction, start=1) if share >= 0.5]
    if not dead:
        return None
    share, layer = max(dead)
    return Why(f"too many units of layer {layer} are 0 for all training rows", f": {percent(share)} %",
               f"try a --lr below {typed(evidence.spec.rate)}")


def _no_gradient(evidence: Evidence) -> Why | None:
    none = [layer for layer, ratio in enumerate(evidence.ratios, start=1) if ratio == 0]
    return Why(f"no gradient reaches {_layers(none)}") if none else None


def _normalised_steps(evidence: Evidence) -> Why | None:
    """A normalised layer forgets the scale of W going forward; its step, relative to W, goes as lr/‖W‖²."""
    stack = evidence.spec.stack
    still = [layer for layer, ratio in enumerate(evidence.ratios[:-1], start=1) if ratio < STILL]
    if stack.norm.name == "none" or stack.norm_position != "before" or not still:
        return None
    most = np.nanmax(evidence.ratios[[layer - 1 for layer in still]])
    return Why("the signal forgets the scale of normalised weights, a step does not: it is worth lr/‖W‖²",
               f", {number(most)} of the size of the weights of {_layers(still)}",
               "try a smaller --init, or a larger --lr")


def _falling(evidence: Evidence) -> Why | None:
    if not evidence.is_falling:
        return None
    more = "--iterations" if evidence.spec.epochs is None else "--epochs"
    return Why("the loss is still falling",
               f": {number(evidence.earlier, DIGITS)} after three quarters, "
               f"{number(float(evidence.run.smoothed[-1]), DIGITS)} now",
               f"try more {more}, or a larger --lr")


def _still(evidence: Evidence) -> Why | None:
    still = {layer: ratio for layer, ratio in enumerate(evidence.ratios, start=1) if ratio < STILL}
    if not still:
        return None
    return Why(f"the weights of {_layers(list(still))} hardly move",
               f": by {number(max(still.values()))} of their size in an update at most, about {USUAL_RATIO:g} is usual",
               "try a larger --lr")


CAUSES: tuple[Callable[[Evidence], Why | None], ...] = (
    _unscaled, _zeros, _alike, _start, _dead, _no_gradient, _dying, _normalised_steps, _falling, _still)
"""Looked for in this order, the scale before the rate; the first that is found is named."""


def _layers(numbers: Sequence[int]) -> str:
    if len(numbers) > MAX_LISTED:
        return f"{len(numbers)} layers from {min(numbers)} to {max(numbers)}"
    return f"layer{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
