"""The part of a linear plane that the first fan-ins flatten, drawn again, larger, in the room that it leaves."""

from __future__ import annotations

from actprof.bounds.layout import Layout
from actprof.bounds.marks import draw_curves
from actprof.digits import compact, short, with_power
from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height
from actprof.report.plane import TICK, LinearAxis, Plane

FROM = 0.3  # of the axis of fan-ins
FEWEST, WORTHWHILE = 5, 2.2
TITLE = 15.0
CLEAR, LABELS, MARK = 16.0, 108.0, 12.0


def draw_magnified(canvas: Canvas, plane: Plane, layout: Layout) -> None:
    """Nothing where it would be little larger, or only few fan-ins."""
    tail = layout.beyond(layout.fan_ins[0] + FROM * (layout.fan_ins[-1] - layout.fan_ins[0]))
    if tail is None or len(tail.fan_ins) < FEWEST:
        return
    left, low, high = _region(plane, tail)
    glass = _glass(plane, tail, left, high)
    factor = glass.height / _reach(glass) / (plane.height / _reach(plane))
    if factor < WORTHWHILE:
        return
    _outline(canvas, left, high, plane.right, low)
    _outline(canvas, left, plane.top, plane.right, high - CLEAR, facecolor=canvas.theme.background)
    first, *_, last = map(short, tail.fan_ins)
    canvas.text(glass.left, plane.top + 8 + line_height(TITLE) / 2,
                f"fan-in {first} to {last}, {with_power(compact(factor, 2))} times as tall", TITLE, bold=True)
    glass.draw(canvas)
    draw_curves(canvas, glass, tail)


def _reach(plane: Plane) -> float:
    assert isinstance(plane.y_axis, LinearAxis)
    return plane.y_axis.reach


def _region(plane: Plane, tail: Layout) -> tuple[float, float, float]:
    """Pixels: left, lowest and highest of the part that is enlarged."""
    values = [value for curves in tail.curves for value in curves.extremes()]
    lowest, highest = float(plane.y(min(values))), float(plane.y(max(values)))
    return float(plane.x(tail.fan_ins[0])) - CLEAR, lowest + MARK, highest - MARK


def _glass(plane: Plane, tail: Layout, left: float, below: float) -> Plane:
    """The larger plane, between the top and what is drawn below."""
    top = plane.top + line_height(TITLE) + 14
    height = below - CLEAR - line_height(TICK) - 14 - top
    return Plane(left + LABELS, top, plane.right - left - LABELS - CLEAR, height, *tail.axes())


def _outline(canvas: Canvas, left: float, top: float, right: float, bottom: float, facecolor: str = "none") -> None:
    canvas.rectangle(left, top, right - left, bottom - top, facecolor=facecolor, edgecolor=canvas.theme.muted,
                     linewidth=1.2, zorder=0.5)
