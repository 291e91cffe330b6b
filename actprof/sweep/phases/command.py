"""`actprof phases`, and `actprof sweep --phase`: the phase diagram of an activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from actprof.cli.arguments import Command, Names, Whole, option_values
from actprof.cli.options import act_option, bias_option, init_option
from actprof.cli.output import Output, default_name, output_options
from actprof.cli.progress import shown_progress, silent
from actprof.cli.signals import in_thread
from actprof.engine import spec

if TYPE_CHECKING:
    from actprof.sweep.phases.result import PhaseDiagrams


@click.command("phases", cls=Command)
@click.option("--over", multiple=True, metavar="NAME=VALUES",
              help="The range of sigma_w or of sigma_b, as LOW:HIGH, LOW:HIGH:COUNT, or joined by commas.  "
                   "[default: what suits the activation]")
@act_option()
@init_option((spec.INIT,))
@click.option("--width", type=Whole(1, spec.MAX_WIDTH), help=f"Fan-in of the initialisers.  [default: {spec.WIDTH}]")
@bias_option()
@output_options
def command(output: Output, **settings: Any) -> None:
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
    output.check(default_name("phases", [settings["act"], settings["init"]], ("act", "init")))
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: phases(**settings, progress=progress))
    output.print(result.write, result.record, result.records)
    output.notes(*result.told)
    output.draw(result.image)


def phases(act: Names = spec.ACTIVATION, init: Names = spec.INIT, *, over: str | Sequence[str] = (),
           width: int | None = None, bias: str | float | None = None,
           progress: Callable[[float], None] = silent) -> PhaseDiagrams:
    """An activation's phases, ordered and chaotic, and the edge between them, as `actprof phases` computes it.

    Parameters
    ----------
    act : name, or several
        Activations, each with a plane of its own.
    init, bias : name or number, or several
        Initialisers, which are dots on the planes, and where biases come from.
    over : str, or two
        The ranges, such as ``"sigma_w=0.5:2"`` or ``"sigma_b=0:0.5"``; by default what suits the activation.
    width : int, optional
        Fan-in of the initialisers (100).
    progress : callable
        Called with the share done, 0 to 1; without one notebooks show a bar.

    Returns
    -------
    PhaseDiagrams
        ``diagrams[i].grid`` holds arrays (σ_w, σ_b) without unit, ``diagrams[i].schemes`` the initialisers; see also
        ``table``, ``figure``, ``verdicts`` and ``to_frame``.

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError).

    Examples
    --------
    >>> import actprof
    >>> actprof.phases("tanh", ["lecun", "he"], over=["sigma_w=0.5:2:4", "sigma_b=0:0.2:3"]).verdicts
    {'lecun / tanh': 'edge', 'he / tanh': 'chaotic'}
    """
    asked = option_values(command, locals())
    from actprof.sweep.axes import SIGMAS, distinct, parsed
    from actprof.sweep.phases.diagrams import phase_diagrams
    from actprof.sweep.phases.request import phase_spec

    ranges = {axis.name: axis.numbers for axis in distinct([parsed(text, SIGMAS) for text in asked["over"]])}
    request = phase_spec(asked["act"], asked["init"], width=asked["width"], bias=asked["bias"], **ranges)
    return phase_diagrams(request, progress)
