"""All parameters of a network in one vector, and their gradient in another: an optimizer sees two flat arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat

import numpy as np

from actprof.arrays import Rows
from actprof.catalogue.normalizations import MOMENTUM, Moments, blend
from actprof.engine.backward import Gradient, backward
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, Dropout, Recorder, Tape, forward
from actprof.engine.network import Layer, Network

Shapes = dict[str, tuple[int, ...]]

START = {"weights": 0.0, "bias": 0.0, "scale": 1.0, "shift": 0.0, "alpha": 0.0}
"""What a layer can train → where it starts if the layer has no array of it; in the order of the vector."""


@dataclass(frozen=True)
class Parameters:
    """Two vectors of the same layout, and the network's layers as views into them.

    Attributes:
        values: all weights, then all biases, scales, shifts and α.
        gradient: dL/dvalues.
        layers: compute on `values`: what an optimizer changes there in place, they have.
        gradients: views into `gradient`, one for each layer.
        weights: how many of the values, from the first on, are weights: what weight decay is for.
    """

    values: Rows
    gradient: Rows
    layers: tuple[Layer, ...]
    gradients: tuple[Gradient, ...]
    weights: int


def parameters_of(network: Network) -> Parameters:
    """The network's parameters; its last layer, whose outputs are scores, is not normalised."""
    *hidden, last = (network.layer(number) for number in range(1, network.stack.depth + 1))
    return lay_out([*hidden, replace(last, norm=None)])


def lay_out(layers: Sequence[Layer]) -> Parameters:
    """Copies of the layers that train weights, biases and what their normalisation has, in one vector."""
    shapes = [_shapes(layer) for layer in layers]
    size = sum(math.prod(shape) for named in shapes for shape in named.values())
    values, gradient = np.empty(size, layers[0].weights.dtype), np.zeros(size, layers[0].weights.dtype)
    placed = []
    for layer, views in zip(layers, _views(values, shapes), strict=True):
        for name, view in views.items():
            known = getattr(layer, name)
            view[...] = START[name] if known is None else known
        placed.append(replace(layer, weights=views["weights"], bias=views["bias"], scale=views.get("scale"),
                              shift=views.get("shift"), alpha=views.get("alpha"),
                              parameters=sum(view.size for view in views.values())))
    return Parameters(values, gradient, tuple(placed), tuple(Gradient(**views) for views in _views(gradient, shapes)),
                      sum(layer.weights.size for layer in layers))


def _shapes(layer: Layer) -> Shapes:
    """What the layer trains → its shape."""
    trained = ("scale", "shift")[:layer.norm.trained] if layer.norm else ()
    return {"weights": layer.weights.shape, "bias": (layer.weights.shape[1],),
            **dict.fromkeys(trained, (layer.normalised_units,)), **({} if layer.alpha is None else {"alpha": (1,)})}


def _views(vector: Rows, shapes: Sequence[Shapes]) -> list[dict[str, Rows]]:
    """The vector cut up, one thing after the other, each for all layers."""
    views: list[dict[str, Rows]] = [{} for _ in shapes]
    start = 0
    for name in START:
        for view, named in zip(views, shapes, strict=True):
            if name in named:
                stop = start + math.prod(named[name])
                view[name] = vector[start:stop].reshape(named[name])
                start = stop
    return views


class TrainableNetwork:
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
