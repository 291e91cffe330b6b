"""The program as children of one warm interpreter: real processes, with streams, limits and signals of their own.

A fresh interpreter spends 0.3 s on imports before it shows anything; a fork of one that has them takes 10 ms.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.children import started

OPTIONS: Mapping[str, Any] = {
    "cwd": ".",
    "env": {},  # variables beside those of this process; None takes one away
    "stdin": os.devnull,
    "stdout": "",  # where it goes instead of `Ended.out`; "closed" for nowhere
    "stderr": "",
    "encoding": "utf-8",
    "unbuffered": False,
    "nonblocking": False,
    "limits": {},  # FSIZE, AS, NOFILE … → the soft limit
    "ignored": (),  # numbers of signals
    "signals": (),  # (seconds after the start, or a file to wait for; number) of signals to send
    "machine": "/",  # folder that holds the `proc` and `sys` by which the program knows its memory
    "powerless": False,  # not the superuser, whom no limit and no mode stops
    "timeout": 60.0,
}


NOBODY = 65534


class Ended(NamedTuple):
    """How a process ended: its exit code, or the negative number of the signal; seconds of wall time, bytes at most.

    `cpu` are the seconds of CPU time of it and of its own children.
    """

    code: int
    out: bytes
    err: str
    seconds: float
    peak: int
    cpu: float


class Program:
    """Calls of the program, one after the other."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def __call__(self, *argv: str, **options: Any) -> Ended:
        """Run it with some of OPTIONS."""
        assert options.keys() <= OPTIONS.keys()
        request = {"argv": argv, **OPTIONS, "cwd": os.getcwd(), **options}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.TemporaryDirectory() as streams:
            out, err = Path(streams, "out"), Path(streams, "err")
            for path in (out, err):
                path.touch()
            print(json.dumps(request | {"streams": streams}, default=os.fspath), file=self._server.stdin, flush=True)
            code, *used = json.loads(self._server.stdout.readline())
            return Ended(code, out.read_bytes(), err.read_text("utf-8", "backslashreplace"), *used)


@contextlib.contextmanager
def program() -> Iterator[Program]:
    """The server ends with the block."""
    with started([sys.executable, "-m", "tests.forked"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                 cwd=Path(__file__).parent.parent) as server:
        yield Program(server)


def _serve() -> None:
    from actprof.machine import one_blas_thread

    one_blas_thread()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as in the first moment of the program itself
    _import_everything()
    gc.freeze()  # a collection in a child would touch, and so copy, all that it shares with this process
    for line in sys.stdin:
        request = json.loads(line)
        start = time.monotonic()
        process = os.fork()
        if not process:
            _run(request)
        print(json.dumps(_waited_for(process, start, request)), flush=True)


def _import_everything() -> None:
    import importlib
    import pkgutil

    import actprof
    from actprof.report.style import matplotlib_set_up

    for found in pkgutil.walk_packages(actprof.__path__, "actprof."):
        importlib.import_module(found.name)
    for module in ("rich.progress", "click.shell_completion", "difflib"):
        importlib.import_module(module)
    with matplotlib_set_up():
        for backend in ("agg", "svg", "pdf"):
            importlib.import_module(f"matplotlib.backends.backend_{backend}")


def _waited_for(process: int, start: float, request: Mapping[str, Any]) -> tuple[int, float, int, float]:
    """Send the signals when their time has come, and kill what takes too long."""
    waiting = list(request["signals"])
    nap = 0.0005
    while True:
        done, status, used = os.wait4(process, os.WNOHANG)
        seconds = time.monotonic() - start
        if done:
            return (os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss * 1024,
                    used.ru_utime + used.ru_stime)
        while waiting and _is_due(waiting[0][0], seconds):
            os.kill(process, waiting.pop(0)[1])
        if seconds >= request["timeout"]:
            os.kill(process, signal.SIGKILL)
        time.sleep(nap)
        nap = min(nap * 1.1, 0.01)


def _is_due(when: float | str, seconds: float) -> bool:
    return os.path.exists(when) if isinstance(when, str) else seconds >= when


def _run(request: Mapping[str, Any]) -> None:
    """Become the program, as Python would start it and end it."""
    code = 1
    try:
        os.setpgid(0, 0)
        _prepare(request)
        sys.argv = ["actprof", *request["argv"]]
        from actprof.__main__ import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def _prepare(request: Mapping[str, Any]) -> None:
    from actprof.machine import available_memory

    os.chdir(request["cwd"])
    for name, value in request["env"].items():
        os.environ.pop(name, None)
        os.environ.update({} if value is None else {name: value})
    sys.stdout, sys.stderr = (_opened(request, descriptor, name) for descriptor, name in ((1, "out"), (2, "err")))
    os.dup2(os.open(request["stdin"], os.O_RDONLY), 0)
    for number in request["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    for name, value in request["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))
    available_memory.__defaults__ = (request["machine"],)
    if request["powerless"] and os.geteuid() == 0:
        os.setuid(NOBODY)


def _opened(request: Mapping[str, Any], descriptor: int, name: str) -> Any:
    """A standard stream as Python opens it; None where it is closed."""
    place = request[f"std{name}"] or os.path.join(request["streams"], name)
    if place == "closed":
        os.close(descriptor)
        return None
    os.dup2(os.open(place, os.O_WRONLY | os.O_NOCTTY), descriptor)
    os.set_blocking(descriptor, not request["nonblocking"])
    raw = io.FileIO(descriptor, "wb", closefd=False)
    unbuffered = request["unbuffered"]
    return io.TextIOWrapper(raw if unbuffered else io.BufferedWriter(raw), request["encoding"],  # type: ignore[arg-type]
                            "strict", line_buffering=raw.isatty(), write_through=unbuffered)


if __name__ == "__main__":
    _serve()
