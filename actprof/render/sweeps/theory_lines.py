"""Theory's lines on a grid: solid where χ₁ passes 1, dashed as deep as signals reach; readable on any colour."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from actprof.distributions import Floats
from actprof.render.canvas import Canvas, Point
from actprof.render.drawing import Theme
from actprof.render.plane import Plane
from actprof.render.sweeps.clipping import inside
from actprof.render.sweeps.key import Entry
from actprof.sweep_maps import Line, Sweep

LOOKS: dict[str, dict[str, Any]] = {
    "critical": {"linewidth": 3.2, "linestyle": "-"},
    "trainable": {"linewidth": 2.4, "linestyle": (0, (3.2, 1.8))},
}
OTHER = {"linewidth": 2.0, "linestyle": (0, (1, 1.2))}
HALO = 3.6  # points, more than the line's width
STEPS = 64  # of each straight part
PART = 0.44  # of a row, on either side of its middle


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """One of each name."""
    titles = {line.name: line for line in reversed(sweep.lines) if line.points}
    single = len(sweep.axes) == 1
    return [Entry(line.title, _looks(line, theme), upright=single or (line.rows and bool(sweep.axes[0].numbers)))
            for line in sorted(titles.values(), key=lambda line: line.name)]


def draw_lines(canvas: Canvas, plane: Plane, sweep: Sweep) -> None:
    """Cut at the edges of the plane; what is critical above the others."""
    for line in sorted(sweep.lines, key=lambda line: line.name == "critical"):
        for piece in pieces(plane, sweep, line):
            x, y = np.array(piece).T
            for look in _looks(line, canvas.theme):
                canvas.line(plane.left + x * plane.width, plane.bottom - y * plane.height, gid=line.name, **look)


def pieces(plane: Plane, sweep: Sweep, line: Line) -> list[list[Point]]:
    """What is drawn of a line, in places from 0 to 1: of one axis from bottom to top, of rows a tick across each."""
    points = np.array(line.points, np.float64).reshape(-1, 2)
    x = plane.x_axis.place(points[:, 0]).tolist()
    if len(sweep.axes) == 1:
        return [piece for place in x for piece in inside([(place, 0.0), (place, 1.0)])]
    y = plane.y_axis.place(points[:, 1]).tolist()
    if not line.rows:
        return inside(list(zip(x, y, strict=True)))
    across, upwards = _ticks(sweep)
    return [piece for place in zip(x, y, strict=True)
            for piece in inside([(place[0] - across, place[1] - upwards), (place[0] + across, place[1] + upwards)])]


def drawn_points(plane: Plane, sweep: Sweep) -> Floats:
    """Pixels (n, 2) along all lines, near enough to each other for no text to slip between."""
    steps = np.linspace(0, 1, STEPS)[:, np.newaxis]
    runs = [np.asarray(start) + steps * np.subtract(stop, start) for line in sweep.lines
            for piece in pieces(plane, sweep, line) for start, stop in pairwise(piece)]
    places = np.concatenate(runs) if runs else np.empty((0, 2))
    return np.stack([plane.left + places[:, 0] * plane.width, plane.bottom - places[:, 1] * plane.height], axis=1)


def _ticks(sweep: Sweep) -> tuple[float, float]:
    """Half of a tick's extent along either axis: across the rows, or the columns, of names."""
    across, upwards = sweep.axes
    return (PART / len(across), 0.0) if not across.numbers else (0.0, PART / len(upwards))


def _looks(line: Line, theme: Theme) -> list[dict[str, Any]]:
    look = {**LOOKS.get(line.name, OTHER), "solid_capstyle": "butt", "dash_capstyle": "butt"}
    halo = {**look, "linewidth": look["linewidth"] + HALO, "linestyle": "-", "alpha": 0.75, "zorder": 5}
    return [{**halo, "color": theme.background}, {**look, "color": theme.foreground, "zorder": 6}]
