"""Work on several cores for what holds the interpreter's lock: processes, each with its share of the cores.

Where most of the time goes into many small calls of NumPy, threads wait for one another.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from actprof.errors import ResourceError
from actprof.parallel import cores, keep_to

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_WORKERS = 60
"""As many as Windows can wait for at once."""


def dealt(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
    """Yield (place, work(item)) for each item as they are done, by `workers` processes, or by this one if that is 1.

    `work`, which is sent once, items and results must pickle; the first exception is raised.
    """
    workers = min(workers, len(items), MOST_WORKERS)
    if workers <= 1:
        yield from enumerate(map(work, items))
        return
    threads = max(1, cores() // workers)
    crew: dict[Any, BaseProcess] = {}
    try:
        for _ in range(workers):
            crew.update([_started(work, threads)])
        yield from _results(list(crew), iter(enumerate(items)))
    finally:
        for process in crew.values():
            process.terminate()
        for worker, process in crew.items():
            process.join()
            worker.close()


def _results(idle: list[Any], waiting: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Send each worker the next item whenever it has nothing to do, and yield what comes back."""
    busy: list[Any] = []
    while True:
        for worker, task in zip(idle, waiting, strict=False):
            with _told_of_loss():
                worker.send(task)
            busy.append(worker)
        if not busy:
            return
        ready = wait(busy)
        idle, busy = [worker for worker in busy if worker in ready], [worker for worker in busy if worker not in ready]
        for worker in idle:
            with _told_of_loss():
                place, result, error = worker.recv()
            if error is not None:
                raise error
            yield place, result


@contextmanager
def _told_of_loss() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        raise ResourceError("a worker process ended early, perhaps for want of memory. "
                            "Take fewer --workers or smaller networks.") from None


def _started(work: Callable[[Any], Any], threads: int) -> tuple[Any, BaseProcess]:
    """A new worker: the connection to it, and the process. Spawned, for a fork copies locks that other threads hold."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work, threads), daemon=True)
    with _deaf():
        process.start()
    theirs.close()
    return ours, process


@contextmanager
def _deaf() -> Iterator[None]:
    """Inside, Ctrl-C is held back, also from a process that starts: it would show a traceback of its imports."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # its start, which comes with the first process, would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(parent: Connection, work: Callable[[Any], Any], threads: int) -> None:
    """What a worker does until its parent ends."""
    keep_to(threads)
    # Ctrl-C goes to the whole group: the parent answers it, a worker just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            place, item = parent.recv()
            parent.send((place, *_tried(work, item)))


def _tried(work: Callable[[Item], Result], item: Item) -> tuple[Result | None, Exception | None]:
    """(result, None), or (None, what went wrong)."""
    try:
        return work(item), None
    except Exception as error:
        return None, _portable(error)


def _portable(error: Exception) -> Exception:
    """The error, or its words where it would not arrive."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
