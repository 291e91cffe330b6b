"""`actprof sweep` for machines: JSON in the shape of the grid and tidy CSV, with every figure to the last digit."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from actprof import __version__
from actprof.diagnosis.verdicts import CODES
from actprof.report.records import to_csv, to_json
from actprof.sweep.records import record_of as sweep_record
from actprof.sweep.records import rows_of as sweep_rows
from actprof.sweep.result import QUANTITIES, VERDICT, Axis, Cell, Line, Sweep, Trend
from tests.cases import for_each

NAMES = tuple(quantity.name for quantity in QUANTITIES)
LOGARITHM, RATIO = "log10_gradient_ratio", "gradient_ratio"
Place = tuple[float, ...]
Formula = Callable[[str, Place], float]


def numbers(name: str, *values: float, whole: bool = False) -> Axis:
    return Axis(name, f"title of {name}", tuple(f"{value:.9g}" for value in values), values, whole=whole)


def named(name: str, *labels: str) -> Axis:
    return Axis(name, f"title of {name}", labels)


GAINS, LAYERS = numbers("gain", 0.5, 1.0, 1.5), numbers("layers", 5, 10, whole=True)
ACTS = named("act", "relu", "leaky_relu:0.2")


def smooth(name: str, place: Place) -> float:
    """Another figure for each quantity and each cell, shares within 0 and 1, none of few digits."""
    order = NAMES.index(name)
    share = 0.5 + 0.5 * math.sin(1 + order + sum((axis + 1.7) * value for axis, value in enumerate(place)))
    return -480.0 * share if name == LOGARITHM else share


def odd(name: str, place: Place) -> float:
    """NaN, infinities and zeros beside ordinary statistics."""
    values = (math.nan, math.inf, -math.inf, 0.0, smooth(name, place))
    return values[int(sum(place) * 2 + NAMES.index(name)) % len(values)]


def swept(axes: Sequence[Axis], formula: Formula = smooth, quantities: Sequence[str] = ("std",), networks: int = 1,
          predicted: bool = False, judged: bool = False, **others: Any) -> Sweep:
    """A grid of formula(quantity, place); networks lie around it, theory 10 % above it."""
    cells = []
    for order, place in enumerate(product(*(axis.places for axis in axes))):
        statistics = {name: formula(name, place) for name in NAMES}
        around = {name: tuple(value * (1 + 0.01 * (network - networks // 2)) for network in range(networks))
                  for name, value in statistics.items()} if networks > 1 else {}
        cells.append(Cell(
            f"cell {order}", statistics, {name: (min(values), max(values)) for name, values in around.items()}, around,
            CODES[order % len(CODES)] if judged else "",
            {name: (1.1 * value, 0.9 * value, 1.3 * value) for name, value in statistics.items()} if predicted else {}))
    config = {"init": "he_normal", "act": "tanh", "widths": [100, 100, 100], "norm": "none"}
    return Sweep(7, config, tuple(axes), tuple(cells), tuple(quantities), **others)


GRIDS = [(GAINS,), (ACTS,), (GAINS, LAYERS), (GAINS, ACTS), (ACTS, LAYERS), (numbers("gain", 1.0),),
         (numbers("gain", 1.0), numbers("bias", 0.0))]


def parsed(sweep: Sweep) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    loaded: dict[str, Any] = json.loads(to_json(sweep_record(sweep)), parse_constant=refuse)
    return loaded


def strict(value: float) -> float | None:
    return value if math.isfinite(value) else None


def ratio(logarithm: float) -> float | None:
    """10**logarithm, where float64 has it."""
    if logarithm == -math.inf:
        return 0.0
    return 10.0**logarithm if -323 < logarithm < 308 else None


def flat(array: Any, sweep: Sweep) -> Iterator[Any]:
    """The values of an array in the cells' order; refuses one of another shape than the sweep's."""
    assert len(array) == len(sweep.axes[0])
    if len(sweep.axes) == 1:
        return iter(array)
    assert all(len(row) == len(sweep.axes[1]) for row in array)
    return (value for row in array for value in row)


def rows_of(sweep: Sweep) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(sweep_rows(sweep)))))


@for_each("axes", GRIDS)
@for_each("formula", [smooth, odd])
def test_json_has_every_figure_in_the_shape_of_the_grid(axes: tuple[Axis, ...], formula: Formula) -> None:
    sweep = swept(axes, formula, networks=3, predicted=True, judged=True)
    record = parsed(sweep)
    assert set(record["quantities"]) == {*NAMES, RATIO, VERDICT}
    for name in NAMES:
        cells = zip(sweep.cells, flat(record["quantities"][name], sweep), flat(record["low"][name], sweep),
                    flat(record["high"][name], sweep), flat(record["networks"][name], sweep),
                    *(flat(record["predicted"][name][key], sweep) for key in ("value", "low", "high")), strict=True)
        for cell, value, low, high, networks, *predicted in cells:
            assert value == strict(cell.statistics[name])
            assert (low, high) == tuple(map(strict, cell.spread[name]))
            assert networks == list(map(strict, cell.networks[name]))
            assert predicted == list(map(strict, cell.predicted[name]))
    assert list(flat(record["quantities"][VERDICT], sweep)) == [cell.verdict for cell in sweep.cells]
    counts = [cell.verdicts for cell in sweep.cells]
    assert list(flat(record["verdicts"], sweep)) == counts if any(counts) else record["verdicts"] == {}
    assert list(flat(record["labels"], sweep)) == [cell.label for cell in sweep.cells]


@for_each("axes", GRIDS)
@for_each("formula", [smooth, odd])
def test_the_ratio_is_ten_to_its_logarithm_wherever_that_is_kept(axes: tuple[Axis, ...], formula: Formula) -> None:
    sweep = swept(axes, formula, networks=3, predicted=True)
    record = parsed(sweep)
    for cell, value, low, networks, high in zip(
            sweep.cells, flat(record["quantities"][RATIO], sweep), flat(record["low"][RATIO], sweep),
            flat(record["networks"][RATIO], sweep), flat(record["predicted"][RATIO]["high"], sweep), strict=True):
        assert value == ratio(cell.statistics[LOGARITHM])
        assert low == ratio(cell.spread[LOGARITHM][0])
        assert networks == list(map(ratio, cell.networks[LOGARITHM]))
        assert high == ratio(cell.predicted[LOGARITHM][2])


@for_each(("logarithm", "expected"), [
    (-math.inf, 0.0), (math.inf, None), (math.nan, None), (-480.0, None), (480.0, None), (0.0, 1.0), (-29.0, 1e-29),
    (300.0, 1e300)])
def test_a_ratio_beyond_float64_is_neither_0_nor_infinite_but_null(logarithm: float, expected: float | None) -> None:
    sweep = swept([GAINS], lambda name, place: logarithm)
    assert parsed(sweep)["quantities"][RATIO] == [expected] * 3
    cells = [row["value"] for row in rows_of(sweep) if row["quantity"] == RATIO]
    assert cells == ["" if expected is None else repr(expected)] * 3


def test_the_axes_have_their_numbers_and_names_have_none() -> None:
    axes = [Axis("width", "width", ("64", "128"), (64.0, 128.0), logarithmic=True, whole=True), ACTS]
    assert parsed(swept(axes))["axes"] == [
        {"name": "width", "title": "width", "labels": ["64", "128"], "values": [64, 128], "logarithmic": True},
        {"name": "act", "title": "title of act", "labels": ["relu", "leaky_relu:0.2"], "values": None,
         "logarithmic": False}]


def test_the_keys_are_those_of_the_schema_whatever_was_asked() -> None:
    keys = ["schema", "kind", "version", "seed", "config", "axes", "quantities", "low", "high", "networks", "predicted",
            "verdicts", "labels", "lines", "trends", "notes"]
    record = parsed(swept([GAINS, LAYERS]))
    assert list(record) == keys
    assert [record[key] for key in keys[:4]] == ["actprof.sweep/1", "grid", __version__, 7]
    assert record["config"] == {"init": "he_normal", "act": "tanh", "widths": [100, 100, 100], "norm": "none"}
    assert [record[key] for key in ("low", "high", "networks", "predicted")] == [{}] * 4
    assert record["quantities"][VERDICT] == [[None] * 2] * 3


def test_what_theory_draws_and_how_quantities_follow_the_width_are_there_whole() -> None:
    curve = Line("critical", "edge of chaos", ((1.25, 5.0), (math.inf, 10.0)))
    ticks = Line("trainable", "as deep as", ((1.5, 5.0),), rows=True)
    trend = Trend("std", -0.5, 0.01, 0.25, 0.1, False, "std falls")
    record = parsed(swept([GAINS, LAYERS], lines=(curve, ticks), trends=(trend,), notes=("a note",)))
    assert record["lines"] == [
        {"name": "critical", "title": "edge of chaos", "rows": False, "points": [[1.25, 5.0], [None, 10.0]]},
        {"name": "trainable", "title": "as deep as", "rows": True, "points": [[1.5, 5.0]]}]
    assert record["trends"] == [vars(trend)]
    assert record["notes"] == ["a note"]


def test_only_what_some_cell_has_is_there_and_null_where_another_lacks_it() -> None:
    cells = Cell("a", {"std": 1.0}), Cell("b", {"std": 2.0, "correlation": 0.5}, predicted={"std": (3.0, 2.0, 4.0)})
    sweep = Sweep(0, {}, (ACTS,), cells, ("std",))
    record = parsed(sweep)
    assert record["quantities"] == {"std": [1.0, 2.0], "correlation": [None, 0.5], VERDICT: [None, None]}
    assert record["predicted"] == {"std": {"value": [None, 3.0], "low": [None, 2.0], "high": [None, 4.0]}}
    assert [(row["act"], row["quantity"], row["value"], row["predicted"]) for row in rows_of(sweep)] == [
        ("relu", "std", "1.0", ""), ("relu", "correlation", "", ""),
        ("leaky_relu:0.2", "std", "2.0", "3.0"), ("leaky_relu:0.2", "correlation", "0.5", "")]


@for_each("axes", GRIDS)
@for_each("networks", [1, 3])
@for_each("formula", [smooth, odd])
def test_the_rows_of_csv_are_the_arrays_of_json(axes: tuple[Axis, ...], networks: int, formula: Formula) -> None:
    sweep = swept(axes, formula, networks=networks, predicted=networks > 1, judged=True)
    record, rows = parsed(sweep), rows_of(sweep)
    count = len(NAMES) + 1
    assert len(rows) == count * len(sweep.cells)
    for name in (*NAMES, RATIO):
        arrays = {"value": record["quantities"][name], "low": record["low"].get(name),
                  "high": record["high"].get(name),
                  **{f"predicted{suffix}": record["predicted"].get(name, {}).get(key)
                     for suffix, key in (("", "value"), ("_low", "low"), ("_high", "high"))}}
        found = [row for row in rows if row["quantity"] == name]
        for column, array in arrays.items():
            expected = [None] * len(found) if array is None else list(flat(array, sweep))
            assert [float(row[column]) if row[column] else None for row in found] == expected


@for_each("axes", GRIDS)
def test_every_row_of_csv_says_which_cell_it_is_of(axes: tuple[Axis, ...]) -> None:
    sweep = swept(axes, judged=True)
    rows = rows_of(sweep)
    assert list(rows[0]) == [*(axis.name for axis in axes), "label", VERDICT, "quantity", "value", "low", "high",
                             "predicted", "predicted_low", "predicted_high"]
    count = len(rows) // len(sweep.cells)
    for number, (labels, cell) in enumerate(sweep.items()):
        for row in rows[number * count:(number + 1) * count]:
            assert (row["label"], row[VERDICT]) == (cell.label, cell.verdict)
            for axis, label in zip(axes, labels, strict=True):
                assert (float(row[axis.name]) == float(label)) if axis.numbers else row[axis.name] == label
                assert not axis.whole or row[axis.name] == label
