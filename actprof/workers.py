"""Executors, in the sense of concurrent.futures: processes of this machine, and workers of a Dask scheduler anywhere.

Processes take what holds the interpreter's lock: where most of the time goes into many small calls of NumPy, threads
wait for one another. Work, items and results must pickle.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from actprof import __version__
from actprof.errors import ResourceError, SpecError, quoted
from actprof.machine import ONE_THREAD, cores, limit_threads

if TYPE_CHECKING:
    from subprocess import Popen

Item = TypeVar("Item")
Result = TypeVar("Result")
CONNECTING = 10  # seconds within which a scheduler must answer
MAX_GREETING = 2**20  # bytes of the first thing that it says


def map_unordered(work: Callable[[Item], Result], items: Sequence[Item],
                  executor: Executor | None) -> Iterator[tuple[int, Result]]:
    """Yield (place, work(item)) for each item as they are done, here if there is no executor.

    The first exception is raised. `work` is sent once to each worker.
    """
    if executor is None:
        yield from enumerate(map(work, items))
        return
    places = {executor.submit(work, item): place for place, item in enumerate(items)}
    for done in futures.as_completed(places):
        yield places[done], done.result()


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """So many processes of this machine, each with its share of the cores; None for 1, which is this one."""
    pool = ProcessPool(workers) if workers > 1 else None
    try:
        yield pool
    finally:
        if pool is not None:
            pool.shutdown(wait=False)


class ProcessPool(Executor):
    """Processes that end with this one, whatever signal ends it.

    Those of concurrent.futures do not: killed, it leaves its resource tracker behind, which complains on standard
    error, and its workers, which wait at a queue both of whose ends they hold; Ctrl-C goes to them too; and they import
    the modules they start with from the current folder first.
    """

    def __init__(self, workers: int) -> None:
        self._tasks = queue.SimpleQueue[Any]()
        self._given: list[Future[Any]] = []
        self._crew: list[Popen[bytes]] = []
        try:
            for _ in range(workers):
                self._crew.append(_started())
                threading.Thread(target=_feed, args=(self._crew[-1], max(1, cores() // workers), self._tasks),
                                 daemon=True).start()
        except BaseException:
            self.shutdown(wait=False)
            raise

    def submit(self, work: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """The future of work(*args, **kwargs)."""
        future = Future[Result]()
        self._given.append(future)
        self._tasks.put((future, work, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: when all is done or, if that is not waited for, at once; what is left is cancelled."""
        if wait and not cancel_futures:
            futures.wait(self._given)
        for future in self._given:
            future.cancel()
        for process in self._crew:
            process.kill()
        for process in self._crew:
            process.wait()


