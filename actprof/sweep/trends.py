"""Whether a statistic is flat in the width, answered from single networks.

What is positive is taken by its logarithm, which for deep stacks is close to normal (Hanin & Nica 2018); all else as it
is. A course depends on the width where a slope or a bend can be told from 0: p-values of 1 % and of 0.1 %. It is flat
where none can, and where two standard errors leave room for no more than a change of half as much again; else there is
no telling. What comes behind ± is one standard error. The mean logarithm of finite networks has itself a term of order
depth/width: with networks enough to see it, it counts as a trend.

A weighted line through the means of networks at several widths, and how likely it is that there is none.

Small networks scatter more: the variance of a network is fitted as a power of the width, expected near 1/width, and the
widths are weighted by it. A slope and a bend have p-values of t and F for the degrees of freedom that the scatter
within the widths leaves, less one for its power.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actprof.catalogue.quadrature import interval
from actprof.diagnosis.evidence import number, times
from actprof.sweep.result import Axis, Cell, Quantity, Trend


class Course(NamedTuple):
    """What is to be said: the change over all widths, and by ln width or by decade, with errors, and its kind."""

    change: float
    error: float
    power: float
    power_error: float
    flat: bool | None
    straight: bool
    span: str


def described(quantity: Quantity, course: Course) -> str:
    """All of it in one line."""
    said = (_factor if quantity.positive else _difference)(quantity, course)
    return said if course.flat is not None else f"{said}; more --repeats would tell"


def spoken(quantity: Quantity) -> str:
    """The name as words."""
    return quantity.name.replace("_", " ")


def _factor(quantity: Quantity, course: Course) -> str:
    """One line on a change of the logarithm."""
    if course.flat is not False:
        factor = math.exp(course.change)
        return f"{_way(quantity, course)}: ×{_beside(factor, factor * course.error)} {course.span}"
    size = f"{_way(quantity, course)}: {times(course.change / math.log(10))} {course.span}"
    return f"{size}, as width^{_beside(course.power, course.power_error)}" if course.straight else size


def _difference(quantity: Quantity, course: Course) -> str:
    size = f"{'+' if course.change >= 0 else ''}{_beside(course.change, course.error)}"
    return f"{_way(quantity, course)}: {size}{' decades' * quantity.logarithmic} {course.span}"


def _way(quantity: Quantity, course: Course) -> str:
    if course.flat is not False:
        what = "is flat in the width" if course.flat else "may or may not depend on the width"
        return f"{spoken(quantity)} {what}"
    way = "grows" if course.change > 0 else "falls"
    return f"{spoken(quantity)} {way} with the width{'' if course.straight else ', not evenly'}"


def _beside(value: float, error: float) -> str:
    """`1.003 ± 0.012`: two digits of the error, and as many places of the value."""
    if not 0 < error < math.inf:
        return number(value)
    places = 1 - math.floor(math.log10(error))
    return f"{value:.{places}f} ± {error:.{places}f}" if 0 < places < 7 else f"{number(value)} ± {number(error)}"


Array = NDArray[Any]

EXPONENT, EXPONENT_STD = -1.0, 0.5
"""What the power of the width in the variance is expected to be (1/width, by theory), and how surely."""

FITTING_STEPS = 50
NODES, MOST_FREEDOM = 200, 400

NEAR_0 = 1e-10
"""Scatter, relative to the size of the values, that may be rounding."""


class Group(NamedTuple):
    """The networks of one width: their number, mean and sum of squares about it, in logarithms or as they are."""

    width: float
    label: str
    networks: int
    mean: float
    squares: float


class Fit(NamedTuple):
    """A weighted line: its slope, its standard error, both p-values, and the fitted variance of each group's mean."""

    slope: float
    error: float
    slope_p: float
    bend_p: float
    variances: Array


def fitted(groups: Sequence[Group]) -> Fit:
    """The line through the groups' means over ln width."""
    x = np.log([group.width for group in groups])
    means, counts = np.array([group.mean for group in groups]), np.array([group.networks for group in groups])
    freedom = max(int(counts.sum()) - len(groups) - 1, 1)
    variances = _network_variances(x, counts - 1, np.array([group.squares for group in groups])) / counts
    if not variances.any():
        slope = float(np.polyfit(x, means, 1)[0])
        same = bool(np.ptp(means) <= NEAR_0 * np.abs(means).max())
        return Fit(slope, 0.0, float(same), 1.0, variances)
    weights = 1 / variances
    centred = x - weights @ x / weights.sum()
    information = float(weights @ centred**2)
    slope = float(weights @ (centred * means)) / information
    rest = means - weights @ means / weights.sum() - slope * centred
    bend = float(weights @ rest**2) / (len(groups) - 2)
    return Fit(slope, information**-0.5, tail(slope**2 * information, 1, freedom),
               tail(bend, len(groups) - 2, freedom), variances)


def _network_variances(x: Array, freedom: Array, squares: Array) -> Array:
    """The variance of one network at each ln width: exp(level + power·x), by its likelihood for sums of squares.

    The power is held near what theory expects, as few networks tell little of it; 0 where nothing scatters.
    """
    if not squares.any():
        return np.zeros_like(x)
    middle = x - x.mean()
    level, power = 0.0, EXPONENT
    for _ in range(FITTING_STEPS):
        level = math.log(float((squares * np.exp(-power * middle)).sum() / freedom.sum()))
        shares = squares * np.exp(-level - power * middle)
        gradient = float(middle @ (shares - freedom)) / 2 - (power - EXPONENT) / EXPONENT_STD**2
        step = gradient / (float(middle**2 @ (shares + freedom)) / 4 + EXPONENT_STD**-2)
        power += step
        if abs(step) < 1e-9:
            break
    return np.asarray(np.exp(level + power * middle))


