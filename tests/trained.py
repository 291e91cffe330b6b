"""Trainings for tests of what is drawn: curves and activations by formula, counted with NumPy's own histogram."""

from itertools import pairwise

import numpy as np

from actprof.train.result import DataSummary, LayerHistory, Run, TrainedArm, Training

ROWS = 40


def layers_of(widths, act="relu", output="softmax"):
    last = len(widths) - 1
    return tuple((f"dense {number} ({act})" if number < last else f"output ({output})", f"(batch, {units})",
                  (fan_in + 1) * units) for number, (fan_in, units) in enumerate(pairwise(widths), 1))


def values(layer, checkpoint, units, spread=1.0):
    """Activations of a rectifier, wider at each checkpoint."""
    rng = np.random.default_rng([layer, checkpoint])
    return np.maximum(rng.standard_normal((ROWS, units)) * spread * (1 + 0.1 * checkpoint), 0)


def history(every, edges):
    """The LayerHistory of (rows, units) arrays, one a checkpoint."""
    with np.errstate(invalid="ignore"):
        finite = [array[np.isfinite(array) & (array != 0)] for array in every]
        within = np.array([np.sqrt(array.var(0).mean()) for array in every])
    return LayerHistory(
        edges, np.array([np.histogram(flat, edges)[0] for flat in finite]),
        np.array([(flat < edges[0]).sum() for flat in finite]), np.array([(flat > edges[-1]).sum() for flat in finite]),
        np.array([(array == 0).sum() for array in every]), np.array([(array == 0).all(0).mean() for array in every]),
        within)


def run(widths, iterations=200, checkpoints=6, final=0.3, status="ok", make=values, edges=None):
    """A Run whose loss falls from ln C to `final`."""
    looked = np.unique(np.round(np.linspace(0, iterations, checkpoints)).astype(np.int64))
    loss = final + (2.3 - final) * np.exp(-np.arange(iterations) / max(iterations / 5, 1))
    edges = np.linspace(0, 8, 33) if edges is None else edges
    layers = tuple(history([make(layer, place, units) for place in range(len(looked))], edges)
                   for layer, units in enumerate(widths[1:-1], 1))
    count = len(looked)
    return Run(loss, loss, np.full(iterations, 0.01), looked, np.linspace(2.3, final, count),
               np.linspace(0.1, 0.9, count), np.zeros((count, len(widths) - 1)), layers,
               float(loss[-1]) if iterations else np.nan, (0.0,) * len(layers), status,
               "" if status == "ok" else "for a reason")


def arm(widths, label="he", runs=None, act="relu", **config):
    runs = (run(widths),) if runs is None else runs
    config = {"init": "he_normal", "act": act, "widths": list(widths), "norm": "none", "loss": "cross_entropy",
              "optimizer": "sgd", "rate": 0.01, "batch_size": 128, "iterations": 200, **config}
    return TrainedArm(label, config, layers_of(widths, act), float(np.log(10)), tuple(runs))


def training(*arms, seed=7):
    widths = arms[0].config["widths"]
    classes = tuple(map(str, range(min(max(widths[-1], 2), 1000))))
    data = DataSummary("glyphs", 1000, 200, widths[0], classes, 0.1)
    return Training(seed, data, arms)
