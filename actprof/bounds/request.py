"""The grammar of fan-ins: `1:100`, `1:100:10`, `1:4096:log`, `16,64,256`, `10`; and of kernels, `3x3`."""

from __future__ import annotations

import math
import re
from bisect import bisect
from typing import NoReturn

from actprof.errors import SpecError, shown
from actprof.registry import folded
from actprof.spec import MAX_FAN

MOST_POINTS = 10_000
"""A longer range is followed at this many fan-ins, evenly spaced."""

PER_DECADE = 20
MOST_SAMPLED = 5
LONGEST_SAMPLED_LIST = 12

NUMBER = re.compile(r"(?P<integer>[1-9]\d{0,59}|0)|(?P<base>\d{1,20})\*\*(?P<power>\d{1,3})"
                    r"|(?P<factor>\d{1,20})e\+?(?P<zeros>\d{1,3})", re.IGNORECASE | re.ASCII)
"""1000, 10**3 or 1e3; nothing so long that it would take time to reckon."""


def fan_ins(text: str, at: str | None = None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The fan-ins that `text` asks for, and those to sample at: what `at` lists, or some round ones.

    The first include the second: a range is widened for them. Raises SpecError.
    """
    sampled = None if at is None else _listed(at)
    if ":" in text:
        asked = _range(text, sampled or ())
        sampled = sampled or _round_ones(asked)
    else:
        asked = sorted({_fan(part, text) for part in text.split(",")})
        sampled = sampled or (tuple(asked) if len(asked) <= LONGEST_SAMPLED_LIST else _round_ones(asked))
    return tuple(sorted({*asked, *sampled})), sampled


def fan(text: str, option: str) -> int:
    """One fan: 512, 1e6 or 10**18."""
    number = NUMBER.fullmatch(text.strip())
    value = _value(number) if number else 0
    if not 1 <= value <= MAX_FAN:
        raise SpecError(f"{option} must be a whole number from 1 to {MAX_FAN:,}, not {shown(text)}.")
    return value


def kernel(text: str) -> tuple[int, ...]:
    """The sides of `3x3`, `3` or `3x3x3`."""
    sides = [side.strip() for side in folded(text).replace("×", "x").split("x")]
    if not all(re.fullmatch(r"[0-9]{1,9}", side) for side in sides):
        raise SpecError(f"--kernel must be the sides of a kernel, such as 3x3, not {shown(text)}.")
    return tuple(map(int, sides))


def _value(number: re.Match[str]) -> int:
    parts = number.groupdict()
    if parts["integer"]:
        return int(parts["integer"])
    base, power, factor = (parts["base"], parts["power"], 1) if parts["base"] else (10, parts["zeros"], parts["factor"])
    return math.prod([int(base)] * int(power)) * int(factor)


def _range(text: str, included: tuple[int, ...]) -> list[int]:
    """LOW:HIGH[:STEP|log], wide enough for all of `included`."""
    first, last, *others = text.split(":")
    if len(others) > 1:
        _refuse(text)
    low, high = _fan(first, text), _fan(last, text)
    if low > high:
        raise SpecError(f"--fan-in {shown(text)} runs backwards. Write {shown(':'.join([last, first, *others]))}.")
    low, high = min(low, *included, high), max(high, *included, low)
    if folded("".join(others)) == "log":
        return _geometric(low, high)
    return _even(low, high, fan(others[0], "the step of --fan-in") if others else 1)


def _fan(part: str, text: str) -> int:
    if NUMBER.fullmatch(part.strip()) is None:
        _refuse(text)
    return fan(part, "--fan-in")


def _refuse(text: str) -> NoReturn:
    raise SpecError("--fan-in must be a whole number such as 100, a range such as 1:100 or 1:4096:log, or a list such "
                    f"as 16,64,256, not {shown(text)}.")


def _listed(at: str) -> tuple[int, ...]:
    if not all(NUMBER.fullmatch(part.strip()) for part in at.split(",")):
        raise SpecError(f"--at must be whole numbers joined by commas, such as 10,100,1000, not {shown(at)}.")
    return tuple(sorted({fan(part, "--at") for part in at.split(",")}))


def _even(low: int, high: int, step: int) -> list[int]:
    """Every `step`-th, and the last; thinned where these are more than MOST_POINTS."""
    count = -(-(high - low) // step) + 1
    if count <= MOST_POINTS:
        return [*range(low, high, step), high]
    return [low + place * (high - low) // (MOST_POINTS - 1) for place in range(MOST_POINTS)]


def _geometric(low: int, high: int) -> list[int]:
    """Equal ratios: from a power of ten on it hits every power of ten."""
    points, place = {low, high}, 0
    while (point := round(low * 10 ** (place / PER_DECADE))) < high:
        points.add(point)
        place += 1
    return sorted(points)


def _round_ones(asked: list[int]) -> tuple[int, ...]:
    """Of the fan-ins that are asked for, the ends and those next to powers of ten, at most MOST_SAMPLED."""
    powers = [10**power for power in range(19) if asked[0] < 10**power < asked[-1]]
    chosen = sorted({asked[0], *(_nearest(asked, power) for power in powers), asked[-1]})
    last = len(chosen) - 1
    most = min(last, MOST_SAMPLED - 1)
    return tuple(chosen[place * last // most] for place in range(most + 1)) if most else tuple(chosen)


def _nearest(asked: list[int], wanted: int) -> int:
    place = bisect(asked, wanted)
    return min(asked[place - 1:place + 1], key=lambda each: abs(each - wanted))
