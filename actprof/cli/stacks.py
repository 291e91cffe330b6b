"""From the words of the command line to stack specs: one for each arm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, TypeVar

import click

from actprof import spec
from actprof.cli.requests import Whole, Word
from actprof.errors import SpecError, shown
from actprof.spec import StackSpec

Command = TypeVar("Command", bound=Callable[..., Any])
NAME = "NAME[:VALUE…]"


def stack_options(command: Command) -> Command:
    """The options that say what network to build."""
    for option in reversed((
        click.option("--init", "inits", multiple=True, default=(spec.INIT,), show_default=True, metavar=NAME,
                     help="Weight initialiser, or a number for the std of a normal; repeatable. "
                          "See 'actprof list inits'."),
        click.option("--act", "acts", multiple=True, default=(spec.ACTIVATION,), show_default=True,
                     metavar=f"{NAME}[/…]", help="Activation, or one for each layer joined by '/'; repeatable. "
                                                 "See 'actprof list activations'."),
        click.option("--layers", type=Whole(1, spec.MAX_LAYERS), help=f"Layers.  [default: {spec.LAYERS}]"),
        click.option("--width", type=Whole(1, spec.MAX_WIDTH),
                     help=f"Units of every layer.  [default: {spec.WIDTH}]"),
        click.option("--widths", metavar="N,N,…", help="Inputs and units of each layer, such as 784,512,256,10."),
        click.option("--bias", metavar=NAME, help="Where biases come from.  [default: zeros, or the preset's]"),
        click.option("--norm", default=spec.NO_NORM.name, show_default=True, metavar=NAME,
                     help="Normalisation: none, batch, layer or rms."),
        click.option("--norm-position", type=Word(spec.NORM_POSITIONS),
                     default=StackSpec.norm_position, show_default=True, help="Before or after the activation."),
    )):
        command = option(command)
    return command


def stack_specs(inits: Sequence[str], acts: Sequence[str], layers: int | None, width: int | None, widths: str | None,
                bias: str | None, norm: str, norm_position: str, features: int | None) -> list[StackSpec]:
    """One spec for each init × act; `features` is the first width that a file dictates."""
    from actprof.activations import ACTIVATIONS
    from actprof.initializers import INITIALIZERS, preset_bias
    from actprof.normalizations import NORMALIZATIONS

    given = None if widths is None else _widths(widths, layers, width, features)
    asked_norm = NORMALIZATIONS.parse(norm)
    asked_bias = None if bias is None else INITIALIZERS.parse(bias)
    stacks = []
    for init, act in product(map(INITIALIZERS.parse, inits), acts):
        functions = [ACTIVATIONS.parse(name) for name in act.split("/")]
        depth = layers or (len(functions) if len(functions) > 1 else spec.LAYERS)
        sizes = given or _equal_widths(depth, width, features)
        if len(functions) == 1:
            functions *= len(sizes) - 1
        stacks.append(StackSpec(sizes, init, tuple(functions), asked_bias or preset_bias(init), asked_norm,
                                norm_position, f"{init.label} / {act.strip().casefold()}"))
    return _distinct(stacks)


def _equal_widths(layers: int, width: int | None, features: int | None) -> tuple[int, ...]:
    units = width or spec.WIDTH
    return (features or units, *[units] * layers)


def _widths(text: str, layers: int | None, width: int | None, features: int | None) -> tuple[int, ...]:
    if layers is not None or width is not None:
        raise SpecError(f"--widths cannot be combined with --{'layers' if width is None else 'width'}. "
                        "It names every width itself.")
    try:
        widths = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SpecError("--widths needs whole numbers joined by commas, such as 784,512,10, "
                        f"not {shown(text)}.") from None
    if len(widths) < 2:
        raise SpecError(f"--widths needs at least two numbers, inputs and units, not {shown(text)}.")
    if features is not None and widths[0] != features:
        raise SpecError(f"--widths starts with {widths[0]:,}, but the file has {features:,} features. "
                        f"Start with {features}.")
    return widths


def _distinct(stacks: list[StackSpec]) -> list[StackSpec]:
    labels = [stack.label for stack in stacks]
    for label in labels:
        if labels.count(label) > 1:
            raise SpecError(f"the arm {shown(label)} is asked for twice. Name each --init and --act once.")
    return stacks
