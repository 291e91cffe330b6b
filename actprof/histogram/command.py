"""`actprof histogram`: per-layer activation histograms and statistics."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Names, Whole, Word, given_options, option_values
from actprof.cli.command_line import changed
from actprof.cli.options import run_options, scheduler_option, stack_options
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import shown_progress, silent
from actprof.cli.signals import in_thread
from actprof.data.request import RowsSpec
from actprof.engine import spec
from actprof.engine.spec import RunSpec, StackSpec
from actprof.errors import SpecError, quoted
from actprof.registry import folded
from actprof.report.style import MAX_PANELS, PATH, VIEWS, View

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from actprof.histogram.result import Comparison, JudgedArm


BAD_VERDICT = 3
STANDARDISED = "standardise the inputs"
"""Of a remedy, before its options: no option does that to inputs that are drawn."""


def _range(text: str) -> str | tuple[float, float]:
    """`LOW HIGH`, or one of spec.RANGES."""
    if folded(text) in spec.RANGES:
        return folded(text)
    try:
        low, high = map(float, text.split())
    except ValueError:
        raise SpecError(f"--range must be two numbers LOW HIGH, 'layer' or 'shared', not {quoted(text)}.") from None
    return low, high


class _RangeCommand(Command):
    """Hands `--range LOW HIGH` to Click as one value, since Click takes always two values or always one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _joined(args))


def _joined(args: list[str]) -> list[str]:
    """`--range 0 1` → `--range=0 1`; also after `--range=0`."""
    joined: list[str] = []
    rest = iter(args)
    for argument in rest:
        value = next(rest, None) if argument == "--range" else argument.removeprefix("--range=")
        if value is None or value == argument:
            joined.append(argument)
        elif folded(value) in spec.RANGES or len(value.split()) != 1:
            joined.append(f"--range={value}")
        else:
            joined.append(f"--range={value} {next(rest, '')}".rstrip())
    return joined


@click.command("histogram", cls=_RangeCommand)
@stack_options(repeatable=True)
@run_options()
@seed_option
@click.option("--bins", type=Whole(1, spec.MAX_BINS), default=RunSpec.bins, show_default=True,
              help="Bars of a histogram.")
@click.option("--range", type=_range, default=RunSpec.range, show_default=True,
              metavar="LOW HIGH|layer|shared",
              help="Range of the histograms: fixed, each layer its own, or one that covers all.")
@click.option("--log-y", is_flag=True, help="Logarithmic shares in the figure.")
@click.option("--quantity", type=Word(spec.SHOWN), default=spec.QUANTITIES[0], show_default=True,
              help="What the table and the figure show.")
@click.option("--gradients/--no-gradients", default=None,
              help="Send a random gradient back through the layers.  [default: for few rows where all would take long]")
@click.option("--check", is_flag=True, help="End with exit code 3 if a verdict is bad.")
@click.option("--explain", is_flag=True, help="Print the limits that verdicts go by, and why; profile nothing.")
@click.option("--jacobian", is_flag=True, help="Singular values of the derivative of outputs by inputs, at 4 samples.")
@click.option("--view", type=Word((View.view, *VIEWS, PATH)), default=View.view, show_default=True,
              help=f"Auto: panels to {MAX_PANELS} layers, a heat map beyond, of too many arms the curves alone. "
                   f"{PATH}: dL/dt along --input line and its autocorrelation.")
@click.option("--try", "try_", is_flag=True, help="Run the remedies too, as further arms.")
@scheduler_option
@click.option("--brief", is_flag=True, help="Print the table of verdicts alone.")
@click.option("--all-layers", is_flag=True, help="Show on a terminal all layers of long stacks, as in a pipe.")
@click.option("--theory", is_flag=True, help="Show on a terminal what theory expects also where it agrees, as in a "
                                             "pipe.")
