"""One activation's panel: its name and edge, the plane with its phases, lines and dots, and the titles of its axes."""

from __future__ import annotations

from actprof.report.canvas import Canvas
from actprof.report.headings import GUTTER, LABEL, Paragraph
from actprof.report.lettering import line_height, wrapped
from actprof.report.plane import TICK, TITLE, LinearAxis, Plane
from actprof.report.room import FreeSpace
from actprof.sweep.phases.labels import draw_spots
from actprof.sweep.phases.lines import draw_lines
from actprof.sweep.phases.region_names import draw_region_names
from actprof.sweep.phases.regions import painted, regions
from actprof.sweep.phases.result import PhaseDiagram
from actprof.sweep.phases.table import edge_lines, short_statement

X_TITLE, Y_TITLE = "σ_w = √(fan_in·Var W)", "σ_b = √Var b"
DETAIL = 14.0
BELOW = 12 + line_height(TICK) + line_height(TITLE) + 10
RIGHT = 34.0
MOST_TICKS = 8


class Panel:
    """`above` is the height of what stands over the plane; with `whole` statements stand at the dots instead."""

    def __init__(self, diagram: PhaseDiagram, room: float, whole: bool) -> None:
        self._diagram, self._room, self._whole = diagram, room, whole
        inner = room - GUTTER - RIGHT
        title = f"{diagram.label}:  φ(z) = {diagram.formula}"
        self._title = Paragraph(wrapped([title], inner, LABEL, bold=True), LABEL, bold=True)
        lines = [line for text in edge_lines(diagram) for line in wrapped(text.split(", "), inner, DETAIL, joint=", ")]
        self._details = Paragraph(lines, DETAIL)
        said = [] if whole else list(map(short_statement, diagram.spots))
        said[:1] = [f"trainable layers: {first}" for first in said[:1]]
        self._statements = Paragraph(wrapped(said, inner, DETAIL), DETAIL)
        self.above = self._title.height + self._details.height + self._statements.height + 8

    def draw(self, canvas: Canvas, left: float, top: float, above: float, height: float) -> None:
        """The plane's top is `above` pixels down, the same for all panels of a row."""
        below = top + above - self.above
        for part, color in ((self._title, None), (self._details, canvas.theme.muted), (self._statements, None)):
            part.draw(canvas, left + GUTTER, below, color)
            below += part.height
        low_w, high_w, low_b, high_b = self._diagram.grid.extent
        plane = Plane(left + GUTTER, top + above, self._room - GUTTER - RIGHT, height - above - BELOW,
                      _axis(low_w, high_w), _axis(low_b, high_b))
        self._draw_plane(canvas, plane)
        canvas.text(plane.left + plane.width / 2, plane.bottom + 12 + line_height(TICK) + line_height(TITLE) / 2,
                    X_TITLE, TITLE, align="center")
        canvas.text(left + 34, plane.top + plane.height / 2, Y_TITLE, TITLE, upright=True)

    def _draw_plane(self, canvas: Canvas, plane: Plane) -> None:
        plane.draw(canvas)
        room = FreeSpace(plane.left, plane.top, plane.width, plane.height)
        found = regions(self._diagram.grid, *room.taken.shape[::-1])
        fine = regions(self._diagram.grid, int(plane.width), int(plane.height))
        canvas.picture(plane.left, plane.top, plane.width, plane.height, painted(fine, canvas.theme))
        draw_lines(canvas, plane, self._diagram, room)
        draw_spots(canvas, plane, self._diagram, room, self._whole)
        draw_region_names(canvas, found, room)


def _axis(low: float, high: float) -> LinearAxis:
    """From end to end."""
    return LinearAxis(low, high, 0.0, most=MOST_TICKS)
