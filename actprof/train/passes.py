"""All parameters of a network in one vector, and their gradient in another: an optimizer sees two flat arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.network import Layer, Network

Rows = NDArray[Any]
Shapes = dict[str, tuple[int, ...]]

START = {"weights": 0.0, "bias": 0.0, "scale": 1.0, "shift": 0.0}
"""What a layer can train → where it starts if the layer has no array of it; in the order of the vector."""


@dataclass(frozen=True)
class Gradient:
    """Where a layer's dL/dW, dL/db, dL/dscale and dL/dshift go; what is None is not computed."""

    weights: Rows
    bias: Rows | None = None
    scale: Rows | None = None
    shift: Rows | None = None


@dataclass(frozen=True)
class Parameters:
    """Two vectors of the same layout, and the network's layers as views into them.

    Attributes:
        values: all weights, then all biases, scales and shifts.
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


def trainable(network: Network) -> Parameters:
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
                              shift=views.get("shift"), parameters=sum(view.size for view in views.values())))
    return Parameters(values, gradient, tuple(placed), tuple(Gradient(**views) for views in _views(gradient, shapes)),
                      sum(layer.weights.size for layer in layers))


def _shapes(layer: Layer) -> Shapes:
    """What the layer trains → its shape."""
    trained = ("scale", "shift")[:layer.norm.trained] if layer.norm else ()
    return {"weights": layer.weights.shape, "bias": (layer.weights.shape[1],),
            **dict.fromkeys(trained, (layer.normalised_units,))}


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
