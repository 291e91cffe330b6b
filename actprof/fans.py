"""How many inputs and outputs a weight has to share with: what the scale of an initialiser may depend on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from actprof.registry import Choice
from actprof.spec import StackSpec


@dataclass(frozen=True)
class Fans:
    """What a scale may depend on.

    Attributes:
        first: whether this is the layer that sees the inputs (siren).
        activation: what the layer's pre-activations go through (critical); None where no layer is meant.
    """

    fan_in: int
    fan_out: int
    first: bool = False
    activation: Choice | None = None


def fans_of(stack: StackSpec, number: int) -> Fans:
    """The fans of layer `number`, counted from 1."""
    return Fans(stack.widths[number - 1], stack.widths[number], number == 1, stack.activations[number - 1])


FANS: dict[str, Callable[[Fans], float]] = {
    "fan_in": lambda fans: fans.fan_in,
    "fan_out": lambda fans: fans.fan_out,
    "fan_avg": lambda fans: (fans.fan_in + fans.fan_out) / 2,
    "fan_geo_avg": lambda fans: math.sqrt(fans.fan_in) * math.sqrt(fans.fan_out),
}
FAN_TEXT = {"fan_in": "n", "fan_out": "m", "fan_avg": "((n+m)/2)", "fan_geo_avg": "√(nm)"}
"""The modes as formulas show them."""
