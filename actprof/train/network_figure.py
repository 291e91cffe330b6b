"""The figure of `actprof train --summary`: each network as it is built, with the numbers of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actprof.report.style import SHEET, Style, Theme, to_bytes
from actprof.train.result import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actprof.train.network_layers import Network


WIDTH, HEIGHT = map(float, SHEET)
TITLE = "The network, layer by layer"
MOST_NETWORKS = 4
FOOT = 14.0


def render(training: Training, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import of_arms, provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, training)

    return to_bytes(draw, format, style, provenance(TITLE, training.seed, of_arms(training)))


def draw_figure(figure: Figure, theme: Theme, training: Training) -> None:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as the networks need."""
    from actprof.report.canvas import Canvas
    from actprof.report.headings import MARGIN, Header, Paragraph
    from actprof.report.lettering import wrapped
    from actprof.train.network_drawing import Drawing
    from actprof.train.network_layers import networks

    found = networks(training)
    header = Header(TITLE, words(training), WIDTH)
    drawings = [Drawing(network, WIDTH) for network in found[:MOST_NETWORKS]]
    foot = Paragraph(wrapped(_left_out(found), WIDTH - 2 * MARGIN, FOOT), FOOT)
    least = header.height + sum(drawing.height for drawing in drawings) + foot.height + 12
    height = max(HEIGHT, least)
    canvas = Canvas(figure, theme, WIDTH, height)
    header.draw(canvas)
    top = header.height
    for drawing in drawings:
        tall = drawing.height + (height - least) / len(drawings)
        drawing.draw(canvas, top, tall)
        top += tall
    foot.draw(canvas, MARGIN, top, theme.muted)


def words(training: Training) -> list[str]:
    """What the network is for, and how its parameters are counted."""
    data = training.data
    norms = sorted({arm.config.get("norm", "none") for arm in training.arms} - {"none"})
    counted = "inputs × units weights + a bias for each unit"
    counted += f" + scale and shift ({', '.join(norms)} norm)" if norms else ""
    return [f"{data.name}: {data.features:,} inputs, {data.kind}",
            f"above the lines: {counted} = parameters"]


def _left_out(found: list[Network]) -> list[str]:
    rest = found[MOST_NETWORKS:]
    if not rest:
        return []
    return [f"not drawn: {len(rest):,} more", *(f"{network.labels[0]}: {network.parameters:,} parameters"
                                               for network in rest[:MOST_NETWORKS])]
