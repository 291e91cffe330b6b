"""The table in the terminal: one for each arm, and a ranking where there are several."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

import numpy as np

from actprof.arrays import Counts
from actprof.diagnosis.verdicts import THRESHOLDS
from actprof.digits import count, number, percent, power_of_ten
from actprof.engine.distributions import STATISTICS
from actprof.engine.gradients import GRADIENT_STATISTICS
from actprof.engine.profiles import LayerSummary, Summary
from actprof.histogram.result import Comparison, JudgedArm, std_errors
from actprof.report.terminal import (
    BARS,
    PLAIN_BARS,
    Column,
    printed,
    table,
    takes_unicode,
    text_width,
    width,
    written,
)
from actprof.theory.predictions import LayerTheory

if TYPE_CHECKING:
    from rich.table import Table



def print_judgement(arm: JudgedArm, stream: TextIO) -> None:
    """What theory expects beside what was measured; the verdict and its remedy."""
    forecast = arm.forecast
    if (forecast and forecast.theory.layers) or arm.layers[0].gradient:
        stream.write("\n")
        printed(f"{arm.label}: theory (mean field) beside measurement", _theory_table(arm, stream), stream)
    for line in _sentences(arm):
        text = written(line, stream)
        stream.write((textwrap.fill(text, width(stream), subsequent_indent="  ") if stream.isatty() else text) + "\n")


def _theory_table(arm: JudgedArm, stream: TextIO) -> Table:
    headers = ["layer", "std", "theory\nstd", "std\nerrors", "in-unit\ntheory", "corre-\nlation", "\ntheory", "χ",
               "gradient\nratio", "\ntheory"]
    uneven = len({layer.fan_out for layer in arm.layers}) > 1
    made = table([*map(Column, [*headers, *["gradient\nnorm"] * uneven])], stream)
    for layer in arm.layers:
        said = arm.forecast.layer(layer.layer) if arm.forecast else None
        cells = [*_row(layer, said), *[_ratio(layer, "log10_norm_ratio")] * uneven]
        made.add_row(*(written(cell, stream) for cell in cells))
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


def _sentences(arm: JudgedArm) -> Iterator[str]:
    """Where theory is silent; the verdict; the remedy."""
    forecast = arm.forecast
    if forecast and forecast.theory.reason:
        said = len(forecast.theory.layers)
        yield f"theory says nothing{f' from layer {said + 1}' if said else ''}: {forecast.theory.reason}"
    if arm.verdict is not None:
        where = "" if arm.verdict.layer is None else f" (layer {arm.verdict.layer})"
        yield f"verdict: {arm.verdict.code}{where}: {arm.verdict.text}"
        if arm.verdict.networks:
            yield f"of {len(arm.networks):,} networks: {arm.verdict.counts}"
        if arm.verdict.remedy:
            yield f"remedy: {arm.verdict.remedy}"


def print_ranking(arms: Sequence[JudgedArm], stream: TextIO) -> None:
    """The arms by how little the signal (std over samples within a unit) changes with depth."""
    what = "changes with depth" if any(len(arm.layers) > 1 for arm in arms) else "differs from 1"
    printed(f"ranking: how little the in-unit std of the activation {what}", _table(arms, stream), stream)


def _table(arms: Sequence[JudgedArm], stream: TextIO) -> Table:
    made = table([*map(Column, ("rank", "std\nlayer 1", "std\nlast", "in-unit std\nlast", "in-unit std\nper layer",
                                "% zero\nlast", "dead\nunits")), Column("arm", right=False, folds=True)], stream)
    for rank, arm in enumerate(sorted(arms, key=_change), start=1):
        made.add_row(*(written(cell, stream) for cell in (str(rank), *_standing(arm), arm.label)))
    return made


def _standing(arm: JudgedArm) -> list[str]:
    first, last = arm.layers[0].activation.statistics, arm.layers[-1].activation.statistics
    factor = growth(arm)
    if overflows(arm):
        signal = ["overflow", "-", "-", "-"]
    else:
        signal = [number(last["std"]), number(last["within_unit_std"]),
                  f"×{number(factor)}" if math.isfinite(factor) else "-", percent(last["zero_fraction"])]
    return [number(first["std"]), *signal, count(over_layers(arm, "dead_units"))]


def overflows(arm: JudgedArm) -> bool:
    """Whether something in the last layer is not finite, or nothing finite reached it."""
    last = arm.layers[-1].activation
    return bool(last.non_finite) or not last.computed


def growth(arm: JudgedArm) -> float:
    """By what factor the within-unit std changes per layer (geometric mean); NaN if it cannot be said."""
    first, last = (arm.layers[place].activation.statistics["within_unit_std"] for place in (0, -1))
    if len(arm.layers) < 2 or not first > 0 or not math.isfinite(last):
        return math.nan
    return float((last / first) ** (1 / (len(arm.layers) - 1)))


def _change(arm: JudgedArm) -> float:
    """What the arms are ranked by: 0 for a signal that stays as it is (for one layer: a std of 1)."""
    factor = growth(arm) if len(arm.layers) > 1 else arm.layers[0].activation.statistics["within_unit_std"]
    if overflows(arm) or not factor > 0:
        return math.inf
    return abs(math.log(factor))


def over_layers(arm: JudgedArm, name: str) -> float:
    """The sum of a statistic of the activations over all layers that were computed."""
    return math.fsum(layer.activation.statistics[name] for layer in arm.layers if layer.activation.statistics["count"])


LEAST_BARS, MOST_BARS = 6, 30
"""Characters of a block histogram."""

LONGEST_LISTING = 3
"""More rows that say the same, or layers in a sentence, become one."""


def print_comparison(comparison: Comparison, quantity: str, stream: TextIO) -> None:
    """Print every arm's table, then the ranking of several arms."""
    for arm in comparison.arms:
        printed(_title(arm, quantity, comparison.seed), _arm_table(arm, quantity, stream), stream)
        stream.write(written(_outside(arm, quantity) + _jacobian(arm), stream))
        print_judgement(arm, stream)
        if len(comparison.arms) > 1:
            stream.write("\n")
    if len(comparison.arms) > 1:
        print_ranking(comparison.arms, stream)


