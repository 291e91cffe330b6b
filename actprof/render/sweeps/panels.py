"""All panels of the figure in rows, their planes level with each other."""

from __future__ import annotations

from actprof.render.canvas import Canvas
from actprof.render.drawing import Theme
from actprof.render.sweeps import curve_looks, theory_lines
from actprof.render.sweeps.key import Entry
from actprof.render.sweeps.panel import Panel
from actprof.sweep_maps import Sweep

COLUMNS = {1: 1, 2: 2, 4: 2}
MOST = 3
"""Panels → how many stand side by side where the names below their planes have room; of other numbers MOST."""
BETWEEN, UNDER = 44.0, 18.0


class Panels:
    """`least` is the height they need."""

    def __init__(self, sweep: Sweep, room: float, theme: Theme) -> None:
        self._rows = _arranged(sweep, room, theme)
        self._heads = [max(panel.head for panel in row) for row in self._rows]
        self._feet = [max(panel.foot for panel in row) + UNDER * (row is not self._rows[-1]) for row in self._rows]
        self._planes = max(panel.least for row in self._rows for panel in row)
        self.least = sum(self._heads) + sum(self._feet) + len(self._rows) * self._planes

    def draw(self, canvas: Canvas, left: float, top: float, height: float) -> None:
        tall = self._planes + (height - self.least) / len(self._rows)
        for row, head, foot in zip(self._rows, self._heads, self._feet, strict=True):
            for number, panel in enumerate(row):
                panel.draw(canvas, left + number * (panel.room + BETWEEN), top, head, tall)
            top += head + tall + foot


def shared_entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """What holds for all panels."""
    lines = theory_lines.entries(sweep, theme)
    return lines if len(sweep.axes) > 1 else [*curve_looks.entries(sweep, theme), *lines]


def _arranged(sweep: Sweep, room: float, theme: Theme) -> list[list[Panel]]:
    """As many side by side as leave each name below a plane its room."""
    for columns in range(COLUMNS.get(len(sweep.quantities), MOST), 0, -1):
        wide = (room - (columns - 1) * BETWEEN) / columns
        panels = [Panel(sweep, name, wide, theme) for name in sweep.quantities]
        if columns == 1 or all(panel.columns is None or panel.columns.step == 1 for panel in panels):
            break
    return [panels[start:start + columns] for start in range(0, len(panels), columns)]
