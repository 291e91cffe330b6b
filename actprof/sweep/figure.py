"""The figure of `actprof sweep`: a heat map of each quantity over two axes, or its curve along one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from actprof.report.axes import BESIDE, Box, add_axes
from actprof.report.lettering import MIN_SIZE, fitting_size, line_height, printable, shortened, width, wrapped
from actprof.report.settings import provenance, words
from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Key, Paragraph, Sheet, Stack
from actprof.report.style import AXIS_TITLE, TICK, Theme
from actprof.sweep import cell_axis, curves
from actprof.sweep.curves import Curves
from actprof.sweep.maps import NumberMap, VerdictMap
from actprof.sweep.result import BY_NAME, VERDICT, Sweep

FOOT, NOTE, UNDER_KEY = 12.0, 14.0, 14.0


def draw_figure(figure: Figure, theme: Theme, sweep: Sweep) -> dict[str, str]:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    room, subject = WIDTH - 2 * MARGIN, f"Sweep over {' and '.join(axis.name for axis in sweep.axes)}"
    header = Header(theme.title or subject, [*words(sweep.config), f"seed {sweep.seed}"])
    shared = [*(curves.entries(sweep, theme) if len(sweep.axes) == 1 else []), *cell_axis.entries(sweep, theme)]
    key, panels = Key(shared, room), Panels(sweep, room, theme)
    notes = Paragraph([line for note in sweep.notes for line in wrapped([note], room, NOTE)], NOTE, muted=True)
    top, foot = header.height + key.height + UNDER_KEY * bool(key.height), notes.height + FOOT
    sheet = Sheet(figure, theme, max(HEIGHT, top + panels.least + foot))
    header.draw(sheet)
    key.draw(sheet, MARGIN, header.height)
    panels.draw(sheet, MARGIN, top, sheet.height - top - foot)
    notes.draw(sheet, MARGIN, sheet.height - foot)
    return provenance(subject, sweep.seed, {**sweep.config, "over": {axis.name: axis.labels for axis in sweep.axes}})


HEADING, DETAIL, GAP = 18.0, 15.0, 6.0
MAX_NAMES = 0.28  # of a panel for the names of rows
MIN_HEIGHT = 240.0  # pixels of a plane
HEIGHTS = (MIN_HEIGHT, 400.0, 700.0)  # at which ticks are tried for their widths
HALF_TICK = 22.0  # for the half of a label that is beyond the last tick
Y_TITLE, X_TITLE = line_height(AXIS_TITLE) + 7, line_height(AXIS_TITLE) + 12
COLUMNS = {1: 1, 2: 2, 4: 2}
# Panels → how many stand side by side where the names below their planes have room; of other numbers MAX_COLUMNS.
MAX_COLUMNS = 3
BETWEEN, UNDER = 44.0, 18.0


class Panel:
    """One quantity's panel; `head`, `least` and `foot` are the heights above its axes, of these, and below them."""

    def __init__(self, sweep: Sweep, name: str, room: float, theme: Theme) -> None:
        self._sweep, self._name, self.room = sweep, name, room
        self._content: NumberMap | VerdictMap | Curves = (
            VerdictMap(sweep, theme) if name == VERDICT else
            NumberMap(sweep, name, theme) if len(sweep.axes) > 1 else Curves(sweep, name, theme))
        said = [line for text in details(sweep, name) for line in wrapped([text], room, DETAIL)]
        title = "what becomes of the signal" if name == VERDICT else BY_NAME[name].subject
        self._texts = Stack([Paragraph.of([title], room, HEADING, bold=True), Paragraph(said, DETAIL),
                             Key(self._content.entries, room)], GAP / 2)
        self.head = self._texts.height + 2 * GAP
        self._left, self.least = self._left_room()
        self._wide = room - self._left - max(self._content.beside, HALF_TICK)
        self.columns = in_columns(sweep.axes[0].labels, self._wide) if not sweep.axes[0].numbers else None
        self._below = (self.columns.extent if self.columns else line_height(TICK)) + 8
        self.foot = self._below + X_TITLE

    def _left_room(self) -> tuple[float, float]:
        """(pixels left of the axes, the least height of these)."""
        title = Y_TITLE * (len(self._sweep.axes) > 1)
        if len(self._sweep.axes) > 1 and not self._sweep.axes[1].numbers:
            self._names, least = beside_rows(self._sweep.axes[1].labels, MAX_NAMES * self.room)
            return title + self._names + BESIDE, max(MIN_HEIGHT, least)
        labels = [label for tall in HEIGHTS for _, label in
                  self._content.y_axis.ticks(tall, lambda _: line_height(TICK))]
        return title + max((width(label, TICK) for label in labels), default=0.0) + BESIDE, MIN_HEIGHT

    def draw(self, sheet: Sheet, left: float, top: float, head: float, tall: float) -> None:
        """`head` is the height above the axes of a whole row of panels, `tall` that of these."""
        self._texts.draw(sheet, left, top)
        # At whole pixels the cells have sharp edges.
        box = Box(*map(float, map(round, (left + self._left, top + head, self._wide, tall))))
        axes = add_axes(sheet, self._name, box, self._content.x_axis, self._content.y_axis,
                        grid="" if isinstance(self._content, NumberMap | VerdictMap) else "both")
        self._content.draw(sheet, axes, box)
        across, *upwards = self._sweep.axes
        axes.set_xlabel(shortened(across.title, box.width, AXIS_TITLE), va="center")
        axes.xaxis.set_label_coords(0.5, -(self._below + X_TITLE / 2) / box.height)
        if self.columns:
            _set_names(axes, self.columns, horizontal=True)
        for axis in upwards:
            if not axis.numbers:
                _set_names(axes, in_rows(axis.labels, self._names, tall), horizontal=False)
            axes.set_ylabel(shortened(axis.title, box.height, AXIS_TITLE), va="center")
            axes.yaxis.set_label_coords((left - box.left + line_height(AXIS_TITLE) / 2) / box.width, 0.5)


