"""Laws that every statistic and everything that is counted obeys; and a statistic that is added while the tests run."""

import csv
import functools
import io
import json
import math
import re
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from actprof.engine import inputs
from actprof.engine.bins import bins_over
from actprof.engine.counting import Counter, Scratch
from actprof.engine.distributions import STATISTICS, Accumulator, Distribution, Histogram, Statistic
from actprof.engine.gradients import GRADIENT_STATISTICS
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.histogram.compare import compare
from actprof.histogram.records import record_of as comparison_record
from actprof.histogram.records import rows_of as comparison_rows
from actprof.histogram.table import Shown
from actprof.histogram.table import print_result as print_comparison
from actprof.report.records import to_csv, to_json
from tests.cases import for_each
from tests.naive import statistics
from tests.tables import says

MEAN_SIZE = Statistic("mean_size", "mean of |v|", lambda d: d.own["mean_size"] / max(d.count, 1), header="mean\nsize",
                      accumulator=Accumulator(power=1, count=lambda values: np.abs(values).sum(dtype=np.float64)))


@pytest.fixture
def added():
    STATISTICS.append(MEAN_SIZE)
    yield
    STATISTICS.remove(MEAN_SIZE)


def drawn(broken=False):
    values = np.random.default_rng(5).standard_normal((60, 7)) + np.arange(7)
    values[:, 3] = np.maximum(values[:, 3], 0)
    values[:, 0], values[7:9], values[values > 5] = 0, 0, 5
    if broken:
        values[2, 4], values[3, 5], values[4, 6] = math.nan, math.inf, -math.inf
    return values


def counted(values, exponent=0, activity=True):
    """Of 2**exponent times the values, in bins as wide."""
    low, high, top = (math.ldexp(edge, exponent) for edge in (-2, 4, 5))
    counter = Counter(values.shape[1], bins_over(low, high, 30, np.dtype(np.float64)), Scratch(), activity=activity,
                      atoms=(0.0, top), rectifier=True)
    for start in range(0, len(values), 17):
        counter.add(np.ldexp(values[start:start + 17], exponent))
        counter.add_saturated(np.count_nonzero(values[start:start + 17] > 3))
    return counter.distribution()


def flat(counted):
    """Every number of a dataclass, a mapping, a tuple or an array, one after the other."""
    if is_dataclass(counted):
        return [number for each in fields(counted) for number in flat(getattr(counted, each.name))]
    if isinstance(counted, dict):
        return [number for name in sorted(counted) for number in flat(counted[name])]
    if isinstance(counted, tuple):
        return [number for each in counted for number in flat(each)]
    return np.ravel(np.asarray(counted, float)).tolist()


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("activity", [False, True])
class TestEverythingCounted:
    def test_merges_as_if_counted_together(self, broken, activity):
        values = drawn(broken)
        first, *others = (counted(part, activity=activity) for part in (values[:34], values[34:51], values[51:]))
        merged = functools.reduce(Distribution.merge, others, first)
        assert flat(merged) == pytest.approx(flat(counted(values, activity=activity)), rel=1e-12, abs=1e-12)

    def test_merges_with_nothing_to_itself(self, broken, activity):
        whole = counted(drawn(broken), activity=activity)
        nothing = Distribution.empty(7, whole.histogram.edges, (0.0, 5.0), True, activity)
        assert flat(whole.merge(nothing)) == flat(whole) == flat(nothing.merge(whole))

    @pytest.mark.parametrize("exponent", [-900, -1, 0, 3, 900])
    def test_scales_with_the_unit_of_the_values(self, broken, activity, exponent):
        values = drawn(broken)
        assert flat(counted(values, activity=activity).rescaled(exponent)) == pytest.approx(
            flat(counted(values, exponent, activity)), rel=1e-12, abs=0)


@for_each("offset", [0.0, 1000.0])
@for_each("silent", [slice(None), slice(-1)])
@for_each("statistic", STATISTICS)
def test_a_statistic_is_what_numpy_makes_of_all_values(statistic, silent, offset):
    values = drawn() + offset
    values[:9, silent] = 0
    expected = {**statistics(values), "nan": 0, "posinf": 0, "neginf": 0, "saturated_fraction": (values > 3).mean(),
                "always_on_units": (values != 0).all(axis=0).sum()}
    assert statistic.of(counted(values)) == pytest.approx(expected[statistic.name], rel=1e-9, abs=1e-12)


def test_of_nothing_no_share_lies_outside():
    assert Histogram.empty(np.array([0.0, 1.0])).outside_fraction == 0


def test_every_statistic_has_a_name_of_its_own_and_a_meaning():
    of_gradients = [*(row for row in STATISTICS if not row.activation_only), *GRADIENT_STATISTICS]
    for rows in (STATISTICS, of_gradients):
        assert len({row.name for row in rows}) == len(rows)
        headers = [row.header for row in rows if row.header]
        assert len(set(headers)) == len(headers)
    assert len({row.meaning for row in STATISTICS}) == len(STATISTICS)


@pytest.mark.usefixtures("added")
def test_a_statistic_that_is_added_is_in_every_output_merged_and_in_the_unit_of_the_gradients():
    run = RunSpec(batch_size=1000, batches=3, repeats=3, gradients=True)
    comparison = compare(stack_specs(["0.01"], ["tanh"], layers=30, width=40), run, inputs.open_inputs(run, 40))
    record = json.loads(to_json(comparison_record(comparison)))
    rows = list(csv.DictReader(io.StringIO(to_csv(comparison_rows(comparison)))))
    assert {row["quantity"] for row in rows} == {"activation", "preactivation", "gradient"}
    layers = record["arms"][0]["layers"]
    for row in rows:
        stored = layers[int(row["layer"]) - 1][row["quantity"]]
        assert float(row["mean_size"]) == stored["mean_size"]
        size = math.hypot(stored["std"], stored["mean"])
        assert 0.5 * size < stored["mean_size"] <= size
        low, high = stored["quartiles"]["mean_size"]
        assert low <= stored["mean_size"] <= high
    assert layers[0]["gradient"]["mean_size"] < 1e-30
    for quantity in ("activation", "preactivation", "gradient"):
        stream = io.StringIO()
        print_comparison(comparison, stream, Shown(quantity))
        assert "size" in " ".join(stream.getvalue().split("\n")[1:4]).split()
        numbers = re.findall(r"(?<=\s)[\d.]+(?:e[-+]?\d+)?(?=\s)", stream.getvalue())
        assert any(says(cell, layers[-1][quantity]["mean_size"]) for cell in numbers)
