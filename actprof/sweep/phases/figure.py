"""The figure of `actprof sweep --phase`: a plane of phases for each activation."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from actprof.report.style import SHEET, Style, Theme, to_bytes
from actprof.sweep.phases.result import PhaseDiagram, PhaseDiagrams

if TYPE_CHECKING:
    from matplotlib.figure import Figure


WIDTH, HEIGHT = map(float, SHEET)
TITLE = "Phase diagrams at initialisation: order, chaos and the edge between them"
LOWEST = 540.0  # of a row
GAP, FOOT = 14.0, 6.0
MOST_COLUMNS = 3
MOST_LABELS, NEAREST = 5, 0.02  # of whole labels, in parts of the plane's width


def render(result: PhaseDiagrams, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, result)

    return to_bytes(draw, format, style, provenance(TITLE, None, dict(result.config)))


def draw_figure(figure: Figure, theme: Theme, result: PhaseDiagrams) -> None:
    """Up to three planes in a row; the sheet is 1080 pixels high, or as high as all rows need."""
    from actprof.report.canvas import Canvas
    from actprof.report.headings import MARGIN, Header
    from actprof.report.key import Key
    from actprof.sweep.phases.legend import entries
    from actprof.sweep.phases.panel import Panel
    from actprof.sweep.phases.table import settings

    header = Header(TITLE, settings(result), WIDTH)
    key = Key(entries(result.diagrams), WIDTH - 2 * MARGIN)
    columns = _columns(len(result.diagrams))
    wide = WIDTH / columns
    panels = [Panel(diagram, wide, columns == 1 and _apart(diagram)) for diagram in result.diagrams]
    rows = [panels[first:first + columns] for first in range(0, len(panels), columns)]
    top = header.height + key.height + GAP
    tall = max((HEIGHT - top - FOOT) / len(rows), LOWEST)
    canvas = Canvas(figure, theme, WIDTH, max(HEIGHT, top + len(rows) * tall + FOOT))
    header.draw(canvas)
    key.draw(canvas, MARGIN, header.height)
    for row in rows:
        above = max(panel.above for panel in row)
        for number, panel in enumerate(row):
            panel.draw(canvas, number * wide, top, above, tall - GAP)
        top += tall


def _apart(diagram: PhaseDiagram) -> bool:
    """Whether the dots leave each other room for labels of several lines."""
    low, high, _, _ = diagram.grid.extent
    places = sorted(spot[0].sigma_w for spot in diagram.spots)
    return len(places) <= MOST_LABELS and all(after - before >= NEAREST * (high - low)
                                              for before, after in pairwise(places))


def _columns(panels: int) -> int:
    """As many as rows, or one more."""
    return min(math.ceil(math.sqrt(panels)), MOST_COLUMNS)
