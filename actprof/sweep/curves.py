"""A quantity along a single axis: what was measured, how far networks differ, what theory predicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from actprof.arrays import Flags, Floats
from actprof.report.axes import Box, hatch
from actprof.report.sheet import Entry, Sheet
from actprof.report.style import Theme
from actprof.report.ticks import Linear, Log, Scale
from actprof.sweep.cell_axis import CellAxis, draw_lines
from actprof.sweep.maps import Shown, counted, swatch, transformed
from actprof.sweep.result import BY_NAME, Quantity, Sweep

MAX_POINTS, MAX_MARKERS = 30, 120  # networks that are drawn one by one, and cells with a marker
DASHES: dict[str, Any] = {"linewidth": 2.2, "linestyle": (0, (4, 2.2)), "dash_capstyle": "butt"}
BAND, PREDICTED, FAINT = 0.24, 0.13, 0.7  # opacities
BROAD: dict[str, Any] = {"linewidth": 12, "solid_capstyle": "butt"}
COLUMN = 0.3  # of a column of names, on either side of its middle
FURTHER = 1.5  # how many times the greatest value a linear axis may reach for what is wished


class Curves:
    """The curves of one quantity; cells that have no number are hatched from top to bottom."""

    beside = 0.0

    def __init__(self, sweep: Sweep, name: str, theme: Theme) -> None:
        self.sweep, self.theme, self._shown = sweep, theme, Shown.of(sweep, name)
        quantity = self._shown.quantity
        values = np.array([cell.statistic(name) for cell in sweep.cells], np.float64)
        quartiles = np.array([cell.quartiles(name) for cell in sweep.cells], np.float64)
        predicted = np.array([cell.prediction(name) for cell in sweep.cells], np.float64)
        found = [cell.networks.get(name, ()) for cell in sweep.cells]
        networks = [each if 1 < len(each) <= MAX_POINTS else () for each in found]  # drawn one by one
        self.x_axis = CellAxis(sweep.axes[0])
        self.y_axis, decades = value_scale(quantity, [*values, *quartiles.ravel(), *chain(*networks)],
                                           predicted.ravel())

        def placed(numbers: ArrayLike) -> Floats:
            return self.y_axis.of(transformed(quantity, numbers) if decades else np.asarray(numbers, np.float64))

        self._zero: Flags = self._shown.zero[:, 0] & decades
        self._values = np.where(self._zero | self._shown.missing[:, 0], math.nan, placed(values))
        self._quartiles, self._predicted = placed(quartiles), placed(predicted)
        self._networks = [placed(each) for each in networks]
        below = {"color": theme.arms[0], "marker": "v", "markersize": 11}
        self.entries = [*counted("exactly 0, below the axis", self._zero, below),
                        *counted("no number", self._shown.missing, swatch(theme))]

    def draw(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        if self._shown.missing.any():
            hatch(axes, self.x_axis.edges, axes.get_ylim(), self._shown.missing.T, self.theme.muted)
        draw_lines(axes, self.sweep, self.theme, self.x_axis, None)
        x = self.x_axis.middles
        (self._draw_curves if joined(self.sweep) else self._draw_columns)(axes, x)
        self._draw_points(axes, x)
        if self._zero.any():
            axes.plot(x[self._zero], np.full(self._zero.sum(), 8 / box.height), "v", color=self.theme.arms[0],
                      markersize=11, transform=axes.get_xaxis_transform(), gid="zero", zorder=8)
        axes.set(xlim=(self.x_axis.low, self.x_axis.high), ylim=(self.y_axis.low, self.y_axis.high))

    def _draw_curves(self, axes: Axes, x: Floats) -> None:
        color, dark = self.theme.arms[0], self.theme.foreground
        for ends, gid, filled, alpha in ((self._predicted[:, 1:], "predicted-band", dark, PREDICTED),
                                         (self._quartiles, "quartiles", color, BAND)):
            if np.isfinite(ends).all(axis=1).any():
                axes.fill_between(x, ends[:, 0], ends[:, 1], color=filled, alpha=alpha, linewidth=0, zorder=2, gid=gid)
        axes.plot(x, self._values, color=color, linewidth=2.8, zorder=7, gid="measured")
        if np.isfinite(self._predicted[:, 0]).any():
            axes.plot(x, self._predicted[:, 0], color=dark, zorder=7.5, gid="predicted", **DASHES)

    def _draw_columns(self, axes: Axes, x: Floats) -> None:
        """Draw a column for each cell: nothing lies between names, nor beside a lone number."""
        half = COLUMN * np.diff(self.x_axis.edges)
        said, low, high = self._predicted.T
        known = np.isfinite(low + high)
        if known.any():
            axes.bar(x[known], (high - low)[known], 2 * half[known], low[known], color=self.theme.foreground,
                     alpha=PREDICTED, zorder=2, gid="predicted-band")
        if np.isfinite(self._quartiles).any():
            axes.vlines(x, self._quartiles[:, 0], self._quartiles[:, 1], colors=self.theme.arms[0], linewidths=3.4,
                        zorder=6.5, gid="quartiles")
        if np.isfinite(said).any():
            axes.hlines(said, x - half, x + half, colors=self.theme.foreground, zorder=7.5, gid="predicted",
                        linewidths=DASHES["linewidth"], linestyles=DASHES["linestyle"])

    def _draw_points(self, axes: Axes, x: Floats) -> None:
        """Draw each network, side by side in a column of names, and above them what is typical."""
        color, apart = self.theme.arms[0], 0.0 if self.sweep.axes[0].numbers else COLUMN
        places = [place + apart * np.linspace(-0.6, 0.6, len(each))
                  for place, each in zip(x, self._networks, strict=True)]
        if any(map(len, places)):
            axes.plot(np.concatenate(places), np.concatenate(self._networks), "o", color=color, alpha=FAINT,
                      markersize=5, markeredgewidth=0, zorder=6, gid="networks")
        if len(x) <= MAX_MARKERS:
            axes.plot(x, self._values, "o", color=color, markersize=9 if len(x) <= 40 else 5, zorder=7.2, gid="cells",
                      markeredgecolor=self.theme.background)


def value_scale(quantity: Quantity, values: Iterable[float], wished: Iterable[float]) -> tuple[Scale, bool]:
    """The scale of values, and whether it is by powers of ten, as it is where they differ more than a decade.

    It has room for all values, and as far as it does not press them flat for what is wished.
    """
    values, wished = list(values), list(wished)
    logs = _finite(transformed(quantity, values))
    if quantity.logarithmic or (quantity.positive and np.ptp(logs or [0.0]) > 1):
        return Log.over_logs(logs, _finite(transformed(quantity, wished))), True
    return Linear(*_range(_finite(values), _finite(wished), quantity)), False


def _range(values: list[float], wished: list[float], quantity: Quantity) -> tuple[float, float]:
    """The ends of an axis: from 0 to the end of a known scale that is half used; what hardly changes looks flat."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    low = high / 2 if quantity.positive and low > high / 2 else min(low, 0.0)
    high = max(high, quantity.high if high > quantity.high / 2 else 0.0)
    high = max([high, *(min(value, FURTHER * high) for value in wished)])
    low = min([low, *(max(value, low / FURTHER if quantity.positive else FURTHER * low) for value in wished)])
    return low, high if high > low else 1.0


