"""One cell of a sweep: a stack through the engine, and what is kept of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from actprof import diagnosis, memory
from actprof.distributions import FIGURES
from actprof.engine import measured
from actprof.forecast import input_moments
from actprof.gradients import log10_ratio
from actprof.inputs import Inputs, open_inputs
from actprof.predictions import StackTheory
from actprof.profiles import Arm, Profile, middle
from actprof.spec import RunSpec, StackSpec
from actprof.sweep_maps import QUANTITIES, Cell
from actprof.theory.finite_width import BAND, log_normal
from actprof.theory.mean_field import predict

_ACTIVATION = {figure.name: figure.value for figure in FIGURES}
_GRADIENT = "log10_gradient_ratio"
DECADE = math.log(10)


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
        inputs, run = self.inputs(stack), self.run_of(stack)
        moments = input_moments(inputs)
        with np.errstate(all="ignore"):
            arm = measured([stack], run, inputs)[0]
            asked = self.predicted or (self.judged and not run.gradients)
            theory = predict(stack, moments.second_moment, moments.correlation, inputs.batch_rows(0),
                             moments.kurtosis) if asked else None
            word = diagnosis.verdict(arm, stack, theory, moments, advise=False).code if self.judged else ""
            known = _predicted(theory, inputs.batch_rows(0)) if self.predicted and theory else {}
            return Cell(stack.label, *_figures(arm), word, known)

    def run_of(self, stack: StackSpec) -> RunSpec:
        """With gradients, if they are wanted and this stack is not too large for them."""
        if not self.run.gradients or not memory.any_too_large([stack], self.run):
            return self.run
        return replace(self.run, gradients=False)


def _figures(arm: Arm) -> tuple[dict[str, float], dict[str, tuple[float, float]], dict[str, tuple[float, ...]]]:
    """The median of the networks, their quartiles, and each network's own."""
    names = [quantity.name for quantity in QUANTITIES if arm.networks[0].layers[0].gradient or not quantity.back]
    networks = {name: tuple(_of_network(network, name) for network in arm.networks) for name in names}
    if len(arm.networks) == 1:
        return {name: values[0] for name, values in networks.items()}, {}, networks
    found = {name: middle(values) for name, values in networks.items()}
    return ({name: median for name, (median, _) in found.items()},
            {name: quartiles for name, (_, quartiles) in found.items()}, networks)


def _of_network(network: Profile, name: str) -> float:
    """NaN where the last layer holds infinities or NaN, of which figures of the finite part would tell nothing."""
    first, last = network.layers[0], network.layers[-1]
    if last.activation.non_finite:
        return math.nan
    if name == _GRADIENT:
        assert first.gradient is not None
        assert last.gradient is not None
        return log10_ratio(first.gradient, last.gradient)
    return float(_ACTIVATION[name](last.activation))


def _predicted(theory: StackTheory, rows: int) -> dict[str, tuple[float, float, float]]:
    """Of the last layer, and of the gradient in the first; nothing where a layer is missing."""
    if theory.reason or not theory.layers:
        return {}
    first, last = theory.layers[0], theory.layers[-1]
    known = {"std": (last.std, last.std_low, last.std_high),
             "second_moment": (last.second_moment, *log_normal(last.second_moment, last.second_moment_error)),
             "within_unit_std": (last.within_unit_std, math.nan, math.nan),
             "correlation": (last.correlation if rows > 1 else math.nan, math.nan, math.nan),
             "saturated_fraction": (last.saturated_fraction, math.nan, math.nan)}
    ratio, error = first.log_gradient_ratio, first.log_gradient_error
    if ratio is not None:
        reach = math.nan if error is None else BAND * error
        known[_GRADIENT] = (ratio / DECADE, (ratio - reach) / DECADE, (ratio + reach) / DECADE)
    return {name: triple for name, triple in known.items() if math.isfinite(triple[0])}
