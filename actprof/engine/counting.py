"""One pass over the values of a layer, block by block: moments, activity of units, histogram.

Blocks are small enough for the processor's cache. Sums are taken in float64; where a unit's values hardly differ, its
block is centred first, so that no digit of a collapsed layer's spread is lost.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from actprof.arrays import Array, Counts, Flags, Floats, Rows
from actprof.engine.bins import Bins
from actprof.engine.distributions import Accumulator, Distribution, Histogram, UnitMoments, norm, own_rules

# Size of a block: small enough that its passes find it in the cache, large enough that the threads, which hand over
# the interpreter's lock at every call, seldom wait for each other.
BLOCK_BYTES = 768 * 1024

# Maximum bins for which two values are counted as one index; beyond, the table of pairs outgrows the cache.
PAIRED_BINS = 200

CANCELLED = 1e-5  # share of the sum of squares below which the spread is taken again from centred values
MAX_SIZE = 1e120  # squares of values between 1/MAX_SIZE and MAX_SIZE can be summed in float64 without a thought
MIN_SQUARE = 1e-290  # a row whose sum of squares is less may have lost some of them


_warm = threading.local()  # has `product` in a thread that is warm


def block_rows(units: int, itemsize: int) -> int:
    """Rows of a block of `units` columns."""
    return max(1, BLOCK_BYTES // (units * itemsize))


class Scratch:
    """Buffers of one thread, grown to the largest block seen."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, Any], Array] = {}
        self._shaped: dict[tuple[str, tuple[int, ...], Any], Array] = {}
        _warm_blas()

    def get(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """An uninitialised array of that shape; the next call with that name and dtype reuses its memory."""
        known = self._shaped.get((name, shape, dtype))
        if known is not None:
            return known
        size = math.prod(shape)
        array = self._arrays.get((name, dtype))
        if array is None or array.size < size:
            array = self._arrays[name, dtype] = np.empty(size, dtype)
            self._shaped.clear()
        return self._shaped.setdefault((name, shape, dtype), array[:size].reshape(shape))


def _warm_blas() -> None:
    """Have this thread's BLAS write once to all of the buffer that it packs matrices into.

    OpenBLAS fetches ahead, past what it has packed. As long as no page is there, each fetch is looked up in vain: on
    virtual machines products of 200 to 350 columns take 2 to 4 times as long, until a product of more columns is made.
    """
    if not hasattr(_warm, "product"):
        _warm.product = np.zeros((64, 384), np.float32) @ np.zeros((384, 384), np.float32)


class Counter:
    """Counts one quantity of one layer over the blocks it is given.

    `activity` asks for what makes sense of activations only: zeros, atoms, units that are always or never zero, and
    the directions of the samples.
    """

    def __init__(self, units: int, bins: Bins, scratch: Scratch, activity: bool = False,
                 atoms: tuple[float, ...] = (), rectifier: bool = False) -> None:
        self._activity = activity
        self._scratch = scratch
        self._bins = bins
        self._empty = Distribution.empty(units, bins.edges, atoms, rectifier, activity)
        self._seen = SimpleNamespace(**vars(self._empty))  # the fields of a Distribution, to be changed in place
        self._atoms = dict(self._empty.atoms)
        self._rows, self._means, self._deviation = 0, np.zeros(units), 0.0
        self._below = self._above = 0
        self._counts = np.zeros(bins.count, np.int64)
        self._own = own_rules(activity)
        self._broken: Distribution | None = None

    def add_saturated(self, count: int) -> None:
        """Count values whose pre-activation lies where the activation is flat."""
        self._seen.saturated += count

    def add(self, block: Rows) -> tuple[float, float]:
        """Count a C-contiguous block of shape (rows, units); its smallest and largest value, NaN or inf included."""
        low, high = float(block.min()), float(block.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            self._count_broken(block)
            return low, high
        seen = self._seen
        seen.minimum, seen.maximum = min(seen.minimum, low), max(seen.maximum, high)
        self._count_moments(block, low, high)
        if self._activity:
            self._count_zeros(block, low, high)
        else:
            self._count_atoms(block, low, high)
        counts, below, above = count_bins(block, low, high, self._bins, self._scratch)
        self._counts += counts
        self._below += below
        self._above += above
        if self._own:
            seen.own = _with_own(seen.own, self._own, block)
        return low, high

    def distribution(self) -> Distribution:
        """Everything counted so far."""
        whole = Distribution(**vars(self._seen) | {
            "histogram": Histogram(self._bins.edges, self._counts.copy(), self._below, self._above),
            "moments": UnitMoments(np.full(len(self._means), self._rows), self._means, self._deviation),
            "atoms": tuple(self._atoms.items())})
        return whole if self._broken is None else whole.merge(self._broken)

    def _count_moments(self, block: Rows, low: float, high: float) -> None:
        """Update the means, the deviation from them, and the directions of the rows."""
        rows = len(block)
        values = self._scratch.get("values", block.shape, np.float64)
        np.copyto(values, block)
        power = _power(low, high)
        if power:
            np.ldexp(values, -power, out=values)
        means = np.ones(rows) @ values
        means /= rows
        squared = np.matmul(values[:, None], values[..., None]).reshape(rows)  # |row|², by BLAS, in one reading
        if self._activity:
            direction, directions = _directions(values, squared)
            self._seen.direction += direction
            self._seen.directions += directions
        if low == high:  # a constant has no spread, whatever the rounding of its sum
            self._merge_moments(rows, np.full_like(means, low), 0.0)
            return
        total = float(squared.sum())
        squares = total - rows * float(means @ means)
        if squares < CANCELLED * total:
            values -= means
            squares = float(np.vdot(values, values))
        self._merge_moments(rows, np.ldexp(means, power), float(np.ldexp(math.sqrt(squares), power)))

    def _merge_moments(self, rows: int, means: Floats, deviation: float) -> None:
        if not self._rows:
            self._rows, self._means, self._deviation = rows, means, deviation
            return
        delta = means - self._means
        share = rows / (self._rows + rows)
        self._deviation = math.hypot(self._deviation, deviation, norm(delta) * math.sqrt(self._rows * share))
        self._means += delta * share
        self._rows += rows

    def _count_zeros(self, block: Rows, low: float, high: float) -> None:
        """Update zeros, atoms and the units that are always or ever zero."""
        zeros = 0
        if low <= 0 <= high:
            equal = np.equal(block, 0, out=self._scratch.get("equal", block.shape, np.bool_))
            zeros = int(np.count_nonzero(equal))
        if zeros:
            self._seen.zeros += zeros
            self._note_zero_units(equal)
        else:
            self._seen.always_zero[:] = False
        self._count_atoms(block, low, high, zeros)

    def _count_atoms(self, block: Rows, low: float, high: float, zeros: int | None = None) -> None:
        """Update the atoms; `zeros` are known already where they were counted."""
        for atom in self._atoms:
            if atom == 0 and zeros is not None:
                self._atoms[atom] += zeros
            elif low <= atom <= high:
                equal = np.equal(block, atom, out=self._scratch.get("equal", block.shape, np.bool_))
                self._atoms[atom] += int(np.count_nonzero(equal))

    def _note_zero_units(self, equal: Flags) -> None:
        """Update the units that are always or ever zero, as long as there are some that may yet change."""
        seen = self._seen
        if seen.always_zero.any():
            seen.always_zero &= np.logical_and.reduce(equal, axis=0)
        if not seen.ever_zero.all():
            seen.ever_zero |= np.logical_or.reduce(equal, axis=0)

    def _count_broken(self, block: Rows) -> None:
        """Count a block with NaN or infinities: the same statistics over its finite part, written for clarity."""
        part = _distribution_of_finite_part(block, self._empty, self._bins, self._own, self._scratch)
        self._broken = part if self._broken is None else self._broken.merge(part)


NO_BINS = Bins(-1.0, 1.0, 1, np.dtype(np.float64))

ROW_LIMITS = {4: 1e30, 8: 1e290}  # bytes of a float → squares of rows between 1/limit and limit are safe in it
MIN_SPREAD = 1e-3  # share of the sum of squares from which on the spread within units is told well enough from sums


class MomentCounter:
    """Counts the moments and directions of a quantity, and nothing else, in three passes in the values' own precision.

    What that cannot do (rows that are 0, very large or not finite, units that hardly vary) goes to a Counter.
    """

    def __init__(self, units: int, scratch: Scratch) -> None:
        self._empty = Distribution.empty(units, NO_BINS.edges)
        self._rows, self._squares = 0, 0.0
        self._sums, self._direction = np.zeros(units), np.zeros(units)
        self._careful = Counter(units, NO_BINS, scratch, activity=True)

    def add(self, block: Rows) -> bool:
        """Count a block of shape (rows, units); whether all of it is finite."""
        squares, rows = np.einsum("ij,ij->i", block, block), len(block)
        limit = ROW_LIMITS[block.dtype.itemsize]
        if squares.min() > 1 / limit and squares.max() < limit:
            sums, total = np.ones(rows, block.dtype) @ block, float(squares.sum(dtype=np.float64))
            if rows == 1 or total - float(sums @ sums) / rows > MIN_SPREAD * total:
                self._rows += rows
                self._squares += total
                self._sums += sums
                self._direction += np.sqrt(squares) ** -1 @ block
                return True
        low, high = self._careful.add(np.ascontiguousarray(block))
        return math.isfinite(low) and math.isfinite(high)

    def distribution(self) -> Distribution:
        """Everything counted so far; only moments and directions mean anything."""
        means = self._sums / max(self._rows, 1)
        spread = self._squares - self._rows * float(means @ means)
        moments = UnitMoments(np.full(len(means), self._rows), means, math.sqrt(max(spread, 0.0)))
        return replace(self._empty, moments=moments, direction=self._direction, directions=self._rows).merge(
            self._careful.distribution())


def _with_own(counted: Mapping[str, Any], rules: Mapping[str, Accumulator], values: Rows) -> dict[str, Any]:
    """The values of the statistics' own accumulators after some finite values more."""
    return {name: rule.merge(counted[name], rule.count(values)) if rule.count else counted[name]
            for name, rule in rules.items()}


def count_bins(block: Rows, low: float, high: float, bins: Bins, scratch: Scratch) -> tuple[Counts, int, int]:
    """Counts per bin and outside of the finite values of a block whose smallest and largest are low and high."""
    flat = block.reshape(-1)
    place = scratch.get("place", flat.shape, bins.dtype)
    bins.place(flat if flat.dtype == bins.dtype else flat.astype(bins.dtype), place)
    ends = np.array([low, high], bins.dtype)
    bins.place(ends, ends)
    last = bins.first + bins.count - 1
    if ends[0] < bins.first or ends[1] > last:
        np.clip(place, bins.first, last, out=place)
    counts = _tally(place, bins.first, bins.count, scratch)
    # Arrays, because a float32 block would round a plain number to float32 before it compares.
    below = int(np.count_nonzero(block < np.array([bins.low]))) if low < bins.low else 0
    above = int(np.count_nonzero(block > np.array([bins.high]))) if high > bins.high else 0
    counts[0] -= below
    counts[-1] -= above
    return counts, below, above


def _tally(place: Rows, first: int, count: int, scratch: Scratch) -> Counts:
    """The counts of each whole number from `first` on; two at a time as one index where the table stays small."""
    half = len(place) // 2 if count <= PAIRED_BINS else 0
    left, right, rest = place[:half], place[half:2 * half], place[2 * half:]
    counts = np.zeros(count, np.int64)
    if rest.size:
        counts += np.bincount(rest.astype(np.int32) - first, minlength=count)
    if half:
        left *= left.dtype.type(count)
        left += right
        if first:
            left -= left.dtype.type(first * (count + 1))
        # By way of int32, and into our own int64: the direct cast is slow, and bincount's own allocates every time.
        narrow, index = scratch.get("narrow", (half,), np.int32), scratch.get("index", (half,), np.intp)
        np.copyto(narrow, left, casting="unsafe")
        np.copyto(index, narrow)
        pairs = np.bincount(index, minlength=count * count).reshape(count, count)
        counts += pairs.sum(axis=0) + pairs.sum(axis=1)
    return counts


def _power(low: float, high: float) -> int:
    """The power of two to divide by before squaring: 0 where the squares are safe in float64."""
    size = max(abs(low), abs(high))
    return math.frexp(size)[1] if size and not 1 / MAX_SIZE < size < MAX_SIZE else 0


def _directions(values: Floats, squared: Floats) -> tuple[Floats, int]:
    """The sum of a/|a| over the rows that are not 0, and how many these are, given each |a|²."""
    if squared.min() > MIN_SQUARE:
        return (1 / np.sqrt(squared)) @ values, len(values)
    return _unit_rows(values)


def _unit_rows(values: Floats) -> tuple[Floats, int]:
    """The same for rows of any size."""
    sizes = np.abs(values).max(axis=1, initial=0.0)
    rows = values[sizes > 0] / sizes[sizes > 0, None]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.sum(axis=0), len(rows)


def _distribution_of_finite_part(block: Rows, empty: Distribution, bins: Bins, own: Mapping[str, Accumulator],
                                 scratch: Scratch) -> Distribution:
    finite = np.isfinite(block)
    values = np.where(finite, block, 0).astype(np.float64)
    counts = finite.sum(axis=0)
    means = (values / np.maximum(counts, 1)).sum(axis=0)
    deviation = norm(np.where(finite, values - means, 0).reshape(-1))
    kept = block[finite]
    low, high = (float(kept.min()), float(kept.max())) if kept.size else (math.inf, -math.inf)
    histogram = (Histogram(bins.edges, *count_bins(kept, low, high, bins, scratch)) if kept.size
                 else empty.histogram)
    direction, directions = _unit_rows(values[finite.all(axis=1)])
    zero = block == 0
    return replace(
        empty, histogram=histogram, moments=UnitMoments(counts, means, deviation), minimum=low, maximum=high,
        direction=direction, directions=directions, zeros=int(zero.sum()),
        atoms=tuple((atom, int(np.count_nonzero(kept == atom))) for atom, _ in empty.atoms),
        always_zero=zero.all(axis=0), ever_zero=zero.any(axis=0), nan=int(np.isnan(block).sum()),
        posinf=int(np.isposinf(block).sum()), neginf=int(np.isneginf(block).sum()),
        own=_with_own(empty.own, own, kept))
