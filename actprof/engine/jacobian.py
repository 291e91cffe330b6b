"""The derivative of a network's outputs by its inputs, at a few samples, and its singular values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from actprof.arrays import Rows
from actprof.engine.backward import backward
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Tape, forward
from actprof.engine.inputs import Inputs
from actprof.engine.memory import tape_row
from actprof.engine.network import Layer, Network
from actprof.engine.spec import StackSpec
from actprof.errors import SpecError
from actprof.machine import amount

SAMPLES = 4

BLOCK_ROWS = 256  # outputs that are differentiated side by side

MAX_SECONDS, MAX_BYTES = 10.0, 1e9

PRODUCTS_A_SECOND = 1.5e10  # multiplications in float64 on one core
DECOMPOSITION = 20.0  # multiplications of a decomposition into singular values, for each of shorter² · longer
ROUNDING = 1e-14  # a singular value below this part of the largest is no more than the rounding of a float64 product


def check(stacks: Sequence[StackSpec], inputs: Inputs) -> None:
    """Raise SpecError for what takes too long, too much memory, or has no derivative of a single sample."""
    samples = min(SAMPLES, inputs.batch_rows(0))
    for stack in stacks:
        if stack.whole_batch:
            raise SpecError("--jacobian cannot be combined with --norm batch, which mixes the samples. "
                            "Take layer or rms.")
    seconds = sum(_products(stack) for stack in stacks) * samples / PRODUCTS_A_SECOND
    size = max(_bytes(stack) for stack in stacks)
    if seconds > MAX_SECONDS or size > MAX_BYTES:
        what = f"about {seconds:,.0f} s" if seconds > MAX_SECONDS else amount(size)
        raise SpecError(f"--jacobian would take {what}. {_fitting(stacks, samples)}")


def spectra(network: Network, inputs: Inputs) -> tuple[dict[str, float], ...]:
    """Largest and smallest singular value, their ratio, and the mean of the squares, at each of the first samples.

    In float64 whatever the network's dtype; a random activation takes its mean slope.
    """
    rows = inputs.rows(0, 0, min(SAMPLES, inputs.batch_rows(0))).astype(np.float64)
    layers = [_in_float64(network.layer(number)) for number in range(1, network.stack.depth + 1)]
    with np.errstate(all="ignore"):
        return tuple(_spectrum(number, jacobian(network, layers, row)) for number, row in enumerate(rows, start=1))


def jacobian(network: Network, layers: Sequence[Layer], row: Rows) -> Rows:
    """(outputs, inputs): the derivative at one sample."""
    outputs = network.stack.widths[-1]
    size, scratch = min(outputs, BLOCK_ROWS), Scratch()
    tapes = [Tape(layer, size, sparing=True) for layer in layers]
    rows = np.tile(row, (size, 1))
    for layer, tape in zip(layers, tapes, strict=True):
        rows = forward(network, layer, rows, None, NOBODY, scratch, tape)
    parts = []
    for first in range(0, outputs, size):
        below = np.eye(size, outputs, first)
        for layer, tape in zip(reversed(layers), reversed(tapes), strict=True):
            below = _below(layer, tape, below, scratch)
        parts.append(below[:outputs - first].copy())
    return np.concatenate(parts)


def _below(layer: Layer, tape: Tape, cotangent: Rows, scratch: Scratch) -> Rows:
    below = backward(layer, tape, cotangent, scratch)
    assert below is not None
    return below


def _in_float64(layer: Layer) -> Layer:
    bias = None if layer.bias is None else layer.bias.astype(np.float64)
    return replace(layer, weights=layer.weights.astype(np.float64), bias=bias)


def _spectrum(sample: int, matrix: Rows) -> dict[str, float]:
    finite = bool(np.isfinite(matrix).all())
    values = np.linalg.svd(matrix, compute_uv=False) if finite else np.full(1, math.nan)
    largest, smallest = float(values[0]), float(values[-1])
    if 0 < smallest < ROUNDING * largest:
        smallest = math.nan  # what rounding left of it
    return {"sample": sample, "largest": largest, "smallest": smallest,
            "condition": largest / smallest if smallest != 0 else math.inf if largest > 0 else math.nan,
            "mean_square": float(np.mean(np.square(values)))}


def _products(stack: StackSpec) -> float:
    """Multiplications for one sample: up and back for every output, and the decomposition."""
    network = Network(stack, 0, 0, np.dtype(np.float64))
    shorter, longer = sorted((stack.widths[0], stack.widths[-1]))
    weights = sum(network.weight_bytes) / network.dtype.itemsize
    return (stack.widths[-1] + min(stack.widths[-1], BLOCK_ROWS)) * weights + DECOMPOSITION * shorter**2 * longer


def _bytes(stack: StackSpec) -> float:
    """Weights in float64, the tapes of a block, the matrix and its decomposition."""
    network = Network(stack, 0, 0, np.dtype(np.float64))
    block = min(stack.widths[-1], BLOCK_ROWS)
    return (sum(network.weight_bytes) + block * (tape_row(network) + 24 * max(stack.widths))
            + 3 * 8 * stack.widths[0] * stack.widths[-1])


def _fitting(stacks: Sequence[StackSpec], samples: int) -> str:
    """The widest square stack of that depth that would not be too much, in words."""
    depth, arms = max(stack.depth for stack in stacks), len(stacks)
    by_time = (MAX_SECONDS * PRODUCTS_A_SECOND / (samples * arms * (depth + DECOMPOSITION))) ** (1 / 3)
    by_size = (MAX_BYTES / (8 * (depth + 3))) ** 0.5
    width = int(0.9 * min(by_time, by_size))
    layers = f"{depth:,} layer{'s' * (depth > 1)}"
    return f"{layers} of about {width:,} units would fit." if width else "Fewer layers or arms would fit."
