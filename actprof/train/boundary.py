"""Which class a network of two inputs gives to each point of the plane, or what one of a single input predicts, and the
rows it learned from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from actprof.report.canvas import Canvas
from actprof.report.plane import LinearAxis, Plane
from actprof.report.scales import round_step
from actprof.report.style import Theme
from actprof.train.result import Boundary, DataSummary, Fit

PALE = 0.34  # how much of a class's colour its region has


def class_colours(classes: int, theme: Theme) -> NDArray[np.float64]:
    """(classes, 3), from 0 to 1: the arms' palette, or around the wheel where it is too short."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    if classes <= len(theme.arms):
        return np.array([to_rgb(color) for color in theme.arms[:max(classes, 1)]])
    wheel: NDArray[np.float64] = colormaps["hsv"](np.arange(classes) / classes)[:, :3]
    return wheel


def draw_boundary(canvas: Canvas, boundary: Boundary, data: DataSummary, left: float, top: float, side: float) -> None:
    """A square with pale regions, and the points upon them."""
    from matplotlib.colors import to_hex, to_rgb

    colours = class_colours(max(len(data.classes), int(boundary.classes.max(initial=0)) + 1), canvas.theme)
    pale = PALE * colours + (1 - PALE) * np.array(to_rgb(canvas.theme.background))
    painted = np.concatenate([pale, np.ones((len(pale), 1))], axis=1)[boundary.classes[::-1]]
    canvas.picture(left, top, side, side, np.round(255 * painted).astype(np.uint8))
    canvas.rectangle(left, top, side, side, facecolor="none", linewidth=0.8, edgecolor=canvas.theme.grid, zorder=3)
    if data.points is None:
        return
    points, labels = data.points
    x = left + side * (points[:, 0] - boundary.x[0]) / ((boundary.x[1] - boundary.x[0]) or 1.0)
    y = top + side * (1 - (points[:, 1] - boundary.y[0]) / ((boundary.y[1] - boundary.y[0]) or 1.0))
    inside = (x >= left) & (x <= left + side) & (y >= top) & (y <= top + side)
    for number, color in enumerate(colours):
        chosen = inside & (labels == number)
        canvas.line(x[chosen], y[chosen], linestyle="none", marker="o", markersize=max(2.4, side / 75),
                    markerfacecolor=to_hex(color), markeredgecolor=canvas.theme.background, markeredgewidth=0.4,
                    zorder=4, gid=f"points-{number + 1}")


TICK = 13.0
LEFT, BELOW = 46.0, 24.0  # of a fit's plane, for its ticks


def draw_fit(canvas: Canvas, fit: Fit, data: DataSummary, color: str, left: float, top: float, wide: float,
             tall: float) -> None:
    """A plane with the training rows as points, and what is predicted as a line over them."""
    if data.points is None:
        return
    x, y = data.points[0][:, 0], np.asarray(data.points[1], np.float64)
    plane = Plane(left + LEFT, top, wide - LEFT, tall - BELOW, _rounded(x), _rounded(y), TICK)
    plane.draw(canvas)
    canvas.line(plane.x(x), plane.y(y), linestyle="none", marker="o", markersize=max(2.4, tall / 75),
                markerfacecolor=canvas.theme.muted, markeredgewidth=0, alpha=0.6, zorder=3, gid="points")
    with np.errstate(all="ignore"):
        placed = plane.y_axis.place(fit.y)
        shown = np.where((placed >= 0) & (placed <= 1), plane.y(fit.y), np.nan)
    canvas.line(plane.x(fit.x), shown, color=color, linewidth=2.6, zorder=4, gid="fit")


def _rounded(values: NDArray[np.float64]) -> LinearAxis:
    """An axis that begins and ends at round numbers."""
    low, high = float(values.min()), float(values.max())
    step = round_step((high - low) / 4) if high > low else 1.0
    return LinearAxis(step * math.floor(low / step), step * math.ceil(high / step), 0.03)
