"""What every view of a histogram figure draws: the layers of each arm, ready to be placed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from actprof.diagnosis.verdicts import Verdict
from actprof.digits import compact, percent_label
from actprof.engine.profiles import LayerSummary, Summary
from actprof.histogram.result import Comparison
from actprof.report.headings import ArmHeading
from actprof.report.scales import Bars, ShareScale, Span, share_scale
from actprof.theory.predictions import LayerTheory, Masses

SYMBOLS = {"activation": "activation a", "preactivation": "pre-activation z", "gradient": "gradient ∂L/∂z"}


class Scene:
    """One quantity of a comparison. Lists are by arm, then by layer."""

    def __init__(self, comparison: Comparison, quantity: str, log_y: bool = False) -> None:
        self.comparison = comparison
        self.layers: list[list[LayerSummary]] = [list(arm.layers) for arm in comparison.arms]
        self.summaries: list[list[Summary]] = [[layer.quantity(quantity) for layer in arm] for arm in self.layers]
        self.bars: list[list[Bars]] = [[Bars.of(summary) for summary in arm] for arm in self.summaries]
        self.scale: ShareScale = share_scale((bar for arm in self.bars for bar in arm), log_y)
        self.quantity, self.symbol = quantity, SYMBOLS[quantity]
        forecasts = [arm.forecast for arm in comparison.arms]
        self.theory: list[list[LayerTheory]] = [list(each.theory.layers) if each else [] for each in forecasts]
        self.masses: list[Sequence[Masses]] = [each.masses if each and quantity == "activation" else []
                                           for each in forecasts]

    @property
    def depth(self) -> int:
        return max(len(arm) for arm in self.layers)

    @cached_property
    def shared_span(self) -> Span | None:
        """The value axis of all layers; None if each has its own."""
        edges = [summary.histogram.edges for arm in self.summaries for summary in arm]
        same = all(other is edges[0] or np.array_equal(other, edges[0]) for other in edges)
        return self.bars[0][0].span if same else None

    def predicted(self, arm: int, layer: int) -> Masses | None:
        """What theory says of the bars of a layer, if anything."""
        return self.masses[arm][layer] if layer < len(self.masses[arm]) else None

    def heading(self, arm: int, room: float, notes: list[str] | None = None) -> ArmHeading:
        return ArmHeading(self.comparison, arm, room, notes, judgement(self.comparison.arms[arm].verdict))

    @property
    def share_title(self) -> str:
        some = any(summary.non_finite for arm in self.summaries for summary in arm)
        return "share of finite" if some else "share"

    @property
    def value_title(self) -> str:
        return self.symbol if self.shared_span else f"{self.symbol} (each layer has its own range)"

    def atoms(self, arm: int) -> list[float]:
        """The atoms that hold anything in some layer of an arm."""
        return sorted({value for bar in self.bars[arm] for value, _ in bar.atoms})

    def mixes_activations(self, arm: int) -> bool:
        return len({layer.activation_name for layer in self.layers[arm]}) > 1


def sigma(summary: Summary) -> str:
    """`σ 0.83`."""
    return f"σ {compact(summary.statistics['std'])}"


def outside(summary: Summary) -> str:
    """`12 % outside`, or nothing."""
    share = summary.histogram.outside_fraction
    return f"{percent_label(share)} outside" if share else ""


def all_zero(summary: Summary) -> bool:
    return summary.statistics.get("zero_fraction") == 1.0


def judgement(verdict: Verdict | None) -> list[tuple[str, str]]:
    """`verdict: exploding (layer 15): …` and what to do about it, each as (what is bold, the rest)."""
    if verdict is None:
        return []
    where = f" (layer {verdict.layer})" * (verdict.layer is not None)
    remedy = [("", f"remedy: {verdict.remedy}")] if verdict.remedy else []
    return [(f"verdict: {verdict.code.replace('_', ' ')}{where}:", verdict.text), *remedy]
