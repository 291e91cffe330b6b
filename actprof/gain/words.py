"""What the figures of `gain` mean, in words for the table and the figure."""

from __future__ import annotations

import math
import textwrap

from actprof.digits import number, typed, without_rounding
from actprof.gain.result import ActivationGains, GainCourse
from actprof.theory.predictions import EDGE_WORDS, JUMP_WORDS, MAX_Q, TURN_WORDS, Edge, FixedPoint, FixedPoints

ENDLESS = f"grows beyond {typed(MAX_Q)}"  # shown when the variance exceeds MAX_Q


def exact(value: float) -> str:
    """A gain, σ_w or σ_b: `1.59253742`, `1`; rounding alone is 0."""
    return typed(without_rounding(value), 9)


def shown(value: float | None, digits: int = 5, missing: str = "-") -> str:
    """What is found at a gain: `1.1997`, `∞`; rounding alone is 0."""
    if value is None or math.isnan(value):
        return missing
    return f"{'-' * (value < 0)}∞" if math.isinf(value) else number(without_rounding(value), digits)


def course_words(course: GainCourse) -> str:
    """What becomes of the variance in layers of a gain."""
    found, point = course.fixed_points, course.point
    if not found.course:
        return "for centred layers"
    if found.course == "any":
        return "kept, whatever it is"
    if point is None:
        return ENDLESS
    if point is not found.reached:
        end = "grows" if math.isinf(found.limit) else f"ends at {shown(found.limit)}"
        return f"{point.stability}: {end}"
    return point.stability + ": a power law" * (found.course == "power law")


def edge_words(each: ActivationGains) -> list[str]:
    """The edge of chaos, and where it turns stable."""
    if each.edge is None:
        return [f"{EDGE_WORDS}: none", *_jump_words(each)]
    where = "at any variance" if each.edge.q is None else f"at q* = {shown(each.edge.q)}"
    lines = [f"{EDGE_WORDS}: {_sigmas(each.edge)}, {where}, {each.edge.stability}"]
    if each.stable_edge is not None:
        lines.append(f"  {TURN_WORDS}: {_sigmas(each.stable_edge)}, at q* = {shown(each.stable_edge.q)}")
    return lines + _jump_words(each)


def _jump_words(each: ActivationGains) -> list[str]:
    """Where the variance jumps, and between what."""
    if each.jump is None:
        return []
    below, above = (f"beyond {typed(MAX_Q)}" if math.isinf(q) else f"at q* = {shown(q)}"
                    for q in (each.jump.below, each.jump.above))
    return [f"{JUMP_WORDS}: σ_w = {exact(each.jump.sigma_w)}, σ_b = 0, for inputs with E x² = 1",
            f"  below it they end {below}, above it {above}"]


def torch_words(each: ActivationGains) -> str:
    """PyTorch's calculate_gain beside the forward gain."""
    torch, difference, forward = each.gains.torch_gain, each.torch_difference, each.gains.gain_forward
    if torch is None or difference is None or forward is None:
        return "torch calculate_gain: refuses this activation"
    apart = "the same" if abs(difference) < 1e-12 else (
        f"{difference:+.6f} ({100 * difference / forward:+.2f} %) from the forward gain")
    return f"torch calculate_gain: {exact(torch)}, {apart}"


def fixed_point_lines(each: ActivationGains) -> list[str]:
    """The fixed points at the σ_w and σ_b asked for, and which one the start reaches."""
    found = each.fixed_points
    if found is None:
        return []
    lines = [f"at σ_w = {exact(found.sigma_w)}, σ_b = {exact(found.sigma_b)}:"]
    lines += [f"  {_point_words(point)}" for point in found.points]
    if found.course == "any" and found.reached:
        lines.append(f"  every variance is fixed: χ₁ = {shown(found.reached.chi_1)}{phase(found.reached)}")
    elif not found.points:
        lines.append(f"  no fixed point up to q* = {typed(MAX_Q)}")
    return [*lines, f"  q0 = {shown(each.start)} {reaches(found)}"]