@output_options
def command(quantity: str, view: str, log_y: bool, gradients: bool | None, check: bool, explain: bool, brief: bool,
            all_layers: bool, theory: bool, output: Output, **settings: Any) -> int:
    """Show what happens to the signal in each layer of a dense stack.

    \b
    actprof histogram                                      He, ReLU, 5 layers
    actprof histogram --init 0.01 --init xavier --init he  three arms, ranked
    actprof histogram --act sigmoid --init 1 --range 0 1   the textbook's view
    actprof histogram --init xavier --init he --layers 30 --view curves
    actprof histogram --widths 784,512,10 --json           for scripts
    actprof histogram --input data.csv --scale standard    on real data
    actprof histogram --input glyphs --layers 3            on images of digits

    In the table, std is of all values of a layer; in-unit std is over the samples within a unit, which is the signal
    that is left; % sat is the share where the activation has flattened; the bars leave out the values at exactly 0;
    gradient ratio is the rms of dL/dz per unit beside that in the last layer, for a random gradient of the outputs;
    gradient norm, where widths differ, is that of a sample's ‖dL/dz‖, by which verdicts go.
    """
    from actprof.machine import one_blas_thread

    one_blas_thread()
    from actprof.histogram import records
    from actprof.histogram.table import Shown, print_limits, print_result

    if explain:
        output.name_idle(given_options(but=("explain", "format_", "as_json", "quiet", "no_figure")), "to --explain")
        output.print(print_limits, records.limits_record, records.limits_rows)
        return 0
    if view == PATH and folded(settings["input"].partition(":")[0]) != "line":
        raise SpecError(f"--view {PATH} needs --input line, not {quoted(settings['input'])}.")
    output.check(default_name("histogram", [settings["init"], settings["act"]], ("init", "act")),
                 inputs=[settings["input"]])
    # The table and the figure show one quantity; activations alone are counted in about half the time.
    preactivations = output.format != "table" or quantity != spec.QUANTITIES[0]
    with shown_progress(output.quiet) as progress:
        comparison = in_thread(lambda: histogram(**settings, gradients=_asked_for(gradients, quantity, view),
                                                 preactivations=preactivations, progress=progress))
    ctx, shown = click.get_current_context(), Shown(quantity, brief, all_layers, theory)
    output.print(lambda stream: print_result(comparison, stream, shown, lambda arm: _remedied_line(arm, ctx)),
                 comparison.record, comparison.records)
    output.notes(*comparison.told)
    output.draw(lambda style, form: comparison.image(style, form, View(quantity, view, log_y)))
    return BAD_VERDICT if check and any(arm.verdict and arm.verdict.bad for arm in comparison.arms) else 0


