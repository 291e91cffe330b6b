"""The map of variances q → σ_w² E φ² + σ_b² (Poole et al. 2016): its roots, and where an iteration ends."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np

from actprof.arrays import Array, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Curve, curve, moments, squares
from actprof.theory.predictions import MARGINAL
from actprof.theory.predictions import MAX_Q as MAX_Q


def crossings(f: Callable[[float], float], grid: Array, values: Array, rounding: float | Array) -> list[float]:
    """The roots of f, one between any two neighbours of opposite signs; values below rounding·grid have none."""
    return [bisected(f, low, high) for low, high in brackets(grid, values, rounding)]


def brackets(grid: Array, values: Array, rounding: float | Array) -> list[tuple[float, float]]:
    """The neighbours of opposite signs, without regard to values below rounding·grid."""
    seen = np.flatnonzero(np.abs(values) > rounding * grid)
    return [(float(grid[left]), float(grid[right])) for left, right in itertools.pairwise(seen)
            if (values[left] > 0) != (values[right] > 0)]


def bisected(f: Callable[[float], float], low: float, high: float) -> float:
    """The root of f in [low, high], to rounding; f(low) and f(high) must have opposite signs."""
    return float(between(lambda x: np.array([f(float(x[0]))]), np.array([low]), np.array([high]))[0])


LINES, MAX_STEPS = 20, 90  # guesses at a root by lines, of which a dozen do, and in all


@np.errstate(all="ignore")
def between(f: Callable[[Floats], Floats], low: Floats, high: Floats, settled: float = 0.0) -> Floats:
    """The roots of f, one in each [low, high] (stretches,); an end of those where f keeps its sign.

    The Illinois variant of false position (Dowell & Jarratt 1971), every fourth step a halving, then halvings; of the
    logarithm where both ends are above 0.

    Args:
        settled: the distance between two guesses after which a root is found; rounding in any case.
    """
    at_low, at_high = f(low), f(high)
    sign = np.where(at_low < 0, -1.0, 1.0)
    at_low, at_high = sign * at_low, sign * at_high
    guess, found, side = np.where(at_low > 0, high, low), at_low == 0, np.zeros(len(low))
    for step in range(MAX_STEPS):
        line = (low * at_high - high * at_low) / (at_high - at_low)
        half = np.where(low > 0, np.sqrt(low) * np.sqrt(high), (low + high) / 2)
        following = np.where((low < line) & (line < high) & (step < LINES) & (step % 4 < 3), line, half)
        following = np.where(found, guess, following)
        found |= (np.abs(following - guess) <= settled) | (high - low <= np.maximum(settled, 4e-16 * np.abs(high)))
        guess = following
        if found.all():
            break
        value = sign * f(guess)
        found |= value == 0
        left = value > 0
        at_low = np.where(left, value, np.where(side == -1, at_low / 2, at_low))
        at_high = np.where(left, np.where(side == 1, at_high / 2, at_high), value)
        low, high, side = np.where(left, guess, low), np.where(left, high, guess), np.where(left, 1, -1)
    return guess


MIN_Q = 1e-14

VARIANCES = np.logspace(math.log10(MIN_Q), math.log10(MAX_Q), 261)  # ten in a decade, at which roots are sought

# Variances at which W follows its tangent, so that few do; what is below them counts as 0.
BELOW = (1e-100, 1e-60, 1e-40, 1e-30, 1e-24, 1e-20, 1e-17)

CLOSE = 1e-13  # distance of a variance from its image, relative to it, that may be the quadrature's

MAX_ITERATIONS = 300


def length_map(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """σ_w² W(q) + σ_b²: the next layer's variance."""
    return float((sigma_w**2 * moments(phi, q).square if sigma_w else 0.0) + sigma_b**2)


def length_slope(phi: BoundActivation, sigma_w: float, q: float) -> float:
    """χ_q = σ_w² W'(q); infinite at 0 where φ jumps there, because W does."""
    if q == 0 and 0.0 in phi.jumps and sigma_w:
        return math.inf
    return float(sigma_w**2 * moments(phi, q).square_slope) if sigma_w else 0.0


@functools.lru_cache(256)
def _curve(phi: BoundActivation) -> Curve:
    return curve(phi, VARIANCES)


def scanned(phi: BoundActivation) -> tuple[Array, Array]:
    """(E φ², E φ'²) at VARIANCES; whatever σ_w and σ_b, the map's values there follow from them."""
    return _curve(phi)[:2]


def scanned_slopes(phi: BoundActivation) -> Array:
    """W' at VARIANCES."""
    return _curve(phi).square_slope


