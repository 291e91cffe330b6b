"""How statistics of one network of finite width stray from those of an infinite one: leading order in 1/width.

Yaida 2019, Hanin & Nica 2018: the variance over networks of a layer's mean square is what its units add, over their
number, and what it inherits. Pooled over a batch only what two inputs share remains.

What the units of a layer add to the fluctuations of its statistics, and what they pass on from below.

Where the weights or a normalisation fix the pre-activations' mean square, the part of φ and φ² along the second Hermite
polynomial does not vary; where a normalisation fixes their mean, nor does that along the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from actprof.catalogue.expectations import Moments
from actprof.engine.spec import StackSpec
from actprof.theory.layers import Field, Levels
from actprof.theory.pairs import Pair


@dataclass(frozen=True)
class Fluctuations:
    """Of what leaves a layer, over networks.

    Attributes:
        single: Var of the mean square of one input's activations.
        pair: Cov of those of two inputs.
        shift: E(mean square) - its value at infinite width.
        overlap: Var of two inputs' mean product.
    """

    single: float
    pair: float
    shift: float
    overlap: float


@dataclass(frozen=True)
class Spread:
    """Var a, Cov(a, a²), Var a²; of one unit, or of means of them."""

    mean: float
    mixed: float
    square: float

    def plus(self, other: Spread, times: float) -> Spread:
        return Spread(self.mean + times * other.mean, self.mixed + times * other.mixed,
                      self.square + times * other.square)

    def positive(self) -> Spread:
        return Spread(max(self.mean, 0.0), self.mixed, max(self.square, 0.0))


def _outer(mean: float, square: float) -> Spread:
    return Spread(mean * mean, mean * square, square * square)


@dataclass(frozen=True)
class Layer:
    """What a layer's fluctuations follow from.

    Attributes:
        pinned: share of the pre-activations' mean square that is fixed, over units or over the batch.
        averaged: over how many of them; of a batch, over how many independent directions.
    """

    field: Field
    one: Moments
    two: Pair
    units: int
    rows: int
    pinned: float
    averaged: float

    @property
    def correlation(self) -> float:
        return 1 - self.field.d / self.field.variance if self.field.variance > 0 else 1.0

    @property
    def first(self) -> Spread:
        """The part of φ and φ² along He₁, if the units' mean is fixed."""
        return _outer(self.one.mean_tilt, self.one.square_tilt) if self.field.centred else Spread(0.0, 0.0, 0.0)

    @property
    def second(self) -> Spread:
        """The part along He₂: 2q² times that of the derivatives by q."""
        root = math.sqrt(2) * self.field.variance
        return _outer(root * self.one.mean_slope, root * self.one.square_slope)

    @property
    def slopes(self) -> Spread:
        """How a change of the second moment below is passed on."""
        return _outer(self.one.mean_slope * self.field.slope, self.one.square_slope * self.field.slope)


def at_one(layer: Layer, below: Fluctuations) -> Spread:
    """Of the means over the units, at one input."""
    one = layer.one
    alone = Spread(one.variance, one.third - one.mean * one.square, one.fourth - one.square**2)
    kept = alone.plus(layer.first, -1).plus(layer.second, -layer.pinned).positive()
    return Spread(0.0, 0.0, 0.0).plus(kept, 1 / layer.units).plus(layer.slopes, below.single)


def at_two(layer: Layer, below: Fluctuations) -> Spread:
    """What two inputs share of them; where c is 0 on average, its wandering over pairs."""
    two, c = layer.two, layer.correlation
    both = Spread(two.shared, two.shared_mixed, two.shared_squares)
    kept = both.plus(layer.first, -c).plus(layer.second, -layer.pinned * c * c).positive()
    kept = kept.plus(layer.second, (1 - layer.pinned) * wandering(layer.field, below))
    return Spread(0.0, 0.0, 0.0).plus(kept, 1 / layer.units).plus(layer.slopes, below.pair)


def wandering(field: Field, below: Fluctuations) -> float:
    """Var ĉ over pairs of inputs."""
    return min(1.0, (field.reach / field.variance) ** 2 * below.overlap) if field.variance > 0 else 0.0


def shifts(layer: Layer, below: Fluctuations) -> tuple[float, float]:
    """E of (mean, mean square) less their values at infinite width: variances that differ, or that are pinned."""
    field, one = layer.field, layer.one
    wider = (field.reach**2 if field.batched else field.slope**2) * below.single / 2
    wider -= layer.pinned * field.variance**2 / layer.averaged
    return (one.mean_slope * field.slope * below.shift + one.mean_curvature * wider,
            one.square_slope * field.slope * below.shift + one.square_curvature * wider)


def lasting(layer: Layer, single: Spread, below: Fluctuations) -> float:
    """Var of an input's mean square as the next layer sees it; over a batch only the sum is pinned, not an input's."""
    if not layer.field.batched:
        return single.square
    one = layer.one
    passed = (one.square_slope - 2 * one.mean * one.mean_slope) * layer.field.reach
    return max(central_fourth(one) - one.variance**2, 0.0) / layer.units + passed**2 * below.single


def central_fourth(one: Moments) -> float:
    return one.fourth - 4 * one.mean * one.third + 6 * one.mean**2 * one.square - 3 * one.mean**4


