"""Spec in, profile out: every arm's networks, all batches streamed through them, on all cores.

Rows go through in chunks. While the weights fit into memory a worker takes its chunk through all layers, which keeps
it in the cache; beyond, the layers are drawn one after the other and all chunks go through each. Either way the chunks,
and so the results, depend on the request alone and not on the number of workers.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from actprof.arrays import Array, Flags, Rows
from actprof.engine import configuration, jacobian, memory, pilot
from actprof.engine.backward import Gradient, WeightGradients, backward
from actprof.engine.counting import Counter, MomentCounter, Scratch
from actprof.engine.distributions import Distribution
from actprof.engine.forward import NOBODY, Chunk, Recorder, Tape, forward
from actprof.engine.gradients import (
    MAX_COMPARED,
    GradientScale,
    LayerGradient,
    cosines,
    draw_cotangent,
    finite_rows,
    lay_gradient_scales,
    scale_by_power,
)
from actprof.engine.inputs import FirstRows, Inputs
from actprof.engine.network import Layer, Network
from actprof.engine.path import gradient_path
from actprof.engine.pilot import LayerBins, calibrate, lay_bins
from actprof.engine.profiles import Arm, LayerProfile, Profile
from actprof.engine.spec import QUANTITIES, STREAMS, RunSpec, StackSpec
from actprof.machine import Progress, cores, ordered_map, portions
from actprof.streams import BLOCK

if TYPE_CHECKING:
    from concurrent.futures import Executor


class ForwardBackward:
    """The way up and back for all chunks of one network, on any number of threads that begin them in order."""

    def __init__(self, network: Network, layers: Sequence[Layer], scales: Sequence[GradientScale],
                 chunks: Sequence[Chunk]) -> None:
        self._network, self._layers, self._scales = network, layers, scales
        self._weights = WeightGradients(len(layers), chunks)
        self._of_thread = threading.local()  # its tapes: rows → one for each layer

    def go(self, rows: Rows, chunk: Chunk, recorders: Sequence[Recorder], scratch: Scratch,
           step: Callable[[], None]) -> list[LayerGradient]:
        """Take the chunk's rows through all layers and back, with a step for each layer either way."""
        try:
            tapes = self._tapes(len(rows))
            outputs, all_finite = self._up(rows, chunk, tapes, recorders, scratch, step)
            cotangent = scratch.get("drawn", outputs.shape, outputs.dtype)
            draw_cotangent(self._network, chunk, cotangent)
            kept = np.ones(len(rows), np.bool_) if all_finite else finite_rows(tapes, outputs)
            compared = self._compared(cotangent, chunk, tapes, kept, scratch)
            if not all_finite:
                tapes, cotangent = [tape.only(kept) for tape in tapes], cotangent[kept]
            return [replace(gradient, cosines=cosines, pairs=pairs) for gradient, (cosines, pairs) in zip(
                self._back(cotangent, chunk, tapes, scratch, step), compared, strict=True)]
        except BaseException:
            self._weights.abandon()
            raise

    def _compared(self, cotangent: Rows, chunk: Chunk, tapes: Sequence[Tape], kept: Flags,
                  scratch: Scratch) -> list[tuple[float, int]]:
        """The cosines between the gradients of a batch's first samples, for the first one's cotangent."""
        first = np.arange(len(kept)) < (0 if chunk.start else MAX_COMPARED)
        first &= kept
        if first.sum() < 2 or self._network.stack.whole_batch:
            return [(0.0, 0)] * len(self._layers)
        same = np.repeat(cotangent[:1], first.sum(), axis=0)
        return cosines(self._layers, tapes, first, same, scratch)

    def _up(self, rows: Rows, chunk: Chunk, tapes: Sequence[Tape], recorders: Sequence[Recorder],
            scratch: Scratch, step: Callable[[], None]) -> tuple[Rows, bool]:
        """The last layer's outputs, and whether all was finite; recorders see what they would without tapes."""
        counted: Rows | None = None  # from where something is lost on, what is left for the recorders
        for layer, tape, recorder in zip(self._layers, tapes, recorders, strict=True):
            watch = _Watch(recorder)
            rows = forward(self._network, layer, rows, chunk, NOBODY if counted is not None else watch, scratch, tape)
            if counted is not None and len(counted):
                counted = forward(self._network, layer, counted, chunk, recorder, scratch)
            elif not watch.finite:
                counted = rows[np.isfinite(rows).any(axis=1)]
            step()
        return rows, counted is None

    def _back(self, cotangent: Rows, chunk: Chunk, tapes: Sequence[Tape], scratch: Scratch,
              step: Callable[[], None]) -> list[LayerGradient]:
        found: list[LayerGradient] = []
        rows = len(cotangent)
        for layer, tape, scale in zip(reversed(self._layers), reversed(tapes), reversed(self._scales), strict=True):
            counter = Counter(layer.gradient_units, scale.bins, scratch, atoms=_atoms(layer))
            weights = None
            if rows:
                scale_by_power(cotangent, scale.shift)
                weights = scratch.get("weights", layer.weights.shape, cotangent.dtype)
                below = backward(layer, tape, cotangent, scratch, Gradient(weights), counter.add, layer.number > 1)
                cotangent = cotangent if below is None else below
            size = self._weights.add(layer.number, chunk, weights, rows)
            found.append(LayerGradient(counter.distribution(), scale.exponent, size or 0.0, int(size is not None)))
            step()
        return found[::-1]

    def _tapes(self, rows: int) -> list[Tape]:
        """This thread's tapes for so many rows."""
        known: dict[int, list[Tape]] = self._of_thread.__dict__.setdefault("tapes", {})
        if rows not in known:
            known.clear()
            known[rows] = [Tape(layer, rows, sparing=True) for layer in self._layers]
        return known[rows]