def _excess(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    return length_map(phi, sigma_w, sigma_b, q) - q


def _excesses(phi: BoundActivation, sigma_w: float, sigma_b: float) -> Array:
    """`_excess` at VARIANCES; without weights W does not matter, overflown or not."""
    images = sigma_w**2 * scanned(phi)[0] if sigma_w else np.zeros(VARIANCES.size)
    return np.asarray(images + sigma_b**2 - VARIANCES)


@np.errstate(all="ignore")
def roots(phi: BoundActivation, sigma_w: float, sigma_b: float) -> list[float] | None:
    """All fixed points up to MAX_Q, rising; where the map touches the diagonal it is one; None if all q are."""
    def excess(q: float) -> float:
        return _excess(phi, sigma_w, sigma_b, q)

    values = _excesses(phi, sigma_w, sigma_b)
    if (np.abs(values) <= MARGINAL * VARIANCES).all():
        return None
    turns = _turns(phi, sigma_w, values)
    grid = np.array([*BELOW, *VARIANCES, *turns])
    values = np.array([*map(excess, BELOW), *values, *map(excess, turns)])
    order = np.argsort(grid)
    grid, values = grid[order], values[order]
    found = [*crossings(excess, grid, values, CLOSE), *_touches(turns, grid, values)]
    return sorted([0.0, *found] if length_map(phi, sigma_w, sigma_b, 0.0) <= BELOW[0] else found)


def _touches(turns: list[float], grid: Array, values: Array) -> list[float]:
    """The turns at which the excess is 0 to rounding, of one sign on both sides."""
    seen = np.abs(values) > CLOSE * grid
    found = []
    for place in np.flatnonzero(np.isin(grid, turns) & ~seen):
        beside = values[max(place - 1, 0):place + 2:2]
        if len(beside) == 2 and seen[max(place - 1, 0):place + 2:2].all() and (beside[0] > 0) == (beside[1] > 0):
            found.append(float(grid[place]))
    return found


def _turns(phi: BoundActivation, sigma_w: float, excess: Array) -> list[float]:
    """Where the excess turns between two variances of the scan, at which it may be 0: two roots may lie around it."""
    if not sigma_w:
        return []

    def slope(q: float) -> float:
        return q * (length_slope(phi, sigma_w, q) - 1)

    steps = np.diff(VARIANCES)
    slopes, bend = sigma_w**2 * scanned_slopes(phi) - 1, sigma_w**2 * np.abs(_curve(phi).square_curvature)
    # No further than this can it go within a step.
    reach = steps * (np.maximum(*_pairs(np.abs(slopes))) + steps * np.maximum(*_pairs(bend)))
    near = np.minimum(*_pairs(np.abs(excess))) <= reach
    found = []
    for place in np.flatnonzero(near & np.isfinite(reach)):
        inner = _steepest(phi, place) if abs(slopes[place]) < steps[place] * bend[place:place + 2].max() else None
        ends = np.array([VARIANCES[place], *([inner] if inner else []), VARIANCES[place + 1]])
        found += crossings(slope, ends, np.array([slope(float(q)) for q in ends]), 1e-14)
    return found


def _pairs(values: Array) -> tuple[Array, Array]:
    return values[:-1], values[1:]


@functools.lru_cache(1024)
def _steepest(phi: BoundActivation, place: int) -> float | None:
    """Where W' is largest or smallest between two neighbouring variances of the scan, if it is so within."""
    known = _curve(phi)
    part = slice(place, place + 2)
    rounding = 1e-12 * known.square[part] / VARIANCES[part]
    ends = brackets(VARIANCES[part], VARIANCES[part]**2 * known.square_curvature[part], rounding)
    return bisected(lambda q: float(curve(phi, np.array([q])).square_curvature[0]), *ends[0]) if ends else None


def limit(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, roots: list[float]) -> float:
    """The variance at which the iteration from q ends; infinite without a root ahead, which is where it passes MAX_Q.

    Where W rises with q it is the next root on its way, and no step is needed. Else it is iterated.
    """
    if _rises(phi):
        return _next_root(phi, sigma_w, sigma_b, q, roots, 1e-12)
    for _ in range(MAX_ITERATIONS):
        following = length_map(phi, sigma_w, sigma_b, q)
        if not following < 10 * MAX_Q:
            return math.inf
        if abs(following - q) <= CLOSE * q:
            break
        near = [root for root in roots if abs(following - root) <= 1e-9 * root]
        if near:
            return near[0]
        q = following
    return _next_root(phi, sigma_w, sigma_b, q, roots, MARGINAL)


@np.errstate(all="ignore")
def _rises(phi: BoundActivation) -> bool:
    """Whether W rises with q, so that a course from any q keeps its direction and passes no root."""
    square = scanned(phi)[0]
    rises = np.diff(square[np.isfinite(square)]) >= -1e-15 * square[np.isfinite(square)][1:]
    return bool(rises.all())


def _next_root(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, roots: list[float],
               within: float) -> float:
    """The root that a slow course heads for."""
    nearest = min(roots, key=lambda root: abs(root - q), default=math.inf)
    if abs(nearest - q) <= within * q:
        return nearest
    rising = _is_rising(phi, sigma_w, sigma_b, q)
    ahead = [root for root in roots if (root > q) == rising]
    return (min(ahead) if rising else max(ahead)) if ahead else math.inf


def _is_rising(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> bool:
    """Whether the variance grows; where rounding hides it, as it does at the next that tells."""
    here = _excess(phi, sigma_w, sigma_b, q)
    if not abs(here) <= CLOSE * q or q == 0:
        return here > 0
    values = _excesses(phi, sigma_w, sigma_b)
    telling = values[(q < VARIANCES) & (np.abs(values) > CLOSE * VARIANCES)]
    return bool(telling[0] > 0) if len(telling) else False


LITTLE = np.logspace(-14, -3, 12)  # variances by which a fixed point at 0 of slope 1 is told
ROUNDING = 1e-12  # growth in one layer that says nothing


def stability(slope: float) -> str:
    """"stable", "unstable" or, of a slope χ_q of 1, "neutral"; "" of no number."""
    if math.isnan(slope):
        return ""
    return "neutral" if abs(abs(slope) - 1) <= MARGINAL else "stable" if abs(slope) < 1 else "unstable"


@np.errstate(all="ignore")
def stability_at(phi: BoundActivation, sigma_w: float, q: float, slope: float) -> str:
    """The stability of a fixed point q; at 0 a slope of 1 leaves it to the next order: whether small variances grow."""
    found = stability(slope)
    if found != "neutral" or q > 0:
        return found
    growth = sigma_w**2 * squares(phi, LITTLE)[0] / LITTLE - 1
    telling = growth[np.abs(growth) > ROUNDING]
    return found if not len(telling) else "unstable" if telling[0] > 0 else "stable"
