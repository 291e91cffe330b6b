"""What a trend is called: a quantity, whether it grows or falls with the width, and by how much."""

from __future__ import annotations

import math
from typing import NamedTuple

from actprof.evidence import number, times
from actprof.sweep_maps import Quantity


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
