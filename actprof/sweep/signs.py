"""The signs of cells: hatching that runs on from cell to cell where there is no number, and what stands in a legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actprof.arrays import Flags
from actprof.digits import grouped
from actprof.report.canvas import Canvas, Point
from actprof.report.clipping import runs
from actprof.report.key import SAMPLE, Entry, Painter
from actprof.report.plane import Plane
from actprof.sweep.scales import NameSide, Side, cells_at
from actprof.sweep.shades import channels, ink

TALL = 18.0
APART = 9  # pixels across
LOOK = {"linewidths": 1.1, "zorder": 4}


@dataclass(frozen=True)
class Swatch:
    """A cell: of a colour "#rrggbb" or none, with a mark written into it or none."""

    fill: str = ""
    mark: str = ""
    hatched: bool = False

    def __call__(self, canvas: Canvas, x: float, middle: float) -> None:
        canvas.rectangle(x, middle - TALL / 2, SAMPLE, TALL, facecolor=self.fill or canvas.theme.background,
                         edgecolor=canvas.theme.muted, linewidth=0.8, zorder=3)
        if self.hatched:
            _draw_hatched(canvas, x, middle - TALL / 2, SAMPLE, TALL)
        if self.mark:
            color = ink(channels(self.fill)) if self.fill else canvas.theme.foreground
            canvas.text(x + SAMPLE / 2, middle, self.mark, 12.0, align="center", bold=True, color=color)


def counted(text: str, cells: Flags, sign: Painter) -> list[Entry]:
    """`no number (12)`, where there is any."""
    count = int(cells.sum())
    return [Entry(f"{text} ({grouped(count)})", sign)] if count else []


def draw_hatching(canvas: Canvas, plane: Plane, across: Side, upwards: Side, cells: Flags) -> None:
    """All true `cells` (cells across, cells upwards) of a plane."""
    canvas.segments(hatching(plane, across, upwards, cells), gid="no-number", colors=canvas.theme.muted, **LOOK)


def _draw_hatched(canvas: Canvas, left: float, top: float, wide: float, tall: float) -> None:
    """One rectangle."""
    whole = NameSide(1)
    lines = hatching(Plane(left, top, wide, tall, whole, whole), whole, whole, np.ones((1, 1), np.bool_))
    canvas.segments(lines, colors=canvas.theme.muted, **LOOK)


def hatching(plane: Plane, across: Side, upwards: Side, cells: Flags) -> list[list[Point]]:
    """Rising lines, cut to the true cells at whole pixels."""
    columns, rows = cells_at(across.edges, round(plane.width)), cells_at(upwards.edges, round(plane.height))
    inside = cells[columns][:, rows]  # a pixel each, the first at the lower left
    lines = []
    for offset in range(-inside.shape[0] + 1, inside.shape[1], APART):
        x, y = plane.left + max(-offset, 0), plane.bottom - max(offset, 0)
        lines += [[(x + first, y - first), (x + last, y - last)] for first, last in runs(np.diagonal(inside, offset))]
    return lines
