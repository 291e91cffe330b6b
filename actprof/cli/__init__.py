"""The program: its commands, found when they are asked for, and the one place where a process ends."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from actprof import __version__
from actprof.errors import ActprofError, shown
from actprof.registry import did_you_mean

COMMANDS = {"histogram": "actprof.cli.histogram", "list": "actprof.cli.listing"}
"""Command → module with a click command of the same name, `command`."""

INTERRUPTED = 128 + signal.SIGINT
PIPE_CLOSED = 141


class _PipeClosed(Exception):
    """The reader of our output went away. Click would turn it into exit code 1."""


class _Commands(click.Group):
    """Imports a command's module when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        module = COMMANDS.get(name)
        return importlib.import_module(module).command if module else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS) or "'actprof --help' lists the commands."
            raise click.UsageError(f"unknown command {shown(args[0])}. {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _PipeClosed from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="actprof")
def cli() -> None:
    """Shows what a weight initialiser does to the signal in a deep network.

    \b
    actprof histogram --init he --act relu --layers 5
    actprof histogram --init 0.01 --init xavier --init he --act relu
    actprof list inits
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the program and end the process: 0 done, 1 could not, 2 bad request, 3 bad verdict; Ctrl-C by the signal."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(argv, prog_name="actprof", standalone_mode=False)
        _flush()
        _end(code if isinstance(code, int) else 0)
    except (_PipeClosed, BrokenPipeError):
        _end(_quiet(PIPE_CLOSED))
    except (click.Abort, KeyboardInterrupt):
        _interrupted()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        _end(error.exit_code)
    except click.ClickException as error:
        _end(_failed(error.format_message(), error.exit_code))
    except ActprofError as error:
        _end(_failed(str(error), error.exit_code))
    except MemoryError as error:
        _end(_failed(f"not enough memory: {error}. Lower --width, --layers or --batch-size.", 1))
    except OSError as error:
        if error.errno == errno.EPIPE:
            _end(_quiet(PIPE_CLOSED))
        name = f"{shown(error.filename, 300)}: " if error.filename else ""
        _end(_quiet(_failed(f"{name}{error.strerror or error}", 1)))
    except Exception as error:
        if os.environ.get("ACTPROF_DEBUG") == "1":
            raise
        _end(_failed(f"this is a bug in actprof: {type(error).__name__}: {error}. "
                     "ACTPROF_DEBUG=1 shows where; please report it.", 1))


def _end(code: int) -> NoReturn:
    """Leave without waiting for worker threads."""
    with_output = sys.stdout is not None
    try:
        if with_output:
            sys.stdout.flush()
    except OSError as error:
        code = _quiet(PIPE_CLOSED if error.errno == errno.EPIPE
                      else _failed(f"standard output: {error.strerror}", 1))
    sys.exit(code)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _failed(message: str, code: int) -> int:
    """Say what went wrong in one line."""
    line = " ".join(message.split())
    click.echo(f"Error: {line}" if line.endswith((".", "?", "!")) else f"Error: {line}.", err=True)
    return code


def _quiet(code: int) -> int:
    """Nothing more can be written to standard output: point it at nothing, so that Python's exit does not complain."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _interrupted() -> NoReturn:
    """End by the signal, so that a shell loop stops too."""
    click.echo("Interrupted.", err=True)
    if os.name == "posix":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(INTERRUPTED)