def _set_names(axes: Axes, names: Names, *, horizontal: bool) -> None:
    places = range(0, len(names.texts), names.step)
    look: dict[str, Any] = {"fontsize": names.size, "linespacing": 1.1, "parse_math": False,
                            "rotation": 90 if names.turned else 0, "ma": "center" if horizontal else "right"}
    (axes.set_xticks if horizontal else axes.set_yticks)(places, [names.texts[place] for place in places], **look)


class Panels:
    """All panels in rows; `least` is the height they need."""

    def __init__(self, sweep: Sweep, room: float, theme: Theme) -> None:
        self._rows = _arranged(sweep, room, theme)
        self._heads = [max(panel.head for panel in row) for row in self._rows]
        self._feet = [max(panel.foot for panel in row) + UNDER * (row is not self._rows[-1]) for row in self._rows]
        self._planes = max(panel.least for row in self._rows for panel in row)
        self.least = sum(self._heads) + sum(self._feet) + len(self._rows) * self._planes

    def draw(self, sheet: Sheet, left: float, top: float, height: float) -> None:
        tall = self._planes + (height - self.least) / len(self._rows)
        for row, head, foot in zip(self._rows, self._heads, self._feet, strict=True):
            for number, panel in enumerate(row):
                panel.draw(sheet, left + number * (panel.room + BETWEEN), top, head, tall)
            top += head + tall + foot


def _arranged(sweep: Sweep, room: float, theme: Theme) -> list[list[Panel]]:
    """The panels in rows: as many side by side as leave each name below a plane its room."""
    for columns in range(COLUMNS.get(len(sweep.quantities), MAX_COLUMNS), 0, -1):
        wide = (room - (columns - 1) * BETWEEN) / columns
        panels = [Panel(sweep, name, wide, theme) for name in sweep.quantities]
        if columns == 1 or all(panel.columns is None or panel.columns.step == 1 for panel in panels):
            break
    return [panels[start:start + columns] for start in range(0, len(panels), columns)]


def details(sweep: Sweep, name: str) -> list[str]:
    """Words on how a quantity follows the width, and of how many networks a map shows the median."""
    trends = [trend.text for trend in sweep.trends if trend.quantity == name]
    counts = {len(cell.networks.get(name, ())) for cell in sweep.cells}
    several = len(sweep.axes) > 1 and max(counts) > 1
    return [*trends, *([f"median of {max(counts)} networks"] if several else [])]


SIZES = (TICK, 15.0, 14.0, 13.0, 12.0, MIN_SIZE)
MAX_LINES, MAX_CUT_LINES = 4, 6  # of a label; where it must be cut within a word
MIN_CUT = 56.0  # pixels of a column with labels that are cut so
MAX_TURNED = 280.0  # pixels of a label that is turned
NAME_GAP = 8.0  # between neighbours


class Names(NamedTuple):
    """The labels of ticks; `step` is above 1 where only some have room, and `extent` the pixels they take."""

    texts: list[str]
    size: float
    extent: float
    step: int = 1
    turned: bool = False


def beside_rows(names: Sequence[str], room: float) -> tuple[float, float]:
    """(width, height of a plane that has room for them) of names left of a plane, at most `room` wide."""
    wide = min(max(width(name, TICK) for name in names), room)
    return wide, len(names) * (_most_lines(names, wide, MIN_SIZE) * line_height(MIN_SIZE) + 2)


def in_rows(names: Sequence[str], wide: float, height: float) -> Names:
    row = height / len(names)
    size = fitting_size(lambda size: _most_lines(names, wide, size) * line_height(size) + 2 <= row, SIZES)
    return Names(_joined(names, wide, size), size, wide)


def in_columns(names: Sequence[str], room: float) -> Names:
    column = room / len(names)
    size = next(iter(_sizes_across(names, column - NAME_GAP)), None)
    if size is not None:
        most = _most_lines(names, column - NAME_GAP, size)
        return Names(_joined(names, column - NAME_GAP, size), size, most * line_height(size))
    size = fitting_size(lambda size: line_height(size) <= column, SIZES)
    texts = [shortened(printable(name), MAX_TURNED, size) for name in names]
    step = math.ceil(line_height(size) / column)
    return Names(texts, size, max(width(text, size) for text in texts), step, turned=True)


def _broken(name: str, room: float, size: float) -> list[str]:
    """Lines of at most `room` pixels, broken behind a mark of the grammar of names where there is one."""
    return wrapped(_pieces(name), room, size, joint="") or [""]


def _pieces(name: str) -> list[str]:
    return re.findall(r"[^ :,=/_]+[ :,=/_]*|[ :,=/_]+", printable(name))


def _joined(names: Sequence[str], room: float, size: float) -> list[str]:
    return ["\n".join(_broken(name, room, size)) for name in names]


def _sizes_across(names: Sequence[str], room: float) -> list[float]:
    """Sizes at which all have room as they are, the largest first; if there is none, where words must be cut."""
    return ([size for size in SIZES if all(width(piece, size) <= room for name in names for piece in _pieces(name))
             and _most_lines(names, room, size) <= MAX_LINES]
            or [size for size in SIZES if room >= MIN_CUT and _most_lines(names, room, size) <= MAX_CUT_LINES])


def _most_lines(names: Sequence[str], room: float, size: float) -> int:
    return max(len(_broken(name, room, size)) for name in names)
