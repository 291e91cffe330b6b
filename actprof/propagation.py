"""A chunk of rows through one layer: matrix product, normalisation, activation, with a recorder looking on."""

from __future__ import annotations

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
    """Looks at a layer's values, block by block."""

    def preactivations(self, block: Rows) -> None: ...
    def activations(self, block: Rows) -> None: ...


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
    if network.stack.norm_position == "before":
        normalizations.apply(network.stack.norm, z)
    if network.stack.norm_position == "after" and network.stack.norm.name != "none":
        return _finite_rows(_activated_then_normalised(network, layer, z, chunk, recorder, scratch))
    return _finite_rows(_activated(network, layer, z, chunk, recorder, scratch, record=True))


def _activated(network: Network, layer: Layer, z: Rows, chunk: Chunk, recorder: Recorder, scratch: Scratch,
               record: bool) -> Rows:
    """φ in blocks: while a block is in the cache, count it, activate it in place and count it again."""
    phi = layer.activation
    units = layer.fans.fan_out
    a = z if phi.pieces == 1 else scratch.get("pieces", (len(z), units), z.dtype)
    step = BLOCK if phi.random else block_rows(z.shape[1], z.itemsize)
    for start in range(0, len(z), step):
        block, out = z[start:start + step], a[start:start + step]
        recorder.preactivations(block)
        noise = network.noise(layer.number, chunk.batch, (chunk.start + start) // BLOCK) if phi.random else None
        phi.apply(block, out, noise)
        if record:
            recorder.activations(out)
    return a


def _activated_then_normalised(network: Network, layer: Layer, z: Rows, chunk: Chunk, recorder: Recorder,
                               scratch: Scratch) -> Rows:
    a = _activated(network, layer, z, chunk, recorder, scratch, record=False)
    normalizations.apply(network.stack.norm, a)
    step = block_rows(a.shape[1], a.itemsize)
    for start in range(0, len(a), step):
        recorder.activations(a[start:start + step])
    return a


def _finite_rows(a: Rows) -> Rows:
    if np.isfinite(a.min() - a.max()) or np.isfinite(a).all():
        return a
    kept = np.isfinite(a).any(axis=1)
    return a if kept.all() else a[kept]
