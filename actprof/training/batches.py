"""Which training rows each update sees: drawn with replacement, or every row once an epoch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from actprof.streams import BATCH, stream

DRAWN_TOGETHER = 256
"""Batches whose rows are drawn in one call."""


class Batches:
    """Row numbers for one update after the other; the same seed and repeat give the same ones to every arm."""

    def __init__(self, rows: int, size: int, seed: int, repeat: int, by_epochs: bool) -> None:
        self.per_epoch = updates_per_epoch(rows, size)
        self._rows, self._size, self._key, self._by_epochs = rows, size, (BATCH, repeat), by_epochs
        self._seed, self._group, self._drawn = seed, -1, np.empty(0, np.int64)

    def take(self, update: int) -> NDArray[np.int64]:
        """The rows of an update, counted from 0."""
        together = self.per_epoch if self._by_epochs else DRAWN_TOGETHER
        group, place = divmod(update, together)
        if group != self._group:
            self._group, self._drawn = group, self._draw(group)
        return self._drawn[place * self._size:(place + 1) * self._size]

    def _draw(self, group: int) -> NDArray[np.int64]:
        rng = stream(self._seed, *self._key, group)
        if self._by_epochs:
            return rng.permutation(self._rows)
        return rng.integers(self._rows, size=DRAWN_TOGETHER * self._size)


def updates_per_epoch(rows: int, size: int) -> int:
    """As many as it takes to see every row once; the last batch may be smaller."""
    return math.ceil(rows / size)
