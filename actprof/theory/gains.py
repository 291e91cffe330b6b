"""Gains: what keeps the forward variance, the gradient, or a std of 1, from the definition at z ~ N(0, 1).

With weights of variance gain²/fan_in: 1/√E φ² (He et al. 2015, eq. 10), 1/√E φ'² (ibid., eq. 14), and 1/√Var φ
(Brock et al. 2021, whose weights are standardised so that the mean of φ is not passed on).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from actprof.activations import BoundActivation, bind
from actprof.errors import SpecError
from actprof.predictions import Gains
from actprof.registry import Choice
from actprof.theory.edges import critical
from actprof.theory.gaussian import moments
from actprof.theory.stability import stability

_TORCH: dict[str, Callable[..., float]] = {
    "linear": lambda: 1.0,
    "sigmoid": lambda: 1.0,
    "tanh": lambda: 5 / 3,
    "relu": lambda: math.sqrt(2),
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    "selu": lambda: 3 / 4,
}
"""torch.nn.init.calculate_gain; it refuses every other name."""


def forward_gain(choice: Choice) -> float:
    """The σ_w that keeps E a² without biases: gain_forward = 1/√E φ(z)², z ~ N(0, 1); of a maxout of its largest z.

    Raises SpecError where there is none.
    """
    square = moments(bind(choice), 1.0).square
    gain = _inverse_root(square)
    if gain is None:
        raise SpecError(f"{choice} has no gain that keeps the variance: E φ(z)² is {square:g} for z ~ N(0, 1).")
    return gain


def _inverse_root(square: float) -> float | None:
    return 1 / math.sqrt(square) if 0 < square < math.inf else None


def torch_gain(phi: BoundActivation) -> float | None:
    """What torch.nn.init.calculate_gain gives for an activation, None if it refuses."""
    return _TORCH[phi.name](**dict(phi.parameters)) if phi.name in _TORCH else None


@np.errstate(all="ignore")
def gains(choice: Choice) -> Gains:
    """All gains of an activation; what is undefined for it is None."""
    phi = bind(choice)
    one, edge = moments(phi, 1.0), critical(choice)
    slope = float(one.square_slope / one.square)
    smooth = not phi.jumps  # else E φ'² misses the jumps
    return Gains(
        activation=str(choice), e_phi=float(one.mean), e_phi2=float(one.square),
        e_dphi2=float(one.slope_square) if smooth else None,
        gain_forward=_inverse_root(one.square),
        gain_backward=_inverse_root(one.slope_square) if smooth else None,
        gain_std=_inverse_root(one.variance),
        chi_at_gain_forward=float(one.slope_square / one.square) if smooth else None,
        length_slope=slope, stability=stability(slope),
        critical_sigma_w=edge.sigma_w if edge else None, critical_q=edge.q if edge else None,
        torch_gain=torch_gain(phi))
