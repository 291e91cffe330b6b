"""The table of residual rules: how a branch f leaves a stream x and comes back to it, x + α f(x/β)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

from actprof.catalogue import normalizations
from actprof.catalogue.normalizations import NORMALIZATIONS, BoundNormalization
from actprof.registry import Choice, Parameter, Registry

ENTERING, BRANCH, STREAM = "entering", "branch", "stream"  # places of a rule's own normalisation

COMMON = (
    Parameter("matrices", 1, 1, 2),
    Parameter("order", "pre", choices=("pre", "post")),
)
NORM = Parameter("norm", "layer", choices=tuple(row.name for row in NORMALIZATIONS if row.trained),
                 synonyms={alias: row.name for row in NORMALIZATIONS for alias in row.aliases})


def _alpha(default: float) -> tuple[Parameter, ...]:
    return Parameter("alpha", default, -1e6, 1e6), *COMMON


def _same(blocks: int, matrices: int, last: bool) -> float:
    return 1.0


class Residual(NamedTuple):
    """A row of the table. Branches have one matrix, W φ(x), or two, W₂ φ(W₁ φ(x)); with order=post φ(Wx).

    Attributes:
        alpha: (blocks of the stack, the value of alpha or power) → α.
        place: where its own normalisation stands: ENTERING a branch, at the end of the BRANCH, in the STREAM after
            the sum; "" for nowhere.
        weights: (blocks, matrices of a branch, whether it is the last of them) → what a drawn matrix is multiplied by.
        divides: whether β = √(1 + α² · blocks since the last plain layer), the std that is expected of the stream;
            else it is 1.
        learns: whether α is trained.
    """

    name: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...] = COMMON
    alpha: Callable[[int, float], float] = lambda blocks, value: 1.0
    place: str = ""
    weights: Callable[[int, int, bool], float] = _same
    divides: bool = False
    learns: bool = False
    aliases: tuple[str, ...] = ()


RESIDUALS: Registry[Residual] = Registry("residual rule", "residuals", (
    Residual("none", "f(x)", "", ()),
    Residual("plain", "x + α f(x)", "He, Zhang, Ren & Sun 2016, Identity mappings in deep residual networks",
             _alpha(1.0), lambda blocks, value: value),
    Residual("depth", "x + L^-power f(x) in L blocks", "Hayou et al. 2021, Stable ResNet",
             (Parameter("power", 0.5, -8, 8), *COMMON), lambda blocks, value: float(blocks) ** -value),
    Residual("rezero", "x + α f(x), where α is trained and starts at 0", "Bachlechner et al. 2021, ReZero; "
             "De & Smith 2020, SkipInit", _alpha(0.0), lambda blocks, value: value, learns=True,
             aliases=("skipinit",)),
    Residual("fixup", "x + f(x), first matrix × 1/√L, last matrix 0",
             "Zhang, Dauphin & Ma 2019, Fixup initialization",
             (Parameter("matrices", 2, 2, 2), COMMON[1]),
             weights=lambda blocks, matrices, last: 0.0 if last else float(blocks) ** (-1 / (2 * matrices - 2))),
    Residual("gpt2", "x + f(norm(x)), last matrix × 1/√L in L branches",
             "Radford et al. 2019, Language models are unsupervised multitask learners", (NORM, *COMMON),
             place=ENTERING, weights=lambda blocks, matrices, last: 1 / math.sqrt(blocks) if last else 1.0),
    Residual("pre_norm", "x + f(norm(x))", "Xiong et al. 2020, On layer normalization in the Transformer architecture",
             (NORM, *COMMON), place=ENTERING, aliases=("pre_ln",)),
    Residual("post_norm", "norm(x + f(x))", "Vaswani et al. 2017, Attention is all you need", (NORM, *COMMON),
             place=STREAM, aliases=("post_ln",)),
    Residual("branch_norm", "x + norm(f(x))", "Zhang et al. 2019, Fixup initialization; Liu et al. 2021, Swin v2",
             (NORM, *COMMON), place=BRANCH, aliases=("res_post_norm",)),
    Residual("nfnet", "x + α f(x/β), β² = 1 + α² · blocks since the last plain layer",
             "Brock et al. 2021, Characterizing signal propagation", _alpha(0.2), lambda blocks, value: value,
             divides=True),
))


class BoundResidual(NamedTuple):
    """A rule with its parameters filled in."""

    row: Residual
    matrices: int
    first: bool  # φ comes before the matrix
    norm: BoundNormalization | None
    value: float

    def alpha(self, blocks: int) -> float:
        """α in a stack of so many blocks."""
        return self.row.alpha(blocks, self.value)

    def divisor(self, passed: int, blocks: int) -> float:
        """β after so many blocks since the last plain layer."""
        return math.sqrt(1 + passed * self.alpha(blocks) ** 2) if self.row.divides else 1.0


@functools.cache
def bind(choice: Choice) -> BoundResidual | None:
    """The rule that a choice stands for, None for "none"."""
    values = choice.values
    if not values:
        return None
    norm = normalizations.bind(NORMALIZATIONS.parse(str(values["norm"]))) if "norm" in values else None
    return BoundResidual(RESIDUALS[choice.name], int(values["matrices"]), values["order"] == "pre", norm,
                         float(values.get("alpha", values.get("power", 1.0))))
