"""The names of the phases, each in the middle of the largest free part of its region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actprof.report.canvas import Canvas
from actprof.report.lettering import line_height, width
from actprof.report.room import FreeSpace
from actprof.sweep.phases.regions import REGIONS
from actprof.sweep.phases.table import MEANINGS, NAMES

SIZES = 24.0, 20.0, 17.0, 14.0
SMALLER = 0.68  # size of what a name means, against the name


def draw_region_names(canvas: Canvas, found: NDArray[np.intp], room: FreeSpace) -> None:
    """Name what is on the plane. `found` has a cell of REGIONS for each cell of the room."""
    for number, region in enumerate(REGIONS):
        _draw_name(canvas, region, room.only(~room.drawn & (found == number)), room)


def _draw_name(canvas: Canvas, region: str, own: FreeSpace, room: FreeSpace) -> None:
    """With its meaning where there is room, else without."""
    name, meaning = NAMES[region], MEANINGS[region]
    for texts in ([name, meaning], [name]):
        for size in SIZES:
            sizes = [size, max(SMALLER * size, 13.0)][:len(texts)]
            wide = max(width(text, each, each == size) for text, each in zip(texts, sizes, strict=True))
            high = sum(map(line_height, sizes))
            place = own.middle(wide, high)
            if place is not None:
                left, top = place
                room.take((left, top, left + wide, top + high))
                for text, each in zip(texts, sizes, strict=True):
                    canvas.text(left + wide / 2, top + line_height(each) / 2, text, each, align="center",
                                bold=each == size)
                    top += line_height(each)
                return
