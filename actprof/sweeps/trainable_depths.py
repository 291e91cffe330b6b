"""Where along an axis of depths stacks become too deep to be trained, if that does not depend on where they are looked
for: in rows of names, and where all that varies besides makes too little of a difference to be met between two depths.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from actprof.predictions import TRAINABLE_SCALES
from actprof.sweep_maps import Axis, Line, Point
from actprof.sweeps.row_crossings import TRAINABLE, RowCrossings
from actprof.sweeps.rows import LAYERS, Row, extent


def trainable_depths(axes: Sequence[Axis], along: int, rows: Sequence[Row], theory: RowCrossings,
                     title: str) -> tuple[Line, ...]:
    """Lines of the depth TRAINABLE_SCALES ξ over the other axis, as far as it is on that of the depths; () without one.

    Args:
        along: the number of the axis that the rows run along.
    """
    deep = next((number for number, axis in enumerate(axes) if axis.name == LAYERS), None)
    if deep is None:
        return ()
    along_rows = along != deep
    found = _criticalities(rows, theory, axes[deep].numbers[-1], along_rows)
    low, high = extent(axes[deep]) if len(axes) > 1 else (axes[deep].numbers[0], axes[deep].numbers[-1])
    pieces = [_points(list(piece), deep)
              for sign, piece in groupby(found, lambda each: _side(each[1], low, high)) if sign]
    if along_rows:
        return tuple(Line(TRAINABLE, title, piece) for piece in pieces)
    points = tuple(point for piece in pieces for point in piece)
    return (Line(TRAINABLE, title, points, rows=len(axes) > 1),) if points else ()


def _criticalities(rows: Sequence[Row], theory: RowCrossings, deepest: float,
                   along_rows: bool) -> list[tuple[float, float]]:
    """(place on the other axis, criticality) of the deepest stacks: a single layer has no weights like those above it.

    Args:
        along_rows: whether the rows are of one depth each, and run along the other axis.
    """
    if along_rows:
        places, wanted = theory.places, [(rows[-1], place) for place in theory.places]
    else:
        places, wanted = [row.place for row in rows], [(row, deepest) for row in rows]
    return list(zip(places, theory.criticalities(wanted), strict=True))


def _side(criticality: float, low: float, high: float) -> int:
    """Of the edge of chaos, -1 or 1; 0 if the depth is not between the ends of the axis."""
    if not low * abs(criticality) <= TRAINABLE_SCALES <= high * abs(criticality):
        return 0
    return 1 if criticality > 0 else -1


def _points(found: Sequence[tuple[float, float]], deep: int) -> tuple[Point, ...]:
    depths = [(place, TRAINABLE_SCALES / abs(criticality)) for place, criticality in found]
    return tuple(depths if deep else [(depth, place) for place, depth in depths])
