"""`actprof train`: the same network trained from different initial weights."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Number, Whole, Word, given_options
from actprof.cli.completion import FILES, names
from actprof.cli.options import (
    NAME,
    act_option,
    added,
    bias_option,
    init_option,
    norm_position_option,
    reading,
    reading_options,
)
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import takes_a_bar
from actprof.cli.signals import in_thread, run_until_interrupted
from actprof.data.request import DATA, TARGETS, DataSpec
from actprof.engine import spec
from actprof.errors import SpecError
from actprof.report.terminal import console
from actprof.train.spec import AUTO, HIDDEN_LAYERS, MAX_UPDATES, TRAIN_INITS, TrainSpec

if TYPE_CHECKING:
    from actprof.data.labelled import Labelled
    from actprof.report.style import Style
    from actprof.train.request import Varied

Progress = Callable[[int, int, int, float], None]
MAX_LABEL = 32
PAUSE = 0.05  # seconds between two changes of a bar


@contextmanager
def shown_training(specs: Sequence[TrainSpec], repeats: int, rows: int, quiet: bool) -> Iterator[Progress]:
    """Yield a function of (arm, repeat, updates made, current loss); nothing is left of the bars at the end."""
    if quiet or not takes_a_bar():
        yield lambda arm, repeat, done, loss: None
        return
    bars = _Bars(specs, repeats, rows)
    try:
        yield bars.show
    finally:
        bars.close()


class _Bars:
    """A bar for each arm, over all its repeats."""

    def __init__(self, specs: Sequence[TrainSpec], repeats: int, rows: int) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        from actprof.train.trainer import updates_of

        self._lock = threading.Lock()
        self._closed = False
        self._done = [dict.fromkeys(range(repeats), 0) for _ in specs]
        self._shown = [0.0] * len(specs)
        self._progress = Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
                                  TextColumn("loss {task.fields[loss]}"), TimeRemainingColumn(),
                                  console=console(sys.stderr), transient=True)
        self._tasks: list[Any] = [self._progress.add_task(spec.label[:MAX_LABEL], loss="waiting",
                                                          total=updates_of(spec, rows) * repeats) for spec in specs]
        self._progress.start()

    def show(self, arm: int, repeat: int, done: int, loss: float) -> None:
        self._done[arm][repeat] = done
        now = time.monotonic()
        if now - self._shown[arm] < PAUSE:
            return
        with self._lock:
            self._shown[arm] = now
            if not self._closed:
                self._progress.update(self._tasks[arm], completed=sum(self._done[arm].values()), loss=f"{loss:.4f}")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._progress.stop()


UNUSED_BY_SUMMARY = {"rates", "schedules", "optimizers", "weight_decay", "iterations", "epochs", "batch_size",
                     "repeats", "dropout", "log_y"}
"""Parameters of training alone."""

VARIED = ("inits", "acts", "norms", "losses", "optimizers", "rates", "schedules")
_data_options = added((
    click.option("--data", default=DATA, show_default=True, metavar=f"{NAME}|FILE",
                 shell_complete=names("datasets", files=True),
                 help="A data set, see 'actprof list datasets', or a file of numbers, arrays or images."),
    reading_options,
    click.option("--target", type=Word(TARGETS), default=DataSpec.target, show_default=True,
                 help="Whether labels are classes or numbers to predict; auto: numbers if they are not whole."),
    click.option("--validation-split", type=Number(0), metavar="SHARE",
                 help="Share of the rows, from the end, that are tested on and not trained on."),
    click.option("--shuffle", is_flag=True, help="Shuffle the rows before they are split."),
    click.option("--train-size", type=Whole(1, spec.MAX_BATCH), help="Train on the first N rows only."),
))
_network_options = added((
    init_option(TRAIN_INITS),
    act_option(),
    click.option("--layers", type=Whole(0, spec.MAX_LAYERS - 1),
                 help=f"Hidden layers; 0 is softmax regression.  [default: {HIDDEN_LAYERS}]"),
    click.option("--width", type=Whole(1, spec.MAX_WIDTH),
                 help=f"Units of every hidden layer.  [default: {spec.WIDTH}]"),
    click.option("--widths", metavar="N,N,…", help="Units of each hidden layer, such as 100,50."),
    bias_option(),
    click.option("--norm", "norms", multiple=True, default=(spec.NO_NORM.name,), show_default=True, metavar=NAME,
                 shell_complete=names("normalizations"),
                 help="Normalisation of the hidden layers; repeatable. See 'actprof list normalizations'."),
    norm_position_option(),
    click.option("--dropout", type=Number(0), default=TrainSpec.dropout, show_default=True, metavar="SHARE",
                 help="Share of activations dropped after each hidden layer, in training."),
))
_training_options = added((
    click.option("--loss", "losses", multiple=True, default=(AUTO,), show_default=True, metavar=NAME,
                 shell_complete=names("losses"),
                 help="What is minimised; auto goes by the labels; repeatable. See 'actprof list losses'."),
    click.option("--optimizer", "optimizers", multiple=True, default=(TrainSpec.optimizer.name,),
                 show_default=True, metavar=NAME, shell_complete=names("optimizers"),
                 help="How weights follow the gradient; repeatable. See 'actprof list optimizers'."),
    click.option("--lr", "rates", type=Number(0), multiple=True, default=(TrainSpec.rate,), show_default=True,
                 help="Learning rate; repeatable."),
    click.option("--schedule", "schedules", multiple=True, default=(TrainSpec.schedule.name,), show_default=True,
                 metavar=NAME, shell_complete=names("schedules"),
                 help="How the learning rate goes on; repeatable. See 'actprof list schedules'."),
    click.option("--weight-decay", type=Number(0), default=TrainSpec.weight_decay, show_default=True,
                 help="λ of L2 regularisation: λW joins the gradient."),
    click.option("--iterations", type=Whole(1, MAX_UPDATES),
                 help="Updates, on batches drawn with replacement.  "
                      f"[default: {TrainSpec.iterations}]"),
    click.option("--epochs", type=Whole(1, MAX_UPDATES),
                 help="Instead: how often every row is seen, in a new order each time."),
    click.option("--batch-size", type=Whole(1, spec.MAX_BATCH), default=TrainSpec.batch_size, show_default=True,
                 help="Rows of an update."),
    click.option("--repeats", type=Whole(1, spec.MAX_REPEATS), default=1, show_default=True,
                 help="Networks of each arm: median and quartiles."),
))


@click.command("train", cls=Command)
@_data_options
@_network_options
@_training_options
@seed_option
@click.option("--summary", is_flag=True, help="Print and draw the layers, and train nothing.")
@click.option("--log-y", is_flag=True, help="Logarithmic loss in the figure.")
@click.option("--animate", metavar="FILE.gif", shell_complete=FILES,
              help="Also write how each layer's histogram changes.")
@output_options
def command(data: str, target: str, validation_split: float | None, shuffle: bool, train_size: int | None,
            iterations: int | None, epochs: int | None, repeats: int, summary: bool, log_y: bool, animate: str | None,
            output: Output, **settings: Any) -> None:
    """Train one network from different initial weights, side by side.

    \b
    actprof train                                     the classic
    actprof train --init he --lr 0.01 --lr 1          dying ReLUs
    actprof train --init zeros --act sigmoid          symmetry is never broken
    actprof train --data spirals --layers 2 --width 30 --optimizer adam
    actprof train --data data.csv --label-column label --scale standard
    actprof train --init 1 --norm none --norm batch --epochs 5
    actprof train --summary

    Every arm sees the same batches. In the table, a unit is dead when it is 0 for every training row. Without looking
    at the inputs a network is right as often as the most frequent class; not_learning is no better in loss or accuracy,
    badly_scaled starts from or ends with a signal far too large, slow learns less than it could or has only begun.
    """
    from actprof.machine import one_blas_thread

    one_blas_thread()
    from actprof.data import labelled, sources
    from actprof.train.request import Varied, train_specs

    varied = Varied(**{name: settings.pop(name) for name in VARIED})
    if summary and animate:
        raise SpecError("--animate cannot be combined with --summary, which trains nothing. Choose one.")
    output.check(_default_name("network" if summary else "train", varied, data), animation=animate, inputs=[data])
    if summary:
        output.name_idle(given_options(UNUSED_BY_SUMMARY), "to --summary")
    read = reading(settings)
    scale = read.pop("scale")
    train_specs(varied, 1, 2, **settings)  # a wrong name is told before any data are read
    request = DataSpec(sources.parse(data, **read), target, scale, validation_split, shuffle, train_size)
    rows = in_thread(lambda: labelled.load(request, settings["seed"]))
    specs = train_specs(varied, rows.features, len(rows.classes), **settings, **_duration(iterations, epochs))
    if animate:
        _require_animation(specs, len(rows.x_train), output.dpi)
    if summary:
        return _summarise(specs, rows, request, output)
    _train(specs, rows, request, repeats, log_y, output)


def _require_animation(specs: list[TrainSpec], rows: int, dpi: int) -> None:
    """Refuse now an animation that could not be drawn later."""
    from actprof.train.animation import require_animatable
    from actprof.train.trainer import checkpoints_of, updates_of

    if all(each.stack.depth == 1 for each in specs):
        raise SpecError("--animate needs a hidden layer whose activations can be shown. Add --layers 1.")
    require_animatable(max(len(checkpoints_of(updates_of(each, rows))) for each in specs), dpi)


def _default_name(stem: str, varied: Varied, data: str) -> str:
    """The initialisers, whatever else differs between the arms, and the data unless they are the built-in ones."""
    several = [[str(value) for value in values] for name, values in vars(varied).items()
               if name != "inits" and len(values) > 1]
    source = [] if data == DATA else [[os.path.basename(data)]]
    return default_name(stem, [varied.inits, *several, *source], ("data", "inits", *(
        name for name, values in vars(varied).items() if len(values) > 1)))


def _duration(iterations: int | None, epochs: int | None) -> dict[str, Any]:
    """What was given of the two."""
    if iterations is not None and epochs is not None:
        raise SpecError("--epochs cannot be combined with --iterations. Choose one.")
    return {name: value for name, value in (("iterations", iterations), ("epochs", epochs)) if value is not None}


def _train(specs: list[TrainSpec], rows: Labelled, request: DataSpec, repeats: int, log_y: bool,
           output: Output) -> None:
    """Train; when told to stop, show what was learned so far, and then end by the signal."""
    from actprof.train import animation, figure, records
    from actprof.train.session import train
    from actprof.train.table import print_training

    def drawn(style: Style, form: str) -> bytes:
        return animation.render(training, style) if form == "gif" else figure.render(training, log_y, style, form)

    stop = threading.Event()
    with shown_training(specs, repeats, len(rows.x_train), output.quiet) as progress:
        training, told = run_until_interrupted(lambda: train(specs, rows, request, repeats, progress, stop), stop.set)
    if not training.arms and told is not None:
        raise told
    output.print(lambda stream: print_training(training, stream), lambda: records.training_record(training),
                 lambda: records.training_rows(training))
    output.notes(*training.notes)
    output.draw(drawn)
    if told is not None:
        raise told


def _summarise(specs: list[TrainSpec], rows: Labelled, request: DataSpec, output: Output) -> None:
    from actprof.train import records
    from actprof.train.network_figure import render
    from actprof.train.session import summary
    from actprof.train.table import print_summary

    described = summary(specs, rows, request)
    output.print(lambda stream: print_summary(described, stream), lambda: records.training_record(described),
                 lambda: records.summary_rows(described))
    output.notes(*described.notes)
    output.draw(lambda style, form: render(described, style, form))
