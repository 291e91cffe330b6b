"""`actprof train`: the same network trained from different initial weights."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, TextIO

import click

from actprof import spec
from actprof.cli import options, stacks
from actprof.cli.requests import Command, Number, Whole
from actprof.cli.signals import aside, until_told
from actprof.cli.stacks import NAME
from actprof.errors import SpecError
from actprof.spec import DataSpec, TrainSpec

if TYPE_CHECKING:
    from actprof.datasets.labelled import Labelled
    from actprof.learning_curves import Training
    from actprof.spec import Style
    from actprof.training.requests import Varied

VARIED = ("inits", "acts", "norms", "losses", "optimizers", "rates", "schedules")


_data_options = stacks.added((
    click.option("--data", default=spec.DATA, show_default=True, metavar=f"{NAME}|FILE",
                 help="A data set, see 'actprof list datasets', or a .npz, .csv or IDX file."),
    click.option("--data-dir", metavar="FOLDER", help="Where mnist and fashion-mnist are looked for first."),
    click.option("--label-column", default=DataSpec.label_column, show_default=True, metavar="last|NAME",
                 help="Column of a .csv file that holds the classes."),
    click.option("--validation-split", type=Number(0), metavar="SHARE",
                 help="Share of the rows, from the end, that are tested on and not trained on."),
    click.option("--shuffle", is_flag=True, help="Shuffle the rows before they are split."),
    click.option("--train-size", type=Whole(1, spec.MAX_BATCH), help="Train on the first N rows only."),
))


_network_options = stacks.added((
    stacks.init_option(spec.TRAIN_INITS),
    stacks.act_option(),
    click.option("--layers", type=Whole(0, spec.MAX_LAYERS - 1),
                 help=f"Hidden layers; 0 is softmax regression.  [default: {spec.HIDDEN_LAYERS}]"),
    click.option("--width", type=Whole(1, spec.MAX_WIDTH),
                 help=f"Units of every hidden layer.  [default: {spec.WIDTH}]"),
    click.option("--widths", metavar="N,N,…", help="Units of each hidden layer, such as 100,50."),
    stacks.bias_option(),
    click.option("--norm", "norms", multiple=True, default=(spec.NO_NORM.name,), show_default=True, metavar=NAME,
                 help="Normalisation of the hidden layers; repeatable. See 'actprof list normalizations'."),
    stacks.norm_position_option(),
    click.option("--dropout", type=Number(0), default=TrainSpec.dropout, show_default=True, metavar="SHARE",
                 help="Share of activations dropped after each hidden layer, in training."),
))


_training_options = stacks.added((
    click.option("--loss", "losses", multiple=True, default=(spec.AUTO,), show_default=True, metavar=NAME,
                 help="What is minimised; auto goes by the classes; repeatable. See 'actprof list losses'."),
    click.option("--optimizer", "optimizers", multiple=True, default=(TrainSpec.optimizer.name,),
                 show_default=True, metavar=NAME,
                 help="How weights follow the gradient; repeatable. See 'actprof list optimizers'."),
    click.option("--lr", "rates", type=Number(0), multiple=True, default=(TrainSpec.rate,), show_default=True,
                 help="Learning rate; repeatable."),
    click.option("--schedule", "schedules", multiple=True, default=(TrainSpec.schedule.name,), show_default=True,
                 metavar=NAME, help="How the learning rate goes on; repeatable. See 'actprof list schedules'."),
    click.option("--weight-decay", type=Number(0), default=TrainSpec.weight_decay, show_default=True,
                 help="λ of L2 regularisation: λW joins the gradient."),
    click.option("--iterations", type=Whole(1, spec.MAX_UPDATES),
                 help="Updates, on batches drawn with replacement.  "
                      f"[default: {TrainSpec.iterations}]"),
    click.option("--epochs", type=Whole(1, spec.MAX_UPDATES),
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
@options.seed_option
@click.option("--summary", is_flag=True, help="Print and draw the layers, and train nothing.")
@click.option("--log-y", is_flag=True, help="Logarithmic loss in the figure.")
@click.option("--animate", metavar="FILE.gif", help="Also write how each layer's histogram changes.")
@options.output_options
def command(data: str, data_dir: str | None, label_column: str, validation_split: float | None, shuffle: bool,
            train_size: int | None, iterations: int | None, epochs: int | None, repeats: int, summary: bool,
            log_y: bool, animate: str | None, output: options.Output, **settings: Any) -> None:
    """Train one network from different initial weights, side by side.

    \b
    actprof train                                     the classic
    actprof train --init he --lr 0.01 --lr 1          dying ReLUs
    actprof train --init zeros --act sigmoid          symmetry is never broken
    actprof train --data spirals --layers 2 --width 30 --optimizer adam
    actprof train --init 1 --norm none --norm batch --epochs 5
    actprof train --summary

    Every arm sees the same batches. In the table, a unit is dead when it is 0 for every training row; not_learning
    means that the loss is not even 1 % better than without looking at the inputs.
    """
    from actprof.parallel import one_blas_thread

    one_blas_thread()
    from actprof.datasets import labelled
    from actprof.training.requests import Varied, train_specs

    varied = Varied(**{name: settings.pop(name) for name in VARIED})
    if summary and animate:
        raise SpecError("--animate cannot be combined with --summary, which trains nothing. Choose one.")
    output.check(_default_name("network" if summary else "train", varied, data), animate)
    train_specs(varied, 1, 2, **settings)  # a wrong name is told before any data are read
    request = labelled.parse(data, label_column, validation_split, shuffle, train_size, data_dir)
    rows = aside(lambda: labelled.load(request, settings["seed"]))
    specs = train_specs(varied, rows.features, len(rows.classes), **settings, **_duration(iterations, epochs))
    if animate and not summary and all(each.stack.depth == 1 for each in specs):
        raise SpecError("--animate needs a hidden layer whose activations can be shown. Add --layers 1.")
    if summary:
        return _summarise(specs, rows, request, output)
    _train(specs, rows, request, repeats, log_y, output)


def _default_name(stem: str, varied: Varied, data: str) -> str:
    """The initialisers, whatever else differs between the arms, and the data unless they are the built-in ones."""
    several = [[str(value) for value in values] for name, values in vars(varied).items()
               if name != "inits" and len(values) > 1]
    source = [] if data == spec.DATA else [[os.path.basename(data)]]
    return options.default_name(stem, [varied.inits, *several, *source])


def _duration(iterations: int | None, epochs: int | None) -> dict[str, Any]:
    """What was given of the two."""
    if iterations is not None and epochs is not None:
        raise SpecError("--epochs cannot be combined with --iterations. Choose one.")
    return {name: value for name, value in (("iterations", iterations), ("epochs", epochs)) if value is not None}


def _train(specs: list[TrainSpec], rows: Labelled, request: DataSpec, repeats: int, log_y: bool,
           output: options.Output) -> None:
    """Train; when told to stop, show what was learned so far, and then end by the signal."""
    from actprof.cli.training_progress import shown_training
    from actprof.render.training import records
    from actprof.training.session import train

    stop = threading.Event()
    with shown_training(specs, repeats, len(rows.x_train), output.quiet) as progress:
        training, told = until_told(lambda: train(specs, rows, request, repeats, progress, stop), stop.set)
    if not training.arms and told is not None:
        raise told
    output.print(lambda stream: _print_table(training, stream), lambda: records.training_record(training),
                 lambda: records.training_rows(training))
    output.notes(*training.notes)
    output.draw(lambda style, form: _figure(training, log_y, style, form))
    if told is not None:
        raise told


def _summarise(specs: list[TrainSpec], rows: Labelled, request: DataSpec, output: options.Output) -> None:
    from actprof.render.training import records
    from actprof.training.session import summary

    described = summary(specs, rows, request)
    output.print(lambda stream: _print_summary(described, stream), lambda: records.training_record(described),
                 lambda: records.summary_rows(described))
    output.notes(*described.notes)
    output.draw(lambda style, form: _picture(described, style, form))


def _print_table(training: Training, stream: TextIO) -> None:
    from actprof.render.training.table import print_training

    print_training(training, stream)


def _print_summary(training: Training, stream: TextIO) -> None:
    from actprof.render.training.table import print_summary

    print_summary(training, stream)


def _figure(training: Training, log_y: bool, style: Style, form: str) -> bytes:
    if form == "gif":
        from actprof.render.training.animation import render as animate

        return animate(training, style)
    from actprof.render.training.figure import render

    return render(training, log_y, style, form)


def _picture(training: Training, style: Style, form: str) -> bytes:
    from actprof.render.training.network_figure import render

    return render(training, style, form)
