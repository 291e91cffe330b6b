"""The panels of the figure in rows: each a quantity's heading with a legend, its plane, and the names of its cells."""

from __future__ import annotations

from typing import Protocol

from actprof.report.canvas import Canvas
from actprof.report.headings import Paragraph
from actprof.report.key import Entry, Key
from actprof.report.lettering import SMALLEST, fitting_size, line_height, width, wrapped
from actprof.report.plane import TICK, Axis, Plane
from actprof.report.style import Theme
from actprof.sweep.curves import Curves
from actprof.sweep.maps import NumberMap
from actprof.sweep.name_labels import ColumnNames, RowNames, shortened
from actprof.sweep.result import BY_NAME, VERDICT, Sweep
from actprof.sweep.verdict_map import VerdictMap

HEADING, DETAIL, AXIS = 18.0, 15.0, 17.0
UPRIGHT = 34.0  # width of an upright title
NAMES = 0.28  # of a panel at most for the names of rows
LOWEST = 240.0  # of a plane
HALF_TICK = 22.0  # for the half of a label that is beyond the last tick
GAP = 6.0
HEIGHTS = (LOWEST, 400.0, 700.0)  # at which ticks are tried for their widths
COLUMNS = {1: 1, 2: 2, 4: 2}

MOST = 3
"""Panels → how many stand side by side where the names below their planes have room; of other numbers MOST."""

BETWEEN, UNDER = 44.0, 18.0


class Content(Protocol):
    """What is drawn in a plane, and beside it."""

    beside: float
    entries: list[Entry]

    @property
    def x_axis(self) -> Axis: ...
    @property
    def y_axis(self) -> Axis: ...
    def draw(self, canvas: Canvas, plane: Plane) -> None: ...


class Panel:
    """`head`, `least` and `foot` are the heights of what is above the plane, of the plane, and below it."""

    def __init__(self, sweep: Sweep, name: str, room: float, theme: Theme) -> None:
        self._sweep, self.room = sweep, room
        self._content = content(sweep, name, theme)
        self._heading = Paragraph(wrapped([title(name)], room, HEADING, bold=True), HEADING, bold=True)
        self._details = Paragraph(_lines(details(sweep, name), room), DETAIL)
        self._key = Key(self._content.entries, room)
        self.head = self._heading.height + self._details.height + self._key.height + 2 * GAP
        self._rows = RowNames(sweep.axes[1].labels, NAMES * room) if _named(sweep, 1) else None
        self._left = self._left_room()
        self._wide = room - self._left - max(self._content.beside, HALF_TICK)
        self.columns = ColumnNames(sweep.axes[0].labels, self._wide) if _named(sweep, 0) else None
        below = self.columns.height + 8 if self.columns else 8 + line_height(TICK)
        self._x_title = Paragraph(wrapped([sweep.axes[0].title], self._wide, AXIS), AXIS)
        self._below = below + GAP
        self.foot = self._below + self._x_title.height + GAP
        self.least = max(LOWEST, self._rows.least if self._rows else 0.0)

    def draw(self, canvas: Canvas, left: float, top: float, head: float, tall: float) -> None:
        """`head` is the height above the planes of a whole row of panels, `tall` that of its planes."""
        # At whole pixels the cells have sharp edges.
        x, y, wide, high = map(round, (left + self._left, top + head, self._wide, tall))
        plane = Plane(x, y, wide, high, self._content.x_axis, self._content.y_axis)
        self._draw_head(canvas, left, top)
        plane.draw(canvas)
        self._content.draw(canvas, plane)
        self._draw_titles(canvas, plane, left)

    def _left_room(self) -> float:
        if self._rows:
            return UPRIGHT + self._rows.width + 14
        labels = [label for tall in HEIGHTS for _, label in
                  self._content.y_axis.ticks(tall, lambda _: line_height(TICK))]
        upright = UPRIGHT if self._has_y_title() else 0.0
        return upright + max((width(label, TICK) for label in labels), default=HALF_TICK - 14) + 14

    def _has_y_title(self) -> bool:
        return len(self._sweep.axes) > 1

    def _draw_head(self, canvas: Canvas, left: float, top: float) -> None:
        self._heading.draw(canvas, left, top)
        top += self._heading.height
        self._details.draw(canvas, left, top)
        self._key.draw(canvas, left, top + self._details.height + GAP)

    def _draw_titles(self, canvas: Canvas, plane: Plane, left: float) -> None:
        if self.columns:
            self.columns.draw(canvas, plane)
        if self._rows:
            self._rows.draw(canvas, plane)
        step = line_height(AXIS)
        for number, line in enumerate(self._x_title.lines):
            canvas.text(plane.left + plane.width / 2, plane.bottom + self._below + (number + 0.5) * step, line, AXIS,
                        align="center")
        if self._has_y_title():
            words = self._sweep.axes[1].title
            size = fitting_size(lambda size: width(words, size) <= plane.height, (AXIS, 15.0, 13.0, SMALLEST))
            canvas.text(left + UPRIGHT / 2 - 2, plane.top + plane.height / 2, shortened(words, plane.height, size),
                        size, upright=True)


