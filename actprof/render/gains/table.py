"""`actprof gain` in the terminal: a table for each activation, and all of them side by side."""

from __future__ import annotations

import math
from typing import TextIO

from rich.table import Table

from actprof.gain_tables import ActivationGains, GainCourse, GainTable
from actprof.render.cells import number
from actprof.render.gains.recipes import recipes
from actprof.render.gains.words import course_words, edge_words, fixed_point_lines, torch_words
from actprof.render.terminal import USUAL_WIDTH, Column, printed, table, written

EXACT, DIGITS = 9, 5


def print_gains(result: GainTable, stream: TextIO) -> None:
    """A table for each activation, unless it is the whole catalogue, then one of all."""
    everything = result.config["all"]
    for each in result.activations if not everything else ():
        _print_one(each, stream)
    if everything or len(result.activations) > 1:
        order = ", the largest forward gain first" if everything else ""
        printed(f"gains of {len(result.activations)} activations{order}", _all(result, stream), stream)
        if any(map(_leaves_one, result.activations)):
            stream.write("! the variance 1 is unstable at the forward gain: the slope there is above 1\n")
    if everything and any(each.fixed_points for each in result.activations):
        stream.write("\n")
        printed(_where(result), _fixed(result, stream), stream)


def _print_one(each: ActivationGains, stream: TextIO) -> None:
    printed(f"{each.label}: {each.formula}", _courses(each, stream), stream)
    moments = [("E φ", each.gains.e_phi), ("E φ²", each.gains.e_phi2), ("E φ'²", each.gains.e_dphi2)]
    lines = ["z ~ N(0, 1): " + ", ".join(f"{name} = {_cell(value, EXACT - 2)}" for name, value in moments),
             *edge_words(each), torch_words(each), *fixed_point_lines(each), *_paste(each.gains.gain_forward)]
    stream.write(written("".join(f"{line}\n" for line in lines) + "\n", stream))


def _paste(gain: float | None) -> list[str]:
    """What to paste, broken within its brackets where it would be too wide."""
    lines = []
    for library, call in (recipes(gain) or {}).items():
        start, line = f"{library + ':':9}", call
        if len(start) + len(call) > USUAL_WIDTH:
            cut = call.rfind(", ") + 2
            lines.append(start + call[:cut].rstrip())
            start, line = " " * (9 + call.index("(") + 1), call[cut:]
        lines.append(start + line)
    return lines


def _courses(each: ActivationGains, stream: TextIO) -> Table:
    """A row for each gain, with the fixed point that its layers have without biases."""
    made = table([Column("gain", right=False), Column("value"), Column("gain²"), Column("q*"), Column("χ at q*"),
                  Column("slope"), Column("the variance", right=False)], stream)
    for course in each.courses:
        made.add_row(*(written(cell, stream) for cell in _course_cells(course)))
    return made


def _course_cells(course: GainCourse) -> list[str]:
    point = course.point
    anything = course.fixed_points.course == "any"
    return [course.name, _cell(course.gain, EXACT), _cell(course.gain**2, DIGITS),
            "any" if anything else _cell(point.q_star if point else None, DIGITS),
            _cell(point.chi_1 if point else None, DIGITS), _cell(point.length_slope if point else None, DIGITS),
            course_words(course)]


def _all(result: GainTable, stream: TextIO) -> Table:
    heads = ("E φ", "E φ²", "E φ'²", "for-\nward", "back-\nward", "std", "χ", "slope", "edge\nσ_w",
             "torch", "minus\nforw.")
    made = table([Column("activation", right=False), *map(Column, heads)], stream)
    for each in result.activations:
        made.add_row(*(written(cell, stream) for cell in _cells(each)))
    return made


def _cells(each: ActivationGains) -> list[str]:
    gains = each.gains
    slope = _cell(gains.length_slope, 3) + (" !" * _leaves_one(each))
    edge = each.edge.sigma_w if each.edge else None
    difference = each.torch_difference
    return [each.label, *(_cell(value, 3) for value in (gains.e_phi, gains.e_phi2, gains.e_dphi2)),
            *(_cell(value, 4) for value in (gains.gain_forward, gains.gain_backward, gains.gain_std)),
            _cell(gains.chi_at_gain_forward, 3), slope, _cell(edge, 4), _cell(gains.torch_gain, 4),
            "" if difference is None else "0" if abs(difference) < 1e-12 else f"{difference:+.3f}"]


def _leaves_one(each: ActivationGains) -> bool:
    return each.gains.length_slope > 1 and not each.gains.stable


def _where(result: GainTable) -> str:
    sigma_w, sigma_b = result.config["sigma_w"], result.config["sigma_b"]
    return f"fixed points at σ_w = {'the edge' if sigma_w is None else f'{sigma_w:g}'}, σ_b = {sigma_b or 0:g}"


def _fixed(result: GainTable, stream: TextIO) -> Table:
    """What each activation reaches at the σ_w and σ_b asked for."""
    made = table([Column("activation", right=False), *map(Column, ("q*", "c*", "χ₁", "xi_q", "xi_c")),
                  Column("phase", right=False), Column("roots"), Column("course", right=False)], stream)
    for each in result.activations:
        if each.fixed_points is not None:
            point = each.reached
            figures = (point.q_star, point.c_star, point.chi_1, point.xi_q, point.xi_c) if point else (None,) * 5
            made.add_row(*(written(cell, stream) for cell in (
                each.label, *(_cell(value, 4) for value in figures), (point and point.phase) or "-",
                str(len(each.fixed_points.points)), each.fixed_points.course)))
    return made


def _cell(value: float | None, digits: int) -> str:
    """A dash for what makes no sense; rounding alone is 0."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞"
    return number(0.0 if abs(value) < 1e-13 else value, digits)
