"""How many inputs and outputs a weight has to share with: what the scale of an initialiser may depend on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fans:
    """What a scale may depend on. `first`: whether this is the layer that sees the inputs (siren)."""

    fan_in: int
    fan_out: int
    first: bool = False


FANS: dict[str, Callable[[Fans], float]] = {
    "fan_in": lambda fans: fans.fan_in,
    "fan_out": lambda fans: fans.fan_out,
    "fan_avg": lambda fans: (fans.fan_in + fans.fan_out) / 2,
    "fan_geo_avg": lambda fans: math.sqrt(fans.fan_in) * math.sqrt(fans.fan_out),
}
FAN_TEXT = {"fan_in": "n", "fan_out": "m", "fan_avg": "((n+m)/2)", "fan_geo_avg": "√(nm)"}
"""The modes as formulas show them."""
