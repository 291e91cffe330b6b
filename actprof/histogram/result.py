"""What `histogram` leaves behind: every arm, judged, beside the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from actprof.diagnosis.verdicts import Verdict, Warning
from actprof.engine.profiles import Arm, LayerSummary, Summary
from actprof.engine.spec import GRADIENT, QUANTITIES, SHOWN, StackSpec, require_one_of
from actprof.report.result import Finding, Result
from actprof.report.style import View
from actprof.theory.predictions import BAND, Forecast, LayerTheory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DISAGREEMENT = 5.0
"""Standard errors from theory beyond which its table is shown unasked."""


def std_errors(layer: LayerSummary, said: LayerTheory) -> float:
    """By how many standard errors, over networks, the std of a layer's activations differs from a typical network's.

    Of a band that is wide, as those of deep stacks are, its logarithm does.
    """
    std = layer.activation.statistics["std"]
    low, middle, high = said.std_low, said.std_typical, said.std_high
    if 0 < low < high and std > 0:
        return 2 * BAND * math.log(std / middle) / math.log(high / low)
    return 2 * BAND * (std - middle) / (high - low) if high > low else 0.0 if std == middle else math.nan


@dataclass(frozen=True)
class JudgedArm(Arm):
    """An arm with what theory says of it, and with a verdict on what becomes of the signal, and why."""

    forecast: Forecast | None = field(default=None, repr=False)
    verdict: Verdict | None = None
    stack: StackSpec | None = field(default=None, repr=False)

    @classmethod
    def of(cls, arm: Arm, stack: StackSpec, forecast: Forecast, verdict: Verdict) -> JudgedArm:
        judged = cls(arm.label, arm.config, arm.networks, arm.jacobian, arm.path, forecast, verdict, stack)
        judged.__dict__["layers"] = arm.layers  # the same networks: their statistics need not be found again
        return judged

    @property
    def overflows(self) -> bool:
        """Whether something in the last layer is not finite, or nothing finite reached it."""
        last = self.layers[-1].activation
        return bool(last.non_finite) or not last.computed

    @property
    def _going_on(self) -> Sequence[LayerSummary]:
        """The layers that end residual blocks, where the stream is; all where there are none."""
        return [layer for layer in self.layers if layer.stream] or self.layers

    def signal_growth(self, quantity: str = QUANTITIES[0]) -> float:
        """By what factor the within-unit std of a quantity, or a stream's std, changes a layer (geometric mean), down
        to where it is the dtype's rounding.

        Of one layer what it is, NaN where that cannot be said, infinite for what overflows.
        """
        layers = list(takewhile(lambda layer: layer.stream or not layer.quantity(quantity).is_rounding(
            self.config["dtype"]), self._going_on))
        if not layers or len(layers) < min(len(self._going_on), 2):
            return math.nan
        first, last = (layer.stream.statistics["std"] if layer.stream else
                       layer.quantity(quantity).statistics["within_unit_std"] for layer in (layers[0], layers[-1]))
        if len(layers) < 2:
            return last
        if self.overflows:
            return math.inf
        return float((last / first) ** (1 / (layers[-1].layer - layers[0].layer))) if first > 0 else math.nan

    @property
    def gradient_growth(self) -> float:
        """By what factor the norm of a sample's gradient changes a layer on its way back; NaN where none was sent."""
        first = self._going_on[0]
        if first.gradient is None or first.layer == len(self.layers):
            return math.nan
        exponent = first.gradient.statistics["log10_norm_ratio"] / (len(self.layers) - first.layer)
        return math.inf if exponent > 300 else float(10.0**exponent)

    def standing(self, quantity: str) -> tuple[int, float]:
        """What arms are ranked by: the verdict, then by how much the worse of signal and gradient changes a layer."""
        growths = [self.gradient_growth] if quantity == GRADIENT else [self.signal_growth(quantity),
                                                                      self.gradient_growth]
        changes = [abs(math.log(growth)) if growth > 0 else math.inf for growth in growths if not math.isnan(growth)]
        return self.verdict.order if self.verdict else 0, max(changes, default=math.inf)

    def disagrees(self, layer: LayerSummary) -> bool:
        """Whether a layer's std or gradient is further from what theory expects than networks of this width stray."""
        said = self.forecast.layer(layer.layer) if self.forecast else None
        if said is None:
            return False
        off = [std_errors(layer, said)]
        if layer.gradient and said.log_gradient_ratio is not None and said.log_gradient_error:
            ratio = layer.gradient.statistics["log10_ratio"] * math.log(10)
            off.append((ratio - said.log_gradient_ratio) / said.log_gradient_error)
        return any(abs(each) > DISAGREEMENT for each in off)


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """All arms of a command, on the same inputs and the same underlying draws; `notes` on how that was done."""

    seed: int
    arms: tuple[JudgedArm, ...]
    warnings: tuple[Warning, ...] = ()
    notes: tuple[str, ...] = ()

    def ranked(self, quantity: str = QUANTITIES[0]) -> list[JudgedArm]:
        """The arms, the best first."""
        return sorted(self.arms, key=lambda arm: arm.standing(quantity))

    def rows(self) -> Iterator[tuple[JudgedArm, LayerSummary, str, Summary]]:
        """Every arm × layer × quantity: the tidy view."""
        for arm in self.arms:
            for layer in arm.layers:
                for quantity in layer.quantities:
                    yield arm, layer, quantity, layer.quantity(quantity)

    @property
    def findings(self) -> Sequence[Finding]:
        """The arms with their verdicts; the histogram is that of the last layer's, without what is exactly 0."""
        return [Finding(arm.label, verdict.sign, verdict.word, verdict.measured,
                     last.histogram.without(last.atoms)) for arm in self.arms if (verdict := arm.verdict)
                for last in (arm.layers[-1].activation,)]

    @property
    def verdicts(self) -> dict[str, str]:
        """The label of an arm → the code of its verdict."""
        return {arm.label: arm.verdict.code for arm in self.arms if arm.verdict}

    @property
    def told(self) -> Sequence[str]:
        return *self.notes, *(f"{warning.arm}: {warning.message}" for warning in self.warnings)

    def table(self, quantity: str = QUANTITIES[0], brief: bool = False) -> str:
        """The tables of a quantity as a pipe gets them from the command line; a brief one is that of verdicts alone."""
        from actprof.histogram.table import Shown, print_result
        from actprof.report.terminal import Page

        require_one_of("--quantity", quantity, SHOWN)
        page = Page()
        print_result(self, page, Shown(quantity, brief))
        return page.getvalue()

    def figure(self, view: str = "auto", quantity: str = QUANTITIES[0], log_y: bool = False,
               theme: str = "light") -> Figure:
        """The picture, to be shown, changed and saved by matplotlib's own means."""
        return self._painted(theme, View(quantity, view, log_y))
