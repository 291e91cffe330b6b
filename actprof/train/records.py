"""`actprof train` for machines: the object of schema actprof.train/1, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actprof import __version__
from actprof.train.result import DataSummary, LayerHistory, Run, TrainedArm, Training

JSON_SCHEMA = "actprof.train/1"


def record_of(training: Training) -> dict[str, Any]:
    """The object of schema actprof.train/1: an arm's lists are those of its median run, `runs` has all."""
    data = training.data
    return {
        "schema": JSON_SCHEMA, "version": __version__, "seed": training.seed,
        "data": {"name": data.name, "samples": data.samples, "test_samples": data.test_samples,
                 "features": data.features, "classes": len(data.classes), "class_names": data.classes,
                 "baseline_accuracy": data.baseline,
                 **({} if data.classes else {"baseline_loss": data.baseline_loss})},
        "arms": [_arm(arm, data) for arm in training.arms],
        "notes": training.notes,
    }


def rows_of(training: Training) -> list[dict[str, Any]]:
    """One row per arm × repeat × iteration, with what was looked at after that iteration where that was done.

    Where nothing was trained, one row per arm × layer.
    """
    if training.trained:
        return [row for arm in training.arms for repeat, run in enumerate(arm.runs) for row in _rows(arm, repeat, run)]
    return [{"arm": arm.label, "layer": number, "name": name, "output": shape, "parameters": count}
            for arm in training.arms for number, (name, shape, count) in enumerate(arm.layers, start=1)]


def _arm(arm: TrainedArm, data: DataSummary) -> dict[str, Any]:
    record = {"label": arm.label, "config": arm.config, "parameters": arm.parameters,
              "layers": [{"name": name, "output": shape, "parameters": count} for name, shape, count in arm.layers],
              "undecided_loss": arm.chance_loss, **(_run(arm.median_run, arm, data) if arm.runs else {})}
    if len(arm.runs) > 1:
        low, middle, high = arm.band("smoothed")
        record["smoothed_quartiles"] = {"low": low, "median": middle, "high": high}
        record["medians"] = {
            "initial_loss": arm.first_loss, "final_smoothed_loss": arm.last_loss,
            "test_accuracy" if data.classes else "test_r2": arm.score(data),
            "iterations_to_half_chance_loss": arm.iterations_to_half, "dead_fraction": arm.dead_fractions}
        record["runs"] = [_run(run, arm, data) for run in arm.runs]
    return record


def _run(run: Run, arm: TrainedArm, data: DataSummary) -> dict[str, Any]:
    return {
        "iterations": list(range(1, run.iterations + 1)), "loss": run.loss, "smoothed": run.smoothed,
        "learning_rate": run.learning_rate, "initial_loss": run.loss[0] if run.iterations else None,
        "final_loss": run.loss[-1] if run.iterations else None, "iterations_to_loss_1": run.reached(1.0),
        "iterations_to_half_chance_loss": run.reached(arm.chance_loss / 2),
        "train_loss": run.train_loss, "test_loss": run.test_loss[-1], "test_accuracy": run.test_accuracy[-1],
        "dead_fraction": run.dead_fraction, **({} if data.classes else {"test_r2": data.score(run)[-1]}),
        **({} if run.fit is None else {"fit": {"x": run.fit.x, "y": run.fit.y}}),
        "status": run.status, "cause": run.cause, "reason": run.reason, "remedy": run.remedy,
        "checkpoints": {"iterations": run.checkpoints, "test_loss": run.test_loss, "test_accuracy": run.test_accuracy,
                        **({} if data.classes else {"test_r2": data.score(run)}),
                        "update_ratio": run.update_ratio, "layers": [_history(layer) for layer in run.layers]},
    }


def _history(layer: LayerHistory) -> dict[str, Any]:
    return {"dead_fraction": layer.dead, "within_unit_std": layer.within_std, "zeros": layer.zeros,
            "histogram": {"edges": layer.edges, "counts": layer.counts, "below": layer.below, "above": layer.above}}


def _rows(arm: TrainedArm, repeat: int, run: Run) -> Iterator[dict[str, Any]]:
    looked = {int(updates): place for place, updates in enumerate(run.checkpoints)}
    for place in range(run.iterations):
        row = {"arm": arm.label, "repeat": repeat, "iteration": place + 1, "loss": run.loss[place],
               "smoothed": run.smoothed[place], "learning_rate": run.learning_rate[place],
               "test_loss": None, "test_accuracy": None}
        if place + 1 in looked:
            checkpoint = looked[place + 1]
            row |= {"test_loss": run.test_loss[checkpoint], "test_accuracy": run.test_accuracy[checkpoint]}
        yield row
