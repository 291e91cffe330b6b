"""The options that say what network to build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from actprof import spec
from actprof.cli.requests import Whole, Word
from actprof.spec import StackSpec

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]
NAME = "NAME[:VALUE…]"


def init_option(default: Sequence[str]) -> Option:
    return click.option("--init", "inits", multiple=True, default=default, show_default=True, metavar=NAME,
                        help="Weight initialiser, or a number for the std of a normal; repeatable. "
                             "See 'actprof list inits'.")


def act_option() -> Option:
    return click.option("--act", "acts", multiple=True, default=(spec.ACTIVATION,), show_default=True,
                        metavar=f"{NAME}[/…]", help="Activation, or one for each layer joined by '/'; repeatable. "
                                                    "See 'actprof list activations'.")


def bias_option() -> Option:
    return click.option("--bias", metavar=NAME, help="Where biases come from.  [default: zeros, or the preset's]")


def norm_position_option() -> Option:
    return click.option("--norm-position", type=Word(spec.NORM_POSITIONS), default=StackSpec.norm_position,
                        show_default=True, help="Before or after the activation.")


def added(options: Sequence[Option]) -> Option:
    """Several options as one decorator, listed in this order."""
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


stack_options = added((
    init_option((spec.INIT,)),
    act_option(),
    click.option("--layers", type=Whole(1, spec.MAX_LAYERS), help=f"Layers.  [default: {spec.LAYERS}]"),
    click.option("--width", type=Whole(1, spec.MAX_WIDTH), help=f"Units of every layer.  [default: {spec.WIDTH}]"),
    click.option("--widths", metavar="N,N,…", help="Inputs and units of each layer, such as 784,512,256,10."),
    bias_option(),
    click.option("--norm", default=spec.NO_NORM.name, show_default=True, metavar=NAME,
                 help="Normalisation. See 'actprof list normalizations'."),
    norm_position_option(),
))
"""The network of `histogram`; their values are the arguments of stacks.stack_specs."""
