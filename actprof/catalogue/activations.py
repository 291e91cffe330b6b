"""The table of activations: name → value, derivative, and where the curve bends, jumps, sticks and flattens.

A row's functions work on any array. `bind` fixes the parameters of a row and gives what the other modules use.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias, TypeVar

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import functions as fn
from actprof.catalogue import special
from actprof.digits import typed
from actprof.registry import Choice, Parameter, Registry, Value

Points = tuple[float, ...]
T = TypeVar("T")
Fact: TypeAlias = T | Callable[..., T]  # something about an activation, or a function of its parameters that gives it

FLAT = 0.05


def _absent(*_: Any, **__: Any) -> Any:
    raise NotImplementedError


def _in_place(value: Callable[..., Array]) -> Callable[..., None]:
    """A row's `write` from a function that gives a new array."""

    def write(z: Array, out: Array, **parameters: Value) -> None:
        np.copyto(out, value(z, **parameters))

    return write


@dataclass(frozen=True, eq=False)
class Activation:
    """A row of the table: a function, its derivative, and all that anything else has to know about them.

    Attributes:
        write: write(z, out, **parameters) puts φ(z) into `out`, which may be `z` itself.
        derivative: derivative(z, **parameters), φ'(z); at a kink what the frameworks take (relu'(0) = 0).
        value: value(z, **parameters) gives φ(z) as a new array: all that a row needs that has no `write`.
        kinks: where φ' jumps.
        jumps: where φ jumps.
        bends: where a later derivative jumps.
        atoms: values that φ takes with positive probability.
        flat: the sides ("left", "right") on which φ flattens towards an asymptote.
        scale: the distance over which φ changes its course.
        waves: their length, if φ goes up and down without end.
        periodic: φ repeats itself after every wave.
        stretch: the parameter w of rows for which all else describes f, and φ(z) = f(wz).
        shrinks: φ(z) = f(wz)/w instead.
        sees_stretched: what is counted as pre-activation is wz, as the field does for sin(w0·z).
        general: the formula where a quiet parameter is given.
        tex: the formula with mathematics as TeX between dollars, without quiet parameters; empty where it would say
            no more.
        piecewise: φ is a polynomial between kinks, jumps and bends.
        terms: (c, p, κ) of a φ that is a sum of c·z^p·e^{κz}, whose expectations have closed forms and need them.
        slope_below: the slope below 0 of a φ that has slope 1 above.
        torch_gain: what torch.nn.init.calculate_gain gives; it refuses every other activation.
        self_normalizing: keeps mean 0 and variance 1 with LeCun weights and inputs of that kind.
        sup: sup|φ'| where a grid cannot find it.
        pieces: pre-activations that make one output.
        random: whether a slope is drawn per element.
        drawn: of a random φ: a share in [0, 1], to the activation that has this share of the others below it.
        backward: backward(z, a, cotangent, out, **parameters) puts φ'(z)·cotangent into `out`; for rows where a = φ(z)
            gives it sooner than the derivative does, or knows what was drawn.
        forgets_z: whether `backward` looks at a alone, so that a may take the place of z.
    """

    name: str
    formula: str
    source: str
    write: Callable[..., None] = _absent
    derivative: Callable[..., Array] = _absent
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    kinks: Fact[Points] = ()
    value: Callable[..., Array] | None = None
    jumps: Fact[Points] = ()
    bends: Fact[Points] = ()
    atoms: Fact[Points] = ()
    flat: tuple[str, ...] = ()
    scale: Fact[float] = 1.0
    waves: Fact[float] | None = None
    periodic: bool = False
    stretch: str = ""
    shrinks: bool = False
    sees_stretched: bool = False
    general: str = ""
    tex: str = ""
    piecewise: bool = False
    terms: Fact[tuple[tuple[complex, int, complex], ...]] = ()
    slope_below: Fact[float | None] = None
    torch_gain: Fact[float | None] = None
    self_normalizing: bool = False
    sup: Fact[float] | None = None
    pieces: Fact[int] = 1
    random: Fact[bool] = False
    drawn: Callable[..., str] | None = None
    backward: Callable[..., None] | None = None
    forgets_z: bool = False

    def __post_init__(self) -> None:
        if self.derivative is _absent or (self.write is _absent) == (self.value is None):
            raise ValueError(f"the activation {self.name!r} needs a derivative, and either a write or a value")
        if self.value is not None:
            object.__setattr__(self, "write", _in_place(self.value))


