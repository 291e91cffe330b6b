"""`actprof sweep --phase`: the phase diagram of an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource

from actprof.cli.options import READING
from actprof.cli.output import Output, default_name
from actprof.cli.signals import in_thread
from actprof.errors import SpecError
from actprof.report.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actprof.sweep.phases.result import PhaseDiagrams


NOT_OF_PHASES = {"quantities", "layers", "widths", "norm", "norm_position", "input_", *READING, "batch_size", "batches",
                 "repeats", "dtype", "seed", "workers"}
"""Parameters that mean nothing to a phase diagram."""


def _refuse_what_phases_ignore(ctx: click.Context) -> None:
    for param in ctx.command.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if given and param.name in NOT_OF_PHASES:
            raise SpecError(f"--phase cannot be combined with {max(param.opts, key=len)}. It is theory alone, of wide "
                            "and deep stacks.")


def _draw_phases(over: Sequence[str], inits: Sequence[str], acts: Sequence[str], settings: dict[str, Any],
                 output: Output) -> None:
    from actprof.cli.progress import shown_progress
    from actprof.sweep.axes import SIGMAS, distinct, parsed
    from actprof.sweep.phases import records
    from actprof.sweep.phases.diagrams import phase_diagrams
    from actprof.sweep.phases.request import phase_spec

    ranges = {axis.name: axis.numbers for axis in distinct([parsed(text, SIGMAS) for text in over])}
    request = phase_spec(acts, inits, width=settings["width"], bias=settings["bias"], **ranges)
    output.check(default_name("phases", [acts, inits]))
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: phase_diagrams(request, progress))
    output.print(lambda stream: _print_phases(result, stream), lambda: records.diagram_record(result),
                 lambda: records.diagram_rows(result))
    output.notes(*result.notes)
    output.draw(lambda style, form: _phase_figure(result, style, form))


def _print_phases(result: PhaseDiagrams, stream: TextIO) -> None:
    from actprof.sweep.phases.table import print_diagrams

    print_diagrams(result, stream)


def _phase_figure(result: PhaseDiagrams, style: Style, form: str) -> bytes:
    from actprof.sweep.phases.figure import render

    return render(result, style, form)
