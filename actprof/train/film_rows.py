"""An arm of an animation: how it stands at the left, its hidden layers in a row of panels."""

from __future__ import annotations

import math

from actprof.digits import compact, percent_label, with_power
from actprof.report.bars import MARGIN as MARGIN_OF_BARS
from actprof.report.bars import NOTE, TICK, Box, Note, cut_runs, draw_bars, draw_message, draw_value_ticks, stacked
from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, Paragraph, arm_color, arm_marker
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.scales import ShareScale
from actprof.train.film import ArmFilm, LayerFilm, Moment

LEFT, GAP = 292.0, 16.0  # of the panels
ROOM = 174.0  # for the label left of them
LABEL, STATE, CAPTION = 17.0, 17.0, 14.0
MOST_LABEL_LINES = 2
BELOW = line_height(TICK) + 14
LOWEST = 64.0  # of the bars
INDENT = 26.0


class Row:
    """Knows how tall it must be; what stands still and what moves are drawn apart."""

    def __init__(self, arm: ArmFilm, number: int, columns: int, sheet_width: float) -> None:
        self._arm, self._number = arm, number
        self._width = (sheet_width - LEFT - MARGIN - (columns - 1) * GAP) / columns
        self._label = Paragraph(_short(arm.label), LABEL, bold=True)
        self._headroom = line_height(NOTE) * max(
            len(self._notes(moment)) for layer in arm.layers for moment in layer.moments)
        self._above = line_height(CAPTION) + self._headroom
        said = self._label.height + 2 * line_height(STATE) + 2 * line_height(NOTE)
        self._tall = max(LOWEST, said - self._above - BELOW)
        self.height = self._above + self._tall + BELOW

    def stretch(self, more: float) -> None:
        """Taller bars."""
        self._tall += more
        self.height += more

    def box(self, column: int, top: float) -> Box:
        return Box(LEFT + column * (self._width + GAP), top + self._above, self._width, self._tall)

    def _notes(self, moment: Moment) -> list[list[Note]]:
        if moment.message:
            return []
        notes = _notes(moment, self._arm.scale)
        return _in_a_row(notes, self._width) or stacked(notes, self._width)

    def draw_still(self, canvas: Canvas, top: float) -> None:
        """The label and the axes."""
        middle = top + line_height(LABEL) / 2
        canvas.line([MARGIN + 8], [middle], marker=arm_marker(self._number), markersize=11,
                    color=arm_color(canvas, self._number))
        self._label.draw(canvas, MARGIN + INDENT, top)
        for column, layer in enumerate(self._arm.layers):
            self._draw_axes(canvas, self.box(column, top), top, layer)
        box = self.box(0, top)
        for place, label in self._arm.scale.ticks():
            canvas.text(LEFT - 8, box.bottom - place * box.height, label, TICK, align="right", color=canvas.theme.muted)

    def _draw_axes(self, canvas: Canvas, box: Box, top: float, layer: LayerFilm) -> None:
        heights = [box.bottom - place * box.height for place, _ in self._arm.scale.ticks()]
        canvas.segments([[(box.left, y), (box.right, y)] for y in heights], zorder=0.5)
        canvas.segments([[(box.left, box.bottom), (box.right, box.bottom)]], colors=canvas.theme.muted, linewidths=1.2)
        draw_value_ticks(canvas, box, layer.span)
        canvas.text(box.left, top + line_height(CAPTION) / 2, f"layer {layer.number}", CAPTION)

    def draw_moving(self, canvas: Canvas, top: float, iteration: int, last: bool) -> None:
        """The bars and the numbers at an iteration."""
        place = self._arm.place(iteration)
        self._draw_state(canvas, top + self._label.height, place, iteration, last)
        for column, layer in enumerate(self._arm.layers):
            self._draw_moment(canvas, self.box(column, top), layer.moments[place], f"{self._number + 1}-{layer.number}")

    def _draw_state(self, canvas: Canvas, top: float, place: int, iteration: int, last: bool) -> None:
        run, step = self._arm.run, line_height(STATE)
        accuracy = float(run.test_accuracy[place])
        loss = self._arm.loss(place)
        said = [f"loss {compact(loss, 4) if abs(loss) < 1000 else with_power(compact(loss))}",
                f"test {percent_label(accuracy) if math.isfinite(accuracy) else '–'}"]
        for number, text in enumerate(said):
            canvas.text(MARGIN + INDENT, top + (number + 0.5) * step, text, STATE)
        notes = []
        if (stopped := int(run.checkpoints[-1])) < iteration:
            notes.append(f"stopped at {stopped:,}")
        if (notes or last) and run.status != "ok":
            notes.append(run.status.replace("_", " "))
        Paragraph(notes, NOTE).draw(canvas, MARGIN + INDENT, top + 2 * step, canvas.theme.muted)

    def _draw_moment(self, canvas: Canvas, box: Box, moment: Moment, name: str) -> None:
        draw_bars(canvas, box, moment.bars, self._arm.scale, arm_color(canvas, self._number), f"counts-{name}")
        for number, row in enumerate(self._notes(moment)):
            for x, text in row:
                canvas.text(box.left + x, box.top - (number + 0.5) * line_height(NOTE), text, NOTE, align="center")
        if moment.message:
            draw_message(canvas, box, list(moment.message))
        dead = f"{percent_label(moment.dead)} dead"
        if moment.dead and width("layer 1000", CAPTION) + width(dead, NOTE) + 8 <= box.width:
            canvas.text(box.right, box.top - self._above + line_height(CAPTION) / 2, dead, NOTE, align="right",
                        color=canvas.theme.muted)


def _notes(moment: Moment, scale: ShareScale) -> list[Note]:
    """The exact zeros, all bins that are cut, and what lies outside."""
    notes = [(float(moment.bars.span.place(value)), f"{compact(value)}: {percent_label(share)}")
             for value, share in moment.bars.atoms]
    if runs := cut_runs(moment.bars, scale):
        cut = [share for _, _, shares in runs for share in shares]
        middle = (runs[0][0] + runs[-1][1]) / 2
        notes.append((middle, f"{len(cut)} bin{'s' * (len(cut) > 1)}: {percent_label(sum(cut))}"))
    return sorted(notes) + ([(1.0, moment.outside)] if moment.outside else [])


def _in_a_row(notes: list[Note], room: float) -> list[list[Note]]:
    """One row, moved to the right where they would touch; nothing if that is too long."""
    row: list[Note] = []
    free = 0.0
    for place, text in notes:
        half = width(text, NOTE) / 2
        x = max(min(MARGIN_OF_BARS + place * (room - 2 * MARGIN_OF_BARS), room - half), free + half)
        row.append((x, text))
        free = x + half + 12
    return [row] if free - 12 <= room else []


def _short(label: str) -> list[str]:
    """The label in few lines."""
    lines = wrapped([label], ROOM, LABEL, bold=True)
    if len(lines) <= MOST_LABEL_LINES:
        return lines
    first = wrapped([label], ROOM - width(" …", LABEL, bold=True), LABEL, bold=True)[:MOST_LABEL_LINES]
    return [*first[:-1], f"{first[-1].rstrip()} …"]
