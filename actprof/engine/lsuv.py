"""Layer-sequential unit-variance initialisation (Mishkin & Matas 2016): weights scaled on the first batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from actprof.arrays import Rows
from actprof.catalogue import initializers
from actprof.engine import memory
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, forward
from actprof.engine.network import Layer, Network
from actprof.errors import ResourceError


def calibrate(network: Network, rows: Rows) -> None:
    """Scale the weights of each layer, one after the other, until its pre-activations of `rows` have variance 1.

    Does nothing for initialisers that do not ask for it. Raises ResourceError for a network too large to be kept.
    """
    init = network.stack.init
    if not initializers.bind(init).row.calibrated:
        return
    if not memory.fits_whole(network):
        raise ResourceError(f"{init.name} keeps all weights, and these are too many. Lower --width or --layers.")
    scratch, chunk = Scratch(), Chunk(0, 0, len(rows))
    with np.errstate(all="ignore"):
        for number in range(1, network.stack.depth + 1):
            layer = network.layer(number)
            _scale(layer, rows, float(init.values["tolerance"]), int(init.values["iterations"]))
            network.hold(replace(layer))  # a copy forgets what was measured before
            rows = forward(network, layer, rows, chunk, NOBODY, scratch).copy()


def _scale(layer: Layer, rows: Rows, tolerance: float, iterations: int) -> None:
    """Divide the weights, in place, by the std of the pre-activations; a bias may call for more than one round."""
    for _ in range(iterations):
        z = rows @ layer.weights
        if layer.bias is not None:
            z += layer.bias
        variance = float(z.var(dtype=np.float64))
        if abs(variance - 1) < tolerance or not 0 < variance < np.inf:
            return
        layer.weights[...] /= np.sqrt(variance)
