"""`actprof gain`: the scale of weights that an activation asks for."""

from __future__ import annotations

import click

from actprof.cli.arguments import Command, Number
from actprof.cli.completion import names
from actprof.cli.options import NAME
from actprof.cli.output import Output, default_name, output_options
from actprof.cli.progress import shown_progress
from actprof.cli.signals import in_thread


@click.command("gain", cls=Command)
@click.argument("activations", nargs=-1, metavar=f"[{NAME}]…", shell_complete=names("activations"))
@click.option("--act", "acts", multiple=True, metavar=NAME, shell_complete=names("activations"),
              help="Activation; repeatable, and the same as one without the option. See 'actprof list activations'.  "
                   "[default: relu, tanh, gelu]")
@click.option("--all", "everything", is_flag=True,
              help="Every activation, the largest forward gain first; the figure only with --output.")
@click.option("--sigma-w", type=Number(0), help="σ_w, where σ_w² = fan_in·Var W: the fixed points there.")
@click.option("--sigma-b", type=Number(0),
              help="σ_b, where σ_b² = Var b: the edge of chaos there, and the fixed points at --sigma-w or at that "
                   "edge.  [default: 0]")
@click.option("--q0", type=Number(0),
              help="Variance of the first layer's pre-activations.  [default: σ_w² + σ_b², of inputs with E x² = 1]")
@output_options
def command(activations: tuple[str, ...], acts: tuple[str, ...], everything: bool, sigma_w: float | None,
            sigma_b: float | None, q0: float | None, output: Output) -> None:
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
    from actprof.gain.figure import least_height, render
    from actprof.gain.gains import NAMES, gain_spec, gain_table
    from actprof.gain.records import gain_record, gain_rows
    from actprof.gain.table import print_gains

    asked = (*activations, *acts)
    output.no_figure = output.no_figure or (everything and not output.paths and not output.show)
    output.check(default_name("gain", [["all"] if everything else asked or NAMES],
                                          ("activations", "acts", "everything")))
    if everything and q0 is not None and output.no_figure and sigma_w is None and sigma_b is None:
        output.name_idle(["--q0"], "to --all without --sigma-w, --sigma-b or a figure")
    request = gain_spec(asked, everything=everything, sigma_w=sigma_w, sigma_b=sigma_b, q0=q0,
                        curves=not output.no_figure)
    output.check_height(least_height(len(request.activations)))
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: gain_table(request, progress))
    output.print(lambda stream: print_gains(result, stream), lambda: gain_record(result), lambda: gain_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: render(result, style, form))
