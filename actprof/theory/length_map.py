"""The map of variances q → σ_w² E φ² + σ_b² (Poole et al. 2016): its roots, and where an iteration ends."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from actprof.arrays import Array, Counts, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Curve, Moments, curve, moments, squares
from actprof.theory.polynomials import shares_at
from actprof.theory.predictions import MARGINAL
from actprof.theory.predictions import MAX_Q as MAX_Q


def crossings(f: Callable[[float], float], grid: Array, values: Array, rounding: float | Array) -> list[float]:
    """The roots of f, one between any two neighbours of opposite signs; values below rounding·grid have none."""
    seen = np.flatnonzero(np.abs(values) > rounding * grid)
    return [bisected(f, float(grid[left]), float(grid[right])) for left, right in itertools.pairwise(seen)
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

FINER = 64  # parts of the scan's step in which turns of the map are sought

# Variances at which W follows its tangent, so that few do; what is below them counts as 0.
BELOW = (1e-100, 1e-60, 1e-40, 1e-30, 1e-24, 1e-20, 1e-17)

CLOSE = 1e-13  # distance of a variance from its image, relative to it, that may be the quadrature's

LEAST_BEND = 1e-13  # second difference of the growth, over such parts, that is no mere rounding

STILL = 1e-11  # relative growth in one layer that is rounding

MAX_ITERATIONS = 300

# Logarithms further out stand for an expectation of 0 or for one that overflows: floats end at -745 and 709, and some
# room is left to multiply.
MIN_LOG, MAX_LOG = -600.0, 600.0

WINDOW = 10  # neighbouring nodes through which a polynomial is laid


def length_map(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """σ_w² W(q) + σ_b²: the next layer's variance."""
    return float((sigma_w**2 * moments(phi, q).square if sigma_w else 0.0) + sigma_b**2)


def length_slope(phi: BoundActivation, sigma_w: float, q: float) -> float:
    """χ_q = σ_w² W'(q); infinite at 0 where φ jumps there, because W does."""
    if q == 0 and 0.0 in phi.jumps and sigma_w:
        return math.inf
    return float(sigma_w**2 * moments(phi, q).square_slope) if sigma_w else 0.0


def rises(known: Curve, q: Floats) -> bool:
    """Whether W rises with q, so that a course from any q keeps its direction and passes no root."""
    return not (known.square_slope * q < -1e-9 * known.square).any()


