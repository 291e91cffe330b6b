"""The grammar of fan-ins: `1:100`, `1:100:10`, `1:4096:log`, `16,64,256`, `10`; and of kernels, `3x3`."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from actprof.catalogue import initializers
from actprof.catalogue.initializers import INITIALIZERS
from actprof.errors import SpecError, quoted, require_distinct
from actprof.registry import NUMBER, Choice, fan, folded

MAX_POINTS = 10_000  # a longer range is followed at this many fan-ins, evenly spaced

PER_DECADE = 20
MAX_SAMPLED = 5
MAX_SAMPLED_LIST = 12


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
        sampled = sampled or (tuple(asked) if len(asked) <= MAX_SAMPLED_LIST else _round_ones(asked))
    return tuple(sorted({*asked, *sampled})), sampled


def kernel(text: str) -> tuple[int, ...]:
    """The sides of `3x3`, `3` or `3x3x3`."""
    sides = [side.strip() for side in folded(text).replace("×", "x").split("x")]
    if not all(re.fullmatch(r"[0-9]{1,9}", side) for side in sides):
        raise SpecError(f"--kernel must be the sides of a kernel, such as 3x3, not {quoted(text)}.")
    return tuple(map(int, sides))


def _range(text: str, included: tuple[int, ...]) -> list[int]:
    """LOW:HIGH[:STEP|log], wide enough for all of `included`."""
    first, last, *others = text.split(":")
    if len(others) > 1:
        _refuse(text)
    low, high = _fan(first, text), _fan(last, text)
    if low > high:
        raise SpecError(f"--fan-in {quoted(text)} runs backwards. Write {quoted(':'.join([last, first, *others]))}.")
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
                    f"as 16,64,256, not {quoted(text)}.")


def _listed(at: str) -> tuple[int, ...]:
    if not all(NUMBER.fullmatch(part.strip()) for part in at.split(",")):
        raise SpecError(f"--at must be whole numbers joined by commas, such as 10,100,1000, not {quoted(at)}.")
    return tuple(sorted({fan(part, "--at") for part in at.split(",")}))


def _even(low: int, high: int, step: int) -> list[int]:
    """Every `step`-th, and the last; thinned where these are more than MAX_POINTS."""
    count = -(-(high - low) // step) + 1
    if count <= MAX_POINTS:
        return [*range(low, high, step), high]
    return [low + place * (high - low) // (MAX_POINTS - 1) for place in range(MAX_POINTS)]


def _geometric(low: int, high: int) -> list[int]:
    """Equal ratios: from a power of ten on it hits every power of ten."""
    points, place = {low, high}, 1
    while (point := round(low * 10 ** (place / PER_DECADE))) < high:
        points.add(point)
        place += 1
    return sorted(points)


def _round_ones(asked: list[int]) -> tuple[int, ...]:
    """The ends of what is asked for, and the fan-ins next to powers of ten; at most MAX_SAMPLED."""
    powers = [10**power for power in range(19) if asked[0] < 10**power < asked[-1]]
    chosen = sorted({asked[0], *(_nearest(asked, power) for power in powers), asked[-1]})
    last = len(chosen) - 1
    most = min(last, MAX_SAMPLED - 1)
    return tuple(chosen[place * last // most] for place in range(most + 1)) if most else tuple(chosen)


def _nearest(asked: list[int], wanted: int) -> int:
    place = bisect(asked, wanted)
    return min(asked[place - 1:place + 1], key=lambda each: abs(each - wanted))


@dataclass(frozen=True)
class Namesake:
    """Another thing that goes by the name: how it is called here, and who calls it so."""

    scheme: str
    who: str


XAVIER = (
    Namesake("glorot_normal", "the paper's variance, PyTorch's xavier_normal_"),
    Namesake("lecun_normal", "textbooks"),
    Namesake("glorot_uniform", "the paper's eq. 16, Keras, PyTorch's xavier_uniform_"),
    Namesake("fan_in_uniform", "blogs, the paper's eq. 1"),
    Namesake("caffe.xavier", "Caffe"),
)
XAVIER_UNIFORM = Namesake("glorot_uniform", "PyTorch"), Namesake("fan_in_uniform", "blogs")
GLOROT_NORMAL = Namesake("glorot_normal", "PyTorch"), Namesake("glorot_truncated", "Keras and JAX")
HE = (
    Namesake("he_normal", "the paper"),
    Namesake("he_normal:mode=fan_out", "the paper's other form, PyTorch's ResNets"),
    Namesake("he_truncated", "Keras's and JAX's he_normal"),
    Namesake("he_uniform", "Keras's he_uniform, PyTorch's kaiming_uniform_"),
)
HE_NORMAL = Namesake("he_normal", "PyTorch"), Namesake("he_truncated", "Keras and JAX")
HE_UNIFORM = Namesake("he_uniform", "PyTorch"), Namesake("torch.linear", "nn.Linear: kaiming_uniform_ with a = √5")
LECUN = (
    Namesake("lecun_normal", "textbooks"),
    Namesake("lecun_uniform", "the paper's example, Keras's lecun_uniform"),
    Namesake("lecun_truncated", "Keras's and JAX's lecun_normal"),
)
LECUN_NORMAL = Namesake("lecun_normal", "textbooks"), Namesake("lecun_truncated", "Keras and JAX")
TRUNCATED = (
    Namesake("truncated_normal", "Keras and JAX"),
    Namesake("torch.trunc_normal", "PyTorch"),
    Namesake("lecun_truncated", "Keras's and JAX's variance scaling"),
)

# A name with several meanings → all of them; a framework's own name (`keras.he_normal`) has only one.
NAMESAKES: dict[str, tuple[Namesake, ...]] = {
    **dict.fromkeys(("xavier", "glorot"), XAVIER),
    **dict.fromkeys(("xavier_normal", "glorot_normal"), GLOROT_NORMAL),
    "xavier_uniform": XAVIER_UNIFORM,
    **dict.fromkeys(("he", "kaiming"), HE),
    **dict.fromkeys(("he_normal", "kaiming_normal"), HE_NORMAL),
    "kaiming_uniform": HE_UNIFORM,
    "lecun": LECUN,
    "lecun_normal": LECUN_NORMAL,
    "truncated_normal": TRUNCATED,
}


def schemes(names: Sequence[str]) -> tuple[Choice, ...]:
    """The initialisers of these names. Raises SpecError."""
    chosen = tuple(map(INITIALIZERS.parse, names))
    for choice in chosen:
        if INITIALIZERS[choice.name].activation:
            raise SpecError(f"{choice.name} depends on an activation, and bounds knows none. "
                            "Give the gain itself, such as lecun_normal:gain=1.593 for tanh.")
        if INITIALIZERS[choice.name].calibrated:
            raise SpecError(f"{choice.name} scales its weights on a batch of inputs, and bounds has none. "
                            "Take orthogonal, from which it starts.")
    require_distinct("the scheme", [choice.label for choice in chosen], "each --scheme")
    return chosen


def as_kernels(choices: Sequence[Choice]) -> None:
    """Raise SpecError for a scheme that makes matrices, but no kernels of convolutions."""
    for choice in choices:
        if reason := INITIALIZERS[choice.name].no_kernels:
            raise SpecError(f"{choice.name} has no kernels: {reason}.")


def has_gain(choice: Choice) -> bool:
    return "gain" in choice.values


def with_gain(choice: Choice, gain: float | None) -> Choice:
    """The scheme with another gain, if it has one and there is another."""
    return choice if gain is None or not has_gain(choice) else INITIALIZERS.altered(choice, "gain", f"{gain!r}")


def namesakes(choice: Choice, brief: bool = False) -> str:
    """One line on what else the name that the user wrote means, and how to ask for it; empty for a clear name.

    A brief one leaves out who calls it so.
    """
    name = folded(choice.label.partition(":")[0])
    if choice.values.get("distribution") == "normal" and "untruncated" not in choice.label:
        return ("distribution=normal here is not cut, as in JAX. In TensorFlow and Keras it means truncated "
                "(distribution=truncated); theirs that is not cut is untruncated_normal")
    if name not in NAMESAKES:
        return ""
    here, *others = sorted(NAMESAKES[name], key=lambda meaning: _meant(meaning.scheme) != _meant(name))
    if brief:
        listed = [f"{_formula(meaning.scheme)} ({meaning.scheme})" for meaning in others]
        return f"{name} here is {_formula(name)}. Others mean {', '.join(listed)}"
    listed = [f"{_formula(meaning.scheme)} ({meaning.who}): --scheme {meaning.scheme}" for meaning in others]
    return f"{name} here is {_formula(name)} ({here.who}). Others mean {'; '.join(listed)}"


def _meant(name: str) -> Choice:
    return INITIALIZERS.parse(name)


def _formula(scheme: str) -> str:
    return initializers.bind(_meant(scheme)).formula
