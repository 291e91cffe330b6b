"""Samples of lines with what they mean, in as many rows as they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actprof.render.canvas import Canvas
from actprof.render.lettering import line_height, width

SIZE = 14.0
SAMPLE, GAP = 34.0, 30.0
Look = dict[str, Any]
Entry = tuple[str, Sequence[Look]]
"""What it means, and the lines drawn on each other that have it."""


class Legend:
    """Entries from left to right."""

    def __init__(self, entries: Sequence[Entry], room: float) -> None:
        self._rows: list[list[tuple[float, Entry]]] = [[]]
        x = 0.0
        for entry in entries:
            wide = SAMPLE + 8 + width(entry[0], SIZE)
            if x and x + wide > room:
                self._rows.append([])
                x = 0.0
            self._rows[-1].append((x, entry))
            x += wide + GAP
        self.height = len(self._rows) * line_height(SIZE)

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        for number, row in enumerate(self._rows):
            for x, (text, looks) in row:
                y = top + (number + 0.5) * line_height(SIZE)
                for look in looks:
                    _draw_sample(canvas, left + x, y, look)
                canvas.text(left + x + SAMPLE + 8, y, text, SIZE)


def _draw_sample(canvas: Canvas, x: float, y: float, look: Look) -> None:
    single = look.get("linestyle") == "none"
    canvas.line([x + SAMPLE / 2] if single else [x, x + SAMPLE], [y] if single else [y, y],
                **{"color": canvas.theme.foreground, **look})
