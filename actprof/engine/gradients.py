"""Gradients of a layer, mergeable, and the table of statistics derived from them."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from actprof.arrays import Flags, Rows
from actprof.digits import power_of_ten
from actprof.engine.backward import Look, backward
from actprof.engine.bins import Bins, Extent, bins_over, lay
from actprof.engine.counting import Scratch
from actprof.engine.distributions import Distribution, Statistic
from actprof.engine.forward import NOBODY, Chunk, Tape, forward
from actprof.engine.inputs import Inputs
from actprof.engine.network import Layer, Network
from actprof.engine.pilot import MIN_ROWS, PILOT_VALUES, extent_of
from actprof.engine.spec import RunSpec
from actprof.streams import BLOCK, COTANGENT, stream

DECADES_PER_POWER = math.log10(2)

MAX_POWER = 1000  # values between 2**-MAX_POWER and 2**MAX_POWER keep all their digits in float64


@dataclass(frozen=True)
class LayerGradient:
    """dL/dz and dL/dW of one layer, for a random cotangent N(0, 1) of what leaves the last layer.

    All in units of 2**exponent: a few hundred layers take a gradient beyond every float.

    Attributes:
        scaled: the distribution of dL/dz.
        weight_length: root of the sum over the batches of ‖dL/dW‖², L being the mean over the rows of the batch; a
            root, because squares overflow and underflow long before the values do.
        batches: how many batches these are.
        cosines: sum of the cosines between dL/dz of a batch's first samples, for one and the same cotangent.
        pairs: how many cosines these are.
    """

    scaled: Distribution
    exponent: int = 0
    weight_length: float = 0.0
    batches: int = 0
    cosines: float = 0.0
    pairs: int = 0

    def merge(self, other: LayerGradient) -> LayerGradient:
        """The gradient of both sets of samples; ValueError if they are in different units."""
        if self.exponent != other.exponent:
            raise ValueError("gradients in different units cannot be merged")
        return LayerGradient(self.scaled.merge(other.scaled), self.exponent,
                             math.hypot(self.weight_length, other.weight_length), self.batches + other.batches,
                             self.cosines + other.cosines, self.pairs + other.pairs)

    @cached_property
    def log10_rms(self) -> float:
        """log₁₀ of the root mean square of dL/dz: -inf where it is 0 throughout, NaN where nothing finite was seen."""
        return self._log10(math.hypot(self.scaled.std, self.scaled.mean))

    @property
    def correlation(self) -> float:
        """Mean cosine between different samples' dL/dz for the same dL/d(outputs); NaN where none was taken."""
        return self.cosines / self.pairs if self.pairs else math.nan

    @cached_property
    def log10_weight_norm(self) -> float:
        """log₁₀ of ‖dL/dW‖ (Frobenius), root mean square over the batches."""
        return self._log10(self.weight_length / math.sqrt(self.batches) if self.batches else math.nan)

    @cached_property
    def representable(self) -> bool:
        """Whether float64 can hold the histogram's edges in units of 1."""
        if not self.exponent:
            return True
        edges = self.scaled.histogram.edges
        least, most = (math.frexp(size)[1] + self.exponent for size in (edges[1] - edges[0], np.abs(edges).max()))
        return least > -MAX_POWER and most < MAX_POWER

    @property
    def distribution(self) -> Distribution:
        """The distribution of dL/dz in units of 1, or as it was counted where float64 cannot hold that."""
        if not self.exponent or not self.representable:
            return self.scaled
        return self.scaled.rescaled(self.exponent)

    def _log10(self, size: float) -> float:
        if size == 0:
            return -math.inf
        return math.log10(size) + self.exponent * DECADES_PER_POWER


def log10_ratio(gradient: LayerGradient, last: LayerGradient) -> float:
    """log₁₀ of the ratio of the root mean squares; NaN where the last layer's is 0."""
    below = last.log10_rms
    return gradient.log10_rms - below if math.isfinite(below) else math.nan


def log10_norm_ratio(gradient: LayerGradient, last: LayerGradient) -> float:
    """log₁₀ of ‖dL/dz‖ of a sample over that in the last layer (root mean squares over samples)."""
    units = (len(each.scaled.moments.means) for each in (gradient, last))
    return log10_ratio(gradient, last) + math.log10(operator.truediv(*units)) / 2


