"""A layer's histograms over the iterations as shares of its values, on one range of values for all layers and arms."""

from __future__ import annotations

import numpy as np

from actprof.arrays import Counts, Flags, Floats
from actprof.train.result import LayerHistory, Run, TrainedArm

ROWS = 64
FAINTEST = 1e-4  # shares below have the faintest colour
RARE = 1e-3  # of the values: so many may be beyond the range
USUALLY, FAR = 0.8, 3.0  # the part of the checkpoints that must fit, and how many times farther others may go
MAX_APART = 12.0  # times farther than those of the arm that goes least far may the values of another go
MAX_SHOWN = 8  # layers of an arm

Span = tuple[float, float]


def shown_layers(hidden: int) -> list[int]:
    """The places of all layers, or of MAX_SHOWN from the first to the last."""
    return sorted({round(place) for place in np.linspace(0, hidden - 1, min(hidden, MAX_SHOWN))}) if hidden else []


def common_span(arms: list[TrainedArm]) -> Span:
    """One range for all arms, so that a signal that vanishes is seen: that of the arms that learn, if there are any.

    What goes very much farther than the rest would flatten it; it is beyond the range.
    """
    spans = {arm.label: own_span(arm.median_run) for arm in arms}
    learned = [spans[arm.label] for arm in arms if arm.median_run.status in ("ok", "slow")]
    known = [span for span in learned or list(spans.values()) if span[1] > span[0]]
    limit = MAX_APART * min((max(-low, high) for low, high in known), default=0.0)
    return max((min(low for low, _ in known), -limit)) if known else 0.0, min(
        max((high for _, high in known), default=0.0), limit)


def own_span(run: Run) -> Span:
    """The values of all layers that are shown."""
    spans = [layer_span(run.layers[layer]) for layer in shown_layers(len(run.layers))]
    return min((low for low, _ in spans), default=0.0), max((high for _, high in spans), default=0.0)


def layer_span(layer: LayerHistory) -> Span:
    """A layer's values but for rare ones, and those of a few checkpoints that are far from all others."""
    return (min(0.0, -_reach(-layer.edges[-2::-1], layer.counts[:, ::-1], layer)),
            max(0.0, _reach(layer.edges[1:], layer.counts, layer)))


def _reach(outer: Floats, counts: Counts, layer: LayerHistory) -> float:
    """How far the values go; `outer` edges of the bins rise, away from 0."""
    beyond = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    bins = (beyond > RARE * totals(layer)[:, np.newaxis]).sum(axis=1)
    reached = np.where(bins, outer[np.maximum(bins, 1) - 1], 0.0)
    return float(min(reached.max(initial=0.0), FAR * np.quantile(reached, USUALLY)))


def finite(layer: LayerHistory) -> Counts:
    """(checkpoints,) finite values."""
    found: Counts = layer.counts.sum(axis=1) + layer.below + layer.above + layer.zeros
    return found


def totals(layer: LayerHistory) -> Floats:
    """(checkpoints,) the same, at least 1: what shares are parts of."""
    found: Floats = np.maximum(finite(layer), 1)
    return found


def missing(layer: LayerHistory) -> Flags:
    """(checkpoints,) whether some values are not finite."""
    found = finite(layer)
    gone: Flags = found < found.max(initial=1)
    return gone


def row_shares(layer: LayerHistory, span: Span) -> Floats:
    """(checkpoints, ROWS) of all values, lowest first. What lies beyond the span is in the outermost rows, and what
    lies beyond the layer's edges in the rows of these, unless it is rare."""
    low, high = span
    if high <= low:
        return np.zeros((len(layer.counts), ROWS))
    at = np.interp(np.linspace(low, high, ROWS + 1), layer.edges, np.arange(len(layer.edges)))
    sums = np.pad(layer.counts.cumsum(axis=1), ((0, 0), (1, 0)))
    whole = np.minimum(at.astype(int), layer.counts.shape[1] - 1)
    reached = sums[:, whole] + (at - whole) * layer.counts[:, whole]
    shares: Floats = np.diff(reached, axis=1) / totals(layer)[:, np.newaxis]
    ends = np.clip((layer.edges[[0, -1]] - low) / (high - low) * ROWS, 0, ROWS - 1).astype(int)
    for row, outside in ((0, reached[:, 0]), (-1, sums[:, -1] - reached[:, -1]), (ends[0], layer.below),
                         (ends[1], layer.above)):
        shares[:, row] += np.where(outside > RARE * totals(layer), outside, 0) / totals(layer)
    return shares
