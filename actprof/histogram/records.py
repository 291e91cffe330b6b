"""`actprof histogram` for machines, walking the tables, so that a new figure appears by itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from actprof import __version__
from actprof.diagnosis.verdicts import THRESHOLDS
from actprof.engine.profiles import LayerSummary, Summary
from actprof.engine.spec import GRADIENT, QUANTITIES, STREAMS
from actprof.histogram.result import Comparison, JudgedArm, std_errors
from actprof.theory.predictions import Forecast

JSON_SCHEMA = "actprof.histogram/1"


def record_of(comparison: Comparison) -> dict[str, Any]:
    """The object of schema actprof.histogram/1."""
    return {
        "schema": JSON_SCHEMA,
        "version": __version__,
        "seed": comparison.seed,
        "arms": [_arm(arm) for arm in comparison.arms],
        "warnings": [vars(warning) for warning in comparison.warnings],
    }


def rows_of(comparison: Comparison) -> list[dict[str, Any]]:
    """One row per arm × layer × quantity."""
    return [_row(*where) for where in comparison.rows()]


def _arm(arm: JudgedArm) -> dict[str, Any]:
    record = {"label": arm.label, "config": arm.config, "parameters": arm.parameters,
              "layers": [_layer(layer, arm.forecast) for layer in arm.layers],
              "verdict": arm.verdict and arm.verdict.record,
              "theory_reason": (arm.forecast.theory.reason or None) if arm.forecast else None}
    if arm.jacobian:
        record |= {"jacobian": arm.jacobian, "jacobian_mean_square_theory": arm.forecast and arm.forecast.chi_power}
    if arm.path:
        record["gradient_path"] = {**vars(arm.path), "autocorrelation": arm.path.autocorrelation}
    return record


def _layer(layer: LayerSummary, forecast: Forecast | None) -> dict[str, Any]:
    return {
        "layer": layer.layer, "fan_in": layer.fan_in, "fan_out": layer.fan_out, "parameters": layer.parameters,
        "weight_std": layer.weight_std, "activation_name": layer.activation_name,
        **{quantity: _summary(layer.quantity(quantity)) for quantity in QUANTITIES},
        GRADIENT: layer.gradient and _summary(layer.gradient), "theory": _theory(layer, forecast),
        **{name: _statistics(layer.quantity(name)) for name in STREAMS if name in layer.quantities},
    }


def _theory(layer: LayerSummary, forecast: Forecast | None) -> dict[str, Any] | None:
    """What is said of a layer; the ratio of gradients in full and, where that has no float, as its logarithm."""
    said = forecast and forecast.layer(layer.layer)
    if not said:
        return None
    with np.errstate(over="ignore", under="ignore"):
        ratio = None if said.log_gradient_ratio is None else float(np.exp(said.log_gradient_ratio))
    return {**asdict(said), "gradient_ratio": ratio, "std_errors": std_errors(layer, said)}


def _statistics(summary: Summary) -> dict[str, Any]:
    return {**summary.statistics, **({"quartiles": summary.spread} if summary.spread else {})}


def _summary(summary: Summary) -> dict[str, Any]:
    histogram, record = summary.histogram, _statistics(summary)
    record["atoms"] = [{"value": value, "count": count} for value, count in summary.atoms]
    record["histogram"] = {"edges": histogram.edges, "counts": histogram.counts,
                           "below": histogram.below, "above": histogram.above}
    if summary.exponent:
        record["histogram"]["exponent"] = summary.exponent
    return record


def _row(arm: JudgedArm, layer: LayerSummary, quantity: str, summary: Summary) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arm": arm.label, "layer": layer.layer, "quantity": quantity, "fan_in": layer.fan_in,
        "fan_out": layer.fan_out, "parameters": layer.parameters, "weight_std": layer.weight_std,
        **summary.statistics,
    }
    if quantity not in STREAMS:
        row |= {"below": summary.histogram.below, "above": summary.histogram.above}
    said = arm.forecast and quantity == QUANTITIES[0] and arm.forecast.layer(layer.layer)
    if said:
        row |= {"theory_mean": said.mean, "theory_std": said.std, "theory_std_error": said.std_error,
                "theory_gradient_correlation": said.gradient_correlation}
    for name, (low, high) in summary.spread.items():
        row |= {f"{name}_q1": low, f"{name}_q3": high}
    return row


def limits_record() -> dict[str, Any]:
    """The object of schema actprof.limits/1."""
    return {"schema": "actprof.limits/1", "version": __version__, "limits": limits_rows()}


def limits_rows() -> list[dict[str, Any]]:
    return [dict(vars(limit)) for limit in THRESHOLDS]
