"""The way back: by how much the gradient grows from each layer to the one below, and how far one network strays.

Schoenholz et al. 2017; the weights of the way back count as independent of those of the way forward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from actprof import activations
from actprof.predictions import LayerTheory
from actprof.spec import StackSpec
from actprof.theory.gaussian import Moments
from actprof.theory.normalized import Field, Levels
from actprof.theory.pairs import Pair
from actprof.theory.parameters import scales


@dataclass(frozen=True)
class Step:
    """A layer's prediction and what the way back needs: the factors of chi and of the gradient's error."""

    theory: LayerTheory
    field: Field
    one: Moments
    two: Pair
    levels: Levels


def with_gradients(stack: StackSpec, steps: Sequence[Step], rows: int) -> list[LayerTheory]:
    """The layers with chi and the gradient, from the last to the first; without them where a φ above jumps."""
    known = len(steps) == stack.depth
    ratio: float | None = 0.0 if known and not _jumps(stack, stack.depth) else None
    error, overlap = 0.0, _gradient_overlap(steps[-1], stack.widths[-1], 0.0) if steps else 0.0
    layers = [replace(step.theory, log_gradient_ratio=ratio, log_gradient_error=None if ratio is None else 0.0)
              for step in steps[-1:]]
    for step, above in zip(steps[-2::-1], steps[:0:-1], strict=True):
        number = step.theory.layer
        chi = _chi(stack, step, above)
        ratio = None if ratio is None or chi is None else ratio + _log(chi * _columns(stack, number + 1)
                                                                      / _columns(stack, number)) / 2
        error += _gradient_variance(step, stack.widths[number], rows, overlap)
        overlap = _gradient_overlap(step, stack.widths[number], overlap)
        layers.append(replace(step.theory, chi=chi, log_gradient_ratio=ratio,
                              log_gradient_error=None if ratio is None else math.sqrt(error)))
    return layers[::-1]


def _chi(stack: StackSpec, step: Step, above: Step) -> float | None:
    """σ_w² of the layer above times E φ'², over what a normalisation between them divided by."""
    number = step.theory.layer
    if _jumps(stack, number):
        return None
    divisor = step.levels.divisor * above.field.divisor
    return float(scales(stack, number + 1).weights * step.one.slope_square / divisor)


def _jumps(stack: StackSpec, number: int) -> bool:
    return bool(activations.bind(stack.activations[number - 1]).jumps)


def _columns(stack: StackSpec, number: int) -> int:
    return stack.widths[number] * activations.bind(stack.activations[number - 1]).pieces


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def _gradient_variance(step: Step, units: int, rows: int, overlap: float) -> float:
    """Var ln(rms of the gradient) that a layer adds: a quarter of (3E φ'⁴/E[φ'²]² - 1)/n, less what samples average."""
    square = step.one.slope_square**2
    if not 0 < square < math.inf:
        return 0.0
    single = 3 * step.one.slope_fourth / square - 1
    pair = max((1 + 2 * overlap) * step.two.slope_squares / square - 1, 0.0)
    return (pair + max(single - pair, 0.0) / rows) / (4 * units)


def _gradient_overlap(step: Step, units: int, above: float) -> float:
    """E(cosine between two samples' gradients)², given that of the next layer."""
    square = step.one.slope_square**2
    if not 0 < square < math.inf:
        return 0.0
    return min(1.0, step.two.slope_squares / square / units + step.two.slopes**2 / square * above)
