"""The residual blocks of an arm, in the terminal: what each adds to its stream, and what theory expects of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO

from actprof.digits import number, percent, power_of_ten
from actprof.engine.profiles import LayerSummary, Summary
from actprof.histogram.result import JudgedArm
from actprof.report.terminal import Column, Table, folded
from actprof.theory.predictions import StreamTheory

HEADERS = ("layer", "stream\nstd", "\ntheory", "branch\nstd", "\ntheory", "%\nadded", "corre-\nlation", "\ntheory",
           "gradient\nratio", "\ntheory")


def print_blocks(arm: JudgedArm, layers: Sequence[LayerSummary], stream: TextIO) -> None:
    """A row for each of the layers that ends a block, and which layers stand between; nothing without a rule."""
    if arm.config.get("residual", "none") == "none":
        return
    ends = [layer for layer in layers if layer.stream]
    if ends:
        made = Table([*map(Column, HEADERS)], stream)
        for layer in ends:
            made.add_row(*_row(arm, layer))
        stream.write("\n")
        made.print(f"{arm.label}: streams behind blocks, and what branches add")
    plain = _plain(arm)
    if plain:
        stream.write(folded(f"plain layers, which fit into no block of equal widths: {_runs(plain)}", stream))


def _row(arm: JudgedArm, layer: LayerSummary) -> list[str]:
    assert layer.stream is not None
    assert layer.branch is not None
    said = arm.forecast.layer(layer.layer) if arm.forecast else None
    ratio = said.log_gradient_ratio if said else None
    return [str(layer.layer), *_stds(layer.stream, said.stream if said else None),
            *_stds(layer.branch, said.branch if said else None), percent(_added(arm, layer)),
            number(layer.stream.statistics["correlation"]),
            number(said.stream.correlation) if said and said.stream else "-",
            power_of_ten(layer.gradient.statistics["log10_ratio"]) if layer.gradient else "-",
            "-" if ratio is None else power_of_ten(ratio / math.log(10))]


def _stds(measured: Summary, said: StreamTheory | None) -> tuple[str, str]:
    return number(measured.statistics["std"]), number(said.std) if said else "-"


def _added(arm: JudgedArm, layer: LayerSummary) -> float:
    """The branch's share of the sum of both mean squares, its own and that of the stream before it."""
    assert layer.stream is not None
    assert layer.branch is not None
    added = layer.branch.statistics["second_moment"]
    start = layer.layer - int(arm.config["residual_parameters"]["matrices"])
    before = arm.layers[start - 1].stream if start else None
    stream = (before.statistics["second_moment"] if before else
              layer.stream.statistics["second_moment"] - added)
    return added / (added + stream) if added + stream > 0 else math.nan


def _plain(arm: JudgedArm) -> list[int]:
    """The layers that belong to no block."""
    matrices = int(arm.config["residual_parameters"]["matrices"])
    blocks = {layer.layer - back for layer in arm.layers if layer.stream for back in range(matrices)}
    return [layer.layer for layer in arm.layers if layer.layer not in blocks]


def _runs(numbers: Sequence[int]) -> str:
    """`1, 4–6`."""
    runs: list[list[int]] = []
    for each in numbers:
        if runs and each == runs[-1][1] + 1:
            runs[-1][1] = each
        else:
            runs.append([each, each])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)
