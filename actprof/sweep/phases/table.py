"""`actprof sweep --phase` in the terminal: for each activation the edge of chaos, and where the schemes are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO

from actprof.diagnosis.verdicts import CHANGE
from actprof.digits import grouped, number, typed, without_rounding
from actprof.report.terminal import Column, Table, folded, written
from actprof.sweep.phases.result import PhaseDiagram, PhaseDiagrams, Scheme
from actprof.theory.predictions import EDGE_WORDS, JUMP_WORDS, TRAINABLE_SCALES, TURN_WORDS

NAMES = {"ordered": "ordered", "chaotic": "chaotic", "edge": EDGE_WORDS, "diverges": "diverges"}
MEANINGS = {"ordered": "gradients vanish", "chaotic": "gradients explode",
            "diverges": "the variance grows without bound"}


def settings(result: PhaseDiagrams) -> list[str]:
    """The configuration for the subtitle."""
    config = result.config
    schemes = [scheme for diagram in result.diagrams for scheme in diagram.schemes]
    said = dict.fromkeys(f"{scheme.label} {scheme.formula}" for scheme in schemes)
    inits = [*said, f"n = m = fan_in = {config['width']}"] if said else []
    bias = config["bias"]
    return ["mean-field theory, infinite width", "inputs with E x² = 1: the first variance is σ_w² + σ_b²", *inits,
            *([f"bias {bias}"] if bias else []),
            f"trainable up to {TRAINABLE_SCALES:g} ξ_c layers, or until gradients change ×{CHANGE.value:g}"]


def short_statement(spot: Sequence[Scheme]) -> str:
    """`he ~130 (chaotic)`, to stand behind `trainable layers:`."""
    layers = spot[0].layers
    if layers is None:
        return f"{names(spot)} diverges"
    if spot[0].phase == "edge" or math.isinf(layers):
        return f"{names(spot)} no limit (edge)"
    return f"{names(spot)} {'<1' if layers < 1 else f'~{grouped(round(layers))}'} ({spot[0].phase})"


def depth_words(scheme: Scheme) -> str:
    """`about 130 layers`; its region tells the phase."""
    if scheme.layers is None:
        return "diverges"
    return "on the edge: no depth limit" if math.isinf(scheme.layers) else about(scheme.layers)


def about(layers: float) -> str:
    """`about 130 layers`."""
    if layers < 1:
        return "less than 1 layer"
    whole = round(layers)
    return f"about {grouped(whole)} layer{'s' * (whole != 1)}"


def edge_lines(diagram: PhaseDiagram) -> list[str]:
    """Sentences that say where the edge of chaos is without biases, and where it turns stable."""
    if not diagram.edges and not diagram.critical:
        return ["no edge of chaos"]
    start = next((point for point in diagram.critical if point.sigma_b == 0), None)
    lines = [] if start is None else [
        f"edge of chaos at σ_b = 0: σ_w = {_cell(start.sigma_w, GAIN_DIGITS)}, "
        f"{'any q' if start.q is None else f'q* = {_cell(start.q)}'}{unstable(start.stable)}"]
    lines += [f"{TURN_WORDS}: σ_w = {_cell(turn.sigma_w, GAIN_DIGITS)}, σ_b = {_cell(turn.sigma_b)}, "
                    f"q* = {_cell(turn.q)}" for turn in diagram.turns]
    if diagram.jump is not None:
        lines.append(f"{JUMP_WORDS}: σ_w = {_cell(diagram.jump.sigma_w, GAIN_DIGITS)}, σ_b = 0, if E x² = 1")
    return lines


def unstable(stable: bool) -> str:
    return "" if stable else ", unstable"


def names(spot: Sequence[Scheme]) -> str:
    """The schemes at one point."""
    return ", ".join(scheme.label for scheme in spot)


DIGITS, FEW, GAIN_DIGITS = 4, 3, 6

LEGEND = (f"{TRAINABLE_SCALES:g}ξ_c: layers down to which the signal still tells inputs apart",
          f"×{CHANGE.value:g}: layers until gradients change by it, from inputs with E x² = 1 on",
          "depth: trainable up to the smaller of both")


def print_result(result: PhaseDiagrams, stream: TextIO) -> None:
    """Print two tables for each activation; the grid itself is for the figure and for machines."""
    for place, diagram in enumerate(result.diagrams):
        stream.write("\n" * (place > 0))
        _print_edge(diagram, stream)
        if diagram.schemes:
            stream.write("\n")
            _schemes(diagram, stream).print(f"{diagram.label} at fan_in = {result.config['width']}")
            for line in LEGEND:
                stream.write(folded(line, stream))


def _print_edge(diagram: PhaseDiagram, stream: TextIO) -> None:
    title = f"{diagram.label}: {diagram.formula}"
    if diagram.critical:
        _edge(diagram, stream).print(f"{title}, edge of chaos")
        lines = edge_lines(diagram)[1:]
    else:
        lines = [title, *edge_lines(diagram)]
    stream.write(written("".join(f"{line}\n" for line in [*lines, _extent(diagram)]), stream))


def _extent(diagram: PhaseDiagram) -> str:
    """How far the plane extends, and the phases on it."""
    low_w, high_w, low_b, high_b = diagram.grid.extent
    phase = diagram.grid.phase
    seen = [NAMES[name] for name in ("ordered", "chaotic", "diverges") if (phase == name).any()]
    return f"plane: σ_w {typed(low_w)} to {typed(high_w)}, σ_b {typed(low_b)} to {typed(high_b)}: {', '.join(seen)}"


def _edge(diagram: PhaseDiagram, stream: TextIO) -> Table:
    made = Table([Column("σ_b"), Column("σ_w"), Column("q*"), Column("slope"), Column("the variance", right=False)],
                 stream)
    for point in diagram.critical:
        made.add_row(_cell(point.sigma_b), _cell(point.sigma_w, GAIN_DIGITS),
                     "any" if point.q is None else _cell(point.q), _cell(point.length_slope), point.stability)
    return made


def _schemes(diagram: PhaseDiagram, stream: TextIO) -> Table:
    made = Table([Column("init", right=False, folds=True), *map(Column, ("σ_w", "σ_b")), Column("phase", right=False),
                  *map(Column, ("q*", "c*", "χ₁", "ξ_c", "6ξ_c", f"×{CHANGE.value:g}", "depth"))], stream)
    for scheme in diagram.schemes:
        made.add_row(*_scheme_cells(scheme))
    return made


def _scheme_cells(scheme: Scheme) -> list[str]:
    reached = scheme.fixed_points.reached
    statistics = (reached.q_star, reached.c_star, reached.chi_1, reached.xi_c) if reached else (None,) * 4
    return [scheme.label, _cell(scheme.sigma_w, FEW), _cell(scheme.sigma_b, FEW), scheme.phase,
            *(_cell(value, FEW) for value in statistics),
            *map(_layers, (scheme.signal_layers, scheme.gradient_layers, scheme.layers))]


def _layers(layers: float | None) -> str:
    """`~130`; none where the variance grows without bound."""
    if layers is None or math.isinf(layers):
        return "-" if layers is None else "∞"
    return "<1" if layers < 1 else f"~{layers:,.0f}"


def _cell(value: float | None, digits: int = DIGITS) -> str:
    """A dash for what makes no sense; rounding alone is 0."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞"
    return number(without_rounding(value), digits)
