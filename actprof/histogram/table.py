"""The tables in the terminal: one for each arm, and one of all verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

import numpy as np

from actprof.diagnosis.terms import VERDICTS
from actprof.diagnosis.verdicts import THRESHOLDS
from actprof.digits import compact, number, percent
from actprof.engine.distributions import STATISTICS
from actprof.engine.gradients import GRADIENT_STATISTICS
from actprof.engine.profiles import LayerSummary, Summary
from actprof.engine.spec import GRADIENT, QUANTITIES
from actprof.histogram.result import Comparison, JudgedArm
from actprof.histogram.table_blocks import print_blocks
from actprof.histogram.table_verdicts import print_judgement, print_verdicts
from actprof.report.terminal import (
    BARS,
    MIN_BARS,
    PLAIN_BARS,
    Column,
    Table,
    blocks,
    folded,
    takes_unicode,
    text_width,
    width,
)


def over_layers(arm: JudgedArm, name: str) -> float:
    """The sum of a statistic of the activations over all layers that were computed."""
    return math.fsum(layer.activation.statistics[name] for layer in arm.layers if layer.activation.statistics["count"])


MAX_BARS = 30  # characters of a block histogram

MAX_ROWS = 10
"""Of the layers of an arm on a terminal, unless all are asked for."""

MAX_LISTED = 3
"""More rows that say the same, or layers in a sentence, become one."""


@dataclass(frozen=True)
class Shown:
    """How much is printed: the verdicts alone; on a terminal, where a pipe gets everything, all layers, and theory."""

    quantity: str = QUANTITIES[0]
    brief: bool = False
    all_layers: bool = False
    theory: bool = False


def print_result(comparison: Comparison, stream: TextIO, shown: Shown = Shown(),
                     remedied: Callable[[JudgedArm], list[str]] = lambda arm: []) -> None:
    """Print every arm's table, then the verdicts.

    Args:
        remedied: the command line with the options of an arm's remedy, option by option.
    """
    for arm in () if shown.brief else comparison.arms:
        picked = arm.layers if shown.all_layers or not stream.isatty() else turning_points(arm, shown.quantity)
        _arm_table(arm, shown.quantity, picked, stream).print(_title(arm, shown.quantity, comparison.seed))
        omitted = len(arm.layers) - len(picked)
        stream.write(f"{len(picked)} of {len(arm.layers):,} layers; --all-layers shows the others\n" * bool(omitted))
        for text in filter(None, (_outside(arm, shown.quantity), _jacobian(arm))):
            stream.write(folded(text, stream))
        print_blocks(arm, picked, stream)
        theory = shown.theory or not stream.isatty() or any(map(arm.disagrees, picked))
        print_judgement(arm, theory, stream)
        stream.write("\n" * (len(comparison.arms) > 1 or not stream.isatty()))
    print_verdicts(comparison, shown.quantity, remedied, stream)


def turning_points(arm: JudgedArm, quantity: str) -> Sequence[LayerSummary]:
    """Of many layers the first, the last, and those from which the others can be told by straight lines between.

    Lines are of the logarithms of std and in-unit std (Douglas & Peucker 1973); the layer of a verdict is among them.
    """
    last = len(arm.layers) - 1
    if last < MAX_ROWS:
        return arm.layers
    curves = np.log(np.maximum([[layer.quantity(quantity).statistics[name] for name in ("std", "within_unit_std")]
                                for layer in arm.layers], 1e-300))
    curves = np.nan_to_num(curves, nan=0.0, posinf=700.0, neginf=-700.0)
    first_bad = arm.verdict.layer if arm.verdict else None
    places = sorted({0, last, *([first_bad - 1] if first_bad else [])})
    every = np.arange(last + 1)
    while len(places) < MAX_ROWS:
        lines = np.column_stack([np.interp(every, places, curve[places]) for curve in curves.T])
        away = np.abs(curves - lines).max(axis=1)
        # Of a straight line its middle, so that what is left out lies close to what is shown.
        gaps = np.abs(every[:, None] - places).min(axis=1) / last
        away[places], gaps[places] = -1, -1
        places = sorted({*places, int((away + 0.01 * gaps).argmax())})
    return [arm.layers[place] for place in places]


def _title(arm: JudgedArm, quantity: str, seed: int) -> str:
    several = f" · median of {len(arm.networks)} networks of {arm.parameters:,} parameters"
    networks = several if len(arm.networks) > 1 else ""
    what = "" if quantity == "activation" else f" · {quantity}s"
    return f"{arm.label}{what}: W ~ {arm.config['init_formula']} · seed {seed}{networks}"


def _arm_table(arm: JudgedArm, quantity: str, layers: Sequence[LayerSummary], stream: TextIO) -> Table:
    """One row for each of the layers, a total of all below."""
    cells = [_cells(layer, quantity) for layer in layers]
    total = _total(arm, quantity)
    if stream.isatty() and _taken(cells, total) + MIN_BARS > width(stream):  # what the shape says as well
        for row in cells:
            row.pop("params", None)
    headers = list(cells[0])
    texts = [headers, [total.get(header, "") for header in headers], *(list(row.values()) for row in cells)]
    bars = min(max(width(stream) - _taken(cells, total), MIN_BARS), MAX_BARS)
    made = Table([*map(Column, headers), Column(_bars_header(arm, quantity, bars), right=False)], stream)
    for first, last in _groups(layers, quantity):
        numbers = f"{layers[first].layer}–{layers[last].layer}"
        row = cells[first] | ({"layer": numbers} if last > first else {})
        picture = _picture(layers[first].quantity(quantity), bars, stream)
        made.add_row(*row.values(), picture)
    if not stream.isatty():
        made.add_gap()
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
    for each in (*STATISTICS, *(GRADIENT_STATISTICS if quantity == GRADIENT else ())):
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
            f"mean square {number(mean_square)}{_expected_square(arm)}")


def _expected_square(arm: JudgedArm) -> str:
    """What theory has beside the mean square, if it has anything."""
    power = arm.forecast.chi_power if arm.forecast else None
    return "" if power is None else f" (χ^{len(arm.layers)} = {number(power)})"


def _groups(layers: Sequence[LayerSummary], quantity: str) -> Iterator[tuple[int, int]]:
    """First and last place of each row: one for a layer, but one for all at the end that were not computed."""
    places = len(layers)
    computed = sum(layer.quantity(quantity).computed for layer in layers)
    short = places - computed <= MAX_LISTED
    yield from ((place, place) for place in range(places if short else computed))
    if not short:
        yield computed, places - 1


def _bars_header(arm: JudgedArm, quantity: str, room: int) -> str:
    edges = [layer.quantity(quantity).histogram.edges for layer in arm.layers]
    low, high = edges[0][0], edges[0][-1]
    if any(layer[0] != low or layer[-1] != high for layer in edges):
        return "own\nrange"
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
            return f"all {compact(value)}"
    counts = summary.histogram.without(summary.atoms)
    if summary.histogram.outside_fraction and not counts.any():
        return "outside the range"
    return blocks(counts, length, BARS if takes_unicode(stream) else PLAIN_BARS)


def _outside(arm: JudgedArm, quantity: str) -> str:
    """A line that says where values lie outside the histogram's range, or nothing."""
    shares = [(layer.layer, layer.quantity(quantity).histogram.outside_fraction) for layer in arm.layers]
    listed = [f"layer {layer} {percent(share)} %" for layer, share in shares if share]
    if len(listed) > 2 * MAX_LISTED:
        listed = [*listed[:MAX_LISTED], "…", *listed[-MAX_LISTED:]]
    return f"out of range: {', '.join(listed)}" if listed else ""


def print_limits(stream: TextIO) -> None:
    """A row for each; on a terminal its lines are folded to the width."""
    made = Table([Column("limit", right=False), Column("value"), Column("of what, and why", right=False, folds=True)],
                 stream)
    for limit in THRESHOLDS:
        made.add_row(limit.name, number(limit.value), f"{limit.unit}:\n{limit.reason}")
    made.print("verdicts: the limits that they go by")
    stream.write("\n")
    words = Table([Column("verdict", right=False), Column("what it says", right=False, folds=True)], stream)
    for term in VERDICTS:
        words.add_row(term.name, term.meaning)
    words.print("verdicts: their words")
