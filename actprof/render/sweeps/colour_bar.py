"""The bar that tells which colour stands for which value, with a tip at an end beyond which there is more."""

from __future__ import annotations

import numpy as np

from actprof.render.canvas import Canvas
from actprof.render.lettering import width
from actprof.render.plane import Plane
from actprof.render.sweeps.shades import Shades

AWAY, WIDE, TIP, BESIDE = 18.0, 24.0, 16.0, 10.0
SIZE = 16.0
STEPS = 256


class ColourBar:
    """`width` is what it takes on the right of a plane."""

    def __init__(self, shades: Shades) -> None:
        self._shades = shades
        self.width = AWAY + WIDE + BESIDE + max(width(label, SIZE) for _, label in shades.ticks(400.0))

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        left, top, tall = plane.right + AWAY, plane.top + TIP, plane.height - 2 * TIP
        ends = np.linspace(self._shades.high, self._shades.low, STEPS)[:, np.newaxis]
        colours = self._shades.paint(ends, canvas.theme)
        canvas.picture(left, top, WIDE, tall, colours)
        canvas.rectangle(left, top, WIDE, tall, facecolor="none", edgecolor=canvas.theme.muted, linewidth=0.8, zorder=3)
        for beyond, edge, away, color in ((self._shades.above, top, -TIP, colours[0, 0]),
                                          (self._shades.below, top + tall, TIP, colours[-1, 0])):
            if beyond:
                canvas.area([(left, edge), (left + WIDE, edge), (left + WIDE / 2, edge + away)], linewidth=0.8,
                            facecolor=color / 255, edgecolor=canvas.theme.muted, zorder=3, gid="beyond")
        for place, label in self._shades.ticks(tall):
            y = top + tall * (1 - place)
            canvas.segments([[(left + WIDE, y), (left + WIDE + 5, y)]], colors=canvas.theme.muted)
            canvas.text(left + WIDE + BESIDE, y, label, SIZE, color=canvas.theme.muted)
