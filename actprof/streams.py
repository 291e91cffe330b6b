"""Where random numbers come from: one stream for each thing drawn, so that nothing drawn depends on anything else.

A layer's weights do not change with the depth, an input block not with the chunk or thread that asks for it, and every
arm sees the same inputs and the same underlying draws.
"""

from __future__ import annotations

import numpy as np

BLOCK = 256  # rows that share one stream: what is drawn row by row is drawn in blocks of this many rows

# What a stream is for: the first number of its key.
INPUT, WEIGHT, BIAS, NOISE, DATA, BATCH, DROPOUT, PROBE, COTANGENT = range(9)


def stream(seed: int, *key: int) -> np.random.Generator:
    """The generator of one thing: the same seed and key give the same numbers, different keys independent ones."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
