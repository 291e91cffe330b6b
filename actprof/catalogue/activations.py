"""The table of activations: name → value, derivative, and where the curve bends, jumps, sticks and flattens.

A row's functions work on any array. `bind` fixes the parameters of a row and gives what the other modules use.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from actprof.catalogue import special
from actprof.catalogue.special import borrowed, zeros_like
from actprof.registry import Choice, Parameter, Registry, Value

Array = NDArray[Any]
Points = tuple[float, ...]
T = TypeVar("T")
FLAT = 0.05
RRELU_LOW, RRELU_HIGH = 1 / 8, 1 / 3
RRELU_MEAN = (RRELU_LOW + RRELU_HIGH) / 2
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


@dataclass(frozen=True)
class Activation:
    """A row of the table.

    Attributes:
        write: write(z, out, **parameters) puts φ(z) into `out`, which may be `z` itself.
        derivative: derivative(z, **parameters), φ'(z); at a kink what the frameworks take (relu'(0) = 0).
        kinks: where φ' jumps.
        jumps: where φ jumps.
        atoms: values that φ takes with positive probability.
        flat: the sides ("left", "right") on which φ flattens towards an asymptote.
        sup: sup|φ'| where a grid cannot find it.
        pieces: pre-activations that make one output.
        random: whether a slope is drawn per element.
        backward: backward(z, a, cotangent, out, **parameters) puts φ'(z)·cotangent into `out`; for rows where a = φ(z)
            gives it sooner than the derivative does, or knows what was drawn.
        forgets_z: whether `backward` looks at a alone, so that a may take the place of z.
    """

    name: str
    formula: str
    source: str
    write: Callable[..., None]
    derivative: Callable[..., Array]
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    kinks: Points | Callable[..., Points] = ()
    jumps: Points | Callable[..., Points] = ()
    atoms: Points | Callable[..., Points] = ()
    flat: tuple[str, ...] = ()
    sup: float | None = None
    pieces: int | Callable[..., int] = 1
    random: bool | Callable[..., bool] = False
    backward: Callable[..., None] | None = None
    forgets_z: bool = False

    def value(self, z: Array, **parameters: Value) -> Array:
        """φ(z) as a new array of the same type."""
        z = _floating(z)
        if z.ndim == 0:
            return self.value(z.reshape(1), **parameters).reshape(())
        width = of_parameters(self.pieces, parameters)
        out = np.empty((*z.shape[:-1], z.shape[-1] // width) if width > 1 else z.shape, z.dtype)
        self.write(z, out, **parameters)
        return out


def of_parameters(fact: T | Callable[..., T], parameters: dict[str, Any]) -> T:
    """A fact of a row, which may depend on the row's parameters."""
    return fact(**parameters) if callable(fact) else fact


def _floating(z: Any) -> Array:
    array: Array = np.asarray(z)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)


def _finite_below(z: Array) -> Array:
    """z, or if it holds -∞ a copy with the lowest finite number instead: -∞ times a gate of 0 is no number."""
    if z.min(initial=0) > -math.inf:
        return z
    raised: Array = np.maximum(z, np.finfo(z.dtype).min)
    return raised


def _linear(z: Array, out: Array) -> None:
    if out is not z:
        np.copyto(out, z)


def _relu(z: Array, out: Array) -> None:
    np.maximum(z, zeros_like(z), out=out)


def _step(z: Array, out: Array) -> None:
    np.sign(z, out=out)
    np.maximum(out, zeros_like(out), out=out)


def _leaky(z: Array, out: Array, slope: float) -> None:
    if slope == 0:
        return _relu(z, out)
    with borrowed(z, 1) as (sloped,):
        np.multiply(z, slope, out=sloped)
        np.maximum(z, sloped, out=out)


def _leaky_slope(z: Array, slope: float) -> Array:
    slopes: Array = np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))
    return slopes


