"""Theory's lines on a grid: solid at the edge of chaos, dashed as deep as signals reach; readable on any colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.report.canvas import Canvas, Point
from actprof.report.clipping import clipped
from actprof.report.key import Entry, Strokes
from actprof.report.plane import Plane
from actprof.report.style import Theme
from actprof.sweep.result import Line, Sweep

LOOKS: dict[str, dict[str, Any]] = {
    "critical": {"linewidth": 3.2, "linestyle": "-"},
    "jump": {"linewidth": 2.6, "linestyle": (0, (6, 1.2, 1, 1.2))},
    "trainable": {"linewidth": 2.4, "linestyle": (0, (3.2, 1.8))},
}
OTHER = {"linewidth": 2.0, "linestyle": (0, (1, 1.2))}
HALO = 3.6  # points, more than the line's width
PART = 0.44  # of a row, on either side of its middle


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """One of each name."""
    titles = {line.name: line for line in reversed(sweep.lines) if line.points}
    single = len(sweep.axes) == 1
    return [Entry(line.title, Strokes(_looks(line, theme), single or (line.rows and bool(sweep.axes[0].numbers))))
            for line in sorted(titles.values(), key=lambda line: line.name)]


def draw_lines(canvas: Canvas, plane: Plane, sweep: Sweep) -> None:
    """Cut at the edges of the plane; what is critical above the others."""
    for line in sorted(sweep.lines, key=lambda line: line.name == "critical"):
        for x, y in pixels(plane, sweep, line):
            for look in _looks(line, canvas.theme):
                canvas.line(x, y, gid=line.name, **look)


def pixels(plane: Plane, sweep: Sweep, line: Line) -> Iterator[tuple[Floats, Floats]]:
    """x and y of each of its pieces."""
    for piece in pieces(plane, sweep, line):
        x, y = np.array(piece).T
        yield plane.left + x * plane.width, plane.bottom - y * plane.height


def pieces(plane: Plane, sweep: Sweep, line: Line) -> list[list[Point]]:
    """What is drawn of a line, in places from 0 to 1: of one axis from bottom to top, of rows a tick across each."""
    points = np.array(line.points, np.float64).reshape(-1, 2)
    x = plane.x_axis.place(points[:, 0]).tolist()
    if len(sweep.axes) == 1:
        return [piece for place in x for piece in clipped([(place, 0.0), (place, 1.0)])]
    y = plane.y_axis.place(points[:, 1]).tolist()
    if not line.rows:
        return clipped(list(zip(x, y, strict=True)))
    across, upwards = _ticks(sweep)
    return [piece for place in zip(x, y, strict=True)
            for piece in clipped([(place[0] - across, place[1] - upwards), (place[0] + across, place[1] + upwards)])]


def _ticks(sweep: Sweep) -> tuple[float, float]:
    """Half of a tick's extent along either axis: across the rows, or the columns, of names."""
    across, upwards = sweep.axes
    return (PART / len(across), 0.0) if not across.numbers else (0.0, PART / len(upwards))


def _looks(line: Line, theme: Theme) -> list[dict[str, Any]]:
    look = {**LOOKS.get(line.name, OTHER), "solid_capstyle": "butt", "dash_capstyle": "butt"}
    halo = {**look, "linewidth": look["linewidth"] + HALO, "linestyle": "-", "alpha": 0.75, "zorder": 5}
    return [{**halo, "color": theme.background}, {**look, "color": theme.foreground, "zorder": 6}]
