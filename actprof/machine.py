"""The machine: how much memory it has left, and threads on several of its cores, which share large arrays."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

Progress = Callable[[float], None]  # called with the share of the work that is done, 0 … 1

# Mount point and limit file of a control group, in version 2 and in version 1.
_LIMITS = (("sys/fs/cgroup", "memory.max"), ("sys/fs/cgroup/memory", "memory.limit_in_bytes"))


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
    os.environ.update(ONE_THREAD)


ONE_THREAD = dict.fromkeys(BLAS_VARIABLES, "1")
_held: Any = None  # what gives BLAS its own threads back
_holding = 0  # calls that hold BLAS to one thread
_all_held = False  # whether BLAS keeps to that in every thread: OpenMP counts for each thread anew
_lock = threading.Lock()


@contextmanager
def blas_held() -> Iterator[None]:
    """Inside, BLAS keeps to one thread though NumPy was imported before it could be told so; then it has its own again.

    Calls from several threads at once share it: the first begins it, the last ends it.
    """
    global _held, _holding, _all_held
    with _lock:
        _holding += 1
        if _holding == 1:
            import numpy  # noqa: F401  # BLAS comes with it
            from threadpoolctl import ThreadpoolController

            blas = ThreadpoolController().select(user_api="blas")
            layers = {library["threading_layer"] for library in blas.info()}
            _held, _all_held = blas.limit(limits=1), bool(layers) and "openmp" not in layers
    try:
        yield
    finally:
        with _lock:
            _holding -= 1
            if not _holding:
                _held.restore_original_limits()
                _all_held = False


_max_threads: float = math.inf


def limit_threads(threads: int) -> None:
    """Let this process use no more threads than these: others are at work beside it."""
    global _max_threads
    _max_threads = threads


def cores() -> int:
    """Worker threads to use: the process's cores if BLAS keeps to one thread, else 1."""
    if not _all_held and not all(os.environ.get(variable) == "1" for variable in BLAS_VARIABLES):
        return 1
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(min(known, _max_threads))


def portions(progress: Progress, costs: Sequence[float]) -> Iterator[Progress]:
    """Yield for one step after the other what hears of the share done of it, where steps take so much of the whole."""
    total, before = sum(costs), 0.0
    for cost in costs:
        yield partial(_portion, progress, before / total, cost / total)
        before += cost


def _portion(progress: Progress, before: float, size: float, share: float) -> None:
    progress(before + size * share)


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
            index, result, error = _waited_for(done)
            if error is not None:
                raise error
            early[index] = result  # type: ignore[assignment]
        yield early.pop(wanted)


def _waited_for(done: queue.SimpleQueue[Item]) -> Item:
    while True:
        with suppress(queue.Empty):
            return done.get(timeout=0.1)
