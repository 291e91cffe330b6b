"""How the tables of `gain` show a figure."""

from __future__ import annotations

import math

from actprof.render.cells import number, without_rounding

MISSING = "n/a"
NARROW = 5


def cell(value: float | None, digits: int) -> str:
    """`n/a` for what makes no sense; rounding alone is 0."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return number(without_rounding(value), digits)


def narrow(value: float | None, room: int = NARROW) -> str:
    """As many of four digits as there is room for, at least two: 2.338, 0.817, 0.045, 10.33."""
    texts = [cell(value, digits) for digits in (4, 3, 2)]
    return next((text for text in texts if len(text) <= room), texts[-1])
