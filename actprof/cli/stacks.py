"""The options that say what network to build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from actprof import spec
from actprof.cli.requests import Whole, Word
from actprof.spec import StackSpec

Command = TypeVar("Command", bound=Callable[..., Any])
NAME = "NAME[:VALUE…]"


def stack_options(command: Command) -> Command:
    """Add them; their values are the arguments of stacks.stack_specs."""
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
                     help="Normalisation. See 'actprof list normalizations'."),
        click.option("--norm-position", type=Word(spec.NORM_POSITIONS),
                     default=StackSpec.norm_position, show_default=True, help="Before or after the activation."),
    )):
        command = option(command)
    return command
