"""A legend: what stands for what, in rows as wide as the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from actprof.render.canvas import Canvas
from actprof.render.lettering import line_height, width, wrapped
from actprof.render.sweeps.hatching import draw_hatched
from actprof.render.sweeps.shades import channels, ink

SIZE = 15.0
SWATCH, TALL, BESIDE, BETWEEN = 44.0, 18.0, 8.0, 26.0
HALF = 12.0  # of an upright line


@dataclass(frozen=True)
class Entry:
    """A text and its sign: lines and marks by their looks over each other, or a cell of a colour.

    Attributes:
        looks: of Canvas.line, from below to above.
        fill: "#rrggbb", or none.
        mark: what is written into the cell.
        hatched: whether the cell is.
        upright: whether lines go upwards, as they do in the figure.
    """

    text: str
    looks: Sequence[dict[str, Any]] = field(default_factory=list)
    fill: str = ""
    mark: str = ""
    hatched: bool = False
    upright: bool = False

    def draw(self, canvas: Canvas, x: float, middle: float) -> None:
        if self.fill or self.hatched:
            canvas.rectangle(x, middle - TALL / 2, SWATCH, TALL, facecolor=self.fill or canvas.theme.background,
                             edgecolor=canvas.theme.muted, linewidth=0.8, zorder=3)
        if self.hatched:
            draw_hatched(canvas, x, middle - TALL / 2, SWATCH, TALL)
        for look in self.looks:
            canvas.line(*self._ends(x, middle, "marker" in look), **look)
        if self.mark:
            color = ink(channels(self.fill)) if self.fill else canvas.theme.foreground
            canvas.text(x + SWATCH / 2, middle, self.mark, 12.0, align="center", bold=True, color=color)

    def _ends(self, x: float, middle: float, point: bool) -> tuple[list[float], list[float]]:
        if point or self.upright:
            return [x + SWATCH / 2] * (1 if point else 2), [middle] if point else [middle + HALF, middle - HALF]
        return [x, x + SWATCH], [middle, middle]


class Key:
    """`height` is 0 where there is nothing to tell."""

    def __init__(self, entries: Sequence[Entry], room: float) -> None:
        self._placed: list[tuple[Entry, list[str], float, int]] = []
        x, row = 0.0, 0
        for entry in entries:
            lines = wrapped([entry.text], room - SWATCH - BESIDE, SIZE)
            wide = SWATCH + BESIDE + max(width(line, SIZE) for line in lines)
            if x and (x + wide > room or len(lines) > 1):
                x, row = 0.0, row + 1
            self._placed.append((entry, lines, x, row))
            x, row = (x + wide + BETWEEN, row) if len(lines) == 1 else (0.0, row + len(lines))
        self._step = max(line_height(SIZE), TALL + 6)
        self.height = max((row + len(lines) for _, lines, _, row in self._placed), default=0) * self._step

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        for entry, lines, x, row in self._placed:
            middle = top + (row + 0.5) * self._step
            entry.draw(canvas, left + x, middle)
            for number, line in enumerate(lines):
                canvas.text(left + x + SWATCH + BESIDE, middle + number * self._step, line, SIZE)