def histogram(init: Names = spec.INIT, act: Names = spec.ACTIVATION, *, layers: int | Sequence[int] | None = None,
              width: int | None = None, widths: str | Sequence[int] | None = None, bias: Names | None = None,
              norm: Names = spec.NO_NORM.name, norm_position: str = StackSpec.norm_position,
              dropout: float | Sequence[float] = StackSpec.dropout, residual: Names = spec.NO_RESIDUAL.name,
              tied: bool = StackSpec.tied,
              input: str | os.PathLike[str] | ArrayLike = "normal", input_key: str | None = None,
              label_key: str | None = None, label_column: str | int = RowsSpec.label_column,
              drop: str | Sequence[str | int] = RowsSpec.drop, missing: str = RowsSpec.missing,
              data_dir: str | os.PathLike[str] | None = None, scale: str = spec.SCALES[0],
              batch_size: int = RunSpec.batch_size, batches: int = RunSpec.batches, repeats: int = RunSpec.repeats,
              dtype: str = RunSpec.dtype, seed: int = RunSpec.seed, bins: int = RunSpec.bins,
              range: str | Sequence[float] = RunSpec.range, gradients: bool | None = None, preactivations: bool = True,
              jacobian: bool = RunSpec.jacobian, try_: bool = False, scheduler: str = "",
              progress: Callable[[float], None] = silent) -> Comparison:
    """What happens to the signal in each layer of dense stacks, as `actprof histogram` computes it.

    Several values of `init`, `act`, `layers`, `bias`, `norm`, `dropout` or `residual` give an arm for each combination,
    on the same inputs and the same underlying draws.

    Parameters
    ----------
    init, bias : name or number, or several
        Weight initialisers, such as ``"he"``, and where biases come from; a number is the std of a normal.
    act : name, or several
        Activations; like initialisers they may be one for each layer, ``"relu*4/tanh"``.
    layers, width : int
        So many layers (5) of so many units (100).
    widths : sequence of int
        Instead of these the inputs and the units of each layer, such as ``[784, 512, 10]``.
    norm, norm_position, dropout
        Normalisation, "before" or "after" the activation, and the share of activations that are dropped.
    residual : name, or several
        How layers that keep the width form residual blocks, such as ``"plain"`` or ``"pre_norm:rms"``.
    tied : bool
        Whether one matrix serves all layers, as in a recurrent network unrolled.
    input : name, path, array or data frame
        A random source, a data set, a file, or rows in memory, (rows, features) or images (rows, …).
    input_key, label_key, label_column, drop, missing, data_dir, scale
        How such rows are read; see ``actprof histogram --help``.
    batch_size, batches, repeats : int
        Rows of a batch, batches, and independent networks, of which statistics are medians.
    dtype : "float32" or "float64"
        Precision of the network.
    seed : int
        The same seed gives the same result, on any number of cores.
    bins : int
        Bars of a histogram.
    range : (low, high), "layer" or "shared"
        Range of the histograms, in units of the activations.
    gradients : bool, optional
        Whether a random gradient goes back; by default where that is quick, or for few rows.
    preactivations : bool
        Whether pre-activations are counted too, which takes about twice the time.
    jacobian : bool
        Whether the derivative of outputs by inputs is decomposed at 4 samples.
    try_ : bool
        Whether remedies run too, as further arms.
    scheduler : str
        Host and port of a Dask scheduler whose workers make the networks instead.
    progress : callable
        Called with the share done, 0 to 1; without one notebooks show a bar.

    Returns
    -------
    Comparison
        ``arms[i].layers[k].activation.statistics`` are the numbers of a layer; see also ``table``, ``figure``,
        ``verdicts``, ``to_dict``, ``to_json``, ``to_csv`` and ``to_frame``.

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError), rows cannot be read (DataError), memory is short (ResourceError).

    Examples
    --------
    >>> import actprof
    >>> actprof.histogram([0.01, "he"], layers=5, width=50, batch_size=200).verdicts
    {'0.01 / relu': 'vanishing', 'he / relu': 'healthy'}
    """
    asked = option_values(command, locals())
    from actprof.histogram.compare import profiled

    return profiled(**asked)


def _asked_for(gradients: bool | None, quantity: str, view: str) -> bool | None:
    needs = [f"--{name} {value}" for name, value, one in (("quantity", quantity, spec.GRADIENT), ("view", view, PATH))
             if value == one]
    if needs and gradients is False:
        raise SpecError(f"{needs[0]} cannot be combined with --no-gradients. Choose one.")
    return True if needs else gradients


def _remedied_line(arm: JudgedArm, ctx: click.Context) -> list[str]:
    """The user's command line with the options of an arm's remedy, for that arm alone; empty where there is none."""
    from actprof.engine.stacks import is_each

    verdict = arm.verdict
    if verdict is None or arm.stack is None or not verdict.options:
        return []
    scaled = verdict.options.startswith(STANDARDISED)
    if scaled and "drop" not in arm.config:  # only of rows from outside it is said what is dropped
        return []
    words = verdict.options.removeprefix(STANDARDISED).removeprefix(" and try ").split()
    values = {name: [value] for name, value in zip(words[::2], words[1::2], strict=True)}
    own = {name: [value] for name, value in arm.stack.options.items()}
    own |= {"--try": [], "--layers": [str(arm.stack.depth)]}
    values |= {"--scale": ["standard"]} if scaled else {}
    sizes = {"--width", "--widths", "--layers"} & values.keys()
    if sizes or any(map(is_each, (*ctx.params["init"], *ctx.params["act"]))):
        values |= _sizes(verdict.remedied or arm.stack)
    return changed(ctx, values, own)


def _sizes(stack: StackSpec) -> dict[str, list[str]]:
    """The options that give a stack its layers."""
    if len(set(stack.widths)) > 1:
        return {"--layers": [], "--width": [], "--widths": [",".join(map(str, stack.widths))]}
    return {"--layers": [str(stack.depth)], "--width": [str(stack.widths[0])], "--widths": []}
