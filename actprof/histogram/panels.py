"""One panel a layer, one row (or more) of panels an arm, all with the same axes."""

from __future__ import annotations

import math

from actprof.digits import non_finite
from actprof.histogram.captions import Caption
from actprof.histogram.predicted import draw_key, draw_prediction, key_width
from actprof.histogram.scene import Scene, all_zero
from actprof.report.bars import NOTE, TICK, Box, Note, draw_bars, draw_message, draw_value_ticks, notes_of, stacked
from actprof.report.canvas import Canvas
from actprof.report.headings import GUTTER, MARGIN, arm_color
from actprof.report.lettering import SMALLEST, fitting_size, line_height
from actprof.report.scales import Span

COLUMNS = 8
GAP = 18.0
AXIS = 14.0
LOWEST = 125.0  # of the bars of a panel
BELOW = line_height(TICK) + 16
CAPTION_SIZES = (17.0, 16.0, 15.0, 14.0, 13.0, 12.0, SMALLEST)


class Panels:
    """Rows of at most eight panels."""

    def __init__(self, scene: Scene, sheet_width: float) -> None:
        self._scene = scene
        self._columns = min(scene.depth, COLUMNS)
        self._width = (sheet_width - GUTTER - MARGIN - (self._columns - 1) * GAP) / self._columns
        arms = range(len(scene.layers))
        self._headings = [scene.heading(arm, sheet_width - 2 * MARGIN) for arm in arms]
        self._captions = [[Caption(layer, summary, scene.mixes_activations(arm)) for layer, summary
                           in zip(scene.layers[arm], scene.summaries[arm], strict=True)] for arm in arms]
        self._notes = [[self._stacked_notes(arm, layer) for layer in range(len(scene.layers[arm]))] for arm in arms]
        self._size = fitting_size(self._captions_fit, CAPTION_SIZES)
        self._above = line_height(self._size) * max(
            caption.lines(self._width, self._size) for row in self._captions for caption in row) + 4
        self._headroom = line_height(NOTE) * max(len(notes) for row in self._notes for notes in row)
        self._rows = sum(math.ceil(len(layers) / COLUMNS) for layers in scene.layers)
        self._fixed = (sum(heading.height for heading in self._headings) + line_height(AXIS) + 8
                       + self._rows * (self._above + self._headroom + BELOW))
        self.height = self._fixed + self._rows * LOWEST
        self.right = self._left(self._columns - 1) + self._width

    @property
    def places(self) -> list[float] | None:
        """Middle of each layer's column, where there is one row an arm only."""
        if self._scene.depth > COLUMNS:
            return None
        return [self._left(column) + self._width / 2 for column in range(self._columns)]

    def _left(self, column: int) -> float:
        return GUTTER + column * (self._width + GAP)

    def _captions_fit(self, size: float) -> bool:
        return all(caption.fits(self._width, size) for row in self._captions for caption in row)

    def _stacked_notes(self, arm: int, layer: int) -> list[list[Note]]:
        summary = self._scene.summaries[arm][layer]
        notes = [] if all_zero(summary) else notes_of(self._scene.bars[arm][layer], self._scene.scale)
        return stacked(notes, self._width)

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        tall = (height - self._fixed) / self._rows
        for arm, heading in enumerate(self._headings):
            heading.draw(canvas, MARGIN, top)
            top += heading.height
            for first in range(0, len(self._scene.layers[arm]), COLUMNS):
                top += self._above + self._headroom
                self._draw_row(canvas, arm, first, top, tall)
                top += tall + BELOW
        canvas.text((GUTTER + self.right) / 2, top + line_height(AXIS) / 2 - 4, self._scene.value_title, AXIS,
                    align="center")
        if any(self._scene.masses):
            draw_key(canvas, self.right - key_width(AXIS), top + line_height(AXIS) / 2 - 4, AXIS)

    def _draw_row(self, canvas: Canvas, arm: int, first: int, top: float, tall: float) -> None:
        layers = range(first, min(first + COLUMNS, len(self._scene.layers[arm])))
        for column, layer in enumerate(layers):
            box = Box(self._left(column), top, self._width, tall)
            frame = Box(box.left, top - self._headroom, self._width, tall + self._headroom)
            self._captions[arm][layer].draw(canvas, box.left, frame.top - self._above, self._width, self._size)
            self._draw_axes(canvas, box, self._scene.bars[arm][layer].span)
            self._draw_content(canvas, box, frame, arm, layer)
        self._label_shares(canvas, Box(GUTTER, top, self._width, tall))

    def _draw_axes(self, canvas: Canvas, box: Box, span: Span) -> None:
        heights = [box.bottom - place * box.height for place, _ in self._scene.scale.ticks()]
        canvas.segments([[(box.left, y), (box.right, y)] for y in heights], zorder=0.5)
        canvas.segments([[(box.left, box.bottom), (box.right, box.bottom)]], colors=canvas.theme.muted, linewidths=1.2,
                        zorder=5)
        draw_value_ticks(canvas, box, span)

    def _label_shares(self, canvas: Canvas, box: Box) -> None:
        for place, label in self._scene.scale.ticks():
            canvas.text(box.left - 8, box.bottom - place * box.height, label, TICK, align="right",
                        color=canvas.theme.muted)
        canvas.text(MARGIN - 8, box.top + box.height / 2, self._scene.share_title, AXIS, upright=True)

    def _draw_content(self, canvas: Canvas, box: Box, frame: Box, arm: int, layer: int) -> None:
        summary, bars = self._scene.summaries[arm][layer], self._scene.bars[arm][layer]
        if not summary.computed:
            draw_message(canvas, frame, ["not computed"])
            return
        name = f"{arm + 1}-{layer + 1}"
        draw_bars(canvas, box, bars, self._scene.scale, arm_color(canvas, arm), f"counts-{name}")
        draw_prediction(canvas, box, bars, self._scene.predicted(arm, layer), self._scene.scale, f"theory-{name}")
        self._draw_notes(canvas, box, self._notes[arm][layer], boxed=bool(summary.non_finite))
        if summary.non_finite:
            canvas.hatched(frame.left, frame.top, frame.width, frame.height)
            draw_message(canvas, frame, non_finite(summary.statistics))
        elif all_zero(summary):
            draw_message(canvas, frame, ["100 % zeros"])

    def _draw_notes(self, canvas: Canvas, box: Box, rows: list[list[Note]], boxed: bool) -> None:
        for number, row in enumerate(rows):
            y = box.top - (number + 0.5) * line_height(NOTE)
            for x, text in row:
                canvas.text(box.left + x, y, text, NOTE, align="center", boxed=boxed)


