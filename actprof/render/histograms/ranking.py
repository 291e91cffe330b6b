"""Several arms side by side, ranked by how well the signal survives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO

from rich.table import Table

from actprof.profiles import Arm
from actprof.render.cells import count, number, percent
from actprof.render.terminal import Column, printed, table, written


def print_ranking(arms: Sequence[Arm], stream: TextIO) -> None:
    """The arms by how little the signal (std over samples within a unit) changes with depth."""
    what = "changes with depth" if any(len(arm.layers) > 1 for arm in arms) else "differs from 1"
    printed(f"ranking: how little the in-unit std of the activation {what}", _table(arms, stream), stream)


def _table(arms: Sequence[Arm], stream: TextIO) -> Table:
    made = table([*map(Column, ("rank", "std\nlayer 1", "std\nlast", "in-unit std\nlast", "in-unit std\nper layer",
                                "% zero\nlast", "dead\nunits")), Column("arm", right=False, folds=True)], stream)
    for rank, arm in enumerate(sorted(arms, key=_change), start=1):
        made.add_row(*(written(cell, stream) for cell in (str(rank), *_standing(arm), arm.label)))
    return made


def _standing(arm: Arm) -> list[str]:
    first, last = arm.layers[0].activation.figures, arm.layers[-1].activation.figures
    factor = growth(arm)
    if overflows(arm):
        signal = ["overflow", "-", "-", "-"]
    else:
        signal = [number(last["std"]), number(last["within_unit_std"]),
                  f"×{number(factor)}" if math.isfinite(factor) else "-", percent(last["zero_fraction"])]
    return [number(first["std"]), *signal, count(dead_units(arm))]


def overflows(arm: Arm) -> bool:
    """Whether something in the last layer is not finite, or nothing finite reached it."""
    last = arm.layers[-1].activation
    return bool(last.non_finite) or not last.computed


def growth(arm: Arm) -> float:
    """By what factor the within-unit std changes per layer (geometric mean); NaN if it cannot be said."""
    first, last = (arm.layers[place].activation.figures["within_unit_std"] for place in (0, -1))
    if len(arm.layers) < 2 or not first > 0 or not math.isfinite(last):
        return math.nan
    return float((last / first) ** (1 / (len(arm.layers) - 1)))


def _change(arm: Arm) -> float:
    """What the arms are ranked by: 0 for a signal that stays as it is (for one layer: a std of 1)."""
    factor = growth(arm) if len(arm.layers) > 1 else arm.layers[0].activation.figures["within_unit_std"]
    if overflows(arm) or not factor > 0:
        return math.inf
    return abs(math.log(factor))


def dead_units(arm: Arm) -> float:
    """Dead units of all layers that were computed."""
    return math.fsum(layer.activation.figures["dead_units"] for layer in arm.layers
                     if layer.activation.figures["count"])
