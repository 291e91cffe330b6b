"""Machine-readable output: strict JSON and tidy CSV that carry the profile's statistics exactly."""

import csv
import io
import json
import math
from typing import Any

import pytest

from actprof import listing
from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.initializers import INITIALIZERS
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.catalogue.residuals import RESIDUALS
from actprof.engine import inputs
from actprof.engine.spec import QUANTITIES, RunSpec
from actprof.engine.stacks import stack_specs
from actprof.histogram import records
from actprof.histogram.compare import compare
from actprof.histogram.result import Comparison
from actprof.report.records import strict, to_csv, to_json

INITS = ("he", "xavier", "zeros", "1e30", "torch.linear")
MOMENTS = ["count", "nan", "posinf", "neginf", "mean", "std", "second_moment", "min", "max", "within_unit_std",
           "between_unit_std"]
ACTIVITY = ["zero_fraction", "saturated_fraction", "dead_units", "dead_fraction", "always_on_units", "correlation"]


def compared(repeats: int = 1, inits: tuple[str, ...] = INITS) -> Comparison:
    """Arms that are healthy, dead, exploding and biased."""
    run = RunSpec(batch_size=300, repeats=repeats, bins=12, range=(-1.0, 2.0))
    stacks = stack_specs(inits, ("relu", "SELU", "sigmoid"), layers=4, width=20)
    return compare(stacks, run, inputs.open_inputs(run, 20))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compared()


@pytest.fixture(scope="module")
def parsed(comparison: Comparison) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = to_json(records.record_of(comparison))
    assert text.isascii()
    assert "\n" not in text
    loaded: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return loaded


def summaries(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer[quantity] for arm in parsed["arms"] for layer in arm["layers"] for quantity in QUANTITIES]


def test_the_keys_are_those_of_the_schema(parsed: dict[str, Any]) -> None:
    assert list(parsed) == ["schema", "version", "seed", "arms", "warnings"]
    assert parsed["schema"] == "actprof.histogram/1"
    for arm in parsed["arms"]:
        assert {"label", "config", "layers", "verdict"} <= arm.keys()
        for number, layer in enumerate(arm["layers"], start=1):
            assert layer["layer"] == number
            assert {"fan_in", "fan_out", "parameters", "weight_std", "gradient", "theory"} <= layer.keys()
            assert {*MOMENTS, *ACTIVITY, "histogram"} <= layer["activation"].keys()
            assert {*MOMENTS, "histogram"} <= layer["preactivation"].keys()
            assert layer["preactivation"].keys().isdisjoint(ACTIVITY)
    assert all(warning.keys() == {"code", "arm", "layer", "message"} for warning in parsed["warnings"])
    assert {"dead", "non_finite"} <= {warning["code"] for warning in parsed["warnings"]}


def test_every_finite_value_is_counted_once(parsed: dict[str, Any]) -> None:
    for summary in summaries(parsed):
        histogram = summary["histogram"]
        assert len(histogram["edges"]) == len(histogram["counts"]) + 1 == 13
        assert histogram["edges"] == sorted(set(histogram["edges"]))
        assert sum(histogram["counts"]) + histogram["below"] + histogram["above"] == summary["count"]


def test_the_variance_is_that_within_units_and_that_between_them(parsed: dict[str, Any]) -> None:
    for summary in summaries(parsed):
        if summary["std"] is not None:
            parts = summary["within_unit_std"] ** 2 + summary["between_unit_std"] ** 2
            assert summary["std"] ** 2 == pytest.approx(parts, rel=1e-12)
            assert summary["second_moment"] == pytest.approx(summary["std"] ** 2 + summary["mean"] ** 2, rel=1e-12)


def test_the_figures_are_the_profiles_own_to_the_last_digit(comparison: Comparison, parsed: dict[str, Any]) -> None:
    for arm, stored in zip(comparison.arms, parsed["arms"], strict=True):
        for layer, stored_layer in zip(arm.layers, stored["layers"], strict=True):
            for quantity in QUANTITIES:
                summary = layer.quantity(quantity)
                for name, value in summary.statistics.items():
                    assert stored_layer[quantity][name] == (value if math.isfinite(value) else None)
                assert stored_layer[quantity]["histogram"]["edges"] == summary.histogram.edges.tolist()
                assert stored_layer[quantity]["histogram"]["counts"] == summary.histogram.counts.tolist()


