"""How far from the edge of chaos an infinitely wide stack is, and on which side: one number for a whole stack.

Poole et al. 2016, Schoenholz et al. 2017. The formulas are the theory package's; here is the way to the fixed point
that the first layer's variance leads to, without a search for all the others.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actprof.activations import BoundActivation, bind
from actprof.registry import Choice
from actprof.spec import StackSpec
from actprof.theory.fixed_points import chi_1
from actprof.theory.length_map import LARGEST_Q, VARIANCES, bisected, length_map, length_slope, limit, roots
from actprof.theory.pairs import pair
from actprof.theory.parameters import Scales, scales, silence

Array = NDArray[Any]

NEUTRAL = 1e-11
"""Change of a variance, relative to it, that may be rounding."""

NEAR = 1e-5
"""Distance of χ₁ from 1 within which the depth scale is taken from it, above 1 too."""

MOST_NEWTON, MOST_STEPS = 8, 100


@dataclass(frozen=True)
class Conditions:
    """All that a stack's fate depends on: φ, σ_w and σ_b above the first layer, and the first layer's variance q¹."""

    activation: Choice
    sigma_w: float
    sigma_b: float
    first: float


def criticality(stack: StackSpec, second_moment: float) -> float | None:
    """The signed inverse depth scale of a stack for inputs of E x², per layer; None where `silence_about` has a reason.

    Returns:
        ln χ₁ < 0 in the ordered phase, where two inputs merge and the gradient vanishes; 1/ξ_c > 0 in the chaotic one;
        0 on the edge. Where the variance diverges it is ln χ₁ at a very large one: by that much the gradient grows.
    """
    known = conditions(stack, second_moment)
    return None if known is None else inverse_depth(known)


def conditions(stack: StackSpec, second_moment: float) -> Conditions | None:
    """What decides `criticality`; None where `silence_about` has a reason, or the inputs have no finite E x²."""
    if silence_about(stack) or not 0 <= second_moment < math.inf:
        return None
    first, above = scales(stack, 1), scales(stack, min(2, stack.depth))
    return Conditions(stack.activations[0], math.sqrt(above.weights), above.bias_std,
                      first.weights * second_moment + first.bias_std**2)


def silence_about(stack: StackSpec) -> str:
    """Why no phase can be told of a stack; "" if one can."""
    if stack.norm.name != "none":
        return f"{stack.norm.name} normalisation sets the size of what enters the activation, so there is no edge"
    if stack.activations.count(stack.activations[0]) < stack.depth:
        return "activations that differ between layers have no common depth scale"
    if bind(stack.activations[0]).jumps:
        return f"{stack.activations[0].name} jumps, so χ₁ is infinite"
    layers = _distinct(stack)
    for number in layers:
        reason = silence(stack, number) or _about_biases(scales(stack, number), stack)
        if reason:
            return reason
    above = [scales(stack, number) for number in layers[1:]]
    if any(not _alike(one, above[0]) for one in above):
        return "weights whose scale differs from layer to layer have no common depth scale"
    return ""


def _distinct(stack: StackSpec) -> list[int]:
    """The first layer, and one layer for each shape of a matrix above it."""
    shapes = {shape: number for number, shape in enumerate(itertools.pairwise(stack.widths[1:]), 2)}
    return [1, *shapes.values()]


def _about_biases(known: Scales, stack: StackSpec) -> str:
    return f"{stack.bias.name} biases have a mean other than 0" if known.bias_mean else ""


def _alike(one: Scales, other: Scales) -> bool:
    return math.isclose(one.weights, other.weights, rel_tol=1e-9) and math.isclose(
        one.bias_std, other.bias_std, rel_tol=1e-9)


@functools.lru_cache(4096)
@np.errstate(all="ignore")
def inverse_depth(known: Conditions) -> float:
    """`criticality` under these conditions."""
    phi = bind(known.activation)
    q = _settled(phi, known.sigma_w, known.sigma_b, known.first)
    chi = chi_1(phi, known.sigma_w, min(q, LARGEST_Q))
    assert chi is not None  # of a φ that does not jump
    if math.isnan(chi):
        return math.inf
    if chi <= 1 + NEAR or not 0 < q < math.inf:
        return _log(chi)
    return max(-_log(_slope_at_fixed_correlation(phi, known.sigma_w, q, chi)), 0.0)


def _log(slope: float) -> float:
    return math.log(slope) if slope > 0 else -math.inf


def _settled(phi: BoundActivation, sigma_w: float, sigma_b: float, q: float) -> float:
    """Where the variances that start at q end: a fixed point, 0 or infinity."""
    squares, slopes = _table(phi)
    if not (squares[1:] >= squares[:-1] * (1 - 1e-12)).all():
        known = roots(phi, sigma_w, sigma_b)
        return q if known is None else limit(phi, sigma_w, sigma_b, q, known)
    start = length_map(phi, sigma_w, sigma_b, q) - q
    if abs(start) <= 1e-13 * q:
        return q
    # A map that rises steps over none of its fixed points, so the end is the next one.
    sign, ahead = (1, q < VARIANCES) if start > 0 else (-1, q > VARIANCES)
    change = sign * (sigma_w**2 * squares + sigma_b**2 - VARIANCES)
    ahead &= ~(np.abs(change) <= NEUTRAL * VARIANCES)
    places = np.concatenate([[q], VARIANCES[ahead][::sign]])
    changes = np.concatenate([[abs(start)], change[ahead][::sign]])
    tilts = np.concatenate([[length_slope(phi, sigma_w, q) - 1], (sigma_w**2 * slopes - 1)[ahead][::sign]])
    for stretch in np.flatnonzero((changes[1:] < 0) | _dips(places, changes, tilts)):
        behind, beyond = map(float, places[stretch:stretch + 2])
        if changes[stretch + 1] >= 0:
            beyond = _bottom(phi, sigma_w, behind, beyond)
            if sign * (length_map(phi, sigma_w, sigma_b, beyond) - beyond) >= 0:
                continue
        return _between(phi, sigma_w, sigma_b, min(behind, beyond), max(behind, beyond))
    return math.inf if sign > 0 else 0.0


@functools.lru_cache(64)
@np.errstate(all="ignore")
def _table(phi: BoundActivation) -> tuple[Array, Array]:
    """W and W' at VARIANCES."""
    return (np.array([length_map(phi, 1.0, 0.0, float(q)) for q in VARIANCES]),
            np.array([length_slope(phi, 1.0, float(q)) for q in VARIANCES]))


