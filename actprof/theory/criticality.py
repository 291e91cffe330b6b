"""How far from the edge of chaos infinitely wide stacks are, and on which side: one number for a whole stack.

Poole et al. 2016, Schoenholz et al. 2017. Many stacks are looked at together, and no closer than it takes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from actprof.catalogue.activations import bind
from actprof.catalogue.expectations import squares
from actprof.engine.spec import StackSpec
from actprof.registry import Choice
from actprof.theory.conditions import Conditions, conditions
from actprof.theory.correlation_series import TERMS, by_pairs, by_series, has_series
from actprof.theory.fixed_points import chi_1
from actprof.theory.predictions import LARGEST_Q
from actprof.theory.variance_ends import variance_ends

NEAR = 1e-5
"""Distance of χ₁ from 1 within which the depth scale is taken from it, above 1 too."""

EXACT, FAR = 1e-10, 8.0
"""Doubt about an inverse depth that is none, and how many doubts away from a level it is surely not at it."""


def criticality(stack: StackSpec, second_moment: float) -> float | None:
    """The signed inverse depth scale of a stack for inputs of E x², per layer; None where `silence_about` has a reason.

    Returns:
        ln χ₁ < 0 in the ordered phase, where two inputs merge and the gradient vanishes; 1/ξ_c > 0 in the chaotic one;
        0 on the edge. Where the variance diverges it is ln χ₁ at a very large one: by that much the gradient grows.
    """
    known = conditions(stack, second_moment)
    return None if known is None else Criticalities().compared([known], [math.nan])[0]


class Criticalities:
    """The criticalities of stacks, as far as they have been asked for."""

    def __init__(self) -> None:
        self._growths: dict[Conditions, tuple[float, float]] = {}
        self._depths: dict[Conditions, tuple[float, float, int]] = {}

    def compared(self, known: Sequence[Conditions], levels: Sequence[float]) -> list[float]:
        """Each criticality as exactly as it takes to tell it from a level; a level of NaN asks for all digits.

        At levels up to 0 chaotic stacks are told apart by ln χ₁, which crosses 0 where the criticality does.
        """
        self._add_growths([each for each in dict.fromkeys(known) if each not in self._growths])
        asked = [(each, level) for each, level in zip(known, levels, strict=True)
                 if not level <= 0 and self._has_correlation(each)]
        for length in range(len(TERMS) + 1):
            self._add_depths([each for each in dict.fromkeys(each for each, level in asked if self._unsure(each, level))
                              if each not in self._depths or self._depths[each][2] < length], length)
        closer = dict.fromkeys(each for each, _ in asked)
        return [self._depths[each][0] if not level <= 0 and each in closer else self._growths[each][1]
                for each, level in zip(known, levels, strict=True)]

    def _has_correlation(self, known: Conditions) -> bool:
        """Whether two inputs end apart, at a finite variance."""
        q, growth = self._growths[known]
        return NEAR < growth < math.inf and 0 < q < math.inf

    def _unsure(self, known: Conditions, level: float) -> bool:
        value, doubt, _ = self._depths.get(known, (math.nan, math.inf, -1))
        return not (doubt <= EXACT or abs(value - level) > FAR * doubt)

    @np.errstate(all="ignore")
    def _add_growths(self, known: Sequence[Conditions]) -> None:
        """(q*, ln χ₁)."""
        for choice, some in _by_activation(known).items():
            phi = bind(choice)
            sigma_w, sigma_b, first = np.array([(each.sigma_w, each.sigma_b, each.first) for each in some]).T
            q = variance_ends(phi, sigma_w, sigma_b, first)
            chi = np.array([chi_1(phi, 1.0, 0.0 if end == 0 else LARGEST_Q) if end in (0, math.inf) else math.nan
                            for end in q.tolist()], np.float64)
            inside = (q > 0) & (q < math.inf)
            if inside.any():
                chi[inside] = squares(phi, np.minimum(q[inside], LARGEST_Q))[1]
            growth = np.nan_to_num(np.log(sigma_w**2 * chi), nan=math.inf, neginf=-math.inf, posinf=math.inf)
            self._growths |= zip(some, zip(q.tolist(), growth.tolist(), strict=True), strict=True)

    def _add_depths(self, known: Sequence[Conditions], length: int) -> None:
        """(1/ξ_c, how far it may be off, the length of the series)."""
        for choice, some in _by_activation(known).items():
            phi = bind(choice)
            if length == len(TERMS) or not has_series(phi):
                slopes = [by_pairs(phi, each.sigma_w, self._growths[each][0]) for each in some]
                self._depths |= {each: (_inverse_depth(slope), 0.0, length)
                                 for each, slope in zip(some, slopes, strict=True)}
                continue
            sigma_w, q = (np.array(values) for values in zip(*((each.sigma_w, self._growths[each][0])
                                                               for each in some), strict=True))
            for each, slope, doubt in zip(some, *(found.tolist() for found in by_series(phi, sigma_w, q, length)),
                                          strict=True):
                self._depths[each] = _inverse_depth(slope), doubt / slope if slope > 0 else math.inf, length


def _inverse_depth(slope: float) -> float:
    return max(-math.log(slope), 0.0) if slope > 0 else math.inf


def _by_activation(known: Sequence[Conditions]) -> dict[Choice, list[Conditions]]:
    found: dict[Choice, list[Conditions]] = defaultdict(list)
    for each in known:
        found[each.activation].append(each)
    return found
