"""Why an arm learns or does not: what it is, its hidden layers, its decisions, and the size of its updates."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_hex, to_rgb
from matplotlib.patches import StepPatch

from actprof.arrays import Counts, Floats
from actprof.digits import number_label, percent, power_label, short
from actprof.report.axes import Box, add_axes, hatch, write
from actprof.report.lettering import MIN_SIZE, fitting_size, line_height, width, wrapped
from actprof.report.settings import own_words, words
from actprof.report.sheet import INDENT, MARGIN, WIDTH, Entry, Marked, Paragraph, Sheet, Stack
from actprof.report.style import Theme
from actprof.report.ticks import Fixed, Linear, Log, Scale
from actprof.train.curves import DASHED, arm_style, logarithm
from actprof.train.histories import FAINTEST, Span, common_span, layer_span, missing, row_shares, shown_layers
from actprof.train.result import (
    DIGITS,
    USUAL_RATIO,
    Boundary,
    DataSummary,
    Fit,
    LayerHistory,
    Run,
    TrainedArm,
    Training,
)

LABEL, RESULT, DETAIL, TITLE, TICK = 18.0, 16.0, 14.0, 14.0, 14.0
SIZES = (TITLE, 12.5, MIN_SIZE)
CAPTION, ENDS = line_height(TITLE) + 2, line_height(TICK) + 4  # above the maps, and below their strips
STRIP, STRIP_GAP = 14.0, 4.0
TEXT, MIN_HEIGHT = 526.0, 74.0  # width of the words, height of a map
BETWEEN, GAP = 14.0, 16.0  # of blocks, and of maps
TICKS = 66.0  # left of the maps and of the ratios
COLUMNS = 100  # of a map
PALE, PALEST = 0.34, 0.3  # of a class's colour in its region; of the first layer's line
MIN_RATIO, MAX_RATIO = 1e-8, 10.0  # what changes a float32 by less does not change it
NEAR = 0.1, 1.3  # parts of the common range: what reaches less or more far says how far
ALIKE = 0.005  # losses that differ by a smaller part
SAID = {"ok": "learns", "not_learning": "does not learn", "badly_scaled": "badly scaled"}


class Blocks:
    """A row for each arm, all as high, on common scales.

    Attributes:
        maps, square, ratios: left and right end of these parts; no `square` for data of more than two features.
    """

    def __init__(self, training: Training, theme: Theme) -> None:
        left, right = MARGIN + TEXT + 20, WIDTH - MARGIN - 44
        self.square: tuple[float, float] | None = None
        if any(run.boundary or run.fit for arm in training.arms for run in arm.runs):
            self.square = left, left + (380.0 if len(training.arms) == 1 else 180.0)
            left = self.square[1] + 20
        self.ratios = right - 260.0 if any(arm.median_run.layers for arm in training.arms) else left + TICKS, right
        self.maps = left + TICKS, self.ratios[0] - TICKS - 14
        self._training = training
        self._span = common_span(list(training.arms))
        self._scale = ratio_scale(training)
        self._texts = [_heading(training, place, theme, TEXT) for place in range(len(training.arms))]
        lengths = {int(arm.median_run.checkpoints[-1]) for arm in training.arms}
        self._own_ends = len(lengths) > 1
        self._below = ENDS if self._own_ends else 0.0
        least = CAPTION + MIN_HEIGHT + STRIP + STRIP_GAP + self._below
        self._least = max([least, *(text.height for text in self._texts)]) + BETWEEN
        self._names = CAPTION * any(_is_narrow(arm.median_run, self.maps) for arm in training.arms)
        self.height = self._names + len(training.arms) * self._least + ENDS - self._below

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        tall = (height - self._names - ENDS + self._below) / len(self._texts)
        for place in range(len(self._texts)):
            self._draw_arm(sheet, place, top + self._names + place * tall, tall)

    def _draw_arm(self, sheet: Sheet, place: int, top: float, tall: float) -> None:
        """Layers are named in the first row."""
        above, ends = None if place else self._names, self._own_ends or place == len(self._texts) - 1
        run = self._training.arms[place].median_run
        self._texts[place].draw(sheet, MARGIN, top)
        box = Box(self.maps[0], top + CAPTION, self.maps[1] - self.maps[0],
                  tall - CAPTION - BETWEEN - self._below - STRIP - STRIP_GAP)
        if run.layers:
            HistoryMaps(run, place, box, self._span).draw(sheet, above, ends)
        if self.square and run.boundary:
            left, right = self.square
            side = min(right - left, tall - BETWEEN)
            draw_boundary(sheet, run.boundary, self._training, Box(left, top + (tall - BETWEEN - side) / 2, side, side),
                          place)
        elif self.square and run.fit:
            left, right = self.square
            draw_fit(sheet, run.fit, self._training.data, Box(left + 50, box.top, right - left - 50, box.height), place)
        left, right = self.ratios
        below = Box(left, box.top, right - left, box.height + STRIP + STRIP_GAP)
        draw_ratios(sheet, run, place, self._scale, below, ends)


def _heading(training: Training, place: int, theme: Theme, room: float) -> Stack:
    """`● he: slow`, and below it the result, how it differs from the others, and why it does not learn."""
    arm = training.arms[place]
    label = Paragraph(wrapped([arm.label, status_word(arm)], room - INDENT, LABEL, True, ": "), LABEL, True)
    why = "; ".join(filter(None, (arm.median_run.cause, arm.median_run.remedy)))
    return Stack([Marked(arm_sample("", place, theme), label),
                  Paragraph.of(_result(arm, training.data), room, RESULT, bold=True),
                  Paragraph.of(_details(training, arm), room, muted=True),
                  *([Paragraph.prose(why, room)] if why else [])])


def status_word(arm: TrainedArm) -> str:
    """`does not learn`."""
    return SAID.get(arm.median_run.status, arm.median_run.status)


def arm_sample(label: str, place: int, theme: Theme) -> Entry:
    """An arm's line with its marker, and its name."""
    return Entry(label, [{"linewidth": 3, "color": theme.arm(place), "linestyle": arm_style(place)},
                         theme.mark(place)])


