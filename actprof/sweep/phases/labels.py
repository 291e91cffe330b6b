"""What is written on a plane: the layers on their lines, the schemes at their dots, and the names of the phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from actprof.arrays import Floats
from actprof.report.axes import Box, write
from actprof.report.free import FreeSpace
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.sheet import Sheet
from actprof.sweep.phases.result import PhaseDiagram, PhaseGrid, Scheme
from actprof.sweep.phases.table import MEANINGS, NAMES, depth_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOT, AIR = 13.0, 8.0
NUMBER, LABEL = 13.0, 15.0
PHASE_SIZES = 24.0, 20.0, 17.0, 14.0
SMALLER = 0.68  # size of what a phase means, against its name
MAX_LABEL = 230.0  # pixels of a line
PAD = 5.0
ADJOINING = 22.0  # pixels up to which no line is needed
PREFERRED = 0.55, 0.65  # of a line's length, for its number


def label_depths(sheet: Sheet, axes: Axes, diagram: PhaseDiagram, box: Box, free: FreeSpace) -> list[Floats]:
    """Write the layers on each line, where nothing else is near. Returns the pixels of all lines."""
    lines = [_inside(sheet.pixels(axes, *np.array(line.points).T), box) for line in diagram.depth_lines]
    for number, line in enumerate(diagram.depth_lines):
        others = FreeSpace(box)
        others.taken |= free.taken
        for points in (*lines[:number], *lines[number + 1:]):
            others.take_line(points)
        text, points = str(line.layers), lines[number][np.isfinite(lines[number]).all(axis=1)]
        wide, high = width(text, NUMBER) + 8, line_height(NUMBER)
        first, last = (int(part * len(points)) for part in PREFERRED)
        for wished in (points[first:last + 1], points):
            place = others.nearest(wide, high, wished)
            if place is None:
                break
            found = Box(*place, wide, high)
            if np.hypot(*(points - found.center).T).min() <= AIR:
                write(sheet, axes, *found.center, text, NUMBER, align="center", boxed=True, gid="layers")
                free.take(found, AIR / 2)
                break
    return lines


def _inside(points: Floats, box: Box) -> Floats:
    """Points at steps of a few pixels; NaN for what is beyond the box."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], int(min(along[-1], 2e4) / 4) + 2)
    found: Floats = np.column_stack([np.interp(at, along, points[:, side]) for side in (0, 1)])
    within = (found > box[:2]).all(axis=1) & (found < (box.right, box.bottom)).all(axis=1)
    found[~within] = np.nan
    return found


def label_schemes(sheet: Sheet, axes: Axes, diagram: PhaseDiagram, free: FreeSpace, whole: bool) -> None:
    """Draw all dots, and the labels for which there is room: names, with what they mean for a network where `whole`."""
    theme, groups = sheet.theme, _together(sheet, axes, diagram.spots)
    for spot in diagram.spots:
        axes.plot([spot[0].sigma_w], [spot[0].sigma_b], "o", markersize=DOT, zorder=7, color=theme.foreground,
                  markeredgecolor=theme.background, markeredgewidth=2.0, clip_on=False, gid="spot")
        x, y = sheet.pixels(axes, spot[0].sigma_w, spot[0].sigma_b)[0].tolist()
        free.take(Box(x, y, 0, 0), DOT)
    for x, y, schemes in reversed(groups):  # from the right, as labels lie to the right of their dots
        bold = wrapped([scheme.label for scheme in schemes], MAX_LABEL, LABEL, bold=True, joint=", ")
        lines = [*bold, *([depth_words(schemes[0])] if whole else [])]
        wide = max(width(line, LABEL, place < len(bold)) for place, line in enumerate(lines)) + 2 * PAD
        high = len(lines) * line_height(LABEL) + PAD
        place = free.nearest(wide, high, np.array([[x, y]]), (-DOT, high + DOT))
        if place is None:
            continue
        box = Box(*place, wide, high)
        for number, line in enumerate(lines):
            middle = box.top + PAD / 2 + (number + 0.5) * line_height(LABEL)
            write(sheet, axes, box.left + PAD, middle, line, LABEL, bold=number < len(bold), boxed=True, gid="label")
        free.take(box, AIR)
        end = min(max(x, box.left + PAD), box.right - PAD), min(max(y, box.top), box.bottom)
        if np.hypot(end[0] - x, end[1] - y) > ADJOINING:
            ends = sheet.values(axes, [x, end[0]], [y, end[1]])
            axes.plot(*ends.T, color=theme.foreground, linewidth=1.3, zorder=6, gid="leader")
            free.take_line(np.array([(x, y), end]))


def _together(sheet: Sheet, axes: Axes,
              spots: Sequence[Sequence[Scheme]]) -> list[tuple[float, float, list[Scheme]]]:
    """(x, y, schemes) from left to right; dots that overlap have one label, at the last of them."""
    groups: list[tuple[float, float, list[Scheme]]] = []
    placed = [(*sheet.pixels(axes, spot[0].sigma_w, spot[0].sigma_b)[0].tolist(), list(spot)) for spot in spots]
    for x, y, schemes in sorted(placed, key=lambda each: each[:2]):
        if groups and max(abs(x - groups[-1][0]), abs(y - groups[-1][1])) < DOT:
            schemes = [*groups.pop()[2], *schemes]
        groups.append((x, y, schemes))
    return groups


def label_phases(sheet: Sheet, axes: Axes, grid: PhaseGrid, box: Box, free: FreeSpace) -> None:
    """Write the name of each phase, with its meaning where there is room, in the largest free part of its region."""
    rows, columns = free.taken.shape
    low_w, high_w, low_b, high_b = grid.extent
    across = _nearest(grid.sigma_w, low_w + (high_w - low_w) * (np.arange(columns) + 0.5) / columns)
    up = _nearest(grid.sigma_b, low_b + (high_b - low_b) * (np.arange(rows)[::-1] + 0.5) / rows)
    found = grid.phase[across][:, up].T
    for phase in (phase for phase in NAMES if phase in MEANINGS):
        own = FreeSpace(box)
        own.taken |= free.taken | (found != phase)
        _label_phase(sheet, axes, own, free, NAMES[phase], MEANINGS[phase])


def _nearest(values: Sequence[float], places: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The number of the value that is closest to each place."""
    known = np.asarray(values)
    return np.searchsorted((known[1:] + known[:-1]) / 2, places)


def _label_phase(sheet: Sheet, axes: Axes, own: FreeSpace, free: FreeSpace, *texts: str) -> None:
    for lines in (texts, texts[:1]):
        for size in PHASE_SIZES:
            sizes = [size, max(SMALLER * size, 13.0)][:len(lines)]
            wide = max(width(text, each, each == size) for text, each in zip(lines, sizes, strict=True))
            high = sum(map(line_height, sizes))
            place = own.middle(wide, high)
            if place is not None:
                left, top = place
                free.take(Box(left, top, wide, high))
                for text, each in zip(lines, sizes, strict=True):
                    write(sheet, axes, left + wide / 2, top + line_height(each) / 2, text, each, align="center",
                          bold=each == size, gid="phase")
                    top += line_height(each)
                return