def _atoms(layer: Layer) -> tuple[float, ...]:
    """0, if dL/dz takes it often: where φ stands still, and for all pieces but the one that passes."""
    return (0.0,) if not layer.seen_after and (layer.activation.atoms or layer.activation.pieces > 1) else ()


class _Watch(Recorder):
    """A recorder that passes everything on and remembers whether all that goes on was finite."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.finite = True

    def preactivations(self, block: Rows) -> None:
        self._recorder.preactivations(block)

    def activations(self, block: Rows) -> bool:
        finite = self._recorder.activations(block)
        self.finite &= finite
        return finite

    def branch(self, block: Rows) -> None:
        self._recorder.branch(block)

    def stream(self, block: Rows) -> bool:
        finite = self._recorder.stream(block)
        self.finite &= finite
        return finite


CHUNK_VALUES = 300_000  # values of a layer in a chunk of MIN_ROWS to memory.CHUNK_ROWS rows

MIN_ROWS = 1024

SHARES = 16  # parts that the chunks of a network are dealt into, always alike; each keeps one set of counters

WORTH_SHARING = 2e8  # multiplications from which a second thread pays for its start

Job = tuple[int, int]  # a stack's place, and the number of the network that is drawn for it


def measured(stacks: Sequence[StackSpec], run: RunSpec, inputs: Inputs,
             progress: Progress = lambda share: None, executor: Executor | None = None) -> list[Arm]:
    """Profile each stack on the same inputs and the same underlying draws, each network by a worker of the executor.

    Raises ResourceError before anything large is allocated, SpecError for a Jacobian that is too much.
    """
    if run.gradients and run.gradient_rows is not None:
        return _with_few_gradients(stacks, run, inputs, progress, executor)
    memory.check(stacks, run, inputs)
    if run.jacobian:
        jacobian.check(stacks, inputs)
    dtype = np.dtype(run.dtype)
    with np.errstate(all="ignore"):
        calibration = inputs.calibration()
        first = [_network(stack, run.seed, 0, dtype, calibration) for stack in stacks]
        if memory.fits_whole(*first):
            for network in first:
                network.keep(_workers(network, run.batch_size))
        ahead = sum(memory.work_of(network, pilot.MIN_ROWS) for network in first)
        each = [cost(stack, replace(run, repeats=1), inputs) for stack in stacks for _ in range(run.repeats)]
        steps = portions(progress, [ahead, *each])
        bins = lay_bins(first, inputs, run, next(steps))
        scales = lay_gradient_scales(first, inputs, run) if run.gradients else [None] * len(first)
        make = partial(_profile_of, stacks, run, inputs, calibration, bins, scales)
        jobs = list(np.ndindex(len(stacks), run.repeats))
        made = _profiles_elsewhere(make, jobs, steps, executor) if executor else {}
        arms = []
        for place, stack in enumerate(stacks):
            network = first.pop(0)
            spectra = jacobian.spectra(network, inputs) if run.jacobian else ()
            path = gradient_path(network, inputs, run.input.source) if run.gradients else None
            profiles = [made.get((place, repeat)) or make((place, repeat), next(steps), None if repeat else network)
                        for repeat in range(run.repeats)]
            arms.append(Arm(stack.label, configuration.of_arm(stack, run, inputs), tuple(profiles), spectra, path))
        return arms


def _profile_of(stacks: Sequence[StackSpec], run: RunSpec, inputs: Inputs, calibration: Array,
                bins: Sequence[Sequence[LayerBins]], scales: Sequence[Sequence[GradientScale] | None], job: Job,
                progress: Progress = lambda share: None, network: Network | None = None) -> Profile:
    """The profile of a network, which is drawn unless it is given, here or in another process."""
    place, repeat = job
    with np.errstate(all="ignore"):
        network = network or _network(stacks[place], run.seed, repeat, np.dtype(run.dtype), calibration)
        return profile(network, inputs, bins[place], progress, scales[place])


def _profiles_elsewhere(make: Callable[[Job], Profile], jobs: Sequence[Job], steps: Iterator[Progress],
                        executor: Executor) -> dict[Job, Profile]:
    """The profile of each job, made by an executor's workers."""
    from actprof.workers import map_unordered  # whose concurrent.futures takes its time

    made = {}
    for nth, one in map_unordered(make, jobs, executor):
        made[jobs[nth]] = one
        next(steps)(1.0)
    return made


