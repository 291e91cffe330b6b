"""Weights of a layer: what their scale may depend on, a row of the table of initialisers, and the matrix rules.

Almost every row is one setting of one formula: mean + std · (a standardised draw), where the distribution gives the
draw and `std` the scale. The few that are not independent draws (orthogonal, identity, sparse) have a matrix rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from actprof.arrays import Array
from actprof.catalogue.draws import NORMAL, POINT, Draw
from actprof.digits import typed
from actprof.errors import SpecError
from actprof.registry import Choice, Parameter, Value

ROUNDING = 1e-13  # the share of their size by which sums of weights may be off


class Fans(NamedTuple):
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
    zeros = zeros_of(rows, sparsity)
    order = np.argsort(rng.random((rows, columns), dtype=np.float32), axis=0)[:zeros]
    np.put_along_axis(weights, order, 0, axis=0)
    return weights


def fixed(fans: Fans, **_: Value) -> float:
    """The sum of a whole matrix's squares is always the same."""
    return 0.0


def zeros_of(rows: int, sparsity: float) -> int:
    """The number of weights of a column that are 0."""
    return math.ceil(sparsity * rows)


Rule = Callable[..., float]
Support = tuple[float, float] | None
MatrixRule = Callable[..., Matrix]


def _centred(fans: Fans, **_: Value) -> float:
    return 0.0


class Initializer(NamedTuple):
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
        isometric: whether a matrix with at most as many columns as rows keeps lengths up to its gain.
        mixed: how many weights of a unit are not 0, where that is not all.
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
    isometric: bool = False
    mixed: Rule | None = None


class BoundInitializer(NamedTuple):
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
        return ", ".join((formula, *(f"{name} = {typed(value)}" for name, value in self.values.items())))

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

    def mixed(self, fans: Fans) -> int:
        """How many weights of a unit are not 0."""
        return fans.fan_in if self.row.mixed is None else int(self.row.mixed(fans, **self.values))

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
