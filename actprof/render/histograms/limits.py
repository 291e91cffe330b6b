"""The limits that verdicts go by, each with its reason: what `actprof histogram --explain` shows."""

from __future__ import annotations

from typing import Any, TextIO

from actprof import __version__
from actprof.render.cells import number
from actprof.render.terminal import Column, printed, table, written
from actprof.verdicts import THRESHOLDS


def print_limits(stream: TextIO) -> None:
    """A row for each; on a terminal its lines are folded to the width."""
    made = table([Column("limit", right=False), Column("value"), Column("of what, and why", right=False, folds=True)],
                 stream)
    for limit in THRESHOLDS:
        cells = (limit.name, number(limit.value), f"{limit.unit}:\n{limit.reason}")
        made.add_row(*(written(cell, stream) for cell in cells))
    printed("verdicts: the limits that they go by", made, stream)


def limits_record() -> dict[str, Any]:
    """The object of schema actprof.limits/1."""
    return {"schema": "actprof.limits/1", "version": __version__, "limits": limits_rows()}


def limits_rows() -> list[dict[str, Any]]:
    return [dict(vars(limit)) for limit in THRESHOLDS]
