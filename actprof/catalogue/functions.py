"""The functions of the activations and their slopes, on any array of floats.

Most write in place: write(z, out, **parameters) puts φ(z) into `out`, which may be `z` itself. They neither warn nor
make NaN for any finite z, and keep the digits of tails.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import special
from actprof.catalogue.special import borrowed, zeros_like

RRELU_LOW, RRELU_HIGH = 1 / 8, 1 / 3
RRELU_MEAN = (RRELU_LOW + RRELU_HIGH) / 2
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


def finite_below(z: Array) -> Array:
    """z, or if it holds -∞ a copy with the lowest finite number instead: -∞ times a gate of 0 is no number."""
    if z.min(initial=0) > -math.inf:
        return z
    raised: Array = np.maximum(z, np.finfo(z.dtype).min)
    return raised


def linear(z: Array, out: Array) -> None:
    if out is not z:
        np.copyto(out, z)


def relu(z: Array, out: Array) -> None:
    np.maximum(z, zeros_like(z), out=out)


def step(z: Array, out: Array) -> None:
    np.sign(z, out=out)
    np.maximum(out, zeros_like(out), out=out)


def leaky(z: Array, out: Array, slope: float) -> None:
    if slope == 0:
        return relu(z, out)
    with borrowed(z, 1) as (sloped,):
        np.multiply(z, slope, out=sloped)
        np.maximum(z, sloped, out=out)


def leaky_slope(z: Array, slope: float) -> Array:
    slopes: Array = np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))
    return slopes


def rrelu(z: Array, out: Array, mode: str, rng: np.random.Generator | None = None) -> None:
    """The mean slope unless the mode is "train" and there is a source of slopes."""
    if mode == "eval" or rng is None:
        return leaky(z, out, RRELU_MEAN)
    with borrowed(z, 1) as (sloped,):
        rng.random(dtype=z.dtype.type, out=sloped)
        sloped *= RRELU_HIGH - RRELU_LOW
        sloped += RRELU_LOW
        sloped *= z
        np.maximum(z, sloped, out=out)


def hard_sigmoid(z: Array, out: Array, slope: float) -> None:
    np.multiply(z, slope, out=out)
    np.add(out, 0.5, out=out)
    np.clip(out, 0, 1, out=out)


def hard_silu(z: Array, out: Array) -> None:
    z = finite_below(z)
    with borrowed(z, 1) as (gate,):
        hard_sigmoid(z, gate, 1 / 6)
        np.multiply(z, gate, out=out)


def maxout(z: Array, out: Array, k: int) -> None:
    if z.shape[-1] % k:
        raise ValueError(f"maxout of {k} pieces needs a multiple of {k} pre-activations, not {z.shape[-1]}")
    largest = functools.reduce(np.maximum, (z[..., piece::k] for piece in range(k)))
    np.copyto(out, largest)


def maxout_route(z: Array, k: int) -> Array:
    """1 at the piece that passes (the first of equals), 0 at the others."""
    pieces = z.reshape(*z.shape[:-1], -1, k)
    route = np.zeros_like(pieces)
    np.put_along_axis(route, pieces.argmax(-1)[..., None], 1, -1)
    routed: Array = route.reshape(z.shape)
    return routed


def mask(condition: Callable[..., Any]) -> Callable[..., Array]:
    """A derivative that is 1 where the condition holds and 0 elsewhere."""
    return lambda z, **parameters: condition(z, **parameters).astype(z.dtype)


def gated(z: Array, a: Array, cotangent: Array, out: Array) -> None:
    np.multiply(cotangent, a > zeros_like(a), out=out)


def drawn(z: Array, a: Array, cotangent: Array, out: Array, mode: str) -> None:
    """The slope that was drawn is a/z."""
    np.multiply(cotangent, np.where(z == 0, z.dtype.type(RRELU_MEAN), a / z), out=out)


def tanh_backward(z: Array, a: Array, cotangent: Array, out: Array) -> None:
    with borrowed(a, 1) as (slope,):
        np.multiply(a, a, out=slope)
        np.subtract(1, slope, out=slope)
        np.multiply(cotangent, slope, out=out)


def sigmoid_backward(z: Array, a: Array, cotangent: Array, out: Array) -> None:
    with borrowed(a, 1) as (slope,):
        np.subtract(1, a, out=slope)
        slope *= a
        np.multiply(cotangent, slope, out=out)


def sigmoid(z: Array, out: Array) -> None:
    """1/(1 + e^-z) itself: half a tanh is a little faster but 0 below -17 in float32."""
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.reciprocal(out, out=out)


def logistic(z: Array) -> Array:
    out = np.empty_like(z)
    sigmoid(z, out)
    return out


def bell(z: Array, steepness: float = 1, height: float = 1) -> Array:
    """height·d/(1 + d)², d = e^{-steepness·|z|}: the slope of sigmoid and tanh, with all its digits in both tails."""
    bell = np.abs(z)
    bell *= -steepness
    np.exp(bell, out=bell)
    with borrowed(z, 1) as (above,):
        np.add(bell, 1, out=above)
        above *= above
        bell /= above
    if height != 1:
        bell *= height
    return bell


def softsign(z: Array, out: Array) -> None:
    with borrowed(z, 1) as (size,):
        np.abs(z, out=size)
        if not size.max(initial=0) < math.inf:
            largest = np.finfo(z.dtype).max
            z = np.clip(z, -largest, largest)
            np.abs(z, out=size)
        size += 1
        np.divide(z, size, out=out)


def softplus(z: Array, out: Array, beta: float) -> None:
    """max(z, 0) + log(1 + e^{-β|z|})/β."""
    with borrowed(z, 1) as (rest,):
        np.abs(z, out=rest)
        rest *= -beta
        np.log1p(np.exp(rest, out=rest), out=rest)
        rest /= beta
        relu(z, out)
        np.add(out, rest, out=out)


def log_sigmoid(z: Array, out: Array) -> None:
    np.negative(z, out=out)
    softplus(out, out, 1)
    np.negative(out, out=out)


def squareplus(z: Array, out: Array, b: float) -> None:
    """max(z, 0) + b/(2(√(z² + b) + |z|)): no cancellation, and an overflow of z² does no harm."""
    with borrowed(z, 2) as (rest, size):
        np.multiply(z, z, out=rest)
        rest += b
        np.sqrt(rest, out=rest)
        rest += np.abs(z, out=size)
        np.divide(b / 2, rest, out=rest)
        relu(z, out)
        np.add(out, rest, out=out)


def squareplus_slope(z: Array, b: float) -> Array:
    root = np.sqrt(z * z + b)
    return np.abs((z > 0) - b / 2 / (root + np.abs(z)) / root)


def elu(z: Array, out: Array, alpha: float, scale: float = 1, width: float = 1) -> None:
    """scale·(max(z, 0) + α(e^{min(z, 0)/width} - 1)); elu, selu and celu are settings of it."""
    with borrowed(z, 1) as (rest,):
        np.minimum(z, zeros_like(z), out=rest)
        if width != 1:
            rest /= width
        np.expm1(rest, out=rest)
        rest *= alpha
        relu(z, out)
        np.add(out, rest, out=out)
    if scale != 1:
        np.multiply(out, scale, out=out)


def elu_slope(z: Array, alpha: float, scale: float = 1, width: float = 1) -> Array:
    return np.where(z > 0, z.dtype.type(scale), scale * alpha / width * np.exp(np.minimum(z, 0) / width))


def gelu(z: Array, out: Array) -> None:
    """z·Φ(z) = max(z, 0) - |z|·Φ(-|z|): the negative tail keeps its digits."""
    with borrowed(z, 2) as (size, tail):
        np.abs(z, out=size)
        special.normal_tail(size, out=tail)
        # The tail is 0 there; the bound keeps ∞·0 out.
        tail *= np.minimum(size, 1e4, out=size)
        relu(z, out)
        np.subtract(out, tail, out=out)


def gelu_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 1e4)
    slope: Array = special.normal_cdf(z) + z * special.normal_density(z)
    return slope


def gate(z: Array, exponent: Array, out: Array) -> None:
    """z·sigmoid(s) for exponent = -s, which is overwritten."""
    np.exp(exponent, out=exponent)
    exponent += 1
    np.divide(z, exponent, out=out)


def silu(z: Array, out: Array, steepness: float = 1) -> None:
    z = finite_below(z)
    with borrowed(z, 1) as (exponent,):
        np.multiply(z, -steepness, out=exponent)
        gate(z, exponent, out)


def gelu_tanh(z: Array, out: Array) -> None:
    """0.5z(1 + tanh u) = z·sigmoid(2u), u = √(2/π)(z + 0.044715z³)."""
    z = finite_below(z)
    with borrowed(z, 1) as (exponent,):
        np.multiply(z, z, out=exponent)
        exponent *= -2 * math.sqrt(2 / math.pi) * 0.044715
        exponent -= 2 * math.sqrt(2 / math.pi)
        exponent *= z
        gate(z, exponent, out)


def gate_slope(z: Array, s: Array, s_slope: Any) -> Array:
    """(z·sigmoid(s))' = sigmoid(s) + z·s'·sigmoid'(s)."""
    slope = bell(s)
    slope *= z
    slope *= s_slope
    with borrowed(s, 1) as (gate,):
        sigmoid(s, gate)
        slope += gate
    return slope


