"""What comes back through a layer, mergeable, and the table of figures derived from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from actprof.distributions import Distribution

DECADES_PER_POWER = math.log10(2)

MOST_POWER = 1000
"""Values between 2**-MOST_POWER and 2**MOST_POWER keep all their digits in float64."""


@dataclass(frozen=True)
class LayerGradient:
    """dL/dz and dL/dW of one layer, for a random cotangent N(0, 1) of what leaves the last layer.

    All in units of 2**exponent: a few hundred layers take a gradient beyond every float.

    Attributes:
        scaled: the distribution of dL/dz.
        weight_length: root of the sum over the batches of ‖dL/dW‖², L being the mean over the rows of the batch; a
            root, because squares overflow and underflow long before the values do.
        batches: how many batches these are.
    """

    scaled: Distribution
    exponent: int = 0
    weight_length: float = 0.0
    batches: int = 0

    def merge(self, other: LayerGradient) -> LayerGradient:
        """The gradient of both sets of samples; ValueError if they are in different units."""
        if self.exponent != other.exponent:
            raise ValueError("gradients in different units cannot be merged")
        return LayerGradient(self.scaled.merge(other.scaled), self.exponent,
                             math.hypot(self.weight_length, other.weight_length), self.batches + other.batches)

    @property
    def log10_rms(self) -> float:
        """log₁₀ of the root mean square of dL/dz: -inf where it is 0 throughout, NaN where nothing finite was seen."""
        return self._log10(math.hypot(self.scaled.std, self.scaled.mean))

    @property
    def log10_weight_norm(self) -> float:
        """log₁₀ of ‖dL/dW‖ (Frobenius), root mean square over the batches."""
        return self._log10(self.weight_length / math.sqrt(self.batches) if self.batches else math.nan)

    @property
    def representable(self) -> bool:
        """Whether float64 can hold the histogram's edges in units of 1."""
        if not self.exponent:
            return True
        edges = self.scaled.histogram.edges
        least, most = (math.frexp(size)[1] + self.exponent for size in (edges[1] - edges[0], np.abs(edges).max()))
        return least > -MOST_POWER and most < MOST_POWER

    @property
    def distribution(self) -> Distribution:
        """The distribution of dL/dz in units of 1, or as it was counted where float64 cannot hold that."""
        if not self.exponent or not self.representable:
            return self.scaled
        power, scaled, histogram = self.exponent, self.scaled, self.scaled.histogram
        return replace(
            scaled, histogram=replace(histogram, edges=np.ldexp(histogram.edges, power)),
            unit_means=np.ldexp(scaled.unit_means, power), deviation=math.ldexp(scaled.deviation, power),
            minimum=math.ldexp(scaled.minimum, power), maximum=math.ldexp(scaled.maximum, power))

    def _log10(self, size: float) -> float:
        if size == 0:
            return -math.inf
        return math.log10(size) + self.exponent * DECADES_PER_POWER


@dataclass(frozen=True)
class GradientFigure:
    """A derived number: its JSON key, what it is, how it follows from a layer's gradient and that of the last layer."""

    name: str
    meaning: str
    value: Callable[[LayerGradient, LayerGradient], float]


def log10_ratio(gradient: LayerGradient, last: LayerGradient) -> float:
    """log₁₀ of the ratio of the root mean squares; NaN where the last layer's is 0."""
    below = last.log10_rms
    return gradient.log10_rms - below if math.isfinite(below) else math.nan


def power_of_ten(exponent: float) -> float:
    """10**exponent; NaN where float64 has no such number."""
    if exponent == -math.inf:
        return 0.0
    return 10.0**exponent if abs(exponent) < 307 else math.nan


GRADIENT_FIGURES: tuple[GradientFigure, ...] = (
    GradientFigure("rms", "root mean square of dL/dz", lambda g, last: power_of_ten(g.log10_rms)),
    GradientFigure("log10_rms", "its logarithm", lambda g, last: g.log10_rms),
    GradientFigure("ratio", "rms over that of the last layer", lambda g, last: power_of_ten(log10_ratio(g, last))),
    GradientFigure("log10_ratio", "its logarithm", log10_ratio),
    GradientFigure("weight_norm", "‖dL/dW‖ for the mean loss of a batch",
                   lambda g, last: power_of_ten(g.log10_weight_norm)),
    GradientFigure("log10_weight_norm", "its logarithm", lambda g, last: g.log10_weight_norm),
)
