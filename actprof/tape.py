"""What a layer's forward pass leaves for its way back: arrays for batches of one size, allocated once."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.network import Layer
from actprof.normalizations import Moments

Rows = NDArray[Any]


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
        """With `sparing`, a takes the place of z where the way back does not need z."""
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
        """Where the matrix product of these inputs goes."""
        self.inputs = rows
        return self._product

    def only(self, kept: NDArray[np.bool_]) -> Tape:
        """A copy for some of the rows."""
        part = copy.copy(self)
        copies: dict[int, Rows] = {}  # arrays that are one stay one
        for name in ("inputs", "ones", "z", "a", "normal", "scaled"):
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


def _of_rows(moment: Rows, kept: NDArray[np.bool_]) -> Rows:
    """What belongs to the rows that are kept, of a moment that is of each row or of all."""
    return moment[kept] if moment.ndim == 2 and moment.shape == (len(kept), 1) else moment