def _dips(places: Array, changes: Array, tilts: Array) -> Array:
    """Whether between neighbours of one sign the change of the variance may have the other, as far as tangents tell.

    Two fixed points that have just parted (gelu) are so close that no grid sees them.
    """
    widths, falling, rising = np.abs(np.diff(places)), tilts[:-1], tilts[1:]
    reach = (changes[1:] - changes[:-1] - rising * widths) / (falling - rising)
    return np.asarray((falling < 0) & (rising > 0) & (changes[:-1] + falling * reach < 0))


def _bottom(phi: BoundActivation, sigma_w: float, behind: float, beyond: float) -> float:
    """The variance between two where the length map runs parallel to the diagonal."""
    return bisected(lambda q: length_slope(phi, sigma_w, q) - 1, min(behind, beyond), max(behind, beyond))


def _between(phi: BoundActivation, sigma_w: float, sigma_b: float, low: float, high: float) -> float:
    """The fixed point between two variances: by Newton's method, and by halving where that leaves or lingers."""
    def excess(at: float) -> float:
        return length_map(phi, sigma_w, sigma_b, at) - at

    q = low + (high - low) * excess(low) / (excess(low) - excess(high))
    for _ in range(MOST_NEWTON):
        change = excess(q) / (1 - length_slope(phi, sigma_w, q))
        if not low <= q + change <= high:
            break
        q += change
        if abs(change) <= 1e-8 * q:
            return q
    return bisected(excess, low, high)


def _slope_at_fixed_correlation(phi: BoundActivation, sigma_w: float, q: float, chi: float) -> float:
    """C'(c*) at the c* < 1 that C returns, by Newton's method for 1 - c; C is convex and so not overshot twice."""
    def course(gap: float) -> tuple[float, float]:
        """(C(c) - c, C'(c))."""
        two = pair(phi, q, q * gap)
        return gap - float(sigma_w**2 * two.difference / q), float(sigma_w**2 * two.slopes)

    height, slope = course(1.0)
    if height <= 1e-12:
        return slope
    gap = _cubic_root(height, 1 - slope, chi - 1)
    for _ in range(MOST_STEPS):
        height, slope = course(gap)
        if slope >= 1:  # too near to c = 1, which is a fixed point as well
            gap = math.sqrt(gap)
            continue
        step = height / (1 - slope)
        if abs(step) <= 1e-9 * gap or not step < gap:
            break
        gap = min(gap - step, 1.0)
    return slope


def _cubic_root(height: float, rise: float, fall: float) -> float:
    """Where between 0 and 1 the cubic vanishes that has at 0 the value 0 and the slope -fall, at 1 height and rise."""
    cubic = rise - fall - 2 * height
    square = height + fall - cubic
    root = 2 * fall / (square + math.sqrt(max(square**2 + 4 * cubic * fall, 0.0)))
    return root if 0 < root < 1 else 1.0
