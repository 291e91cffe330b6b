"""How each hidden layer's activations change over the iterations: a map a layer, and a strip of its dead units."""

from __future__ import annotations

import numpy as np

from actprof.arrays import Counts, Floats
from actprof.digits import percent_label, with_power
from actprof.report.bars import colours, runs_of
from actprof.report.canvas import Canvas
from actprof.report.lettering import SMALLEST, fitting_size, line_height, width
from actprof.train.history_shares import missing, row_shares, value_span
from actprof.train.result import LayerHistory, Run

MOST = 8  # maps in a row
COLUMNS = 100
TITLE, TICK = 14.0, 13.0
GAP = 16.0
STRIP, STRIP_GAP = 16.0, 4.0
TICKS = line_height(TICK) + 2
TALL = 17.0  # what a tick needs upwards
LABELS = 62.0  # left of the maps


def shown_layers(hidden: int) -> list[int]:
    """All, or MOST of them from the first to the last."""
    return sorted({round(place) for place in np.linspace(0, hidden - 1, min(hidden, MOST))}) if hidden else []


class HistoryMaps:
    """The maps of one run in a row, on one axis of values."""

    def __init__(self, run: Run, left: float, right: float) -> None:
        self._run, self._left = run, left + LABELS
        self._layers = shown_layers(len(run.layers))
        self._span = value_span([run.layers[layer] for layer in self._layers])
        self._wide = (right - self._left + GAP) / max(len(self._layers), 1) - GAP
        dead = [f"{percent_label(run.dead_fraction[layer])} dead" for layer in self._layers]
        self._titles = [(f"layer {layer + 1}", words) for layer, words in zip(self._layers, dead, strict=True)]
        self._rows = 1 if all(width(first, TITLE, bold=True) + 12 + width(second, TITLE) <= self._wide
                              for first, second in self._titles) else 2
        self._size = fitting_size(lambda size: all(width(words, size) <= self._wide for words in dead),
                                  (TITLE, 12.5, SMALLEST))
        self.above = self._rows * line_height(TITLE) + 2

    def draw(self, canvas: Canvas, top: float, bottom: float) -> None:
        """From the titles to the lower edge of the strips; the ticks are below."""
        top += self.above
        tall = bottom - top - STRIP - STRIP_GAP
        for place, layer in enumerate(self._layers):
            left = self._left + place * (self._wide + GAP)
            self._draw_title(canvas, place, left, top)
            self._draw_map(canvas, self._run.layers[layer], left, top, tall)
            self._draw_strip(canvas, self._run.layers[layer].dead, left, bottom - STRIP)
            self._draw_ends(canvas, left, bottom)
        self._draw_values(canvas, top, tall)
        canvas.text(self._left - 8, bottom - STRIP / 2, "dead", TICK, align="right", color=canvas.theme.muted)

    def _draw_title(self, canvas: Canvas, place: int, left: float, top: float) -> None:
        step, (first, second) = line_height(TITLE), self._titles[place]
        canvas.text(left, top - 2 - (self._rows - 0.5) * step, first, TITLE, bold=True)
        at, align = (left + self._wide, "right") if self._rows == 1 else (left, "left")
        canvas.text(at, top - 2 - step / 2, second, self._size, align=align)

    def _draw_map(self, canvas: Canvas, layer: LayerHistory, left: float, top: float, tall: float) -> None:
        at = columns(self._run)
        canvas.picture(left, top, self._wide, tall, colours(row_shares(layer, self._span)[at].T[::-1], canvas.theme))
        canvas.rectangle(left, top, self._wide, tall, facecolor="none", linewidth=0.8, edgecolor=canvas.theme.grid,
                         zorder=3)
        step = self._wide / len(at)
        for first, last in runs_of(missing(layer)[at].tolist()):
            canvas.hatched(left + first * step, top, (last + 1 - first) * step, tall)
        if not layer.counts.any() and not missing(layer).all():
            canvas.text(left + self._wide / 2, top + tall / 2, "all 0", TITLE, align="center",
                        color=canvas.theme.muted)

    def _draw_strip(self, canvas: Canvas, dead: Floats, left: float, top: float) -> None:
        shares = dead[columns(self._run)]
        canvas.rectangle(left, top, self._wide, STRIP, facecolor=canvas.theme.grid, zorder=1)
        canvas.stairs(np.linspace(left, left + self._wide, len(shares) + 1), top + STRIP * (1 - shares), top + STRIP,
                      facecolor=canvas.theme.foreground, zorder=2)

    def _draw_ends(self, canvas: Canvas, left: float, bottom: float) -> None:
        y, last = bottom + 4 + line_height(TICK) / 2, int(self._run.checkpoints[-1])
        canvas.text(left, y, "0", TICK, color=canvas.theme.muted)
        if last:
            canvas.text(left + self._wide, y, str(last), TICK, align="right", color=canvas.theme.muted)

    def _draw_values(self, canvas: Canvas, top: float, tall: float) -> None:
        half = line_height(TICK) / 2
        ticks = self._span.ticks(tall, lambda _: TALL, 4) if self._span.high > self._span.low else []
        for place, label in ((place, with_power(label)) for place, label in ticks):
            y = top + tall * (1 - place)
            size = fitting_size(lambda size, label=label: width(label, size) <= LABELS - 10,  # type: ignore[misc]
                                (TICK, 12.0, SMALLEST))
            canvas.segments([[(self._left - 5, y), (self._left, y)]], colors=canvas.theme.muted)
            canvas.text(self._left - 8, min(max(y, top + half), top + tall - half), label, size, align="right",
                        color=canvas.theme.muted)


def columns(run: Run) -> Counts:
    """The checkpoint nearest to each of COLUMNS even steps."""
    wanted = np.linspace(0, run.checkpoints[-1], COLUMNS)
    nearest: Counts = np.abs(run.checkpoints[:, np.newaxis] - wanted).argmin(axis=0)
    return nearest
