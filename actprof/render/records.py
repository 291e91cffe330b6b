"""Machine-readable output: strict JSON and tidy CSV, both walking the tables, so a new figure appears by itself."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from actprof import __version__
from actprof.profiles import Arm, Comparison, LayerSummary, Summary
from actprof.spec import QUANTITIES

JSON_SCHEMA = "actprof.histogram/1"


def strict(value: Any) -> Any:
    """The same data with every figure that is not finite as None; numpy's scalars and arrays as Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(record: Mapping[str, Any]) -> str:
    """One object on one line; no NaN, no Infinity, and ASCII alone, which every stream can carry."""
    return json.dumps(strict(record), allow_nan=False)


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header of all the rows' keys and a line for each; an empty cell for what is missing or not finite."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if item is None else item for key, item in strict(row).items()} for row in rows)
    return text.getvalue()


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """The object of schema actprof.histogram/1."""
    return {
        "schema": JSON_SCHEMA,
        "version": __version__,
        "seed": comparison.seed,
        "arms": [_arm(arm) for arm in comparison.arms],
        "warnings": [vars(warning) for warning in comparison.warnings],
    }


def comparison_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One row per arm × layer × quantity."""
    return [_row(*where) for where in comparison.rows()]


def _arm(arm: Arm) -> dict[str, Any]:
    return {"label": arm.label, "config": arm.config, "parameters": arm.parameters,
            "layers": [_layer(layer) for layer in arm.layers], "verdict": None}


def _layer(layer: LayerSummary) -> dict[str, Any]:
    return {
        "layer": layer.layer, "fan_in": layer.fan_in, "fan_out": layer.fan_out, "parameters": layer.parameters,
        "weight_std": layer.weight_std, "activation_name": layer.activation_name,
        **{quantity: _summary(layer.quantity(quantity)) for quantity in QUANTITIES},
        "gradient": None, "theory": None,
    }


def _summary(summary: Summary) -> dict[str, Any]:
    histogram = summary.histogram
    record: dict[str, Any] = dict(summary.figures)
    if summary.spread:
        record["quartiles"] = summary.spread
    record["atoms"] = [{"value": value, "count": count} for value, count in summary.atoms]
    record["histogram"] = {"edges": histogram.edges, "counts": histogram.counts,
                           "below": histogram.below, "above": histogram.above}
    return record


def _row(arm: Arm, layer: LayerSummary, quantity: str, summary: Summary) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arm": arm.label, "layer": layer.layer, "quantity": quantity, "fan_in": layer.fan_in,
        "fan_out": layer.fan_out, "parameters": layer.parameters, "weight_std": layer.weight_std,
        **summary.figures, "below": summary.histogram.below, "above": summary.histogram.above,
    }
    for name, (low, high) in summary.spread.items():
        row |= {f"{name}_q1": low, f"{name}_q3": high}
    return row
