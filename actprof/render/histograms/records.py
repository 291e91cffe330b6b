"""`actprof histogram` for machines, walking the tables, so that a new figure appears by itself."""

from __future__ import annotations

from typing import Any

from actprof import __version__
from actprof.profiles import Arm, Comparison, LayerSummary, Summary
from actprof.spec import QUANTITIES

JSON_SCHEMA = "actprof.histogram/1"


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
