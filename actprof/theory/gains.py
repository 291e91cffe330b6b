"""Gains: what keeps the forward variance, the gradient, or a std of 1, from the definition at z ~ N(0, 1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from actprof.activations import BoundActivation, bind
from actprof.predictions import Gains
from actprof.registry import Choice
from actprof.theory.edges import critical
from actprof.theory.gaussian import moments

_TORCH: dict[str, Callable[..., float]] = {
    "linear": lambda: 1.0,
    "sigmoid": lambda: 1.0,
    "tanh": lambda: 5 / 3,
    "relu": lambda: math.sqrt(2),
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    "selu": lambda: 3 / 4,
}
"""torch.nn.init.calculate_gain; it refuses every other name."""

NEUTRAL = 1e-9
"""By how much a length slope may be above 1 and count as 1."""


def _inverse_root(square: float) -> float | None:
    return 1 / math.sqrt(square) if 0 < square < math.inf else None


def critical_gain(choice: Choice) -> float:
    """The σ_w that keeps E a² without biases: gain_forward = 1/√E φ(z)², z ~ N(0, 1); of a maxout of its largest z."""
    return 1 / math.sqrt(moments(bind(choice), 1.0).square)


def torch_gain(phi: BoundActivation) -> float | None:
    """What torch.nn.init.calculate_gain gives for an activation, None if it refuses."""
    return _TORCH[phi.name](**dict(phi.parameters)) if phi.name in _TORCH else None


@np.errstate(all="ignore")
def gains(choice: Choice) -> Gains:
    """All gains of an activation; what is undefined for it is None."""
    phi = bind(choice)
    one = moments(phi, 1.0)
    slope = float(one.square_slope / one.square)
    plain = Gains(str(choice), float(one.mean), float(one.square), None, _inverse_root(one.square), None,
                  _inverse_root(one.variance), None, slope, slope <= 1 + NEUTRAL, None, None, torch_gain(phi))
    if phi.jumps:
        return plain
    edge = critical(choice)
    return replace(plain, e_dphi2=float(one.slope_square), gain_backward=_inverse_root(one.slope_square),
                   chi_at_gain_forward=float(one.slope_square / one.square),
                   critical_sigma_w=edge.sigma_w if edge else None, critical_q=edge.q if edge else None)
