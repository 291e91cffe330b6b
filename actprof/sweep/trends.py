"""Whether a statistic is flat in the width, answered from single networks.

What is positive is taken by its logarithm, which for deep stacks is close to normal (Hanin & Nica 2018); all else as it
is. A course depends on the width where a slope or a bend can be told from 0: p-values of 1 % and of 0.1 %. It is flat
where none can, and where two standard errors leave room for no more than a change of half as much again; else there is
no telling. What comes behind ± is one standard error. The mean logarithm of finite networks has itself a term of order
depth/width: with networks enough to see it, it counts as a trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from actprof.evidence import number
from actprof.sweep_maps import Axis, Cell, Quantity, Trend
from actprof.sweeps.trend_words import Course, described, spoken
from actprof.sweeps.width_fits import NEAR_0, Fit, Group, fitted

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
