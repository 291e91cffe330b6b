"""A grid of stacks: one for each combination of the axes' values, everything else being the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from actprof.catalogue.initializers import INITIALIZERS
from actprof.diagnosis import rules
from actprof.engine import memory, spec
from actprof.engine.distributions import STATISTICS
from actprof.engine.gradients import log10_ratio
from actprof.engine.inputs import Inputs, input_moments, open_inputs
from actprof.engine.measure import measured
from actprof.engine.profiles import Arm, Profile, middle
from actprof.engine.spec import RunSpec, StackSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError, quoted
from actprof.registry import Choice
from actprof.sweep.axes import distinct, named, parsed
from actprof.sweep.result import QUANTITIES, Axis, Cell
from actprof.sweep.spec import OVER
from actprof.theory.finite_width import BAND, log_normal
from actprof.theory.predictions import StackTheory
from actprof.theory.stack import predict

MOST_AXES, MOST_CELLS = 2, 40_000

PARAMETERS = ("gain", "std")
"""Axes that are parameters of the initialiser."""


@dataclass(frozen=True)
class Grid:
    """What varies, and what does not.

    Attributes:
        axes: one or two.
        init, act: where no axis names them.
        settings: the rest of the arguments of stacks.stack_specs.
    """

    axes: tuple[Axis, ...]
    init: str = spec.INIT
    act: str = spec.ACTIVATION
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        if not 1 <= len(names) <= MOST_AXES:
            raise SpecError(f"{len(names)} things vary: {', '.join(names)}. A sweep has one or two.")
        distinct(self.axes)
        cells = math.prod(map(len, self.axes))
        if cells > MOST_CELLS:
            raise SpecError(f"{cells:,} cells are too many; {MOST_CELLS:,} are the most. Take fewer values.")

    @cached_property
    def stacks(self) -> list[StackSpec]:
        """All of them, in row-major order. Raises SpecError where one of them cannot be."""
        return [self.stack(labels) for labels in product(*(axis.labels for axis in self.axes))]

    def at(self, places: Sequence[float]) -> StackSpec:
        """The stack at coordinates of the axes; between the values too, where there is anything between them."""
        return self.stack([axis.labels[axis.places.index(place)] if axis.whole or not axis.numbers else repr(place)
                           for axis, place in zip(self.axes, places, strict=True)])

    def stack(self, labels: Sequence[str]) -> StackSpec:
        """The stack for one label of each axis."""
        varied = dict(zip((axis.name for axis in self.axes), labels, strict=True))
        asked: dict[str, Any] = {"init": self.init, "act": self.act, **self.settings, **varied}
        asked |= {name: int(varied[name]) for name in ("layers", "width") if name in varied}
        parameters = {name: asked.pop(name) for name in PARAMETERS if name in asked}
        [stack] = stack_specs([asked.pop("init")], [asked.pop("act")], **asked)
        init = stack.init
        for name, text in parameters.items():
            init = _altered(init, name, text)
        return replace(stack, init=init, label=", ".join(f"{name}={label}" for name, label in varied.items()))


def grid(over: Sequence[str], inits: Sequence[str], acts: Sequence[str], settings: Mapping[str, Any]) -> Grid:
    """The grid of a request as on the command line. Raises SpecError."""
    return Grid(axes_of(over, inits, acts, settings), inits[0], acts[0], settings)


def axes_of(over: Sequence[str], inits: Sequence[str], acts: Sequence[str],
            settings: Mapping[str, Any]) -> tuple[Axis, ...]:
    """What varies: what is said, several inits or acts, or by default what has no value of its own."""
    several = [named(name, names) for name, names in (("init", inits), ("act", acts)) if len(names) > 1]
    if not over and not several:
        given = {name for name, value in settings.items() if value is not None} | (
            {"layers"} if settings.get("widths") else set())
        return tuple(axis for axis in map(parsed, OVER) if axis.name not in given)
    varied = tuple(map(parsed, over))
    unset = {"init": (spec.INIT,), "act": (spec.ACTIVATION,), "norm": spec.NO_NORM.name}
    values = {"init": tuple(inits), "act": tuple(acts), **settings}
    for axis in varied:
        if values.get(axis.name, unset.get(axis.name)) != unset.get(axis.name):
            raise SpecError(f"--{axis.name} is both set and varied by --over. Leave one out.")
    return distinct((*varied, *several))


def _altered(init: Choice, name: str, text: str) -> Choice:
    """The initialiser with another value of a parameter, which it must have and nobody must have set."""
    if name not in init.values:
        known = ", ".join(init.values) or "none"
        raise SpecError(f"{quoted(init.label)} has no {name} to vary. Its parameters: {known}. "
                        f"Take another --init, such as {'lecun' if name == 'gain' else 'normal'}.")
    usual = next(each.default for each in INITIALIZERS[init.name].parameters if each.name == name)
    if init.values[name] != usual:
        raise SpecError(f"{quoted(init.label)} sets the {name} that --over varies. Leave it out: {init.name}.")
    return INITIALIZERS.altered(init, name, text)


_ACTIVATION = {statistic.name: statistic.of for statistic in STATISTICS}
_GRADIENT = "log10_gradient_ratio"
DECADE = math.log(10)


@dataclass(frozen=True)
class CellWork:
    """Makes a cell of a stack; sent to every worker once.

    Attributes:
        file: the rows of a file, where inputs come from one; others are drawn for every width.
        judged: whether a verdict is wanted.
        predicted: whether theory's statistics are.
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
            word = rules.verdict(arm, stack, theory, moments).code if self.judged else ""
            known = _predicted(theory, inputs.batch_rows(0)) if self.predicted and theory else {}
            return Cell(stack.label, *_statistics(arm), word, known)

    def run_of(self, stack: StackSpec) -> RunSpec:
        """With gradients, if they are wanted and this stack is not too large for them."""
        if not self.run.gradients or not memory.any_too_large([stack], self.run):
            return self.run
        return replace(self.run, gradients=False)


def _statistics(arm: Arm) -> tuple[dict[str, float], dict[str, tuple[float, float]], dict[str, tuple[float, ...]]]:
    """The median of the networks, their quartiles, and each network's own."""
    names = [quantity.name for quantity in QUANTITIES if arm.networks[0].layers[0].gradient or not quantity.back]
    networks = {name: tuple(_of_network(network, name) for network in arm.networks) for name in names}
    if len(arm.networks) == 1:
        return {name: values[0] for name, values in networks.items()}, {}, networks
    found = {name: middle(values) for name, values in networks.items()}
    return ({name: median for name, (median, _) in found.items()},
            {name: quartiles for name, (_, quartiles) in found.items()}, networks)


def _of_network(network: Profile, name: str) -> float:
    """NaN where the last layer holds infinities or NaN, of which statistics of the finite part would tell nothing."""
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
