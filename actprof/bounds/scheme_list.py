"""The schemes beside the plane: swatch, name, formula, and its scale at the largest fan-in or its slope."""

from __future__ import annotations

import numpy as np

from actprof.bounds.layout import Layout
from actprof.bounds.result import Scheme
from actprof.bounds.table import kind, law, slope_words
from actprof.bounds.turns import SAME
from actprof.digits import short
from actprof.report.canvas import Canvas
from actprof.report.formulas import Formula
from actprof.report.headings import Paragraph, arm_color, arm_marker
from actprof.report.lettering import line_height, wrapped

LABEL, DETAIL = 18.0, 14.0
SWATCH, INDENT = 44.0, 58.0
GAP = 18.0


class SchemeList:
    """One entry a scheme, below each other."""

    def __init__(self, layout: Layout, room: float) -> None:
        self._entries = [Entry(layout, number, room) for number in range(len(layout.curves))]
        self.height = sum(entry.height for entry in self._entries) + GAP * (len(self._entries) - 1)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        for entry in self._entries:
            entry.draw(canvas, x, top)
            top += entry.height + GAP


class Entry:
    """`▒ he`, `N(0, 2/n)`, `normal · std 0.141 at n = 100`."""

    def __init__(self, layout: Layout, number: int, room: float) -> None:
        scheme = layout.bounds.schemes[number]
        self._number, self._log, room = number, layout.log, room - INDENT
        self._bounded = scheme.bound is not None
        self._label = Paragraph(wrapped([scheme.label], room, LABEL, bold=True), LABEL, bold=True)
        self._formula = Formula(law(scheme), room)
        self._details = Paragraph(wrapped(_details(layout, number), room, DETAIL), DETAIL)
        self.height = self._label.height + self._formula.height + self._details.height

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        self._draw_swatch(canvas, x, top + line_height(LABEL) / 2)
        self._label.draw(canvas, x + INDENT, top)
        self._formula.draw(canvas, x + INDENT, top + self._label.height)
        self._details.draw(canvas, x + INDENT, top + self._label.height + self._formula.height, canvas.theme.muted)

    def _draw_swatch(self, canvas: Canvas, x: float, y: float) -> None:
        color = arm_color(canvas, self._number)
        ends = [x, x + SWATCH]
        if self._log:
            canvas.line(ends, [y, y], color=color, linewidth=4.4)
        else:
            canvas.rectangle(x, y - 9, SWATCH, 18, facecolor=color, alpha=0.24)
            for edge in (y - 9, y + 9):
                look = {"linestyle": "-"} if self._bounded else {"linestyle": (0, (3, 2))}
                canvas.line(ends, [edge, edge], color=color, linewidth=2.2, **look)
        canvas.line([x + SWATCH / 2], [y], color=color, marker=arm_marker(self._number), markersize=10,
                    markeredgecolor=canvas.theme.background, markeredgewidth=0.9)


def _details(layout: Layout, number: int) -> list[str]:
    scheme, curves = layout.bounds.schemes[number], layout.curves[number]
    std = f"std {short(float(curves.std[-1]))} at n = {short(layout.fan_ins[-1])}"
    scale = (slope_words(scheme) if layout.log else "") or std
    return [kind(scheme), scale, *_same(layout, number)] if curves.std.any() else [kind(scheme)]


def _same(layout: Layout, number: int) -> list[str]:
    """The first scheme with the same std everywhere, for those whose curves lie upon each other."""
    std = layout.curves[number].std
    first = next(other for other, curves in enumerate(layout.curves) if np.allclose(curves.std, std, SAME, 0))
    return [f"std as {layout.bounds.schemes[first].label}"] if first < number and std.any() else []


def without_logarithm(schemes: tuple[Scheme, ...]) -> str:
    """What logarithmic axes cannot show; empty if nothing."""
    names = [scheme.label + ("" if not any(scheme.std) else " at some fan-ins") for scheme in schemes
             if not all(scheme.std)]
    return f"std 0 has no logarithm: {', '.join(names)}" if names else ""
