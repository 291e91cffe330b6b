"""Whether a statistic is flat in the width, answered from single networks.

What is positive is taken by its logarithm, which for deep stacks is close to normal (Hanin & Nica 2018); all else as it
is. A weighted line goes through the means of the networks at several widths. A statistic depends on the width where the
line's slope or a bend can be told from 0: p-values of 1 % and of 0.1 %. It is flat where neither can, and where two
standard errors leave room for no more than a change of half as much again; else there is no telling. What comes behind
± is one standard error. The mean logarithm of finite networks has itself a term of order depth/width: with networks
enough to see it, it counts as a trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from actprof.arrays import Floats
from actprof.catalogue.quadrature import interval
from actprof.diagnosis.evidence import number, times
from actprof.sweep.result import Axis, Cell, Quantity, Trend

WIDTH = "width"
MIN_WIDTHS, MIN_NETWORKS = 3, 2

# Probabilities, for what is flat, of a slope and of a bend as clear as what counts as one.
SLOPE_P, BEND_P = 0.01, 0.001

# What a flat statistic may change by from the least to the largest width, two standard errors included: by a factor
# (ratios in decades too) or, of shares and cosines, by a difference.
MAX_FACTOR, MAX_DIFFERENCE = 1.5, 0.1

NEAR_0 = 1e-10  # scatter, relative to the size of the values, that may be rounding


def trends(axes: Sequence[Axis], cells: Sequence[Cell], quantities: Sequence[Quantity]) -> tuple[Trend, ...]:
    """How each quantity follows the width, at every place of the other axis if there is one; () unless there are three
    widths of two networks each.

    A quantity that was not measured has no trend; one with too few usable networks has one of NaN, which says so.
    """
    along = next((number for number, axis in enumerate(axes) if axis.name == WIDTH), None)
    if along is None or len(axes[along].numbers) < MIN_WIDTHS:
        return ()
    found = []
    for label, row in _rows(axes, cells, along):
        measured = [quantity for quantity in quantities
                    if all(len(cell.networks.get(quantity.name, ())) >= MIN_NETWORKS for cell in row)]
        found += [replace(trend, at=label, text=f"{label}: {trend.text}" if label else trend.text) for trend in (
            _trend(axes[along], [cell.networks[quantity.name] for cell in row], quantity) for quantity in measured)]
    return tuple(found)


def _rows(axes: Sequence[Axis], cells: Sequence[Cell], along: int) -> list[tuple[str, Sequence[Cell]]]:
    """(label on the other axis, the cells there along the width)."""
    if len(axes) == 1:
        return [("", cells)]
    other, columns = axes[1 - along], len(axes[1])
    return [(f"{other.name} {label}", cells[place::columns] if along == 0 else
             cells[place * columns:(place + 1) * columns]) for place, label in enumerate(other.labels)]


class Group(NamedTuple):
    """The networks of one width: their number, mean and sum of squares about it, in logarithms or as they are."""

    width: float
    label: str
    networks: int
    mean: float
    squares: float


def _trend(axis: Axis, networks: Sequence[Sequence[float]], quantity: Quantity) -> Trend:
    name, positive = quantity.name.replace("_", " "), quantity.positive
    values = {value for each in networks for value in each}
    if len(values) == 1 and math.isfinite(min(values)):
        return Trend(quantity.name, 0.0, 0.0, float(positive), 0.0, True,
                     f"{name} is the same at every width: {number(min(values))}")
    groups = _groups(axis, networks, positive)
    if len(groups) < MIN_WIDTHS:
        return Trend(quantity.name, math.nan, math.nan, math.nan, math.nan, None,
                     f"{name}: too few widths with two {'positive' if positive else 'finite'} values to say how it "
                     "follows them")
    left_out = sum(map(len, networks)) - sum(group.networks for group in groups)
    remark = f"; {left_out} networks{' without a positive value' * positive} left out" if left_out else ""
    trend = _answer(quantity, groups)
    return replace(trend, text=f"{name} {trend.text}{remark}")


def _groups(axis: Axis, networks: Sequence[Sequence[float]], positive: bool) -> list[Group]:
    """The widths of which two networks can be used."""
    groups = []
    for width, label, each in zip(axis.numbers, axis.labels, networks, strict=True):
        usable = np.array([value for value in each if math.isfinite(value) and (value > 0 or not positive)])
        if len(usable) >= MIN_NETWORKS:
            values = np.log(usable) if positive else usable
            squares = float(((values - values.mean()) ** 2).sum())
            least = (NEAR_0 * (1.0 if positive else float(np.abs(values).max()))) ** 2
            groups.append(Group(width, label, len(usable), float(values.mean()), squares if squares > least else 0.0))
    return groups


def _answer(quantity: Quantity, groups: Sequence[Group]) -> Trend:
    """What the line through the groups says."""
    first, last = groups[0], groups[-1]
    slope, slope_error, slope_p, bend_p, variances = _line(groups)
    reach, straight = math.log(last.width / first.width), bend_p > BEND_P
    change, error = slope * reach, slope_error * reach
    if not straight:
        change, error = last.mean - first.mean, math.sqrt(float(variances[0] + variances[-1]))
    flat = _is_flat(quantity, abs(change) + 2 * error) if straight and slope_p > SLOPE_P else False
    per = reach if quantity.positive else reach / math.log(10)
    way = "may or may not depend on the width" if flat is None else "is flat in the width" if flat else (
        f"{'grows' if change > 0 else 'falls'} with the width{'' if straight else ', not evenly'}")
    size = _size(quantity, change, error, flat, f"from {first.label} to {last.label}")
    if quantity.positive and flat is False and straight:
        size += f", as width^{_beside(change / per, error / per)}"
    factor = math.exp(min(change, 709.0)) if quantity.positive else 1.0
    return Trend(quantity.name, change / per, error / per, factor if quantity.positive else change, error * factor,
                 flat, f"{way}: {size}{'; more --repeats would tell' * (flat is None)}")


def _size(quantity: Quantity, change: float, error: float, flat: bool | None, span: str) -> str:
    """`×1.105 ± 0.096 from 64 to 512`, of a change of the logarithm where the quantity is positive."""
    if not quantity.positive:
        return f"{'+' * (change >= 0)}{_beside(change, error)}{' decades' * quantity.logarithmic} {span}"
    if flat is False:
        return f"{times(change / math.log(10))} {span}"
    return f"×{_beside(math.exp(change), math.exp(change) * error)} {span}"


def _is_flat(quantity: Quantity, change: float) -> bool | None:
    """Whether a change that cannot be told from 0 is 0; None where it might be one that matters."""
    most = MAX_DIFFERENCE
    if quantity.positive or quantity.logarithmic:
        most = math.log(MAX_FACTOR) / (1.0 if quantity.positive else math.log(10))
    return True if change <= most else None


def _beside(value: float, error: float) -> str:
    """`1.003 ± 0.012`: two digits of the error, and as many places of the value."""
    if not 0 < error < math.inf:
        return number(value)
    places = 1 - math.floor(math.log10(error))
    return f"{value:.{places}f} ± {error:.{places}f}" if 0 < places < 7 else f"{number(value)} ± {number(error)}"


def _line(groups: Sequence[Group]) -> tuple[float, float, float, float, Floats]:
    """(slope over ln width, its standard error, its p-value, that of a bend, the variance of each group's mean)."""
    x = np.log([group.width for group in groups])
    means, counts = np.array([group.mean for group in groups]), np.array([group.networks for group in groups])
    freedom = max(int(counts.sum()) - len(groups) - 1, 1)
    squares = np.array([group.squares for group in groups])
    if not squares.any():
        same = bool(np.ptp(means) <= NEAR_0 * np.abs(means).max())
        return float(np.polyfit(x, means, 1)[0]), 0.0, float(same), 1.0, np.zeros(len(groups))
    variances = _network_variances(x, counts - 1, squares) / counts
    weights = 1 / variances
    centred = x - weights @ x / weights.sum()
    information = float(weights @ centred**2)
    slope = float(weights @ (centred * means)) / information
    rest = means - weights @ means / weights.sum() - slope * centred
    bend = float(weights @ rest**2) / (len(groups) - 2)
    return (slope, information**-0.5, tail(slope**2 * information, 1, freedom),
            tail(bend, len(groups) - 2, freedom), variances)


# Powers of the width that the variance of a network is fitted by; by theory it is near 1/width.
POWERS, EXPECTED, EXPECTED_STD = np.linspace(-4, 2, 121), -1.0, 0.5


def _network_variances(x: Floats, freedom: Floats, squares: Floats) -> Floats:
    """The variance of one network at each ln width, by its most likely power; few networks tell little of that."""
    shapes = np.exp(POWERS[:, None] * (x - x.mean()))
    levels = (squares / shapes).sum(axis=1, keepdims=True) / freedom.sum()
    surprise = (freedom * np.log(levels * shapes)).sum(axis=1) + ((POWERS - EXPECTED) / EXPECTED_STD) ** 2
    found: Floats = (levels * shapes)[surprise.argmin()]
    return found


NODES, MAX_FREEDOM = 200, 400


def tail(ratio: float, above: int, below: int) -> float:
    """P(F > ratio) of Fisher's F with so many degrees of freedom above and below; with 1 above, of t² both-sided.

    By quadrature of sin^(below-1) cos^(above-1) up to the angle whose squared cotangent is above·ratio/below.
    """
    below = min(below, MAX_FREEDOM)
    angle = math.atan2(math.sqrt(below), math.sqrt(above * ratio))
    part, whole = (end * float(np.sin(at) ** (below - 1) * np.cos(at) ** (above - 1) @ weights)
                   for end in (angle, math.pi / 2) for at, weights in (interval(0.0, end, NODES),))
    return min(part / whole, 1.0)
