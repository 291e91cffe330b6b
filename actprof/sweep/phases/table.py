"""`actprof sweep --phase` in the terminal: for each activation the edge of chaos, and where the schemes are."""

from __future__ import annotations

import math
from typing import TextIO

from rich.table import Table

from actprof.phase_diagrams import PhaseDiagram, PhaseDiagrams, Scheme
from actprof.render.cells import number, without_rounding
from actprof.render.phases.words import NAMES, edge_lines
from actprof.render.terminal import Column, printed, table, written

DIGITS, FEW = 4, 3


def print_diagrams(result: PhaseDiagrams, stream: TextIO) -> None:
    """Two tables for each activation; the grid itself is for the figure and for machines."""
    for place, diagram in enumerate(result.diagrams):
        stream.write("\n" * (place > 0))
        _print_edge(diagram, stream)
        if diagram.schemes:
            stream.write("\n")
            printed(f"{diagram.label} at fan_in = {result.config['width']}: trainable to about so many layers",
                    _schemes(diagram, stream), stream)


def _print_edge(diagram: PhaseDiagram, stream: TextIO) -> None:
    title = f"{diagram.label}: {diagram.formula}"
    if diagram.critical:
        printed(f"{title}, edge of chaos", _edge(diagram, stream), stream)
        lines = edge_lines(diagram)[1:]
    else:
        lines = [title, *edge_lines(diagram)]
    stream.write(written("".join(f"{line}\n" for line in [*lines, _extent(diagram)]), stream))


def _extent(diagram: PhaseDiagram) -> str:
    """How far the plane extends, and the phases on it."""
    low_w, high_w, low_b, high_b = diagram.grid.extent
    phase = diagram.grid.phase
    seen = [NAMES[name] for name in ("ordered", "chaotic", "diverges") if (phase == name).any()]
    return f"plane: σ_w {low_w:g} to {high_w:g}, σ_b {low_b:g} to {high_b:g}: {', '.join(seen)}"


def _edge(diagram: PhaseDiagram, stream: TextIO) -> Table:
    made = table([Column("σ_b"), Column("σ_w"), Column("q*"), Column("slope"), Column("the variance", right=False)],
                 stream)
    for point in diagram.critical:
        cells = (_cell(point.sigma_b), _cell(point.sigma_w, 6), "any" if point.q is None else _cell(point.q),
                 _cell(point.length_slope), point.stability)
        made.add_row(*(written(cell, stream) for cell in cells))
    return made


def _schemes(diagram: PhaseDiagram, stream: TextIO) -> Table:
    made = table([Column("init", right=False, folds=True), *map(Column, ("σ_w", "σ_b")), Column("phase", right=False),
                  *map(Column, ("q*", "c*", "χ₁", "xi_q", "xi_c", "layers"))], stream)
    for scheme in diagram.schemes:
        made.add_row(*(written(cell, stream) for cell in _scheme_cells(scheme)))
    return made


def _scheme_cells(scheme: Scheme) -> list[str]:
    reached = scheme.fixed_points.reached
    figures = (reached.q_star, reached.c_star, reached.chi_1, reached.xi_q, reached.xi_c) if reached else (None,) * 5
    return [scheme.label, _cell(scheme.sigma_w), _cell(scheme.sigma_b, FEW), scheme.phase,
            *(_cell(value, FEW) for value in figures), _layers(scheme.layers)]


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
