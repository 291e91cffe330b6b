"""The memory that a run needs, known before anything is allocated, and how the run is cut to fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from actprof.catalogue import activations, initializers
from actprof.engine.blocks import parts_of
from actprof.engine.counting import BLOCK_BYTES
from actprof.engine.forward import Chunk
from actprof.engine.inputs import Inputs
from actprof.engine.network import Network
from actprof.engine.spec import RunSpec, StackSpec
from actprof.errors import ResourceError
from actprof.machine import amount, available_memory, cores
from actprof.streams import BLOCK

WHOLE_BYTES = 2**30  # weights up to this size are kept while all rows go through; larger stacks go layer by layer

# Rows that go through a layer before the next is drawn: enough that drawing costs little beside the product.
SUPER_ROWS = 16_384

CHUNK_ROWS = 4096  # maximum rows per chunk
EVALUATED_ROWS = 1024  # rows that a network in training is evaluated on at once
STREAM_ROOMS = 3  # arrays that a layer of a residual stack has beside the others, at the most
UNIT_BYTES = 160  # counters and their results take about this much for each unit of each layer

# A chunk that comes back has so few rows that its tapes take no more than this, if that is a block at least.
TAPE_BYTES = 64 * 2**20

LIGHT_WORK = 5e9  # multiplications up to which gradients that nobody asked for are sent back for all rows
UNIT_WORK, LAYER_WORK = 100, 2e6  # cost of a value, and of a call for a layer, in multiplications
DRAW_WORK = 30  # cost of drawing a weight, likewise
LIGHT_BYTES = 256 * 2**20  # maximum memory of gradients that nobody asked for
FEW_ROWS = 128  # rows that tell the ratio of gradients well enough where all of them would take a while


def fits_whole(*networks: Network) -> bool:
    """Whether all their weights are kept at once."""
    return sum(network.kept_bytes for network in networks) <= WHOLE_BYTES


def layers_at_once(network: Network) -> int:
    """The number of layers drawn side by side where not all are kept: one for each core while they are small."""
    return cores() if max(network.weight_bytes) * cores() <= WHOLE_BYTES else 1


def super_chunks(network: Network, chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """Consecutive chunks, as many as make SUPER_ROWS rows."""
    groups: list[list[Chunk]] = [[]]
    rows = 0
    for chunk in chunks:
        if groups[-1] and rows + chunk.stop - chunk.start > SUPER_ROWS:
            groups.append([])
            rows = 0
        groups[-1].append(chunk)
        rows += chunk.stop - chunk.start
    return groups


def tape_row(network: Network) -> int:
    """Bytes that the tapes of all layers keep of a row: a, z where it is needed, and what is normalised afterwards."""
    stack, after = network.stack, network.normalised_after
    values = 0
    for number, (choice, part) in enumerate(zip(stack.activations, parts_of(stack), strict=True), start=1):
        entering, leaving = network.phi_units(number)
        a_over_z = part is None and activations.bind(choice).forgets_z and (after or stack.norm.name == "none")
        values += entering + leaving * (after + (not a_over_z))
        values += 0 if part is None else STREAM_ROOMS * stack.widths[number]
    return values * network.dtype.itemsize


def rows_back(network: Network, rows: int) -> int:
    """Maximum rows of a batch that go up and back together."""
    if network.stack.whole_batch:
        return rows
    return min(rows, max(TAPE_BYTES // tape_row(network) // BLOCK * BLOCK, BLOCK))


def gradient_rows(stacks: Sequence[StackSpec], run: RunSpec, inputs: Inputs) -> int | None:
    """The number of rows whose gradients are sent back unasked: None for all, where they cost little, else a few."""
    networks = [Network(stack, run.seed, 0, np.dtype(run.dtype)) for stack in stacks]
    total = inputs.batches * run.repeats * sum(work(network, inputs.batch_rows(0)) for network in networks)
    light = total <= LIGHT_WORK and max(_needed_back(network, inputs) for network in networks) <= LIGHT_BYTES
    return None if light or inputs.batches * inputs.batch_rows(0) <= FEW_ROWS else min(FEW_ROWS, inputs.batch_rows(0))


def any_too_large(stacks: Sequence[StackSpec], run: RunSpec) -> bool:
    """Whether the gradients of one of the stacks are not computed at all."""
    return not all(fits_whole(Network(stack, run.seed, 0, np.dtype(run.dtype))) for stack in stacks)


def too_large_for_gradients() -> str:
    return f"gradients are not computed for stacks above {amount(WHOLE_BYTES)} of weights"


def check(stacks: Sequence[StackSpec], run: RunSpec, inputs: Inputs) -> None:
    """Raise ResourceError if the largest arm, beside the others' kept weights, would not fit into what is left."""
    needs = [needed(stack, run, inputs) for stack in stacks]
    networks = [Network(stack, run.seed, 0, np.dtype(run.dtype)) for stack in stacks]
    weights = [network.kept_bytes for network in networks]
    if run.gradients and not all(map(fits_whole, networks)):
        raise ResourceError(f"{too_large_for_gradients()}: one has {amount(max(weights))}. "
                            "Lower --width or --layers, or leave the gradients out.")
    need = max(needs) + (sum(weights) - max(weights) if fits_whole(*networks) else 0)
    left = available_memory()
    if left is not None and need > left:
        raise ResourceError(f"needs about {amount(need)}; {amount(left)} available. "
                            "Lower --width, --layers, --batch-size or --repeats.")


