"""`actprof gain` in the terminal: a table for each activation, and all of them side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TextIO

from rich.table import Table

from actprof.gain_tables import ActivationGains, GainCourse, GainTable
from actprof.render.gains.catalogue import print_all
from actprof.render.gains.cells import cell
from actprof.render.gains.paste import paste_lines
from actprof.render.gains.words import course_words, edge_words, fixed_point_lines, torch_words
from actprof.render.terminal import USUAL_WIDTH, Column, printed, table, width, written

EXACT, DIGITS = 9, 5


def print_gains(result: GainTable, stream: TextIO) -> None:
    """A table for each activation, unless it is the whole catalogue, then one of all."""
    everything = result.config["all"]
    for each in result.activations if not everything else ():
        _print_one(each, result.config["q0"], stream)
    if everything or len(result.activations) > 1:
        print_all(result, stream)


def _print_one(each: ActivationGains, q0: float | None, stream: TextIO) -> None:
    room = max(width(stream), USUAL_WIDTH)
    title = _wrapped([f"{each.label}: {each.formula}"], room, stream)
    printed("\n".join(title), _courses(each, q0, stream), stream)
    moments = [("E φ", each.gains.e_phi), ("E φ²", each.gains.e_phi2), ("E φ'²", each.gains.e_dphi2)]
    lines = ["z ~ N(0, 1): " + ", ".join(f"{name} = {cell(value, EXACT - 2)}" for name, value in moments),
             *edge_words(each), torch_words(each), *fixed_point_lines(each), *paste_lines(each, room)]
    stream.write("".join(f"{line}\n" for line in _wrapped(lines, room, stream)) + "\n")


def _wrapped(lines: Iterable[str], room: int, stream: TextIO) -> list[str]:
    """Lines of at most `room` columns; what goes on in the next one is indented."""
    return [part for line in lines
            for part in textwrap.wrap(written(line, stream), room, subsequent_indent="    ", break_on_hyphens=False)]


def _courses(each: ActivationGains, q0: float | None, stream: TextIO) -> Table:
    """A row for each gain, with the fixed point that its layers have without biases."""
    start = "" if q0 is None else f"\nfrom q0 = {q0:g}"
    made = table([Column("gain", right=False), Column("value"), Column("gain²"), Column("q*"), Column("χ at q*"),
                  Column("slope"), Column(f"the variance{start}", right=False)], stream)
    for course in each.courses:
        made.add_row(*(written(text, stream) for text in _course_cells(course)))
    return made


def _course_cells(course: GainCourse) -> list[str]:
    point = course.point
    figures = (point.q_star, point.chi_1, point.length_slope) if point else None
    q, chi, slope = ("-",) * 3 if figures is None else (cell(value, DIGITS) for value in figures)
    return [course.name, cell(course.gain, EXACT), cell(course.gain**2, DIGITS),
            "any" if course.fixed_points.course == "any" else q, chi, slope, course_words(course)]
