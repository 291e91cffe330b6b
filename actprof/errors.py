"""What goes wrong, each with its exit code. A text is one line: what, which, and what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class ActprofError(Exception):
    """Something the user can act on; shown as `Error: TEXT`, never as a traceback."""

    exit_code = 1


class SpecError(ActprofError):
    """The request itself makes no sense (exit code 2)."""

    exit_code = 2


class OutputError(ActprofError):
    """The result could not be written."""


class DataError(ActprofError):
    """The user's data could not be read."""


class ResourceError(ActprofError):
    """The machine is too small for the request."""


class ActprofWarning(UserWarning):
    """What the command line notes about a result."""


def out_of_memory(error: MemoryError) -> ResourceError:
    """The same, as something that the user can act on."""
    return ResourceError(f"not enough memory: {error}. Lower --width, --layers or --batch-size.")


def quoted(text: object, limit: int = 60) -> str:
    """Quote the user's own text for a message: control characters escaped, long text shortened."""
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
                    for c in str(text))
    return f"'{plain if len(plain) <= limit else plain[:limit - 1] + '…'}'"


def require_distinct(what: str, things: Sequence[Thing], each: str = "each",
                     name: Callable[[Thing], str] = quoted) -> None:
    """Raise SpecError for the first thing that recurs: `WHAT NAME is asked for twice. Name EACH once.`"""
    for place, thing in enumerate(things):
        if thing in things[:place]:
            raise SpecError(f"{what} {name(thing)} is asked for twice. Name {each} once.")
