"""Figures written on cells, where each has room for its own."""

from __future__ import annotations

import math

import numpy as np

from actprof.distributions import Floats
from actprof.render.canvas import Canvas
from actprof.render.lettering import line_height, width
from actprof.render.numerals import compact, power_of_ten, with_power
from actprof.render.plane import Plane
from actprof.render.sweeps.ranges import EXPONENTS
from actprof.render.sweeps.shades import Colours, ink
from actprof.render.sweeps.shown import Shown
from actprof.render.sweeps.sides import Side

SIZES = (18.0, 16.0, 14.0, 12.0)
MOST = 200  # cells with a figure each
PAD = 8.0


def draw_figures(canvas: Canvas, plane: Plane, across: Side, upwards: Side, shown: Shown, colours: Colours) -> None:
    """Those of all cells, or none where there is no room."""
    if shown.values.size > MOST:
        return
    said = {(column, row): figure(shown.values[column, row], shown.decades)
            for column, row in np.argwhere(~shown.missing).tolist()}
    wide, tall = np.diff(across.edges).min() * plane.width - PAD, np.diff(upwards.edges).min() * plane.height - PAD
    sizes = [size for size in SIZES
             if line_height(size) <= tall and all(width(text, size) <= wide for text in said.values())]
    x, y = plane.left + _middles(across) * plane.width, plane.bottom - _middles(upwards) * plane.height
    for (column, row), text in said.items() if sizes else ():
        canvas.text(x[column], y[row], text, sizes[0], align="center", color=ink(colours[column, row]))


def figure(value: float, decades: bool) -> str:
    """`0.83`, `3·10⁻⁵`; of a logarithm beyond the floats `10⁻⁴⁸⁰`."""
    if not decades:
        return compact(value, 2)
    if value == -math.inf:
        return "0"
    return with_power(compact(10**value, 2)) if abs(value) < EXPONENTS else power_of_ten(round(value))


def _middles(side: Side) -> Floats:
    return (side.edges[:-1] + side.edges[1:]) / 2
