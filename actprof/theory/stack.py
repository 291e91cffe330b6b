"""The mean-field prediction of a stack: each layer's second moment and two inputs' overlap lead to the next's.

On the way back the gradient grows by χ from each layer to the one below; the weights count as independent of those of
the way forward. Poole et al. 2016, Schoenholz et al. 2017; per-layer σ_w² = fan_in·Var W, so widths may change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from actprof.catalogue import activations
from actprof.engine.spec import StackSpec
from actprof.theory import finite_width, layers, residual
from actprof.theory.finite_width import Errors, Fluctuations, Layer, WayBack, last, one_back
from actprof.theory.layers import Levels, scales, why_no_theory
from actprof.theory.paths import Follower
from actprof.theory.predictions import LayerTheory, StackTheory
from actprof.theory.steps import Step, columns, dropped, jumps, log, through_phi, weighed, without_errors


def with_gradients(stack: StackSpec, steps: Sequence[tuple[Step, Layer, Errors]]) -> list[LayerTheory]:
    """The layers with chi and the gradient, from the last to the first; without them where a φ above jumps."""
    known = len(steps) == stack.depth
    ratio: float | None = 0.0 if known and not jumps(stack, stack.depth) else None
    # A batch's normalisation passes on nothing of a cotangent that all samples share.
    shared = None if ratio is None or stack.whole_batch else 1.0
    back, found = WayBack(), list[LayerTheory]()
    for place, (step, layer, errors) in reversed(list(enumerate(steps))):
        number, chi, kept, slopes = step.theory.layer, None, 1.0, step.one.slope_square
        back = one_back(stack, layer, steps[place + 1][1], back) if found else last(layer)
        if found:
            chi, kept = _chi(stack, step, steps[place + 1][0]), 1 - stack.dropout
            ratio = None if ratio is None or chi is None else ratio + log(chi * columns(stack, number + 1)
                                                                          / columns(stack, number)) / 2
        # E φ'₁φ'₂/E φ'² (Balduzzi et al. 2017), along the correlation map; dropout shrinks it by what it keeps.
        shared = None if shared is None or ratio is None else float(
            shared * step.two.slopes / slopes * kept if slopes > 0 else math.nan)
        found.append(replace(step.theory, **errors._asdict(), chi=chi, log_gradient_ratio=ratio,
                              log_gradient_error=None if ratio is None else back.error, gradient_correlation=shared))
    return found[::-1]


def _chi(stack: StackSpec, step: Step, above: Step) -> float | None:
    """σ_w² of the layer above times E φ'², over a normalisation's divisor and the share that dropout keeps."""
    number = step.theory.layer
    if jumps(stack, number):
        return None
    divisor = step.levels.divisor * above.field.divisor
    return float(scales(stack, number + 1).weights * step.one.slope_square / (divisor * (1 - stack.dropout)))


def predict(stack: StackSpec, second_moment: float, correlation: float, rows: int,
            unevenness: float | None = None, *, typical: bool = True, normal: bool = True) -> StackTheory:
    """What theory says of every layer, for inputs of E x² and of that mean cosine between rows.

    Args:
        rows: samples of the batch.
        unevenness: variance over rows of their mean squares, relative to the square of E x²; by default that of normal
            numbers.
        typical: whether to stop where networks of finite width no longer resemble the expected one.
        normal: whether the inputs are normally distributed, which matters where they meet φ before a matrix.
    """
    levels = Levels(0.0, second_moment, second_moment * (1 - correlation), second_moment, second_moment * correlation)
    if stack.residual.name != "none":
        return residual.predict(stack, levels, rows, normal)
    features, square = stack.widths[0], second_moment * second_moment
    below = Fluctuations((2 / features if unevenness is None else unevenness) * square, 0.0, 0.0,
                         (1 - correlation**2) * square / features)
    steps, reason, follower = list[tuple[Step, Layer, Errors]](), "", Follower()
    with np.errstate(all="ignore"):
        for number in range(1, stack.depth + 1):
            reason = why_no_theory(stack, number) or _too_often(stack, number)
            if reason:
                break
            law = scales(stack, number)
            field = weighed(law, levels)
            step = through_phi(stack, number, layers.before(stack, field, rows), rows, follower)
            layer = Layer(step.field, step.one, step.two, activations.bind(stack.activations[number - 1]),
                          stack.widths[number], rows,
                          1.0 if step.field.sized else law.preserved * step.field.weight_share**2, below)
            above, errors = finite_width.fluctuate(stack, layer, step.levels)
            reason = finite_width.why_unreliable(layer, above) if typical else ""
            if reason:
                break
            levels, below = dropped(step.levels, stack.dropout), above
            steps.append((step, layer, errors))
        found = [replace(layer, correlation=math.nan, gradient_correlation=None)  # the cosine of two numbers is a sign
                 if stack.widths[layer.layer] == 1 else layer for layer in with_gradients(stack, steps)]
        return StackTheory(tuple(map(without_errors, found) if stack.dropout or stack.tied else found), reason)


def _too_often(stack: StackSpec, number: int) -> str:
    """Why independent matrices say nothing of layer `number` of a tied stack.

    Products of a matrix with itself are those of independent ones as long as the layers' square is below the units:
    E tr(Wᵏ Wᵏᵀ)/n = σ_w²ᵏ(1 + O(k²/n)) of Gaussian weights.
    """
    if not stack.tied or number**2 <= stack.widths[0]:
        return ""
    return f"after √{stack.widths[0]:,} layers the largest eigenvalue of the matrix that all share decides"
