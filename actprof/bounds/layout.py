"""Where the curves of a bounds figure go: its axes, and columns for the schemes where there is a single fan-in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.bounds.curves import Curves
from actprof.bounds.result import Bounds
from actprof.bounds.turns import ALONE, SAME, Turn, turns
from actprof.report.plane import Axis, LinearAxis, LogAxis, Plane

COLUMN = 110.0  # of a scheme, where all stand side by side at one fan-in
TOUCHING = 0.02  # markers of values that differ by less cover each other


class Layout:
    """The curves of all schemes, the axes that hold them, and where they go."""

    def __init__(self, bounds: Bounds, log: bool, curves: list[Curves] | None = None, part: str = "") -> None:
        self.bounds, self.log, self._part = bounds, log, part
        self.curves = [Curves.of(scheme) for scheme in bounds.schemes] if curves is None else curves
        self.fan_ins = sorted({fan_in for curves in self.curves for fan_in in curves.fan_in.tolist()})
        self.std_turns = self._turns([np.concatenate([curves.mean, curves.std]) for curves in self.curves])
        self.limit_turns = self._turns([None if curves.support is None else np.concatenate(curves.support)
                                        for curves in self.curves])
        self.sample_turns = self._turns([np.concatenate([curves.sampled_min, curves.sampled_max])
                                         for curves in self.curves], TOUCHING)

    def beyond(self, fan_in: float) -> Layout | None:
        """The same from a fan-in on; None for nothing."""
        tails = [curves.beyond(fan_in) for curves in self.curves]
        return Layout(self.bounds, self.log, tails, "enlarged-") if all(len(each.fan_in) for each in tails) else None

    def name(self, mark: str) -> str:
        """What a mark is called in the file: no two have one name."""
        return self._part + mark

    @property
    def single(self) -> bool:
        return len(self.fan_ins) == 1

    def axes(self) -> tuple[Axis, Axis]:
        if self.log:
            x_axis = LinearAxis(self.fan_ins[0], self.fan_ins[0]) if self.single else LogAxis(self.fan_ins)
            return x_axis, LogAxis(value for curves in self.curves for value in curves.sizes())
        return (LinearAxis(self.fan_ins[0], self.fan_ins[-1]),
                LinearAxis.around_zero([value for curves in self.curves for value in curves.extremes()]))

    def x(self, plane: Plane, number: int, fan_in: ArrayLike) -> Floats:
        """Where a scheme's values stand: above their fan-in, or in a column of its own where there is only one."""
        if not self.single:
            return plane.x(fan_in)
        column = self._column(plane)
        middle = plane.left + plane.width / 2 + (number - (len(self.curves) - 1) / 2) * column
        return np.full(np.shape(fan_in), middle)

    def along(self, plane: Plane, number: int, values: Floats) -> tuple[Floats, Floats]:
        """x and y of a curve; of a single point a short level line."""
        x, y = self.x(plane, number, self.curves[number].fan_in), plane.y(values)
        if not self.single:
            return x, y
        half = 0.36 * self._column(plane)
        return np.array([x[0] - half, x[0] + half]), np.repeat(y[:1], 2)

    def _turns(self, values: list[Floats | None], tolerance: float = SAME) -> list[Turn]:
        """Whose curves coincide take turns, unless each scheme has a column of its own."""
        return [ALONE] * len(values) if self.single else turns(values, tolerance)

    def _column(self, plane: Plane) -> float:
        return min(COLUMN, plane.width / (len(self.curves) + 1))
