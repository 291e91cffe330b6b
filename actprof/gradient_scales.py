"""A first look at the gradients of a few rows: in which units each layer's are counted, and between which edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.backpropagation import Look, backward
from actprof.bins import Bins, Extent, bins_over, lay
from actprof.counting import Scratch
from actprof.inputs import Inputs
from actprof.network import Layer, Network
from actprof.pilot import LEAST_ROWS, PILOT_VALUES, extent_of
from actprof.propagation import NOBODY, Chunk, forward
from actprof.spec import RunSpec
from actprof.streams import BLOCK, COTANGENT, stream
from actprof.tape import Tape

Rows = NDArray[Any]

COMFORT = 12
"""Powers of two that a layer's gradients may be away from 1 before they are scaled."""

MOST_SHIFT = {4: 100, 8: 900}
"""Bytes of a float → powers of two that a layer is scaled by at most: a factor that such a float can hold."""


@dataclass(frozen=True)
class GradientScale:
    """How a layer's gradients are counted.

    Attributes:
        shift: the power of two that the cotangent of what leaves the layer is multiplied by.
        exponent: the unit of what is counted is 2**exponent: it undoes the shifts from the last layer down to here.
        bins: in that unit.
    """

    shift: int
    exponent: int
    bins: Bins


def lay_gradient_scales(networks: Sequence[Network], inputs: Inputs, run: RunSpec) -> list[list[GradientScale]]:
    """The scales of every layer of every network; bins are symmetric about 0, each layer has its own."""
    return [_scales(network, inputs, run) for network in networks]


def draw_cotangent(network: Network, chunk: Chunk, out: Rows) -> None:
    """Fill with dL/d(what the last layer gives) of the chunk's rows: each block of rows has a stream of its own."""
    for first in range(0, len(out), BLOCK):
        rng = stream(network.seed, COTANGENT, network.repeat, chunk.batch, (chunk.start + first) // BLOCK)
        rng.standard_normal(out=out[first:first + BLOCK], dtype=out.dtype)


def finite_rows(tapes: Sequence[Tape], outputs: Rows) -> NDArray[np.bool_]:
    """Which rows were finite all the way."""
    finite = np.ones(len(outputs), np.bool_)
    for values in (*(tape.inputs for tape in tapes), outputs):
        finite &= np.isfinite(values).all(axis=1)
    return finite


def scale_by_power(values: Rows, power: int) -> None:
    """In place: 2**power times the values."""
    if power:
        values *= values.dtype.type(math.ldexp(1.0, power))


def _scales(network: Network, inputs: Inputs, run: RunSpec) -> list[GradientScale]:
    wanted = min(max(LEAST_ROWS, PILOT_VALUES // max(network.stack.widths)), BLOCK)
    chunk = Chunk(0, 0, min(inputs.batch_rows(0), wanted))
    seen_all = chunk.stop == inputs.batch_rows(0) and inputs.batches == 1 and run.repeats == 1
    scratch, layers = Scratch(), [network.layer(number) for number in range(1, network.stack.depth + 1)]
    tapes, cotangent = _there(network, layers, inputs.rows(0, 0, chunk.stop), chunk, scratch)
    scales: list[GradientScale] = []
    exponent = 0
    for layer, tape in zip(reversed(layers), reversed(tapes), strict=True):
        shift = _shift(cotangent)
        scale_by_power(cotangent, shift)
        exponent -= shift
        seen: list[Extent | None] = []
        below = (backward(layer, tape, cotangent, scratch, look=_noted(seen), inputs=layer.number > 1)
                 if len(cotangent) else None)
        size = max((extent.size for extent in seen if extent), default=0.0)
        scales.insert(0, GradientScale(shift, exponent, _bins(size, exponent, run, seen_all)))
        cotangent = cotangent if below is None else below
    return scales


def _there(network: Network, layers: Sequence[Layer], rows: Rows, chunk: Chunk,
           scratch: Scratch) -> tuple[list[Tape], Rows]:
    """The tapes of the rows that stay finite, and a cotangent for them."""
    tapes = [Tape(layer, len(rows), sparing=True) for layer in layers]
    for layer, tape in zip(layers, tapes, strict=True):
        rows = forward(network, layer, rows, chunk, NOBODY, scratch, tape)
    kept, cotangent = finite_rows(tapes, rows), np.empty_like(rows)
    draw_cotangent(network, chunk, cotangent)
    if kept.all():
        return tapes, cotangent
    return [tape.only(kept) for tape in tapes], cotangent[kept]


def _shift(cotangent: Rows) -> int:
    """The power of two that brings the values, if they are far away, near 1."""
    extent = extent_of(cotangent) if cotangent.size else None
    if extent is None or not extent.size:
        return 0
    power = -math.frexp(extent.size)[1]
    most = MOST_SHIFT[cotangent.itemsize]
    return max(-most, min(most, power)) if abs(power) > COMFORT else 0


def _noted(seen: list[Extent | None]) -> Look:
    return lambda block: seen.append(extent_of(block))


def _bins(size: float, exponent: int, run: RunSpec, seen_all: bool) -> Bins:
    """Bins from -size to size, or where they were asked for as far as float64 can say that."""
    dtype = np.dtype(run.dtype)
    if not isinstance(run.range, str):
        low, high = (float(np.ldexp(edge, -exponent)) for edge in run.range)
        if math.isfinite(low) and math.isfinite(high) and low < high and high - low > np.finfo(np.float64).tiny * 1e6:
            return bins_over(low, high, run.bins, dtype)
    return lay([Extent(-size, size)], run.bins, dtype, seen_all)
