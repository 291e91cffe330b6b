"""From a request to its planes: for each activation the grid, the edge of chaos, the depth lines and the schemes.

All cells start from the first layer's actual variance, since several fixed points may wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from actprof.activations import BoundActivation, bind
from actprof.phase_diagrams import PhaseDiagram, PhaseDiagrams, PhaseGrid, Scheme
from actprof.phases import ranges
from actprof.phases.boundaries import Branch, boundaries, critical_points
from actprof.phases.depth_lines import depth_lines
from actprof.phases.edge_sections import edge_sections
from actprof.phases.marks import marks
from actprof.phases.moment_tables import moment_table
from actprof.phases.planes import grid
from actprof.phases.requests import PhaseSpec
from actprof.predictions import TRAINABLE_SCALES
from actprof.registry import Choice

Values = tuple[float, ...]


def phase_diagrams(request: PhaseSpec, progress: Callable[[float], None] = lambda share: None) -> PhaseDiagrams:
    """A plane for each activation; `progress` is told the share that is done."""
    diagrams, notes = [], []
    for number, choice in enumerate(request.activations):
        diagram, remarks = _diagram(choice, request)
        diagrams.append(diagram)
        notes += remarks
        progress((number + 1) / len(request.activations))
    return PhaseDiagrams(_config(request), tuple(diagrams), tuple(notes))


def _diagram(choice: Choice, request: PhaseSpec) -> tuple[PhaseDiagram, list[str]]:
    phi = bind(choice)
    table = moment_table(phi)
    branches, turns = boundaries(choice)
    schemes, notes = marks(choice, request)
    sigma_w, sigma_b = _ranges(request, branches, schemes)
    cells, pairs = grid(phi, table, sigma_w, sigma_b)
    schemes = [replace(scheme, shown=cells.holds(scheme.sigma_w, scheme.sigma_b)) for scheme in schemes]
    sections = tuple(part for branch in branches for part in edge_sections(choice, branch, cells.extent))
    lines = depth_lines(table, pairs, sigma_w[-1], sigma_b[-1])
    critical = critical_points(choice, _quarters(cells))
    return (PhaseDiagram(str(choice), choice.label, phi.formula, cells, sections, turns, critical, lines,
                         tuple(schemes)),
            notes + _remarks(phi, choice, schemes))


def _remarks(phi: BoundActivation, choice: Choice, schemes: Sequence[Scheme]) -> list[str]:
    """What the plane does not show."""
    drawn = [f"the plane of {choice.label} takes no notice of slopes that are drawn anew for every input, "
             "which keep two of them apart; its schemes do"] if phi.random else []
    return drawn + [f"{scheme.label} / {choice.label} lies beyond the plane, at sigma_w = {scheme.sigma_w:.4g}, "
                    f"sigma_b = {scheme.sigma_b:.4g}" for scheme in schemes if not scheme.shown]


def _ranges(request: PhaseSpec, branches: Sequence[Branch], schemes: Sequence[Scheme]) -> tuple[Values, Values]:
    """(σ_w, σ_b) of the grid: those of the request, or else some that suit the activation."""
    most_w = ranges.most_sigma_w(branches)
    most_b = ranges.rounded_up(ranges.HEIGHT * most_w)
    most_w = ranges.widened(most_w, [scheme.sigma_w for scheme in schemes])
    most_b = ranges.widened(most_b, [scheme.sigma_b for scheme in schemes])
    return request.sigma_w or ranges.values_w(most_w), request.sigma_b or ranges.values_b(most_b)


def _quarters(cells: PhaseGrid) -> Values:
    """σ_b of the edge's table: no biases, and four more over the range."""
    return tuple(dict.fromkeys((0.0, *(cells.sigma_b[-1] * part / 4 for part in (1, 2, 3, 4)))))


def _config(request: PhaseSpec) -> dict[str, object]:
    """Every resolved setting, by the name of its option."""
    return {"activations": [str(choice) for choice in request.activations],
            "inits": [str(choice) for choice in request.inits], "width": request.width,
            "bias": None if request.bias is None else str(request.bias),
            "sigma_w": request.sigma_w and list(request.sigma_w), "sigma_b": request.sigma_b and list(request.sigma_b),
            "input_second_moment": 1.0, "trainable_layers": f"{TRAINABLE_SCALES:g} xi_c"}
