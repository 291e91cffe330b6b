"""The initialisers on a plane: σ_w and σ_b of a layer inside a stack, and what exact theory makes of them."""

from __future__ import annotations

import functools

from actprof import initializers
from actprof.initializers import preset_bias
from actprof.phase_diagrams import Scheme
from actprof.phases.requests import PhaseSpec
from actprof.registry import Choice
from actprof.spec import StackSpec
from actprof.theory.fixed_points import fixed_points
from actprof.theory.parameters import NEGLIGIBLE, scales, silence

_fixed_points = functools.lru_cache(256)(fixed_points)


def marks(choice: Choice, request: PhaseSpec) -> tuple[list[Scheme], list[str]]:
    """The schemes about which theory speaks, and notes on the others."""
    schemes, notes = [], []
    for init in request.inits:
        stack = StackSpec((request.width,) * 3, init, (choice, choice), request.bias or preset_bias(init))
        reason = silence(stack, 1) or silence(stack, 2) or _offset(stack)
        if reason:
            notes.append(f"{init.label} / {choice.label} is not on the plane: {reason}")
        else:
            schemes.append(_scheme(stack))
            notes += _shape_note(stack)
    return schemes, notes


def _offset(stack: StackSpec) -> str:
    """Why the biases keep a stack off the plane, if they do."""
    if scales(stack, 2).bias_mean:
        return f"{stack.bias.name} biases have a mean other than 0, which sigma_b does not tell"
    return ""


def _shape_note(stack: StackSpec) -> list[str]:
    known = scales(stack, 2)
    if known.bias_draw.bound is None or known.bias_std**2 <= NEGLIGIBLE * known.weights:
        return []
    return [f"{stack.init.label} / {stack.activations[0].label}: the biases count as normal, of the same std"]


def _scheme(stack: StackSpec) -> Scheme:
    first, inside = scales(stack, 1), scales(stack, 2)
    start = first.weights + first.bias_std**2
    sigma_w, sigma_b = inside.weights**0.5, inside.bias_std
    return Scheme(stack.init.label, str(stack.init), initializers.bind(stack.init).formula, str(stack.bias), sigma_w,
                  sigma_b, start, _fixed_points(stack.activations[1], sigma_w, sigma_b, start))
