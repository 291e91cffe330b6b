"""`actprof sweep`: signal and gradient over a grid of stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Whole, Word
from actprof.cli.completion import FILES
from actprof.cli.options import reading, run_options, stack_options
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.signals import in_thread
from actprof.engine import spec
from actprof.engine.spec import RunSpec
from actprof.errors import quoted
from actprof.sweep.result import OVER, SWEEP_ROWS, SWEPT

if TYPE_CHECKING:
    from actprof.engine.inputs import Inputs


class _SweepOrPhases(Command):
    """A command that is `actprof phases` where --phase is asked for."""

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None,
                     **extra: Any) -> click.Context:
        if "--phase" not in args:
            return super().make_context(info_name, args, parent, **extra)
        from actprof.sweep.phases.command import command

        rest = [argument for argument in args if argument != "--phase"]
        return command.make_context(f"{info_name} --phase", rest, parent, **extra)


@click.command("sweep", cls=_SweepOrPhases)
@click.option("--over", multiple=True, metavar="NAME=VALUES",
              help="What varies: gain, std, bias, layers, width, init, act or norm, as LOW:HIGH, LOW:HIGH:COUNT, "
                   "LOW:HIGH:log, or joined by commas; once or twice, the first across.  "
                   f"[default: {', '.join(OVER)}]")
@click.option("--phase", is_flag=True, expose_value=False,
              help="Another command: the phase diagram of each --act over σ_w and σ_b; see 'actprof phases'.")
@click.option("--quantity", "quantities", multiple=True, type=Word(tuple(SWEPT)), default=("std",),
              show_default=True, metavar="NAME",
              help="What the table and the figure show of the last layer: std, square (mean square), within (std "
                   "within units), correlation, saturated, dead; gradient (the first layer's over the last's) or "
                   "verdict; repeatable.")
@stack_options(repeatable=False)
@run_options(SWEEP_ROWS)
@seed_option
@click.option("--workers", type=Whole(1, 1024),
              help="Processes; results do not depend on them.  [default: as many as cores, where that is faster]")
@click.option("--scheduler", default="", metavar="HOST:PORT",
              help="Let the workers of this Dask scheduler make the cells, on any number of machines; needs "
                   "actprof[dask].")
@click.option("--resume", metavar="FILE", shell_complete=FILES,
              help="Keep finished cells in FILE, and make those only that are not in it.")
@output_options
def command(over: tuple[str, ...], quantities: tuple[str, ...], workers: int | None, scheduler: str, resume: str | None,
            inits: tuple[str, ...], acts: tuple[str, ...], output: Output, **settings: Any) -> None:
    """Show signal and gradient over a grid of networks.

    \b
    actprof sweep                             gain x layers, He and ReLU
    actprof sweep --act tanh --over gain=0.5:3:26 --over bias=0:1:11
    actprof sweep --over gain=0.5:3 --over act=relu,tanh,gelu --quantity verdict
    actprof sweep --over width=64:1024:log --repeats 8
    actprof sweep --phase --act tanh --init he --init xavier

    Each cell is a run of 'actprof histogram' with the same settings and --batch-size. Lines are theory's: the edge of
    chaos, where χ₁ = 1, and 6 ξ_c, down to which the signal still tells inputs apart; gradients pass the limit of a
    verdict, ×30, at 2·ln 30/|ln χ₁| layers. Trainable is what lies within both. Over the width, with --repeats of 2 or
    more, each quantity is said to be flat or not.
    """
    from actprof.machine import one_blas_thread

    one_blas_thread()
    from actprof.cli.progress import shown_progress
    from actprof.sweep import records
    from actprof.sweep.figure import render
    from actprof.sweep.grid import Grid, axes_of
    from actprof.sweep.kept import KeptCells
    from actprof.sweep.sweeping import SweepSpec, sweep
    from actprof.sweep.table import print_sweep

    rows_from = settings["input_"]
    run = _run(settings)
    axes = axes_of(over, inits, acts, settings)
    varied = [axis.name for axis in axes]
    fixed = [names for name, names in (("init", inits), ("act", acts)) if name not in varied]
    output.check(default_name("sweep", [varied, *fixed], ("inits", "acts")), inputs=[rows_from, resume])
    kept = None if resume is None else KeptCells(resume)
    file = in_thread(lambda: _file(run, settings))
    request = SweepSpec(Grid(axes, inits[0], acts[0], settings), run, tuple(SWEPT[word] for word in quantities),
                        output.format != "table", workers, scheduler)
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: sweep(request, file, progress, kept))
    if kept is not None:
        output.notes(f"{kept.used:,} of {len(result.cells):,} cells from {quoted(resume, 300)}")
    output.print(lambda stream: print_sweep(result, stream), lambda: records.sweep_record(result),
                 lambda: records.sweep_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: render(result, style, form))


def _run(settings: dict[str, Any]) -> RunSpec:
    """The run of every stack; its settings are taken out, so that those of the stacks alone are left."""
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
