"""How curves look, and what their signs mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from actprof.render.drawing import Theme
from actprof.render.sweeps.key import Entry
from actprof.sweep_maps import BY_NAME, Sweep

MOST_POINTS = 30  # networks that are drawn one by one
DASHES = {"linewidth": 2.2, "linestyle": (0, (4, 2.2)), "dash_capstyle": "butt"}
BAND, FORETOLD, FAINT = 0.24, 0.13, 0.7  # opacities
BROAD = {"linewidth": 12, "solid_capstyle": "butt"}


def few(networks: Sequence[float]) -> tuple[float, ...]:
    """Those that are drawn one by one."""
    return tuple(networks) if 1 < len(networks) <= MOST_POINTS else ()


def joined(sweep: Sweep) -> bool:
    """Whether there is anything between the cells: not between names, nor beside a lone number."""
    return len(sweep.axes[0].numbers) > 1


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """Of all panels of curves."""
    names = [name for name in sweep.quantities if name in BY_NAME]
    if not names:
        return []
    return [*_measured(sweep, names, theme.arms[0], theme), *_foretold(sweep, names, theme.foreground)]


def _measured(sweep: Sweep, names: list[str], color: str, theme: Theme) -> list[Entry]:
    counts = {len(cell.networks.get(name, ())) for cell in sweep.cells for name in names}
    most, line = max(counts), [{"color": color, "linewidth": 2.8}] * joined(sweep)
    dot = {"color": color, "marker": "o", "markersize": 9, "markeredgecolor": theme.background}
    said = [Entry(f"median of {most} networks" if most > 1 else "measured", [*line, dot])]
    if any(name in cell.spread for cell in sweep.cells for name in names):
        look: dict[str, Any] = {**BROAD, "alpha": BAND} if line else {"linewidth": 3.4}
        said.append(Entry("first to third quartile", [{"color": color, **look}], upright=not line))
    if any(1 < count <= MOST_POINTS for count in counts):
        said.append(Entry("each network", [{"color": color, "marker": "o", "markersize": 5, "alpha": FAINT}]))
    return said


def _foretold(sweep: Sweep, names: list[str], color: str) -> list[Entry]:
    given = [cell.predicted[name] for cell in sweep.cells for name in names if name in cell.predicted]
    if not any(math.isfinite(value) for value, _, _ in given):
        return []
    known = any(math.isfinite(low + high) for _, low, high in given)
    band = [{"color": color, "alpha": FORETOLD, **BROAD}] * known
    return [Entry("theory" + " and where 95 % of networks lie" * known, [*band, {"color": color, **DASHES}])]
