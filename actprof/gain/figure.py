"""The figure of `actprof gain`: for each activation φ and φ' against z, and the length map with its fixed points."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from actprof.arrays import Floats
from actprof.digits import typed
from actprof.gain.result import MAX_ROWS, ActivationGains, GainTable, LengthMap, Shape
from actprof.gain.words import edge_words, exact, reaches, shown, torch_words
from actprof.report.axes import Box, FreeSpace, add_axes, write
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.settings import provenance
from actprof.report.sheet import HEIGHT, INDENT, MARGIN, WIDTH, Entry, Formula, Header, Marked, Paragraph, Sheet, Stack
from actprof.report.style import Theme
from actprof.report.ticks import Linear, Log, Scale

TITLE = "Gains of activations"
FOOT = 12.0

NAME, KEY, TICK, SMALL = 16.0, 14.0, 14.0, 13.0
TEXTS, SHAPE = 556.0, 0.35  # width of the column of texts; of the room for both planes
LEFT, BETWEEN, RIGHT = MARGIN + TEXTS + 70.0, 116.0, 36.0
BELOW = line_height(TICK) + line_height(KEY) + 22  # ticks and title of an axis
MIN_HEIGHT, OFF, GAP = 150.0, 8.0, 18.0  # pixels of a plane; of a key above it; below it

MAX_COLUMNS, APART, SMALL_TICK, SMALL_NAME = 8, 26.0, 12.0, 15.0
BESIDE, UNDER_SMALL, MIN_SMALL = 46.0, 34.0, 90.0  # pixels of a small map's ticks, and of a small plane
UNDER_BARE = 16.0  # below a small plane without ticks


def draw_figure(figure: Figure, theme: Theme, result: GainTable) -> dict[str, str]:
    """Draw a row for each activation, or a gallery; the sheet is 1080 pixels high, or as high as it must be."""
    (_draw_rows if len(result.activations) <= MAX_ROWS else _draw_gallery)(figure, theme, result)
    return provenance(TITLE, None, dict(result.config))


def _draw_rows(figure: Figure, theme: Theme, result: GainTable) -> None:
    header = Header(theme.title or TITLE, words(result))
    rows = [Row(each, theme.arm(number)) for number, each in enumerate(result.activations)]
    least = header.height + sum(row.least for row in rows) + FOOT
    sheet = Sheet(figure, theme, least)
    spare = (sheet.height - least) / len(rows)
    header.draw(sheet)
    top = header.height
    for row in rows:
        row.draw(sheet, top, row.least + spare)
        top += row.least + spare


def _draw_gallery(figure: Figure, theme: Theme, result: GainTable) -> None:
    """Draw small planes: the map where σ_w or σ_b was asked for, else φ and φ', all over the same axes."""
    maps = result.config["sigma_w"] is not None or result.config["sigma_b"] is not None
    shown = "next layer's variance against this one's" if maps else "φ in colour and φ' in grey, z from −4 to 4"
    header = Header(theme.title or TITLE, [*words(result, maps), f"each plane: {shown}"])
    columns = min(MAX_COLUMNS, math.ceil(math.sqrt(len(result.activations) * WIDTH / HEIGHT)))
    wide = (WIDTH - 2 * MARGIN + APART) / columns
    texts = [Stack([Paragraph.of([each.label], wide - APART, SMALL_NAME, bold=True),
                    Paragraph(_summary(each), KEY, muted=True)]) for each in result.activations]
    above = max(text.height for text in texts)
    rows, below = math.ceil(len(texts) / columns), UNDER_SMALL if maps else UNDER_BARE
    tall = max((HEIGHT - header.height - FOOT) / rows, above + MIN_SMALL + below)
    sheet = Sheet(figure, theme, header.height + rows * tall + FOOT)
    header.draw(sheet)
    for number, (each, text) in enumerate(zip(result.activations, texts, strict=True)):
        left, top = MARGIN + number % columns * wide, header.height + number // columns * tall
        text.draw(sheet, left, top + above - text.height)
        inset = BESIDE if maps else 0.0
        box = Box(left + inset, top + above + 4, wide - APART - inset, tall - above - below)
        if maps and each.length_map is not None:
            draw_map(sheet, f"{each.label} map", box, each.length_map, theme.arm(0), SMALL_TICK)
        elif not maps and each.shape is not None:
            draw_shape(sheet, f"{each.label} shape", box, each.shape, theme.arm(0), small=True)
        else:
            say(sheet, box, "no map" if maps else "of several z")


