"""One activation's row of the figure: its name and gains, its shape, and its length map."""

from __future__ import annotations

import math
import re

from actprof.gain.fixed_marks import point_keys, strip_height
from actprof.gain.map_plane import draw_map, map_plane
from actprof.gain.result import ActivationGains, LengthMap
from actprof.gain.shape_plane import draw_shape, shape_plane
from actprof.gain.words import edge_words, reaches, significant, torch_words
from actprof.report.canvas import Canvas
from actprof.report.headings import LABEL, MARGIN, Paragraph, arm_color
from actprof.report.lettering import line_height, wrapped

TEXTS = 540.0  # width of the column of texts
LEFT, BETWEEN, RIGHT = MARGIN + TEXTS + 76.0, 126.0, 36.0
SHAPE = 0.35  # of the room for both planes
KEY, SMALL = 14.0, 13.0
BELOW = 2 * line_height(KEY) + 22  # ticks and title of an axis
LOWEST = 190.0  # of a plane
OFF = 8.0  # a key above its plane
GAP = 18.0
INDENT = 40.0


class Row:
    """`least` is the height it needs."""

    def __init__(self, each: ActivationGains, number: int, room: float) -> None:
        self._each, self._number = each, number
        inner = TEXTS - INDENT
        self._label = Paragraph(wrapped([each.label], inner, LABEL, bold=True), LABEL, bold=True)
        lines = [line for detail in _details(each) for line in wrapped(_pieces(detail), inner, SMALL, joint=" ")]
        self._details = Paragraph(lines, SMALL)
        planes = room - LEFT - BETWEEN - RIGHT
        self._widths = SHAPE * planes, (1 - SHAPE) * planes
        keys = _shape_key(each), _map_key(each)
        self._keys = [Paragraph([line for words in key for line in wrapped(words, wide, KEY)], KEY)
                      for key, wide in zip(keys, self._widths, strict=True)]
        self._above = max(key.height for key in self._keys) + OFF + strip_height(each.length_map)
        self.least = max(self._label.height + self._details.height, self._above + LOWEST + BELOW) + GAP

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        self._draw_texts(canvas, top)
        lefts = LEFT, LEFT + self._widths[0] + BETWEEN
        for key, left, strip in zip(self._keys, lefts, (0.0, strip_height(self._each.length_map)), strict=True):
            key.draw(canvas, left, top + self._above - strip - OFF - key.height)
        self._draw_planes(canvas, lefts, top + self._above, height - self._above - BELOW - GAP)

    def _draw_texts(self, canvas: Canvas, top: float) -> None:
        middle = top + line_height(LABEL) / 2
        canvas.line([MARGIN, MARGIN + 28], [middle, middle], linewidth=3, color=arm_color(canvas, self._number))
        self._label.draw(canvas, MARGIN + INDENT, top)
        self._details.draw(canvas, MARGIN + INDENT, top + self._label.height, canvas.theme.muted)

    def _draw_planes(self, canvas: Canvas, lefts: tuple[float, float], top: float, height: float) -> None:
        each, color, middle = self._each, arm_color(canvas, self._number), top + height / 2
        if each.shape is None:
            _say(canvas, lefts[0] + self._widths[0] / 2, middle, "of several z: no curve against one")
        else:
            plane = shape_plane(each.shape, lefts[0], top, self._widths[0], height)
            draw_shape(canvas, plane, each.shape, color)
            _draw_x_title(canvas, plane.left + plane.width / 2, plane.bottom, "z")
        if each.length_map is None:
            _say(canvas, lefts[1] + self._widths[1] / 2, middle, _why_no_map(each))
        else:
            plane = map_plane(each.length_map, lefts[1], top, self._widths[1], height)
            draw_map(canvas, plane, each.length_map, color)
            _draw_x_title(canvas, plane.left + plane.width / 2, plane.bottom, "variance q of a layer's z")
            canvas.text(lefts[1] - 90, middle, "next layer's variance", KEY, upright=True)


def _say(canvas: Canvas, x: float, y: float, text: str) -> None:
    canvas.text(x, y, text, KEY, align="center", color=canvas.theme.muted)


def _draw_x_title(canvas: Canvas, x: float, bottom: float, title: str) -> None:
    canvas.text(x, bottom + 10 + 1.5 * line_height(KEY), title, KEY, align="center")


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


def _shape_key(each: ActivationGains) -> list[list[str]]:
    return [] if each.shape is None else [["solid: φ(z)", "dashed: φ'(z)"]]


def _map_key(each: ActivationGains) -> list[list[str]]:
    """Where the map is drawn and what becomes of the start; below, the fixed points."""
    drawn = each.length_map
    if drawn is None:
        return []
    found = drawn.fixed_points
    return [[f"{_place(each, drawn)}σ_w = {significant(found.sigma_w, 5)}, σ_b = {significant(found.sigma_b, 5)}",
             f"▲ q₀ = {significant(drawn.course[0], 4)} {reaches(found, 4)}"], point_keys(drawn)]


def _why_no_map(each: ActivationGains) -> str:
    """Without a forward course there is no gain to draw it at; else the edge was asked for, in vain."""
    forward = any(course.name == "forward" for course in each.courses)
    return f"no {'edge of chaos at this σ_b' if forward else 'gain'}, no length map"


def _place(each: ActivationGains, drawn: LengthMap) -> str:
    """What chose the map's σ_w, if not the user."""
    if each.fixed_points is None:
        return "forward gain: "
    at = drawn.fixed_points
    edge = each.edge is not None and (each.edge.sigma_w, each.edge.sigma_b) == (at.sigma_w, at.sigma_b)
    return "edge: " * edge
