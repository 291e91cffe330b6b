"""What `bounds` leaves behind: how the scale of a scheme's weights depends on the fan-in, and what a sample showed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actprof.digits import number
from actprof.report.result import Finding, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Standard errors within which a sampled std agrees with the promised one; a true std does so 99.73 % of the time.
AGREEMENT = 3.0
DIGITS = 4  # digits of a std, in table and figure alike


@dataclass(frozen=True)
class Sample:
    """Weights drawn at one fan-in, beside what the scheme promises there.

    Attributes:
        channels: the number asked for; fan_in is channels × the kernel's area.
        std, bound: as promised; bound None where the support is unbounded.
        count: weights drawn.
        sample_std: the population std of the drawn weights.
        inside: share of them within one promised std of the promised mean.
        error: how far their root mean square about the promised mean is from the promised std, in standard errors.
    """

    channels: int
    fan_in: int
    fan_out: int
    std: float
    bound: float | None
    count: int
    min: float
    max: float
    mean: float
    sample_std: float
    inside: float
    error: float

    @property
    def agrees(self) -> bool:
        return abs(self.error) <= AGREEMENT


@dataclass(frozen=True)
class Curve:
    """A scheme's mean, std and support against fan-in."""

    fan_in: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    support: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True)
class Scheme:
    """What one scheme promises, a number for each fan-in.

    Attributes:
        label: what the user wrote; `name` the canonical name with every parameter.
        distribution: "normal", "uniform", "truncated", "point", or "matrix" where weights are not drawn one by one.
        mean: E(W), the middle of the band ±std.
        support: the least and the largest weight there can be; None where there are none.
        slope: d log std / d log fan_in at the first and at the last fan-in; None for fewer than two, for a std of 0,
            and for one that goes up and down.
        curve: the same between the fan-ins too, close enough to be drawn.
        inside: share of all weights within one std of the mean, and within three; None where no formula is known.
        samples: one for each fan-in that was checked, except where a matrix would be too large.
        notes: remarks for the user.
        tex: the formula with mathematics as TeX between dollars; empty where there are only words.
    """

    label: str
    name: str
    formula: str
    distribution: str
    channels: tuple[int, ...] = field(repr=False)
    fan_in: tuple[int, ...] = field(repr=False)
    fan_out: tuple[int, ...] = field(repr=False)
    mean: tuple[float, ...] = field(repr=False)
    std: tuple[float, ...] = field(repr=False)
    support: tuple[tuple[float, float], ...] | None = field(repr=False)
    slope: tuple[float, float] | None
    curve: Curve = field(repr=False)
    inside: tuple[float, float] | None
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    tex: str = ""

    @cached_property
    def bound(self) -> tuple[float, ...] | None:
        """The largest |w|; None where the support is unbounded."""
        return None if self.support is None else tuple(max(map(abs, each)) for each in self.support)

    @property
    def convolution(self) -> bool:
        """Whether the fan-ins are channels times a kernel's area."""
        return self.channels != self.fan_in

    @cached_property
    def sample_at(self) -> Mapping[int, Sample]:
        """Fan-in as it was asked for → the sample there."""
        return {sample.channels: sample for sample in self.samples}


@dataclass(frozen=True, repr=False)
class Bounds(Result):
    """All schemes of a command over the same fan-ins; `config` holds every resolved setting."""

    seed: int
    config: Mapping[str, Any]
    schemes: tuple[Scheme, ...]
    notes: tuple[str, ...] = ()

    def rows(self) -> Iterator[tuple[Scheme, int]]:
        """Every scheme × place in its curves: the tidy view."""
        for scheme in self.schemes:
            for place in range(len(scheme.fan_in)):
                yield scheme, place

    @property
    def findings(self) -> Sequence[Finding]:
        """The schemes, and whether the weights drawn agree with what they promise; the curve is the std's."""
        return [Finding(scheme.label, "✓" if agrees else "✗", "agrees" if agrees else "off",
                        f"{scheme.formula}  std {' … '.join(number(scheme.std[end], DIGITS) for end in (0, -1))}",
                        scheme.std)
                for scheme in self.schemes for agrees in (all(sample.agrees for sample in scheme.samples),)]

    @property
    def told(self) -> Sequence[str]:
        return *self.notes, *(note for scheme in self.schemes for note in scheme.notes)

    def figure(self, log: bool = False, theme: str = "light") -> Figure:
        """The picture, to be shown, changed and saved by matplotlib's own means."""
        return self._painted(theme, log)
