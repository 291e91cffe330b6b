"""What `histogram` leaves behind: every arm, judged, beside the others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actprof.diagnosis.verdicts import Verdict, Warning
from actprof.engine.profiles import Arm, LayerSummary, Summary
from actprof.engine.spec import QUANTITIES
from actprof.theory.predictions import BAND, Forecast, LayerTheory

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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

    forecast: Forecast | None = None
    verdict: Verdict | None = None

    @classmethod
    def of(cls, arm: Arm, forecast: Forecast, verdict: Verdict) -> JudgedArm:
        judged = cls(arm.label, arm.config, arm.networks, arm.jacobian, forecast, verdict)
        judged.__dict__["layers"] = arm.layers  # the same networks: their statistics need not be found again
        return judged


@dataclass(frozen=True)
class Comparison:
    """All arms of a command, on the same inputs and the same underlying draws."""

    seed: int
    arms: tuple[JudgedArm, ...]
    warnings: tuple[Warning, ...] = ()

    def rows(self) -> Iterator[tuple[JudgedArm, LayerSummary, str, Summary]]:
        """Every arm × layer × quantity: the tidy view."""
        for arm in self.arms:
            for layer in arm.layers:
                for quantity in layer.quantities:
                    yield arm, layer, quantity, layer.quantity(quantity)

    def figure(self, view: str = "auto", quantity: str = QUANTITIES[0], log_y: bool = False,
               theme: str = "light") -> Figure:
        """The picture, to be shown, changed and saved by matplotlib's own means."""
        from actprof.histogram.figure import draw_figure
        from actprof.report.style import View, painted

        chosen = View(quantity, view, log_y)
        return painted(lambda figure, colours: draw_figure(figure, colours, self, chosen), theme)
