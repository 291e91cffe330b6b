"""The curves of `gain`: φ and φ' against z, and the length map around its fixed points."""

from __future__ import annotations

import math

import numpy as np

from actprof.activations import BoundActivation
from actprof.gain_tables import LengthMap, Shape
from actprof.predictions import FixedPoints
from actprof.theory.gaussian import squares
from actprof.theory.length_map import length_map

REACH = 4.0  # of z, either side
POINTS = 321
MAP_POINTS = 161
DECADES = 1.7
"""Largest over least of what is to be seen, as a power of ten, above which the axes are logarithmic."""

MOST_LAYERS = 60


def shape(phi: BoundActivation) -> Shape | None:
    """φ and φ' between ±4, broken where they jump; None for a maxout, whose pieces are several."""
    if phi.pieces > 1:
        return None
    breaks = [point for point in sorted({*phi.kinks, *phi.jumps}) if -REACH < point < REACH]
    sides = [side for point in breaks for side in (point - 1e-9, math.nan, point + 1e-9)]
    even = [z for z in np.linspace(-REACH, REACH, POINTS).tolist()
            if all(abs(z - point) > 1e-9 for point in breaks)]
    z = np.array(_merged(even, sides))
    value, slope = phi.value(z), phi.derivative(z)
    if not phi.jumps:
        value = np.where(np.isnan(z), np.nan, value)
    return Shape(tuple(z.tolist()), tuple(value.tolist()), tuple(np.where(np.isnan(z), np.nan, slope).tolist()))


def _merged(even: list[float], sides: list[float]) -> list[float]:
    """Rising, with a NaN between both sides of every break."""
    known = [z for z in sides if not math.isnan(z)]
    rising = sorted([*even, *known])
    lower = set(known[::2])
    return [each for z in rising for each in ((z, math.nan) if z in lower else (z,))]


def map_around(phi: BoundActivation, found: FixedPoints, start: float) -> LengthMap:
    """The map as far as its fixed points and the start need, and the first layers' variances."""
    sigmas = found.sigma_w, found.sigma_b
    seen = [q for q in (*(point.q_star for point in found.points), start) if 1e-12 < q < math.inf] or [1.0]
    least, most = min(seen), max(seen)
    logarithmic = most / least > 10**DECADES
    q = (np.geomspace(least / 5, most * 5, MAP_POINTS) if logarithmic
         else np.linspace(0.0, 1.35 * most, MAP_POINTS))
    with np.errstate(all="ignore"):
        image = found.sigma_w**2 * squares(phi, q)[0] + found.sigma_b**2
        course = _course(phi, sigmas, start, float(q[-1]))
    return LengthMap(tuple(q.tolist()), tuple(image.tolist()), logarithmic, course, found)


def _course(phi: BoundActivation, sigmas: tuple[float, float], q: float, most: float) -> tuple[float, ...]:
    """The variances of the first layers, until they stand still or leave the map."""
    course = [q]
    while len(course) < MOST_LAYERS and course[-1] <= most:
        course.append(length_map(phi, *sigmas, course[-1]))
        if abs(course[-1] - course[-2]) <= 1e-4 * course[-2]:
            break
    return tuple(course)