def _title(arm: JudgedArm, quantity: str, seed: int) -> str:
    several = f" · median of {len(arm.networks)} networks of {arm.parameters:,} parameters"
    networks = several if len(arm.networks) > 1 else ""
    what = "" if quantity == "activation" else f" · {quantity}s"
    return f"{arm.label}{what}: W ~ {arm.config['init_formula']} · seed {seed}{networks}"


def _arm_table(arm: JudgedArm, quantity: str, stream: TextIO) -> Table:
    """One row per layer, a total below."""
    cells = [_cells(layer, quantity) for layer in arm.layers]
    total = _total(arm, quantity)
    headers = list(cells[0])
    texts = [headers, [total.get(header, "") for header in headers], *(list(row.values()) for row in cells)]
    bars = min(max(width(stream) - _taken(cells, total), LEAST_BARS), MOST_BARS)
    made = table([*map(Column, headers), Column(_bars_header(arm, quantity, bars), right=False)], stream)
    for first, last in _groups(arm, quantity):
        row = cells[first] | ({"layer": f"{first + 1}–{last + 1}"} if last > first else {})
        picture = _picture(arm.layers[first].quantity(quantity), bars, stream)
        made.add_row(*(written(cell, stream) for cell in row.values()), picture)
    made.add_section()
    made.add_row(*texts[1], "")
    return made


def _taken(cells: Sequence[Mapping[str, str]], total: Mapping[str, str]) -> int:
    """Characters of all columns with the space behind each."""
    return sum(text_width([header, total.get(header, ""), *(row[header] for row in cells)]) + 1 for header in cells[0])


def _cells(layer: LayerSummary, quantity: str) -> dict[str, str]:
    """Header → cell; a pre-activation has no zeros and no dead units of its own."""
    summary = layer.quantity(quantity)
    cells = {"layer": str(layer.layer), "shape": f"{layer.fan_in}×{layer.fan_out}"}
    if not summary.spread:
        cells["params"] = f"{layer.parameters:,}"
    for each in (*STATISTICS, *GRADIENT_STATISTICS):
        value = summary.statistics.get(each.name, layer.activation.statistics[each.name] if each.beside else None)
        if not each.header or value is None:
            continue
        cells[each.header] = each.format(value) if getattr(layer, each.needs or "layer") else "-"
        if each.quartiles and summary.spread:
            cells[f"{each.header}\nquartiles"] = "–".join(map(each.format, summary.spread[each.name]))
    return cells


def _total(arm: JudgedArm, quantity: str) -> dict[str, str]:
    total = {"layer": "total", "params": f"{arm.parameters:,}"}
    return total | {each.header: each.format(over_layers(arm, each.name)) for each in STATISTICS
                    if each.summed and quantity == "activation"}


