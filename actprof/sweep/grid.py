"""A grid of stacks: one for each combination of the axes' values, everything else being the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any, NoReturn

from actprof.catalogue.initializers import INITIALIZERS
from actprof.engine import spec
from actprof.engine.spec import StackSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError, quoted
from actprof.registry import Choice, Value
from actprof.sweep.axes import distinct, named, parsed
from actprof.sweep.result import OVER, Axis

MAX_AXES, MAX_CELLS = 2, 40_000

PARAMETERS = ("gain", "std")  # axes that are parameters of the initialiser


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
        if not 1 <= len(names) <= MAX_AXES:
            raise SpecError(f"{len(names)} things vary: {', '.join(names)}. A sweep has one or two.")
        distinct(self.axes)
        cells = math.prod(map(len, self.axes))
        if cells > MAX_CELLS:
            raise SpecError(f"{cells:,} cells are too many; {MAX_CELLS:,} are the most. Take fewer values.")

    @cached_property
    def stacks(self) -> list[StackSpec]:
        """All stacks, in row-major order. Raises SpecError where one of them cannot be."""
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
        inits = stack.inits
        for name, text in parameters.items():
            inits = _altered(inits, name, text)
        return replace(stack, inits=inits, label=", ".join(f"{name}={label}" for name, label in varied.items()))


def grid(over: Sequence[str], init: Sequence[str], act: Sequence[str], settings: Mapping[str, Any]) -> Grid:
    """The grid of a request as on the command line. Raises SpecError."""
    return Grid(axes_of(over, init, act, **settings), init[0], act[0], settings)


def axes_of(over: Sequence[str], init: Sequence[str], act: Sequence[str], **settings: Any) -> tuple[Axis, ...]:
    """The axes that vary: those that are said, several inits or acts, or by default what has no value of its own."""
    several = [named(name, names) for name, names in (("init", init), ("act", act)) if len(names) > 1]
    if not over and not several:
        given = {name for name, value in settings.items() if value is not None} | (
            {"layers"} if settings.get("widths") else set())
        return tuple(axis for axis in map(parsed, OVER) if axis.name not in given)
    varied = tuple(map(parsed, over))
    unset = {"init": (spec.INIT,), "act": (spec.ACTIVATION,), "norm": spec.NO_NORM.name,
             "residual": spec.NO_RESIDUAL.name}
    values = {"init": tuple(init), "act": tuple(act), **settings}
    for axis in varied:
        if values.get(axis.name, unset.get(axis.name)) != unset.get(axis.name):
            raise SpecError(f"--{axis.name} is both set and varied by --over. Leave one out.")
    return distinct((*varied, *several))


def _altered(inits: Sequence[Choice], name: str, text: str) -> tuple[Choice, ...]:
    """The layers' initialisers with another value of a parameter, which one must have and nobody must have set.

    Where layers have initialisers of their own, those whose parameter is set keep it.
    """
    free = [init for init in dict.fromkeys(inits) if _usual(init, name) == init.values.get(name, "")]
    if not free:
        _refuse(next((init for init in inits if name in init.values), inits[0]), name)
    changed = {init: INITIALIZERS.altered(init, name, text) for init in free}
    return tuple(changed.get(init, init) for init in inits)


def _usual(init: Choice, name: str) -> Value | None:
    """The default of a parameter, if the initialiser has it."""
    return next((each.default for each in INITIALIZERS[init.name].parameters if each.name == name), None)


def _refuse(init: Choice, name: str) -> NoReturn:
    if name not in init.values:
        known = ", ".join(init.values) or "none"
        raise SpecError(f"{quoted(init.label)} has no {name} to vary. Its parameters: {known}. "
                        f"Take another --init, such as {'lecun' if name == 'gain' else 'normal'}.")
    raise SpecError(f"{quoted(init.label)} sets the {name} that --over varies. Leave it out: {init.name}.")
