"""How a training ended, and why: a status, and the reason in words with the number behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from actprof.learning_curves import Run
from actprof.spec import TrainSpec

LEARNED = 0.95
"""A loss above this part of what a network gets that does not look at its inputs shows that nothing was learned."""

LOST = 0.01
"""Where less than this part of the first hidden layer's spread arrives at the last, inputs look alike to the output."""

FALLEN = 0.9
"""A loss below this part of its first value is on its way down."""

STILL = 1e-4
"""Weights that change by less than this part of their size per update stand still; about 1e-3 is usual."""


@dataclass(frozen=True)
class Evidence:
    """A run with what is needed to judge it.

    Attributes:
        blind: the least loss that is possible without looking at the inputs.
        alike: hidden layers whose units all have the same weights at the end.
    """

    run: Run
    blind: float
    alike: Sequence[int]
    spec: TrainSpec


def standing(evidence: Evidence) -> tuple[str, str]:
    """The status of a run that was not interrupted, and the reason unless it is "ok"."""
    run = evidence.run
    if run.status == "diverged" or run.smoothed[-1] > 10 * max(run.smoothed[0], evidence.blind):
        return "diverged", _diverged(evidence)
    if run.status == "interrupted":
        return "interrupted", f"after {run.iterations:,} iterations"
    if run.smoothed[-1] <= LEARNED * evidence.blind:
        return "ok", ""
    stays = f"the loss is {run.smoothed[-1]:.4g}, without looking at the inputs it would be {evidence.blind:.4g}"
    cause = next(filter(None, (cause(evidence) for cause in CAUSES)), "")
    return "not_learning", "; ".join(filter(None, (cause, stays)))


def _diverged(evidence: Evidence) -> str:
    run = evidence.run
    start = "from the start" if run.iterations <= 1 else f"at iteration {run.iterations:,}"
    remedy = "a smaller --init" if run.iterations <= 1 else f"a --lr below {evidence.spec.rate:g}, or a smaller --init"
    return f"the loss was {run.loss[-1]:.3g} {start}. Try {remedy}"


def _alike(evidence: Evidence) -> str:
    if not evidence.alike:
        return ""
    return f"all units of {_layers(evidence.alike)} have the same weights, and the same gradients keep them so"


def _dead(evidence: Evidence) -> str:
    dead = [number for number, share in enumerate(evidence.run.dead_fraction, start=1) if share == 1]
    return f"every unit of {_layers(dead)} is 0 for all training rows, so no gradient passes" if dead else ""


def _falling(evidence: Evidence) -> str:
    smoothed = evidence.run.smoothed
    if smoothed[-1] > FALLEN * smoothed[0]:
        return ""
    return f"the loss has fallen from {smoothed[0]:.4g} and may fall further. Try more --iterations"


def _lost(evidence: Evidence) -> str:
    layers = evidence.run.layers
    if len(layers) < 2 or not layers[0].within_std[0] > 0:
        return ""
    first, last = layers[0].within_std[0], layers[-1].within_std[0]
    if last >= LOST * first:
        return ""
    return (f"the signal is lost on its way: the std over rows falls from {first:.2g} in hidden layer 1 "
            f"to {last:.2g} in layer {len(layers)}, and the gradients with it")


def _still(evidence: Evidence) -> str:
    ratios = evidence.run.update_ratio[0]
    still = [number for number, ratio in enumerate(ratios, start=1) if ratio < STILL]
    if not still:
        return ""
    return (f"the weights of {_layers(still)} hardly move: by {np.nanmin(ratios):.1g} of their size in an update, "
            "about 1e-3 is usual")


CAUSES: tuple[Callable[[Evidence], str], ...] = (_alike, _dead, _falling, _lost, _still)
"""Looked for in this order; the first that is found is named."""


def _layers(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"layer {listed}" if len(numbers) == 1 else f"layers {listed}"
