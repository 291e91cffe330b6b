"""The results of a run: one Profile a network, one Arm a configuration, one Comparison a command."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np

from actprof.engine.distributions import STATISTICS, Atoms, Distribution, Histogram, merged_atoms
from actprof.engine.gradients import GRADIENT_STATISTICS, LayerGradient, ten_to
from actprof.engine.path import GradientPath
from actprof.engine.spec import GRADIENT, QUANTITIES, SHOWN, STREAMS

Statistics = dict[str, float]


@dataclass(frozen=True)
class LayerProfile:
    """One layer of one network.

    Attributes:
        saturates: the activation flattens somewhere, so % saturated means something.
        least_z: the smallest pre-activation, known whether or not these are counted.
        stream, branch: of a layer that ends a residual block, the stream behind it and what the branch adds to that.
    """

    layer: int
    fan_in: int
    fan_out: int
    parameters: int
    weight_std: float
    activation: Distribution
    preactivation: Distribution
    activation_name: str = ""
    saturates: bool = False
    gradient: LayerGradient | None = None
    least_z: float = math.inf
    stream: Distribution | None = None
    branch: Distribution | None = None

    def merge(self, other: LayerProfile) -> LayerProfile:
        return replace(self, activation=self.activation.merge(other.activation),
                       preactivation=self.preactivation.merge(other.preactivation),
                       gradient=self.gradient and other.gradient and self.gradient.merge(other.gradient),
                       least_z=min(self.least_z, other.least_z),
                       stream=self.stream and other.stream and self.stream.merge(other.stream),
                       branch=self.branch and other.branch and self.branch.merge(other.branch))


@dataclass(frozen=True)
class Profile:
    """One network seen over some samples."""

    layers: tuple[LayerProfile, ...]

    def merge(self, other: Profile) -> Profile:
        """The profile of both sets of samples through the same network."""
        return Profile(tuple(mine.merge(theirs) for mine, theirs in zip(self.layers, other.layers, strict=True)))


@dataclass(frozen=True)
class Summary:
    """One quantity of one layer, over all networks of an arm.

    Attributes:
        statistics: values by name: those of STATISTICS, for gradients those of GRADIENT_STATISTICS too;
            where there are several networks, the median of a statistic and the sum of a total.
        spread: statistic → (first quartile, third quartile) over the networks; empty for a single one.
        histogram: counts of all networks together.
        atoms: ((value, count), …) of all networks together.
        exponent: the histogram's edges are in units of 2**exponent; not 0 only where float64 could not hold them.
    """

    statistics: Statistics
    spread: Mapping[str, tuple[float, float]]
    histogram: Histogram
    atoms: Atoms
    exponent: int = 0

    @property
    def non_finite(self) -> int:
        return int(self.statistics["nan"] + self.statistics["posinf"] + self.statistics["neginf"])

    @property
    def non_finite_text(self) -> str:
        """`2,300 +inf, 12 NaN`: what is not finite, or nothing."""
        parts = (("+inf", "posinf"), ("-inf", "neginf"), ("NaN", "nan"))
        return ", ".join(f"{int(self.statistics[key]):,} {name}" for name, key in parts if self.statistics[key])

    @property
    def computed(self) -> bool:
        """False for a layer that nothing finite reached."""
        return self.statistics["count"] + self.non_finite > 0

    def is_rounding(self, dtype: str) -> bool:
        """Whether the units have collapsed so far that what is left of their spread is the rounding of the dtype."""
        largest = max(abs(self.statistics["min"]), abs(self.statistics["max"]))
        return 0 < self.statistics["within_unit_std"] < float(np.finfo(dtype).eps) * largest


@dataclass(frozen=True)
class LayerSummary:
    """One row of an arm's table."""

    layer: int
    fan_in: int
    fan_out: int
    parameters: int
    weight_std: float
    activation_name: str
    saturates: bool
    activation: Summary
    preactivation: Summary
    gradient: Summary | None = None
    least_z: float = math.inf
    stream: Summary | None = None
    branch: Summary | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The quantities that have a summary."""
        return tuple(name for name in (*SHOWN, *STREAMS) if getattr(self, name) is not None)

    def quantity(self, name: str) -> Summary:
        """The summary of one of `quantities`."""
        summary: Summary = getattr(self, name)
        return summary


@dataclass(frozen=True)
class Arm:
    """One configuration: its settings as plain values and the profiles of its networks.

    Attributes:
        jacobian: of a few samples, the singular values of the derivative of outputs by inputs, as named plain numbers.
        path: the gradient along the line on which the inputs lie, if they do and gradients were asked for.
    """

    label: str
    config: Mapping[str, Any] = field(repr=False)
    networks: tuple[Profile, ...] = field(repr=False)
    jacobian: tuple[Mapping[str, float], ...] = ()
    path: GradientPath | None = field(default=None, repr=False)

    @cached_property
    def layers(self) -> tuple[LayerSummary, ...]:
        lasts = tuple(network.layers[-1] for network in self.networks)
        return tuple(_summarised(rows, lasts)
                     for rows in zip(*(network.layers for network in self.networks), strict=True))

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)


def _summarised(rows: Sequence[LayerProfile], lasts: Sequence[LayerProfile]) -> LayerSummary:
    """One layer of all networks, beside the last layer of each."""
    first = rows[0]
    activation, preactivation = (
        _summary([getattr(row, quantity) for row in rows], quantity) for quantity in QUANTITIES)
    return LayerSummary(first.layer, first.fan_in, first.fan_out, first.parameters,
                        middle(row.weight_std for row in rows)[0], first.activation_name, first.saturates,
                        activation, preactivation,
                        _gradient_summary([row.gradient for row in rows], [last.gradient for last in lasts]),
                        min(row.least_z for row in rows), *(_stream_summary(rows, name) for name in STREAMS))


def _stream_summary(rows: Sequence[LayerProfile], name: str) -> Summary | None:
    known = [each for row in rows if (each := getattr(row, name)) is not None]
    return _summary(known, name) if known else None


def _summary(distributions: Sequence[Distribution], quantity: str) -> Summary:
    known = [each for each in STATISTICS if (
        each.of_streams if quantity in STREAMS else quantity == "activation" or not each.activation_only)]
    if len(distributions) == 1:
        only, = distributions
        return Summary({each.name: each.of(only) for each in known}, {}, only.histogram, only.atoms)
    histogram = reduce(Histogram.merge, (each.histogram for each in distributions))
    atoms = reduce(merged_atoms, (each.atoms for each in distributions))
    statistics: Statistics = {}
    spread: dict[str, tuple[float, float]] = {}
    for statistic in known:
        values = [statistic.of(each) for each in distributions]
        if statistic.total:
            statistics[statistic.name] = sum(values)
        else:
            statistics[statistic.name], spread[statistic.name] = middle(values)
    return Summary(statistics, spread, histogram, atoms)


def _gradient_summary(gradients: Sequence[LayerGradient | None],
                      lasts: Sequence[LayerGradient | None]) -> Summary | None:
    known = [(gradient, last) for gradient, last in zip(gradients, lasts, strict=True) if gradient and last]
    if not known:
        return None
    first = known[0][0]
    summary = _summary([gradient.distribution for gradient, _ in known], GRADIENT)
    statistics, spread = dict(summary.statistics), dict(summary.spread)
    if not first.representable:
        statistics |= {each.name: math.nan for each in STATISTICS if not each.total and each.name in statistics}
        spread = dict.fromkeys(spread, (math.nan, math.nan))
    for statistic in GRADIENT_STATISTICS:
        if len(known) == 1:
            statistics[statistic.name] = statistic.of(*known[0])
            continue
        statistics[statistic.name], spread[statistic.name] = middle(statistic.of(*pair) for pair in known)
        plain = statistic.name.removeprefix("log10_")
        if plain in spread and plain != statistic.name:  # else two of an even number of networks would differ
            statistics[plain] = ten_to(statistics[statistic.name])
            spread[plain] = (ten_to(spread[statistic.name][0]), ten_to(spread[statistic.name][1]))
    return replace(summary, statistics=statistics, spread=spread, exponent=0 if first.representable else first.exponent)


def middle(values: Iterable[float]) -> tuple[float, tuple[float, float]]:
    """The median and the quartiles of what is a number; of infinite ones the nearest value, not one between."""
    known, shares = [value for value in values if not math.isnan(value)] or [math.nan], (0.25, 0.5, 0.75)
    if len(known) == 1:  # NumPy would load masked arrays, to see whether it has one
        return known[0], (known[0], known[0])
    infinite = any(map(math.isinf, known))
    low, median, high = np.quantile(known, shares, method="nearest") if infinite else np.quantile(known, shares)
    return float(median), (float(low), float(high))
