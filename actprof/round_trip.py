"""Chunks of rows through all layers of a network and back, with counters of what goes up and what comes down."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.backpropagation import backward
from actprof.counting import Counter, Scratch
from actprof.gradient_scales import GradientScale, draw_cotangent, finite_rows, scale_by_power
from actprof.gradients import LayerGradient
from actprof.network import Layer, Network
from actprof.parameters import Gradient
from actprof.propagation import NOBODY, Chunk, Recorder, forward
from actprof.tape import Tape
from actprof.weight_gradients import WeightGradients

Rows = NDArray[Any]


class RoundTrip:
    """The way up and back for all chunks of one network, on any number of threads that begin them in order."""

    def __init__(self, network: Network, layers: Sequence[Layer], scales: Sequence[GradientScale],
                 chunks: Sequence[Chunk]) -> None:
        self._network, self._layers, self._scales = network, layers, scales
        self._weights = WeightGradients(len(layers), chunks)
        self._of_thread = threading.local()  # its tapes: rows → one for each layer

    def go(self, rows: Rows, chunk: Chunk, recorders: Sequence[Recorder], scratch: Scratch) -> list[LayerGradient]:
        """Take the chunk's rows through all layers and back."""
        try:
            tapes = self._tapes(len(rows))
            outputs, all_finite = self._up(rows, chunk, tapes, recorders, scratch)
            cotangent = scratch.get("drawn", outputs.shape, outputs.dtype)
            draw_cotangent(self._network, chunk, cotangent)
            if not all_finite:
                kept = finite_rows(tapes, outputs)
                tapes, cotangent = [tape.only(kept) for tape in tapes], cotangent[kept]
            return self._back(cotangent, chunk, tapes, scratch)
        except BaseException:
            self._weights.abandon()
            raise

    def _up(self, rows: Rows, chunk: Chunk, tapes: Sequence[Tape], recorders: Sequence[Recorder],
            scratch: Scratch) -> tuple[Rows, bool]:
        """What the last layer gives, and whether all was finite; the recorders see what they would without tapes."""
        counted: Rows | None = None  # from where something is lost on, what is left for the recorders
        for layer, tape, recorder in zip(self._layers, tapes, recorders, strict=True):
            watch = _Watch(recorder)
            rows = forward(self._network, layer, rows, chunk, NOBODY if counted is not None else watch, scratch, tape)
            if counted is not None and len(counted):
                counted = forward(self._network, layer, counted, chunk, recorder, scratch)
            elif not watch.finite:
                counted = rows[np.isfinite(rows).any(axis=1)]
        return rows, counted is None

    def _back(self, cotangent: Rows, chunk: Chunk, tapes: Sequence[Tape], scratch: Scratch) -> list[LayerGradient]:
        found: list[LayerGradient] = []
        rows = len(cotangent)
        for layer, tape, scale in zip(reversed(self._layers), reversed(tapes), reversed(self._scales), strict=True):
            counter = Counter(layer.weights.shape[1], scale.bins, scratch, atoms=_atoms(layer))
            weights = None
            if rows:
                scale_by_power(cotangent, scale.shift)
                weights = scratch.get("weights", layer.weights.shape, cotangent.dtype)
                below = backward(layer, tape, cotangent, scratch, Gradient(weights), counter.add, layer.number > 1)
                cotangent = cotangent if below is None else below
            size = self._weights.add(layer.number, chunk, weights, rows)
            found.append(LayerGradient(counter.distribution(), scale.exponent, size or 0.0, int(size is not None)))
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
    return (0.0,) if layer.activation.atoms or layer.activation.pieces > 1 else ()


class _Watch:
    """A recorder that passes everything on and remembers whether all activations were finite."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.finite = True

    def preactivations(self, block: Rows) -> None:
        self._recorder.preactivations(block)

    def activations(self, block: Rows) -> bool:
        finite = self._recorder.activations(block)
        self.finite &= finite
        return finite
