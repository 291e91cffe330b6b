"""`actprof bounds`: the scale of weights against fan-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from actprof.bounds.spec import FAN_IN, FAN_OUT, MAX_SAMPLES, MIN_SAMPLES, SCHEMES, BoundsSpec
from actprof.cli.arguments import Command, Names, Number, Whole, option_values
from actprof.cli.completion import names
from actprof.cli.options import NAME
from actprof.cli.output import Output, default_name, output_options, seed_option
from actprof.cli.progress import shown_progress, silent
from actprof.cli.signals import in_thread
from actprof.registry import MAX_FAN

if TYPE_CHECKING:
    from actprof.bounds.result import Bounds


@click.command("bounds", cls=Command)
@click.option("--scheme", "--init", "scheme", multiple=True, default=SCHEMES, metavar=NAME,
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
def command(log: bool, output: Output, **settings: Any) -> None:
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
    output.check(default_name("bounds", [settings["scheme"]], ("scheme",)))
    with shown_progress(output.quiet) as progress:
        result = in_thread(lambda: bounds(**settings, progress=progress))
    output.print(result.write, result.record, result.records)
    if settings["fan_in"].casefold().endswith(":log") and not log and not output.no_figure:
        output.notes("--log draws such a range on logarithmic axes")
    output.notes(*result.told)
    output.draw(lambda style, form: result.image(style, form, log))


def bounds(scheme: Names = SCHEMES, *, fan_in: int | str | Sequence[int] = FAN_IN, fan_out: int | str = FAN_OUT,
           kernel: int | str | Sequence[int] | None = None, groups: int = BoundsSpec.groups,
           depthwise: bool = BoundsSpec.depthwise, transposed: bool = BoundsSpec.transposed, gain: float | None = None,
           samples: int = BoundsSpec.samples, at: int | str | Sequence[int] | None = None, seed: int = BoundsSpec.seed,
           progress: Callable[[float], None] = silent) -> Bounds:
    """How the scale of the weights depends on the number of inputs, as `actprof bounds` computes it.

    Parameters
    ----------
    scheme : name or number, or several
        Weight initialisers; a number is the std of a normal.
    fan_in : int, sequence of int, or a range such as "1:4096:log"
        Inputs of the layer, or input channels of a convolution.
    fan_out : int or "same"
        Units of the layer, or output channels.
    kernel : (height, width), "3x3", or one side
        Kernel of a convolution; without one the layer is dense.
    groups, depthwise, transposed
        The kind of the convolution.
    gain : float, optional
        In place of the gain of every scheme that has one.
    samples : int
        Weights drawn to check each promise.
    at : int or sequence of int, optional
        The fan-ins at which they are drawn; by default the ends, and powers of ten between.
    seed : int
        The same seed draws the same weights.
    progress : callable
        Called with the share done, 0 to 1; without one notebooks show a bar.

    Returns
    -------
    Bounds
        ``schemes[i].std`` and ``schemes[i].bound`` hold a number for each of ``schemes[i].fan_in``, in units of the
        weights; ``samples`` what was drawn; see also ``table``, ``figure``, ``verdicts`` and ``to_frame``.

    Raises
    ------
    ActprofError
        The request makes no sense (SpecError), or memory is short (ResourceError).

    Examples
    --------
    >>> import actprof
    >>> actprof.bounds("fan_in_uniform", fan_in=[4, 100]).schemes[0].bound
    (0.5, 0.1)
    """
    asked = option_values(command, locals())
    from actprof.bounds import scales

    del asked["progress"]
    return scales.bounds(scales.bounds_spec(asked.pop("scheme"), kernel_sides=asked.pop("kernel"), **asked), progress)
