"""A line of bars a layer in one axes an arm, each line reaching into the one above, beside the figures of its layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.digits import compact, non_finite, number_label, percent
from actprof.engine.profiles import Summary
from actprof.histogram.scene import UNDER, Scene, all_zero
from actprof.report.axes import Box, add_axes, grid_lines, hatch, write
from actprof.report.lettering import line_height, width
from actprof.report.shares import Frame, ShareScale, body, draw_bars, draw_prediction
from actprof.report.sheet import MARGIN, WIDTH, Sheet
from actprof.report.ticks import Fixed, Linear, Scale

TICK = 14.0
RISE, AIR = 1.4, 0.15  # lines that the tallest bars take; lines of air above and below
ACROSS, GAP = 3, 44.0  # arms beside each other, pixels between them
PITCH = 22.0  # least pixels of a line
LABELS = line_height(TICK) + 14
Cell = Callable[[Summary], str]


class Ridges:
    """Arms side by side; heights in a line are parts of its own tallest, which is what tells shapes."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        across = min(len(scene.layers), ACROSS)
        self._width = (WIDTH - 2 * MARGIN - (across - 1) * GAP) / across
        self._headings = [scene.heading(arm, self._width) for arm in scene.arms]
        self._blocks = [scene.arms[first:first + across] for first in scene.arms[::across]]
        self._titles = [max(self._headings[arm].height for arm in block) + line_height(TICK) for block in self._blocks]
        self._fixed = sum(self._titles) + len(self._blocks) * (LABELS + UNDER)
        self.height = self._fixed + len(self._blocks) * (scene.depth + RISE) * PITCH

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        tall = (height - self._fixed) / len(self._blocks)
        for block, above in zip(self._blocks, self._titles, strict=True):
            for column, arm in enumerate(block):
                left = MARGIN + column * (self._width + GAP)
                self._headings[arm].draw(sheet, left, top)
                self._draw_arm(sheet, arm, Box(left, top + above, self._width, tall))
            top += above + tall + LABELS + UNDER

    def _draw_arm(self, sheet: Sheet, arm: int, place: Box) -> None:
        scene = self._scene
        count = len(scene.layers[arm])
        columns = [(title, [cell(s) if s.computed else "" for s in scene.summaries[arm]])
                   for title, cell in cells(scene, arm)]
        wide = [16 + max(width(text, TICK) for text in (title, *texts)) for title, texts in columns]
        names = [scene.layer_name(arm, layer) for layer in range(count)]
        before = 16 + max(width(name, TICK) for name in ["layer", *names])
        box = Box(place.left + before, place.top, place.width - before - sum(wide), place.height)
        y = Fixed(scene.depth + AIR, 1 - RISE - AIR)
        axes = add_axes(sheet, scene.comparison.arms[arm].label, box, self._values(arm, 0, box.width), y, tick=TICK,
                        titles=(f"{scene.value_title}; heights are each layer's own", ""), grid="x")
        axes.spines.left.set_visible(False)
        grid_lines(axes, range(1, count + 1), scene.theme.grid, 0.8)
        for layer in range(count):
            self._draw_layer(sheet, axes, box, arm, layer)
        step, right = box.height / (y.low - y.high), place.left
        steps = [before - 16, box.width + 16 + wide[0], *wide[1:]]
        for (title, texts), column in zip([("layer", names), *columns], steps, strict=True):
            right += column
            align = "left" if title == "layer" else "right"
            x = place.left if title == "layer" else right
            sheet.text(x, box.top - line_height(TICK) / 2, title, TICK, align=align, color=scene.theme.muted)
            for layer, text in enumerate(texts):
                sheet.text(x, box.top + (layer + 0.75 - y.high) * step, text, TICK, align=align)

    def _values(self, arm: int, layer: int, room: float) -> Scale:
        scale = self._scene.bars[arm][layer].values(room)
        return scale if self._scene.shared else Parts(scale)

    def _draw_layer(self, sheet: Sheet, axes: Axes, box: Box, arm: int, layer: int) -> None:
        scene = self._scene
        summary, bars, theme = scene.summaries[arm][layer], scene.bars[arm][layer], scene.theme
        pitch = box.height / abs(np.subtract(*axes.get_ylim()))
        foot = box.top + (layer + RISE + AIR) * pitch
        row = Box(box.left, foot - pitch, box.width, pitch)
        if summary.computed:
            scale = scene.scale if scene.log_y else ShareScale(float(body(bars.shares)) or 1.0)
            frame = Frame(axes, self._values(arm, layer, box.width), scale, box.width, RISE * pitch,
                          (layer + 1.0, layer + 1.0 - RISE))
            name, depth = f"{arm + 1}-{layer + 1}", 2 + layer / 100
            draw_bars(frame, bars, theme, theme.arm(arm), f"counts-{name}", depth)
            draw_prediction(frame, bars, scene.predicted(arm, layer), theme, f"theory-{name}", depth)
        said = non_finite(summary.statistics) or ["100 % zeros"] * all_zero(summary)
        if summary.non_finite:
            hatch(axes, axes.get_xlim(), [layer + 1, layer], True, theme.muted)
        if text := ", ".join(said) if summary.computed else "not computed":
            write(sheet, axes, row.center[0], row.center[1], text, TICK, align="center", bold=True, boxed=True)


class Parts(Scale):
    """From 0 to 1 over the range of another scale, where each layer has its own."""

    def __init__(self, inner: Linear) -> None:
        super().__init__(0.0, 1.0)
        self._inner = inner

    def of(self, values: ArrayLike) -> Floats:
        placed: Floats = (self._inner.of(values) - self._inner.low) / (self._inner.high - self._inner.low)
        return placed


def cells(scene: Scene, arm: int) -> list[tuple[str, Cell]]:
    """The figures beside each line: (title, what to print)."""
    found: list[tuple[str, Cell]] = [("std", lambda s: number_label(s.statistics["std"]))]
    atoms = scene.atoms(arm)
    if len(atoms) > 2:
        found.append(("at atoms",
                      lambda s: f"{percent(sum(count for _, count in s.atoms) / max(s.histogram.total, 1))} %"))
    else:
        found += [(f"at {compact(atom)}", at_atom(atom)) for atom in atoms]
    if any(summary.histogram.outside_fraction for summary in scene.summaries[arm]):
        found.append(("outside", lambda s: f"{percent(s.histogram.outside_fraction)} %"))
    if not scene.shared:
        found.append(("from", lambda s: number_label(float(s.histogram.edges[0]))))
        found.append(("to", lambda s: number_label(float(s.histogram.edges[-1]))))
    return found


def at_atom(atom: float) -> Cell:
    return lambda s: f"{percent(dict(s.atoms).get(atom, 0) / max(s.histogram.total, 1))} %"
