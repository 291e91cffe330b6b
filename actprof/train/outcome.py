"""How a training ended, and why: a status, and the reason in words with the number behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Floats
from actprof.train.result import USUAL_RATIO, Run
from actprof.train.spec import TrainSpec

LEARNED = 0.99
"""A loss above this part of what a network gets that does not look at its inputs shows that nothing was learned."""

DIVERGED = 10.0
"""A loss that ends this many times above its start, and above what not looking would give, has gone astray."""

LOST = 0.01
"""Where less than this part of the first hidden layer's spread arrives at the last, inputs look alike to the output."""

STILL = 0.1 * USUAL_RATIO
"""Weights that change by less than this part of their size per update stand still."""

FALLING = 1.02
"""A smoothed loss that was this much higher after three quarters of the updates is still on its way down."""

LONGEST_LISTING = 4


@dataclass(frozen=True)
class Evidence:
    """A run with what is needed to judge it.

    Attributes:
        best_constant_loss: the least loss that is possible without looking at the inputs.
        alike: hidden layers whose units all have the same weights at the end.
    """

    run: Run
    best_constant_loss: float
    alike: Sequence[int]
    spec: TrainSpec

    @property
    def ratios(self) -> Floats:
        """The median of each layer's ‖ΔW‖/‖W‖ over the checkpoints; NaN where there is none."""
        known = np.where(np.isfinite(self.run.update_ratio), self.run.update_ratio, np.nan)
        return np.array([np.nanmedian(column) if np.isfinite(column).any() else np.nan for column in known.T])


def judged(evidence: Evidence) -> tuple[str, str]:
    """The status of a run, and the reason unless it is simply "ok"."""
    run, loss = evidence.run, evidence.run.train_loss
    if run.status == "diverged" or loss > DIVERGED * max(run.smoothed[0], evidence.best_constant_loss):
        return "diverged", _diverged(evidence)
    if run.status == "interrupted":
        return "interrupted", f"after {run.iterations:,} iterations"
    if evidence.best_constant_loss == 0:
        return "ok", "all training rows are of one class, so there is nothing to learn from the inputs"
    if loss <= LEARNED * evidence.best_constant_loss:
        return "ok", ""
    stays = (f"over all training rows the loss is {loss:.4g}, without looking at them it would be "
             f"{evidence.best_constant_loss:.4g}")
    cause = next(filter(None, (cause(evidence) for cause in CAUSES)), "")
    return "not_learning", "; ".join(filter(None, (cause, stays)))


def _diverged(evidence: Evidence) -> str:
    run, spec = evidence.run, evidence.spec
    if spec.rate * spec.weight_decay > 2:
        remedy = f"a --weight-decay below {2 / spec.rate:g}: each update takes more than twice the weights off them"
    elif run.iterations <= 1:
        remedy = "a smaller --init, or inputs on a smaller scale"
    else:
        remedy = f"a --lr below {spec.rate:g}, or a smaller --init"
    last = f"{run.loss[-1]:.3g}" if math.isfinite(run.loss[-1]) else "no number any more"
    return f"the loss was {last} at iteration {run.iterations:,}. Try {remedy}"


def _zeros(evidence: Evidence) -> str:
    still = evidence.ratios
    dead = [number for number, share in enumerate(evidence.run.dead_fraction, start=1) if share == 1]
    if not dead or not np.isnan(still[[number - 1 for number in dead]]).all():
        return ""
    return f"all weights of {_layers(dead)} are 0 and no gradient reaches them: only the output bias learns"


def _dead(evidence: Evidence) -> str:
    dead = [number for number, share in enumerate(evidence.run.dead_fraction, start=1) if share == 1]
    return f"every unit of {_layers(dead)} is 0 for all training rows, so no gradient passes" if dead else ""


def _alike(evidence: Evidence) -> str:
    if not evidence.alike:
        return ""
    return f"all units of {_layers(evidence.alike)} have the same weights, and the same gradients keep them so"


def _lost(evidence: Evidence) -> str:
    layers = evidence.run.layers
    if len(layers) < 2 or not layers[0].within_std[0] > 0:
        return ""
    first, last = layers[0].within_std[0], layers[-1].within_std[0]
    if not last < LOST * first:
        return ""
    return (f"the signal is lost on its way: the std over rows falls from {first:.2g} in hidden layer 1 "
            f"to {last:.2g} in layer {len(layers)}, and the gradients with it")


def _dying(evidence: Evidence) -> str:
    dead = [(share, number) for number, share in enumerate(evidence.run.dead_fraction, start=1) if share >= 0.5]
    if not dead:
        return ""
    share, number = max(dead)
    return f"{100 * share:.0f} % of the units of layer {number} are 0 for all training rows: too few are left to learn"


def _no_gradient(evidence: Evidence) -> str:
    none = [number for number, ratio in enumerate(evidence.ratios, start=1) if ratio == 0]
    return f"no gradient reaches {_layers(none)}" if none else ""


def _still(evidence: Evidence) -> str:
    still = {number: ratio for number, ratio in enumerate(evidence.ratios, start=1) if ratio < STILL}
    if not still:
        return ""
    return (f"the weights of {_layers(list(still))} hardly move: by {max(still.values()):.1g} of their size in an "
            f"update at most, about {USUAL_RATIO:g} is usual")


def _falling(evidence: Evidence) -> str:
    smoothed = evidence.run.smoothed
    earlier = smoothed[3 * len(smoothed) // 4]
    if earlier < FALLING * smoothed[-1]:
        return ""
    more = "--iterations" if evidence.spec.epochs is None else "--epochs"
    return f"the loss is still falling: {earlier:.4g} after three quarters, {smoothed[-1]:.4g} now. Try more {more}"


CAUSES: tuple[Callable[[Evidence], str], ...] = (
    _zeros, _dead, _alike, _lost, _no_gradient, _dying, _falling, _still)
"""Looked for in this order; the first that is found is named."""


def _layers(numbers: Sequence[int]) -> str:
    if len(numbers) > LONGEST_LISTING:
        return f"{len(numbers)} layers from {min(numbers)} to {max(numbers)}"
    return f"layer{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
