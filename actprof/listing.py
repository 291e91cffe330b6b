"""`actprof list`: the catalogue of names."""

from __future__ import annotations

from typing import Any

import click

from actprof.cli import options
from actprof.cli.requests import Command, Word
from actprof.registry import Registry

TABLES = ("inits", "activations", "normalizations", "inputs", "datasets", "losses", "optimizers", "schedules")


@click.command("list", cls=Command)
@click.argument("table", required=False, type=Word(TABLES), metavar=f"[{'|'.join(TABLES)}]")
@options.format_options(("table", "json"))
def command(table: str | None, format_: str | None, as_json: bool) -> None:
    """List the names that the other commands take.

    \b
    actprof list                everything
    actprof list inits          one table
    actprof list --json         for scripts

    Each with its formula, its parameters and their defaults, its other names and its source.
    """
    from actprof.activations import ACTIVATIONS
    from actprof.datasets.labelled import DATASETS
    from actprof.initializers import INITIALIZERS
    from actprof.inputs import SOURCES
    from actprof.normalizations import NORMALIZATIONS
    from actprof.render import catalogue
    from actprof.training.losses import LOSSES
    from actprof.training.optimizers import OPTIMIZERS
    from actprof.training.schedules import SCHEDULES

    stream = options.standard_output()
    tables: dict[str, Registry[Any]] = {
        "initializers": INITIALIZERS, "activations": ACTIVATIONS, "normalizations": NORMALIZATIONS, "inputs": SOURCES,
        "datasets": DATASETS, "losses": LOSSES, "optimizers": OPTIMIZERS, "schedules": SCHEDULES}
    chosen = {key: names for key, names in tables.items() if table in (None, names.listing)}
    if options.chosen_format(format_, as_json) == "json":
        stream.write(catalogue.to_json(chosen) + "\n")
    else:
        catalogue.print_tables(chosen, stream)
