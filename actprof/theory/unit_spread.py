"""What the units of a layer add to the fluctuations of its figures, and what they pass on from below.

Where the weights or a normalisation fix the pre-activations' mean square, the part of φ and φ² along the second Hermite
polynomial does not vary; where a normalisation fixes their mean, nor does that along the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from actprof.theory.gaussian import Moments
from actprof.theory.normalized import Field
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
