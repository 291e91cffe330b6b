"""What a normalisation makes of the Gaussian field of a layer: a table by name, before and after the activation.

The mean over units stands for the expectation; the batch of B rows has its exact weight, 1 - 1/B.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from actprof.spec import StackSpec
from actprof.theory.parameters import Offsets, spread


@dataclass(frozen=True)
class Field:
    """Pre-activations of a layer: N(0, variance) plus offsets; d = E(h₁ - h₂)²/2 of two inputs.

    Attributes:
        slope: d variance/d (second moment of what enters the layer); 0 where a normalisation pins it.
        reach: the same for one input among many, or for the overlap of two.
        weight_share: share of the variance that the weights make.
        divisor: the variance by which a normalisation divided.
        centred, sized: whether a normalisation fixed the units' mean, and their mean square.
        batched: whether it did so over the batch.
    """

    variance: float
    d: float
    offsets: Offsets
    slope: float
    reach: float
    weight_share: float = 1.0
    divisor: float = 1.0
    centred: bool = False
    sized: bool = False
    batched: bool = False


@dataclass(frozen=True)
class Levels:
    """Activations of a layer: mean, second moment, its difference to E a₁a₂, Var a, Cov(a₁, a₂), and the divisor."""

    mean: float
    second_moment: float
    difference: float
    variance: float
    shared: float
    divisor: float = 1.0


def _unit(square: float, eps: float) -> tuple[float, float]:
    """(what is left of the mean square, divisor)."""
    divisor = square + eps or 1.0
    return square / divisor, divisor


def _batch_before(field: Field, eps: float, rows: int) -> Field:
    variance, divisor = _unit(field.d * (1 - 1 / rows), eps)
    return Field(variance, _apart(variance, rows), ((0.0, 1.0),), 0.0, field.reach / divisor, 1.0, divisor,
                 True, True, True)


def _apart(variance: float, rows: int) -> float:
    """d of rows whose mean is 0: c = -1/(B - 1)."""
    return variance * rows / (rows - 1) if rows > 1 else 0.0


def _layer_before(field: Field, eps: float, rows: int) -> Field:
    mean, variance = spread(field.offsets)
    _, divisor = _unit(field.variance + variance, eps)
    return replace(_scaled(field, divisor, mean), centred=True)


def _rms_before(field: Field, eps: float, rows: int) -> Field:
    mean, variance = spread(field.offsets)
    _, divisor = _unit(field.variance + variance + mean**2, eps)
    return _scaled(field, divisor, 0.0)


def _scaled(field: Field, divisor: float, shift: float) -> Field:
    offsets = tuple(((value - shift) / divisor**0.5, weight) for value, weight in field.offsets)
    return Field(field.variance / divisor, field.d / divisor, offsets, 0.0, field.reach / divisor,
                 field.weight_share, divisor, False, True)


def _batch_after(levels: Levels, eps: float, rows: int) -> Levels:
    square, divisor = _unit(levels.difference * (1 - 1 / rows), eps)
    apart = _apart(square, rows)
    return Levels(0.0, square, apart, square, square - apart, divisor)


def _layer_after(levels: Levels, eps: float, rows: int) -> Levels:
    square, divisor = _unit(levels.variance, eps)
    return Levels(0.0, square, levels.difference / divisor, square, levels.shared / divisor, divisor)


def _rms_after(levels: Levels, eps: float, rows: int) -> Levels:
    square, divisor = _unit(levels.second_moment, eps)
    return Levels(levels.mean / divisor**0.5, square, levels.difference / divisor, levels.variance / divisor,
                  levels.shared / divisor, divisor)


_BEFORE: dict[str, Callable[[Field, float, int], Field]] = {
    "batch": _batch_before, "layer": _layer_before, "rms": _rms_before,
}
_AFTER: dict[str, Callable[[Levels, float, int], Levels]] = {
    "batch": _batch_after, "layer": _layer_after, "rms": _rms_after,
}


def before(stack: StackSpec, field: Field, rows: int) -> Field:
    """The field that enters φ."""
    rule = _BEFORE.get(stack.norm.name) if stack.norm_position == "before" else None
    return field if rule is None else rule(field, float(stack.norm.values["eps"]), rows)


def after(stack: StackSpec, levels: Levels, rows: int) -> Levels:
    """What leaves the layer."""
    rule = _AFTER.get(stack.norm.name) if stack.norm_position == "after" else None
    return levels if rule is None else rule(levels, float(stack.norm.values["eps"]), rows)
