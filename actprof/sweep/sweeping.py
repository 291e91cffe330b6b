"""A sweep: every stack of a grid through the engine, on the machine's cores, and theory's lines on the result."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from actprof import __version__
from actprof.data.request import reading
from actprof.diagnosis import rules
from actprof.engine import configuration, inputs, memory
from actprof.engine.distributions import STATISTICS
from actprof.engine.gradients import log10_ratio
from actprof.engine.inputs import Inputs, input_moments, open_inputs
from actprof.engine.measure import cost, measured
from actprof.engine.profiles import Arm, Profile, middle
from actprof.engine.spec import QUANTITIES as COUNTED
from actprof.engine.spec import RunSpec, StackSpec
from actprof.errors import ResourceError, SpecError, quoted, require_distinct
from actprof.machine import amount, available_memory, cores
from actprof.sweep.grid import Grid, axes_of
from actprof.sweep.kept import KeptCells
from actprof.sweep.lines import lines
from actprof.sweep.result import BY_NAME, QUANTITIES, SWEPT, VERDICT, Cell, Sweep, Trend
from actprof.sweep.trends import MIN_NETWORKS, MIN_WIDTHS, WIDTH, trends
from actprof.theory.finite_width import log_normal
from actprof.theory.predictions import BAND, StackTheory
from actprof.theory.stack import predict
from actprof.workers import cluster, map_unordered, processes

# Multiplications from which on further processes pay for their start, which takes a good part of a second.
WORTH_PROCESSES = 2e10

WORKER_BYTES = 64 * 2**20  # what a process takes beside its cells
UNCOUNTED: dict[str, Any] = {"range": (-1.0, 1.0), "bins": 1}  # the settings of a run whose histograms nobody looks at


_ACTIVATION = {statistic.name: statistic.of for statistic in STATISTICS}
_GRADIENT = "log10_gradient_ratio"
DECADE = math.log(10)
CELLS = 0.95  # of the time; the rest is for theory's lines


@dataclass(frozen=True)
class SweepSpec:
    """A grid, what goes through its stacks, and what is wanted of them.

    Attributes:
        run: its histograms are not kept.
        quantities: the keys of those to be shown.
        everything: whether all the others are wanted too.
        workers: processes; None for as many as are worth it.
        scheduler: the address of a Dask scheduler whose workers take their place; "" for none.
    """

    grid: Grid
    run: RunSpec
    quantities: tuple[str, ...] = ("std",)
    everything: bool = False
    workers: int | None = None
    scheduler: str = ""

    def __post_init__(self) -> None:
        _ = self.grid.stacks  # raises SpecError where one of them cannot be
        require_distinct("--quantity", self.quantities,
                         name=lambda name: next(word for word, key in SWEPT.items() if key == name))
        if self.workers and self.scheduler:
            raise SpecError("--workers cannot be combined with --scheduler, which has workers of its own. Choose one.")

    @property
    def judged(self) -> bool:
        return self.everything or VERDICT in self.quantities

    @property
    def back(self) -> bool:
        """Whether gradients are wanted."""
        return self.judged or any(BY_NAME[name].back for name in self.quantities)


@dataclass(frozen=True)
class CellWork:
    """A function that makes a cell of a stack; it is sent to every worker once.

    Attributes:
        file: the rows of a file, where inputs come from one; others are drawn for every width.
        judged: whether a verdict is wanted.
        predicted: whether theory's statistics are.
    """

    run: RunSpec
    file: Inputs | None = field(default=None, repr=False)
    judged: bool = False
    predicted: bool = False

    @cached_property
    def _rows(self) -> str:
        """A digest of the file's rows."""
        digest = hashlib.sha256()
        for batch in range(self.file.batches if self.file else 0):
            assert self.file is not None
            digest.update(self.file.rows(batch, 0, self.file.batch_rows(batch)).data)
        return digest.hexdigest()

    def key(self, stack: StackSpec) -> str:
        """What tells the cell of a stack from all others: a digest of all that it depends on."""
        return hashlib.sha256(f"{__version__} {self!r} {self._rows} {stack!r}".encode()).hexdigest()

    def inputs(self, stack: StackSpec) -> Inputs:
        return self.file or open_inputs(self.run, stack.widths[0])

    def __call__(self, stack: StackSpec) -> Cell:
        inputs, run = self.inputs(stack), self.run_of(stack)
        moments = input_moments(inputs)
        with np.errstate(all="ignore"):
            arm = measured([stack], run, inputs)[0]
            asked = self.predicted or self.judged
            theory = predict(stack, moments.second_moment, moments.correlation, inputs.batch_rows(0),
                             moments.unevenness) if asked else None
            verdict = rules.verdict(arm, stack, theory, moments) if self.judged else None
            known = _predicted(theory, inputs.batch_rows(0)) if self.predicted and theory else {}
            word, verdicts = (verdict.code, verdict.networks) if verdict else ("", {})
            return Cell(stack.label, *_statistics(arm), word, known, verdicts)

    def run_of(self, stack: StackSpec) -> RunSpec:
        """The run of a stack, with gradients if they are wanted and it is not too large for them."""
        if not self.run.gradients or not memory.any_too_large([stack], self.run):
            return self.run
        return replace(self.run, gradients=False)


