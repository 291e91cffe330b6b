"""The options that say what network to build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from actprof.cli.arguments import Number, Whole, Word
from actprof.cli.completion import FOLDERS, names
from actprof.data.request import MISSING, RowsSpec
from actprof.engine import spec
from actprof.engine.spec import RunSpec, StackSpec

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]
NAME = "NAME[:VALUE…]"
EACH_LAYER = ", or one for each layer, such as NAME*4/NAME"


def init_option(default: Sequence[str]) -> Option:
    return click.option("--init", multiple=True, default=default, show_default=True, metavar=NAME,
                        shell_complete=names("initializers", joint="/"),
                        help=f"Weight initialiser, or a number for the std of a normal{EACH_LAYER}; "
                             "repeatable. See 'actprof list inits'.")


def act_option() -> Option:
    return click.option("--act", multiple=True, default=(spec.ACTIVATION,), show_default=True,
                        shell_complete=names("activations", joint="/"),
                        metavar=NAME, help=f"Activation{EACH_LAYER}; repeatable. "
                                           "See 'actprof list activations'.")


def bias_option(repeatable: bool = False) -> Option:
    return click.option("--bias", metavar=NAME, shell_complete=names("initializers"), multiple=repeatable,
                        help=f"Where biases come from{'; repeatable' * repeatable}.  "
                             "[default: zeros, or the preset's]")


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


def stack_options(repeatable: bool) -> Option:
    """The network of `histogram`; their values are the arguments of stacks.stack_specs, or several of them each.

    Like all options they are called as the keyword arguments of the functions in Python.
    """
    several: dict[str, Any]
    several, again = ({"multiple": True}, "; repeatable") if repeatable else ({}, "")
    return added((
        init_option((spec.INIT,)),
        act_option(),
        click.option("--layers", type=Whole(1, spec.MAX_LAYERS), help=f"Layers{again}.  [default: {spec.LAYERS}]",
                     **several),
        click.option("--width", type=Whole(1, spec.MAX_WIDTH), help=f"Units of every layer.  [default: {spec.WIDTH}]"),
        click.option("--widths", metavar="N,N,…", help="Inputs and units of each layer, such as 784,512,256,10."),
        bias_option(repeatable),
        click.option("--norm", default=[spec.NO_NORM.name] if repeatable else spec.NO_NORM.name, show_default=True,
                     metavar=NAME, shell_complete=names("normalizations"),
                     help=f"Normalisation{again}. See 'actprof list normalizations'.", **several),
        norm_position_option(),
        click.option("--residual", default=[spec.NO_RESIDUAL.name] if repeatable else spec.NO_RESIDUAL.name,
                     show_default=True, metavar=NAME, shell_complete=names("residuals"),
                     help=f"Residual blocks of layers that keep the width{again}. See 'actprof list residuals'.",
                     **several),
        click.option("--dropout", type=Number(0), default=[StackSpec.dropout] if repeatable else StackSpec.dropout,
                     show_default=True, metavar="SHARE", **several,
                     help=f"Drop this share of each layer's activations on their way to the next (inverted){again}."),
        click.option("--tied", is_flag=True, help="One matrix and one vector of biases for all layers: a recurrent "
                                                  "network unrolled."),
    ))


# How rows from outside are read, the same for every command: the fields of a RowsSpec, and their scale.
reading_options = added((
    click.option("--input-key", metavar="NAME", help="Which array of an .npz file holds the inputs."),
    click.option("--label-key", metavar="NAME", help="Which array of an .npz file holds the labels."),
    click.option("--label-column", metavar="auto|NAME|NUMBER|first|last|none", default=RowsSpec.label_column,
                 show_default=True,
                 help="Column of a table that holds the labels; auto goes by names, then by text."),
    click.option("--drop", metavar="NAME|NUMBER|RANGE[,…]", default=RowsSpec.drop,
                 help="Columns to leave out, such as id,3,7-9; none keeps a column of row numbers."),
    click.option("--missing", type=Word(MISSING), default=RowsSpec.missing, show_default=True,
                 help="What becomes of rows that lack a number."),
    click.option("--data-dir", metavar="FOLDER", shell_complete=FOLDERS,
                 help="Where mnist and fashion-mnist are looked for first."),
    click.option("--scale", type=Word(spec.SCALES), default=spec.SCALES[0], show_default=True,
                 help="Stored values: auto turns pixels 0…255 into 0…1, none leaves all as it is, unit brings all to "
                      "0…1, standard each feature to mean 0 and std 1."),
))


def run_options(batch_size: int = RunSpec.batch_size) -> Option:
    """They make an InputSpec (all but the last four) and a RunSpec."""
    return added((
        click.option("--input", default="normal", show_default=True, metavar=f"{NAME}|FILE",
                     shell_complete=names("inputs", files=True),
                     help="Random rows, a data set, or a file, which set the first width. See 'actprof list inputs' "
                          "and 'actprof list datasets'."),
        reading_options,
        click.option("--batch-size", type=Whole(1, spec.MAX_BATCH), default=batch_size, show_default=True,
                     help="Rows of a batch."),
        click.option("--batches", type=Whole(1, spec.MAX_BATCHES), default=RunSpec.batches, show_default=True,
                     help="Batches; they stream through one after the other."),
        click.option("--repeats", type=Whole(1, spec.MAX_REPEATS), default=RunSpec.repeats, show_default=True,
                     help="Independent networks: statistics are medians, with quartiles."),
        click.option("--dtype", type=Word(spec.DTYPES), default=RunSpec.dtype, show_default=True,
                     help="Precision of the network."),
    ))


scheduler_option = click.option(
    "--scheduler", default="", metavar="HOST:PORT",
    help="Let the workers of this Dask scheduler make the networks, on any number of machines; needs actprof[dask].")
