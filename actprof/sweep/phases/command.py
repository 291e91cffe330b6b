"""`actprof phases`, and `actprof sweep --phase`: the phase diagram of an activation."""

from __future__ import annotations

import click

from actprof.cli.arguments import Command, Whole
from actprof.cli.options import act_option, bias_option, init_option
from actprof.cli.output import Output, default_name, output_options
from actprof.cli.signals import in_thread
from actprof.engine import spec


@click.command("phases", cls=Command)
@click.option("--over", multiple=True, metavar="NAME=VALUES",
              help="The range of sigma_w or of sigma_b, as LOW:HIGH, LOW:HIGH:COUNT, or joined by commas.  "
                   "[default: what suits the activation]")
@act_option()
@init_option((spec.INIT,))
@click.option("--width", type=Whole(1, spec.MAX_WIDTH), help=f"Fan-in of the initialisers.  [default: {spec.WIDTH}]")
@bias_option()
@output_options
def command(over: tuple[str, ...], acts: tuple[str, ...], inits: tuple[str, ...], width: int | None, bias: str | None,
            output: Output) -> None:
    """Show an activation's phases: ordered, chaotic, and the edge between.

    \b
    actprof phases --act tanh --init he --init xavier
    actprof phases --act tanh --act gelu --over sigma_w=0.5:2 --over sigma_b=0:0.5

    This is the plane of σ_w and σ_b by theory alone, of wide and deep stacks. Each --init is a
    dot; lines say down to how many layers a network can be trained: six times the depth scale.
    'actprof sweep --phase' is the same.
    """
    from actprof.machine import one_blas_thread

    one_blas_thread()
    from actprof.cli.progress import shown_progress
    from actprof.sweep.axes import SIGMAS, distinct, parsed
    from actprof.sweep.phases import records
    from actprof.sweep.phases.diagrams import phase_diagrams
    from actprof.sweep.phases.figure import render
    from actprof.sweep.phases.request import phase_spec
    from actprof.sweep.phases.table import print_diagrams

    ranges = {axis.name: axis.numbers for axis in distinct([parsed(text, SIGMAS) for text in over])}
    request = phase_spec(acts, inits, width=width, bias=bias, **ranges)
    output.check(default_name("phases", [acts, inits], ("acts", "inits")))
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: phase_diagrams(request, progress))
    output.print(lambda stream: print_diagrams(result, stream), lambda: records.diagram_record(result),
                 lambda: records.diagram_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: render(result, style, form))
