"""`actprof histogram`: per-layer activation histograms and statistics."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from actprof import spec
from actprof.cli import options, stacks
from actprof.errors import SpecError, shown
from actprof.registry import folded
from actprof.spec import InputSpec, RunSpec

if TYPE_CHECKING:
    from actprof.profiles import Comparison

RANGE_WORDS = ("shared", "layer")


class _RangeCommand(click.Command):
    """Lets `--range` take one word or two numbers: a word is doubled before Click counts the values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spread: list[str] = []
        for place, argument in enumerate(args):
            spread.append(argument)
            if folded(argument) in RANGE_WORDS and place and args[place - 1] == "--range":
                spread.append(argument)
        return super().parse_args(ctx, spread)


@click.command("histogram", cls=_RangeCommand)
@stacks.stack_options
@click.option("--input", "input_", default="normal", show_default=True, metavar=f"{stacks.NAME}|FILE",
              help="Random rows, or a .npz, .npy or .csv file, which sets the first width.")
@click.option("--input-key", metavar="NAME", help="Which array of an .npz file.")
@click.option("--label-column", metavar="auto|last|NAME|none", default=InputSpec.label_column, show_default=True,
              help="Column of a .csv file that is not an input; auto leaves out a last column of text.")
@click.option("--scale", type=options.word(spec.SCALES), default=InputSpec.scale, show_default=True,
              help="A file's values: as they are, 0 … 1, or each feature to mean 0 and std 1.")
@click.option("--batch-size", type=options.Whole(1, spec.MAX_BATCH), default=RunSpec.batch_size,
              show_default=True, help="Rows of a batch.")
@click.option("--batches", type=options.Whole(1, spec.MAX_BATCH), default=RunSpec.batches, show_default=True,
              help="Batches; they stream through one after the other.")
@click.option("--repeats", type=options.Whole(1, spec.MAX_REPEATS), default=RunSpec.repeats, show_default=True,
              help="Independent networks: figures are medians, with quartiles.")
@click.option("--dtype", type=options.word(spec.DTYPES), default=RunSpec.dtype, show_default=True,
              help="Precision of the network.")
@options.seed_option
@click.option("--bins", type=options.Whole(1, spec.MAX_BINS), default=RunSpec.bins, show_default=True,
              help="Bars of a histogram.")
@click.option("--range", "range_", nargs=2, default=(RunSpec.range,) * 2, metavar="LOW HIGH|layer|shared",
              help="Range of the histograms: fixed, each layer its own, or one that covers all.  [default: shared]")
@click.option("--log-y", is_flag=True, help="Logarithmic shares in the figure.")
@click.option("--quantity", type=options.word(spec.QUANTITIES), default=spec.QUANTITIES[0], show_default=True,
              help="What the table and the figure show.")
@click.option("--view", type=options.word(("auto", "panels", "ridge", "heatmap")), default="auto", show_default=True,
              help="Auto: panels to 8 layers, ridge lines to 24, a heat map beyond.")
@options.output_options
def command(input_: str, input_key: str | None, label_column: str, scale: str, range_: tuple[str, str], log_y: bool,
            quantity: str, view: str, output: options.Output, inits: tuple[str, ...], acts: tuple[str, ...],
            **settings: Any) -> None:
    """Show what happens to the signal in each layer of a dense stack.

    \b
    actprof histogram                                       He, ReLU, 5 layers of 100
    actprof histogram --init 0.01 --init xavier --init he   three arms, ranked
    actprof histogram --act sigmoid --init 1 --range 0 1    the textbook's view
    actprof histogram --widths 784,512,10 --json            for scripts
    actprof histogram --input data.csv --scale standard     on real data
    """
    from actprof.parallel import one_blas_thread

    one_blas_thread()
    from actprof import datasets, inputs
    from actprof.cli.progress import shown_progress
    from actprof.engine import compare

    output.check(options.default_name("histogram", [inits, acts]))
    run_settings = {name: settings.pop(name) for name in RunSpec.__dataclass_fields__ if name in settings}
    run = RunSpec(inputs.parse(input_, input_key, label_column, scale), range=_range(range_), **run_settings)
    source = run.input
    table = datasets.read(source.path, source.key, source.label_column) if source.path else None
    specs = stacks.stack_specs(inits, acts, features=table.features.shape[1] if table else None, **settings)
    rows = inputs.file_inputs(run, table) if table else inputs.open_inputs(run, specs[0].widths[0])
    with shown_progress(output.quiet) as progress:
        comparison = compare(specs, run, rows, progress)
    _print(comparison, quantity, output)
    output.notes(*rows.notes, *(f"{warning.arm}: {warning.message}" for warning in comparison.warnings))
    output.draw(lambda style, form: _figure(comparison, quantity, view, log_y, style, form))


def _print(comparison: Comparison, quantity: str, output: options.Output) -> None:
    """The result on standard output, before matplotlib is loaded."""
    if output.takes_stdout:
        return
    if output.format == "table":
        from actprof.render.console import print_comparison

        print_comparison(comparison, quantity, sys.stdout)
    else:
        from actprof.render import records

        click.echo(records.to_json(records.comparison_record(comparison)) if output.format == "json"
                   else records.comparison_csv(comparison), nl=output.format == "json")
    sys.stdout.flush()


def _figure(comparison: Comparison, quantity: str, view: str, log_y: bool, style: Any, form: str) -> bytes:
    from actprof.render.histogram_figure import View, render

    return render(comparison, View(quantity, view, log_y), style, form)


def _range(words: tuple[str, str]) -> str | tuple[float, float]:
    if folded(words[0]) in RANGE_WORDS:
        return folded(words[0])
    try:
        return float(words[0]), float(words[1])
    except ValueError:
        raise SpecError(f"--range needs two numbers, 'layer' or 'shared', not {shown(' '.join(words))}.") from None
