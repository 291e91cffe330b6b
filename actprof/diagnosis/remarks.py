"""What the user should know about a result: one sentence each, with the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.initializers import INITIALIZERS
from actprof.diagnosis.verdicts import Warning
from actprof.digits import number
from actprof.engine.profiles import Arm, LayerSummary
from actprof.registry import Choice


def warnings(arms: Sequence[Arm]) -> tuple[Warning, ...]:
    """All warnings of all arms, in the order of the table below."""
    return tuple(warning for arm in arms for rule in RULES for warning in rule(arm))


def _non_finite(arm: Arm) -> Iterator[Warning]:
    for layer in arm.layers:
        broken = layer.activation if layer.activation.non_finite else layer.preactivation
        if broken.non_finite:
            yield Warning("non_finite", arm.label, layer.layer,
                          f"layer {layer.layer} overflows: {broken.non_finite_text}; "
                          "its statistics are of the finite part")
            return


def _not_computed(arm: Arm) -> Iterator[Warning]:
    for layer in arm.layers:
        if not layer.activation.computed:
            last = arm.layers[-1].layer
            which = f"layers {layer.layer} to {last}" if last > layer.layer else f"layer {last}"
            yield Warning("not_computed", arm.label, layer.layer, f"{which} not computed: nothing finite arrives")
            return


def _dead(arm: Arm) -> Iterator[Warning]:
    yield from _stretch(arm, "dead", "100 % zeros", lambda layer: (
        layer.activation.statistics["zero_fraction"] == 1 and not layer.activation.non_finite))


def _constant(arm: Arm) -> Iterator[Warning]:
    def constant(layer: LayerSummary) -> bool:
        statistics = layer.activation.statistics
        return bool(statistics["count"] > 1 and statistics["min"] == statistics["max"] != 0)

    yield from _stretch(arm, "constant", "the same value everywhere", constant)


def _stretch(arm: Arm, code: str, what: str, holds: Callable[[LayerSummary], bool]) -> Iterator[Warning]:
    """One warning for the layers of which something holds: from the first on, or just the first of them."""
    layers = [layer for layer in arm.layers if layer.activation.computed]
    found = [layer for layer in layers if holds(layer)]
    if found:
        first = found[0].layer
        where = f"from layer {first} on" if found == layers[-len(found):] else f"in layer {first}"
        yield Warning(code, arm.label, first, f"{what} {where}")


def _underflow(arm: Arm) -> Iterator[Warning]:
    smallest = float(np.finfo(arm.config["dtype"]).tiny)
    for layer in arm.layers:
        statistics = layer.activation.statistics
        if 0 < max(abs(statistics["min"]), abs(statistics["max"])) < smallest:
            yield Warning("underflow", arm.label, layer.layer,
                          f"layer {layer.layer} underflows: no activation reaches {number(smallest)}, "
                          f"the smallest full-precision {arm.config['dtype']}")
            return


def _moments_overflow(arm: Arm) -> Iterator[Warning]:
    for layer in arm.layers:
        statistics = layer.activation.statistics
        if statistics["count"] and not math.isfinite(statistics["second_moment"]):
            yield Warning("overflow", arm.label, layer.layer,
                          f"layer {layer.layer}: the mean square of the activations overflows float64")
            return


def _rounding(arm: Arm) -> Iterator[Warning]:
    dtype = arm.config["dtype"]
    yield from _stretch(arm, "rounding", f"the std within units is no more than the rounding of {dtype}",
                        lambda layer: layer.activation.is_rounding(dtype))


def _narrow(arm: Arm) -> Iterator[Warning]:
    for layer in arm.layers:
        if layer.fan_out == 1:
            yield Warning("narrow", arm.label, layer.layer,
                          f"layer {layer.layer} has one unit; theory assumes wide layers")
            return


def _unpaired(arm: Arm) -> Iterator[Warning]:
    """Weights that their source has for another activation."""
    used = _named(arm.config, "act")
    for init in dict.fromkeys(_named(arm.config, "init")):
        pair = INITIALIZERS[init.name].goes_with
        wanted = pair(**init.values) if pair else ""
        if wanted and ACTIVATIONS.parse(wanted) not in used:
            yield Warning("unpaired", arm.label, None, f"{init.name} weights are made for --act {wanted}, "
                                                       f"not for {' and '.join(dict.fromkeys(map(str, used)))}")


def _named(config: Mapping[str, Any], kind: str) -> list[Choice]:
    """The named things of the layers; one alone where all are the same."""
    given = config[f"{kind}_parameters"]
    values = given if isinstance(given, list) else [given]
    return [Choice(name, tuple(each.items())) for name, each in zip(config[kind].split("/"), values, strict=True)]


def _tied(arm: Arm) -> Iterator[Warning]:
    if arm.config.get("tied"):
        depth, told = len(arm.layers), math.isqrt(min(layer.fan_out for layer in arm.layers))
        deep = f", and so speaks of the first √width = {told} layers" * (depth > told)
        yield Warning("tied", arm.label, None, f"all layers share one matrix, where theory has independent ones{deep}; "
                                               "dL/dW of a layer is its share of their sum")


RULES = (_unpaired, _tied, _non_finite, _not_computed, _dead, _constant, _underflow, _moments_overflow, _rounding,
         _narrow)
