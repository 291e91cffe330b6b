"""The bars of a layer on axes: bins as stairs, atoms beside them, theory dashed, and the common height of all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.patches import Rectangle, StepPatch
from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.digits import compact, percent, power_label, with_power
from actprof.engine.profiles import Summary
from actprof.report.axes import runs
from actprof.report.lettering import width
from actprof.report.style import Theme
from actprof.report.ticks import CLEARANCE, Extent, Linear, Scale, Tick, round_step
from actprof.theory.predictions import Masses

NOTE = 14.0
MARGIN = 9.0  # pixels left and right of the values: room for the bar of an atom at their end
MAX_TICKS = 5
OVERHANG = 8.0  # how far the label of a tick may stand out to the side
FAINTEST = 1e-4  # shares below have the faintest colour
# The look of what theory says, in every figure of a comparison.
DASHED: dict[str, Any] = {"linewidth": 1.7, "linestyle": (0, (3.2, 2))}
ATOM_HEIGHTS = 8  # an atom's bar is at most so many times as tall as the axis: few beside many shall look few
TICK_OF_ATOM = 4.0  # pixels beyond its bar
SPIKE = 0.9  # of all, in one or two bins
MIN_HEIGHT = 1.0  # pixels: what is lower would dash the axis
GAPS = 12.0, 20.0  # pixels from the top of the axes to the strokes through a bar that goes on beyond it

Note = tuple[float, str]  # a place, in pixels, and a text


class ValueScale(Linear):
    """Ticks whose labels hardly stand out to the sides, where the next panel has its own; one if two are too wide."""

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        found = super().ticks(room, extent)
        if len(found) > 1:
            return found
        fitting = (self._within(self._round(wanted), room, extent) for wanted in range(MAX_TICKS, 1, -1))
        alone = next((tick for ticks in fitting for tick in reversed(ticks) if tick[1] != "0"), None)
        return [(self._placed(alone[0]), with_power(alone[1]))] if alone else found

    def _at_most(self, room: float, extent: Extent) -> int:
        return MAX_TICKS

    def _within(self, ticks: list[Tick], room: float, extent: Extent) -> list[Tick]:
        ends = [((value - self._start) / (self._end - self._start) * room, extent(with_power(label)) / 2 - OVERHANG)
                for value, label in ticks]
        return [tick for tick, (x, half) in zip(ticks, ends, strict=True) if half <= x <= room - half]


@dataclass(frozen=True)
class Bars:
    """What is drawn of one layer: the share of all finite values in each bin, atoms beside them."""

    edges: Floats
    shares: Floats
    atoms: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, summary: Summary) -> Bars:
        edges, total = np.asarray(summary.histogram.edges, np.float64), max(summary.histogram.total, 1)
        return cls(edges, summary.histogram.without(summary.atoms) / total, tuple(
            (value, count / total) for value, count in summary.atoms if count and edges[0] <= value <= edges[-1]))

    def within(self, first: int, end: int) -> Bars:
        """The bars from bin `first` to before bin `end`, and the atoms there."""
        edges = self.edges[first:end + 1]
        return Bars(edges, self.shares[first:end], tuple(
            (value, share) for value, share in self.atoms if edges[0] <= value <= edges[-1]))

    def values(self, room: float) -> Linear:
        return ValueScale(self.edges[0], self.edges[-1], MARGIN / (room - 2 * MARGIN))

    @property
    def tallest(self) -> float:
        return float(self.shares.max())


def body(shares: Floats) -> Floats:
    """The height that shows the shape: of the tallest bin, but at most twice the next tallest."""
    ordered = np.sort(shares, axis=-1)
    tallest, next_tallest = ordered[..., -1], ordered[..., -2:-1].sum(axis=-1)
    return np.where(next_tallest > 0, np.minimum(tallest, 2 * next_tallest), tallest)


def is_spike(shares: Floats) -> bool:
    """Whether nearly all stands in one or two bins."""
    return float(np.sort(shares)[-2:].sum()) > SPIKE * float(shares.sum())


class ShareScale(Scale):
    """The common height of bars. Linear: taller ones are cut at `top`. Logarithmic: from `floor` to `top`."""

    def __init__(self, top: float, floor: float = 0.0) -> None:
        super().__init__(floor, top)
        self.log = bool(floor)

    @classmethod
    def over(cls, bars: Iterable[Bars], log: bool) -> ShareScale:
        """Tall enough for the body of every layer that is spread out, so that a lone spike, or a layer that has shrunk
        into a bin, is cut (and labelled) rather than flattening the rest."""
        drawn = [bar for bar in bars if bar.tallest > 0]
        if log:
            least = min((float(bar.shares[bar.shares > 0].min()) for bar in drawn), default=0.01)
            return cls(1.0, max(least / 2, 1e-12))
        spread = [float(body(bar.shares)) for bar in drawn if not is_spike(bar.shares)]
        atoms = [share / ATOM_HEIGHTS for bar in drawn for _, share in bar.atoms]
        return cls(max([*(spread or [float(body(bar.shares)) for bar in drawn]), *atoms], default=1.0))

    def of(self, values: ArrayLike) -> Floats:
        placed: Floats = np.maximum(np.asarray(values, np.float64), self.low)
        return placed

    def place(self, shares: ArrayLike) -> Floats:
        """0 at the foot of the axis, 1 at its top and beyond."""
        values = self.of(shares)
        if not self.log:
            return np.clip(values / self.high, 0.0, 1.0)
        return np.clip(np.log(values / self.low) / math.log(self.high / self.low), 0.0, 1.0)

    def cuts(self, shares: Any) -> Any:
        """Whether bars are cut: one as tall as the axis is not, whatever the rounding."""
        return shares > self.high * (1 + 1e-9)

    def ticks(self, room: float, extent: Extent) -> list[Tick]:
        most = max(1, min(5, int(room / (extent("0 %") + 2 * CLEARANCE))))
        if self.log:
            lowest = math.ceil(math.log10(self.low))
            powers = range(0, lowest - 1, -max(1, math.ceil(-lowest / most)))
            return [(10.0**power, f"{100 * 10.0**power:g} %" if power > -5 else f"{power_label(power + 2)} %")
                    for power in powers]
        step = next(step for parts in range(most, 9) if (step := round_step(self.high / parts)) <= self.high)
        return [(n * step, f"{100 * n * step:g} %") for n in range(int(self.high / step * (1 + 1e-9)) + 1)]


@dataclass(frozen=True)
class Frame:
    """Axes of `width` × `height` pixels in which a layer's bars stand.

    Attributes:
        base: in axes that are no axis of shares, where the bars stand and where they end: both in its units.
    """

    axes: Axes
    x: Scale
    scale: ShareScale
    width: float
    height: float
    base: tuple[float, float] | None = None

    def up(self, shares: ArrayLike) -> Floats:
        if self.base is None:
            return self.scale.of(shares)
        return self.base[0] + (self.base[1] - self.base[0]) * self.scale.place(shares)

    @property
    def pixel(self) -> float:
        """The size of a pixel in units of the values' axis."""
        return (self.x.high - self.x.low) / self.width

    def visible(self, shares: ArrayLike) -> Any:
        return self.scale.place(shares) * self.height >= MIN_HEIGHT


