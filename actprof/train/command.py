"""`actprof train`: the same network trained from different initial weights."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Names, Number, Whole, Word, given_options, option_values
from actprof.cli.completion import FILES, names
from actprof.cli.options import NAME, act_option, added, bias_option, init_option, norm_position_option, reading_options
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import shown_progress, silent
from actprof.cli.signals import in_thread, run_until_interrupted
from actprof.data.request import DATA, TARGETS, DataSpec, RowsSpec
from actprof.engine import spec
from actprof.errors import SpecError
from actprof.train.spec import AUTO, HIDDEN_LAYERS, MAX_UPDATES, TRAIN_INITS, VARIED, TrainSpec

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from actprof.cli.signals import Signalled
    from actprof.report.style import Style
    from actprof.train.result import Training

UNUSED_BY_SUMMARY = {"lr", "schedule", "optimizer", "weight_decay", "iterations", "epochs", "batch_size", "repeats",
                     "dropout", "log_y"}
"""Parameters of training alone."""

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
    click.option("--norm", multiple=True, default=(spec.NO_NORM.name,), show_default=True, metavar=NAME,
                 shell_complete=names("normalizations"),
                 help="Normalisation of the hidden layers; repeatable. See 'actprof list normalizations'."),
    norm_position_option(),
    click.option("--residual", multiple=True, default=(spec.NO_RESIDUAL.name,), show_default=True, metavar=NAME,
                 shell_complete=names("residuals"),
                 help="Residual blocks of hidden layers that keep the width; repeatable. "
                      "See 'actprof list residuals'."),
    click.option("--dropout", type=Number(0), default=TrainSpec.dropout, show_default=True, metavar="SHARE",
                 help="Share of activations dropped after each hidden layer, in training."),
))
_training_options = added((
    click.option("--loss", multiple=True, default=(AUTO,), show_default=True, metavar=NAME,
                 shell_complete=names("losses"),
                 help="What is minimised; auto goes by the labels; repeatable. See 'actprof list losses'."),
    click.option("--optimizer", multiple=True, default=(TrainSpec.optimizer.name,),
                 show_default=True, metavar=NAME, shell_complete=names("optimizers"),
                 help="How weights follow the gradient; repeatable. See 'actprof list optimizers'."),
    click.option("--lr", type=Number(0), multiple=True, default=(TrainSpec.rate,), show_default=True,
                 help="Learning rate; repeatable."),
    click.option("--schedule", multiple=True, default=(TrainSpec.schedule.name,), show_default=True,
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
def command(log_y: bool, animate: str | None, output: Output, **settings: Any) -> None:
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
    summary = settings.pop("summary")
    if summary and animate:
        raise SpecError("--animate cannot be combined with --summary, which trains nothing. Choose one.")
    output.check(_default_name("network" if summary else "train", settings), animation=animate,
                 inputs=[settings["data"]])
    if summary:
        output.name_idle(given_options(UNUSED_BY_SUMMARY), "to --summary")
        described = in_thread(lambda: train(**settings, summary=True))
        _show(described, output, described.image)
        return
    if animate:
        _require_animation(in_thread(lambda: train(**settings, summary=True)), output.dpi)

    def drawn(style: Style, form: str) -> bytes:
        from actprof.train import animation

        return animation.render(training, style) if form == "gif" else training.image(style, form, log_y)

    training, told = _trained(settings, output.quiet)
    _show(training, output, drawn)
    if told is not None:
        raise told


def _trained(settings: dict[str, Any], quiet: bool) -> tuple[Training, Signalled | None]:
    """What was learned, up to the signal that ended it early, if one did; one before anything was learned is raised."""
    begun, stop = threading.Event(), threading.Event()

    def end() -> bool:
        stop.set()
        return begun.is_set()

    with shown_progress(quiet) as progress:
        def report(share: float, arm: str, loss: str) -> None:
            begun.set()
            progress(share, arm, loss)

        training, told = run_until_interrupted(lambda: train(**settings, progress=report, stop=stop), end)
    if not training.arms and told is not None:
        raise told
    return training, told


def _show(training: Training, output: Output, drawn: Callable[[Style, str], bytes]) -> None:
    output.print(training.write, training.record, training.records)
    output.notes(*training.told)
    output.draw(drawn)


def _require_animation(described: Training, dpi: int) -> None:
    """Refuse now an animation that could not be drawn later."""
    from actprof.train.animation import require_animatable
    from actprof.train.trainer import checkpoints_of

    if all(len(arm.layers) == 1 for arm in described.arms):
        raise SpecError("--animate needs a hidden layer whose activations can be shown. Add --layers 1.")
    require_animatable(max(len(checkpoints_of(arm.config["iterations"])) for arm in described.arms), dpi)


def _default_name(stem: str, settings: dict[str, Any]) -> str:
    """The initialisers, whatever else differs between the arms, and the data unless they are the built-in ones."""
    several = [name for name in VARIED[1:] if len(settings[name]) > 1]
    source = [] if settings["data"] == DATA else [[os.path.basename(settings["data"])]]
    return default_name(stem, [settings["init"], *([str(value) for value in settings[name]] for name in several),
                               *source], ("data", "init", *several))


def train(data: str | os.PathLike[str] | ArrayLike | tuple[ArrayLike, ArrayLike] = DATA, *,
          input_key: str | None = None, label_key: str | None = None, label_column: str | int = RowsSpec.label_column,
          drop: str | Sequence[str | int] = RowsSpec.drop, missing: str = RowsSpec.missing,
          data_dir: str | os.PathLike[str] | None = None, scale: str = DataSpec.scale, target: str = DataSpec.target,
          validation_split: float | None = DataSpec.validation_split, shuffle: bool = DataSpec.shuffle,
          train_size: int | None = DataSpec.train_size, init: Names = TRAIN_INITS, act: Names = spec.ACTIVATION,
          layers: int | None = None, width: int | None = None, widths: str | Sequence[int] | None = None,
          bias: str | float | None = None, norm: Names = spec.NO_NORM.name,
          norm_position: str = spec.StackSpec.norm_position, residual: Names = spec.NO_RESIDUAL.name,
          dropout: float = TrainSpec.dropout, loss: Names = AUTO,
          optimizer: Names = TrainSpec.optimizer.name, lr: float | Sequence[float] = TrainSpec.rate,
          schedule: Names = TrainSpec.schedule.name, weight_decay: float = TrainSpec.weight_decay,
          iterations: int | None = None, epochs: int | None = None, batch_size: int = TrainSpec.batch_size,
          repeats: int = 1, seed: int = TrainSpec.seed, summary: bool = False,
          progress: Callable[[float, str, str], None] = silent, stop: threading.Event | None = None) -> Training:
    """One network trained from different initial weights, as `actprof train` computes it.

    Several values of `init`, `act`, `norm`, `residual`, `loss`, `optimizer`, `lr` or `schedule` give an arm for each
    combination, on the same batches.

    Parameters
    ----------
    data : name, path, array, data frame, or pair of arrays
        A data set, a file, or rows in memory: (rows, columns) with the labels in one of them, or (inputs, labels) of
        shapes (rows, features) and (rows,).
    input_key, label_key, label_column, drop, missing, data_dir, scale
        How such rows are read; see ``actprof train --help``.
    target : "auto", "classes" or "numbers"
        What the labels are.
    validation_split, shuffle, train_size
        Share of the rows, from the end, to test on; whether rows are shuffled first; the most rows to train on.
    init, act, norm, residual : name or number, or several
        Initialisers, activations, normalisations and residual rules.
    layers, width, widths, bias, norm_position, dropout
        The rest of the network: so many hidden layers (4) of so many units (100), or the units of each hidden layer.
    loss, optimizer, schedule : name, or several
        What is minimised, how weights follow the gradient, and how the learning rate goes on.
    lr : float, or several
        Learning rates.
    weight_decay : float
        λ of L2 regularisation.
    iterations, epochs : int
        Updates (2000), or instead how often every row is seen.
    batch_size, repeats, seed : int
        Rows of an update, networks of each arm, and the seed: the same gives the same result.
    summary : bool
        Whether the networks are only described and nothing is trained.
    progress : callable
        Called with the share done of an arm, 0 to 1, its label and its loss in words; without one notebooks show bars.
    stop : threading.Event, optional
        Ends all runs after their current update, once it is set.

    Returns
    -------
    Training
        ``arms[i].median_run`` has ``loss`` and ``smoothed`` for each iteration, ``test_accuracy`` for each checkpoint;
        see also ``table``, ``figure``, ``verdicts`` and ``to_frame``.

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError), rows cannot be read (DataError), memory is short (ResourceError).

    Examples
    --------
    >>> import actprof
    >>> learned = actprof.train("blobs", init=["zeros", "he"], layers=1, width=20, iterations=200)
    >>> [round(arm.score(learned.data), 1) for arm in learned.arms]
    [0.3, 1.0]
    """
    asked = option_values(command, locals())
    from actprof.train.session import trained

    return trained(**asked)
