"""What every view of a histogram figure draws: the layers of each arm, ready to be placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain

import numpy as np
from matplotlib.axes import Axes

from actprof.diagnosis.verdicts import Verdict
from actprof.engine.distributions import Histogram
from actprof.engine.profiles import LayerSummary, Summary
from actprof.engine.spec import GRADIENT
from actprof.histogram.result import Comparison
from actprof.report.axes import Box, write
from actprof.report.lettering import MIN_SIZE, fitting_size, line_height, width
from actprof.report.shares import Bars, ShareScale
from actprof.report.sheet import INDENT, MARGIN, WIDTH, Marked, Paragraph, Sheet, arm_heading, title_of
from actprof.report.style import Theme
from actprof.theory.predictions import LayerTheory, Masses

SYMBOLS = {"activation": "activation a", "preactivation": "pre-activation z", GRADIENT: "gradient ∂L/∂z"}
SIDE, BETWEEN = 560.0, 14.0  # width of the headings beside rows, and between the rows
UNDER = line_height(16.0) + 4  # pixels of the title of a horizontal axis below its ticks
SHOWN = 0.999  # of a layer's values: the rest would leave half a panel empty
MOST_CUT = 4  # where less than a quarter of the bins would be drawn, as beside a spike, all are
MESSAGE_SIZES = (16.0, 14.0, 13.0, 12.0, MIN_SIZE)


class Scene:
    """One quantity of a comparison. Lists are by arm, then by layer; `brief` headings leave the cause to the table.

    All bins are drawn if it is to be `whole`, and where shares are logarithmic, so that the rarest are seen.
    """

    def __init__(self, comparison: Comparison, quantity: str, log_y: bool, theme: Theme, brief: bool = False,
                 whole: bool = True) -> None:
        self.comparison, self.quantity, self.theme, self.brief = comparison, quantity, theme, brief
        self.layers: list[list[LayerSummary]] = [list(arm.layers) for arm in comparison.arms]
        self.summaries: list[list[Summary]] = [[layer.quantity(quantity) for layer in arm] for arm in self.layers]
        self._kept = self._bins_kept(whole or log_y)
        self.bars: list[list[Bars]] = [[Bars.of(summary).within(*kept) for summary, kept in zip(*arm, strict=True)]
                                       for arm in zip(self.summaries, self._kept, strict=True)]
        self.log_y = log_y
        self.scale = ShareScale.over((bar for arm in self.bars for bar in arm), log_y)
        self.symbol = SYMBOLS[quantity]
        forecasts = [arm.forecast for arm in comparison.arms]
        self.theory: list[list[LayerTheory]] = [list(each.theory.layers) if each else [] for each in forecasts]
        self.masses: list[Sequence[Masses]] = [each.masses if each and quantity == "activation" else []
                                           for each in forecasts]

    def _bins_kept(self, whole: bool) -> list[list[tuple[int, int]]]:
        """(first, end) of the bins that are drawn of each layer: those that hold SHOWN of its values, or of some
        layer's where all have one range; all of a range that was asked for."""
        histograms = [[summary.histogram for summary in arm] for arm in self.summaries]
        if whole or any(not isinstance(arm.config["range"], str) for arm in self.comparison.arms):
            return [[(0, len(each.counts)) for each in arm] for arm in histograms]
        kept = [[_bins_of_most(each) for each in arm] for arm in histograms]
        if self.shared:
            firsts, ends = zip(*chain.from_iterable(kept), strict=True)
            kept = [[(min(firsts), max(ends))] * len(arm) for arm in kept]
        return [[ends if ends[1] - ends[0] > len(each.counts) / MOST_CUT else (0, len(each.counts))
                 for ends, each in zip(*both, strict=True)] for both in zip(kept, histograms, strict=True)]

    @property
    def arms(self) -> range:
        return range(len(self.layers))

    @property
    def depth(self) -> int:
        return max(len(arm) for arm in self.layers)

    @cached_property
    def shared(self) -> bool:
        """Whether all layers have one axis of values."""
        edges = [summary.histogram.edges for arm in self.summaries for summary in arm]
        return all(other is edges[0] or np.array_equal(other, edges[0]) for other in edges)

    def predicted(self, arm: int, layer: int) -> Masses | None:
        if layer >= len(self.masses[arm]):
            return None
        masses = self.masses[arm][layer]
        return replace(masses, bins=masses.bins[slice(*self._kept[arm][layer])])

    def heading(self, arm: int, room: float, notes: list[str] | None = None) -> Marked:
        verdict = self.comparison.arms[arm].verdict
        said = judgement(verdict, self.theme, room - INDENT, self.brief) if verdict else []
        if verdict and verdict.good and verdict.headline and len(self.layers) == 1 and not self.theme.title:
            # All that is said of the only arm may be in the title.
            said = [] if verdict.text.endswith(verdict.headline.partition(": ")[2]) else said
        return arm_heading(self.comparison, arm, self.theme, room, notes or [], said)

    @property
    def value_title(self) -> str:
        said = [] if self.shared else ["each layer has its own range"]
        if any(len(bars.shares) < len(summary.histogram.counts) for both in zip(self.bars, self.summaries, strict=True)
               for bars, summary in zip(*both, strict=True)):
            said.append(f"{100 * SHOWN:g} % of each layer")
        return f"{self.symbol} ({', '.join(said)})" if said else self.symbol

    def atoms(self, arm: int) -> list[float]:
        """The atoms that hold anything in some layer of an arm."""
        return sorted({value for bar in self.bars[arm] for value, _ in bar.atoms})

    def layer_name(self, arm: int, layer: int) -> str:
        """Its number, with its activation where these differ."""
        mixed = len({each.activation_name for each in self.layers[arm]}) > 1
        return f"{self.layers[arm][layer].layer}" + f" {self.layers[arm][layer].activation_name}" * mixed


