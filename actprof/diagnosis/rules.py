"""What becomes of the signal in an arm: rules in order of severity, each with the layer, the cause and a remedy."""

from __future__ import annotations

import math
from collections.abc import Callable

from actprof import causes, unit_rules
from actprof.evidence import Evidence, beyond, number
from actprof.predictions import InputMoments, StackTheory
from actprof.profiles import Arm
from actprof.remedies import remedy
from actprof.spec import StackSpec
from actprof.verdicts import HEALTHY, NO_SIGNAL, Verdict

Rule = Callable[[Evidence], Verdict | None]


def verdict(arm: Arm, stack: StackSpec, theory: StackTheory | None, inputs: InputMoments,
            advise: bool = True) -> Verdict:
    """The verdict on an arm: by what was measured; theory, if there is any, explains it.

    Args:
        inputs: the moments of what enters the first layer.
        advise: whether to look for a remedy by theory, which takes longer than all the rest.
    """
    seen = Evidence(arm, stack, theory, inputs, advise)
    return next(found for rule in RULES if (found := rule(seen)) is not None)


def _non_finite(seen: Evidence) -> Verdict | None:
    for layer in seen.arm.layers:
        broken = next((each for each in (layer.preactivation, layer.activation) if each.non_finite), None)
        if broken:
            return Verdict("non_finite", layer.layer,
                           f"{seen.name}: layer {layer.layer} holds {broken.non_finite_text}{causes.of_overflow(seen)}",
                           remedy(seen) if math.isfinite(seen.inputs.second_moment) else "look at the inputs first")
    return None


def _no_inputs(seen: Evidence) -> Verdict | None:
    if seen.inputs.largest != 0:
        return None
    return Verdict("vanishing", 1, f"{seen.name}: all inputs are 0",
                   "give it inputs that differ, such as --input normal")


def _exploding(seen: Evidence) -> Verdict | None:
    forward, backward = beyond(seen.forward, 1), beyond(reversed(seen.backward), 1)
    if forward is not None:
        return Verdict("exploding", forward, causes.forward(seen, seen.forward, 1), remedy(seen))
    if backward is not None:
        return Verdict("exploding", backward, causes.backward(seen, 1), remedy(seen))
    return None


def _vanishing(seen: Evidence) -> Verdict | None:
    forward, backward = seen.faded, beyond(reversed(seen.backward), -1)
    if forward is not None:
        return Verdict("vanishing", forward, causes.forward(seen, seen.fading, -1), remedy(seen))
    if backward is not None:
        return Verdict("vanishing", backward, causes.backward(seen, -1), remedy(seen))
    return _silent(seen) or _no_gradient(seen)


def _silent(seen: Evidence) -> Verdict | None:
    """What differs between inputs is gone, though sizes are not."""
    if not seen.inputs_differ:
        return None
    for layer in seen.layers:
        within = layer.activation.figures["within_unit_std"]
        if within < NO_SIGNAL.value * min(seen.input_rms, 1.0):
            return Verdict("vanishing", layer.layer, f"{seen.name}: within units the std of layer {layer.layer} is "
                                                     f"{number(within)}: the inputs make no difference", remedy(seen))
    return None


def _no_gradient(seen: Evidence) -> Verdict | None:
    """Nothing comes back through the last layer, so no ratio to it exists."""
    last = seen.arm.layers[-1]
    if last.gradient is None or last.gradient.figures["log10_rms"] != -math.inf:
        return None
    return Verdict("vanishing", last.layer, f"{seen.name}: no gradient comes back, the slope of {last.activation_name} "
                                            f"is 0 throughout layer {last.layer}",
                   "gradient descent needs a slope: try another activation, such as --act relu --init he")


def _healthy(seen: Evidence) -> Verdict:
    return Verdict(HEALTHY, None, causes.health(seen))


RULES: tuple[Rule, ...] = (_non_finite, unit_rules.symmetric, _no_inputs, unit_rules.dying, unit_rules.saturated,
                           unit_rules.collapsed, _exploding, _vanishing, _healthy)
"""The first that holds is the verdict."""