def _result(arm: TrainedArm, data: DataSummary) -> list[str]:
    """`test 97.9 %`, or `test R² 0.93`; `loss 2.431 → 0.0711`: medians where there are several networks."""
    first, last = (number_label(loss, DIGITS) for loss in (arm.first_loss, arm.last_loss))
    return [f"test {data.score_text(arm.score(data))}", f"loss {first} → {last}"]


def _details(training: Training, arm: TrainedArm) -> list[str]:
    inits = [word for word in words(arm.config) if word.startswith("init ")]
    details = [f"W ~ {arm.config['init_formula']}"] if arm.config.get("init_formula") else []
    details += [word for word in own_words(arm, training) if word not in inits]
    hatched = any(missing(layer).any() for layer in arm.median_run.layers)
    return [*details, *_start(training, arm), *_networks(arm), *["hatched: not all values are finite"] * hatched]


def _start(training: Training, arm: TrainedArm) -> list[str]:
    """`starts 0.128 above ln 10`."""
    over = arm.first_loss - arm.chance_loss
    if not math.isfinite(over):
        return []
    side = "above" if over > 0 else "below"
    where = "at" if abs(over) < ALIKE * arm.chance_loss else f"{short(float(f'{abs(over):.3g}'))} {side}"
    return [f"starts {where} {logarithm(arm.chance_loss, len(training.data.classes)) or 'undecided'}"]


def _networks(arm: TrainedArm) -> list[str]:
    if len(arm.runs) == 1:
        return []
    ends = Counter(run.status for run in arm.runs)
    listed = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in ends.items())
    return [f"{len(arm.runs)} networks: {listed}; shown: the median one"]


