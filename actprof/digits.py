"""Numbers as tables, figures and sentences alike show them: three digits, and never rounded into a lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from actprof.arrays import Floats

ROUNDING = 1e-13


def without_rounding(value: float) -> float:
    """0 for what is so small that it can only be the rounding of a 0."""
    return 0.0 if abs(value) < ROUNDING else value


def number(value: float, digits: int = 3) -> str:
    """Three digits, or more: 0.831, 0.540, 12.0, 1643, 1.6e4, 3.1e-7; - for what is not finite."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 10 ** min(digits, 4) - 0.5:
        return f"{value:#.{digits}g}".rstrip(".")
    if 1 <= abs(value) < 9999.5:
        return f"{value:.0f}"
    mantissa, _, exponent = f"{value:.{digits - 2}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def power_of_ten(exponent: float) -> str:
    """10**exponent as `number` shows it, beyond the range of floats too: 0.831, 1.2e-29, 3.4e-412."""
    if exponent == -math.inf:
        return "0"
    if not abs(exponent) > 300:
        return number(10.0**exponent)
    if not math.isfinite(exponent):
        return "-"
    power = math.floor(exponent)
    mantissa = f"{10.0 ** (exponent - power):.1f}"
    return f"1.0e{power + 1}" if mantissa == "10.0" else f"{mantissa}e{power}"


def fan(units: int) -> str:
    """1,024, or 1e18; what has more digits than a cell has room for is shown in full."""
    mantissa = str(units).rstrip("0")
    return f"{units:,}" if units < 10**9 or len(mantissa) > 1 else f"{mantissa}e{len(str(units)) - 1}"


def percent(share: float) -> str:
    """A share in per cent: 0, <0.1, 12.3, 100."""
    if not math.isfinite(share):
        return "-"
    if share in (0, 1):
        return f"{100 * share:.0f}"
    return "<0.1" if share < 5e-4 else ">99.9" if share >= 0.9995 else f"{100 * share:.1f}"


def typed(value: object, digits: int = 6) -> str:
    """What was chosen, as it is typed: 0.05, 100, 1e-5, 1e9, fan_in."""
    if not isinstance(value, float):
        return str(value)
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def count(value: float) -> str:
    """1,200, or 12.5 where a median lies between two counts; - where nothing was counted."""
    return "-" if math.isnan(value) else f"{value:,.1f}".removesuffix(".0")


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def compact(value: float, digits: int = 3) -> str:
    """What was chosen, such as a tick: `0.83`, `16300`, `3e−5`; an en dash for what is not a finite number."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}g}"
    if 1000 <= abs(value) < 99_999.5:
        text = f"{value:.0f}" if digits < 5 else f"{value:.{digits}g}"
    elif 1e-4 <= abs(value) < 1e-3:
        text = f"{value:.{digits - 1}e}"
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa and exponent:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")


def grouped(count: float) -> str:
    """`2,300`."""
    return f"{int(count):,}"


def power_label(exponent: int) -> str:
    """`10⁻³`."""
    return "1" if exponent == 0 else "10" + str(exponent).translate(_SUPERSCRIPTS)


def short(value: float) -> str:
    """`300`, `2·10¹⁷`."""
    return with_power(compact(value, 4))


def with_power(number: str) -> str:
    """`2e17` as `2·10¹⁷`."""
    mantissa, _, exponent = number.partition("e")
    if not exponent:
        return number
    power = power_label(int(exponent.replace("−", "-")))
    return power if mantissa == "1" else f"{mantissa}·{power}"


def number_label(value: float, digits: int = 3) -> str:
    """The value as `number` has it in the letters of a figure: `0.540`, `−1.20`, `3.1·10⁻⁷`."""
    return with_power(number(value, digits).replace("-", "−")) if math.isfinite(value) else "–"


def non_finite(statistics: Mapping[str, float]) -> list[str]:
    """`2,300 inf`, `12 NaN`: one item a kind; the sign of an infinity only where both occur."""
    both = statistics["posinf"] and statistics["neginf"]
    kinds = (("posinf", "+inf" if both else "inf"), ("neginf", "−inf"), ("nan", "NaN"))
    return [f"{grouped(statistics[key])} {name}" for key, name in kinds if statistics[key]]


def decades_over(logs: Sequence[float], wished: Sequence[float] = ()) -> tuple[float, float]:
    """A range of logarithms to base 10: at least one decade wide, for a flat line to look flat; at most one more either
    way for what is `wished`."""
    low, high = min(logs, default=0.0), max(logs, default=0.0)
    low, high = max(min([low, *wished]), low - 1), min(max([high, *wished]), high + 1)
    middle, half = (low + high) / 2, max((high - low) / 2 * 1.08, 0.5)
    return middle - half, middle + half


def logarithms(values: ArrayLike) -> Floats:
    """log₁₀; NaN for what has none."""
    numbers = np.asarray(values, np.float64)
    return np.log10(numbers, out=np.full_like(numbers, math.nan), where=numbers > 0)


def finite_logs(values: Iterable[float]) -> list[float]:
    """The values that are known."""
    return [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
