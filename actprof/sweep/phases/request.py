"""What a plane of phases is asked for: names and grids, refused early where there is no such plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from actprof import spec
from actprof.activations import ACTIVATIONS, bind
from actprof.errors import SpecError, shown
from actprof.gains import MOST_SIGMA
from actprof.initializers import INITIALIZERS, as_bias
from actprof.registry import Choice

LEAST_VALUES, MOST_VALUES = 2, 400

VALUES_W, VALUES_B = 80, 51
"""Of a range that does not say how many."""


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
            for place, choice in enumerate(choices):
                if choice in choices[:place]:
                    raise SpecError(f"{option} {shown(choice.label)} is asked for twice. Name each once.")
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
    for name in acts:
        if "/" in name:
            raise SpecError(f"{shown(name)} names an activation a layer, but a phase diagram is of one. "
                            "Repeat --act instead.")
    return PhaseSpec(tuple(map(ACTIVATIONS.parse, acts)), tuple(map(INITIALIZERS.parse, inits)), sigma_w, sigma_b,
                     spec.WIDTH if width is None else width,
                     None if bias is None else as_bias(INITIALIZERS.parse(bias)))


def _require_grid(name: str, values: tuple[float, ...]) -> None:
    if not LEAST_VALUES <= len(values) <= MOST_VALUES:
        raise SpecError(f"--over {name} must have from {LEAST_VALUES} to {MOST_VALUES} values for a phase diagram, "
                        f"not {len(values):,}.")
    for value in values:
        if not (math.isfinite(value) and 0 <= value <= MOST_SIGMA):
            raise SpecError(f"--over {name} must be from 0 to {MOST_SIGMA:,.0f}, not {value:g}.")
    if any(after <= before for before, after in pairwise(values)):
        raise SpecError(f"the values of --over {name} must rise.")
