"""The σ that theory predicts, dotted, with the band where 95 % of networks lie, cut at the ends of the axis."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence

from actprof.histogram.legend import Entry
from actprof.report.canvas import Canvas, Point
from actprof.report.clipping import BAND, clipped, crossed, interrupted
from actprof.report.scales import LogSpan
from actprof.theory.predictions import LayerTheory

Prediction = tuple[float, float, float]
"""σ, and the lower and the upper end of its band."""

PREDICTED: dict[str, Callable[[LayerTheory], Prediction]] = {
    "activation": lambda layer: (layer.std, layer.std_low, layer.std_high),
    "preactivation": lambda layer: (layer.preactivation_std, math.nan, math.nan),
}
DOTS = {"linewidth": 1.7, "linestyle": (0, (1, 1.6))}
PALE = 0.14
HALF = 24.0  # of the line of a single layer


def predictions(quantity: str, layers: Sequence[LayerTheory]) -> list[Prediction]:
    """Of each layer, where there is a statement about that quantity."""
    return [PREDICTED[quantity](layer) for layer in layers] if quantity in PREDICTED else []


def entries(predicted: Sequence[Sequence[Prediction]]) -> list[Entry]:
    """For the legend."""
    if any(not math.isnan(high) for arm in predicted for _, _, high in arm):
        return [("theory: σ and where 95 % of networks lie",
                 [{"linewidth": 11, "alpha": 1.5 * PALE, "solid_capstyle": "butt"}, DOTS])]
    return [("theory: σ", [DOTS])] if any(predicted) else []


def draw_theory(canvas: Canvas, span: LogSpan, places: Sequence[float], predicted: Sequence[Prediction], color: str,
                y: Callable[[float], float], name: str) -> None:
    """One arm's line and band; `y` of a place between 0 and 1."""
    given = list(zip(places, predicted, strict=False))
    if len(given) == 1:
        given = [(given[0][0] + shift, given[0][1]) for shift in (-HALF, HALF)]
    low, high = (_side(span, [(x, prediction[end]) for x, prediction in given]) for end in (1, 2))
    if low and high:
        canvas.area([(x, y(place)) for x, place in [*low, *reversed(high)]], facecolor=color, alpha=PALE, zorder=1.5,
                    gid=f"{name}-band")
    line, values = interrupted(clipped([(x, span.place(std)) for x, (std, _, _) in given], BAND))
    canvas.line(line, list(map(y, values)), gid=name, color=canvas.theme.foreground, zorder=4.5, **DOTS)


def _side(span: LogSpan, points: Sequence[Point]) -> list[Point]:
    """One side of a band as places: 0 and infinity are far beyond the ends of the axis."""
    return crossed([(x, span.place(min(max(value, math.ulp(0.0)), sys.float_info.max)))
                    for x, value in points if not math.isnan(value)])