def _jacobian(arm: JudgedArm) -> str:
    """A line about the derivative of outputs by inputs, or nothing."""
    if not arm.jacobian:
        return ""
    largest, smallest, condition, mean_square = (
        float(np.median([sample[name] for sample in arm.jacobian]))
        for name in ("largest", "smallest", "condition", "mean_square"))
    samples = f"median of {len(arm.jacobian)} samples" if len(arm.jacobian) > 1 else "one sample"
    least = "below rounding" if math.isnan(smallest) and math.isfinite(largest) else number(smallest)
    ratio = "infinite" if condition == math.inf else number(condition)
    return (f"Jacobian ({samples}): singular values {least} … {number(largest)}, condition {ratio}, "
            f"mean square {number(mean_square)}{_expected_square(arm)}\n")


def _expected_square(arm: JudgedArm) -> str:
    """What theory has beside the mean square, if it has anything."""
    power = arm.forecast.chi_power if arm.forecast else None
    return "" if power is None else f" (χ^{len(arm.layers)} = {number(power)})"


def _groups(arm: JudgedArm, quantity: str) -> Iterator[tuple[int, int]]:
    """First and last place of each row: one for a layer, but one for all at the end that were not computed."""
    places = len(arm.layers)
    computed = sum(layer.quantity(quantity).computed for layer in arm.layers)
    short = places - computed <= LONGEST_LISTING
    yield from ((place, place) for place in range(places if short else computed))
    if not short:
        yield computed, places - 1


def _bars_header(arm: JudgedArm, quantity: str, room: int) -> str:
    edges = [layer.quantity(quantity).histogram.edges for layer in arm.layers]
    low, high = edges[0][0], edges[0][-1]
    if any(layer[0] != low or layer[-1] != high for layer in edges):
        return "histogram\nown range"
    limits = f"{number(low)} … {number(high)}"
    return f"histogram\n{limits if len(limits) <= room else limits.replace('… ', '…' + chr(10))}"


def _picture(summary: Summary, length: int, stream: TextIO) -> str:
    """The histogram in block characters, without the atoms (they have a column of their own)."""
    if not summary.computed:
        return "not computed"
    if summary.non_finite:
        return summary.non_finite_text
    total = summary.histogram.total
    for value, times in summary.atoms:
        if times == total:
            return f"all {number(value)}"
    counts = summary.histogram.without(summary.atoms)
    if summary.histogram.outside_fraction and not counts.any():
        return "outside the range"
    return _bars(counts, length, BARS if takes_unicode(stream) else PLAIN_BARS)


def _bars(counts: Counts, length: int, bars: str) -> str:
    length = _characters(len(counts), length)
    starts = np.arange(length) * len(counts) // length
    shares = np.add.reduceat(counts, starts) / np.diff([*starts, len(counts)])
    heights = np.ceil(shares / max(shares.max(), 1) * (len(bars) - 1)).astype(int)
    return "".join(bars[height] for height in heights)


def _characters(bins: int, room: int) -> int:
    """Characters for `bins` bins: the most that give each the same number of bins, if that is not too few."""
    most = min(bins, room)
    even = max(length for length in range(1, most + 1) if bins % length == 0)
    return even if even >= min(LEAST_BARS, most) else most


def _outside(arm: JudgedArm, quantity: str) -> str:
    """A line that says where values lie outside the histogram's range, or nothing."""
    shares = [(layer.layer, layer.quantity(quantity).histogram.outside_fraction) for layer in arm.layers]
    listed = [f"layer {layer} {percent(share)} %" for layer, share in shares if share]
    if len(listed) > 2 * LONGEST_LISTING:
        listed = [*listed[:LONGEST_LISTING], "…", *listed[-LONGEST_LISTING:]]
    return f"outside the histogram's range: {', '.join(listed)}\n" if listed else ""


def print_limits(stream: TextIO) -> None:
    """A row for each; on a terminal its lines are folded to the width."""
    made = table([Column("limit", right=False), Column("value"), Column("of what, and why", right=False, folds=True)],
                 stream)
    for limit in THRESHOLDS:
        cells = (limit.name, number(limit.value), f"{limit.unit}:\n{limit.reason}")
        made.add_row(*(written(cell, stream) for cell in cells))
    printed("verdicts: the limits that they go by", made, stream)
