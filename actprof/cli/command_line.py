"""The user's own command line, again, with other values of some options."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

GIVEN = "actprof.given"  # where a context keeps the words that a command was given


def changed(ctx: click.Context, values: Mapping[str, Sequence[str]], own: Mapping[str, Sequence[str]]) -> list[str]:
    """The command line option by option, with these values of the named ones, none for an option that is left out.

    Options that were not given are added at the end, but for `own` ones, which only take the place of others.
    """
    given, _, order = ctx.command.make_parser(ctx).parse_args(list(ctx.meta[GIVEN]))
    words, left = [ctx.command_path], dict(values)
    for param in dict.fromkeys(order):
        name = max(param.opts, key=len)
        if name in left or name in own:
            words += _words(name, left.pop(name, own.get(name, ())))
        else:
            words += _as_given(param, name, given[str(param.name)])
    for name, added in left.items():
        words += _words(name, added)
    return words


def _as_given(param: click.Parameter, name: str, value: Any) -> Iterator[str]:
    if isinstance(param, click.Option) and param.is_flag:
        yield name if value is not False else max(param.secondary_opts, key=len)
    else:
        yield from _words(name, value if isinstance(value, list) else [value])


def _words(name: str, values: Sequence[str]) -> Iterator[str]:
    for value in values:
        # A range is two words of the command line, though one value.
        yield f"{name} {value if name == '--range' else shlex.quote(value)}"
