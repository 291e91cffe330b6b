"""`actprof gain`: the scale of weights that an activation asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Names, Number, option_values
from actprof.cli.completion import names
from actprof.cli.options import NAME
from actprof.cli.output import Output, default_name, output_options
from actprof.cli.progress import shown_progress, silent
from actprof.cli.signals import in_thread

if TYPE_CHECKING:
    from actprof.gain.result import GainTable

ROW, GALLERY = 2.35, 1.8  # inches that a figure's row takes at least: of one activation, of eight in a gallery


@click.command("gain", cls=Command)
@click.argument("activations", nargs=-1, metavar=f"[{NAME}]…", shell_complete=names("activations"))
@click.option("--act", multiple=True, metavar=NAME, shell_complete=names("activations"),
              help="Activation; repeatable, and the same as one without the option. See 'actprof list activations'.  "
                   "[default: relu, tanh, gelu]")
@click.option("--all", is_flag=True,
              help="Every activation, the largest forward gain first; the figure only with --output.")
@click.option("--sigma-w", type=Number(0), help="σ_w, where σ_w² = fan_in·Var W: the fixed points there.")
@click.option("--sigma-b", type=Number(0),
              help="σ_b, where σ_b² = Var b: the edge of chaos there, and the fixed points at --sigma-w or at that "
                   "edge.  [default: 0]")
@click.option("--q0", type=Number(0),
              help="Variance of the first layer's pre-activations.  [default: σ_w² + σ_b², of inputs with E x² = 1]")
@output_options
def command(activations: tuple[str, ...], act: tuple[str, ...], output: Output, **settings: Any) -> None:
    """Show an activation's gains and whether the variance they keep is stable.

    \b
    actprof gain                         relu, tanh and gelu
    actprof gain silu leaky_relu:0.2
    actprof gain --all --no-figure       the whole catalogue
    actprof gain tanh --sigma-w 1.5 --sigma-b 0.1
    actprof gain silu --sigma-b 0.2 --q0 0.5

    Gains multiply 1/√fan_in: forward keeps the variance of the pre-activations at 1, backward that of the gradient,
    std is what gives activations of std 1. χ is what a gradient's squared norm is multiplied by in each layer; where
    the slope is above 1 the variance 1 is unstable, and layers leave it. The lines to paste into PyTorch, Keras and
    JAX are for --sigma-w and --sigma-b where given, else for the forward gain.
    """
    from actprof.machine import one_blas_thread

    one_blas_thread()
    from actprof.gain.gains import NAMES, gain_spec
    from actprof.gain.result import MAX_ROWS

    asked, everything = (*activations, *act), settings["all"]
    output.no_figure = output.no_figure or (everything and not output.paths and not output.show)
    output.check(default_name("gain", [["all"] if everything else asked or NAMES], ("activations", "act", "all")))
    sigmas = settings["sigma_w"], settings["sigma_b"]
    if everything and settings["q0"] is not None and output.no_figure and sigmas == (None, None):
        output.name_idle(["--q0"], "to --all without --sigma-w, --sigma-b or a figure")
    count = len(gain_spec(asked, everything=everything).activations)
    output.check_height(ROW * count if count <= MAX_ROWS else GALLERY * math.ceil(count / 8))
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: gain(asked, **settings, curves=not output.no_figure, progress=progress))
    output.print(result.write, result.record, result.records)
    output.notes(*result.told)
    output.draw(result.image)


def gain(act: Names | None = None, *, all: bool = False, sigma_w: float | None = None, sigma_b: float | None = None,
         q0: float | None = None, curves: bool = True, progress: Callable[[float], None] = silent) -> GainTable:
    """An activation's gains and whether the variance they keep is stable, as `actprof gain` computes it.

    Parameters
    ----------
    act : name, or several, optional
        Activations; by default relu, tanh and gelu.
    all : bool
        Every activation instead, the largest forward gain first.
    sigma_w, sigma_b : float, optional
        √(fan_in · Var W) and √Var b: the fixed points there, or with σ_b alone at its edge of chaos.
    q0 : float, optional
        Variance of the first layer's pre-activations; by default that of inputs with E x² = 1.
    curves : bool
        Whether the curves of a figure are computed.
    progress : callable
        Called with the share done, 0 to 1; without one notebooks show a bar.

    Returns
    -------
    GainTable
        ``activations[i].gains`` has ``gain_forward``, ``gain_backward``, ``gain_std`` and more, all without unit; see
        also ``table``, ``figure``, ``verdicts`` and ``to_frame``.

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError).

    Examples
    --------
    >>> import actprof
    >>> round(actprof.gain("relu").activations[0].gains.gain_forward ** 2, 6)
    2.0
    """
    asked = option_values(command, locals())
    from actprof.gain.gains import gain_spec, gain_table

    return gain_table(gain_spec(asked["act"], everything=all, sigma_w=asked["sigma_w"], sigma_b=asked["sigma_b"],
                                q0=asked["q0"], curves=curves), progress)
