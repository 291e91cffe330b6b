"""The table of initialisers: name → mean, std, bound and samples of a weight matrix of shape (fan_in, fan_out).

Almost every name is one setting of one formula: mean + std · (a standardised draw), where the distribution gives the
draw and `std` the scale. The few that are not independent draws (orthogonal, identity, sparse) have a matrix rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from actprof.arrays import Array
from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.activations import bind as bind_activation
from actprof.catalogue.draws import NORMAL, POINT, TRUNCATED_STD, UNIFORM, Draw, truncated
from actprof.catalogue.expectations import forward_gain
from actprof.errors import SpecError
from actprof.registry import Choice, Dialect, Parameter, Registry, Value


@dataclass(frozen=True)
class Fans:
    """The facts of a layer on which a scale may depend.

    Attributes:
        first: whether this is the layer that sees the inputs (siren).
        activation: what the layer's pre-activations go through (critical); None where no layer is meant.
        last: whether this is the layer that gives the outputs (mup).
        matrix: the shape of the matrix that a kernel becomes; a dense layer has (fan_in, fan_out).
        area: of the kernel.
    """

    fan_in: int
    fan_out: int
    first: bool = False
    activation: Choice | None = None
    last: bool = False
    matrix: tuple[int, int] | None = None
    area: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weights as a matrix."""
        return self.matrix or (self.fan_in, self.fan_out)


FANS: dict[str, Callable[[Fans], float]] = {
    "fan_in": lambda fans: fans.fan_in,
    "fan_out": lambda fans: fans.fan_out,
    "fan_avg": lambda fans: (fans.fan_in + fans.fan_out) / 2,
    "fan_geo_avg": lambda fans: math.sqrt(fans.fan_in) * math.sqrt(fans.fan_out),
}

FAN_TEXT = {"fan_in": "n", "fan_out": "m", "fan_avg": "((n+m)/2)", "fan_geo_avg": "√(nm)"}
"""The modes as formulas show them."""

Matrix = Array


def orthogonal(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans,
               gain: float) -> Matrix:
    """Q·sign(diag R) of a Gaussian's QR: Haar-distributed (Saxe 2013; without the signs it is not Haar)."""
    rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape)), dtype=dtype))
    q *= gain * np.where(np.diagonal(r) < 0, -1, 1)
    return np.ascontiguousarray(q if rows >= columns else q.T, dtype=dtype)


