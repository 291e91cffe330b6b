"""A verdict's word on the cells that have it, so that no colour needs to be looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from actprof.distributions import Floats
from actprof.render.canvas import Canvas
from actprof.render.lettering import line_height, width
from actprof.render.plane import Plane
from actprof.render.sweeps.sides import Side
from actprof.render.sweeps.verdict_colours import words
from actprof.verdicts import CODES

SIZES = (17.0, 14.0, 12.0)
PAD = 8.0
STOUT = 4.0  # how much more a region's height counts than its width: words are wide
PARTS = (0.5, 0.3, 0.7)  # of a run, where its word may stand


@dataclass(frozen=True)
class Run:
    """Equal neighbours in a row, in pixels; `reach` is how far cells above and below are the same."""

    code: int
    left: float
    right: float
    middle: float
    reach: float


@dataclass(frozen=True)
class Box:
    """A word's frame."""

    left: float
    top: float
    right: float
    bottom: float
    upright: bool
    size: float

    def meets(self, other: Box) -> bool:
        return (self.left < other.right and other.left < self.right and self.top < other.bottom
                and other.top < self.bottom)

    def holds(self, points: Floats) -> bool:
        """Whether any of the points (n, 2)."""
        x, y = points.T
        return bool(((self.left < x) & (x < self.right) & (self.top < y) & (y < self.bottom)).any())


def draw_regions(canvas: Canvas, plane: Plane, across: Side, upwards: Side, codes: NDArray[np.int_],
                 lines: Floats) -> None:
    """In a single row a word on each run of equal cells, else one for each verdict where most of it is.

    `codes` (cells across, cells upwards) are numbers in CODES; `lines` are points (n, 2) to be left free if possible.
    """
    single = codes.shape[1] == 1
    runs = sorted(_runs(plane, across, upwards, codes), key=lambda run: -min(run.right - run.left, STOUT * run.reach))
    taken: dict[object, Box] = {}
    for avoided in (lines, np.empty((0, 2))):
        for run in runs:
            key = run if single else run.code
            boxes = [] if key in taken else [box for size in SIZES for box in _boxes(run, plane, single, size)]
            free = [box for box in boxes if not any(map(box.meets, taken.values())) and not box.holds(avoided)]
            if free:
                taken[key] = free[0]
                canvas.text((free[0].left + free[0].right) / 2, (free[0].top + free[0].bottom) / 2,
                            words((*CODES, "")[run.code]), free[0].size, align="center", upright=free[0].upright,
                            boxed=True)


def _boxes(run: Run, plane: Plane, single: bool, size: float) -> list[Box]:
    """Where the word has room: along the run, or upright where that is too narrow."""
    wide, tall = width(words((*CODES, "")[run.code]), size) + PAD, line_height(size)
    upright = single and wide > run.right - run.left
    x_half, y_half = (tall / 2, wide / 2) if upright else (wide / 2, tall / 2)
    middles = [run.left + part * (run.right - run.left) for part in PARTS]
    return [Box(x - x_half, run.middle - y_half, x + x_half, run.middle + y_half, upright, size) for x in middles
            if run.left <= x - x_half and x + x_half <= run.right
            and plane.top <= run.middle - y_half and run.middle + y_half <= plane.bottom]


def _runs(plane: Plane, across: Side, upwards: Side, codes: NDArray[np.int_]) -> Iterator[Run]:
    x, y = plane.left + across.edges * plane.width, plane.bottom - upwards.edges * plane.height
    below = _same_below(codes)
    above = _same_below(codes[:, ::-1])[:, ::-1]
    for row in range(codes.shape[1]):
        turns = np.flatnonzero(np.diff(codes[:, row], prepend=-1, append=-1)).tolist()
        for first, last in pairwise(turns):
            at, middle = (first + last - 1) // 2, float(y[row] + y[row + 1]) / 2
            reach = min(y[row - below[at, row]] - middle, middle - y[row + 1 + above[at, row]])
            yield Run(int(codes[first, row]), float(x[first]), float(x[last]), middle, float(reach))


def _same_below(codes: NDArray[np.int_]) -> NDArray[np.int_]:
    """How many cells in a row below each have the same code."""
    count = np.zeros_like(codes)
    for row in range(1, codes.shape[1]):
        count[:, row] = np.where(codes[:, row] == codes[:, row - 1], count[:, row - 1] + 1, 0)
    return count
