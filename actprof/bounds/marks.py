"""The marks of a bounds figure: bands, limits and samples on linear axes, std and limit on logarithmic ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.bounds.layout import Layout
from actprof.bounds.turns import dashes, ring
from actprof.report.canvas import Canvas
from actprof.report.headings import arm_color, arm_marker
from actprof.report.plane import Plane

CAP = 4.0


def draw_curves(canvas: Canvas, plane: Plane, layout: Layout) -> None:
    """All schemes, the widest band at the back."""
    order = sorted(range(len(layout.curves)), key=lambda number: -float(layout.curves[number].std.max()))
    for number in order:
        if layout.log:
            _draw_sizes(canvas, plane, layout, number)
        else:
            _draw_band(canvas, plane, layout, number)
            _draw_support(canvas, plane, layout, number)
        _draw_samples(canvas, plane, layout, number)
    if len(layout.curves) == 1 and not layout.log:
        _draw_error_bars(canvas, plane, layout)


def _draw_band(canvas: Canvas, plane: Plane, layout: Layout, number: int) -> None:
    curves = layout.curves[number]
    x, low = layout.along(plane, number, curves.mean - curves.std)
    _, high = layout.along(plane, number, curves.mean + curves.std)
    corners = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
    canvas.area(corners, facecolor=arm_color(canvas, number), alpha=0.24 if len(layout.curves) == 1 else 0.13,
                zorder=2, gid=layout.name(f"band-{number + 1}"))
    for side, values in (("low", curves.mean - curves.std), ("high", curves.mean + curves.std)):
        _draw_curve(canvas, plane, layout, number, values, f"std-{side}", linewidth=2.4, zorder=4,
                    **dashes(layout.std_turns[number], solid=False))


def _draw_support(canvas: Canvas, plane: Plane, layout: Layout, number: int) -> None:
    for side, values in zip(("low", "high"), layout.curves[number].support or (), strict=False):
        _draw_curve(canvas, plane, layout, number, values, f"limit-{side}", linewidth=2.6, zorder=3,
                    **dashes(layout.limit_turns[number], solid=True))


def _draw_sizes(canvas: Canvas, plane: Plane, layout: Layout, number: int) -> None:
    curves = layout.curves[number]
    _draw_curve(canvas, plane, layout, number, curves.std, "std", linewidth=4.4, zorder=3,
                **dashes(layout.std_turns[number], solid=True))
    if curves.bound is not None:
        _draw_curve(canvas, plane, layout, number, curves.bound, "limit", linewidth=1.8, zorder=3.5,
                    **dashes(layout.limit_turns[number], solid=True))


def _draw_curve(canvas: Canvas, plane: Plane, layout: Layout, number: int, values: Floats, name: str,
                **look: Any) -> None:
    x, y = layout.along(plane, number, values)
    canvas.line(x, y, color=arm_color(canvas, number), gid=layout.name(f"{name}-{number + 1}"), **look)


def _draw_samples(canvas: Canvas, plane: Plane, layout: Layout, number: int) -> None:
    curves, theme = layout.curves[number], canvas.theme
    filled = {"markersize": 9.5 + ring(layout.sample_turns[number]), "markeredgecolor": theme.background,
              "markeredgewidth": 0.9}
    hollow = {"markersize": 11 + ring(layout.std_turns[number]), "markerfacecolor": theme.background,
              "markeredgewidth": 1.8}
    kinds = ([("sampled", curves.sampled_std, hollow), ("largest", curves.largest, filled)] if layout.log else
             [("min", curves.sampled_min, filled), ("max", curves.sampled_max, filled)])
    for name, values, look in kinds:
        canvas.line(layout.x(plane, number, curves.sampled_at), plane.y(values), color=arm_color(canvas, number),
                    marker=arm_marker(number), linestyle="none", zorder=5, gid=layout.name(f"{name}-{number + 1}"),
                    **look)


def _draw_error_bars(canvas: Canvas, plane: Plane, layout: Layout) -> None:
    """The classic look around the mean: as far as the limit, or one std where there is none."""
    curves, = layout.curves
    places = curves.error_bars()
    low, high = curves.support or (curves.mean - curves.std, curves.mean + curves.std)
    x, bottom, top = layout.x(plane, 0, curves.fan_in[places]), plane.y(low[places]), plane.y(high[places])
    bars = [[(at, first), (at, last)] for at, first, last in zip(x, bottom, top, strict=True)]
    caps = [[(at - CAP, end), (at + CAP, end)] for at, *ends in zip(x, bottom, top, strict=True) for end in ends]
    canvas.segments(bars + caps, colors=canvas.theme.foreground, linewidths=1.3, alpha=0.75, zorder=2.5,
                    gid=layout.name("error-bars"))
    canvas.line(x, plane.y(curves.mean[places]), color=canvas.theme.foreground, linestyle="none", marker=".",
                markersize=4, zorder=2.5)


def drawn_points(plane: Plane, layout: Layout) -> Floats:
    """Pixels (points, 2) close to each other along all that is drawn on logarithmic axes."""
    trails = []
    for number, curves in enumerate(layout.curves):
        for values in (curves.std, curves.bound):
            if values is not None:
                trails.append(_dense(*layout.along(plane, number, values)))
        for sizes in (curves.largest, curves.sampled_std):
            trails.append(np.column_stack([layout.x(plane, number, curves.sampled_at), plane.y(sizes)]))
    points = np.concatenate(trails)
    return points[np.isfinite(points).all(1)]


def _dense(x: Floats, y: Floats) -> Floats:
    known = np.isfinite(y)
    if known.sum() < 2:
        return np.column_stack([x, y])
    fine = np.arange(x[known][0], x[known][-1], 4.0)
    return np.column_stack([fine, np.interp(fine, x[known], y[known])])
