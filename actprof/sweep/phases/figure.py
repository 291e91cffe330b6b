"""The figure of `actprof phases`: a plane of σ_w and σ_b for each activation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from actprof.arrays import Floats
from actprof.report.axes import BELOW, Box, FreeSpace, add_axes, write
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.settings import provenance
from actprof.report.sheet import DETAIL, HEIGHT, LABEL, MARGIN, WIDTH, Entry, Header, Key, Paragraph, Sheet, Stack
from actprof.report.style import Theme
from actprof.report.ticks import Linear
from actprof.sweep.phases.result import PhaseDiagram, PhaseDiagrams, PhaseGrid, Scheme
from actprof.sweep.phases.table import MEANINGS, NAMES, depth_words, edge_lines, settings, short_statement
from actprof.theory.predictions import EDGE_WORDS, TRAINABLE_SCALES, TURN_WORDS, Edge

TITLE = "Phase diagrams at initialisation: order, chaos and the edge between them"
MIN_HEIGHT = 540.0  # pixels of a row
GAP, FOOT = 14.0, 6.0
MAX_COLUMNS = 3


def draw_figure(figure: Figure, theme: Theme, result: PhaseDiagrams) -> dict[str, str]:
    """Draw up to three planes in a row; the sheet is 1080 pixels high, or as high as all rows need."""
    header = Header(theme.title or TITLE, settings(result))
    key = Key(entries(result.diagrams, theme), WIDTH - 2 * MARGIN)
    columns = min(math.ceil(math.sqrt(len(result.diagrams))), MAX_COLUMNS)
    wide = WIDTH / columns
    planes = [Plane(diagram, wide, columns == 1) for diagram in result.diagrams]
    rows = [planes[first:first + columns] for first in range(0, len(planes), columns)]
    top = header.height + key.height + GAP
    tall = max((HEIGHT - top - FOOT) / len(rows), MIN_HEIGHT)
    sheet = Sheet(figure, theme, top + len(rows) * tall + FOOT)
    header.draw(sheet)
    key.draw(sheet, MARGIN, header.height)
    for row in rows:
        above = max(plane.above for plane in row)
        for number, plane in enumerate(row):
            plane.draw(sheet, number * wide, top, above, tall - GAP)
        top += tall
    return provenance(TITLE, None, dict(result.config))


TITLES = "σ_w = √(fan_in·Var W)", "σ_b = √Var b"
LEFT, RIGHT = 110.0, 34.0
MAX_TICKS = 8
MAX_LABELS, NEAREST = 5, 0.02  # of labels with statements, and how near their dots may be in parts of the plane's width

COLOURS = {"light": {"ordered": "#bcd9ee", "chaotic": "#f8d3a4", "diverges": "#b3b6bc"},
           "dark": {"ordered": "#17415f", "chaotic": "#6b430f", "diverges": "#44474f"}}
"""Blue and orange, which any colour vision tells apart, and grey; each theme's text is readable on all three."""

STILL = 1e-9  # relative growth of the variance in a layer, up to which it stands still
EDGES = {True: "edge of chaos, χ₁ = 1", False: "unstable part: layers leave it"}  # stable or not

# Layers down to which a network can be trained → points of the line; dashed is only what is unstable.
WIDTHS = {10: 0.9, 30: 1.6, 100: 2.3}


