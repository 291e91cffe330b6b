"""`actprof bounds`: the scale of weights against fan-in."""

from __future__ import annotations

import click

from actprof.bounds.spec import FAN_IN, FAN_OUT, MAX_SAMPLES, MIN_SAMPLES, SCHEMES, BoundsSpec
from actprof.cli.arguments import Command, Number, Whole
from actprof.cli.completion import names
from actprof.cli.options import NAME
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import shown_progress
from actprof.cli.signals import in_thread
from actprof.registry import MAX_FAN


@click.command("bounds", cls=Command)
@click.option("--scheme", "--init", "schemes", multiple=True, default=SCHEMES, metavar=NAME,
              shell_complete=names("initializers"),
              help="Weight initialiser, or a number for the std of a normal; repeatable. "
                   f"See 'actprof list inits'.  [default: {', '.join(SCHEMES)}]")
@click.option("--fan-in", metavar="N|LOW:HIGH|N,N,…", default=FAN_IN, show_default=True,
              help="Inputs of the layer: 10, 1:100, 1:100:10, 1:4096:log or 16,64,256; to 10**18.")
@click.option("--fan-out", metavar=f"M|{FAN_OUT}", default=FAN_OUT, show_default=True,
              help="Units of the layer, or as many as it has inputs.")
@click.option("--kernel", metavar="HxW",
              help="Kernel of a convolution, 3x3 (3 has one dimension): --fan-in and --fan-out count channels, each "
                   "times the kernel's area.")
@click.option("--groups", type=Whole(1, MAX_FAN), default=BoundsSpec.groups, show_default=True,
              help="Groups of a convolution's channels, each blind to the others.")
@click.option("--depthwise", is_flag=True, help="As many groups as input channels.")
@click.option("--transposed", is_flag=True, help="A transposed convolution.")
@click.option("--gain", type=Number(0), help="In place of the gain of every scheme that has one.")
@click.option("--samples", type=Whole(MIN_SAMPLES, MAX_SAMPLES), default=BoundsSpec.samples,
              show_default=True, help="Weights drawn to check each promise.")
@click.option("--at", metavar="N,N,…",
              help="The fan-ins at which weights are drawn.  [default: the ends, and powers of ten between]")
@click.option("--log", is_flag=True, help="Logarithmic axes in the figure: 1/√n is a straight line.")
@seed_option
@output_options
def command(schemes: tuple[str, ...], fan_in: str, fan_out: str, kernel: str | None, groups: int, depthwise: bool,
            transposed: bool, gain: float | None, samples: int, at: str | None, log: bool, seed: int,
            output: Output) -> None:
    """Show how the scale of the weights depends on the number of inputs.

    \b
    actprof bounds --scheme xavier             and what else "xavier" means
    actprof bounds --fan-in 1:4096:log --log   straight lines of slope -1/2
    actprof bounds --scheme he --fan-in 3,64 --kernel 3x3 --gain 1
    actprof bounds --scheme orthogonal --fan-in 64 --kernel 3x3 --groups 4
    actprof bounds --scheme torch.linear --scheme keras.dense
    actprof bounds --scheme he_truncated --at 10,100,1000 --samples 100000

    In the tables, std and bound (the largest weight there can be) are what the scheme promises. The weights drawn
    prove it: "std errors" is how far their std is from the promised one, in standard errors; beyond 3 stands a "!".
    """
    from actprof.machine import one_blas_thread

    one_blas_thread()
    from actprof.bounds.figure import render
    from actprof.bounds.records import bounds_record, bounds_rows
    from actprof.bounds.scales import bounds, bounds_spec
    from actprof.bounds.table import print_bounds

    output.check(default_name("bounds", [schemes], ("schemes",)))
    request = bounds_spec(schemes, fan_in=fan_in, at=at, fan_out=fan_out, kernel_sides=kernel, gain=gain,
                          samples=samples, seed=seed, groups=groups, depthwise=depthwise, transposed=transposed)
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: bounds(request, progress))
    output.print(lambda stream: print_bounds(result, stream), lambda: bounds_record(result),
                 lambda: bounds_rows(result))
    if fan_in.casefold().endswith(":log") and not log and not output.no_figure:
        output.notes("--log draws such a range on logarithmic axes")
    output.notes(*result.notes, *(note for scheme in result.schemes for note in scheme.notes))
    output.draw(lambda style, form: render(result, log, style, form))
