"""The options that say what goes through a network, and the inputs that they open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from actprof import spec
from actprof.cli.requests import Whole, Word
from actprof.cli.stacks import NAME, Option, added
from actprof.spec import InputSpec, RunSpec

if TYPE_CHECKING:
    from actprof.datasets.table import Table


def run_options(batch_size: int = RunSpec.batch_size) -> Option:
    """They make an InputSpec (all but the last four) and a RunSpec."""
    return added((
        click.option("--input", "input_", default="normal", show_default=True, metavar=f"{NAME}|FILE",
                     help="Random rows, or a .npz, .npy or .csv file, which sets the first width."),
        click.option("--input-key", metavar="NAME", help="Which array of an .npz file."),
        click.option("--label-column", metavar="auto|last|NAME|none", default=InputSpec.label_column,
                     show_default=True,
                     help="Column of a .csv file that is not an input; auto leaves out a last column of text."),
        click.option("--scale", type=Word(spec.SCALES), default=InputSpec.scale, show_default=True,
                     help="A file's values: as they are, 0 … 1, or each feature to mean 0 and std 1."),
        click.option("--batch-size", type=Whole(1, spec.MAX_BATCH), default=batch_size, show_default=True,
                     help="Rows of a batch."),
        click.option("--batches", type=Whole(1, spec.MAX_BATCHES), default=RunSpec.batches, show_default=True,
                     help="Batches; they stream through one after the other."),
        click.option("--repeats", type=Whole(1, spec.MAX_REPEATS), default=RunSpec.repeats, show_default=True,
                     help="Independent networks: figures are medians, with quartiles."),
        click.option("--dtype", type=Word(spec.DTYPES), default=RunSpec.dtype, show_default=True,
                     help="Precision of the network."),
    ))


def rows_of(source: InputSpec) -> Table | None:
    """The rows of the file that the inputs come from; None where they are drawn."""
    from actprof import datasets

    return datasets.read(source.path, source.key, source.label_column) if source.path else None
