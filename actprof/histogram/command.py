"""`actprof histogram`: per-layer activation histograms and statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Whole, Word, given_options
from actprof.cli.command_line import changed
from actprof.cli.options import reading, run_options, stack_options
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import shown_progress
from actprof.cli.signals import in_thread
from actprof.engine import spec
from actprof.engine.spec import RunSpec
from actprof.errors import SpecError, quoted
from actprof.registry import folded
from actprof.report.style import MAX_PANELS, VIEWS, View

if TYPE_CHECKING:
    from actprof.engine.inputs import Inputs
    from actprof.engine.spec import StackSpec
    from actprof.histogram.result import JudgedArm


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
@click.option("--range", "range_", type=_range, default=RunSpec.range, show_default=True,
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
@click.option("--view", type=Word((View.view, *VIEWS)), default=View.view, show_default=True,
              help=f"Auto: panels to {MAX_PANELS} layers, a heat map beyond, of too many arms the curves alone.")
@click.option("--try", "try_", is_flag=True, help="Run the remedies too, as further arms.")
@click.option("--brief", is_flag=True, help="Print the table of verdicts alone.")
@click.option("--all-layers", is_flag=True, help="Show on a terminal all layers of long stacks, as in a pipe.")
@click.option("--theory", is_flag=True, help="Show on a terminal what theory expects also where it agrees, as in a "
                                             "pipe.")
@output_options
def command(input_: str, range_: Any, log_y: bool, quantity: str, view: str, gradients: bool | None,
            jacobian: bool, check: bool, explain: bool, try_: bool, brief: bool, all_layers: bool, theory: bool,
            output: Output, inits: tuple[str, ...], acts: tuple[str, ...],
            **settings: Any) -> int:
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
    from actprof.engine import inputs
    from actprof.histogram import records
    from actprof.histogram.compare import compare, remedied_stacks
    from actprof.histogram.figure import render
    from actprof.histogram.table import Shown, print_comparison, print_limits

    if explain:
        output.name_idle(given_options(but=("explain", "format_", "as_json", "quiet", "no_figure")), "to --explain")
        output.print(print_limits, records.limits_record, records.limits_rows)
        return 0
    output.check(default_name("histogram", [inits, acts], ("inits", "acts")), inputs=[input_])
    run_settings = {name: settings.pop(name) for name in RunSpec.__dataclass_fields__ if name in settings}
    # The table and the figure show one quantity; activations alone are counted in about half the time.
    counted = spec.QUANTITIES[:1] if output.format == "table" and quantity == spec.QUANTITIES[0] else spec.QUANTITIES
    run = RunSpec(inputs.parse(input_, **reading(settings)), range=range_, quantities=counted,
                  gradients=_asked_for(gradients, quantity), jacobian=jacobian, **run_settings)
    specs, rows = in_thread(lambda: _opened(run, inits, acts, settings))
    run, remarks = _with_gradients(run, specs, rows, unasked=gradients is None)
    with shown_progress(output.quiet) as progress:
        comparison = in_thread(lambda: compare(specs, run, rows, progress))
        remedied = remedied_stacks(comparison, specs) if try_ else []
        fitting = [stack for stack in remedied if stack.widths[0] == rows.features]
        if fitting:
            comparison = in_thread(lambda: compare([*specs, *fitting], run, rows, progress))
    ctx, shown = click.get_current_context(), Shown(quantity, brief, all_layers, theory)
    stored = run.input.source is None
    output.print(lambda stream: print_comparison(comparison, shown, stream,
                                                 lambda arm: _remedied_line(arm, ctx, stored)),
                 lambda: records.comparison_record(comparison), lambda: records.comparison_rows(comparison))
    if len(fitting) < len(remedied):
        remarks = (*remarks, "--try leaves out remedies for other inputs; the command lines above run them")
    output.notes(*rows.notes, *remarks, *(f"{warning.arm}: {warning.message}" for warning in comparison.warnings))
    output.draw(lambda style, form: render(comparison, View(quantity, view, log_y), style, form))
    return BAD_VERDICT if check and any(arm.verdict and arm.verdict.bad for arm in comparison.arms) else 0


def _opened(run: RunSpec, inits: tuple[str, ...], acts: tuple[str, ...],
            settings: dict[str, Any]) -> tuple[list[StackSpec], Inputs]:
    """The stacks, and the inputs; a file's features are the first width."""
    from actprof.engine import inputs
    from actprof.engine.stacks import stack_arms

    stored = inputs.stored_inputs(run)
    if stored is not None:
        return stack_arms(inits, acts, features=stored.features, **settings), stored
    specs = stack_arms(inits, acts, **settings)
    return specs, inputs.open_inputs(run, specs[0].widths[0])


def _asked_for(gradients: bool | None, quantity: str) -> bool:
    if quantity == spec.GRADIENT and gradients is False:
        raise SpecError("--quantity gradient cannot be combined with --no-gradients. Choose one.")
    return bool(gradients) or quantity == spec.GRADIENT


def _with_gradients(run: RunSpec, specs: list[StackSpec], rows: Inputs,
                    unasked: bool) -> tuple[RunSpec, tuple[str, ...]]:
    """The run, with gradients where they cost little though nobody asked, and a remark where they never will."""
    from actprof.engine import memory

    if run.gradients or not unasked:
        return run, ()
    if memory.any_too_large(specs, run):
        return run, (memory.too_large_for_gradients(),)
    few = memory.gradient_rows(specs, run, rows)
    remarks = () if few is None else (f"gradients are of the first {few:,} rows alone; --gradients sends all back",)
    return replace(run, gradients=True, gradient_rows=few), remarks


def _remedied_line(arm: JudgedArm, ctx: click.Context, stored: bool) -> str:
    """The user's command line with the options of an arm's remedy, for that arm alone; "" where there is none."""
    from actprof.engine.stacks import is_each

    verdict = arm.verdict
    if verdict is None or arm.stack is None or not verdict.options:
        return ""
    scaled = verdict.options.startswith(STANDARDISED)
    if scaled and not stored:
        return ""
    words = verdict.options.removeprefix(STANDARDISED).removeprefix(" and try ").split()
    values = {name: [value] for name, value in zip(words[::2], words[1::2], strict=True)}
    own = {name: [value] for name, value in arm.stack.options.items()}
    own |= {"--try": [], "--layers": [str(arm.stack.depth)]}
    values |= {"--scale": ["standard"]} if scaled else {}
    sizes = {"--width", "--widths", "--layers"} & values.keys()
    if sizes or any(map(is_each, (*ctx.params["inits"], *ctx.params["acts"]))):
        values |= _sizes(verdict.remedied or arm.stack)
    return changed(ctx, values, own)


def _sizes(stack: StackSpec) -> dict[str, list[str]]:
    """The options that give a stack its layers."""
    if len(set(stack.widths)) > 1:
        return {"--layers": [], "--width": [], "--widths": [",".join(map(str, stack.widths))]}
    return {"--layers": [str(stack.depth)], "--width": [str(stack.widths[0])], "--widths": []}
