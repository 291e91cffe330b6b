"""From names to stack specs: one for each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.initializers import INITIALIZERS, as_bias, as_dense, preset_bias
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.catalogue.residuals import RESIDUALS
from actprof.digits import typed
from actprof.engine import spec
from actprof.engine.spec import StackSpec
from actprof.errors import SpecError, quoted, require_distinct
from actprof.registry import Choice


def stack_specs(inits: Sequence[str] = (spec.INIT,), acts: Sequence[str] = (spec.ACTIVATION,), *,
                layers: int | None = None, width: int | None = None, widths: str | None = None, bias: str | None = None,
                norm: str = spec.NO_NORM.name, norm_position: str = StackSpec.norm_position,
                dropout: float = StackSpec.dropout, residual: str = spec.NO_RESIDUAL.name, tied: bool = StackSpec.tied,
                features: int | None = None) -> list[StackSpec]:
    """One spec for each init × act.

    Args:
        inits, acts, bias, norm, residual: names as on the command line; an init or act may be one name a layer, as
            `each_layer` reads it.
        tied: whether all layers share one matrix.
        layers, width: so many layers of so many units.
        widths: instead of these, every width, inputs first: "784,512,10".
        features: the first width, where the inputs dictate it.

    Raises:
        SpecError: a name is unknown, or the settings contradict each other.
    """
    given = None if widths is None else _widths(widths, layers, width, features)
    units = spec.WIDTH if width is None else width
    asked_norm, asked_residual = NORMALIZATIONS.parse(norm), RESIDUALS.parse(residual)
    asked_bias = None if bias is None else as_bias(INITIALIZERS.parse(bias))
    stacks = []
    for init, act in product(inits, acts):
        weights = [as_dense(INITIALIZERS.parse(name)) for name in each_layer(init, "--init")]
        functions = [ACTIVATIONS.parse(name) for name in each_layer(act, "--act")]
        named = [len(choices) for text, choices in ((init, weights), (act, functions)) if is_each(text)]
        sizes = given or (features or units, *[units] * (max(named, default=spec.LAYERS) if layers is None else layers))
        every_init, every_act = (tuple(choices if is_each(text) else choices * (len(sizes) - 1))
                                 for text, choices in ((init, weights), (act, functions)))
        if tied:
            _require_one_matrix(weights, functions)
        stacks.append(StackSpec(
            sizes, every_init, every_act, asked_bias or _preset_bias(weights), asked_norm, norm_position, dropout,
            f"{''.join(init.split()).casefold().removesuffix(':')} / {act.strip().casefold()}",
            asked_residual, tied))
    require_distinct("the arm", [stack.label for stack in stacks], "each --init and --act")
    return stacks


def stack_arms(inits: Sequence[str], acts: Sequence[str], *, layers: Sequence[int] = (), bias: Sequence[str] = (),
               norm: Sequence[str] = (spec.NO_NORM.name,), dropout: Sequence[float] = (StackSpec.dropout,),
               residual: Sequence[str] = (spec.NO_RESIDUAL.name,), **settings: Any) -> list[StackSpec]:
    """The stacks of stack_specs for each combination; what differs between several is in their labels."""
    arms = []
    for depth, biases, normalised, dropped, skips in product(layers or (None,), bias or (None,), norm, dropout,
                                                            residual):
        several = ((f"{depth} layers", layers), (f"bias {biases}", bias), (f"norm {normalised}", norm),
                   (f"dropout {typed(dropped)}", dropout), (f"residual {skips}", residual))
        words = [word for word, values in several if len(values) > 1]
        arms += [replace(stack, label=" / ".join([stack.label, *words])) for stack in stack_specs(
            inits, acts, layers=depth, bias=biases, norm=normalised, dropout=dropped, residual=skips,
            **settings)]
    require_distinct("the arm", [arm.label for arm in arms])
    return arms


def is_each(text: str) -> bool:
    """Whether a text names something for each layer, not one thing for all."""
    return "/" in text or "*" in text


def each_layer(text: str, option: str) -> list[str]:
    """The names of `he*4/orthogonal:gain=0.01`, one a layer; one alone where the text has neither `/` nor `*`."""
    names = []
    for piece in text.split("/"):
        name, star, count = piece.partition("*")
        times = int(count) if count.strip().isdecimal() and len(count) < 9 else 0
        if star and not 1 <= times <= spec.MAX_LAYERS:
            raise SpecError(f"{option} {quoted(text)}: the number after '*' must be of layers, from 1 to "
                            f"{spec.MAX_LAYERS:,}, as in {name.strip() or spec.INIT}*4.")
        if not name.strip() and is_each(text):
            raise SpecError(f"{option} has an empty name in {quoted(text)}.")
        names += [name] * (times if star else 1)
    return names


def _require_one_matrix(inits: Sequence[Choice], acts: Sequence[Choice]) -> None:
    """Refuse what takes a matrix of its own in each layer, or one of another shape."""
    if any(INITIALIZERS[init.name].calibrated for init in inits):
        raise SpecError("--tied cannot be combined with --init lsuv, which scales each layer by itself.")
    if len({bind(act).pieces for act in acts}) > 1:
        raise SpecError("--tied needs activations that take as many values each, unlike maxout. Name another --act.")


def _preset_bias(inits: Sequence[Choice]) -> Choice:
    """The biases that go with all of the initialisers."""
    presets = list(dict.fromkeys(map(preset_bias, inits)))
    if len(presets) > 1:
        raise SpecError(f"--init names initialisers with {' and with '.join(each.name for each in presets)} biases. "
                        f"Choose --bias, such as {presets[0].name}.")
    return presets[0]


def _widths(text: str, layers: int | None, width: int | None, features: int | None) -> tuple[int, ...]:
    if layers is not None or width is not None:
        raise SpecError(f"--widths cannot be combined with --{'layers' if width is None else 'width'}. "
                        "It names every width itself.")
    try:
        widths = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SpecError("--widths needs whole numbers joined by commas, such as 784,512,10, "
                        f"not {quoted(text)}.") from None
    if len(widths) < 2:
        raise SpecError(f"--widths needs at least two numbers, inputs and units, not {quoted(text)}.")
    if features is not None and widths[0] != features:
        raise SpecError(f"--widths starts with {widths[0]:,}, but the file has {features:,} features. "
                        f"Start with {features}.")
    return widths