def _started() -> Popen[bytes]:
    """A worker that reads tasks and writes results.

    It is isolated (-I), for Python would import the modules it starts with from the current folder first. Signals that
    ask to end stay blocked in it: those to the whole group are answered by the parent.
    """
    import subprocess

    asks = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, asks) if hasattr(signal, "pthread_sigmask") else None
    try:
        return subprocess.Popen([sys.executable, "-I", "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                env=os.environ | ONE_THREAD)
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


_WORKER = """
import pickle, sys
sys.path = pickle.load(sys.stdin.buffer)
from actprof.workers import serve
serve()
"""


def _feed(process: Popen[bytes], threads: int, waiting: queue.SimpleQueue[Any]) -> None:
    """Send a worker one task after the other, and what comes back to the task's future."""
    tasks, results = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    known = None  # the work that the worker has
    greeting = pickle.dumps(sys.path) + pickle.dumps(threads)
    with suppress(OSError), tasks, results:
        while True:
            future, work, *arguments = waiting.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                tasks.write(greeting)
                greeting = b""
                pickle.dump(pickle.dumps((None if work is known else work, *arguments)), tasks)
                tasks.flush()
                result, error = pickle.load(results)
            except (EOFError, OSError, pickle.UnpicklingError):
                error = ResourceError("a worker process ended early, perhaps for want of memory. "
                                      "Take smaller networks, or fewer at once.")
            except Exception as unsendable:
                error = unsendable
            known = work if error is None else None
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def serve() -> None:
    """What a worker does until its parent ends."""
    tasks, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with suppress(OSError):
        os.dup2(2, 1)  # whatever else is printed is no result
    limit_threads(pickle.load(tasks))
    waiting = queue.SimpleQueue[bytes]()
    threading.Thread(target=_receive, args=(tasks, waiting), daemon=True).start()
    work: Any = None
    while True:
        try:
            sent, args, kwargs = pickle.loads(waiting.get())
            work = work if sent is None else sent
            outcome = pickle.dumps((work(*args, **kwargs), None))
        except Exception as error:
            outcome = pickle.dumps((None, _portable(error)))
        results.write(outcome)
        results.flush()


def _receive(tasks: BinaryIO, waiting: queue.SimpleQueue[bytes]) -> None:
    """Take tasks while the worker is at work too, to end with its parent at once."""
    with suppress(EOFError):
        while True:
            waiting.put(pickle.load(tasks))
    os._exit(0)


def _portable(error: Exception) -> Exception:
    """The error, or its words where it would not arrive."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of the Dask scheduler at an address, wherever they are; it tries again what was lost with a worker.

    Raises SpecError or ResourceError, in the body too, where the scheduler or its workers are gone.
    """
    where, place = quoted(address, 100), _host_and_port(address)
    from importlib.metadata import version

    try:
        import dask
        import distributed
    except ModuleNotFoundError:
        raise SpecError("--scheduler needs Dask's distributed. Install it: pip install 'actprof[dask]'.") from None
    _require_scheduler(where, place)
    loggers = ("distributed", "distributed.client", "tornado.application")
    for logger in loggers:  # what goes wrong is said here, in one line
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        with (dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}),
              distributed.Client(address, timeout=CONNECTING,  # type: ignore[no-untyped-call]
                                 set_as_default=False) as client):
            if not client.scheduler_info(n_workers=1)["workers"]:
                raise ResourceError(f"the scheduler {where} has no workers. Start some: dask worker {address}")
            if {client.run_on_scheduler(version, "actprof"), *client.run(version, "actprof").values()} != {__version__}:
                raise ImportError  # of the version that is needed
            yield _Cluster(client)
    except futures.CancelledError:
        raise ResourceError(f"the scheduler {where} was lost. Start it and its workers again; with --resume FILE a "
                            "sweep does only what is missing.") from None
    except distributed.scheduler.KilledWorker as error:
        raise ResourceError(f"{error.allowed_failures + 1} workers of {where} died on the same task, perhaps for want "
                            "of memory. Take smaller networks.") from None
    except ImportError:
        raise ResourceError(f"scheduler and workers of {where} need actprof {__version__}, as here. Install it there: "
                            "pip install 'actprof[dask]'.") from None


def _host_and_port(address: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:tcp://)?(\[[\da-fA-F:.]+\]|[^\s:/\[\]]+):(\d{1,5})", address)
    if not found:
        raise SpecError(f"--scheduler must be HOST:PORT or tcp://HOST:PORT, as 'dask scheduler' says it, not "
                        f"{quoted(address)}.")
    return found[1].strip("[]"), int(found[2])


def _require_scheduler(where: str, place: tuple[str, int]) -> None:
    """Raise in one line, at once, where Dask would try for long: its servers speak first, of a length in 8 bytes."""
    try:
        with socket.create_connection(place, CONNECTING) as server:
            length = int.from_bytes(server.recv(8), "little")
        reason = "" if 0 < length < MAX_GREETING else "something else answers"
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    if reason:
        raise ResourceError(f"there is no Dask scheduler at {where}: {reason.lower()}. Start one with "
                            "'dask scheduler', which says its address.")


class _Cluster(Executor):
    """Dask's executor, but work that is submitted again and again goes to each worker once."""

    def __init__(self, client: Any) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)
        self._work: Any = None

    def submit(self, work: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """The future of work(*args, **kwargs)."""
        if work is not self._work:
            # A task of its own, not scattered data, which would be lost with the workers that hold it.
            self._work, self._sent = work, self._client.submit(_itself, work, pure=False)
        return self._executor.submit(_applied, self._sent, *args, **kwargs)  # type: ignore[no-any-return]


def _itself(work: Result) -> Result:
    return work


def _applied(work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """What a worker of a cluster does: it has a thread for each of its cores already."""
    limit_threads(1)
    return work(*args, **kwargs)
