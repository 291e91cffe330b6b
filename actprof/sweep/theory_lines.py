"""Theory's lines on a grid: solid at the edge of chaos, dashed as deep as signals reach; readable on any colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from actprof.arrays import Floats
from actprof.report.sheet import Entry
from actprof.report.style import Theme
from actprof.sweep.cell_axis import CellAxis
from actprof.sweep.result import Line, Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS: dict[str, dict[str, Any]] = {
    "critical": {"linewidth": 3.2, "linestyle": "-"},
    "jump": {"linewidth": 2.6, "linestyle": (0, (6, 1.2, 1, 1.2))},
    "trainable": {"linewidth": 2.4, "linestyle": (0, (3.2, 1.8))},
}
OTHER = {"linewidth": 2.0, "linestyle": (0, (1, 1.2))}
HALO = 3.6  # points, more than the line's width
PART = 0.44  # of a row, on either side of its middle


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """An entry of the key for each kind of line."""
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
    look = {**LOOKS.get(line.name, OTHER), "solid_capstyle": "butt", "dash_capstyle": "butt"}
    halo = {**look, "linewidth": look["linewidth"] + HALO, "linestyle": "-", "alpha": 0.75, "zorder": 5}
    return [{**halo, "color": theme.background}, {**look, "color": theme.foreground, "zorder": 6}]
