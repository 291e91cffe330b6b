"""A chunk of rows through one layer: matrix product, normalisation, activation, with a recorder looking on.

In a residual stack the activation may come first, and what the layer makes joins the stream.

With a tape, what the way back needs is kept; without one, the layer works in place.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from actprof.arrays import Flags, Rows
from actprof.catalogue.normalizations import BoundNormalization, Moments
from actprof.catalogue.residuals import BRANCH, ENTERING, STREAM
from actprof.engine.blocks import Part
from actprof.engine.counting import Scratch, block_rows
from actprof.engine.network import Layer, Network
from actprof.streams import BLOCK


class Dropout(NamedTuple):
    """Inverted dropout: each activation is 0 with probability `rate`, the others grow by 1/(1 - rate)."""

    rate: float
    rng: np.random.Generator

    def draw(self, mask: Rows) -> None:
        """Fill the mask with what the activations are to be multiplied by."""
        self.rng.random(dtype=mask.dtype.type, out=mask)
        np.multiply(mask >= self.rate, mask.dtype.type(1 / (1 - self.rate)), out=mask)


Room = Callable[[str, tuple[int, ...], Any], Rows]  # lends an array by name, shape and dtype


class Tape:
    """One layer's values, of the last rows that went through it.

    Attributes:
        z, a: what entered and left φ: (rows, fan_out · pieces) and (rows, fan_out), or both (rows, fan_in) where φ
            comes first.
        normal, scaled: what the normalisation made, before and after scale and shift; undefined without one.
        moments: what it normalised by.
        mask: what dropout multiplied by, or None.
        inputs: what the matrix multiplied; the rows must not change before the way back.
        own_normal, own_moments: of the normalisation of a residual rule, if the layer has it.
        branch: what a trained α multiplied.
    """

    inputs: Rows
    moments: Moments
    own_normal: Rows
    own_moments: Moments
    branch: Rows

    def __init__(self, layer: Layer, rows: int, dropout: Dropout | None = None, sparing: bool = False) -> None:
        """A tape for so many rows; with `sparing`, a takes the place of z where the way back does not need z."""
        dtype = layer.weights.dtype
        columns, units = ((rows, size) for size in layer.phi_units)
        self._rooms: dict[str, Rows] = {}
        self.z = np.empty((0, 0) if layer.phi_first else columns, dtype)
        self.a = self.z if sparing and not layer.phi_first and forgets_z(layer) else np.empty(units, dtype)
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

    def room(self, name: str, shape: tuple[int, ...], dtype: Any) -> Rows:
        """An array of the tape's own, uninitialised the first time that it is asked for."""
        if name not in self._rooms:
            self._rooms[name] = np.empty(shape, dtype)
        return self._rooms[name]

    def enter(self, rows: Rows) -> Rows:
        """The rows, kept as what enters φ where it comes first and nothing normalises them in between."""
        if self._product.size == 0:
            self.z = rows
        return rows

    def only(self, kept: Flags) -> Tape:
        """A copy for some of the rows."""
        part = copy.copy(self)
        copies: dict[int, Rows] = {}  # arrays that are one stay one
        for name in ("inputs", "ones", "z", "a", "normal", "scaled", "mask", "own_normal"):
            array = getattr(self, name, None)
            if array is None or len(array) != len(kept):
                continue
            if id(array) not in copies:
                copies[id(array)] = array[kept]
            setattr(part, name, copies[id(array)])
        for name in ("moments", "own_moments"):
            if hasattr(self, name):
                setattr(part, name, Moments(*(_of_rows(moment, kept) for moment in getattr(self, name))))
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
    """Sees a layer's values, block by block; says of what goes on whether all was finite. This one does not look."""

    def preactivations(self, block: Rows) -> None:
        pass

    def activations(self, block: Rows) -> bool:
        return True

    def branch(self, block: Rows) -> None:
        pass

    def stream(self, block: Rows) -> bool:
        return True


NOBODY = Recorder()


class Chunk(NamedTuple):
    """Rows start … stop of a batch; start is a multiple of streams.BLOCK."""

    batch: int
    start: int
    stop: int


def forward(network: Network, layer: Layer, rows: Rows, chunk: Chunk | None, recorder: Recorder, scratch: Scratch,
            tape: Tape | None = None) -> Rows:
    """What the layer makes of `rows`; the recorder sees what enters φ, what leaves it, before dropout, and the stream.

    Without a chunk nothing is drawn: a random activation takes its mean slope. With a tape the result lives there,
    else in the scratch, under the layer's parity, until the layer after the next is computed. Rows of a chunk in which
    nothing is finite are left out unless there is a tape: they cannot say anything about a later layer.
    """
    made, finite = (_matrix_first if layer.part is None else _in_a_block)(network, layer, rows, chunk, recorder,
                                                                          scratch, tape)
    return made if tape or finite or chunk is None else made[np.isfinite(made).any(axis=1)]


def _matrix_first(network: Network, layer: Layer, rows: Rows, chunk: Chunk | None, recorder: Recorder,
                  scratch: Scratch, tape: Tape | None) -> tuple[Rows, bool]:
    """φ(rows @ weights + bias), and whether all of it is finite."""
    z = tape.start(rows) if tape else scratch.get(f"layer{layer.number % 2}", (len(rows), layer.weights.shape[1]),
                                                  rows.dtype)
    return _through_phi(network, layer, _product(layer, rows, z), chunk, recorder, scratch, tape)


