"""σ forward and the gradient back against depth on logarithmic axes, one line an arm, with what theory says of them."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from actprof.arrays import Flags, Floats
from actprof.engine.profiles import LayerSummary
from actprof.engine.spec import GRADIENT, QUANTITIES
from actprof.histogram.scene import SYMBOLS, Scene
from actprof.report.axes import BELOW, Box, add_axes
from actprof.report.lettering import line_height, width
from actprof.report.shares import DASHED
from actprof.report.sheet import Entry, Key, Sheet
from actprof.report.ticks import Extent, Fixed, Linear, Log, Tick
from actprof.theory.predictions import BAND, LayerTheory

MIN_HEIGHT = 150.0  # of the axes
LABELS, TITLE, ABOVE = 92.0, 16.0, line_height(16.0) + 4  # left of axes; the size and the height of their titles
MAX_MARKED = 30  # layers
LANE = 15.0  # pixels between the marks of arms whose value has no place
SPECTRUM = 150.0  # pixels of the axes of singular values, and SPREAD more for each arm
SPREAD = 44.0
HALF = 0.1  # of the line of a single layer
PALE = 0.14
UNKNOWN = math.nan, math.nan
Look = dict[str, Any]
WIDE: Look = {"linewidth": 2.8}
THIN: Look = {"linewidth": 1.4}
SPAN: Look = {"linewidth": 2.4}
RMS: Look = {"marker": "o", "markersize": 8}
LOST: Look = {"linestyle": "none", "marker": "x", "markersize": 8, "markeredgewidth": 2.2}
ALIKE: Look = {"linestyle": "none", "marker": "v", "markersize": 8, "markeredgewidth": 1.6,
                         "fillstyle": "none"}


@dataclass(frozen=True)
class Course:
    """One arm's line: values by layer, those of `within` beside it, and (layers, 2) ranges; NaN for what is unknown.

    Attributes:
        lost: where the value has no logarithm.
        alike: where that of `within` alone has none.
    """

    values: Floats
    within: Floats
    quartiles: Floats
    theory: Floats
    band: Floats
    lost: Flags
    alike: Flags


@dataclass(frozen=True)
class Plot:
    """One pair of axes; of the titles the first that fits."""

    name: str
    titles: Sequence[str]
    courses: Sequence[Course]
    y: Log


def signal(scene: Scene) -> Plot:
    """σ of what is shown, of the activations where that is the gradient."""
    quantity = scene.quantity if scene.quantity != GRADIENT else QUANTITIES[0]
    says = PREDICTED[quantity]
    courses = []
    for layers, theory in zip(scene.layers, scene.theory, strict=True):
        summaries = [layer.quantity(quantity) for layer in layers]
        values, within = _column(summaries, lambda s: [s.statistics["std"], s.statistics["within_unit_std"]]).T
        spread = _column(summaries, lambda s: s.spread.get("std", UNKNOWN))
        said = _column(theory, says).reshape(-1, 3)
        known = (values > 0) & np.isfinite(values)
        courses.append(Course(values, within, spread, said[:, 0], said[:, 1:], ~known, known & (within == 0)))
    return Plot("signal", [f"std of {SYMBOLS[quantity]}", "std"], courses, Log.over(*_extents(courses)))


def _extents(courses: Sequence[Course]) -> tuple[list[float], list[float]]:
    """All that is measured, and all that theory says."""
    drawn = [part for each in courses for part in (each.values, each.within, each.quartiles.ravel())]
    said = [part for each in courses for part in (each.theory, each.band.ravel())]
    return np.concatenate(drawn).tolist(), np.concatenate(said).tolist()


def streams(scene: Scene) -> Plot:
    """σ of the stream of residual blocks and, as what is `within`, of what branches add; inside a branch both stay."""
    courses = []
    for layers, theory in zip(scene.layers, scene.theory, strict=True):
        values, spread = _held([layer.stream for layer in layers], lambda s: s.statistics["std"]), _held(
            [layer.stream for layer in layers], lambda s: s.spread.get("std", UNKNOWN), 2)
        within = _held([layer.branch for layer in layers], lambda s: s.statistics["std"] or math.nan)
        said = _held([layer.stream for layer in theory], lambda each: each.std)
        courses.append(Course(values, within, spread, said, np.full((len(theory), 2), math.nan),
                              (values == 0) | np.isinf(values), values < 0))
    titles = "std of the stream; thin: of what branches add", "std: stream; thin: branches", "std of stream"
    return Plot("streams", titles, courses, Log.over(*_extents(courses)))


def _held(rows: Sequence[Any], value: Callable[[Any], Any], columns: int = 0) -> Floats:
    """The values by layer; where there is none inside a branch the last one, NaN before the first."""
    found = [np.full(columns, math.nan) if columns else math.nan]
    for row in rows:
        found.append(found[-1] if row is None else value(row))
    return np.array(found[1:], np.float64).reshape(len(rows), *[columns] * bool(columns))


PREDICTED: dict[str, Callable[[LayerTheory], tuple[float, float, float]]] = {
    "activation": lambda layer: (layer.std, layer.std_low, layer.std_high),
    "preactivation": lambda layer: (layer.preactivation_std, math.nan, math.nan),
}


def gradient(scene: Scene) -> Plot:
    """Logarithms of a sample's gradient beside the last layer's, which floats need not hold.

    Its norm, by which verdicts go: the root mean square over units falls wherever a layer is wider than the last.
    """
    courses = []
    for layers, theory in zip(scene.layers, scene.theory, strict=True):
        values, spread = _column(layers, _log_ratio), _column(
            layers, lambda each: (each.gradient.spread if each.gradient else {}).get("log10_norm_ratio", UNKNOWN))
        said = _column(theory, _predicted).reshape(-1, 3) + _of_widths(layers)[:len(theory), None]
        none = np.full(len(layers), math.nan)
        sent = np.array([layer.gradient is not None for layer in layers])
        courses.append(Course(values, none, spread, said[:, 0], said[:, 1:], ~np.isfinite(values) & sent, none == 0))
    titles = "gradient ∂L/∂z: norm for a sample, 1 in the last layer", "gradient ∂L/∂z, last layer 1", "∂L/∂z"
    known, predicted = (list(filter(math.isfinite, every)) for every in _extents(courses))
    return Plot(GRADIENT, titles, courses, Log.over_logs(known, predicted))


def _log_ratio(layer: LayerSummary) -> float:
    return layer.gradient.statistics["log10_norm_ratio"] if layer.gradient else math.nan


def _of_widths(layers: Sequence[LayerSummary]) -> Floats:
    """log₁₀ of what turns ratios of root mean squares into ratios of norms: the measured one, or that of the widths."""
    widths = _column(layers, lambda layer: math.log10(layer.fan_out / layers[-1].fan_out) / 2)
    rms = _column(layers, lambda layer: layer.gradient.statistics["log10_ratio"] if layer.gradient else math.nan)
    with np.errstate(invalid="ignore"):
        known = _column(layers, _log_ratio) - rms
    return np.where(np.isfinite(known), known, widths)


def _predicted(layer: LayerTheory) -> tuple[float, float, float]:
    if layer.log_gradient_ratio is None:
        return math.nan, math.nan, math.nan
    error = math.nan if layer.log_gradient_error is None else BAND * layer.log_gradient_error
    middle = layer.log_gradient_ratio
    return middle / math.log(10), (middle - error) / math.log(10), (middle + error) / math.log(10)


def _column(rows: Sequence[Any], value: Callable[[Any], Any]) -> Floats:
    return np.array([value(row) for row in rows], np.float64)


class Curves:
    """A key above the axes of the signal, of the gradient where it was measured, of the Jacobian if asked for."""

    def __init__(self, scene: Scene, left: float, right: float) -> None:
        self._scene, self._left, self._right = scene, left + LABELS, right
        measured = any(layer.gradient for arm in scene.layers for layer in arm)
        blocks = any(layer.stream for arm in scene.layers for layer in arm)
        self._plots = [signal(scene), *([streams(scene)] if blocks else []), *([gradient(scene)] if measured else [])]
        self._spectrum = any(arm.jacobian for arm in scene.comparison.arms)
        self._key = Key(self._entries(), right - self._left, 14.0)
        self.height = self._key.height + ABOVE + 10 + MIN_HEIGHT + BELOW

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        self._key.draw(sheet, self._left, top)
        top, tall = top + self._key.height + ABOVE + 10, height - self._key.height - ABOVE - 10 - BELOW
        right = self._right
        if self._spectrum:
            wide = SPECTRUM + SPREAD * len(self._scene.layers)
            draw_spectra(sheet, self._scene, Box(right - wide, top, wide, tall))
            right -= wide + LABELS
        wide = (right - self._left - (len(self._plots) - 1) * LABELS) / len(self._plots)
        for number, plot in enumerate(self._plots):
            self._draw_plot(sheet, plot, Box(self._left + number * (wide + LABELS), top, wide, tall))

    def _draw_plot(self, sheet: Sheet, plot: Plot, box: Box) -> None:
        depth = self._scene.depth
        x = Layers(1, depth, whole=True) if depth > 1 else Fixed(0.5, 1.5, [(1.0, "1")])
        axes = add_axes(sheet, plot.name, box, x, plot.y, titles=("layer", ""))
        title = next((title for title in plot.titles if width(title, TITLE, True) <= box.width), plot.titles[-1])
        sheet.text(box.left, box.top - ABOVE / 2 - 2, title, TITLE, bold=True)
        lane = 0
        for arm, course in enumerate(plot.courses):
            self._draw_course(axes, plot, arm, course)
            for flags, look in ((course.lost, LOST), (course.alike, ALIKE)):
                if flags.any():
                    y = (lane + 0.6) * min(LANE, box.height / 2 / len(plot.courses)) / box.height
                    axes.plot(np.flatnonzero(flags) + 1, np.full(int(flags.sum()), y), zorder=5,
                              color=self._scene.theme.arm(arm), transform=axes.get_xaxis_transform(),
                              gid=f"lost-{plot.name}-{arm + 1}", **look)
            lane += bool(course.lost.any() or course.alike.any())

    def _draw_course(self, axes: Axes, plot: Plot, arm: int, course: Course) -> None:
        theme, y, name = self._scene.theme, plot.y, f"{plot.name}-{arm + 1}"
        layers = np.arange(1, len(course.values) + 1)
        every = math.ceil(len(layers) / MAX_MARKED)
        fill: Look = {"facecolor": theme.arm(arm), "linewidth": 0}
        at, low, high = _widened(*course.band.T)
        if np.isfinite(low).any():
            axes.fill_between(at, _pressed(y, low), _pressed(y, high), alpha=PALE, gid=f"band-{name}", zorder=1.5,
                              **fill)
        if np.isfinite(course.quartiles[:, 0]).sum() > 1:
            low, high = y.of(course.quartiles).T
            axes.fill_between(layers, low, high, alpha=0.3, gid=f"quartiles-{name}", zorder=2, **fill)
        axes.plot(layers, y.of(course.within), color=theme.arm(arm), marker=".", markersize=7, markevery=every,
                  gid=f"within-{name}", zorder=3, **THIN)
        known = ~course.lost  # what is 0 or not finite has crosses; inside a branch that adds nothing gradients are 0
        axes.plot(layers[known], y.of(course.values[known]), **theme.mark(arm, 9), **WIDE, markevery=every, gid=name,
                  zorder=4)
        at, said = _widened(course.theory)
        known = ~np.isinf(said)
        axes.plot(at[known], y.of(said[known]), color=theme.foreground, gid=f"theory-{name}", zorder=4.5, **DASHED)

    def _entries(self) -> list[Entry]:
        courses = [course for plot in self._plots for course in plot.courses]
        several = any(np.isfinite(course.quartiles).any() for course in courses)
        banded = any(np.isfinite(course.band).any() for course in courses)
        said = any(np.isfinite(course.theory).any() for course in courses)
        band = {"facecolor": "#808080", "alpha": 2 * PALE}
        return [Entry(text, looks) for text, looks, occurs in (
            ("std of all values" + "; the gradient" * (len(self._plots) > 1), [WIDE], True),
            ("in-unit std, over the samples", [{**THIN, "marker": "."}, THIN], True),
            ("quartiles of the networks", [{"facecolor": "#808080", "alpha": 0.5}], several),
            ("dashed: theory, and where 95 % of networks lie", [band, DASHED], said and banded),
            ("dashed: theory", [DASHED], said and not banded),
            ("from least to largest for each sample, root mean square", [SPAN, RMS], self._spectrum),
            ("0 or not finite", [LOST], any(course.lost.any() for course in courses)),
            ("in-unit std is 0", [ALIKE], any(course.alike.any() for course in courses))) if occurs]


def _pressed(y: Log, values: Floats) -> Floats:
    """An end of a band: 0 and infinity are far beyond the ends of the axis."""
    lowest = y.low / 10 if y.log else y.low - 1
    return np.where(np.isnan(values), math.nan, np.nan_to_num(y.of(values), nan=lowest))


def _widened(*columns: Floats) -> tuple[Floats, ...]:
    """Layers and values; a single layer's as a short level line."""
    if len(columns[0]) == 1:
        return np.array([1 - HALF, 1 + HALF]), *(np.repeat(column, 2) for column in columns)
    return np.arange(1.0, len(columns[0]) + 1), *columns


