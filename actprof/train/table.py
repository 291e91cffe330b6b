"""`actprof train` in the terminal: what became of each arm, and what its network looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from rich.table import Table

from actprof.digits import number, percent
from actprof.report.terminal import Column, printed, table, written
from actprof.train.result import TrainedArm, Training

DIGITS = 4
LEVEL = 1.0

MOST_LAYERS = 8
"""Dead units of more layers than these are summed up."""


def print_training(training: Training, stream: TextIO) -> None:
    """A row for each arm, then why one did not learn, and what answering blindly would give."""
    networks = dict.fromkeys(f"{_architecture(arm)}, {arm.parameters:,} parameters" for arm in training.arms)
    title = f"{training.data.name}: {' · '.join(networks)} · seed {training.seed}"
    printed(title, _table(training.arms, stream), stream)
    for line in _remarks(training):
        stream.write(written(f"{line}\n", stream))


def print_summary(training: Training, stream: TextIO) -> None:
    """The layers of each network: name, output shape, parameters, and their total; one table for arms alike."""
    alike: dict[object, list[TrainedArm]] = {}
    for arm in training.arms:
        alike.setdefault(arm.layers, []).append(arm)
    for place, (arm, *others) in enumerate(alike.values()):
        stream.write("\n" if place else "")
        labels = ", ".join(each.label for each in (arm, *others))
        printed(f"{labels}: {training.data.features:,} inputs, {len(training.data.classes)} classes",
                _layer_table(arm, stream), stream)


def _layer_table(arm: TrainedArm, stream: TextIO) -> Table:
    made = table([Column("layer", right=False), Column("output shape", right=False), Column("parameters")], stream)
    for name, shape, parameters in arm.layers:
        made.add_row(*(written(cell, stream) for cell in (name, shape, f"{parameters:,}")))
    made.add_section()
    made.add_row("total", "", f"{arm.parameters:,}")
    return made


def _architecture(arm: TrainedArm) -> str:
    """`784-100×4-10`, but `34-34-1`."""
    first, *hidden, last = arm.config["widths"]
    runs = [(width, len(list(same))) for width, same in groupby(hidden)]
    between = [f"{width}×{count}" if count > 1 else str(width) for width, count in runs]
    return "-".join([str(first), *between, str(last)])


def _table(arms: Sequence[TrainedArm], stream: TextIO) -> Table:
    headers = ("loss at\nstart", "final\nloss", "smoothed\nloss", "test\n% right", f"loss {LEVEL:g} at\niteration",
               "% dead units\nby layer")
    made = table([Column("arm", right=False, folds=True), *map(Column, headers), Column("status", right=False)], stream)
    for arm in arms:
        made.add_row(*(written(cell, stream) for cell in _cells(arm)))
    return made


def _cells(arm: TrainedArm) -> list[str]:
    """Medians over the runs; how many of several ended as the median one did."""
    runs, median, repeats = arm.runs, arm.median_run, arm.config["repeats"]
    reached = arm.median(lambda run: run.reached(LEVEL) or math.inf)
    several = f" {sum(run.status == median.status for run in runs)}/{repeats}" if repeats > 1 else ""
    return [arm.label, *(number(arm.median(figure), DIGITS) for figure in (
                lambda run: run.loss[0], lambda run: run.loss[-1], lambda run: run.smoothed[-1])),
            percent(arm.median(lambda run: run.test_accuracy[-1])),
            f"{reached:,.0f}" if math.isfinite(reached) else "never",
            _dead(arm.dead_fractions), f"{median.status}{several}"]


def _dead(shares: Sequence[float]) -> str:
    """`0 0 2 41`: per cent of each hidden layer."""
    low, high = min(shares, default=math.nan), max(shares, default=math.nan)
    if len(shares) > MOST_LAYERS:
        return percent(low) if low == high else f"{percent(low)}–{percent(high)}"
    return " ".join("-" if math.isnan(share) else f"{100 * share:.0f}" for share in shares) or "-"


def _remarks(training: Training) -> list[str]:
    data = training.data
    ends = {arm.label: arm.median_run for arm in training.arms}
    lines = [f"{label}: {run.status}, {run.reason}" for label, run in ends.items() if run.reason]
    undecided = dict.fromkeys(f"{arm.chance_loss:.4g}" for arm in training.arms)
    return [*lines,
            f"an undecided network (all outputs 0) starts at a loss of {', '.join(undecided)}",
            f"always answering the most frequent of {len(data.classes)} classes is right in {percent(data.baseline)} % "
            f"of {data.test_samples:,} test rows"]
