"""The mean-field prediction of a stack: each layer's second moment and two inputs' overlap lead to the next's.

Poole et al. 2016, Schoenholz et al. 2017; per-layer σ_w² = fan_in·Var W, so widths may change from layer to layer.

The way back: by how much the gradient grows from each layer to the one below, and how far one network strays.

Schoenholz et al. 2017; the weights of the way back count as independent of those of the way forward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from actprof.catalogue import activations, expectations
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Moments
from actprof.engine.spec import StackSpec
from actprof.theory import finite_width, layers, pairs
from actprof.theory.finite_width import Fluctuations
from actprof.theory.layers import Field, Levels, saturated, scales, spread, why_no_theory, zero_fraction
from actprof.theory.pairs import Follower, Pair
from actprof.theory.predictions import LayerTheory, StackTheory


@dataclass(frozen=True)
class Step:
    """A layer's prediction and what the way back needs: the factors of chi and of the gradient's error."""

    theory: LayerTheory
    field: Field
    one: Moments
    two: Pair
    levels: Levels


def with_gradients(stack: StackSpec, steps: Sequence[Step], rows: int) -> list[LayerTheory]:
    """The layers with chi and the gradient, from the last to the first; without them where a φ above jumps."""
    known = len(steps) == stack.depth
    ratio: float | None = 0.0 if known and not _jumps(stack, stack.depth) else None
    error, overlap = 0.0, _gradient_overlap(steps[-1], stack.widths[-1], 0.0) if steps else 0.0
    layers = [replace(step.theory, log_gradient_ratio=ratio, log_gradient_error=None if ratio is None else 0.0)
              for step in steps[-1:]]
    for step, above in zip(steps[-2::-1], steps[:0:-1], strict=True):
        number = step.theory.layer
        chi = _chi(stack, step, above)
        ratio = None if ratio is None or chi is None else ratio + _log(chi * _columns(stack, number + 1)
                                                                      / _columns(stack, number)) / 2
        error += _gradient_variance(step, stack.widths[number], rows, overlap)
        overlap = _gradient_overlap(step, stack.widths[number], overlap)
        layers.append(replace(step.theory, chi=chi, log_gradient_ratio=ratio,
                              log_gradient_error=None if ratio is None else math.sqrt(error)))
    return layers[::-1]


def _chi(stack: StackSpec, step: Step, above: Step) -> float | None:
    """σ_w² of the layer above times E φ'², over a normalisation's divisor and the share that dropout keeps."""
    number = step.theory.layer
    if _jumps(stack, number):
        return None
    divisor = step.levels.divisor * above.field.divisor
    return float(scales(stack, number + 1).weights * step.one.slope_square / (divisor * (1 - stack.dropout)))


def _jumps(stack: StackSpec, number: int) -> bool:
    return bool(activations.bind(stack.activations[number - 1]).jumps)


def _columns(stack: StackSpec, number: int) -> int:
    return stack.widths[number] * activations.bind(stack.activations[number - 1]).pieces


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def _gradient_variance(step: Step, units: int, rows: int, overlap: float) -> float:
    """Var ln(rms of the gradient) that a layer adds: a quarter of (3E φ'⁴/E[φ'²]² - 1)/n, less what samples average."""
    square = step.one.slope_square**2
    if not 0 < square < math.inf:
        return 0.0
    single = 3 * step.one.slope_fourth / square - 1
    pair = max((1 + 2 * overlap) * step.two.slope_squares / square - 1, 0.0)
    return (pair + max(single - pair, 0.0) / rows) / (4 * units)


def _gradient_overlap(step: Step, units: int, above: float) -> float:
    """E(cosine between two samples' gradients)², given that of the next layer."""
    square = step.one.slope_square**2
    if not 0 < square < math.inf:
        return 0.0
    return min(1.0, step.two.slope_squares / square / units + step.two.slopes**2 / square * above)


def predict(stack: StackSpec, second_moment: float, correlation: float, rows: int,
            unevenness: float | None = None, *, typical: bool = True) -> StackTheory:
    """What theory says of every layer, for inputs of E x² and of that mean cosine between rows.

    Args:
        rows: samples of the batch.
        unevenness: variance over rows of their mean squares, relative to the square of E x²; by default that of normal
            numbers.
        typical: whether to stop where networks of finite width no longer resemble the expected one.
    """
    levels = Levels(0.0, second_moment, second_moment * (1 - correlation), second_moment, second_moment * correlation)
    features = stack.widths[0]
    below = finite_width.of_inputs(second_moment, correlation, 2 / features if unevenness is None else unevenness,
                                   features)
    steps: list[Step] = []
    reason, follower = "", Follower()
    with np.errstate(all="ignore"):
        for number in range(1, stack.depth + 1):
            reason = why_no_theory(stack, number)
            if reason:
                break
            step, above = _advance(stack, number, levels, rows, below, follower)
            reason = finite_width.why_unreliable(step.field, step.one, levels.second_moment, below) if typical else ""
            if reason:
                break
            levels, below = _dropped(step.levels, stack.dropout), above
            steps.append(step)
        found = [_alone(layer) if stack.widths[layer.layer] == 1 else layer
                 for layer in with_gradients(stack, steps, rows)]
        return StackTheory(tuple(map(_without_errors, found) if stack.dropout else found), reason)


def _alone(layer: LayerTheory) -> LayerTheory:
    """The layer of one unit, without a correlation: the cosine of two numbers is a sign."""
    return replace(layer, correlation=math.nan)


def _dropped(levels: Levels, rate: float) -> Levels:
    """What inverted dropout lets through: E a² over 1 - rate, while two rows share what they shared."""
    if not rate:
        return levels
    more = levels.second_moment * rate / (1 - rate)
    return replace(levels, second_moment=levels.second_moment + more, difference=levels.difference + more,
                   variance=levels.variance + more)


def _without_errors(layer: LayerTheory) -> LayerTheory:
    """The layer without a statement on how far a network strays: what dropout adds to that is not known here."""
    return replace(layer, log_gradient_error=None, std_low=math.nan, std_high=math.nan, mean_error=math.nan,
                   std_error=math.nan, second_moment_error=math.nan)


def _field(stack: StackSpec, number: int, levels: Levels, rows: int) -> tuple[Field, float]:
    """What enters φ, and the share of a squared length that the weights preserve."""
    known = scales(stack, number)
    made = known.weights * levels.second_moment
    variance, offsets = known.add_biases(made)
    share = made / variance if variance > 0 else 0.0
    field = Field(variance, min(known.weights * levels.difference, 2 * variance), offsets, known.weights, known.weights,
                  share)
    return layers.before(stack, field, rows), known.preserved


def _advance(stack: StackSpec, number: int, levels: Levels, rows: int,
             below: Fluctuations, follower: Follower) -> tuple[Step, Fluctuations]:
    phi = activations.bind(stack.activations[number - 1])
    field, preserved = _field(stack, number, levels, rows)
    one = expectations.mixed(phi, field.variance, field.offsets)
    two = pairs.mixed(phi, field.variance, field.d, field.offsets, follower)
    made = _levels(field, one, two, rows)
    leaving = layers.after(stack, made, rows)
    above, errors = finite_width.fluctuate(stack, number, field, one, two, leaving, rows, preserved, below)
    mean, extra = spread(field.offsets)
    theory = LayerTheory(
        number, float(leaving.mean), _root(leaving.variance), float(leaving.second_moment), phi.sight * mean,
        phi.sight * _root(field.variance + extra), *_split(leaving, rows), _cosine(leaving), _zeros(stack, phi, field),
        saturated(phi, field.variance, field.offsets), None, None, None, float(errors.typical),
        float(errors.low), float(errors.high), float(errors.mean), float(errors.std), float(errors.second_moment))
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
    return zero_fraction(phi, field.variance, field.offsets)