class Plane:
    """One activation's plane; `above`: the height over its axes; `alone`, statements stand at the dots if they can."""

    def __init__(self, diagram: PhaseDiagram, room: float, alone: bool) -> None:
        self._diagram, self._room, self._whole = diagram, room, alone and _apart(diagram)
        inner = room - LEFT - RIGHT
        lines = [line for text in edge_lines(diagram) for line in wrapped(text.split(", "), inner, DETAIL, joint=", ")]
        said = [] if self._whole else list(map(short_statement, diagram.spots))
        said[:1] = [f"trainable layers: {first}" for first in said[:1]]
        self._texts = Stack([
            Paragraph.of([f"{diagram.label}:  φ(z) = {diagram.formula}"], inner, LABEL, bold=True),
            Paragraph(lines, muted=True), Paragraph.of(said, inner)])
        self.above = self._texts.height + 8

    def draw(self, sheet: Sheet, left: float, top: float, above: float, height: float) -> None:
        """The top of the axes is `above` pixels down, the same for all planes of a row."""
        self._texts.draw(sheet, left + LEFT, top + above - self.above)
        box = Box(left + LEFT, top + above, self._room - LEFT - RIGHT, height - above - BELOW)
        diagram, theme = self._diagram, sheet.theme
        low_w, high_w, low_b, high_b = diagram.grid.extent
        axes = add_axes(sheet, diagram.label, box, Linear(low_w, high_w, 0.0, most=MAX_TICKS),
                        Linear(low_b, high_b, 0.0, most=MAX_TICKS), titles=TITLES, grid="")
        _draw_phases(axes, diagram.grid, theme)
        axes.set(xlim=(low_w, high_w), ylim=(low_b, high_b))
        free = FreeSpace(box)
        for line in diagram.depth_lines:
            axes.plot(*zip(*line.points, strict=True), gid=f"depth {line.layers}", **depth_look(line.layers, theme))
        _draw_edges(sheet, axes, diagram, free)
        lines = label_depths(sheet, axes, diagram, box, free)
        label_schemes(sheet, axes, diagram, free, self._whole)  # whose labels may cover a line, as phases may not
        for points in lines:
            free.take_line(points)
        label_phases(sheet, axes, diagram.grid, box, free)


def _draw_phases(axes: Axes, grid: PhaseGrid, theme: Theme) -> None:
    """Paint what is chaotic, and over it where the variance grows without bound; all else is ordered."""
    colours, (low_w, *_) = COLOURS[theme.name], grid.extent
    axes.set_facecolor(colours["ordered"])
    for phase, values, least in (("chaotic", grid.chi_passing, 1.0), ("diverges", grid.growth, STILL)):
        known = np.nan_to_num(np.asarray(values, np.float64), nan=-1.0, posinf=1e9)
        if (known > least).any():
            sigma_w, known = np.array([low_w, *grid.sigma_w]), np.vstack([known[:1], known])  # a grid may start above 0
            first = int(grid.sigma_w[0] <= low_w)
            axes.contourf(sigma_w[first:], grid.sigma_b, known[first:].T, levels=[least, float(known.max()) + 1],
                          colors=[colours[phase]]).set_gid(phase)


def _draw_edges(sheet: Sheet, axes: Axes, diagram: PhaseDiagram, free: FreeSpace) -> None:
    theme = sheet.theme
    for branch in diagram.edges:
        if len(branch) == 1:
            _draw_mark(sheet, axes, branch[0], "edge point", free)
        for stable, points in _parts(branch):
            line, = axes.plot(*zip(*points, strict=True), gid="edge" if stable else "unstable edge",
                              **edge_look(stable, theme))
            free.take_line(sheet.pixels(axes, *line.get_data()))
    for turn in diagram.turns:
        if diagram.grid.holds(turn.sigma_w, turn.sigma_b):
            _draw_mark(sheet, axes, turn, "turn", free)


def _draw_mark(sheet: Sheet, axes: Axes, point: Edge, name: str, free: FreeSpace) -> None:
    axes.plot([point.sigma_w], [point.sigma_b], gid=name, clip_on=False, zorder=5, **mark_look(name, sheet.theme))
    x, y = sheet.pixels(axes, point.sigma_w, point.sigma_b)[0].tolist()
    free.take(Box(x, y, 0, 0), DOT)


def _parts(branch: Sequence[Edge]) -> Iterator[tuple[bool, list[tuple[float, float]]]]:
    """(stable, points): a stretch is stable if both of its ends are."""
    stretches = [(one.stable and other.stable, one, other) for one, other in pairwise(branch)]
    for stable, same in groupby(stretches, lambda stretch: stretch[0]):
        listed = list(same)
        ends = [listed[0][1], *(other for _, _, other in listed)]
        yield stable, [(end.sigma_w, end.sigma_b) for end in ends]


def edge_look(stable: bool, theme: Theme) -> dict[str, Any]:
    return {"linewidth": 3.4, "zorder": 4, "color": theme.foreground,
            "linestyle": "solid" if stable else (0, (2.2, 1.3))}


def depth_look(layers: int, theme: Theme) -> dict[str, Any]:
    return {"linewidth": WIDTHS[layers], "zorder": 3, "color": theme.muted}


