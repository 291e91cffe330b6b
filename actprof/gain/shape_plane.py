"""φ and φ' against z."""

from __future__ import annotations

import numpy as np

from actprof.gain.result import Shape
from actprof.report.canvas import Canvas
from actprof.report.plane import LinearAxis, Plane

TICK = 14.0

MOST = 4.0
"""Values of φ and φ' that are drawn, either side."""


def shape_plane(shape: Shape, left: float, top: float, wide: float, high: float) -> Plane:
    """Both curves as far as they do not go beyond MOST."""
    drawn = np.array([shape.value, shape.derivative])
    drawn = np.clip(drawn[np.isfinite(drawn)], -MOST, MOST)
    return Plane(left, top, wide, high, LinearAxis(shape.z[0], shape.z[-1]),
                 LinearAxis(min(float(drawn.min()), 0.0), max(float(drawn.max()), 1.0)), TICK)


def draw_shape(canvas: Canvas, plane: Plane, shape: Shape, color: str) -> None:
    """φ as a line, φ' as a dashed one."""
    plane.draw(canvas)
    _draw(canvas, plane, shape.z, shape.value, linewidth=2.6, color=color, gid="value")
    _draw(canvas, plane, shape.z, shape.derivative, linewidth=2.0, color=color, linestyle=(0, (4, 2)),
          gid="derivative")


def _draw(canvas: Canvas, plane: Plane, z: tuple[float, ...], values: tuple[float, ...], **look: object) -> None:
    numbers = np.asarray(values)
    with np.errstate(invalid="ignore"):
        seen = np.where(np.abs(numbers) <= MOST * (1 + 1e-9), numbers, np.nan)
    canvas.line(plane.x(z), plane.y(seen), zorder=3, **look)
