"""Numbers as a table's cells show them: three digits, and never rounded into a lie."""

from __future__ import annotations

import math

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
    if 1e-3 <= abs(value) < 999.5:
        return f"{value:#.{digits}g}".rstrip(".")
    if 999.5 <= abs(value) < 9999.5:
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


def count(value: float) -> str:
    """1,200, or 12.5 where a median lies between two counts; - where nothing was counted."""
    return "-" if math.isnan(value) else f"{value:,.1f}".removesuffix(".0")
