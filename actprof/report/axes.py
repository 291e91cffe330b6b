"""Themed matplotlib Axes at a place in pixels, with our ticks, what is drawn on them, and where a text has room.

Every Axes is named (`get_label`), so that whoever goes on with a figure finds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import Formatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from actprof.arrays import Counts, Flags, Floats
from actprof.digits import short
from actprof.report.lettering import font, line_height, printable, width
from actprof.report.sheet import Sheet
from actprof.report.style import AXIS_TITLE, EM, TICK
from actprof.report.ticks import Scale, Tick

TITLE = AXIS_TITLE
BESIDE = 10.0  # pixels between an axis and the labels of its ticks
BELOW = line_height(TICK) + line_height(TITLE) + 22  # pixels that the ticks and the title of a horizontal axis take
CLOSEST = 1.5  # pixels between grid lines


class Box(NamedTuple):
    """A rectangle of the sheet, in pixels from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def center(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


def add_axes(sheet: Sheet, name: str, box: Box, x: Scale, y: Scale, *, titles: tuple[str, str] = ("", ""),
             tick: float = TICK, grid: Literal["both", "x", "y", ""] = "both", inside: Axes | None = None) -> Axes:
    """Axes over a box of the sheet; `inside` others they are an inset of them.

    `grid` is "both", "x", "y", or "" for a frame on all sides without a grid, as a map has it.
    """
    if inside is None:
        made = bare_axes(sheet, name, box)
    else:
        corners = inside.transAxes.inverted().transform(sheet.display([box.left, box.right], [box.bottom, box.top]))
        made = inside.inset_axes((*corners[0], *(corners[1] - corners[0])), label=name)
    if x.log:
        made.set_xscale("log")
    if y.log:
        made.set_yscale("log")
    made.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
    _set_ticks(made.xaxis, x, x.ticks(box.width, lambda text: width(text, tick)), tick)
    beside = _set_ticks(made.yaxis, y, y.ticks(box.height, lambda text: line_height(tick)), tick)
    if grid:
        made.grid(True, axis=grid)
        for scale, upright in ((x, True), (y, False)):
            if grid in ("both", "x" if upright else "y"):
                grid_lines(made, scale.minor(), sheet.theme.grid, 0.5, upright=upright)
    else:
        made.spines[:].set_visible(True)
    _set_titles(made, box, titles, line_height(tick), beside)
    return made


def bare_axes(sheet: Sheet, name: str, box: Box) -> Axes:
    """As matplotlib makes them."""
    return sheet.figure.add_axes((box.left / sheet.width, 1 - box.bottom / sheet.height, box.width / sheet.width,
                                  box.height / sheet.height), label=name)


class _Ticks(MaxNLocator):
    """The ticks that were found, until the limits change: a notebook's user may zoom."""

    def __init__(self, scale: Scale, ticks: Sequence[Tick]) -> None:
        super().__init__(8)
        self._limits, self._places = (scale.low, scale.high), [place for place, _ in ticks]
        self._others = LogLocator(subs=(1.0, 2.0, 5.0), numticks=8) if scale.log else MaxNLocator(8)

    def __call__(self) -> Any:
        assert self.axis is not None
        limits = self.axis.get_view_interval()
        # A colour bar's limits come back from logarithms.
        return self._places if np.allclose(limits, self._limits, 1e-9, 0.0) else self._others.tick_values(*limits)

    def nonsingular(self, low: float, high: float) -> tuple[float, float]:
        return (low, high) if low != high else super().nonsingular(low, high)


class _Numbers(Formatter):
    """The labels of ticks that were found, and our number format for any other."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._labels = dict(ticks)

    def __call__(self, value: float, place: int | None = None) -> str:
        return self._labels.get(value) or short(value)


def _set_ticks(axis: Axis, scale: Scale, ticks: Sequence[Tick], size: float) -> float:
    """Returns the pixels that the longest label takes."""
    axis.set_major_locator(_Ticks(scale, ticks))
    axis.set_major_formatter(_Numbers(ticks))
    axis.set_minor_locator(NullLocator())
    if size != TICK:
        axis.set_tick_params(labelsize=size)
    return max((width(label, size) for _, label in ticks), default=0.0)


def grid_lines(axes: Axes, places: Sequence[float], color: str, thick: float, *, upright: bool = False) -> None:
    """Grid lines in one artist: hundreds of minor ticks, or ticks without labels, would take longer than all else."""
    ends = [[(place, 0.0), (place, 1.0)] if upright else [(0.0, place), (1.0, place)] for place in places]
    transform = axes.get_xaxis_transform() if upright else axes.get_yaxis_transform()
    across = np.sort(transform.transform([start for start, _ in ends] or np.zeros((0, 2)))[:, 0 if upright else 1])
    if ends and np.diff(across).min(initial=CLOSEST) >= CLOSEST:
        axes.add_collection(LineCollection(ends, colors=color, linewidths=thick, zorder=0.4, transform=transform),
                            autolim=False)


def _set_titles(axes: Axes, box: Box, titles: tuple[str, str], below: float, beside: float) -> None:
    """At fixed distances: matplotlib would measure every label of a tick to find its own."""
    axes.set_xlabel(titles[0])
    axes.xaxis.set_label_coords(0.5, -(14 + below) / box.height)
    axes.set_ylabel(titles[1], va="bottom")
    axes.yaxis.set_label_coords(-(BESIDE + beside + 7) / box.width, 0.5)


def indicate(axes: Axes, inset: Axes, color: str) -> None:
    """A frame around what an inset shows enlarged, without the lines between them, which would cross the data."""
    zoom = axes.indicate_inset_zoom(inset, edgecolor=color, alpha=1.0, linewidth=1.2)
    for connector in (zoom[1] if isinstance(zoom, tuple) else zoom.connectors) or ():
        connector.set_visible(False)


def write(sheet: Sheet, axes: Axes, x: float, y: float, text: str, size: float, *, align: str = "left",
          bold: bool = False, color: str | None = None, boxed: bool = False, **look: Any) -> Text:
    """A text at a place on the sheet that belongs to axes: it goes along when these are moved or enlarged.

    `y` is the middle of its capitals; `boxed` lays it on the background.
    """
    x, y = sheet.values(axes, [x], [y + 0.36 * size * EM])[0].tolist()
    box = {"facecolor": sheet.theme.background, "edgecolor": "none", "pad": 1.5, "alpha": 0.85} if boxed else None
    return axes.text(x, y, printable(text, bold), font=font(bold), fontsize=size, ha=align, va="baseline", bbox=box,
                     color=color or sheet.theme.foreground, parse_math=False, **{"zorder": 9, **look})


def hatch(axes: Axes, x_edges: ArrayLike, y_edges: ArrayLike, flags: ArrayLike, color: str) -> None:
    """The sign of what is not finite over the cells (rows, columns) between these edges."""
    x, y = np.asarray(x_edges), np.asarray(y_edges)
    for row, cells in enumerate(np.atleast_2d(flags)):
        for first, last in runs(cells):
            axes.add_patch(Rectangle((x[first], y[row]), x[last] - x[first], y[row + 1] - y[row], fill=False,
                                     hatch="//", edgecolor=color, linewidth=0, zorder=3))


def runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """(first, one past the last) of neighbours that are all true."""
    turns = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return ((first, last) for first, last in turns.tolist())


def colour_bar(sheet: Sheet, name: str, box: Box, colours: ScalarMappable, scale: Scale, *, below: bool = False,
               above: bool = False, tick: float = TICK) -> Axes:
    """An upright bar of colours, pointed at an end beyond which there are values."""
    made = bare_axes(sheet, name, box)
    ends = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    ticks = scale.ticks(box.height, lambda text: line_height(tick))
    bar = sheet.figure.colorbar(colours, cax=made, extend=ends[below, above], extendfrac=min(0.05, 18 / box.height))
    bar.outline.set(edgecolor=sheet.theme.muted, linewidth=1.0)
    _set_ticks(made.yaxis, scale, ticks, tick)
    made.set_label(name)
    return made


CELL = 3.0  # pixels
MARGINS = 60.0, 30.0, 12.0, 3.0


class FreeSpace:
    """The box of an axes in cells of a few pixels; `taken` where nothing else may lie."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self.taken: Flags = np.zeros((int(box.height / CELL), int(box.width / CELL)), bool)

    def take(self, box: Box, air: float = 0.0) -> None:
        """All that a box touches, with some air around it; nothing where it has no place."""
        if not np.isfinite(box).all():
            return
        columns = slice(max(self._cell(box.left - air, 0), 0), max(self._cell(box.right + air, 0) + 1, 0))
        self.taken[max(self._cell(box.top - air, 1), 0):max(self._cell(box.bottom + air, 1) + 1, 0), columns] = True

    def take_line(self, points: Floats) -> None:
        """All that a polyline of pixels (points, 2) goes through; NaN breaks it."""
        known = np.isfinite(points[:, 0] + points[:, 1])
        starts, ends = points[:-1][known[:-1] & known[1:]], points[1:][known[:-1] & known[1:]]
        steps = int(np.abs(ends - starts).max(initial=0.0).clip(0, 1e4) / CELL) + 2
        parts = np.linspace(0, 1, steps)[:, None, None]
        cells = ((starts + parts * (ends - starts) - self._box[:2]) // CELL).astype(int).reshape(-1, 2)
        rows, columns = self.taken.shape
        x, y = cells.T
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        self.taken[y[inside], x[inside]] = True

    def nearest(self, width: float, height: float, points: Floats,
                anchor: tuple[float, float] | None = None) -> tuple[float, float] | None:
        """Left and top of the free place whose anchor, by default the middle of the box, is closest to a point; of
        points where a box may lie the one in the middle."""
        anchor, points = anchor or (width / 2, height / 2), points[np.isfinite(points).all(1)]
        free = ~self._covered(width, height)
        wished = points - anchor
        column, row = ((wished - self._box[:2]) // CELL).astype(int).T
        inside = (column >= 0) & (row >= 0) & (column < free.shape[1]) & (row < free.shape[0])
        wished = wished[inside][free[row[inside], column[inside]]]
        if len(wished):
            left, top = wished[len(wished) // 2].tolist()
            return left, top
        places = np.argwhere(free)[:, ::-1] * CELL + CELL / 2 + self._box[:2]
        if not len(places) or not len(points):
            return None
        away = places[:, None] + anchor - points[::max(1, len(points) // 20)]
        left, top = places[int(np.hypot(*away.T).min(axis=0).argmin())].tolist()
        return left, top

    def middle(self, width: float, height: float) -> tuple[float, float] | None:
        """Left and top of the free place of a box with the widest margin that there is; of several a middle one."""
        for margin in MARGINS:
            free = ~self._covered(width + 2 * margin, height + 2 * margin)
            row, column = np.nonzero(free)
            if len(row):
                nearest = int(np.hypot(row - row.mean(), column - column.mean()).argmin())
                across = _middle(free[row[nearest]], column[nearest])
                down = _middle(free[:, across], row[nearest])
                left, top = np.add(self._box[:2], margin + CELL / 2) + CELL * np.array([across, down])
                return float(left), float(top)
        return None

    def _cell(self, pixels: float, side: int) -> int:
        return int((pixels - self._box[side]) // CELL)

    def _covered(self, width: float, height: float) -> Flags:
        """Whether any cell of a box is taken, for every upper left corner from which it fits."""
        rows, columns = int(height / CELL) + 2, int(width / CELL) + 2
        if rows > self.taken.shape[0] or columns > self.taken.shape[1]:
            return np.ones((1, 1), bool)
        sums: Counts = np.zeros(np.add(self.taken.shape, 1), np.int64)
        sums[1:, 1:] = self.taken.cumsum(axis=0).cumsum(axis=1)
        found: Flags = (sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns]
                        + sums[:-rows, :-columns]) > 0
        return found


def _middle(free: Flags, place: int) -> int:
    return next((first + last - 1) // 2 for first, last in runs(free) if first <= place < last)