def ten_to(exponent: float) -> float:
    """10**exponent; NaN where float64 has no such number."""
    if exponent == -math.inf:
        return 0.0
    return 10.0**exponent if abs(exponent) < 307 else math.nan


# The statistics that gradients have beside distributions.STATISTICS.
GRADIENT_STATISTICS = [
    Statistic("rms", "root mean square of dL/dz", lambda g, last: ten_to(g.log10_rms)),
    Statistic("log10_rms", "its logarithm"),
    Statistic("ratio", "rms over samples and units, over that of the last layer",
              lambda g, last: ten_to(log10_ratio(g, last))),
    Statistic("log10_ratio", "its logarithm", log10_ratio, header="gradient\nratio", format=power_of_ten),
    Statistic("norm_ratio", "norm of a sample's dL/dz over that in the last layer",
              lambda g, last: ten_to(log10_norm_ratio(g, last))),
    Statistic("log10_norm_ratio", "its logarithm", log10_norm_ratio),
    Statistic("correlation", "mean cosine between different samples' dL/dz, for the same gradient of the outputs",
              lambda g, last: g.correlation, header="corre-\nlation"),
    Statistic("weight_norm", "‖dL/dW‖ for the mean loss of a batch", lambda g, last: ten_to(g.log10_weight_norm)),
    Statistic("log10_weight_norm", "its logarithm", header="weight\ngradient", format=power_of_ten),
]


COMFORT = 12  # powers of two that a layer's gradients may be away from 1 before they are scaled

# Bytes of a float → powers of two that a layer is scaled by at most: a factor that such a float can hold.
MAX_SHIFT = {4: 100, 8: 900}


class GradientScale(NamedTuple):
    """The unit and the bins in which a layer's gradients are counted.

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


def finite_rows(tapes: Sequence[Tape], outputs: Rows) -> Flags:
    """Which rows were finite all the way."""
    finite = np.ones(len(outputs), np.bool_)
    for values in (*(tape.inputs for tape in tapes), outputs):
        finite &= np.isfinite(values).all(axis=1)
    return finite


MAX_COMPARED = 32  # samples of a batch whose gradients are compared with each other


def cosines(layers: Sequence[Layer], tapes: Sequence[Tape], among: Flags, cotangent: Rows,
            scratch: Scratch) -> list[tuple[float, int]]:
    """(sum of the cosines between dL/dz of some of the samples, how many) of each layer, for rows of one cotangent.

    As in Balduzzi et al. 2017: with one direction of the outputs for all samples their gradients differ by φ' alone.
    Each row is kept near 1 on its way, which no cosine sees. Units alone have none, nor have samples that a
    normalisation mixes: one cotangent for all moves nothing that has a mean of 0.
    """
    found = []
    for layer, tape in zip(reversed(layers), reversed(tapes), strict=True):
        seen: list[Rows] = []
        below = backward(layer, tape.only(among), _near_one(cotangent), scratch, look=_copied(seen),
                         inputs=layer.number > 1)
        rows = _near_one(np.concatenate(seen).astype(np.float64))
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        alive = lengths[:, 0] > 0
        together, count = (rows[alive] / lengths[alive]).sum(axis=0), int(alive.sum())
        several = count if rows.shape[1] > 1 and np.isfinite(lengths).all() else 0
        found.append((float(together @ together) - count if several else 0.0, several * (several - 1)))
        cotangent = cotangent if below is None else below
    return found[::-1]


def _copied(seen: list[Rows]) -> Look:
    return lambda block: seen.append(block.copy())


def _near_one(rows: Rows) -> Rows:
    """The rows, each over its largest size."""
    sizes = np.abs(rows).max(axis=1, keepdims=True)
    return rows / np.where(sizes > 0, sizes, 1)


def scale_by_power(values: Rows, power: int) -> None:
    """Multiply the values by 2**power, in place."""
    if power:
        values *= values.dtype.type(math.ldexp(1.0, power))


def _scales(network: Network, inputs: Inputs, run: RunSpec) -> list[GradientScale]:
    wanted = min(max(MIN_ROWS, PILOT_VALUES // max(network.stack.widths)), BLOCK)
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
    most = MAX_SHIFT[cotangent.itemsize]
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