def _summary(each: ActivationGains) -> list[str]:
    """Two lines: `forward 1.592`, `χ 1.178 · stable`."""
    gains = each.gains
    if gains.gain_forward is None:
        return ["no forward gain"]
    said = filter(None, (f"χ {shown(gains.chi_at_gain_forward, 4)}", gains.stability))
    return [f"forward {shown(gains.gain_forward, 4)}", " · ".join(said)]


def words(result: GainTable, maps: bool = True) -> list[str]:
    """What holds for every activation, for the subtitle; where a map is drawn its row says."""
    asked = {name: result.config[key] for name, key in (("σ_w", "sigma_w"), ("σ_b", "sigma_b"))}
    given = ", ".join(f"{name} {typed(value)}" for name, value in asked.items() if value is not None)
    q0 = result.config["q0"]
    start = "σ_w² + σ_b²" if q0 is None else typed(q0)
    return ["gains for z ~ N(0, 1)", *([f"asked for {given}"] if given else []),
            *([f"length maps from q₀ = {start}"] if maps else [])]


MAX_TICKS = 5
AIR, AWAY = 5.0, 14.0  # pixels around the label of a line, and of a marker
MAX_VALUE = 4.0  # values of φ and φ' that are drawn, either side

SMALL_RANGE = -2.0, 4.0

SIGNS = {"unstable": "○", "neutral": "◐", "stable": "●"}
# Stability → its marker's points. Neighbours on the diagonal differ in it: a stable one is seen in the ring of an
# unstable one.
MARKER_SIZES = {"unstable": 14.0, "neutral": 10.5, "stable": 8.0}


