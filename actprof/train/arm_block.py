"""Why an arm learns or does not: what it is, its hidden layers, its decisions, and the size of its updates."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from actprof.digits import compact, tenths, with_power
from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, Paragraph
from actprof.report.lettering import line_height, wrapped
from actprof.report.plane import Axis
from actprof.report.settings import own_words, words
from actprof.train.blocks import draw_sample
from actprof.train.boundary import draw_boundary
from actprof.train.curves import logarithm
from actprof.train.history_maps import LABELS, TICKS, HistoryMaps
from actprof.train.history_shares import missing
from actprof.train.result import TrainedArm, Training
from actprof.train.update_strip import draw_ratios

LABEL, RESULT, REASON, DETAIL = 19.0, 16.0, 14.5, 14.0
INDENT = 46.0
LOWEST = 104.0  # of maps, with their strips
BETWEEN = 14.0
ALIKE = 0.005  # losses that differ by a smaller part
SAID = {"not_learning": "does not learn", "diverged": "diverged", "interrupted": "interrupted"}


@dataclass(frozen=True)
class Columns:
    """Where the parts of a block begin and end; no `square` for data that has more than two features."""

    text: float
    maps: tuple[float, float]
    square: tuple[float, float] | None
    ratios: tuple[float, float]

    @classmethod
    def of(cls, training: Training, width: float) -> Columns:
        text, right = 430.0, width - MARGIN - 44
        hidden = any(run.layers for arm in training.arms for run in arm.runs)
        left = MARGIN + text + 20
        square = None
        if any(run.boundary for arm in training.arms for run in arm.runs):
            side = 420.0 if len(training.arms) == 1 else 260.0
            square = left, left + side
            left += side + 24
        ratios = right - 290.0 if hidden else left + LABELS
        return cls(text, (left, ratios - LABELS - 14), square, (ratios, right))


class ArmBlock:
    """A row of the figure."""

    def __init__(self, training: Training, number: int, columns: Columns, axis: Axis) -> None:
        arm = training.arms[number]
        self._training, self._number, self._columns, self._axis = training, number, columns, axis
        status = [SAID[arm.median_run.status]] if arm.median_run.status in SAID else []
        self._label = Paragraph(wrapped([arm.label, *status], columns.text - INDENT, LABEL, True, ": "), LABEL, True)
        self._text = _paragraphs(training, arm, columns.text)
        self._maps = HistoryMaps(arm.median_run, *columns.maps) if arm.median_run.layers else None
        self._above = self._maps.above if self._maps else 4.0
        said = self._label.height + sum(paragraph.height for paragraph in self._text) + 4
        self.height = max(said, self._above + LOWEST + TICKS) + BETWEEN

    def draw(self, canvas: Canvas, top: float, height: float) -> None:
        bottom, arm = top + height - BETWEEN - TICKS, self._training.arms[self._number]
        self._draw_text(canvas, top)
        if self._maps:
            self._maps.draw(canvas, top, bottom)
        if self._columns.square and arm.median_run.boundary:
            left, right = self._columns.square
            side = min(right - left, bottom - top + TICKS)
            middle = (top + bottom + TICKS) / 2
            draw_boundary(canvas, arm.median_run.boundary, self._training.data, left, middle - side / 2, side)
        left, right = self._columns.ratios
        draw_ratios(canvas, arm.median_run, self._number, self._axis, left, top + self._above, right - left,
                    bottom - top - self._above)

    def _draw_text(self, canvas: Canvas, top: float) -> None:
        draw_sample(canvas, self._number, MARGIN, top + line_height(LABEL) / 2, 34)
        self._label.draw(canvas, MARGIN + INDENT, top)
        top += self._label.height
        for paragraph in self._text:
            paragraph.draw(canvas, MARGIN, top, canvas.theme.muted if paragraph.size == DETAIL else None)
            top += paragraph.height


def _paragraphs(training: Training, arm: TrainedArm, room: float) -> list[Paragraph]:
    parts = [(RESULT, True, _result(arm)), (DETAIL, False, _details(training, arm)),
             (REASON, False, [arm.median_run.reason] if arm.median_run.reason else [])]
    return [Paragraph(wrapped(items, room, size, bold), size, bold) for size, bold, items in parts if items]


def _result(arm: TrainedArm) -> list[str]:
    """`test 97.9 %`, `loss 2.43 → 0.071`: medians where there are several networks."""
    accuracy, first, last = (_median(arm, name, place) for name, place in
                             (("test_accuracy", -1), ("loss", 0), ("smoothed", -1)))
    return [f"test {tenths(accuracy)}", f"loss {_loss(first)} → {_loss(last)}"]


def _loss(value: float) -> str:
    return with_power(compact(value, 4 if abs(value) >= 1 else 3))


def _median(arm: TrainedArm, name: str, place: int) -> float:
    """Over the networks that have any."""
    values = [getattr(run, name)[place] for run in arm.runs if len(getattr(run, name))]
    return float(np.median(values)) if values else math.nan


def _details(training: Training, arm: TrainedArm) -> list[str]:
    inits = [word for word in words(arm.config) if word.startswith("init ")]
    details = [f"W ~ {arm.config['init_formula']}"] if arm.config.get("init_formula") else []
    details += [word for word in own_words(arm, training) if word not in inits]
    hatched = any(missing(layer).any() for layer in arm.median_run.layers)
    return [*details, *_start(training, arm), *_networks(arm), *["hatched: not all values are finite"] * hatched]


def _start(training: Training, arm: TrainedArm) -> list[str]:
    """`starts 0.128 above ln 10`."""
    beyond = _median(arm, "loss", 0) - arm.chance_loss
    if not math.isfinite(beyond):
        return []
    side = "above" if beyond > 0 else "below"
    where = "at" if abs(beyond) < ALIKE * arm.chance_loss else f"{with_power(compact(abs(beyond)))} {side}"
    return [f"starts {where} {logarithm(arm.chance_loss, len(training.data.classes)) or 'undecided'}"]


def _networks(arm: TrainedArm) -> list[str]:
    if len(arm.runs) == 1:
        return []
    ends = Counter(run.status for run in arm.runs)
    listed = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in ends.items())
    return [f"{len(arm.runs)} networks: {listed}; drawn here: the one with the median loss"]