def _with_few_gradients(stacks: Sequence[StackSpec], run: RunSpec, inputs: Inputs, progress: Progress,
                        executor: Executor | None) -> list[Arm]:
    """All rows go forward, and the first `run.gradient_rows` through the same networks once more and back."""
    assert run.gradient_rows is not None
    few = FirstRows(inputs, run.gradient_rows)
    runs = ((replace(run, gradients=False, gradient_rows=None), inputs),
            (replace(run, batch_size=few.batch_rows(0), batches=1, gradient_rows=None, jacobian=False,
                     quantities=QUANTITIES[:1]), few))
    steps = portions(progress, [sum(cost(stack, *each) for stack in stacks) for each in runs])
    whole, back = (measured(stacks, *each, step, executor) for each, step in zip(runs, steps, strict=True))
    return [replace(arm, config={**arm.config, "gradient_rows": few.batch_rows(0)}, networks=tuple(
        map(_with_gradients_of, arm.networks, sent.networks))) for arm, sent in zip(whole, back, strict=True)]


def cost(stack: StackSpec, run: RunSpec, inputs: Inputs) -> float:
    """What it takes to profile a stack, in multiplications."""
    if run.gradients and run.gradient_rows is not None:
        few = FirstRows(inputs, run.gradient_rows)
        return cost(stack, replace(run, gradients=False), inputs) + cost(stack, replace(run, gradient_rows=None), few)
    network = Network(stack, run.seed, 0, np.dtype(run.dtype))
    once = memory.work_of(network, inputs.batch_rows(0) * inputs.batches)
    return run.repeats * once * (3 if run.gradients else 1)  # a gradient takes two products more


def _with_gradients_of(profile: Profile, other: Profile) -> Profile:
    return Profile(tuple(replace(layer, gradient=sent.gradient)
                         for layer, sent in zip(profile.layers, other.layers, strict=True)))