def test_the_settings_are_resolved_and_have_their_canonical_names(parsed: dict[str, Any]) -> None:
    config = parsed["arms"][1]["config"]
    assert (config["init"], config["act"], config["widths"]) == ("he_normal", "selu", [20] * 5)
    assert parsed["arms"][1]["label"] == "he / selu"
    for arm in parsed["arms"]:
        config = arm["config"]
        assert config["init_formula"]
        assert config["act_formula"]
        init = ",".join(f"{name}={value}" for name, value in config["init_parameters"].items())
        choice = INITIALIZERS.parse(f"{config['init']}:{init}")
        assert choice.values == config["init_parameters"]
    assert parsed["arms"][-1]["config"]["bias"] == "torch.linear"


def test_several_networks_have_quartiles_around_the_median() -> None:
    record = json.loads(to_json(records.record_of(compared(repeats=3, inits=("he",)))))
    for summary in summaries(record):
        low, high = summary["quartiles"]["std"]
        assert low <= summary["std"] <= high
        assert summary["count"] == 3 * 300 * 20


def test_csv_has_a_row_for_each_arm_layer_and_quantity(comparison: Comparison, parsed: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(records.rows_of(comparison)))))
    wanted = [(arm["label"], layer["layer"], quantity, layer[quantity])
              for arm in parsed["arms"] for layer in arm["layers"] for quantity in QUANTITIES]
    assert len(rows) == len(wanted)
    for row, (label, layer, quantity, statistics) in zip(rows, wanted, strict=True):
        assert (row["arm"], row["layer"], row["quantity"]) == (label, str(layer), quantity)
        assert None not in row
        for name in (*MOMENTS, *ACTIVITY):
            value = statistics.get(name)
            assert row[name] == "" if value is None else float(row[name]) == value
        assert not {"nan", "inf", "-inf", "None"} & set(row.values())


def test_theory_stands_beside_the_activations_alone(comparison: Comparison, parsed: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(records.rows_of(comparison)))))
    every = iter(rows)
    spoken = []
    for arm, stored in zip(comparison.arms, parsed["arms"], strict=True):
        assert arm.forecast is not None
        assert stored["theory_reason"] == (arm.forecast.theory.reason or None)
        for layer in stored["layers"]:
            said = arm.forecast.layer(layer["layer"])
            spoken.append(said is not None)
            assert (layer["theory"] is not None) == spoken[-1]
            for quantity in QUANTITIES:
                row = next(every)
                assert bool(row["theory_std"]) == (spoken[-1] and quantity == "activation")
                if said is not None and row["theory_std"]:
                    assert float(row["theory_std"]) == layer["theory"]["std"] == said.std
                    assert float(row["theory_mean"]) == layer["theory"]["mean"] == said.mean
                    assert layer["theory"]["gradient_ratio"] == pytest.approx(math.exp(said.log_gradient_ratio or 0.0))
    assert any(spoken)


def test_the_mean_square_of_a_jacobian_has_that_of_theory_beside_it() -> None:
    run = RunSpec(batch_size=50, jacobian=True)
    comparison = compare(stack_specs(["0.3"], ["linear"], layers=3, width=20), run, inputs.open_inputs(run, 20))
    [arm] = json.loads(to_json(records.record_of(comparison)))["arms"]
    assert arm["jacobian_mean_square_theory"] == pytest.approx((20 * 0.3**2) ** 3)


def test_strict_replaces_what_json_cannot_say() -> None:
    data = {"a": [math.nan, math.inf, 1.5, True, None, "x"], "b": (-math.inf, 2)}
    assert strict(data) == {"a": [None, None, 1.5, True, None, "x"], "b": [None, 2]}


def test_the_catalogue_lists_every_name_that_parses() -> None:
    tables = {"initializers": INITIALIZERS, "activations": ACTIVATIONS, "normalizations": NORMALIZATIONS,
              "residuals": RESIDUALS,
              "inputs": inputs.SOURCES}
    parsed = json.loads(listing.to_json(tables))  # type: ignore[arg-type]
    assert list(parsed) == ["schema", "version", *tables]
    assert parsed["schema"] == "actprof.catalogue/1"
    for key, registry in tables.items():
        names = [name for entry in parsed[key] for name in (entry["name"], *entry["aliases"])]
        assert sorted(names) == sorted(registry.names())  # type: ignore[attr-defined]
        for entry in parsed[key]:
            assert {"name", "aliases", "formula", "source", "parameters"} <= entry.keys()
            assert entry["formula"]
            given = ",".join(f"{p['name']}={p['default']}" for p in entry["parameters"])
            choice = registry.parse(f"{entry['name']}:{given}")  # type: ignore[attr-defined]
            assert choice == registry.parse(entry["name"])  # type: ignore[attr-defined]
