"""A sweep: every stack of a grid through the engine, on the machine's cores, and theory's lines on the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actprof import configuration, memory
from actprof.errors import ResourceError, SpecError
from actprof.forecast import input_moments
from actprof.inputs import Inputs
from actprof.network import Network
from actprof.parallel import cores
from actprof.processes import dealt
from actprof.resources import amount, available_memory
from actprof.spec import SWEPT, RunSpec, StackSpec
from actprof.sweep_maps import BY_NAME, VERDICT, Cell, Sweep
from actprof.sweeps.cells import CellWork
from actprof.sweeps.grids import Grid
from actprof.sweeps.lines import lines
from actprof.sweeps.trends import trends

WORTH_PROCESSES = 2e10
"""Multiplications from which on further processes pay for their start, which takes a good part of a second."""

UNCOUNTED: dict[str, Any] = {"range": (-1.0, 1.0), "bins": 1}
"""Of a run whose histograms nobody looks at."""


@dataclass(frozen=True)
class SweepSpec:
    """A grid, what goes through its stacks, and what is wanted of them.

    Attributes:
        run: its histograms are not kept.
        quantities: the keys of those to be shown.
        everything: whether all the others are wanted too.
        workers: processes; None for as many as are worth it.
    """

    grid: Grid
    run: RunSpec
    quantities: tuple[str, ...] = ("std",)
    everything: bool = False
    workers: int | None = None

    def __post_init__(self) -> None:
        _ = self.grid.stacks  # raises SpecError where one of them cannot be
        for place, name in enumerate(self.quantities):
            if name in self.quantities[:place]:
                word = next(word for word, key in SWEPT.items() if key == name)
                raise SpecError(f"--quantity {word} is asked for twice. Name each once.")

    @property
    def judged(self) -> bool:
        return self.everything or VERDICT in self.quantities

    @property
    def back(self) -> bool:
        """Whether gradients are wanted."""
        return self.judged or any(BY_NAME[name].back for name in self.quantities)


def sweep(request: SweepSpec, file: Inputs | None = None,
          progress: Callable[[float], None] = lambda share: None) -> Sweep:
    """Profile every stack of the grid. Cells do not depend on the number of workers.

    Args:
        file: the rows of a file, if these are the inputs; their width is every stack's first.

    Raises SpecError for a stack that cannot be, ResourceError where memory is short.
    """
    stacks, grid = request.grid.stacks, request.grid
    run, notes = _with_gradients(request, stacks)
    work = CellWork(run, file, request.judged, predicted=len(grid.axes) == 1)
    effort = [_effort(stack, work) for stack in stacks]
    cells = _all(stacks, effort, work, request.workers or _workers(stacks, effort, work), progress)
    with np.errstate(all="ignore"):
        moments = input_moments(work.inputs(stacks[0]))
        drawn, note = lines(grid.axes, grid.at, moments.second_moment)
    found = trends(grid.axes, cells, list(BY_NAME.values())) if run.repeats > 1 else ()
    return Sweep(run.seed, _config(stacks, work), grid.axes, tuple(cells), request.quantities, drawn, found,
                 tuple(filter(None, (*work.inputs(stacks[0]).notes, *notes, note, *_not_finite(cells)))))


def _with_gradients(request: SweepSpec, stacks: Sequence[StackSpec]) -> tuple[RunSpec, tuple[str, ...]]:
    """The run, with gradients if they are wanted and can be had."""
    run = replace(request.run, **UNCOUNTED)
    if request.back and memory.any_too_large(stacks, run):
        return run, (memory.too_large_for_gradients(),)
    return replace(run, gradients=request.back), ()


def _effort(stack: StackSpec, work: CellWork) -> float:
    """What a cell takes, in multiplications."""
    run, inputs = work.run, work.inputs(stack)
    network = Network(stack, run.seed, 0, np.dtype(run.dtype))
    return memory.work(network, inputs.batch_rows(0)) * inputs.batches * run.repeats * (3 if run.gradients else 1)


def _workers(stacks: Sequence[StackSpec], effort: Sequence[float], work: CellWork) -> int:
    """As many as there are cores, if the work is worth it, and as have room beside each other."""
    if sum(effort) < WORTH_PROCESSES:
        return 1
    largest = max(memory.needed(stack, work.run, work.inputs(stack)) for stack in stacks)
    left = available_memory()
    if left is not None and largest > left:
        raise ResourceError(f"the largest cell needs about {amount(largest)}; {amount(left)} available. "
                            "Lower --width, --layers, --batch-size or --repeats.")
    room = cores() if left is None else max(1, left // max(largest, 1))
    return int(min(cores(), room, len(stacks)))


def _all(stacks: Sequence[StackSpec], effort: Sequence[float], work: CellWork, workers: int,
         progress: Callable[[float], None]) -> list[Cell]:
    """The cells in their order; the longest are begun first, so that none is left over at the end."""
    order = sorted(range(len(stacks)), key=lambda place: -effort[place])
    cells: dict[int, Cell] = {}
    done, total = 0.0, math.fsum(effort)
    for nth, cell in dealt(work, [stacks[place] for place in order], workers):
        cells[order[nth]] = cell
        done += effort[order[nth]]
        progress(done / total)
    return [cells[place] for place in range(len(stacks))]


def _config(stacks: Sequence[StackSpec], work: CellWork) -> Mapping[str, Any]:
    """The settings that all cells share; where their widths differ, the depth or the width if they share that."""
    known = [configuration.of_arm(stack, work.run, work.inputs(stack)) for stack in stacks]
    if len({stack.widths for stack in stacks}) > 1:
        known = [{"layers": stack.depth, "width": max(stack.widths[1:]), **config}
                 for stack, config in zip(stacks, known, strict=True)]
    return {name: value for name, value in known[0].items()
            if name not in UNCOUNTED and all(other.get(name) == value for other in known)}


def _not_finite(cells: Sequence[Cell]) -> list[str]:
    count = sum(math.isnan(cell.figures["std"]) for cell in cells)
    return [f"{count:,} of {len(cells):,} cells end in values that are not finite"] if count else []