def draw_bars(frame: Frame, bars: Bars, theme: Theme, color: str, name: str, depth: float = 2.0) -> None:
    """The bins in the arm's colour, each atom as a dark bar of its own, strokes through what goes on beyond."""
    foot = float(frame.up(0.0))
    tops, edges = frame.up(bars.shares), frame.x.of(bars.edges)
    # Not axes.stairs: the limits are known, and to find them takes longer than to draw.
    frame.axes.add_artist(StepPatch(tops, edges, baseline=foot, facecolor=color, linewidth=0, gid=name, zorder=depth))
    if frame.base:  # told from the bars behind
        shown = np.where(frame.visible(bars.shares / 2), tops, math.nan)
        frame.axes.stairs(shown, edges, baseline=None, color=theme.background, linewidth=1.2, zorder=depth)
    gaps = [(float(frame.x.of(left)), float(frame.x.of(right))) for left, right, _ in cut_runs(bars, frame.scale)]
    for value, share in bars.atoms:
        left, right = beside_bins(frame, bars, value)
        frame.axes.add_artist(Rectangle((left, foot), right - left, float(frame.up(share)) - foot, linewidth=0,
                                        facecolor=theme.foreground, zorder=depth + 0.02))
        gaps += [(left, right)] * frame.scale.cuts(share)
    if frame.base is None:
        strokes = [[(left, 1 - (y + 3) / frame.height), (right, 1 - (y - 3) / frame.height)]
                   for left, right in gaps for y in GAPS]
        frame.axes.add_collection(LineCollection(strokes, colors=theme.background, linewidths=2.6, capstyle="butt",
                                                 zorder=3.5, transform=frame.axes.get_xaxis_transform()), autolim=False)