class Layers(Linear):
    """There is no layer 0."""

    def _within(self, ticks: list[Tick], room: float, extent: Extent) -> list[Tick]:
        return [tick for tick in ticks if self._value(tick[0]) > 0.5]


def draw_spectra(sheet: Sheet, scene: Scene, box: Box) -> None:
    """The singular values of the derivative of outputs by inputs: from least to largest for each sample, √ of the mean
    square as a mark, and what theory expects of it."""
    theme, arms = scene.theme, scene.comparison.arms
    parts = [(arm, each["smallest"], math.sqrt(each["mean_square"]), each["largest"])
             for arm in scene.arms for each in arms[arm].jacobian]
    said = {arm: math.sqrt(each.forecast.chi_power) for arm, each in enumerate(arms)
            if each.forecast and each.forecast.chi_power is not None}
    y = Log.over([value for _, *values in parts for value in values], said.values())
    x = Fixed(-0.6, len(arms) - 0.4)
    axes = add_axes(sheet, "jacobian", box, x, y, titles=("singular values", ""), grid="y")
    sheet.text(box.left, box.top - ABOVE / 2 - 2, "Jacobian", TITLE, bold=True)
    for arm in scene.arms:
        own = [each for each in parts if each[0] == arm]
        at = arm + (np.arange(len(own)) - (len(own) - 1) / 2) * 0.16
        for place, (_, least, middle, largest) in zip(at, own, strict=True):
            low = least if least > 0 else sys.float_info.min
            axes.plot([place] * 2, _pressed(y, np.array([low, largest])), color=theme.arm(arm), linewidth=2.4, zorder=3)
            axes.plot([place], y.of([middle]), **theme.mark(arm, 8), zorder=4)
        if arm in said:
            axes.plot([arm - 0.4, arm + 0.4], y.of([said[arm]] * 2), color=theme.foreground, zorder=4.5, **DASHED)
