"""An axis of σ: as many round values as stand clear of each other, all of them labelled."""

from __future__ import annotations

import math
from collections.abc import Callable

from actprof.render.numerals import compact
from actprof.render.plane import LinearAxis
from actprof.render.scales import Tick, clear, round_step

MOST = 8


class SigmaAxis(LinearAxis):
    """From end to end."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high, 0.0)
        self._low, self._high = low, high

    def ticks(self, room: float, extent: Callable[[str], float]) -> list[Tick]:
        for wanted in range(MOST, 1, -1):
            step = round_step(self.reach / wanted)
            counts = range(math.ceil(self._low / step - 1e-9), math.floor(self._high / step + 1e-9) + 1)
            ticks = [((n * step - self._low) / self.reach, compact(n * step, 4)) for n in counts]
            if len(ticks) > 1 and clear(ticks, room, extent):
                return ticks
        return super().ticks(room, extent)