def _rrelu(z: Array, out: Array, mode: str, rng: np.random.Generator | None = None) -> None:
    """The mean slope unless the mode is "train" and there is a source of slopes."""
    if mode == "eval" or rng is None:
        return _leaky(z, out, RRELU_MEAN)
    with borrowed(z, 1) as (sloped,):
        rng.random(dtype=z.dtype.type, out=sloped)
        sloped *= RRELU_HIGH - RRELU_LOW
        sloped += RRELU_LOW
        sloped *= z
        np.maximum(z, sloped, out=out)


def _hard_sigmoid(z: Array, out: Array, slope: float) -> None:
    np.multiply(z, slope, out=out)
    np.add(out, 0.5, out=out)
    np.clip(out, 0, 1, out=out)


def _hard_silu(z: Array, out: Array) -> None:
    z = _finite_below(z)
    with borrowed(z, 1) as (gate,):
        _hard_sigmoid(z, gate, 1 / 6)
        np.multiply(z, gate, out=out)


def _hard_silu_slope(z: Array) -> Array:
    return np.where(z < 3, (z > -3) * (np.clip(z, -3, 3) / 3 + 0.5), z.dtype.type(1))


def _soft_shrink(z: Array, out: Array, threshold: float) -> None:
    with borrowed(z, 1) as (clipped,):
        np.subtract(z, np.clip(z, -threshold, threshold, out=clipped), out=out)


def _hard_shrink(z: Array, out: Array, threshold: float) -> None:
    np.multiply(z, np.abs(z) > threshold, out=out)


def _maxout(z: Array, out: Array, k: int) -> None:
    if z.shape[-1] % k:
        raise ValueError(f"maxout of {k} pieces needs a multiple of {k} pre-activations, not {z.shape[-1]}")
    largest = functools.reduce(np.maximum, (z[..., piece::k] for piece in range(k)))
    np.copyto(out, largest)


def _maxout_route(z: Array, k: int) -> Array:
    """1 at the piece that passes (the first of equals), 0 at the others."""
    pieces = z.reshape(*z.shape[:-1], -1, k)
    route = np.zeros_like(pieces)
    np.put_along_axis(route, pieces.argmax(-1)[..., None], 1, -1)
    routed: Array = route.reshape(z.shape)
    return routed


def _mask(condition: Callable[..., Any]) -> Callable[..., Array]:
    """A derivative that is 1 where the condition holds and 0 elsewhere."""
    return lambda z, **parameters: condition(z, **parameters).astype(z.dtype)


def _gated(z: Array, a: Array, cotangent: Array, out: Array) -> None:
    np.multiply(cotangent, a > zeros_like(a), out=out)


def _drawn(z: Array, a: Array, cotangent: Array, out: Array, mode: str) -> None:
    """The slope that was drawn is a/z."""
    np.multiply(cotangent, np.where(z == 0, z.dtype.type(RRELU_MEAN), a / z), out=out)


def _tanh_backward(z: Array, a: Array, cotangent: Array, out: Array) -> None:
    with borrowed(a, 1) as (slope,):
        np.multiply(a, a, out=slope)
        np.subtract(1, slope, out=slope)
        np.multiply(cotangent, slope, out=out)


def _sigmoid_backward(z: Array, a: Array, cotangent: Array, out: Array) -> None:
    with borrowed(a, 1) as (slope,):
        np.subtract(1, a, out=slope)
        slope *= a
        np.multiply(cotangent, slope, out=out)


def _sigmoid(z: Array, out: Array) -> None:
    """1/(1 + e^-z) itself: half a tanh is a little faster but 0 below -17 in float32."""
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.reciprocal(out, out=out)


def _logistic(z: Array) -> Array:
    out = np.empty_like(z)
    _sigmoid(z, out)
    return out


def _bell(z: Array, steepness: float = 1, height: float = 1) -> Array:
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


def _lecun_tanh(z: Array, out: Array) -> None:
    np.multiply(z, 2 / 3, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 1.7159, out=out)


def _gaussian(z: Array, out: Array) -> None:
    np.multiply(z, z, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)


