"""What `gain` leaves behind: the gains of activations, the fixed points they lead to, and the curves to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actprof.digits import number
from actprof.report.result import Finding, Result
from actprof.theory.predictions import Edge, FixedPoint, FixedPoints, Gains, Jump

ROUNDING = 1e-15  # share of a gain that may be rounding
MAX_ROWS = 6  # activations with a row each in a figure; more make a gallery


@dataclass(frozen=True)
class GainCourse:
    """What becomes of the variance in layers of one gain without biases.

    The std gain is not judged: it is for layers that are centred, by a batch normalisation or by weights of mean 0,
    whose variances follow Var φ and not E φ². Its course is "", without fixed points.

    Attributes:
        name: "forward", "backward", "std" or "torch".
        start: the variance of the first layer's pre-activations.
        point: the fixed point that the gain is judged at: q = 1 of the forward gain, the one reached of the others;
            None where none is reached.
        fixed_points: all there are, and the course from the start.
    """

    name: str
    gain: float
    start: float
    point: FixedPoint | None
    fixed_points: FixedPoints


@dataclass(frozen=True)
class Shape:
    """φ and φ' against z; NaN between the two sides of a jump.

    Attributes:
        steepness: by how much closer to 0 z stays, and what φ' is to be divided by to be seen beside φ; else 1.
    """

    z: tuple[float, ...]
    value: tuple[float, ...]
    derivative: tuple[float, ...]
    steepness: float = 1.0


@dataclass(frozen=True)
class LengthMap:
    """The variance of a layer's pre-activations against that of the layer before.

    Attributes:
        q, image: the curve.
        logarithmic: whether the fixed points and the start are decades apart.
        course: the variances of the first layers, one after the other, from the start.
        fixed_points: where the curve meets the diagonal.
    """

    q: tuple[float, ...]
    image: tuple[float, ...]
    logarithmic: bool
    course: tuple[float, ...]
    fixed_points: FixedPoints


@dataclass(frozen=True)
class ActivationGains:
    """All that is known of one activation.

    Attributes:
        label: what the user wrote.
        tex: the formula with mathematics as TeX between dollars; empty where plain text says as much.
        gains: by definition, for z ~ N(0, 1).
        edge: the edge of chaos at the σ_b asked for; None if there is none.
        stable_edge: where the edge turns stable, if it starts unstable.
        jump: where the variance jumps without biases; of the whole catalogue only where it is drawn.
        fixed_points: at the σ_w and σ_b asked for; None where nothing was.
        start: the first layer's variance there.
        courses: of every gain there is; of the whole catalogue none but the forward one, and that where it is drawn.
        shape, length_map: to be drawn; a maxout has no shape, and there is no map of what was asked for in vain.
    """

    label: str
    formula: str
    tex: str
    gains: Gains
    edge: Edge | None
    stable_edge: Edge | None = None
    jump: Jump | None = None
    fixed_points: FixedPoints | None = None
    start: float | None = None
    courses: tuple[GainCourse, ...] = ()
    shape: Shape | None = field(default=None, repr=False)
    length_map: LengthMap | None = field(default=None, repr=False)

    @property
    def torch_difference(self) -> float | None:
        """PyTorch's gain minus the forward one."""
        torch, forward = self.gains.torch_gain, self.gains.gain_forward
        if torch is None or forward is None:
            return None
        return 0.0 if math.isclose(torch, forward, rel_tol=ROUNDING) else torch - forward

    @property
    def reached(self) -> FixedPoint | None:
        """The fixed point that the start leads to at the σ_w and σ_b asked for."""
        return None if self.fixed_points is None else self.fixed_points.reached


@dataclass(frozen=True, repr=False)
class GainTable(Result):
    """All activations of a command; `config` holds every resolved setting."""

    config: Mapping[str, Any]
    activations: tuple[ActivationGains, ...]
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> Sequence[Finding]:
        """The activations, and whether the variance that their forward gain keeps is stable; the curve is φ's."""
        return [Finding(each.label, "✓" if each.gains.stable else "", each.gains.stability,
                     "" if each.gains.gain_forward is None else f"forward gain {number(each.gains.gain_forward)}",
                     [value - min(each.shape.value) for value in each.shape.value] if each.shape else ())
                for each in self.activations]

    @property
    def told(self) -> Sequence[str]:
        return self.notes
