"""What would do better, by theory: the settings in question, each followed through the layers; the first that holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actprof.activations import bind
from actprof.candidates import Candidate, candidates, same
from actprof.evidence import Evidence, number, times
from actprof.predictions import LayerTheory
from actprof.registry import Choice
from actprof.theory.mean_field import predict
from actprof.verdicts import CHANGE, COLLAPSED, FLAT, NOTABLE, SATURATED

FEWEST_ROWS = 8
"""Of a batch whose statistics may stand in for the scale of the weights."""

@dataclass(frozen=True)
class Outlook:
    """A candidate and log₁₀ of what it makes of root mean squares: of the last activations, of the first gradients."""

    candidate: Candidate
    forward: float
    backward: float

    @property
    def change(self) -> float:
        return max(abs(self.forward), abs(self.backward))


def remedy(seen: Evidence) -> str:
    """The first candidate that keeps sizes within CHANGE, else the best if it is any better, else fewer layers."""
    if not seen.advise:
        return ""
    with np.errstate(all="ignore"):
        outlooks = [_outlook(seen, candidate) for candidate in candidates(seen.stack)
                    if not candidate.batch_norm or seen.rows >= FEWEST_ROWS]
    tried = [outlook for outlook in outlooks if math.isfinite(outlook.change)]
    holding = [outlook for outlook in tried if outlook.change <= math.log10(CHANGE.value)]
    if not holding:
        return _makeshift(seen, tried)
    if same(seen.stack, holding[0].candidate):
        return _wider_layers(seen)
    return _advice(seen, holding[0])


def _advice(seen: Evidence, outlook: Outlook) -> str:
    return (f"try {outlook.candidate.options} ({outlook.candidate.reason}): theory expects activations "
            f"{times(outlook.forward)}, gradients {times(outlook.backward)} over {_layers(seen.depth)}")


def _makeshift(seen: Evidence, tried: Sequence[Outlook]) -> str:
    """What helps where nothing holds."""
    if seen.input_rms > NOTABLE.value:
        return f"standardise the inputs: their rms is {number(seen.input_rms)}"
    best = min(tried, key=lambda outlook: outlook.change, default=None)
    if best is None or not best.change < seen.change:
        return _fewer_layers(seen)
    return _advice(seen, best)


def _layers(count: int) -> str:
    return f"{count:,} layer{'s' if count > 1 else ''}"


def _wider_layers(seen: Evidence) -> str:
    """Theory has nothing against the settings: a ReLU network's Var ln a² is 5 depth/width (Hanin & Nica 2018)."""
    narrowest = min(seen.stack.widths[1:])
    few = f"{narrowest:,} unit{'s are' if narrowest > 1 else ' is'} few for {_layers(seen.depth)}"
    return (f"theory expects these settings to hold: {few}, "
            f"try --width {max(5 * seen.depth, 2 * narrowest)}")


def _fewer_layers(seen: Evidence) -> str:
    """How many layers this scale would bear, at the rate that was seen."""
    if not 0 < seen.change < math.inf or seen.depth < 2:
        return "no scale of the weights helps: try another activation, such as --act relu --init he"
    most = 1 + int(math.log10(CHANGE.value) * (seen.depth - 1) / seen.change)
    return f"keep the scale and take fewer layers, about --layers {min(most, seen.depth)}"


def _outlook(seen: Evidence, candidate: Candidate) -> Outlook:
    """The outlook; of NaN where theory is silent, or a layer saturates, collapses or has no slope to speak of."""
    nothing = Outlook(candidate, math.nan, math.nan)
    inputs = seen.inputs
    layers = predict(candidate.on(seen.stack), inputs.second_moment, inputs.correlation, seen.rows,
                     inputs.kurtosis).layers
    ratios = [layer.log_gradient_ratio for layer in layers]
    if len(layers) < seen.depth or None in ratios or any(map(_spoiled, layers, seen.stack.activations)):
        return nothing
    if seen.inputs_differ and layers[-1].within_unit_std < COLLAPSED.value * layers[-1].std:
        return nothing
    forward = math.log10(layers[-1].second_moment / max(seen.input_rms**2, 1.0)) / 2
    return Outlook(candidate, forward, max((ratio / math.log(10) for ratio in ratios if ratio is not None), key=abs))


def _spoiled(layer: LayerTheory, choice: Choice) -> bool:
    """Whether a layer is lost: no size, or most of it where the activation is flat."""
    limit = SATURATED if all(map(math.isfinite, bind(choice).saturation)) else FLAT
    return not 0 < layer.second_moment < math.inf or layer.saturated_fraction > limit.value