def _statistics(arm: Arm) -> tuple[dict[str, float], dict[str, tuple[float, float]], dict[str, tuple[float, ...]]]:
    """The median of the networks, their quartiles, and each network's own."""
    names = [quantity.name for quantity in QUANTITIES if arm.networks[0].layers[0].gradient or not quantity.back]
    networks = {name: tuple(_of_network(network, name) for network in arm.networks) for name in names}
    if len(arm.networks) == 1:
        return {name: values[0] for name, values in networks.items()}, {}, networks
    found = {name: middle(values) for name, values in networks.items()}
    return ({name: median for name, (median, _) in found.items()},
            {name: quartiles for name, (_, quartiles) in found.items()}, networks)


def _of_network(network: Profile, name: str) -> float:
    """One network's value; NaN where the last layer holds infinities or NaN, of which its finite part tells nothing."""
    first, last = network.layers[0], network.layers[-1]
    if last.activation.non_finite:
        return math.nan
    if name == _GRADIENT:
        assert first.gradient is not None
        assert last.gradient is not None
        return log10_ratio(first.gradient, last.gradient)
    return float(_ACTIVATION[name](last.activation))


def _predicted(theory: StackTheory, rows: int) -> dict[str, tuple[float, float, float]]:
    """Theory's values of the last layer, and of the gradient in the first; none where a layer is missing."""
    if theory.reason or not theory.layers:
        return {}
    first, last = theory.layers[0], theory.layers[-1]
    known = {"std": (last.std, last.std_low, last.std_high),
             "second_moment": (last.second_moment, *log_normal(last.second_moment, last.second_moment_error)),
             "within_unit_std": (last.within_unit_std, math.nan, math.nan),
             "correlation": (last.correlation if rows > 1 else math.nan, math.nan, math.nan),
             "saturated_fraction": (last.saturated_fraction, math.nan, math.nan)}
    ratio, error = first.log_gradient_ratio, first.log_gradient_error
    if ratio is not None:
        reach = math.nan if error is None else BAND * error
        known[_GRADIENT] = (ratio / DECADE, (ratio - reach) / DECADE, (ratio + reach) / DECADE)
    return {name: triple for name, triple in known.items() if math.isfinite(triple[0])}


def swept(over: Sequence[str], *, init: Sequence[str], act: Sequence[str], quantity: Sequence[str], input: Any,
          everything: bool, workers: int | None, scheduler: str, resume: str | None,
          progress: Callable[[float], None], **settings: Any) -> Sweep:
    """The sweep that the values of `sweep`'s options ask for. Raises as `sweep` does, and DataError."""
    source = inputs.parse(input, **reading(settings))
    run = RunSpec(source, quantities=COUNTED[:1], **{name: settings.pop(name) for name in (
        "batch_size", "batches", "repeats", "seed", "dtype")})
    axes = axes_of(over, init, act, **settings)
    kept = None if resume is None else KeptCells(resume)
    stored = inputs.stored_inputs(run, input)
    request = SweepSpec(Grid(axes, init[0], act[0], settings | ({"features": stored.features} if stored else {})), run,
                        tuple(SWEPT[word] for word in quantity), everything, workers, scheduler)
    result = sweep(request, stored, progress, kept)
    return result if kept is None else replace(
        result, resumed=f"{kept.used:,} of {len(result.cells):,} cells from {quoted(resume, 300)}")


