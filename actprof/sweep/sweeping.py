"""A sweep: every stack of a grid through the engine, on the machine's cores, and theory's lines on the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actprof.engine import configuration, memory
from actprof.engine.inputs import Inputs, input_moments
from actprof.engine.network import Network
from actprof.engine.spec import RunSpec, StackSpec
from actprof.errors import ResourceError, SpecError
from actprof.machine import amount, available_memory, cores, map_unordered
from actprof.sweep.grid import CellWork, Grid
from actprof.sweep.lines import lines
from actprof.sweep.result import BY_NAME, VERDICT, Cell, Sweep, Trend
from actprof.sweep.spec import SWEPT
from actprof.sweep.trends import FEWEST_NETWORKS, FEWEST_WIDTHS, WIDTH, trends

WORTH_PROCESSES = 2e10
"""Multiplications from which on further processes pay for their start, which takes a good part of a second."""

WORKER_BYTES = 64 * 2**20
"""What a process takes beside its cells."""

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
    run = replace(request.run, gradients=request.back, **UNCOUNTED)
    work = CellWork(run, file, request.judged, predicted=len(grid.axes) == 1)
    effort = _for_each(stacks, lambda stack: _effort(stack, work))
    workers, few = _workers(stacks, effort, work, request.workers)
    cells = _all(stacks, effort, work, workers, progress)
    inputs = work.inputs(stacks[0])
    with np.errstate(all="ignore"):
        drawn, note = lines(grid.axes, grid.at, input_moments(inputs).second_moment)
    shown = [BY_NAME[name] for name in request.quantities if name in BY_NAME]
    found = trends(grid.axes, cells, list(BY_NAME.values()) if len(grid.axes) == 1 else shown)
    notes = (*inputs.notes, few, note, _no_trend(grid, found), _too_large(cells, request.back), _not_finite(cells))
    return Sweep(run.seed, _config(grid, work), grid.axes, tuple(cells), request.quantities, drawn, found,
                 tuple(filter(None, notes)))


def _for_each(stacks: Sequence[StackSpec], known: Callable[[StackSpec], float]) -> list[float]:
    """What is known of each stack, found once for all that differ in the scale of their weights only."""
    kinds = [(stack.widths, stack.activations, stack.init.name, stack.norm.name) for stack in stacks]
    found = {kind: known(stack) for kind, stack in dict(zip(kinds, stacks, strict=True)).items()}
    return [found[kind] for kind in kinds]


def _effort(stack: StackSpec, work: CellWork) -> float:
    """What a cell takes, in multiplications; a gradient takes two more products beside that of the forward pass."""
    run, inputs = work.run_of(stack), work.inputs(stack)
    network = Network(stack, run.seed, 0, np.dtype(run.dtype))
    return memory.work(network, inputs.batch_rows(0)) * inputs.batches * run.repeats * (3 if run.gradients else 1)


def _workers(stacks: Sequence[StackSpec], effort: Sequence[float], work: CellWork,
             asked: int | None) -> tuple[int, str]:
    """(processes, note): as many as asked for, or as cores if the work is worth it, that fit beside each other."""
    largest = max(_for_each(stacks, lambda stack: memory.needed(stack, work.run_of(stack), work.inputs(stack))))
    left = available_memory()
    if left is not None and largest > left:
        raise ResourceError(f"the largest cell needs about {amount(int(largest))}; {amount(left)} available. "
                            "Lower --width, --layers, --batch-size or --repeats.")
    wanted = min(asked or (cores() if sum(effort) > WORTH_PROCESSES else 1), len(stacks))
    each = largest + WORKER_BYTES + (work.file.size if work.file else 0)
    room = wanted if left is None else max(1, int(left // each))
    if asked and room < wanted:
        return room, f"only {room} of {wanted} workers, as more would not fit into memory"
    return min(wanted, room), ""


def _all(stacks: Sequence[StackSpec], effort: Sequence[float], work: CellWork, workers: int,
         progress: Callable[[float], None]) -> list[Cell]:
    """The cells in their order; the longest are begun first, so that none is left over at the end."""
    order = sorted(range(len(stacks)), key=lambda place: -effort[place])
    cells: dict[int, Cell] = {}
    done, total = 0.0, math.fsum(effort)
    for nth, cell in map_unordered(work, [stacks[place] for place in order], workers):
        cells[order[nth]] = cell
        done += effort[order[nth]]
        progress(done / total)
    return [cells[place] for place in range(len(stacks))]


def _config(grid: Grid, work: CellWork) -> Mapping[str, Any]:
    """The settings that all cells share; where their widths differ, the depth or the width if they share that."""
    stacks, across = grid.stacks, len(grid.axes[-1])
    edges = [*stacks[::across], *stacks[:across]]  # what varies, varies along an axis
    known = [configuration.of_arm(stack, work.run, work.inputs(stack)) for stack in edges]
    if len({stack.widths for stack in edges}) > 1:
        known = [{"layers": stack.depth, "width": max(stack.widths[1:]), **config}
                 for stack, config in zip(edges, known, strict=True)]
    return {name: value for name, value in known[0].items()
            if name not in UNCOUNTED and all(other.get(name) == value for other in known)}


def _no_trend(grid: Grid, found: Sequence[Trend]) -> str:
    if found or not any(axis.name == WIDTH for axis in grid.axes):
        return ""
    return (f"{FEWEST_WIDTHS} widths or more and --repeats {FEWEST_NETWORKS} or more would tell whether a quantity is "
            "flat in the width")


def _too_large(cells: Sequence[Cell], back: bool) -> str:
    count = sum("log10_gradient_ratio" not in cell.statistics for cell in cells) if back else 0
    return f"{count:,} of {len(cells):,} cells without gradients: {memory.too_large_for_gradients()}" if count else ""


def _not_finite(cells: Sequence[Cell]) -> str:
    count = sum(any(map(math.isnan, cell.networks["std"])) for cell in cells)
    return f"{count:,} of {len(cells):,} cells end in values that are not finite" if count else ""
