"""A progress bar on standard error, for work of more than a second, on a terminal only."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from actprof.report.terminal import console

PATIENCE = 1.0
"""Seconds before the bar appears."""


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Callable[[float], None]]:
    """Yield a function that takes the share done, 0 … 1; the bar is gone without a trace at the end."""
    if quiet or not takes_a_bar():
        yield lambda share: None
        return
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


def takes_a_bar() -> bool:
    """Whether standard error is a terminal that can take a line back."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


class _Bar:
    """A rich progress bar that appears when the patience is over, whether or not anything was reported by then."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._progress: Any = None
        self._task: Any = None
        self._closed = False
        self._share = 0.0
        self._timer = threading.Timer(PATIENCE, self._open)
        self._timer.daemon = True
        self._timer.start()

    def show(self, share: float) -> None:
        with self._lock:
            self._share = share
            if self._progress is not None:
                self._progress.update(self._task, completed=share, left=self._left())

    def close(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._closed = True  # workers that an interruption left behind may still report
            if self._progress is not None:
                self._progress.stop()

    def _left(self) -> str:
        """The time that is left if all goes on as it did from the start."""
        if self._share <= 0:
            return ""
        seconds = (time.monotonic() - self._start) * (1 - self._share) / self._share
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"

    def _open(self) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        with self._lock:
            if self._closed:
                return
            self._progress = Progress(BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[left]}"),
                                      console=console(sys.stderr), transient=True)
            self._task = self._progress.add_task("profiling", total=1.0, completed=self._share, left=self._left())
            self._progress.start()