def draw_shape(sheet: Sheet, name: str, box: Box, shape: Shape, color: str, *, small: bool = False) -> None:
    """Draw φ as a line with its name and φ' as a thin grey one; `small` planes have common axes without numbers."""
    derivative = np.array(shape.derivative) / shape.steepness
    both = np.array([shape.value, derivative])
    seen = np.clip(both[np.isfinite(both)], -MAX_VALUE, MAX_VALUE)
    y = (Linear(*SMALL_RANGE, 0.0) if small else
         Linear(min(float(seen.min()), 0.0), max(float(seen.max()), 1.0), most=MAX_TICKS))
    axes = add_axes(sheet, name, box, Linear(shape.z[0], shape.z[-1], 0.0 if small else 0.03, most=MAX_TICKS), y,
                    tick=TICK)
    lines = []
    for values, gid, paint, thick in ((derivative, "derivative", sheet.theme.muted, 1.4),
                                      (shape.value, "value", color, 2.6)):
        with np.errstate(invalid="ignore"):
            drawn = np.where(np.abs(values) <= MAX_VALUE * (1 + 1e-9), values, np.nan)
        line, = axes.plot(shape.z, drawn, gid=gid, zorder=3, color=paint, linewidth=thick)
        lines.append(sheet.pixels(axes, *line.get_data()))
    if small:
        axes.set(xticks=[0.0], yticks=[0.0])
        axes.tick_params(labelleft=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        return
    axes.set_xlabel("z", fontsize=KEY)
    slope = "φ'(z)" if shape.steepness == 1 else f"φ'(z)/{typed(shape.steepness)}"
    _label_lines(sheet, axes, box, lines, (slope, "φ(z)"), (sheet.theme.muted, color))


def draw_map(sheet: Sheet, name: str, box: Box, drawn: LengthMap, color: str, tick: float = TICK) -> Axes:
    """Draw the curve, the diagonal, the course of the first layers and the fixed points.

    Both axes go over the same variances, so that the diagonal goes from corner to corner.
    """
    scale: Scale = Log.over(drawn.q) if drawn.logarithmic else Linear(drawn.q[0], drawn.q[-1], most=MAX_TICKS)
    axes = add_axes(sheet, name, box, scale, scale, tick=tick)
    ends = [drawn.q[0], drawn.q[-1]]
    image = np.asarray(drawn.image)
    inside = np.where((image >= ends[0]) & (image <= ends[1]), image, np.nan)
    diagonal, = axes.plot(scale.of(ends), scale.of(ends), color=sheet.theme.muted, linewidth=1.3, zorder=2.5,
                          gid="diagonal")
    curve, = axes.plot(scale.of(drawn.q), scale.of(inside), color=color, linewidth=2.6, zorder=3, gid="map")
    course = _draw_course(axes, drawn, scale, sheet.theme.foreground)
    for point in seen(drawn):
        place = scale.of([point.q_star])
        axes.plot(place, place, gid=point.stability, clip_on=False,
                  **_mark(point.stability, color, sheet.theme.background))
    if tick == TICK:
        lines = [sheet.pixels(axes, *line.get_data()) for line in (diagonal, curve, course)]
        lines += [np.add(sheet.pixels(axes, *line.get_data()), [(-AWAY, 0), (AWAY, 0)]) for line in axes.lines
                  if line.get_gid() in SIGNS]
        _label_lines(sheet, axes, box, lines, ("variance kept", "next layer"), (sheet.theme.muted, color))
    return axes


def _draw_course(axes: Axes, drawn: LengthMap, scale: Scale, color: str) -> Any:
    """The line goes upright to the curve, across to the diagonal, and again, as far as the axes reach."""
    corners = [(drawn.course[0], drawn.q[0])]
    for q, following in zip(drawn.course, drawn.course[1:], strict=False):
        corners += [(q, following), (following, following)]
    x, y = (scale.of(np.clip(side, drawn.q[0], drawn.q[-1])) for side in zip(*corners, strict=True))
    line, = axes.plot(x, y, color=color, linewidth=1.1, zorder=4, alpha=0.8, gid="course")
    # Above the markers: where both lie in the corner, a fixed point's is the larger.
    axes.plot(x[:1], y[:1], "^", color=color, markersize=6, zorder=7, gid="start", clip_on=False)
    return line


def _mark(stability: str, color: str, background: str) -> dict[str, Any]:
    """The look of a fixed point: stable ones are filled, unstable ones hollow and neutral ones half."""
    return {"marker": "o", "markersize": MARKER_SIZES[stability], "markeredgecolor": color, "markeredgewidth": 2.2,
            "markerfacecolor": background if stability == "unstable" else color, "markerfacecoloralt": background,
            "fillstyle": "left" if stability == "neutral" else "full", "zorder": 7 - MARKER_SIZES[stability] / 20}


def seen(drawn: LengthMap) -> list[Any]:
    """The fixed points between the ends of the axes: 0 is on no logarithmic one."""
    return [point for point in drawn.fixed_points.points if drawn.q[0] <= point.q_star <= drawn.q[-1]]


def _label_lines(sheet: Sheet, axes: Axes, box: Box, lines: Sequence[Floats], texts: Sequence[str],
                 colours: Sequence[str]) -> None:
    """Write the name of each of the first lines beside it, clear of all of them, where there is room."""
    free = FreeSpace(box)
    for line in lines:
        free.take_line(line)
    for number, (line, text, color) in enumerate(zip(lines, texts, colours, strict=False)):
        wide, high = width(text, KEY) + 2 * AIR, line_height(KEY) + 2 * AIR
        points = _apart(line, np.concatenate([*lines[:number], *lines[number + 1:]]))
        beside = np.array([(0, -1), (0, 1), (-1, 0), (1, 0)]) * (wide / 2 + AIR, high / 2 + AIR)
        place = free.nearest(wide, high, (points + beside[:, None]).reshape(-1, 2))
        if place is not None:
            write(sheet, axes, place[0] + wide / 2, place[1] + high / 2, text, KEY, align="center", color=color)
            free.take(Box(*place, wide, high))


def _apart(line: Floats, others: Floats) -> Floats:
    """The half of a line that is farthest from the others, without its ends."""
    parts = np.linspace(0.1, 0.9, 41) * (len(line) - 1)
    points = np.column_stack([np.interp(parts, np.arange(len(line)), line[:, side]) for side in (0, 1)])
    points, others = (each[np.isfinite(each).all(axis=1)] for each in (points, others))
    away = np.hypot(*(points[:, None] - others).T).min(axis=0, initial=1e4)
    far: Floats = points[away >= np.median(away)] if len(points) else points
    return far


class Row:
    """One activation's texts, shape and length map beside each other; `least` is the height they need."""

    def __init__(self, each: ActivationGains, color: str) -> None:
        self._each, self._color = each, color
        inner = TEXTS - INDENT
        # What is between commas and colons stays whole where a line is too long.
        lines = [line for detail in _details(each)
                 for line in wrapped(re.split("(?<=[,:]) ", detail), inner, SMALL, joint=" ")]
        self._texts = Marked(Entry("", [{"linewidth": 3, "color": color}]), Stack([
            Paragraph.of([each.label], inner, NAME, bold=True),
            Formula(each.tex and rf"$\varphi(z) =$ {each.tex}", f"φ(z) = {each.formula}", inner, KEY),
            Paragraph(lines, SMALL, muted=True)], 3.0))
        planes = WIDTH - LEFT - BETWEEN - RIGHT
        self._widths = SHAPE * planes, (1 - SHAPE) * planes
        self._key = Paragraph([line for words in _map_key(each) for line in wrapped(words, self._widths[1], KEY)], KEY)
        self._above = self._key.height + OFF
        self.least = max(self._texts.height, self._above + MIN_HEIGHT + BELOW) + GAP

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        self._texts.draw(sheet, MARGIN, top)
        each, high = self._each, height - self._above - BELOW - GAP
        shape, right = (Box(left, top + self._above, wide, high) for left, wide in zip(
            (LEFT, LEFT + self._widths[0] + BETWEEN), self._widths, strict=True))
        self._key.draw(sheet, right.left, top)
        if each.shape is None:
            say(sheet, shape, "of several z: no curve against one")
        else:
            draw_shape(sheet, f"{each.label} shape", shape, each.shape, self._color)
        if each.length_map is None:
            # Without a forward course there is no gain to draw it at; else the edge was asked for, in vain.
            forward = any(course.name == "forward" for course in each.courses)
            say(sheet, right, f"no {'edge of chaos at this σ_b' if forward else 'gain'}, no length map")
        else:
            axes = draw_map(sheet, f"{each.label} map", right, each.length_map, self._color)
            axes.set_xlabel("variance q of a layer's z", fontsize=KEY)
            axes.set_ylabel("next layer's q", fontsize=KEY)


def say(sheet: Sheet, box: Box, text: str) -> None:
    """A few words in place of a plane."""
    sheet.text(*box.center, text, KEY, align="center", color=sheet.theme.muted)


def _details(each: ActivationGains) -> list[str]:
    gains = each.gains
    forward = f"forward gain {_gain(gains.gain_forward)}"
    if not math.isnan(gains.length_slope):
        forward += (f", χ = {shown(gains.chi_at_gain_forward, missing='n/a')}, slope {shown(gains.length_slope)}: "
                    f"the variance 1 is {gains.stability}")
    backward = f"backward gain {_gain(gains.gain_backward)}, std gain {_gain(gains.gain_std)}"
    return [forward, backward, *map(str.strip, edge_words(each)), torch_words(each)]


def _gain(value: float | None) -> str:
    return "n/a" if value is None else exact(value)


def _map_key(each: ActivationGains) -> list[list[str]]:
    """Words on where the map is drawn and what becomes of the start; below, the fixed points."""
    drawn = each.length_map
    if drawn is None:
        return []
    found = drawn.fixed_points
    return [[f"{_place(each, drawn)}σ_w = {exact(found.sigma_w)}, σ_b = {exact(found.sigma_b)}",
             f"▲ q₀ = {shown(drawn.course[0])} {reaches(found)}"], point_keys(drawn)]


def point_keys(drawn: LengthMap) -> list[str]:
    """`● q* = 0.15189 stable` for each fixed point, from left to right, with as many digits as tells them apart."""
    points, on_map = drawn.fixed_points.points, seen(drawn)
    told = ([shown(point.q_star, digits) for point in points] for digits in range(5, 18))
    names = next((names for names in told if len(set(names)) == len(names)), [""] * len(points))
    return [f"{SIGNS[point.stability]} q* = {name} {point.stability}{'' if point in on_map else ' (off the map)'}"
            for point, name in zip(points, names, strict=True)]


def _place(each: ActivationGains, drawn: LengthMap) -> str:
    """What chose the map's σ_w, if not the user."""
    if each.fixed_points is None:
        return "forward gain: "
    at = drawn.fixed_points
    edge = each.edge is not None and (each.edge.sigma_w, each.edge.sigma_b) == (at.sigma_w, at.sigma_b)
    return "edge: " * edge
