"""The machine: how much memory it has left, and work on several of its cores.

Threads share large arrays; processes, each with its share of the cores, take what holds the interpreter's lock, for
where most of the time goes into many small calls of NumPy, threads wait for one another.
"""

from __future__ import annotations

import math
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from actprof.errors import ResourceError

if TYPE_CHECKING:
    from subprocess import Popen

_LIMITS = (("sys/fs/cgroup", "memory.max"), ("sys/fs/cgroup/memory", "memory.limit_in_bytes"))
"""Mount point and limit file of a control group, in version 2 and in version 1."""


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


_max_threads: float = math.inf


def limit_threads(threads: int) -> None:
    """Let this process use no more threads than these: others are at work beside it."""
    global _max_threads
    _max_threads = threads


def cores() -> int:
    """Worker threads to use: the process's cores if BLAS keeps to one thread, else 1."""
    if not all(os.environ.get(variable) == "1" for variable in BLAS_VARIABLES):
        return 1
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(min(known, _max_threads))


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


def map_unordered(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
    """Yield (place, work(item)) for each item as they are done, by `workers` processes, or by this one if that is 1.

    `work`, which is sent once, items and results must pickle; the first exception is raised.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        yield from enumerate(map(work, items))
        return
    setting = pickle.dumps(sys.path) + pickle.dumps((work, max(1, cores() // workers)))
    pending, done = queue.SimpleQueue[int](), queue.SimpleQueue[tuple[int, Any, Exception | None]]()
    for place in range(len(items)):
        pending.put(place)
    crew: list[Popen[bytes]] = []
    try:
        for _ in range(workers):
            crew.append(_started())
            threading.Thread(target=_feed, args=(crew[-1], setting, items, pending, done), daemon=True).start()
        for _ in items:
            place, result, error = _waited_for(done)
            if error is not None:
                raise error
            yield place, result
    finally:
        for process in crew:
            process.kill()
        for process in crew:
            process.wait()


def _started() -> Popen[bytes]:
    """A worker that reads tasks and writes results.

    It is isolated (-I), for Python would import the modules it starts with from the current folder first. Ctrl-C stays
    blocked in it: that goes to the whole group, and the parent answers it.
    """
    import subprocess

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        return subprocess.Popen([sys.executable, "-I", "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


_WORKER = """
import pickle, sys
sys.path = pickle.load(sys.stdin.buffer)
from actprof.machine import serve
serve()
"""


def _feed(process: Popen[bytes], setting: bytes, items: Sequence[Any], pending: queue.SimpleQueue[int],
          done: queue.SimpleQueue[tuple[int, Any, Exception | None]]) -> None:
    """Send a worker one item after the other, and what comes back to `done`."""
    tasks, results = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
    place = -1
    try:
        with tasks, results:
            tasks.write(setting)
            while True:
                place = pending.get_nowait()
                pickle.dump(items[place], tasks)
                tasks.flush()
                done.put((place, *pickle.load(results)))
    except queue.Empty:
        return
    except (EOFError, OSError, pickle.UnpicklingError):
        done.put((place, None, ResourceError("a worker process ended early, perhaps for want of memory. "
                                             "Take fewer --workers or smaller networks.")))
    except Exception as error:
        done.put((place, None, error))


def serve() -> None:
    """What a worker does until its parent ends, or has no more tasks."""
    tasks, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with suppress(OSError):
        os.dup2(2, 1)  # whatever else is printed is no result
    work, threads = pickle.load(tasks)
    limit_threads(threads)
    waiting = queue.SimpleQueue[Any]()
    threading.Thread(target=_receive, args=(tasks, waiting), daemon=True).start()
    while True:
        pickle.dump(_tried(work, waiting.get()), results)
        results.flush()


def _receive(tasks: BinaryIO, waiting: queue.SimpleQueue[Any]) -> None:
    """Take tasks while the worker is at work too, to end with its parent at once."""
    with suppress(EOFError):
        while True:
            waiting.put(pickle.load(tasks))
    os._exit(0)


def _tried(work: Callable[[Any], Any], item: Any) -> tuple[Any, Exception | None]:
    """The result or the exception."""
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
