"""What `sweep --phase` leaves behind: planes of (σ_w, σ_b) with their phases, the edge of chaos and the schemes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.digits import number
from actprof.report.result import Finding, Result
from actprof.theory.predictions import TRAINABLE_SCALES, Edge, FixedPoints, Jump

FINE = 20  # values from which on a step is little beside the range

# The phases of a FixedPoint, and "diverges" where the variance grows without bound.
PHASES = ("ordered", "edge", "chaotic", "diverges")


@dataclass(frozen=True)
class PhaseGrid:
    """What is reached from the first layer's variance σ_w² + σ_b²; arrays are (σ_w, σ_b).

    Attributes:
        sigma_w, sigma_b: rising.
        q_star: the variance, infinite where it grows without bound; all else is NaN there.
        chi_1: σ_w² E φ'².
        c_star: the correlation that two inputs approach; NaN where the variance vanishes in the chaotic phase.
        xi_q, xi_c: depths, in layers, over which variance and correlation approach their fixed points.
        growth: the least relative growth of the variance in one layer, among all variances from the first upwards:
            where it is above 0 nothing stops the variance.
        chi_passing: χ_1, or where there is none that at the variance of the least growth; so it knows no border.
        marginal: by how much χ_1 may differ from 1 and count as 1.
    """

    sigma_w: tuple[float, ...]
    sigma_b: tuple[float, ...]
    q_star: Floats
    chi_1: Floats
    c_star: Floats
    xi_q: Floats
    xi_c: Floats
    growth: Floats
    chi_passing: Floats
    marginal: float

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(least σ_w, most σ_w, least σ_b, most σ_b) of the plane, which reaches 0 if a fine grid starts by it."""
        return (*_ends(self.sigma_w), *_ends(self.sigma_b))

    def holds(self, sigma_w: float, sigma_b: float) -> bool:
        """Whether a point lies on the plane."""
        least_w, most_w, least_b, most_b = self.extent
        return least_w <= sigma_w <= most_w and least_b <= sigma_b <= most_b

    @property
    def phase(self) -> np.ndarray[Any, np.dtype[np.str_]]:
        """One of PHASES for each cell; χ_1 within `marginal` of 1 is the edge."""
        conditions = [np.isinf(self.q_star), np.abs(self.chi_1 - 1) <= self.marginal, self.chi_1 < 1]
        return np.select(conditions, ["diverges", "edge", "ordered"], "chaotic")


@dataclass(frozen=True)
class DepthLine:
    """A line of points (σ_w, σ_b) in one phase, on which a network can be trained down to so many layers."""

    layers: int
    phase: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Scheme:
    """An initialiser on the plane: exact, by the theory of fixed points.

    Attributes:
        label: what the user wrote; `init` and `bias` are canonical.
        formula: of its weights.
        start: the first layer's variance for inputs with E x² = 1.
        gradient_layers: over how many layers gradients change no more than a verdict lets them, from that variance on;
            at the fixed point 2·ln 30/|ln χ₁|; None where the variance diverges.
        shown: whether it lies on the plane.
    """

    label: str
    init: str
    formula: str
    bias: str
    sigma_w: float
    sigma_b: float
    start: float
    fixed_points: FixedPoints
    gradient_layers: float | None
    shown: bool = True

    @property
    def phase(self) -> str:
        """One of PHASES."""
        reached = self.fixed_points.reached
        return "diverges" if reached is None else reached.phase

    @property
    def signal_layers(self) -> float | None:
        """Down to how many layers the signal still tells inputs apart: 6 ξ_c; None where the variance diverges."""
        reached = self.fixed_points.reached
        return None if reached is None or reached.xi_c is None else TRAINABLE_SCALES * reached.xi_c

    @property
    def layers(self) -> float | None:
        """Down to how many layers a network can be trained: the smaller of both."""
        known = [layers for layers in (self.signal_layers, self.gradient_layers) if layers is not None]
        return min(known, default=None)


@dataclass(frozen=True)
class PhaseDiagram:
    """The plane of one activation.

    Attributes:
        label: what the user wrote; `activation` is canonical.
        grid: the cells.
        edges: the edge of chaos as far as it lies on the plane, in pieces along which its variance rises; each of them
            is one smooth line from border to border, or a single point.
        turns: where it turns from unstable to stable or back, wherever that is.
        jump: where the variance jumps without biases.
        critical: points of the edge at a few σ_b, the one with the least variance each.
        depth_lines: around the edge.
        schemes: in the order of the request.
    """

    activation: str
    label: str
    formula: str
    grid: PhaseGrid = field(repr=False)
    edges: tuple[tuple[Edge, ...], ...] = field(repr=False)
    turns: tuple[Edge, ...]
    critical: tuple[Edge, ...]
    depth_lines: tuple[DepthLine, ...] = field(repr=False)
    schemes: tuple[Scheme, ...]
    jump: Jump | None = None

    @property
    def spots(self) -> tuple[tuple[Scheme, ...], ...]:
        """The schemes on the plane; those at the same point together."""
        found: list[list[Scheme]] = []
        for scheme in self.schemes:
            same = next((spot for spot in found if _coincide(spot[0], scheme)), None)
            if scheme.shown and same is not None:
                same.append(scheme)
            elif scheme.shown:
                found.append([scheme])
        return tuple(map(tuple, found))


@dataclass(frozen=True, repr=False)
class PhaseDiagrams(Result):
    """All planes of a command; `config` holds every resolved setting."""

    config: Mapping[str, Any]
    diagrams: tuple[PhaseDiagram, ...]
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> Sequence[Finding]:
        """The initialisers on every plane and their phases."""
        return [Finding(f"{scheme.label} / {diagram.label}", word=scheme.phase,
                     text=f"σ_w {number(scheme.sigma_w)}, σ_b {number(scheme.sigma_b)}")
                for diagram in self.diagrams for scheme in diagram.schemes]

    @property
    def told(self) -> Sequence[str]:
        return self.notes


def _ends(values: tuple[float, ...]) -> tuple[float, float]:
    reaches_0 = len(values) >= FINE and values[0] <= (values[1] - values[0]) * (1 + 1e-9)
    return 0.0 if reaches_0 else values[0], values[-1]


def _coincide(one: Scheme, other: Scheme) -> bool:
    return all(math.isclose(getattr(one, name), getattr(other, name), rel_tol=1e-9, abs_tol=1e-12)
               for name in ("sigma_w", "sigma_b", "start"))
