"""A quantity along a single axis: what was measured, how far networks differ, what theory predicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from actprof.arrays import Floats
from actprof.report.canvas import Canvas
from actprof.report.headings import arm_color
from actprof.report.key import Entry, Strokes
from actprof.report.plane import Plane
from actprof.report.style import Theme
from actprof.sweep.curve_strokes import draw_band, draw_boxes, draw_curve, draw_marks, draw_whiskers
from actprof.sweep.result import BY_NAME, Sweep
from actprof.sweep.scales import NameSide, side
from actprof.sweep.signs import Swatch, counted, draw_hatching
from actprof.sweep.theory_lines import draw_lines
from actprof.sweep.values import Shown, ValueAxis

MOST_POINTS = 30  # networks that are drawn one by one
DASHES = {"linewidth": 2.2, "linestyle": (0, (4, 2.2)), "dash_capstyle": "butt"}
BAND, FORETOLD, FAINT = 0.24, 0.13, 0.7  # opacities
BROAD = {"linewidth": 12, "solid_capstyle": "butt"}
MOST_MARKERS = 120
COLUMN = 0.3  # of a column of names, on either side of its middle


class Curves:
    """One panel; cells that have no number are hatched from top to bottom."""

    beside = 0.0

    def __init__(self, sweep: Sweep, name: str, theme: Theme) -> None:
        self._sweep, self._shown = sweep, Shown.of(sweep, name)
        values = np.array([cell.statistic(name) for cell in sweep.cells], np.float64)
        quartiles = np.array([cell.quartiles(name) for cell in sweep.cells], np.float64)
        predicted = np.array([cell.foretold(name) for cell in sweep.cells], np.float64)
        networks = [few(cell.networks.get(name, ())) for cell in sweep.cells]
        scale = ValueAxis.over(self._shown.quantity, [*values, *quartiles.ravel(), *chain(*networks)], predicted)
        self._values, self._quartiles, self._predicted = map(scale.place, (values, quartiles, predicted))
        self._networks = [scale.place(each) for each in networks]
        self.x_axis, self.y_axis = side(sweep.axes[0]), scale.axis
        self._zero = self._shown.zero[:, 0] & scale.decades
        below = {"color": theme.arms[0], "marker": "v", "markersize": 11}
        self.entries = [*counted("exactly 0, below the axis", self._zero, Strokes([below])),
                        *counted("no number", self._shown.missing, Swatch(hatched=True))]

    def draw(self, canvas: Canvas, plane: Plane) -> None:
        draw_hatching(canvas, plane, self.x_axis, NameSide(1), self._shown.missing)
        draw_lines(canvas, plane, self._sweep)
        x = self.x_axis.place(self._sweep.axes[0].places)
        if joined(self._sweep):
            self._draw_curves(canvas, plane, x)
        else:
            self._draw_columns(canvas, plane, x)
        self._draw_points(canvas, plane, x)
        draw_marks(canvas, plane, x[self._zero], np.full(self._zero.sum(), 8 / plane.height), gid="zero", marker="v",
                   color=arm_color(canvas, 0), markersize=11, zorder=8)

    def _draw_curves(self, canvas: Canvas, plane: Plane, x: Floats) -> None:
        color = arm_color(canvas, 0)
        draw_band(canvas, plane, x, *self._predicted[:, 1:].T, facecolor=canvas.theme.foreground, alpha=FORETOLD,
                  zorder=2, gid="predicted-band")
        draw_band(canvas, plane, x, *self._quartiles.T, facecolor=color, alpha=BAND, zorder=2.5, gid="quartiles")
        draw_curve(canvas, plane, x, self._values, color=color, linewidth=2.8, zorder=7, gid="measured")
        draw_curve(canvas, plane, x, self._predicted[:, 0], color=canvas.theme.foreground, zorder=7.5, gid="predicted",
                   **DASHES)

    def _draw_columns(self, canvas: Canvas, plane: Plane, x: Floats) -> None:
        """Nothing lies between names, nor beside a lone number."""
        color, half = arm_color(canvas, 0), COLUMN / len(x)
        draw_boxes(canvas, plane, x, half, *self._predicted[:, 1:].T, facecolor=canvas.theme.foreground, alpha=FORETOLD,
                   zorder=2, gid="predicted-band")
        draw_whiskers(canvas, plane, x, *self._quartiles.T, colors=color, linewidths=3.4, zorder=6.5, gid="quartiles")
        for place, value in zip(x, self._predicted[:, 0], strict=True):
            ends = np.array([place - half, place + half])
            draw_curve(canvas, plane, ends, np.full(2, value), color=canvas.theme.foreground, zorder=7.5,
                       gid="predicted", **DASHES)

    def _draw_points(self, canvas: Canvas, plane: Plane, x: Floats) -> None:
        """Each network, beside each other in a column of names; above them what is typical."""
        color, apart = arm_color(canvas, 0), 0.0 if self._sweep.axes[0].numbers else COLUMN / len(x)
        places = [place + apart * np.linspace(-0.6, 0.6, len(each))
                  for place, each in zip(x, self._networks, strict=True)]
        draw_marks(canvas, plane, np.concatenate(places), np.concatenate(self._networks), color=color, alpha=FAINT,
                   marker="o", markersize=5, markeredgewidth=0, zorder=6, gid="networks")
        if len(x) <= MOST_MARKERS:
            draw_marks(canvas, plane, x, self._values, color=color, marker="o", markersize=9 if len(x) <= 40 else 5,
                       markeredgecolor=canvas.theme.background, zorder=7.2, gid="cells")


def few(networks: Sequence[float]) -> tuple[float, ...]:
    """Those that are drawn one by one."""
    return tuple(networks) if 1 < len(networks) <= MOST_POINTS else ()


def joined(sweep: Sweep) -> bool:
    """Whether there is anything between the cells: not between names, nor beside a lone number."""
    return len(sweep.axes[0].numbers) > 1


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """Of all panels of curves."""
    names = [name for name in sweep.quantities if name in BY_NAME]
    if not names:
        return []
    return [*_measured(sweep, names, theme.arms[0], theme), *_foretold(sweep, names, theme.foreground)]


def _measured(sweep: Sweep, names: list[str], color: str, theme: Theme) -> list[Entry]:
    counts = {len(cell.networks.get(name, ())) for cell in sweep.cells for name in names}
    most, line = max(counts), [{"color": color, "linewidth": 2.8}] * joined(sweep)
    dot = {"color": color, "marker": "o", "markersize": 9, "markeredgecolor": theme.background}
    said = [Entry(f"median of {most} networks" if most > 1 else "measured", Strokes([*line, dot]))]
    if any(name in cell.spread for cell in sweep.cells for name in names):
        look: dict[str, Any] = {**BROAD, "alpha": BAND} if line else {"linewidth": 3.4}
        said.append(Entry("first to third quartile", Strokes([{"color": color, **look}], not line)))
    if any(1 < count <= MOST_POINTS for count in counts):
        said.append(Entry("each network", Strokes([{"color": color, "marker": "o", "markersize": 5, "alpha": FAINT}])))
    return said


def _foretold(sweep: Sweep, names: list[str], color: str) -> list[Entry]:
    given = [cell.predicted[name] for cell in sweep.cells for name in names if name in cell.predicted]
    if not any(math.isfinite(value) for value, _, _ in given):
        return []
    known = any(math.isfinite(low + high) for _, low, high in given)
    band = [{"color": color, "alpha": FORETOLD, **BROAD}] * known
    return [Entry("theory" + " and where 95 % of networks lie" * known, Strokes([*band, {"color": color, **DASHES}]))]
