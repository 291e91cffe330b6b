"""The mean-field prediction of a stack: each layer's second moment and two inputs' overlap lead to the next's.

Poole et al. 2016, Schoenholz et al. 2017; per-layer σ_w² = fan_in·Var W, so widths may change from layer to layer.
"""

from __future__ import annotations

import math

import numpy as np

from actprof import activations
from actprof.activations import BoundActivation
from actprof.predictions import LayerTheory, StackTheory
from actprof.spec import StackSpec
from actprof.theory import finite_width, gaussian, normalized, pairs, probabilities
from actprof.theory.gaussian import Moments
from actprof.theory.gradients import Step, with_gradients
from actprof.theory.normalized import Field, Levels
from actprof.theory.pairs import Pair
from actprof.theory.parameters import scales, silence, spread
from actprof.theory.unit_spread import Fluctuations


def predict(stack: StackSpec, second_moment: float, correlation: float, rows: int,
            kurtosis: float = 3.0) -> StackTheory:
    """What theory says of every layer, for inputs of E x² and of that mean cosine between rows.

    Args:
        rows: samples of the batch.
        kurtosis: E x⁴/(E x²)² of the inputs' entries.
    """
    levels = Levels(0.0, second_moment, second_moment * (1 - correlation), second_moment, second_moment * correlation)
    below = finite_width.of_inputs(second_moment, correlation, kurtosis, stack.widths[0])
    steps: list[Step] = []
    reason = ""
    with np.errstate(all="ignore"):
        for number in range(1, stack.depth + 1):
            reason = silence(stack, number)
            if reason:
                break
            step, below = _advance(stack, number, levels, rows, below)
            levels = step.levels
            steps.append(step)
        return StackTheory(tuple(with_gradients(stack, steps, rows)), reason)


def _field(stack: StackSpec, number: int, levels: Levels, rows: int) -> tuple[Field, float]:
    """What enters φ, and the share of a squared length that the weights preserve."""
    known = scales(stack, number)
    made = known.weights * levels.second_moment
    variance, offsets = known.add_biases(made)
    share = made / variance if variance > 0 else 0.0
    field = Field(variance, min(known.weights * levels.difference, 2 * variance), offsets, known.weights, known.weights,
                  share)
    return normalized.before(stack, field, rows), known.preserved


def _advance(stack: StackSpec, number: int, levels: Levels, rows: int,
             below: Fluctuations) -> tuple[Step, Fluctuations]:
    phi = activations.bind(stack.activations[number - 1])
    field, preserved = _field(stack, number, levels, rows)
    one = gaussian.mixed(phi, field.variance, field.offsets)
    two = pairs.mixed(phi, field.variance, field.d, field.offsets)
    made = _levels(field, one, two, rows)
    leaving = normalized.after(stack, made, rows)
    above, errors = finite_width.fluctuate(stack, number, field, one, two, leaving, rows, preserved, below)
    mean, extra = spread(field.offsets)
    theory = LayerTheory(
        number, float(leaving.mean), _root(leaving.variance), float(leaving.second_moment), mean,
        _root(field.variance + extra), *_split(leaving, rows), _cosine(leaving), _zeros(stack, phi, field),
        probabilities.saturated(phi, field.variance, field.offsets), None, None, None, float(errors.low),
        float(errors.high), float(errors.mean), float(errors.std), float(errors.second_moment))
    return Step(theory, field, one, two, leaving), above


def _levels(field: Field, one: Moments, two: Pair, rows: int) -> Levels:
    """What φ gives; a batch whose mean and mean square are fixed leaves unit means without He₁ and He₂."""
    if not field.batched or rows < 2:
        return Levels(one.mean, one.square, two.difference, one.variance, two.shared)
    shared = -(one.mean_tilt**2 + 2 * (field.variance * one.mean_slope) ** 2) / (rows - 1)
    return Levels(one.mean, one.square, one.variance - shared, one.variance, shared)


def _root(square: float) -> float:
    return math.sqrt(max(square, 0.0)) if square == square else math.nan


def _split(levels: Levels, rows: int) -> tuple[float, float]:
    """(within-unit, between-unit) std as a batch of so many rows shows them."""
    return _root(levels.difference * (1 - 1 / rows)), _root(levels.shared + levels.difference / rows)


def _cosine(levels: Levels) -> float:
    return float(1 - levels.difference / levels.second_moment) if levels.second_moment > 0 else math.nan


def _zeros(stack: StackSpec, phi: BoundActivation, field: Field) -> float:
    """Zeros that leave the layer: a normalisation that subtracts a mean leaves none."""
    if stack.norm_position == "after" and stack.norm.name in ("batch", "layer"):
        return 0.0
    return probabilities.zero_fraction(phi, field.variance, field.offsets)
