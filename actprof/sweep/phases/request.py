"""What a plane of phases is asked for: names and grids, refused early where there is no such plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.initializers import INITIALIZERS, as_bias, as_dense
from actprof.engine import spec
from actprof.engine.stacks import is_each
from actprof.errors import SpecError, quoted, require_distinct
from actprof.registry import Choice
from actprof.theory.predictions import MAX_SIGMA, Edge

MIN_VALUES, MAX_VALUES = 2, 400

VALUES_W, VALUES_B = 80, 51  # the numbers of values of a range that does not say how many


@dataclass(frozen=True)
class PhaseSpec:
    """Activations, each with a plane of its own, and the initialisers to mark on all of them.

    Attributes:
        sigma_w, sigma_b: the values of the grid; None for a range that suits the activation.
        width: the fan-in of the initialisers.
        bias: None for each initialiser's own.
    """

    activations: tuple[Choice, ...]
    inits: tuple[Choice, ...] = ()
    sigma_w: tuple[float, ...] | None = None
    sigma_b: tuple[float, ...] | None = None
    width: int = spec.WIDTH
    bias: Choice | None = None

    def __post_init__(self) -> None:
        if not self.activations:
            raise SpecError("a phase diagram needs an activation. Name one with --act.")
        spec.require("--width", self.width, 1, spec.MAX_WIDTH)
        for option, choices in (("--act", self.activations), ("--init", self.inits)):
            require_distinct(option, choices, name=lambda choice: quoted(choice.label))
        for choice in self.activations:
            if bind(choice).jumps:
                raise SpecError(f"{choice.label} has no phase diagram: it jumps, so that chi_1 is not defined. "
                                "Choose a continuous --act, such as tanh.")
        for name, values in (("sigma_w", self.sigma_w), ("sigma_b", self.sigma_b)):
            if values is not None:
                _require_grid(name, values)


def phase_spec(acts: Sequence[str] = (spec.ACTIVATION,), inits: Sequence[str] = (spec.INIT,), *,
               sigma_w: tuple[float, ...] | None = None, sigma_b: tuple[float, ...] | None = None,
               width: int | None = None, bias: str | None = None) -> PhaseSpec:
    """The spec of a request as on the command line. Raises SpecError."""
    for option, what, texts in (("--act", "an activation", acts), ("--init", "an initialiser", inits)):
        for text in filter(is_each, texts):
            raise SpecError(f"{quoted(text)} names {what} a layer, but a phase diagram is of one. "
                            f"Repeat {option} instead.")
    return PhaseSpec(tuple(map(ACTIVATIONS.parse, acts)), tuple(as_dense(INITIALIZERS.parse(name)) for name in inits),
                     sigma_w, sigma_b, spec.WIDTH if width is None else width,
                     None if bias is None else as_bias(INITIALIZERS.parse(bias)))


def _require_grid(name: str, values: tuple[float, ...]) -> None:
    if not MIN_VALUES <= len(values) <= MAX_VALUES:
        raise SpecError(f"--over {name} must have from {MIN_VALUES} to {MAX_VALUES} values for a phase diagram, "
                        f"not {len(values):,}.")
    for value in values:
        if not (math.isfinite(value) and 0 <= value <= MAX_SIGMA):
            raise SpecError(f"--over {name} must be from 0 to {MAX_SIGMA:,.0f}, not {value:g}.")
    if any(after <= before for before, after in pairwise(values)):
        raise SpecError(f"the values of --over {name} must rise.")


ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # the ends that a range may have, times a power of ten

# Times σ_w at the edge where a plane ends: if chaos follows, and if the variance grows without bound.
BEYOND, BEYOND_ANY = 2.5, 2.0

WITHOUT_EDGE = 4.0  # the most σ_w of a plane without an edge: well beyond any usual gain
FURTHEST = 100.0  # σ_w up to which the edge is looked for
HEIGHT = 0.4  # σ_b over σ_w, at most: the shape of a figure's plane
MAX_RANGE = 3.0  # the factor by which schemes may widen a range


def most_sigma_w(branches: Sequence[Sequence[Edge]]) -> float:
    """The most σ_w of a plane: from the stable point of the edge with the least σ_w, or else from its start."""
    points = [point for branch in branches for point in branch if point.sigma_w <= FURTHEST]
    edge = min((point for point in points if point.stable), key=lambda point: point.sigma_w, default=None) or next(
        (point for point in points if point.sigma_b == 0), None)
    if edge is None:
        return WITHOUT_EDGE
    bounded = edge.q is not None and branches[0][0].stable
    return rounded_up((BEYOND if bounded else BEYOND_ANY) * edge.sigma_w)


def widened(most: float, wished: Sequence[float]) -> float:
    """A range that holds as many of the wished values as it may."""
    further = [value for value in wished if most < value <= MAX_RANGE * most]
    return rounded_up(1.05 * max(further)) if further else most


def rounded_up(value: float) -> float:
    """The next number of ROUND."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{next(each for each in ROUND if each * power >= value * (1 - 1e-9)) * power:.6g}")