def _gaussian_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 1e4)
    slope: Array = -2 * z * np.exp(-z * z)
    return slope


def _softsign(z: Array, out: Array) -> None:
    with borrowed(z, 1) as (size,):
        np.abs(z, out=size)
        if not size.max(initial=0) < math.inf:
            largest = np.finfo(z.dtype).max
            z = np.clip(z, -largest, largest)
            np.abs(z, out=size)
        size += 1
        np.divide(z, size, out=out)


def _relu_squared(z: Array, out: Array) -> None:
    _relu(z, out)
    np.multiply(out, out, out=out)


def _softplus(z: Array, out: Array, beta: float) -> None:
    """max(z, 0) + log(1 + e^{-β|z|})/β."""
    with borrowed(z, 1) as (rest,):
        np.abs(z, out=rest)
        rest *= -beta
        np.log1p(np.exp(rest, out=rest), out=rest)
        rest /= beta
        _relu(z, out)
        np.add(out, rest, out=out)


def _log_sigmoid(z: Array, out: Array) -> None:
    np.negative(z, out=out)
    _softplus(out, out, 1)
    np.negative(out, out=out)


def _squareplus(z: Array, out: Array, b: float) -> None:
    """max(z, 0) + b/(2(√(z² + b) + |z|)): no cancellation, and an overflow of z² does no harm."""
    with borrowed(z, 2) as (rest, size):
        np.multiply(z, z, out=rest)
        rest += b
        np.sqrt(rest, out=rest)
        rest += np.abs(z, out=size)
        np.divide(b / 2, rest, out=rest)
        _relu(z, out)
        np.add(out, rest, out=out)


def _squareplus_slope(z: Array, b: float) -> Array:
    root = np.sqrt(z * z + b)
    return np.abs((z > 0) - b / 2 / (root + np.abs(z)) / root)


def _elu(z: Array, out: Array, alpha: float, scale: float = 1, width: float = 1) -> None:
    """scale·(max(z, 0) + α(e^{min(z, 0)/width} - 1)); elu, selu and celu are settings of it."""
    with borrowed(z, 1) as (rest,):
        np.minimum(z, zeros_like(z), out=rest)
        if width != 1:
            rest /= width
        np.expm1(rest, out=rest)
        rest *= alpha
        _relu(z, out)
        np.add(out, rest, out=out)
    if scale != 1:
        np.multiply(out, scale, out=out)


def _elu_slope(z: Array, alpha: float, scale: float = 1, width: float = 1) -> Array:
    return np.where(z > 0, z.dtype.type(scale), scale * alpha / width * np.exp(np.minimum(z, 0) / width))


def _gelu(z: Array, out: Array) -> None:
    """z·Φ(z) = max(z, 0) - |z|·Φ(-|z|): the negative tail keeps its digits."""
    with borrowed(z, 2) as (size, tail):
        np.abs(z, out=size)
        special.normal_tail(size, out=tail)
        # The tail is 0 there; the bound keeps ∞·0 out.
        tail *= np.minimum(size, 1e4, out=size)
        _relu(z, out)
        np.subtract(out, tail, out=out)


def _gelu_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 1e4)
    slope: Array = special.normal_cdf(z) + z * special.normal_density(z)
    return slope


def _gate(z: Array, exponent: Array, out: Array) -> None:
    """z·sigmoid(s) for exponent = -s, which is overwritten."""
    np.exp(exponent, out=exponent)
    exponent += 1
    np.divide(z, exponent, out=out)


def _silu(z: Array, out: Array, steepness: float = 1) -> None:
    z = _finite_below(z)
    with borrowed(z, 1) as (exponent,):
        np.multiply(z, -steepness, out=exponent)
        _gate(z, exponent, out)


def _gelu_tanh(z: Array, out: Array) -> None:
    """0.5z(1 + tanh u) = z·sigmoid(2u), u = √(2/π)(z + 0.044715z³)."""
    z = _finite_below(z)
    with borrowed(z, 1) as (exponent,):
        np.multiply(z, z, out=exponent)
        exponent *= -2 * math.sqrt(2 / math.pi) * 0.044715
        exponent -= 2 * math.sqrt(2 / math.pi)
        exponent *= z
        _gate(z, exponent, out)


