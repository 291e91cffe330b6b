"""`actprof train` in the terminal: what became of each arm, and what its network looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from actprof.digits import number, percent
from actprof.report.terminal import Column, Table, folded
from actprof.train.result import DIGITS, DataSummary, TrainedArm, Training

MAX_LAYERS = 6  # dead units of more layers than these are summed up


def print_result(training: Training, stream: TextIO) -> None:
    """Print a row for each arm, then why one did not learn, and what answering blindly would give.

    Where nothing was trained, the networks are described instead.
    """
    if not training.trained:
        _print_layers(training, stream)
        return
    shapes = dict.fromkeys(_architecture(arm) for arm in training.arms)
    counts = dict.fromkeys(f"{arm.parameters:,}" for arm in training.arms)
    title = f"{training.data.name}: {', '.join(shapes)}; {' or '.join(counts)} parameters; seed {training.seed}"
    _table(training, stream).print(title)
    for line in _remarks(training):
        stream.write(folded(line, stream))


def _print_layers(training: Training, stream: TextIO) -> None:
    """Print the layers of each network: name, output shape, parameters, and their total; one table for arms alike."""
    alike: dict[object, list[TrainedArm]] = {}
    for arm in training.arms:
        alike.setdefault(arm.layers, []).append(arm)
    for place, (arm, *others) in enumerate(alike.values()):
        stream.write("\n" if place else "")
        labels = ", ".join(each.label for each in (arm, *others))
        _layer_table(arm, stream).print(f"{labels}: {training.data.features:,} inputs, {training.data.kind}")


def _layer_table(arm: TrainedArm, stream: TextIO) -> Table:
    made = Table([Column("layer", right=False), Column("output shape", right=False), Column("parameters")], stream)
    for name, shape, parameters in arm.layers:
        made.add_row(name, shape, f"{parameters:,}")
    made.add_gap()
    made.add_row("total", "", f"{arm.parameters:,}")
    return made


def _architecture(arm: TrainedArm) -> str:
    """`784-100×4-10`, but `34-34-1`."""
    first, *hidden, last = arm.config["widths"]
    runs = [(width, len(list(same))) for width, same in groupby(hidden)]
    between = [f"{width}×{count}" if count > 1 else str(width) for width, count in runs]
    return "-".join([str(first), *between, str(last)])


def _table(training: Training, stream: TextIO) -> Table:
    score = "test\n% right" if training.data.classes else "test\nR²"
    numbers = (Column(name) for name in ("loss at\nstart", "loss at\nend", score, "iterations\nto half"))
    made = Table([Column("arm", right=False, folds=True), *numbers, Column("% dead\nby layer", folds=True),
                  Column("status", right=False)], stream)
    for arm in training.arms:
        made.add_row(*_cells(arm, training.data))
    return made


def _cells(arm: TrainedArm, data: DataSummary) -> list[str]:
    """Medians over the runs; how many of several ended as the median one did."""
    runs, status, repeats = arm.runs, arm.median_run.status, arm.config["repeats"]
    several = f" {sum(run.status == status for run in runs)}/{repeats}" if repeats > 1 else ""
    said = f"{status.replace('_', ' ')}{several}"
    half, score = arm.iterations_to_half, data.score_text(arm.score(data)).removeprefix("R² ").removesuffix(" %")
    return [arm.label, number(arm.first_loss, DIGITS), number(arm.last_loss, DIGITS), score,
            f"{half:,.0f}" if math.isfinite(half) else "never", _dead(arm.dead_fractions), said]


def _dead(shares: Sequence[float]) -> str:
    """`0 0 2 41`: per cent of each hidden layer."""
    low, high = min(shares, default=math.nan), max(shares, default=math.nan)
    if len(shares) > MAX_LAYERS:
        return percent(low) if low == high else f"{percent(low)}–{percent(high)}"
    return " ".join(map(percent, shares)) or "-"


def _remarks(training: Training) -> list[str]:
    data = training.data
    chance = dict.fromkeys(number(arm.chance_loss, DIGITS) for arm in training.arms)
    lines = [*(f"{arm.label}: {_why(arm)}" for arm in training.arms if arm.median_run.reason),
             f"an undecided network (all outputs 0) has a loss of {', '.join(chance)}; iterations to half: until the "
             "loss is half of that; the loss at the end and this one are smoothed"]
    if not data.classes:
        return [*lines, f"always answering the mean of the training rows is a loss of "
                        f"{number(data.baseline_loss, DIGITS)} over {data.test_samples:,} test rows, an R² of 0"]
    return [*lines,
            f"always answering the most frequent of {len(data.classes)} classes is right in {percent(data.baseline)} % "
            f"of {data.test_samples:,} test rows"]


def _why(arm: TrainedArm) -> str:
    """`not learning: vanishing from layer 2: …; try --init he`; of several runs without the numbers of one of them."""
    run = arm.median_run
    reason = run.reason if len(arm.runs) == 1 else run.cause
    return "; ".join(filter(None, (f"{run.status.replace('_', ' ')}: {reason}", run.remedy)))
