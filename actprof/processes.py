"""Work on several cores for what holds the interpreter's lock: processes, each with its share of the cores.

Where most of the time goes into many small calls of NumPy, threads wait for one another.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from actprof.errors import ResourceError
from actprof.parallel import cores, keep_to

Item = TypeVar("Item")
Result = TypeVar("Result")


def dealt(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
    """Yield (place, work(item)) for each item as they are done, by `workers` processes, or by this one if that is 1.

    `work`, which is sent once, items and results must pickle; the first exception is raised.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        yield from enumerate(map(work, items))
        return
    threads = max(1, cores() // workers)
    crew = dict(_started(work, threads) for _ in range(workers))
    try:
        yield from _results(list(crew), iter(enumerate(items)))
    finally:
        for process in crew.values():
            process.terminate()


def _results(idle: list[Connection], waiting: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Send each worker the next item whenever it has nothing to do, and yield what comes back."""
    busy: list[Connection] = []
    while True:
        for worker, task in zip(idle, waiting, strict=False):
            worker.send(task)
            busy.append(worker)
        if not busy:
            return
        idle = [worker for worker in wait(busy) if isinstance(worker, Connection)]
        for worker in idle:
            busy.remove(worker)
            yield _received(worker)


def _received(worker: Connection) -> tuple[int, Any]:
    try:
        place, result, error = worker.recv()
    except EOFError:
        raise ResourceError("a worker process ended early, perhaps for want of memory. "
                            "Take fewer --workers or smaller networks.") from None
    if error is not None:
        raise error
    return place, result


def _started(work: Callable[[Any], Any], threads: int) -> tuple[Connection, Any]:
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
        return None, error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
