"""The table in the terminal: one for each arm, and a ranking where there are several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO

import numpy as np
from rich.table import Table

from actprof.profiles import Arm, Comparison, LayerSummary, Summary
from actprof.render.terminal import BARS, PLAIN_BARS, Column, printed, table, takes_unicode, width, written

LEAST_BARS, MOST_BARS = 8, 30
"""Characters of a block histogram."""


def print_comparison(comparison: Comparison, quantity: str, stream: TextIO) -> None:
    """Print every arm's table, then the ranking of several arms."""
    for arm in comparison.arms:
        printed(arm_table(arm, quantity, comparison.seed, stream), stream)
        stream.write(written("\n".join([*_outside(arm, quantity), ""]), stream))
    if len(comparison.arms) > 1:
        printed(ranking(comparison.arms, stream), stream)


def arm_table(arm: Arm, quantity: str, seed: int, stream: TextIO) -> Table:
    """One row per layer, a total below."""
    several = len(arm.networks) > 1
    rows = [_cells(layer, quantity, several) for layer in arm.layers]
    columns: list[Column] = [("layer", "right"), ("shape", "right"), ("quartiles" if several else "params", "right"),
               ("mean", "right"), ("std", "right"), ("in-unit\nstd", "right"), ("% zero", "right"),
               ("% sat", "right"), ("dead\nunits", "right")]
    made = table(_title(arm, quantity, seed), [*columns, (_bars_header(arm, quantity), "left")], stream)
    texts = [[header for header, _ in columns], *rows]
    taken = sum(max(len(line) for cell in column for line in cell.split("\n")) + 1
                for column in zip(*texts, strict=True))
    bars = min(max(width(stream) - taken, LEAST_BARS), MOST_BARS)
    for layer, cells in zip(arm.layers, rows, strict=True):
        picture = _picture(layer.quantity(quantity), bars, stream)
        made.add_row(*(written(cell, stream) for cell in cells), picture)
    dead = sum(layer.activation.figures["dead_units"] for layer in arm.layers)
    made.add_section()
    made.add_row("total", "", "" if several else f"{arm.parameters:,}", "", "", "", "", "", f"{dead:,.4g}",
                  f"{arm.parameters:,} parameters" if several else "")
    return made


def _title(arm: Arm, quantity: str, seed: int) -> str:
    networks = f" · median of {len(arm.networks)} networks" if len(arm.networks) > 1 else ""
    what = "" if quantity == "activation" else f" · {quantity}s"
    return f"{arm.label}{what}: W ~ {arm.config['init_formula']} · seed {seed}{networks}"


def _cells(layer: LayerSummary, quantity: str, several: bool) -> list[str]:
    summary = layer.quantity(quantity)
    figures, activity = summary.figures, layer.activation.figures
    third = f"{layer.parameters:,}"
    if several:
        third = "–".join(number(quartile) for quartile in summary.spread["std"])
    shape = f"{layer.fan_in}×{layer.fan_out}"
    if not summary.computed:
        return [str(layer.layer), shape, third, *"------"]
    saturated = percent(activity["saturated_fraction"]) if layer.saturates else "-"
    return [str(layer.layer), shape, third, number(figures["mean"]), number(figures["std"]),
            number(figures["within_unit_std"]), percent(activity["zero_fraction"]), saturated,
            f"{activity['dead_units']:,.4g}"]


def _bars_header(arm: Arm, quantity: str) -> str:
    edges = [layer.quantity(quantity).histogram.edges for layer in arm.layers]
    low, high = edges[0][0], edges[0][-1]
    if any(layer[0] != low or layer[-1] != high for layer in edges):
        return "histogram\n(own range each)"
    return f"histogram\n{number(low)} … {number(high)}"


