"""The film of `actprof train --animate`: its sheet, and the artists that show each iteration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from actprof.arrays import Floats
from actprof.digits import number_label, percent, typed
from actprof.report.axes import Box, add_axes
from actprof.report.lettering import line_height, shortened, width, wrapped
from actprof.report.shares import body
from actprof.report.sheet import MARGIN, SAMPLE, TITLE, Entry, Header, Paragraph, Sheet
from actprof.report.style import Theme
from actprof.report.ticks import Fixed, Linear, Scale
from actprof.train.histories import RARE, finite, layer_span, missing, row_shares, shown_layers, totals
from actprof.train.result import DIGITS, FILM_SIZE, DataSummary, LayerHistory, TrainedArm, Training

Moving = TypeVar("Moving", bound=Artist)
NAME = "Activations while the network learns"
MAX_ARMS = 6
TALL = 0.8  # the share of checkpoints for which the axis of shares is tall enough: bars that are taller are cut
NOTED = 0.01  # a larger share of a layer's values beyond its axis is noted
WIDTH = FILM_SIZE[0]
LEFT, GAP = 292.0, 16.0  # of the panels, and between them
LABEL, STATE, CAPTION, NOTE, TICK = 17.0, 17.0, 14.0, 13.0, 13.0
MIN_HEIGHT, PROGRESS, BELOW = 64.0, 84.0, 38.0  # of the bars; of the loss; of ticks
INDENT, OVERHANG = 26.0, 6.0  # of the state; how far the label of a tick may stand out to the side
BESIDE = 260.0  # of the heading: the iteration
AXIS, MAX_POINTS = 17.0, 1000  # of the losses
ROOM, MAX_LINES = 174.0, 1.8  # for an arm's label
SAID = {"loss": "{}", "norm": "norm {}", "residual": "residual {}", "optimizer": "{}", "rate": "lr {}",
        "schedule": "schedule {}", "batch_size": "batch {}", "dropout": "dropout {}",
        "weight_decay": "weight decay {}"}
UNSAID = ("none", "constant", 0, None)


class Panel:
    """What is shown of a layer: the shares of its values in bars over its own range, at each checkpoint."""

    def __init__(self, layer: int, history: LayerHistory) -> None:
        self.layer, self.history, self.span = layer, history, layer_span(history)
        self.shares, self.zeros = row_shares(history, self.span), history.zeros / totals(history)

    def notes(self, place: int, top: float, room: float) -> list[str]:
        """Lines: the exact zeros, all bars that are cut, and what lies outside; a message where there is no shape."""
        return wrapped(self._notes(place, top), room, NOTE, joint=", ")

    def _notes(self, place: int, top: float) -> list[str]:
        known = finite(self.history)
        if missing(self.history)[place]:
            gone = 1 - known[place] / max(known.max(), 1)
            return ["not finite"] if gone == 1 else [f"{percent(gone)} % not finite"]
        if self.zeros[place] == 1:
            return ["100 % zeros"]
        shares = self.shares[place]
        cut = shares[shares > top * (1 + 1e-9)]
        edges, (low, high) = self.history.edges, self.span
        within = (edges[1:] <= high + RARE * (high - low)) & (edges[:-1] >= low - RARE * (high - low))
        inside = self.history.counts[place][within].sum() / totals(self.history)[place]
        outside = 1 - self.zeros[place] - float(inside)
        return [*([f"0: {percent(self.zeros[place])} %"] if self.zeros[place] else []),
                *([f"{len(cut)} bar{'s' * (len(cut) > 1)}: {percent(float(cut.sum()))} %"] if cut.size else []),
                *([f"{percent(outside)} % outside"] if outside > NOTED else [])]


class Film:
    """A figure whose artists can be set to any iteration: each arm's state and bars, and the losses so far.

    Attributes:
        iterations: those of the frames, one for each checkpoint of the longest run.
        moving: the artists that differ from frame to frame.
    """

    def __init__(self, figure: Figure, theme: Theme, training: Training) -> None:
        arms = training.arms[:MAX_ARMS]
        longest = max((arm.median_run for arm in arms), key=lambda run: run.iterations)
        self.iterations = [int(done) for done in longest.checkpoints]
        columns = max(len(_shown(arm)) for arm in arms)
        self._rows = [Row(arm, training.data, place, columns) for place, arm in enumerate(arms)]
        header = Header(theme.title or NAME, words(training), WIDTH, BESIDE)
        least = header.height + sum(row.height for row in self._rows) + PROGRESS + BELOW + 14
        self.sheet = Sheet(figure, theme, least, WIDTH)
        self.moving: list[Artist] = []
        header.draw(self.sheet)
        self._heading = self.text(WIDTH - MARGIN, 22 + line_height(TITLE) / 2, TITLE, align="right", bold=True)
        more, top = (self.sheet.height - least) / len(self._rows), header.height
        for row in self._rows:
            row.draw(self, top, more)
            top += row.height + more
        self._losses = Losses(self, arms, self.iterations[-1])

    def text(self, x: float, y: float, size: float, **look: Any) -> Text:
        """A text that moves, still empty."""
        return self.move(self.sheet.text(x, y, "", size, **look))

    def move(self, artist: Moving) -> Moving:
        """Note that an artist differs from frame to frame."""
        artist.set_animated(True)
        self.moving.append(artist)
        return artist

    def show(self, iteration: int) -> None:
        self._heading.set_text(f"iteration {iteration:,}")
        for row in self._rows:
            row.show(iteration, iteration == self.iterations[-1])
        self._losses.show(iteration)


class Row:
    """An arm: how it stands at the left, its hidden layers in a row of panels."""

    def __init__(self, arm: TrainedArm, data: DataSummary, place: int, columns: int) -> None:
        self._data, self._run, self._place = data, arm.median_run, place
        self._panels = [Panel(layer, self._run.layers[layer]) for layer in _shown(arm)]
        each = np.max([body(panel.shares) for panel in self._panels], axis=0)
        self._top = float(np.quantile(each, TALL)) or float(each.max()) or 1.0
        self._wide = (WIDTH - LEFT - MARGIN - (columns - 1) * GAP) / columns
        label = shortened(arm.label, MAX_LINES * ROOM, LABEL, bold=True)
        self._label = Paragraph.of([label], ROOM, LABEL, bold=True)
        lines = max(len(panel.notes(at, self._top, self._wide)) for panel in self._panels for at in range(len(each)))
        self._above = line_height(CAPTION) + lines * line_height(NOTE) + 4
        said = self._label.height + 2 * line_height(STATE) + 2 * line_height(NOTE)
        self._tall = max(MIN_HEIGHT, said - self._above - BELOW)
        self.height = self._above + self._tall + BELOW + 6

    def draw(self, film: Film, top: float, more: float) -> None:
        """What stands still, and what moves as it is before the first iteration; bars are taller by `more`."""
        sheet, x = film.sheet, MARGIN + INDENT
        mark = Entry("", [sheet.theme.mark(self._place, 11)])
        mark.draw_sample(sheet, MARGIN + 8 - SAMPLE / 2, top + line_height(LABEL) / 2)
        self._label.draw(sheet, x, top)
        top_of_state = top + self._label.height
        self._state = [film.text(x, top_of_state + (row + 0.5) * line_height(STATE), STATE) for row in range(2)]
        self._ending = [film.text(x, top_of_state + 2 * line_height(STATE) + (row + 0.5) * line_height(NOTE), NOTE,
                                  color=sheet.theme.muted) for row in range(2)]
        boxes = [Box(LEFT + column * (self._wide + GAP), top + self._above, self._wide, self._tall + more)
                 for column in range(len(self._panels))]
        shares = Linear(0.0, 100 * self._top, 0.0, most=5)
        ticks = shares.ticks(self._tall + more, lambda text: line_height(TICK) - 8)
        scale = Fixed(shares.low, shares.high, [(place, f"{label} %") for place, label in ticks])
        self._views = [View(film, panel, self._place, box, scale, top)
                       for panel, box in zip(self._panels, boxes, strict=True)]

    def show(self, iteration: int, last: bool) -> None:
        run = self._run
        at = int(np.searchsorted(run.checkpoints, iteration, side="right")) - 1
        done = int(run.checkpoints[at])
        loss = float(run.smoothed[max(done - 1, 0)]) if run.iterations else math.nan
        self._state[0].set_text(f"loss {number_label(loss, DIGITS)}")
        self._state[1].set_text(f"test {self._data.score_text(float(self._data.score(run)[at]))}")
        stopped = [f"stopped at {run.checkpoints[-1]:,}"] if run.checkpoints[-1] < iteration else []
        status = [run.status.replace("_", " ")] if (stopped or last) and run.status != "ok" else []
        for text, said in zip(self._ending, [*stopped, *status, "", ""], strict=False):
            text.set_text(said)
        for view in self._views:
            # At the end all training rows were looked at; before that a few, on which a unit may seem dead.
            whole = run.dead_fraction[view.panel.layer] if at == len(run.checkpoints) - 1 else math.nan
            view.show(at, self._top, whole)


class View:
    """The bars of a layer on axes, with the share of exact zeros as a dark bar of its own beside 0."""

    def __init__(self, film: Film, panel: Panel, place: int, box: Box, shares: Scale, top: float) -> None:
        self.panel, self._box, name = panel, box, f"layer {panel.layer + 1}"
        low, high = panel.span if panel.span[1] > panel.span[0] else (0.0, 1.0)
        sheet, color = film.sheet, film.sheet.theme.arm(place)
        x = Linear(low, high, 10 / box.width, most=4)
        pixel = (x.high - x.low) / box.width
        ticks = [(at, label) for at, label in x.ticks(box.width, lambda text: width(text, TICK))
                 if min(at - x.low, x.high - at) / pixel > width(label, TICK) / 2 - OVERHANG]
        axes = add_axes(sheet, f"{name} of arm {place + 1}", box, Fixed(x.low, x.high, ticks), shares, tick=TICK,
                        grid="y")
        if box.left > LEFT:
            axes.tick_params(labelleft=False)
        sheet.text(box.left, top + line_height(CAPTION) / 2, name, CAPTION)
        self._room = box.width - width(name, CAPTION) - 8
        self._dead = film.text(box.right, top + line_height(CAPTION) / 2, NOTE, align="right", color=sheet.theme.muted)
        lines = round((box.top - top - line_height(CAPTION)) / line_height(NOTE))
        self._notes = [film.text(box.center[0], box.top - 4 - (row + 0.5) * line_height(NOTE), NOTE, align="center")
                       for row in range(lines)]
        self._bars = film.move(axes.stairs(np.zeros(panel.shares.shape[1]),
                                           np.linspace(low, high, panel.shares.shape[1] + 1), fill=True, color=color,
                                           zorder=2, gid=f"counts-{place + 1}-{panel.layer + 1}"))
        left, wide = (low - 8 * pixel, 6 * pixel) if low == 0 else (2 * pixel, 6 * pixel) if high == 0 else (
            -2 * pixel, 4 * pixel)
        self._zero = film.move(Rectangle((left, 0.0), wide, 0.0, facecolor=sheet.theme.foreground, zorder=3))
        axes.add_patch(self._zero)

    def show(self, at: int, top: float, dead: float) -> None:
        notes = self.panel.notes(at, top, self._box.width)
        for text, line in zip(self._notes, [*notes, *[""] * len(self._notes)], strict=False):
            text.set_text(line)
        self._bars.set_data(100 * self.panel.shares[at])
        self._zero.set_height(100 * float(self.panel.zeros[at]))
        known = math.isfinite(dead)
        share = dead if known else float(self.panel.history.dead[at])
        said = f"{'' if known else '≤ '}{percent(share)} % dead"
        self._dead.set_text(said if share and width(said, NOTE) <= self._room else "")


class Losses:
    """The smoothed loss of all arms: pale what is to come, with a marker where each arm is."""

    def __init__(self, film: Film, arms: Sequence[TrainedArm], end: int) -> None:
        sheet, self._runs = film.sheet, [arm.median_run for arm in arms]
        box = Box(LEFT, sheet.height - BELOW - PROGRESS, WIDTH - LEFT - MARGIN, PROGRESS)
        self._scale = Linear(0.0, _ceiling(arms), 0.0, most=4)
        axes = add_axes(sheet, "smoothed loss", box, Linear(0.0, max(end, 1), 0.0, whole=True), self._scale, tick=TICK)
        middle = box.center[1]
        sheet.text(MARGIN, middle - 14, "smoothed loss", AXIS)
        sheet.text(MARGIN, middle + 14, "by iteration", AXIS, color=sheet.theme.muted)
        self._curves: list[tuple[Floats, Floats]] = []
        self._lines: list[Any] = []
        self._marks: list[Any] = []
        for place, run in enumerate(self._runs):
            step = max(1, math.ceil(run.iterations / MAX_POINTS))
            at = np.unique([*range(0, run.iterations, step), max(run.iterations - 1, 0)])[:run.iterations]
            curve = at + 1.0, np.minimum(self._scale.of(run.smoothed[at]), self._scale.high)
            self._curves.append(curve)
            axes.plot(*curve, color=sheet.theme.arm(place), linewidth=1.2, alpha=0.35)
            self._lines += map(film.move, axes.plot([], [], color=sheet.theme.arm(place), linewidth=2.4, zorder=3))
            self._marks += map(film.move, axes.plot([], [], zorder=4, clip_on=False, **sheet.theme.mark(place, 9)))

    def show(self, iteration: int) -> None:
        for run, (done, loss), line, mark in zip(self._runs, self._curves, self._lines, self._marks, strict=True):
            past = done <= iteration
            line.set_data(done[past], loss[past])
            at = int(run.checkpoints[np.searchsorted(run.checkpoints, iteration, side="right") - 1])
            now = float(run.smoothed[max(at - 1, 0)]) if run.iterations else math.nan
            mark.set_data([at], [min(float(self._scale.of([now])[0]), self._scale.high)])


def _ceiling(arms: Sequence[TrainedArm]) -> float:
    """The top of the loss axis: all curves, but not far above the loss of a network that says nothing."""
    losses = np.concatenate([arm.median_run.smoothed for arm in arms])
    highest, chance = float(losses[np.isfinite(losses)].max(initial=0.0)), max(arm.chance_loss for arm in arms)
    return min(highest, 2 * chance if chance > 0 else highest) or 1.0


def _shown(arm: TrainedArm) -> list[int]:
    return shown_layers(len(arm.median_run.layers))


def words(training: Training) -> list[str]:
    """The settings that all arms share, the seed, and what is left out."""
    configs, depth = [arm.config for arm in training.arms], max(len(arm.median_run.layers) for arm in training.arms)
    said = [training.data.name, *_shared("-".join(map(str, config["widths"])) for config in configs)]
    said += _shared(_act(config["act"]) for config in configs)
    for key, form in SAID.items():
        said += _shared("" if value in UNSAID else form.format(typed(value))
                        for value in (config.get(key) for config in configs))
    said += [f"seed {training.seed}", "≤: on 400 rows"]
    shown = len(shown_layers(depth))
    return [*said, *[f"{MAX_ARMS} of {len(configs)} arms"] * (len(configs) > MAX_ARMS),
            *[f"{shown} of {depth} hidden layers"] * (depth > shown),
            *["median run of each arm"] * any(len(arm.runs) > 1 for arm in training.arms)]


def _act(names: str) -> str:
    """The activations of the hidden layers; the last one is the output's."""
    hidden = names.split("/")[:-1] or [names]
    return hidden[0] if len(set(hidden)) == 1 else "/".join(hidden)


def _shared(texts: Iterable[str]) -> list[str]:
    """The text if it is always the same, and says something."""
    different = set(texts)
    return [text for text in different if text and len(different) == 1]
