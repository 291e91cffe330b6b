"""The figure of `actprof phases`: a plane of σ_w and σ_b for each activation."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from actprof.report.settings import provenance
from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Key, Sheet
from actprof.report.style import Theme
from actprof.sweep.phases.plane import Plane, entries
from actprof.sweep.phases.result import PhaseDiagrams
from actprof.sweep.phases.table import settings

TITLE = "Phase diagrams at initialisation: order, chaos and the edge between them"
MIN_HEIGHT = 540.0  # pixels of a row
GAP, FOOT = 14.0, 6.0
MAX_COLUMNS = 3


def draw_figure(figure: Figure, theme: Theme, result: PhaseDiagrams) -> dict[str, str]:
    """Draw up to three planes in a row; the sheet is 1080 pixels high, or as high as all rows need."""
    header = Header(theme.title or TITLE, settings(result))
    key = Key(entries(result.diagrams, theme), WIDTH - 2 * MARGIN)
    columns = min(math.ceil(math.sqrt(len(result.diagrams))), MAX_COLUMNS)
    wide = WIDTH / columns
    planes = [Plane(diagram, wide, columns == 1) for diagram in result.diagrams]
    rows = [planes[first:first + columns] for first in range(0, len(planes), columns)]
    top = header.height + key.height + GAP
    tall = max((HEIGHT - top - FOOT) / len(rows), MIN_HEIGHT)
    sheet = Sheet(figure, theme, top + len(rows) * tall + FOOT)
    header.draw(sheet)
    key.draw(sheet, MARGIN, header.height)
    for row in rows:
        above = max(plane.above for plane in row)
        for number, plane in enumerate(row):
            plane.draw(sheet, number * wide, top, above, tall - GAP)
        top += tall
    return provenance(TITLE, None, dict(result.config))
