"""Who trains the networks: threads of this process, or a process for each network at work."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise

from actprof.data.labelled import Labelled
from actprof.machine import available_memory, cores
from actprof.train.result import Run
from actprof.train.spec import TrainSpec
from actprof.train.trainer import Report, Trainer, updates_of
from actprof.workers import ProcessPool

# Multiplications from which on processes pay for their start; threads wait for one another at every short call.
WORTH_PROCESSES = 3e10

LAYER_WORK = 1.5e6  # multiplications that take as long as an update's calls for a layer, without its products
PROCESS_BYTES, COPIES = 64 * 2**20, 4  # a process beside its network; copies of the data on their way there
NEWS = 0.1  # seconds between two reports of a process

Task = tuple[int, int]  # arm and repeat, counted from 0


def at_once(networks: int) -> int:
    """How many networks learn at a time: fewer than two for each core do so together, for one that is left to the end
    would have a single core at work."""
    most = cores()
    return networks if most > 1 and networks < 2 * most else min(networks, most)


@contextmanager
def learners(specs: Sequence[TrainSpec], data: Labelled, repeats: int,
             need: int) -> Iterator[Callable[[Task, Report], Run]]:
    """Yield what trains a network of an arm, called from as many threads as there are networks `at_once`, which need so
    many bytes; in which process it is done changes no number."""
    workers = at_once(len(specs) * repeats)
    work = repeats * sum(_work(spec, len(data.x_train)) for spec in specs)
    if workers == 1 or work < WORTH_PROCESSES or not _fit(workers, data, need):
        yield lambda task, report: Trainer(specs[task[0]], data, task[1]).run(report)
        return
    idle, learner = queue.SimpleQueue[Executor](), _Learner(specs, data)

    def learn(task: Task, report: Report) -> Run:
        process, run, goes_on = idle.get(), None, True
        while run is None:
            done, loss, run = process.submit(learner, task, goes_on).result()
            goes_on = done == 0 or report(done, loss)
        idle.put(process)
        return run

    with ExitStack() as processes:
        for _ in range(workers):
            idle.put(processes.enter_context(ProcessPool(1)))
        yield learn


def _fit(workers: int, data: Labelled, need: int) -> bool:
    """Whether so many processes fit into memory, beside what is needed anyway."""
    left = available_memory()
    size = sum(array.nbytes for array in (data.x_train, data.y_train, data.x_test, data.y_test))
    return left is None or need + workers * (PROCESS_BYTES + COPIES * size) < left


def _work(spec: TrainSpec, rows: int) -> float:
    """What it takes to train a network, in multiplications."""
    weights = sum(fan_in * units for fan_in, units in pairwise(spec.stack.widths))
    return updates_of(spec, rows) * (3.0 * spec.batch_size * weights + LAYER_WORK * spec.stack.depth)


@dataclass
class _Learner:
    """The process's side. It is sent there once, and what it has begun goes on from one call to the next."""

    specs: Sequence[TrainSpec]
    data: Labelled
    _task: Task | None = None

    def __call__(self, task: Task, goes_on: bool) -> tuple[int, float, Run | None]:
        """Begin the task, or see how it goes on: the updates made, the current loss, and at the end the run, which
        comes after the current update unless it `goes_on`."""
        self._goes_on = goes_on
        if task != self._task:
            self._task, self._told, self._run = task, (0, math.nan), Future[Run]()
            threading.Thread(target=self._learn, args=task, daemon=True).start()
        run = None
        with suppress(futures.TimeoutError):
            run = self._run.result(timeout=NEWS)
        return (*self._told, run)

    def _learn(self, arm: int, repeat: int) -> None:
        try:
            self._run.set_result(Trainer(self.specs[arm], self.data, repeat).run(self._report))
        except BaseException as error:
            self._run.set_exception(error)

    def _report(self, done: int, loss: float) -> bool:
        self._told = done, loss
        return self._goes_on
