"""From names to train specs: one for each arm, the cross product of whatever is named more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from actprof.digits import typed
from actprof.engine import spec
from actprof.engine.spec import StackSpec, require
from actprof.engine.stacks import each_layer, is_each, stack_specs
from actprof.errors import SpecError, quoted, require_distinct
from actprof.train import losses
from actprof.train.optimizers import OPTIMIZERS, SCHEDULES
from actprof.train.spec import AUTO, HIDDEN_LAYERS, TRAIN_INITS, TrainSpec


@dataclass(frozen=True)
class Varied:
    """The settings that may be named several times; a label says those that are.

    A loss "auto" is the one that goes with the number of classes, of which numbers to predict have none.
    """

    inits: Sequence[str] = TRAIN_INITS
    acts: Sequence[str] = (spec.ACTIVATION,)
    norms: Sequence[str] = (spec.NO_NORM.name,)
    residuals: Sequence[str] = (spec.NO_RESIDUAL.name,)
    losses: Sequence[str] = (AUTO,)
    optimizers: Sequence[str] = (TrainSpec.optimizer.name,)
    rates: Sequence[float] = (TrainSpec.rate,)
    schedules: Sequence[str] = (TrainSpec.schedule.name,)


def train_specs(varied: Varied, features: int, classes: int, *, layers: int | None = None, width: int | None = None,
                widths: str | None = None, bias: str | None = None, norm_position: str = StackSpec.norm_position,
                **settings: Any) -> list[TrainSpec]:
    """One spec for each combination.

    Args:
        layers, width: so many hidden layers of so many units.
        widths: instead of these, the units of each hidden layer: "100,50".
        settings: fields of TrainSpec.

    Raises:
        SpecError: a name is unknown, or the settings contradict each other.
    """
    specs = []
    for init, act, norm, residual, loss, optimizer, rate, schedule in product(*vars(varied).values()):
        chosen = losses.chosen(loss, classes)
        outputs = losses.bind(chosen).outputs(classes)
        hidden = _hidden(init, act, layers, width, widths)
        sizes = ",".join(map(str, (features, *hidden, outputs)))
        [stack] = stack_specs([init], [_acts(act, len(hidden))], widths=sizes, bias=bias, norm=norm,
                              norm_position=norm_position, residual=residual)
        label = _label((init, act, norm, f"residual {residual}", loss, optimizer, f"lr {typed(rate, 12)}", schedule),
                       varied)
        specs.append(TrainSpec(replace(stack, label=label, apart=(1, 1)), chosen, OPTIMIZERS.parse(optimizer),
                               SCHEDULES.parse(schedule), rate, label=label, **settings))
    require_distinct("the arm", [each.label for each in specs], "each setting")
    return specs


def _hidden(init: str, act: str, layers: int | None, width: int | None, widths: str | None) -> tuple[int, ...]:
    """The units of each hidden layer."""
    if widths is None:
        named = [len(each_layer(text, option)) - others for text, option, others in (
            (init, "--init", 1), (act, "--act", 0)) if is_each(text)]
        depth = layers if layers is not None else max(named, default=HIDDEN_LAYERS)
        require("--layers", depth, 0, spec.MAX_LAYERS - 1)
        return (spec.WIDTH if width is None else width,) * depth
    if layers is not None or width is not None:
        raise SpecError(f"--widths cannot be combined with --{'layers' if width is None else 'width'}. "
                        "It names the units of every hidden layer itself.")
    try:
        return tuple(int(part) for part in widths.split(","))
    except ValueError:
        raise SpecError("--widths needs whole numbers joined by commas, the units of each hidden layer, such as "
                        f"100,50, not {quoted(widths)}.") from None


def _acts(act: str, hidden: int) -> str:
    """The activations of all layers; the last layer has none, the loss makes of it what it needs."""
    names = each_layer(act, "--act")
    if is_each(act) and len(names) != hidden:
        raise SpecError(f"--act names {len(names)} activations for {hidden} hidden layers. "
                        "Name one, or one for each hidden layer.")
    return "/".join([*(names if is_each(act) else names * hidden), "linear"])


def _label(texts: Sequence[str], varied: Varied) -> str:
    """The initialiser, and whatever else differs between the arms."""
    several = [len(values) > 1 for values in vars(varied).values()]
    return " / ".join(text.strip().casefold() for place, text in enumerate(texts) if several[place] or place == 0)
