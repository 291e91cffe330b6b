"""One activation's row of the figure: its name and gains, its shape, and its length map."""

from __future__ import annotations

import math
import re

from actprof.gain.planes import KEY, SIGNS, TICK, draw_map, draw_shape, seen
from actprof.gain.result import ActivationGains, LengthMap
from actprof.gain.words import edge_words, reaches, significant, torch_words
from actprof.report.axes import Box
from actprof.report.lettering import line_height, wrapped
from actprof.report.sheet import INDENT, LABEL, MARGIN, WIDTH, Entry, Marked, Paragraph, Sheet, Stack

TEXTS = 556.0  # width of the column of texts
LEFT, BETWEEN, RIGHT = MARGIN + TEXTS + 70.0, 116.0, 36.0
SHAPE = 0.35  # of the room for both planes
SMALL = 13.0
BELOW = line_height(TICK) + line_height(KEY) + 22  # ticks and title of an axis
MIN_HEIGHT = 150.0  # pixels of a plane
OFF = 8.0  # a key above its plane
GAP = 18.0
DIGITS = range(5, 18)


class Row:
    """One activation's texts, shape and length map beside each other; `least` is the height they need."""

    def __init__(self, each: ActivationGains, color: str) -> None:
        self._each, self._color = each, color
        inner = TEXTS - INDENT
        lines = [line for detail in _details(each) for line in wrapped(_pieces(detail), inner, SMALL, joint=" ")]
        self._texts = Marked(Entry("", [{"linewidth": 3, "color": color}]), Stack([
            Paragraph.of([each.label], inner, LABEL, bold=True), Paragraph(lines, SMALL, muted=True)]))
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
            _say(sheet, shape, "of several z: no curve against one")
        else:
            draw_shape(sheet, f"{each.label} shape", shape, each.shape, self._color)
        if each.length_map is None:
            _say(sheet, right, _why_no_map(each))
        else:
            axes = draw_map(sheet, f"{each.label} map", right, each.length_map, self._color)
            axes.set_xlabel("variance q of a layer's z", fontsize=KEY)
            axes.set_ylabel("next layer's q", fontsize=KEY)


def _say(sheet: Sheet, box: Box, text: str) -> None:
    sheet.text(*box.center, text, KEY, align="center", color=sheet.theme.muted)


def _details(each: ActivationGains) -> list[str]:
    """Formula, gains and stability, the edge of chaos, and PyTorch's gain."""
    gains = each.gains
    forward = f"forward gain {_shown(gains.gain_forward)}"
    if not math.isnan(gains.length_slope):
        forward += (f", χ = {_shown(gains.chi_at_gain_forward, 5)}, slope {_shown(gains.length_slope, 5)}: "
                    f"the variance 1 is {gains.stability}")
    backward = f"backward gain {_shown(gains.gain_backward)}, std gain {_shown(gains.gain_std)}"
    return [f"φ(z) = {each.formula}", forward, backward, *map(str.strip, edge_words(each)), torch_words(each)]


def _pieces(line: str) -> list[str]:
    """What stays whole where a line is too long; each keeps its comma or colon."""
    return re.split("(?<=[,:]) ", line)


def _shown(value: float | None, digits: int = 6) -> str:
    return "n/a" if value is None or math.isnan(value) else significant(value, digits)


def _map_key(each: ActivationGains) -> list[list[str]]:
    """Where the map is drawn and what becomes of the start; below, the fixed points."""
    drawn = each.length_map
    if drawn is None:
        return []
    found = drawn.fixed_points
    return [[f"{_place(each, drawn)}σ_w = {significant(found.sigma_w, 5)}, σ_b = {significant(found.sigma_b, 5)}",
             f"▲ q₀ = {significant(drawn.course[0], 4)} {reaches(found, 4)}"], point_keys(drawn)]


def point_keys(drawn: LengthMap) -> list[str]:
    """`● q* = 0.15189 stable` for each fixed point, from left to right, with as many digits as tells them apart."""
    points, on_map = drawn.fixed_points.points, seen(drawn)
    told = ([significant(point.q_star, digits) for point in points] for digits in DIGITS)
    names = next((names for names in told if len(set(names)) == len(names)), [""] * len(points))
    return [f"{SIGNS[point.stability]} q* = {name} {point.stability}{'' if point in on_map else ' (off the map)'}"
            for point, name in zip(points, names, strict=True)]


def _why_no_map(each: ActivationGains) -> str:
    """The reason: without a forward course there is no gain to draw it at; else the edge was asked for, in vain."""
    forward = any(course.name == "forward" for course in each.courses)
    return f"no {'edge of chaos at this σ_b' if forward else 'gain'}, no length map"


def _place(each: ActivationGains, drawn: LengthMap) -> str:
    """What chose the map's σ_w, if not the user."""
    if each.fixed_points is None:
        return "forward gain: "
    at = drawn.fixed_points
    edge = each.edge is not None and (each.edge.sigma_w, each.edge.sigma_b) == (at.sigma_w, at.sigma_b)
    return "edge: " * edge
