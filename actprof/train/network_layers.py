"""What is told of each layer of a network: its units, its name, and the arithmetic of its parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from actprof.train.result import TrainedArm, Training

MOST_LAYERS = 12
FIRST, LAST = 5, 5  # of the layers of a deeper network
MOST_LABELS = 6


@dataclass(frozen=True)
class Layer:
    """Units in a column, and the weights that lead to them; the input has none."""

    units: int
    name: str
    does: str = ""
    shape: str = ""
    biases: str = ""
    parameters: int = 0


@dataclass(frozen=True)
class LeftOut:
    """Layers that are counted and not drawn."""

    layers: int
    parameters: int


@dataclass(frozen=True)
class Network:
    """The columns from left to right, and the arms that have this network."""

    columns: tuple[Layer | LeftOut, ...]
    labels: tuple[str, ...]
    parameters: int
    terms: tuple[int, ...]

    @property
    def heading(self) -> list[str]:
        more = len(self.labels) - MOST_LABELS
        return [*self.labels[:MOST_LABELS], *([f"and {more:,} more"] if more > 0 else [])]


def networks(training: Training) -> list[Network]:
    """Each network once, with the labels of all arms that have it."""
    found: dict[object, list[TrainedArm]] = {}
    for arm in training.arms:
        found.setdefault((arm.layers, tuple(arm.config["widths"])), []).append(arm)
    return [_network(arms) for arms in found.values()]


def _network(arms: Sequence[TrainedArm]) -> Network:
    first = arms[0]
    layers = [Layer(first.config["widths"][0], "input"), *_layers(first)]
    return Network(tuple(_shown(layers)), tuple(arm.label for arm in arms), first.parameters,
                   tuple(parameters for _, _, parameters in first.layers))


def _layers(arm: TrainedArm) -> list[Layer]:
    fans = pairwise(arm.config["widths"])
    return [_layer(fan_in, units, name, parameters, arm.config.get("norm", "none") != "none")
            for (fan_in, units), (name, _, parameters) in zip(fans, arm.layers, strict=True)]


def _layer(fan_in: int, units: int, name: str, parameters: int, normalised: bool) -> Layer:
    called, _, does = name.partition(" (")
    # Maxout takes several weighted sums for each unit, and a normalisation has at most two parameters for each sum.
    sums = units * math.ceil(parameters / (units * (fan_in + 1 + 2 * normalised)))
    rest = parameters - (fan_in + 1) * sums
    biases = f"+ {sums:,} + {rest:,}" if rest else f"+ {sums:,}"
    return Layer(units, called, does.removesuffix(")"), f"{fan_in:,} × {sums:,}", biases, parameters)


def _shown(layers: Sequence[Layer]) -> list[Layer | LeftOut]:
    """All of a network that fits, else its ends and how much is left out between them."""
    if len(layers) <= MOST_LAYERS + 1:
        return list(layers)
    between = layers[FIRST + 1:-LAST]
    return [*layers[:FIRST + 1], LeftOut(len(between), sum(layer.parameters for layer in between)), *layers[-LAST:]]
