"""What a phase diagram says, in words for the table and the figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from actprof.phase_diagrams import PhaseDiagram, PhaseDiagrams, Scheme
from actprof.predictions import TRAINABLE_SCALES
from actprof.render.cells import without_rounding
from actprof.render.numerals import grouped

NAMES = {"ordered": "ordered", "chaotic": "chaotic", "edge": "edge of chaos", "diverges": "diverges"}
MEANINGS = {"ordered": "gradients vanish", "chaotic": "gradients explode",
            "diverges": "the variance grows without bound"}
TURN = "where it turns stable"


def settings(result: PhaseDiagrams) -> list[str]:
    """The configuration for the subtitle."""
    config = result.config
    schemes = [scheme for diagram in result.diagrams for scheme in diagram.schemes]
    said = dict.fromkeys(f"{scheme.label} {scheme.formula}" for scheme in schemes)
    inits = [*said, f"n = m = fan_in = {config['width']}"] if said else []
    bias = config["bias"]
    return ["mean-field theory, infinite width", "inputs with E x² = 1: the first variance is σ_w² + σ_b²", *inits,
            *([f"bias {bias}"] if bias else []), f"trainable to about {TRAINABLE_SCALES:g} ξ_c layers"]


def statement(scheme: Scheme) -> str:
    """`chaotic, trainable to about 130 layers`."""
    layers = scheme.layers
    if layers is None:
        return "the variance grows without bound"
    if scheme.phase == "edge" or math.isinf(layers):
        return "on the edge of chaos: a power law, no depth limit"
    return f"{scheme.phase}, trainable to {about(layers)}"


def short_statement(spot: Sequence[Scheme]) -> str:
    """`he ~130 (chaotic)`, to stand behind `trainable layers:`."""
    layers = spot[0].layers
    if layers is None:
        return f"{names(spot)} diverges"
    if spot[0].phase == "edge" or math.isinf(layers):
        return f"{names(spot)} no limit (edge)"
    return f"{names(spot)} {'<1' if layers < 1 else f'~{grouped(round(layers))}'} ({spot[0].phase})"


def about(layers: float) -> str:
    """`about 130 layers`."""
    if layers < 1:
        return "less than 1 layer"
    whole = round(layers)
    return f"about {grouped(whole)} layer{'s' * (whole != 1)}"


def edge_lines(diagram: PhaseDiagram) -> list[str]:
    """Where the edge of chaos is without biases, and where it turns stable."""
    if not diagram.edges and not diagram.critical:
        return ["no edge of chaos"]
    start = next((point for point in diagram.critical if point.sigma_b == 0), None)
    lines = [] if start is None else [
        f"edge of chaos at σ_b = 0: σ_w = {figure(start.sigma_w, 5)}, "
        f"{'any q' if start.q is None else f'q* = {figure(start.q, 4)}'}{unstable(start.stable)}"]
    return lines + [f"{TURN}: σ_w = {figure(turn.sigma_w, 5)}, σ_b = {figure(turn.sigma_b, 4)}, "
                    f"q* = {figure(turn.q, 4)}" for turn in diagram.turns]


def unstable(stable: bool) -> str:
    return "" if stable else ", unstable"


def figure(value: float | None, digits: int) -> str:
    """`1.1997`; rounding alone is 0."""
    return "-" if value is None else f"{without_rounding(value):.{digits}g}"


def names(spot: Sequence[Scheme]) -> str:
    """The schemes at one point."""
    return ", ".join(scheme.label for scheme in spot)
