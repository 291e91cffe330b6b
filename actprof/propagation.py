"""A chunk of rows through one layer: matrix product, normalisation, activation, with a recorder looking on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from actprof import normalizations
from actprof.counting import Scratch, block_rows
from actprof.network import Layer, Network
from actprof.streams import BLOCK

Rows = NDArray[Any]


class Recorder(Protocol):
    """Looks at a layer's values, block by block; says of activations whether all were finite."""

    def preactivations(self, block: Rows) -> None: ...
    def activations(self, block: Rows) -> bool: ...


@dataclass(frozen=True)
class Chunk:
    """Rows start … stop of a batch; start is a multiple of streams.BLOCK."""

    batch: int
    start: int
    stop: int


def forward(network: Network, layer: Layer, rows: Rows, chunk: Chunk, recorder: Recorder, scratch: Scratch) -> Rows:
    """The layer's activations of `rows`; the recorder sees what enters φ and what leaves the layer.

    The result lives in the scratch, under the layer's parity, until the layer after the next is computed. Rows in
    which nothing is finite are left out of it: they cannot say anything about a later layer.
    """
    z = scratch.get(f"layer{layer.number % 2}", (len(rows), layer.weights.shape[1]), rows.dtype)
    np.matmul(rows, layer.weights, out=z)
    if layer.bias is not None:
        z += layer.bias
    norm = network.stack.norm
    if not network.normalised_after:
        normalizations.apply(norm, z)
        a, finite = _activated(network, layer, z, chunk, recorder, scratch)
    else:
        a, _ = _activated(network, layer, z, chunk, _PreactivationsOnly(recorder), scratch)
        normalizations.apply(norm, a)
        finite = True
        for block in _blocks(a):
            finite &= recorder.activations(block)
    return a if finite else a[np.isfinite(a).any(axis=1)]


def _activated(network: Network, layer: Layer, z: Rows, chunk: Chunk, recorder: Recorder,
               scratch: Scratch) -> tuple[Rows, bool]:
    """φ in blocks: while a block is in the cache, count it, activate it in place and count it again."""
    phi = layer.activation
    a = z if phi.pieces == 1 else scratch.get("pieces", (len(z), layer.fans.fan_out), z.dtype)
    step = BLOCK if phi.random else block_rows(z.shape[1], z.itemsize)
    finite = True
    for start in range(0, len(z), step):
        block, out = z[start:start + step], a[start:start + step]
        recorder.preactivations(block)
        noise = network.noise(layer.number, chunk.batch, (chunk.start + start) // BLOCK) if phi.random else None
        phi.apply(block, out, noise)
        finite &= recorder.activations(out)
    return a, finite


def _blocks(rows: Rows) -> Iterator[Rows]:
    step = block_rows(rows.shape[1], rows.itemsize)
    return (rows[start:start + step] for start in range(0, len(rows), step))


@dataclass(frozen=True)
class _PreactivationsOnly:
    """Hides the activations from a recorder that is to see them after the normalisation."""

    recorder: Recorder

    def preactivations(self, block: Rows) -> None:
        self.recorder.preactivations(block)

    def activations(self, block: Rows) -> bool:
        return True
