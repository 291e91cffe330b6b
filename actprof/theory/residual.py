"""The mean-field prediction of a residual stack: how the stream grows block by block, and gradients on their way back.

Yang & Schoenholz 2017, De & Smith 2020: branches add up like independent numbers, q' = q + α²(σ_w² E φ(√q z)² + σ_b²),
and squared gradients grow by 1 + α²χ a block. How far one network of finite width strays is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from actprof.catalogue.residuals import BRANCH, ENTERING, STREAM
from actprof.engine.blocks import Part, parts_of
from actprof.engine.spec import StackSpec
from actprof.theory import layers
from actprof.theory.layers import Field, Levels, scales, spread, why_no_theory
from actprof.theory.paths import Follower
from actprof.theory.predictions import LayerTheory, StackTheory, StreamTheory
from actprof.theory.steps import Step, columns, cosine, dropped, jumps, log, root, through_phi, weighed

PLAIN = Part(first=False)


@dataclass(frozen=True)
class _Passed:
    """A layer on the way up, and by what it divides squared gradients on their way back.

    Attributes:
        joined, ended, entered: divisors of the stream, of the branch where it ends, and of what enters φ or the matrix.
    """

    step: Step
    part: Part
    joined: float
    ended: float
    entered: float


def predict(stack: StackSpec, inputs: Levels, rows: int, normal: bool) -> StackTheory:
    """What theory says of every layer of a residual stack."""
    stream = branch = inputs
    follower, passed, reason = Follower(), list[_Passed](), ""
    with np.errstate(all="ignore"):
        for number, part in enumerate(parts_of(stack), start=1):
            part = part or PLAIN
            reason = why_no_theory(stack, number) or _why_none(stack, number, part, normal)
            if reason:
                break
            branch, layer = _through_branch(stack, number, part, stream if part.begins else branch, rows, follower)
            if part.ends:
                stream, layer = _joined(part, stream, branch, layer, rows)
            passed.append(layer)
        return StackTheory(_with_gradients(stack, passed) if not reason else
                           tuple(layer.step.theory for layer in passed), reason)


def _why_none(stack: StackSpec, number: int, part: Part, normal: bool) -> str:
    """Why there is no statement about a layer whose φ comes first."""
    if number == 1 and not normal and (part.first or part.skips):
        return "inputs that are not normally distributed meet φ, or a stream, before a matrix"
    known = scales(stack, number)
    if part.first and len(known.add_biases(known.weights)[1]) > 1:
        return "biases that are not normally distributed add to a stream that is"
    return ""


def _through_branch(stack: StackSpec, number: int, part: Part, levels: Levels, rows: int,
                    follower: Follower) -> tuple[Levels, _Passed]:
    """What a layer makes of a branch, or of the stream where one begins."""
    law, own = scales(stack, number), part.norm_at(ENTERING)
    square = part.divisor**2
    levels = _times(1 / part.divisor, levels)
    goes_on = part.first or number < stack.depth
    if part.first:
        entering = layers.normalised_field(own, _field(levels), rows)
        field = layers.before(stack, entering, rows)
        step = through_phi(stack, number, field, rows, follower)
        made = weighed(law, dropped(step.levels, stack.dropout))
        leaving = _levels(made)
    else:
        levels = layers.normalised_levels(own, levels, rows)
        entering = weighed(law, levels)
        field = layers.before(stack, entering, rows)
        step = through_phi(stack, number, field, rows, follower)
        leaving = dropped(step.levels, stack.dropout if goes_on else 0.0)
    kept = 1 - stack.dropout if goes_on else 1.0
    own_divisor = (entering if part.first else levels).divisor
    divisor = square * own_divisor * (field.divisor if field is not entering else 1.0) * step.levels.divisor * kept
    return replace(leaving, divisor=1.0), _Passed(step, part, 1.0, 1.0, divisor)


def _field(levels: Levels) -> Field:
    """The stream as what enters φ."""
    return Field(levels.variance, min(levels.difference, 2 * levels.variance), ((levels.mean, 1.0),), 1.0, 1.0)


def _levels(field: Field) -> Levels:
    """What a matrix makes as what joins the stream."""
    mean, extra = spread(field.offsets)
    variance = field.variance + extra
    return Levels(mean, variance + mean**2, field.d, variance, variance - field.d)


def _joined(part: Part, stream: Levels, branch: Levels, layer: _Passed, rows: int) -> tuple[Levels, _Passed]:
    """The stream behind a block, or behind a plain layer what that gives."""
    if not part.skips:
        return branch, layer
    branch = layers.normalised_levels(part.norm_at(BRANCH), branch, rows)
    added = _times(part.alpha, branch)
    mean = stream.mean + added.mean
    variance = stream.variance + added.variance
    made = layers.normalised_levels(part.norm_at(STREAM), Levels(
        mean, variance + mean**2, stream.difference + added.difference, variance, stream.shared + added.shared), rows)
    theory = replace(layer.step.theory, stream=_said(made), branch=_said(added))
    return replace(made, divisor=1.0), replace(
        layer, step=replace(layer.step, theory=theory), joined=made.divisor, ended=branch.divisor)


def _times(factor: float, levels: Levels) -> Levels:
    square = factor**2
    return Levels(factor * levels.mean, square * levels.second_moment, square * levels.difference,
                  square * levels.variance, square * levels.shared)


def _said(levels: Levels) -> StreamTheory:
    return StreamTheory(float(levels.mean), root(levels.variance), float(levels.second_moment), cosine(levels))


class _Back(NamedTuple):
    """Mean squares of gradients on their way back, over e^size: those of long stacks overflow.

    Attributes:
        leaving: of what leaves the next layer below.
        stream: of the stream beside the branch that it is in.
    """

    leaving: float
    stream: float = 0.0
    size: float = 0.0

    def near_one(self) -> _Back:
        most = max(self.leaving, self.stream)
        if not 0 < most < math.inf:
            return self
        return _Back(self.leaving / most, self.stream / most, self.size + math.log(most))


def _with_gradients(stack: StackSpec, passed: Sequence[_Passed]) -> tuple[LayerTheory, ...]:
    """The layers with chi and the gradient: that of what leaves a layer with φ first or ending a block, else of z."""
    back, squares, norms = _Back(1.0), list[float](), list[float]()  # natural logarithms, from the last layer on
    for layer in reversed(passed):
        square, units, back = _through_layer(stack, layer, back)
        squares.append(square)
        norms.append(square + math.log(units))
    ratios = [None if math.isnan(square - squares[0]) else (square - squares[0]) / 2 for square in squares]
    growths = [math.nan, *(own - above for above, own in pairwise(norms))]
    chis = [math.exp(min(growth, 700.0)) if math.isfinite(growth) else None for growth in growths]
    return tuple(replace(layer.step.theory, chi=chi, log_gradient_ratio=ratio)
                 for layer, chi, ratio in zip(passed, reversed(chis), reversed(ratios), strict=True))


def _through_layer(stack: StackSpec, layer: _Passed, back: _Back) -> tuple[float, int, _Back]:
    """(ln of the mean square of the gradient that is told, over how many units, what goes on); NaN where φ jumps."""
    number, part = layer.step.theory.layer, layer.part
    units, inputs = stack.widths[number], stack.widths[number - 1]
    leaving, stream = back.leaving, back.stream
    if part.joins:
        stream = leaving / layer.joined
        leaving = part.alpha**2 * stream / layer.ended
    at_phi = math.nan if jumps(stack, number) else leaving * float(layer.step.one.slope_square)
    below = at_phi * units * scales(stack, number).weights / (inputs * layer.entered)
    going_on = _Back(below + stream) if part.begins else _Back(below, stream)
    told, seen = back.leaving, units
    if not (part.first or part.joins):
        kept, seen = 1 - stack.dropout if number < stack.depth else 1.0, columns(stack, number)
        told = at_phi * units / seen / (layer.step.levels.divisor * kept)
    return log(told) + back.size, seen, going_on._replace(size=back.size).near_one()
