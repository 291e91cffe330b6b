"""σ_w and σ_b of each layer of a stack, or why mean-field theory has nothing to say about it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actprof import initializers
from actprof.draws import Draw
from actprof.fans import fans_of
from actprof.spec import StackSpec
from actprof.special import normal_density
from actprof.theory.quadrature import interval

Offsets = tuple[tuple[float, float], ...]
"""(value, probability) of what every unit adds to its pre-activation."""

NEGLIGIBLE = 0.05
"""Share of the weights' part up to which biases that are not normal count as normal: excess kurtosis 1e-3."""

FEWEST = 30
"""Weights of a unit that are not 0 from which on their sum counts as normal."""

BIAS_NODES = 12


@dataclass(frozen=True)
class Scales:
    """How the pre-activations of a layer follow from the second moment of what enters it.

    Attributes:
        weights: σ_w² = fan_in·Var W.
        bias_mean, bias_std: of the biases.
        bias_draw: the shape of their distribution.
        preserved: share of the squared length of what enters that is preserved exactly (orthogonal weights).
    """

    weights: float
    bias_mean: float
    bias_std: float
    bias_draw: Draw
    preserved: float

    def add_biases(self, variance: float) -> tuple[float, Offsets]:
        """(variance, offsets) of h, given the variance that the weights make; offsets for what is not normal."""
        if self.bias_draw.bound is None or self.bias_std**2 <= NEGLIGIBLE * variance:
            return variance + self.bias_std**2, ((self.bias_mean, 1.0),)
        z, weights = interval(-self.bias_draw.bound, self.bias_draw.bound, BIAS_NODES)
        if self.bias_draw.std_factor < 1:
            weights = weights * normal_density(z * self.bias_draw.std_factor)
        weights = weights / weights.sum()
        values = self.bias_mean + self.bias_std * z
        return variance, tuple(zip(values.tolist(), weights.tolist(), strict=True))


def scales(stack: StackSpec, number: int) -> Scales:
    """The scales of layer `number`, about which `silence` has nothing to say."""
    fans = fans_of(stack, number)
    weights, bias = initializers.bind(stack.init), initializers.bind(stack.bias)
    preserved = min(1.0, fans.fan_out / fans.fan_in) if stack.init.name == "orthogonal" else 0.0
    bias_std = bias.std(fans)
    return Scales(fans.fan_in * weights.std(fans) ** 2, bias.mean(fans), bias_std, bias.draw, preserved)


def silence(stack: StackSpec, number: int) -> str:
    """Why there is no statement about layer `number`; "" if there is one."""
    fans, init = fans_of(stack, number), stack.init
    if initializers.bind(init).row.calibrated:
        return f"{init.name} weights depend on the inputs, which mean-field theory does not cover"
    if init.name == "identity":
        return "identity weights mix no inputs, so units are not normally distributed"
    if initializers.bind(init).mean(fans) != 0:
        return f"{init.name} weights have a mean other than 0, which mean-field theory does not cover"
    if init.name == "sparse":
        used = fans.fan_in - math.ceil(float(init.values["sparsity"]) * fans.fan_in)
        if 0 < used < FEWEST:
            return f"{used} weights a unit that are not 0 are too few for a normal distribution; {FEWEST} would do"
    return ""


def spread(offsets: Offsets) -> tuple[float, float]:
    """(mean, variance) of the offsets."""
    values, weights = np.array(offsets).T
    mean = float(values @ weights)
    return mean, float((values - mean) ** 2 @ weights)
