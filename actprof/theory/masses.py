"""The predicted histogram: how much probability each bin of a layer's activations gets."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import overload

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import activations, expectations
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.quadrature import curves
from actprof.engine.spec import StackSpec
from actprof.theory import layers
from actprof.theory.layers import Offsets, atoms, below, levels, scales, spread
from actprof.theory.predictions import LayerTheory, Masses

GRID = 2000

FINENESS = 0.1  # step of the grid for a sine: small enough for every extremum to be seen

HALVINGS = 26  # of a step of the grid, which leave 1e-9 of a standard deviation

_LEFT_OUT = 2


class LazyMasses(Sequence[Masses]):
    """The masses of layers, each worked out when it is asked for: a figure of many layers shows none."""

    def __init__(self, stack: StackSpec, layers: Sequence[LayerTheory],
                 edges: Sequence[Sequence[float] | Array]) -> None:
        self._at = functools.cache(lambda number: masses(stack, layers[number], edges[number]))
        self._len = min(len(layers), len(edges))

    def __len__(self) -> int:
        return self._len

    @overload
    def __getitem__(self, index: int) -> Masses: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Masses]: ...
    def __getitem__(self, index: int | slice) -> Masses | Sequence[Masses]:
        places = range(self._len)[index]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))


@np.errstate(all="ignore")
def masses(stack: StackSpec, layer: LayerTheory, edges: Sequence[float] | Array) -> Masses:
    """The probability that an activation of the layer lies in each bin, atoms apart; for rising edges.

    Exact to 1e-6 but for a batch normalisation after the activation, which shifts every unit by its own mean.
    """
    phi = activations.bind(stack.activations[layer.layer - 1])
    variance, offsets = _field(stack, layer)
    shift, size = _affine(stack, phi, variance, offsets)
    if not 0 < variance < math.inf:
        return _without_spread(phi, len(edges) - 1, variance, offsets, shift, size)
    if phi.activation.periodic:  # a smaller one gives the same masses, to e^-18
        variance = min(variance, 36 * phi.scale**2)
    points = np.asarray(edges, float) * size + shift
    single = atoms(phi, variance, offsets)
    parts = [weight * _cumulative(curve, points, variance, offsets) for weight, curve in curves(phi)]
    cumulative = np.sum(parts, axis=0)
    bins = np.maximum(np.diff(cumulative), 0.0)
    total = 1 - sum(probability for _, probability in single)
    return Masses(tuple(bins.tolist()), float(cumulative[0]), max(total - float(cumulative[-1]), 0.0),
                  tuple(((value - shift) / size, probability) for value, probability in single))


def _without_spread(phi: BoundActivation, bins: int, variance: float, offsets: Offsets, shift: float,
                    size: float) -> Masses:
    """Nothing but atoms where weights and inputs are 0, no statement where the variance overflows."""
    if variance != 0:
        return Masses((math.nan,) * bins, math.nan, math.nan, ())
    values = [float(phi.value(np.full(phi.pieces, value))[0]) for value, _ in offsets]
    return Masses((0.0,) * bins, 0.0, 0.0, tuple(((value - shift) / size, weight)
                                                 for value, (_, weight) in zip(values, offsets, strict=True)))


def _field(stack: StackSpec, layer: LayerTheory) -> tuple[float, Offsets]:
    """The Gaussian part of what enters φ and what is added to it."""
    sight = activations.bind(stack.activations[layer.layer - 1]).sight
    total, mean = (layer.preactivation_std / sight) ** 2, layer.preactivation_mean / sight
    known = scales(stack, layer.layer)
    gaussian_part, offsets = known.add_biases(max(total - known.bias_std**2, 0.0))
    if len(offsets) == 1 or (stack.norm_position == "before" and stack.norm.name != "none"):
        return total, ((mean, 1.0),)
    return gaussian_part, offsets


def _affine(stack: StackSpec, phi: BoundActivation, variance: float, offsets: Offsets) -> tuple[float, float]:
    """(shift, size): the layer's output is (φ - shift)/size."""
    if stack.norm_position == "before" or stack.norm.name == "none":
        return 0.0, 1.0
    one = expectations.mixed(phi, variance, offsets)
    raw = layers.Levels(one.mean, one.square, one.variance, one.variance, 0.0)
    divisor = layers.after(stack, raw, 10**9).divisor
    return (0.0 if stack.norm.name == "rms" else one.mean), math.sqrt(divisor)


