"""The slope of log std against log fan-in: measured and named."""

from __future__ import annotations

import numpy as np

from actprof.render.numerals import compact
from actprof.render.scale_curves import Curves

TOLERANCE = 0.015
ROUNDING = 1e-9
HALF = -0.5
NAMES = {-1.0: "slope −1: ∝ 1/n", HALF: "slope −1/2: ∝ 1/√n", 0.0: "slope 0: does not depend on n"}


def slope_words(curves: Curves) -> str:
    """What to call the slope; empty where there is none."""
    slopes = slopes_of(curves)
    if slopes is None:
        return ""
    steps = np.diff(np.log(curves.std[curves.std > 0]))
    if (steps > ROUNDING).any() and (steps < -ROUNDING).any():
        return "no steady slope"
    first, last = slopes
    return _name(last) if abs(first - last) <= TOLERANCE else f"slope from {_figure(first)} to {_figure(last)}"


def _name(slope: float) -> str:
    return next((name for value, name in NAMES.items() if abs(slope - value) <= TOLERANCE),
                f"slope {_figure(slope)}")


def _figure(slope: float) -> str:
    if abs(slope - HALF) <= TOLERANCE / 2:
        return "−1/2"
    return compact(round(slope, 2) + 0.0, 2)


def slopes_of(curves: Curves) -> tuple[float, float] | None:
    """Slopes over the first and the last quarter, or more, of the fan-ins' decades."""
    known = curves.std > 0
    fan_in, std = np.log10(curves.fan_in[known]), np.log10(curves.std[known])
    if len(fan_in) < 2 or fan_in[-1] - fan_in[0] < ROUNDING:
        return None
    quarter = (fan_in[-1] - fan_in[0]) / 4
    early = int(np.searchsorted(fan_in, fan_in[0] + quarter))
    late = int(np.searchsorted(fan_in, fan_in[-1] - quarter, "right")) - 1
    return (float((std[early] - std[0]) / (fan_in[early] - fan_in[0])),
            float((std[-1] - std[late]) / (fan_in[-1] - fan_in[late])))


def has_half(curves: Curves) -> bool:
    slopes = slopes_of(curves)
    return slopes is not None and abs(slopes[1] - HALF) <= TOLERANCE
