"""What becomes of the signal in an arm: rules in order of severity, each with the layer, the cause and a remedy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from actprof.catalogue import initializers
from actprof.catalogue.activations import bind
from actprof.diagnosis import causes
from actprof.diagnosis.causes import chi, fitted, share_within
from actprof.diagnosis.evidence import MAX_STRAYS, STREAMS, Course, Evidence, beyond, number, times
from actprof.diagnosis.remedies import Candidate, Trials, remedy
from actprof.diagnosis.verdicts import (
    COLLAPSED,
    DRIFTING,
    DYING,
    FLAT,
    HEALTHY,
    NO_SIGNAL,
    SATURATED,
    UNCERTAIN,
    VISIBLE,
    Verdict,
)
from actprof.digits import percent, typed
from actprof.engine.inputs import InputMoments
from actprof.engine.network import fans_of
from actprof.engine.profiles import Arm, LayerSummary
from actprof.engine.spec import ZEROS, StackSpec
from actprof.theory.predictions import StackTheory


def symmetric(seen: Evidence) -> Verdict | None:
    """All units of a layer are the same: neither weights nor biases tell them apart."""
    biases = initializers.bind(seen.stack.bias)
    for layer in seen.layers:
        weights, fans = initializers.bind(seen.stack.inits[layer.layer - 1]), fans_of(seen.stack, layer.layer)
        if layer.fan_out > 1 and layer.weight_std == weights.std(fans) == biases.std(fans) == 0:
            return Verdict("symmetric", layer.layer,
                           f"{seen.name}: all {layer.fan_out:,} units of layer {layer.layer} are the same, since the "
                           f"weights are all {typed(weights.mean(fans), 3)}: {_of_symmetry(seen)}",
                           headline=f"All units of layer {layer.layer} are the same", measured="units alike")
    return None


def _of_symmetry(seen: Evidence) -> str:
    constant = all(layer.activation.statistics["min"] == layer.activation.statistics["max"] for layer in seen.layers)
    return "no input changes anything and no gradient passes" if constant else "their gradients stay equal too"


def dying(seen: Evidence) -> Verdict | None:
    """Units that are off for every input; where the signal has faded before only whole layers, or if biases do it."""
    pushed = initializers.bind(seen.stack.bias).mean(fans_of(seen.stack, 1)) < 0
    reached = seen.depth if pushed else seen.faded or seen.depth
    for layer in seen.layers:
        share = layer.activation.statistics["dead_fraction"]
        # A whole layer is off at any scale, unless its z are lost to underflow.
        off = not layer.least_z >= 0 if layer.layer <= reached else share == 1 and layer.least_z < -UNDERFLOW
        # Where an activation does not stand still at 0, small z are lost to underflow, and none is off.
        off &= 0.0 in bind(seen.stack.activations[layer.layer - 1]).atoms or layer.least_z < -1
        if off and seen.arm.config["samples"] > 1 and share > min(DYING.value + 2 / math.sqrt(layer.fan_out), 0.999):
            return Verdict("dying", layer.layer,
                           f"{seen.name}: {percent(share)} % of the units of layer {layer.layer} are 0 for every "
                           f"input{_of_death(layer)}",
                           headline=f"{percent(share)} % of the units of layer {layer.layer} are dead",
                           measured=f"{percent(share)} % dead units")
    return None


def _of_death(layer: LayerSummary) -> str:
    statistics = layer.preactivation.statistics
    if not statistics["count"]:
        return ""
    return f": z has mean {number(statistics['mean'])} and std {number(statistics['std'])}"


def saturated(seen: Evidence) -> Verdict | None:
    """Most values lie where the activation has no slope."""
    for layer in seen.layers:
        phi = bind(seen.stack.activations[layer.layer - 1])
        limit = SATURATED if all(map(math.isfinite, phi.saturation)) else FLAT
        share = layer.activation.statistics["saturated_fraction"]
        if share > limit.value:
            text = (f"{seen.name}: {percent(share)} % of layer {layer.layer} lies where {phi.name} is flat, "
                    f"{_beyond(*phi.saturation)}{_since(layer)}")
            return Verdict("saturated", layer.layer, fitted(text, causes.back(seen), chi(seen)),
                           headline=f"{percent(share)} % of layer {layer.layer} is saturated",
                           measured=f"{percent(share)} % flat")
    return None


def _beyond(low: float, high: float) -> str:
    sides = ((low, f"below {number(low)}"), (high, f"above {number(high)}"))
    return " and ".join(text for edge, text in sides if math.isfinite(edge))


def _since(layer: LayerSummary) -> str:
    statistics = layer.preactivation.statistics
    return f", since z has std {number(statistics['std'])}" if statistics["count"] else ""


def collapsed(seen: Evidence) -> Verdict | None:
    """The histogram is broad, but only because units differ."""
    found = [layer for layer in seen.layers
             if layer.activation.statistics["std"] >= VISIBLE.value
             and share_within(layer.activation) < COLLAPSED.value]
    if not found or not seen.inputs_differ:
        return None
    last = found[-1].activation.statistics
    text = (f"{seen.name}: the histogram looks fine (std {number(last['std'])} in layer {found[-1].layer}), yet within "
            f"units std is {number(last['within_unit_std'])}: all inputs give nearly the same vector")
    return Verdict("collapsed", found[0].layer, fitted(text, causes.back(seen), chi(seen)),
                   headline=f"From layer {found[0].layer} on all inputs look alike",
                   measured=f"in-unit std {number(last['within_unit_std'])}")


UNDERFLOW = 1.2e-38  # the least normal number of single precision

Rule = Callable[[Evidence], Verdict | None]


def verdict(arm: Arm, stack: StackSpec, theory: StackTheory | None, inputs: InputMoments,
            trials: Trials | None = None) -> Verdict:
    """The verdict on an arm: by what was measured; theory, if there is any, explains it.

    Args:
        inputs: the moments of what enters the first layer.
        trials: where a remedy is tried; without it none is looked for.
    """
    seen = Evidence(arm, stack, theory, inputs)
    found = judge(seen)
    if len(arm.networks) > 1:
        found = _of_networks(seen, found)
    if not (found.bad or found.code == DRIFTING) or found.remedy or trials is None:
        return found
    advice = remedy(seen, found.bad, trials, *_revival(seen, found))
    # Of what is not bad nothing is said where nothing does better.
    return found if not found.bad and not advice.options else replace(found, **advice._asdict())


def judge(seen: Evidence) -> Verdict:
    """The first rule that holds."""
    return next(found for rule in RULES if (found := rule(seen)) is not None)


def _of_networks(seen: Evidence, found: Verdict) -> Verdict:
    """The verdict on most of the networks, with how many get each: a median of all may hide that most are lost."""
    single = [judge(replace(seen, arm=replace(seen.arm, networks=(network,)))) for network in seen.arm.networks]
    counts = Counter(each.code for each in single).most_common()
    most = next(each for each in single if each.code == counts[0][0])
    told = found if found.code == most.code else most
    shares = "" if len(counts) == 1 else f" ({', '.join(f'{code} {count:,}' for code, count in counts)} networks)"
    return replace(told, text=f"{told.text}{shares.replace('_', ' ')}", networks=dict(counts))


def _revival(seen: Evidence, found: Verdict) -> list[Candidate]:
    """Biases of 0 where others push units off."""
    mean = initializers.bind(seen.stack.bias).mean(fans_of(seen.stack, 1))
    if found.code != "dying" or not mean < 0:
        return []
    return [Candidate("--bias zeros", f"biases of {typed(mean, 3)} push z below 0", replace(seen.stack, bias=ZEROS))]


def _non_finite(seen: Evidence) -> Verdict | None:
    for layer in seen.arm.layers:
        broken = next((each for each in (layer.preactivation, layer.activation) if each.non_finite), None)
        if broken:
            share = broken.non_finite / (broken.statistics["count"] + broken.non_finite)
            return Verdict("non_finite", layer.layer,
                           f"{seen.name}: layer {layer.layer} holds {broken.non_finite_text}{causes.of_overflow(seen)}",
                           "" if math.isfinite(seen.inputs.second_moment) else "look at the inputs first",
                           headline=f"Layer {layer.layer} is no longer finite",
                           measured=f"{percent(share)} % not finite")
    return None


def _no_inputs(seen: Evidence) -> Verdict | None:
    if seen.inputs.largest != 0:
        return None
    return Verdict("vanishing", 1, f"{seen.name}: all inputs are 0",
                   "give it inputs that differ, such as --input normal", headline="All inputs are 0",
                   measured="inputs 0")


def _exploding(seen: Evidence) -> Verdict | None:
    if seen.power_law and seen.signals == STREAMS:  # the more blocks, the less another one changes, also back
        return None
    forward, backward = beyond(seen.forward, 1), seen.swung(1)
    if forward is not None:
        return _of_change("exploding", forward, seen.signals.capitalize(), seen.forward,
                          causes.forward(seen, seen.forward, 1))
    if backward is not None:
        return _of_change("exploding", backward, "Gradients", seen.backward, causes.backward(seen, 1))
    return None


def _vanishing(seen: Evidence) -> Verdict | None:
    forward, backward = seen.faded, seen.swung(-1)
    if forward is not None:
        return _of_change("vanishing", forward, seen.signals.capitalize(), seen.fading,
                          causes.forward(seen, seen.fading, -1))
    if backward is not None:
        return _of_change("vanishing", backward, "Gradients", seen.backward, causes.backward(seen, -1))
    return _silent(seen) or _no_gradient(seen)


def _of_change(code: str, layer: int, what: str, course: Course, text: str) -> Verdict:
    """With `Gradients explode ×97` and `gradients ×97`."""
    verb, sign = ("explode", 1) if code == "exploding" else ("vanish", -1)
    size = sign * max(sign * size for _, size in course)
    factor = times(size) if math.isfinite(size) else f"to {'infinity' if size > 0 else '0'}"
    return Verdict(code, layer, text, headline=f"{what} {verb} {factor}", measured=f"{what.casefold()} {times(size)}")


def _silent(seen: Evidence) -> Verdict | None:
    """What differs between inputs is gone, though sizes are not."""
    if not seen.inputs_differ:
        return None
    for layer in seen.layers:
        within = layer.activation.statistics["within_unit_std"]
        if within < NO_SIGNAL.value * min(seen.input_rms, 1.0):
            return Verdict("vanishing", layer.layer, f"{seen.name}: within units the std of layer {layer.layer} is "
                                                     f"{number(within)}: the inputs make no difference",
                           headline=f"In layer {layer.layer} the inputs make no difference",
                           measured=f"in-unit std {number(within)}")
    return None


def _no_gradient(seen: Evidence) -> Verdict | None:
    """Nothing comes back through the last layer, so no ratio to it exists."""
    last = seen.arm.layers[-1]
    if last.gradient is None or last.gradient.statistics["log10_rms"] != -math.inf:
        return None
    return Verdict("vanishing", last.layer, f"{seen.name}: no gradient comes back, the slope of {last.activation_name} "
                                            f"is 0 throughout layer {last.layer}",
                   headline="No gradient comes back", measured="gradients ×0")


def _uncertain(seen: Evidence) -> Verdict | None:
    """Gradients were not measured, and those of one network of this depth and width stray more than theory tells."""
    if seen.measured_back or seen.strays <= MAX_STRAYS:
        return None
    return Verdict(UNCERTAIN, None, f"{seen.name}: gradients were not measured, and those of one network of this depth "
                                    f"and width stray {times(seen.strays)} from what theory expects: --gradients tells",
                   headline="Gradients are uncertain: measure them", measured=f"gradients ×? {times(seen.strays)}")


def _drifting(seen: Evidence) -> Verdict | None:
    """Not bad at this depth, but in deeper stacks of the same kind."""
    if seen.bad_depth is None:
        return None
    change = causes.largest_change(seen)
    return Verdict(DRIFTING, None, causes.drift(seen), measured=change,
                   headline=f"Drifting: {change} over {seen.depth} layers, bad from {seen.bad_depth:,} on")


def _healthy(seen: Evidence) -> Verdict:
    alike = "" if seen.inputs_differ or seen.rows < 2 else "all inputs are alike, "
    return Verdict(HEALTHY, None, causes.health(seen), headline=f"Healthy: {alike}{causes.sizes(seen)}",
                   measured=causes.largest_change(seen))


# The first that holds is the verdict.
RULES: tuple[Rule, ...] = (_non_finite, symmetric, _no_inputs, dying, saturated,
                           collapsed, _exploding, _vanishing, _uncertain, _drifting, _healthy)