class HistoryMaps:
    """The maps of one run in a row: what share of a layer's values is where at each iteration."""

    def __init__(self, run: Run, place: int, box: Box, span: Span) -> None:
        self._run, self._place, self._box, self._span = run, place + 1, box, span
        self._layers = shown_layers(len(run.layers))
        self._wide = (box.width + GAP) / len(self._layers) - GAP
        self._last = float(run.checkpoints[-1]) or 1.0
        low, high = span if span[1] > span[0] else (0.0, 1.0)
        self._values = Linear(low, high, 0.0, most=4)

    def draw(self, sheet: Sheet, above: float | None, ends: bool) -> None:
        """With the layers' names, unless `above` is None, so far above their shares of dead units, or beside these; and
        with the first and last iteration."""
        muted = sheet.theme.muted
        for column, layer in enumerate(self._layers):
            box = self._box._replace(left=self._box.left + column * (self._wide + GAP), width=self._wide)
            axes = self._draw_map(sheet, box, layer, column == 0)
            self._draw_strip(sheet, axes, self._run.layers[layer].dead, box)
            self._draw_caption(sheet, box, layer, above)
            if ends:
                y = box.bottom + STRIP_GAP + STRIP + 3 + line_height(TICK) / 2
                sheet.text(box.left, y, "0", TICK, color=muted)
                if self._run.checkpoints[-1]:
                    sheet.text(box.right, y, str(self._run.checkpoints[-1]), TICK, align="right", color=muted)

    def _draw_caption(self, sheet: Sheet, box: Box, layer: int, above: float | None) -> None:
        """How many units are dead, in words where all layers have room."""
        y, room = box.top - CAPTION / 2 - 1, box.width
        if above is not None:
            sheet.text(box.left, y - above, _name(layer), TITLE, bold=True)
            room -= 0.0 if above else width(_name(layer), TITLE, True) + 12
        dead = [f"{said} dead" if (said := _dead(self._run, each)) else "" for each in self._layers]
        if any(width(text, TITLE) > room for text in dead):
            dead = [text.removesuffix(" dead") for text in dead]
        text = dead[self._layers.index(layer)]
        size = fitting_size(lambda size: width(text, size) <= room, SIZES)
        if text and width(text, size) <= room:
            sheet.text(box.right, y, text, size, align="right")

    def _draw_map(self, sheet: Sheet, box: Box, layer: int, first: bool) -> Axes:
        history, values = self._run.layers[layer], self._values
        y = values if first else Fixed(values.low, values.high)
        axes = add_axes(sheet, f"{_name(layer)} of arm {self._place}", box, Fixed(0.0, self._last), y, tick=TICK,
                        grid="")
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(first)
        at = columns(self._run)
        shares = np.ma.masked_less_equal(row_shares(history, self._span)[at].T, 0.0)
        axes.imshow(shares, cmap=sheet.theme.colormap, norm=LogNorm(FAINTEST, 1.0, clip=True), origin="lower",
                    extent=(0.0, self._last, values.low, values.high), aspect="auto", interpolation="nearest",
                    zorder=1, gid=f"map-{self._place}-{layer + 1}")
        hatch(axes, np.linspace(0.0, self._last, len(at) + 1), [values.low, values.high], missing(history)[at],
              sheet.theme.muted)
        self._note(sheet, axes, box, history)
        return axes

    def _note(self, sheet: Sheet, axes: Axes, box: Box, history: LayerHistory) -> None:
        """How far values go that the common range shows as next to nothing, or that go beyond it."""
        reach = max(map(abs, layer_span(history)))
        whole = max(map(abs, self._span)) or 1.0
        if not history.counts.any():
            said = "" if missing(history).all() else "all 0"
        else:
            said = "" if NEAR[0] < reach / whole < NEAR[1] else f"to {number_label(reach, 2)}"
        size = fitting_size(lambda size: width(said, size) + 8 <= box.width, SIZES)
        if said and width(said, size) + 8 <= box.width:
            write(sheet, axes, *box.center, said, size, align="center", boxed=True, color=sheet.theme.muted)

    def _draw_strip(self, sheet: Sheet, axes: Axes, dead: Floats, box: Box) -> None:
        """The share of dead units, from the bottom of a strip below the map."""
        low, tall, shares = -(STRIP_GAP + STRIP) / box.height, STRIP / box.height, dead[columns(self._run)]
        edges, name = np.linspace(0.0, self._last, len(shares) + 1), f"dead-{self._place}"
        # As bare artists: `stairs` would spend more time on limits, which stand, than on drawing.
        for heights, color, gid in ((np.ones(len(shares)), sheet.theme.grid, ""),
                                    (np.nan_to_num(shares), sheet.theme.foreground, name)):
            axes.add_artist(StepPatch(low + tall * heights, edges, baseline=low, color=color, linewidth=0, zorder=2,
                                      transform=axes.get_xaxis_transform(), clip_on=False, gid=gid))


def _name(layer: int) -> str:
    return f"layer {layer + 1}"


def _is_narrow(run: Run, maps: tuple[float, float]) -> bool:
    """Whether a layer's name and its share of dead units do not stand beside each other above a map."""
    layers = shown_layers(len(run.layers))
    room = (maps[1] - maps[0] + GAP) / max(len(layers), 1) - GAP - 12
    return any(width(_name(layer), TITLE, True) + width(_dead(run, layer), TITLE) > room for layer in layers)


def _dead(run: Run, layer: int) -> str:
    """`10.0 %` of a layer's units; "" of a run that was stopped before anybody looked."""
    share = run.dead_fraction[layer]
    return "" if math.isnan(share) else f"{percent(share)} %"


def columns(run: Run) -> Counts:
    """The checkpoint nearest to each of COLUMNS even steps."""
    wanted = np.linspace(0, run.checkpoints[-1], COLUMNS)
    nearest: Counts = np.abs(run.checkpoints[:, np.newaxis] - wanted).argmin(axis=0)
    return nearest


def class_colours(classes: int, theme: Theme) -> Floats:
    """(classes, 3), from 0 to 1: the arms' palette, or around the wheel where it is too short."""
    if classes <= len(theme.arms):
        return np.array([to_rgb(color) for color in theme.arms[:max(classes, 1)]])
    wheel: Floats = colormaps["hsv"](np.arange(classes) / classes)[:, :3]
    return wheel


