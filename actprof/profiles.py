"""What a run leaves behind: one Profile a network, one Arm a configuration, one Comparison a command."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np

from actprof.distributions import FIGURES, Distribution, Histogram
from actprof.spec import QUANTITIES

Figures = dict[str, float]


@dataclass(frozen=True)
class LayerProfile:
    """One layer of one network. `saturates`: the activation flattens somewhere, so % saturated means something."""

    layer: int
    fan_in: int
    fan_out: int
    parameters: int
    weight_std: float
    activation: Distribution
    preactivation: Distribution
    activation_name: str = ""
    saturates: bool = False

    def merge(self, other: LayerProfile) -> LayerProfile:
        return replace(self, activation=self.activation.merge(other.activation),
                       preactivation=self.preactivation.merge(other.preactivation))


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
        figures: the table of distributions.FIGURES by name; where there are several networks, the median of a
            figure and the sum of a total.
        spread: figure → (first quartile, third quartile) over the networks; empty for a single one.
        histogram: counts of all networks together.
        atoms: ((value, count), …) of all networks together.
    """

    figures: Figures
    spread: Mapping[str, tuple[float, float]]
    histogram: Histogram
    atoms: tuple[tuple[float, int], ...]

    @property
    def non_finite(self) -> int:
        return int(self.figures["nan"] + self.figures["posinf"] + self.figures["neginf"])

    @property
    def non_finite_text(self) -> str:
        """`2,300 +inf, 12 NaN`: what is not finite, or nothing."""
        parts = (("+inf", "posinf"), ("-inf", "neginf"), ("NaN", "nan"))
        return ", ".join(f"{int(self.figures[key]):,} {name}" for name, key in parts if self.figures[key])

    @property
    def computed(self) -> bool:
        """False for a layer that nothing finite reached."""
        return self.figures["count"] + self.non_finite > 0


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

    def quantity(self, name: str) -> Summary:
        """The summary of "activation" or "preactivation"."""
        summary: Summary = getattr(self, name)
        return summary


@dataclass(frozen=True)
class Arm:
    """One configuration: its settings as plain values and the profiles of its networks."""

    label: str
    config: Mapping[str, Any]
    networks: tuple[Profile, ...]

    @cached_property
    def layers(self) -> tuple[LayerSummary, ...]:
        return tuple(_summarised(rows) for rows in zip(*(network.layers for network in self.networks), strict=True))

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True)
class Warning:
    """Something in the result that the user should know; `layer` None for the whole arm."""

    code: str
    arm: str
    layer: int | None
    message: str


@dataclass(frozen=True)
class Comparison:
    """All arms of a command, on the same inputs and the same underlying draws."""

    seed: int
    arms: tuple[Arm, ...]
    warnings: tuple[Warning, ...] = ()

    def rows(self) -> Iterator[tuple[Arm, LayerSummary, str, Summary]]:
        """Every arm × layer × quantity: the tidy view."""
        for arm in self.arms:
            for layer in arm.layers:
                for quantity in QUANTITIES:
                    yield arm, layer, quantity, layer.quantity(quantity)


def _summarised(rows: tuple[LayerProfile, ...]) -> LayerSummary:
    first = rows[0]
    return LayerSummary(first.layer, first.fan_in, first.fan_out, first.parameters,
                        float(np.median([row.weight_std for row in rows])), first.activation_name, first.saturates,
                        *(_summary([getattr(row, quantity) for row in rows], quantity) for quantity in QUANTITIES))


def _summary(distributions: list[Distribution], quantity: str) -> Summary:
    histogram = reduce(Histogram.merge, (d.histogram for d in distributions))
    atoms = tuple((same[0][0], sum(count for _, count in same))
                  for same in zip(*(d.atoms for d in distributions), strict=True))
    figures: Figures = {}
    spread: dict[str, tuple[float, float]] = {}
    for figure in FIGURES:
        if figure.activation_only and quantity != "activation":
            continue
        values = [figure.value(d) for d in distributions]
        if figure.total:
            figures[figure.name] = sum(values)
        elif len(values) == 1:
            figures[figure.name] = values[0]
        else:
            figures[figure.name], spread[figure.name] = _middle(values)
    return Summary(figures, spread, histogram, atoms)


def _middle(values: list[float]) -> tuple[float, tuple[float, float]]:
    """The median and the quartiles of what is finite."""
    finite = [value for value in values if math.isfinite(value)] or [math.nan]
    low, middle, high = np.quantile(finite, (0.25, 0.5, 0.75))
    return float(middle), (float(low), float(high))
