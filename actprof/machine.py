"""What the machine has to give.

Work on several cores for what holds the interpreter's lock: processes, each with its share of the cores.

Where most of the time goes into many small calls of NumPy, threads wait for one another.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from actprof.errors import ResourceError

_LIMITS = (("sys/fs/cgroup", "memory.max"), ("sys/fs/cgroup/memory", "memory.limit_in_bytes"))
"""Mount point and limit file of control groups, version 2 and version 1."""


def available_memory(root: str = "/") -> int | None:
    """Bytes that can still be had: what the system reports, or the control group's limit where that is lower.

    None where neither is known. `root` is the folder that holds `proc` and `sys`.
    """
    known = [*_system(root), *_control_groups(root)]
    return min(known) if known else None


def amount(size: float) -> str:
    """A number of bytes for people: `3.6 TiB`, `20 GiB`, `128 bytes`."""
    units = iter(("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"))
    unit = next(units)
    while size >= 1024 and (larger := next(units, "")):
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}" if size < 10 and unit != "bytes" else f"{size:,.0f} {unit}"


def _system(root: str) -> Iterator[int]:
    for line in _lines(root, "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _control_groups(root: str) -> Iterator[int]:
    """The limits of this process's groups and of the groups around them."""
    groups = {""}
    for line in _lines(root, "proc/self/cgroup"):
        group = line.split(":", 2)[-1].strip("/")
        while group:
            groups.add(group)
            group = os.path.dirname(group)
    for mount, name in _LIMITS:
        for group in groups:
            yield from (int(line) for line in _lines(root, mount, group, name) if line.isdecimal())


def _lines(*path: str) -> list[str]:
    try:
        with open(os.path.join(*path), encoding="utf-8") as file:
            return file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return []


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


def limit_threads(threads: int) -> None:
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


MOST_WORKERS = 60
"""As many as Windows can wait for at once."""


def map_unordered(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
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
    limit_threads(threads)
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
