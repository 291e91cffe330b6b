"""Rules of a diagnosis about the units of a layer: all alike, all off, all flat, or deaf to the inputs."""

from __future__ import annotations

import math

from actprof import initializers
from actprof.activations import bind
from actprof.causes import chi, fitted, share_within
from actprof.evidence import Evidence, number
from actprof.fans import fans_of
from actprof.profiles import LayerSummary
from actprof.remedies import remedy
from actprof.verdicts import COLLAPSED, DYING, FLAT, SATURATED, VISIBLE, Verdict


def symmetric(seen: Evidence) -> Verdict | None:
    """All units of a layer are the same: neither weights nor biases tell them apart."""
    weights, biases = initializers.bind(seen.stack.init), initializers.bind(seen.stack.bias)
    for layer in seen.layers:
        fans = fans_of(seen.stack, layer.layer)
        if layer.fan_out > 1 and layer.weight_std == weights.std(fans) == biases.std(fans) == 0:
            return Verdict("symmetric", layer.layer,
                           f"{seen.name}: all {layer.fan_out:,} units of layer {layer.layer} are the same, since the "
                           f"weights are all {number(weights.mean(fans))}: {_of_symmetry(seen)}", remedy(seen))
    return None


def _of_symmetry(seen: Evidence) -> str:
    constant = all(layer.activation.figures["min"] == layer.activation.figures["max"] for layer in seen.layers)
    return "no input changes anything and no gradient passes" if constant else "their gradients stay equal too"


def dying(seen: Evidence) -> Verdict | None:
    """Units that are off for every input; not where the signal has faded before."""
    faded = seen.faded or seen.depth
    for layer in seen.layers[:faded]:
        share = layer.activation.figures["dead_fraction"]
        off = not layer.least_z >= 0
        if off and seen.arm.config["samples"] > 1 and share > min(DYING.value + 2 / math.sqrt(layer.fan_out), 0.999):
            return Verdict("dying", layer.layer,
                           f"{seen.name}: {100 * share:.3g} % of the units of layer {layer.layer} are 0 for every "
                           f"input{_of_death(layer)}", _revival(seen) or remedy(seen))
    return None


def _of_death(layer: LayerSummary) -> str:
    figures = layer.preactivation.figures
    if not figures["count"]:
        return ""
    return f": z has mean {number(figures['mean'])} and std {number(figures['std'])}"


def _revival(seen: Evidence) -> str:
    """What to do about biases that push units off, "" if they do not."""
    mean = initializers.bind(seen.stack.bias).mean(fans_of(seen.stack, 1))
    return f"biases of {number(mean)} push z below 0: try --bias zeros" if mean < 0 else ""


def saturated(seen: Evidence) -> Verdict | None:
    """Most values lie where the activation has no slope."""
    for layer in seen.layers:
        phi = bind(seen.stack.activations[layer.layer - 1])
        limit = SATURATED if all(map(math.isfinite, phi.saturation)) else FLAT
        share = layer.activation.figures["saturated_fraction"]
        if share > limit.value:
            text = (f"{seen.name}: {100 * share:.3g} % of layer {layer.layer} lies where {phi.name} is flat, "
                    f"{_beyond(*phi.saturation)}{_since(layer)}")
            return Verdict("saturated", layer.layer, fitted(text, chi(seen)), remedy(seen))
    return None


def _beyond(low: float, high: float) -> str:
    sides = ((low, f"below {number(low)}"), (high, f"above {number(high)}"))
    return " and ".join(text for edge, text in sides if math.isfinite(edge))


def _since(layer: LayerSummary) -> str:
    figures = layer.preactivation.figures
    return f", since z has std {number(figures['std'])}" if figures["count"] else ""


def collapsed(seen: Evidence) -> Verdict | None:
    """The histogram is broad, but only because units differ."""
    found = [layer for layer in seen.layers
             if layer.activation.figures["std"] >= VISIBLE.value and share_within(layer.activation) < COLLAPSED.value]
    if not found or not seen.inputs_differ:
        return None
    last = found[-1].activation.figures
    text = (f"{seen.name}: the histogram looks fine (std {number(last['std'])} in layer {found[-1].layer}), yet within "
            f"units std is {number(last['within_unit_std'])}: all inputs give nearly the same vector")
    return Verdict("collapsed", found[0].layer, fitted(text, chi(seen)), remedy(seen))
