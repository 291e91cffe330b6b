"""What `sweep` leaves behind: a grid of cells, each a stack that went through the engine, and theory's lines on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from actprof.report.result import Finding, Result

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One direction of a grid.

    Attributes:
        name: what `--over` calls it.
        title: what it is, for a reader.
        labels: each value as it would be written on the command line.
        numbers: the values, rising; () where they are names.
        logarithmic: whether they are to be shown by their logarithms; all are above 0 then.
        whole: whether they count something, so that there is nothing between them.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    numbers: tuple[float, ...] = ()
    logarithmic: bool = False
    whole: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def places(self) -> tuple[float, ...]:
        """The numbers, or 0, 1, 2 … for names: the coordinates of points on this axis."""
        return self.numbers or tuple(map(float, range(len(self.labels))))


@dataclass(frozen=True)
class Quantity:
    """Something known of every cell.

    Attributes:
        name: its key in JSON; its word on the command line is in SWEPT.
        title: what it is, for a reader.
        logarithmic: whether what is stored is a logarithm to base 10 (of a ratio that floats need not hold).
        positive: whether a figure shows log₁₀ of what is stored.
        low, high: the ends of its scale where they are known.
        back: whether gradients must be sent back for it.
    """

    name: str
    title: str
    logarithmic: bool = False
    positive: bool = False
    low: float = -math.inf
    high: float = math.inf
    back: bool = False

    @property
    def subject(self) -> str:
        """The title of what is shown: of a logarithm that of the ratio itself."""
        return self.title.removeprefix("log₁₀ of ") if self.logarithmic else self.title

    @property
    def is_share(self) -> bool:
        return (self.low, self.high) == (0.0, 1.0)

    @property
    def ratio_name(self) -> str:
        """The name of what is shown: of a logarithm that of the ratio itself."""
        return self.name.removeprefix("log10_") if self.logarithmic else self.name

    @property
    def decades(self) -> bool:
        """Whether it is shown in powers of ten."""
        return self.positive or self.logarithmic


# The quantities that are numbers; each network of a cell has its own.
QUANTITIES = (
    Quantity("std", "std of the last layer's activations", positive=True),
    Quantity("second_moment", "mean square of the last layer's activations", positive=True),
    Quantity("within_unit_std", "std within units of the last layer", positive=True),
    Quantity("correlation", "mean cosine between the last activations of different samples", low=-1.0, high=1.0),
    Quantity("saturated_fraction", "share of the last layer where the activation is flat", low=0.0, high=1.0),
    Quantity("dead_fraction", "share of the last layer's units that are always 0", low=0.0, high=1.0),
    Quantity("log10_gradient_ratio", "log₁₀ of the gradient dL/dz in the first layer over that in the last",
             logarithmic=True, back=True),
)

VERDICT = "verdict"  # the quantity that is a word, one of verdicts.CODES

BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}

# What a sweep can show: its word on the command line → its key in JSON.
SWEPT = {"std": "std", "square": "second_moment", "within": "within_unit_std", "correlation": "correlation",
         "saturated": "saturated_fraction", "dead": "dead_fraction", "gradient": "log10_gradient_ratio",
         "verdict": VERDICT}

OVER = ("gain=0.5:3:26", "layers=5:50:10")  # what varies where nothing is said
SWEEP_ROWS = 200  # rows of a batch in a sweep: what strays is the network, not the batch


@dataclass(frozen=True)
class Cell:
    """One stack: what `histogram` says of its last layer, and of the gradient in its first.

    Attributes:
        label: the arm's.
        statistics: quantity → value; with several networks the median.
        spread: quantity → (first, third quartile) over the networks; empty for a single one.
        networks: quantity → the value of each network.
        verdict: one of verdicts.CODES; "" where it was not asked for.
        predicted: quantity → (value, low, high) by theory, between which 95 % of single networks lie (low and high NaN
            where that is not known); empty where theory was not asked or is silent.
        verdicts: code → how many of several networks get it on their own; empty for a single one.
    """

    label: str
    statistics: Mapping[str, float]
    spread: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    networks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    verdict: str = ""
    predicted: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    verdicts: Mapping[str, int] = field(default_factory=dict)

    def statistic(self, name: str) -> float:
        """The value of a quantity; NaN for what is not known."""
        return self.statistics.get(name, math.nan)

    def quartiles(self, name: str) -> tuple[float, float]:
        """The quartiles of a quantity over the networks; NaN for what is not known."""
        return self.spread.get(name, (math.nan, math.nan))

    def prediction(self, name: str) -> tuple[float, float, float]:
        """(value, low, high) by theory; NaN for what is not known."""
        return self.predicted.get(name, (math.nan, math.nan, math.nan))


@dataclass(frozen=True)
class Line:
    """What theory draws on the grid: points (x, y) in the axes' coordinates, in order; of one axis (x, 0).

    Attributes:
        name: "critical" (χ₁ = 1, the edge of chaos), "jump" (the variance jumps, and χ₁ past 1), "trainable" (as deep
            as six times the depth scale) or "gradient" (as deep as gradients stay within a verdict's limit).
        title: for a legend.
        rows: whether the points belong to separate rows of names, and are no curve.
    """

    name: str
    title: str
    points: tuple[Point, ...]
    rows: bool = False


@dataclass(frozen=True)
class Trend:
    """How a quantity follows the width.

    Attributes:
        quantity: its name.
        power: the exponent b of width**b for what is positive, the change per factor of ten otherwise.
        error: its standard error over the networks.
        change: what it comes to from the least to the largest width: a factor, or a difference.
        change_error: its standard error.
        flat: whether it is 0 as far as networks tell; None where they are too few to tell.
        text: all of that in one line.
        at: the label on the other axis, if there is one.
    """

    quantity: str
    power: float
    error: float
    change: float
    change_error: float
    flat: bool | None
    text: str
    at: str = ""


@dataclass(frozen=True, repr=False)
class Sweep(Result):
    """A whole grid.

    Attributes:
        config: every setting that all cells share, by its canonical name.
        axes: one or two; a figure has the first across, the second upwards.
        cells: in row-major order, the last axis fastest.
        quantities: the names of those that were asked to be shown, VERDICT perhaps among them.
        lines: what theory draws on the grid.
        trends: where one axis is the width and there are several networks, how each quantity follows it.
        resumed: how many cells were made before.
    """

    seed: int
    config: Mapping[str, Any]
    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...] = field(repr=False)
    quantities: tuple[str, ...]
    lines: tuple[Line, ...] = field(default=(), repr=False)
    trends: tuple[Trend, ...] = ()
    notes: tuple[str, ...] = ()
    resumed: str = ""

    def items(self) -> Iterator[tuple[tuple[str, ...], Cell]]:
        """(a label of each axis, the cell there)."""
        return zip(product(*(axis.labels for axis in self.axes)), self.cells, strict=True)

    @property
    def findings(self) -> Sequence[Finding]:
        """A row of the grid each, the curve being that of the first quantity along the first axis."""
        shown = BY_NAME.get(self.quantities[0], QUANTITIES[0])
        across, *up = self.axes
        return [Finding(", ".join([f"{axis.name}={label}" for axis in up] or [across.name]),
                     text=f"{shown.name} over {across.name}={across.labels[0]} … {across.labels[-1]}",
                     heights=_heights([cell.statistic(shown.name) for cell in self.cells[place::step]],
                                      shown.positive)) for step in (len(up[0]) if up else 1,)
                for place, label in enumerate(up[0].labels if up else ("",))]

    @property
    def verdicts(self) -> dict[str, str]:
        """The label of a cell → the code of its verdict, where these were asked for."""
        return {cell.label: cell.verdict for cell in self.cells if cell.verdict}

    @property
    def told(self) -> Sequence[str]:
        return *filter(None, (self.resumed,)), *self.notes


def _heights(values: Sequence[float], logarithmic: bool) -> list[float]:
    """The values above the least of them, or their logarithms; NaN for what has none."""
    known = [math.log(value) if value > 0 else math.nan for value in values] if logarithmic else list(values)
    least = min((value for value in known if math.isfinite(value)), default=0.0)
    return [value - least for value in known]
