"""One line of bars a layer, one column an arm: 9 to 24 layers at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from actprof.digits import compact, non_finite, percent_label
from actprof.engine.profiles import Summary
from actprof.histogram.predicted import draw_key, draw_prediction
from actprof.histogram.scene import Scene, all_zero
from actprof.report.bars import TICK, Box, cut_runs, draw_bars, draw_value_ticks
from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, arm_color
from actprof.report.lettering import line_height, width

AXIS = 14.0
FILLED = 0.9  # of the height of a line
NARROWEST, GAP = 250.0, 40.0
Cell = Callable[[Summary], str]


class Ridges:
    """Arms side by side, as many as there is room for."""

    places = None

    def __init__(self, scene: Scene, sheet_width: float) -> None:
        arms = range(len(scene.layers))
        self._scene = scene
        self._size = 13.0 if len(arms) <= 3 else 12.0
        self._cells = [cells(scene, arm) for arm in arms]
        self._widths = [[self._cell_width(title, cell, scene.summaries[arm]) for title, cell in self._cells[arm]]
                        for arm in arms]
        self._name = 10 + max(width(name, self._size) for arm in arms for name in ["layer", *self._names(arm)])
        self._across = self._columns(sheet_width - 2 * MARGIN)
        self._width = (sheet_width - 2 * MARGIN - (self._across - 1) * GAP) / self._across
        self._headings = [scene.heading(arm, self._width) for arm in arms]
        self._blocks = [arms[first:first + self._across] for first in arms[::self._across]]
        self._fixed = sum(self._heading_height(block) + line_height(self._size) + self._below for block in self._blocks)
        self.height = self._fixed + len(self._blocks) * scene.depth * line_height(self._size)
        self.right = sheet_width - MARGIN

    def _columns(self, room: float) -> int:
        """How many arms stand side by side, every row about as full as the others."""
        least = self._name + max(map(sum, self._widths)) + NARROWEST
        most = min(max(1, int((room + GAP) / (least + GAP))), len(self._widths))
        return math.ceil(len(self._widths) / math.ceil(len(self._widths) / most))

    @property
    def _below(self) -> float:
        return line_height(TICK) + 6 + line_height(AXIS) + 14

    def _heading_height(self, block: Sequence[int]) -> float:
        return max(self._headings[arm].height for arm in block)

    def _names(self, arm: int) -> list[str]:
        named = self._scene.mixes_activations(arm)
        return [f"{layer.layer}" + f" {layer.activation_name}" * named for layer in self._scene.layers[arm]]

    def _cell_width(self, title: str, cell: Cell, summaries: list[Summary]) -> float:
        return 16 + max(width(text, self._size) for text in [title, *map(cell, summaries)])

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        pitch = (height - self._fixed) / len(self._blocks) / self._scene.depth
        for block in self._blocks:
            heading = self._heading_height(block)
            for column, arm in enumerate(block):
                left = MARGIN + column * (self._width + GAP)
                self._headings[arm].draw(canvas, left, top)
                self._draw_arm(canvas, arm, left, top + heading, pitch)
            top += heading + line_height(self._size) + self._scene.depth * pitch + self._below

    def _draw_arm(self, canvas: Canvas, arm: int, left: float, top: float, pitch: float) -> None:
        line = Box(left + self._name, top, self._width - self._name - sum(self._widths[arm]), line_height(self._size))
        titles = [title for title, _ in self._cells[arm]]
        self._draw_texts(canvas, arm, line, "layer", titles, canvas.theme.muted)
        if self._scene.masses[arm]:
            draw_key(canvas, line.left + 10, line.top + line.height / 2, self._size)
        for layer, name in enumerate(self._names(arm)):
            line = Box(line.left, top + line_height(self._size) + layer * pitch, line.width, pitch)
            canvas.segments([[(line.left, line.bottom), (line.right, line.bottom)]])
            summary = self._scene.summaries[arm][layer]
            statistics = [cell(summary) if summary.computed else "" for _, cell in self._cells[arm]]
            self._draw_texts(canvas, arm, line, name, statistics, canvas.theme.foreground)
            self._draw_layer(canvas, line, arm, layer)
        if self._scene.shared_span:
            draw_value_ticks(canvas, line, self._scene.shared_span)
        canvas.text(line.left + line.width / 2, line.bottom + 6 + line_height(TICK) + line_height(AXIS) / 2,
                    self._scene.value_title, AXIS, align="center")

    def _draw_texts(self, canvas: Canvas, arm: int, line: Box, name: str, statistics: list[str], color: str) -> None:
        """The name to the left of a line and the statistics to the right."""
        y, x = line.top + line.height / 2, line.right
        canvas.text(line.left - self._name, y, name, self._size, color=color)
        for text, column in zip(statistics, self._widths[arm], strict=True):
            x += column
            canvas.text(x, y, text, self._size, align="right", color=color)

    def _draw_layer(self, canvas: Canvas, line: Box, arm: int, layer: int) -> None:
        summary, bars = self._scene.summaries[arm][layer], self._scene.bars[arm][layer]
        y = line.top + line.height / 2
        if not summary.computed:
            canvas.text(line.left + 10, y, "not computed", self._size, color=canvas.theme.muted)
            return
        box = Box(line.left, line.top + (1 - FILLED) * line.height, line.width, FILLED * line.height)
        name = f"{arm + 1}-{layer + 1}"
        draw_bars(canvas, box, bars, self._scene.scale, arm_color(canvas, arm), f"counts-{name}")
        draw_prediction(canvas, box, bars, self._scene.predicted(arm, layer), self._scene.scale, f"theory-{name}")
        if summary.non_finite:
            canvas.hatched(line.left, line.top, line.width, line.height)
            canvas.text(line.left + line.width / 2, y, ", ".join(non_finite(summary.statistics)), self._size,
                        align="center", bold=True, boxed=True)
        elif all_zero(summary):
            canvas.text(line.left + line.width / 2, y, "100 % zeros", self._size, align="center", bold=True)
        else:
            self._label_cut(canvas, box, cut_runs(bars, self._scene.scale), y)

    def _label_cut(self, canvas: Canvas, box: Box, runs: list[tuple[float, float, list[float]]], y: float) -> None:
        """How tall the bars are that go beyond the line, beside the largest of them."""
        if not runs:
            return
        left, right, shares = max(runs, key=lambda run: sum(run[2]))
        text, beside = f"↑ {percent_label(sum(shares))}", float(box.x(right)) + 8
        fits = beside + width(text, self._size) <= box.right
        canvas.text(beside if fits else float(box.x(left)) - 8, y, text, self._size, align="left" if fits else "right",
                    boxed=True)


def cells(scene: Scene, arm: int) -> list[tuple[str, Cell]]:
    """The statistics beside each line: (title, what to print)."""
    found: list[tuple[str, Cell]] = [("σ", lambda s: compact(s.statistics["std"]))]
    atoms = scene.atoms(arm)
    if len(atoms) > 2:
        found.append(("at atoms",
                      lambda s: percent_label(sum(count for _, count in s.atoms) / max(s.histogram.total, 1))))
    else:
        found += [(f"at {compact(atom)}", at_atom(atom)) for atom in atoms]
    if any(summary.histogram.outside_fraction for summary in scene.summaries[arm]):
        found.append(("outside", lambda s: percent_label(s.histogram.outside_fraction)))
    if not scene.shared_span:
        found.append(("from", lambda s: compact(float(s.histogram.edges[0]))))
        found.append(("to", lambda s: compact(float(s.histogram.edges[-1]))))
    return found


def at_atom(atom: float) -> Cell:
    return lambda s: percent_label(dict(s.atoms).get(atom, 0) / max(s.histogram.total, 1))
