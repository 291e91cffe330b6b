"""Cells as colours, across the first axis and upwards the second, or a single row; a number on each that has room."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from actprof.arrays import Flags, Floats
from actprof.digits import compact, power_label, with_power
from actprof.report.canvas import Canvas
from actprof.report.decades import EXPONENTS
from actprof.report.key import Entry
from actprof.report.lettering import line_height, width
from actprof.report.plane import Plane
from actprof.report.style import Theme
from actprof.sweep.result import Sweep
from actprof.sweep.scales import NameSide, Side, cells_at, even, side
from actprof.sweep.shades import ColourBar, Colours, channels, ink, shades, to_hex
from actprof.sweep.signs import Swatch, counted, draw_hatching
from actprof.sweep.theory_lines import draw_lines
from actprof.sweep.values import Shown

MARK = 5.0  # pixels of a tick
LARGE = 8.0  # pixels of a cell
SIZES = (18.0, 16.0, 14.0, 12.0)
MOST = 200  # cells with a number each
PAD = 8.0


class CellMap(ABC):
    """What numbers and verdicts have in common; `beside` is the room that is needed on the right."""

    beside = 0.0
    entries: list[Entry]

    def __init__(self, sweep: Sweep, missing: Flags, colours: Colours) -> None:
        self.sweep, self.missing, self.colours = sweep, missing, colours
        self.x_axis: Side = side(sweep.axes[0])
        self.y_axis: Side = side(sweep.axes[1]) if len(sweep.axes) > 1 else NameSide(1)

    @abstractmethod
    def draw_words(self, canvas: Canvas, plane: Plane) -> None:
        """What is written on the cells."""

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
        self.entries = [*counted("exactly 0", shown.zero, Swatch(to_hex(scale.paint(-math.inf, theme)), "0")),
                        *counted("no number", shown.missing, Swatch(hatched=True))]

    def draw_words(self, canvas: Canvas, plane: Plane) -> None:
        self._bar.draw(canvas, plane)
        if not self.sweep.lines:
            _draw_numbers(canvas, plane, self.x_axis, self.y_axis, self._shown, self.colours)


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


def _draw_numbers(canvas: Canvas, plane: Plane, across: Side, upwards: Side, shown: Shown, colours: Colours) -> None:
    """Those of all cells, or none where there is no room."""
    if shown.values.size > MOST:
        return
    said = {(column, row): cell_number(shown.values[column, row], shown.quantity.decades)
            for column, row in np.argwhere(~shown.missing).tolist()}
    wide, tall = np.diff(across.edges).min() * plane.width - PAD, np.diff(upwards.edges).min() * plane.height - PAD
    sizes = [size for size in SIZES
             if line_height(size) <= tall and all(width(text, size) <= wide for text in said.values())]
    x, y = plane.left + _middles(across) * plane.width, plane.bottom - _middles(upwards) * plane.height
    for (column, row), text in said.items() if sizes else ():
        canvas.text(x[column], y[row], text, sizes[0], align="center", color=ink(colours[column, row]))


def cell_number(value: float, decades: bool) -> str:
    """`0.83`, `3·10⁻⁵`; of a logarithm beyond the floats `10⁻⁴⁸⁰`."""
    if not decades:
        return compact(value, 2)
    if value == -math.inf:
        return "0"
    return with_power(compact(10**value, 2)) if abs(value) < EXPONENTS else power_label(round(value))


def _middles(side: Side) -> Floats:
    return (side.edges[:-1] + side.edges[1:]) / 2
