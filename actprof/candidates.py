"""Settings that may do better than those of a stack, as options, in order of preference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from actprof import initializers
from actprof.errors import SpecError
from actprof.fans import fans_of
from actprof.initializers import INITIALIZERS, preset_bias
from actprof.normalizations import NORMALIZATIONS
from actprof.registry import Choice
from actprof.spec import NO_NORM, ZEROS, StackSpec
from actprof.theory import edges, gains

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
        yield Candidate(f"{_spread(stack)}--norm batch", "normalised, the scale of the weights does not matter",
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
    edge = edges.critical(choice)
    if edge is not None and edge.stability != "unstable":
        yield Candidate(f"{_init(edge.sigma_w)}{clean}", "the edge of chaos", (edge.sigma_w,) * depth, edge.sigma_b)
    for q in VARIANCES:
        edge = edges.edge_of_chaos(choice, q)
        if edge is not None and edge.sigma_b > 1e-3 and edge.stability != "unstable":
            yield Candidate(f"{_init(edge.sigma_w)} --bias normal:std={edge.sigma_b:.4g}{_norm_of(clean)}",
                            f"the edge of chaos at variance {q:g}", (edge.sigma_w,) * depth, edge.sigma_b)


def _norm_of(clean: str) -> str:
    return " --norm none" if "--norm" in clean else ""


def _gain(choice: Choice) -> float:
    try:
        return gains.forward_gain(choice)
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
