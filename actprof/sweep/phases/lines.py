"""The lines on a plane: the edge of chaos, its unstable part, and down to how many layers a network can be trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.report.canvas import Canvas, Point
from actprof.report.clipping import clipped, interrupted
from actprof.report.lettering import line_height, width
from actprof.report.plane import Plane
from actprof.report.room import FreeSpace
from actprof.sweep.phases.result import DepthLine, PhaseDiagram
from actprof.theory.predictions import Edge

DASHES: dict[int, Any] = {10: (0, (1, 2)), 30: (0, (6, 3)), 100: "solid"}
THIN, THICK = 1.5, 3.4
SIZE = 13.0

PLACES = 0.6, 0.7, 0.5, 0.8, 0.4, 0.9, 0.3, 0.75, 0.85, 0.2
"""Where on a line its number may stand, in parts of its length."""

UNSTABLE: Any = (0, (2.2, 1.3))
MARK, POINT = 11.0, 18.0  # where an edge turns stable, and an edge that is a point


def draw_lines(canvas: Canvas, plane: Plane, diagram: PhaseDiagram, room: FreeSpace) -> None:
    """Everything, and take the room of it."""
    depths = [_draw(canvas, plane, line.points, gid=f"depth {line.layers}", **depth_look(line))
              for line in diagram.depth_lines]
    for x, y in depths:
        room.draw_line(x, y)
    for branch in diagram.edges:
        if len(branch) == 1:
            draw_mark(canvas, *_place(plane, branch[0]), "edge point")
            _take(room, *_place(plane, branch[0]))
        for stable, points in _parts(branch):
            room.take_line(*_draw(canvas, plane, points, gid="edge" if stable else "unstable edge",
                                  **edge_look(stable)))
    for turn in diagram.turns:
        if diagram.grid.holds(turn.sigma_w, turn.sigma_b):
            draw_mark(canvas, *_place(plane, turn), "turn")
            _take(room, *_place(plane, turn))
    for line, (x, y) in zip(diagram.depth_lines, depths, strict=True):
        _draw_number(canvas, room, str(line.layers), x, y)


def _draw_number(canvas: Canvas, room: FreeSpace, text: str, x: Floats, y: Floats) -> None:
    """On its line, where nothing else is near; nowhere if there is no such place."""
    wide, high = width(text, SIZE) + 8, line_height(SIZE)
    others = room.drawn & ~room.cells(x, y)
    along = np.flatnonzero(np.isfinite(x))
    lengths = np.cumsum(np.hypot(np.diff(x[along], prepend=x[along][:1]), np.diff(y[along], prepend=y[along][:1])))
    for part in PLACES if len(along) else ():
        middle = along[np.searchsorted(lengths, part * lengths[-1])]
        box = x[middle] - wide / 2, y[middle] - high / 2, x[middle] + wide / 2, y[middle] + high / 2
        if not room.meets(box, others):
            canvas.rectangle(box[0], box[1], wide, high, zorder=3.5, facecolor=canvas.theme.background, alpha=0.9)
            canvas.text(x[middle], y[middle], text, SIZE, align="center")
            room.take((box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4))
            return


def edge_look(stable: bool) -> dict[str, Any]:
    return {"linewidth": THICK, "zorder": 4, "linestyle": "solid" if stable else UNSTABLE}


def depth_look(line: DepthLine) -> dict[str, Any]:
    return {"linewidth": THIN, "zorder": 3, "linestyle": DASHES[line.layers]}


def draw_mark(canvas: Canvas, x: float, y: float, gid: str) -> None:
    """A diamond: a whole edge in one point is filled, and where an edge turns stable it is hollow."""
    whole = gid.endswith("edge point")
    canvas.line([x], [y], marker="D", markersize=POINT if whole else MARK, zorder=5, gid=gid, markeredgewidth=2.4,
                color=canvas.theme.foreground, markeredgecolor=canvas.theme.foreground,
                markerfacecolor=canvas.theme.foreground if whole else canvas.theme.background)


def _parts(branch: Sequence[Edge]) -> Iterator[tuple[bool, list[Point]]]:
    """(stable, points): a stretch is stable if both of its ends are."""
    stretches = [(one.stable and other.stable, one, other) for one, other in pairwise(branch)]
    for stable, same in groupby(stretches, lambda stretch: stretch[0]):
        listed = list(same)
        ends = [listed[0][1], *(other for _, _, other in listed)]
        yield stable, [(end.sigma_w, end.sigma_b) for end in ends]


def _draw(canvas: Canvas, plane: Plane, points: Sequence[Point], **look: Any) -> tuple[Floats, Floats]:
    """The pixels of what is drawn."""
    places = [(float(plane.x(sigma_w)), float(plane.y(sigma_b))) for sigma_w, sigma_b in points]
    x, y = interrupted(clipped(places, (plane.left, plane.top, plane.right, plane.bottom)))
    canvas.line(x, y, color=canvas.theme.foreground, **look)
    return x, y


def _place(plane: Plane, point: Edge) -> Point:
    return float(plane.x(point.sigma_w)), float(plane.y(point.sigma_b))


def _take(room: FreeSpace, x: float, y: float) -> None:
    room.take((x - MARK, y - MARK, x + MARK, y + MARK))
