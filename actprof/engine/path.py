"""The gradient of a network along a line through the space of its inputs, and how fast it forgets itself.

As in Balduzzi et al. 2017, The shattered gradients problem: that of a deep plain network is as rough as white noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from actprof.arrays import Floats, Rows
from actprof.engine.backward import backward
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, Tape, forward
from actprof.engine.gradients import draw_cotangent, finite_rows
from actprof.engine.inputs import Inputs
from actprof.engine.network import Network
from actprof.registry import Choice
from actprof.streams import BLOCK

MAX_LAG = 32  # points of the line
CONSTANT = 1e-5  # of the largest gradient: what changes less is rounding, and has no autocorrelation


@dataclass(frozen=True)
class GradientPath:
    """dL/dt at the points x₀ + t·x₁ of a line, for one random cotangent N(0, 1) of the outputs at all of them.

    `gradient` is dL/dx·x₁, the way of all rows through the batch included where a normalisation mixes them.
    """

    t: tuple[float, ...]
    gradient: tuple[float, ...]

    @cached_property
    def autocorrelation(self) -> tuple[float, ...]:
        """Σ (g_i − ḡ)(g_{i+k} − ḡ) / Σ (g_i − ḡ)² at lags k = 0 … MAX_LAG; none where g is constant or not finite."""
        g: Floats = np.array(self.gradient)
        if not np.isfinite(g).all() or np.ptp(g) <= CONSTANT * np.abs(g).max():
            return ()
        g = g / np.abs(g).max()
        g -= g.mean()
        return tuple(float(g[:len(g) - lag] @ g[lag:] / (g @ g)) for lag in range(min(MAX_LAG + 1, len(g))))


def gradient_path(network: Network, inputs: Inputs, source: Choice | None) -> GradientPath | None:
    """The gradient along the first batch's line; None where the rows are not several points of one."""
    if source is None or source.name != "line" or inputs.batch_rows(0) < 2:
        return None
    rows: Rows = inputs.rows(0, 0, inputs.batch_rows(0))
    t = np.linspace(float(source.values["low"]), float(source.values["high"]), BLOCK)[:len(rows)]
    along = (rows[-1] - rows[0]) / (t[-1] - t[0])
    below, scratch = rows, Scratch()
    layers = [network.layer(number) for number in range(1, network.stack.depth + 1)]
    tapes = [Tape(layer, len(rows), sparing=True) for layer in layers]
    for layer, tape in zip(layers, tapes, strict=True):
        below = forward(network, layer, below, None, NOBODY, scratch, tape)
    finite, cotangent = finite_rows(tapes, below), np.empty_like(below[:1])
    draw_cotangent(network, Chunk(0, 0, 1), cotangent)
    below = np.repeat(cotangent, len(rows), axis=0)
    for layer, tape in zip(reversed(layers), reversed(tapes), strict=True):
        entered = backward(layer, tape, below, scratch)
        assert entered is not None
        below = entered
    gradient = np.where(finite, below.astype(np.float64) @ along, np.nan)
    return GradientPath(tuple(t.tolist()), tuple(gradient.tolist()))
