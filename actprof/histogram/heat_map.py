"""Layers to the right, values upwards, colour the share: stacks too deep for panels."""

from __future__ import annotations

import numpy as np
from matplotlib.cm import ScalarMappable

from actprof.arrays import Floats
from actprof.digits import compact, non_finite
from actprof.histogram.scene import UNDER, Rows, Scene
from actprof.report.axes import TITLE, Box, add_axes, colour_bar, hatch, runs
from actprof.report.lettering import line_height, width
from actprof.report.shares import FAINTEST, ShareScale, ValueScale, share_colours
from actprof.report.sheet import MARGIN, WIDTH, Sheet
from actprof.report.ticks import Fixed, Scale

TICK = 14.0
MIN_HEIGHT = 100.0
MAX_ROWS = 128  # more would be thinner than a pixel in the lowest map
STRIP, STRIP_GAP = 24.0, 10.0
KEY = 120.0  # right of the maps
VALUES = 112.0  # left of the maps
LABELS = line_height(TICK) + 14
MARGIN_OF_LABELS = 0.08  # of the height: where the ends of an own range are named


class HeatMaps(Rows):
    """One map an arm, all with the same axes and colours; strips below for what is at an atom or out of range."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, [hatched_notes(scene, arm) for arm in scene.arms])
        self._start = self._left + VALUES
        self._strips = [strips(scene, arm) for arm in scene.arms]
        below = max(len(rows) for rows in self._strips) * (STRIP + STRIP_GAP)
        self._x = Fixed(0.5, scene.depth + 0.5, [(layer, f"{layer}") for layer in range(1, scene.depth + 1)])
        self.height = self.least(below + MIN_HEIGHT) + LABELS + UNDER

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        wide = WIDTH - MARGIN - KEY - self._start
        first = top + self._above
        rows = self.rows(sheet, top, first, height - self._above - LABELS - UNDER)
        for arm, (start, tall) in enumerate(rows):
            place = Box(self._start, start, wide, tall - len(self._strips[arm]) * (STRIP + STRIP_GAP))
            self._draw_map(sheet, arm, place, not self._strips[arm])
            for number, (title, shares) in enumerate(self._strips[arm]):
                strip = Box(place.left, place.bottom + STRIP_GAP + number * (STRIP + STRIP_GAP), wide, STRIP)
                self._draw_strip(sheet, arm, title, shares, strip, number == len(self._strips[arm]) - 1)
        sheet.text(self._start + wide / 2, top + height - UNDER / 2 + 2, "layer", 16.0, align="center")
        down, tall = line_height(16.0) + 12, rows[0][1] - len(self._strips[0]) * (STRIP + STRIP_GAP)
        bar = Box(WIDTH - MARGIN - KEY + 24, first + down, 22, min(tall - 10, 260.0) - down)
        sheet.text(bar.left, first + line_height(16.0) / 2 - 4, "share", 16.0)
        colours, norm = share_colours(self._scene.theme)
        colour_bar(sheet, "share", bar, ScalarMappable(norm, colours), ShareScale(1.0, FAINTEST), tick=TICK)

    def _draw_map(self, sheet: Sheet, arm: int, box: Box, lowest: bool) -> None:
        scene, edges = self._scene, self._scene.bars[0][0].edges
        ends = [(MARGIN_OF_LABELS, "lowest"), (1 - MARGIN_OF_LABELS, "highest")]
        y: Scale = ValueScale(edges[0], edges[-1], 0.0) if scene.shared else Fixed(0, 1, ends)
        title = scene.symbol if scene.shared else "own range"
        low, high = y.of(edges[[0, -1]]) if scene.shared else (0.0, 1.0)
        axes = add_axes(sheet, scene.comparison.arms[arm].label, box, self._x, y, grid="", tick=TICK,
                        titles=("", title if width(title, TITLE) <= box.height else title.split()[-1]))
        shares, (colours, norm) = image_rows(scene, arm), share_colours(scene.theme)
        axes.imshow(np.ma.masked_less_equal(shares, 0), cmap=colours, norm=norm, origin="lower",
                    extent=(0.5, shares.shape[1] + 0.5, low, high), aspect="auto", interpolation="nearest")
        lost = np.array([not s.computed or bool(s.non_finite) for s in scene.summaries[arm]])
        hatch(axes, np.arange(len(lost) + 1) + 0.5, [low, high], lost[np.newaxis], scene.theme.muted)
        axes.xaxis.set_visible(lowest and arm == len(self._strips) - 1)

    def _draw_strip(self, sheet: Sheet, arm: int, title: str, shares: Floats, box: Box, lowest: bool) -> None:
        """The share of each layer as a bar, the strip's height for 100 %."""
        theme, label = self._scene.theme, self._scene.comparison.arms[arm].label
        axes = add_axes(sheet, f"{label}, {title}", box, self._x, Fixed(0.0, 1.0, [(0.5, title)]), grid="", tick=TICK)
        axes.set_facecolor(theme.grid)
        axes.stairs(shares, np.arange(len(shares) + 1) + 0.5, fill=True, facecolor=theme.foreground)
        axes.xaxis.set_visible(lowest and arm == len(self._strips) - 1)
        sheet.text(box.right + 10, box.center[1], "of 100 %", TICK, color=theme.muted)


def image_rows(scene: Scene, arm: int) -> Floats:
    """Shares as (rows, layers), lowest values first: a row a bin, or the tallest of several bins too thin to see."""
    bins: Floats = np.array([bar.shares for bar in scene.bars[arm]]).T
    if len(bins) <= MAX_ROWS:
        return bins
    tallest: Floats = np.maximum.reduceat(bins, np.arange(MAX_ROWS) * len(bins) // MAX_ROWS, axis=0)
    return tallest


def strips(scene: Scene, arm: int) -> list[tuple[str, Floats]]:
    """(title, share of each layer) of what the map cannot show."""
    atoms = [(f"at {compact(atom)}", np.array([dict(bar.atoms).get(atom, 0.0) for bar in scene.bars[arm]]))
             for atom in scene.atoms(arm)]
    outside = np.array([summary.histogram.outside_fraction for summary in scene.summaries[arm]])
    return atoms + ([("outside", outside)] if outside.any() else [])


def hatched_notes(scene: Scene, arm: int) -> list[str]:
    """Which layers are hatched, and the counts behind it."""
    summaries, layers = scene.summaries[arm], scene.layers[arm]
    notes = []
    for first, end in runs(np.array([bool(s.non_finite) for s in summaries])):
        counts = {key: sum(s.statistics[key] for s in summaries[first:end]) for key in ("posinf", "neginf", "nan")}
        notes.append(f"{_layers(layers[first].layer, layers[end - 1].layer)}: {', '.join(non_finite(counts))}")
    notes += [f"{_layers(layers[first].layer, layers[end - 1].layer)} not computed"
              for first, end in runs(np.array([not s.computed for s in summaries]))]
    return notes


def _layers(first: int, last: int) -> str:
    return f"layer {first}" if first == last else f"layers {first}–{last}"
