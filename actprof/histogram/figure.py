"""The figure of `actprof histogram`: panels, ridges or a heat map above curves of σ and gradient, or these alone.

Or, of inputs on a line, the gradient along it.
"""

from __future__ import annotations

from itertools import product

from matplotlib.figure import Figure

from actprof.engine.spec import GRADIENT
from actprof.histogram.curves import Curves
from actprof.histogram.gradient_path import GradientPaths
from actprof.histogram.heat_map import HeatMaps
from actprof.histogram.panels import Panels
from actprof.histogram.result import Comparison
from actprof.histogram.ridges import Ridges
from actprof.histogram.scene import SYMBOLS, Scene, headline
from actprof.report.settings import RANGES, of_arms, provenance, shared_words
from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Sheet, Stack
from actprof.report.style import MAX_PANELS, PATH, Theme, View

CURVES_PART = 1 / 3  # of the least height of a sheet
LIST, BETWEEN = 470.0, 36.0  # width of the list of arms beside large curves, left of it


class LargeCurves:
    """Curves as large as the sheet, and the arms with their verdicts to their right."""

    def __init__(self, scene: Scene) -> None:
        self._left = WIDTH - MARGIN - LIST
        self._listed = Stack([scene.heading(arm, LIST) for arm in scene.arms], 14)
        self._curves = Curves(scene, 0.0, self._left - BETWEEN)
        self.height = max(self._listed.height + 20, self._curves.height)

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        self._curves.draw(sheet, top, height)
        self._listed.draw(sheet, self._left, top)


Body = Panels | Ridges | HeatMaps | LargeCurves | GradientPaths
BODIES: dict[str, type[Body]] = {"panels": Panels, "ridge": Ridges, "heatmap": HeatMaps, "curves": LargeCurves,
                                 PATH: GradientPaths}


def draw_figure(figure: Figure, theme: Theme, comparison: Comparison, view: View) -> dict[str, str]:
    """Draw the first layout that fits a sheet of 1080 pixels; the last of those asked for makes it as high as it needs.

    Panels, ridges and maps leave a third of the sheet to the curves.
    """
    title = f"{SYMBOLS[view.quantity].split()[0].capitalize()}s, layer by layer"
    subject = "gradient along a line of inputs" if view.view == PATH else title.lower()
    words = shared_words(comparison)
    if view.quantity == GRADIENT:  # gradients differ by too many decades to share a range unless one was asked for
        words = [RANGES["layer"] if word == RANGES["shared"] else word for word in words]
    header = Header(theme.title or headline(comparison, theme) or title, [subject, *words])
    depth = max(len(arm.layers) for arm in comparison.arms)
    auto = ("panels" if depth <= MAX_PANELS else "heatmap", "curves")
    for chosen, brief in product(auto if view.view == "auto" else (view.view,), (False, True)):
        scene = Scene(comparison, view.quantity, view.log_y, theme, brief, whole=chosen != "panels")
        body = BODIES[chosen](scene)
        curves = Curves(scene, 0.0, WIDTH - MARGIN) if chosen not in ("curves", PATH) else None
        strip = max(CURVES_PART * HEIGHT, curves.height) if curves else 0.0
        height = header.height + body.height + strip
        if height <= HEIGHT:
            break
    sheet = Sheet(figure, theme, height)
    header.draw(sheet)
    body.draw(sheet, header.height, sheet.height - header.height - strip)
    if curves:
        curves.draw(sheet, sheet.height - strip, strip)
    return provenance(title, comparison.seed, of_arms(comparison))
