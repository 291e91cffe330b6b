"""Progress bars on standard error, for work of more than a second, on a terminal only."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from actprof.report.terminal import takes_colour

PATIENCE, PAUSE = 1.0, 0.05  # seconds before the bar appears, and between two of its changes
MAX_PART = 32  # characters of the name of a part


def silent(share: float | None, part: str = "", detail: str = "") -> None:
    """What hears of the share done where nothing is shown."""


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Callable[..., None]]:
    """Yield a function that takes the share done, 0 … 1 or None where that is not known, and perhaps of what part, and
    a few words more; the bars are gone without a trace at the end."""
    if quiet or not takes_a_bar():
        yield silent
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
    """Bars of rich, one for each part of the work that is told of, which appear when the patience is over, whether or
    not anything was reported by then."""

    def __init__(self) -> None:
        self._start = self._shown = time.monotonic()
        self._lock = threading.Lock()
        self._progress: Any = None
        self._columns: tuple[bool, bool] | None = None
        self._tasks: dict[str, Any] = {}
        self._closed = False
        self._done: dict[str, tuple[float | None, str]] = {}
        self._begun: dict[str, float] = {}  # when each part was last heard to be at its beginning
        self._timer = threading.Timer(PATIENCE, self._open)
        self._timer.daemon = True
        self._timer.start()

    def show(self, share: float | None, part: str = "", detail: str = "") -> None:
        self._done[part] = share, detail
        if not share:
            self._begun[part] = time.monotonic()
        if self._progress is None or time.monotonic() - self._shown < PAUSE:
            return
        with self._lock:
            self._shown = time.monotonic()
            if not self._closed:
                self._update()

    def close(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._closed = True  # workers that an interruption left behind may still report
            if self._progress is not None:
                self._progress.stop()

    def _update(self) -> None:
        parts = list(self._done.items()) or [("", (None, ""))]
        columns = any(part for part, _ in parts), all(share is not None for _, (share, _) in parts)
        if columns != self._columns:
            self._begin(*columns)
        for part, (share, detail) in parts:
            if part not in self._tasks:
                total = None if share is None else 1.0
                self._tasks[part] = self._progress.add_task(part[:MAX_PART], total=total, said="")
            said = "  ".join(filter(None, (detail, self._left(part, share))))
            self._progress.update(self._tasks[part], completed=share or 0.0, said=said)

    def _begin(self, named: bool, counted: bool) -> None:
        """Show bars with these columns, in place of those before."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        if self._progress is not None:
            self._progress.stop()
        self._columns = named, counted
        self._tasks.clear()
        columns = [*[TextColumn("{task.description}")] * named, BarColumn(), *[TaskProgressColumn()] * counted]
        colour = takes_colour(sys.stderr)  # rich alone takes FORCE_COLOR=0 for on
        console = Console(file=sys.stderr, force_terminal=True, no_color=not colour, highlight=False, markup=False,
                          emoji=False, legacy_windows=False, force_jupyter=False,
                          color_system="standard" if colour else None)
        self._progress = Progress(*columns, TextColumn("{task.fields[said]}"), console=console, transient=True)
        self._progress.start()

    def _left(self, part: str, share: float | None) -> str:
        """The time that is left if all goes on as it did since the part began."""
        if not share:
            return ""
        seconds = (time.monotonic() - self._begun.get(part, self._start)) * (1 - share) / share
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"

    def _open(self) -> None:
        with self._lock:
            if not self._closed:
                self._update()
