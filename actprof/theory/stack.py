"""The mean-field prediction of a stack: each layer's second moment and two inputs' overlap lead to the next's.

On the way back the gradient grows by χ from each layer to the one below; the weights count as independent of those of
the way forward. Poole et al. 2016, Schoenholz et al. 2017; per-layer σ_w² = fan_in·Var W, so widths may change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from actprof.engine.spec import StackSpec
from actprof.theory import finite_width, layers, residual
from actprof.theory.finite_width import Fluctuations
from actprof.theory.layers import Levels, scales, why_no_theory
from actprof.theory.paths import Follower
from actprof.theory.predictions import LayerTheory, StackTheory
from actprof.theory.steps import Step, columns, dropped, jumps, log, through_phi, weighed, without_errors


def with_gradients(stack: StackSpec, steps: Sequence[Step], rows: int) -> list[LayerTheory]:
    """The layers with chi and the gradient, from the last to the first; without them where a φ above jumps."""
    known = len(steps) == stack.depth
    ratio: float | None = 0.0 if known and not jumps(stack, stack.depth) else None
    error, overlap = 0.0, _gradient_overlap(steps[-1], stack.widths[-1], 0.0) if steps else 0.0
    # A batch's normalisation passes on nothing of a cotangent that all samples share.
    shared = None if ratio is None or stack.whole_batch else _shared(steps[-1], 1.0)
    layers = [replace(step.theory, **step.errors._asdict(), log_gradient_ratio=ratio, gradient_correlation=shared,
                      log_gradient_error=None if ratio is None else 0.0) for step in steps[-1:]]
    for step, above in zip(steps[-2::-1], steps[:0:-1], strict=True):
        number = step.theory.layer
        chi = _chi(stack, step, above)
        ratio = None if ratio is None or chi is None else ratio + log(chi * columns(stack, number + 1)
                                                                      / columns(stack, number)) / 2
        error += _gradient_variance(step, stack.widths[number], rows, overlap)
        overlap = _gradient_overlap(step, stack.widths[number], overlap)
        shared = None if shared is None or ratio is None else shared * _shared(step, 1 - stack.dropout)
        layers.append(replace(step.theory, **step.errors._asdict(), chi=chi, log_gradient_ratio=ratio,
                              log_gradient_error=None if ratio is None else math.sqrt(error),
                              gradient_correlation=shared))
    return layers[::-1]


def _chi(stack: StackSpec, step: Step, above: Step) -> float | None:
    """σ_w² of the layer above times E φ'², over a normalisation's divisor and the share that dropout keeps."""
    number = step.theory.layer
    if jumps(stack, number):
        return None
    divisor = step.levels.divisor * above.field.divisor
    return float(scales(stack, number + 1).weights * step.one.slope_square / (divisor * (1 - stack.dropout)))


def _gradient_variance(step: Step, units: int, rows: int, overlap: float) -> float:
    """Var ln(rms of the gradient) that a layer adds: a quarter of (3E φ'⁴/E[φ'²]² - 1)/n, less what samples average."""
    square = step.one.slope_square**2
    if not 0 < square < math.inf:
        return 0.0
    single = 3 * step.one.slope_fourth / square - 1
    pair = max((1 + 2 * overlap) * step.two.slope_squares / square - 1, 0.0)
    return (pair + max(single - pair, 0.0) / rows) / (4 * units)


def _shared(step: Step, kept: float) -> float:
    """E φ'₁φ'₂/E φ'², by which a layer shrinks what two samples' gradients share; dropout shrinks it by what it keeps.

    Balduzzi et al. 2017, along the correlation map.
    """
    return float(step.two.slopes / step.one.slope_square * kept) if step.one.slope_square > 0 else math.nan


def _gradient_overlap(step: Step, units: int, above: float) -> float:
    """E(cosine between two samples' gradients)², given that of the next layer."""
    square = step.one.slope_square**2
    if not 0 < square < math.inf:
        return 0.0
    return min(1.0, step.two.slope_squares / square / units + step.two.slopes**2 / square * above)


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
    steps: list[Step] = []
    reason, follower = "", Follower()
    with np.errstate(all="ignore"):
        for number in range(1, stack.depth + 1):
            reason = why_no_theory(stack, number) or _too_often(stack, number)
            if reason:
                break
            law = scales(stack, number)
            field = weighed(law, levels)
            step = through_phi(stack, number, layers.before(stack, field, rows), rows, follower)
            above, errors = finite_width.fluctuate(stack, number, step.field, step.one, step.two, step.levels, rows,
                                                   law.preserved, below)
            reason = finite_width.why_unreliable(step.field, step.one, below, above) if typical else ""
            if reason:
                break
            levels, below = dropped(step.levels, stack.dropout), above
            steps.append(replace(step, errors=errors))
        found = [replace(layer, correlation=math.nan, gradient_correlation=None)  # the cosine of two numbers is a sign
                 if stack.widths[layer.layer] == 1 else layer for layer in with_gradients(stack, steps, rows)]
        return StackTheory(tuple(map(without_errors, found) if stack.dropout or stack.tied else found), reason)


def _too_often(stack: StackSpec, number: int) -> str:
    """Why independent matrices say nothing of layer `number` of a tied stack.

    Products of a matrix with itself are those of independent ones as long as the layers' square is below the units:
    E tr(Wᵏ Wᵏᵀ)/n = σ_w²ᵏ(1 + O(k²/n)) of Gaussian weights.
    """
    if not stack.tied or number**2 <= stack.widths[0]:
        return ""
    return f"after √{stack.widths[0]:,} layers the largest eigenvalue of the matrix that all share decides"
