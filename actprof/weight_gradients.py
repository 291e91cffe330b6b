"""Each layer's dL/dW, added up over the chunks of a batch: the sum of one batch at a time is in memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.distributions import norm
from actprof.propagation import Chunk

Rows = NDArray[Any]

SAFE = 1e-20, 1e30
"""Sums of squares that float32 takes without a thought."""


class WeightGradients:
    """Adds in the order of the chunks, whichever thread has them, so that the sums do not depend on the threads.

    A thread with a later chunk waits its turn at each layer. Chunks must be begun in their order, or it waits forever.
    """

    def __init__(self, depth: int, chunks: Sequence[Chunk]) -> None:
        self._stops = {chunk.batch: chunk.stop for chunk in chunks}
        shared = [chunk for chunk in chunks if chunk.start or chunk.stop < self._stops[chunk.batch]]
        self._turn_of = {chunk: turn for turn, chunk in enumerate(shared)}
        self._turns = [0] * depth
        self._sums: list[Rows | None] = [None] * depth
        self._rows = [0] * depth
        self._changed = threading.Condition()
        self._abandoned = False

    def add(self, number: int, chunk: Chunk, part: Rows | None, rows: int) -> float | None:
        """Add a chunk's dL/dW of layer `number`, summed over `rows` rows, or nothing.

        The length of the mean over the batch's rows once it is complete, None before or if there are no rows.
        """
        if chunk not in self._turn_of:
            return None if part is None else length(part) / rows
        place, turn = number - 1, self._turn_of[chunk]
        with self._changed:
            self._changed.wait_for(lambda: self._turns[place] == turn or self._abandoned)
        if self._abandoned:
            raise RuntimeError("another chunk has failed")
        result = self._added(place, chunk, part, rows)
        with self._changed:
            self._turns[place] += 1
            self._changed.notify_all()
        return result

    def abandon(self) -> None:
        """Let nobody wait for a chunk that has failed."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def _added(self, place: int, chunk: Chunk, part: Rows | None, rows: int) -> float | None:
        if chunk.start == 0:
            self._rows[place] = 0
        if part is not None:
            self._sum(place, part)
            self._rows[place] += rows
        if chunk.stop < self._stops[chunk.batch] or not self._rows[place]:
            return None
        total = self._sums[place]
        return None if total is None else length(total) / self._rows[place]

    def _sum(self, place: int, part: Rows) -> None:
        total = self._sums[place]
        if total is None:
            self._sums[place] = part.copy()
        elif self._rows[place]:
            total += part
        else:
            np.copyto(total, part)


def length(matrix: Rows) -> float:
    """√Σ v², in the matrix's own precision while that is safe."""
    flat = matrix.reshape(-1)
    squares = float(flat @ flat)
    return math.sqrt(squares) if SAFE[0] < squares < SAFE[1] else norm(flat.astype(np.float64))
