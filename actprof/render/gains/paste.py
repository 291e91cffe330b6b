"""What an activation's table offers to paste: what for, the lines, and whether the variance stays."""

from __future__ import annotations

import textwrap

from actprof.gain_tables import ActivationGains
from actprof.render.gains.recipes import IMPORTS, bias_recipes, recipes
from actprof.render.gains.words import figure

INDENT = "  "


def paste_lines(each: ActivationGains, room: int) -> list[str]:
    """For the σ_w and σ_b asked for, else for the forward gain without biases: each call within `room` columns."""
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
    """Between the brackets, where Python reads on in the next line."""
    return textwrap.wrap(call, room, initial_indent=INDENT, subsequent_indent=INDENT + " " * (call.index("(") + 1),
                         break_long_words=False, break_on_hyphens=False)


def _remark(each: ActivationGains) -> list[str]:
    """A warning where layers of the forward gain leave the variance that it is for, and what does not."""
    if each.fixed_points is not None or each.gains.stability != "unstable":
        return []
    lines = ["! with these weights the variance 1 is unstable, and deep layers leave it"]
    if each.stable_edge is not None:
        lines.append(f"! the edge of chaos is stable above --sigma-b {figure(each.stable_edge.sigma_b, 3)}")
    return lines
