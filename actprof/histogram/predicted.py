"""What theory predicts of one layer, dashed over its bars."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Floats
from actprof.report.bars import Box, beside_bins
from actprof.report.canvas import Canvas, Point
from actprof.report.lettering import width
from actprof.report.scales import Bars, ShareScale
from actprof.theory.predictions import Masses

DASHES = (0, (3.2, 2))
KEY, SAMPLE = "dashed: theory", 34.0
OVERHANG = 4.0  # of the tick of an atom, beyond its bar
SPIKE = 0.9  # of the predicted share in one or two bins
LOWEST = 1.0  # pixels: what is lower would dash the axis


def draw_prediction(canvas: Canvas, box: Box, bars: Bars, masses: Masses | None, scale: ShareScale, name: str) -> None:
    """A dashed line on the scale of the bars, and a tick as high as each atom."""
    if masses is None:
        return
    x, heights = curve(box, bars, masses, scale)
    shown = np.where(beside_visible(heights), box.bottom - heights, math.nan)
    canvas.line(x, shown, gid=name, color=canvas.theme.foreground, linewidth=1.5, linestyle=DASHES, zorder=4.5)
    ticks = [point for value, share in masses.atoms if bars.span.low <= value <= bars.span.high
             and (high := float(scale.place(share)) * box.height) >= LOWEST for point in _tick(box, bars, value, high)]
    if ticks:
        along, y = zip(*ticks, strict=True)
        canvas.line(along, y, color=canvas.theme.background, linewidth=3.2, zorder=4.4)
        canvas.line(along, y, gid=f"atoms-{name}", color=canvas.theme.foreground, linewidth=1.5, linestyle=(0, (2, 1)),
                    zorder=4.5)


def curve(box: Box, bars: Bars, masses: Masses, scale: ShareScale) -> tuple[Floats, Floats]:
    """x and the height in pixels: at the middle of each bin and at both ends, of a spike all around its bins."""
    shares = np.asarray(masses.bins)
    if np.sort(shares)[-2:].sum() > SPIKE * shares.sum():  # through the middles it would look wider than its bar
        return box.x(np.repeat(bars.edges, 2)), scale.place(np.pad(np.repeat(shares, 2), 1)) * box.height
    middles = (bars.edges[1:] + bars.edges[:-1]) / 2
    x = box.x(np.concatenate([bars.edges[:1], middles, bars.edges[-1:]]))
    return x, scale.place(np.pad(shares, 1, mode="edge")) * box.height


def beside_visible(heights: Floats) -> NDArray[np.bool_]:
    """What is high enough to be seen, and its neighbours: a lone spike keeps its flanks."""
    high = np.pad(heights >= LOWEST, 1)
    return high[:-2] | high[1:-1] | high[2:]


def _tick(box: Box, bars: Bars, value: float, high: float) -> list[Point]:
    """Across the bar of an atom, and a break."""
    left, right = beside_bins(box, bars, value)
    return [(left - OVERHANG, box.bottom - high), (right + OVERHANG, box.bottom - high), (math.nan, math.nan)]


def key_width(size: float) -> float:
    return SAMPLE + 8 + width(KEY, size)


def draw_key(canvas: Canvas, x: float, y: float, size: float) -> None:
    """What the dashed line is."""
    canvas.line([x, x + SAMPLE], [y, y], color=canvas.theme.foreground, linewidth=1.5, linestyle=DASHES)
    canvas.text(x + SAMPLE + 8, y, KEY, size, color=canvas.theme.muted)
