"""A chunk of rows through one layer: matrix product, normalisation, activation, with a recorder looking on.

With a tape, what the way back needs is kept; without one, the layer works in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from actprof.counting import Scratch, block_rows
from actprof.network import Layer, Network
from actprof.streams import BLOCK
from actprof.tape import Tape

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


class _Nobody:
    """A recorder that does not look."""

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        return True


NOBODY = _Nobody()


def forward(network: Network, layer: Layer, rows: Rows, chunk: Chunk | None, recorder: Recorder, scratch: Scratch,
            tape: Tape | None = None) -> Rows:
    """The layer's activations of `rows`; the recorder sees what enters φ and what leaves the layer, before dropout.

    Without a chunk nothing is drawn: a random activation takes its mean slope. With a tape the result lives there,
    else in the scratch, under the layer's parity, until the layer after the next is computed. Rows of a chunk in which
    nothing is finite are left out unless there is a tape: they cannot say anything about a later layer.
    """
    z = tape.start(rows) if tape else scratch.get(f"layer{layer.number % 2}", (len(rows), layer.weights.shape[1]),
                                                  rows.dtype)
    np.matmul(rows, layer.weights, out=z)
    if layer.bias is not None:
        z += layer.bias
    if not layer.normalised_after:
        z = _normalised(layer, z, tape)
        a, finite = _activated(network, layer, z, chunk, recorder, scratch, tape)
    else:
        a, _ = _activated(network, layer, z, chunk, _PreactivationsOnly(recorder), scratch, tape)
        a = _normalised(layer, a, tape)
        finite = True
        for block in _blocks(a):
            finite &= recorder.activations(block)
    if tape:
        return tape.dropped(a)
    return a if finite or chunk is None else a[np.isfinite(a).any(axis=1)]


def _normalised(layer: Layer, values: Rows, tape: Tape | None) -> Rows:
    """The values normalised, scaled and shifted; in place without a tape."""
    if layer.norm is None:
        return values
    normal, scaled = (tape.normal, tape.scaled) if tape else (values, values)
    if normal is not values:
        np.copyto(normal, values)
    moments = layer.norm.apply(normal, layer.moments)
    if tape:
        tape.moments = moments
    if layer.scale is not None:
        np.multiply(normal, layer.scale, out=scaled)
    if layer.shift is not None:
        scaled += layer.shift
    return scaled


def _activated(network: Network, layer: Layer, z: Rows, chunk: Chunk | None, recorder: Recorder, scratch: Scratch,
               tape: Tape | None) -> tuple[Rows, bool]:
    """φ in blocks: while a block is in the cache, count it, activate it in place and count it again."""
    phi = layer.activation
    a = tape.a if tape else _room(layer, z, scratch)
    step = BLOCK if phi.random else block_rows(z.shape[1], z.itemsize)
    finite = True
    for start in range(0, len(z), step):
        block, out = z[start:start + step], a[start:start + step]
        recorder.preactivations(block)
        noise = (network.noise(layer.number, chunk.batch, (chunk.start + start) // BLOCK)
                 if phi.random and chunk else None)
        phi.apply(block, out, noise)
        finite &= recorder.activations(out)
    return a, finite


def _room(layer: Layer, z: Rows, scratch: Scratch) -> Rows:
    """Where the activations go: over z if they fit."""
    return z if layer.activation.pieces == 1 else scratch.get("pieces", (len(z), layer.fans.fan_out), z.dtype)


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