def delta_orthogonal(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans,
                     gain: float) -> Matrix:
    """An orthogonal matrix at the middle of a kernel, 0 around it (Xiao et al. 2018)."""
    rows, columns = shape[0] // fans.area, shape[1]
    weights = np.zeros((fans.area, rows, columns), dtype)
    weights[(fans.area - 1) // 2] = orthogonal(rng, (rows, columns), dtype, fans, gain)
    return weights.reshape(shape)


def delta_orthogonal_std(fans: Fans, gain: float) -> float:
    rows, columns = fans.shape[0] // fans.area, fans.shape[1]
    if rows > columns:
        raise SpecError(f"delta_orthogonal needs at least as many output channels as input channels, not {rows} and "
                        f"{columns}. Take orthogonal.")
    return gain / math.sqrt(fans.area * columns)


def identity(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans,
             gain: float) -> Matrix:
    weights = np.eye(*shape, dtype=dtype)
    weights *= gain
    return weights


def identity_std(fans: Fans, gain: float) -> float:
    """The std of a weight picked at random, which is `gain` with probability 1/max(n, m), else 0."""
    longer = max(fans.fan_in, fans.fan_out)
    return gain * math.sqrt(longer - 1) / longer


def sparse(rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans, sparsity: float,
           std: float) -> Matrix:
    rows, columns = shape
    weights: Matrix = rng.standard_normal(shape, dtype=dtype)
    weights *= std
    zeros = _zeros(rows, sparsity)
    order = np.argsort(rng.random((rows, columns), dtype=np.float32), axis=0)[:zeros]
    np.put_along_axis(weights, order, 0, axis=0)
    return weights


def fixed(fans: Fans, **_: Value) -> float:
    """The sum of a whole matrix's squares is always the same."""
    return 0.0


def _zeros(rows: int, sparsity: float) -> int:
    """The number of weights of a column that are 0."""
    return math.ceil(sparsity * rows)


Rule = Callable[..., float]
Support = tuple[float, float] | None
MatrixRule = Callable[..., Matrix]


def _centred(fans: Fans, **_: Value) -> float:
    return 0.0


@dataclass(frozen=True)
class Initializer:
    """A row of the table. The rules take a Fans and the row's parameters by name.

    Attributes:
        std: the standard deviation of one weight.
        mean: E(W).
        draw: the shape of the distribution, or a rule that picks it by the parameters.
        matrix: (rng, shape, dtype, fans, **parameters) → W, for those that are not independent draws.
        support: the least and the largest weight, where they are not those of the draw, or read off more exactly;
            None if unlimited.
        square_variance: count·Var(mean of (W - mean)²)/std⁴, where it is not that of independent draws.
        bias: what the same framework layer does to its biases.
        written: the formula with the parameters filled in, N(0, 2/n); without it they are listed behind the formula.
        tex: the same with mathematics as TeX between dollars, or a rule for it; empty where there are only words.
        activation: whether the scale depends on the layer's activation.
        calibrated: whether the weights are scaled on a batch of inputs after they are drawn.
        spare: how many times its own size a matrix needs beside itself while it is drawn.
        goes_with: (parameters) → the activation that its source has it for.
        kernels_only: it makes kernels of convolutions, not the weights of a dense layer.
        no_kernels: why it makes no kernels of convolutions; "" if it does.
    """

    name: str
    formula: str
    source: str
    std: Rule
    draw: Draw | Callable[..., Draw] = NORMAL
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    mean: Rule = _centred
    matrix: MatrixRule | None = None
    support: Callable[..., Support] | None = None
    square_variance: Rule | None = None
    bias: str = "zeros"
    written: Callable[..., str] | None = None
    tex: str | Callable[..., str] = ""
    spare: int = 0
    goes_with: Callable[..., str] | None = None
    kernels_only: bool = False
    no_kernels: str = ""
    activation: bool = False
    calibrated: bool = False


@dataclass(frozen=True)
class BoundInitializer:
    """An initialiser with its parameters filled in."""

    row: Initializer
    values: Mapping[str, Value]

    @property
    def formula(self) -> str:
        if self.row.written is not None:
            return str(self.row.written(**self.values))
        return self._with_parameters(self.row.formula)

    @property
    def tex(self) -> str:
        """The formula with mathematics as TeX between dollars; empty where there are only words."""
        if not isinstance(self.row.tex, str):
            return self.row.tex(**self.values)
        return self.row.tex and self._with_parameters(self.row.tex)

    def _with_parameters(self, formula: str) -> str:
        listed = ", ".join(f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}"
                           for name, value in self.values.items())
        return f"{formula}, {listed}" if listed else formula

    @property
    def draw(self) -> Draw:
        return self.row.draw if isinstance(self.row.draw, Draw) else self.row.draw(**self.values)

    @property
    def distribution(self) -> str:
        """The name of the draw; "matrix" where weights are not drawn one by one."""
        return self.draw.name if self.row.matrix is None else "matrix"

    def inside(self, fans: Fans) -> tuple[float, float] | None:
        """The shares of all weights within one and within three std of the mean; None where no formula is known."""
        if self.row.matrix is not None:
            return None
        draw = self.draw if self.std(fans) else POINT
        return draw.inside(1), draw.inside(3)

    def mean(self, fans: Fans) -> float:
        return self.row.mean(fans, **self.values)

    def std(self, fans: Fans) -> float:
        """The standard deviation of one weight."""
        return float(self.row.std(fans, **self.values))

    def support(self, fans: Fans) -> Support:
        """The least and the largest weight that can occur; None where there are none."""
        if self.row.support is not None:
            return self.row.support(fans, **self.values)
        if self.draw.bound is None:
            return None
        mean, reach = self.mean(fans), self.draw.bound * self.std(fans)
        return mean - reach, mean + reach

    def bound(self, fans: Fans) -> float | None:
        """The largest |w| that can occur; None where the support is unbounded."""
        support = self.support(fans)
        return None if support is None else max(map(abs, support))

    def std_error(self, fans: Fans, count: int) -> float:
        """The standard error of the root mean square, about E(W), of `count` weights; rounding included."""
        rule = self.row.square_variance
        spread = self.draw.square_variance if rule is None else float(rule(fans, **self.values))
        std = self.std(fans)
        return math.hypot(std * math.sqrt(spread / (4 * count)), ROUNDING * (std + abs(self.mean(fans))))

    def sample(self, rng: np.random.Generator, fans: Fans, shape: tuple[int, ...], dtype: DTypeLike) -> Matrix:
        """Weights of the given shape, (fan_in, columns), or biases, (columns,)."""
        if self.row.matrix is not None:
            return self._matrices(rng, (shape[0], shape[1]), np.dtype(dtype), fans)
        weights = self.draw.sample(rng, shape, dtype)
        weights *= self.std(fans)
        mean = self.mean(fans)
        if mean:
            weights += mean
        return weights

    def _matrices(self, rng: np.random.Generator, shape: tuple[int, int], dtype: np.dtype[Any], fans: Fans) -> Matrix:
        """W of a matrix rule. The pieces of a maxout, neighbouring columns, belong to matrices of their own."""
        assert self.row.matrix is not None
        rows, columns = shape
        pieces = max(1, columns // fans.shape[1])
        weights = [self.row.matrix(rng, (rows, columns // pieces), dtype, fans, **self.values) for _ in range(pieces)]
        return weights[0] if pieces == 1 else np.stack(weights, axis=2).reshape(shape)


@cache
def bind(choice: Choice) -> BoundInitializer:
    """The initialiser that a choice stands for."""
    return BoundInitializer(INITIALIZERS[choice.name], choice.values)


def as_bias(choice: Choice) -> Choice:
    """The same choice, if it can make biases; SpecError for what makes matrices only."""
    if INITIALIZERS[choice.name].matrix is not None:
        raise SpecError(f"{choice.name} makes matrices, not biases. Choose another --bias, such as zeros.")
    return choice


def as_dense(choice: Choice) -> Choice:
    """The same choice, if it can make the weights of a dense layer; SpecError for what makes kernels only."""
    if INITIALIZERS[choice.name].kernels_only:
        raise SpecError(f"{choice.name} makes kernels of convolutions, which only bounds has. "
                        "In a dense layer it is orthogonal.")
    return choice


def preset_bias(choice: Choice) -> Choice:
    """The biases that go with an initialiser."""
    return INITIALIZERS.parse(INITIALIZERS[choice.name].bias)


def _fan_in(fans: Fans, gain: float) -> float:
    return gain / math.sqrt(fans.fan_in)


DISTRIBUTIONS = {"normal": NORMAL, "truncated": truncated(2.0), "uniform": UNIFORM}


def _cut_at_two(std: float) -> Draw:
    """N(0, std²) cut at ±2; from 40 std on there is nothing left to cut in double precision."""
    return truncated(2 / std) if std > 0.05 else NORMAL if std else POINT


def _within(limit: Rule) -> Callable[..., Support]:
    """The support ±limit."""
    def support(fans: Fans, **values: Value) -> Support:
        largest = limit(fans, **values)
        return -largest, largest

    return support


def _gain(default: float = 1.0) -> tuple[Parameter, ...]:
    return (Parameter("gain", default, low=0.0),)


def _std(default: float) -> Parameter:
    return Parameter("std", default, low=0.0)


GLOROT = "Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks"
HE = "He et al. 2015, Delving deep into rectifiers"
LECUN = "LeCun et al. 1998, Efficient BackProp"
HE_PARAMETERS = (*_gain(math.sqrt(2)), Parameter("mode", "fan_in", choices=tuple(FANS)))


def _critical(fans: Fans) -> float:
    if fans.activation is None:
        raise SpecError("critical needs an activation. Name one, or write lecun_normal:gain=….")
    return forward_gain(fans.activation) / math.sqrt(fans.fan_in)


KAIMING = (Parameter("a", 0.0, -1e3, 1e3), HE_PARAMETERS[1],
           Parameter("nonlinearity", "leaky_relu",
                     choices=tuple(row.name for row in ACTIVATIONS if row.torch_gain is not None)))
"""The parameters of kaiming_normal_ and kaiming_uniform_ beside the tensor."""


def _kaiming(a: float, mode: str, nonlinearity: str) -> dict[str, Value]:
    """The gain of torch.nn.init.calculate_gain, which knows no slope but that of leaky_relu."""
    if nonlinearity == "leaky_relu":
        return {"gain": math.sqrt(2 / (1 + a**2)), "mode": mode}
    return {"gain": float(bind_activation(ACTIVATIONS.parse(nonlinearity)).torch_gain or 1), "mode": mode}


ROUNDING = 1e-13
"""The share of their size by which sums of weights may be off."""

MAX_SIZE = 1e37
"""The largest parameter: weights far beyond it are infinite in single precision."""

PATTERNS = {"normal": "N(0, {})", "uniform": "U(±√({}))", "truncated": "N(0, {}) cut at ±2.27 std, std corrected"}
"""Formulas of a distribution with a given variance; a uniform's is three times that."""

TEX = {"normal": r"$\mathcal{{N}}\left(0,\ \dfrac{{{}}}{{{}}}\right)$",
       "uniform": r"$U\left(\pm\sqrt{{\dfrac{{{}}}{{{}}}}}\right)$"}
TEX["truncated"] = TEX["normal"] + r" cut at $\pm 2.27$ std, std corrected"
SQUARED_BOUND = {"normal": 1, "uniform": 3, "truncated": 1}
"""The factor of the variance in these formulas: a uniform shows the square of its bound."""

FAN_TEX = {"fan_avg": r"\left(n+m\right)/2", "fan_geo_avg": r"\sqrt{nm}"}


def _tex(number: float) -> str:
    """`1e-05` as a power of ten."""
    mantissa, _, exponent = f"{number:.6g}".partition("e")
    power = f"10^{{{int(exponent)}}}" if exponent else ""
    return power if power and mantissa == "1" else rf"{mantissa}\cdot {power}" if power else mantissa


def _tex_square(number: float) -> str:
    return rf"\left({_tex(number)}\right)^2" if "e" in f"{number:.6g}" else f"{_tex(number)}^2"


def _family(stem: str, factor: float, divisor: str, source: str, std: Rule, parameters: tuple[Parameter, ...],
            normal: tuple[str, ...], uniform: tuple[str, ...], cut: tuple[str, ...]) -> tuple[Initializer, ...]:
    """The normal, uniform and truncated members of one scheme: variance factor·gain²/divisor in three shapes."""

    def scale(times: float, gain: float, mode: str = "") -> str:
        return f"{times * factor * gain**2:.6g}/{FAN_TEXT.get(mode, divisor)}"

    def tex(pattern: str, times: float, gain: float, mode: str = "") -> str:
        below = {**FAN_TEXT, **FAN_TEX}.get(mode, divisor.strip("()"))
        return pattern.format(_tex(times * factor * gain**2), below)

    def member(shape: str, draw: Draw, aliases: tuple[str, ...], pattern: str, times: float) -> Initializer:
        symbol = "gain²" if times * factor == 1 else f"{times * factor:g}·gain²"
        return Initializer(f"{stem}_{shape}", pattern.format(f"{symbol}/{divisor}"), source, std, draw, aliases,
                           parameters, written=lambda **values: pattern.format(scale(times, **values)),
                           tex=lambda **values: tex(TEX[shape], times, **values))

    return tuple(member(shape, DISTRIBUTIONS[shape], names, PATTERNS[shape], SQUARED_BOUND[shape])
                 for shape, names in (("normal", normal), ("uniform", uniform), ("truncated", cut)))


def _check(choice: Choice) -> None:
    values = choice.values
    for name, value in choice.parameters:
        if isinstance(value, float) and abs(value) > MAX_SIZE:
            raise SpecError(f"{choice.name}: {name} must be at most {MAX_SIZE:g} in size, not '{value:g}'.")
    if choice.name == "uniform" and not float(values["low"]) <= float(values["high"]):
        raise SpecError(f"uniform: low must be at most high, not {values['low']:g} and {values['high']:g}.")


INITIALIZERS: Registry[Initializer] = Registry("initialiser", "inits", (
    Initializer("zeros", "0", "constant", lambda fans: 0.0, POINT, ("zero",)),
    Initializer("ones", "1", "constant", lambda fans: 0.0, POINT, ("one",), mean=lambda fans: 1.0),
    Initializer("constant", "value", "constant", lambda fans, value: 0.0, POINT,
                parameters=(Parameter("value", 0.0),), mean=lambda fans, value: value,
                written=lambda value: f"{value:g}"),
    Initializer("normal", "N(mean, std²)", "textbook; the default is Keras's RandomNormal",
                lambda fans, std, mean: std, NORMAL,
                ("random_normal", "gaussian", "keras.random_normal"),
                (_std(0.05), Parameter("mean", 0.0)), lambda fans, std, mean: mean,
                written=lambda std, mean: f"N({mean:g}, {std:g}²)",
                tex=lambda std, mean: rf"$\mathcal{{N}}\left({_tex(mean)},\ {_tex_square(std)}\right)$"),
    Initializer("uniform", "U(low, high)", "textbook; the default is Keras's RandomUniform",
                lambda fans, low, high: (high - low) / math.sqrt(12), UNIFORM,
                ("random_uniform", "keras.random_uniform"),
                (Parameter("low", -0.05), Parameter("high", 0.05)), lambda fans, low, high: (low + high) / 2,
                written=lambda low, high: f"U({low:g}, {high:g})",
                tex=lambda low, high: rf"$U\left({_tex(low)},\ {_tex(high)}\right)$"),
    Initializer("truncated_normal", "N(0, std²) cut at ±2 std, not corrected: true std 0.8796·std",
                "Keras TruncatedNormal, jax truncated_normal", lambda fans, std: TRUNCATED_STD * std,
                truncated(2.0), ("keras.truncated_normal",), (_std(0.05),),
                tex=r"$\mathcal{N}(0,\ \mathrm{std}^2)$ cut at $\pm 2$ std, not corrected: true std "
                    r"$0.8796\cdot\mathrm{std}$"),
    Initializer("variance_scaling", "variance scale/fan", "Keras, JAX: variance_scaling",
                lambda fans, scale, mode, distribution: math.sqrt(scale / FANS[mode](fans)),
                lambda scale, mode, distribution: DISTRIBUTIONS[distribution], (),
                (Parameter("scale", 1.0, low=0.0), Parameter("mode", "fan_in", choices=tuple(FANS)),
                 Parameter("distribution", "truncated", choices=tuple(DISTRIBUTIONS),
                           synonyms={"truncated_normal": "truncated", "untruncated_normal": "normal"})),
                written=lambda scale, mode, distribution: PATTERNS[distribution].format(
                    f"{SQUARED_BOUND[distribution] * scale:.6g}/{FAN_TEXT[mode]}"),
                tex=lambda scale, mode, distribution: TEX[distribution].format(
                    _tex(SQUARED_BOUND[distribution] * scale), FAN_TEX.get(mode, FAN_TEXT[mode]))),
    *_family("lecun", 1, "n", LECUN, _fan_in, _gain(), ("lecun",),
             ("keras.lecun_uniform", "caffe.xavier"), ("keras.lecun_normal", "jax.lecun_normal", "flax.dense")),
    *_family("glorot", 2, "(n+m)", GLOROT,
             lambda fans, gain: gain * math.sqrt(2 / (fans.fan_in + fans.fan_out)), _gain(),
             ("xavier", "glorot", "xavier_normal", "torch.xavier_normal"),
             ("xavier_uniform", "normalized_xavier", "torch.xavier_uniform", "keras.dense", "keras.glorot_uniform",
              "jax.glorot_uniform"),
             ("keras.glorot_normal", "jax.glorot_normal")),
    *_family("he", 1, "n", HE, lambda fans, gain, mode: gain / math.sqrt(FANS[mode](fans)), HE_PARAMETERS,
             ("he", "kaiming", "kaiming_normal", "msra", "caffe.msra"),
             ("kaiming_uniform", "keras.he_uniform", "jax.he_uniform"),
             ("keras.he_normal", "jax.he_normal")),
    Initializer("fan_in_uniform", "U(±gain/√n)", f"{GLOROT}, eq. 1 (the heuristic it argues against)",
                lambda fans, gain: gain / math.sqrt(3 * fans.fan_in), UNIFORM, ("xavier_standard",), _gain(),
                support=_within(_fan_in), written=lambda gain: f"U(±{gain:.6g}/√n)",
                tex=lambda gain: rf"$U\left(\pm\dfrac{{{_tex(gain)}}}{{\sqrt{{n}}}}\right)$"),
    Initializer("orthogonal", "gain·Q of the QR of a Gaussian, signs of diag R",
                "Saxe et al. 2013, Exact solutions to the nonlinear dynamics of learning",
                lambda fans, gain: gain / math.sqrt(max(fans.shape)), NORMAL,
                ("torch.orthogonal",), _gain(), matrix=orthogonal, support=_within(lambda fans, gain: gain),
                square_variance=fixed, spare=7),
    Initializer("delta_orthogonal", "gain·Q in the middle of a kernel, 0 around it",
                "Xiao et al. 2018, Dynamical isometry and a mean field theory of CNNs", delta_orthogonal_std, NORMAL,
                ("jax.delta_orthogonal",), _gain(), matrix=delta_orthogonal, support=_within(lambda fans, gain: gain),
                square_variance=fixed, spare=7, kernels_only=True),
    Initializer("identity", "gain on the diagonal, 0 elsewhere", "Le et al. 2015, A simple way to initialize",
                identity_std, POINT, ("eye",), _gain(), lambda fans, gain: gain / max(fans.shape), identity,
                lambda fans, gain: (0.0, gain), fixed,
                no_kernels="torch's eye_ and Keras's Identity make matrices alone; PyTorch's dirac_ is the kernel that "
                           "passes its input on"),
    Initializer("sparse", "each column: ceil(sparsity·n) zeros, the rest N(0, std²)",
                "Martens 2010, Deep learning via Hessian-free optimization",
                lambda fans, sparsity, std: std * math.sqrt(1 - _zeros(fans.fan_in, sparsity) / fans.fan_in),
                NORMAL, (),
                (Parameter("sparsity", 0.9, low=0.0, high=1.0), _std(0.01)), matrix=sparse,
                support=lambda fans, sparsity, std: None, spare=3,
                # 2n/k for k weights of a column that are not 0: only they vary.
                square_variance=lambda fans, sparsity, std: 2 * fans.fan_in / max(
                    fans.fan_in - _zeros(fans.fan_in, sparsity), 1),
                no_kernels="PyTorch's sparse_ makes matrices alone",
                tex=r"each column: $\mathrm{ceil}(\mathrm{sparsity}\cdot n)$ zeros, the rest "
                    r"$\mathcal{N}(0,\ \mathrm{std}^2)$"),
    Initializer("siren", "U(±√(6/n)/w0), first layer U(±1/n)",
                "Sitzmann et al. 2020, Implicit neural representations with periodic activation functions",
                lambda fans, w0: 1 / (math.sqrt(3) * fans.fan_in) if fans.first else math.sqrt(2 / fans.fan_in) / w0,
                UNIFORM, (), (Parameter("w0", 30.0, low=1e-6),), goes_with=lambda w0: f"sin:w0={w0:.12g}",
                tex=r"$U\left(\pm\dfrac{\sqrt{6/n}}{w_0}\right)$, first layer $U\left(\pm\dfrac{1}{n}\right)$"),
    Initializer("torch.linear", "U(±1/√n), biases too", "PyTorch nn.Linear: kaiming_uniform with a = √5",
                lambda fans: 1 / math.sqrt(3 * fans.fan_in), UNIFORM, ("equinox.linear",), bias="torch.linear",
                support=_within(lambda fans: _fan_in(fans, 1)),
                tex=r"$U\left(\pm\dfrac{1}{\sqrt{n}}\right)$, biases too"),
    Initializer("torch.trunc_normal", "N(0, std²) cut at absolute ±2", "PyTorch nn.init.trunc_normal_",
                lambda fans, std: std * _cut_at_two(std).std_factor, _cut_at_two, (), (_std(1.0),),
                support=_within(lambda fans, std: 2.0 if std else 0.0),
                tex=r"$\mathcal{N}(0,\ \mathrm{std}^2)$ cut at absolute $\pm 2$"),
    Initializer("haiku.linear", "N(0, 1/n) cut at ±2/√n, not corrected: true std 0.8796/√n", "Haiku hk.Linear",
                lambda fans: TRUNCATED_STD / math.sqrt(fans.fan_in), truncated(2.0),
                tex=r"$\mathcal{N}\left(0,\ \dfrac{1}{n}\right)$ cut at $\pm\dfrac{2}{\sqrt{n}}$, not corrected: "
                    r"true std $\dfrac{0.8796}{\sqrt{n}}$"),
    Initializer("spectral", "N(0, min(1, m/n)·gain²/n)",
                "Yang, Simon & Bernstein 2023, A spectral condition for feature learning",
                lambda fans, gain: gain / math.sqrt(fans.fan_in) * min(1, math.sqrt(fans.fan_out / fans.fan_in)),
                parameters=_gain(), tex=r"$\mathcal{N}\left(0,\ \min\left(1,\ \dfrac{m}{n}\right)\cdot"
                                        r"\dfrac{\mathrm{gain}^2}{n}\right)$"),
    Initializer("mup", "N(0, gain²/n), last layer N(0, gain²/n²)",
                "Yang et al. 2021, Tuning large neural networks via zero-shot hyperparameter transfer",
                lambda fans, gain: gain / (fans.fan_in if fans.last else math.sqrt(fans.fan_in)), parameters=_gain(),
                tex=r"$\mathcal{N}\left(0,\ \dfrac{\mathrm{gain}^2}{n}\right)$, last layer "
                    r"$\mathcal{N}\left(0,\ \dfrac{\mathrm{gain}^2}{n^2}\right)$"),
    Initializer("gpt2", "N(0, 0.02²), in front of the sums of so many blocks N(0, 0.02²/(2·blocks))",
                "Radford et al. 2019, Language models are unsupervised multitask learners",
                lambda fans, blocks: 0.02 / math.sqrt(max(2 * blocks, 1)),
                parameters=(Parameter("blocks", 0, 0, 10**6),),
                written=lambda blocks: f"N(0, 0.02²/{2 * blocks})" if blocks else "N(0, 0.02²)",
                tex=lambda blocks: TEX["normal"].format("0.02^2", 2 * blocks) if blocks else
                r"$\mathcal{N}\left(0,\ 0.02^2\right)$"),
    Initializer("critical", "N(0, gain²/n) with the gain of the activation that keeps the mean square",
                "Poole et al. 2016, Exponential expressivity in deep neural networks through transient chaos",
                _critical, activation=True,
                tex=r"$\mathcal{N}\left(0,\ \dfrac{\mathrm{gain}^2}{n}\right)$ with the gain of the activation that "
                    "keeps the mean square"),
    Initializer("lsuv", "orthogonal, each layer scaled until its pre-activations have variance 1 on the first batch",
                "Mishkin & Matas 2016, All you need is a good init",
                lambda fans, tolerance, iterations: 1 / math.sqrt(max(fans.fan_in, fans.fan_out)), NORMAL, (),
                (Parameter("tolerance", 0.1, positive=True), Parameter("iterations", 10, low=1, high=1000)),
                matrix=lambda rng, shape, dtype, fans, **_: orthogonal(rng, shape, dtype, fans, 1.0),
                support=lambda fans, tolerance, iterations: None, square_variance=fixed, spare=7,
                calibrated=True),
), number="normal", check=_check, dialects=(
    Dialect("torch.kaiming_normal", "he_normal", KAIMING, _kaiming),
    Dialect("torch.kaiming_uniform", "he_uniform", KAIMING, _kaiming),
))
