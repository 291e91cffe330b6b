"""How statistics of one network of finite width stray from those of an infinite one: leading order in 1/width.

Yaida 2019, Hanin & Nica 2018: the variance over networks of a layer's mean square is what its units add, over their
number, and what it inherits. Pooled over a batch only what two inputs share remains.

Where the weights or a normalisation fix the pre-activations' mean square, the part of φ and φ² along the second Hermite
polynomial does not vary; where a normalisation fixes their mean, nor does that along the first.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from actprof.arrays import Array
from actprof.catalogue import quadrature
from actprof.catalogue.activations import BoundActivation
from actprof.catalogue.expectations import Moments
from actprof.engine.spec import StackSpec
from actprof.theory.layers import Field, Levels, Offsets
from actprof.theory.pairs import Pair
from actprof.theory.paths import representative
from actprof.theory.predictions import BAND


class Fluctuations(NamedTuple):
    """How what leaves a layer varies over networks.

    Attributes:
        single: Var of the mean square of one input's activations.
        pair: Cov of those of two inputs.
        shift: E(mean square) - its value at infinite width.
        overlap: Var of two inputs' mean product.
    """

    single: float
    pair: float
    shift: float
    overlap: float


def _outer(mean: float, square: float) -> Array:
    """As all spreads: Var a, Cov(a, a²), Var a², of one unit or of means of them."""
    return np.array((mean * mean, mean * square, square * square))


def _positive(spread: Array) -> Array:
    return np.maximum(spread, (0.0, -math.inf, 0.0))


class Layer(NamedTuple):
    """What a layer's fluctuations follow from.

    Attributes:
        pinned: share of the pre-activations' mean square that is fixed, over units or over the batch.
        below: how what enters the layer varies.
    """

    field: Field
    one: Moments
    two: Pair
    phi: BoundActivation
    units: int
    rows: int
    pinned: float
    below: Fluctuations


def _shared(layer: Layer, alone: Array, c: float, loose: float, inherited: float) -> Array:
    """The spread of the means over the units that two inputs of correlation c share, and inherit, given a unit's own.

    A correlation that wanders over pairs, by a variance `loose`, shares more of what is curved in it.
    """
    field, one = layer.field, layer.one
    # What of φ and φ² lies along He₁, He₂ and He₄: the latter two are 2q² and 4q²/√24 times the derivatives by q.
    square, power = math.sqrt(2 / layer.phi.pieces) * field.variance, 4 / math.sqrt(24) * field.variance**2
    first = _outer(one.mean_tilt, one.square_tilt)
    second = _outer(square * one.mean_slope, square * one.square_slope)
    fourth = _outer(power * one.mean_curvature, power * one.square_curvature)
    kept = _positive(alone - field.centred * c * first - layer.pinned * c * c * second)
    kept = kept + (1 - layer.pinned) * loose * second + 3 * loose * (loose + 2 * c * c) * fourth
    if loose > 0:  # whatever else there is in c counts as its cube
        kept = kept + 3 * loose / max(c * c, loose) * (alone - c * first - c * c * second - c**4 * fourth)
    old = field.slope**2 * inherited * _outer(one.mean_slope, one.square_slope)
    wander = old[2] / one.square**2 if one.square else 0.0
    return old + (1 + wander) / layer.units * kept


def wandering(layer: Layer) -> float:
    """Var ĉ over pairs of inputs: (1 - c²)² of what their product's would be, as that of a sample's correlation."""
    field = layer.field
    product = min(1.0, (field.reach / field.variance) ** 2 * layer.below.overlap) if field.variance > 0 else 0.0
    return (1 - field.correlation**2) ** 2 * product


def shifts(layer: Layer) -> tuple[float, float, float]:
    """E of (mean, mean square) less their values at infinite width, and how far an expansion may miss both.

    That is an error of the variance that the shifts come from: over a batch, networks differ about as much as the rows'
    unlike sizes shift them, and the next order of what is pinned comes to a third of the first.
    """
    field, one, below, loose = layer.field, layer.one, layer.below, wandering(layer)
    unlike = (field.reach if field.batched else field.slope) ** 2 * below.single / 2
    # Pinned numbers lie on a sphere of so many dimensions: E z⁴ = 3q²(1 - 2/(dimensions + 2)).
    dimensions = 1 / (1 / layer.rows + loose) if field.batched else layer.units
    wider = unlike - layer.pinned * field.variance**2 / (dimensions + 2)
    # What eps takes away from a batch's units is more where they vary little: E 1/s² is larger than 1/E s².
    longer = 2 / dimensions * (field.variance - 1) if field.batched else field.slope * below.shift
    return (one.mean_slope * longer + one.mean_curvature * wider,
            one.square_slope * longer + one.square_curvature * wider,
            math.hypot(unlike, field.variance**2 * loose / 3) if field.batched else 0.0)


def unlikeness(layer: Layer) -> float:
    """Variance over rows of the mean square of their pre-activations, relative to its square."""
    field = layer.field
    return (field.reach / field.variance) ** 2 * layer.below.single if field.variance > 0 else 0.0


def lasting(layer: Layer, single: Array) -> float:
    """Var of an input's mean square as the next layer sees it; over a batch only the sum is pinned, not an input's.

    Large rows draw a batch's mean and spread to themselves and grow all the faster.
    """
    if not layer.field.batched:
        return float(single[2])
    one, inherited = layer.one, layer.below.single * (1 + unlikeness(layer) / 2)
    passed = (one.square_slope - 2 * one.mean * one.mean_slope) * layer.field.reach
    return max(central_fourth(one) - one.variance**2, 0.0) / layer.units + passed**2 * inherited


def central_fourth(one: Moments) -> float:
    return one.fourth - 4 * one.mean * one.third + 6 * one.mean**2 * one.square - 3 * one.mean**4


ROUNDING = 1e-6  # share of a statistic that single precision may cost


class Errors(NamedTuple):
    """What LayerTheory says, by the same names, of networks of finite width."""

    std_typical: float = math.nan
    std_low: float = math.nan
    std_high: float = math.nan
    mean_error: float = math.nan
    std_error: float = math.nan
    second_moment_error: float = math.nan


def fluctuate(stack: StackSpec, layer: Layer, levels: Levels) -> tuple[Fluctuations, Errors]:
    """The fluctuations of a layer and the errors of its statistics."""
    field, one, two, units, below = layer.field, layer.one, layer.two, layer.units, layer.below
    alone = np.array((one.variance, one.third - one.mean * one.square, one.fourth - one.square**2))
    single = _shared(layer, alone, 1.0, 0.0, below.single)
    pair = _shared(layer, np.array((two.shared, two.shared_mixed, two.shared_squares)), field.correlation,
                   wandering(layer), below.pair)
    moved = shifts(layer)
    centred = field.batched or (stack.norm_position == "after" and stack.norm.name in ("batch", "layer"))
    product_variance = one.variance**2 if centred else two.shared_squares + one.square**2 - two.product**2
    slopes = max(two.slopes, one.mean_tilt**2 / field.variance) if field.variance > 0 else 0.0  # those of jumps too
    overlap = product_variance / units + (field.reach * slopes) ** 2 * below.overlap
    made = Fluctuations(lasting(layer, single), float(pair[2]), moved[1], overlap)
    pooled = _positive(pair + _positive(single - pair) / layer.rows)
    if stack.norm_position == "before" or stack.norm.name == "none":
        return made, _errors(one, pooled, *moved)
    return _normalised(stack, layer, made, levels, pooled)


# Unlikeness of a batch's rows up to which the expansion follows them; some layers on, a few rows outweigh the rest.
MAX_UNLIKE = 0.4

# Part of a layer's mean square by which the networks' own mean may leave it; beyond, a few of them make up the mean.
MAX_SHIFT = 0.5


def why_unreliable(layer: Layer, made: Fluctuations) -> str:
    """Why no network is like the expected one; "" if many are."""
    if layer.field.batched:
        return "" if unlikeness(layer) <= MAX_UNLIKE else (
            "rows grow unlike until a few outweigh the rest of the batch, which mean-field theory cannot follow")
    if MAX_SHIFT * layer.one.square < abs(made.shift) < math.inf:  # infinite of what a float no longer holds
        return "networks of this width differ so much in size that the expected one tells of none of them"
    return ""


def _variance_of_variance(one: Moments, pooled: Array) -> float:
    """Var s² = Var K + 4m² Var m - 4m Cov(m, K) + 2 (Var m)²: the last is all there is for a coin."""
    return float(max(pooled @ (4 * one.mean**2, -4 * one.mean, 1.0), 0.0) + 2 * pooled[0] ** 2)


def _normalised(stack: StackSpec, layer: Layer, made: Fluctuations, levels: Levels,
                pooled: Array) -> tuple[Fluctuations, Errors]:
    """What is left of them after a normalisation of the activations: what eps lets through, and rounding."""
    one, rows = layer.one, layer.rows
    exact, std, single = ROUNDING * math.sqrt(levels.second_moment), math.sqrt(levels.variance), 0.0
    size = pooled[2] if stack.norm.name == "rms" else _variance_of_variance(one, pooled)
    second = math.hypot(exact, (1 - levels.second_moment) / levels.divisor * math.sqrt(size))
    mean_error, std_error = exact, math.hypot(exact, second)
    if stack.norm.name == "rms" and one.square > 0:
        half = one.mean / (2 * one.square)  # the derivative of m/√K by K, times √K
        mean_error = math.hypot(exact, math.sqrt(max(float(pooled @ (1.0, -2 * half, half**2)), 0.0) / one.square))
        # With a mean of 0 its square remains: std² = 1 - mean².
        std_error = math.hypot(std_error, levels.mean * mean_error / std, mean_error**2 / std) if std else std_error
    if stack.norm.name == "batch" and one.variance > 0:
        single = max(central_fourth(one) / one.variance**2 - 1, 0.0) * levels.second_moment**2 / layer.units
    pair = -single / (rows - 1) if rows > 1 else single
    width = BAND * std_error
    return (Fluctuations(single, pair, 0.0, made.overlap / levels.divisor**2),
            Errors(std, std - width, std + width, mean_error, std_error, second))


def log_normal(mean: float, std: float) -> tuple[float, float]:
    """The ends of 95 % of a positive variable, if its logarithm is normal (Hanin & Nica 2018)."""
    if not 0 < mean < math.inf > std:
        return mean, mean
    width = 2 * math.log(math.hypot(1, std / mean))
    low, high = (mean * math.exp(-width / 2 + sign * BAND * math.sqrt(width)) for sign in (-1, 1))
    return low, high


def _errors(one: Moments, pooled: Array, mean_shift: float, shift: float, doubt: float) -> Errors:
    """By the delta method, shifts included; the band is log-normal about the shifted value, its middle typical.

    The mean of a log-normal variable lies above what most networks have: for relu E ln K falls by 5/2n a layer.
    """
    exact = ROUNDING * math.sqrt(one.square)
    mean_doubt, second_doubt = one.mean_curvature * doubt, one.square_curvature * doubt
    variance = (_variance_of_variance(one, pooled) + (second_doubt - 2 * one.mean * mean_doubt) ** 2
                + 2 * max(shift - 2 * one.mean * mean_shift, 0.0) ** 2)
    std = math.sqrt(one.variance)
    mean_error = math.hypot(math.sqrt(pooled[0]), mean_shift, mean_doubt, exact)
    second = math.hypot(math.sqrt(pooled[2]), shift, second_doubt, exact * math.sqrt(one.square))
    if not std > 0:
        return Errors(0.0, 0.0, exact, mean_error, exact, second)
    off = shift - 2 * one.mean * mean_shift - pooled[0]
    if pooled[2] > one.square**2:  # the expansion has no meaning: the variance goes with the second moment
        variance, off = pooled[2] * (one.variance / one.square) ** 2, 0.0
    error = math.hypot(math.sqrt(variance) / (2 * std), off / (2 * std), exact)
    centre = min(max(one.variance + off, one.variance / 2), 2 * one.variance)
    low, high = map(math.sqrt, log_normal(centre, math.sqrt(variance)))
    slack = 1 + exact / std  # a network of another size rounds in proportion
    return Errors(math.sqrt(low * high), low / slack, high * slack, mean_error, error, second)


class WayBack(NamedTuple):
    """How ln of the gradients' mean square varies over networks, from a layer to the last.

    Attributes:
        pull: its derivative by ln q of the layer.
        along: times 1/units, what more of the gradient lies along the layer's signal than along any other direction.
        error: of ln of the rms: its std, with how far most networks lie from infinite ones; None beyond all numbers.
        single, pair: Var ln of one input's mean square, and Cov of two inputs', but for what enters the layer.
        grown: ln of the mean over networks and inputs, less that of infinite ones.
        overlap: E(cosine between two samples' gradients)², in the layer above.
    """

    pull: float = 0.0
    along: float = 0.0
    error: float | None = 0.0
    single: float = 0.0
    pair: float = 0.0
    grown: float = 0.0
    overlap: float = 0.0


def last(layer: Layer) -> WayBack:
    """The way back from the last layer, where φ' decides which inputs count, and makes δ lean towards z."""
    trend = _tied(layer)[2]
    return WayBack(trend, 2 * trend)


def _tied(layer: Layer, centred: bool = False, change: float = 0.0) -> tuple[float, float, float]:
    """Cov(φ², φ'²)/(E φ² E φ'²), ln E φ'² and its derivative by ln q; all 0 for a maxout.

    Of φ less its mean if `centred`, and for the layer's variance times e^change.
    """
    variance, offsets = layer.field.variance * math.exp(change), layer.field.offsets
    if layer.phi.pieces > 1 or not 0 < variance < math.inf:
        return 0.0, 0.0, 0.0
    variance = representative(layer.phi, variance, offsets != ((0.0, 1.0),))
    near = 2 ** (round(16 * math.log2(variance)) / 16)  # which layers share: an error needs no more digits
    both, slopes, trend = _ties(layer.phi, near, offsets, centred)
    return both, slopes + trend * math.log(variance / near), trend


@functools.lru_cache(4096)
def _ties(phi: BoundActivation, variance: float, offsets: Offsets, centred: bool) -> tuple[float, float, float]:
    std = math.sqrt(variance)
    rules = [(offset, share, *quadrature.rule(quadrature.cuts(phi), offset, std)) for offset, share in offsets]
    h, z, weights = np.concatenate([(offset + std * z, z, share * w) for offset, share, z, w in rules], axis=1)
    at = quadrature.values(phi, h)
    squares, gates = (at.value - (at.mean(at.value) @ weights if centred else 0.0)) ** 2, at.slope**2
    square, slopes, both, trend = at.mean(np.stack(
        [squares, gates, squares * gates, (z * z - 1) / 2 * gates], axis=1)) @ weights
    return float(both / (square * slopes) - 1), float(np.log(slopes)), float(trend / slopes) if slopes else 0.0


def one_back(stack: StackSpec, layer: Layer, above: Layer, back: WayBack) -> WayBack:
    """The way back from a layer, given that from the next.

    φ' and the matrix above multiply the gradients; a normalisation divides them, and takes out what lies along the
    signal. Without one the signal's size decides φ' further on, and W, of which z = Wa, returns more along a than in
    any other direction. Two inputs' φ² and φ'² go together as one input's do. ln of a mean of log-normal inputs (Fenton
    1960) lies half its variance below that of the expectation. What shifts it counts as a normal variable's square,
    which varies by twice the square of its mean. If a share e^-Var ln q of the inputs makes up E q, the others have
    fallen far below. Measured, not derived: that they fall by three errors of ln q, and that a batch's normalisation,
    whose units are divided by what differs from one to the next, shifts ln by 1/rows and what correlations wander.
    """
    field, one, two, below, units = layer.field, layer.one, layer.two, layer.below, layer.units
    square, slopes, passed = one.square, one.slope_square, above.one.slope_square
    if not all(0 < each < math.inf for each in (field.variance, above.field.variance, square, above.one.square,
                                                slopes**2, passed**2)):
        return back
    by_units, held = stack.norm.name in ("layer", "rms"), 1e-290 < square**2 < math.inf > abs(below.shift)
    follows = -1.0 if by_units else back.pull * above.field.weight_share
    follows *= held and not stack.whole_batch  # what is not held is so large or small that φ is two rays
    centred = stack.norm_position == "after" and stack.norm.name == "layer"
    mean, square, fourth = (one.mean, one.variance, central_fourth(one)) if centred else (0.0, square, one.fourth)
    tilt = field.variance * (one.square_slope - 2 * mean * one.mean_slope) / square
    both, here, trend = _tied(layer, centred)
    pull = trend + follows * tilt
    gates = one.slope_fourth / slopes**2 - 1, two.slope_squares / slopes**2 - 1
    shared = two.shared_squares - 4 * mean * (two.shared_mixed - mean * two.shared)
    sizes = (fourth / square**2 - 1, shared / square**2) if held else (0.0, 0.0)
    alike = math.sqrt(max(gates[1] * sizes[1], 0.0) / (gates[0] * sizes[0])) if gates[0] * sizes[0] > 0 else 0.0
    overlap = min(1.0, (above.two.slope_squares / above.units + above.two.slopes**2 * back.overlap) / passed**2)
    inputs = (gates[0], sizes[0], both, 1.0, 1.0), (gates[1], sizes[1], both * alike, field.correlation, overlap)
    single, pair = ((max(gate + 2 * follows * mixed + follows**2 * size - 2 * layer.pinned * (c * pull) ** 2, 0.0)
                     + 2 * turned * (gate + 1)) / units for gate, size, mixed, c, turned in inputs)
    pair += 2 * (1 - layer.pinned) * pull**2 * wandering(layer) / units
    along = 0.0 if stack.whole_batch else -1.0 if by_units else back.along
    returned = along * (1 + both) / units
    grown = returned + follows * (both + (follows - 1) / 2 * sizes[0] - layer.pinned * tilt * (
        2 * trend + (follows - 1) * tilt)) / units + stack.whole_batch * (1 / layer.rows + wandering(above))
    if above.field.sized and by_units:
        single += 2 / above.units
        pair += 2 * (above.field.correlation**2 + wandering(above)) / above.units
        grown += (1 - back.along) / above.units
    alone = common = fallen = 0.0  # Var ln q of one input, Cov of two
    if held:
        alone, common = (math.log1p(max(each, 0.0) * (field.slope / field.variance) ** 2) for each in below[:2])
        typical = math.log1p(max(below.shift * field.slope / field.variance, -0.5)) - alone / 2
        low, far, high = (_tied(layer, centred, typical + times * math.sqrt(alone))[1] - here for times in (-1, -3, 1))
        grown, fallen = grown + (low + high) / 2, far * math.expm1(-alone) ** 2
    single, pair, grown = back.single + max(single, pair), back.pair + pair, back.grown + grown
    variance = pair + math.log1p(math.expm1(min(single - pair, 500.0)) / layer.rows) + pull**2 * (
        common + (alone - common) / layer.rows)
    shift = grown + (pull**2 * alone - variance) / 2
    along = 2 * trend + along * tilt**2 * square / (field.variance * slopes) / max(1 + returned, 0.5)
    error = math.sqrt(variance + 2 * (shift**2 + fallen**2)) / 2
    return WayBack(pull, along, error if error < math.inf else None, single, pair, grown, overlap)
