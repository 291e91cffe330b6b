"""Numbers as a reader in the last row wants them: short, and never rounded into a lie."""

from __future__ import annotations

import math
from collections.abc import Mapping

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def compact(value: float, digits: int = 3) -> str:
    """`0.83`, `16300`, `3e−5`; an en dash for what is not a finite number."""
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


def percent(share: float) -> str:
    """`50 %`, `2.5 %`, `<0.01 %`; only a whole is `100 %`."""
    if share <= 0 or share >= 1:
        return "0 %" if share <= 0 else "100 %"
    if share < 1e-4 or share >= 0.9999:
        return "<0.01 %" if share < 1e-4 else ">99.99 %"
    decimals = 2 if share < 0.00995 or share >= 0.999 else 1 if share < 0.0995 or share >= 0.99 else 0
    text = f"{100 * share:.{decimals}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def tenths(share: float) -> str:
    """`10.3 %`, `97 %`; near a whole or nothing as `percent` has it."""
    if not math.isfinite(share):
        return "–"
    return f"{100 * share:.1f}".removesuffix(".0") + " %" if 0.001 <= share < 0.999 else percent(share)


def grouped(count: float) -> str:
    """`2 300`."""
    return f"{int(count):,}".replace(",", " ")


def power_of_ten(exponent: int) -> str:
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
    power = power_of_ten(int(exponent.replace("−", "-")))
    return power if mantissa == "1" else f"{mantissa}·{power}"


def non_finite(figures: Mapping[str, float]) -> list[str]:
    """`2 300 inf`, `12 NaN`: one item a kind; the sign of an infinity only where both occur."""
    both = figures["posinf"] and figures["neginf"]
    kinds = (("posinf", "+inf" if both else "inf"), ("neginf", "−inf"), ("nan", "NaN"))
    return [f"{grouped(figures[key])} {name}" for key, name in kinds if figures[key]]