def tail(ratio: float, above: int, below: int) -> float:
    """P(F > ratio) of Fisher's F with so many degrees of freedom above and below; with 1 above, of t² both-sided.

    By quadrature of sin^(below-1) cos^(above-1) up to the angle whose squared cotangent is above·ratio/below.
    """
    below = min(below, MOST_FREEDOM)
    angle = math.atan2(math.sqrt(below), math.sqrt(above * ratio))
    part, whole = (end * float(np.sin(at) ** (below - 1) * np.cos(at) ** (above - 1) @ weights)
                   for end in (angle, math.pi / 2) for at, weights in (interval(0.0, end, NODES),))
    return min(part / whole, 1.0)


WIDTH = "width"
FEWEST_WIDTHS, FEWEST_NETWORKS = 3, 2

SLOPE_P, BEND_P = 0.01, 0.001
"""Probabilities, for what is flat, of a slope and of a bend as clear as what counts as one."""

LARGEST_FACTOR, LARGEST_DIFFERENCE = 1.5, 0.1
"""What a flat quantity may change by from the least to the largest width, two standard errors included: by a factor
(ratios in decades too) or, of shares and cosines, by a difference."""


def trends(axes: Sequence[Axis], cells: Sequence[Cell], quantities: Sequence[Quantity]) -> tuple[Trend, ...]:
    """How each quantity follows the width, at every place of the other axis if there is one; () unless there are three
    widths of two networks each.

    A quantity that was not measured has no trend; one with too few usable networks has one of NaN, which says so.
    """
    along = next((number for number, axis in enumerate(axes) if axis.name == WIDTH), None)
    if along is None or len(axes[along].numbers) < FEWEST_WIDTHS:
        return ()
    found = []
    for label, row in _rows(axes, cells, along):
        measured = [quantity for quantity in quantities
                    if all(len(cell.networks.get(quantity.name, ())) >= FEWEST_NETWORKS for cell in row)]
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


def _trend(axis: Axis, networks: Sequence[Sequence[float]], quantity: Quantity) -> Trend:
    values = {value for each in networks for value in each}
    if len(values) == 1 and math.isfinite(min(values)):
        return Trend(quantity.name, 0.0, 0.0, float(quantity.positive), 0.0, True,
                     f"{spoken(quantity)} is the same at every width: {number(min(values))}")
    groups, left_out = _groups(axis, networks, quantity.positive)
    remark = f"; {left_out} networks{' without a positive value' * quantity.positive} left out" if left_out else ""
    if len(groups) < FEWEST_WIDTHS:
        return Trend(quantity.name, math.nan, math.nan, math.nan, math.nan, None,
                     f"{spoken(quantity)}: too few widths with two {'positive' if quantity.positive else 'finite'} "
                     "values to say how it follows them")
    return _answer(quantity, groups, fitted(groups), remark)


def _groups(axis: Axis, networks: Sequence[Sequence[float]], positive: bool) -> tuple[list[Group], int]:
    """(the widths of which two networks can be used, how many networks are not used)."""
    groups, used = [], 0
    for width, label, each in zip(axis.numbers, axis.labels, networks, strict=True):
        usable = np.array([value for value in each if math.isfinite(value) and (value > 0 or not positive)])
        if len(usable) >= FEWEST_NETWORKS:
            values = np.log(usable) if positive else usable
            squares = float(((values - values.mean()) ** 2).sum())
            least = (NEAR_0 * (1.0 if positive else float(np.abs(values).max()))) ** 2
            groups.append(Group(width, label, len(usable), float(values.mean()), squares if squares > least else 0.0))
            used += len(usable)
    return groups, sum(map(len, networks)) - used


def _flat(quantity: Quantity, change: float) -> bool | None:
    """Whether a change that cannot be told from 0 is 0; None where it might be one that matters."""
    most = LARGEST_DIFFERENCE
    if quantity.positive or quantity.logarithmic:
        most = math.log(LARGEST_FACTOR) / (1.0 if quantity.positive else math.log(10))
    return True if change <= most else None


def _answer(quantity: Quantity, groups: Sequence[Group], fit: Fit, remark: str) -> Trend:
    first, last = groups[0], groups[-1]
    reach = math.log(last.width / first.width)
    straight = fit.bend_p > BEND_P
    change, error = fit.slope * reach, fit.error * reach
    if not straight:
        change, error = last.mean - first.mean, math.sqrt(float(fit.variances[0] + fit.variances[-1]))
    flat = _flat(quantity, abs(change) + 2 * error) if straight and fit.slope_p > SLOPE_P else False
    decades = reach if quantity.positive else reach / math.log(10)
    course = Course(change, error, change / decades, error / decades, flat, straight,
                    f"from {first.label} to {last.label}")
    text = described(quantity, course) + remark
    if quantity.positive:
        change = math.exp(min(change, 709.0))
        error *= change
    return Trend(quantity.name, course.power, course.power_error, change, error, flat, text)
