"""The sign of cells that have no number: lines that run on from cell to cell, however many there are."""

from __future__ import annotations

import numpy as np

from actprof.distributions import Flags
from actprof.render.canvas import Canvas, Point
from actprof.render.plane import Plane
from actprof.render.sweeps.sides import NameSide, Side, within

APART = 9  # pixels across
LOOK = {"linewidths": 1.1, "zorder": 4}


def draw_hatching(canvas: Canvas, plane: Plane, across: Side, upwards: Side, cells: Flags) -> None:
    """All true `cells` (cells across, cells upwards) of a plane."""
    canvas.segments(hatching(plane, across, upwards, cells), gid="no-number", colors=canvas.theme.muted, **LOOK)


def draw_hatched(canvas: Canvas, left: float, top: float, wide: float, tall: float) -> None:
    """One rectangle."""
    whole = NameSide(1)
    lines = hatching(Plane(left, top, wide, tall, whole, whole), whole, whole, np.ones((1, 1), np.bool_))
    canvas.segments(lines, colors=canvas.theme.muted, **LOOK)


def hatching(plane: Plane, across: Side, upwards: Side, cells: Flags) -> list[list[Point]]:
    """Rising lines, cut to the true cells at whole pixels."""
    columns = within(across.edges, (np.arange(int(plane.width)) + 0.5) / plane.width)
    rows = within(upwards.edges, (np.arange(int(plane.height)) + 0.5) / plane.height)
    inside = cells[columns][:, rows]  # a pixel each, the first at the lower left
    lines = []
    for offset in range(-inside.shape[0] + 1, inside.shape[1], APART):
        flags = np.diagonal(inside, offset).astype(np.int8)
        turns = np.flatnonzero(np.diff(flags, prepend=0, append=0)).reshape(-1, 2)
        x, y = plane.left + max(-offset, 0), plane.bottom - max(offset, 0)
        lines += [[(x + first, y - first), (x + last, y - last)] for first, last in turns.tolist()]
    return lines