def sweep(request: SweepSpec, file: Inputs | None = None, progress: Callable[[float], None] = lambda share: None,
          kept: KeptCells | None = None) -> Sweep:
    """Profile every stack of the grid. Cells do not depend on who makes them.

    Args:
        file: the rows of a file, if these are the inputs; their width is every stack's first.
        kept: cells that are finished already; those that are not are added to them.

    Raises SpecError for a stack that cannot be, ResourceError where memory is short or workers are lost.
    """
    stacks, grid = request.grid.stacks, request.grid
    run = replace(request.run, gradients=request.back, **UNCOUNTED)
    work = CellWork(run, file, request.judged, predicted=len(grid.axes) == 1)
    cells, few = _all(stacks, work, request, progress, kept)
    inputs = work.inputs(stacks[0])
    with np.errstate(all="ignore"):
        drawn, note = lines(grid.axes, grid.at, input_moments(inputs).second_moment)
    shown = [BY_NAME[name] for name in request.quantities if name in BY_NAME]
    found = trends(grid.axes, cells, list(BY_NAME.values()) if len(grid.axes) == 1 else shown)
    notes = (*inputs.notes, few, note, _no_trend(grid, found), _too_large(cells, request.back), _not_finite(cells))
    return Sweep(run.seed, _config(grid, work), grid.axes, tuple(cells), request.quantities, drawn, found,
                 tuple(filter(None, notes)))


def _all(stacks: Sequence[StackSpec], work: CellWork, request: SweepSpec, progress: Callable[[float], None],
         kept: KeptCells | None) -> tuple[list[Cell], str]:
    """The cells in their order, and a note; the longest are begun first, so that none is left over at the end."""
    cells = {place: cell for place, stack in enumerate(stacks) if kept and (cell := kept.find(work.key(stack)))}
    missing = [place for place in range(len(stacks)) if place not in cells]
    if not missing:
        return list(cells.values()), ""
    costs = _for_each([stacks[place] for place in missing],
                      lambda stack: cost(stack, work.run_of(stack), work.inputs(stack)))
    effort = dict(zip(missing, costs, strict=True))
    order = sorted(missing, key=lambda place: -effort[place])
    done, total = 0.0, math.fsum(effort.values())
    makers, few = _makers([stacks[place] for place in order], total, work, request)
    with makers as executor:
        for nth, cell in map_unordered(work, [stacks[place] for place in order], executor):
            place = order[nth]
            cells[place] = cell
            if kept:
                kept.add(work.key(stacks[place]), cell)
            done += effort[place]
            progress(CELLS * done / total)
    return [cells[place] for place in range(len(stacks))], few


def _makers(stacks: Sequence[StackSpec], effort: float, work: CellWork,
            request: SweepSpec) -> tuple[AbstractContextManager[Executor | None], str]:
    """(who makes the cells, note): a cluster, whose memory is its own affair, or processes."""
    if request.scheduler:
        return cluster(request.scheduler), ""
    workers, few = _workers(stacks, effort, work, request.workers)
    return processes(workers), few


def _for_each(stacks: Sequence[StackSpec], known: Callable[[StackSpec], float]) -> list[float]:
    """What is known of each stack, found once for all that differ in the scale of their weights only."""
    kinds = [(stack.widths, stack.activations, tuple(init.name for init in stack.inits), stack.norm.name,
              stack.residual) for stack in stacks]
    found = {kind: known(stack) for kind, stack in dict(zip(kinds, stacks, strict=True)).items()}
    return [found[kind] for kind in kinds]


def _workers(stacks: Sequence[StackSpec], effort: float, work: CellWork,
             asked: int | None) -> tuple[int, str]:
    """(processes, note): as many as asked for, or as cores if the work is worth it, that fit beside each other."""
    largest = max(_for_each(stacks, lambda stack: memory.needed(stack, work.run_of(stack), work.inputs(stack))))
    left = available_memory()
    if left is not None and largest > left:
        raise ResourceError(f"the largest cell needs about {amount(int(largest))}; {amount(left)} available. "
                            "Lower --width, --layers, --batch-size or --repeats.")
    wanted = min(asked or (cores() if effort > WORTH_PROCESSES else 1), len(stacks))
    each = largest + WORKER_BYTES + (work.file.size if work.file else 0)
    room = wanted if left is None else max(1, int(left // each))
    if asked and room < wanted:
        return room, f"only {room} of {wanted} workers, as more would not fit into memory"
    return min(wanted, room), ""


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
    return (f"{MIN_WIDTHS} widths or more and --repeats {MIN_NETWORKS} or more would tell whether a quantity is "
            "flat in the width")


def _too_large(cells: Sequence[Cell], back: bool) -> str:
    count = sum("log10_gradient_ratio" not in cell.statistics for cell in cells) if back else 0
    return f"{count:,} of {len(cells):,} cells without gradients: {memory.too_large_for_gradients()}" if count else ""


def _not_finite(cells: Sequence[Cell]) -> str:
    count = sum(any(map(math.isnan, cell.networks["std"])) for cell in cells)
    return f"{count:,} of {len(cells):,} cells end in values that are not finite" if count else ""