def needed(stack: StackSpec, run: RunSpec, inputs: Inputs) -> int:
    """Bytes that the profile of one stack takes, at the most."""
    network = Network(stack, run.seed, 0, np.dtype(run.dtype))
    weights, workers = network.weight_bytes, cores()
    columns = max(stack.widths[0], *(network.columns(number) for number in range(1, stack.depth + 1)))
    batch = inputs.batch_rows(0)
    rows = (batch * min(workers, inputs.batches) if stack.whole_batch else
            min(batch * inputs.batches, CHUNK_ROWS * workers))
    kept = network.kept_bytes if fits_whole(network) else layers_at_once(network) * max(weights)
    if not fits_whole(network):
        rows = max(rows, min(batch * inputs.batches, SUPER_ROWS))
    rooms = 4 if stack.residual.name == "none" else 4 + 2 * STREAM_ROOMS
    passing = rooms * rows * columns * network.dtype.itemsize + workers * 4 * BLOCK_BYTES
    counted = sum(stack.widths) * UNIT_BYTES * (run.repeats + 2 * workers)
    back = _needed_back(network, inputs) if run.gradients else 0
    spare = max(initializers.bind(init).row.spare for init in set(stack.inits))
    return kept + max(weights) * spare + passing + counted + back


def work(network: Network, rows: int) -> float:
    """The cost of a batch's forward pass in multiplications, of which there are some 1e10 a second."""
    stack = network.stack
    products = sum(network.weight_bytes) / network.dtype.itemsize
    return rows * (products + UNIT_WORK * sum(stack.widths[1:])) + LAYER_WORK * stack.depth


def work_of(network: Network, rows: int) -> float:
    """The same with the weights drawn before."""
    return work(network, rows) + DRAW_WORK * sum(network.weight_bytes) / network.dtype.itemsize


def _needed_back(network: Network, inputs: Inputs) -> int:
    """Tapes, cotangents, a chunk's dL/dW for each worker, and their sums over a batch of several chunks."""
    batch, weights = inputs.batch_rows(0), network.weight_bytes
    rows = rows_back(network, batch)
    parts = -(-batch // rows) * inputs.batches
    widest = max(network.columns(number) for number in range(1, network.stack.depth + 1))
    each = rows * (tape_row(network) + 3 * widest * network.dtype.itemsize) + max(weights)
    return min(cores(), parts) * each + (sum(weights) if rows < batch else 0)
