"""What would do better, by theory: the settings in question, each followed through the layers; the first that holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from actprof.catalogue import initializers
from actprof.catalogue.activations import bind
from actprof.catalogue.expectations import forward_gain
from actprof.catalogue.initializers import INITIALIZERS, preset_bias
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.diagnosis.evidence import Evidence, number, times
from actprof.diagnosis.verdicts import CHANGE, COLLAPSED, FLAT, NOTABLE, SATURATED
from actprof.engine.network import fans_of
from actprof.engine.spec import NO_NORM, ZEROS, StackSpec
from actprof.errors import SpecError
from actprof.registry import Choice
from actprof.theory import fixed_points
from actprof.theory.predictions import LayerTheory
from actprof.theory.stack import predict

NAMED = ((math.sqrt(2), "he"), (1.0, "lecun_normal"))
"""Gains that have a name of their own."""

VARIANCES = (1.0, 2.0, 4.0, 8.0)
"""Variances at which the edge of chaos with biases is tried."""


@dataclass(frozen=True)
class Candidate:
    """Settings to try: as options, why, σ_w of each layer, σ_b, or a batch normalisation."""

    options: str
    reason: str
    sigma_w: tuple[float, ...]
    sigma_b: float = 0.0
    batch_norm: bool = False

    def on(self, stack: StackSpec) -> StackSpec:
        """The stack with these settings."""
        alike = len(set(self.sigma_w)) == 1
        init = f"lecun_normal:gain={self.sigma_w[0]!r}" if alike else "critical"
        bias = INITIALIZERS.parse(f"normal:std={self.sigma_b!r}") if self.sigma_b else ZEROS
        norm = NORMALIZATIONS.parse("batch") if self.batch_norm else NO_NORM
        return replace(stack, init=INITIALIZERS.parse(init), bias=bias, norm=norm, norm_position="before")


def candidates(stack: StackSpec) -> Iterator[Candidate]:
    """In order of preference."""
    choices = set(stack.activations)
    clean = ("" if stack.bias in (ZEROS, preset_bias(stack.init)) else " --bias zeros") + (
        "" if stack.norm.name == "none" else " --norm none")
    if len(choices) == 1:
        yield from _single(stack.activations[0], stack.depth, clean)
    else:
        yield Candidate(f"--init critical{clean}", "the gain of each layer's activation",
                        tuple(_gain(choice) for choice in stack.activations))
    if stack.norm.name == "none":
        yield Candidate(f"{_spread(stack)}--norm batch", "normalised, the signal forgets the scale of the weights",
                        (1.0,) * stack.depth, 0.0, True)


def _spread(stack: StackSpec) -> str:
    """Another init where the weights have no spread of their own or are not centred."""
    weights, fans = initializers.bind(stack.init), fans_of(stack, 1)
    return "" if weights.std(fans) > 0 and weights.mean(fans) == 0 else "--init lecun_normal "


def _single(choice: Choice, depth: int, clean: str) -> Iterator[Candidate]:
    """The gain that keeps E a², the edge of chaos, and the edge with biases."""
    keeping = _gain(choice)
    if 0 < keeping < math.inf:
        yield Candidate(f"{_init(keeping)}{clean}", "the gain that keeps E a², as --init critical", (keeping,) * depth)
    edge = fixed_points.critical(choice)
    if edge is not None and edge.stability != "unstable":
        yield Candidate(f"{_init(edge.sigma_w)}{clean}", "the edge of chaos", (edge.sigma_w,) * depth, edge.sigma_b)
    for q in VARIANCES:
        edge = fixed_points.edge_of_chaos(choice, q)
        if edge is not None and edge.sigma_b > 1e-3 and edge.stability != "unstable":
            yield Candidate(f"{_init(edge.sigma_w)} --bias normal:std={edge.sigma_b:.4g}{_norm_of(clean)}",
                            f"the edge of chaos at variance {q:g}", (edge.sigma_w,) * depth, edge.sigma_b)


def _norm_of(clean: str) -> str:
    return " --norm none" if "--norm" in clean else ""


def _gain(choice: Choice) -> float:
    try:
        return forward_gain(choice)
    except SpecError:
        return math.nan


def _init(gain: float) -> str:
    """--init with the name of the gain, if it has one."""
    named = next((name for value, name in NAMED if math.isclose(gain, value, rel_tol=1e-4)), None)
    return f"--init {named or f'lecun_normal:gain={gain:.4g}'}"


def same(stack: StackSpec, candidate: Candidate) -> bool:
    """Whether these are the settings that the stack has."""
    if candidate.batch_norm or stack.norm.name != "none" or initializers.bind(stack.init).row.matrix is not None:
        return False
    layers = [fans_of(stack, number) for number in range(1, stack.depth + 1)]
    weights, biases = initializers.bind(stack.init), initializers.bind(stack.bias)
    return all(weights.mean(fans) == biases.mean(fans) == 0
               and math.isclose(weights.std(fans) * math.sqrt(fans.fan_in), sigma_w, rel_tol=0.01)
               and math.isclose(biases.std(fans), candidate.sigma_b, abs_tol=0.01)
               for fans, sigma_w in zip(layers, candidate.sigma_w, strict=True))


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
