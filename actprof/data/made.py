"""Points of the plane in classes of a known shape, within a circle of RADIUS and balanced.

The built-in images: digits of several fonts, written by pens of several weights, turned, slanted, bent and shifted.

Their size, place and brightness are near those of MNIST, so that networks learn them about as fast.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Counts, Floats
from actprof.data.samples import Samples, balanced
from actprof.data.table import require_memory
from actprof.streams import BLOCK, DATA, stream

RADIUS = 2.0  # the distance of the outermost points from 0 before noise: their mean square is near 1

# (class as a part of all classes, uniform number) → (radius, turns) of a point.
Curve = Callable[[Floats, Floats], tuple[Floats, Floats]]


def blobs(seed: int, classes: int, spread: float, train: int, test: int) -> Samples:
    """Round clouds around centres that stand evenly on a circle."""
    return _points(seed, classes, spread, train, test, lambda share, along: (np.full_like(along, RADIUS), share))


def circles(seed: int, classes: int, noise: float, train: int, test: int, factor: float) -> Samples:
    """Rings evenly one within the other; `factor` is the radius of the inmost one over that of the outmost."""
    return _points(seed, classes, noise, train, test, lambda share, along: (
        RADIUS * (factor + (1 - factor) * share * classes / (classes - 1)), along))


def spirals(seed: int, classes: int, turns: float, noise: float, train: int, test: int) -> Samples:
    """Arms that wind out from the centre."""
    return _points(seed, classes, noise, train, test, lambda share, along: (RADIUS * along, share + turns * along))


def _points(seed: int, classes: int, noise: float, train: int, test: int, curve: Curve) -> Samples:
    (x, y), (x_test, y_test) = (_part(seed, part, classes, noise, count, curve)
                                for part, count in enumerate((train, test)))
    return Samples(x, y, x_test, y_test, tuple(map(str, range(classes))))


def _part(seed: int, part: int, classes: int, noise: float, count: int, curve: Curve,
          ) -> tuple[NDArray[np.float32], Counts]:
    """(count, 2) points with noise and their classes; the first do not depend on how many follow."""
    y = balanced(stream(seed, DATA, part, 0), classes, count)
    radius, turns = curve(y / classes, stream(seed, DATA, part, 1).random(count))
    x = np.stack([radius * np.cos(math.tau * turns), radius * np.sin(math.tau * turns)], axis=1)
    x += noise * stream(seed, DATA, part, 2).standard_normal(x.shape)
    return x.astype(np.float32), y


PIXELS = 28  # rows and columns of an image
SIDE, STEP = 40, 0.65  # points of a stored distance field along each side, and image pixels between two of them

# A stored byte is FIELD + PER_PIXEL × the distance to the outline in image pixels, positive inside.
FIELD, PER_PIXEL = 96, 32

# The most a digit is turned (radians), slanted, shifted and bent (pixels), either way.
TURN, SLANT, SHIFT, BEND = 0.25, 0.3, 0.8, 1.1

SIZE = 0.77, 0.87  # least and greatest height and width of a digit, of those stored; a stroke's weight comes on top
WEIGHT = 0.4, 1.2  # least and greatest width that a pen adds to each side of a stroke, in pixels
ROOM = 10  # bytes that a pixel takes while the images are made
PALEST, GRAIN = 0.9, 0.2  # the least brightness of a pen, and the most of its brightness that a single pixel loses


def glyphs(seed: int, train: int, test: int) -> Samples:
    """Balanced images of the digits 0 … 9; those of the two parts are drawn independently."""
    require_memory(f"glyphs:train={train},test={test}", ROOM * PIXELS**2 * (train + test))
    (x_train, y_train), (x_test, y_test) = images(seed, 0, train), images(seed, 1, test)
    return Samples(x_train.reshape(-1, PIXELS, PIXELS), y_train, x_test.reshape(-1, PIXELS, PIXELS), y_test,
                   tuple("0123456789"))


def images(seed: int, part: int, count: int) -> tuple[NDArray[np.float32], Counts]:
    """(count, PIXELS²) pixels from 0 to 1 and the digit of each; the first do not depend on how many follow."""
    digits = balanced(stream(seed, DATA, part, 0), 10, count)
    pixels = np.empty((count, PIXELS * PIXELS), np.float32)
    for start in range(0, count, BLOCK):
        rows = pixels[start:start + BLOCK]
        # Always a whole block is drawn: else the images of a short one would differ from those of a long one.
        whole = np.resize(digits[start:start + BLOCK], BLOCK)
        rows[:] = _drawn(stream(seed, DATA, part, 1, start // BLOCK), whole)[:len(rows)]
    return pixels, digits


@cache
def fields() -> NDArray[np.float32]:
    """(10, fonts, SIDE, SIDE): the distance of each point of each prototype to the outline, in pixels."""
    from importlib.resources import files

    with files("actprof.data").joinpath("glyphs.npz").open("rb") as file, np.load(file) as arrays:
        stored: NDArray[np.float32] = arrays["fields"].astype(np.float32)
    stored -= FIELD
    stored /= PER_PIXEL
    return stored


def _drawn(rng: np.random.Generator, digits: Counts) -> NDArray[np.float32]:
    """One image of each digit."""
    count = len(digits)
    fonts = fields().shape[1]
    prototypes = digits * fonts + rng.integers(fonts, size=count)
    weight = rng.uniform(*WEIGHT, (count, 1)).astype(np.float32)
    # A pixel half a pixel inside the outline is full, one half a pixel outside is blank.
    ink: NDArray[np.float32] = np.clip(_sampled(prototypes, _places(rng, count)) + weight + np.float32(0.5), 0, 1)
    ink *= rng.uniform(PALEST, 1, (count, 1)).astype(np.float32)
    ink *= 1 - GRAIN * np.square(rng.random(ink.shape, np.float32))
    return ink


def _places(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """(2, count, PIXELS²): the row and column of the prototype that each pixel of each image shows."""
    turn, slant = rng.uniform(-TURN, TURN, count), rng.uniform(-SLANT, SLANT, count)
    height, width = rng.uniform(*SIZE, (2, count))
    sine, cosine = np.sin(turn), np.cos(turn)
    maps = np.empty((2, count, 7), np.float32)
    maps[:, :, 0] = rng.uniform(-SHIFT, SHIFT, (2, count))
    maps[0, :, 1:3] = np.stack([cosine, -sine], axis=1) / height[:, np.newaxis]
    maps[1, :, 1:3] = np.stack([sine + slant * cosine, cosine - slant * sine], axis=1) / width[:, np.newaxis]
    maps[:, :, 3:] = rng.uniform(-BEND, BEND, (2, count, 4))
    return (maps @ _basis()) / STEP + (SIDE - 1) / 2


@cache
def _basis() -> NDArray[np.float32]:
    """(7, PIXELS²): 1, row, column and waves of 20 pixels along both; their sums are the maps of the plane."""
    row, column = np.mgrid[:PIXELS, :PIXELS].reshape(2, -1) - (PIXELS - 1) / 2
    phases = math.tau / 20 * np.stack([row, column])
    return np.stack([np.ones_like(row), row, column, *np.sin(phases), *np.cos(phases)]).astype(np.float32)


def _sampled(prototypes: Counts, places: NDArray[np.float32]) -> NDArray[np.float32]:
    """(count, PIXELS²) distances at the places, linear between the four points around each."""
    # Beyond a field's edge there is no ink, as there is none at the edge.
    np.clip(places, 0, SIDE - 1.001, out=places)
    points = places.astype(np.int32)
    down, right = places - points
    first = prototypes.astype(np.int32)[:, np.newaxis] * SIDE**2 + points[0] * SIDE + points[1]
    table = fields().reshape(-1)
    upper, lower = (table.take(row) + right * (table.take(row + 1) - table.take(row)) for row in (first, first + SIDE))
    sampled: NDArray[np.float32] = upper + down * (lower - upper)
    return sampled
