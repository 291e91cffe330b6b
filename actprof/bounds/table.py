"""`actprof bounds` in the terminal: what each scheme promises and what a sample shows, and all schemes side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO

from actprof.bounds.result import AGREEMENT, DIGITS, Bounds, Sample, Scheme
from actprof.digits import compact, count, fan, number, percent
from actprof.report.terminal import Column, Table, written

KINDS = {"truncated": "truncated normal", "matrix": "matrix, not weight by weight", "point": "constant"}


def law(scheme: Scheme) -> str:
    """`W ~ N(0, 2/n)`; a recipe in words stays as it is."""
    return sign(scheme) + scheme.formula


def sign(scheme: Scheme) -> str:
    """`W ~ `, `W = `, or nothing before a recipe in words."""
    if scheme.distribution == "point":
        return "W = "
    return "W ~ " if scheme.formula.startswith(("N(", "U(")) else ""


def kind(scheme: Scheme) -> str:
    return KINDS.get(scheme.distribution, scheme.distribution)


def print_result(bounds: Bounds, stream: TextIO) -> None:
    """A table for each scheme, then one with the std of all of them."""
    for scheme in bounds.schemes:
        _scheme_table(scheme, bounds.config["at"], stream).print(_title(scheme))
        stream.write("\n")
    if len(bounds.schemes) > 1:
        _summary(bounds, stream).print("std of all schemes (n is fan_in), the largest at the last n first")
        stream.write("\n")
    stream.write(written("".join(f"{line}\n" for line in _closing(bounds)), stream))


def _title(scheme: Scheme) -> str:
    share = "" if scheme.inside is None else f", {percent(scheme.inside[0])} % within ±std"
    return f"{scheme.label}: {law(scheme)} · {kind(scheme)}{share}"


def _scheme_table(scheme: Scheme, at: Sequence[int], stream: TextIO) -> Table:
    """A row for each fan-in that was to be sampled; a convolution's starts with its input channels."""
    made = Table([*map(Column, (*_channels_header(scheme), "fan_in", "fan_out", "std", "bound", "sampled\nmin", "max",
                                "mean", "std", "std\nerrors", "% in\n±std"))], stream)
    for inputs in at:
        channels = [fan(inputs)] * len(_channels_header(scheme))
        made.add_row(*channels, *_promise(scheme, inputs), *_found(scheme, inputs))
    return made


def _channels_header(scheme: Scheme) -> tuple[str, ...]:
    return () if not scheme.convolution else ("chan-\nnels",)


def _promise(scheme: Scheme, inputs: int) -> list[str]:
    place = scheme.channels.index(inputs)
    bound = number(scheme.bound[place], DIGITS) if scheme.bound else "none"
    return [fan(scheme.fan_in[place]), fan(scheme.fan_out[place]), number(scheme.std[place], DIGITS), bound]


def _found(scheme: Scheme, inputs: int) -> list[str]:
    sample = scheme.sample_at.get(inputs)
    if sample is None:
        return ["-"] * 6
    return [number(sample.min), number(sample.max), number(sample.mean),
            number(sample.sample_std, DIGITS), _errors(sample), percent(sample.inside)]


def _errors(sample: Sample) -> str:
    size = f"{round(sample.error, 1) + 0.0:+.1f}" if abs(sample.error) < 100 else number(sample.error)
    return size if sample.agrees else f"{size} !"


def _summary(bounds: Bounds, stream: TextIO) -> Table:
    """The std of each scheme at the fan-ins that were asked to be sampled."""
    places = [bounds.config["fan_in"].index(inputs) for inputs in bounds.config["at"]]
    fans = [bounds.schemes[0].fan_in[place] for place in places]
    made = Table([Column("scheme", right=False), Column("distribution", right=False),
                  *(Column(f"n = {fan(each)}") for each in fans), Column("last std\ntimes √n"),
                  Column("formula", right=False, folds=True)], stream)
    for scheme in sorted(bounds.schemes, key=lambda each: -each.std[places[-1]]):
        stds = [scheme.std[place] for place in places]
        made.add_row(scheme.label, scheme.distribution, *(number(std, DIGITS) for std in stds),
                     number(stds[-1] * math.sqrt(fans[-1]), DIGITS), scheme.formula)
    return made


def _closing(bounds: Bounds) -> list[str]:
    """Whether the samples keep the promises, and how far a normal reaches."""
    samples = [(scheme, sample) for scheme in bounds.schemes for sample in scheme.samples]
    broken = [f"{scheme.label} at fan_in {fan(sample.fan_in)}" for scheme, sample in samples if not sample.agrees]
    kept = f"{len(samples) - len(broken)} of {count(len(samples))} sampled std"
    within = f"{kept} lie within {AGREEMENT:g} standard errors of the promise"
    lines = [within if samples else "nothing was sampled", f"every scheme sees the same draws · seed {bounds.seed}"]
    if broken:
        lines.append(f"outside: {', '.join(broken)}")
    normal = next((scheme.inside for scheme in bounds.schemes if scheme.distribution == "normal"), None)
    if normal:
        lines.append(f"a normal has {100 * normal[1]:.2f} % of its weights within ±3 std, and no bound")
    return lines


TOLERANCE = 0.015
HALF = -0.5
NAMES = {-1.0: "slope −1: ∝ 1/n", HALF: "slope −1/2: ∝ 1/√n", 0.0: "slope 0: does not depend on n"}


def slope_words(scheme: Scheme) -> str:
    """What to call the slope; empty where there is none."""
    if scheme.slope is None:
        return "no steady slope" if len(scheme.fan_in) > 1 and any(scheme.std) else ""
    first, last = scheme.slope
    return _name(last) if abs(first - last) <= TOLERANCE else f"slope from {_number(first)} to {_number(last)}"


def _name(slope: float) -> str:
    return next((name for value, name in NAMES.items() if abs(slope - value) <= TOLERANCE),
                f"slope {_number(slope)}")


def _number(slope: float) -> str:
    if abs(slope - HALF) <= TOLERANCE / 2:
        return "−1/2"
    return compact(round(slope, 2) + 0.0, 2)


def has_half(scheme: Scheme) -> bool:
    return scheme.slope is not None and abs(scheme.slope[1] - HALF) <= TOLERANCE