def draw_boundary(sheet: Sheet, boundary: Boundary, training: Training, box: Box, place: int) -> None:
    """The class that a network of two inputs gives to each point of the plane, and the rows that it learned from."""
    data, theme = training.data, sheet.theme
    colours = class_colours(max(len(data.classes), int(boundary.classes.max(initial=0)) + 1), theme)
    pale = PALE * colours + (1 - PALE) * np.array(to_rgb(theme.background))
    x, y = (Linear(*side, 0.0) for side in (boundary.x, boundary.y))
    axes = add_axes(sheet, f"decisions of arm {place + 1}", box, Fixed(x.low, x.high), Fixed(y.low, y.high), grid="")
    axes.imshow(pale[boundary.classes], origin="lower", extent=(x.low, x.high, y.low, y.high), aspect="auto",
                interpolation="nearest", zorder=1)
    points, labels = data.points or (np.zeros((0, 2)), np.zeros(0))
    for label, color in enumerate(colours):
        chosen = points[labels == label]
        axes.plot(x.of(chosen[:, 0]), y.of(chosen[:, 1]), linestyle="none", marker="o", zorder=4,
                  markersize=max(2.4, box.width / 75), markerfacecolor=to_hex(color), markeredgewidth=0.4,
                  markeredgecolor=theme.background, gid=f"points-{label + 1}")


def draw_fit(sheet: Sheet, fit: Fit, data: DataSummary, box: Box, place: int) -> None:
    """The training rows as points, and what is predicted as a line over them."""
    points = data.points
    if points is None:
        return
    x, y = points[0][:, 0], np.asarray(points[1], np.float64)
    x_scale, y_scale = (Linear(float(values.min()), float(values.max()), 0.05, most=4) for values in (x, y))
    axes = add_axes(sheet, f"predictions of arm {place + 1}", box, x_scale, y_scale, tick=TICK)
    axes.plot(x_scale.of(x), y_scale.of(y), linestyle="none", marker="o", markersize=max(2.4, box.width / 75),
              markeredgewidth=0, color=sheet.theme.muted, alpha=0.6, zorder=3, gid="points")
    axes.plot(x_scale.of(fit.x), y_scale.of(np.where(np.isfinite(fit.y), fit.y, math.nan)), linewidth=2.6, zorder=4,
              color=sheet.theme.arm(place), gid=f"fit-{place + 1}")


def ratio_scale(training: Training) -> Scale:
    """One scale for all arms, with the usual ratio on it."""
    ratios = [arm.median_run.update_ratio for arm in training.arms]
    shown = [np.clip(ratio[np.isfinite(ratio) & (ratio > 0)], MIN_RATIO, MAX_RATIO) for ratio in ratios]
    ends = [float(end) for values in shown if values.size for end in (values.min(), values.max())]
    return Log.over([USUAL_RATIO / 40, USUAL_RATIO * 40, *ends])


def draw_ratios(sheet: Sheet, run: Run, place: int, scale: Scale, box: Box, ends: bool) -> None:
    """Draw the part of its size by which an update changes each layer's weights, a line a layer, beside 10⁻³.

    A triangle stands at the lower edge where next to nothing changed.
    """
    theme, last = sheet.theme, max(run.iterations, 1)
    x_scale = Linear(0.0, last, 0.0, whole=True) if ends else Fixed(0.0, float(last))
    axes = add_axes(sheet, f"updates of arm {place + 1}", box, x_scale, scale, tick=TICK, grid="both" if ends else "y")
    y = float(scale.of([USUAL_RATIO])[0])
    axes.axhline(y, color=theme.foreground, zorder=2.5, **DASHED)
    write(sheet, axes, box.right + 8, float(sheet.pixels(axes, [0.0], [y])[0, 1]), power_label(-3), TICK)
    layers, x = run.update_ratio.shape[1], run.checkpoints.astype(np.float64)
    for layer, alpha in enumerate(np.linspace(PALEST, 1.0, layers) if layers > 1 else [1.0]):
        ratio = run.update_ratio[:, layer]
        look: dict[str, Any] = {"color": theme.arm(place), "alpha": float(alpha)}
        axes.plot(x, scale.of(ratio), linewidth=2.2, zorder=3, marker="." if len(x) < 3 else "",
                  gid=f"ratio-{place + 1}-{layer + 1}", **look)
        still = x[ratio < MIN_RATIO]
        if still.size:
            axes.plot(still, np.full(len(still), 5 / box.height), transform=axes.get_xaxis_transform(), marker="v",
                      linestyle="none", markersize=6, zorder=3.5, gid=f"still-{place + 1}-{layer + 1}", **look)
    if not np.isfinite(run.update_ratio).any():
        why = "no update" if not run.iterations else "no ratio" if run.status == "diverged" else "no ratio: W is 0"
        write(sheet, axes, box.center[0], box.top + 0.75 * box.height, why, TICK, align="center", color=theme.muted,
              boxed=True)