def _picture(summary: Summary, length: int, stream: TextIO) -> str:
    """The histogram in block characters, without the atoms (they have the % zero column)."""
    if not summary.computed:
        return "not computed"
    if summary.non_finite:
        return summary.non_finite_text
    counts = summary.histogram.without(summary.atoms)
    bars = BARS if takes_unicode(stream) else PLAIN_BARS
    length = _characters(len(counts), length)
    starts = np.arange(length) * len(counts) // length
    shares = np.add.reduceat(counts, starts) / np.diff([*starts, len(counts)])
    peak = shares.max()
    if not peak:
        return "all zero" if summary.histogram.total and not summary.histogram.outside_fraction else ""
    heights = np.ceil(shares / peak * (len(bars) - 1)).astype(int)
    return "".join(bars[height] for height in heights)


def _characters(bins: int, room: int) -> int:
    """Characters for `bins` bins: the most that give each the same number of bins, if that is not too few."""
    most = min(bins, room)
    even = max(length for length in range(1, most + 1) if bins % length == 0)
    return even if even >= min(LEAST_BARS, most) else most


def _outside(arm: Arm, quantity: str) -> list[str]:
    """One line that says where values lie outside the histogram's range, or none."""
    shares = [(layer.layer, layer.quantity(quantity).histogram.outside_fraction) for layer in arm.layers]
    listed = [f"layer {layer} {percent(share)} %" for layer, share in shares if share]
    if len(listed) > 6:
        listed = [*listed[:3], "…", *listed[-2:]]
    return [f"outside the histogram's range: {', '.join(listed)}\n"] if listed else []


def ranking(arms: Sequence[Arm], stream: TextIO) -> Table:
    """The arms by how little the signal (std over samples within a unit) changes from the first to the last layer."""
    columns: list[Column] = [("rank", "right"), ("arm", "left"), ("std\nlayer 1", "right"), ("std\nlast", "right"),
               ("in-unit std\nlast", "right"), ("in-unit std\nper layer", "right"), ("% zero\nlast", "right"),
               ("dead\nunits", "right")]
    made = table("ranking: the signal within units, from the first layer to the last", columns, stream)
    for rank, arm in enumerate(sorted(arms, key=_change), start=1):
        first, last = arm.layers[0].activation.figures, arm.layers[-1].activation.figures
        factor = growth(arm)
        dead = sum(layer.activation.figures["dead_units"] for layer in arm.layers)
        made.add_row(*(written(cell, stream) for cell in (
            str(rank), arm.label, number(first["std"]), number(last["std"]), number(last["within_unit_std"]),
            f"×{number(factor)}" if math.isfinite(factor) else "-", percent(last["zero_fraction"]), f"{dead:,.4g}")))
    return made


def growth(arm: Arm) -> float:
    """By what factor the within-unit std changes per layer (geometric mean); NaN if it cannot be said."""
    first, last = (arm.layers[place].activation.figures["within_unit_std"] for place in (0, -1))
    if len(arm.layers) < 2 or not first > 0 or not math.isfinite(last):
        return math.nan
    return float((last / first) ** (1 / (len(arm.layers) - 1)))


def _change(arm: Arm) -> float:
    factor = growth(arm)
    if len(arm.layers) == 1:
        return abs(math.log(arm.layers[0].activation.figures["within_unit_std"] or math.inf))
    return abs(math.log(factor)) if factor > 0 else math.inf


def number(value: float) -> str:
    """A few digits: 0.831, 0.00541, 1643, 1.6e+04, 3.1e-07."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e3 else f"{value:.0f}" if 1e3 <= abs(value) < 1e4 else f"{value:.1e}"


def percent(share: float) -> str:
    """A share in per cent: 0, <0.1, 12.3, 100."""
    if not math.isfinite(share):
        return "-"
    if 0 < share < 5e-4:
        return "<0.1"
    if 0.9995 <= share < 1:
        return ">99.9"
    return f"{100 * share:.1f}".removesuffix(".0") if share in (0, 1) else f"{100 * share:.1f}"