def profile(network: Network, inputs: Inputs, bins: Sequence[LayerBins],
            progress: Progress = lambda share: None, scales: Sequence[GradientScale] | None = None) -> Profile:
    """Stream all batches through one network, with `scales` and back; then its weights must fit whole."""
    chunks = _chunks(network, inputs, back=scales is not None)
    if memory.fits_whole(network):
        return _chunk_by_chunk(network, inputs, bins, chunks, progress, scales)
    return _layer_by_layer(network, inputs, bins, chunks, progress)


def _network(stack: StackSpec, seed: int, repeat: int, dtype: np.dtype[Any], rows: Array) -> Network:
    network = Network(stack, seed, repeat, dtype)
    calibrate(network, rows)
    return network


class _LayerCounters(Recorder):
    """The recorder of one layer: counts its activations, their saturation and, where it has bins, pre-activations.

    Of a layer that ends a residual block the stream too, and what the branch adds to it.
    """

    def __init__(self, network: Network, layer: Layer, bins: LayerBins, scratch: Scratch) -> None:
        phi, normalised = layer.activation, network.normalised_after
        atoms = () if normalised else tuple(float(network.dtype.type(atom)) for atom in phi.atoms)
        self._flat = phi.saturation
        self._scratch = scratch
        self._counts_before = "preactivation" in bins
        self._least_z = math.inf
        entering, leaving = layer.phi_units
        self._entering = entering, bins.get("preactivation", bins["activation"])
        self._before: Counter | None = None
        self._after = Counter(leaving, bins["activation"], scratch, activity=True, atoms=atoms,
                              rectifier=phi.rectifier and not normalised)
        self._sums = [MomentCounter(layer.fans.fan_out, scratch) for _ in STREAMS if layer.part and layer.part.joins]

    def preactivations(self, block: Array) -> None:
        least = float(block.min())
        self._least_z = min(self._least_z, least)
        if self._counts_before or not (math.isfinite(least) and math.isfinite(block.max())):
            self._before = self._before or Counter(*self._entering, self._scratch)
            self._before.add(block)  # what is not finite is reported in every format
        flat = self._scratch.get("flat", block.shape, np.bool_)
        for edge, beyond in zip(self._flat, (np.less, np.greater), strict=True):
            if math.isfinite(edge):
                self._after.add_saturated(int(np.count_nonzero(beyond(block, edge, out=flat))))

    def activations(self, block: Array) -> bool:
        low, high = self._after.add(block)
        return math.isfinite(low) and math.isfinite(high)

    def branch(self, block: Array) -> None:
        self._sums[1].add(block)

    def stream(self, block: Array) -> bool:
        return self._sums[0].add(block)

    def profile(self, layer: Layer, gradient: LayerGradient | None = None) -> LayerProfile:
        stream, branch = [counter.distribution() for counter in self._sums] or (None, None)
        units, bins = self._entering
        before = self._before.distribution() if self._before else Distribution.empty(units, bins.edges, activity=False)
        return LayerProfile(layer.number, layer.fans.fan_in, layer.fans.fan_out, layer.parameters, layer.weight_std,
                            self._after.distribution(), before, layer.activation.name,
                            any(math.isfinite(edge) for edge in self._flat), gradient, self._least_z, stream, branch)


