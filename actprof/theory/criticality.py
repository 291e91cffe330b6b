"""How far from the edge of chaos infinitely wide stacks are, and on which side: one number for a whole stack.

Poole et al. 2016, Schoenholz et al. 2017.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from actprof.arrays import Floats
from actprof.catalogue.activations import bind
from actprof.engine.spec import StackSpec
from actprof.registry import Choice
from actprof.theory.fields import pair_rows
from actprof.theory.layers import scales, why_no_theory
from actprof.theory.length_map import moment_table
from actprof.theory.predictions import MARGINAL, MAX_Q
from actprof.theory.roots import LengthMaps

FAR = 1e3  # a logarithm as good as infinite
SETTLED = 300  # layers after which the variance counts as settled
NEAR = 1e-5  # distance of χ₁ from 1 within which the depth scale is taken from it, above 1 too


class Criticalities:
    """The signed inverse depth scales of stacks, per layer, as far as they have been asked for.

    That is ln χ₁ < 0 in the ordered phase, where two inputs merge and the gradient vanishes; 1/ξ_c > 0 in the chaotic
    one; 0 on the edge. Where the variance diverges it is ln χ₁ at a very large one: by that much the gradient grows.
    """

    def __init__(self) -> None:
        self._growths: dict[Conditions, tuple[float, float]] = {}
        self._depths: dict[Conditions, float] = {}

    def compared(self, known: Sequence[Conditions], levels: Sequence[float]) -> list[float]:
        """Each criticality, to be told from a level; NaN if none is meant.

        At levels up to 0 chaotic stacks are told apart by ln χ₁, which crosses 0 where the criticality does.
        """
        for choice, some in _by_activation(each for each in known if each not in self._growths):
            self._add_growths(choice, some)
        apart = [not level <= 0 and self._has_correlation(each) for each, level in zip(known, levels, strict=True)]
        for choice, some in _by_activation(each for each in itertools.compress(known, apart)
                                           if each not in self._depths):
            self._add_depths(choice, some)
        return [self._depths[each] if two else self._growths[each][1] for each, two in zip(known, apart, strict=True)]

    def _has_correlation(self, known: Conditions) -> bool:
        """Whether two inputs end apart, at a finite variance."""
        q, growth = self._growths[known]
        return NEAR < growth < math.inf and 0 < q < math.inf

    @np.errstate(all="ignore")
    def _add_growths(self, choice: Choice, some: Sequence[Conditions]) -> None:
        """(q*, ln χ₁)."""
        table = moment_table(bind(choice))
        sigma_w, sigma_b, first = np.array([(each.sigma_w, each.sigma_b, each.first) for each in some]).T
        q = LengthMaps(bind(choice), sigma_w**2, sigma_b**2).limits(first)[0]
        chi = sigma_w**2 * table.slope_square(np.minimum(q, MAX_Q))
        growth = np.nan_to_num(np.log(chi), nan=math.inf, neginf=-math.inf, posinf=math.inf)
        self._growths |= zip(some, zip(q.tolist(), growth.tolist(), strict=True), strict=True)

    def _add_depths(self, choice: Choice, some: Sequence[Conditions]) -> None:
        """1/ξ_c."""
        q = np.array([self._growths[each][0] for each in some])
        decay = pair_rows(bind(choice), q).fixed(np.array([each.sigma_w**2 for each in some]))[1]
        with np.errstate(divide="ignore"):
            self._depths |= zip(some, np.maximum(-np.log(decay), 0.0).tolist(), strict=True)


@np.errstate(all="ignore")
def gradient_growths(known: Sequence[Conditions], depths: Sequence[float]) -> list[float]:
    """Σ ln χ over the layers above the first, from the inputs' own variance on: the logarithm of how much larger a
    sample's squared gradient is in the first layer than in the last. Between two depths it goes on evenly."""
    places: dict[Conditions, list[int]] = defaultdict(list)
    for place, each in enumerate(known):
        places[each].append(place)
    above, growths = np.asarray(depths) - 1, np.zeros(len(known))
    for choice, some in _by_activation(known):
        sums = _summed(choice, some, math.ceil(above.max(initial=1.0)))
        for each, one in zip(some, np.transpose(sums), strict=True):
            growths[places[each]] = np.interp(above[places[each]], np.arange(len(one)), one)
    return [float(growth) for growth in growths]


