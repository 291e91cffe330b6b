"""Which training rows each update sees: drawn with replacement, or every row once an epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actprof.streams import BATCH, stream

DRAWN_TOGETHER = 1 << 15
"""Row numbers that are drawn in one call."""


class Batches:
    """Row numbers for one update after the other; the same seed and repeat give the same ones to every arm.

    Attributes:
        per_epoch: updates that it takes to see as many rows as there are.
        largest: rows of the largest batch.
    """

    def __init__(self, rows: int, size: int, seed: int, repeat: int, by_epochs: bool) -> None:
        self.per_epoch = updates_per_epoch(rows, size)
        self.largest = min(size + 1, rows) if by_epochs else size
        self._rows, self._size, self._key, self._by_epochs = rows, size, (BATCH, repeat), by_epochs
        self._together = self.per_epoch if by_epochs else max(1, DRAWN_TOGETHER // size)
        self._seed, self._group, self._drawn = seed, -1, np.empty(0, np.int64)

    def take(self, update: int) -> NDArray[np.int64]:
        """The rows of an update, counted from 0."""
        group, place = divmod(update, self._together)
        if group != self._group:
            self._group, self._drawn = group, self._draw(group)
        last = self._by_epochs and place == self.per_epoch - 1
        return self._drawn[place * self._size:None if last else (place + 1) * self._size]

    def _draw(self, group: int) -> NDArray[np.int64]:
        rng = stream(self._seed, *self._key, group)
        if self._by_epochs:
            return rng.permutation(self._rows)
        return rng.integers(self._rows, size=self._together * self._size)


def updates_per_epoch(rows: int, size: int) -> int:
    """As many as it takes to see every row once; the last batch is what is left, but a lone row joins the one before:
    over a single row, nothing can be normalised."""
    full, left = divmod(rows, size)
    return max(full + (left > (size > 1)), 1)