class Panels:
    """`least` is the height they need."""

    def __init__(self, sweep: Sweep, room: float, theme: Theme) -> None:
        self._rows = _arranged(sweep, room, theme)
        self._heads = [max(panel.head for panel in row) for row in self._rows]
        self._feet = [max(panel.foot for panel in row) + UNDER * (row is not self._rows[-1]) for row in self._rows]
        self._planes = max(panel.least for row in self._rows for panel in row)
        self.least = sum(self._heads) + sum(self._feet) + len(self._rows) * self._planes

    def draw(self, canvas: Canvas, left: float, top: float, height: float) -> None:
        tall = self._planes + (height - self.least) / len(self._rows)
        for row, head, foot in zip(self._rows, self._heads, self._feet, strict=True):
            for number, panel in enumerate(row):
                panel.draw(canvas, left + number * (panel.room + BETWEEN), top, head, tall)
            top += head + tall + foot


def _arranged(sweep: Sweep, room: float, theme: Theme) -> list[list[Panel]]:
    """As many side by side as leave each name below a plane its room."""
    for columns in range(COLUMNS.get(len(sweep.quantities), MOST), 0, -1):
        wide = (room - (columns - 1) * BETWEEN) / columns
        panels = [Panel(sweep, name, wide, theme) for name in sweep.quantities]
        if columns == 1 or all(panel.columns is None or panel.columns.step == 1 for panel in panels):
            break
    return [panels[start:start + columns] for start in range(0, len(panels), columns)]


def content(sweep: Sweep, name: str, theme: Theme) -> Content:
    if name == VERDICT:
        return VerdictMap(sweep, theme)
    return NumberMap(sweep, name, theme) if len(sweep.axes) > 1 else Curves(sweep, name, theme)


def title(name: str) -> str:
    """The quantity in words; its ticks are powers of ten, so that none speaks of logarithms."""
    return "what becomes of the signal" if name == VERDICT else BY_NAME[name].subject


def details(sweep: Sweep, name: str) -> list[str]:
    """How it follows the width; of how many networks a map shows the median."""
    trends = [trend.text for trend in sweep.trends if trend.quantity == name]
    counts = {len(cell.networks.get(name, ())) for cell in sweep.cells}
    several = len(sweep.axes) > 1 and max(counts) > 1
    return [*trends, *([f"median of {max(counts)} networks"] if several else [])]


def _lines(texts: list[str], room: float) -> list[str]:
    return [line for text in texts for line in wrapped([text], room, DETAIL)]


def _named(sweep: Sweep, number: int) -> bool:
    return number < len(sweep.axes) and not sweep.axes[number].numbers
