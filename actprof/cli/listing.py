"""`actprof list`: the catalogue of names."""

from __future__ import annotations

import sys
from typing import Any

import click

from actprof.cli.options import word
from actprof.registry import Registry

TABLES = ("inits", "activations", "normalizations", "inputs")


@click.command("list")
@click.argument("what", required=False, type=word(TABLES))
@click.option("--format", "format_", type=word(("table", "json")), default="table", show_default=True,
              help="What standard output gets.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(what: str | None, format_: str, as_json: bool) -> None:
    """List every initialiser, activation, normalisation and input: name, aliases, formula, parameters, source.

    \b
    actprof list                everything
    actprof list inits          one table
    actprof list --json         for scripts
    """
    from actprof.activations import ACTIVATIONS
    from actprof.initializers import INITIALIZERS
    from actprof.inputs import SOURCES
    from actprof.normalizations import NORMALIZATIONS
    from actprof.render import catalogue

    tables: dict[str, Registry[Any]] = {
        "initializers": INITIALIZERS, "activations": ACTIVATIONS, "normalizations": NORMALIZATIONS, "inputs": SOURCES}
    chosen = {key: table for key, table in tables.items() if what in (None, table.listing)}
    if as_json or format_ == "json":
        click.echo(catalogue.to_json(chosen))
    else:
        catalogue.print_tables(chosen, sys.stdout)
