"""`actprof sweep`: signal and gradient over a grid of stacks, and the phase diagram of an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource

from actprof import spec
from actprof.cli import options, runs, stacks
from actprof.cli.requests import Command, Whole, Word
from actprof.cli.signals import aside
from actprof.errors import SpecError
from actprof.spec import RunSpec, Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actprof.inputs import Inputs
    from actprof.phase_diagrams import PhaseDiagrams
    from actprof.sweep_maps import Sweep

NOT_OF_PHASES = {"quantities", "layers", "widths", "norm", "norm_position", "input_", "input_key", "label_column",
                 "scale", "batch_size", "batches", "repeats", "dtype", "seed", "workers"}
"""Parameters that mean nothing to a phase diagram."""


@click.command("sweep", cls=Command)
@click.option("--over", multiple=True, metavar="NAME=VALUES",
              help="What varies: gain, std, bias, layers, width, init, act or norm, as LOW:HIGH, LOW:HIGH:COUNT, "
                   "LOW:HIGH:log, or joined by commas; once or twice, the first across.  "
                   f"[default: {', '.join(spec.OVER)}]")
@click.option("--phase", is_flag=True,
              help="The phase diagram of each --act over σ_w and σ_b instead, by theory alone, with each --init as a "
                   "dot; --over sigma_w=LOW:HIGH and sigma_b=LOW:HIGH set its ranges.")
@click.option("--quantity", "quantities", multiple=True, type=Word(tuple(spec.SWEPT)), default=("std",),
              show_default=True, metavar="NAME",
              help="What the table and the figure show of the last layer: std, square (mean square), within (std "
                   "within units), correlation, saturated, dead; gradient (the first layer's over the last's) or "
                   "verdict; repeatable.")
@stacks.stack_options
@runs.run_options(spec.SWEEP_ROWS)
@options.seed_option
@click.option("--workers", type=Whole(1, 1024),
              help="Processes; results do not depend on them.  [default: as many as cores, where that is faster]")
@options.output_options
@click.pass_context
def command(ctx: click.Context, /, over: tuple[str, ...], phase: bool, quantities: tuple[str, ...],
            workers: int | None, inits: tuple[str, ...], acts: tuple[str, ...], output: options.Output,
            **settings: Any) -> None:
    """Show signal and gradient over a grid of networks, or a phase diagram.

    \b
    actprof sweep                             gain x layers, He and ReLU
    actprof sweep --act tanh --over gain=0.5:3:26 --over bias=0:1:11
    actprof sweep --over gain=0.5:3 --over act=relu,tanh,gelu --quantity verdict
    actprof sweep --over width=64:1024:log --repeats 8
    actprof sweep --phase --act tanh --init he --init xavier

    Each cell is a run of 'actprof histogram' with the same settings and --batch-size. Lines are theory's: the edge of
    chaos, where χ₁ = 1, and as deep as six times the depth scale. Over the width, with --repeats of 2 or more,
    each quantity is said to be flat or not.
    """
    from actprof.parallel import one_blas_thread

    one_blas_thread()
    if phase:
        _refuse_what_phases_ignore(ctx)
        _draw_phases(over, inits, acts, settings, output)
        return
    _show_grid(over, quantities, workers, inits, acts, settings, output)


def _show_grid(over: Sequence[str], quantities: Sequence[str], workers: int | None, inits: Sequence[str],
               acts: Sequence[str], settings: dict[str, Any], output: options.Output) -> None:
    from actprof.cli.progress import shown_progress
    from actprof.render.sweeps import records
    from actprof.sweeps.grids import Grid, axes_of
    from actprof.sweeps.sweeping import SweepSpec, sweep

    run = _run(settings)
    axes = axes_of(over, inits, acts, settings)
    varied = [axis.name for axis in axes]
    fixed = [names for name, names in (("init", inits), ("act", acts)) if name not in varied]
    output.check(options.default_name("sweep", [varied, *fixed]))
    file = aside(lambda: _file(run, settings))
    request = SweepSpec(Grid(axes, inits[0], acts[0], settings), run, tuple(spec.SWEPT[word] for word in quantities),
                        output.format != "table", workers)
    with shown_progress(output.quiet) as progress:
        result = aside(lambda: sweep(request, file, progress))
    output.print(lambda stream: _print_table(result, stream), lambda: records.sweep_record(result),
                 lambda: records.sweep_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: _figure(result, style, form))


def _run(settings: dict[str, Any]) -> RunSpec:
    """What goes through every stack; taken out of the settings, which then are of the stacks alone."""
    from actprof import inputs

    source = inputs.parse(*(settings.pop(name) for name in ("input_", "input_key", "label_column", "scale")))
    return RunSpec(source, quantities=spec.QUANTITIES[:1], **{name: settings.pop(name) for name in (
        "batch_size", "batches", "repeats", "seed", "dtype")})


def _file(run: RunSpec, settings: dict[str, Any]) -> Inputs | None:
    """The rows of a file, whose features are every stack's first width; None where inputs are drawn."""
    from actprof import inputs

    table = runs.rows_of(run.input)
    if table is None:
        return None
    settings["features"] = table.features.shape[1]
    return inputs.file_inputs(run, table)


def _print_table(result: Sweep, stream: TextIO) -> None:
    from actprof.render.sweeps.table import print_sweep

    print_sweep(result, stream)


def _figure(result: Sweep, style: Style, form: str) -> bytes:
    from actprof.render.sweeps.figure import render

    return render(result, style, form)


def _refuse_what_phases_ignore(ctx: click.Context) -> None:
    for param in ctx.command.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if given and param.name in NOT_OF_PHASES:
            raise SpecError(f"--phase cannot be combined with {max(param.opts, key=len)}. It is theory alone, of wide "
                            "and deep stacks.")


def _draw_phases(over: Sequence[str], inits: Sequence[str], acts: Sequence[str], settings: dict[str, Any],
                 output: options.Output) -> None:
    from actprof.cli.progress import shown_progress
    from actprof.phases import phase_diagrams, phase_spec
    from actprof.render.phases import records
    from actprof.sweeps.axes import SIGMAS, distinct, parsed

    ranges = {axis.name: axis.numbers for axis in distinct([parsed(text, SIGMAS) for text in over])}
    request = phase_spec(acts, inits, width=settings["width"], bias=settings["bias"], **ranges)
    output.check(options.default_name("phases", [acts, inits]))
    with shown_progress(output.quiet) as progress:
        result = aside(lambda: phase_diagrams(request, progress))
    output.print(lambda stream: _print_phases(result, stream), lambda: records.diagram_record(result),
                 lambda: records.diagram_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: _phase_figure(result, style, form))


def _print_phases(result: PhaseDiagrams, stream: TextIO) -> None:
    from actprof.render.phases.table import print_diagrams

    print_diagrams(result, stream)


def _phase_figure(result: PhaseDiagrams, style: Style, form: str) -> bytes:
    from actprof.render.phases.figure import render

    return render(result, style, form)