def silu_slope(z: Array, steepness: float = 1) -> Array:
    z = np.clip(z, -1e4, 1e4)
    return gate_slope(z, z * steepness, steepness)


def gelu_tanh_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 1e4)
    c = 2 * math.sqrt(2 / math.pi)
    square = 0.044715 * z * z
    return gate_slope(z, c * z * (1 + square), c * (1 + 3 * square))


def mish(z: Array, out: Array) -> None:
    """z·n/(n + 2), n = e^z(e^z + 2), which is z·tanh(softplus(z)); from z = 20 on the factor is 1."""
    z = finite_below(z)
    with borrowed(z, 2) as (power, n):
        np.exp(np.minimum(z, 20, out=power), out=power)
        np.add(power, 2, out=n)
        n *= power
        np.add(n, 2, out=power)
        n /= power
        np.multiply(z, n, out=out)


def mish_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 20)
    power = np.exp(z)
    n = power * (power + 2)
    slope: Array = n / (n + 2) + 4 * z * power * (1 + power) / (n + 2) ** 2
    return slope


def tanh_shrink(z: Array, out: Array) -> None:
    """z - tanh z; for |z| < 1 by Lambert's continued fraction of tanh, because the difference cancels."""
    with borrowed(z, 4) as (large, small, square, fraction):
        np.subtract(z, np.tanh(z, out=large), out=large)
        np.clip(z, -1, 1, out=small)
        np.multiply(small, small, out=square)
        fraction[...] = 17
        for odd in range(15, 1, -2):
            np.divide(square, fraction, out=fraction)
            fraction += odd
        fraction += square
        small *= np.divide(square, fraction, out=fraction)
        np.copyto(out, np.where(np.abs(z) < 1, small, large))


def wrap(function: Callable[..., Any]) -> Callable[..., None]:
    """A row's `write` from a ufunc."""
    return lambda z, out: function(z, out=out)