def _finite(values: Sequence[float] | Floats) -> list[float]:
    return [value for value in np.asarray(values, np.float64).tolist() if math.isfinite(value)]


def joined(sweep: Sweep) -> bool:
    """Whether there is anything between the cells: not between names, nor beside a lone number."""
    return len(sweep.axes[0].numbers) > 1


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """What the marks of all panels of curves mean."""
    names = [name for name in sweep.quantities if name in BY_NAME]
    return [*_measured(sweep, names, theme), *_predicted(sweep, names, theme.foreground)] if names else []


def _measured(sweep: Sweep, names: list[str], theme: Theme) -> list[Entry]:
    color, counts = theme.arms[0], {len(cell.networks.get(name, ())) for cell in sweep.cells for name in names}
    most, line = max(counts), [{"color": color, "linewidth": 2.8}] * joined(sweep)
    dot = {"color": color, "marker": "o", "markersize": 9, "markeredgecolor": theme.background}
    said = [Entry(f"median of {most} networks" if most > 1 else "measured", [*line, dot])]
    if any(name in cell.spread for cell in sweep.cells for name in names):
        look: dict[str, Any] = {**BROAD, "alpha": BAND} if line else {"linewidth": 3.4}
        said.append(Entry("first to third quartile", [{"color": color, **look}], not line))
    if any(1 < count <= MAX_POINTS for count in counts):
        said.append(Entry("each network", [{"color": color, "marker": "o", "markersize": 5, "alpha": FAINT}]))
    return said


def _predicted(sweep: Sweep, names: list[str], color: str) -> list[Entry]:
    given = [cell.predicted[name] for cell in sweep.cells for name in names if name in cell.predicted]
    if not any(math.isfinite(value) for value, _, _ in given):
        return []
    known = any(math.isfinite(low + high) for _, low, high in given)
    band = [{"color": color, "alpha": PREDICTED, **BROAD}] * known
    return [Entry("theory" + " and where 95 % of networks lie" * known, [*band, {"color": color, **DASHES}])]
