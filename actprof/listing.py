"""`actprof list`: the catalogue of names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

import click

from actprof import __version__
from actprof.cli import output
from actprof.cli.arguments import Command, Word
from actprof.cli.completion import REGISTRIES, catalogue
from actprof.cli.standard_streams import standard_output
from actprof.registry import Registry

Tables = Mapping[str, Registry[Any]]


def to_json(tables: Tables, terms: bool = False) -> str:
    """The object of schema actprof.catalogue/1."""
    from actprof.diagnosis.terms import TERMS
    from actprof.report import records

    return records.to_json({"schema": "actprof.catalogue/1", "version": __version__,
                            **{key: [_record(entry, registry) for entry in registry]
                               for key, registry in tables.items()},
                            **({WORDS: [term._asdict() for term in TERMS]} if terms else {})})


def print_terms(stream: TextIO) -> None:
    """A row for each word."""
    from actprof.diagnosis.terms import TERMS
    from actprof.report.terminal import Column, Table

    made = Table([Column("term", right=False), Column("in JSON", right=False),
                  Column("meaning", right=False, folds=True)], stream)
    for term in TERMS:
        made.add_row(*term)
    made.print(WORDS)


def print_tables(tables: Tables, stream: TextIO) -> None:
    """One table for each kind of name; on a terminal its lines are folded to the width."""
    from actprof.report.terminal import Column, Table, folded

    for place, (key, registry) in enumerate(tables.items()):
        stream.write("\n" if place else "")
        listing = Table([Column("name", right=False), Column("formula", right=False, folds=True)], stream)
        for entry in registry:
            listing.add_row(entry.name, "\n".join(_lines(_record(entry, registry))))
        listing.print(key)
        for name, reason in registry.refused.items():
            stream.write(folded(f"{name}: not here, {reason}", stream))


def _lines(record: Mapping[str, Any]) -> list[str]:
    """What is said of one entry: its formula, and below what else there is."""
    from actprof.digits import typed  # which loads NumPy, as the tables of names do

    parameters = ", ".join(f"{each['name']}={typed(each['default'])}" for each in record["parameters"])
    also = ", ".join(_alias(name, record) for name in record["aliases"])
    facts = (("parameters", parameters), ("with them", record.get("general", "")), ("also", also),
             ("source", record["source"]))
    return [record["formula"], *(f"{word}: {text}" for word, text in facts if text)]


def _alias(name: str, record: Mapping[str, Any]) -> str:
    """A preset that sets parameters says so: `keras.leaky_relu (leaky_relu:slope=0.3)`."""
    stands_for = record["presets"].get(name, record["name"])
    return name if stands_for == record["name"] else f"{name} ({stands_for})"


def _record(entry: Any, registry: Registry[Any]) -> dict[str, Any]:
    presets = registry.presets_of(entry.name)
    return {
        "name": entry.name,
        "aliases": [*entry.aliases, *presets],
        "formula": entry.formula,
        **({"general": entry.general} if getattr(entry, "general", "") else {}),
        "source": entry.source,
        "parameters": [{"name": p.name, "default": p.default, **({"choices": p.choices} if p.choices else {})}
                       for p in entry.parameters],
        "presets": presets,
    }


TABLES = ("inits", "activations", "normalizations", "residuals", "inputs", "datasets", "losses", "optimizers",
          "schedules")

WORDS = "terms"  # the listing of what tables, figures and verdicts say


@click.command("list", cls=Command)
@click.argument("table", required=False, type=Word((*TABLES, WORDS)), metavar="[TABLE]")
@output.format_options(("table", "json"))
@output.QUIET(expose_value=False)
def command(table: str | None, format_: str | None, as_json: bool) -> None:
    """List the names that the other commands take.

    \b
    actprof list                everything
    actprof list inits          one table
    actprof list terms          what words in tables, figures and verdicts mean
    actprof list --json         for scripts

    TABLE is inits, activations, normalizations, residuals, inputs, datasets, losses, optimizers, schedules or terms:
    each name with its formula, its parameters and their defaults, its other names and its source.
    """
    stream = standard_output()
    tables = {key: catalogue(key) for key in REGISTRIES}
    chosen = {key: names for key, names in tables.items() if table in (None, names.listing)}
    if output.chosen_format(format_, as_json) == "json":
        stream.write(to_json(chosen, terms=table in (None, WORDS)) + "\n")
        return
    print_tables(chosen, stream)
    if table in (None, WORDS):
        stream.write("\n" * (table is None))
        print_terms(stream)
