"""Phase diagrams of activations in the plane of σ_w and σ_b, from mean-field theory alone.

Poole et al. 2016, Schoenholz et al. 2017. All cells start from the first layer's actual variance, since several fixed
points may wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from actprof.activations import bind
from actprof.phase_diagrams import PhaseDiagram, PhaseDiagrams, Scheme
from actprof.phases import ranges
from actprof.phases.boundaries import Branch, boundaries, critical_points
from actprof.phases.depth_lines import depth_lines
from actprof.phases.marks import marks
from actprof.phases.moment_tables import moment_table
from actprof.phases.planes import grid
from actprof.phases.requests import PhaseSpec, phase_spec
from actprof.predictions import TRAINABLE_SCALES
from actprof.registry import Choice

__all__ = ["PhaseSpec", "phase_diagrams", "phase_spec"]

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
    branches, turns = boundaries(choice, table)
    schemes, notes = marks(choice, request)
    if phi.random:
        notes.append(f"the plane of {choice.label} takes no notice of slopes that are drawn anew for every input, "
                     "which keep two of them apart; its schemes do")
    sigma_w, sigma_b = _ranges(request, branches, schemes)
    cells, pairs = grid(phi, table, sigma_w, sigma_b)
    placed = [replace(scheme, shown=_within(scheme, *cells.extent)) for scheme in schemes]
    notes += [f"{scheme.label} / {choice.label} lies beyond the plane, at sigma_w = {scheme.sigma_w:.4g}, "
              f"sigma_b = {scheme.sigma_b:.4g}" for scheme in placed if not scheme.shown]
    most = sigma_w[-1], sigma_b[-1]
    return PhaseDiagram(str(choice), choice.label, phi.formula, cells, _near(branches, *cells.extent), turns,
                        critical_points(choice, _quarters(sigma_b)),
                        depth_lines(table, pairs, *most), tuple(placed)), notes


def _ranges(request: PhaseSpec, branches: Sequence[Branch], schemes: Sequence[Scheme]) -> tuple[Values, Values]:
    most_w = ranges.most_sigma_w(branches)
    most_b = ranges.rounded_up(ranges.HEIGHT * most_w)
    most_w = ranges.widened(most_w, [scheme.sigma_w for scheme in schemes])
    most_b = ranges.widened(most_b, [scheme.sigma_b for scheme in schemes])
    return request.sigma_w or ranges.values_w(most_w), request.sigma_b or ranges.values_b(most_b)


def _within(scheme: Scheme, least_w: float, most_w: float, least_b: float, most_b: float) -> bool:
    return least_w <= scheme.sigma_w <= most_w and least_b <= scheme.sigma_b <= most_b


def _near(branches: Sequence[Branch], least_w: float, most_w: float, least_b: float,
          most_b: float) -> tuple[Branch, ...]:
    """The branches as far as the plane goes, and one point further."""
    cut = []
    for branch in branches:
        inside = [place for place, point in enumerate(branch)
                  if least_w <= point.sigma_w <= most_w and least_b <= point.sigma_b <= most_b]
        if inside:
            cut.append(branch[max(inside[0] - 1, 0):inside[-1] + 2])
    return tuple(cut)


def _quarters(sigma_b: Values) -> Values:
    """σ_b of the edge's table: no biases, and four more over the range."""
    return tuple(dict.fromkeys((0.0, *(sigma_b[-1] * part / 4 for part in (1, 2, 3, 4)))))


def _config(request: PhaseSpec) -> dict[str, object]:
    """Every resolved setting, by the name of its option."""
    return {"activations": [str(choice) for choice in request.activations],
            "inits": [str(choice) for choice in request.inits], "width": request.width,
            "bias": None if request.bias is None else str(request.bias),
            "sigma_w": request.sigma_w and list(request.sigma_w), "sigma_b": request.sigma_b and list(request.sigma_b),
            "input_second_moment": 1.0, "trainable_layers": f"{TRAINABLE_SCALES:g} xi_c"}
