"""`actprof sweep`: signal and gradient over a grid of stacks, and the phase diagram of an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click

from actprof.cli.arguments import Command, Whole, Word
from actprof.cli.options import reading, run_options, stack_options
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.signals import in_thread
from actprof.engine import spec
from actprof.engine.spec import RunSpec
from actprof.report.style import Style
from actprof.sweep.phases.command import _draw_phases, _refuse_what_phases_ignore
from actprof.sweep.spec import OVER, SWEEP_ROWS, SWEPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actprof.engine.inputs import Inputs
    from actprof.sweep.result import Sweep


@click.command("sweep", cls=Command)
@click.option("--over", multiple=True, metavar="NAME=VALUES",
              help="What varies: gain, std, bias, layers, width, init, act or norm, as LOW:HIGH, LOW:HIGH:COUNT, "
                   "LOW:HIGH:log, or joined by commas; once or twice, the first across.  "
                   f"[default: {', '.join(OVER)}]")
@click.option("--phase", is_flag=True,
              help="The phase diagram of each --act over σ_w and σ_b instead, by theory alone, with each --init as a "
                   "dot; --over sigma_w=LOW:HIGH and sigma_b=LOW:HIGH set its ranges.")
@click.option("--quantity", "quantities", multiple=True, type=Word(tuple(SWEPT)), default=("std",),
              show_default=True, metavar="NAME",
              help="What the table and the figure show of the last layer: std, square (mean square), within (std "
                   "within units), correlation, saturated, dead; gradient (the first layer's over the last's) or "
                   "verdict; repeatable.")
@stack_options
@run_options(SWEEP_ROWS)
@seed_option
@click.option("--workers", type=Whole(1, 1024),
              help="Processes; results do not depend on them.  [default: as many as cores, where that is faster]")
@output_options
@click.pass_context
def command(ctx: click.Context, /, over: tuple[str, ...], phase: bool, quantities: tuple[str, ...],
            workers: int | None, inits: tuple[str, ...], acts: tuple[str, ...], output: Output,
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
    from actprof.machine import one_blas_thread

    one_blas_thread()
    if phase:
        _refuse_what_phases_ignore(ctx)
        _draw_phases(over, inits, acts, settings, output)
        return
    _show_grid(over, quantities, workers, inits, acts, settings, output)


def _show_grid(over: Sequence[str], quantities: Sequence[str], workers: int | None, inits: Sequence[str],
               acts: Sequence[str], settings: dict[str, Any], output: Output) -> None:
    from actprof.cli.progress import shown_progress
    from actprof.sweep import records
    from actprof.sweep.grid import Grid, axes_of
    from actprof.sweep.sweeping import SweepSpec, sweep

    run = _run(settings)
    axes = axes_of(over, inits, acts, settings)
    varied = [axis.name for axis in axes]
    fixed = [names for name, names in (("init", inits), ("act", acts)) if name not in varied]
    output.check(default_name("sweep", [varied, *fixed]))
    file = in_thread(lambda: _file(run, settings))
    request = SweepSpec(Grid(axes, inits[0], acts[0], settings), run, tuple(SWEPT[word] for word in quantities),
                        output.format != "table", workers)
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: sweep(request, file, progress))
    output.print(lambda stream: _print_table(result, stream), lambda: records.sweep_record(result),
                 lambda: records.sweep_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: _figure(result, style, form))


def _run(settings: dict[str, Any]) -> RunSpec:
    """What goes through every stack; taken out of the settings, which then are of the stacks alone."""
    from actprof.engine import inputs

    source = inputs.parse(settings.pop("input_"), **reading(settings))
    return RunSpec(source, quantities=spec.QUANTITIES[:1], **{name: settings.pop(name) for name in (
        "batch_size", "batches", "repeats", "seed", "dtype")})


def _file(run: RunSpec, settings: dict[str, Any]) -> Inputs | None:
    """The rows of a data set or file, whose features are every stack's first width; None where inputs are drawn."""
    from actprof.engine import inputs

    stored = inputs.stored_inputs(run)
    if stored is not None:
        settings["features"] = stored.features
    return stored


def _print_table(result: Sweep, stream: TextIO) -> None:
    from actprof.sweep.table import print_sweep

    print_sweep(result, stream)


def _figure(result: Sweep, style: Style, form: str) -> bytes:
    from actprof.sweep.figure import render

    return render(result, style, form)
