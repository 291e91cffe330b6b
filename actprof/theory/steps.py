"""A layer's φ: what it makes of the normal numbers that enter it, and what is said of that."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from actprof.catalogue import activations, expectations
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Moments
from actprof.engine.spec import StackSpec
from actprof.theory import layers, pairs
from actprof.theory.finite_width import Errors
from actprof.theory.layers import Field, LayerLaw, Levels, saturated, spread, zero_fraction
from actprof.theory.pairs import Pair
from actprof.theory.paths import Follower
from actprof.theory.predictions import LayerTheory


@dataclass(frozen=True)
class Step:
    """A layer's prediction, and what the way back needs."""

    theory: LayerTheory
    field: Field
    one: Moments
    two: Pair
    levels: Levels


def weighed(law: LayerLaw, levels: Levels) -> Field:
    """What a layer's weights and biases make of what enters them."""
    made = law.weights * levels.second_moment
    variance, offsets = law.add_biases(made)
    share = made / variance if variance > 0 else 0.0
    return Field(variance, min(law.weights * levels.difference, 2 * variance), offsets, law.weights, law.weights,
                 share)


def through_phi(stack: StackSpec, number: int, field: Field, rows: int, follower: Follower) -> Step:
    """The layer on a field that enters its φ, without a statement on how far a network strays."""
    phi = activations.bind(stack.activations[number - 1])
    variance = follower.still(field.variance)
    if variance != field.variance:
        field = replace(field, variance=variance, d=min(field.d, 2 * variance))
    one = expectations.mixed(phi, field.variance, field.offsets, follower.moments)
    two = pairs.mixed(phi, field.variance, field.d, field.offsets, follower.pair)
    leaving = layers.after(stack, levels_of(field, one, two, rows), rows)
    mean, extra = spread(field.offsets)
    theory = LayerTheory(
        number, float(leaving.mean), root(leaving.variance), float(leaving.second_moment),
        preactivation_mean=phi.sight * mean, preactivation_std=phi.sight * root(field.variance + extra),
        within_unit_std=root(leaving.difference * (1 - 1 / rows)),
        between_unit_std=root(leaving.shared + leaving.difference / rows), correlation=cosine(leaving),
        zero_fraction=_zeros(stack, phi, field), saturated_fraction=saturated(phi, field.variance, field.offsets))
    return Step(theory, field, one, two, leaving)


def levels_of(field: Field, one: Moments, two: Pair, rows: int) -> Levels:
    """What φ gives; a batch whose mean and mean square are fixed leaves unit means without He₁ and He₂."""
    if not field.batched or rows < 2:
        return Levels(one.mean, one.square, two.difference, one.variance, two.shared)
    shared = -(one.mean_tilt**2 + 2 * (field.variance * one.mean_slope) ** 2) / (rows - 1)
    return Levels(one.mean, one.square, one.variance - shared, one.variance, shared)


def root(square: float) -> float:
    return math.sqrt(max(square, 0.0)) if square == square else math.nan


def cosine(levels: Levels) -> float:
    return float(1 - levels.difference / levels.second_moment) if levels.second_moment > 0 else math.nan


def _zeros(stack: StackSpec, phi: BoundActivation, field: Field) -> float:
    """Zeros that leave the layer: a normalisation that subtracts a mean leaves none."""
    if stack.norm_position == "after" and stack.norm.name in ("batch", "layer"):
        return 0.0
    return zero_fraction(phi, field.variance, field.offsets)


def dropped(levels: Levels, rate: float) -> Levels:
    """What inverted dropout lets through: E a² over 1 - rate, while two rows share what they shared."""
    if not rate:
        return levels
    more = levels.second_moment * rate / (1 - rate)
    return replace(levels, second_moment=levels.second_moment + more, difference=levels.difference + more,
                   variance=levels.variance + more)


def without_errors(layer: LayerTheory) -> LayerTheory:
    """The layer without a statement on how far a network strays: what dropout or tied weights add is not known."""
    return replace(layer, log_gradient_error=None, **Errors(layer.std_typical)._asdict())


def jumps(stack: StackSpec, number: int) -> bool:
    return bool(activations.bind(stack.activations[number - 1]).jumps)


def columns(stack: StackSpec, number: int) -> int:
    return stack.widths[number] * activations.bind(stack.activations[number - 1]).pieces


def log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan
