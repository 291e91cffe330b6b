"""Cells as colours: across the first axis, upwards the second, or a single row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actprof.distributions import Flags
from actprof.render.canvas import Canvas
from actprof.render.drawing import Theme
from actprof.render.lettering import line_height, width
from actprof.render.numerals import grouped
from actprof.render.plane import Plane
from actprof.render.sweeps.cell_figures import draw_figures
from actprof.render.sweeps.cell_regions import draw_regions
from actprof.render.sweeps.colour_bar import ColourBar
from actprof.render.sweeps.hatching import draw_hatching
from actprof.render.sweeps.key import Entry
from actprof.render.sweeps.shades import Colours, channels, shades, to_hex
from actprof.render.sweeps.shown import Shown
from actprof.render.sweeps.sides import NameSide, Side, cells_at, even, side
from actprof.render.sweeps.theory_lines import draw_lines, drawn_points
from actprof.render.sweeps.verdict_colours import NO_NUMBER, entries, painted
from actprof.sweep_maps import Sweep
from actprof.verdicts import CODES

MARK = 5.0  # pixels of a tick
LARGE = 8.0  # pixels of a cell


class CellMap:
    """What number and verdict have in common; `beside` is the room that is needed on the right."""

    beside = 0.0
    entries: list[Entry]

    def __init__(self, sweep: Sweep, missing: Flags, colours: Colours) -> None:
        self.sweep, self.missing, self.colours = sweep, missing, colours
        self.x_axis: Side = side(sweep.axes[0])
        self.y_axis: Side = side(sweep.axes[1]) if len(sweep.axes) > 1 else NameSide(1)

    def draw_words(self, canvas: Canvas, plane: Plane) -> None:
        """What is written on the cells."""
        raise NotImplementedError

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        _draw_colours(canvas, plane, self.x_axis, self.y_axis, self.colours)
        draw_hatching(canvas, plane, self.x_axis, self.y_axis, self.missing)
        canvas.rectangle(plane.left, plane.top, plane.width, plane.height, facecolor="none", linewidth=1.0,
                         edgecolor=canvas.theme.muted, zorder=6.5)
        _draw_marks(canvas, plane)
        self.draw_words(canvas, plane)
        draw_lines(canvas, plane, self.sweep)


class NumberMap(CellMap):
    """A quantity, with the bar of its colours."""

    def __init__(self, sweep: Sweep, name: str, theme: Theme) -> None:
        self._shown = shown = Shown.of(sweep, name)
        scale = shades(shown.quantity, shown.values)
        colours = scale.paint(shown.values, theme)
        colours[shown.missing] = channels(theme.background)
        super().__init__(sweep, shown.missing, colours)
        self._bar = ColourBar(scale)
        self.beside = self._bar.width
        self.entries = [*counted("exactly 0", shown.zero, fill=to_hex(scale.paint(-math.inf, theme)), mark="0"),
                        *counted("no number", shown.missing, hatched=True)]

    def draw_words(self, canvas: Canvas, plane: Plane) -> None:
        self._bar.draw(canvas, plane)
        if not self.sweep.lines:
            draw_figures(canvas, plane, self.x_axis, self.y_axis, self._shown, self.colours)


class VerdictMap(CellMap):
    """A word, by its colour."""

    def __init__(self, sweep: Sweep, theme: Theme) -> None:
        shape = (len(sweep.axes[0]), -1)
        self._numbers = np.array([(*CODES, "").index(cell.verdict) for cell in sweep.cells]).reshape(shape)
        super().__init__(sweep, self._numbers == CODES.index(NO_NUMBER), painted(sweep, theme))
        self.entries = entries(sweep, theme)

    def draw_words(self, canvas: Canvas, plane: Plane) -> None:
        draw_regions(canvas, plane, self.x_axis, self.y_axis, self._numbers, drawn_points(plane, self.sweep))


def _draw_colours(canvas: Canvas, plane: Plane, across: Side, upwards: Side, colours: Colours) -> None:
    """A pixel a cell where all are equal and large, else as many as there are on the sheet."""
    room = plane.width / len(colours), plane.height / colours.shape[1]
    # Smaller ones would be drawn blurred.
    if min(room) < LARGE or not (even(across.edges) and even(upwards.edges)):
        columns, rows = cells_at(across.edges, round(plane.width)), cells_at(upwards.edges, round(plane.height))
        colours = colours[columns][:, rows]
    canvas.picture(plane.left, plane.top, plane.width, plane.height, colours.transpose(1, 0, 2)[::-1])


def _draw_marks(canvas: Canvas, plane: Plane) -> None:
    x = [plane.left + place * plane.width
         for place, _ in plane.x_axis.ticks(plane.width, lambda text: width(text, plane.tick))]
    y = [plane.bottom - place * plane.height
         for place, _ in plane.y_axis.ticks(plane.height, lambda _: line_height(plane.tick))]
    canvas.segments([*([(at, plane.bottom), (at, plane.bottom + MARK)] for at in x),
                     *([(plane.left - MARK, at), (plane.left, at)] for at in y)], colors=canvas.theme.muted, zorder=3)


def counted(text: str, cells: Flags, **sign: Any) -> list[Entry]:
    """`no number (12)`, where there is any."""
    count = int(cells.sum())
    return [Entry(f"{text} ({grouped(count)})", **sign)] if count else []
