"""A legend: samples and what they mean, in rows as wide as the room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width, wrapped

SIZE = 15.0
SAMPLE, BESIDE, BETWEEN = 44.0, 10.0, 30.0
HALF = 12.0  # of an upright line

Painter = Callable[[Canvas, float, float], None]
"""Draws a sample, SAMPLE pixels wide, from its left end and its middle."""


@dataclass(frozen=True)
class Entry:
    """A sample and what it means."""

    text: str
    paint: Painter


@dataclass(frozen=True)
class Strokes:
    """Lines and marks over each other, by their looks (of Canvas.line); `upright` where lines go so in the figure."""

    looks: Sequence[dict[str, Any]]
    upright: bool = False

    def __call__(self, canvas: Canvas, x: float, middle: float) -> None:
        for look in self.looks:
            single = "marker" in look
            if single or self.upright:
                ends = [x + SAMPLE / 2] * (2 - single), [middle] if single else [middle + HALF, middle - HALF]
            else:
                ends = [x, x + SAMPLE], [middle, middle]
            canvas.line(*ends, **{"color": canvas.theme.foreground, **look})


class Key:
    """`height` is 0 where there is nothing to tell; a text that is too long for a row has several."""

    def __init__(self, entries: Sequence[Entry], room: float, size: float = SIZE, bold: bool = False) -> None:
        self._size, self._bold, self._step = size, bold, line_height(size)
        self._placed: list[tuple[Entry, list[str], float, int]] = []
        x, row = 0.0, 0
        for entry in entries:
            lines = wrapped([entry.text], room - SAMPLE - BESIDE, size, bold)
            wide = SAMPLE + BESIDE + max((width(line, size, bold) for line in lines), default=0.0)
            if x and (x + wide > room or len(lines) > 1):
                x, row = 0.0, row + 1
            self._placed.append((entry, lines, x, row))
            x, row = (0.0, row + len(lines)) if len(lines) > 1 else (x + wide + BETWEEN, row)
        self.height = max((row + len(lines) for _, lines, _, row in self._placed), default=0) * self._step

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        for entry, lines, x, row in self._placed:
            middle = top + (row + 0.5) * self._step
            entry.paint(canvas, left + x, middle)
            for number, line in enumerate(lines):
                canvas.text(left + x + SAMPLE + BESIDE, middle + number * self._step, line, self._size,
                            bold=self._bold)
