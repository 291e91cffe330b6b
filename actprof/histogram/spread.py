"""σ against depth on a logarithmic axis, one line an arm: the companion of every view."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from actprof.engine.profiles import Summary
from actprof.histogram import sigma_theory
from actprof.histogram.legend import Entry, Legend
from actprof.histogram.scene import Scene
from actprof.report.canvas import Canvas, Point
from actprof.report.headings import GUTTER, MARGIN, arm_color, arm_marker
from actprof.report.lettering import line_height
from actprof.report.scales import LogSpan, round_step

PLOT, LANE = 168.0, 17.0
TICK, AXIS = 13.0, 14.0
MARKED_LAYERS = 30
LOST = {"linestyle": "none", "marker": "x", "markersize": 8, "markeredgewidth": 2.2}
ALIKE = {"linestyle": "none", "marker": "v", "markersize": 7, "markeredgewidth": 1.6, "fillstyle": "none"}


class SigmaStrip:
    """Pooled σ solid, σ within units dashed, quartiles over networks as a band, × where there is no logarithm."""

    def __init__(self, scene: Scene, places: list[float] | None, right: float) -> None:
        self._scene, self._right, self._plot = scene, right, PLOT
        self._places = places or spaced(scene.depth, GUTTER, self._right)
        self._lost = [[number for number, summary in enumerate(arm) if not has_logarithm(summary.statistics["std"])]
                      for arm in scene.summaries]
        summaries = [summary for arm in scene.summaries for summary in arm]
        self._predicted = [sigma_theory.predictions(scene.quantity, layers) for layers in scene.theory]
        self._span = LogSpan.over((value for summary in summaries for value in drawn_values(summary)),
                                  (value for arm in self._predicted for layer in arm for value in layer))
        self._alike = [[number for number, summary in enumerate(arm) if has_logarithm(summary.statistics["std"])
                        and summary.statistics["within_unit_std"] == 0] for arm in scene.summaries]
        self._lanes = sum(1 for lost, alike in zip(self._lost, self._alike, strict=True) if lost or alike)
        self._legend = Legend(self._entries(), right - GUTTER)
        self.height = self._legend.height + 8 + PLOT + self._lanes * LANE + line_height(TICK) + line_height(AXIS) + 20

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        self._plot = PLOT + height - self.height
        self._legend.draw(canvas, GUTTER, top)
        top += self._legend.height + 8
        self._draw_axes(canvas, top)
        lane = top + self._plot
        for arm, summaries in enumerate(self._scene.summaries):
            self._draw_arm(canvas, arm, summaries, lambda value: top + self._plot * (1 - value))
            if self._lost[arm] or self._alike[arm]:
                self._draw_marks(canvas, arm, self._lost[arm], lane + LANE / 2, LOST)
                self._draw_marks(canvas, arm, self._alike[arm], lane + LANE / 2, ALIKE)
                lane += LANE

    def _draw_axes(self, canvas: Canvas, top: float) -> None:
        for place, label in self._span.ticks():
            y = top + self._plot * (1 - place)
            canvas.segments([[(GUTTER, y), (self._right, y)]], zorder=0.5)
            canvas.text(GUTTER - 8, y, label, TICK, align="right", color=canvas.theme.muted)
        bottom = top + self._plot + self._lanes * LANE
        canvas.text(MARGIN - 8, top + self._plot / 2, "σ", AXIS + 2, bold=True, upright=True)
        canvas.segments([[(GUTTER, bottom), (self._right, bottom)]], colors=canvas.theme.muted, linewidths=1.2)
        for number in layer_ticks(len(self._places)):
            x = self._places[number - 1]
            canvas.segments([[(x, bottom), (x, bottom + 5)]], colors=canvas.theme.muted)
            canvas.text(x, bottom + 6 + line_height(TICK) / 2, str(number), TICK, align="center",
                        color=canvas.theme.muted)
        canvas.text((GUTTER + self._right) / 2, bottom + 6 + line_height(TICK) + line_height(AXIS) / 2, "layer", AXIS,
                    align="center")

    def _draw_arm(self, canvas: Canvas, arm: int, summaries: list[Summary], y: Callable[[float], float]) -> None:
        color, x = arm_color(canvas, arm), self._places[:len(summaries)]
        if self._predicted[arm]:
            sigma_theory.draw_theory(canvas, self._span, self._places, self._predicted[arm], color, y,
                                     f"theory-sigma-{arm + 1}")
        self._draw_band(canvas, summaries, color, y)
        within = [y(self._span.place(summary.statistics["within_unit_std"])) for summary in summaries]
        pooled = [y(self._span.place(summary.statistics["std"])) for summary in summaries]
        every = math.ceil(len(x) / MARKED_LAYERS)
        canvas.line(x, within, color=color, linewidth=1.8, linestyle=(0, (4, 3)), zorder=3, marker=".", markersize=6,
                    markevery=every)
        canvas.line(x, pooled, color=color, linewidth=2.8, zorder=4, marker=arm_marker(arm), markersize=8,
                    markevery=every, markeredgecolor=canvas.theme.background, markeredgewidth=0.8)

    def _draw_band(self, canvas: Canvas, summaries: list[Summary], color: str, y: Callable[[float], float]) -> None:
        low: list[Point] = []
        high: list[Point] = []
        for x, summary in zip(self._places, summaries, strict=False):
            quartiles = [self._span.place(value) for value in summary.spread.get("std", ())]
            if quartiles and all(map(math.isfinite, quartiles)):
                low.append((x, y(quartiles[0])))
                high.append((x, y(quartiles[1])))
        if len(low) > 1:
            canvas.area([*low, *reversed(high)], facecolor=color, alpha=0.25, zorder=2)

    def _draw_marks(self, canvas: Canvas, arm: int, layers: list[int], y: float, look: dict[str, Any]) -> None:
        x = [self._places[number] for number in layers]
        canvas.line(x, [y] * len(x), color=arm_color(canvas, arm), zorder=4, **look)

    def _entries(self) -> list[Entry]:
        entries: list[Entry] = [("σ of all values", [{"linewidth": 2.8}]),
                                ("σ within a unit, over the samples", [{"linewidth": 1.8, "linestyle": (0, (4, 3))}])]
        if any(summary.spread for arm in self._scene.summaries for summary in arm):
            entries.append(("quartiles of the networks", [{"linewidth": 11, "alpha": 0.3, "solid_capstyle": "butt"}]))
        entries += sigma_theory.entries(self._predicted)
        entries += [("σ is 0 or not finite", [LOST])] * any(self._lost)
        entries += [("σ within every unit is 0", [ALIKE])] * any(self._alike)
        return entries


def has_logarithm(value: float) -> bool:
    return value > 0 and math.isfinite(value)


def drawn_values(summary: Summary) -> list[float]:
    """All that must fit on the axis."""
    statistics = summary.statistics
    return [statistics["std"], statistics["within_unit_std"], *summary.spread.get("std", ())]


def spaced(count: int, left: float, right: float) -> list[float]:
    """The middles of `count` equal columns."""
    return [left + (right - left) * (number + 0.5) / count for number in range(count)]


def layer_ticks(depth: int) -> list[int]:
    """At most 25 layers, round ones and the first."""
    step = 1 if depth <= 25 else max(1, int(round_step(depth / 20)))
    return [1] * (step > 1) + list(range(step, depth + 1, step))
