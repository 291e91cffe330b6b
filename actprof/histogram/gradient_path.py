"""The gradient along the line of the inputs, one row an arm, beside its autocorrelation (Balduzzi et al. 2017)."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from actprof.engine.path import MAX_LAG, GradientPath
from actprof.errors import SpecError
from actprof.histogram.scene import Rows, Scene, write_message
from actprof.report.axes import BELOW, Box, add_axes
from actprof.report.lettering import line_height
from actprof.report.shares import DASHED
from actprof.report.sheet import MARGIN, WIDTH, Sheet
from actprof.report.style import PATH
from actprof.report.ticks import Linear

TITLE, ABOVE = 16.0, line_height(16.0) + 10  # of the titles of the columns
LABELS, MIN_HEIGHT = 96.0, 110.0  # pixels left of axes, and their least height
LAGS = 0.4  # of the width, for the autocorrelation
SURE = 1.96  # standard errors within which 95 % of white noise lies


class GradientPaths(Rows):
    """The rows of the arms; SpecError where the inputs lie on no line."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._paths: list[GradientPath] = [arm.path for arm in scene.comparison.arms if arm.path]
        if len(self._paths) < len(scene.layers):
            raise SpecError(f"--view {PATH} needs gradients at two or more points of --input line.")
        self.height = ABOVE + self.least(MIN_HEIGHT) + BELOW

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        first = top + self._above + ABOVE
        left, room = self._left + LABELS, WIDTH - MARGIN - self._left - 2 * LABELS
        lags = left + (1 - LAGS) * room + LABELS
        for x, title in ((left, "gradient along the line: dL/dt at x₀ + t·x₁"),
                         (lags, "autocorrelation; grey: white noise")):
            sheet.text(x, first - ABOVE / 2 - 2, title, TITLE, bold=True)
        for arm, (start, tall) in enumerate(self.rows(sheet, top, first, height - self._above - ABOVE - BELOW)):
            self._draw_path(sheet, arm, Box(left, start, (1 - LAGS) * room, tall))
            self._draw_lags(sheet, arm, Box(lags, start, LAGS * room, tall))

    def _draw_path(self, sheet: Sheet, arm: int, box: Box) -> None:
        path, theme = self._paths[arm], self._scene.theme
        finite = [value for value in path.gradient if math.isfinite(value)]
        low, high = min([0.0, *finite]), max([0.0, *finite])
        x, y = Linear(path.t[0], path.t[-1], 0.0), Linear(low, high) if low < high else Linear(-1.0, 1.0)
        axes = self._axes(sheet, arm, "path", box, x, y, "t")
        axes.plot(x.of(path.t), y.of(path.gradient), color=theme.arm(arm), linewidth=1.6, gid=f"path-{arm + 1}")
        if len(finite) < len(path.gradient):
            write_message(sheet, axes, box, [f"{len(path.gradient) - len(finite)} of {len(path.gradient)} not finite"])

    def _draw_lags(self, sheet: Sheet, arm: int, box: Box) -> None:
        path, theme = self._paths[arm], self._scene.theme
        found = path.autocorrelation
        x, y = Linear(0, MAX_LAG, whole=True), Linear(min([-0.25, *found]), 1.0)
        axes = self._axes(sheet, arm, "autocorrelation", box, x, y, "lag, in points of the line")
        noise = SURE / math.sqrt(len(path.gradient))
        axes.axhspan(-noise, noise, facecolor="#808080", alpha=0.25, linewidth=0)
        axes.plot(np.arange(len(found)), found, **theme.mark(arm, 8), linewidth=1.6, gid=f"autocorrelation-{arm + 1}")
        if not found:
            write_message(sheet, axes, box, ["none: the gradient", "is constant or not finite"])

    def _axes(self, sheet: Sheet, arm: int, name: str, box: Box, x: Linear, y: Linear, title: str) -> Axes:
        last = arm == len(self._paths) - 1
        axes = add_axes(sheet, f"{name}-{arm + 1}", box, x, y, titles=(title if last else "", ""))
        axes.tick_params(labelbottom=last)
        axes.axhline(float(y.of(0.0)), color=sheet.theme.muted, zorder=1.5, **DASHED)
        return axes
