"""What a shell offers behind an option: the names of the catalogue, and files."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from actprof.registry import Registry, folded

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Offer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]

# Key of a catalogue in JSON → where it is; none is imported before it is asked for.
REGISTRIES = {
    "initializers": "actprof.catalogue.initializers:INITIALIZERS",
    "activations": "actprof.catalogue.activations:ACTIVATIONS",
    "normalizations": "actprof.catalogue.normalizations:NORMALIZATIONS",
    "residuals": "actprof.catalogue.residuals:RESIDUALS",
    "inputs": "actprof.engine.inputs:SOURCES",
    "datasets": "actprof.data.sources:DATASETS",
    "losses": "actprof.train.losses:LOSSES",
    "optimizers": "actprof.train.optimizers:OPTIMIZERS",
    "schedules": "actprof.train.optimizers:SCHEDULES",
}


def catalogue(key: str) -> Registry[Any]:
    module, name = REGISTRIES[key].split(":")
    found: Registry[Any] = getattr(importlib.import_module(module), name)
    return found


def names(key: str, *, joint: str = "", files: bool = False) -> Offer:
    """Offer the names of a catalogue; after a `joint` one more, where `files` are taken those too."""

    def offer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        place = incomplete.rfind(joint) + len(joint) if joint and joint in incomplete else 0
        before, begun = incomplete[:place], folded(incomplete[place:])
        found = [CompletionItem(before + name) for name in catalogue(key).names() if name.startswith(begun)]
        # Bash forgets the names that stand before a request for files.
        return [*(FILES(ctx, param, incomplete) if files else []), *found]

    return offer


def _paths(kind: str) -> Offer:
    def offer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, kind)]

    return offer


FILES, FOLDERS = _paths("file"), _paths("dir")
