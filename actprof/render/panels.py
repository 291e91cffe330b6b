"""One panel a layer, one row (or more) of panels an arm, all with the same axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actprof.profiles import LayerSummary, Summary
from actprof.render.canvas import Canvas
from actprof.render.headings import MARGIN, ArmHeading, arm_color
from actprof.render.lettering import SMALLEST, fitting_size, line_height, width, wrapped
from actprof.render.numerals import compact, non_finite, percent
from actprof.render.scales import Bars, Span
from actprof.render.scene import Scene, all_zero, outside, sigma

COLUMNS = 8
GUTTER, GAP = 112.0, 18.0
NOTE, TICK, AXIS = 13.0, 13.0, 14.0
OVERHANG = 7.0  # how far a label may stand out to the side of its panel
LOWEST = 130.0


@dataclass(frozen=True)
class Box:
    """The frame of one panel's bars."""

    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def x(self, place: float) -> float:
        return self.left + place * self.width


class Panels:
    """Rows of at most eight panels."""

    def __init__(self, scene: Scene, sheet_width: float) -> None:
        self._scene = scene
        self._columns = min(scene.depth, COLUMNS)
        self._rows = math.ceil(scene.depth / COLUMNS)
        room = sheet_width - GUTTER - MARGIN
        self._width = (room - (self._columns - 1) * GAP) / self._columns
        arms = range(len(scene.layers))
        self._headings = [ArmHeading(scene.comparison, arm, sheet_width - 2 * MARGIN) for arm in arms]
        self._captions = [[Caption(layer, summary, scene.mixes_activations(arm))
                           for layer, summary in zip(scene.layers[arm], scene.summaries[arm], strict=True)]
                          for arm in arms]
        flat = [caption for row in self._captions for caption in row]
        self._size = fitting_size(lambda size: all(c.fits(self._width, size) for c in flat), (17, 16, 15, 14, 13, 12, SMALLEST))
        self._caption_height = line_height(self._size) * max(c.lines(self._width, self._size) for c in flat) + 4
        notes = [notes_of(bar, scene) for row in scene.bars for bar in row]
        self._headroom = max((len(stacked(note, self._width)) for note in notes), default=0) * line_height(NOTE)
        self._ticks_height = line_height(TICK) + 6
        self._fixed = (sum(heading.height for heading in self._headings) + line_height(AXIS) + 8
                       + len(self._headings) * self._rows * (self._caption_height + self._headroom + self._ticks_height + 10))
        self.height = self._fixed + len(self._headings) * self._rows * LOWEST

    @property
    def places(self) -> list[float] | None:
        """Middle of each layer's column, where there is one row only."""
        if self._rows > 1:
            return None
        return [self._left(column) + self._width / 2 for column in range(self._columns)]

    @property
    def right(self) -> float:
        return self._left(self._columns - 1) + self._width

    def _left(self, column: int) -> float:
        return GUTTER + column * (self._width + GAP)

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        tall = (height - self._fixed) / (len(self._headings) * self._rows)
        for arm, heading in enumerate(self._headings):
            heading.draw(canvas, MARGIN, top)
            top += heading.height
            for first in range(0, len(self._scene.layers[arm]), COLUMNS):
                top += self._caption_height
                self._draw_row(canvas, arm, first, top, tall + self._headroom)
                top += tall + self._headroom + self._ticks_height + 10
        canvas.text((GUTTER + canvas.width - MARGIN) / 2, top + line_height(AXIS) / 2 - 4, self._scene.value_title, AXIS,
                    align="center")

    def _draw_row(self, canvas: Canvas, arm: int, first: int, top: float, tall: float) -> None:
        layers = range(first, min(first + COLUMNS, len(self._scene.layers[arm])))
        for column, layer in enumerate(layers):
            box = Box(self._left(column), top, self._width, tall)
            self._captions[arm][layer].draw(canvas, box, self._size, self._caption_height)
            self._draw_axes(canvas, box, self._scene.bars[arm][layer].span, labelled=column == 0)
            self._draw_content(canvas, box, arm, layer)

    def _draw_axes(self, canvas: Canvas, box: Box, span: Span, labelled: bool) -> None:
        bars = Box(box.left, box.top + self._headroom, box.width, box.height - self._headroom)
        for place, label in self._scene.scale.ticks():
            y = bars.bottom - place * bars.height
            canvas.segments([[(box.left, y), (box.left + box.width, y)]], zorder=0.5)
            if labelled:
                canvas.text(box.left - 8, y, label, TICK, align="right", color=canvas.theme.muted)
        if labelled:
            canvas.text(MARGIN - 6, bars.top + bars.height / 2, "share", AXIS, upright=True)
        canvas.segments([[(box.left, box.bottom), (box.left + box.width, box.bottom)]],
                        colors=canvas.theme.muted, linewidths=1.2, zorder=5)
        draw_value_ticks(canvas, box, span)

    def _draw_content(self, canvas: Canvas, box: Box, arm: int, layer: int) -> None:
        summary, bars = self._scene.summaries[arm][layer], self._scene.bars[arm][layer]
        if not summary.computed:
            draw_message(canvas, box, ["not computed"])
            return
        draw_bars(canvas, box, bars, self._scene, arm_color(canvas, arm), self._headroom, f"counts-{arm + 1}-{layer + 1}")
        draw_notes(canvas, box, stacked(notes_of(bars, self._scene), box.width), self._headroom)
        if summary.non_finite:
            canvas.hatched(box.left, box.top, box.width, box.height)
            draw_message(canvas, box, non_finite(summary.figures))
        elif all_zero(summary):
            draw_message(canvas, box, ["100 % zeros"])


