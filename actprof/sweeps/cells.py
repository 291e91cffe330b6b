"""One cell of a sweep: a stack through the engine, and what is kept of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actprof import diagnosis
from actprof.distributions import FIGURES
from actprof.engine import measured
from actprof.forecast import input_moments
from actprof.gradients import log10_ratio
from actprof.inputs import Inputs, open_inputs
from actprof.predictions import InputMoments, StackTheory
from actprof.profiles import Arm, Profile
from actprof.spec import RunSpec, StackSpec
from actprof.sweep_maps import QUANTITIES, Cell
from actprof.theory.mean_field import predict

ERRORS = 1.96
"""Standard errors within which 95 % of the networks lie."""

_ACTIVATION = {figure.name: figure.value for figure in FIGURES}
_GRADIENT = "log10_gradient_ratio"


@dataclass(frozen=True)
class CellWork:
    """Makes a cell of a stack; sent to every worker once.

    Attributes:
        file: the rows of a file, where inputs come from one; others are drawn for every width.
        judged: whether a verdict is wanted.
        predicted: whether theory's figures are.
    """

    run: RunSpec
    file: Inputs | None = None
    judged: bool = False
    predicted: bool = False

    def inputs(self, stack: StackSpec) -> Inputs:
        return self.file or open_inputs(self.run, stack.widths[0])

    def __call__(self, stack: StackSpec) -> Cell:
        inputs = self.inputs(stack)
        arm = measured([stack], self.run, inputs)[0]
        moments = input_moments(inputs)
        with np.errstate(all="ignore"):
            theory = self._theory(stack, moments, inputs.batch_rows(0)) if self._asks_theory else None
            word = diagnosis.verdict(arm, stack, theory, moments, advise=False).code if self.judged else ""
        return Cell(stack.label, *_figures(arm), word, _predicted(theory) if self.predicted and theory else {})

    @property
    def _asks_theory(self) -> bool:
        return self.predicted or (self.judged and not self.run.gradients)

    def _theory(self, stack: StackSpec, moments: InputMoments, rows: int) -> StackTheory:
        return predict(stack, moments.second_moment, moments.correlation, rows, moments.kurtosis)


def _figures(arm: Arm) -> tuple[dict[str, float], dict[str, tuple[float, float]], dict[str, tuple[float, ...]]]:
    """What `histogram` says, its quartiles, and each network's own; NaN where the last layer holds infinities or NaN,
    of which the figures of the finite part would tell nothing."""
    first, last = arm.layers[0], arm.layers[-1]
    figures, spread = dict(last.activation.figures), dict(last.activation.spread)
    if first.gradient:
        figures[_GRADIENT] = first.gradient.figures["log10_ratio"]
        if first.gradient.spread:
            spread[_GRADIENT] = first.gradient.spread["log10_ratio"]
    if last.activation.non_finite:
        figures, spread = dict.fromkeys(figures, math.nan), dict.fromkeys(spread, (math.nan, math.nan))
    kept = [quantity.name for quantity in QUANTITIES if quantity.name in figures]
    return ({name: figures[name] for name in kept}, {name: spread[name] for name in kept if name in spread},
            {name: tuple(_of_network(network, name) for network in arm.networks) for name in kept})


def _of_network(network: Profile, name: str) -> float:
    first, last = network.layers[0], network.layers[-1]
    if last.activation.non_finite:
        return math.nan
    if name == _GRADIENT:
        assert first.gradient is not None
        assert last.gradient is not None
        return log10_ratio(first.gradient, last.gradient)
    return float(_ACTIVATION[name](last.activation))


def _predicted(theory: StackTheory) -> dict[str, tuple[float, float, float]]:
    """Of the last layer, and of the gradient in the first; nothing where a layer is missing."""
    if theory.reason or not theory.layers:
        return {}
    first, last = theory.layers[0], theory.layers[-1]
    known = {"std": (last.std, last.std_low, last.std_high),
             "second_moment": _around(last.second_moment, last.second_moment_error),
             "within_unit_std": (last.within_unit_std, math.nan, math.nan),
             "correlation": (last.correlation, math.nan, math.nan),
             "saturated_fraction": (last.saturated_fraction, math.nan, math.nan)}
    if first.log_gradient_ratio is not None:
        decade = math.log(10)
        known[_GRADIENT] = _around(first.log_gradient_ratio / decade, (first.log_gradient_error or math.nan) / decade)
    return known


def _around(value: float, error: float) -> tuple[float, float, float]:
    return value, value - ERRORS * error, value + ERRORS * error