def gradient_layers(known: Conditions, chi: float, limit: float) -> float:
    """Over how many layers a sample's squared gradient changes by e^±limit, from the inputs' own variance on.

    Once the variance has settled every layer changes it by `chi`, χ₁ at the fixed point; infinite where that is 1.
    """
    growth = np.ravel(_summed(known.activation, [known], SETTLED, limit))
    place = int((np.abs(growth) >= limit).argmax())
    if place:
        before, here = np.abs(growth[place - 1:place + 1])
        return float(place - 1 + (limit - before) / (here - before))
    rate = math.log(chi)
    return math.inf if abs(rate) < MARGINAL else float(SETTLED + (limit * math.copysign(1.0, rate) - growth[-1]) / rate)


def _summed(choice: Choice, some: Sequence[Conditions], layers: int, enough: float = math.inf) -> list[Floats]:
    """After none, one, two … layers Σ ln χ of each stack, up to where all are `enough` or more."""
    table = moment_table(bind(choice))
    sigma_w, sigma_b, q = np.array([(each.sigma_w, each.sigma_b, each.first) for each in some]).T
    sums = [np.zeros(len(some))]
    while len(sums) <= layers and np.abs(sums[-1]).min() < enough:
        q = np.minimum(q, MAX_Q)
        growth = np.log(sigma_w**2 * table.slope_square(q))
        sums.append(sums[-1] + np.nan_to_num(growth, nan=0.0, neginf=-FAR, posinf=FAR))
        q = sigma_w**2 * np.where(q > 0, table.square(np.log(q)), table.zero.square) + sigma_b**2
    return sums


@dataclass(frozen=True)
class Conditions:
    """All that a stack's fate depends on: φ, σ_w and σ_b above the first layer, and the first layer's variance q¹."""

    activation: Choice
    sigma_w: float
    sigma_b: float
    first: float


def conditions(stack: StackSpec, second_moment: float) -> Conditions | None:
    """The conditions of a stack for inputs of E x²; None where `silence_about` has a reason, or E x² is not finite."""
    if silence_about(stack) or not 0 <= second_moment < math.inf:
        return None
    first, above = scales(stack, 1), scales(stack, min(2, stack.depth))
    return Conditions(stack.activations[0], math.sqrt(above.weights), above.bias_std,
                      first.weights * second_moment + first.bias_std**2)


def between(one: Conditions, other: Conditions, share: float) -> Conditions:
    """The conditions a part of the way, or beyond it, from a stack to one that differs from it in the width alone."""
    # σ_w² = fan_in·Var W is proportional to the width, or does not depend on it.
    weights, biases, first = (max(0.0, near + share * (far - near)) for near, far in (
        (one.sigma_w**2, other.sigma_w**2), (one.sigma_b**2, other.sigma_b**2), (one.first, other.first)))
    return Conditions(one.activation, math.sqrt(weights), math.sqrt(biases), first)


def silence_about(stack: StackSpec) -> str:
    """Why no phase can be told of a stack; "" if one can."""
    if stack.norm.name != "none":
        return "normalisation sets the size of what enters the activation, so there is no edge"
    if stack.residual.name != "none":
        return "skip connections leave no edge: through a block no gradient shrinks (Yang & Schoenholz 2017)"
    if stack.dropout:
        return "dropout leaves no edge: inputs that are alike come apart (Schoenholz et al. 2017)"
    if stack.activations.count(stack.activations[0]) < stack.depth:
        return "activations that differ between layers have no common depth scale"
    if bind(stack.activations[0]).jumps:
        return f"{stack.activations[0].name} jumps, so χ₁ is infinite"
    # The first layer, and one layer for each kind of a matrix above it.
    above = zip(stack.widths[1:], stack.widths[2:], stack.inits[1:], strict=False)
    layers = [1, *{kind: number for number, kind in enumerate(above, 2)}.values()]
    for number in layers:
        reason = why_no_theory(stack, number) or (
            f"{stack.bias.name} biases have a mean other than 0" if scales(stack, number).bias_mean else "")
        if reason:
            return reason
    laws = [scales(stack, number) for number in layers[1:]]
    if not all(math.isclose(law.weights, laws[0].weights) and math.isclose(law.bias_std, laws[0].bias_std)
               for law in laws):
        return "weights whose scale differs from layer to layer have no common depth scale"
    return ""


def _by_activation(known: Iterable[Conditions]) -> Iterable[tuple[Choice, list[Conditions]]]:
    """Each of them once."""
    found: dict[Choice, list[Conditions]] = defaultdict(list)
    for each in dict.fromkeys(known):
        found[each.activation].append(each)
    return found.items()
