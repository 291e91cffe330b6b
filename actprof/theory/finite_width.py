"""How statistics of one network of finite width stray from those of an infinite one: leading order in 1/width.

Yaida 2019, Hanin & Nica 2018: the variance over networks of a layer's mean square is what its units add, over their
number, and what it inherits. Pooled over a batch only what two inputs share remains.

What the units of a layer add to the fluctuations of its statistics, and what they pass on from below.

Where the weights or a normalisation fix the pre-activations' mean square, the part of φ and φ² along the second Hermite
polynomial does not vary; where a normalisation fixes their mean, nor does that along the first.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from actprof.catalogue import activations
from actprof.catalogue.expectations import Moments
from actprof.engine.spec import StackSpec
from actprof.theory.layers import Field, Levels
from actprof.theory.pairs import Pair
from actprof.theory.predictions import BAND


class Fluctuations(NamedTuple):
    """How what leaves a layer varies over networks.

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


class Spread(NamedTuple):
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


class Layer(NamedTuple):
    """What a layer's fluctuations follow from.

    Attributes:
        pieces: pre-activations of a unit, of which a maxout has several.
        pinned: share of the pre-activations' mean square that is fixed, over units or over the batch.
    """

    field: Field
    one: Moments
    two: Pair
    units: int
    rows: int
    pieces: int
    pinned: float

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
        root = math.sqrt(2 / self.pieces) * self.field.variance
        return _outer(root * self.one.mean_slope, root * self.one.square_slope)

    @property
    def fourth(self) -> Spread:
        """The part along He₄: 4q²/√24 times that of the second derivatives by q."""
        root = 4 / math.sqrt(24) * self.field.variance**2
        return _outer(root * self.one.mean_curvature, root * self.one.square_curvature)

    @property
    def slopes(self) -> Spread:
        """How a change of the second moment below is passed on."""
        return _outer(self.one.mean_slope * self.field.slope, self.one.square_slope * self.field.slope)


def at_one(layer: Layer, below: Fluctuations) -> Spread:
    """The spread of the means over the units, at one input."""
    one = layer.one
    alone = Spread(one.variance, one.third - one.mean * one.square, one.fourth - one.square**2)
    kept = alone.plus(layer.first, -1).plus(layer.second, -layer.pinned).positive()
    return _passed_on(layer, kept, below.single)


def at_two(layer: Layer, below: Fluctuations) -> Spread:
    """What two inputs share of them; where c is 0 on average, its wandering over pairs."""
    two, c = layer.two, layer.correlation
    both = Spread(two.shared, two.shared_mixed, two.shared_squares)
    kept = both.plus(layer.first, -c).plus(layer.second, -layer.pinned * c * c).positive()
    loose = wandering(layer.field, below)
    kept = kept.plus(layer.second, (1 - layer.pinned) * loose).plus(layer.fourth, 3 * loose * (loose + 2 * c * c))
    return _passed_on(layer, kept, below.pair)


def _passed_on(layer: Layer, kept: Spread, inherited: float) -> Spread:
    """What the units add, of their size as it wanders already, and what the layer inherits."""
    old = Spread(0.0, 0.0, 0.0).plus(layer.slopes, inherited)
    wander = old.square / layer.one.square**2 if layer.one.square else 0.0
    return old.plus(kept, (1 + wander) / layer.units)


def wandering(field: Field, below: Fluctuations) -> float:
    """Var ĉ over pairs of inputs."""
    return min(1.0, (field.reach / field.variance) ** 2 * below.overlap) if field.variance > 0 else 0.0


def shifts(layer: Layer, below: Fluctuations) -> tuple[float, float, float]:
    """E of (mean, mean square) less their values at infinite width, and how far an expansion may miss both.

    The third number is an error of the variance that the shifts come from. Over a batch, networks differ about as much
    as the rows' unlike sizes shift them, and the next order of what is pinned comes to a third of the first.
    """
    field, one = layer.field, layer.one
    unlike = (field.reach**2 if field.batched else field.slope**2) * below.single / 2
    loose = wandering(field, below)
    wider = unlike - layer.pinned * field.variance**2 * (1 / layer.rows + loose if field.batched else 1 / layer.units)
    return (one.mean_slope * field.slope * below.shift + one.mean_curvature * wider,
            one.square_slope * field.slope * below.shift + one.square_curvature * wider,
            math.hypot(unlike, field.variance**2 * loose / 3) if field.batched else 0.0)


def unlikeness(field: Field, below: Fluctuations) -> float:
    """Variance over rows of the mean square of their pre-activations, relative to its square."""
    return (field.reach / field.variance) ** 2 * below.single if field.variance > 0 else 0.0


def lasting(layer: Layer, single: Spread, below: Fluctuations) -> float:
    """Var of an input's mean square as the next layer sees it; over a batch only the sum is pinned, not an input's.

    Large rows draw a batch's mean and spread to themselves and grow all the faster.
    """
    if not layer.field.batched:
        return single.square
    one = layer.one
    passed = (one.square_slope - 2 * one.mean * one.mean_slope) * layer.field.reach
    return max(central_fourth(one) - one.variance**2, 0.0) / layer.units + passed**2 * below.single * (
        1 + unlikeness(layer.field, below) / 2)