def _product(layer: Layer, rows: Rows, out: Rows) -> Rows:
    np.matmul(rows, layer.weights, out=out)
    if layer.bias is not None:
        out += layer.bias
    return out


def _in_a_block(network: Network, layer: Layer, rows: Rows, chunk: Chunk | None, recorder: Recorder,
                scratch: Scratch, tape: Tape | None) -> tuple[Rows, bool]:
    """What the layer of a residual stack makes of the stream, or of a branch and the stream beside it."""
    part, parity, room = layer.part, layer.number % 2, tape.room if tape else scratch.get
    assert part is not None
    units = layer.fans.fan_out
    branch, stream = rows[:, :layer.fans.fan_in], rows if part.begins else rows[:, layer.fans.fan_in:]
    branch = _entered(layer, part, branch, room, tape)
    if part.first:
        a, finite = _through_phi(network, layer, tape.enter(branch) if tape else branch, chunk, recorder, scratch, tape)
        if tape:
            tape.inputs = a
        made = _product(layer, a, room(f"made{parity}", (len(rows), units), rows.dtype))
    else:
        made, finite = _matrix_first(network, layer, branch, chunk, recorder, scratch, tape)
    if not part.skips:
        return made, finite
    out = room(f"stream{parity}", (len(rows), units if part.ends else units + stream.shape[1]), rows.dtype)
    if part.ends:
        return out, _joined(layer, part, made, stream, out, recorder, tape) and finite
    out[:, :units], out[:, units:] = made, stream
    return out, finite


def _entered(layer: Layer, part: Part, stream: Rows, room: Room, tape: Tape | None) -> Rows:
    """What enters a branch: the stream over β, normalised by the rule; a copy wherever it is going to change."""
    norm = part.norm_at(ENTERING)
    changes = part.first and not tape and layer.norm is not None and not layer.normalised_after
    if norm is None and part.divisor == 1 and not changes:
        return stream
    branch = room("entered", stream.shape, stream.dtype)
    np.multiply(stream, stream.dtype.type(1 / part.divisor), out=branch)
    _normalise(norm, branch, tape)
    return branch


def _normalise(norm: BoundNormalization | None, values: Rows, tape: Tape | None) -> None:
    """Normalise the values, in place, as a residual rule has it."""
    if norm is not None:
        moments = norm.apply(values)
        if tape:
            tape.own_normal, tape.own_moments = values, moments


def _joined(layer: Layer, part: Part, made: Rows, stream: Rows, out: Rows, recorder: Recorder,
            tape: Tape | None) -> bool:
    """Write the stream with what the branch adds to it, and say whether it is finite."""
    norm, last = part.norm_at(BRANCH), part.norm_at(STREAM)
    if norm is not None:
        if tape:
            made = np.add(made, 0, out=tape.room("normal", made.shape, made.dtype))
        _normalise(norm, made, tape)
    if tape and layer.alpha is not None:
        tape.branch = made
    finite, alpha = True, out.dtype.type(part.alpha) if layer.alpha is None else layer.alpha[0]
    for branch, before, block in zip(_blocks(made), _blocks(stream), _blocks(out), strict=True):
        added = branch if alpha == 1 else np.multiply(branch, alpha, out=block)
        recorder.branch(added)
        np.add(added, before, out=block)
        if last is None:
            finite &= recorder.stream(block)
    if last is not None:
        _normalise(last, out, tape)
        for block in _blocks(out):
            finite &= recorder.stream(block)
    return finite


def _through_phi(network: Network, layer: Layer, z: Rows, chunk: Chunk | None, recorder: Recorder, scratch: Scratch,
                 tape: Tape | None) -> tuple[Rows, bool]:
    """What leaves a layer's φ, normalised where the stack has it and with dropout, and whether it is finite.

    `z` is overwritten unless there is a tape or φ comes first.
    """
    if not layer.normalised_after:
        z = _normalised(layer, z, tape)
        a, finite = _activated(network, layer, z, chunk, recorder, scratch, tape)
    else:
        a, _ = _activated(network, layer, z, chunk, _PreactivationsOnly(recorder), scratch, tape)
        a = _normalised(layer, a, tape)
        finite = True
        for block in _blocks(a):
            finite &= recorder.activations(block)
    goes_on = layer.number < network.stack.depth or layer.phi_first
    if network.stack.dropout and chunk and goes_on:
        a = _dropped(network, layer, a, chunk, scratch, tape)
    return tape.dropped(a) if tape else a, finite


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
    """The array for the activations: z itself if they fit and z is no stream."""
    return z if layer.activation.pieces == 1 and not layer.phi_first else scratch.get(
        "pieces", (len(z), layer.phi_units[1]), z.dtype)


def _blocks(rows: Rows) -> Iterator[Rows]:
    step = block_rows(rows.shape[1], rows.itemsize)
    return (rows[start:start + step] for start in range(0, len(rows), step))


@dataclass(frozen=True)
class _PreactivationsOnly(Recorder):
    """Hides the activations from a recorder that is to see them after the normalisation."""

    recorder: Recorder

    def preactivations(self, block: Rows) -> None:
        self.recorder.preactivations(block)
