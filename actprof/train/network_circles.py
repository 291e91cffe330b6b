"""The units of a network as circles in columns, and the lines between neighbouring columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from actprof.report.canvas import Canvas, Point
from actprof.report.style import EM
from actprof.train.network_layers import Layer, LeftOut

ALL_CIRCLES = 12
MOST_PLACES = 18
WIDEST = 56.0  # between the middles of circles
RADIUS = 0.36  # of that


@dataclass(frozen=True)
class Circles:
    """The places of a column from top to bottom, and those that hold a circle; dots stand in the others."""

    places: int
    filled: tuple[int, ...]

    @classmethod
    def of(cls, units: int) -> Circles:
        """All units while they can be counted; of more the ends, in a column that grows with their logarithm."""
        if units <= ALL_CIRCLES:
            return cls(units, tuple(range(units)))
        places = min(round(ALL_CIRCLES + 2 * math.log10(units / ALL_CIRCLES)), MOST_PLACES)
        middle = (places - 1) // 2
        return cls(places, tuple(place for place in range(places) if place not in (middle, middle + 1)))

    def points(self, x: float, middle: float, step: float) -> list[Point]:
        return [(x, middle + self._offset(place) * step) for place in self.filled]

    def dots(self, x: float, middle: float, step: float) -> list[Point]:
        """Three, where there are places without a circle."""
        if len(self.filled) == self.places:
            return []
        centre = self._offset((self.places - 1) // 2 + 0.5)
        return [(x, middle + (centre + 0.45 * number) * step) for number in (-1, 0, 1)]

    def _offset(self, place: float) -> float:
        return place - (self.places - 1) / 2


def draw_circles(canvas: Canvas, columns: Sequence[Layer | LeftOut], xs: Sequence[float], top: float,
                 tall: float) -> None:
    """Each layer around its x, all on one middle line."""
    layers = {x: Circles.of(column.units) for x, column in zip(xs, columns, strict=True) if isinstance(column, Layer)}
    step = min(tall / max(circles.places for circles in layers.values()), WIDEST)
    middle = top + tall / 2
    points = [layers[x].points(x, middle, step) if x in layers else [] for x in xs]
    canvas.segments([(start, end) for left, right in pairwise(points) for start in left for end in right],
                    colors=canvas.theme.muted, linewidths=0.7, alpha=0.4, zorder=1)
    for number, x in enumerate(xs):
        if x in layers:
            _draw_points(canvas, points[number], RADIUS * step, _color(canvas, number, len(xs)))
            _draw_points(canvas, layers[x].dots(x, middle, step), max(0.11 * step, 2.0), canvas.theme.foreground)
        else:
            _draw_points(canvas, [(x + offset, middle) for offset in (-24, 0, 24)], 6, canvas.theme.foreground)


def _color(canvas: Canvas, number: int, columns: int) -> str:
    """Inputs, hidden units and outputs are told apart."""
    hidden, outputs = canvas.theme.arms[:2]
    return canvas.theme.muted if number == 0 else outputs if number == columns - 1 else hidden


def _draw_points(canvas: Canvas, points: Sequence[Point], radius: float, color: str) -> None:
    canvas.line([x for x, _ in points], [y for _, y in points], linestyle="none", marker="o", color=color,
                markersize=2 * radius / EM, markeredgecolor=canvas.theme.background, zorder=3)
