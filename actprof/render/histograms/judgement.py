"""Theory beside measurement, layer by layer, and what it all comes to: the part of the table below the figures."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import TextIO

from rich.table import Table

from actprof.predictions import LayerTheory
from actprof.profiles import Arm, LayerSummary, std_errors
from actprof.render.cells import number, power_of_ten
from actprof.render.terminal import Column, printed, table, width, written


def print_judgement(arm: Arm, stream: TextIO) -> None:
    """What theory expects beside what was measured; the verdict and its remedy."""
    forecast = arm.forecast
    if (forecast and forecast.theory.layers) or arm.layers[0].gradient:
        stream.write("\n")
        printed(f"{arm.label}: theory (mean field) beside measurement", _theory_table(arm, stream), stream)
    for line in _sentences(arm):
        text = written(line, stream)
        stream.write((textwrap.fill(text, width(stream), subsequent_indent="  ") if stream.isatty() else text) + "\n")


def _theory_table(arm: Arm, stream: TextIO) -> Table:
    headers = ("layer", "std", "theory\nstd", "std\nerrors", "in-unit\ntheory", "corre-\nlation", "\ntheory", "χ",
               "gradient\nratio", "\ntheory")
    made = table([*map(Column, headers)], stream)
    for layer in arm.layers:
        said = arm.forecast.layer(layer.layer) if arm.forecast else None
        made.add_row(*(written(cell, stream) for cell in _row(layer, said)))
    return made


def _row(layer: LayerSummary, said: LayerTheory | None) -> list[str]:
    figures = layer.activation.figures
    ratio = power_of_ten(layer.gradient.figures["log10_ratio"]) if layer.gradient else "-"
    cells = [str(layer.layer), number(figures["std"])]
    if said is None:
        return [*cells, "-", "-", "-", number(figures["correlation"]), "-", "-", ratio, "-"]
    off = std_errors(layer, said)
    logarithm = said.log_gradient_ratio
    return [*cells, number(said.std), f"{round(off, 1) + 0.0:+.1f}" if abs(off) < 100 else number(off),
            number(said.within_unit_std), number(figures["correlation"]), number(said.correlation),
            "-" if said.chi is None else number(said.chi), ratio,
            "-" if logarithm is None else power_of_ten(logarithm / math.log(10))]


def _sentences(arm: Arm) -> Iterator[str]:
    """Where theory is silent; the verdict; the remedy."""
    forecast = arm.forecast
    if forecast and forecast.theory.reason:
        said = len(forecast.theory.layers)
        yield f"theory says nothing{f' from layer {said + 1}' if said else ''}: {forecast.theory.reason}"
    if arm.verdict is not None:
        where = "" if arm.verdict.layer is None else f" (layer {arm.verdict.layer})"
        yield f"verdict: {arm.verdict.code}{where}: {arm.verdict.text}"
        if arm.verdict.remedy:
            yield f"remedy: {arm.verdict.remedy}"
