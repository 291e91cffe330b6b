"""What would do better, by theory: the settings in question, each followed through the layers; the first that holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from actprof.activations import BoundActivation, bind
from actprof.candidates import Candidate, candidates, same
from actprof.evidence import Evidence, number, times
from actprof.theory import probabilities
from actprof.theory.gaussian import moments
from actprof.verdicts import CHANGE, FLAT, NOTABLE, SATURATED

Layer = tuple[float, float, float]
"""Of a layer: E a², χ, the share of saturated values."""


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
    with np.errstate(all="ignore"):
        outlooks = [_outlook(seen, candidate) for candidate in candidates(seen.stack)]
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
    return (f"theory expects these settings to hold: {narrowest:,} units are few for {_layers(seen.depth)}, "
            f"try --width {max(5 * seen.depth, 2 * narrowest)}")


def _fewer_layers(seen: Evidence) -> str:
    """How many layers this scale would bear, at the rate that was seen."""
    if not 0 < seen.change < math.inf or seen.depth < 2:
        return "no scale of the weights helps: try another activation, such as --act relu --init he"
    most = 1 + int(math.log10(CHANGE.value) * (seen.depth - 1) / seen.change)
    return f"at the scale of now at most {_layers(min(most, seen.depth))}"


def _outlook(seen: Evidence, candidate: Candidate) -> Outlook:
    """The outlook; of NaN where a layer saturates, overflows, or has no slope to speak of."""
    square, logs = seen.input_rms**2, []
    for choice, sigma_w in zip(seen.stack.activations, candidate.sigma_w, strict=True):
        phi = bind(choice)
        square, chi, flat = _layer(phi, candidate, sigma_w, square)
        limit = SATURATED if all(map(math.isfinite, phi.saturation)) else FLAT
        if not (0 < square < math.inf and 0 < chi < math.inf) or flat > limit.value:
            return Outlook(candidate, math.nan, math.nan)
        logs.append(math.log10(chi) / 2)
    forward = math.log10(square / max(seen.input_rms**2, 1.0)) / 2
    return Outlook(candidate, forward, max(accumulate(reversed(logs[:-1])), key=abs, default=0.0))


def _layer(phi: BoundActivation, candidate: Candidate, sigma_w: float, square: float) -> Layer:
    q = 1.0 if candidate.batch_norm else sigma_w**2 * square + candidate.sigma_b**2
    one = moments(phi, q)
    if candidate.batch_norm:
        chi = one.slope_square / one.variance if one.variance > 0 else math.nan
    else:
        chi = sigma_w**2 * one.slope_square
    chi = math.nan if phi.jumps else chi
    return one.square, chi, probabilities.saturated(phi, q, ((0.0, 1.0),))
