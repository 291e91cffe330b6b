"""A layer's histograms over the iterations as shares on a common axis of values."""

from __future__ import annotations

import numpy as np

from actprof.arrays import Counts, Flags, Floats
from actprof.report.scales import Span
from actprof.train.result import LayerHistory

ROWS = 64
RARE = 1e-3  # of the values: so many may be beyond the axis
USUALLY, FAR = 0.8, 3.0  # the part of the checkpoints that must fit, and how many times farther others may go


def value_span(layers: list[LayerHistory]) -> Span:
    """The values of all layers but for rare ones, and those of a few checkpoints that are far from all others."""
    tops = [_reach(layer.edges[1:], layer.counts, layer) for layer in layers]
    bottoms = [_reach(-layer.edges[-2::-1], layer.counts[:, ::-1], layer) for layer in layers]
    return Span(min(0.0, -max(bottoms, default=0.0)), max(0.0, *tops, 0.0))


def _reach(outer: Floats, counts: Counts, layer: LayerHistory) -> float:
    """How far the values go; `outer` edges of the bins rise, away from 0."""
    beyond = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    bins = (beyond > RARE * totals(layer)[:, np.newaxis]).sum(axis=1)
    reached = np.where(bins, outer[np.maximum(bins, 1) - 1], 0.0)
    return float(min(reached.max(initial=0.0), FAR * np.quantile(reached, USUALLY)))


def totals(layer: LayerHistory) -> Floats:
    """(checkpoints,) finite values, at least 1."""
    found: Floats = layer.counts.sum(axis=1) + layer.below + layer.above + layer.zeros
    return np.maximum(found, 1)


def missing(layer: LayerHistory) -> Flags:
    """(checkpoints,) whether some values are not finite."""
    found = layer.counts.sum(axis=1) + layer.below + layer.above + layer.zeros
    gone: Flags = found < found.max(initial=1)
    return gone


def row_shares(layer: LayerHistory, span: Span) -> Floats:
    """(checkpoints, ROWS) of all values, lowest first. What lies beyond the span is in the outermost rows, and what
    lies beyond the layer's edges in the rows of these, unless it is rare."""
    if span.high <= span.low:
        return np.zeros((len(layer.counts), ROWS))
    at = np.interp(np.linspace(span.low, span.high, ROWS + 1), layer.edges, np.arange(len(layer.edges)))
    sums = np.pad(layer.counts.cumsum(axis=1), ((0, 0), (1, 0)))
    whole = np.minimum(at.astype(int), layer.counts.shape[1] - 1)
    reached = sums[:, whole] + (at - whole) * layer.counts[:, whole]
    shares: Floats = np.diff(reached, axis=1) / totals(layer)[:, np.newaxis]
    first, last = (int(row) for row in np.clip(span.place(layer.edges[[0, -1]]) * ROWS, 0, ROWS - 1))
    for row, beyond in ((0, reached[:, 0]), (-1, sums[:, -1] - reached[:, -1]), (first, layer.below),
                        (last, layer.above)):
        shares[:, row] += np.where(beyond > RARE * totals(layer), beyond, 0) / totals(layer)
    return shares
