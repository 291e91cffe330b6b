"""Equal bins that an index can be computed for, and where to lay them.

`Bins` says exactly which values fall into which bin in the working dtype: its edges are the smallest floats that the
index puts into the next bin, so the counts equal those of numpy.histogram over these edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from actprof.arrays import Array, Floats

# Empty bins that may be left at the upper end, so that the edges fall where they cut no narrow layer in two.
SPARE = range(5)

# A layer that reaches more than this many times as far as the inputs and the mildest arm's first layer has exploded:
# the shared range does not follow it, for that would squeeze the others into a single bar.
EXPLODED = 6.0

UNSEEN = 0.15  # margin on each side for values that the pilot did not see
NEAR_CONSTANT = 1e-3  # the range of a constant layer reaches this share of its value to both sides


class Extent(NamedTuple):
    """The range of one layer's values, a few far outliers left out."""

    low: float
    high: float

    @property
    def size(self) -> float:
        return max(abs(self.low), abs(self.high))


EVERYWHERE = Extent(-math.inf, math.inf)


@dataclass(frozen=True)
class Bins:
    """`count` equal bins over [low, high], each a whole number place = floor((x - offset)·scale), taken in `dtype`."""

    low: float
    high: float
    count: int
    dtype: np.dtype[Any]

    @cached_property
    def scale(self) -> float:
        return self.count / (self.high - self.low)

    @cached_property
    def first(self) -> int:
        """Place of the first bin: not 0 when 0 is an edge, for then no offset has to be subtracted, and 0 is exact.

        Small enough that the code of a pair of places, up to place·(PAIRED_BINS + 1), is exact in float32.
        """
        place = self.low * self.scale
        return round(place) if abs(place) < 2**15 and abs(place - round(place)) < 1e-9 else 0

    @cached_property
    def offset(self) -> float:
        """The number subtracted before scaling; 0 when 0 is an edge."""
        return 0.0 if self.first or self.low == 0 else self.low

    def place(self, values: Array, out: Array) -> None:
        """Write the place of each value, as a float: below `first` or from `first + count` on for values outside."""
        source = values
        if self.offset:
            np.subtract(values, self.dtype.type(self.offset), out=out)
            source = out
        np.multiply(source, self.dtype.type(self.scale), out=out)
        np.floor(out, out=out)

    @cached_property
    def edges(self) -> Floats:
        """(count + 1,) edges: low, then the smallest float of each next bin, then high."""
        inner = self.first + np.arange(1, self.count)
        edges = np.concatenate([[self.low], self._settled(self.offset + inner / self.scale, inner), [self.high]])
        edges.flags.writeable = False
        return edges

    def _settled(self, guess: Floats, places: Array) -> Floats:
        """Move each guess to the smallest float that has that place."""
        edges = guess.astype(self.dtype)
        index = np.empty_like(edges)
        for direction in (math.inf, -math.inf):
            for _ in range(64):
                probe = edges if direction > 0 else np.nextafter(edges, self.dtype.type(-math.inf))
                self.place(probe, index)
                wrong = (index < places) if direction > 0 else (index >= places) & (edges != 0)
                if not wrong.any():
                    break
                edges[wrong] = np.nextafter(edges[wrong], self.dtype.type(direction))
        return edges.astype(np.float64)


def lay(extents: Iterable[Extent], count: int, dtype: np.dtype[Any], seen_all: bool = True, *,
        image: Extent = EVERYWHERE, zero_edge: bool = False) -> Bins:
    """Bins that cover the extents; one that is narrower than a bin stays in one bin wherever that is possible.

    Values that are never negative start at an edge at 0 if they come near it; values about as far below 0 as above get
    a symmetric range.

    Args:
        seen_all: no value beyond the extents is to be expected; otherwise there is a margin for it.
        image: what the values cannot leave, margin or not.
        zero_edge: 0 is to be an edge, because values that are never negative share the bins with others.
    """
    panels = list(extents) or [Extent(-1.0, 1.0)]
    low, high = min(e.low for e in panels), max(e.high for e in panels)
    if not seen_all:
        margin = UNSEEN * (high - low)
        floor = 0.0 if low >= 0 else min(image.low, low)
        low, high = max(low - margin, floor), min(high + margin, max(image.high, high))
    if 0 <= low < high / 4:
        low = 0.0
    if low < 0 < high and min(-low, high) > max(-low, high) / 2:
        low, high = -max(-low, high), max(-low, high)
    low, high = _spread(low, high, dtype)
    if zero_edge and low < 0 < high and count > 1:
        return bins_over(*_edge_at_zero(low, high, count), count, dtype)
    options = [(low, low + (high - low) * (count / (count - spare))) for spare in SPARE if spare < count]
    low, high = min(options, key=lambda option: _cuts(panels, option[0], option[1], count))
    return bins_over(low, high, count, dtype)


def bins_over(low: float, high: float, count: int, dtype: np.dtype[Any]) -> Bins:
    """Bins over exactly [low, high], computed in float64 where the working dtype would overflow or is too coarse."""
    size, width = max(abs(low), abs(high)), (high - low) / count
    known = np.finfo(dtype)
    fits = size < float(known.max) / 8 and width > max(float(known.tiny) * 8, 4 * float(known.eps) * size)
    return Bins(low, high, count, dtype if fits else np.dtype(np.float64))


def shared_extents(arms: Sequence[Sequence[Extent]], inputs: Extent) -> list[Extent]:
    """The extents of all layers of all arms, but for those that have exploded."""
    usual = max(inputs.size, min((arm[0].size for arm in arms if arm), default=0.0))
    return [extent for arm in arms for extent in arm if extent.size <= EXPLODED * usual]


def _edge_at_zero(low: float, high: float, count: int) -> tuple[float, float]:
    """The least widening of [low, high] that puts an edge of `count` bins at 0."""
    below = min(max(round(count * -low / (high - low)), 1), count - 1)
    width = max(-low / below, high / (count - below))
    return -below * width, (count - below) * width


def _spread(low: float, high: float, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Give a constant a range, and bins more than a few floats of width."""
    size = max(abs(low), abs(high))
    floor = max(8 * float(np.finfo(dtype).smallest_subnormal), 2**20 * float(np.finfo(np.float64).tiny))
    least = max(size * NEAR_CONSTANT, floor) if size else 0.5
    if high - low >= least:
        return low, high
    middle = low / 2 + high / 2
    return (0.0 if low == 0 and high > 0 else middle - least), middle + least


def _cuts(panels: list[Extent], low: float, high: float, count: int) -> int:
    """The number of extents narrower than half a bin that an edge cuts (padded by half their width, or some floats)."""
    width = (high - low) / count
    cut = 0
    for panel in panels:
        thickness = panel.high - panel.low
        pad = max(thickness / 2, 1e-6 * panel.size)
        if thickness < width / 2:
            start = panel.low if panel.low == 0 else panel.low - pad
            cut += math.ceil((panel.high + pad - low) / width) - math.floor((start - low) / width) > 1
    return cut
