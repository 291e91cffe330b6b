"""The marks of a bounds figure: bands, limits and samples on linear axes, std and limit on logarithmic ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from actprof.arrays import Floats
from actprof.bounds.result import Bounds, Scheme
from actprof.digits import short
from actprof.report.style import Theme
from actprof.report.ticks import Fixed, Linear, Log, Scale, round_step

COLUMN = 110.0  # of a scheme, where all stand side by side at one fan-in
TOUCHING = 0.02  # markers of values that differ by less cover each other
MAX_ERROR_BARS = 50
DASH, PAUSE = 5.0, 3.0  # in line widths
RING = 5.0  # points by which a marker stands out behind the next
SAME = 1e-6  # curves that differ by less lie upon each other

Turn = tuple[int, int]  # (which, of how many) in the same place

ALONE = 0, 1


class Curves:
    """The numbers of one scheme that are drawn, ascending in fan-in, and those of its samples."""

    def __init__(self, scheme: Scheme) -> None:
        self.fan_in, self.mean, self.std = (np.asarray(values, np.float64) for values in (
            scheme.curve.fan_in, scheme.curve.mean, scheme.curve.std))
        self.support = None if scheme.curve.support is None else tuple(np.asarray(scheme.curve.support).T)
        self.sampled_at, self.least, self.most, self.sampled_std = (
            np.array([float(getattr(sample, name)) for sample in scheme.samples])
            for name in ("fan_in", "min", "max", "sample_std"))
        self.low, self.high = self.mean - self.std, self.mean + self.std
        self.bound = None if self.support is None else np.maximum(*np.abs(self.support))
        self.largest = np.maximum(np.abs(self.least), np.abs(self.most))

    def extremes(self, start: float = 0.0) -> Iterator[float]:
        """All from a fan-in on that must fit on a linear axis."""
        for values in (self.low, self.high, *(self.support or ())):
            yield from values[self.fan_in >= start].tolist()
        for values in (self.least, self.most):
            yield from values[self.sampled_at >= start].tolist()

    def sizes(self) -> Iterator[float]:
        """All that must fit on a logarithmic axis."""
        for values in (self.std, self.bound, self.largest, self.sampled_std):
            yield from () if values is None else values.tolist()

    def error_bars(self) -> NDArray[np.intp]:
        """Places of at most 50 bars, at round fan-ins where these are known."""
        every = np.arange(len(self.fan_in))
        if len(every) <= MAX_ERROR_BARS:
            return every
        step = round_step((self.fan_in[-1] - self.fan_in[0]) / MAX_ERROR_BARS)
        round_ones = np.flatnonzero(self.fan_in % step == 0)
        even = np.unique(np.linspace(0, len(every) - 1, MAX_ERROR_BARS).round().astype(int))
        return np.union1d(0, round_ones) if len(round_ones) >= MAX_ERROR_BARS // 2 else even


@dataclass(frozen=True)
class Spot:
    """Axes with their scales; `part` begins the names of what is drawn on them."""

    axes: Axes
    x: Scale
    y: Scale
    part: str = ""


class Schemes:
    """The curves of all schemes, who takes turns with whom, and how each looks."""

    def __init__(self, bounds: Bounds, log: bool, theme: Theme) -> None:
        self.bounds, self.log, self.theme = bounds, log, theme
        self.curves = [Curves(scheme) for scheme in bounds.schemes]
        self.fan_ins = sorted({fan_in for each in self.curves for fan_in in each.fan_in.tolist()})
        self.single = len(self.fan_ins) == 1
        self._std_turns = self._turns([np.concatenate([each.mean, each.std]) for each in self.curves])
        self._limit_turns = self._turns([np.concatenate(each.support) if each.support else None
                                         for each in self.curves])
        self._sample_turns = self._turns([np.concatenate([each.least, each.most]) for each in self.curves], TOUCHING)

    def _turns(self, values: list[Floats | None], tolerance: float = SAME) -> list[Turn]:
        """Whose curves coincide take turns, unless each scheme has a column of its own."""
        return [ALONE] * len(values) if self.single else turns(values, tolerance)

    def scales(self, room: float) -> tuple[Scale, Scale]:
        """The scales of axes so wide; a single fan-in has a column for each scheme."""
        y = (Log.over(value for each in self.curves for value in each.sizes()) if self.log else
             Linear.around_zero([value for each in self.curves for value in each.extremes()]))
        if self.single:
            middle, half = (len(self.curves) - 1) / 2, max(len(self.curves) + 1, room / COLUMN) / 2
            return Fixed(middle - half, middle + half, [(middle, short(self.fan_ins[0]))]), y
        return Log.over(self.fan_ins) if self.log else Linear(self.fan_ins[0], self.fan_ins[-1]), y

    def draw(self, spot: Spot) -> None:
        """All schemes, the widest band at the back."""
        for number in sorted(range(len(self.curves)), key=lambda number: -float(self.curves[number].std.max())):
            (self._draw_sizes if self.log else self._draw_band)(spot, number)
            self._draw_samples(spot, number)
        if len(self.curves) == 1 and not self.log:
            self._draw_error_bars(spot)

    def line(self, spot: Spot, number: int, values: Floats) -> tuple[Floats, Floats]:
        """x and y of a curve in the units of the axes; a level piece where there is a single fan-in."""
        if self.single:
            return np.array([number - 0.36, number + 0.36]), np.repeat(spot.y.of(values)[:1], 2)
        return spot.x.of(self.curves[number].fan_in), spot.y.of(values)

    def samples(self, spot: Spot, number: int, values: Floats) -> tuple[Floats, Floats]:
        at = self.curves[number].sampled_at
        return np.full(len(at), float(number)) if self.single else spot.x.of(at), spot.y.of(values)

    def _plot(self, spot: Spot, number: int, values: Floats, name: str, **look: Any) -> None:
        spot.axes.plot(*self.line(spot, number, values), color=self.theme.arm(number),
                       gid=f"{spot.part}{name}-{number + 1}", **look)

    def _draw_band(self, spot: Spot, number: int) -> None:
        curves = self.curves[number]
        x, low = self.line(spot, number, curves.low)
        spot.axes.fill_between(x, low, self.line(spot, number, curves.high)[1], facecolor=self.theme.arm(number),
                               linewidth=0, alpha=0.24 if len(self.curves) == 1 else 0.13, zorder=2,
                               gid=f"{spot.part}band-{number + 1}")
        for side, values in (("low", curves.low), ("high", curves.high)):
            self._plot(spot, number, values, f"std-{side}", linewidth=2.4, zorder=4,
                       **dashes(self._std_turns[number], solid=False))
        for side, values in zip(("low", "high"), curves.support or (), strict=False):
            self._plot(spot, number, values, f"limit-{side}", linewidth=2.6, zorder=3,
                       **dashes(self._limit_turns[number], solid=True))

    def _draw_sizes(self, spot: Spot, number: int) -> None:
        curves = self.curves[number]
        self._plot(spot, number, curves.std, "std", linewidth=4.4, zorder=3,
                   **dashes(self._std_turns[number], solid=True))
        if curves.bound is not None:
            self._plot(spot, number, curves.bound, "limit", linewidth=1.8, zorder=3.5,
                       **dashes(self._limit_turns[number], solid=True))

    def _draw_samples(self, spot: Spot, number: int) -> None:
        curves, filled = self.curves[number], self.theme.mark(number, 9.5 + ring(self._sample_turns[number]))
        hollow = {**self.theme.mark(number, 11 + ring(self._std_turns[number])), "markeredgewidth": 1.8,
                  "markeredgecolor": self.theme.arm(number), "markerfacecolor": self.theme.background}
        for name, values, look in ([("sampled", curves.sampled_std, hollow), ("largest", curves.largest, filled)]
                                   if self.log else [("min", curves.least, filled), ("max", curves.most, filled)]):
            spot.axes.plot(*self.samples(spot, number, values), linestyle="none", zorder=5,
                           gid=f"{spot.part}{name}-{number + 1}", **look)

    def _draw_error_bars(self, spot: Spot) -> None:
        """The classic look around the mean: as far as the limit, or one std where there is none."""
        curves, = self.curves
        low, high = curves.support or (curves.low, curves.high)
        places = np.zeros(1, int) if self.single else curves.error_bars()
        x = np.zeros(1) if self.single else spot.x.of(curves.fan_in[places])
        y, bottom, top = (spot.y.of(values[places]) for values in (curves.mean, low, high))
        bars = spot.axes.errorbar(x, y, [y - bottom, top - y], fmt=".", color=self.theme.foreground, markersize=4,
                                  elinewidth=1.3, capsize=3, capthick=1.3, alpha=0.75, zorder=2.5)
        bars[2][0].set_gid(f"{spot.part}error-bars")


def turns(every: Sequence[Floats | None], tolerance: float = SAME) -> list[Turn]:
    """The turn of each among all that coincide with it; None stands alone."""
    same = [[other for other, others in enumerate(every)
             if values is not None and others is not None and values.shape == others.shape
             and np.allclose(values, others, rtol=tolerance, atol=0)] for values in every]
    return [(group.index(number), len(group)) if number in group else ALONE for number, group in enumerate(same)]


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
