"""Roots, as those of the map of variances, and where the courses of variances end."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from actprof.arrays import Array, Counts, Flags, Floats
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import curve, moments
from actprof.theory.length_map import LOG_VARIANCES, MIN_Q, STILL, VARIANCES, moment_table, scanned
from actprof.theory.predictions import MARGINAL, MAX_Q

ROUGH = 1e-7  # growth that the table may not tell from 0
NEAR = 1e-3  # distance of χ_q from 1 within which a root of the table may be off by 1e-7
TINY, MAX_SQUARE = 1e-100, 1e260  # a variance below counts as 0, an expectation above as this much


def crossings(f: Callable[[float], float], grid: Array, values: Array, rounding: float | Array) -> list[float]:
    """The roots of f, one between any two neighbours of opposite signs; values below rounding·grid have none."""
    seen = np.flatnonzero(np.abs(values) > rounding * grid)
    return [bisected(f, float(grid[left]), float(grid[right])) for left, right in itertools.pairwise(seen)
            if (values[left] > 0) != (values[right] > 0)]


def bisected(f: Callable[[float], float], low: float, high: float, settled: float = 0.0) -> float:
    """The root of f in [low, high], as `between` finds it; f(low) and f(high) must have opposite signs."""
    return float(between(lambda x: np.array([f(float(x[0]))]), np.array([low]), np.array([high]), settled)[0])


LINES, MAX_STEPS = 20, 90  # guesses at a root by lines, of which a dozen do, and in all


@np.errstate(all="ignore")
def between(f: Callable[[Floats], Floats], low: Floats, high: Floats, settled: float = 0.0) -> Floats:
    """The roots of f, one in each [low, high] (stretches,); an end of those where f keeps its sign.

    The Illinois variant of false position (Dowell & Jarratt 1971), every fourth step a halving, then halvings; of the
    logarithm where both ends are above 0.

    Args:
        settled: the width of a stretch around a root within which it is found; rounding in any case.
    """
    at_low, at_high = f(low), f(high)
    sign = np.where(at_low < 0, -1.0, 1.0)
    at_low, at_high = sign * at_low, sign * at_high
    guess, found, side = np.where(at_low > 0, high, low), at_low == 0, np.zeros(len(low))
    for step in range(MAX_STEPS):
        line = (low * at_high - high * at_low) / (at_high - at_low)
        half = np.where(low > 0, np.sqrt(low) * np.sqrt(high), (low + high) / 2)
        following = np.where((low < line) & (line < high) & (step < LINES) & (step % 4 < 3), line, half)
        width = np.maximum(settled, 4e-16 * np.abs(high))
        closed = high - low <= width
        # A line that ends beside an end may still be far from the root: a little beyond, its other side is seen too.
        following = np.where(closed, following, np.clip(following, low + width / 2, high - width / 2))
        guess, found = np.where(found, guess, following), found | closed
        if found.all():
            break
        value = sign * f(guess)
        found |= value == 0
        left = value > 0
        at_low = np.where(left, value, np.where(side == -1, at_low / 2, at_low))
        at_high = np.where(left, np.where(side == 1, at_high / 2, at_high), value)
        low, high, side = np.where(left, guess, low), np.where(left, high, guess), np.where(left, 1, -1)
    return guess


@dataclass(frozen=True)
class LengthMaps:
    """The maps q → σ_w² W(q) + σ_b² of an activation.

    Attributes:
        weights, biases: (cells,) of σ_w² and σ_b².
        exactly: whether everything is found by quadrature, to rounding, or only what the table leaves open.
    """

    phi: BoundActivation
    weights: Floats
    biases: Floats
    exactly: bool = False

    @cached_property
    def growth(self) -> Floats:
        """The part of itself by which each of VARIANCES grows in one layer, (cells, VARIANCES)."""
        square = np.nan_to_num(scanned(self.phi).square, nan=MAX_SQUARE, posinf=MAX_SQUARE)
        growth = self.weights[:, None] * (square / VARIANCES)
        growth += self.biases[:, None] / VARIANCES
        growth -= 1
        return growth

    @cached_property
    def level(self) -> Flags:
        """Whether every variance is fixed, or moves too little for a slope to be told from 1."""
        return np.asarray((np.abs(self.growth[:, ::65]) <= MARGINAL).all(axis=1))

    @cached_property
    def bottom(self) -> Floats:
        """The root below MIN_Q, where W is a line; 0 too where only what starts there stays."""
        zero = moments(self.phi, 0.0).square
        least = self.weights * zero + self.biases
        slope = self.weights * (scanned(self.phi).square[0] - zero) / MIN_Q
        return np.where(least > TINY, least / np.maximum(1 - slope, STILL), 0.0)

    def at(self, cell: Counts, log_q: Floats, exactly: bool) -> tuple[Floats, Floats]:
        """(growth, its derivative by ln q) of some of the cells, each at its own variance."""
        if not len(cell):
            return log_q, log_q
        q, table = np.exp(log_q), moment_table(self.phi) if not exactly else None
        square, slope = (table.square(log_q), table.square_slope(q)) if table else curve(self.phi, q)[::2]
        image = self.weights[cell] * np.minimum(square, MAX_SQUARE) + self.biases[cell]
        return image / q - 1, self.weights[cell] * slope - image / q

    def grown(self, cell: Counts, log_q: Floats) -> Floats:
        """The growth of some of the cells, by the table unless that is too rough."""
        growth = np.zeros(len(cell))
        if not self.exactly:
            growth = moment_table(self.phi).growth(self.weights[cell], self.biases[cell], log_q)
        rough = np.abs(growth) < ROUGH
        growth[rough] = self.at(cell[rough], log_q[rough], True)[0]
        return growth

    @cached_property
    def roots(self) -> tuple[Counts, Floats, Floats, Flags, Flags]:
        """(cell, low, high, whether what is less, or more, comes there) of all roots but the bottom, rising in a cell.

        low and high are ln q of two neighbours, of VARIANCES and turns of the growth, between which that changes its
        sign; they are the same where the map touches the diagonal.
        """
        count, growth = len(LOG_VARIANCES), self.growth.ravel()
        telling = np.flatnonzero(np.abs(growth) > STILL)
        change = np.flatnonzero(np.diff(growth[telling] > 0))
        alone = telling[np.flatnonzero(np.diff(telling) == 2)] + 1  # a variance that is a root
        turned, place, turn = self._turns()
        ends = np.sort(np.concatenate([telling[change], telling[change + 1], alone - 1, alone, alone + 1,
                                       turned * count + place, turned * count + place + 1]))
        ends = ends[np.diff(ends, prepend=-1) > 0]
        cell, log_q = np.append(ends // count, turned), np.append(LOG_VARIANCES[ends % count], turn)
        value = np.append(growth[ends], self.grown(turned, turn))
        order = np.lexsort((log_q, cell))
        cell, log_q, value = cell[order], log_q[order], value[order]
        sign = np.where(np.abs(value) > STILL, np.sign(value), 0.0)
        crossed = (sign[1:] * sign[:-1] < 0) & (cell[1:] == cell[:-1])
        low = np.flatnonzero(np.append(crossed, False) | (sign == 0))
        touched = sign[low] == 0
        above = sign[np.minimum(low + 1, len(sign) - 1)]
        return cell[low], log_q[low], log_q[low + ~touched], sign[low - touched] > 0, above < 0

    def _turns(self) -> tuple[Counts, Counts, Floats]:
        """(cell, number of the variance before, ln q) of turns of the growth between two of VARIANCES, so near 0 that
        there may be roots around it which none of them sees."""
        known, step = scanned(self.phi), LOG_VARIANCES[1] - LOG_VARIANCES[0]
        elasticity = np.nan_to_num(VARIANCES * known.square_slope / known.square, nan=0.0, posinf=0.0, neginf=0.0)
        if elasticity.max() <= 1 + 1e-9:  # where W never grows faster than q there is one root
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        most = step / 3 * np.maximum(np.abs(elasticity - 1), 1)  # that a cubic's coefficient is away, over 1 + growth
        near = (self.growth > -most / (1 + most)) & (self.growth < np.where(most < 1, most / (1 - most), np.inf))
        near[self.level] = False
        cell, place = np.nonzero(near[:, :-1] | near[:, 1:])
        coefficients = []  # Bernstein's, of the cubic: there are as many roots at most as changes of their sign
        for at, way in ((place, 1), (place + 1, -1)):
            grown, steep = self.growth[cell, at], elasticity[at]
            tilt = (grown + 1) * (steep - 1) - steep * self.biases[cell] / VARIANCES[at]
            coefficients += [grown, grown + way * step / 3 * tilt]
        first, second, last, third = coefficients
        left, right = first * second < 0, last * third < 0
        twice = np.where(first * last < 0, left & right, left | right)
        bends = first - 2 * second + third, second - 2 * third + last  # of one sign unless the tilt turns
        start, stop = LOG_VARIANCES[place], LOG_VARIANCES[place + 1]
        middle = start + step * np.clip(bends[0] / (bends[0] - bends[1]), 0.0, 1.0)
        low, high = (np.append(*ends)[np.tile(twice, 2)] for ends in ((start, middle), (middle, stop)))
        cell, place = np.tile(cell[twice], 2), np.tile(place[twice], 2)
        turns = self.at(cell, low, self.exactly)[1] * self.at(cell, high, self.exactly)[1] < 0
        cell, place = cell[turns], place[turns]
        return cell, place, between(lambda log_q: self.at(cell, log_q, self.exactly)[1], low[turns], high[turns], 1e-9)

    def solved(self, which: Counts) -> Floats:
        """The roots of these numbers, to rounding where an error of the table would move them."""
        cell, low, high, _, _ = self.roots
        cell, low, high = cell[which], low[which], high[which]
        log_q, rough = low, low < high
        if not self.exactly:
            table, weights, biases = moment_table(self.phi), self.weights[cell], self.biases[cell]
            log_q = between(lambda log_q: table.growth(weights, biases, log_q), low, high, 1e-12)
            rough &= np.abs(weights * table.square_slope(np.exp(log_q)) - 1) < NEAR
        log_q[rough] = between(lambda log_q: self.at(cell[rough], log_q, True)[0], low[rough], high[rough])
        return np.asarray(np.exp(log_q))

    @cached_property
    def every(self) -> Floats:
        """All of `roots` (roots,)."""
        return self.solved(np.arange(len(self.roots[0])))

    @np.errstate(all="ignore")
    def limits(self, start: Floats) -> tuple[Floats, Floats, Floats]:
        """Of courses from the variances (cells,): (their ends: 0, a root or infinity; the least growth from there
        upwards; the variance of that).

        W rises for all but a few φ: then the next root on the way is the end, and no iteration is needed, which at the
        edge would take thousands of layers. A variance that grows by no more than STILL is an end too.
        """
        known = scanned(self.phi)
        start = np.where(start > 0, start, self.weights * moments(self.phi, 0.0).square + self.biases)  # passes no root
        if (known.square_slope * VARIANCES < -1e-9 * known.square).any():
            start = moment_table(self.phi).iterated(self.weights, self.biases, start)
        log_q = np.log(np.clip(start, MIN_Q, MAX_Q))
        growth = self.grown(np.arange(len(start)), log_q)
        moves = ~self.level & (start > TINY)
        rises, falls = moves & (growth > STILL), moves & (growth < -STILL)
        cell, low, high, from_below, from_above = self.roots
        up = np.flatnonzero(from_below & rises[cell] & (high > log_q[cell]))
        down = np.flatnonzero(from_above & falls[cell] & (low < log_q[cell]))
        chosen = np.full(len(start), -1)
        chosen[cell[up][::-1]], chosen[cell[down]] = up[::-1], down  # of several the last one is kept
        end = np.where(rises, np.inf, np.where(falls, self.bottom, start))
        some = chosen[chosen >= 0]
        end[chosen >= 0] = self.every[some] if self.exactly else self.solved(some)
        upwards = np.where(log_q[:, None] <= LOG_VARIANCES, self.growth, np.inf)
        place = upwards.argmin(axis=1)
        least = upwards[np.arange(len(place)), place]
        return end, np.minimum(growth, least), np.where(growth < least, np.exp(log_q), VARIANCES[place])


@np.errstate(all="ignore")
def fixed_variances(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> tuple[list[float] | None, float]:
    """(all fixed points up to MAX_Q, rising, and one where the map touches the diagonal, or None if all q are; the end
    of the course from q), to rounding."""
    maps = LengthMaps(phi, np.array([sigma_w**2]), np.array([sigma_b**2]), exactly=True)
    end = float(maps.limits(np.array([q]))[0][0])
    if maps.level[0]:
        return None, end
    below = maps.bottom.tolist() if maps.bottom[0] == 0 or maps.growth[0, 0] < 0 else []
    return [*below, *maps.every.tolist()], end
