"""`actprof gain` in the terminal: a table for each activation, and all of them side by side."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import TextIO

from actprof.digits import typed
from actprof.gain.result import ActivationGains, GainCourse, GainTable
from actprof.gain.words import course_words, edge_words, exact, fixed_point_lines, paste_lines, shown, torch_words
from actprof.report.terminal import USUAL_WIDTH, Column, Table, text_width, width, written

MISSING = "n/a"
NARROW = 5


def narrow(value: float | None, room: int = NARROW) -> str:
    """As many of four digits as there is room for, at least two: 2.338, 0.817, 0.045, 10.33."""
    texts = [shown(value, digits, MISSING) for digits in (4, 3, 2)]
    return next((text for text in texts if len(text) <= room), texts[-1])


STATISTICS = ("E φ", "E\nφ²", "E\nφ'²", "for-\nward", "back-\nward", "std", "χ", "slope", "edge", "torch",
              "minus\nforw.")
LEGEND = "χ, slope: at the forward gain; edge: its σ_w; torch: its calculate_gain"
UNSTABLE = "! the variance 1 is unstable at the forward gain: the slope there is above 1"
NAME = 12  # columns of a name, at least
LONG = 20  # rows after which the heads are out of sight


def print_all(result: GainTable, stream: TextIO) -> None:
    """Print the gains of all, then the fixed points of all where σ_w or σ_b was asked for in the whole catalogue."""
    everything = result.config["all"]
    order = ", the largest forward gain first" if everything else ""
    gains = _gains(result, stream)
    gains.print(f"gains of {len(gains)} activations{order}", foot=len(gains) > LONG)
    stream.write(written(f"{LEGEND}\n", stream))
    if any(each.gains.stability == "unstable" for each in result.activations):
        stream.write(f"{UNSTABLE}\n")
    if everything and any(each.fixed_points for each in result.activations):
        stream.write("\n")
        fixed = _fixed(result, stream)
        fixed.print(_where(result), foot=len(fixed) > LONG)


def _gains(result: GainTable, stream: TextIO) -> Table:
    rows = [[written(text, stream) for text in _statistics(each)] for each in result.activations]
    heads = [written(head, stream) for head in STATISTICS]
    taken = sum(text_width(column) + 1 for column in zip(heads, *rows, strict=True))
    room = max(NAME, width(stream) - taken)
    made = Table([Column("activation", right=False), *map(Column, heads)], stream)
    for each, row in zip(result.activations, rows, strict=True):
        made.add_row(_folded(each.label, room), *row)
    return made


def _folded(label: str, room: int) -> str:
    """A name in lines of at most `room` characters, broken after its punctuation where there is some."""
    return "\n".join(re.findall(f".{{1,{room}}}$|.{{1,{room - 1}}}[:,=]|.{{1,{room}}}", label))


def _statistics(each: ActivationGains) -> list[str]:
    gains, difference = each.gains, each.torch_difference
    mark = "!" * (gains.stability == "unstable")
    torch = "-" if gains.torch_gain is None else narrow(gains.torch_gain)
    apart = "" if difference is None else "0" if difference == 0 else f"{difference:+.3f}"
    return [*(narrow(value) for value in (gains.e_phi, gains.e_phi2, gains.e_dphi2, gains.gain_forward,
                                          gains.gain_backward, gains.gain_std, gains.chi_at_gain_forward)),
            narrow(gains.length_slope, NARROW - len(mark)) + mark,
            "none" if each.edge is None else narrow(each.edge.sigma_w), torch, apart]


def _where(result: GainTable) -> str:
    sigma_w, sigma_b = result.config["sigma_w"], result.config["sigma_b"]
    return f"fixed points at σ_w = {'the edge' if sigma_w is None else typed(sigma_w)}, σ_b = {typed(sigma_b or 0)}"


def _fixed(result: GainTable, stream: TextIO) -> Table:
    """What each activation reaches at the σ_w and σ_b asked for."""
    made = Table([Column("activation", right=False), *map(Column, ("q*", "c*", "χ₁", "ξ_q", "ξ_c")),
                  Column("phase", right=False), Column("roots"), Column("course", right=False)], stream)
    for each in result.activations:
        if each.fixed_points is not None:
            made.add_row(each.label, *_reached(each))
    return made


def _reached(each: ActivationGains) -> list[str]:
    found, point = each.fixed_points, each.reached
    assert found is not None
    figures = ["-"] * 5 if point is None else [
        shown(value, 3, MISSING) for value in (point.q_star, point.c_star, point.chi_1, point.xi_q, point.xi_c)]
    return [*figures, (point and point.phase) or "-", str(len(found.points)), found.course]


MOMENTS = 7  # digits


def print_result(result: GainTable, stream: TextIO) -> None:
    """Print a table for each activation, or, of the whole catalogue, one of all."""
    everything = result.config["all"]
    for each in result.activations if not everything else ():
        _print_one(each, result.config["q0"], stream)
    if everything or len(result.activations) > 1:
        print_all(result, stream)


def _print_one(each: ActivationGains, q0: float | None, stream: TextIO) -> None:
    room = max(width(stream), USUAL_WIDTH)
    title = _wrapped([f"{each.label}: {each.formula}"], room, stream)
    _courses(each, q0, stream).print("\n".join(title))
    moments = [("E φ", each.gains.e_phi), ("E φ²", each.gains.e_phi2), ("E φ'²", each.gains.e_dphi2)]
    lines = ["z ~ N(0, 1): " + ", ".join(f"{name} = {shown(value, MOMENTS)}" for name, value in moments),
             *edge_words(each), torch_words(each), *fixed_point_lines(each), *paste_lines(each, room)]
    stream.write("".join(f"{line}\n" for line in _wrapped(lines, room, stream)) + "\n")


def _wrapped(lines: Iterable[str], room: int, stream: TextIO) -> list[str]:
    """Lines of at most `room` columns; what goes on in the next one is indented."""
    return [part for line in lines
            for part in textwrap.wrap(written(line, stream), room, subsequent_indent="    ", break_on_hyphens=False)]


def _courses(each: ActivationGains, q0: float | None, stream: TextIO) -> Table:
    """A row for each gain, with the fixed point that its layers have without biases."""
    start = "" if q0 is None else f"\nfrom q0 = {typed(q0)}"
    made = Table([Column("gain", right=False), Column("value"), Column("gain²"), Column("q*"), Column("χ at q*"),
                  Column("slope"), Column(f"the variance{start}", right=False)], stream)
    for course in each.courses:
        made.add_row(*_course_cells(course))
    return made


def _course_cells(course: GainCourse) -> list[str]:
    point = course.point
    figures = (point.q_star, point.chi_1, point.length_slope) if point else None
    q, chi, slope = ("-",) * 3 if figures is None else map(shown, figures)
    return [course.name, exact(course.gain), shown(course.gain**2),
            "any" if course.fixed_points.course == "any" else q, chi, slope, course_words(course)]
