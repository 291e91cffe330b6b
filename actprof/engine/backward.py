"""The way back: from the cotangent (dL/d…) of what leaves a layer to those of its parameters and of what entered it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from actprof.arrays import Rows
from actprof.catalogue.residuals import BRANCH, ENTERING, STREAM
from actprof.catalogue.special import borrowed
from actprof.engine.blocks import Part
from actprof.engine.counting import Scratch, block_rows
from actprof.engine.distributions import norm
from actprof.engine.forward import Chunk, Tape
from actprof.engine.network import Layer

SAFE = 1e-20, 1e30  # sums of squares that float32 takes without a thought


class WeightGradients:
    """Adds in the order of the chunks, whichever thread has them, so that the sums do not depend on the threads.

    A thread with a later chunk waits its turn at each layer. Chunks must be begun in their order, or it waits forever.
    """

    def __init__(self, depth: int, chunks: Sequence[Chunk]) -> None:
        self._stops = {chunk.batch: chunk.stop for chunk in chunks}
        shared = [chunk for chunk in chunks if chunk.start or chunk.stop < self._stops[chunk.batch]]
        self._turn_of = {chunk: turn for turn, chunk in enumerate(shared)}
        self._turns = [0] * depth
        self._sums: list[Rows | None] = [None] * depth
        self._rows = [0] * depth
        self._changed = threading.Condition()
        self._abandoned = False

    def add(self, number: int, chunk: Chunk, part: Rows | None, rows: int) -> float | None:
        """Add a chunk's dL/dW of layer `number`, summed over `rows` rows, or nothing.

        The length of the mean over the batch's rows once it is complete, None before or if there are no rows.
        """
        if chunk not in self._turn_of:
            return None if part is None else length(part) / rows
        place, turn = number - 1, self._turn_of[chunk]
        with self._changed:
            self._changed.wait_for(lambda: self._turns[place] == turn or self._abandoned)
        if self._abandoned:
            raise RuntimeError("another chunk has failed")
        result = self._added(place, chunk, part, rows)
        with self._changed:
            self._turns[place] += 1
            self._changed.notify_all()
        return result

    def abandon(self) -> None:
        """Let nobody wait for a chunk that has failed."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def _added(self, place: int, chunk: Chunk, part: Rows | None, rows: int) -> float | None:
        if chunk.start == 0:
            self._rows[place] = 0
        if part is not None:
            self._sum(place, part)
            self._rows[place] += rows
        if chunk.stop < self._stops[chunk.batch] or not self._rows[place]:
            return None
        total = self._sums[place]
        return None if total is None else length(total) / self._rows[place]

    def _sum(self, place: int, part: Rows) -> None:
        total = self._sums[place]
        if total is None:
            self._sums[place] = part.copy()
        elif self._rows[place]:
            total += part
        else:
            np.copyto(total, part)


def length(matrix: Rows) -> float:
    """√Σ v², in the matrix's own precision while that is safe."""
    flat = matrix.reshape(-1)
    squares = float(flat @ flat)
    return math.sqrt(squares) if SAFE[0] < squares < SAFE[1] else norm(flat.astype(np.float64))


class Gradient(NamedTuple):
    """Arrays for a layer's dL/dW, dL/db, dL/dscale, dL/dshift and dL/dα; what is None is not computed."""

    weights: Rows
    bias: Rows | None = None
    scale: Rows | None = None
    shift: Rows | None = None
    alpha: Rows | None = None


Look = Callable[[Rows], object]  # sees the cotangent, block by block


def backward(layer: Layer, tape: Tape, cotangent: Rows, scratch: Scratch, gradient: Gradient | None = None,
             look: Look | None = None, inputs: bool = True) -> Rows | None:
    """The cotangent of the rows on the tape, given that of what `forward` made of them, which is overwritten.

    It lives in the scratch, under the layer's parity, until the layer below the next is done; without `inputs` it is
    not computed. What the layer trains goes into `gradient`, summed over the rows; `look` sees the cotangent of what
    entered φ, or of what leaves a layer that has φ first or ends a residual block.
    """
    parity = f"cotangent{layer.number % 2}"
    if layer.part is None:
        cotangent = _through_phi(layer, tape, cotangent, scratch, gradient, look)
        return _through_matrix(layer, tape, cotangent, scratch, parity, gradient, inputs)
    if look is not None and layer.seen_after:
        _show(cotangent[:, :layer.fans.fan_out], look)
        look = None
    branch, stream = _apart(layer, layer.part, tape, cotangent, scratch, gradient)
    if layer.phi_first:
        below = _through_matrix(layer, tape, branch, scratch, parity, gradient)
        below = below if below is None else _through_phi(layer, tape, below, scratch, gradient, look)
    else:
        branch = _through_phi(layer, tape, branch, scratch, gradient, look)
        below = _through_matrix(layer, tape, branch, scratch, parity, gradient, inputs)
    return _together(layer.part, tape, below, stream, scratch, f"beside{layer.number % 2}") if inputs else None


