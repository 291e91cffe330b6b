"""How a figure looks."""

from __future__ import annotations

from dataclasses import dataclass

from actprof.engine.spec import MAX_LAYERS, QUANTITIES

VIEWS = {"panels": 8, "ridge": 24, "heatmap": MAX_LAYERS}
"""View of a figure → the most layers for which "auto" takes it."""

THEMES = ("light", "dark")

SHEET = 1920, 1080
"""The least pixels of a figure at Style's default resolution."""


@dataclass(frozen=True)
class View:
    """What a figure shows: a quantity in one of VIEWS, or the one that suits the number of layers."""

    quantity: str = QUANTITIES[0]
    view: str = "auto"
    log_y: bool = False


@dataclass(frozen=True)
class Style:
    """How a figure is drawn."""

    theme: str = THEMES[0]
    dpi: int = 100
