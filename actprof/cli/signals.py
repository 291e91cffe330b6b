"""Ctrl-C, SIGTERM and SIGHUP: answered at once, cleaned up after, and the process ends by the signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

Result = TypeVar("Result")

NAP = 0.1  # seconds: where waiting cannot be interrupted, a signal is answered after this long at most

# Seconds within which a second signal is the first one's echo: some senders signal a process and then its group.
BREATH = 0.5

_last = -BREATH  # when a signal was last answered


class Signalled(BaseException):
    """A signal asks the process to end. Not an Exception, so that nothing but clean-up code stops it."""

    def __init__(self, number: int) -> None:
        self.number = number


@contextmanager
def handle_signals() -> Iterator[None]:
    """Inside, the first signal raises Signalled in the main thread; a second one ends the process on the spot."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in _numbers()}
        _answer()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_thread(work: Callable[[], Result]) -> Result:
    """The result of `work()`, done in a thread of its own: inside NumPy the main thread would be deaf to signals."""
    return run_until_interrupted(work, lambda: False)[0]


def run_until_interrupted(work: Callable[[], Result], stop: Callable[[], bool]) -> tuple[Result, Signalled | None]:
    """The result of `work()`, and the signal that asked it, by `stop()`, to end early; a second signal raises, and the
    first one where `stop()` says that there will be nothing to wait for."""
    done: list[Result] = []
    failed: list[BaseException] = []
    told: Signalled | None = None
    working = threading.Lock()  # held while it works; Thread.join takes a thread for ended when a signal interrupts it
    working.acquire()

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)
        finally:
            working.release()

    threading.Thread(target=run, daemon=True).start()
    while not (done or failed):
        try:
            working.acquire(timeout=NAP)
        except Signalled as signalled:
            if told is not None or not stop():
                raise
            told = signalled
            _answer()
    if failed:
        raise failed[0]
    return done[0], told


def end_by(number: int) -> NoReturn:
    """End as if the signal had not been caught, so that a shell loop stops too."""
    if os.name == "posix":
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(128 + number)


def _numbers() -> list[int]:
    """The signals to answer; one that is ignored (nohup, a job in the background) stays ignored."""
    known = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    return [number for number in known if number is not None and signal.getsignal(number) != signal.SIG_IGN]


def _answer() -> None:
    for number in _numbers():
        signal.signal(number, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    global _last
    if time.monotonic() - _last > BREATH:
        _last = time.monotonic()
        for each in _numbers():
            signal.signal(each, _end)
        raise Signalled(number)


def _end(number: int, frame: FrameType | None) -> None:
    """End on the spot, though not for an echo, which would break off the clean-up."""
    if time.monotonic() - _last > BREATH:
        end_by(number)
