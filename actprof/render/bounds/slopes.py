"""The slope of log std against log fan-in, named."""

from __future__ import annotations

from actprof.render.numerals import compact
from actprof.weight_scales import Scheme

TOLERANCE = 0.015
HALF = -0.5
NAMES = {-1.0: "slope −1: ∝ 1/n", HALF: "slope −1/2: ∝ 1/√n", 0.0: "slope 0: does not depend on n"}


def slope_words(scheme: Scheme) -> str:
    """What to call the slope; empty where there is none."""
    if scheme.slope is None:
        return "no steady slope" if len(scheme.fan_in) > 1 and any(scheme.std) else ""
    first, last = scheme.slope
    return _name(last) if abs(first - last) <= TOLERANCE else f"slope from {_figure(first)} to {_figure(last)}"


def _name(slope: float) -> str:
    return next((name for value, name in NAMES.items() if abs(slope - value) <= TOLERANCE),
                f"slope {_figure(slope)}")


def _figure(slope: float) -> str:
    if abs(slope - HALF) <= TOLERANCE / 2:
        return "−1/2"
    return compact(round(slope, 2) + 0.0, 2)


def has_half(scheme: Scheme) -> bool:
    return scheme.slope is not None and abs(scheme.slope[1] - HALF) <= TOLERANCE