def central_fourth(one: Moments) -> float:
    return one.fourth - 4 * one.mean * one.third + 6 * one.mean**2 * one.square - 3 * one.mean**4


ROUNDING = 1e-6  # share of a statistic that single precision may cost


class Errors(NamedTuple):
    """The std of a typical network, where that of 95 % of them lies, and the std over networks of pooled statistics.

    The names are those of LayerTheory.
    """

    std_typical: float = math.nan
    std_low: float = math.nan
    std_high: float = math.nan
    mean_error: float = math.nan
    std_error: float = math.nan
    second_moment_error: float = math.nan


NO_ERRORS = Errors()


def fluctuate(stack: StackSpec, number: int, field: Field, one: Moments, two: Pair, levels: Levels, rows: int,
              preserved: float, below: Fluctuations) -> tuple[Fluctuations, Errors]:
    """The fluctuations of a layer and the errors of its statistics."""
    units = stack.widths[number]
    layer = Layer(field, one, two, units, rows, activations.bind(stack.activations[number - 1]).pieces,
                  1.0 if field.sized else preserved * field.weight_share**2)
    single, pair = at_one(layer, below), at_two(layer, below)
    moved = shifts(layer, below)
    product_variance = one.variance**2 if field.batched else two.shared_squares + one.square**2 - two.product**2
    overlap = product_variance / units + (field.reach * two.slopes) ** 2 * below.overlap
    made = Fluctuations(lasting(layer, single, below), pair.square, moved[1], overlap)
    pooled = pair.plus(single.plus(pair, -1).positive(), 1 / rows).positive()
    if stack.norm_position == "before" or stack.norm.name == "none":
        return made, _errors(one, pooled, *moved)
    return _normalised(stack, made, one, levels, rows, units, pooled)


# Unlikeness of a batch's rows up to which the expansion follows them; some layers on, a few rows outweigh the rest.
MAX_UNLIKE = 0.4

# Part of a layer's mean square by which the networks' own mean may leave it: beyond, the few that a curved map lets
# grow, or live on, no longer let the expected one tell of any.
MAX_SHIFT = 0.5


def why_unreliable(field: Field, one: Moments, below: Fluctuations, made: Fluctuations) -> str:
    """Why no network is like the expected one; "" if many are."""
    if field.batched:
        return "" if unlikeness(field, below) <= MAX_UNLIKE else (
            "rows grow unlike until a few outweigh the rest of the batch, which mean-field theory cannot follow")
    if MAX_SHIFT * one.square < abs(made.shift) < math.inf:  # infinite of what a float no longer holds
        return "networks of this width differ so much in size that the expected one tells of none of them"
    return ""


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
            Errors(std, std - width, std + width, mean_error, std_error, second))


def log_normal(mean: float, std: float) -> tuple[float, float]:
    """The ends of 95 % of a positive variable, if its logarithm is normal (Hanin & Nica 2018)."""
    if not 0 < mean < math.inf > std:
        return mean, mean
    width = 2 * math.log(math.hypot(1, std / mean))
    low, high = (mean * math.exp(-width / 2 + sign * BAND * math.sqrt(width)) for sign in (-1, 1))
    return low, high


def _errors(one: Moments, pooled: Spread, mean_shift: float, shift: float, doubt: float) -> Errors:
    """By the delta method, shifts included; the band is log-normal about the shifted value, its middle typical.

    The mean of a log-normal variable lies above what most networks have: for relu E ln K falls by 5/2n a layer.
    """
    exact = ROUNDING * math.sqrt(one.square)
    mean_doubt, second_doubt = one.mean_curvature * doubt, one.square_curvature * doubt
    variance = _variance_of_variance(one, pooled) + (second_doubt - 2 * one.mean * mean_doubt) ** 2
    std = math.sqrt(one.variance)
    mean_error = math.hypot(math.sqrt(pooled.mean), mean_shift, mean_doubt, exact)
    second = math.hypot(math.sqrt(pooled.square), shift, second_doubt, exact * math.sqrt(one.square))
    if not std > 0:
        return Errors(0.0, 0.0, exact, mean_error, exact, second)
    off = shift - 2 * one.mean * mean_shift - pooled.mean
    if pooled.square > one.square**2:  # the expansion has no meaning: the variance goes with the second moment
        variance, off = pooled.square * (one.variance / one.square) ** 2, 0.0
    error = math.hypot(math.sqrt(variance) / (2 * std), off / (2 * std), exact)
    centre = min(max(one.variance + off, one.variance / 2), 2 * one.variance)
    low, high = map(math.sqrt, log_normal(centre, math.sqrt(variance)))
    slack = 1 + exact / std  # a network of another size rounds in proportion
    return Errors(math.sqrt(low * high), low / slack, high * slack, mean_error, error, second)
