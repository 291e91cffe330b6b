"""Points of the plane in classes of a known shape, within a circle of RADIUS and balanced."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from actprof.datasets.samples import Samples, balanced
from actprof.streams import DATA, stream

RADIUS = 2.0
"""Where the outermost points lie before noise: their mean square is near 1."""

Curve = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""(class as a part of all classes, uniform number) → (radius, turns) of a point."""


def blobs(seed: int, classes: int, spread: float, train: int, test: int) -> Samples:
    """Round clouds around centres that stand evenly on a circle."""
    return _points(seed, classes, spread, train, test, lambda share, along: (np.full_like(along, RADIUS), share))


def circles(seed: int, classes: int, noise: float, train: int, test: int) -> Samples:
    """Rings one within the other."""
    return _points(seed, classes, noise, train, test,
                   lambda share, along: (RADIUS * (share + 1 / classes), along))


def spirals(seed: int, classes: int, turns: float, noise: float, train: int, test: int) -> Samples:
    """Arms that wind out from the centre."""
    return _points(seed, classes, noise, train, test, lambda share, along: (RADIUS * along, share + turns * along))


def _points(seed: int, classes: int, noise: float, train: int, test: int, curve: Curve) -> Samples:
    (x, y), (x_test, y_test) = (_part(seed, part, classes, noise, count, curve)
                                for part, count in enumerate((train, test)))
    return Samples(x, y, tuple(map(str, range(classes))), x_test, y_test)


def _part(seed: int, part: int, classes: int, noise: float, count: int, curve: Curve,
          ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(count, 2) points with noise and their classes; the first do not depend on how many follow."""
    y = balanced(stream(seed, DATA, part, 0), classes, count)
    radius, turns = curve(y / classes, stream(seed, DATA, part, 1).random(count))
    x = np.stack([radius * np.cos(math.tau * turns), radius * np.sin(math.tau * turns)], axis=1)
    x += noise * stream(seed, DATA, part, 2).standard_normal(x.shape)
    return x.astype(np.float32), y
