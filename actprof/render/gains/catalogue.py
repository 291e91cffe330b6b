"""Activations side by side: a row each, within the usual width, and with the heads again below a long table."""

from __future__ import annotations

import re
from typing import TextIO

from rich.table import Table

from actprof.gain_tables import ActivationGains, GainTable
from actprof.render.gains.cells import NARROW, cell, narrow
from actprof.render.terminal import Column, printed, table, text_width, width, written

FIGURES = ("E φ", "E\nφ²", "E\nφ'²", "for-\nward", "back-\nward", "std", "χ", "slope", "edge", "torch", "minus\nforw.")
LEGEND = "χ, slope: at the forward gain; edge: its σ_w; torch: its calculate_gain"
UNSTABLE = "! the variance 1 is unstable at the forward gain: the slope there is above 1"
NAME = 12  # columns of a name, at least
LONG = 20  # rows after which the heads are out of sight


def print_all(result: GainTable, stream: TextIO) -> None:
    """The gains of all, then the fixed points of all where σ_w or σ_b was asked for in the whole catalogue."""
    everything = result.config["all"]
    order = ", the largest forward gain first" if everything else ""
    printed(f"gains of {len(result.activations)} activations{order}", _gains(result, stream), stream)
    stream.write(written(f"{LEGEND}\n", stream))
    if any(map(_leaves_one, result.activations)):
        stream.write(f"{UNSTABLE}\n")
    if everything and any(each.fixed_points for each in result.activations):
        stream.write("\n")
        printed(_where(result), _fixed(result, stream), stream)


def _gains(result: GainTable, stream: TextIO) -> Table:
    rows = [[written(text, stream) for text in _figures(each)] for each in result.activations]
    heads = [written(head, stream) for head in FIGURES]
    taken = sum(text_width(column) + 1 for column in zip(heads, *rows, strict=True))
    room = max(NAME, width(stream) - taken)
    made = table([Column("activation", right=False), *map(Column, heads)], stream)
    for each, row in zip(result.activations, rows, strict=True):
        made.add_row(_folded(each.label, room), *row)
    return _footed(made)


def _footed(made: Table) -> Table:
    """The heads once more below the last row, if the first ones will have left the screen."""
    made.show_footer = made.row_count > LONG
    for column in made.columns if made.show_footer else ():
        column.footer = column.header
        column.footer_style = column.header_style
    return made


def _folded(label: str, room: int) -> str:
    """A name in lines of at most `room` characters, broken after its punctuation where there is some."""
    return "\n".join(re.findall(f".{{1,{room}}}$|.{{1,{room - 1}}}[:,=]|.{{1,{room}}}", label))


def _figures(each: ActivationGains) -> list[str]:
    gains, difference = each.gains, each.torch_difference
    mark = "!" * _leaves_one(each)
    torch = "-" if gains.torch_gain is None else narrow(gains.torch_gain)
    apart = "" if difference is None else "0" if difference == 0 else f"{difference:+.3f}"
    return [*(narrow(value) for value in (gains.e_phi, gains.e_phi2, gains.e_dphi2, gains.gain_forward,
                                          gains.gain_backward, gains.gain_std, gains.chi_at_gain_forward)),
            narrow(gains.length_slope, NARROW - len(mark)) + mark,
            "none" if each.edge is None else narrow(each.edge.sigma_w), torch, apart]


def _leaves_one(each: ActivationGains) -> bool:
    return each.gains.stability == "unstable"


def _where(result: GainTable) -> str:
    sigma_w, sigma_b = result.config["sigma_w"], result.config["sigma_b"]
    return f"fixed points at σ_w = {'the edge' if sigma_w is None else f'{sigma_w:g}'}, σ_b = {sigma_b or 0:g}"


def _fixed(result: GainTable, stream: TextIO) -> Table:
    """What each activation reaches at the σ_w and σ_b asked for."""
    made = table([Column("activation", right=False), *map(Column, ("q*", "c*", "χ₁", "xi_q", "xi_c")),
                  Column("phase", right=False), Column("roots"), Column("course", right=False)], stream)
    for each in result.activations:
        if each.fixed_points is not None:
            made.add_row(*(written(text, stream) for text in (each.label, *_reached(each))))
    return _footed(made)


def _reached(each: ActivationGains) -> list[str]:
    found, point = each.fixed_points, each.reached
    assert found is not None
    figures = ["-"] * 5 if point is None else [
        cell(value, 3) for value in (point.q_star, point.c_star, point.chi_1, point.xi_q, point.xi_c)]
    return [*figures, (point and point.phase) or "-", str(len(found.points)), found.course]
