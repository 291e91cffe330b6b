"""Work on several cores: NumPy releases the interpreter's lock, so threads are enough."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_blas_thread() -> None:
    """Keep BLAS to one thread, from before NumPy's first import: the workers are the threads.

    Threads over a BLAS with threads of its own are 2 to 10 times slower than either alone.
    """
    for variable in BLAS_VARIABLES:
        os.environ[variable] = "1"


_most: float = math.inf


def keep_to(threads: int) -> None:
    """Let this process use no more threads than these: others are at work beside it."""
    global _most
    _most = threads


def cores() -> int:
    """Worker threads to use: the process's cores if BLAS keeps to one thread, else 1."""
    if not all(os.environ.get(variable) == "1" for variable in BLAS_VARIABLES):
        return 1
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(min(known, _most))


def ordered_map(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Yield work(item) for each item in order, computed by up to `workers` threads; the first exception is raised.

    The threads are daemons and the caller waits in short naps, so that Ctrl-C is answered at once.
    """
    if min(workers, len(items)) <= 1:
        yield from map(work, items)
        return
    pending: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            try:
                index = pending.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((index, work(items[index]), None))
            except BaseException as error:
                done.put((index, None, error))

    for index in range(len(items)):
        pending.put(index)
    for _ in range(min(workers, len(items))):
        threading.Thread(target=run, daemon=True).start()
    try:
        yield from _in_order(done, len(items))
    finally:
        stop.set()


def _in_order(done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]],
              total: int) -> Iterator[Result]:
    early: dict[int, Result] = {}
    for wanted in range(total):
        while wanted not in early:
            try:
                index, result, error = done.get(timeout=0.1)
            except queue.Empty:
                continue
            if error is not None:
                raise error
            early[index] = result  # type: ignore[assignment]
        yield early.pop(wanted)
