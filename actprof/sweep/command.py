"""`actprof sweep`: signal and gradient over a grid of stacks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Names, Whole, Word, option_values
from actprof.cli.completion import FILES
from actprof.cli.options import run_options, scheduler_option, stack_options
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import shown_progress, silent
from actprof.cli.signals import in_thread
from actprof.data.request import RowsSpec
from actprof.engine import spec
from actprof.engine.spec import RunSpec, StackSpec
from actprof.sweep.result import OVER, SWEEP_ROWS, SWEPT

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from actprof.sweep.result import Sweep


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
              help="What varies: gain, std, bias, layers, width, init, act, norm or residual, as LOW:HIGH, "
                   "LOW:HIGH:COUNT, LOW:HIGH:log, or joined by commas; once or twice, the first across.  "
                   f"[default: {', '.join(OVER)}]")
@click.option("--phase", is_flag=True, expose_value=False,
              help="Another command: the phase diagram of each --act over σ_w and σ_b; see 'actprof phases'.")
@click.option("--quantity", multiple=True, type=Word(tuple(SWEPT)), default=("std",),
              show_default=True, metavar="NAME",
              help="What the table and the figure show of the last layer: std, square (mean square), within (std "
                   "within units), correlation, saturated, dead; gradient (the first layer's over the last's) or "
                   "verdict; repeatable.")
@stack_options(repeatable=False)
@run_options(SWEEP_ROWS)
@seed_option
@click.option("--workers", type=Whole(1, 1024),
              help="Processes; results do not depend on them.  [default: as many as cores, where that is faster]")
@scheduler_option
@click.option("--resume", metavar="FILE", shell_complete=FILES,
              help="Keep finished cells in FILE, and make those only that are not in it.")
@output_options
def command(output: Output, **settings: Any) -> None:
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
    from actprof.sweep.grid import axes_of

    names = {name: settings[name] for name in ("init", "act")}
    varied = [axis.name for axis in axes_of(**settings)]
    output.check(default_name("sweep", [varied, *(names[name] for name in names if name not in varied)], tuple(names)),
                 inputs=[settings["input"], settings["resume"]])
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: sweep(**settings, everything=output.format != "table", progress=progress))
    output.print(result.write, result.record, result.records)
    output.notes(*result.told)
    output.draw(result.image)


def sweep(over: str | Sequence[str] = (), *, quantity: str | Sequence[str] = "std", init: Names = spec.INIT,
          act: Names = spec.ACTIVATION, layers: int | None = None, width: int | None = None,
          widths: str | Sequence[int] | None = None, bias: str | float | None = None, norm: str = spec.NO_NORM.name,
          norm_position: str = StackSpec.norm_position, dropout: float = StackSpec.dropout,
          residual: str = spec.NO_RESIDUAL.name, tied: bool = StackSpec.tied,
          input: str | os.PathLike[str] | ArrayLike = "normal", input_key: str | None = None,
          label_key: str | None = None, label_column: str | int = RowsSpec.label_column,
          drop: str | Sequence[str | int] = RowsSpec.drop, missing: str = RowsSpec.missing,
          data_dir: str | os.PathLike[str] | None = None, scale: str = spec.SCALES[0], batch_size: int = SWEEP_ROWS,
          batches: int = RunSpec.batches, repeats: int = RunSpec.repeats, dtype: str = RunSpec.dtype,
          seed: int = RunSpec.seed, workers: int | None = None, scheduler: str = "",
          resume: str | os.PathLike[str] | None = None, everything: bool = True,
          progress: Callable[[float], None] = silent) -> Sweep:
    """Signal and gradient over a grid of networks, as `actprof sweep` computes it.

    Parameters
    ----------
    over : str, or two
        What varies, such as ``"gain=0.5:3:26"`` or ``"act=relu,tanh"``; by default gain and layers.
    quantity : str, or several
        What table and figure show of the last layer: "std", "square", "within", "correlation", "saturated", "dead",
        "gradient" (the first layer's over the last's) or "verdict".
    init, act : name, or several
        Initialiser and activation; several are an axis of the grid.
    layers, width, widths, bias, norm, norm_position, dropout, residual, tied
        The rest of the network, as in `histogram`.
    input, input_key, label_key, label_column, drop, missing, data_dir, scale
        The rows that go through it and how they are read, as in `histogram`.
    batch_size, batches, repeats, dtype, seed
        The run of each cell, as in `histogram`.
    workers : int, optional
        Processes, on which results do not depend; by default as many as cores, where that is faster.
    scheduler : str
        Host and port of a Dask scheduler whose workers make the networks instead.
    resume : path, optional
        A file that finished cells are kept in, and taken from.
    everything : bool
        Whether all quantities are found, and not only those that are shown.
    progress : callable
        Called with the share done, 0 to 1; without one notebooks show a bar.

    Returns
    -------
    Sweep
        ``cells`` in row-major order of ``axes``, the last fastest; ``cells[i].statistics`` are the numbers of a cell;
        see also ``table``, ``figure``, ``verdicts`` and ``to_frame``.

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError), rows cannot be read (DataError), memory is short (ResourceError).

    Examples
    --------
    >>> import actprof
    >>> actprof.sweep("std=0.01,0.2", init="normal", width=50, batch_size=50, quantity="verdict").verdicts
    {'std=0.01': 'vanishing', 'std=0.2': 'healthy'}
    """
    asked = option_values(command, locals())
    from actprof.sweep.sweeping import swept

    return swept(**asked)
