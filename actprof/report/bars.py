"""The bars of one layer in a box: bins as stairs, atoms beside them, and a gap through what is cut."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actprof.arrays import Floats
from actprof.digits import compact, percent_label
from actprof.report.canvas import Canvas, Point
from actprof.report.lettering import SMALLEST, fitting_size, line_height, width
from actprof.report.scales import Bars, ShareScale, Span
from actprof.report.style import Theme

NOTE, TICK = 13.0, 13.0
MARGIN = 9.0  # left and right of the value axis: room for the bar of an atom at its end
FAINTEST = 1e-4  # shares below have the faintest colour
MESSAGE_SIZES = (16.0, 14.0, 13.0, 12.0, SMALLEST)
OVERHANG = 7.0  # how far the label of a tick may stand out to the side
ROOM_FOR_A_GAP = 60.0


@dataclass(frozen=True)
class Box:
    """Where bars stand, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def right(self) -> float:
        return self.left + self.width

    def x(self, places: ArrayLike) -> Floats:
        placed: Floats = self.left + MARGIN + np.asarray(places) * (self.width - 2 * MARGIN)
        return placed


def draw_bars(canvas: Canvas, box: Box, bars: Bars, scale: ShareScale, color: str, name: str) -> None:
    """The bins in the arm's colour, each atom as a dark bar of its own."""
    canvas.stairs(box.x(bars.edges), box.bottom - scale.place(bars.shares) * box.height, box.bottom,
                  facecolor=color, gid=name, zorder=2)
    gaps = [(float(box.x(left)), float(box.x(right))) for left, right, _ in cut_runs(bars, scale)]
    for value, share in bars.atoms:
        left, right = beside_bins(box, bars, value)
        high = float(scale.place(share)) * box.height
        canvas.rectangle(left, box.bottom - high, right - left, high, facecolor=canvas.theme.foreground, zorder=3)
        gaps += [(left, right)] * scale.cuts(share)
    if box.height >= ROOM_FOR_A_GAP:
        canvas.segments([gap for left, right in gaps for gap in _gap(left, right, box.top)],
                        colors=canvas.theme.background, linewidths=2.6, capstyle="butt", zorder=3.5)


def beside_bins(box: Box, bars: Bars, value: float) -> tuple[float, float]:
    """Left and right of an atom's bar: off the bins at the ends of the axis, slimmer than a bin elsewhere."""
    place = float(bars.span.place(value))
    step = (box.width - 2 * MARGIN) / len(bars.shares)
    x = float(box.x(place))
    if place * len(bars.shares) < 0.5:
        return x - MARGIN + 1, x - 1
    if (1 - place) * len(bars.shares) < 0.5:
        return x + 1, x + MARGIN - 1
    half = min(max(1.5, 0.25 * step), 4.0)
    return x - half, x + half


def _gap(left: float, right: float, top: float) -> list[tuple[Point, Point]]:
    """Two slanted strokes through a bar that goes on beyond the axis."""
    return [((left, y + 3), (right, y - 3)) for y in (top + 12, top + 20)]


def cut_runs(bars: Bars, scale: ShareScale) -> list[tuple[float, float, list[float]]]:
    """(left, right, shares) of neighbouring bins that are cut."""
    runs: list[tuple[float, float, list[float]]] = []
    for place in np.flatnonzero(bars.shares > scale.ceiling):
        left, right, share = float(bars.edges[place]), float(bars.edges[place + 1]), float(bars.shares[place])
        if runs and runs[-1][1] == left:
            runs[-1] = (runs[-1][0], right, [*runs[-1][2], share])
        else:
            runs.append((left, right, [share]))
    return runs


def draw_value_ticks(canvas: Canvas, box: Box, span: Span) -> None:
    """Few round values below a box, none of them far beyond its sides."""
    ticks = [(float(box.x(place)), label) for place, label in span.ticks(box.width - 2 * MARGIN, _width)]
    canvas.segments([[(x, box.bottom), (x, box.bottom + 5)] for x, _ in ticks], colors=canvas.theme.muted)
    for x, label in ticks:
        half = width(label, TICK) / 2 - OVERHANG
        inside = min(max(x, box.left + half), box.right - half)
        canvas.text(inside, box.bottom + 6 + line_height(TICK) / 2, label, TICK, align="center",
                    color=canvas.theme.muted)


def _width(label: str) -> float:
    return width(label, TICK)


Note = tuple[float, str]


def notes_of(bars: Bars, scale: ShareScale) -> list[Note]:
    """(place, text) of what stands above the bars: each atom's share, and the share of what is cut."""
    atoms = [(float(bars.span.place(value)), f"{compact(value)}: {percent_label(share)}")
             for value, share in bars.atoms]
    runs = [((left + right) / 2, f"{len(shares)} bin{'s' * (len(shares) > 1)}: {percent_label(sum(shares))}")
            for left, right, shares in cut_runs(bars, scale)]
    return sorted(atoms + runs)


def stacked(notes: Iterable[Note], room: float) -> list[list[Note]]:
    """Rows of (middle in pixels, text) in which no text touches another, the lowest row first."""
    rows: list[list[Note]] = []
    for place, text in notes:
        half = width(text, NOTE) / 2
        x = min(max(MARGIN + place * (room - 2 * MARGIN), half), room - half)
        free = (row for row in rows if row[-1][0] + width(row[-1][1], NOTE) / 2 + 10 <= x - half)
        row = next(free, None)
        if row is None:
            rows.append([(x, text)])
        else:
            row.append((x, text))
    return rows


def colours(shares: Floats, theme: Theme) -> NDArray[np.uint8]:
    """(…, 4) colours on a logarithmic scale; nothing at all has the colour of the sheet."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba

    logs = 1 - np.log10(np.clip(shares, FAINTEST, 1.0)) / math.log10(FAINTEST)
    painted: NDArray[np.uint8] = colormaps[theme.colormap](logs, bytes=True)
    painted[shares <= 0] = np.round(255 * np.array(to_rgba(theme.background)))
    return painted


def runs_of(flags: list[bool]) -> list[tuple[int, int]]:
    """(first, last) of each run of true flags."""
    runs: list[tuple[int, int]] = []
    for place in (number for number, flag in enumerate(flags) if flag):
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def draw_message(canvas: Canvas, frame: Box, lines: list[str]) -> None:
    """A few words in the middle of a panel."""
    size = fitting_size(lambda size: all(width(line, size, True) <= frame.width - 12 for line in lines), MESSAGE_SIZES)
    for number, line in enumerate(lines):
        y = frame.top + 0.6 * frame.height + (number + 0.5 - len(lines) / 2) * line_height(size)
        canvas.text(frame.left + frame.width / 2, y, line, size, align="center", bold=True, boxed=True)
