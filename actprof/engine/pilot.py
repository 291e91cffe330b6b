"""What is done with the first rows before the count: bins are laid as far as values reach, and LSUV scales weights.

Layer-sequential unit-variance initialisation: Mishkin & Matas 2016.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from actprof.arrays import Array, Floats, Rows
from actprof.catalogue import activations, initializers
from actprof.engine import memory
from actprof.engine.bins import Bins, Extent, bins_over, lay, shared_extents
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, Recorder, Tape, forward
from actprof.engine.inputs import Inputs
from actprof.engine.network import Layer, Network
from actprof.engine.spec import RunSpec
from actprof.errors import ResourceError
from actprof.machine import Progress, portions

PILOT_VALUES = 102_400  # values of a layer that the pilot looks at, as far as that is at least MIN_ROWS rows
MIN_ROWS = 64  # fewer rows would cost a matrix product about as much as these
FAR = 12.0  # a value beyond this many standard deviations is an outlier that may not set the range
TAIL = 5e-4  # share of values on each side that an outlier-ridden layer leaves out of its range

LayerBins = dict[str, Bins]  # quantity → bins


class _Reach(Recorder):
    """Records the extents of one layer."""

    def __init__(self) -> None:
        self.extents: dict[str, Extent] = {}

    def preactivations(self, block: Array) -> None:
        self._widen("preactivation", block)

    def activations(self, block: Array) -> bool:
        self._widen("activation", block)
        return bool(np.isfinite(block.min()) and np.isfinite(block.max()))

    def _widen(self, quantity: str, block: Array) -> None:
        extent = extent_of(block)
        if extent is not None:
            known = self.extents.get(quantity, extent)
            self.extents[quantity] = Extent(min(known.low, extent.low), max(known.high, extent.high))


def extent_of(values: Array) -> Extent | None:
    """The range of the finite values, outliers beyond FAR standard deviations left out; None without any."""
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        values = values[np.isfinite(values)]
        if not values.size:
            return None
        low, high = float(values.min()), float(values.max())
    exact = values.astype(np.float64).ravel()
    mean = float(exact.mean())
    std = float(np.sqrt(np.square(exact - mean).mean()))
    if max(high - mean, mean - low) > FAR * std > 0:
        low, high = _quantiles(exact)
    return Extent(low, high)


def _quantiles(values: Floats) -> tuple[float, float]:
    """Those of TAIL and 1 - TAIL of two values or more, as np.quantile has them, which takes longer to check them."""
    below, beyond = divmod(TAIL * (len(values) - 1), 1)
    place = int(below)
    places = [place, place + 1, -2 - place, -1 - place]
    low, next_low, next_high, high = np.partition(values, places)[places].tolist()
    return low + beyond * (next_low - low), high - beyond * (high - next_high)


def lay_bins(networks: Sequence[Network], inputs: Inputs, run: RunSpec,
             progress: Progress = lambda share: None) -> list[list[LayerBins]]:
    """Bins of every layer of every network, by `run.range`; `progress` hears the share done."""
    dtype = np.dtype(run.dtype)
    if not isinstance(run.range, str):
        fixed = {quantity: bins_over(*run.range, run.bins, dtype) for quantity in run.quantities}
        return [[fixed] * network.stack.depth for network in networks]
    widest = max(max(network.stack.widths) for network in networks)
    rows = min(inputs.batch_rows(0), max(MIN_ROWS, PILOT_VALUES // widest))
    seen_all = rows == inputs.batch_rows(0) and inputs.batches == 1 and run.repeats == 1
    first_rows = inputs.rows(0, 0, rows)
    reach = [_reach(network, first_rows, step)
             for network, step in zip(networks, portions(progress, [1] * len(networks)), strict=True)]
    if run.range == "layer":
        return [[_own(network, number, layer, run, seen_all) for number, layer in enumerate(arm, start=1)]
                for network, arm in zip(networks, reach, strict=True)]
    around = extent_of(first_rows) or Extent(-1.0, 1.0)
    shared = {}
    for quantity in run.quantities:
        arms = [[layer[quantity] for layer in arm if quantity in layer] for arm in reach]
        shared[quantity] = lay(shared_extents(arms, around), run.bins, dtype, seen_all, **_known(networks, quantity))
    return [[shared] * network.stack.depth for network in networks]


def _own(network: Network, number: int, layer: dict[str, Extent], run: RunSpec, seen_all: bool) -> LayerBins:
    return {quantity: lay([layer[quantity]] if quantity in layer else [], run.bins, network.dtype, seen_all,
                          **_known([network], quantity, number))
            for quantity in run.quantities}


def _known(networks: Sequence[Network], quantity: str, number: int | None = None) -> dict[str, Any]:
    """The facts of the activations, of all layers or of one: their image, and whether 0 must be an edge."""
    if quantity != "activation" or any(network.normalised_after for network in networks):
        return {}
    chosen = slice(None) if number is None else slice(number - 1, number)
    used = [activations.bind(choice) for network in networks for choice in network.stack.activations[chosen]]
    return {"image": Extent(min(phi.bounds[0] for phi in used), max(phi.bounds[1] for phi in used)),
            "zero_edge": any(0.0 in phi.atoms for phi in used)}


def _reach(network: Network, rows: Array, progress: Progress) -> list[dict[str, Extent]]:
    """The extents of each layer; an empty dictionary for a layer that nothing finite reaches."""
    scratch, chunk = Scratch(), Chunk(0, 0, len(rows))
    extents: list[dict[str, Extent]] = []
    for number in range(1, network.stack.depth + 1):
        recorder = _Reach()
        if len(rows):
            rows = forward(network, network.layer(number), rows, chunk, recorder, scratch)
        extents.append(recorder.extents)
        progress(number / network.stack.depth)
    return extents


def calibrate(network: Network, rows: Rows) -> None:
    """Scale the weights of each layer, one after the other, until its pre-activations of `rows` have variance 1.

    Leaves layers whose initialisers do not ask for it. Raises ResourceError for a network too large to be kept.
    """
    asking = [initializers.bind(init).row.calibrated for init in network.stack.inits]
    if not any(asking):
        return
    if not memory.fits_whole(network):
        init = network.stack.inits[asking.index(True)]
        raise ResourceError(f"{init.name} keeps all weights, and these are too many. Lower --width or --layers.")
    scratch, chunk = Scratch(), Chunk(0, 0, len(rows))
    with np.errstate(all="ignore"):
        for number, init in enumerate(network.stack.inits, start=1):
            layer = network.layer(number)
            if asking[number - 1]:
                if layer.phi_first:
                    tape = Tape(layer, len(rows))
                    forward(network, layer, rows, chunk, NOBODY, scratch, tape)
                _scale_weights(layer, tape.inputs if layer.phi_first else rows, float(init.values["tolerance"]),
                               int(init.values["iterations"]))
                network.hold(replace(layer))  # a copy forgets what was measured before
            rows = forward(network, layer, rows, chunk, NOBODY, scratch).copy()


def _scale_weights(layer: Layer, rows: Rows, tolerance: float, iterations: int) -> None:
    """Divide the weights, in place, by the std of the pre-activations; a bias may call for more than one round."""
    for _ in range(iterations):
        z = rows @ layer.weights
        if layer.bias is not None:
            z += layer.bias
        variance = float(z.var(dtype=np.float64))
        if abs(variance - 1) < tolerance or not 0 < variance < np.inf:
            return
        layer.weights[...] /= np.sqrt(variance)
