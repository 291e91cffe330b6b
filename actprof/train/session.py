"""All arms of a training, on all cores: the same data and the same batches for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from actprof.catalogue import activations, normalizations
from actprof.cli.progress import silent
from actprof.data import labelled, sources
from actprof.data.labelled import Labelled
from actprof.data.request import AUTO, DataSpec, reading
from actprof.digits import number
from actprof.engine import configuration
from actprof.engine.blocks import parts_of
from actprof.engine.memory import EVALUATED_ROWS, STREAM_ROOMS
from actprof.engine.network import Network
from actprof.engine.spec import NO_RESIDUAL
from actprof.errors import ResourceError, SpecError
from actprof.machine import amount, available_memory, ordered_map
from actprof.streams import PROBE, stream
from actprof.train import losses
from actprof.train.learners import Task, at_once, learners
from actprof.train.optimizers import OPTIMIZERS
from actprof.train.outcome import outdone
from actprof.train.request import Varied, train_specs
from actprof.train.result import DIGITS, DataSummary, Run, TrainedArm, Training
from actprof.train.spec import MAX_UPDATES, VARIED, TrainSpec
from actprof.train.trainer import updates_of

UPDATE_BYTES, HISTORY_BYTES = 200, 51 * 256 * 8
"""Memory for what is noted of an update, in numbers and on its way into a record, and of a layer's activations."""


MAX_POINTS = 600  # maximum rows of a plane's data that are kept to be drawn

Progress = Callable[[float, str, str], None]
"""Called with the share of an arm's updates that are made, its label, and its current loss in words."""


def check_training(specs: Sequence[TrainSpec], repeats: int, updates: int, rows: int) -> int:
    """The bytes of as many of the largest networks as learn at once, and of what is noted of all; ResourceError if they
    would not fit into what is left."""
    workers = at_once(len(specs) * repeats)
    noted = sum(UPDATE_BYTES * updates + HISTORY_BYTES * spec.stack.depth for spec in specs) * repeats
    need = workers * max(_bytes_to_train(spec, rows) for spec in specs) + noted
    left = available_memory()
    if left is not None and need > left:
        raise ResourceError(f"needs about {amount(need)}; {amount(left)} available. "
                            "Lower --width, --layers or --batch-size.")
    return need


def _bytes_to_train(spec: TrainSpec, rows: int) -> int:
    """Bytes of weights, their gradients, what the optimizer keeps, and what each layer's tape and evaluation hold."""
    batch = spec.batch_size if spec.epochs is None else min(spec.batch_size, rows)
    network = Network(spec.stack, spec.seed, 0, np.dtype(np.float32))
    columns = sum(network.columns(number) for number in range(1, spec.stack.depth + 1))
    vectors = 5 + OPTIMIZERS[spec.optimizer.name].slots
    rooms = STREAM_ROOMS * (spec.stack.residual != NO_RESIDUAL)
    return vectors * sum(network.weight_bytes) + 4 * (columns + spec.stack.widths[0]) * (
        (5 + rooms) * batch + (3 + rooms) * EVALUATED_ROWS)


def trained(data: Any, *, target: str, validation_split: float | None, shuffle: bool, train_size: int | None,
            iterations: int | None, epochs: int | None, repeats: int, summary: bool, progress: Progress,
            stop: threading.Event | None, **settings: Any) -> Training:
    """The training that the values of `train`'s options ask for. Raises as `train` does, and DataError."""
    varied = Varied(*(settings.pop(name) for name in VARIED))
    read = reading(settings)
    scale = read.pop("scale")
    if iterations is not None and epochs is not None:
        raise SpecError("--epochs cannot be combined with --iterations. Choose one.")
    settings |= {name: value for name, value in (("iterations", iterations), ("epochs", epochs)) if value is not None}
    train_specs(varied, 1, 2, **settings)  # a wrong name is told before any data are read
    request = DataSpec(sources.parse(data, **read), target, scale, validation_split, shuffle, train_size)
    rows = labelled.load(request, settings["seed"], data)
    specs = train_specs(varied, rows.features, len(rows.classes), **settings)
    return summarised(specs, rows, request) if summary else train(specs, rows, request, repeats, progress, stop)


