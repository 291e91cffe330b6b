"""What stands above a panel."""

from __future__ import annotations

from actprof.engine.profiles import LayerSummary, Summary
from actprof.histogram.scene import outside, sigma
from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width, wrapped


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
        return wrapped(self._below, room, size)

    def draw(self, canvas: Canvas, left: float, top: float, room: float, size: float) -> None:
        step = line_height(size)
        canvas.text(left, top + step / 2, self._name, size)
        canvas.text(left + room, top + step / 2, self._sigma, size, align="right", bold=True)
        for number, line in enumerate(self._more(room, size)):
            canvas.text(left, top + (number + 1.5) * step, line, size, color=canvas.theme.muted)