def _gate_slope(z: Array, s: Array, s_slope: Any) -> Array:
    """(z·sigmoid(s))' = sigmoid(s) + z·s'·sigmoid'(s)."""
    slope = _bell(s)
    slope *= z
    slope *= s_slope
    with borrowed(s, 1) as (gate,):
        _sigmoid(s, gate)
        slope += gate
    return slope


def _silu_slope(z: Array, steepness: float = 1) -> Array:
    z = np.clip(z, -1e4, 1e4)
    return _gate_slope(z, z * steepness, steepness)


def _gelu_tanh_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 1e4)
    c = 2 * math.sqrt(2 / math.pi)
    square = 0.044715 * z * z
    return _gate_slope(z, c * z * (1 + square), c * (1 + 3 * square))


def _mish(z: Array, out: Array) -> None:
    """z·n/(n + 2), n = e^z(e^z + 2), which is z·tanh(softplus(z)); from z = 20 on the factor is 1."""
    z = _finite_below(z)
    with borrowed(z, 2) as (power, n):
        np.exp(np.minimum(z, 20, out=power), out=power)
        np.add(power, 2, out=n)
        n *= power
        np.add(n, 2, out=power)
        n /= power
        np.multiply(z, n, out=out)


def _mish_slope(z: Array) -> Array:
    z = np.clip(z, -1e4, 20)
    power = np.exp(z)
    n = power * (power + 2)
    slope: Array = n / (n + 2) + 4 * z * power * (1 + power) / (n + 2) ** 2
    return slope


def _tanh_shrink(z: Array, out: Array) -> None:
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


def _wrap(function: Callable[..., Any]) -> Callable[..., None]:
    """A row's `write` from a ufunc."""

    def write(z: Array, out: Array) -> None:
        function(z, out=out)

    return write


