"""σ_w and σ_b of each layer of a stack, or why theory is silent, and what a normalisation makes of a layer's field.

Normalisations are a table by name, before and after the activation. The mean over units stands for the expectation;
the batch of B rows has its exact weight, 1 - 1/B.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import initializers, normalizations
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.draws import Draw
from actprof.catalogue.normalizations import BoundNormalization
from actprof.catalogue.quadrature import interval
from actprof.catalogue.special import normal_cdf, normal_density
from actprof.catalogue.weights import Fans
from actprof.engine.blocks import parts_of
from actprof.engine.network import fans_of
from actprof.engine.spec import StackSpec
from actprof.registry import Choice

Offsets = tuple[tuple[float, float], ...]  # (value, probability) of what every unit adds to its pre-activation

# Share of the weights' part up to which biases that are not normal count as normal: excess kurtosis 1e-3.
NEGLIGIBLE = 0.05

MIN_FAN_IN = 30  # weights of a unit that are not 0 from which on their sum counts as normal

BIAS_NODES = 12


@dataclass(frozen=True)
class LayerLaw:
    """How the pre-activations of a layer follow from the second moment of what enters it.

    Attributes:
        weights: σ_w² = fan_in·Var W.
        bias_mean, bias_std: of the biases.
        bias_draw: the shape of their distribution.
        preserved: share of the squared length of what enters that is preserved exactly (orthogonal weights).
    """

    weights: float
    bias_mean: float
    bias_std: float
    bias_draw: Draw
    preserved: float

    def add_biases(self, variance: float) -> tuple[float, Offsets]:
        """(variance, offsets) of h, given the variance that the weights make; offsets for what is not normal."""
        if self.bias_draw.bound is None or self.bias_std**2 <= NEGLIGIBLE * variance:
            return variance + self.bias_std**2, ((self.bias_mean, 1.0),)
        z, weights = interval(-self.bias_draw.bound, self.bias_draw.bound, BIAS_NODES)
        if self.bias_draw.std_factor < 1:
            weights = weights * normal_density(z * self.bias_draw.std_factor)
        weights = weights / weights.sum()
        values = self.bias_mean + self.bias_std * z
        return variance, tuple(zip(values.tolist(), weights.tolist(), strict=True))


def scales(stack: StackSpec, number: int) -> LayerLaw:
    """The scales of layer `number`, about which `why_no_theory` has nothing to say."""
    law, part = _law(stack.inits[number - 1], stack.bias, fans_of(stack, number)), parts_of(stack)[number - 1]
    return law if part is None or part.factor == 1 else replace(law, weights=law.weights * part.factor**2)


@functools.lru_cache(1024)
def _law(init: Choice, biases: Choice, fans: Fans) -> LayerLaw:
    weights, bias = initializers.bind(init), initializers.bind(biases)
    preserved = min(1.0, fans.fan_out / fans.fan_in) if weights.row.isometric else 0.0
    return LayerLaw(fans.fan_in * weights.std(fans) ** 2, bias.mean(fans), bias.std(fans), bias.draw, preserved)


def why_no_theory(stack: StackSpec, number: int) -> str:
    """Why there is no statement about layer `number`; "" if there is one."""
    return _why_no_law(stack.inits[number - 1], fans_of(stack, number))


@functools.lru_cache(1024)
def _why_no_law(init: Choice, fans: Fans) -> str:
    weights = initializers.bind(init)
    mixed = weights.mixed(fans)
    if weights.row.calibrated:
        return f"{init.name} weights depend on the inputs, which mean-field theory does not cover"
    if 0 < mixed < min(fans.fan_in, MIN_FAN_IN):
        return (f"{init.name} weights mix {mixed} input{'s' * (mixed > 1)} in a unit, too few for a normal "
                f"distribution; {MIN_FAN_IN} would do")
    if weights.mean(fans) != 0:
        return f"{init.name} weights have a mean other than 0, which mean-field theory does not cover"
    return ""


def spread(offsets: Offsets) -> tuple[float, float]:
    """(mean, variance) of the offsets."""
    if len(offsets) == 1:
        return offsets[0][0], 0.0
    values, weights = np.array(offsets).T
    mean = float(values @ weights)
    return mean, float((values - mean) ** 2 @ weights)


@dataclass(frozen=True)
class Field:
    """Pre-activations of a layer: N(0, variance) plus offsets; d = E(h₁ - h₂)²/2 of two inputs.

    Attributes:
        slope: d variance/d (second moment of what enters the layer); 0 where a normalisation pins it.
        reach: the same for one input among many, or for the overlap of two.
        weight_share: share of the variance that the weights make.
        divisor: the variance by which a normalisation divided.
        centred, sized: whether a normalisation fixed the units' mean, and their mean square.
        batched: whether it did so over the batch.
    """

    variance: float
    d: float
    offsets: Offsets
    slope: float
    reach: float
    weight_share: float = 1.0
    divisor: float = 1.0
    centred: bool = False
    sized: bool = False
    batched: bool = False

    @property
    def correlation(self) -> float:
        return 1 - self.d / self.variance if self.variance > 0 else 1.0


@dataclass(frozen=True)
class Levels:
    """Activations of a layer: mean, second moment, its difference to E a₁a₂, Var a, Cov(a₁, a₂), and the divisor."""

    mean: float
    second_moment: float
    difference: float
    variance: float
    shared: float
    divisor: float = 1.0


def _unit(square: float, eps: float) -> tuple[float, float]:
    """(what is left of the mean square, divisor)."""
    divisor = square + eps or 1.0
    return square / divisor, divisor


def _batch_before(field: Field, eps: float, rows: int) -> Field:
    variance, divisor = _unit(field.d * (1 - 1 / rows), eps)
    return Field(variance, _apart(variance, rows), ((0.0, 1.0),), 0.0, field.reach / divisor, 1.0, divisor,
                 True, True, True)


def _apart(variance: float, rows: int) -> float:
    """d of rows whose mean is 0: c = -1/(B - 1)."""
    return variance * rows / (rows - 1) if rows > 1 else 0.0


def _units_before(field: Field, eps: float, rows: int, centred: bool) -> Field:
    mean, variance = spread(field.offsets)
    shift = mean if centred else 0.0
    _, divisor = _unit(field.variance + variance + (mean - shift) ** 2, eps)
    offsets = tuple(((value - shift) / divisor**0.5, weight) for value, weight in field.offsets)
    return Field(field.variance / divisor, field.d / divisor, offsets, 0.0, field.reach / divisor,
                 field.weight_share, divisor, centred, True)


def _batch_after(levels: Levels, eps: float, rows: int) -> Levels:
    square, divisor = _unit(levels.difference * (1 - 1 / rows), eps)
    apart = _apart(square, rows)
    return Levels(0.0, square, apart, square, square - apart, divisor)


def _units_after(levels: Levels, eps: float, rows: int, centred: bool) -> Levels:
    square, divisor = _unit(levels.variance if centred else levels.second_moment, eps)
    return Levels(0.0 if centred else levels.mean / divisor**0.5, square, levels.difference / divisor,
                  levels.variance / divisor, levels.shared / divisor, divisor)


_BEFORE: dict[str, Callable[[Field, float, int], Field]] = {
    "batch": _batch_before, "layer": partial(_units_before, centred=True), "rms": partial(_units_before, centred=False),
}
_AFTER: dict[str, Callable[[Levels, float, int], Levels]] = {
    "batch": _batch_after, "layer": partial(_units_after, centred=True), "rms": partial(_units_after, centred=False),
}


def normalised_field(norm: BoundNormalization | None, field: Field, rows: int) -> Field:
    """What a normalisation makes of a field."""
    return field if norm is None else _BEFORE[norm.normalization.name](field, norm.eps, rows)


def normalised_levels(norm: BoundNormalization | None, levels: Levels, rows: int) -> Levels:
    """What a normalisation makes of numbers of any distribution."""
    return levels if norm is None else _AFTER[norm.normalization.name](levels, norm.eps, rows)


def before(stack: StackSpec, field: Field, rows: int) -> Field:
    """The field that enters φ."""
    return normalised_field(normalizations.bind(stack.norm) if stack.norm_position == "before" else None, field, rows)


def after(stack: StackSpec, levels: Levels, rows: int) -> Levels:
    """What leaves the layer."""
    return normalised_levels(normalizations.bind(stack.norm) if stack.norm_position == "after" else None, levels, rows)


def below(h: Array | float, variance: float, offsets: Offsets) -> Array:
    """P(pre-activation <= h)."""
    h = np.atleast_1d(np.asarray(h, float))
    std = math.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [weight * (normal_cdf((h - value) / std) if std else h >= value) for value, weight in offsets]
    return np.asarray(np.sum(parts, axis=0))


def saturated(phi: BoundActivation, variance: float, offsets: Offsets) -> float:
    """Probability of a pre-activation beyond the saturation points."""
    low, high = phi.saturation
    return sum(weight * (_tail(value - low, variance) + _tail(high - value, variance)) for value, weight in offsets)


def _tail(distance: float, variance: float) -> float:
    """P(h > mean + distance), or for h < mean - distance."""
    if not variance > 0:
        return float(distance <= 0) if variance == 0 else math.nan
    return math.erfc(distance / math.sqrt(2 * variance)) / 2


@functools.cache
def levels(phi: BoundActivation) -> tuple[tuple[float, float, float], ...]:
    """(value, from, to) of the intervals of pre-activations on which φ stands still at one of its atoms."""
    if not phi.atoms:
        return ()
    ends = (-math.inf, *phi.bends, math.inf)
    still = []
    for low, high in itertools.pairwise(ends):
        left, right = max(low, min(high, 1e3) - 1.0), min(high, max(low, -1e3) + 1.0)
        at = phi.value(np.array([0.7 * left + 0.3 * right, 0.3 * left + 0.7 * right])) + 0.0
        still += [(atom, low, high) for atom in phi.atoms if at[0] == at[1] == atom]
    return tuple(still)


def atoms(phi: BoundActivation, variance: float, offsets: Offsets) -> tuple[tuple[float, float], ...]:
    """(value, probability) of what φ takes with positive probability."""
    found = dict.fromkeys(phi.atoms, 0.0)
    for atom, low, high in levels(phi):
        found[atom] += sum(weight * (_tail(low - value, variance) - _tail(high - value, variance))
                           for value, weight in offsets)
    return tuple(found.items())


def zero_fraction(phi: BoundActivation, variance: float, offsets: Offsets) -> float:
    """Probability of φ = 0."""
    if variance == 0:
        return float(sum(weight for value, weight in offsets if phi.value(np.full(phi.pieces, value))[0] == 0))
    return dict(atoms(phi, variance, offsets)).get(0.0, 0.0)