def _cumulative(phi: BoundActivation, points: Array, variance: float, offsets: Offsets) -> Array:
    """P(φ <= point) without the atoms, summed over the pieces on which φ rises or falls."""
    h = _grid(phi, variance, offsets)
    values = h if phi.pieces > 1 else phi.value(h)
    if len(h) < 2:  # all pre-activations are one number, as far as float64 can tell
        point = phi.value(np.full(phi.pieces, spread(offsets)[0]))[0]
        held = sum(mass for _, mass in atoms(phi, variance, offsets))
        return np.where(points >= point, 1.0 - held, 0.0)
    total = np.zeros(len(points))
    for start, stop in _monotone(values, h, phi):
        total += _piece(phi, points, h[start:stop], values[start:stop], variance, offsets)
    return total


def _grid(phi: BoundActivation, variance: float, offsets: Offsets) -> Array:
    """Pre-activations, fine enough for φ and for the Gaussian, with both sides of every bend."""
    mean, extra = spread(offsets)
    reach = 9 * math.sqrt(variance) + 4 * math.sqrt(extra)
    points = GRID if phi.waves is None else max(GRID, int(2 * reach / (FINENESS * phi.scale)))
    h = np.linspace(mean - reach, mean + reach, points)
    bends = np.array(phi.bends)
    sides = np.concatenate([np.nextafter(bends, -math.inf), bends, np.nextafter(bends, math.inf)])
    near = phi.scale * np.linspace(-20, 20, 801)
    inside = np.concatenate([sides, near])
    return np.unique(np.concatenate([h, inside[np.abs(inside - mean) < reach]]))


def _monotone(values: Array, h: Array, phi: BoundActivation) -> list[tuple[int, int]]:
    """Index ranges over which the values rise, fall or stand still; neither atoms nor across a jump."""
    steps = np.nan_to_num(np.sign(np.diff(values)))
    left, right = h[:-1], h[1:]
    for jump in phi.jumps:
        steps[(left <= jump) & (right >= jump)] = _LEFT_OUT
    for _, low, high in levels(phi):
        steps[(left >= low) & (right <= high)] = _LEFT_OUT
    turns = np.flatnonzero(np.diff(steps)) + 1
    starts = np.concatenate([[0], turns])
    stops = np.concatenate([turns, [len(steps)]])
    return [(start, stop + 1) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
            if steps[start] != _LEFT_OUT]


def _piece(phi: BoundActivation, points: Array, h: Array, values: Array, variance: float, offsets: Offsets) -> Array:
    """P(h in the piece and φ <= point)."""
    rising = values[-1] > values[0]
    ascending, heights = (h, values) if rising else (h[::-1], values[::-1])
    place = np.clip(np.searchsorted(heights, points, side="right"), 1, len(h) - 1)
    at = _solved(phi, points, ascending[place - 1].copy(), ascending[place].copy())
    at = np.where(points < heights[0], ascending[0], np.where(points >= heights[-1], ascending[-1], at))
    # All pieces of a maxout lie below.
    share = below(at, variance, offsets)**phi.pieces - below(ascending[:1], variance, offsets)**phi.pieces
    return np.asarray(share if rising else -share)


def _solved(phi: BoundActivation, points: Array, low: Array, high: Array) -> Array:
    """h between low (φ <= point) and high (φ > point) with φ(h) = point, by bisection."""
    if phi.pieces > 1:
        return points
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        under = phi.value(middle) <= points
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return np.asarray((low + high) / 2)
