"""The figure of `actprof gain`: for each activation φ and φ' against z, and the length map with its fixed points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actprof.gain_tables import GainTable
from actprof.render.drawing import Theme, to_bytes
from actprof.spec import SHEET, Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = map(float, SHEET)
TITLE = "Gains of activations"
FOOT = 12.0


def render(result: GainTable, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.render.settings import provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, result)

    metadata = provenance(TITLE, 0, dict(result.config))
    del metadata["Seed"]  # nothing is drawn at random
    return to_bytes(draw, format, style, metadata)


def draw_figure(figure: Figure, theme: Theme, result: GainTable) -> None:
    """A row for each activation; the sheet is 1080 pixels high, or as high as all rows need."""
    from actprof.render.canvas import Canvas
    from actprof.render.gains.row import Row
    from actprof.render.headings import Header

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
    """The configuration for the subtitle."""
    sigma_w, sigma_b, q0 = (result.config[name] for name in ("sigma_w", "sigma_b", "q0"))
    asked = "σ_w " + (f"{sigma_w:g}" if sigma_w is not None else
                      "of the edge of chaos" if sigma_b is not None else "the forward gain")
    start = "q₀ = σ_w² + σ_b²" if q0 is None else f"q₀ = {q0:g}"
    return ["gains for z ~ N(0, 1)", f"length maps: {asked}, σ_b {sigma_b or 0:g}, {start}"]
