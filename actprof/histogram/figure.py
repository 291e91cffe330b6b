"""The figure of `actprof histogram`: panels, ridges or a heat map above curves of σ and gradient, or these alone.

Or, of inputs on a line, the gradient along it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Protocol

from matplotlib.figure import Figure

from actprof.engine.spec import GRADIENT
from actprof.histogram.curves import Curves
from actprof.histogram.gradient_path import GradientPaths
from actprof.histogram.heat_map import HeatMaps
from actprof.histogram.panels import Panels
from actprof.histogram.result import Comparison
from actprof.histogram.ridges import Ridges
from actprof.histogram.scene import Scene, headline
from actprof.report.settings import of_arms, provenance, shared_words
from actprof.report.sheet import HEIGHT, MARGIN, WIDTH, Header, Sheet, Stack
from actprof.report.style import MAX_PANELS, PATH, Theme, View

TITLES = {"activation": "Activations, layer by layer", "preactivation": "Pre-activations, layer by layer",
          GRADIENT: "Gradients, layer by layer"}
PATH_TITLE = "Gradient along a line of inputs"
CURVES_PART = 1 / 3  # of the least height of a sheet
LIST, BETWEEN = 470.0, 36.0  # width of the list of arms beside large curves, left of it


class Body(Protocol):
    """The part between header and curves, and how tall it must be."""

    height: float

    def draw(self, sheet: Sheet, top: float, height: float) -> None: ...


BODIES: dict[str, Callable[[Scene], Body]] = {"panels": Panels, "ridge": Ridges, "heatmap": HeatMaps,
                                              PATH: GradientPaths}


def draw_figure(figure: Figure, theme: Theme, comparison: Comparison, view: View) -> dict[str, str]:
    """Draw the first layout that fits a sheet of 1080 pixels; the last of those asked for makes it as high as it needs.
    """
    title = PATH_TITLE if view.view == PATH else TITLES[view.quantity]
    words = [title.lower(), *shared_words(_as_shown(comparison, view.quantity))]
    header = Header(theme.title or headline(comparison, view.quantity, theme), words)
    depth = max(len(arm.layers) for arm in comparison.arms)
    auto = ("panels" if depth <= MAX_PANELS else "heatmap", "curves")
    for chosen, brief in product(auto if view.view == "auto" else (view.view,), (False, True)):
        scene = Scene(comparison, view.quantity, view.log_y, theme, brief, whole=chosen != "panels")
        layout = Beside(header, scene) if chosen == "curves" else Above(header, scene, chosen)
        if layout.fits:
            break
    layout.draw(figure)
    return provenance(TITLES[view.quantity], comparison.seed, of_arms(comparison))


class Above:
    """A view above the curves, which have a third of the sheet, and the view all that is more; of PATH it has all."""

    def __init__(self, header: Header, scene: Scene, view: str) -> None:
        self._header, self._theme, self._body = header, scene.theme, BODIES[view](scene)
        self._curves = Curves(scene, 0.0, WIDTH - MARGIN) if view != PATH else None
        self._strip = max(CURVES_PART * HEIGHT, self._curves.height) if self._curves else 0.0
        self._height = header.height + self._body.height + self._strip
        self.fits = self._height <= HEIGHT

    def draw(self, figure: Figure) -> None:
        sheet = Sheet(figure, self._theme, self._height)
        self._header.draw(sheet)
        self._body.draw(sheet, self._header.height, sheet.height - self._header.height - self._strip)
        if self._curves:
            self._curves.draw(sheet, sheet.height - self._strip, self._strip)


class Beside:
    """Curves alone, as large as the sheet, and the arms with their verdicts to their right."""

    def __init__(self, header: Header, scene: Scene) -> None:
        self._header, self._theme, self._left = header, scene.theme, WIDTH - MARGIN - LIST
        self._listed = Stack([scene.heading(arm, LIST) for arm in scene.arms], 14)
        self._curves = Curves(scene, 0.0, self._left - BETWEEN)
        self._height = header.height + max(self._listed.height + 20, self._curves.height)
        self.fits = self._height <= HEIGHT

    def draw(self, figure: Figure) -> None:
        sheet = Sheet(figure, self._theme, self._height)
        self._header.draw(sheet)
        self._curves.draw(sheet, self._header.height, sheet.height - self._header.height)
        self._listed.draw(sheet, self._left, self._header.height)


def _as_shown(comparison: Comparison, quantity: str) -> Comparison:
    """Gradients differ by too many decades to share a range: each layer has its own unless one was asked for."""
    if quantity != GRADIENT:
        return comparison
    return replace(comparison, arms=tuple(
        replace(arm, config={**arm.config, "range": "layer"}) if arm.config["range"] == "shared" else arm
        for arm in comparison.arms))