def draw_value_ticks(canvas: Canvas, box: Box, span: Span) -> None:
    """Few round values below a panel, none of them beyond its sides."""
    for place, label in span.ticks(box.width, TICK):
        canvas.segments([[(box.x(place), box.bottom), (box.x(place), box.bottom + 5)]], colors=canvas.theme.muted)
        half = width(label, TICK) / 2 - OVERHANG
        x = min(max(box.x(place), box.left + half), box.left + box.width - half)
        canvas.text(x, box.bottom + 6 + line_height(TICK) / 2, label, TICK, align="center", color=canvas.theme.muted)


def draw_bars(canvas: Canvas, box: Box, bars: Bars, scene: Scene, color: str, headroom: float, name: str) -> None:
    """The bins as stairs, each atom as a bar of its own, a gap where a bar is cut."""
    tall = box.height - headroom
    tops = box.bottom - scene.scale.place(bars.shares) * tall
    canvas.stairs(box.left + bars.edges * box.width, tops, box.bottom, facecolor=color, gid=name, zorder=2)
    ceiling = box.bottom - tall
    for left, right, share in cut_runs(bars, scene):
        draw_break(canvas, box.x(left), box.x(right), ceiling)
    wide = min(max(7.0, 0.5 * box.width / len(bars.shares)), 16.0)
    for value, share in bars.atoms:
        x = min(max(box.x(float(bars.span.place(value))) - wide / 2, box.left), box.left + box.width - wide)
        high = float(scene.scale.place(share)) * tall
        canvas.rectangle(x, box.bottom - high, wide, high, facecolor=canvas.theme.foreground,
                         edgecolor=canvas.theme.background, linewidth=1, zorder=3)
        if scene.scale.cuts(share):
            draw_break(canvas, x, x + wide, ceiling)


def draw_break(canvas: Canvas, left: float, right: float, ceiling: float) -> None:
    """Two slanted gaps through a bar that goes on beyond the axis."""
    for y in (ceiling + 12, ceiling + 20):
        canvas.segments([[(left, y + 3), (right, y - 3)]], colors=canvas.theme.background, linewidths=2.6,
                        capstyle="butt", zorder=3.5)


def cut_runs(bars: Bars, scene: Scene) -> list[tuple[float, float, list[float]]]:
    """(left, right, shares) of neighbouring bins that are cut."""
    runs: list[tuple[float, float, list[float]]] = []
    for place in np.flatnonzero(bars.shares > scene.scale.top * (1 + 1e-9)):
        left, right, share = float(bars.edges[place]), float(bars.edges[place + 1]), float(bars.shares[place])
        if runs and runs[-1][1] == left:
            runs[-1] = (runs[-1][0], right, [*runs[-1][2], share])
        else:
            runs.append((left, right, [share]))
    return runs


Note = tuple[float, str]


def notes_of(bars: Bars, scene: Scene) -> list[Note]:
    """(place, text) of what stands above the bars: each atom's share, and the share of what is cut."""
    atoms = [(float(bars.span.place(value)), f"{compact(value)}: {percent(share)}") for value, share in bars.atoms]
    runs = [((left + right) / 2, f"{len(shares)} bin{'s' * (len(shares) > 1)}: {percent(sum(shares))}")
            for left, right, shares in cut_runs(bars, scene)]
    return sorted(atoms + runs)


def stacked(notes: Sequence[Note], room: float) -> list[list[tuple[float, str]]]:
    """Rows of (middle in pixels, text) in which no text touches another, the lowest row first."""
    rows: list[list[tuple[float, str]]] = []
    for place, text in notes:
        half = width(text, NOTE) / 2
        x = min(max(place * room, half), room - half)
        for row in rows:
            if row[-1][0] + width(row[-1][1], NOTE) / 2 + 10 <= x - half:
                row.append((x, text))
                break
        else:
            rows.append([(x, text)])
    return rows


def draw_notes(canvas: Canvas, box: Box, rows: list[list[tuple[float, str]]], headroom: float) -> None:
    for number, row in enumerate(rows):
        for x, text in row:
            canvas.text(box.left + x, box.top + headroom - (number + 0.5) * line_height(NOTE), text, NOTE, align="center")


def draw_message(canvas: Canvas, box: Box, lines: list[str]) -> None:
    """A few words in the middle of a panel."""
    size = fitting_size(lambda size: all(width(line, size, True) <= box.width - 12 for line in lines), (16, 14, 13, 12, SMALLEST))
    step = line_height(size)
    for number, line in enumerate(lines):
        y = box.top + 0.55 * box.height + (number + 0.5 - len(lines) / 2) * step
        canvas.text(box.left + box.width / 2, y, line, size, align="center", bold=True, boxed=True)


class Caption:
    """`layer 3` and `σ 0.83`; below, where there is something to say, the activation and the share outside."""

    def __init__(self, layer: LayerSummary, summary: Summary, named: bool) -> None:
        self._name, self._sigma = f"layer {layer.layer}", sigma(summary)
        self._below = [text for text in (layer.activation_name if named else "", outside(summary)) if text]

    def fits(self, room: float, size: float) -> bool:
        return (width(self._name, size) + width(self._sigma, size, True) + 12 <= room
                and all(width(text, size) <= room for text in self._below))

    def lines(self, room: float, size: float) -> int:
        return 1 + len(self._more(room, size))

    def _more(self, room: float, size: float) -> list[str]:
        return wrapped(self._below, room, size, joint="  ")

    def draw(self, canvas: Canvas, box: Box, size: float, height: float) -> None:
        step, top = line_height(size), box.top - height
        canvas.text(box.left, top + step / 2, self._name, size)
        canvas.text(box.left + box.width, top + step / 2, self._sigma, size, align="right", bold=True)
        for number, line in enumerate(self._more(box.width, size)):
            canvas.text(box.left, top + (number + 1.5) * step, line, size, color=canvas.theme.muted)
