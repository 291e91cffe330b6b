"""What the lines, marks and colours of all planes mean, in lines over the whole width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actprof.phase_diagrams import PhaseDiagram
from actprof.predictions import TRAINABLE_SCALES
from actprof.render.canvas import Canvas
from actprof.render.headings import MARGIN
from actprof.render.lettering import line_height, width
from actprof.render.phases.lines import depth_look, draw_mark, edge_look, inside
from actprof.render.phases.regions import REGIONS, colour
from actprof.render.phases.spots import DOT
from actprof.render.phases.words import TURN

SIZE = 15.0
SAMPLE, GAP, BETWEEN = 44.0, 10.0, 34.0
ROW = line_height(SIZE) + 8

Draw = Callable[[Canvas, float, float], None]


class Legend:
    """Entries in rows; `height` is what they need."""

    def __init__(self, diagrams: Sequence[PhaseDiagram], room: float) -> None:
        self._rows: list[list[tuple[Draw, str]]] = [[]]
        left = 0.0
        for entry in _entries(diagrams):
            wide = SAMPLE + GAP + width(entry[1], SIZE) + BETWEEN
            if self._rows[-1] and left + wide - BETWEEN > room:
                self._rows.append([])
                left = 0.0
            self._rows[-1].append(entry)
            left += wide
        self.height = len(self._rows) * ROW + 10

    def draw(self, canvas: Canvas, top: float) -> None:
        for number, row in enumerate(self._rows):
            left, middle = MARGIN, top + (number + 0.5) * ROW
            for sample, text in row:
                sample(canvas, left, middle)
                canvas.text(left + SAMPLE + GAP, middle, text, SIZE)
                left += SAMPLE + GAP + width(text, SIZE) + BETWEEN


def _entries(diagrams: Sequence[PhaseDiagram]) -> list[tuple[Draw, str]]:
    """What occurs, and nothing else."""
    phases = {phase for diagram in diagrams for phase in diagram.grid.phase.ravel().tolist()}
    points = [point for diagram in diagrams for branch in diagram.edges if len(branch) > 1 for point in branch]
    found: list[tuple[Draw, str]] = [(_swatch(region), region) for region in REGIONS if region in phases]
    found += [(_line(stable), "edge of chaos, χ₁ = 1" if stable else "unstable part: layers leave it")
              for stable in (True, False) if any(point.stable == stable for point in points)]
    if any(len(branch) == 1 for diagram in diagrams for branch in diagram.edges):
        found.append((_mark("edge point"), "edge of chaos in one point"))
    if any(inside(diagram, turn) for diagram in diagrams for turn in diagram.turns):
        found.append((_mark("turn"), TURN))
    found += _depths(diagrams)
    if any(diagram.spots for diagram in diagrams):
        found.append((_spot, "initialiser"))
    return found


def _depths(diagrams: Sequence[PhaseDiagram]) -> list[tuple[Draw, str]]:
    lines = {line.layers: line for diagram in diagrams for line in diagram.depth_lines}
    texts = [f"{layers} layers" if number else f"trainable to {layers} layers (ξ_c = {layers / TRAINABLE_SCALES:.3g})"
             for number, layers in enumerate(sorted(lines))]

    def sample(layers: int) -> Draw:
        return lambda canvas, left, middle: canvas.line([left, left + SAMPLE], [middle, middle],
                                                        **depth_look(canvas, lines[layers]))

    return [(sample(layers), text) for layers, text in zip(sorted(lines), texts, strict=True)]


def _swatch(region: str) -> Draw:
    return lambda canvas, left, middle: canvas.rectangle(left + 8, middle - 9, SAMPLE - 8, 18,
                                                         facecolor=colour(canvas.theme, region))


def _line(stable: bool) -> Draw:
    return lambda canvas, left, middle: canvas.line([left, left + SAMPLE], [middle, middle],
                                                    **edge_look(canvas, stable))


def _mark(gid: str) -> Draw:
    return lambda canvas, left, middle: draw_mark(canvas, left + SAMPLE / 2, middle, f"key {gid}")


def _spot(canvas: Canvas, left: float, middle: float) -> None:
    canvas.line([left + SAMPLE / 2], [middle], marker="o", markersize=DOT, color=canvas.theme.foreground)