_SLOPE = "max(z, slope·z)"
_LEAST, _MOST = 1e-4, 1e4  # of a parameter that is above 0: further out squares and sums of φ lose their digits
_ROWS = (
    Activation("linear", "z", "no activation", _linear, np.ones_like, ("identity", "none"),
               backward=lambda z, a, cotangent, out: _linear(cotangent, out), forgets_z=True),
    Activation("step", "1 if z > 0, else 0", "McCulloch & Pitts 1943",
               _step, np.zeros_like, ("heaviside",),
               jumps=(0.0,), atoms=(0.0, 1.0)),
    Activation("sigmoid", "1/(1 + e^-z)", "Verhulst 1845; Rumelhart, Hinton & Williams 1986",
               _sigmoid, _bell, ("logistic",), flat=("left", "right"), backward=_sigmoid_backward,
               forgets_z=True),
    Activation("hard_sigmoid", "clip(slope·z + 1/2, 0, 1)",
               "Courbariaux et al. 2015; slope 1/6 in PyTorch, JAX, Keras 3, slope 0.2 in Keras 2", _hard_sigmoid,
               lambda z, slope: slope * (np.abs(z) < 0.5 / slope).astype(z.dtype),
               parameters=(Parameter("slope", 1 / 6, _LEAST, _MOST),),
               kinks=lambda slope: (-0.5 / slope, 0.5 / slope), atoms=(0.0, 1.0), flat=("left", "right")),
    Activation("log_sigmoid", "-log(1 + e^-z)", "PyTorch LogSigmoid, jax.nn.log_sigmoid",
               _log_sigmoid, lambda z: _logistic(-z), flat=("right",)),
    Activation("tanh", "tanh z", "LeCun et al. 1998", _wrap(np.tanh), lambda z: _bell(z, 2, 4), flat=("left", "right"),
               backward=_tanh_backward, forgets_z=True),
    Activation("hard_tanh", "clip(z, -1, 1)", "Collobert 2004",
               lambda z, out: np.clip(z, -1, 1, out=out), _mask(lambda z: np.abs(z) < 1), ("hardtanh",),
               kinks=(-1.0, 1.0), atoms=(-1.0, 1.0), flat=("left", "right")),
    Activation("lecun_tanh", "1.7159·tanh(2z/3)", "LeCun et al. 1998, Efficient BackProp",
               _lecun_tanh, lambda z: _bell(z, 4 / 3, 4 * 1.7159 * 2 / 3), flat=("left", "right")),
    Activation("arctan", "arctan z", "classical", _wrap(np.arctan), lambda z: 1 / (1 + z * z), ("atan",),
               flat=("left", "right")),
    Activation("sin", "sin z", "Sitzmann et al. 2020 (SIREN)", _wrap(np.sin), np.cos, sup=1.0),
    Activation("cos", "cos z", "Rahimi & Recht 2007", _wrap(np.cos), lambda z: -np.sin(z), sup=1.0),
    Activation("erf", "erf z = 2/√π ∫₀ᶻ e^-t² dt", "Williams 1996", _wrap(special.erf),
               lambda z: 2 / math.sqrt(math.pi) * np.exp(-z * z), flat=("left", "right")),
    Activation("gaussian", "e^-z²", "Broomhead & Lowe 1988", _gaussian,
               _gaussian_slope, flat=("left", "right")),
    Activation("softsign", "z/(1 + |z|)", "Bergstra et al. 2009", _softsign,
               lambda z: 1 / (1 + np.abs(z)) ** 2, flat=("left", "right")),
    Activation("relu", "max(z, 0)", "Nair & Hinton 2010", _relu, _mask(lambda z: z > 0),
               kinks=(0.0,), atoms=(0.0,), backward=_gated, forgets_z=True),
    Activation("relu6", "min(max(z, 0), 6)", "Krizhevsky 2010", lambda z, out: np.clip(z, 0, 6, out=out),
               _mask(lambda z: (z > 0) & (z < 6)), kinks=(0.0, 6.0), atoms=(0.0, 6.0), flat=("right",)),
    Activation("relu_squared", "max(z, 0)²", "So et al. 2021 (Primer)", _relu_squared,
               lambda z: 2 * np.maximum(z, 0), ("relu2",), atoms=(0.0,), sup=math.inf),
    Activation("leaky_relu", _SLOPE, "Maas, Hannun & Ng 2013; slope 0.01 in PyTorch and JAX", _leaky, _leaky_slope,
               ("lrelu",), (Parameter("slope", 0.01, -1.0, 1.0),),
               lambda slope: (0.0,) if slope != 1 else (), atoms=lambda slope: (0.0,) if slope == 0 else ()),
    Activation("prelu", _SLOPE, "He et al. 2015; slope 0.25 is where it starts", _leaky, _leaky_slope, (),
               (Parameter("slope", 0.25, -1.0, 1.0),),
               lambda slope: (0.0,) if slope != 1 else (), atoms=lambda slope: (0.0,) if slope == 0 else ()),
    Activation("rrelu", "max(z, slope·z), slope ~ U(1/8, 1/3) in mode train, slope = 11/48 in mode eval",
               "Xu et al. 2015", _rrelu, lambda z, mode: _leaky_slope(z, RRELU_MEAN), (),
               (Parameter("mode", "train", choices=("train", "eval")),), (0.0,),
               random=lambda mode: mode == "train", backward=_drawn),
    Activation("elu", "z if z > 0, else alpha·(e^z - 1)", "Clevert, Unterthiner & Hochreiter 2016", _elu, _elu_slope,
               (), (Parameter("alpha", 1.0, _LEAST, _MOST),), lambda alpha: (0.0,) if alpha != 1 else (),
               flat=("left",)),
    Activation("celu", "z if z > 0, else alpha·(e^(z/alpha) - 1)", "Barron 2017",
               lambda z, out, alpha: _elu(z, out, alpha, width=alpha),
               lambda z, alpha: _elu_slope(z, alpha, width=alpha),
               (), (Parameter("alpha", 1.0, _LEAST, _MOST),), flat=("left",)),
    Activation("selu", "1.0507·(z if z > 0, else 1.67326·(e^z - 1))", "Klambauer et al. 2017",
               lambda z, out: _elu(z, out, SELU_ALPHA, SELU_SCALE), lambda z: _elu_slope(z, SELU_ALPHA, SELU_SCALE),
               kinks=(0.0,), flat=("left",)),
    Activation("gelu", "z·Φ(z)", "Hendrycks & Gimpel 2016; erf form, as in PyTorch and Keras", _gelu, _gelu_slope,
               flat=("left",)),
    Activation("gelu_tanh", "z/2·(1 + tanh(√(2/π)·(z + 0.044715z³)))",
               "Hendrycks & Gimpel 2016; approximate form, the default of JAX", _gelu_tanh, _gelu_tanh_slope,
               flat=("left",)),
    Activation("quick_gelu", "z·sigmoid(1.702z)", "Hendrycks & Gimpel 2016",
               lambda z, out: _silu(z, out, 1.702), lambda z: _silu_slope(z, 1.702), flat=("left",)),
    Activation("silu", "z·sigmoid(z)", "Elfwing, Uchibe & Doya 2018; Ramachandran, Zoph & Le 2017",
               _silu, _silu_slope, ("swish",), flat=("left",)),
    Activation("hard_silu", "z·min(max(z + 3, 0), 6)/6", "Howard et al. 2019 (MobileNetV3)",
               _hard_silu, _hard_silu_slope, ("hardswish", "hard_swish"), kinks=(-3.0, 3.0), atoms=(0.0,),
               flat=("left",)),
    Activation("mish", "z·tanh(log(1 + e^z))", "Misra 2019", _mish, _mish_slope, flat=("left",)),
    Activation("softplus", "log(1 + e^(beta·z))/beta", "Dugas et al. 2001", _softplus,
               lambda z, beta: _logistic(beta * z), parameters=(Parameter("beta", 1.0, _LEAST, _MOST),),
               flat=("left",)),
    Activation("squareplus", "(z + √(z² + b))/2", "Barron 2021", _squareplus, _squareplus_slope,
               parameters=(Parameter("b", 4.0, _LEAST, _MOST),), flat=("left",)),
    Activation("tanh_shrink", "z - tanh z", "PyTorch Tanhshrink", _tanh_shrink, lambda z: np.tanh(z) ** 2),
    Activation("soft_shrink", "sign(z)·max(|z| - threshold, 0)", "Donoho 1995", _soft_shrink,
               _mask(lambda z, threshold: np.abs(z) > threshold), (), (Parameter("threshold", 0.5, low=0.0),),
               kinks=lambda threshold: (-threshold, threshold) if threshold else (),
               atoms=lambda threshold: (0.0,) if threshold else ()),
    Activation("hard_shrink", "z if |z| > threshold, else 0", "Donoho & Johnstone 1994", _hard_shrink,
               _mask(lambda z, threshold: np.abs(z) > threshold), (), (Parameter("threshold", 0.5, low=0.0),),
               kinks=lambda threshold: (-threshold, threshold) if threshold else (),
               jumps=lambda threshold: (-threshold, threshold) if threshold else (),
               atoms=lambda threshold: (0.0,) if threshold else ()),
    Activation("exponential", "e^z", "Keras", _wrap(np.exp), np.exp, ("exp",), flat=("left",), sup=math.inf,
               backward=lambda z, a, cotangent, out: np.multiply(cotangent, a, out=out), forgets_z=True),
    Activation("abs", "|z|", "Jarrett et al. 2009", _wrap(np.abs), np.sign, kinks=(0.0,)),
    Activation("square", "z²", "Livni, Shalev-Shwartz & Shamir 2014", _wrap(np.square), lambda z: 2 * z,
               sup=math.inf),
    Activation("maxout", "max(z₁, …, z_k), k linear maps for each output", "Goodfellow et al. 2013", _maxout,
               _maxout_route, (), (Parameter("k", 2, 1, 64),), pieces=lambda k: k, sup=1.0),
)
_PRESETS = {
    "torch.gelu": "gelu",
    "torch.leaky_relu": "leaky_relu:slope=0.01",
    "torch.prelu": "prelu:slope=0.25",
    "torch.hard_sigmoid": "hard_sigmoid",
    "keras.gelu": "gelu",
    "keras.leaky_relu": "leaky_relu:slope=0.3",
    "keras.prelu": "prelu:slope=0",
    "keras.hard_sigmoid": "hard_sigmoid",
    "keras2.hard_sigmoid": "hard_sigmoid:slope=0.2",
    "jax.gelu": "gelu_tanh",
    "jax.leaky_relu": "leaky_relu:slope=0.01",
    "jax.hard_sigmoid": "hard_sigmoid",
    "flax.prelu": "prelu:slope=0.01",
}
_COUPLED = "it couples all units of a layer, and only element-wise activations can be profiled"
_GATED = "a gated unit multiplies two linear maps, and only element-wise activations can be profiled; its gate is '{}'"
_REFUSED = {
    "softmax": _COUPLED,
    "log_softmax": _COUPLED,
    "glu": _GATED.format("sigmoid"),
    "swiglu": _GATED.format("silu"),
    "geglu": _GATED.format("gelu"),
    "reglu": _GATED.format("relu"),
}
ACTIVATIONS: Registry[Activation] = Registry("activation", "activations", _ROWS, presets=_PRESETS, refused=_REFUSED)


