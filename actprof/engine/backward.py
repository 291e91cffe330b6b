"""The way back: from the cotangent (dL/d…) of what leaves a layer to those of its parameters and of what entered it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.buffers import borrowed
from actprof.counting import Scratch, block_rows
from actprof.network import Layer, Network
from actprof.normalizations import MOMENTUM, Moments, blend
from actprof.parameters import Gradient, Parameters
from actprof.propagation import NOBODY, Chunk, Recorder, forward
from actprof.tape import Dropout, Tape

Rows = NDArray[Any]
Look = Callable[[Rows], object]
"""Sees dL/dz, block by block."""


def backward(layer: Layer, tape: Tape, cotangent: Rows, scratch: Scratch, gradient: Gradient | None = None,
             look: Look | None = None, inputs: bool = True) -> Rows | None:
    """The cotangent of the rows on the tape, given that of what `forward` made of them, which is overwritten.

    It lives in the scratch, under the layer's parity, until the layer below the next is done; without `inputs` it is
    not computed. What the layer trains goes into `gradient`, summed over the rows; `look` sees the cotangent of what
    entered φ.
    """
    if tape.mask is not None:
        cotangent *= tape.mask
    if layer.normalised_after:
        _through_normalisation(layer, tape, cotangent, gradient)
    cotangent = _through_activation(layer, tape, cotangent, scratch, look)
    if not layer.normalised_after:
        _through_normalisation(layer, tape, cotangent, gradient)
    if gradient is not None:
        np.matmul(tape.inputs.T, cotangent, out=gradient.weights)
        if gradient.bias is not None:
            np.dot(tape.ones, cotangent, out=gradient.bias)
    if not inputs:
        return None
    below = scratch.get(f"cotangent{layer.number % 2}", tape.inputs.shape, cotangent.dtype)
    return np.matmul(cotangent, layer.weights.T, out=below)


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
    """In place: the cotangent of what entered the normalisation."""
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


class Passes:
    """A network's forward and backward passes over its trained parameters; dropout after all layers but the last.

    Moments of a normalisation over the batch run along for `evaluate`: the mean of the first batches' own, later a
    mean that forgets; of their variance the population's, so that a batch seen alone gives the same either way.
    """

    def __init__(self, network: Network, parameters: Parameters, dropout: Dropout | None = None) -> None:
        self._network, self._parameters, self._dropout = network, parameters, dropout
        self._scratch = Scratch()
        self._tapes: dict[int, list[Tape]] = {}
        self._current: list[Tape] = []
        self._batches = 0
        self._running = [_running(layer) for layer in parameters.layers]
        self._evaluated = tuple(replace(layer, moments=moments)
                                for layer, moments in zip(parameters.layers, self._running, strict=True))

    def forward(self, rows: Rows, batch: int) -> Rows:
        """What the last layer makes of a batch in training, until the next call; the number sets what is drawn."""
        self._current = self._tapes.get(len(rows)) or self._taped(len(rows))
        chunk = Chunk(batch, 0, len(rows))
        with np.errstate(all="ignore"):
            for layer, tape in zip(self._parameters.layers, self._current, strict=True):
                rows = forward(self._network, layer, rows, chunk, NOBODY, self._scratch, tape)
            self._run_along()
        return rows

    def backward(self, cotangent: Rows, inputs: bool = False) -> Rows | None:
        """Fill the gradient, given dL/d(what `forward` gave), which is overwritten; dL/d(its rows) on demand."""
        layers, gradients = self._parameters.layers, self._parameters.gradients
        with np.errstate(all="ignore"):
            for place in reversed(range(1, len(layers))):
                below = backward(layers[place], self._current[place], cotangent, self._scratch, gradients[place])
                assert below is not None
                cotangent = below
            return backward(layers[0], self._current[0], cotangent, self._scratch, gradients[0], inputs=inputs)

    def evaluate(self, rows: Rows, recorders: Sequence[Recorder] = ()) -> Rows:
        """What the last layer makes of rows that it is not trained on, until the next call: nothing is drawn.

        Each of the first layers is seen by a recorder, as far as there are some. Before the first batch the rows'
        own moments stand for those that run along.
        """
        layers = self._evaluated if self._batches else self._parameters.layers
        with np.errstate(all="ignore"):
            for layer, recorder in zip(layers, chain(recorders, repeat(NOBODY)), strict=False):
                rows = forward(self._network, layer, rows, None, recorder, self._scratch)
        return rows

    def _taped(self, rows: int) -> list[Tape]:
        *hidden, last = self._parameters.layers
        self._tapes[rows] = [*(Tape(layer, rows, self._dropout) for layer in hidden), Tape(last, rows)]
        return self._tapes[rows]

    def _run_along(self) -> None:
        self._batches += 1
        for running, tape in zip(self._running, self._current, strict=True):
            if running is not None:
                blend(running, tape.moments, max(MOMENTUM, 1 / self._batches))


def _running(layer: Layer) -> Moments | None:
    if layer.norm is None or not layer.norm.whole_batch:
        return None
    return Moments(np.zeros((1, layer.normalised_units)), np.ones((1, layer.normalised_units)))
