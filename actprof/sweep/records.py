"""`actprof sweep` for machines: the object of schema actprof.sweep/1, and its rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

from actprof import __version__
from actprof.sweep.result import QUANTITIES, VERDICT, Axis, Cell, Line, Quantity, Sweep

JSON_SCHEMA = "actprof.sweep/1"
RANGE = ("value", "low", "high")


def record_of(sweep: Sweep) -> dict[str, Any]:
    """The object of schema actprof.sweep/1.

    Every array is nested as the axes are: [place on the first] or [place on the first][place on the second]; those of
    `networks` have a list of the networks' values inside. `low` and `high` are the quartiles over the networks, and
    `verdicts` how many networks get each, {} where there is but one; `predicted` is {} where theory was not asked or
    says nothing.
    """
    return {
        "schema": JSON_SCHEMA, "kind": "grid", "version": __version__, "seed": sweep.seed, "config": sweep.config,
        "axes": [_axis(axis) for axis in sweep.axes],
        "quantities": _numbers(sweep, [cell.statistics for cell in sweep.cells])
        | {VERDICT: _nested(sweep, [cell.verdict or None for cell in sweep.cells])},
        "low": _numbers(sweep, _ends(sweep, 0)), "high": _numbers(sweep, _ends(sweep, 1)),
        "networks": _numbers(sweep, [cell.networks for cell in sweep.cells], ()), "predicted": _predicted(sweep),
        "verdicts": _nested(sweep, [cell.verdicts for cell in sweep.cells]) if any(
            cell.verdicts for cell in sweep.cells) else {},
        "labels": _nested(sweep, [cell.label for cell in sweep.cells]),
        "lines": [_line(line) for line in sweep.lines], "trends": [asdict(trend) for trend in sweep.trends],
        "notes": sweep.notes,
    }


def rows_of(sweep: Sweep) -> list[dict[str, Any]]:
    """One row per cell × quantity, all with the same columns.

    The verdict, which belongs to the cell and is a word, has a column of its own beside the label, so that `value`
    holds numbers alone; it is empty where it was not asked for. `low` and `high` are the quartiles over the networks.
    """
    names = [axis.name for axis in sweep.axes]
    places = product(*(_values(axis) for axis in sweep.axes))
    quantities = _present([cell.statistics for cell in sweep.cells])
    return [row for place, cell in zip(places, sweep.cells, strict=True)
            for row in _rows(dict(zip(names, place, strict=True)), cell, quantities)]


def _axis(axis: Axis) -> dict[str, Any]:
    return {"name": axis.name, "title": axis.title, "labels": axis.labels,
            "values": _values(axis) if axis.numbers else None, "logarithmic": axis.logarithmic}


def _values(axis: Axis) -> Sequence[float | str]:
    if axis.whole:
        return [int(number) for number in axis.numbers]
    return axis.numbers or axis.labels


def _line(line: Line) -> dict[str, Any]:
    return {"name": line.name, "title": line.title, "rows": line.rows, "points": line.points}


def _ends(sweep: Sweep, end: int) -> list[dict[str, float]]:
    """The first (end 0) or third (end 1) quartiles of each cell."""
    return [{name: quartiles[end] for name, quartiles in cell.spread.items()} for cell in sweep.cells]


def _predicted(sweep: Sweep) -> dict[str, dict[str, Any]]:
    """Quantity → value, low and high, each an array."""
    arrays = {key: _numbers(sweep, [{name: said[place] for name, said in cell.predicted.items()}
                                    for cell in sweep.cells]) for place, key in enumerate(RANGE)}
    return {name: {key: arrays[key][name] for key in RANGE} for name in arrays[RANGE[0]]}


def _numbers(sweep: Sweep, cells: Sequence[Mapping[str, Any]], nothing: Any = math.nan) -> dict[str, Any]:
    """Quantity → its array, for all that any of the cells has, and the ratio itself where that is a logarithm."""
    arrays = {}
    for quantity in _present(cells):
        arrays[quantity.name] = _nested(sweep, [cell.get(quantity.name, nothing) for cell in cells])
        if quantity.logarithmic:
            arrays[quantity.ratio_name] = _ratio(arrays[quantity.name])
    return arrays


def _present(cells: Sequence[Mapping[str, Any]]) -> list[Quantity]:
    return [quantity for quantity in QUANTITIES if any(quantity.name in cell for cell in cells)]


def _nested(sweep: Sweep, values: Sequence[Any]) -> list[Any]:
    """Row-major values as lists in the shape of the sweep."""
    if len(sweep.axes) == 1:
        return list(values)
    length = len(sweep.axes[1])
    return [list(values[start:start + length]) for start in range(0, len(values), length)]


def _ratio(logarithm: Any) -> Any:
    """10**logarithm, of lists each; NaN where float64 has no such number, be it too large or too near to 0."""
    if isinstance(logarithm, (list, tuple)):
        return [_ratio(each) for each in logarithm]
    try:
        ratio = 10.0 ** float(logarithm)
    except OverflowError:
        return math.nan
    return math.nan if ratio == 0 and math.isfinite(logarithm) else ratio


def _rows(place: Mapping[str, float | str], cell: Cell, quantities: Sequence[Quantity]) -> Iterator[dict[str, Any]]:
    """The rows of one cell; a logarithm's is followed by that of the ratio itself."""
    start = {**place, "label": cell.label, VERDICT: cell.verdict or None}
    for quantity in quantities:
        values = _columns(cell, quantity.name)
        yield {**start, "quantity": quantity.name, **values}
        if quantity.logarithmic:
            yield {**start, "quantity": quantity.ratio_name,
                   **{column: _ratio(value) for column, value in values.items()}}


def _columns(cell: Cell, name: str) -> dict[str, float]:
    low, high = cell.quartiles(name)
    predicted, predicted_low, predicted_high = cell.prediction(name)
    return {"value": cell.statistic(name), "low": low, "high": high, "predicted": predicted,
            "predicted_low": predicted_low, "predicted_high": predicted_high}
