"""Mergeable statistics of one quantity of one layer: what is counted, and the table of what follows from it.

Everything here is data: counts, means, edges; never raw activations. What is counted declares how it begins, how it
merges and how it scales; `empty`, `merge` and `rescaled` go by these declarations. Merging the distributions of two
batches gives that of both together. Float64 throughout.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from actprof.arrays import Array, Counts, Flags, Floats
from actprof.digits import count, number, percent

Atoms = tuple[tuple[float, int], ...]  # ((value, how often it was taken), …)


def norm(values: Floats) -> float:
    """√Σ v², scaled so that no square overflows or underflows."""
    size = float(np.abs(values).max(initial=0.0))
    if not 0 < size < math.inf:
        return size
    if 1e-100 < size < 1e100:
        return math.sqrt(float(values @ values))
    return size * float(np.linalg.norm(values / size))


@dataclass(frozen=True)
class Histogram:
    """Counts between edges; the last bin is closed on the right, what lies outside is counted beside.

    Attributes:
        edges: (bins + 1,), rising.
        counts: (bins,).
    """

    edges: Floats
    counts: Counts
    below: int = 0
    above: int = 0

    @classmethod
    def empty(cls, edges: Floats) -> Histogram:
        return cls(edges, np.zeros(len(edges) - 1, np.int64))

    @property
    def total(self) -> int:
        """Finite values counted, inside and outside the edges."""
        return int(self.counts.sum()) + self.below + self.above

    @property
    def outside_fraction(self) -> float:
        return (self.below + self.above) / self.total if self.total else 0.0

    def without(self, atoms: Atoms) -> Counts:
        """The counts less the values at exactly the given atoms."""
        counts: Counts = self.counts.copy()
        for value, times in atoms:
            if self.edges[0] <= value <= self.edges[-1]:
                place = int(np.searchsorted(self.edges, value, side="right")) - 1
                counts[min(place, len(counts) - 1)] -= times
        return counts

    def merge(self, other: Histogram) -> Histogram:
        """The histogram of both; ValueError if the edges differ."""
        if not np.array_equal(self.edges, other.edges):
            raise ValueError("histograms with different edges cannot be merged")
        return Histogram(self.edges, self.counts + other.counts, self.below + other.below, self.above + other.above)

    def rescaled(self, exponent: int) -> Histogram:
        """The histogram of 2**exponent times the values."""
        return replace(self, edges=np.ldexp(self.edges, exponent))


class UnitMoments(NamedTuple):
    """Means of the m units of a layer and the spread around them.

    Attributes:
        counts: (m,) finite values of each unit.
        means: (m,) mean of each unit's finite values (0 where there are none).
        deviation: root of the sum over units and samples of (value - the unit's mean)²; a root, because the squares of
            float64 values overflow and underflow long before the values do.
    """

    counts: Counts
    means: Floats
    deviation: float

    @classmethod
    def empty(cls, units: int) -> UnitMoments:
        return cls(np.zeros(units, np.int64), np.zeros(units), 0.0)

    def merge(self, other: UnitMoments) -> UnitMoments:
        """The moments of both sets of samples (Chan, Golub & LeVeque 1979)."""
        counts = self.counts + other.counts
        share = other.counts / np.maximum(counts, 1)
        delta = other.means - self.means
        between = norm(delta * np.sqrt(self.counts * share))
        return UnitMoments(counts, self.means + delta * share, math.hypot(self.deviation, other.deviation, between))

    def rescaled(self, exponent: int) -> UnitMoments:
        """The moments of 2**exponent times the values."""
        return UnitMoments(self.counts, np.ldexp(self.means, exponent), float(np.ldexp(self.deviation, exponent)))


def merged_atoms(mine: Atoms, theirs: Atoms) -> Atoms:
    """The atoms of both sets of samples, which have the same values."""
    return tuple((value, first + second) for (value, first), (_, second) in zip(mine, theirs, strict=True))


def _scaled_atoms(atoms: Atoms, exponent: int) -> Atoms:
    return tuple((float(np.ldexp(value, exponent)), times) for value, times in atoms)


@dataclass(frozen=True)
class Accumulator:
    """A rule for something that is counted: how it begins, merges and scales.

    Attributes:
        merge: what two sets of samples have, to what both have together.
        empty: the number of units, to what there is before the first sample.
        power: it is multiplied by the factor to this power when all values are multiplied by a factor.
        scale: it and an exponent, to 2**exponent times it.
        count: finite values in an array of any shape, to what they add; None for what the passes of a Counter count.
    """

    merge: Callable[[Any, Any], Any] = operator.add
    empty: Callable[[int], Any] = lambda units: 0
    power: int = 0
    scale: Callable[[Any, int], Any] = np.ldexp
    count: Callable[[Array], Any] | None = None

    def rescaled(self, counted: Any, exponent: int) -> Any:
        """The count as if all values were 2**exponent times as large."""
        return self.scale(counted, self.power * exponent) if self.power else counted


def _by(merge: Callable[[Any, Any], Any] = operator.add, empty: Callable[[int], Any] = lambda units: 0,
        power: int = 0, scale: Callable[[Any, int], Any] = np.ldexp) -> dict[str, Accumulator]:
    """The metadata of a field of Distribution, which say how it begins, merges and scales."""
    return {"rule": Accumulator(merge, empty, power, scale)}


@dataclass(frozen=True)
class Distribution:
    """All that is counted of one quantity (activation or pre-activation) of one layer of m units.

    Attributes:
        direction: (m,) sum over samples of a/|a|; samples that are 0 or not finite have no direction.
        directions: number of samples with a direction.
        zeros: values that are exactly 0.
        saturated: values whose pre-activation lies where the activation has flattened.
        atoms: counts at the values that the activation takes with positive probability.
        always_zero: (m,) units that were exactly 0 for every sample.
        ever_zero: (m,) units that were exactly 0 for some sample.
        rectifier: whether the activation has an atom at 0, so that "always on" means something.
        own: the name of each statistic with an accumulator of its own, and what that has counted.
    """

    histogram: Histogram = field(metadata=_by(Histogram.merge, power=1, scale=Histogram.rescaled))
    moments: UnitMoments = field(metadata=_by(UnitMoments.merge, UnitMoments.empty, 1, UnitMoments.rescaled))
    minimum: float = field(metadata=_by(min, lambda units: math.inf, power=1))
    maximum: float = field(metadata=_by(max, lambda units: -math.inf, power=1))
    direction: Floats = field(metadata=_by(operator.add, np.zeros))
    directions: int = field(metadata=_by())
    zeros: int = field(metadata=_by())
    saturated: int = field(metadata=_by())
    atoms: Atoms = field(metadata=_by(merged_atoms, power=1, scale=_scaled_atoms))
    always_zero: Flags = field(metadata=_by(operator.and_, lambda units: np.ones(units, np.bool_)))
    ever_zero: Flags = field(metadata=_by(operator.or_, lambda units: np.zeros(units, np.bool_)))
    nan: int = field(metadata=_by())
    posinf: int = field(metadata=_by())
    neginf: int = field(metadata=_by())
    rectifier: bool = field(metadata=_by(operator.or_))
    own: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def empty(cls, units: int, edges: Floats, atoms: tuple[float, ...] = (), rectifier: bool = False,
              activity: bool = True) -> Distribution:
        """The neutral element of `merge`; without `activity` it lacks what makes sense of activations only."""
        known = {"histogram": Histogram.empty(edges), "atoms": tuple((atom, 0) for atom in atoms),
                 "rectifier": rectifier,
                 "own": {name: rule.empty(units) for name, rule in own_rules(activity).items()}}
        return cls(**{name: rule.empty(units) for name, rule in _RULES.items()} | known)

    def merge(self, other: Distribution) -> Distribution:
        """The distribution of both sets of samples."""
        own = own_rules()
        return Distribution(
            **{name: rule.merge(getattr(self, name), getattr(other, name)) for name, rule in _RULES.items()},
            own={name: own[name].merge(value, other.own[name]) for name, value in self.own.items()})

    def rescaled(self, exponent: int) -> Distribution:
        """The distribution of 2**exponent times the values."""
        own = own_rules()
        return Distribution(
            **{name: rule.rescaled(getattr(self, name), exponent) for name, rule in _RULES.items()},
            own={name: own[name].rescaled(value, exponent) for name, value in self.own.items()})

    @cached_property
    def count(self) -> int:
        """Finite values looked at."""
        return int(self.moments.counts.sum())

    @property
    def non_finite(self) -> int:
        return self.nan + self.posinf + self.neginf

    @cached_property
    def mean(self) -> float:
        if not self.count:
            return math.nan
        first = float(self.moments.means[0])  # equal units have exactly their mean, which a rounded sum would miss
        return first + float((self.moments.means - first) @ (self.moments.counts / self.count))

    @cached_property
    def within_unit_std(self) -> float:
        return self.moments.deviation / math.sqrt(self.count) if self.count else math.nan

    @cached_property
    def between_unit_std(self) -> float:
        if not self.count:
            return math.nan
        return norm((self.moments.means - self.mean) * np.sqrt(self.moments.counts / self.count))

    @cached_property
    def std(self) -> float:
        """Population std of all finite values: std² = within² + between²."""
        return math.hypot(self.within_unit_std, self.between_unit_std)

    @property
    def second_moment(self) -> float:
        return self.std * self.std + self.mean * self.mean

    @property
    def dead_units(self) -> float:
        """Units that were 0 for every sample; NaN where nothing finite was seen."""
        return int(self.always_zero.sum()) if self.count else math.nan

    @property
    def always_on_units(self) -> float:
        """Units of a rectifier that were finite and never 0; NaN where nothing finite was seen."""
        if not self.count:
            return math.nan
        return int(((self.moments.counts > 0) & ~self.ever_zero).sum()) if self.rectifier else 0

    @property
    def correlation(self) -> float:
        """Mean cosine between the vectors of different samples: (|Σu|² - N) / (N(N - 1)), u = a/|a|.

        NaN of one sample, and of one unit, whose cosines are signs alone.
        """
        n = self.directions
        if n < 2 or len(self.direction) < 2:
            return math.nan
        return min(1.0, max(-1.0, (float(self.direction @ self.direction) - n) / (n * (n - 1))))


_RULES: dict[str, Accumulator] = {each.name: each.metadata["rule"] for each in fields(Distribution)
                                 if each.name != "own"}


class Statistic(NamedTuple):
    """A number that describes a distribution: how it is counted, how it follows, how it is shown.

    Attributes:
        name: its key in JSON and CSV.
        meaning: what it is, in words.
        value: how it follows from a Distribution; by itself the attribute, or what the accumulator has counted.
        activation_only: it makes no sense for pre-activations and gradients.
        of_streams: it is known of the stream and the branch of a residual block too.
        total: several networks add up instead of giving a median.
        header: of its column in the table; without one it has none.
        format: a value as text.
        quartiles: a column of quartiles follows where there are several networks.
        summed: the last row of the table has the sum over the layers.
        needs: the property of a layer without which its cell is empty.
        beside: its column stands in the tables of pre-activations and gradients too.
        accumulator: how it is counted, if the accumulators of a Distribution do not say it already.
    """

    name: str
    meaning: str
    value: Callable[..., float] | None = None
    activation_only: bool = False
    total: bool = False
    header: str = ""
    format: Callable[[float], str] = number
    quartiles: bool = False
    summed: bool = False
    needs: str = ""
    beside: bool = False
    accumulator: Accumulator | None = None
    of_streams: bool = False

    def of(self, *counted: Any) -> float:
        """The value of a Distribution, for a gradient that of a LayerGradient and the last layer's."""
        if self.value is not None:
            return self.value(*counted)
        value: float = counted[0].own[self.name] if self.accumulator else getattr(counted[0], self.name)
        return value


def _share(part: str) -> Callable[[Distribution], float]:
    return lambda d: getattr(d, part) / d.count if d.count else math.nan


# In the order of JSON, CSV and columns. An entry is all that a new statistic needs.
STATISTICS: list[Statistic] = [
    Statistic("count", "finite values", total=True, of_streams=True),
    Statistic("nan", "values that are not a number", total=True, of_streams=True),
    Statistic("posinf", "values that are +inf", total=True, of_streams=True),
    Statistic("neginf", "values that are -inf", total=True, of_streams=True),
    Statistic("mean", "mean of all finite values", header="mean", of_streams=True),
    Statistic("std", "population standard deviation of all finite values", header="std", quartiles=True,
              of_streams=True),
    Statistic("within_unit_std", "root mean square over units of the std over samples", header="in-unit\nstd"),
    Statistic("between_unit_std", "std over units of the mean over samples"),
    Statistic("second_moment", "mean of the squares", of_streams=True),
    Statistic("min", "smallest finite value", lambda d: d.minimum if d.count else math.nan),
    Statistic("max", "largest finite value", lambda d: d.maximum if d.count else math.nan),
    Statistic("zero_fraction", "share of values that are exactly 0", _share("zeros"), activation_only=True,
              header="%\nzero", format=percent),
    Statistic("saturated_fraction", "share of values where the activation has flattened", _share("saturated"),
              activation_only=True, header="%\nsat", format=percent, needs="saturates", beside=True),
    Statistic("dead_units", "units that are 0 for every sample", activation_only=True,
              header="dead\nunits", format=count, summed=True),
    Statistic("dead_fraction", "share of dead units", lambda d: d.dead_units / len(d.always_zero),
              activation_only=True),
    Statistic("always_on_units", "units of a rectifier that are never 0", activation_only=True),
    Statistic("correlation", "mean cosine between the vectors of different samples", activation_only=True,
              of_streams=True),
]


def own_rules(activity: bool = True) -> dict[str, Accumulator]:
    """The statistics with an accumulator of their own, and that; without `activity` not those of activations only."""
    return {each.name: each.accumulator for each in STATISTICS
            if each.accumulator and (activity or not each.activation_only)}