def _chunks(network: Network, inputs: Inputs, back: bool = False) -> list[Chunk]:
    """Whole batches where a normalisation needs them, else rows that keep a chunk in the cache, in even numbers."""
    whole = network.stack.whole_batch
    widest = max(network.stack.widths)
    wanted = min(max(CHUNK_VALUES // widest, MIN_ROWS), memory.CHUNK_ROWS)
    work = sum(network.weight_bytes) / network.dtype.itemsize
    chunks = []
    for batch in range(inputs.batches):
        rows = inputs.batch_rows(batch)
        parts = 1 if whole else math.ceil(rows / (min(wanted, memory.rows_back(network, rows)) if back else wanted))
        if parts % 2 and not whole and rows * work * inputs.batches > WORTH_SHARING:
            parts += 1
        size = rows if whole else math.ceil(rows / parts / BLOCK) * BLOCK
        chunks += [Chunk(batch, start, min(start + size, rows)) for start in range(0, rows, size)]
    return chunks


def _workers(network: Network, rows: int) -> int:
    """Threads that are worth their start for so many rows."""
    work = rows * sum(network.weight_bytes) / network.dtype.itemsize
    return cores() if work > WORTH_SHARING else 1


def _rows(chunks: Sequence[Chunk]) -> int:
    return sum(chunk.stop - chunk.start for chunk in chunks)


def _chunk_by_chunk(network: Network, inputs: Inputs, bins: Sequence[LayerBins], chunks: list[Chunk],
                    progress: Progress, scales: Sequence[GradientScale] | None) -> Profile:
    workers = _workers(network, _rows(chunks))
    layers = network.keep(workers)
    trip = ForwardBackward(network, layers, scales, chunks) if scales else None
    shares = [[chunk] for chunk in chunks] if trip else [
        chunks[first::SHARES] for first in range(min(SHARES, len(chunks)))]
    memory_of, done = threading.local(), itertools.count(1)
    total = len(chunks) * len(layers) * (2 if trip else 1)

    def step() -> None:
        progress(next(done) / total)

    def through(share: Sequence[Chunk]) -> Profile:
        scratch = memory_of.__dict__.setdefault("scratch", Scratch())
        with np.errstate(all="ignore"):
            counters = [_LayerCounters(network, layer, bins[layer.number - 1], scratch) for layer in layers]
            gradients: Sequence[LayerGradient | None] = [None] * len(layers)
            for chunk in share:
                rows = inputs.rows(chunk.batch, chunk.start, chunk.stop)
                if trip:
                    gradients = trip.go(rows, chunk, counters, scratch, step)
                    continue
                for layer, counter in zip(layers, counters, strict=True):
                    if not len(rows):
                        break
                    rows = forward(network, layer, rows, chunk, counter, scratch)
                    step()
            return Profile(tuple(counter.profile(layer, gradient) for layer, counter, gradient
                                 in zip(layers, counters, gradients, strict=True)))

    return reduce(Profile.merge, ordered_map(through, shares, workers))


def _layer_by_layer(network: Network, inputs: Inputs, bins: Sequence[LayerBins], chunks: list[Chunk],
                    progress: Progress) -> Profile:
    """All rows of a super-chunk through a layer before the next is drawn."""
    workers = _workers(network, _rows(chunks))
    groups = memory.super_chunks(network, chunks)
    parts = (_super_chunk(network, inputs, bins, group, workers, step)
             for group, step in zip(groups, portions(progress, list(map(_rows, groups))), strict=True))
    return reduce(Profile.merge, parts)


def _super_chunk(network: Network, inputs: Inputs, bins: Sequence[LayerBins], chunks: Sequence[Chunk], workers: int,
                 progress: Progress) -> Profile:
    rows = [inputs.rows(chunk.batch, chunk.start, chunk.stop) for chunk in chunks]
    memory_of = threading.local()
    profiles: list[LayerProfile] = []

    def counted(task: tuple[Layer, int]) -> LayerProfile:
        layer, index = task
        scratch = memory_of.__dict__.setdefault("scratch", Scratch())
        counter = _LayerCounters(network, layer, bins[layer.number - 1], scratch)
        with np.errstate(all="ignore"):
            if len(rows[index]):
                rows[index] = forward(network, layer, rows[index], chunks[index], counter, scratch).copy()
        return counter.profile(layer)

    depth = network.stack.depth
    ahead = memory.layers_at_once(network)
    for first in range(1, depth + 1, ahead):
        for layer in list(ordered_map(network.layer, range(first, min(first + ahead, depth + 1)), workers)):
            tasks = [(layer, index) for index in range(len(chunks))]
            profiles.append(reduce(LayerProfile.merge, ordered_map(counted, tasks, workers)))
            progress(layer.number / depth)
    return Profile(tuple(profiles))