def reaches(found: FixedPoints) -> str:
    """`reaches q* = 0.19468, ordered`."""
    if found.reached is None:
        return ENDLESS
    if found.course == "any":
        return "is kept"
    how = ", ever more slowly" * (found.course == "power law")
    return f"reaches q* = {shown(found.limit)}{how}{phase(found.reached)}"


def _point_words(point: FixedPoint) -> str:
    figures = [("q*", point.q_star), ("c*", point.c_star), ("χ₁", point.chi_1), ("ξ_q", point.xi_q),
               ("ξ_c", point.xi_c)]
    listed = ", ".join(f"{name} {shown(value)}" for name, value in figures if value is not None)
    return f"{listed}: {point.stability}{phase(point)}"


def phase(point: FixedPoint) -> str:
    """`, ordered`; nothing where φ jumps."""
    return f", {'edge of chaos' if point.phase == 'edge' else point.phase}" if point.phase else ""


def _sigmas(edge: Edge) -> str:
    return f"σ_w = {exact(edge.sigma_w)}, σ_b = {exact(edge.sigma_b)}"


IMPORTS = "import torch.nn as nn, keras, jax"  # what the lines need; PyTorch's are about a `layer`, an nn.Linear


def recipes(gain: float | None) -> dict[str, str] | None:
    """Library → the call whose weights have the std gain/√fan_in, untruncated; None without a gain or at 0."""
    if not gain:
        return None
    return {
        "PyTorch": f"nn.init.normal_(layer.weight, std={gain!r} / layer.in_features**0.5)",
        "Keras": f'keras.initializers.VarianceScaling(scale={_square(gain)}, mode="fan_in", '
                 'distribution="untruncated_normal")',
        "JAX": f'jax.nn.initializers.variance_scaling(scale={_square(gain)}, mode="fan_in", distribution="normal")',
    }


def bias_recipes(sigma_b: float) -> dict[str, str]:
    """Library → the call whose biases have the std σ_b; of none, only PyTorch's layers must be told."""
    if sigma_b == 0:
        return {"PyTorch": "nn.init.zeros_(layer.bias)"}
    return {
        "PyTorch": f"nn.init.normal_(layer.bias, std={sigma_b!r})",
        "Keras": f"keras.initializers.RandomNormal(stddev={sigma_b!r})",
        "JAX": f"jax.nn.initializers.normal(stddev={sigma_b!r})",
    }


def _square(gain: float) -> str:
    """gain² in as few digits as give the gain itself when the root is taken."""
    texts = [f"{gain**2:.{digits}g}" for digits in range(1, 18)]
    return next((text for text in texts if math.sqrt(float(text)) == gain), texts[-1])


INDENT = "  "


def paste_lines(each: ActivationGains, room: int) -> list[str]:
    """Calls for the σ_w and σ_b asked for, else for the forward gain without biases, each within `room` columns."""
    found = each.fixed_points
    gain, sigma_b = (each.gains.gain_forward, 0.0) if found is None else (found.sigma_w, found.sigma_b)
    weights, biases = recipes(gain), bias_recipes(sigma_b)
    if weights is None:
        return []
    what = "the forward gain" if found is None else "this σ_w and σ_b"
    calls = [call for library, weight in weights.items() for call in (weight, biases.get(library)) if call]
    lines = [line for call in calls for line in _broken(call, room)]
    return [f"to paste for {what}, after {IMPORTS}:", *lines, *_remark(each)]


def _broken(call: str, room: int) -> list[str]:
    """The call in lines that are broken between its brackets, where Python reads on in the next line."""
    return textwrap.wrap(call, room, initial_indent=INDENT, subsequent_indent=INDENT + " " * (call.index("(") + 1),
                         break_long_words=False, break_on_hyphens=False)


def _remark(each: ActivationGains) -> list[str]:
    """A warning where layers of the forward gain leave the variance that it is for, and what does not."""
    if each.fixed_points is not None or each.gains.stability != "unstable":
        return []
    lines = ["! with these weights the variance 1 is unstable, and deep layers leave it"]
    if each.stable_edge is not None:
        lines.append(f"! the edge of chaos is stable above --sigma-b {exact(each.stable_edge.sigma_b)}")
    return lines