@dataclass(frozen=True)
class BoundActivation:
    """An activation with its parameters fixed."""

    activation: Activation
    parameters: tuple[tuple[str, Value], ...] = ()

    @property
    def name(self) -> str:
        return self.activation.name

    @property
    def formula(self) -> str:
        """The formula, followed by the parameters' values."""
        values = (f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}"
                  for name, value in self.parameters)
        return ", ".join((self.activation.formula, *values))

    @property
    def pieces(self) -> int:
        """Pre-activations that make one output: 1, for maxout k."""
        return self._fact(self.activation.pieces)

    @property
    def forgets_z(self) -> bool:
        """Whether `backpropagate` looks at a alone, so that a may take the place of z."""
        return self.activation.forgets_z

    @property
    def random(self) -> bool:
        """Whether `apply` draws from its generator."""
        return self._fact(self.activation.random)

    @functools.cached_property
    def kinks(self) -> Points:
        """Where φ' jumps."""
        return self._fact(self.activation.kinks)

    @functools.cached_property
    def jumps(self) -> Points:
        """Where φ itself jumps."""
        return self._fact(self.activation.jumps)

    @functools.cached_property
    def atoms(self) -> Points:
        """Values taken with positive probability."""
        return self._fact(self.activation.atoms)

    @property
    def rectifier(self) -> bool:
        """Whether a whole interval of z gives 0 and another does not stand still: not so for a step."""
        return 0.0 in self.atoms and self.sup_derivative > 0

    @functools.cached_property
    def sup_derivative(self) -> float:
        """sup|φ'|; infinite for exponential, square and relu_squared."""
        if self.activation.sup is not None:
            return self.activation.sup
        return _largest(self._steepness, _GRID)

    @functools.cached_property
    def bounds(self) -> tuple[float, float]:
        """(inf φ, sup φ) over the reals, infinite where φ is unbounded; float32 may round past them.

        A random activation counts with its mean slope.
        """
        low = -_supremum(lambda z: -self._alike(z))
        high = _supremum(self._alike)
        return low + 0.0, high + 0.0

    @functools.cached_property
    def saturation(self) -> tuple[float, float]:
        """(low, high): z is saturated below low or above high; infinite on a side without an asymptote.

        The outermost points where |φ'| comes down to FLAT·sup|φ'|. Where the supremum is infinite (e^z), that of
        z <= 0 stands for it.
        """
        flat = self.activation.flat
        sup = self.sup_derivative
        if flat and math.isinf(sup):
            sup = _largest(self._steepness, _GRID[_GRID <= 0])
        low = _outermost(self._steepness, _GRID, FLAT * sup) if "left" in flat else -math.inf
        high = _outermost(self._steepness, _GRID[::-1], FLAT * sup) if "right" in flat else math.inf
        return low, high

    def value(self, z: Any) -> Array:
        """φ(z) in a new array: the shape of z; for maxout (…, m·k) gives (…, m), neighbours competing.

        A random activation uses its mean slope.
        """
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return self.activation.value(z, **dict(self.parameters))

    def apply(self, z: Array, out: Array, rng: np.random.Generator | None = None) -> None:
        """Write φ(z) into `out`, which may be `z`. A random activation draws one slope per element from `rng`."""
        source = {"rng": rng} if self.random else {}
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            self.activation.write(z, out, **dict(self.parameters), **source)

    def derivative(self, z: Any) -> Array:
        """φ'(z) in a new array of the shape of z; for maxout 1 at the piece that passes, 0 at the others.

        A random activation uses its mean slope.
        """
        z = _floating(z)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            slope = self.activation.derivative(np.atleast_1d(z), **dict(self.parameters))
        shaped: Array = np.asarray(slope, z.dtype).reshape(z.shape)
        return shaped

    def backpropagate(self, z: Array, a: Array, cotangent: Array, out: Array) -> None:
        """Write φ'(z)·cotangent into `out`, for a = φ(z) as `apply` gave it.

        `out` has the shape of z; it may be the cotangent where one pre-activation makes one output.
        """
        row, parameters = self.activation, dict(self.parameters)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if row.backward is not None:
                row.backward(z, a, cotangent, out, **parameters)
            else:
                spread = cotangent if self.pieces == 1 else np.repeat(cotangent, self.pieces, axis=-1)
                np.multiply(row.derivative(z, **parameters), spread, out=out)

    def _fact(self, fact: T | Callable[..., T]) -> T:
        return of_parameters(fact, dict(self.parameters))

    def _alike(self, z: Array) -> Array:
        """φ with the same z for all pieces of an output: it takes the same values as any others."""
        return self.value(np.repeat(z, self.pieces))

    def _steepness(self, z: Array) -> Array:
        return np.abs(self.derivative(z))


