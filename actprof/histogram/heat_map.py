"""Layers to the right, values upwards, colour the share: stacks too deep for anything else."""

from __future__ import annotations

import math

import numpy as np

from actprof.arrays import Floats
from actprof.digits import compact, non_finite
from actprof.histogram.scene import Scene
from actprof.histogram.spread import spaced
from actprof.report.bars import FAINTEST, colours, runs_of
from actprof.report.canvas import Canvas
from actprof.report.headings import GUTTER, MARGIN
from actprof.report.lettering import SMALLEST, fitting_size, line_height, width
from actprof.report.scales import percent_of_power

AXIS, TICK = 14.0, 13.0
LOWEST = 150.0
ROWS = 128  # more would be thinner than a pixel in the lowest map
STRIP, STRIP_GAP = 26.0, 6.0
KEY = 130.0
LABEL = GUTTER - 46  # between the title of the value axis and the map


class HeatMaps:
    """One map an arm, all with the same axes and colours; strips below for what is at an atom or out of range."""

    def __init__(self, scene: Scene, sheet_width: float) -> None:
        self._scene = scene
        self.right = sheet_width - MARGIN - KEY
        arms = range(len(scene.layers))
        self._headings = [scene.heading(arm, sheet_width - 2 * MARGIN, hatched_notes(scene, arm)) for arm in arms]
        self._strips = [strips(scene, arm) for arm in arms]
        self._fixed = sum(heading.height + len(rows) * (STRIP + STRIP_GAP) + 16
                          for heading, rows in zip(self._headings, self._strips, strict=True))
        self.height = self._fixed + len(arms) * LOWEST

    @property
    def places(self) -> list[float]:
        return spaced(self._scene.depth, GUTTER, self.right)

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        tall = (height - self._fixed) / len(self._headings)
        self._draw_key(canvas, top + self._headings[0].height, tall)
        for arm, heading in enumerate(self._headings):
            heading.draw(canvas, MARGIN, top)
            top += heading.height
            self._draw_map(canvas, arm, top, tall)
            self._draw_hatching(canvas, arm, top, tall)
            top += tall
            for title, shares in self._strips[arm]:
                self._draw_strip(canvas, title, shares, top + STRIP_GAP)
                top += STRIP + STRIP_GAP
            top += 16

    def _draw_map(self, canvas: Canvas, arm: int, top: float, tall: float) -> None:
        self._draw_shares(canvas, image_rows(self._scene, arm)[::-1], top, tall)
        span = self._scene.shared_span
        ticks = span.ticks(tall, lambda _: line_height(TICK)) if span else [(0.0, "lowest"), (1.0, "highest")]
        size = fitting_size(lambda size: all(width(label, size) <= LABEL for _, label in ticks), (TICK, 12.0, SMALLEST))
        for place, label in ticks:
            y = top + tall * (1 - place)
            canvas.segments([[(GUTTER - 5, y), (GUTTER, y)]], colors=canvas.theme.muted)
            inside = min(max(y, top + line_height(TICK) / 2), top + tall - line_height(TICK) / 2)
            canvas.text(GUTTER - 8, inside, label, size, align="right", color=canvas.theme.muted)
        canvas.text(MARGIN - 8, top + tall / 2, self._scene.symbol if span else "own range", AXIS, upright=True)

    def _draw_shares(self, canvas: Canvas, shares: Floats, top: float, tall: float) -> None:
        right = GUTTER + (self.right - GUTTER) * shares.shape[1] / self._scene.depth
        canvas.picture(GUTTER, top, right - GUTTER, tall, colours(shares, canvas.theme))
        canvas.rectangle(GUTTER, top, self.right - GUTTER, tall, facecolor="none", linewidth=0.8,
                         edgecolor=canvas.theme.grid, zorder=3)

    def _draw_strip(self, canvas: Canvas, title: str, shares: Floats, top: float) -> None:
        """The share of each layer as a bar, the strip's height for 100 %."""
        right = GUTTER + (self.right - GUTTER) * len(shares) / self._scene.depth
        canvas.text(GUTTER - 8, top + STRIP / 2, title, TICK, align="right", color=canvas.theme.muted)
        canvas.text(self.right + 8, top + STRIP / 2, "of 100 %", TICK, color=canvas.theme.muted)
        canvas.rectangle(GUTTER, top, self.right - GUTTER, STRIP, facecolor=canvas.theme.grid, zorder=1)
        canvas.stairs(np.linspace(GUTTER, right, len(shares) + 1), top + STRIP * (1 - shares), top + STRIP,
                      facecolor=canvas.theme.foreground, zorder=2)

    def _draw_hatching(self, canvas: Canvas, arm: int, top: float, tall: float) -> None:
        step = (self.right - GUTTER) / self._scene.depth
        for first, last in runs_of([not s.computed or bool(s.non_finite) for s in self._scene.summaries[arm]]):
            canvas.hatched(GUTTER + first * step, top, (last + 1 - first) * step, tall)

    def _draw_key(self, canvas: Canvas, top: float, tall: float) -> None:
        left = self.right + 22
        ramp = np.logspace(0, math.log10(FAINTEST), 256)[:, np.newaxis]
        tall = min(tall, 260.0) - line_height(AXIS)
        canvas.text(left, top + line_height(AXIS) / 2 - 4, "share", AXIS)
        top += line_height(AXIS)
        canvas.picture(left, top, 20, tall, colours(ramp, canvas.theme))
        for power in range(0, -5, -1 if tall > 110 else -2):
            y = top + 10 + (tall - 20) * power / math.log10(FAINTEST)
            canvas.text(left + 28, y, percent_of_power(power), TICK, color=canvas.theme.muted)


def image_rows(scene: Scene, arm: int) -> Floats:
    """Shares as (rows, layers), lowest values first: a row a bin, or the tallest of several bins too thin to see."""
    bins: Floats = np.array([bar.shares for bar in scene.bars[arm]]).T
    if len(bins) <= ROWS:
        return bins
    tallest: Floats = np.maximum.reduceat(bins, np.arange(ROWS) * len(bins) // ROWS, axis=0)
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
    for first, last in runs_of([bool(s.non_finite) for s in summaries]):
        counts = {key: sum(s.statistics[key] for s in summaries[first:last + 1]) for key in ("posinf", "neginf", "nan")}
        notes.append(f"{_layers(layers[first].layer, layers[last].layer)}: {', '.join(non_finite(counts))}")
    notes += [f"{_layers(layers[first].layer, layers[last].layer)} not computed"
              for first, last in runs_of([not s.computed for s in summaries])]
    return notes


def _layers(first: int, last: int) -> str:
    return f"layer {first}" if first == last else f"layers {first}–{last}"
