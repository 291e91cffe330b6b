"""The table of initialisers of a weight matrix of shape (fan_in, fan_out): name → formula, scale and draw."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from actprof.catalogue import weights
from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.activations import bind as bind_activation
from actprof.catalogue.draws import NORMAL, POINT, TRUNCATED_STD, UNIFORM, Draw, truncated
from actprof.catalogue.expectations import forward_gain
from actprof.catalogue.weights import FANS, BoundInitializer, Fans, Initializer, Rule, Support
from actprof.digits import typed
from actprof.errors import SpecError
from actprof.registry import Choice, Dialect, Parameter, Registry, Value


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


# The parameters of kaiming_normal_ and kaiming_uniform_ beside the tensor.
KAIMING = (Parameter("a", 0.0, -1e3, 1e3), HE_PARAMETERS[1],
           Parameter("nonlinearity", "leaky_relu",
                     choices=tuple(row.name for row in ACTIVATIONS if row.torch_gain is not None)))


def _kaiming(a: float, mode: str, nonlinearity: str) -> dict[str, Value]:
    """The gain of torch.nn.init.calculate_gain, which knows no slope but that of leaky_relu."""
    if nonlinearity == "leaky_relu":
        return {"gain": math.sqrt(2 / (1 + a**2)), "mode": mode}
    return {"gain": float(bind_activation(ACTIVATIONS.parse(nonlinearity)).torch_gain or 1), "mode": mode}


# The parameters of variance_scaling.
SCALING = (Parameter("scale", 1.0, low=0.0), Parameter("mode", "fan_in", choices=tuple(FANS)),
           Parameter("distribution", "truncated", choices=tuple(DISTRIBUTIONS),
                     synonyms={"truncated_normal": "truncated", "untruncated_normal": "normal"}))


def _stddev(stddev: float) -> dict[str, Value]:
    return {"std": stddev}


MAX_SIZE = 1e37  # the largest parameter: weights far beyond it are infinite in single precision

# The modes as formulas show them.
FAN_TEXT = {"fan_in": "n", "fan_out": "m", "fan_avg": "((n+m)/2)", "fan_geo_avg": "√(nm)"}

# Formulas of a distribution with a given variance; a uniform's is three times that.
PATTERNS = {"normal": "N(0, {})", "uniform": "U(±√({}))", "truncated": "N(0, {}) cut at ±2.27 std, std corrected"}

TEX = {"normal": r"$\mathcal{{N}}\left(0,\ \dfrac{{{}}}{{{}}}\right)$",
       "uniform": r"$U\left(\pm\sqrt{{\dfrac{{{}}}{{{}}}}}\right)$"}
TEX["truncated"] = TEX["normal"] + r" cut at $\pm 2.27$ std, std corrected"
# The factor of the variance in these formulas: a uniform shows the square of its bound.
SQUARED_BOUND = {"normal": 1, "uniform": 3, "truncated": 1}

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
        return f"{typed(times * factor * gain**2)}/{FAN_TEXT.get(mode, divisor)}"

    def tex(pattern: str, times: float, gain: float, mode: str = "") -> str:
        below = {**FAN_TEXT, **FAN_TEX}.get(mode, divisor.strip("()"))
        return pattern.format(_tex(times * factor * gain**2), below)

    def member(shape: str, draw: Draw, aliases: tuple[str, ...], pattern: str, times: float) -> Initializer:
        symbol = "gain²" if times * factor == 1 else f"{typed(times * factor)}·gain²"
        return Initializer(f"{stem}_{shape}", pattern.format(f"{symbol}/{divisor}"), source, std, draw, aliases,
                           parameters, written=lambda **values: pattern.format(scale(times, **values)),
                           tex=lambda **values: tex(TEX[shape], times, **values))

    return tuple(member(shape, DISTRIBUTIONS[shape], names, PATTERNS[shape], SQUARED_BOUND[shape])
                 for shape, names in (("normal", normal), ("uniform", uniform), ("truncated", cut)))


def _check(choice: Choice) -> None:
    values = choice.values
    for name, value in choice.parameters:
        if isinstance(value, float) and abs(value) > MAX_SIZE:
            raise SpecError(f"{choice.name}: {name} must be at most {typed(MAX_SIZE)} in size, not '{typed(value)}'.")
    if choice.name == "uniform" and not float(values["low"]) <= float(values["high"]):
        raise SpecError(f"uniform: low must be at most high, not {values['low']:g} and {values['high']:g}.")


INITIALIZERS: Registry[Initializer] = Registry("initialiser", "inits", (
    Initializer("zeros", "0", "constant", lambda fans: 0.0, POINT, ("zero", "torch.zeros", "keras.zeros")),
    Initializer("ones", "1", "constant", lambda fans: 0.0, POINT, ("one", "torch.ones", "keras.ones"),
                mean=lambda fans: 1.0),
    Initializer("constant", "value", "constant", lambda fans, value: 0.0, POINT,
                ("keras.constant",), parameters=(Parameter("value", 0.0),), mean=lambda fans, value: value,
                written=typed),
    Initializer("normal", "N(mean, std²)", "textbook; the default is Keras's RandomNormal",
                lambda fans, std, mean: std, NORMAL,
                ("random_normal", "gaussian"),
                (_std(0.05), Parameter("mean", 0.0)), lambda fans, std, mean: mean,
                written=lambda std, mean: f"N({typed(mean)}, {typed(std)}²)",
                tex=lambda std, mean: rf"$\mathcal{{N}}\left({_tex(mean)},\ {_tex_square(std)}\right)$"),
    Initializer("uniform", "U(low, high)", "textbook; the default is Keras's RandomUniform",
                lambda fans, low, high: (high - low) / math.sqrt(12), UNIFORM,
                ("random_uniform",),
                (Parameter("low", -0.05), Parameter("high", 0.05)), lambda fans, low, high: (low + high) / 2,
                written=lambda low, high: f"U({typed(low)}, {typed(high)})",
                tex=lambda low, high: rf"$U\left({_tex(low)},\ {_tex(high)}\right)$"),
    Initializer("truncated_normal", "N(0, std²) cut at ±2 std, not corrected: true std 0.8796·std",
                "Keras TruncatedNormal, jax truncated_normal", lambda fans, std: TRUNCATED_STD * std,
                truncated(2.0), (), (_std(0.05),),
                tex=r"$\mathcal{N}(0,\ \mathrm{std}^2)$ cut at $\pm 2$ std, not corrected: true std "
                    r"$0.8796\cdot\mathrm{std}$"),
    Initializer("variance_scaling", "variance scale/fan", "Keras, JAX: variance_scaling",
                lambda fans, scale, mode, distribution: math.sqrt(scale / FANS[mode](fans)),
                lambda scale, mode, distribution: DISTRIBUTIONS[distribution], ("jax.variance_scaling",),
                SCALING,
                written=lambda scale, mode, distribution: PATTERNS[distribution].format(
                    f"{typed(SQUARED_BOUND[distribution] * scale)}/{FAN_TEXT[mode]}"),
                tex=lambda scale, mode, distribution: TEX[distribution].format(
                    _tex(SQUARED_BOUND[distribution] * scale), FAN_TEX.get(mode, FAN_TEXT[mode]))),
    *_family("lecun", 1, "n", LECUN, _fan_in, _gain(), ("lecun",),
             ("keras.lecun_uniform", "caffe.xavier"),
             ("keras.lecun_normal", "jax.lecun_normal", "flax.dense", "flax.conv")),
    *_family("glorot", 2, "(n+m)", GLOROT,
             lambda fans, gain: gain * math.sqrt(2 / (fans.fan_in + fans.fan_out)), _gain(),
             ("xavier", "glorot", "xavier_normal", "torch.xavier_normal"),
             ("xavier_uniform", "normalized_xavier", "torch.xavier_uniform", "keras.dense", "keras.conv2d",
              "keras.glorot_uniform", "jax.glorot_uniform"),
             ("keras.glorot_normal", "jax.glorot_normal")),
    *_family("he", 1, "n", HE, lambda fans, gain, mode: gain / math.sqrt(FANS[mode](fans)), HE_PARAMETERS,
             ("he", "kaiming", "kaiming_normal", "msra", "caffe.msra"),
             ("kaiming_uniform", "keras.he_uniform", "jax.he_uniform"),
             ("keras.he_normal", "jax.he_normal")),
    Initializer("fan_in_uniform", "U(±gain/√n)", f"{GLOROT}, eq. 1 (the heuristic it argues against)",
                lambda fans, gain: gain / math.sqrt(3 * fans.fan_in), UNIFORM, ("xavier_standard",), _gain(),
                support=_within(_fan_in), written=lambda gain: f"U(±{typed(gain)}/√n)",
                tex=lambda gain: rf"$U\left(\pm\dfrac{{{_tex(gain)}}}{{\sqrt{{n}}}}\right)$"),
    Initializer("orthogonal", "gain·Q of the QR of a Gaussian, signs of diag R",
                "Saxe et al. 2013, Exact solutions to the nonlinear dynamics of learning",
                lambda fans, gain: gain / math.sqrt(max(fans.shape)), NORMAL,
                ("torch.orthogonal", "keras.orthogonal", "jax.orthogonal"), _gain(), matrix=weights.orthogonal,
                support=_within(lambda fans, gain: gain), square_variance=weights.fixed, spare=8, isometric=True),
    Initializer("delta_orthogonal", "gain·Q in the middle of a kernel, 0 around it",
                "Xiao et al. 2018, Dynamical isometry and a mean field theory of CNNs", weights.delta_orthogonal_std,
                NORMAL,
                ("jax.delta_orthogonal",), _gain(), matrix=weights.delta_orthogonal, support=_within(lambda fans,
                gain: gain),
                square_variance=weights.fixed, spare=8, kernels_only=True),
    Initializer("identity", "gain on the diagonal, 0 elsewhere", "Le et al. 2015, A simple way to initialize",
                weights.identity_std, POINT, ("eye", "torch.eye", "keras.identity"), _gain(),
                lambda fans, gain: gain / max(fans.shape), weights.identity,
                lambda fans, gain: (0.0, gain), weights.fixed, mixed=lambda fans, gain: 1,
                no_kernels="torch's eye_ and Keras's Identity make matrices alone; PyTorch's dirac_ is the kernel that "
                           "passes its input on"),
    Initializer("sparse", "each column: ceil(sparsity·n) zeros, the rest N(0, std²)",
                "Martens 2010, Deep learning via Hessian-free optimization",
                lambda fans, sparsity, std: std * math.sqrt(1 - weights.zeros_of(fans.fan_in, sparsity) / fans.fan_in),
                NORMAL, ("torch.sparse",),
                (Parameter("sparsity", 0.9, low=0.0, high=1.0), _std(0.01)), matrix=weights.sparse,
                support=lambda fans, sparsity, std: None, spare=3,
                mixed=lambda fans, sparsity, std: fans.fan_in - weights.zeros_of(fans.fan_in, sparsity),
                # 2n/k for k weights of a column that are not 0: only they vary.
                square_variance=lambda fans, sparsity, std: 2 * fans.fan_in / max(
                    fans.fan_in - weights.zeros_of(fans.fan_in, sparsity), 1),
                no_kernels="PyTorch's sparse_ makes matrices alone",
                tex=r"each column: $\mathrm{ceil}(\mathrm{sparsity}\cdot n)$ zeros, the rest "
                    r"$\mathcal{N}(0,\ \mathrm{std}^2)$"),
    Initializer("siren", "U(±√(6/n)/w0), first layer U(±1/n)",
                "Sitzmann et al. 2020, Implicit neural representations with periodic activation functions",
                lambda fans, w0: 1 / (math.sqrt(3) * fans.fan_in) if fans.first else math.sqrt(2 / fans.fan_in) / w0,
                UNIFORM, (), (Parameter("w0", 30.0, low=1e-6),), goes_with=lambda w0: f"sin:w0={w0:.12g}",
                tex=r"$U\left(\pm\dfrac{\sqrt{6/n}}{w_0}\right)$, first layer $U\left(\pm\dfrac{1}{n}\right)$"),
    Initializer("torch.linear", "U(±1/√n), biases too", "PyTorch nn.Linear: kaiming_uniform with a = √5",
                lambda fans: 1 / math.sqrt(3 * fans.fan_in), UNIFORM, ("torch.conv2d", "equinox.linear"),
                bias="torch.linear", support=_within(lambda fans: _fan_in(fans, 1)),
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
                matrix=lambda rng, shape, dtype, fans, **_: weights.orthogonal(rng, shape, dtype, fans, 1.0),
                support=lambda fans, tolerance, iterations: None, square_variance=weights.fixed, spare=8,
                calibrated=True),
), number="normal", check=_check, dialects=(
    Dialect("torch.normal", "normal", (_std(1.0), Parameter("mean", 0.0)), dict),
    Dialect("torch.uniform", "uniform", (Parameter("a", 0.0), Parameter("b", 1.0)),
            lambda a, b: {"low": a, "high": b}),
    Dialect("torch.constant", "constant", (Parameter("val", 0.0),), lambda val: {"value": val}),
    Dialect("keras.random_normal", "normal", (replace(_std(0.05), name="stddev"),), _stddev),
    Dialect("keras.truncated_normal", "truncated_normal", (replace(_std(0.05), name="stddev"),), _stddev),
    Dialect("keras.random_uniform", "uniform", (Parameter("minval", -0.05), Parameter("maxval", 0.05)),
            lambda minval, maxval: {"low": minval, "high": maxval}),
    Dialect("keras.variance_scaling", "variance_scaling", (*SCALING[:2], replace(SCALING[2], synonyms={
        **SCALING[2].synonyms, "normal": "truncated"})), dict),
    Dialect("jax.normal", "normal", (replace(_std(0.01), name="stddev"),), _stddev),
    Dialect("jax.truncated_normal", "truncated_normal", (replace(_std(0.01), name="stddev"),), _stddev),
    Dialect("jax.uniform", "uniform", (Parameter("scale", 0.01),), lambda scale: {"low": 0.0, "high": scale}),
    Dialect("torch.kaiming_normal", "he_normal", KAIMING, _kaiming),
    Dialect("torch.kaiming_uniform", "he_uniform", KAIMING, _kaiming),
))
