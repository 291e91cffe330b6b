"""What decides on which side of the edge of chaos a stack is, and of which stacks that cannot be said."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from actprof.catalogue.activations import bind
from actprof.engine.spec import StackSpec
from actprof.registry import Choice
from actprof.theory.layers import LayerLaw, scales, why_no_theory


@dataclass(frozen=True)
class Conditions:
    """All that a stack's fate depends on: φ, σ_w and σ_b above the first layer, and the first layer's variance q¹."""

    activation: Choice
    sigma_w: float
    sigma_b: float
    first: float


def conditions(stack: StackSpec, second_moment: float) -> Conditions | None:
    """Those of a stack for inputs of E x²; None where `silence_about` has a reason, or E x² is not finite."""
    if silence_about(stack) or not 0 <= second_moment < math.inf:
        return None
    first, above = scales(stack, 1), scales(stack, min(2, stack.depth))
    return Conditions(stack.activations[0], math.sqrt(above.weights), above.bias_std,
                      first.weights * second_moment + first.bias_std**2)


def between(one: Conditions, other: Conditions, share: float) -> Conditions:
    """Those at a part of the way, or beyond it, from a stack to one that differs from it in the width alone."""
    # σ_w² = fan_in·Var W is proportional to the width, or does not depend on it.
    weights, biases, first = (max(0.0, near + share * (far - near)) for near, far in (
        (one.sigma_w**2, other.sigma_w**2), (one.sigma_b**2, other.sigma_b**2), (one.first, other.first)))
    return Conditions(one.activation, math.sqrt(weights), math.sqrt(biases), first)


def silence_about(stack: StackSpec) -> str:
    """Why no phase can be told of a stack; "" if one can."""
    if stack.norm.name != "none":
        return "normalisation sets the size of what enters the activation, so there is no edge"
    if stack.activations.count(stack.activations[0]) < stack.depth:
        return "activations that differ between layers have no common depth scale"
    if bind(stack.activations[0]).jumps:
        return f"{stack.activations[0].name} jumps, so χ₁ is infinite"
    layers = _distinct(stack)
    for number in layers:
        reason = why_no_theory(stack, number) or _about_biases(scales(stack, number), stack)
        if reason:
            return reason
    above = [scales(stack, number) for number in layers[1:]]
    if any(not _alike(one, above[0]) for one in above):
        return "weights whose scale differs from layer to layer have no common depth scale"
    return ""


def _distinct(stack: StackSpec) -> list[int]:
    """The first layer, and one layer for each shape of a matrix above it."""
    shapes = {shape: number for number, shape in enumerate(itertools.pairwise(stack.widths[1:]), 2)}
    return [1, *shapes.values()]


def _about_biases(known: LayerLaw, stack: StackSpec) -> str:
    return f"{stack.bias.name} biases have a mean other than 0" if known.bias_mean else ""


def _alike(one: LayerLaw, other: LayerLaw) -> bool:
    return math.isclose(one.weights, other.weights, rel_tol=1e-9) and math.isclose(
        one.bias_std, other.bias_std, rel_tol=1e-9)