ROUNDING = 1e-6
"""Share of a statistic that single precision may cost."""

BAND = 1.959963984540054
"""Standard deviations to each side that hold 95 %."""


@dataclass(frozen=True)
class Errors:
    """Where the std of 95 % of the networks lies, and the std over networks of pooled statistics."""

    low: float
    high: float
    mean: float
    std: float
    second_moment: float


def of_inputs(second_moment: float, correlation: float, kurtosis: float, features: int) -> Fluctuations:
    """For rows of independent numbers."""
    square = second_moment * second_moment / features
    return Fluctuations(max(kurtosis - 1, 0.0) * square, 0.0, 0.0, (1 - correlation**2) * square)


def fluctuate(stack: StackSpec, number: int, field: Field, one: Moments, two: Pair, levels: Levels, rows: int,
              preserved: float, below: Fluctuations) -> tuple[Fluctuations, Errors]:
    """The fluctuations of a layer and the errors of its statistics."""
    units = stack.widths[number]
    layer = Layer(field, one, two, units, rows, 1.0 if field.sized else preserved * field.weight_share**2,
                   1 / (1 / rows + wandering(field, below)) if field.batched else units)
    single, pair = at_one(layer, below), at_two(layer, below)
    moved = shifts(layer, below)
    product_variance = one.variance**2 if field.batched else two.shared_squares + one.square**2 - two.product**2
    overlap = product_variance / units + (field.reach * two.slopes) ** 2 * below.overlap
    made = Fluctuations(lasting(layer, single, below), pair.square, moved[1], overlap)
    pooled = pair.plus(single.plus(pair, -1).positive(), 1 / rows)
    if stack.norm_position == "before" or stack.norm.name == "none":
        return made, _errors(one, pooled, *moved)
    return _normalised(stack, made, one, levels, rows, units, pooled)


def _variance_of_variance(one: Moments, pooled: Spread) -> float:
    """Var s² = Var K + 4m² Var m - 4m Cov(m, K) + 2 (Var m)²: the last is all there is for a coin."""
    return max(pooled.square + 4 * one.mean * (one.mean * pooled.mean - pooled.mixed), 0.0) + 2 * pooled.mean**2


def _normalised(stack: StackSpec, made: Fluctuations, one: Moments, levels: Levels, rows: int, units: int,
                pooled: Spread) -> tuple[Fluctuations, Errors]:
    """What is left of them after a normalisation of the activations: what eps lets through, and rounding."""
    exact, std, single = ROUNDING * math.sqrt(levels.second_moment), math.sqrt(levels.variance), 0.0
    size = pooled.square if stack.norm.name == "rms" else _variance_of_variance(one, pooled)
    second = math.hypot(exact, (1 - levels.second_moment) / levels.divisor * math.sqrt(size))
    mean_error, std_error = exact, math.hypot(exact, second)
    if stack.norm.name == "rms" and one.square > 0:
        mean_error = math.hypot(exact, math.sqrt(max(
            pooled.mean / one.square + one.mean**2 * pooled.square / (4 * one.square**3)
            - one.mean * pooled.mixed / one.square**2, 0.0)))
        # With a mean of 0 its square remains: std² = 1 - mean².
        std_error = math.hypot(std_error, levels.mean * mean_error / std, mean_error**2 / std) if std else std_error
    if stack.norm.name == "batch" and one.variance > 0:
        single = max(central_fourth(one) / one.variance**2 - 1, 0.0) * levels.second_moment**2 / units
    pair = -single / (rows - 1) if rows > 1 else single
    width = BAND * std_error
    return (Fluctuations(single, pair, 0.0, made.overlap / levels.divisor**2),
            Errors(std - width, std + width, mean_error, std_error, second))


def log_normal(mean: float, std: float) -> tuple[float, float]:
    """Between what 95 % of a positive variable lie, if its logarithm is normal (Hanin & Nica 2018)."""
    if not 0 < mean < math.inf > std:
        return mean, mean
    width = 2 * math.log(math.hypot(1, std / mean))
    low, high = (mean * math.exp(-width / 2 + sign * BAND * math.sqrt(width)) for sign in (-1, 1))
    return low, high


def _errors(one: Moments, pooled: Spread, mean_shift: float, shift: float) -> Errors:
    """By the delta method, shifts included; the band is log-normal about the shifted value."""
    exact = ROUNDING * math.sqrt(one.square)
    variance, std = _variance_of_variance(one, pooled), math.sqrt(one.variance)
    mean_error = math.hypot(math.sqrt(pooled.mean), mean_shift, exact)
    second = math.hypot(math.sqrt(pooled.square), shift, exact * math.sqrt(one.square))
    if not std > 0:
        return Errors(0.0, exact, mean_error, exact, second)
    off = shift - 2 * one.mean * mean_shift - pooled.mean
    error = math.hypot(math.sqrt(variance) / (2 * std), off / (2 * std), exact)
    centre = min(max(one.variance + off, one.variance / 2), 2 * one.variance)  # beyond, the expansion has no meaning
    low, high = map(math.sqrt, log_normal(centre, math.sqrt(variance)))
    return Errors(low - exact, high + exact, mean_error, error, second)
