"""Whether a statistic is flat in the width, answered from single networks.

What is positive is taken by its logarithm, which for deep stacks is close to normal (Hanin & Nica 2018); all else as it
is. A course is flat where neither a slope nor a bend can be told from 0: p-values of 1 % and of 0.1 %. What comes
behind ± is one standard error. The mean logarithm of finite networks has itself a term of order depth/width: with
networks enough to see it, it counts as a trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from actprof.evidence import number
from actprof.sweep_maps import Axis, Cell, Quantity, Trend
from actprof.sweeps.trend_words import Course, described, spoken
from actprof.sweeps.width_fits import NEAR_0, Fit, Group, fitted

WIDTH = "width"
FEWEST_WIDTHS, FEWEST_NETWORKS = 3, 2

SLOPE_P, BEND_P = 0.01, 0.001
"""Probabilities, for what is flat, of a slope and of a bend as clear as what counts as one."""


def trends(axes: Sequence[Axis], cells: Sequence[Cell], quantities: Sequence[Quantity]) -> tuple[Trend, ...]:
    """How each quantity follows the width; () unless that is the only axis, with three widths of two networks each.

    A quantity that was not measured has no trend; one with too few usable networks has one of NaN, which says so.
    """
    if len(axes) != 1 or axes[0].name != WIDTH or len(axes[0].numbers) < FEWEST_WIDTHS:
        return ()
    measured = [quantity for quantity in quantities
                if all(len(cell.networks.get(quantity.name, ())) >= FEWEST_NETWORKS for cell in cells)]
    return tuple(_trend(axes[0], [cell.networks[quantity.name] for cell in cells], quantity) for quantity in measured)


def _trend(axis: Axis, networks: Sequence[Sequence[float]], quantity: Quantity) -> Trend:
    values = {value for each in networks for value in each}
    if len(values) == 1 and math.isfinite(min(values)):
        return Trend(quantity.name, 0.0, 0.0, float(quantity.positive), 0.0, True,
                     f"{spoken(quantity)} is the same at every width: {number(min(values))}")
    groups, left_out = _groups(axis, networks, quantity.positive)
    remark = f"; {left_out} networks{' without a positive value' * quantity.positive} left out" if left_out else ""
    if len(groups) < FEWEST_WIDTHS:
        return Trend(quantity.name, math.nan, math.nan, math.nan, math.nan, False,
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


def _answer(quantity: Quantity, groups: Sequence[Group], fit: Fit, remark: str) -> Trend:
    first, last = groups[0], groups[-1]
    reach = math.log(last.width / first.width)
    straight = fit.bend_p > BEND_P
    change, error = fit.slope * reach, fit.error * reach
    if not straight:
        change, error = last.mean - first.mean, math.sqrt(float(fit.variances[0] + fit.variances[-1]))
    flat = straight and fit.slope_p > SLOPE_P
    decades = reach if quantity.positive else reach / math.log(10)
    course = Course(change, error, change / decades, error / decades, flat, straight,
                    f"from {first.label} to {last.label}")
    text = described(quantity, course) + remark
    if quantity.positive:
        change = math.exp(min(change, 709.0))
        error *= change
    return Trend(quantity.name, course.power, course.power_error, change, error, flat, text)
