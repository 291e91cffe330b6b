"""An axis of the grid on a figure, with its cells and ticks, and theory's lines on such axes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from actprof.arrays import Floats
from actprof.digits import logarithms, with_power
from actprof.report.sheet import Entry
from actprof.report.style import Theme
from actprof.report.ticks import CLEARANCE, Extent, Fixed, Linear, Log, Scale, Tick
from actprof.sweep import result
from actprof.sweep.result import Line, Sweep

SHORT = ((16, 8), (4, 14))  # (number, characters) up to which there are ticks at the values themselves

MAX_STEP = 4
LONE = 0.05  # decades, or parts of the value, on either side of a lone value


class CellAxis(Scale):
    """Cells around numbers, with edges halfway between neighbours, or of width 1 around 0, 1, 2 … for names.

    Attributes:
        edges: (cells + 1,) in the units of the scale.
        parts: the same edges as parts of the axis, from 0 to 1.
    """

    def __init__(self, axis: result.Axis) -> None:
        self._axis = axis
        centres = np.asarray(axis.places, np.float64)
        centres = logarithms(centres) if axis.logarithmic else centres
        lone = 0.5 if axis.whole or not axis.numbers else LONE * abs(axis.numbers[0]) or 0.5
        bounds = _bounds(centres, LONE if axis.logarithmic else lone)
        low, high = bounds[0], bounds[-1]
        self._scale = (Fixed(low, high) if not axis.numbers else Log(low, high, logs=True) if axis.logarithmic
                       else Linear(low, high, 0.0, whole=axis.whole))
        self.log = self._scale.log
        super().__init__(self._scale.low, self._scale.high)
        self.edges = self._scale.of(bounds)
        self.parts = self._part(self.edges)
        self.middles = self._scale.of(centres)

    def of(self, values: ArrayLike) -> Floats:
        """Values in the units of the scale; NaN for what has no logarithm on a logarithmic axis."""
        return self._scale.of(logarithms(values) if self._axis.logarithmic else values)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        """Ticks at every value where there is room (on a logarithmic axis every second …), else at round ones."""
        if not self._axis.numbers:
            return []
        labels = [with_power(label.replace("-", "−")) for label in self._axis.labels]
        own, parts = list(zip(self.middles.tolist(), labels, strict=True)), self._part(self.middles).tolist()
        if len(own) == 1:
            return own
        longest, steps = max(map(len, labels)), range(1, 1 + (MAX_STEP if self._axis.logarithmic else 1))
        short = any(len(own) <= count and longest <= characters for count, characters in SHORT)
        for step in steps if short and len(set(labels)) == len(labels) else ():
            spans = [(part * room, extent(label)) for part, label in zip(parts[::step], labels[::step], strict=True)]
            if all(right - left >= (one + other) / 2 + CLEARANCE for (left, one), (right, other) in pairwise(spans)):
                return own[::step]
        return self._scale.ticks(room, extent)

    def cells_at(self, pixels: int) -> NDArray[np.intp]:
        """The cell in which each of so many pixels along the axis lies."""
        places = (np.arange(pixels) + 0.5) / pixels
        return np.clip(np.searchsorted(self.parts, places, side="right") - 1, 0, len(self.parts) - 2)

    def _part(self, places: Floats) -> Floats:
        """Places in the units of the scale as parts of it."""
        low, high = self.low, self.high
        if self.log:
            places, (low, high) = np.log10(places), np.log10([low, high])
        part: Floats = (places - low) / (high - low)
        return part


def _bounds(centres: Floats, lone: float) -> Floats:
    """The edges of cells; of one without a neighbour `lone` on either side."""
    if len(centres) == 1:
        return np.array([centres[0] - lone, centres[0] + lone])
    between = centres[:-1] / 2 + centres[1:] / 2
    return np.array([centres[0] - (between[0] - centres[0]), *between, centres[-1] + (centres[-1] - between[-1])])


LOOKS: dict[str, dict[str, Any]] = {
    "critical": {"linewidth": 3.2, "linestyle": "-"},
    "jump": {"linewidth": 2.6, "linestyle": (0, (6, 1.2, 1, 1.2))},
    "trainable": {"linewidth": 2.4, "linestyle": (0, (3.2, 1.8))},
    "gradient": {"linewidth": 2.4, "linestyle": (0, (1, 1.2))},
}
HALO = 3.6  # points, more than the line's width
PART = 0.44  # of a row, on either side of its middle


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    titles = {line.name: line for line in reversed(sweep.lines) if line.points}
    single = len(sweep.axes) == 1
    return [Entry(line.title, _looks(line, theme), single or (line.rows and bool(sweep.axes[0].numbers)))
            for line in sorted(titles.values(), key=lambda line: line.name)]


def draw_lines(axes: Axes, sweep: Sweep, theme: Theme, x_axis: CellAxis, y_axis: CellAxis | None) -> None:
    """Draw all lines, what is critical on top; along a single axis, where `y_axis` is None, from end to end."""
    where: dict[str, Any] = {} if y_axis else {"transform": axes.get_xaxis_transform()}
    for line in sorted(sweep.lines, key=lambda line: line.name == "critical"):
        for x, y in pieces(sweep, line, x_axis, y_axis):
            for look in _looks(line, theme):
                axes.plot(x, y, gid=line.name, scalex=False, scaley=False, **look, **where)


def pieces(sweep: Sweep, line: Line, x_axis: CellAxis, y_axis: CellAxis | None) -> Iterator[tuple[Floats, Floats]]:
    """x and y, in the units of the axes, of what is drawn of a line: of rows a tick across each."""
    points = np.array(line.points, np.float64).reshape(-1, 2)
    x = x_axis.of(points[:, 0])
    if y_axis is None:
        yield from ((np.full(2, place), np.array([0.0, 1.0])) for place in x)
        return
    y = y_axis.of(points[:, 1])
    if not line.rows:
        yield x, y
        return
    ends, upright = np.array([-PART, PART]), bool(sweep.axes[0].numbers)
    for across, upwards in zip(x, y, strict=True):
        yield across + ends * (not upright), upwards + ends * upright


def _looks(line: Line, theme: Theme) -> list[dict[str, Any]]:
    look = {**LOOKS[line.name], "solid_capstyle": "butt", "dash_capstyle": "butt"}
    halo = {**look, "linewidth": look["linewidth"] + HALO, "linestyle": "-", "alpha": 0.75, "zorder": 5}
    return [{**halo, "color": theme.background}, {**look, "color": theme.foreground, "zorder": 6}]
