"""The figure of `actprof sweep`: a heat map of each quantity over two axes, or its curve along one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actprof.report.style import Style, Theme, to_bytes
from actprof.sweep.result import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP, FOOT, NOTE = 14.0, 12.0, 14.0


def render(sweep: Sweep, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import provenance

    return to_bytes(lambda figure, theme: draw_figure(figure, theme, sweep), format, style,
                    provenance(title(sweep), sweep.seed, settings(sweep)))


def draw_figure(figure: Figure, theme: Theme, sweep: Sweep) -> None:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    from actprof.report.lettering import wrapped
    from actprof.report.settings import words
    from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Key, Paragraph, Sheet
    from actprof.sweep import cell_axis, curves
    from actprof.sweep.panels import Panels

    room = WIDTH - 2 * MARGIN
    header = Header(theme.title or title(sweep), [*words(sweep.config), f"seed {sweep.seed}"])
    shared = [*(curves.entries(sweep, theme) if len(sweep.axes) == 1 else []), *cell_axis.entries(sweep, theme)]
    key, panels = Key(shared, room), Panels(sweep, room, theme)
    notes = Paragraph([line for note in sweep.notes for line in wrapped([note], room, NOTE)], NOTE, muted=True)
    top, foot = header.height + key.height + GAP * bool(key.height), notes.height + FOOT
    sheet = Sheet(figure, theme, max(HEIGHT, top + panels.least + foot))
    header.draw(sheet)
    key.draw(sheet, MARGIN, header.height)
    panels.draw(sheet, MARGIN, top, sheet.height - top - foot)
    notes.draw(sheet, MARGIN, sheet.height - foot)


def title(sweep: Sweep) -> str:
    return f"Sweep over {' and '.join(axis.name for axis in sweep.axes)}"


def settings(sweep: Sweep) -> dict[str, Any]:
    """The settings that all cells share, and what is swept over."""
    return {**sweep.config, "over": {axis.name: list(axis.labels) for axis in sweep.axes}}