def mark_look(name: str, theme: Theme) -> dict[str, Any]:
    """The look of a diamond: filled for a whole edge in one point, hollow where an edge turns stable."""
    whole = name == "edge point"
    return {"marker": "D", "markersize": 18.0 if whole else 11.0, "markeredgewidth": 2.4, "color": theme.foreground,
            "markerfacecolor": theme.foreground if whole else theme.background}


def _apart(diagram: PhaseDiagram) -> bool:
    """Whether the dots leave each other room for labels of several lines."""
    low, high, _, _ = diagram.grid.extent
    places = sorted(spot[0].sigma_w for spot in diagram.spots)
    return len(places) <= MAX_LABELS and all(after - before >= NEAREST * (high - low)
                                             for before, after in pairwise(places))


def entries(diagrams: Sequence[PhaseDiagram], theme: Theme) -> list[Entry]:
    """What the lines, marks and colours of all planes mean: what occurs, and nothing else."""
    phases = {phase for diagram in diagrams for phase in diagram.grid.phase.ravel().tolist()}
    points = [point for diagram in diagrams for branch in diagram.edges if len(branch) > 1 for point in branch]
    found = [Entry(phase, [{"facecolor": color}]) for phase, color in COLOURS[theme.name].items() if phase in phases]
    found += [Entry(text, [edge_look(stable, theme)]) for stable, text in EDGES.items()
              if any(point.stable == stable for point in points)]
    if any(len(branch) == 1 for diagram in diagrams for branch in diagram.edges):
        found.append(Entry(f"{EDGE_WORDS} in one point", [mark_look("edge point", theme)]))
    if any(diagram.grid.holds(turn.sigma_w, turn.sigma_b) for diagram in diagrams for turn in diagram.turns):
        found.append(Entry(TURN_WORDS, [mark_look("turn", theme)]))
    for number, layers in enumerate(sorted({line.layers for diagram in diagrams for line in diagram.depth_lines})):
        text = f"{layers} layers" if number else (
            f"{TRAINABLE_SCALES:g} ξ_c = {layers} layers: inputs told apart")
        found.append(Entry(text, [depth_look(layers, theme)]))
    if any(diagram.spots for diagram in diagrams):
        found.append(Entry("initialiser", [{"marker": "o", "markersize": DOT}]))
    return found


DOT, AIR = 13.0, 8.0
NUMBER, SCHEME = 13.0, 15.0
PHASE_SIZES = 24.0, 20.0, 17.0, 14.0
SMALLER = 0.68  # size of what a phase means, against its name
MAX_LABEL = 230.0  # pixels of a line
PAD = 5.0
ADJOINING = 22.0  # pixels up to which no line is needed


def label_depths(sheet: Sheet, axes: Axes, diagram: PhaseDiagram, box: Box, free: FreeSpace) -> list[Floats]:
    """Write the layers on each line, where nothing else is near. Returns the pixels of all lines."""
    lines = [_inside(sheet.pixels(axes, *np.array(line.points).T), box) for line in diagram.depth_lines]
    for number, line in enumerate(diagram.depth_lines):
        others = FreeSpace(box)
        others.taken |= free.taken
        for points in (*lines[:number], *lines[number + 1:]):
            others.take_line(points)
        text, points = str(line.layers), lines[number]
        wide, high = width(text, NUMBER) + 8, line_height(NUMBER)
        place = others.nearest(wide, high, points)
        if place is None:
            continue
        found = Box(*place, wide, high)
        if np.nanmin(np.hypot(*(points - found.center).T)) <= AIR:
            write(sheet, axes, *found.center, text, NUMBER, align="center", boxed=True, gid="layers")
            free.take(found, AIR / 2)
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
        bold = wrapped([scheme.label for scheme in schemes], MAX_LABEL, SCHEME, bold=True, joint=", ")
        lines = [*bold, *([depth_words(schemes[0])] if whole else [])]
        wide = max(width(line, SCHEME, place < len(bold)) for place, line in enumerate(lines)) + 2 * PAD
        high = len(lines) * line_height(SCHEME) + PAD
        place = free.nearest(wide, high, np.array([[x, y]]), (-DOT, high + DOT))
        if place is None:
            continue
        box = Box(*place, wide, high)
        for number, line in enumerate(lines):
            middle = box.top + PAD / 2 + (number + 0.5) * line_height(SCHEME)
            write(sheet, axes, box.left + PAD, middle, line, SCHEME, bold=number < len(bold), boxed=True, gid="label")
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