def train(specs: Sequence[TrainSpec], data: Labelled, request: DataSpec, repeats: int = 1,
          progress: Progress = silent, stop: threading.Event | None = None) -> Training:
    """Train each spec, `repeats` networks of it; `stop` ends all runs after their current update."""
    need = _require_possible(specs, data, repeats)
    stopping = stop or threading.Event()
    tasks = [(arm, repeat) for repeat in range(repeats) for arm in range(len(specs))]
    made = [[0] * repeats for _ in specs]
    every = [repeats * updates_of(spec, len(data.x_train)) for spec in specs]
    for spec in specs:
        progress(0.0, spec.label, "waiting")

    def learn(task: Task) -> Run | None:
        arm, repeat = task
        if stopping.is_set():
            return None
        progress(sum(made[arm]) / every[arm], specs[arm].label, "")

        def report(done: int, loss: float) -> bool:
            made[arm][repeat] = done
            progress(sum(made[arm]) / every[arm], specs[arm].label, f"loss {number(loss, DIGITS)}")
            return not stopping.is_set()

        return trained_by(task, report)

    with learners(specs, data, repeats, need) as trained_by:
        done = dict(zip(tasks, ordered_map(learn, tasks, at_once(len(tasks))), strict=True))
    arms = [_arm(spec, data, request, [done[arm, repeat] for repeat in range(repeats)])
            for arm, spec in enumerate(specs)]
    most = np.fmax.reduce([arm.median_run.learned for arm in arms if arm.runs], initial=0.0)  # NaN of a diverged one
    arms = [replace(arm, runs=tuple(outdone(run, most) for run in arm.runs)) for arm in arms]
    missing = [arm.label for arm in arms if not arm.runs]
    notes = (f"not trained (interrupted first): {', '.join(missing)}",) if missing else ()
    return Training(specs[0].seed, _data_summary(data, specs[0].seed), tuple(arm for arm in arms if arm.runs),
                    (*data.notes, *notes))


def summarised(specs: Sequence[TrainSpec], data: Labelled, request: DataSpec) -> Training:
    """The arms described, without a run."""
    return Training(specs[0].seed, _data_summary(data, specs[0].seed),
                    tuple(_arm(spec, data, request, []) for spec in specs), data.notes)


def _data_summary(data: Labelled, seed: int) -> DataSummary:
    """The data set in numbers."""
    chosen = np.sort(stream(seed, PROBE, 1).permutation(len(data.x_train))[:MAX_POINTS])
    drawn = data.is_plane or data.is_curve
    points = (data.x_train[chosen].astype(np.float64), data.y_train[chosen]) if drawn else None
    return DataSummary(data.name, len(data.x_train), len(data.x_test), data.features, data.classes, data.baseline,
                       points, data.baseline_loss)


def _arm(spec: TrainSpec, data: Labelled, request: DataSpec,
         runs: Sequence[Run | None]) -> TrainedArm:
    return TrainedArm(spec.label, _config(spec, data, request, len(runs)), _layers(spec),
                      losses.of_targets(len(data.classes), data.y_train, spec.loss)[0],
                      tuple(run for run in runs if run is not None))


def _require_possible(specs: Sequence[TrainSpec], data: Labelled, repeats: int) -> int:
    """Refuse what would take more updates, rows or memory than there are, and return the bytes that it needs."""
    rows = len(data.x_train)
    updates = max(updates_of(spec, rows) for spec in specs)
    if updates > MAX_UPDATES:
        raise SpecError(f"--epochs makes {updates:,} updates; {MAX_UPDATES:,} are the limit. "
                        "Lower --epochs or raise --batch-size.")
    if rows == 1 and any(spec.stack.norm.name == "batch" for spec in specs):
        raise SpecError(f"--norm batch needs two rows or more, and {data.name} has one to train on.")
    return check_training(specs, repeats, updates, rows)


def _layers(spec: TrainSpec) -> tuple[tuple[str, str, int], ...]:
    """(name, output shape, parameters) of each layer."""
    stack, rows, block = spec.stack, [], 0
    network = Network(stack, spec.seed, 0, np.dtype(np.float32))
    for layer, (fan_in, units) in enumerate(pairwise(stack.widths), start=1):
        last, part = layer == stack.depth, parts_of(stack)[layer - 1]
        phi = activations.bind(stack.activations[layer - 1])
        columns = units * phi.pieces
        norm = None if last else normalizations.bind(stack.norm)
        normalised = network.phi_units(layer)[stack.norm_position == "after"]
        count = (fan_in + 1) * columns + (norm.trained * normalised if norm else 0) + bool(part and part.learns)
        does = losses.bind(spec.loss).output if last else phi.activation.name
        if part and part.skips:
            block += part.begins
            does += f", block {block}"
        rows.append((f"{'output' if last else f'dense {layer}'} ({does})", f"(batch, {units})", count))
    return tuple(rows)


def _config(spec: TrainSpec, data: Labelled, request: DataSpec, repeats: int) -> dict[str, Any]:
    """Every resolved setting by its canonical name."""
    named = {"loss": spec.loss, "optimizer": spec.optimizer, "schedule": spec.schedule}
    plain = ("rate", "weight_decay", "dropout", "batch_size", "epochs", "seed")
    settings: dict[str, Any] = configuration.of_stack(spec.stack)
    for kind, choice in named.items():
        settings |= configuration.of_choice(kind, choice)
    return settings | {name: getattr(spec, name) for name in plain} | {
        "iterations": updates_of(spec, len(data.x_train)), "repeats": repeats, "data": data.name,
        "validation_split": request.validation_split, "shuffle": request.shuffle, "train_size": request.train_size,
        "scale": None if request.scale == AUTO else request.scale, "drop": request.rows.drop or None,
    }
