"""What each kind of mark of a bounds figure means, in a row above the plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from actprof.render.bounds.layout import Layout
from actprof.render.canvas import Canvas
from actprof.render.lettering import line_height, width
from actprof.render.numerals import grouped

SIZE = 15.0
SAMPLE, GAP = 38.0, 28.0
Painter = Callable[[Canvas, float, float], None]


@dataclass(frozen=True)
class Mark:
    """A sample of the mark, SAMPLE pixels wide, and its meaning."""

    text: str
    paint: Painter

    @property
    def width(self) -> float:
        return SAMPLE + 10 + width(self.text, SIZE)


class MarkKey:
    """Marks that occur, in as many rows as they need."""

    def __init__(self, layout: Layout, room: float) -> None:
        self._rows: list[list[Mark]] = [[]]
        for mark in _marks(layout):
            taken = sum(other.width + GAP for other in self._rows[-1])
            if self._rows[-1] and taken + mark.width > room:
                self._rows.append([])
            self._rows[-1].append(mark)
        self.height = len(self._rows) * line_height(SIZE) + 12

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        for number, row in enumerate(self._rows):
            x, y = left, top + (number + 0.5) * line_height(SIZE)
            for mark in row:
                mark.paint(canvas, x, y)
                canvas.text(x + SAMPLE + 10, y, mark.text, SIZE)
                x += mark.width + GAP


def _marks(layout: Layout) -> list[Mark]:
    bounded = any(curves.support is not None for curves in layout.curves)
    counts = {sample.count for scheme in layout.bounds.schemes for sample in scheme.samples}
    drawn = f"{grouped(min(counts))} weights" if len(counts) == 1 else "the weights drawn"
    reach = "from least to largest weight" if bounded else "mean ± one std"
    marks = _log_marks(drawn) if layout.log else _linear_marks(drawn, reach)
    shown = {"limit": bounded, "samples": bool(counts), "bars": len(layout.curves) == 1}
    return [mark for kind, mark in marks if shown.get(kind, True)]


def _linear_marks(drawn: str, reach: str) -> list[tuple[str, Mark]]:
    return [("band", Mark("mean ± std", _band)), ("limit", Mark("limit: no weight beyond", _line(2.6))),
            ("samples", Mark(f"min and max of {drawn}", _dot("full"))),
            ("bars", Mark(reach, _error_bar))]


def _log_marks(drawn: str) -> list[tuple[str, Mark]]:
    return [("std", Mark("std", _line(4.4))), ("limit", Mark("limit: no |w| beyond", _line(1.8))),
            ("samples", Mark(f"std of {drawn}", _dot("none"))), ("samples", Mark("their largest |w|", _dot("full")))]


def _band(canvas: Canvas, x: float, y: float) -> None:
    canvas.rectangle(x, y - 8, SAMPLE, 16, facecolor=canvas.theme.foreground, alpha=0.2)
    for edge in (y - 8, y + 8):
        canvas.line([x, x + SAMPLE], [edge, edge], color=canvas.theme.foreground, linewidth=1.8, linestyle=(0, (3, 2)))


def _line(thick: float) -> Painter:
    return lambda canvas, x, y: canvas.line([x, x + SAMPLE], [y, y], color=canvas.theme.foreground, linewidth=thick)


def _dot(fill: str) -> Painter:
    return lambda canvas, x, y: canvas.line([x + SAMPLE / 2], [y], color=canvas.theme.foreground, marker="o",
                                            markersize=9, markeredgewidth=1.8, fillstyle=fill)


def _error_bar(canvas: Canvas, x: float, y: float) -> None:
    middle = x + SAMPLE / 2
    canvas.segments([[(middle, y - 9), (middle, y + 9)], *([(middle - 5, end), (middle + 5, end)]
                                                          for end in (y - 9, y + 9))],
                    colors=canvas.theme.foreground, linewidths=1.5)
