"""Mergeable statistics of one quantity of one layer, and the table of statistics derived from them.

Everything here is data: counts, means, edges; never raw activations. Merging the statistics of two batches gives
the statistics of both batches together. Float64 throughout.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from actprof.arrays import Counts, Flags, Floats


def norm(values: Floats) -> float:
    """√Σ v², scaled so that no square overflows or underflows."""
    size = float(np.abs(values).max(initial=0.0))
    if not 0 < size < math.inf:
        return size
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

    def without(self, atoms: tuple[tuple[float, int], ...]) -> Counts:
        """The counts less the values at exactly the given (value, count) atoms."""
        counts: Counts = self.counts.copy()
        for value, count in atoms:
            if self.edges[0] <= value <= self.edges[-1]:
                place = int(np.searchsorted(self.edges, value, side="right")) - 1
                counts[min(place, len(counts) - 1)] -= count
        return counts

    def merge(self, other: Histogram) -> Histogram:
        """The histogram of both; ValueError if the edges differ."""
        if not np.array_equal(self.edges, other.edges):
            raise ValueError("histograms with different edges cannot be merged")
        return Histogram(self.edges, self.counts + other.counts, self.below + other.below, self.above + other.above)


@dataclass(frozen=True)
class Distribution:
    """All that is counted of one quantity (activation or pre-activation) of one layer of m units.

    Attributes:
        unit_counts: (m,) finite values of each unit.
        unit_means: (m,) mean of each unit's finite values (0 where there are none).
        deviation: root of the sum over units and samples of (value - the unit's mean)²; a root, because the squares of
            float64 values overflow and underflow long before the values do.
        direction: (m,) sum over samples of a/|a|; samples that are 0 or not finite have no direction.
        directions: number of samples with a direction.
        zeros: values that are exactly 0.
        saturated: values whose pre-activation lies where the activation has flattened.
        atoms: ((value, count), …) at the values that the activation takes with positive probability.
        always_zero: (m,) units that were exactly 0 for every sample.
        ever_zero: (m,) units that were exactly 0 for some sample.
        rectifier: whether the activation has an atom at 0, so that "always on" means something.
    """

    histogram: Histogram
    samples: int
    unit_counts: Counts
    unit_means: Floats
    deviation: float
    minimum: float
    maximum: float
    direction: Floats
    directions: int
    zeros: int
    saturated: int
    atoms: tuple[tuple[float, int], ...]
    always_zero: Flags
    ever_zero: Flags
    nan: int = 0
    posinf: int = 0
    neginf: int = 0
    rectifier: bool = False

    @classmethod
    def empty(cls, units: int, edges: Floats, atoms: tuple[float, ...] = (), rectifier: bool = False) -> Distribution:
        """The neutral element of `merge`."""
        return cls(Histogram.empty(edges), 0, np.zeros(units, np.int64), np.zeros(units), 0.0, math.inf, -math.inf,
                   np.zeros(units), 0, 0, 0, tuple((atom, 0) for atom in atoms),
                   np.ones(units, np.bool_), np.zeros(units, np.bool_), rectifier=rectifier)

    @cached_property
    def count(self) -> int:
        """Finite values looked at."""
        return int(self.unit_counts.sum())

    @property
    def non_finite(self) -> int:
        return self.nan + self.posinf + self.neginf

    def merge(self, other: Distribution) -> Distribution:
        """The statistics of both sets of samples (means and deviations by Chan, Golub & LeVeque 1979)."""
        counts = self.unit_counts + other.unit_counts
        weight = other.unit_counts / np.maximum(counts, 1)
        delta = other.unit_means - self.unit_means
        return Distribution(
            self.histogram.merge(other.histogram),
            self.samples + other.samples,
            counts,
            self.unit_means + delta * weight,
            math.hypot(self.deviation, other.deviation, norm(delta * np.sqrt(self.unit_counts * weight))),
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.direction + other.direction,
            self.directions + other.directions,
            self.zeros + other.zeros,
            self.saturated + other.saturated,
            tuple((value, mine + theirs) for (value, mine), (_, theirs) in zip(self.atoms, other.atoms, strict=True)),
            self.always_zero & other.always_zero,
            self.ever_zero | other.ever_zero,
            self.nan + other.nan,
            self.posinf + other.posinf,
            self.neginf + other.neginf,
            self.rectifier,
        )

    @cached_property
    def mean(self) -> float:
        if not self.count:
            return math.nan
        first = float(self.unit_means[0])  # equal units have exactly their mean, which a rounded sum would miss
        return first + float((self.unit_means - first) @ (self.unit_counts / self.count))

    @cached_property
    def within_unit_std(self) -> float:
        return self.deviation / math.sqrt(self.count) if self.count else math.nan

    @cached_property
    def between_unit_std(self) -> float:
        if not self.count:
            return math.nan
        return norm((self.unit_means - self.mean) * np.sqrt(self.unit_counts / self.count))

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
        return int(((self.unit_counts > 0) & ~self.ever_zero).sum()) if self.rectifier else 0

    @property
    def correlation(self) -> float:
        """Mean cosine between the vectors of different samples: (|Σu|² - N) / (N(N - 1)), u = a/|a|."""
        n = self.directions
        if n < 2:
            return math.nan
        return min(1.0, max(-1.0, (float(self.direction @ self.direction) - n) / (n * (n - 1))))


@dataclass(frozen=True)
class Statistic:
    """A derived number: its JSON key, what it is, how it follows.

    activation_only: it makes no sense for pre-activations; total: several networks add up instead of giving a median.
    """

    name: str
    meaning: str
    value: Callable[[Distribution], float | int]
    activation_only: bool = False
    total: bool = False


def _fraction(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


STATISTICS: tuple[Statistic, ...] = (
    Statistic("count", "finite values", lambda d: d.count, total=True),
    Statistic("nan", "values that are not a number", lambda d: d.nan, total=True),
    Statistic("posinf", "values that are +inf", lambda d: d.posinf, total=True),
    Statistic("neginf", "values that are -inf", lambda d: d.neginf, total=True),
    Statistic("mean", "mean of all finite values", lambda d: d.mean),
    Statistic("std", "population standard deviation of all finite values", lambda d: d.std),
    Statistic("second_moment", "mean of the squares", lambda d: d.second_moment),
    Statistic("min", "smallest finite value", lambda d: d.minimum if d.count else math.nan),
    Statistic("max", "largest finite value", lambda d: d.maximum if d.count else math.nan),
    Statistic("zero_fraction", "share of values that are exactly 0", lambda d: _fraction(d.zeros, d.count), True),
    Statistic("saturated_fraction", "share of values where the activation has flattened",
           lambda d: _fraction(d.saturated, d.count), True),
    Statistic("dead_units", "units that are 0 for every sample", lambda d: d.dead_units, True),
    Statistic("dead_fraction", "share of dead units", lambda d: _fraction(d.dead_units, len(d.always_zero)), True),
    Statistic("always_on_units", "units of a rectifier that are never 0",
           lambda d: d.always_on_units, True),
    Statistic("within_unit_std", "root mean square over units of the std over samples",
           lambda d: d.within_unit_std),
    Statistic("between_unit_std", "std over units of the mean over samples",
           lambda d: d.between_unit_std),
    Statistic("correlation", "mean cosine between the vectors of different samples", lambda d: d.correlation, True),
)
