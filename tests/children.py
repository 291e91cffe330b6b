"""Child processes of tests: they answer signals alike wherever the tests are started, and none outlives its test."""

import os
import resource
import signal
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)

PATIENCE = 120
"""Seconds of wall time that any child may take, and of CPU time after which the system ends it if nobody else does."""


@contextmanager
def dispositions(ignored: Collection[int] = ()) -> Iterator[None]:
    """What is started inside ignores those of SIGNALS and answers the others as the system does.

    A child inherits what is ignored, such as SIGHUP under nohup; what has a handler of ours gets the system's own.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN if number in ignored else _nothing)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(number: int, frame: object) -> None:
    """Nothing happens."""


@contextmanager
def started(command: list[Any], ignored: Collection[int] = (), **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process at the head of a group of its own; in the end the group is killed and the pipes are closed.

    It reads from nowhere and its text is UTF-8, unless options of subprocess.Popen say otherwise.
    """
    options = {"stdin": subprocess.DEVNULL, "encoding": "utf-8", **options}
    with dispositions(ignored):
        process = subprocess.Popen(command, start_new_session=True, restore_signals=False, **options)
    if hasattr(resource, "prlimit"):  # for the day on which this process itself is killed
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses a group of which only the dead are left
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()


def finished(command: list[Any], ignored: Collection[int] = (), **options: Any) -> subprocess.CompletedProcess[Any]:
    """What a process says and how it ends."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with started(command, ignored, **options) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(command, process.returncode, out, err)
