"""The schemes as dots, each with its label where there is room, joined by a line to one that is further away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from actprof.report.canvas import Canvas, Point
from actprof.report.clipping import Box
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.plane import Plane
from actprof.report.room import FreeSpace
from actprof.sweep.phases.result import PhaseDiagram, Scheme
from actprof.sweep.phases.table import statement

DOT, CLEAR = 13.0, 8.0
SIZES = 15.0, 14.0, 13.0
NAMES, STATEMENTS = 230.0, 390.0  # pixels, at most
PAD = 5.0
TRIED = 500  # places of a label
ADJOINING = 22.0  # pixels up to which no line is needed
FURTHEST = 420.0

ASIDE, LEFTWARDS, COVERING = 2.5, 2.0, 70.0
"""Pixels of distance that these are worth: a slanted line for each pixel, a label to the left, one over a line."""


class Label:
    """A box with the names of the schemes at a point and, if asked, what becomes of a network there."""

    def __init__(self, spot: Sequence[Scheme], size: float, whole: bool) -> None:
        self.size = size
        self.names = wrapped([scheme.label for scheme in spot], NAMES, size, bold=True, joint=", ")
        said = wrapped(statement(spot[0]).split(", "), STATEMENTS, size, joint=", ") if whole else []
        self.lines = [*self.names, *said]
        self.wide = max(width(line, size, place < len(self.names)) for place, line in enumerate(self.lines)) + 2 * PAD
        self.high = len(self.lines) * line_height(size) + PAD

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        canvas.rectangle(left, top, self.wide, self.high, facecolor=canvas.theme.background, alpha=0.9, zorder=8,
                         gid="label")
        for place, line in enumerate(self.lines):
            middle = top + PAD / 2 + (place + 0.5) * line_height(self.size)
            canvas.text(left + PAD, middle, line, self.size, bold=place < len(self.names))


def draw_spots(canvas: Canvas, plane: Plane, diagram: PhaseDiagram, room: FreeSpace, whole: bool) -> None:
    """All dots, and the labels for which there is room: `whole` ones, or names alone."""
    places = [(float(plane.x(spot[0].sigma_w)), float(plane.y(spot[0].sigma_b))) for spot in diagram.spots]
    for x, y in places:
        canvas.line([x], [y], marker="o", markersize=DOT, zorder=7, color=canvas.theme.foreground,
                    markeredgecolor=canvas.theme.background, markeredgewidth=2.0, gid="spot")
        room.take((x - DOT, y - DOT, x + DOT, y + DOT))
    spots, places = (diagram.spots, places) if whole else _together(diagram.spots, places)
    for label, place, box in zip(*arranged(spots, places, room, whole), strict=True):
        if box is not None:
            label.draw(canvas, *box[:2])
            start, end = _leader(place, box)
            if start != end:
                canvas.segments([[start, end]], colors=canvas.theme.foreground, linewidths=1.3, zorder=6)
            _take(room, place, box)


def _together(spots: Sequence[Sequence[Scheme]],
              places: Sequence[Point]) -> tuple[list[list[Scheme]], list[Point]]:
    """Dots that overlap under one label, at the last of them."""
    joined: list[list[Scheme]] = []
    at: list[Point] = []
    for number in sorted(range(len(places)), key=lambda number: places[number]):
        place = places[number]
        if at and max(abs(place[0] - at[-1][0]), abs(place[1] - at[-1][1])) < DOT:
            joined[-1] += spots[number]
            at[-1] = place
        else:
            joined.append(list(spots[number]))
            at.append(place)
    return joined, at


def arranged(spots: Sequence[Sequence[Scheme]], places: Sequence[Point], room: FreeSpace,
             whole: bool) -> tuple[list[Label], Sequence[Point], list[Box | None]]:
    """(labels, dots, boxes) in the largest size and the first order in which all find a place, or the most do."""
    best: tuple[list[Label], list[Box | None]] = [], []
    for size in SIZES:
        labels = [Label(spot, size, whole) for spot in spots]
        for order in _orders(places):
            found = _placed(labels, places, room, order)
            if not best[0] or found.count(None) < best[1].count(None):
                best = labels, found
            if None not in found:
                return best[0], places, best[1]
    return best[0], places, best[1]


def _orders(places: Sequence[Point]) -> list[list[int]]:
    """From the right, since labels lie to the right of their dots; from the left; the highest first."""
    numbers = range(len(places))
    return [sorted(numbers, key=lambda number: -places[number][0]), sorted(numbers, key=lambda number: places[number]),
            sorted(numbers, key=lambda number: (places[number][1], -places[number][0]))]


def _placed(labels: Sequence[Label], places: Sequence[Point], room: FreeSpace,
            order: Sequence[int]) -> list[Box | None]:
    """A box for each label, as near its dot as what is there already allows; None for want of room."""
    trial, solid = room.copy(), room.copy()
    solid.taken[:] = False
    for x, y in places:
        solid.take((x - DOT / 2, y - DOT / 2, x + DOT / 2, y + DOT / 2))
    found: list[Box | None] = [None] * len(labels)
    for number in order:
        box = _nearest(labels[number], places[number], trial, solid)
        if box is not None:
            _take(trial, places[number], box)
            _take(solid, places[number], box, 0.0)
        found[number] = box
    return found


def _take(room: FreeSpace, place: Point, box: Box, air: float = CLEAR) -> None:
    """The box with some air around it, and the line to it."""
    room.take((box[0] - air, box[1] - air, box[2] + air, box[3] + air))
    start, end = _leader(place, box)
    if start != end:
        room.take_line(np.array([start[0], end[0]]), np.array([start[1], end[1]]))


def _nearest(label: Label, place: Point, trial: FreeSpace, solid: FreeSpace) -> Box | None:
    """The nearest free place to which a straight line runs free of other labels and dots."""
    left, top, covers = trial.places(label.wide, label.high)
    across = np.maximum(np.maximum(left + PAD - place[0], place[0] - left - label.wide + PAD), 0)
    up = np.maximum(np.maximum(top - place[1], place[1] - top - label.high), 0)
    distance = (up + ASIDE * across + LEFTWARDS * np.maximum(place[0] - left - DOT, 0) + COVERING * covers)
    order = np.argsort(distance, kind="stable")
    for each in order[np.unique(np.geomspace(1, len(order) + 1, TRIED).astype(int) - 1)[:-1]].tolist():
        box = float(left[each]), float(top[each]), float(left[each] + label.wide), float(top[each] + label.high)
        start, end = _leader(place, box)
        if np.hypot(across[each], up[each]) <= FURTHEST and (start == end or not solid.crosses(_away(place, end), end)):
            return box
    return None


def _away(place: Point, end: Point) -> Point:
    """Where a line leaves the dot that it comes from."""
    length = float(np.hypot(end[0] - place[0], end[1] - place[1])) or 1.0
    part = min(1.3 * DOT / length, 1.0)
    return place[0] + part * (end[0] - place[0]), place[1] + part * (end[1] - place[1])


def _leader(place: Point, box: Box) -> tuple[Point, Point]:
    """From the dot to the nearest point of its label; the same point twice where they adjoin."""
    end = min(max(place[0], box[0] + PAD), box[2] - PAD), min(max(place[1], box[1]), box[3])
    if np.hypot(end[0] - place[0], end[1] - place[1]) <= ADJOINING:
        return place, place
    return place, end
