"""From a request to its planes: for each activation the grid, the edge of chaos, the depth lines and the schemes.

All cells start from the first layer's actual variance, since several fixed points may wait.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from actprof.catalogue import initializers
from actprof.catalogue.activations import BoundActivation, bind
from actprof.catalogue.initializers import preset_bias
from actprof.diagnosis.verdicts import CHANGE
from actprof.digits import typed
from actprof.engine.spec import StackSpec
from actprof.machine import Progress, portions
from actprof.registry import Choice
from actprof.sweep.phases.boundaries import Branch, boundaries, depth_lines, edge_sections
from actprof.sweep.phases.request import HEIGHT, VALUES_B, VALUES_W, PhaseSpec, most_sigma_w, rounded_up, widened
from actprof.sweep.phases.result import PhaseDiagram, PhaseDiagrams, PhaseGrid, Scheme
from actprof.theory.criticality import Conditions, gradient_layers
from actprof.theory.fields import field
from actprof.theory.fixed_points import critical, depth_scale, fixed_points, jump
from actprof.theory.layers import NEGLIGIBLE, scales, why_no_theory
from actprof.theory.length_map import moment_table
from actprof.theory.predictions import MARGINAL, TRAINABLE_SCALES


def grid(phi: BoundActivation, sigma_w: tuple[float, ...], sigma_b: tuple[float, ...]) -> PhaseGrid:
    """The cells σ_w × σ_b for inputs with E x² = 1; both ranges rise and have at least two values."""
    across, up = (each.ravel() for each in np.meshgrid(np.array(sigma_w), np.array(sigma_b), indexing="ij"))
    found = field(phi, across, up)
    passing = across**2 * moment_table(phi).slope_square(found.slowest)
    cells = {"q_star": found.q_star, "chi_1": found.chi_1, "c_star": found.c_star,
             "xi_q": depth_scale(found.length_slope), "xi_c": depth_scale(found.decay), "growth": found.growth,
             "chi_passing": np.where(np.isfinite(found.q_star), found.chi_1, passing)}
    shape = len(sigma_w), len(sigma_b)
    return PhaseGrid(sigma_w, sigma_b, marginal=MARGINAL,
                     **{name: values.reshape(shape) for name, values in cells.items()})


_fixed_points = functools.lru_cache(256)(fixed_points)


def marks(choice: Choice, request: PhaseSpec) -> tuple[list[Scheme], list[str]]:
    """The schemes about which theory speaks, and notes on the others."""
    schemes, notes = [], []
    for init in request.inits:
        stack = StackSpec((request.width,) * 3, (init, init), (choice, choice), request.bias or preset_bias(init))
        reason = why_no_theory(stack, 1) or why_no_theory(stack, 2) or _offset(stack)
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
    return [f"{stack.inits[0].label} / {stack.activations[0].label}: the biases count as normal, of the same std"]


def _scheme(stack: StackSpec) -> Scheme:
    first, inside = scales(stack, 1), scales(stack, 2)
    start = first.weights + first.bias_std**2
    sigma_w, sigma_b = inside.weights**0.5, inside.bias_std
    init = stack.inits[1]
    found = _fixed_points(stack.activations[1], sigma_w, sigma_b, start)
    chi = found.reached and found.reached.chi_1
    known = Conditions(stack.activations[1], sigma_w, sigma_b, start)
    layers = gradient_layers(known, chi, 2 * math.log(CHANGE.value)) if chi else None
    return Scheme(init.label, str(init), initializers.bind(init).formula, str(stack.bias), sigma_w, sigma_b, start,
                  found, layers)


Values = tuple[float, ...]


def phase_diagrams(request: PhaseSpec, progress: Callable[[float], None] = lambda share: None) -> PhaseDiagrams:
    """A plane for each activation; `progress` is told the share that is done."""
    diagrams, notes = [], []
    steps = portions(progress, [1] * PARTS * len(request.activations))
    for choice in request.activations:
        diagram, remarks = _diagram(choice, request, steps)
        diagrams.append(diagram)
        notes += remarks
    return PhaseDiagrams(_config(request), tuple(diagrams), tuple(notes))


PARTS = 5  # of the work on an activation, about as long as each other


def _diagram(choice: Choice, request: PhaseSpec, steps: Iterator[Progress]) -> tuple[PhaseDiagram, list[str]]:
    phi = bind(choice)
    branches, turns = boundaries(choice)
    next(steps)(1.0)
    schemes, notes = marks(choice, request)
    next(steps)(1.0)
    sigma_w, sigma_b = _ranges(request, branches, schemes)
    cells = grid(phi, sigma_w, sigma_b)
    next(steps)(1.0)
    schemes = [replace(scheme, shown=cells.holds(scheme.sigma_w, scheme.sigma_b)) for scheme in schemes]
    sections = tuple(part for branch in branches for part in edge_sections(choice, branch, cells.extent))
    next(steps)(1.0)
    lines = depth_lines(phi, cells)
    quarters = dict.fromkeys((0.0, *(cells.sigma_b[-1] * part / 4 for part in (1, 2, 3, 4))))
    edges = tuple(filter(None, (critical(choice, sigma_b) for sigma_b in quarters)))
    next(steps)(1.0)
    return (PhaseDiagram(str(choice), choice.label, phi.formula, cells, sections, turns, edges, lines,
                         tuple(schemes), jump(choice)),
            notes + _remarks(choice, schemes))


def _remarks(choice: Choice, schemes: Sequence[Scheme]) -> list[str]:
    """What the plane does not show."""
    return [f"{scheme.label} / {choice.label} lies beyond the plane, at sigma_w = {typed(scheme.sigma_w, 4)}, "
            f"sigma_b = {typed(scheme.sigma_b, 4)}" for scheme in schemes if not scheme.shown]


def _ranges(request: PhaseSpec, branches: Sequence[Branch], schemes: Sequence[Scheme]) -> tuple[Values, Values]:
    """(σ_w, σ_b) of the grid: those of the request, or else some that suit the activation."""
    most_w = most_sigma_w(branches)
    most_b = rounded_up(HEIGHT * most_w)
    most_w = widened(most_w, [scheme.sigma_w for scheme in schemes])
    most_b = widened(most_b, [scheme.sigma_b for scheme in schemes])
    return (request.sigma_w or tuple((most_w * np.arange(1, VALUES_W + 1) / VALUES_W).tolist()),
            request.sigma_b or tuple((most_b * np.arange(VALUES_B) / (VALUES_B - 1)).tolist()))


def _config(request: PhaseSpec) -> dict[str, object]:
    """Every resolved setting, by the name of its option."""
    return {"activations": [str(choice) for choice in request.activations],
            "inits": [str(choice) for choice in request.inits], "width": request.width,
            "bias": None if request.bias is None else str(request.bias),
            "sigma_w": request.sigma_w and list(request.sigma_w), "sigma_b": request.sigma_b and list(request.sigma_b),
            "input_second_moment": 1.0,
            "trainable_layers": f"min({TRAINABLE_SCALES:g} xi_c, 2 ln {CHANGE.value:g}/|ln chi_1|)"}
