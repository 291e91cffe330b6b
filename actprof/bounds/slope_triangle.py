"""The triangle that shows what a slope of −1/2 on logarithmic axes means, in a free place beside the curves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Floats
from actprof.bounds.layout import Layout
from actprof.bounds.table import HALF, NAMES, has_half
from actprof.digits import compact, power_label
from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width
from actprof.report.plane import LogAxis, Plane

NAME = NAMES[HALF]
LABEL, LEG = 17.0, 14.0
CLEAR, SHORTEST = 14.0, 130.0
STEP = 30.0
GAP = 4.0
ENOUGH = 40  # points of a curve to tell how close it is


@dataclass(frozen=True)
class Triangle:
    """Fan-in × `times`, std ÷ √times, with the names of its sides; width and height with all texts."""

    times: float
    run: float
    rise: float

    @classmethod
    def on(cls, plane: Plane) -> Triangle | None:
        """The smallest that can be read; None if none fits."""
        assert isinstance(plane.x_axis, LogAxis)
        assert isinstance(plane.y_axis, LogAxis)
        for times in (4.0, *(10.0**power for power in range(2, 31, 2))):
            run = math.log10(times) * plane.x_axis.per_decade() * plane.width
            if run >= SHORTEST:
                return cls(times, run, math.log10(times) / 2 * plane.y_axis.per_decade() * plane.height)
        return None

    @property
    def legs(self) -> tuple[str, str]:
        return f"n × {_factor(self.times)}", f"std ÷ {_factor(math.sqrt(self.times))}"

    @property
    def width(self) -> float:
        return max(self.run + 10 + width(self.legs[1], LEG), width(NAME, LABEL, bold=True))

    @property
    def height(self) -> float:
        return line_height(LABEL) + line_height(LEG) + GAP + max(self.rise, line_height(LEG))

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        theme = canvas.theme
        canvas.text(left, top + line_height(LABEL) / 2, NAME, LABEL, bold=True, boxed=True)
        canvas.text(left + self.run / 2, top + line_height(LABEL) + line_height(LEG) / 2, self.legs[0], LEG,
                    align="center", color=theme.muted, boxed=True)
        top += line_height(LABEL) + line_height(LEG) + GAP
        right, bottom = left + self.run, top + self.rise
        canvas.text(right + 10, top + self.rise / 2, self.legs[1], LEG, color=theme.muted, boxed=True)
        canvas.segments([[(left, top), (right, top)], [(right, top), (right, bottom)]], colors=theme.muted,
                        linewidths=1.6, zorder=4)
        canvas.line([left, right], [top, bottom], color=theme.foreground, linewidth=3, zorder=4, gid="slope")


def _factor(number: float) -> str:
    return compact(number) if number < 10_000 else power_label(round(math.log10(number)))


def draw_half(canvas: Canvas, plane: Plane, layout: Layout, points: Floats) -> None:
    """The triangle in the free place closest to a curve of slope −1/2, if there is such a curve and place."""
    near = [np.column_stack([plane.x(each.fan_in), plane.y(each.std)])[::math.ceil(len(each.std) / ENOUGH)]
            for scheme, each in zip(layout.bounds.schemes, layout.curves, strict=True) if has_half(scheme)]
    triangle = Triangle.on(plane) if near else None
    place = triangle and _free_place(plane, triangle, points, np.concatenate(near))
    if triangle and place:
        triangle.draw(canvas, *place)


def _free_place(plane: Plane, triangle: Triangle, points: Floats, near: Floats) -> tuple[float, float] | None:
    """The upper left corner of a box without `points`, as close to `near` as there is."""
    lefts = np.arange(plane.left + CLEAR, plane.right - triangle.width - CLEAR, STEP)
    tops = np.arange(plane.top + CLEAR, plane.bottom - triangle.height - CLEAR, STEP)
    best: tuple[float, float, float] | None = None
    for left in lefts:
        columns = points[(points[:, 0] > left - CLEAR) & (points[:, 0] < left + triangle.width + CLEAR), 1]
        for top in tops:
            if ((columns > top - CLEAR) & (columns < top + triangle.height + CLEAR)).any():
                continue
            middle = left + triangle.run / 2, top + triangle.height / 2
            distance = float(np.nanmin(np.hypot(near[:, 0] - middle[0], near[:, 1] - middle[1])))
            if best is None or distance < best[0]:
                best = distance, float(left), float(top)
    return best and best[1:]
