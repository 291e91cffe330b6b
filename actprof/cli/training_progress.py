"""The arms' progress and current losses on standard error, on a terminal only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from actprof.cli.progress import takes_a_bar

if TYPE_CHECKING:
    from actprof.spec import TrainSpec

Progress = Callable[[int, int, int, float], None]

LONGEST_LABEL = 32
PAUSE = 0.05  # seconds between two changes of a bar


@contextmanager
def shown_training(specs: Sequence[TrainSpec], repeats: int, rows: int, quiet: bool) -> Iterator[Progress]:
    """Yield a function of (arm, repeat, updates made, current loss); nothing is left of the bars at the end."""
    if quiet or not takes_a_bar():
        yield lambda arm, repeat, done, loss: None
        return
    bars = _Bars(specs, repeats, rows)
    try:
        yield bars.show
    finally:
        bars.close()


class _Bars:
    """A bar for each arm, over all its repeats."""

    def __init__(self, specs: Sequence[TrainSpec], repeats: int, rows: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        from actprof.training.trainer import updates_of

        self._lock = threading.Lock()
        self._closed = False
        self._done = [dict.fromkeys(range(repeats), 0) for _ in specs]
        self._shown = [0.0] * len(specs)
        self._progress = Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
                                  TextColumn("loss {task.fields[loss]}"), TimeRemainingColumn(),
                                  console=Console(stderr=True), transient=True)
        self._tasks: list[Any] = [self._progress.add_task(spec.label[:LONGEST_LABEL], loss="waiting",
                                                          total=updates_of(spec, rows) * repeats) for spec in specs]
        self._progress.start()

    def show(self, arm: int, repeat: int, done: int, loss: float) -> None:
        self._done[arm][repeat] = done
        now = time.monotonic()
        if now - self._shown[arm] < PAUSE:
            return
        with self._lock:
            self._shown[arm] = now
            if not self._closed:
                self._progress.update(self._tasks[arm], completed=sum(self._done[arm].values()), loss=f"{loss:.4f}")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._progress.stop()
