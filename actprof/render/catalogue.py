"""The catalogue as a table for people and as JSON: whatever the tables of names hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from actprof import __version__
from actprof.registry import Registry
from actprof.render.terminal import Column, printed, table, written

Tables = Mapping[str, Registry[Any]]


def to_json(tables: Tables) -> str:
    """The object of schema actprof.catalogue/1."""
    from actprof.render.records import to_json

    return to_json({"schema": "actprof.catalogue/1", "version": __version__,
                    **{key: [_record(entry, registry) for entry in registry] for key, registry in tables.items()}})


def print_tables(tables: Tables, stream: TextIO) -> None:
    """One table for each kind of name; on a terminal its cells are folded to the width."""
    for key, registry in tables.items():
        columns: list[Column] = [(header, "left") for header in ("name", "formula", "parameters", "also called", "source")]
        listing = table(key, columns, stream, fold=stream.isatty())
        for entry in registry:
            record = _record(entry, registry)
            parameters = ", ".join(f"{p['name']}={_short(p['default'])}" for p in record["parameters"])
            presets = [name if text == entry.name else f"{name} ({text})" for name, text in record["presets"].items()]
            listing.add_row(*(written(cell, stream) for cell in (
                entry.name, entry.formula, parameters, ", ".join([*entry.aliases, *presets]), entry.source)))
        printed(listing, stream, fit=stream.isatty())
        for name, reason in registry.refused.items():
            stream.write(written(f"{name}: not here, {reason}\n", stream))
        stream.write("\n")


def _record(entry: Any, registry: Registry[Any]) -> dict[str, Any]:
    return {
        "name": entry.name,
        "aliases": [*entry.aliases, *registry.presets_of(entry.name)],
        "formula": entry.formula,
        "source": entry.source,
        "parameters": [{"name": p.name, "default": p.default, **({"choices": p.choices} if p.choices else {})}
                       for p in entry.parameters],
        "presets": registry.presets_of(entry.name),
    }


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