@dataclass(frozen=True)
class MomentTable:
    """What an activation's length maps follow from, at VARIANCES and at one variance between each two of them.

    Attributes:
        q: (nodes,), rising; the logarithms are equidistant.
        known: the expectations at q.
        zero: the moments without variance.
    """

    q: Floats
    known: Curve
    zero: Moments

    @cached_property
    def log_q(self) -> Floats:
        return np.asarray(np.log(self.q))

    @cached_property
    def log_square(self) -> Floats:
        """ln W."""
        return _logarithm(self.known.square)

    @cached_property
    def elasticity(self) -> Floats:
        """d ln W/d ln q = q W'/W."""
        with np.errstate(all="ignore"):
            share = self.q * self.known.square_slope / self.known.square
        return np.where(np.abs(self.log_square) < MAX_LOG, share, 0.0)

    @cached_property
    def log_slope_square(self) -> Floats:
        """ln E φ'²."""
        return _logarithm(self.known.slope_square)

    @cached_property
    def rising(self) -> bool:
        return rises(self.known, self.q)

    def square(self, log_q: Floats) -> Floats:
        """W, shaped like log_q."""
        return _exponential(self._at(self.log_square, log_q))

    def square_slope(self, q: Floats) -> Floats:
        """W', shaped like q."""
        log_q = _logarithm(q)
        inside = self._at(self.elasticity, log_q) * self.square(log_q) * np.exp(-log_q)
        return np.where(q > MIN_Q, inside, self.zero.square_slope)

    def slope_square(self, q: Floats) -> Floats:
        """E φ'², shaped like q."""
        inside = _exponential(self._at(self.log_slope_square, _logarithm(q)))
        return np.where(q > MIN_Q, inside, self.zero.slope_square)

    def growth(self, weights: Floats | float, biases: Floats | float, log_q: Floats) -> Floats:
        """The part of itself by which a variance grows in one layer of σ_w² = weights and σ_b² = biases."""
        return np.asarray((weights * self.square(log_q) + biases) * np.exp(-log_q) - 1)

    def iterated(self, weights: Floats, biases: Floats, q: Floats) -> Floats:
        """The variance many layers on."""
        for _ in range(MAX_ITERATIONS):
            following = weights * self.square(np.log(np.clip(q, self.q[0], self.q[-1]))) + biases
            if (np.abs(following - q) <= STILL * q).all():
                break
            q = following
        return q

    def _at(self, values: Floats, log_q: Floats) -> Floats:
        """The polynomial through the neighbouring nodes, or a line where one of them stands for 0 or for infinity.

        The first and the last node stand for what is beyond them.
        """
        last = len(self.log_q) - 1
        position = np.clip((log_q - self.log_q[0]) / (self.log_q[-1] - self.log_q[0]) * last, 0.0, last)
        first: Counts = np.clip(position.astype(np.int64) - WINDOW // 2 + 1, 0, last + 1 - WINDOW)
        near = values[first[:, None] + np.arange(WINDOW)]
        smooth: Floats = (shares_at(position - first, _EVEN, _BINOMIAL) * near).sum(axis=1)
        lost = (np.abs(near) >= MAX_LOG).any(axis=1)
        return np.where(lost, np.interp(position, np.arange(last + 1), values), smooth) if lost.any() else smooth


_EVEN = np.arange(WINDOW, dtype=np.float64)
_BINOMIAL = np.array([(-1.0) ** k * math.comb(WINDOW - 1, k) for k in range(WINDOW)])


@functools.lru_cache(256)
def scanned(phi: BoundActivation) -> Curve:
    """The expectations at VARIANCES; whatever σ_w and σ_b, the map's values there follow from them."""
    return curve(phi, VARIANCES)


@functools.lru_cache(256)
def moment_table(phi: BoundActivation) -> MomentTable:
    """The table of an activation."""
    q = np.geomspace(MIN_Q, MAX_Q, 2 * len(VARIANCES) - 1)
    q[::2] = VARIANCES
    known = np.empty((len(Curve._fields), len(q)))
    known[:, ::2], known[:, 1::2] = scanned(phi), curve(phi, q[1::2])
    return MomentTable(q, Curve(*known), moments(phi, 0.0))


def _logarithm(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs: Floats = np.clip(np.nan_to_num(np.log(values), nan=MAX_LOG), MIN_LOG, MAX_LOG)
    return logs


def _exponential(logs: Floats) -> Floats:
    return np.where(logs > MIN_LOG, np.exp(logs), 0.0)


def _excesses(phi: BoundActivation, sigma_w: float, sigma_b: float) -> Array:
    """The map less the variance at VARIANCES; without weights W does not matter, overflown or not."""
    images = sigma_w**2 * scanned(phi).square if sigma_w else np.zeros(VARIANCES.size)
    return np.asarray(images + sigma_b**2 - VARIANCES)


@np.errstate(all="ignore")
def roots(phi: BoundActivation, sigma_w: float, sigma_b: float) -> list[float] | None:
    """All fixed points up to MAX_Q, rising; where the map touches the diagonal it is one; None if all q are."""
    def excess(q: float) -> float:
        return length_map(phi, sigma_w, sigma_b, q) - q

    values = _excesses(phi, sigma_w, sigma_b)
    if (np.abs(values) <= MARGINAL * VARIANCES).all():
        return None
    turns = _turns(phi, sigma_w, sigma_b, values) if sigma_w else []
    grid = np.array([*BELOW, *VARIANCES, *turns])
    values = np.array([*map(excess, BELOW), *values, *map(excess, turns)])
    order = np.argsort(grid)
    grid, values = grid[order], values[order]
    found = crossings(excess, grid, values, CLOSE)
    found += [turn for turn in turns if abs(excess(turn)) <= CLOSE * turn
              and all(abs(root - turn) > MARGINAL * turn for root in found)]
    return sorted([0.0, *found] if length_map(phi, sigma_w, sigma_b, 0.0) <= BELOW[0] else found)


def _turns(phi: BoundActivation, sigma_w: float, sigma_b: float, excess: Array) -> list[float]:
    """Where the growth turns so close to 0 that roots may lie around it which the scan does not see."""
    def slope(q: float) -> float:
        return q * (length_slope(phi, sigma_w, q) - 1)

    known, weights, biases = scanned(phi), sigma_w**2, sigma_b**2
    nodes, growth = np.log(VARIANCES), np.abs(excess / VARIANCES)
    step = nodes[1] - nodes[0]
    tilt = weights * (known.square_slope - known.square / VARIANCES) - biases / VARIANCES  # d growth/d ln q
    size, change = np.abs(tilt), np.abs(np.diff(tilt)) + np.abs(np.diff(tilt, 2, append=tilt[-1]))
    near = np.minimum(growth[:-1], growth[1:]) <= 2 * step * np.maximum(size[:-1], size[1:])
    near &= np.minimum(size[:-1], size[1:]) <= 2 * change
    if not near.any():
        return []
    log_q = nodes[:-1][near, None] + step * np.arange(-1, FINER + 1) / FINER
    growth = moment_table(phi).growth(weights, biases, log_q.ravel()).reshape(log_q.shape)
    rises, bends = np.diff(growth) > 0, np.abs(np.diff(growth, 2))
    found = []
    for cell, place in np.argwhere((rises[:, :-1] != rises[:, 1:]) & (bends > LEAST_BEND)):
        before, here, after = np.exp(log_q[cell, place:place + 3]).tolist()
        if abs(growth[cell, place + 1]) > 4 * bends[cell, place]:
            found.append(here)
        else:
            ends = np.array([before**2 / here, after**2 / here])
            found += crossings(slope, ends, np.array([slope(float(q)) for q in ends]), 1e-14)
    return found


@np.errstate(all="ignore")
def limit(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float, roots: list[float]) -> float:
    """The variance at which the iteration from q ends; infinite without a root ahead, which is where it passes MAX_Q.

    Where W rises with q it is the next root on its way, and no step is needed. Else it is iterated first.
    """
    known, within = scanned(phi), 1e-12
    if sigma_w and not rises(known, VARIANCES):
        some = (np.array([each]) for each in (sigma_w**2, sigma_b**2, q))
        q, within = float(moment_table(phi).iterated(*some)[0]), MARGINAL
    nearest = min(roots, key=lambda root: abs(root - q), default=math.inf)
    if abs(nearest - q) <= within * q:
        return nearest
    excess = length_map(phi, sigma_w, sigma_b, q) - q
    if abs(excess) <= CLOSE * q and q > 0:  # rounding hides the way; it is that of the next variance that tells
        values = _excesses(phi, sigma_w, sigma_b)
        telling = values[(q < VARIANCES) & (np.abs(values) > CLOSE * VARIANCES)]
        excess = telling[0] if len(telling) else -1.0
    ahead = [root for root in roots if (root > q) == (excess > 0)]
    return (min if excess > 0 else max)(ahead, default=math.inf)


LITTLE = np.logspace(-14, -3, 12)  # variances by which a fixed point at 0 of slope 1 is told


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
    telling = growth[np.abs(growth) > STILL]
    return found if not len(telling) else "unstable" if telling[0] > 0 else "stable"