def _apart(layer: Layer, part: Part, tape: Tape, cotangent: Rows, scratch: Scratch,
           gradient: Gradient | None) -> tuple[Rows, Rows | None]:
    """The cotangents of what a layer makes of a branch, and of the stream, if that goes past it."""
    if not part.skips:
        return cotangent, None
    if part.norm_at(STREAM):
        _through_own(part, tape, cotangent)
    if gradient is not None and gradient.alpha is not None:
        gradient.alpha[...] = np.vdot(cotangent, tape.branch)
    alpha = part.alpha if layer.alpha is None else layer.alpha[0]
    if part.first and part.ends and alpha == 1 and not part.norm_at(BRANCH):
        return cotangent, cotangent  # the matrix only reads it
    units = layer.fans.fan_out
    branch = scratch.get("branch", (len(cotangent), units), cotangent.dtype)
    np.multiply(cotangent[:, :units], cotangent.dtype.type(alpha), out=branch)
    if part.norm_at(BRANCH):
        _through_own(part, tape, branch)
    return branch, cotangent if part.ends else cotangent[:, units:]


def _together(part: Part, tape: Tape, below: Rows | None, stream: Rows | None, scratch: Scratch,
              name: str) -> Rows | None:
    """The cotangent of a layer's rows: the sum of both where a branch begins, else one beside the other."""
    if below is None:
        return None
    if not part.begins:
        assert stream is not None
        both = scratch.get(name, (len(below), below.shape[1] + stream.shape[1]), below.dtype)
        return np.concatenate([below, stream], axis=1, out=both)
    if part.norm_at(ENTERING):
        _through_own(part, tape, below)
    if part.divisor != 1:
        below *= below.dtype.type(1 / part.divisor)
    if stream is not None:
        below += stream
    return below


def _through_own(part: Part, tape: Tape, cotangent: Rows) -> None:
    """Change the cotangent, in place, to that of what entered the normalisation of a residual rule."""
    assert part.norm is not None
    part.norm.backward(tape.own_normal, tape.own_moments, cotangent)


def _through_matrix(layer: Layer, tape: Tape, cotangent: Rows, scratch: Scratch, name: str, gradient: Gradient | None,
                    inputs: bool = True) -> Rows | None:
    """The cotangent of what the matrix multiplied, if that is asked for."""
    if gradient is not None:
        np.matmul(tape.inputs.T, cotangent, out=gradient.weights)
        if gradient.bias is not None:
            np.dot(tape.ones, cotangent, out=gradient.bias)
    if not inputs:
        return None
    return np.matmul(cotangent, layer.weights.T, out=scratch.get(name, tape.inputs.shape, cotangent.dtype))


def _through_phi(layer: Layer, tape: Tape, cotangent: Rows, scratch: Scratch, gradient: Gradient | None,
                 look: Look | None) -> Rows:
    """The cotangent of what came to φ and its normalisation, given that of what left them and dropout."""
    if tape.mask is not None:
        cotangent *= tape.mask
    if layer.normalised_after:
        _through_normalisation(layer, tape, cotangent, gradient)
    cotangent = _through_activation(layer, tape, cotangent, scratch, look)
    if not layer.normalised_after:
        _through_normalisation(layer, tape, cotangent, gradient)
    return cotangent


def _show(cotangent: Rows, look: Look) -> None:
    """Have the cotangent looked at in blocks."""
    step = block_rows(cotangent.shape[1], cotangent.itemsize)
    for start in range(0, len(cotangent), step):
        look(cotangent[start:start + step])


def _through_activation(layer: Layer, tape: Tape, cotangent: Rows, scratch: Scratch, look: Look | None) -> Rows:
    """φ'(z) times the cotangent, over it if it fits, in blocks that are looked at while in the cache."""
    shape = tape.z.shape
    before = cotangent if cotangent.shape == shape else scratch.get("cotangent", shape, cotangent.dtype)
    step = block_rows(before.shape[1], before.itemsize)
    for start in range(0, len(before), step):
        part = slice(start, start + step)
        layer.activation.backpropagate(tape.z[part], tape.a[part], cotangent[part], before[part])
        if look is not None:
            look(before[part])
    return before


def _through_normalisation(layer: Layer, tape: Tape, cotangent: Rows, gradient: Gradient | None) -> None:
    """Change the cotangent, in place, to that of what entered the normalisation."""
    if layer.norm is None:
        return
    if gradient is not None and gradient.scale is not None:
        with borrowed(cotangent, 1) as (product,):
            np.dot(tape.ones, np.multiply(cotangent, tape.normal, out=product), out=gradient.scale)
    if gradient is not None and gradient.shift is not None:
        np.dot(tape.ones, cotangent, out=gradient.shift)
    if layer.scale is not None:
        cotangent *= layer.scale
    layer.norm.backward(tape.normal, tape.moments, cotangent)
