"""Loss, accuracy and, where it says anything, the learning rate of all arms over the iterations, on axes of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from actprof.arrays import Counts, Floats
from actprof.digits import number_label
from actprof.report.axes import Box, add_axes, write
from actprof.report.lettering import font, line_height, width, wrapped
from actprof.report.sheet import Sheet
from actprof.report.style import EM, MARKERS
from actprof.report.ticks import Linear, Log, Scale, round_step
from actprof.train.result import DIGITS, DataSummary, TrainedArm, Training

MARK = 36.0  # pixels from marker to marker, at least
MAX_POINTS = 1500  # of a curve; more would lie in the same pixels
TITLE, TICK, GUIDE = 17.0, 14.0, 15.0
DASHED: dict[str, Any] = {"linestyle": (0, (6, 4)), "linewidth": 2.0}
STYLES = ("-", (0, (5, 1.6)), (0, (1.6, 1.2)))
STOPPED = ("diverged", "interrupted")
EARLY = 0.05  # of the iterations, in which a loss may fall from anywhere
FAR = 4.0  # times the chance loss: what stays higher shall not flatten the others
WIDE = 20.0  # learning rates that differ by a larger factor stand on a logarithmic axis
BESIDE = 30.0  # pixels that a title may stand out


@dataclass(frozen=True)
class Curve:
    """`middle` over `x`, between the quartiles `low` and `high` where there are several networks."""

    x: Floats
    middle: Floats
    low: Floats | None = None
    high: Floats | None = None

    @classmethod
    def of(cls, arm: TrainedArm, name: str, unit: float = 1.0) -> Curve:
        """A list of the arm's runs in a unit; what is not finite is NaN."""
        run = max(arm.runs, key=lambda run: len(getattr(run, name)))
        x = (run.checkpoints.astype(np.float64) if name.startswith("test_") else
             np.arange(1.0, len(getattr(run, name)) + 1))
        if len(arm.runs) > 1:
            low, middle, high = arm.band(name)
            return cls(x, middle / unit, low / unit, high / unit)
        values = np.array(getattr(run, name), np.float64) / unit
        values[~np.isfinite(values)] = math.nan
        return cls(x, values)

    @property
    def finite(self) -> Floats:
        return self.middle[np.isfinite(self.middle)]


def iterations(training: Training) -> int:
    """The iterations of the longest run, at least one."""
    return max((run.iterations for arm in training.arms for run in arm.runs), default=0) or 1


