"""What can be swept, and the grammar that asks for it: `gain=0.5:3:50`, `width=64:4096:log`, `init=he,xavier`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from actprof.digits import typed
from actprof.engine.spec import MAX_LAYERS, MAX_WIDTH
from actprof.errors import SpecError, quoted, require_distinct
from actprof.registry import NUMBER, did_you_mean, fan, folded
from actprof.sweep.phases.request import VALUES_B, VALUES_W
from actprof.sweep.result import Axis
from actprof.theory.predictions import MAX_SIGMA

MAX_VALUES = 1000

USUAL_VALUES = 25  # the number of values of a range that does not say how many
EVERY = 50  # a range of whole numbers with no more than these has all of them
RATIO = 2.0  # the ratio of neighbours in a logarithmic range of whole numbers that does not say how many

# The digits of a value between the ends of a range; its label says the same, so that a cell can be asked for by it.
DIGITS = 9


@dataclass(frozen=True)
class Kind:
    """A thing to sweep.

    Attributes:
        name: what `--over` calls it.
        title: what it is, for a reader.
        numbers: whether its values are numbers: "real", "whole", "names", or "any" for either numbers or names.
        least, most: of its numbers.
        aliases: other names for it.
        usual: how many values a range has that does not say.
    """

    name: str
    title: str
    numbers: str
    least: float = 0.0
    most: float = math.inf
    aliases: tuple[str, ...] = ()
    usual: int = USUAL_VALUES


KINDS = (
    Kind("gain", "gain of the weights", "real", most=1e6),
    Kind("std", "std of the weights", "real", most=1e6),
    Kind("bias", "std of the biases", "any", most=1e6, aliases=("sigma_b",)),
    Kind("layers", "layers", "whole", 1, MAX_LAYERS, ("depth",)),
    Kind("width", "width", "whole", 1, MAX_WIDTH),
    Kind("init", "initialiser", "names", aliases=("scheme",)),
    Kind("act", "activation", "names", aliases=("activation",)),
    Kind("norm", "normalisation", "names"),
    Kind("residual", "residual rule", "names"),
)

# The axes of a phase diagram.
SIGMAS = (
    Kind("sigma_w", "σ_w", "real", most=MAX_SIGMA, usual=VALUES_W),
    Kind("sigma_b", "σ_b", "real", most=MAX_SIGMA, usual=VALUES_B),
)

EXAMPLE = "gain=0.5:3:26, layers=5:50:10, width=64:4096:log or init=he,xavier"


def parsed(text: str, kinds: tuple[Kind, ...] = KINDS) -> Axis:
    """The axis that `NAME=VALUES` asks for; raises SpecError."""
    name, equals, values = text.partition("=")
    if not equals or not values.strip():
        raise SpecError(f"--over must be NAME=VALUES, such as {EXAMPLE}, not {quoted(text)}.")
    kind = _kind(folded(name), kinds)
    if kind.numbers == "names" or (kind.numbers == "any" and not _all_numbers(values)):
        return named(kind.name, _names(kind, values))
    if ":" in values:
        return _range(kind, values)
    _require_few(kind, values.count(",") + 1)
    listed = sorted({_number(part, kind) for part in values.split(",")})
    return _axis(kind, listed, _more_even_in_logarithms(listed))


def _kind(name: str, kinds: tuple[Kind, ...]) -> Kind:
    known = {word: kind for kind in kinds for word in (kind.name, *kind.aliases)}
    if name == "sigma_w" and name not in known:
        raise SpecError("--over sigma_w needs --phase. For a grid of networks vary gain, which is σ_w where --init is "
                        "lecun or he.")
    if name not in known:
        hint = did_you_mean(name, known) or f"It knows {', '.join(kind.name for kind in kinds)}."
        raise SpecError(f"--over cannot vary {quoted(name)}. {hint}")
    return known[name]


def _all_numbers(values: str) -> bool:
    """A range starts with a number; in a list all are numbers."""
    first, colon, _ = values.partition(":")
    return _is_real(first) if colon else all(map(_is_real, values.split(",")))


def _is_real(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _names(kind: Kind, values: str) -> list[str]:
    """Names apart by commas; `key=value` after one belongs to the name before it."""
    names: list[str] = []
    for piece in values.split(","):
        if names and "=" in piece.partition(":")[0]:
            names[-1] += f",{piece}"
        elif not piece.strip():
            raise SpecError(f"--over {kind.name} has an empty name in {quoted(values)}.")
        else:
            names.append(piece)
    return names


def named(name: str, names: Sequence[str]) -> Axis:
    """The axis of these names; raises SpecError where one recurs."""
    kind, labels = _kind(name, KINDS), ["".join(each.split()).casefold() for each in names]
    for label in labels:
        if labels.count(label) > 1:
            raise SpecError(f"--over {kind.name} names {quoted(label)} twice. Name each once.")
    _require_few(kind, len(labels))
    return Axis(kind.name, kind.title, tuple(labels))


def _range(kind: Kind, values: str) -> Axis:
    """LOW:HIGH[:COUNT][:log]."""
    first, last, *others = values.split(":")
    logarithmic = bool(others) and folded(others[-1]) == "log"
    counts = others[:-1] if logarithmic else others
    low, high = _number(first, kind), _number(last, kind)
    if len(counts) > 1:
        _refuse(kind, values)
    if low > high:
        raise SpecError(f"--over {kind.name}={quoted(values)} runs backwards. "
                        f"Write {kind.name}={':'.join([last, first, *others])}.")
    if logarithmic and low <= 0:
        raise SpecError(f"--over {kind.name}={quoted(values)} starts at {low:g}, which has no logarithm. "
                        "Start above 0, or leave out log.")
    count = _count(counts[0], kind, values) if counts else _usual(kind, low, high, logarithmic)
    if count == 1 and high > low:
        raise SpecError(f"--over {kind.name}={quoted(values)} asks for one value from {first} to {last}. "
                        "The third number is how many there are: 2 or more.")
    _require_few(kind, count)
    between = [float(round(value)) if kind.numbers == "whole" else float(f"{value:.{DIGITS}g}")
               for value in _spaced(low, high, count, logarithmic)[1:-1]]
    return _axis(kind, sorted({low, *between, high}), logarithmic)


def _more_even_in_logarithms(numbers: list[float]) -> bool:
    """Whether the steps of a list differ less as ratios than as differences: 64, 256, 1024."""
    if len(numbers) < 3 or numbers[0] <= 0:
        return False
    ratios = [math.log(after / before) for before, after in pairwise(numbers)]
    steps = [after - before for before, after in pairwise(numbers)]
    return max(ratios) * min(steps) < max(steps) * min(ratios)


def _spaced(low: float, high: float, count: int, logarithmic: bool) -> list[float]:
    if count == 1:
        return [low]
    shares = [place / (count - 1) for place in range(count)]
    if logarithmic:
        first, last = math.log(low), math.log(high)
        return [math.exp(first + (last - first) * share) for share in shares]
    return [low + (high - low) * share for share in shares]


def _usual(kind: Kind, low: float, high: float, logarithmic: bool) -> int:
    if low == high:
        return 1
    if kind.numbers != "whole":
        return kind.usual
    if logarithmic:
        return 1 + max(1, round(math.log(high / low, RATIO)))
    return int(high - low) + 1 if high - low < EVERY else kind.usual


def _count(text: str, kind: Kind, values: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,17}", text.strip()):
        _refuse(kind, values)
    return int(text)


def _number(text: str, kind: Kind) -> float:
    whole = kind.numbers == "whole"
    if not _is_real(text) and not NUMBER.fullmatch(text.strip()):
        _refuse(kind, text)
    value = float(text) if _is_real(text) else float(fan(text, f"--over {kind.name}"))
    if not kind.least <= value <= kind.most or (whole and value != int(value)):
        what = "whole numbers" if whole else "numbers"
        most = f"{kind.most:,.0f}"
        raise SpecError(f"--over {kind.name} takes {what} from {kind.least:g} to {most}, not {quoted(text)}.")
    return value


def _refuse(kind: Kind, text: str) -> NoReturn:
    raise SpecError(f"--over {kind.name} must be LOW:HIGH, LOW:HIGH:COUNT, LOW:HIGH:log, LOW:HIGH:COUNT:log or numbers "
                    f"joined by commas, not {quoted(text)}.")


def _axis(kind: Kind, numbers: list[float], logarithmic: bool) -> Axis:
    """The axis of these numbers, which rise."""
    whole = kind.numbers == "whole"
    labels = tuple(str(int(number)) if whole else _label(number) for number in numbers)
    return Axis(kind.name, kind.title, labels, tuple(numbers), logarithmic, whole)


def _label(number: float) -> str:
    """As few digits as say what it is."""
    short = typed(number, DIGITS)
    return short if float(short) == number else repr(number)


def _require_few(kind: Kind, count: int) -> None:
    if count > MAX_VALUES:
        raise SpecError(f"--over {kind.name} has {count:,} values; {MAX_VALUES:,} are the most.")


def distinct(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes, of which no two are the same thing; raises SpecError."""
    require_distinct("--over", [axis.name for axis in axes], "each thing", str)
    return tuple(axes)
