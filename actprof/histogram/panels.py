"""One panel a layer, one row (or more) of panels an arm, all with the same axes."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from actprof.digits import non_finite, number_label, percent
from actprof.engine.profiles import Summary
from actprof.histogram.scene import UNDER, Rows, Scene, all_zero, write_message
from actprof.report.axes import Box, add_axes, grid_lines, hatch, write
from actprof.report.lettering import MIN_SIZE, fitting_size, line_height, width
from actprof.report.shares import NOTE, Frame, Note, draw_bars, draw_prediction, notes_of, stacked
from actprof.report.sheet import MARGIN, WIDTH, Sheet
from actprof.report.ticks import Linear

COLUMNS = 8
GAP = 18.0
TICK = 14.0
MIN_HEIGHT = 84.0  # of the bars of a panel
SHARES = 92.0  # left of the first panel
LABELS = line_height(TICK) + 10
CAPTION_SIZES = (17.0, 16.0, 15.0, 14.0, 13.0, 12.0, MIN_SIZE)


class Panels(Rows):
    """Rows of at most eight panels, captions above the first of those with the same layers."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._columns, self._scene = min(scene.depth, COLUMNS), scene
        self._start = self._left + SHARES
        self._width = (WIDTH - MARGIN - self._start - (self._columns - 1) * GAP) / self._columns
        self._rows = math.ceil(scene.depth / COLUMNS)
        self._captions = [[f"layer {scene.layer_name(arm, layer)}" for layer in range(len(scene.layers[arm]))]
                          for arm in scene.arms]
        self._size = fitting_size(lambda size: all(width(text, size) <= self._width for row in self._captions
                                                   for text in row), CAPTION_SIZES)
        self._same = self._rows == 1 and all(row == self._captions[0][:len(row)] for row in self._captions)
        self._notes = [[self._stacked_notes(arm, layer) for layer in range(len(scene.layers[arm]))]
                       for arm in scene.arms]
        self._caption = line_height(self._size) + 2
        self._headroom = line_height(NOTE) * max(len(notes) for row in self._notes for notes in row) + 2
        self._under = UNDER if self._above or not self._shares_labels else 0.0
        own = self._caption * (not self._same) + self._headroom + LABELS * (not self._shares_labels)
        self._fixed = self._caption * self._same + LABELS * self._shares_labels + self._under
        self.height = self._fixed + self.least(self._rows * (own + MIN_HEIGHT))

    @property
    def _shares_labels(self) -> bool:
        """Whether the values' labels stand below the last row alone."""
        return self._scene.shared and self._rows == 1 and len({len(row) for row in self._captions}) == 1

    def _stacked_notes(self, arm: int, layer: int) -> list[list[Note]]:
        """Rows above the bars; the lowest ends with σ, the highest says what is outside."""
        summary, bars = self._scene.summaries[arm][layer], self._scene.bars[arm][layer]
        x = bars.values(self._width)
        said = [] if all_zero(summary) else notes_of(bars, self._scene.scale)
        notes = [(float(x.of(value) - x.low) / (x.high - x.low) * self._width, text) for value, text in said]
        rows = stacked(notes, self._width, width(_std(summary), NOTE, bold=True) + 10)
        beyond = f"{percent(summary.histogram.outside_fraction)} % outside"
        return [*rows, [(width(beyond, NOTE) / 2, beyond)]] if summary.histogram.outside_fraction else rows

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        first = top + self._above + self._caption * self._same
        if self._same:
            longest = max(range(len(self._captions)), key=lambda arm: len(self._captions[arm]))
            for column, caption in enumerate(self._captions[longest]):
                sheet.text(self._start + column * (self._width + GAP), first - self._caption / 2, caption, self._size)
        end = top + height - self._under - LABELS * self._shares_labels
        for arm, (start, tall) in enumerate(self.rows(sheet, top, first, end - first)):
            for row in range(math.ceil(len(self._captions[arm]) / COLUMNS)):
                self._draw_row(sheet, arm, row * COLUMNS, Box(
                    self._start, start + row * tall / self._rows, self._width, tall / self._rows))
        if self._under:
            x, y, align = (self._start + WIDTH - MARGIN) / 2, top + height - UNDER / 2 - 4, "center"
        else:
            x, y, align = self._start - 56, top + height - LABELS + 6 + line_height(TICK) / 2, "right"
        sheet.text(x, y, self._scene.value_title, 16.0, align=align)

    def _draw_row(self, sheet: Sheet, arm: int, first: int, place: Box) -> None:
        captioned = self._caption * (not self._same)
        labelled = not self._shares_labels or arm == len(self._captions) - 1
        for column, layer in enumerate(range(first, min(first + COLUMNS, len(self._captions[arm])))):
            left, top = place.left + column * (place.width + GAP), place.top + captioned
            if captioned:
                sheet.text(left, place.top + self._caption / 2, self._captions[arm][layer], self._size)
            tall = place.bottom - LABELS * (not self._shares_labels) - top - self._headroom
            box = Box(left, top + self._headroom, place.width, tall)
            axes = self._axes(sheet, arm, layer, box, column == 0)
            axes.xaxis.set_visible(labelled)
            self._draw_content(sheet, axes, box, arm, layer)

    def _axes(self, sheet: Sheet, arm: int, layer: int, box: Box, titled: bool) -> Axes:
        name = f"{self._scene.comparison.arms[arm].label}, layer {self._scene.layers[arm][layer].layer}"
        x, y = self._scene.bars[arm][layer].values(box.width), self._scene.scale
        some = any(summary.non_finite for every in self._scene.summaries for summary in every)
        axes = add_axes(sheet, name, box, x, y,
                        titles=("", ("share of finite" if some else "share") if titled else ""), tick=TICK, grid="y")
        axes.spines.left.set_visible(False)
        if not titled:  # ticks without labels would take longer than all else
            axes.yaxis.set_visible(False)
            lines = [place for place, _ in y.ticks(box.height, lambda text: line_height(TICK))]
            grid_lines(axes, lines, sheet.theme.grid, 1.1)
        return axes

    def _draw_content(self, sheet: Sheet, axes: Axes, box: Box, arm: int, layer: int) -> None:
        scene = self._scene
        summary, bars, theme = scene.summaries[arm][layer], scene.bars[arm][layer], scene.theme
        x: Linear = bars.values(box.width)
        if not summary.computed:
            write_message(sheet, axes, box, ["not computed"])
            return
        frame, name = Frame(axes, x, scene.scale, box.width, box.height), f"{arm + 1}-{layer + 1}"
        draw_bars(frame, bars, theme, theme.arm(arm), f"counts-{name}")
        draw_prediction(frame, bars, scene.predicted(arm, layer), theme, f"theory-{name}")
        for number, row in enumerate(self._notes[arm][layer]):
            y = box.top - 2 - (number + 0.5) * line_height(NOTE)
            for place, text in row:
                write(sheet, axes, box.left + place, y, text, NOTE, align="center")
        write(sheet, axes, box.right, box.top - 2 - line_height(NOTE) / 2, _std(summary), NOTE, align="right",
              bold=True)
        if summary.non_finite:
            hatch(axes, [x.low, x.high], [scene.scale.low, scene.scale.high], True, theme.muted)
            write_message(sheet, axes, box, non_finite(summary.statistics))
        elif all_zero(summary):
            write_message(sheet, axes, box, ["100 % zeros"])


def _std(summary: Summary) -> str:
    return f"std {number_label(summary.statistics['std'])}"
