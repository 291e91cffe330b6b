"""What mean-field theory says, as data: of a stack layer by layer, of an activation its gains and fixed points.

A statistic about which the theory makes no statement is NaN, or None where the field says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actprof.engine.inputs import InputMoments

MAX_Q = 1e12  # the largest variance that is looked at: one beyond it counts as infinite
TRAINABLE_SCALES = 6.0  # depth scales ξ_c to which stacks can be trained (Schoenholz et al. 2017)
EDGE_WORDS, TURN_WORDS, JUMP_WORDS = "edge of chaos", "where it turns stable", "variance jumps, χ₁ skips 1"
BAND = 1.959963984540054  # standard deviations to each side that hold 95 %
MARGINAL = 1e-6  # distance from 1 within which a slope counts as 1: what it changes takes a million layers


class StreamTheory(NamedTuple):
    """The stream behind a residual block, or what the branch adds to it: named as in LayerTheory."""

    mean: float
    std: float
    second_moment: float
    correlation: float


@dataclass(frozen=True)
class LayerTheory:
    """One layer of infinite width, and how far one of finite width may stray.

    Attributes:
        layer: 1 for the layer that sees the inputs.
        mean, std, second_moment: of the activations, pooled over samples and units.
        preactivation_mean, preactivation_std: of what enters φ, for sin:w0=30 of 30·(xW + b).
        within_unit_std: root mean square over units of the std over the batch's rows.
        between_unit_std: std over units of the mean over the batch's rows.
        correlation: mean cosine between the activation vectors of different samples.
        zero_fraction: probability of an exact 0.
        saturated_fraction: probability of a pre-activation beyond the saturation points.
        chi: σ_w² E φ'², by which the gradient's squared norm grows from the next layer to this one; None for the
            last layer and where φ jumps.
        log_gradient_ratio: ln of the root mean square of dL/dz over that of the last layer; -∞ without weights,
            None where φ jumps.
        gradient_correlation: mean cosine between different samples' dL/dz for the same gradient of the outputs,
            Π E φ'₁φ'₂/E φ'² from this layer to the last; None where it is not known.
        log_gradient_error: its std over networks, for dL/da of the last layer drawn independently for every sample,
            and how far a typical network's may lie from it: 95 % of them lie within BAND of these.
        std_typical: the std of a typical network of this width, at the middle of the band.
        std_low, std_high: where the std of 95 % of the networks lies.
        mean_error, std_error, second_moment_error: std over networks of the measured statistics.
        stream, branch: of a layer that ends a residual block.
    """

    layer: int
    mean: float
    std: float
    second_moment: float
    preactivation_mean: float
    preactivation_std: float
    within_unit_std: float
    between_unit_std: float
    correlation: float
    zero_fraction: float
    saturated_fraction: float
    chi: float | None = None
    log_gradient_ratio: float | None = None
    log_gradient_error: float | None = None
    std_typical: float = math.nan
    std_low: float = math.nan
    std_high: float = math.nan
    mean_error: float = math.nan
    std_error: float = math.nan
    second_moment_error: float = math.nan
    stream: StreamTheory | None = None
    branch: StreamTheory | None = None
    gradient_correlation: float | None = None

    @property
    def signal_square(self) -> float:
        """Mean square of what goes on: the stream's where a residual block ends, else the activations'."""
        return self.stream.second_moment if self.stream else self.second_moment


@dataclass(frozen=True)
class StackTheory:
    """The layers for which there is a statement, the first ones; `reason` says what ends them, "" if nothing does."""

    layers: tuple[LayerTheory, ...]
    reason: str = ""


@dataclass(frozen=True)
class Masses:
    """Probabilities of a layer's activations.

    Attributes:
        bins: (bins,) probability of each bin, without the atoms.
        below, above: probability outside the edges, without the atoms.
        atoms: ((value, probability), …).
    """

    bins: tuple[float, ...]
    below: float
    above: float
    atoms: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class FixedPoint:
    """A variance q* that a layer returns: q* = σ_w² E φ(√q* z)² + σ_b².

    Attributes:
        q_star: the variance.
        length_slope: χ_q, by which a small change of it grows from layer to layer.
        c_star: the correlation that two inputs approach; below 1 in every phase where slopes are drawn at random.
        chi_1: σ_w² E φ'², by which two inputs' small difference and the gradient's squared norm grow; None where φ
            jumps.
        xi_q, xi_c: depths, in layers, over which variance and correlation approach their fixed points.
        phase: "ordered" (χ_1 < 1), "chaotic" (> 1) or "edge"; "" where φ jumps.
        stability: "stable", which draws the variances beside it; "unstable", which drives them away; or "neutral",
            where χ_q is 1.
    """

    q_star: float
    length_slope: float
    c_star: float | None
    chi_1: float | None
    xi_q: float
    xi_c: float | None
    phase: str
    stability: str

    @property
    def stable(self) -> bool | None:
        """Whether a variance stays near it."""
        return stays(self.stability)


def stays(stability: str) -> bool | None:
    """Whether a variance of that stability is not left: a neutral one is not; None for "", which is unknown."""
    return stability != "unstable" if stability else None


@dataclass(frozen=True)
class FixedPoints:
    """All fixed points of an activation at σ_w, σ_b, rising, and what becomes of a first variance q_0.

    Attributes:
        limit: the variance reached from q_0: 0, a fixed point's, or infinite: beyond MAX_Q.
        reached: the fixed point there, None if there is none.
        course: "converges", "power law" (more slowly than any exponential), "diverges" (no fixed point up to
            MAX_Q ends it) or "any" (every q is fixed); "" where none was asked for.
    """

    sigma_w: float
    sigma_b: float
    points: tuple[FixedPoint, ...]
    limit: float
    reached: FixedPoint | None
    course: str


@dataclass(frozen=True)
class Edge:
    """A point of the edge of chaos, χ_1 = 1 at a fixed point of the variance.

    Attributes:
        q: the variance that is fixed there, None where every one is.
        length_slope: χ_q at it: above 1 it is unstable.
        stability: that of the fixed point: "stable", "neutral" or "unstable".
    """

    sigma_w: float
    sigma_b: float
    q: float | None
    length_slope: float
    stability: str

    @property
    def stable(self) -> bool:
        """Whether layers stay there: a neutral point counts as stable."""
        return self.stability != "unstable"


@dataclass(frozen=True)
class Jump:
    """A σ_w without biases at which the variance that inputs with E x² = 1 end at jumps: the ends right beside it."""

    sigma_w: float
    below: float
    above: float


@dataclass(frozen=True)
class Gains:
    """What to multiply 1/√fan_in weights by, for z ~ N(0, 1).

    Attributes:
        e_phi, e_phi2, e_dphi2: E φ, E φ², E φ'² (None where φ jumps).
        gain_forward: 1/√E φ², which keeps the variance of the pre-activations at 1.
        gain_backward: 1/√E φ'², which keeps that of the gradient where the pre-activations' variance is 1.
        gain_std: 1/√Var φ, which gives activations of std 1 when they are multiplied by it.
        chi_at_gain_forward: χ_1 = E φ'²/E φ².
        length_slope: χ_q at gain_forward: above 1 the variance 1 is unstable.
        critical_sigma_w: σ_w of the edge of chaos without biases, None if there is none.
        critical_q: the variance there; None where every one is fixed.
        torch_gain: what torch.nn.init.calculate_gain gives, None if it refuses.
        stability: of the variance 1 at gain_forward: "stable", "neutral" or "unstable"; "" without a gain.
    """

    activation: str
    e_phi: float
    e_phi2: float
    e_dphi2: float | None
    gain_forward: float | None
    gain_backward: float | None
    gain_std: float | None
    chi_at_gain_forward: float | None
    length_slope: float
    critical_sigma_w: float | None
    critical_q: float | None
    torch_gain: float | None
    stability: str

    @property
    def stable(self) -> bool | None:
        """Whether a variance near 1 stays there; None without a gain."""
        return stays(self.stability)


@dataclass(frozen=True)
class Forecast:
    """What theory says of an arm: `masses` holds one for each layer of `theory`, over the bins of its activations."""

    inputs: InputMoments
    theory: StackTheory
    masses: Sequence[Masses]

    @property
    def chi_power(self) -> float | None:
        """χ^L, the mean square of a deep Jacobian's singular values: the product of all χ, the last layer's taken to be
        that of the layer before; None where one is unknown."""
        known = [layer.chi for layer in self.theory.layers[:-1]]
        chis = [chi for chi in known if chi is not None]
        return math.prod(chis) * chis[-1] if chis and len(chis) == len(known) else None

    def layer(self, number: int) -> LayerTheory | None:
        """What is said of a layer, counted from 1, if anything is."""
        return self.theory.layers[number - 1] if number <= len(self.theory.layers) else None


MAX_SIGMA = 1e3
