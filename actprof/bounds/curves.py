"""What a bounds figure draws of each scheme: numbers, ascending in fan-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from actprof.arrays import Floats
from actprof.bounds.result import Scheme
from actprof.report.scales import round_step

MOST_ERROR_BARS = 50


@dataclass(frozen=True)
class Curves:
    """The curves and samples of one scheme."""

    fan_in: Floats
    mean: Floats
    std: Floats
    bound: Floats | None
    support: tuple[Floats, Floats] | None
    sampled_at: Floats
    sampled_min: Floats
    sampled_max: Floats
    sampled_std: Floats

    @classmethod
    def of(cls, scheme: Scheme) -> Curves:
        curve = scheme.curve
        fan_in, mean, std = (np.asarray(values, np.float64) for values in (curve.fan_in, curve.mean, curve.std))
        support = None if curve.support is None else tuple(np.asarray(curve.support).T)
        bound = None if support is None else np.maximum(*np.abs(support))
        samples = [np.array([float(getattr(sample, name)) for sample in scheme.samples])
                   for name in ("fan_in", "min", "max", "sample_std")]
        return cls(fan_in, mean, std, bound, support, *samples)

    def beyond(self, fan_in: float) -> Curves:
        """The part from a fan-in on."""
        points, samples = self.fan_in >= fan_in, self.sampled_at >= fan_in
        return replace(
            self, **{name: getattr(self, name)[points] for name in ("fan_in", "mean", "std")},
            **{name: getattr(self, name)[samples] for name in ("sampled_at", "sampled_min", "sampled_max",
                                                               "sampled_std")},
            bound=None if self.bound is None else self.bound[points],
            support=None if self.support is None else (self.support[0][points], self.support[1][points]))

    @property
    def largest(self) -> Floats:
        """The largest |w| of each sample."""
        return np.maximum(np.abs(self.sampled_min), np.abs(self.sampled_max))

    def extremes(self) -> Iterator[float]:
        """All that must fit on a linear axis."""
        yield from (self.mean - self.std).tolist()
        yield from (self.mean + self.std).tolist()
        for values in (*(self.support or ()), self.sampled_min, self.sampled_max):
            yield from values.tolist()

    def sizes(self) -> Iterator[float]:
        """All that must fit on a logarithmic axis."""
        for values in (self.std, () if self.bound is None else self.bound, self.largest, self.sampled_std):
            yield from np.asarray(values).tolist()

    def error_bars(self) -> NDArray[np.intp]:
        """Places in the curves of at most 50 bars, at round fan-ins where these are known."""
        every = np.arange(len(self.fan_in))
        if len(every) > MOST_ERROR_BARS:
            step = round_step((self.fan_in[-1] - self.fan_in[0]) / MOST_ERROR_BARS)
            round_ones = np.flatnonzero(self.fan_in % step == 0)
            even = np.unique(np.linspace(0, len(every) - 1, MOST_ERROR_BARS).round().astype(int))
            every = np.union1d(0, round_ones) if len(round_ones) >= MOST_ERROR_BARS // 2 else even
        return every