def beside_bins(frame: Frame, bars: Bars, value: float) -> tuple[float, float]:
    """Left and right of an atom's bar: off the bins at the ends of the axis, slimmer than a bin elsewhere."""
    x, low, high = (float(frame.x.of(place)) for place in (value, bars.edges[0], bars.edges[-1]))
    step, pixel = (high - low) / len(bars.shares), frame.pixel
    if x - low < step / 2:
        return x - (MARGIN - 1) * pixel, x - pixel
    if high - x < step / 2:
        return x + pixel, x + (MARGIN - 1) * pixel
    half = min(max(1.5 * pixel, 0.25 * step), 4 * pixel)
    return x - half, x + half


def cut_runs(bars: Bars, scale: ShareScale) -> list[tuple[float, float, Floats]]:
    """(left, right, shares) of neighbouring bins that are cut."""
    return [(float(bars.edges[first]), float(bars.edges[end]), bars.shares[first:end])
            for first, end in runs(scale.cuts(bars.shares))]


def draw_prediction(frame: Frame, bars: Bars, masses: Masses | None, theme: Theme, name: str,
                    depth: float = 2.0) -> None:
    """A dashed line on the scale of the bars, and a tick as high as each atom."""
    if masses is None:
        return
    x, shares = outline(frame, bars, masses)
    seen = np.pad(frame.visible(shares), 1)
    seen = seen[1:-1] | seen[:-2] | seen[2:]  # a lone spike keeps its flanks
    look: dict[str, Any] = {"color": theme.foreground, "zorder": depth + 0.03, **DASHED}
    frame.axes.plot(x, np.where(seen, frame.up(shares), math.nan), gid=name, **look)
    inside = [each for each in masses.atoms if bars.edges[0] <= each[0] <= bars.edges[-1] and frame.visible(each[1])]
    for value, share in inside:
        left, right = beside_bins(frame, bars, value)
        ends, beyond = [float(frame.up(min(share, frame.scale.high)))] * 2, TICK_OF_ATOM * frame.pixel
        frame.axes.plot([left - beyond, right + beyond], ends, color=theme.background, linewidth=3.2,
                        zorder=depth + 0.025, clip_on=False)
        frame.axes.plot([left - beyond, right + beyond], ends, gid=f"atom-{name}", clip_on=False,
                        **{**look, "linestyle": (0, (2, 1))})


def outline(frame: Frame, bars: Bars, masses: Masses) -> tuple[Floats, Floats]:
    """x and shares: at the middle of each bin and at both ends, of a spike all around its bins."""
    shares, edges = np.asarray(masses.bins), frame.x.of(bars.edges)
    if is_spike(shares):  # through the middles it would look wider than its bar
        return np.repeat(edges, 2), np.pad(np.repeat(shares, 2), 1)
    return np.concatenate([edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]]), np.pad(shares, 1, mode="edge")


def notes_of(bars: Bars, scale: ShareScale) -> Iterator[tuple[float, str]]:
    """(value, text) of what stands above the bars: each atom's share, and the share of what is cut."""
    for value, share in bars.atoms:
        yield value, f"{compact(value)}: {percent(share)} %"
    for left, right, shares in cut_runs(bars, scale):
        yield left / 2 + right / 2, f"{len(shares)} bin{'s' * (len(shares) > 1)}: {percent(float(shares.sum()))} %"


def stacked(notes: Iterable[Note], room: float, taken: float = 0.0) -> list[list[Note]]:
    """Rows of (middle in pixels, text) in which no text touches another, the lowest row first.

    `taken`: pixels at the right end of the lowest row.
    """
    rows: list[list[Note]] = [[]]
    for x, text in sorted(notes):
        half = width(text, NOTE) / 2
        x = min(max(x, half), max(room - half, half))
        free = (row for row, end in zip(rows, [room - taken, *[room] * len(rows)], strict=False) if x + half <= end
                and (not row or row[-1][0] + width(row[-1][1], NOTE) / 2 + 10 <= x - half))
        row = next(free, None)
        if row is None:
            rows.append(row := [])
        row.append((x, text))
    return rows


def share_colours(theme: Theme) -> tuple[Colormap, Normalize]:
    """Colours on a logarithmic scale; nothing at all has none."""
    told_from_the_sheet = colormaps[theme.shares](np.linspace(0.1, 1, 256))
    return ListedColormap(told_from_the_sheet), LogNorm(FAINTEST, 1.0, clip=True)