@functools.cache
def bind(choice: Choice) -> BoundActivation:
    """The activation that a choice stands for."""
    return BoundActivation(ACTIVATIONS[choice.name], choice.parameters)


_DECADES = np.logspace(-9, 9, 18 * 200 + 1)
_GRID = np.concatenate([-_DECADES[::-1], [0.0], _DECADES])


def _largest(f: Callable[[Array], Array], grid: Array) -> float:
    """The largest f on the grid, refined between the neighbours of the best point."""
    values = f(grid)
    best = int(np.argmax(values))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    largest = float(values[best])
    for _ in range(8):
        points = np.linspace(low, high, 65)
        values = f(points)
        best = int(np.argmax(values))
        largest = max(largest, float(values[best]))
        low, high = points[max(best - 1, 0)], points[min(best + 1, 64)]
    return largest


def _supremum(f: Callable[[Array], Array]) -> float:
    """The largest f, or its limit at -∞ or ∞ if that is larger; a limit that does not exist does not count."""
    limits = f(np.array([-math.inf, math.inf]))
    return float(np.fmax(_largest(f, _GRID), np.fmax.reduce(limits)))


def _outermost(f: Callable[[Array], Array], grid: Array, level: float) -> float:
    """Coming along the grid from outside, the last point before f reaches the level, by bisection."""
    first = int(np.argmax(f(grid) >= level))
    outside, inside = float(grid[first - 1]), float(grid[first])
    while (middle := (outside + inside) / 2) not in (outside, inside):
        if f(np.asarray(middle)) >= level:
            inside = middle
        else:
            outside = middle
    return outside
