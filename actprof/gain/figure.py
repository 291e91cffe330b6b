"""The figure of `actprof gain`: for each activation φ and φ' against z, and the length map with its fixed points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actprof.gain.result import GainTable
from actprof.report.style import SHEET, Style, Theme, to_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


WIDTH, HEIGHT = map(float, SHEET)
TITLE = "Gains of activations"
FOOT = 12.0


def render(result: GainTable, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, result)

    return to_bytes(draw, format, style, provenance(TITLE, None, dict(result.config)))


def draw_figure(figure: Figure, theme: Theme, result: GainTable) -> None:
    """A row for each activation; the sheet is 1080 pixels high, or as high as all rows need."""
    from actprof.gain.row import Row
    from actprof.report.canvas import Canvas
    from actprof.report.headings import Header

    header = Header(TITLE, words(result), WIDTH)
    rows = [Row(each, number, WIDTH) for number, each in enumerate(result.activations)]
    room = HEIGHT - header.height - FOOT
    spare = max(room - sum(row.least for row in rows), 0.0) / len(rows)
    least = header.height + sum(row.least for row in rows) + FOOT
    canvas = Canvas(figure, theme, WIDTH, max(HEIGHT, least))
    header.draw(canvas)
    top = header.height
    for row in rows:
        row.draw(canvas, top, row.least + spare)
        top += row.least + spare


def words(result: GainTable) -> list[str]:
    """What holds for every row, for the subtitle; where a map is drawn its row says."""
    asked = {name: result.config[key] for name, key in (("σ_w", "sigma_w"), ("σ_b", "sigma_b"))}
    given = ", ".join(f"{name} {value:g}" for name, value in asked.items() if value is not None)
    q0 = result.config["q0"]
    start = "σ_w² + σ_b²" if q0 is None else f"{q0:g}"
    return ["gains for z ~ N(0, 1)", *([f"asked for {given}"] if given else []), f"length maps from q₀ = {start}"]
