"""What the lines, marks and colours of all planes mean."""

from __future__ import annotations

from collections.abc import Sequence

from actprof.report.key import SAMPLE, Entry, Painter, Strokes
from actprof.sweep.phases.labels import DOT
from actprof.sweep.phases.lines import depth_look, draw_mark, edge_look
from actprof.sweep.phases.regions import REGIONS, colour
from actprof.sweep.phases.result import PhaseDiagram
from actprof.sweep.phases.table import TURN
from actprof.theory.predictions import TRAINABLE_SCALES

EDGES = {True: "edge of chaos, χ₁ = 1", False: "unstable part: layers leave it"}
"""Stable or not."""


def entries(diagrams: Sequence[PhaseDiagram]) -> list[Entry]:
    """What occurs, and nothing else."""
    phases = {phase for diagram in diagrams for phase in diagram.grid.phase.ravel().tolist()}
    points = [point for diagram in diagrams for branch in diagram.edges if len(branch) > 1 for point in branch]
    found = [Entry(region, _swatch(region)) for region in REGIONS if region in phases]
    found += [Entry(text, Strokes([edge_look(stable)])) for stable, text in EDGES.items()
              if any(point.stable == stable for point in points)]
    if any(len(branch) == 1 for diagram in diagrams for branch in diagram.edges):
        found.append(Entry("edge of chaos in one point", _mark("edge point")))
    if any(diagram.grid.holds(turn.sigma_w, turn.sigma_b) for diagram in diagrams for turn in diagram.turns):
        found.append(Entry(TURN, _mark("turn")))
    found += _depths(diagrams)
    if any(diagram.spots for diagram in diagrams):
        found.append(Entry("initialiser", Strokes([{"marker": "o", "markersize": DOT}])))
    return found


def _depths(diagrams: Sequence[PhaseDiagram]) -> list[Entry]:
    lines = {line.layers: line for diagram in diagrams for line in diagram.depth_lines}
    texts = [f"{layers} layers" if number else f"trainable to {layers} layers (ξ_c = {layers / TRAINABLE_SCALES:.3g})"
             for number, layers in enumerate(sorted(lines))]
    looks = [depth_look(lines[layers]) for layers in sorted(lines)]
    return [Entry(text, Strokes([look])) for text, look in zip(texts, looks, strict=True)]


def _swatch(region: str) -> Painter:
    return lambda canvas, left, middle: canvas.rectangle(left + 8, middle - 9, SAMPLE - 8, 18,
                                                         facecolor=colour(canvas.theme, region))


def _mark(gid: str) -> Painter:
    return lambda canvas, left, middle: draw_mark(canvas, left + SAMPLE / 2, middle, f"key {gid}")