def _bins_of_most(histogram: Histogram) -> tuple[int, int]:
    """(first, end) of the bins between which SHOWN of the values lie; (bins, 0) where there are none."""
    counts, bins = histogram.counts, len(histogram.counts)
    if not counts.any():
        return bins, 0
    below = (histogram.below + np.cumsum([0, *counts])) / max(histogram.total, 1)
    rest = (1 - SHOWN) / 2
    first, end = int(np.searchsorted(below, rest, side="right")) - 1, int(np.searchsorted(below, 1 - rest))
    first, end = max(first, 0), min(end, bins)
    if histogram.edges[0] == -histogram.edges[-1]:  # what is symmetric stays so
        first = min(first, bins - end)
        end = bins - first
    return first, end


class Rows:
    """Arms below each other, all rows as high; the heading of one arm above it, those of several beside their rows."""

    def __init__(self, scene: Scene, notes: list[list[str]] | None = None) -> None:
        beside = len(scene.layers) > 1
        self._scene, self._left = scene, MARGIN + SIDE if beside else MARGIN
        room = SIDE - 30 if beside else WIDTH - 2 * MARGIN
        self._headings = [scene.heading(arm, room, notes[arm] if notes else None) for arm in scene.arms]
        self._above = 0.0 if beside else self._headings[0].height + 6

    def least(self, content: float) -> float:
        """The height of heading and rows around contents of a least height."""
        row = content if self._above else max(content, *(each.height for each in self._headings))
        return self._above + len(self._headings) * (row + BETWEEN) - BETWEEN

    def rows(self, sheet: Sheet, top: float, first: float, height: float) -> list[tuple[float, float]]:
        """Draw the headings, one at `top`, several beside the rows that begin at `first`: (top, height) of each row."""
        step = (height + BETWEEN) / len(self._headings)
        tops = [first + arm * step for arm in self._scene.arms]
        for heading, place in zip(self._headings, [top] if self._above else tops, strict=True):
            heading.draw(sheet, MARGIN, place)
        return [(place, step - BETWEEN) for place in tops]


def all_zero(summary: Summary) -> bool:
    return summary.statistics.get("zero_fraction") == 1.0


def judgement(verdict: Verdict, theme: Theme, room: float, brief: bool) -> list[Paragraph]:
    """`✗ exploding (layer 15): …` in its colour, or in brief `✗ Gradients explode ×97`, and what to do about it."""
    accent, sign = _accent(verdict, theme), verdict.sign
    where = "" if verdict.layer is None else f" (layer {verdict.layer})"
    said = Paragraph.prose(verdict.text, room, lead=f"{sign} {verdict.word}{where}: ", accent=accent)
    if brief and verdict.headline:
        said = Paragraph.of([f"{sign} {verdict.headline}"], room, bold=True, accent=accent)
    advice = verdict.remedy.partition(": " if brief else "\n")[0]
    return [said, *([Paragraph.prose(advice, room, lead="remedy: ", muted=True)] if advice else [])]


def headline(comparison: Comparison, theme: Theme) -> list[tuple[str, str]]:
    """The title that says what was found: pieces with their colours; none where an arm was not judged."""
    verdicts = [arm.verdict for arm in comparison.arms if arm.verdict]
    if len(verdicts) < len(comparison.arms):
        return []
    if len(verdicts) == 1:
        return [(verdicts[0].headline or _word(verdicts[0]), _accent(verdicts[0], theme))]
    return title_of((_word(verdict), arm.label, _accent(verdict, theme))
                    for arm, verdict in zip(comparison.arms, verdicts, strict=True))


def _word(verdict: Verdict) -> str:
    return verdict.word.capitalize()


def _accent(verdict: Verdict, theme: Theme) -> str:
    return theme.good if verdict.good else theme.bad if verdict.bad else theme.warn


def write_message(sheet: Sheet, axes: Axes, box: Box, lines: list[str]) -> None:
    size = fitting_size(lambda size: all(width(line, size, True) <= box.width - 12 for line in lines), MESSAGE_SIZES)
    for number, line in enumerate(lines):
        y = box.top + 0.6 * box.height + (number + 0.5 - len(lines) / 2) * line_height(size)
        write(sheet, axes, box.center[0], y, line, size, align="center", bold=True, boxed=True)


