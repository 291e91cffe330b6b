"""What becomes of the signal, in the terminal: each arm beside theory with the cause, and one table of verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TextIO

from actprof.digits import number, power_of_ten
from actprof.engine.profiles import LayerSummary
from actprof.histogram.result import Comparison, JudgedArm, std_errors
from actprof.report.terminal import Column, Table, folded, pasted
from actprof.theory.predictions import LayerTheory

COLOURS = ("green", "yellow", "yellow", "red")
"""Of a verdict, by its order."""


def print_judgement(arm: JudgedArm, theory: bool, stream: TextIO) -> None:
    """What theory expects beside what was measured, if that is to be shown; the verdict and its remedy."""
    forecast = arm.forecast
    if theory and ((forecast and forecast.theory.layers) or arm.layers[0].gradient):
        stream.write("\n")
        _theory_table(arm, stream).print(f"{arm.label}: theory (mean field) beside measurement")
    for line in _sentences(arm, theory):
        stream.write(folded(line, stream))


def _theory_table(arm: JudgedArm, stream: TextIO) -> Table:
    headers = ["layer", "std", "theory\nstd", "std\nerrors", "in-unit\ntheory", "corre-\nlation", "\ntheory", "χ",
               "gradient\nratio", "\ntheory"]
    uneven = len({layer.fan_out for layer in arm.layers}) > 1
    made = Table([*map(Column, [*headers, *["gradient\nnorm"] * uneven])], stream)
    for layer in arm.layers:
        said = arm.forecast.layer(layer.layer) if arm.forecast else None
        made.add_row(*_row(layer, said), *[_ratio(layer, "log10_norm_ratio")] * uneven)
    return made


def _ratio(layer: LayerSummary, name: str) -> str:
    """A ratio of gradients to the last layer's, by the name of its logarithm."""
    return power_of_ten(layer.gradient.statistics[name]) if layer.gradient else "-"


def _row(layer: LayerSummary, said: LayerTheory | None) -> list[str]:
    statistics = layer.activation.statistics
    ratio = _ratio(layer, "log10_ratio")
    cells = [str(layer.layer), number(statistics["std"])]
    if said is None:
        return [*cells, "-", "-", "-", number(statistics["correlation"]), "-", "-", ratio, "-"]
    off = std_errors(layer, said)
    logarithm = said.log_gradient_ratio
    return [*cells, number(said.std), f"{round(off, 1) + 0.0:+.1f}" if abs(off) < 100 else number(off),
            number(said.within_unit_std), number(statistics["correlation"]), number(said.correlation),
            "-" if said.chi is None else number(said.chi), ratio,
            "-" if logarithm is None else power_of_ten(logarithm / math.log(10))]


def _sentences(arm: JudgedArm, theory: bool) -> Iterator[str]:
    """Where theory is silent; the verdict; the remedy."""
    forecast = arm.forecast
    if theory and forecast and forecast.theory.reason:
        said = len(forecast.theory.layers)
        yield f"theory says nothing{f' from layer {said + 1}' if said else ''}: {forecast.theory.reason}"
    if arm.verdict is not None:
        where = "" if arm.verdict.layer is None else f" (layer {arm.verdict.layer})"
        yield f"verdict: {arm.verdict.code}{where}: {arm.verdict.text}"
        if arm.verdict.networks:
            yield f"of {len(arm.networks):,} networks: {arm.verdict.counts}"
        if arm.verdict.remedy:
            yield f"remedy: {arm.verdict.remedy}"


def print_verdicts(comparison: Comparison, quantity: str, remedied: Callable[[JudgedArm], list[str]],
                   stream: TextIO) -> None:
    """A line an arm, the best first, with the number behind the verdict; below, each remedy as a line to paste."""
    arms = [arm for arm in comparison.ranked(quantity) if arm.verdict]
    title = "verdicts, the best first; then by the worse of signal and gradient per layer" if len(arms) > 1 else ""
    _verdict_table(arms, quantity, stream).print(title)
    remedies: dict[tuple[str, ...], list[str]] = {}
    for arm in arms:
        verdict = arm.verdict
        assert verdict is not None
        if verdict.bad or verdict.options:
            line = remedied(arm) or [verdict.options or "none found"]
            remedies.setdefault(tuple(line), []).append(arm.label)
    for words, labels in remedies.items():
        whose = folded(f"remedy for {', '.join(labels)}:", stream)
        stream.write(pasted("remedy:", words, stream) if len(arms) == 1 else whose + pasted(" ", words, stream))


def _verdict_table(arms: list[JudgedArm], quantity: str, stream: TextIO) -> Table:
    made = Table([Column("verdict", right=False), Column("from\nlayer"), Column("\nmeasured", right=False),
                  Column("signal\na layer"), Column("grad.\na layer"), Column("arm", right=False, folds=True)], stream)
    for arm in arms:
        verdict = arm.verdict
        assert verdict is not None
        growths = (arm.signal_growth(quantity), arm.gradient_growth)
        factors = [f"×{number(growth)}" if math.isfinite(growth) else "-" for growth in growths]
        layer = "-" if verdict.layer is None else str(verdict.layer)
        made.add_row(f"{verdict.sign} {verdict.word}", layer, verdict.measured, *factors, arm.label,
                     colour=COLOURS[verdict.order])
    return made
