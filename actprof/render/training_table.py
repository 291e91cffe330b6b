"""`actprof train` in the terminal: what became of each arm, and what its network looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

import numpy as np
from rich.table import Table

from actprof.learning_curves import TrainedArm, Training
from actprof.render.cells import number, percent
from actprof.render.terminal import Column, printed, table, written

DIGITS = 4
LEVEL = 1.0
MOST_LAYERS = 8
"""Dead units of more layers than these are summed up."""


def print_training(training: Training, stream: TextIO) -> None:
    """A row for each arm, then why one did not learn, and what answering blindly would give."""
    first = training.arms[0]
    printed(f"{training.data.name}: {_architecture(first)}, {first.parameters:,} parameters · seed {training.seed}",
            _table(training.arms, stream), stream)
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
    """`784-100×4-10`."""
    runs = ((width, len(list(same))) for width, same in groupby(arm.config["widths"]))
    return "-".join(f"{width}×{count}" if count > 1 else str(width) for width, count in runs)


def _table(arms: Sequence[TrainedArm], stream: TextIO) -> Table:
    made = table([Column("arm", right=False, folds=True), *map(Column, ("final\nloss", "smoothed\nloss", "test\nloss",
                  "test\n% right", f"loss {LEVEL:g} at\niteration", "% dead units\nby layer")),
                  Column("status", right=False)], stream)
    for arm in arms:
        made.add_row(*(written(cell, stream) for cell in _cells(arm)))
    return made


def _cells(arm: TrainedArm) -> list[str]:
    """Medians over the runs; how many of several ended as the typical one did."""
    runs, typical = arm.runs, arm.typical
    reached = [run.reached(LEVEL) or math.inf for run in runs]
    several = f" {sum(run.status == typical.status for run in runs)}/{len(runs)}" if len(runs) > 1 else ""
    return [arm.label, number(_median(run.loss[-1] for run in runs), DIGITS),
            number(_median(run.smoothed[-1] for run in runs), DIGITS),
            number(_median(run.test_loss[-1] for run in runs), DIGITS),
            percent(_median(run.test_accuracy[-1] for run in runs)),
            f"{_median(reached):,.0f}" if math.isfinite(_median(reached)) else "never",
            _dead(list(np.median([run.dead_fraction for run in runs], axis=0))), f"{typical.status}{several}"]


def _median(values: object) -> float:
    return float(np.median(list(values)))  # type: ignore[call-overload]


def _dead(shares: Sequence[float]) -> str:
    """`0 0 2 41`: per cent of each hidden layer."""
    if len(shares) > MOST_LAYERS:
        return f"{percent(min(shares))}–{percent(max(shares))}"
    return " ".join(f"{100 * share:.0f}" for share in shares) or "-"


def _remarks(training: Training) -> list[str]:
    data = training.data
    lines = [f"{arm.label}: {arm.typical.status}, {arm.typical.reason}" for arm in training.arms if arm.typical.reason]
    starts = {f"{run.loss[0]:.4g}" for arm in training.arms for run in arm.runs if run.iterations}
    undecided = {f"{arm.undecided:.4g}" for arm in training.arms}
    return [*lines,
            f"initial loss {', '.join(sorted(starts))}; undecided it would be {', '.join(sorted(undecided))}",
            f"always answering the most frequent of {len(data.classes)} classes is right in {percent(data.baseline)} % "
            f"of {data.test_samples:,} test rows"]
