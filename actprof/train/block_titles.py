"""What the parts of the blocks below show, and the key of their colours."""

from __future__ import annotations

import math

import numpy as np

from actprof.report.bars import FAINTEST, colours
from actprof.report.canvas import Canvas
from actprof.report.headings import Paragraph
from actprof.report.lettering import line_height, width, wrapped
from actprof.report.scales import percent_of_power
from actprof.train.arm_block import Columns
from actprof.train.history_maps import LABELS, shown_layers
from actprof.train.result import Training
from actprof.train.update_strip import TITLE as RATIOS

TITLE, DETAIL = 16.0, 14.0
RAMP, GAP = 110.0, 8.0
LEFT_OUT = ["without 0 and the rarest 0.1 %", "strip: dead units"]


class BlockTitles:
    """Titles above the columns; below that of the maps, the key of their colours and what else there is to know."""

    def __init__(self, training: Training, columns: Columns) -> None:
        self._columns = columns
        left, right = columns.maps
        self._maps = _paragraph(_maps_title(training, right - left - LABELS), right - left - LABELS, TITLE)
        self._key = Key(right - left - LABELS) if self._maps.lines else None
        self._ratios = _paragraph(RATIOS[:1], columns.ratios[1] - columns.ratios[0] + 50, TITLE)
        self._square = _paragraph(["Decisions, and training rows"], columns.square[1] - columns.square[0],
                                  TITLE) if columns.square else None
        heights = [self._maps.height + (self._key.height if self._key else 0.0),
                   self._ratios.height + line_height(DETAIL), self._square.height if self._square else 0.0]
        self.height = max(heights) + 8

    def draw(self, canvas: Canvas, top: float) -> None:
        left = self._columns.maps[0] + LABELS
        self._maps.draw(canvas, left, top)
        if self._key:
            self._key.draw(canvas, left, top + self._maps.height)
        left = self._columns.ratios[0] - 50
        self._ratios.draw(canvas, left, top)
        canvas.text(left, top + self._ratios.height + line_height(DETAIL) / 2, RATIOS[1], DETAIL,
                    color=canvas.theme.muted)
        if self._square and self._columns.square:
            self._square.draw(canvas, self._columns.square[0], top)


class Key:
    """`share of the values 0.01 % ▒▒▓▓ 100 %, zeros left out`, in one line or two."""

    def __init__(self, room: float) -> None:
        self._low, self._high = percent_of_power(round(math.log10(FAINTEST))), percent_of_power(0)
        self._wide = sum(width(words, DETAIL) + GAP for words in ("share:", self._low, self._high)) + RAMP + GAP
        beside = wrapped(LEFT_OUT, max(room - self._wide - GAP, 1), DETAIL)
        self._beside = len(beside) == 1
        self._words = Paragraph(beside if self._beside else wrapped(LEFT_OUT, room, DETAIL), DETAIL)
        self.height = line_height(DETAIL) + (0.0 if self._beside else self._words.height)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        y, muted, at = top + line_height(DETAIL) / 2, canvas.theme.muted, x
        ramp = np.logspace(math.log10(FAINTEST), 0, 128)[np.newaxis, :]
        for words in ("share:", self._low):
            canvas.text(at, y, words, DETAIL, color=muted)
            at += width(words, DETAIL) + GAP
        canvas.picture(at, y - 8, RAMP, 16, colours(ramp, canvas.theme))
        canvas.text(at + RAMP + GAP, y, self._high, DETAIL, color=muted)
        if self._beside:
            self._words.draw(canvas, x + self._wide + GAP, top, muted)
        else:
            self._words.draw(canvas, x, top + line_height(DETAIL), muted)


def _maps_title(training: Training, room: float) -> list[str]:
    """Nothing without hidden layers; how many are shown where not all are."""
    depth = max((len(arm.median_run.layers) for arm in training.arms), default=0)
    shown = len(shown_layers(depth))
    which = f"{shown} of {depth}" if shown < depth else "the"
    title = f"Activations of {which} hidden layers"
    longer = f"{title} over the iterations"
    return [longer if width(longer, TITLE, bold=True) <= room else title] if depth else []


def _paragraph(items: list[str], room: float, size: float) -> Paragraph:
    return Paragraph(wrapped(items, room, size, bold=True), size, bold=True)
