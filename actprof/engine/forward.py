"""A chunk of rows through one layer: matrix product, normalisation, activation, with a recorder looking on.

With a tape, what the way back needs is kept; without one, the layer works in place.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Flags, Rows
from actprof.catalogue.normalizations import Moments
from actprof.engine.counting import Scratch, block_rows
from actprof.engine.network import Layer, Network
from actprof.streams import BLOCK


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout: each activation is 0 with probability `rate`, the others grow by 1/(1 - rate)."""

    rate: float
    rng: np.random.Generator

    def draw(self, mask: Rows) -> None:
        """Fill the mask with what the activations are to be multiplied by."""
        self.rng.random(dtype=mask.dtype.type, out=mask)
        np.multiply(mask >= self.rate, mask.dtype.type(1 / (1 - self.rate)), out=mask)


class Tape:
    """One layer's values, of the last rows that went through it.

    Attributes:
        z, a: what entered and left φ: (rows, fan_out · pieces) and (rows, fan_out).
        normal, scaled: what the normalisation made, before and after scale and shift; undefined without one.
        moments: what it normalised by.
        mask: what dropout multiplied by, or None.
        inputs: the rows themselves, which must not change before the way back.
    """

    inputs: Rows
    moments: Moments

    def __init__(self, layer: Layer, rows: int, dropout: Dropout | None = None, sparing: bool = False) -> None:
        """A tape for so many rows; with `sparing`, a takes the place of z where the way back does not need z."""
        dtype = layer.weights.dtype
        columns, units = (rows, layer.weights.shape[1]), (rows, layer.fans.fan_out)
        self.z = np.empty(columns, dtype)
        self.a = self.z if sparing and forgets_z(layer) else np.empty(units, dtype)
        self.ones = np.ones(rows, dtype)
        self._dropout = dropout if dropout and dropout.rate else None
        self.mask = np.empty(units, dtype) if self._dropout else None
        self._leaving = np.empty(units, dtype) if self._dropout else None
        self._product = self.normal = self.scaled = self.z
        if layer.norm is not None:
            shape = (rows, layer.normalised_units)
            self.normal = np.empty(shape, dtype)
            self.scaled = self.normal if layer.scale is None else np.empty(shape, dtype)
            if not layer.normalised_after:
                self._product, self.z = self.normal, self.scaled

    def start(self, rows: Rows) -> Rows:
        """The array for the matrix product of these inputs."""
        self.inputs = rows
        return self._product

    def only(self, kept: Flags) -> Tape:
        """A copy for some of the rows."""
        part = copy.copy(self)
        copies: dict[int, Rows] = {}  # arrays that are one stay one
        for name in ("inputs", "ones", "z", "a", "normal", "scaled", *["mask"] * (self.mask is not None)):
            array = getattr(self, name)
            if id(array) not in copies:
                copies[id(array)] = array[kept]
            setattr(part, name, copies[id(array)])
        if hasattr(self, "moments"):
            part.moments = Moments(*(_of_rows(moment, kept) for moment in self.moments))
        return part

    def dropped(self, a: Rows) -> Rows:
        """The activations after dropout."""
        if self._dropout is None or self.mask is None:
            return a
        self._dropout.draw(self.mask)
        return np.multiply(a, self.mask, out=self._leaving)


def forgets_z(layer: Layer) -> bool:
    """Whether nothing on the way back needs what entered φ, which is then not a normalisation's result either."""
    return layer.activation.forgets_z and (layer.norm is None or layer.normalised_after)


def _of_rows(moment: Rows, kept: Flags) -> Rows:
    """The part of a moment that belongs to the kept rows; a moment of all rows stays whole."""
    return moment[kept] if moment.ndim == 2 and moment.shape == (len(kept), 1) else moment


class Recorder:
    """Sees a layer's values, block by block; says of activations whether all were finite. This one does not look."""

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        return True


NOBODY = Recorder()


@dataclass(frozen=True)
class Chunk:
    """Rows start … stop of a batch; start is a multiple of streams.BLOCK."""

    batch: int
    start: int
    stop: int


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
    if network.stack.dropout and chunk and layer.number < network.stack.depth:
        a = _dropped(network, layer, a, chunk, scratch, tape)
    if tape:
        return tape.dropped(a)
    return a if finite or chunk is None else a[np.isfinite(a).any(axis=1)]


def _dropped(network: Network, layer: Layer, a: Rows, chunk: Chunk, scratch: Scratch, tape: Tape | None) -> Rows:
    """The activations that go on; each block of rows has a stream of its own. A tape keeps what it was and the mask."""
    mask = np.empty_like(a) if tape else scratch.get("mask", a.shape, a.dtype)
    for start in range(0, len(a), BLOCK):
        rng = network.drops(layer.number, chunk.batch, (chunk.start + start) // BLOCK)
        Dropout(network.stack.dropout, rng).draw(mask[start:start + BLOCK])
    if tape:
        tape.mask = mask
        return a * mask
    return np.multiply(a, mask, out=a)


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
        recorder.preactivations(block if phi.sight == 1 else block * block.dtype.type(phi.sight))
        noise = (network.noise(layer.number, chunk.batch, (chunk.start + start) // BLOCK)
                 if phi.random and chunk else None)
        phi.apply(block, out, noise)
        finite &= recorder.activations(out)
    return a, finite


def _room(layer: Layer, z: Rows, scratch: Scratch) -> Rows:
    """The array for the activations: z itself if they fit."""
    return z if layer.activation.pieces == 1 else scratch.get("pieces", (len(z), layer.fans.fan_out), z.dtype)


def _blocks(rows: Rows) -> Iterator[Rows]:
    step = block_rows(rows.shape[1], rows.itemsize)
    return (rows[start:start + step] for start in range(0, len(rows), step))


@dataclass(frozen=True)
class _PreactivationsOnly(Recorder):
    """Hides the activations from a recorder that is to see them after the normalisation."""

    recorder: Recorder

    def preactivations(self, block: Rows) -> None:
        self.recorder.preactivations(block)
