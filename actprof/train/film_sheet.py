"""The sheet of an animation: what stands still in all frames, and what moves from one to the next."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from actprof.arrays import Floats
from actprof.digits import percent_label
from actprof.report.canvas import Canvas
from actprof.report.headings import MARGIN, TITLE, Header, arm_color, arm_marker
from actprof.report.lettering import line_height
from actprof.report.plane import LinearAxis, Plane
from actprof.train.film import MOST_ARMS, MOST_LAYERS, TAIL, ArmFilm, Film
from actprof.train.film_rows import LEFT, Row
from actprof.train.result import Training

WIDTH, HEIGHT = 1280.0, 720.0
NAME = "Activations while the network learns"
AXIS, TICK = 17.0, 14.0
PROGRESS = 108.0  # of the loss
UNDER = line_height(TICK) + 18
BETWEEN = 6.0
POINTS = 1000
SAID = {"loss": "{}", "norm": "norm {}", "optimizer": "{}", "rate": "lr {:g}", "schedule": "schedule {}",
        "batch_size": "batch {}", "dropout": "dropout {:g}", "weight_decay": "weight decay {:g}"}
UNSAID = ("none", "constant", 0, None)


class Sheet:
    """Draws a film on canvases of its size."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._header = Header(NAME, words(film.training), WIDTH)
        columns = max(len(arm.layers) for arm in film.arms)
        self._rows = [Row(arm, number, columns, WIDTH) for number, arm in enumerate(film.arms)]
        least = self._header.height + sum(row.height + BETWEEN for row in self._rows) + 8 + PROGRESS + UNDER
        self.height = max(HEIGHT, least)
        for row in self._rows:
            row.stretch((self.height - least) / len(self._rows))
        self._plane = Plane(LEFT, self.height - UNDER - PROGRESS, WIDTH - LEFT - MARGIN, PROGRESS,
                            LinearAxis(0, max(film.end, 1)), LinearAxis(0, _ceiling(film)), TICK)
        self._losses = [_thinned(arm, _ceiling(film)) for arm in film.arms]

    def draw_still(self, canvas: Canvas) -> None:
        """All that is the same in every frame; whole curves stay pale behind the part that is done."""
        self._header.draw(canvas)
        for row, top in self._tops():
            row.draw_still(canvas, top)
        self._plane.draw(canvas)
        middle = (self._plane.top + self._plane.bottom) / 2
        canvas.text(MARGIN, middle - 14, "smoothed loss", AXIS)
        canvas.text(MARGIN, middle + 14, "by iteration", AXIS, color=canvas.theme.muted)
        for number, (done, loss) in enumerate(self._losses):
            canvas.line(self._plane.x(done), self._plane.y(loss), color=arm_color(canvas, number), linewidth=1.2,
                        alpha=0.35)

    def draw_moving(self, canvas: Canvas, iteration: int) -> None:
        """The frame after so many iterations."""
        canvas.text(WIDTH - MARGIN, 22 + line_height(TITLE) / 2, f"iteration {iteration:,}", TITLE, align="right",
                    bold=True)
        for row, top in self._tops():
            row.draw_moving(canvas, top, iteration, iteration == self._film.end)
        for number, (arm, (done, loss)) in enumerate(zip(self._film.arms, self._losses, strict=True)):
            color, past = arm_color(canvas, number), done <= iteration
            canvas.line(self._plane.x(done[past]), self._plane.y(loss[past]), color=color, linewidth=2.4, zorder=3)
            now = min(arm.loss(arm.place(iteration)), _ceiling(self._film))
            if math.isfinite(now):
                canvas.line(self._plane.x([arm.run.checkpoints[arm.place(iteration)]]), self._plane.y([now]),
                            marker=arm_marker(number), markersize=9, color=color,
                            markeredgecolor=canvas.theme.background, zorder=4)

    def _tops(self) -> list[tuple[Row, float]]:
        tops, top = [], self._header.height
        for row in self._rows:
            tops.append((row, top))
            top += row.height + BETWEEN
        return tops


def words(training: Training) -> list[str]:
    """The settings that all arms share, the seed, and what is left out."""
    data, configs = training.data, [arm.config for arm in training.arms]
    said = [data.name, *_shared("-".join(map(str, config["widths"])) for config in configs)]
    said += _shared(_act(config["act"]) for config in configs)
    for key, form in SAID.items():
        said += _shared(form.format(config[key]) if config.get(key) not in UNSAID else "" for config in configs)
    said += [f"seed {training.seed}", f"at most {percent_label(2 * TAIL)} beyond an axis unless noted"]
    if (arms := len(training.arms)) > MOST_ARMS:
        said.append(f"{MOST_ARMS} of {arms} arms")
    if (most := max(len(arm.median_run.layers) for arm in training.arms)) > MOST_LAYERS:
        said.append(f"{MOST_LAYERS} of {most} hidden layers")
    if any(len(arm.runs) > 1 for arm in training.arms):
        said.append("typical run of each arm")
    return said


def _act(names: str) -> str:
    """The activations of the hidden layers; the last one is the output's."""
    hidden = names.split("/")[:-1] or [names]
    return hidden[0] if len(set(hidden)) == 1 else "/".join(hidden)


def _shared(texts: Iterable[str]) -> list[str]:
    """The text if it is always the same, and says something."""
    different = set(texts)
    return [text for text in different if text and len(different) == 1]


def _ceiling(film: Film) -> float:
    """The top of the loss axis: all curves, but not far above the loss of a network that says nothing."""
    losses = np.concatenate([arm.run.smoothed for arm in film.arms])
    highest = float(losses[np.isfinite(losses)].max(initial=0.0))
    undecided = max(arm.chance_loss for arm in film.arms)
    return min(highest, 2 * undecided if undecided > 0 else highest) or 1.0


def _thinned(arm: ArmFilm, ceiling: float) -> tuple[Floats, Floats]:
    """Iterations and losses, at most about POINTS of them; what is above the axis lies on its top."""
    step = max(1, math.ceil(arm.run.iterations / POINTS))
    chosen = np.unique([*range(0, arm.run.iterations, step), max(arm.run.iterations - 1, 0)])
    loss = arm.run.smoothed[chosen[:arm.run.iterations]]
    return (chosen[:len(loss)] + 1.0, np.minimum(np.where(np.isfinite(loss), loss, math.nan), ceiling))
