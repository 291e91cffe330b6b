"""Curves, bands and whiskers in places between 0 and 1, cut at the edges of a plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.report.canvas import Canvas, Point
from actprof.report.clipping import clipped, crossed, runs
from actprof.report.plane import Plane


def draw_curve(canvas: Canvas, plane: Plane, x: Floats, y: Floats, **look: Any) -> None:
    """Broken where y is no finite number."""
    for piece in clipped(_points(x, np.where(np.isinf(y), math.nan, y))):
        canvas.line(*_pixels(plane, piece), **look)


def draw_marks(canvas: Canvas, plane: Plane, x: Floats, y: Floats, **look: Any) -> None:
    """Those that lie within."""
    within = (y >= 0) & (y <= 1)
    if within.any():
        canvas.line(*_pixels(plane, _points(x[within], y[within])), linestyle="none", **look)


def draw_band(canvas: Canvas, plane: Plane, x: Floats, low: Floats, high: Floats, **look: Any) -> None:
    """Between two curves, broken where either is not a number."""
    for first, last in runs(~(np.isnan(low) | np.isnan(high))):
        below, above = (crossed(_points(x[first:last], np.nan_to_num(side[first:last], posinf=1.05, neginf=-0.05)))
                        for side in (low, high))
        if last - first > 1:
            canvas.area(list(zip(*_pixels(plane, [*below, *reversed(above)]), strict=True)), **look)


def draw_boxes(canvas: Canvas, plane: Plane, x: Floats, half: float, low: Floats, high: Floats, **look: Any) -> None:
    """A rectangle at each place, `half` as wide to either side."""
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    for place, bottom, top in zip(x, low, high, strict=True):
        if not math.isnan(bottom + top):
            corners = [(place - half, bottom), (place + half, bottom), (place + half, top), (place - half, top)]
            canvas.area(list(zip(*_pixels(plane, corners), strict=True)), **look)


def draw_whiskers(canvas: Canvas, plane: Plane, x: Floats, low: Floats, high: Floats, **look: Any) -> None:
    """An upright line at each place."""
    ends = zip(x.tolist(), np.clip(low, 0, 1).tolist(), np.clip(high, 0, 1).tolist(), strict=True)
    canvas.segments([list(zip(*_pixels(plane, [(place, bottom), (place, top)]), strict=True))
                     for place, bottom, top in ends if not math.isnan(bottom + top)], **look)


def _points(x: Floats, y: Floats) -> list[Point]:
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _pixels(plane: Plane, points: list[Point]) -> tuple[list[float], list[float]]:
    return ([plane.left + x * plane.width for x, _ in points], [plane.bottom - y * plane.height for _, y in points])
