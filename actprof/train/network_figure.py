"""The figure of `actprof train --summary`: each network as it is built, with the numbers of its parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from actprof.report.axes import Box, add_axes
from actprof.report.lettering import fitting_size, width, wrapped
from actprof.report.settings import of_arms, provenance
from actprof.report.sheet import MARGIN, WIDTH, Header, Paragraph, Sheet, Stack
from actprof.report.style import EM, Theme
from actprof.report.ticks import Fixed
from actprof.train.result import TrainedArm, Training

TITLE = "The network, layer by layer"
MAX_NETWORKS, MAX_LABELS = 4, 6
MAX_LAYERS, ENDS = 12, 5  # layers that are drawn; of a deeper network so many from either end
MAX_CIRCLES, MAX_PLACES = 12, 18  # units up to which all are drawn; places in a column
SIZES = (22.0, 20.0, 18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0)
HEADING, TOTAL, FOOT = 18.0, 22.0, 14.0
MIN_HEIGHT = 240.0  # of the circles
MAX_APART, MAX_PITCH = 420.0, 56.0  # pixels from a layer to the next, and from a circle to the next
BETWEEN = 20.0  # texts
ROOMS = (12.0, 20.0, 14.0, 14.0, 22.0)  # below heading, arithmetic, circles, names and sum
RADIUS = 0.36  # of the distance of circles


@dataclass(frozen=True)
class Column:
    """What is told of a layer: the arithmetic of its parameters above its circles, its name below them.

    Layers that are left out have no `units`; the input has no arithmetic.
    """

    units: int
    arithmetic: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """The columns from left to right, and the arms that have this network."""

    columns: tuple[Column, ...]
    labels: tuple[str, ...]
    terms: tuple[int, ...]


def networks(training: Training) -> list[Network]:
    """Each network once, with the labels of all arms that have it."""
    found: dict[object, list[TrainedArm]] = {}
    for arm in training.arms:
        found.setdefault((arm.layers, tuple(arm.config["widths"])), []).append(arm)
    return [_network(arms) for arms in found.values()]


def _network(arms: Sequence[TrainedArm]) -> Network:
    first = arms[0]
    widths, config = first.config["widths"], first.config
    more = config.get("norm", "none") != "none" or config.get("residual") == "rezero"
    columns = [Column(widths[0], (), (f"{widths[0]:,}", "input"))]
    columns += [_column(fan_in, units, name, parameters, more)
                for (fan_in, units), (name, _, parameters) in zip(pairwise(widths), first.layers, strict=True)]
    terms = tuple(parameters for _, _, parameters in first.layers)
    if len(columns) > MAX_LAYERS + 1:
        between = terms[ENDS:-ENDS]
        columns[ENDS + 1:-ENDS] = [Column(0, (), (f"{len(between):,} more", "layers", f"{sum(between):,}",
                                                  "parameters"))]
    return Network(tuple(columns), tuple(arm.label for arm in arms), terms)


def _column(fan_in: int, units: int, name: str, parameters: int, more: bool) -> Column:
    """`784 × 100`, `+ 100`, `= 78,500` above, and `100`, `dense 1`, `relu` below."""
    called, _, does = name.partition(" (")
    # Maxout takes several weighted sums for each unit, for each of which a normalisation or an α has two parameters
    # at most.
    sums = units * math.ceil(parameters / (units * (fan_in + 1 + 2 * more)))
    rest = parameters - (fan_in + 1) * sums
    added = f"+ {sums:,} + {rest:,}" if rest else f"+ {sums:,}"
    return Column(units, (f"{fan_in:,} × {sums:,}", added, f"= {parameters:,}"),
                  (f"{units:,}", called, does.removesuffix(")")))


def draw_figure(figure: Figure, theme: Theme, training: Training) -> dict[str, str]:
    """Lay out and draw; the sheet is 1080 pixels high, or as high as the networks need."""
    found = networks(training)
    header = Header(theme.title or TITLE, words(training))
    drawings = [Drawing(network, WIDTH, f"network {place}") for place, network in
                enumerate(found[:MAX_NETWORKS], start=1)]
    rest = found[MAX_NETWORKS:]
    said = [f"not drawn: {len(rest):,} more"] * bool(rest) + [
        f"{network.labels[0]}: {sum(network.terms):,} parameters" for network in rest[:MAX_NETWORKS]]
    foot = Paragraph.of(said, WIDTH - 2 * MARGIN, FOOT, muted=True)
    least = header.height + sum(drawing.height for drawing in drawings) + foot.height + 12
    sheet = Sheet(figure, theme, least)
    header.draw(sheet)
    top = header.height
    for drawing in drawings:
        tall = drawing.height + (sheet.height - least) / len(drawings)
        drawing.draw(sheet, top, tall)
        top += tall
    foot.draw(sheet, MARGIN, top)
    return provenance(TITLE, training.seed, of_arms(training))


def words(training: Training) -> list[str]:
    """What the network is for, and how its parameters are counted."""
    data = training.data
    norms = sorted({arm.config.get("norm", "none") for arm in training.arms} - {"none"})
    counted = "inputs × units weights + a bias for each unit"
    counted += f" + scale and shift ({', '.join(norms)} norm)" if norms else ""
    counted += " + α of each block" if any(arm.config.get("residual") == "rezero" for arm in training.arms) else ""
    return [f"{data.name}: {data.features:,} inputs, {data.kind}",
            f"above the lines: {counted} = parameters"]


class Drawing:
    """One network over the width of the sheet; it knows how tall it must be before it is drawn."""

    def __init__(self, network: Network, sheet_width: float, name: str) -> None:
        room = sheet_width - 2 * MARGIN
        self._columns, self._name = network.columns, name
        self._step = min(MAX_APART, room / len(self._columns))
        middle = (len(self._columns) - 1) / 2
        self._xs = [sheet_width / 2 + (place - middle) * self._step for place in range(len(self._columns))]
        self._above = _stacks([column.arithmetic for column in self._columns], -1, self._step - BETWEEN)
        self._below = _stacks([column.names for column in self._columns], 0, self._step - BETWEEN)
        above, below = (max(stack.height for stack in stacks) for stacks in (self._above, self._below))
        more = len(network.labels) - MAX_LABELS
        labels = [*network.labels[:MAX_LABELS], *[f"and {more:,} more"] * (more > 0)]
        self._heading = Paragraph.of(labels, room, HEADING, bold=True)
        total = f"{sum(network.terms):,} parameters"
        whole = f"{' + '.join(f'{term:,}' for term in network.terms)} = {total}"
        fits = len(network.terms) > 1 and width(whole, TOTAL, bold=True) <= room
        self._sum = Paragraph([whole if fits else total], TOTAL, bold=True, align="center")
        self._heights = [self._heading.height, above, 0.0, below, self._sum.height]
        self.height = sum(self._heights) + sum(ROOMS) + MIN_HEIGHT

    def draw(self, sheet: Sheet, top: float, height: float) -> None:
        """Heading, arithmetic above the lines that lead to a layer, circles, names, and the sum of all."""
        tall, places = height - self.height + MIN_HEIGHT, [top]
        for part, room in zip(self._heights, ROOMS, strict=True):
            places.append(places[-1] + (part or tall) + room)
        heading, arithmetic, circles, names, total, _ = places
        self._heading.draw(sheet, MARGIN, heading)
        self._draw_circles(sheet, circles, tall)
        for x, above, below in zip(self._xs, self._above, self._below, strict=True):
            above.draw(sheet, x - self._step / 2, arithmetic + self._heights[1] - above.height)
            below.draw(sheet, x, names)
        self._sum.draw(sheet, sheet.width / 2, total)

    def _draw_circles(self, sheet: Sheet, top: float, tall: float) -> None:
        """Axes in which a column is 1 wide and a circle 1 tall; each layer around the middle line."""
        last, theme = len(self._columns) - 1, sheet.theme
        step = min(tall / max(places_of(column.units)[0] for column in self._columns), MAX_PITCH)
        box = Box(self._xs[0] - self._step / 2, top, self._step * (last + 1), tall)
        axes = add_axes(sheet, self._name, box, Fixed(-0.5, last + 0.5), Fixed(-tall / step / 2, tall / step / 2))
        axes.set_axis_off()
        points = [[(float(x), y) for y in places_of(column.units)[1]] for x, column in enumerate(self._columns)]
        axes.add_collection(LineCollection(
            [(start, end) for left, right in pairwise(points) for start in left for end in right],
            colors=theme.muted, linewidths=0.7, alpha=0.4, zorder=1), autolim=False)
        hidden, outputs = theme.arms[:2]
        for x, column in enumerate(self._columns):
            color = theme.muted if x == 0 else outputs if x == last else hidden
            _draw_points(axes, points[x], RADIUS * step, color, theme)
            if not column.units:
                away = 24 / self._step
                _draw_points(axes, [(x - away, 0.0), (x, 0.0), (x + away, 0.0)], 6, theme.foreground, theme)
            elif column.units > MAX_CIRCLES:
                gap = places_of(column.units)[2]
                _draw_points(axes, [(x, gap + y) for y in (-0.45, 0.0, 0.45)], max(0.11 * step, 2.0), theme.foreground,
                             theme)


def places_of(units: int) -> tuple[int, list[float], float]:
    """Places of a layer's column, the middles of its circles, and where dots stand for the units between.

    All units are drawn while they can be counted; of more the ends, in a column that grows with their logarithm.
    """
    if units <= MAX_CIRCLES:
        return units, [(units - 1) / 2 - place for place in range(units)], 0.0
    places = min(round(MAX_CIRCLES + 2 * math.log10(units / MAX_CIRCLES)), MAX_PLACES)
    middle = (places - 1) // 2
    heights = [(places - 1) / 2 - place for place in range(places) if place not in (middle, middle + 1)]
    return places, heights, (places - 1) / 2 - middle - 0.5


def _draw_points(axes: Axes, points: Sequence[tuple[float, float]], radius: float, color: str, theme: Theme) -> None:
    axes.plot([x for x, _ in points], [y for _, y in points], linestyle="none", marker="o", color=color, zorder=3,
              markersize=2 * radius / EM, markeredgecolor=theme.background, clip_on=False)


def _stacks(columns: Sequence[tuple[str, ...]], bold: int, room: float) -> list[Stack]:
    """All in one size, the largest in which every text fits its column; if none does, texts are broken.

    `bold` is the place of the bold text of a column.
    """
    weighed = [[(text, place == bold % len(texts)) for place, text in enumerate(texts) if text] for texts in columns]
    size = fitting_size(lambda size: all(width(text, size, heavy) <= room for texts in weighed for text, heavy in
                                         texts), SIZES)
    return [Stack([Paragraph(wrapped([text], room, size, heavy), size, heavy, align="center") for text, heavy in texts])
            for texts in weighed]