def arm_style(number: int) -> Any:
    """The look of an arm's line: colours and markers together repeat after so many arms."""
    return STYLES[number // (2 * len(MARKERS)) % len(STYLES)]


class Curves:
    """One quantity of all arms: its curves, their scale, and what else stands on the axes."""

    titles: tuple[str, ...]
    name: str
    scale: Scale

    def __init__(self, training: Training, curves: list[Curve]) -> None:
        self._training, self.curves, self._longest = training, curves, iterations(training)

    def draw(self, sheet: Sheet, box: Box) -> Axes:
        """Axes with a curve an arm; markers stand at round iterations, those of one arm a little after the last's."""
        x = Linear(0.0, max(self._longest, 1), 0.01, whole=True)
        axes = add_axes(sheet, self.name, box, x, self.scale, tick=TICK)
        title = next((each for each in self.titles if width(each, TITLE, True) <= box.width + BESIDE), self.titles[-1])
        axes.set_title(title, loc="left", y=1.0, pad=8 / EM, font=font(True), fontsize=TITLE)
        for arm, curve in enumerate(self.curves):
            self._draw_curve(sheet, axes, curve, arm, box.width)
            self._draw_end(sheet, axes, arm, 1 - 12 / box.height)
        self.draw_guides(sheet, axes, box)
        return axes

    def draw_guides(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        """What else helps to read the curves."""

    def guide(self, sheet: Sheet, axes: Axes, box: Box, value: float, words: str, name: str) -> None:
        """A dashed line across the axes, with words at that end and on that side of it where fewest curves are."""
        y = float(self.scale.of([value])[0])
        axes.axhline(y, color=sheet.theme.foreground, zorder=3.5, gid=name, **DASHED)
        lines, step = wrapped([words], box.width - 24, GUIDE), line_height(GUIDE)
        at, tall = float(sheet.pixels(axes, axes.get_xlim()[:1], [y])[0, 1]), step * len(lines)
        wide = max(width(line, GUIDE) for line in lines)
        points = np.concatenate([np.zeros((0, 2)), *(
            sheet.pixels(axes, curve.x, self.scale.of(curve.middle)) for curve in self.curves)])
        sides = [(at - 6 - tall, at - 19 - step * (len(lines) - 1), at - box.top <= 8 + tall),
                 (at + 4, at + 19, box.bottom - at <= 3 + tall)]
        places = [(cut, int(((points > (left, top)) & (points < (left + wide, top + tall + 2))).all(axis=1).sum()),
                   first, left + wide * (align == "right"), align)
                  for left, align in ((box.right - 8 - wide, "right"), (box.left + 8, "left"))
                  for top, first, cut in (sides[::-1] if name == "baseline" else sides)]
        _, _, first, x, align = min(places, key=lambda place: place[:2])
        axes.spines["bottom"].set_zorder(10)  # above the background of words that lie low
        for row, line in enumerate(lines):
            write(sheet, axes, x, first + row * step, line, GUIDE, align=align, boxed=True)

    def _draw_curve(self, sheet: Sheet, axes: Axes, curve: Curve, number: int, room: float) -> None:
        at, color = thinned(len(curve.x)), sheet.theme.arm(number)
        if curve.low is not None and curve.high is not None:
            low, high = self.scale.of(curve.low[at]), self.scale.of(curve.high[at])
            axes.fill_between(curve.x[at], low, high, where=np.isfinite(low + high).tolist(), facecolor=color,
                              alpha=0.22, linewidth=0, zorder=2, gid=f"{self.name}-band-{number + 1}")
        marked = self._marks(curve.x[at], number, room)
        axes.plot(curve.x[at], self.scale.of(curve.middle[at]), linewidth=3.0, zorder=4, linestyle=arm_style(number),
                  solid_joinstyle="round", markevery=marked, gid=f"{self.name}-{number + 1}",
                  **sheet.theme.mark(number, 8.5))

    def _marks(self, x: Floats, number: int, room: float) -> list[int]:
        every = max(1.0, round_step(self._longest * MARK / room))
        late = every * (len(self.curves) - 1 - number) / len(self.curves)
        wanted = np.arange(every, self._longest + every, every) - late
        at = np.unique(np.searchsorted(x, wanted))
        at = at[at < len(x)]
        return at.tolist() if at.size else [len(x) - 1] * (len(x) > 0)

    def _draw_end(self, sheet: Sheet, axes: Axes, number: int, highest: float) -> None:
        """A cross where an arm stopped before its time, below the upper edge where it left or is no number any more."""
        curve, theme = self.curves[number], sheet.theme
        if self._training.arms[number].median_run.status not in STOPPED or not len(curve.x):
            return
        last = float(self.scale.of(curve.middle[-1:])[0])
        inside = self.scale.low <= last < self.scale.high
        axes.plot(curve.x[-1:], [last if inside else highest], marker="X", markersize=14, zorder=7, linestyle="none",
                  color=theme.arm(number), markeredgecolor=theme.foreground, markeredgewidth=1.2, clip_on=False,
                  transform=axes.transData if inside else axes.get_xaxis_transform(),
                  gid=f"{self.name}-end-{number + 1}")


def thinned(count: int) -> Counts:
    """The places of at most MAX_POINTS out of `count`, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, MAX_POINTS)).round().astype(np.int64)) if count else (
        np.arange(0))


class LossCurves(Curves):
    """Smoothed curves, or medians with their quartiles, on an axis that suits those that learn."""

    name = "loss"

    def __init__(self, training: Training, log: bool) -> None:
        super().__init__(training, [Curve.of(arm, "smoothed") for arm in training.arms])
        networks = max((len(arm.runs) for arm in training.arms), default=1)
        beside = "faint: each mini-batch" if networks == 1 else f"median of {networks} networks, quartiles"
        self.titles = (f"Training loss by iteration, smoothed ({beside})", f"Smoothed loss ({beside})",
                       "Training loss, smoothed")
        self._chances = list(dict.fromkeys(arm.chance_loss for arm in training.arms))
        drawn = [value for curve in self.curves if curve.finite.size
                 for value in (float(curve.finite.min()), float(curve.finite.max()))]
        self.scale = Log.over([*self._chances, *drawn]) if log else Linear(0.0, self._top())

    def draw_guides(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        """The chance loss, each mini-batch's loss, and an arrow where a curve leaves the axis."""
        for chance in self._chances:
            name = logarithm(chance, len(self._training.data.classes))
            words = f"undecided: {name and f'{name} = '}{number_label(chance, DIGITS)}"
            self.guide(sheet, axes, box, chance, words, "undecided")
        for place, (arm, curve) in enumerate(zip(self._training.arms, self.curves, strict=True)):
            if curve.low is None:
                self._draw_raw(sheet, axes, arm.runs[0].loss, place)
            out = self._out(curve)
            if out.size:
                axes.plot(curve.x[out[:1]], [1 - 8 / box.height], transform=axes.get_xaxis_transform(), zorder=6,
                          linestyle="none", clip_on=False, gid=f"exit-{place + 1}",
                          **sheet.theme.mark(place, 13) | {"marker": "^"})

    def notes(self) -> list[str]:
        """What becomes of the curves that leave the axis."""
        return [f"{arm.label}: {words}" for arm, curve in zip(self._training.arms, self.curves, strict=True)
                if (words := self._left(arm, curve))]

    def _draw_raw(self, sheet: Sheet, axes: Axes, loss: Floats, number: int) -> None:
        """What each mini-batch gave; of a long run its least and greatest values, side by side."""
        at = thinned(len(loss))
        if len(at) < len(loss):
            least, most = np.fmin.reduceat(loss, at), np.fmax.reduceat(loss, at)
            at, loss = np.repeat(at, 2), np.stack([least, most], axis=1).ravel()
        values = self.scale.of(np.where(np.isfinite(loss), loss, math.nan))
        axes.plot(at + 1.0, values, color=sheet.theme.arm(number), alpha=0.28, linewidth=1.0, zorder=2,
                  gid=f"raw-{number + 1}")

    def _out(self, curve: Curve) -> Counts:
        """The places in the list at which the curve is above the axis, or no number."""
        return np.flatnonzero((self.scale.of(curve.middle) > self.scale.high) | ~np.isfinite(curve.middle))

    def _left(self, arm: TrainedArm, curve: Curve) -> str:
        out = self._out(curve)
        if not out.size:
            return ""
        if out[0] == 0 and len(out) < len(curve.middle) and arm.median_run.status != "diverged":
            return f"the loss starts above the axis, at {number_label(float(curve.middle[0]), DIGITS)}"
        if not curve.finite.size:
            return "the loss is not finite"
        highest = [run.loss[np.isfinite(run.loss)].max(initial=0.0) for run in arm.runs]
        most = number_label(float(max(highest)), DIGITS)
        return f"the loss leaves the axis at iteration {int(out[0]) + 1} (at most {most})"

    def _top(self) -> float:
        """The chance loss and all curves that come near it; of none does, the lowest."""
        chance = self._chances or [1.0]
        # What nearly all of a curve stays below, when its beginning is over.
        levels = [float(np.quantile(curve.finite[int(EARLY * len(curve.finite)):], 0.98))
                  for curve in self.curves if curve.finite.size]
        near = [level for level in levels if level <= FAR * max(chance)]
        top = 1.05 * max([*chance, *(near or sorted(levels)[:1])])
        step = round_step(min(top, 1e300) / 5)
        return math.ceil(top / step) * step if step else 1.0


def logarithm(chance: float, classes: int) -> str:
    """`ln 10`, or nothing for a loss that is no logarithm of a number of classes."""
    return next((f"ln {count}" for count in (classes, 2) if count and math.isclose(chance, math.log(count))), "")


class ScoreCurves(Curves):
    """The share of right answers on the test rows at each checkpoint, and that of the most frequent class; or R² of
    the numbers to predict, and that of their mean, 0."""

    def __init__(self, training: Training) -> None:
        data = training.data
        self._said = (f"always the most frequent class: {data.score_text(data.baseline)}" if data.classes else
                      "always the mean: 0")
        self.titles, self.name = (("Test accuracy in %",), "accuracy") if data.classes else (("Test R²",), "R²")
        super().__init__(training, [Curve.of(arm, "test_accuracy", 0.01) if data.classes else
                                    _r2(Curve.of(arm, "test_loss"), data) for arm in training.arms])
        self._baseline = 100 * data.baseline if data.classes else 0.0
        least = min([self._baseline, *(float(curve.finite.min(initial=100.0)) for curve in self.curves)])
        self.scale = Linear(10 * math.floor((least - 5) / 10) if least > 50 else 0.0, 100.0 if data.classes else 1.0)

    def draw_guides(self, sheet: Sheet, axes: Axes, box: Box) -> None:
        self.guide(sheet, axes, box, self._baseline, self._said, "baseline")


def _r2(curve: Curve, data: DataSummary) -> Curve:
    low, high = (None if side is None else data.r2(side) for side in (curve.high, curve.low))
    return Curve(curve.x, data.r2(curve.middle), low, high)


class RateCurves(Curves):
    """The learning rate of each update."""

    titles, name = ("Learning rate",), "rate"

    def __init__(self, training: Training) -> None:
        super().__init__(training, [Curve.of(arm, "learning_rate") for arm in training.arms])
        firsts = [float(curve.finite.max()) for curve in self.curves if curve.finite.max(initial=0.0) > 0]
        if firsts and max(firsts) > WIDE * min(firsts):
            self.scale = Log.over([*firsts, *(float(curve.finite[curve.finite > 0].min()) for curve in self.curves
                                              if (curve.finite > 0).any())])
        else:
            self.scale = Linear(0.0, max(firsts, default=1.0))

    @staticmethod
    def needed(training: Training) -> bool:
        """Whether there is more to see than a constant that all arms share, which the subtitle names."""
        configs = [arm.config for arm in training.arms]
        return (any(config.get("schedule", "constant") != "constant" for config in configs)
                or len({config.get("rate") for config in configs}) > 1)
