"""`actprof sweep --phase` for machines: the object of schema actprof.sweep/1, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from actprof import __version__
from actprof.sweep.phases.result import PhaseDiagram, PhaseDiagrams, PhaseGrid, Scheme
from actprof.theory.predictions import Edge

JSON_SCHEMA, KIND = "actprof.sweep/1", "phases"

DIGITS = 15  # the digits of an axis' labels: with more, 0.3 shows as the binary number next to it

# What is told of the fixed point that a scheme reaches; null where the variance grows without bound.
POINT = ("q_star", "c_star", "chi_1", "xi_q", "xi_c", "length_slope")


def record_of(result: PhaseDiagrams) -> dict[str, Any]:
    """The object of schema actprof.sweep/1, of kind "phases".

    Quantities are nested [σ_w][σ_b], like the axes; `edges` holds the pieces of the edge of chaos, each a list of
    points that a line may join, and `critical` the points of it that the table shows.
    """
    return {"schema": JSON_SCHEMA, "kind": KIND, "version": __version__, "seed": None, "config": result.config,
            "diagrams": [_diagram(diagram) for diagram in result.diagrams], "notes": result.notes}


def rows_of(result: PhaseDiagrams) -> list[dict[str, Any]]:
    """One row per activation and cell, then one per activation and scheme, whose name is in the column `scheme`."""
    return [row for diagram in result.diagrams for row in (*_cells(diagram), *_schemes(diagram))]


def quantities(grid: PhaseGrid) -> dict[str, Any]:
    """What is known of every cell, by its key in JSON; six times `xi_c` can be trained."""
    return {"q_star": grid.q_star, "chi_1": grid.chi_1, "xi_c": grid.xi_c, "xi_q": grid.xi_q, "c_star": grid.c_star,
            "phase": grid.phase}


def _diagram(diagram: PhaseDiagram) -> dict[str, Any]:
    grid = diagram.grid
    return {"activation": diagram.activation, "label": diagram.label, "formula": diagram.formula,
            "axes": [_axis("sigma_w", "σ_w", grid.sigma_w), _axis("sigma_b", "σ_b", grid.sigma_b)],
            "quantities": quantities(grid),
            "edges": [[_point(point) for point in piece] for piece in diagram.edges],
            "critical": [_point(point) for point in diagram.critical],
            "turns": [_point(point) for point in diagram.turns],
            "jump": None if diagram.jump is None else asdict(diagram.jump),
            "depth_lines": [asdict(line) for line in diagram.depth_lines],
            "schemes": [_scheme(scheme) for scheme in diagram.schemes]}


def _axis(name: str, title: str, values: Sequence[float]) -> dict[str, Any]:
    """A range as an axis, with the keys of a grid's axes."""
    return {"name": name, "title": title, "labels": [f"{value:.{DIGITS}g}" for value in values], "values": values,
            "logarithmic": False}


def _point(edge: Edge) -> dict[str, Any]:
    return {**asdict(edge), "stable": edge.stable}


def _scheme(scheme: Scheme) -> dict[str, Any]:
    found = scheme.fixed_points
    reached = {name: getattr(found.reached, name, None) for name in POINT}
    return {"label": scheme.label, "init": scheme.init, "formula": scheme.formula, "bias": scheme.bias,
            "sigma_w": scheme.sigma_w, "sigma_b": scheme.sigma_b, "q0": scheme.start, "phase": scheme.phase, **reached,
            "course": found.course, "signal_layers": scheme.signal_layers,
            "gradient_layers": scheme.gradient_layers, "trainable_layers": scheme.layers, "shown": scheme.shown}


def _cells(diagram: PhaseDiagram) -> Iterator[dict[str, Any]]:
    grid = diagram.grid
    known = {name: values.tolist() for name, values in quantities(grid).items()}
    for i, sigma_w in enumerate(grid.sigma_w):
        for j, sigma_b in enumerate(grid.sigma_b):
            yield {"activation": diagram.activation, "scheme": "", "sigma_w": sigma_w, "sigma_b": sigma_b,
                   **{name: values[i][j] for name, values in known.items()}}


def _schemes(diagram: PhaseDiagram) -> Iterator[dict[str, Any]]:
    names = ("sigma_w", "sigma_b", "q_star", "chi_1", "xi_c", "xi_q", "c_star", "phase", "trainable_layers")
    for scheme in diagram.schemes:
        told = _scheme(scheme)
        yield {"activation": diagram.activation, "scheme": scheme.label, **{name: told[name] for name in names}}
