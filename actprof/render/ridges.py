"""One line of bars a layer, one column an arm: 9 to 24 layers at a glance."""

from __future__ import annotations

import math
from collections.abc import Callable

from actprof.profiles import Summary
from actprof.render.canvas import Canvas
from actprof.render.headings import MARGIN, ArmHeading, arm_color
from actprof.render.lettering import line_height, width
from actprof.render.numerals import compact, non_finite, percent
from actprof.render.panels import AXIS, Box, cut_runs, draw_value_ticks
from actprof.render.scales import Span
from actprof.render.scene import Scene, all_zero

TEXT, TICK = 12.0, 13.0
PITCH, OVERLAP = 21.0, 0.9
NARROWEST, GAP = 250.0, 40.0

Cell = Callable[[Summary], str]


class Ridges:
    """Arms side by side, as many as there is room for."""


    def __init__(self, scene: Scene, sheet_width: float) -> None:
        self._scene = scene
        self.places = None
        self.right = sheet_width - MARGIN
        arms = range(len(scene.layers))
        self._figures = [columns(scene, arm) for arm in arms]
        self._widths = [[column_width(title, cell, scene.summaries[arm]) for title, cell in self._figures[arm]]
                        for arm in arms]
        self._name = max(width(self._layer_name(arm, layer), TEXT) for arm in arms for layer in range(len(scene.layers[arm])))
        self._name = max(self._name, width("layer", TEXT)) + 10
        room = sheet_width - 2 * MARGIN
        beside = self._name + max(sum(widths) for widths in self._widths) + NARROWEST
        self._across = min(max(1, int((room + GAP) / (beside + GAP))), len(arms))
        self._across = math.ceil(len(arms) / math.ceil(len(arms) / self._across))
        self._width = (room - (self._across - 1) * GAP) / self._across
        self._headings = [ArmHeading(scene.comparison, arm, self._width) for arm in arms]
        self._blocks = [list(arms)[first:first + self._across] for first in arms[::self._across]]
        self._fixed = sum(self._heading_height(block) + line_height(TEXT) + self._under() for block in self._blocks)
        self.height = self._fixed + len(self._blocks) * (scene.depth + OVERLAP - 1) * PITCH

    def _under(self) -> float:
        return line_height(TICK) + 6 + line_height(AXIS) + 14

    def _heading_height(self, block: list[int]) -> float:
        return max(self._headings[arm].height for arm in block)

    def _layer_name(self, arm: int, layer: int) -> str:
        summary = self._scene.layers[arm][layer]
        return f"{summary.layer}" + (f" {summary.activation_name}" if self._scene.mixes_activations(arm) else "")

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        pitch = (height - self._fixed) / len(self._blocks) / (self._scene.depth + OVERLAP - 1)
        for block in self._blocks:
            heading = self._heading_height(block)
            for column, arm in enumerate(block):
                left = MARGIN + column * (self._width + GAP)
                self._headings[arm].draw(canvas, left, top)
                self._draw_arm(canvas, arm, left, top + heading, pitch)
            top += heading + line_height(TEXT) + (self._scene.depth + OVERLAP - 1) * pitch + self._under()

    def _draw_arm(self, canvas: Canvas, arm: int, left: float, top: float, pitch: float) -> None:
        wide = self._width - self._name - sum(self._widths[arm])
        self._draw_titles(canvas, arm, left, wide, top + line_height(TEXT) / 2)
        top += line_height(TEXT)
        for layer in range(len(self._scene.layers[arm])):
            box = Box(left + self._name, top + layer * pitch, wide, OVERLAP * pitch)
            self._draw_layer(canvas, box, arm, layer, pitch)
        span = self._scene.shared_span
        middle = box.left + box.width / 2
        draw_value_ticks(canvas, box, span or Span(0.0, 1.0))
        canvas.text(middle, box.bottom + 6 + line_height(TICK) + line_height(AXIS) / 2,
                    self._scene.symbol if span else f"{self._scene.symbol}: from 0, the lowest value of a layer's own range, to 1", AXIS,
                    align="center")

    def _draw_titles(self, canvas: Canvas, arm: int, left: float, wide: float, y: float) -> None:
        canvas.text(left, y, "layer", TEXT, color=canvas.theme.muted)
        right = left + self._name + wide
        for (title, _), column in zip(self._figures[arm], self._widths[arm], strict=True):
            right += column
            canvas.text(right, y, title, TEXT, align="right", color=canvas.theme.muted)

    def _draw_layer(self, canvas: Canvas, box: Box, arm: int, layer: int, pitch: float) -> None:
        summary, depth = self._scene.summaries[arm][layer], 2 + 0.01 * layer
        middle = box.bottom - pitch / 2
        canvas.text(box.left - self._name, middle, self._layer_name(arm, layer), TEXT)
        canvas.segments([[(box.left, box.bottom), (box.left + box.width, box.bottom)]], zorder=depth)
        if not summary.computed:
            canvas.text(box.left + 8, middle, "not computed", TEXT, color=canvas.theme.muted)
            return
        self._draw_ridge(canvas, box, arm, layer, depth)
        if summary.non_finite:
            canvas.hatched(box.left, box.bottom - pitch, box.width, pitch)
            canvas.text(box.left + box.width / 2, middle, ", ".join(non_finite(summary.figures)), TEXT, align="center",
                        bold=True, boxed=True)
        right = box.left + box.width
        for (_, cell), column in zip(self._figures[arm], self._widths[arm], strict=True):
            right += column
            canvas.text(right, middle, cell(summary), TEXT, align="right")

    def _draw_ridge(self, canvas: Canvas, box: Box, arm: int, layer: int, depth: float) -> None:
        bars, scale = self._scene.bars[arm][layer], self._scene.scale
        canvas.stairs(box.left + bars.edges * box.width, box.bottom - scale.place(bars.shares) * box.height, box.bottom,
                      facecolor=arm_color(canvas, arm), edgecolor=canvas.theme.background, linewidth=0.6, zorder=depth,
                      gid=f"counts-{arm + 1}-{layer + 1}")
        for value, share in bars.atoms:
            x = min(max(box.x(float(bars.span.place(value))) - 2.5, box.left), box.left + box.width - 5)
            high = float(scale.place(share)) * box.height
            canvas.rectangle(x, box.bottom - high, 5, high, facecolor=canvas.theme.foreground, zorder=depth + 0.005)
        runs = cut_runs(bars, self._scene)
        if runs and not self._scene.summaries[arm][layer].non_finite and not all_zero(self._scene.summaries[arm][layer]):
            left, right, shares = max(runs, key=lambda run: sum(run[2]))
            text = f"↑ {percent(sum(shares))}"
            beside = box.x(right) + 8
            fits = beside + width(text, TEXT) <= box.left + box.width
            canvas.text(beside if fits else box.x(left) - 8, box.bottom - box.height / OVERLAP / 2, text, TEXT,
                        align="left" if fits else "right", boxed=True)


def columns(scene: Scene, arm: int) -> list[tuple[str, Cell]]:
    """The figures beside each ridge: (title, what to print)."""
    found: list[tuple[str, Cell]] = [("σ", lambda s: compact(s.figures["std"]))]
    atoms = scene.atoms(arm)
    if len(atoms) > 2:
        found.append(("at atoms", lambda s: percent(sum(c for _, c in s.atoms) / max(s.histogram.total, 1))))
    else:
        found += [(f"at {compact(atom)}", at_atom(atom)) for atom in atoms]
    if any(summary.histogram.outside_fraction for summary in scene.summaries[arm]):
        found.append(("outside", lambda s: percent(s.histogram.outside_fraction)))
    return found


def at_atom(atom: float) -> Cell:
    return lambda s: percent(dict(s.atoms).get(atom, 0) / max(s.histogram.total, 1))


def column_width(title: str, cell: Cell, summaries: list[Summary]) -> float:
    return max(width(title, TEXT), *(width(cell(summary), TEXT) for summary in summaries)) + 16
