"""How curves and markers that lie in the same place all stay visible: each takes its turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from actprof.arrays import Floats

DASH, PAUSE = 5.0, 3.0  # in line widths
RING = 5.0  # points by which a marker stands out behind the next
SAME = 1e-6  # curves that differ by less lie upon each other

Turn = tuple[int, int]
"""(which, of how many) in the same place."""

ALONE = 0, 1


def turns(every: Sequence[Floats | None], tolerance: float = SAME) -> list[Turn]:
    """The turn of each among all that coincide with it; None stands alone."""
    same = [[other for other, others in enumerate(every) if _coincide(values, others, tolerance)] for values in every]
    return [(group.index(number), len(group)) if number in group else ALONE for number, group in enumerate(same)]


def _coincide(one: Floats | None, other: Floats | None, tolerance: float) -> bool:
    return one is not None and other is not None and one.shape == other.shape and bool(
        np.allclose(one, other, rtol=tolerance, atol=0))


def dashes(turn: Turn, solid: bool) -> dict[str, Any]:
    """A line style that leaves room for the other curves; alone, `solid` or dashed."""
    which, count = turn
    if count == 1 and solid:
        return {"linestyle": "-"}
    on, pause = (2 * DASH, 0.0) if solid else (DASH, PAUSE)
    period = count * (on + pause)
    return {"linestyle": (math.fmod(period - which * (on + pause), period), (on, period - on)),
            "dash_capstyle": "butt"}


def ring(turn: Turn) -> float:
    """Points by which a marker is larger than the last, which is drawn on top."""
    which, count = turn
    return min(RING, 15 / count) * (count - 1 - which)
