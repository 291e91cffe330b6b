"""What each kind of mark of a bounds figure means, in rows above the plane."""

from __future__ import annotations

from actprof.bounds.layout import Layout
from actprof.digits import grouped
from actprof.report.canvas import Canvas
from actprof.report.key import SAMPLE, Entry, Key, Painter, Strokes

BELOW = 12.0


class MarkKey(Key):
    """Marks that occur."""

    def __init__(self, layout: Layout, room: float) -> None:
        super().__init__(_marks(layout), room)
        self.height += BELOW


def _marks(layout: Layout) -> list[Entry]:
    bounded = any(curves.support is not None for curves in layout.curves)
    counts = {sample.count for scheme in layout.bounds.schemes for sample in scheme.samples}
    drawn = f"{grouped(min(counts))} weights" if len(counts) == 1 else "the weights drawn"
    reach = "from least to largest weight" if bounded else "mean ± one std"
    marks = _log_marks(drawn) if layout.log else _linear_marks(drawn, reach)
    shown = {"limit": bounded, "samples": bool(counts), "bars": len(layout.curves) == 1}
    return [mark for kind, mark in marks if shown.get(kind, True)]


def _linear_marks(drawn: str, reach: str) -> list[tuple[str, Entry]]:
    return [("band", Entry("mean ± std", _band)), ("limit", Entry("limit: no weight beyond", _line(2.6))),
            ("samples", Entry(f"min and max of {drawn}", _dot("full"))),
            ("bars", Entry(reach, _error_bar))]


def _log_marks(drawn: str) -> list[tuple[str, Entry]]:
    return [("std", Entry("std", _line(4.4))), ("limit", Entry("limit: no |w| beyond", _line(1.8))),
            ("samples", Entry(f"std of {drawn}", _dot("none"))), ("samples", Entry("their largest |w|", _dot("full")))]


def _band(canvas: Canvas, x: float, y: float) -> None:
    canvas.rectangle(x, y - 8, SAMPLE, 16, facecolor=canvas.theme.foreground, alpha=0.2)
    for edge in (y - 8, y + 8):
        canvas.line([x, x + SAMPLE], [edge, edge], color=canvas.theme.foreground, linewidth=1.8, linestyle=(0, (3, 2)))


def _line(thick: float) -> Painter:
    return Strokes([{"linewidth": thick}])


def _dot(fill: str) -> Painter:
    return Strokes([{"marker": "o", "markersize": 9, "markeredgewidth": 1.8, "fillstyle": fill}])


def _error_bar(canvas: Canvas, x: float, y: float) -> None:
    middle = x + SAMPLE / 2
    canvas.segments([[(middle, y - 9), (middle, y + 9)], *([(middle - 5, end), (middle + 5, end)]
                                                          for end in (y - 9, y + 9))],
                    colors=canvas.theme.foreground, linewidths=1.5)
