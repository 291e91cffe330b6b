"""`actprof bounds` in the terminal: what each scheme promises and what a sample shows, and all schemes side by side."""

from __future__ import annotations

import math
from typing import TextIO

from rich.table import Table

from actprof.render.cells import count, fan, number, percent
from actprof.render.terminal import Column, printed, table, written
from actprof.weight_scales import AGREEMENT, Bounds, Sample, Scheme

DIGITS = 4


def print_bounds(bounds: Bounds, stream: TextIO) -> None:
    """A table for each scheme, then one with the std of all of them."""
    for scheme in bounds.schemes:
        printed(_title(scheme), _scheme_table(scheme, stream), stream)
        stream.write("\n")
    if len(bounds.schemes) > 1:
        printed("std of all schemes (n is fan_in), largest first", _summary(bounds, stream), stream)
        stream.write("\n")
    stream.write(written("".join(f"{line}\n" for line in _closing(bounds)), stream))


def _title(scheme: Scheme) -> str:
    share = "" if scheme.inside is None else f", {percent(scheme.inside[0])} % within ±std"
    return f"{scheme.label}: W ~ {scheme.formula} · {scheme.distribution}{share}"


def _scheme_table(scheme: Scheme, stream: TextIO) -> Table:
    """A row for each sampled fan-in; a convolution's starts with its input channels."""
    made = table([*map(Column, (*_channels_header(scheme), "fan_in", "fan_out", "std", "bound", "sampled\nmin", "max",
                                "mean", "std", "std\nerrors", "% in\n±std"))], stream)
    for sample in scheme.samples:
        channels = [fan(sample.channels)] * len(_channels_header(scheme))
        made.add_row(*(written(cell, stream) for cell in (*channels, *_cells(sample))))
    return made


def _channels_header(scheme: Scheme) -> tuple[str, ...]:
    return () if scheme.channels == scheme.fan_in else ("channels",)


def _cells(sample: Sample) -> list[str]:
    return [fan(sample.fan_in), fan(sample.fan_out), number(sample.std, DIGITS),
            "none" if sample.bound is None else number(sample.bound, DIGITS), number(sample.min, DIGITS),
            number(sample.max, DIGITS), number(sample.mean), number(sample.sample_std, DIGITS), _errors(sample),
            percent(sample.inside)]


def _errors(sample: Sample) -> str:
    if math.isnan(sample.error):
        return "differs"
    return f"{sample.error:+.1f}" + ("" if sample.agrees else " !")


def _summary(bounds: Bounds, stream: TextIO) -> Table:
    """The std of each scheme at the fan-ins that were asked to be sampled."""
    places = [bounds.config["fan_in"].index(inputs) for inputs in bounds.config["at"]]
    fans = [bounds.schemes[0].fan_in[place] for place in places]
    made = table([Column("scheme", right=False), Column("distribution", right=False),
                  *(Column(f"n = {fan(each)}") for each in fans), Column("last std\n× √n"),
                  Column("formula", right=False, folds=True)], stream)
    for scheme in sorted(bounds.schemes, key=lambda each: -each.std[places[-1]]):
        stds = [scheme.std[place] for place in places]
        made.add_row(*(written(cell, stream) for cell in (
            scheme.label, scheme.distribution, *(number(std, DIGITS) for std in stds),
            number(stds[-1] * math.sqrt(fans[-1]), DIGITS), scheme.formula)))
    return made


def _closing(bounds: Bounds) -> list[str]:
    """Whether the samples keep the promises, and how far a normal reaches."""
    samples = [(scheme, sample) for scheme in bounds.schemes for sample in scheme.samples]
    broken = [f"{scheme.label} at fan_in {fan(sample.fan_in)}" for scheme, sample in samples if not sample.agrees]
    kept = f"{len(samples) - len(broken)} of {count(len(samples))} sampled std"
    lines = [f"{kept} lie within {AGREEMENT:g} standard errors of the promise · seed {bounds.seed}"]
    if broken:
        lines.append(f"outside: {', '.join(broken)}")
    normal = next((scheme.inside for scheme in bounds.schemes if scheme.distribution == "normal"), None)
    if normal:
        lines.append(f"a normal has {100 * normal[1]:.2f} % of its weights within ±3 std, and no bound")
    return lines
