"""The figure of `actprof histogram`: panels, ridges or a heat map, and σ against depth below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from actprof.engine.spec import GRADIENT
from actprof.histogram.result import Comparison
from actprof.report.style import SHEET, VIEWS, Style, Theme, View, to_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actprof.histogram.scene import Scene
    from actprof.report.canvas import Canvas


WIDTH, HEIGHT = map(float, SHEET)
STRIP_PART = 0.25  # of the height that is left when all has its least
TITLES = {"activation": "Activations, layer by layer", "preactivation": "Pre-activations, layer by layer",
          GRADIENT: "Gradients, layer by layer"}


class Body(Protocol):
    """The part between header and strip: how tall it must be, and the columns of the layers if it has such."""

    height: float
    right: float

    @property
    def places(self) -> list[float] | None: ...
    def draw(self, canvas: Canvas, top: float, height: float) -> None: ...


def render(comparison: Comparison, view: View, style: Style, format: str) -> bytes:
    """The figure as a png, svg or pdf file."""
    from actprof.report.settings import of_arms, provenance

    def draw(figure: Figure, theme: Theme) -> None:
        draw_figure(figure, theme, comparison, view)

    return to_bytes(draw, format, style, provenance(TITLES[view.quantity], comparison.seed, of_arms(comparison)))


def draw_figure(figure: Figure, theme: Theme, comparison: Comparison, view: View) -> None:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as all texts need."""
    from actprof.histogram.scene import Scene
    from actprof.histogram.spread import SigmaStrip
    from actprof.report.canvas import Canvas
    from actprof.report.headings import Header
    from actprof.report.settings import shared_words

    scene = Scene(comparison, view.quantity, view.log_y)
    header = Header(TITLES[view.quantity], shared_words(_as_shown(comparison, view.quantity)), WIDTH)
    body = _body(scene, chosen_view(view.view, scene.depth))
    strip = SigmaStrip(scene, body.places, body.right)
    least = header.height + body.height + strip.height
    height = max(HEIGHT, least)
    strip_height = strip.height + STRIP_PART * (height - least)
    canvas = Canvas(figure, theme, WIDTH, height)
    header.draw(canvas)
    body.draw(canvas, header.height, height - header.height - strip_height)
    strip.draw(canvas, height - strip_height, strip_height)


def _as_shown(comparison: Comparison, quantity: str) -> Comparison:
    """Gradients differ by too many decades to share a range: each layer has its own unless one was asked for."""
    if quantity != GRADIENT:
        return comparison
    return replace(comparison, arms=tuple(
        replace(arm, config={**arm.config, "range": "layer"}) if arm.config["range"] == "shared" else arm
        for arm in comparison.arms))


def chosen_view(asked: str, depth: int) -> str:
    """Panels while they can be read, then ridges, then a heat map."""
    if asked != "auto":
        return asked
    return next(view for view, most in VIEWS.items() if depth <= most)


def _body(scene: Scene, view: str) -> Body:
    from actprof.histogram.heat_map import HeatMaps
    from actprof.histogram.panels import Panels
    from actprof.histogram.ridges import Ridges

    bodies: dict[str, Callable[[Scene, float], Body]] = {"panels": Panels, "ridge": Ridges, "heatmap": HeatMaps}
    return bodies[view](scene, WIDTH)
