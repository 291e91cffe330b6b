"""The figure of `actprof sweep`: a heat map of each quantity over two axes, or its curve along one."""

from __future__ import annotations

from matplotlib.figure import Figure

from actprof.report.lettering import wrapped
from actprof.report.settings import provenance, words
from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Key, Paragraph, Sheet
from actprof.report.style import Theme
from actprof.sweep import cell_axis, curves
from actprof.sweep.panels import Panels
from actprof.sweep.result import Sweep

GAP, FOOT, NOTE = 14.0, 12.0, 14.0


def draw_figure(figure: Figure, theme: Theme, sweep: Sweep) -> dict[str, str]:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    room, title = WIDTH - 2 * MARGIN, f"Sweep over {' and '.join(axis.name for axis in sweep.axes)}"
    header = Header(theme.title or title, [*words(sweep.config), f"seed {sweep.seed}"])
    shared = [*(curves.entries(sweep, theme) if len(sweep.axes) == 1 else []), *cell_axis.entries(sweep, theme)]
    key, panels = Key(shared, room), Panels(sweep, room, theme)
    notes = Paragraph([line for note in sweep.notes for line in wrapped([note], room, NOTE)], NOTE, muted=True)
    top, foot = header.height + key.height + GAP * bool(key.height), notes.height + FOOT
    sheet = Sheet(figure, theme, max(HEIGHT, top + panels.least + foot))
    header.draw(sheet)
    key.draw(sheet, MARGIN, header.height)
    panels.draw(sheet, MARGIN, top, sheet.height - top - foot)
    notes.draw(sheet, MARGIN, sheet.height - foot)
    return provenance(title, sweep.seed, {**sweep.config, "over": {axis.name: axis.labels for axis in sweep.axes}})
