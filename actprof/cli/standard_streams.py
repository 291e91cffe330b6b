"""Standard output and standard error: they take all that they are given, and are known by name when they cannot."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys
from typing import Any

import click

from actprof.errors import OutputError
from actprof.report.terminal import PLAIN, USUAL_WIDTH, columns, folded, written

# The error handler of streams that lack a character: mathematics in ASCII, everything else as an escape.
PLAINLY = "actprof.plainly"


class StdoutError(Exception):
    """Standard output takes no more. It is not an OSError, which Click and others would take for one of theirs."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.errno = error.errno


class _WaitingFile(io.FileIO):
    """A file that waits for a slow reader, also where whoever opened the pipe told it not to block."""

    def write(self, data: Any) -> int:
        while (written := super().write(data)) is None:
            select.select([], [self], [])
        return written


class _Stderr(_WaitingFile):
    """A full disk behind `2>log` loses the remark, not the result."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


class _Stdout(_WaitingFile):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise StdoutError(error) from None


def prepare_streams() -> None:
    """Let both streams write everything in the characters that they have.

    Under PYTHONUNBUFFERED Python writes once and leaves out what did not fit, so both get a buffer of their own.
    """
    codecs.register_error(PLAINLY, _plainly)
    sys.stdout, sys.stderr = _prepared(sys.stdout, _Stdout), _prepared(sys.stderr, _Stderr)


def _prepared(stream: Any, file: type[_WaitingFile]) -> Any:
    """The stream itself where it is no file of the system, such as the memory that a test reads."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if type(raw) is io.FileIO:
        stream.flush()
        return io.TextIOWrapper(io.BufferedWriter(file(raw.fileno(), "wb", closefd=False)), stream.encoding, PLAINLY,
                                line_buffering=stream.line_buffering or file is _Stderr)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=PLAINLY)
    return stream


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for the characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start:error.end]
    plain = lacking.translate(PLAIN)
    return (plain, error.end) if plain.isascii() else codecs.backslashreplace_errors(error)


def standard_output() -> Any:
    """Where the result goes. Raises OutputError where it is closed."""
    if sys.stdout is None:
        raise OutputError("standard output is closed, so there is no place for the result. Send it to a file: > FILE.")
    return sys.stdout


def abandon_stdout() -> None:
    """Point standard output at nothing, so that Python does not complain at its exit about what could not go out."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Print lines on standard error, where there is one; on a terminal they are folded between words."""
    if sys.stderr is not None:
        text = "\n".join(folded(line, sys.stderr).rstrip("\n") for line in text.split("\n"))
        print(text, file=sys.stderr, flush=True)


class Helpful(click.Command):
    """A command whose help is in characters that standard output has, where Click would write UTF-8 all the same."""

    def get_help(self, ctx: click.Context) -> str:
        ctx.terminal_width = max(min(columns(), USUAL_WIDTH) - 2, 50)  # Click's own, which would import shutil
        return super().get_help(ctx) if sys.stdout is None else written(super().get_help(ctx), sys.stdout)
