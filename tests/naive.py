"""The engine's statistics as their definitions say, with no eye to speed: what the fast paths are held to."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator

import numpy as np

from actprof import streams
from actprof.catalogue import activations, initializers, normalizations
from actprof.catalogue.weights import Fans
from actprof.engine.inputs import Inputs
from actprof.engine.spec import StackSpec


class ArrayInputs(Inputs):
    """The rows of an array, cut into batches."""

    def __init__(self, rows: np.ndarray, batch_size: int) -> None:
        self._rows, self._size = rows, batch_size
        self.features = rows.shape[1]
        self.batches = math.ceil(len(rows) / batch_size)

    def batch_rows(self, batch: int) -> int:
        return min(self._size, len(self._rows) - batch * self._size)

    def rows(self, batch: int, start: int, stop: int) -> np.ndarray:
        first = batch * self._size
        return np.ascontiguousarray(self._rows[first + start:first + stop])


def layers(stack: StackSpec, seed: int, rows: np.ndarray, repeat: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(pre-activations, activations) of each layer, for one batch; no random activations."""
    for number, choice in enumerate(stack.activations, start=1):
        fans = Fans(stack.widths[number - 1], stack.widths[number], number == 1)
        phi = activations.bind(choice)
        shape = (fans.fan_in, fans.fan_out * phi.pieces)
        key = (repeat, number)
        weights = initializers.bind(stack.inits[number - 1]).sample(
            streams.stream(seed, streams.WEIGHT, *key), fans, shape, rows.dtype)
        bias = initializers.bind(stack.bias).sample(
            streams.stream(seed, streams.BIAS, *key), fans, shape[1:], rows.dtype)
        z = rows @ weights + bias
        if stack.norm_position == "before":
            normalizations.apply(stack.norm, z)
        a = phi.value(z)
        if stack.norm_position == "after":
            normalizations.apply(stack.norm, a)
        yield z, a
        rows = a


def statistics(values: np.ndarray) -> dict[str, float]:
    """The statistics of finite values of shape (samples, units), two-pass in float64."""
    values = values.astype(np.float64)
    units = values.shape[1]
    lengths = np.linalg.norm(values, axis=1)
    directions = values[lengths > 0] / lengths[lengths > 0, None]
    cosines = directions @ directions.T
    pairs = len(directions) * (len(directions) - 1)
    zero = values == 0
    return {
        "count": values.size, "mean": values.mean(), "std": values.std(), "second_moment": np.mean(values**2),
        "min": values.min(), "max": values.max(), "zero_fraction": zero.mean(),
        "dead_units": zero.all(axis=0).sum(), "dead_fraction": zero.all(axis=0).sum() / units,
        "within_unit_std": math.sqrt(np.mean(values.var(axis=0))), "between_unit_std": values.mean(axis=0).std(),
        "correlation": (cosines.sum() - np.trace(cosines)) / pairs if pairs else math.nan,
    }


@functools.cache
def gaussian_rule(kinks: tuple[float, ...] = (0.0,), nodes: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights for E f(z), z ~ N(0, 1): composite Gauss–Legendre on [-10, 10], panels split at the kinks."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    edges = np.unique([*np.linspace(-10, 10, 41), *(kink for kink in kinks if abs(kink) < 10)])
    half = np.diff(edges) / 2
    z = ((edges[:-1] + half)[:, None] + half[:, None] * points).ravel()
    return z, np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (half[:, None] * weights).ravel()


def expectation(f: Callable[[np.ndarray], np.ndarray]) -> float:
    """E f(z), z ~ N(0, 1), for an f that is smooth but for 0."""
    z, weights = gaussian_rule()
    return float(f(z) @ weights)


def gradients(stack: StackSpec, seed: int, rows: np.ndarray, cotangent: np.ndarray,
              repeat: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """(dL/dz, dL/dW summed over the rows) of each layer in float64, given dL/d(what the last layer gives)."""
    steps = []
    a = rows.astype(np.float64)
    for number, choice in enumerate(stack.activations, start=1):
        fans = Fans(stack.widths[number - 1], stack.widths[number], number == 1)
        phi = activations.bind(choice)
        shape = (fans.fan_in, fans.fan_out * phi.pieces)
        weights, bias = (
            initializers.bind(init).sample(streams.stream(seed, kind, repeat, number), fans, size, rows.dtype)
            .astype(np.float64)
            for init, kind, size in ((stack.inits[number - 1], streams.WEIGHT, shape),
                                     (stack.bias, streams.BIAS, shape[1:])))
        product = a @ weights + bias
        z = _normalised(stack, product) if stack.norm_position == "before" else product
        steps.append((a, weights, product, phi, z))
        a = phi.value(z)
        if stack.norm_position == "after":
            a = _normalised(stack, a)
    found = []
    g = cotangent.astype(np.float64)
    for a, weights, product, phi, z in reversed(steps):
        if stack.norm_position == "after":
            g = _unnormalised(stack, phi.value(z), g)
        g = below_phi = phi.derivative(z) * np.repeat(g, phi.pieces, axis=1)
        if stack.norm_position == "before":
            g = _unnormalised(stack, product, g)
        found.append((below_phi, a.T @ g))
        g = g @ weights.T
    return found[::-1]


AXES = {"batch": 0, "layer": 1, "rms": 1}


def _moments(stack: StackSpec, values: np.ndarray) -> tuple[np.ndarray | float, np.ndarray]:
    axis = AXES[stack.norm.name]
    mean = 0.0 if stack.norm.name == "rms" else values.mean(axis=axis, keepdims=True)
    return mean, np.sqrt(((values - mean) ** 2).mean(axis=axis, keepdims=True) + stack.norm.values["eps"])


def _normalised(stack: StackSpec, values: np.ndarray) -> np.ndarray:
    if stack.norm.name == "none":
        return values
    mean, size = _moments(stack, values)
    return (values - mean) / size


def _unnormalised(stack: StackSpec, values: np.ndarray, g: np.ndarray) -> np.ndarray:
    """dL/dvalues, given that of what the normalisation makes of them."""
    if stack.norm.name == "none":
        return g
    axis, (mean, size) = AXES[stack.norm.name], _moments(stack, values)
    normal = (values - mean) / size
    centre = 0.0 if stack.norm.name == "rms" else g.mean(axis=axis, keepdims=True)
    return (g - centre - normal * (g * normal).mean(axis=axis, keepdims=True)) / size
