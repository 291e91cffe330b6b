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
from actprof.cli import signals
from actprof.cli.standard_streams import Helpful, StdoutError, abandon_stdout, prepare_streams, say
from actprof.errors import ActprofError, SpecError, out_of_memory, quoted

# Command → (module whose `command` it is, the first line of its help, so that the overview need not import it).
COMMANDS = {
    "histogram": ("actprof.histogram.command", "Show what happens to the signal in each layer of a dense stack."),
    "bounds": ("actprof.bounds.command", "Show how the scale of the weights depends on the number of inputs."),
    "gain": ("actprof.gain.command", "Show an activation's gains and whether the variance they keep is stable."),
    "sweep": ("actprof.sweep.command", "Show signal and gradient over a grid of networks."),
    "phases": ("actprof.sweep.phases.command", "Show an activation's phases: ordered, chaotic, and the edge between."),
    "train": ("actprof.train.command", "Train one network from different initial weights, side by side."),
    "list": ("actprof.listing", "List the names that the other commands take."),
}

PIPE_CLOSED = 141


# What to do about an error of the system that nothing closer to its cause has told.
_REMEDIES = {
    errno.EMFILE: "Close some, or raise the limit: ulimit -n",
    errno.ENFILE: "Close some in other programs",
    errno.ENOSPC: "Make room on the disk",
    errno.EDQUOT: "Make room within the quota",
    errno.EAGAIN: "Raise the limit on processes: ulimit -u",
}


class _Commands(Helpful, click.Group):
    """Imports a command's module when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return importlib.import_module(COMMANDS[name][0]).command if name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from actprof.registry import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or "'actprof --help' lists the commands."
            raise SpecError(f"unknown command {quoted(args[0])}. {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="actprof")
def cli() -> None:
    """Show what a weight initialiser does to the signal in a deep network.

    \b
    actprof histogram --init he --act relu --layers 5
    actprof histogram --init 0.01 --init xavier --init he --act relu
    actprof bounds --scheme xavier --scheme he
    actprof gain tanh gelu
    actprof sweep --over gain=0.5:3 --over layers=5:50:10
    actprof phases --act tanh --init he
    actprof train --init 0.01 --init xavier --init he
    actprof list inits
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the program and end the process: 0 done, 1 could not, 2 bad request, 3 bad verdict; or by a signal."""
    prepare_streams()
    try:
        with signals.handle_signals():
            code = _run(argv)
    except (signals.Signalled, KeyboardInterrupt) as error:
        number = error.number if isinstance(error, signals.Signalled) else signal.SIGINT
        if number == signal.SIGINT:
            say("Interrupted.")
        signals.end_by(number)
    sys.exit(code)


def _run(argv: Sequence[str] | None) -> int:
    """The exit code; whatever went wrong is said in one line."""
    try:
        code = cli.main(argv, prog_name="actprof", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return error.exit_code
    except click.Abort:
        return _failed("aborted", 1)
    except click.ClickException as error:
        from actprof.cli.arguments import reworded

        return _failed(reworded(error), error.exit_code)
    except ActprofError as error:
        return _failed(str(error), error.exit_code)
    except MemoryError as error:
        return _failed(str(out_of_memory(error)), 1)
    except StdoutError as error:
        return _not_written(error)
    except OSError as error:
        where = quoted(error.filename, 300) if error.filename else "the system"
        remedy = _REMEDIES.get(error.errno or 0, "ACTPROF_DEBUG=1 shows where")
        return _failed(f"{where}: {error.strerror or error}. {remedy}", 1)
    except Exception as error:
        if os.environ.get("ACTPROF_DEBUG") == "1":
            raise
        if isinstance(error, RuntimeError) and "start new thread" in str(error):
            return _failed("the system gives no more threads. Raise the limit on processes: ulimit -u", 1)
        return _failed(f"this is a bug in actprof: {type(error).__name__}: {error}. "
                       "ACTPROF_DEBUG=1 shows where; please report it.", 1)


def _not_written(error: StdoutError) -> int:
    code = PIPE_CLOSED
    if error.errno != errno.EPIPE:
        code = _failed(f"standard output cannot be written: {error}. Send the result elsewhere.", 1)
    abandon_stdout()
    return code


def _failed(message: str, code: int) -> int:
    """Say what went wrong in one line."""
    line = " ".join(message.split())
    say(f"Error: {line}" if line.endswith((".", "?", "!")) else f"Error: {line}.")
    return code