def _floating(z: Any) -> Array:
    array: Array = np.asarray(z)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)


_SLOPE = "max(z, slope·z)"


def _above_0(name: str, default: float, quiet: bool = False) -> Parameter:
    """A parameter in limits: further out squares and sums of φ lose their digits."""
    return Parameter(name, default, 1e-4, 1e4, quiet=quiet)


def _stretched(name: str, general: str, **more: Any) -> dict[str, Any]:
    """The fields of a row whose pre-activations a parameter multiplies, which is 1 unless it is given."""
    return {"parameters": (_above_0(name, 1.0, quiet=True),), "stretch": name, "general": general, **more}


_ROWS = (
    Activation("linear", "z", "no activation", fn.linear, np.ones_like, ("identity", "none"),
               backward=lambda z, a, cotangent, out: fn.linear(cotangent, out), forgets_z=True, piecewise=True,
               slope_below=1.0, torch_gain=1.0),
    Activation("step", "1 if z > 0, else 0", "McCulloch & Pitts 1943",
               fn.step, np.zeros_like, ("heaviside",),
               jumps=(0.0,), atoms=(0.0, 1.0), piecewise=True),
    Activation("sigmoid", "1/(1 + e^-z)", "Verhulst 1845; Rumelhart, Hinton & Williams 1986",
               fn.sigmoid, fn.bell, ("logistic",), flat=("left", "right"), backward=fn.sigmoid_backward,
               forgets_z=True, torch_gain=lambda slope=1.0: 1.0 if slope == 1 else None,
               **_stretched("slope", "1/(1 + e^(-slope·z))"),
               tex=r"$\dfrac{1}{1+e^{-z}}$"),
    Activation("hard_sigmoid", "clip(slope·z + 1/2, 0, 1)",
               "Courbariaux et al. 2015; slope 1/6 in PyTorch, JAX, Keras 3, slope 0.2 in Keras 2", fn.hard_sigmoid,
               lambda z, slope: slope * (np.abs(z) < 0.5 / slope).astype(z.dtype),
               parameters=(_above_0("slope", 1 / 6),),
               kinks=lambda slope: (-0.5 / slope, 0.5 / slope), atoms=(0.0, 1.0), flat=("left", "right"),
               piecewise=True),
    Activation("log_sigmoid", "-log(1 + e^-z)", "PyTorch LogSigmoid, jax.nn.log_sigmoid",
               fn.log_sigmoid, lambda z: fn.logistic(-z), flat=("right",),
               tex=r"$-\log(1+e^{-z})$"),
    Activation("tanh", "tanh z", "LeCun et al. 1998", fn.wrap(np.tanh), lambda z: fn.bell(z, 2, 4), flat=("left",
               "right"),
               backward=fn.tanh_backward, forgets_z=True, torch_gain=lambda slope=1.0: 5 / 3 if slope == 1 else None,
               **_stretched("slope", "tanh(slope·z)")),
    Activation("hard_tanh", "clip(z, -1, 1)", "Collobert 2004",
               lambda z, out: np.clip(z, -1, 1, out=out), fn.mask(lambda z: np.abs(z) < 1), ("hardtanh",),
               kinks=(-1.0, 1.0), atoms=(-1.0, 1.0), flat=("left", "right"), piecewise=True),
    Activation("lecun_tanh", "1.7159·tanh(2z/3)", "LeCun et al. 1998, Efficient BackProp",
               value=lambda z: 1.7159 * np.tanh(2 / 3 * z),
               derivative=lambda z: fn.bell(z, 4 / 3, 4 * 1.7159 * 2 / 3), flat=("left", "right"),
               tex=r"$1.7159\,\tanh\dfrac{2z}{3}$"),
    Activation("arctan", "arctan z", "classical", fn.wrap(np.arctan), lambda z: 1 / (1 + z * z), ("atan",),
               flat=("left", "right")),
    Activation("sin", "sin z", "Sitzmann et al. 2020 (SIREN)", fn.wrap(np.sin), np.cos, sup=1.0, waves=2 * math.pi,
               periodic=True, terms=((-0.5j, 0, 1j), (0.5j, 0, -1j)),
               **_stretched("w0", "sin(w0·z)", sees_stretched=True)),
    Activation("cos", "cos z", "Rahimi & Recht 2007", fn.wrap(np.cos), lambda z: -np.sin(z), sup=1.0,
               waves=2 * math.pi, periodic=True, terms=((0.5, 0, 1j), (0.5, 0, -1j)),
               **_stretched("w0", "cos(w0·z)", sees_stretched=True)),
    Activation("erf", "erf z = 2/√π ∫₀ᶻ e^-t² dt", "Williams 1996", fn.wrap(special.erf),
               lambda z: 2 / math.sqrt(math.pi) * np.exp(-z * z), flat=("left", "right"),
               tex=r"$\dfrac{2}{\sqrt{\pi}}\int_0^z e^{-t^2}\,dt$"),
    Activation("gaussian", "e^-z²", "Broomhead & Lowe 1988", value=lambda z: np.exp(-z * z),
               derivative=lambda z: -2 * np.clip(z, -1e4, 1e4) * np.exp(-np.clip(z, -1e4, 1e4) ** 2),
               flat=("left", "right"),
               tex=r"$e^{-z^2}$"),
    Activation("softsign", "z/(1 + |z|)", "Bergstra et al. 2009", fn.softsign,
               lambda z: 1 / (1 + np.abs(z)) ** 2, flat=("left", "right"), bends=(0.0,),
               tex=r"$\dfrac{z}{1+|z|}$"),
    Activation("relu", "max(z, 0)", "Nair & Hinton 2010", fn.relu, fn.mask(lambda z: z > 0),
               kinks=(0.0,), atoms=(0.0,), backward=fn.gated, forgets_z=True, piecewise=True, slope_below=0.0,
               torch_gain=math.sqrt(2)),
    Activation("relu6", "min(max(z, 0), 6)", "Krizhevsky 2010", lambda z, out: np.clip(z, 0, 6, out=out),
               fn.mask(lambda z: (z > 0) & (z < 6)), kinks=(0.0, 6.0), atoms=(0.0, 6.0), flat=("right",),
               piecewise=True),
    Activation("relu_squared", "max(z, 0)²", "So et al. 2021 (Primer)",
               lambda z, out: np.square(np.maximum(z, 0), out=out), lambda z: 2 * np.maximum(z, 0), ("relu2",),
               atoms=(0.0,), sup=math.inf, bends=(0.0,), piecewise=True),
    Activation("leaky_relu", _SLOPE, "Maas, Hannun & Ng 2013; slope 0.01 in PyTorch and JAX", fn.leaky, fn.leaky_slope,
               ("lrelu",), (Parameter("slope", 0.01, -1.0, 1.0),),
               lambda slope: (0.0,) if slope != 1 else (), atoms=lambda slope: (0.0,) if slope == 0 else (),
               piecewise=True,
               slope_below=lambda slope: float(slope), torch_gain=lambda slope: math.sqrt(2 / (1 + slope**2))),
    Activation("prelu", _SLOPE, "He et al. 2015; slope 0.25 is where it starts", fn.leaky, fn.leaky_slope, (),
               (Parameter("slope", 0.25, -1.0, 1.0),),
               lambda slope: (0.0,) if slope != 1 else (), atoms=lambda slope: (0.0,) if slope == 0 else (),
               piecewise=True,
               slope_below=lambda slope: float(slope)),
    Activation("rrelu", "max(z, slope·z), slope ~ U(1/8, 1/3) in mode train, slope = 11/48 in mode eval",
               "Xu et al. 2015", fn.rrelu, lambda z, mode: fn.leaky_slope(z, fn.RRELU_MEAN), (),
               (Parameter("mode", "train", choices=("train", "eval")),), (0.0,),
               random=lambda mode: mode == "train", backward=fn.drawn, piecewise=True,
               drawn=lambda share, mode: f"leaky_relu:{fn.RRELU_LOW + share * (fn.RRELU_HIGH - fn.RRELU_LOW)!r}"),
    Activation("elu", "z if z > 0, else alpha·(e^z - 1)", "Clevert, Unterthiner & Hochreiter 2016", fn.elu,
               fn.elu_slope,
               (), (_above_0("alpha", 1.0),), lambda alpha: (0.0,) if alpha != 1 else (),
               flat=("left",), bends=(0.0,),
               tex=r"$z$ if $z>0$, else $\alpha\,(e^z-1)$"),
    Activation("celu", "z if z > 0, else alpha·(e^(z/alpha) - 1)", "Barron 2017",
               lambda z, out, alpha: fn.elu(z, out, alpha, width=alpha),
               lambda z, alpha: fn.elu_slope(z, alpha, width=alpha),
               (), (_above_0("alpha", 1.0),), flat=("left",), bends=(0.0,), scale=lambda alpha: alpha,
               tex=r"$z$ if $z>0$, else $\alpha\,(e^{z/\alpha}-1)$"),
    Activation("selu", "1.0507·(z if z > 0, else 1.67326·(e^z - 1))", "Klambauer et al. 2017",
               lambda z, out: fn.elu(z, out, fn.SELU_ALPHA, fn.SELU_SCALE), lambda z: fn.elu_slope(z, fn.SELU_ALPHA,
               fn.SELU_SCALE),
               kinks=(0.0,), flat=("left",), torch_gain=3 / 4, self_normalizing=True,
               tex=r"$1.0507\,\cdot$ ($z$ if $z>0$, else $1.67326\,(e^z-1)$)"),
    Activation("gelu", "z·Φ(z)", "Hendrycks & Gimpel 2016; erf form, as in PyTorch and Keras", fn.gelu, fn.gelu_slope,
               flat=("left",), **_stretched("beta", "z·Φ(beta·z)", shrinks=True)),
    Activation("gelu_tanh", "z/2·(1 + tanh(√(2/π)·(z + 0.044715z³)))",
               "Hendrycks & Gimpel 2016; approximate form, the default of JAX", fn.gelu_tanh, fn.gelu_tanh_slope,
               flat=("left",),
               tex=r"$\dfrac{z}{2}\left(1+\tanh\left(\sqrt{\dfrac{2}{\pi}}\,(z+0.044715\,z^3)\right)\right)$"),
    Activation("quick_gelu", "z·sigmoid(1.702z)", "Hendrycks & Gimpel 2016",
               lambda z, out: fn.silu(z, out, 1.702), lambda z: fn.silu_slope(z, 1.702), flat=("left",),
               tex=r"$\dfrac{z}{1+e^{-1.702 z}}$"),
    Activation("silu", "z·sigmoid(z)", "Elfwing, Uchibe & Doya 2018; Ramachandran, Zoph & Le 2017",
               fn.silu, fn.silu_slope, ("swish",), flat=("left",),
               **_stretched("beta", "z·sigmoid(beta·z)", shrinks=True),
               tex=r"$\dfrac{z}{1+e^{-z}}$"),
    Activation("hard_silu", "z·min(max(z + 3, 0), 6)/6", "Howard et al. 2019 (MobileNetV3)",
               fn.hard_silu, lambda z: np.where(z < 3, (z > -3) * (np.clip(z, -3, 3) / 3 + 0.5), z.dtype.type(1)),
               ("hardswish", "hard_swish"), kinks=(-3.0, 3.0), atoms=(0.0,),
               flat=("left",), piecewise=True,
               tex=r"$\dfrac{z}{6}\,\min(\max(z+3,\ 0),\ 6)$"),
    Activation("mish", "z·tanh(log(1 + e^z))", "Misra 2019", fn.mish, fn.mish_slope, flat=("left",),
               tex=r"$z\,\tanh(\log(1+e^z))$"),
    Activation("softplus", "log(1 + e^(beta·z))/beta", "Dugas et al. 2001", fn.softplus,
               lambda z, beta: fn.logistic(beta * z), parameters=(_above_0("beta", 1.0),),
               flat=("left",), scale=lambda beta: 1 / beta,
               tex=r"$\dfrac{\log(1+e^{\beta z})}{\beta}$"),
    Activation("squareplus", "(z + √(z² + b))/2", "Barron 2021", fn.squareplus, fn.squareplus_slope,
               parameters=(_above_0("b", 4.0),), flat=("left",), scale=lambda b: math.sqrt(b),
               tex=r"$\dfrac{z+\sqrt{z^2+b}}{2}$"),
    Activation("snake", "z + sin²(a·z)/a", "Ziyin, Hartwig & Ueda 2020",
               value=lambda z, a: z + np.sin(a * np.clip(z, -1e30, 1e30)) ** 2 / a,
               derivative=lambda z, a: 1 + np.sin(2 * a * np.clip(z, -1e30, 1e30)),
               parameters=(_above_0("a", 1.0),), sup=2.0, scale=lambda a: 1 / (2 * a), waves=lambda a: math.pi / a,
               terms=lambda a: ((1.0, 1, 0.0), (0.5 / a, 0, 0.0), (-0.25 / a, 0, 2j * a), (-0.25 / a, 0, -2j * a)),
               tex=r"$z+\dfrac{\sin^2(a z)}{a}$"),
    Activation("general_relu", "z if z > 0, else leak·z; less sub", "fastai GeneralRelu: a leaky relu moved down",
               value=lambda z, leak, sub: np.maximum(z, 0) + (leak * np.minimum(z, 0) if leak else 0) - sub,
               derivative=lambda z, leak, sub: fn.leaky_slope(z, leak),
               parameters=(Parameter("leak", 0.0, -1.0, 1.0), Parameter("sub", 0.0, -1e4, 1e4)),
               kinks=lambda leak, sub: (0.0,) if leak != 1 else (),
               atoms=lambda leak, sub: (-sub + 0.0,) if leak == 0 else (), piecewise=True,
               slope_below=lambda leak, sub: float(leak) if sub == 0 else None),
    Activation("tanh_shrink", "z - tanh z", "PyTorch Tanhshrink", fn.tanh_shrink, lambda z: np.tanh(z) ** 2),
    Activation("soft_shrink", "sign(z)·max(|z| - threshold, 0)", "Donoho 1995",
               lambda z, out, threshold: np.subtract(z, np.clip(z, -threshold, threshold), out=out),
               fn.mask(lambda z, threshold: np.abs(z) > threshold), (), (Parameter("threshold", 0.5, low=0.0),),
               kinks=lambda threshold: (-threshold, threshold) if threshold else (),
               atoms=lambda threshold: (0.0,) if threshold else (), piecewise=True),
    Activation("hard_shrink", "z if |z| > threshold, else 0", "Donoho & Johnstone 1994",
               lambda z, out, threshold: np.multiply(z, np.abs(z) > threshold, out=out),
               fn.mask(lambda z, threshold: np.abs(z) > threshold), (), (Parameter("threshold", 0.5, low=0.0),),
               kinks=lambda threshold: (-threshold, threshold) if threshold else (),
               jumps=lambda threshold: (-threshold, threshold) if threshold else (),
               atoms=lambda threshold: (0.0,) if threshold else (), piecewise=True),
    Activation("exponential", "e^z", "Keras", fn.wrap(np.exp), np.exp, ("exp",), flat=("left",), sup=math.inf,
               backward=lambda z, a, cotangent, out: np.multiply(cotangent, a, out=out), forgets_z=True,
               terms=((1.0, 0, 1.0),), tex=r"$e^z$"),
    Activation("abs", "|z|", "Jarrett et al. 2009", fn.wrap(np.abs), np.sign, kinks=(0.0,), piecewise=True,
               slope_below=-1.0),
    Activation("square", "z²", "Livni, Shalev-Shwartz & Shamir 2014", fn.wrap(np.square), lambda z: 2 * z,
               sup=math.inf, piecewise=True),
    Activation("maxout", "max(z₁, …, z_k), k linear maps for each output", "Goodfellow et al. 2013", fn.maxout,
               fn.maxout_route, (), (Parameter("k", 2, 1, 64),), pieces=lambda k: k, sup=1.0, piecewise=True),
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
    """An activation with its parameters fixed, and the facts of its row as plain values.

    Attributes:
        bends: where φ is not analytic: its jumps and kinks, and where a later derivative jumps.
    """

    activation: Activation
    parameters: tuple[tuple[str, Value], ...] = ()
    kinks: Points = field(compare=False, default=())
    jumps: Points = field(compare=False, default=())
    bends: Points = field(compare=False, default=())
    atoms: Points = field(compare=False, default=())
    scale: float = field(compare=False, default=1.0)
    waves: float | None = field(compare=False, default=None)
    terms: tuple[tuple[complex, int, complex], ...] = field(compare=False, default=())
    slope_below: float | None = field(compare=False, default=None)
    torch_gain: float | None = field(compare=False, default=None)
    sup: float | None = field(compare=False, default=None)
    pieces: int = field(compare=False, default=1)
    forgets_z: bool = field(compare=False, default=False)
    random: bool = field(compare=False, default=False)

    @classmethod
    def of(cls, row: Activation, parameters: tuple[tuple[str, Value], ...] = ()) -> BoundActivation:
        facts = {each.name: getattr(row, each.name) for each in fields(cls) if not each.compare}
        facts = {name: fact(**dict(parameters)) if callable(fact) else fact for name, fact in facts.items()}
        facts["bends"] = tuple(sorted({*facts["kinks"], *facts["jumps"], *facts["bends"]}))
        factor = float(dict(parameters).get(row.stretch, 1.0))
        for name in ("scale", "waves"):
            facts[name] = facts[name] and facts[name] / factor
        facts["sup"] = facts["sup"] and facts["sup"] * (1 if row.shrinks else factor)
        return cls(row, parameters, **facts)

    @functools.cached_property
    def settings(self) -> dict[str, Any]:
        """The parameters that the functions of the row take."""
        return {name: value for name, value in self.parameters if name != self.activation.stretch}

    @functools.cached_property
    def stretch(self) -> float:
        """The w of φ(z) = f(wz), where the row's functions are those of f."""
        return float(dict(self.parameters).get(self.activation.stretch, 1.0))

    @property
    def sight(self) -> float:
        """The factor by which a pre-activation is multiplied before it is counted."""
        return self.stretch if self.activation.sees_stretched else 1.0

    @property
    def name(self) -> str:
        return self.activation.name

    @property
    def formula(self) -> str:
        """The formula, followed by the parameters' values."""
        return self._with_values(self.activation.general if self._is_general else self.activation.formula)

    @property
    def tex(self) -> str:
        """The same with mathematics as TeX between dollars; empty where the row has none."""
        return self._with_values(self.activation.tex) if self.activation.tex and not self._is_general else ""

    @property
    def _is_general(self) -> bool:
        quiet = {parameter.name for parameter in self.activation.parameters if parameter.quiet}
        return not quiet.isdisjoint(name for name, _ in self.parameters)

    def _with_values(self, formula: str) -> str:
        return ", ".join((formula, *(f"{name} = {typed(value)}" for name, value in self.parameters)))

    @property
    def rectifier(self) -> bool:
        """Whether a whole interval of z gives 0 and another does not stand still: not so for a step."""
        return 0.0 in self.atoms and self.sup_derivative > 0

    @functools.cached_property
    def sup_derivative(self) -> float:
        """sup|φ'|; infinite for exponential, square and relu_squared."""
        if self.sup is not None:
            return self.sup
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
        z = _floating(z)
        if z.ndim == 0:
            return self.value(z.reshape(1)).reshape(())
        out = np.empty((*z.shape[:-1], z.shape[-1] // self.pieces), z.dtype)
        with np.errstate(all="ignore"):
            self.apply(z, out)
        return out

    def apply(self, z: Array, out: Array, rng: np.random.Generator | None = None) -> None:
        """Write φ(z) into `out`, which may be `z`. A random activation draws one slope per element from `rng`.

        For speed, here and on the way back, it is left to the caller to have NumPy ignore what overflows.
        """
        source = {"rng": rng} if self.random and rng is not None else {}
        if self.stretch != 1:
            z = np.multiply(z, self.stretch, out=out)
        self.activation.write(z, out, **self.settings, **source)
        if self.activation.shrinks and self.stretch != 1:
            out /= self.stretch

    def derivative(self, z: Any) -> Array:
        """φ'(z) in a new array of the shape of z; for maxout 1 at the piece that passes, 0 at the others.

        A random activation uses its mean slope.
        """
        z = _floating(z)
        with np.errstate(all="ignore"):
            slope = self._slope(np.atleast_1d(z))
        shaped: Array = np.asarray(slope, z.dtype).reshape(z.shape)
        return shaped

    def _slope(self, z: Array) -> Array:
        if self.stretch == 1:
            return self.activation.derivative(z, **self.settings)
        slope = self.activation.derivative(z * z.dtype.type(self.stretch), **self.settings)
        return slope if self.activation.shrinks else slope * slope.dtype.type(self.stretch)

    def backpropagate(self, z: Array, a: Array, cotangent: Array, out: Array) -> None:
        """Write φ'(z)·cotangent into `out`, for a = φ(z) as `apply` gave it.

        `out` has the shape of z; it may be the cotangent where one pre-activation makes one output.
        """
        if self.activation.backward is not None:
            self.activation.backward(z, a, cotangent, out, **self.settings)
            if self.stretch != 1:
                out *= self.stretch
        else:
            spread = cotangent if self.pieces == 1 else np.repeat(cotangent, self.pieces, axis=-1)
            np.multiply(self._slope(z), spread, out=out)

    def _alike(self, z: Array) -> Array:
        """φ with the same z for all pieces of an output: it takes the same values as any others."""
        return self.value(np.repeat(z, self.pieces))

    def _steepness(self, z: Array) -> Array:
        return np.abs(self.derivative(z))


@functools.cache
def bind(choice: Choice) -> BoundActivation:
    """The activation that a choice stands for."""
    return BoundActivation.of(ACTIVATIONS[choice.name], choice.parameters)


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
