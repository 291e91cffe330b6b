"""`actprof sweep` in the terminal: a row for each value of one axis; of two axes a matrix for each quantity."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from actprof.diagnosis.terms import VERDICTS
from actprof.diagnosis.verdicts import DRIFTING, HEALTHY, UNCERTAIN
from actprof.digits import number, percent, power_of_ten, typed
from actprof.report.settings import words
from actprof.report.terminal import Column, Table, text_width, width, written
from actprof.sweep.result import BY_NAME, VERDICT, Axis, Cell, Line, Point, Sweep

MAX_NUMBER = 8  # characters of a label that is a number, before it is rounded

MIN_DIGITS, MAX_DIGITS = 3, 17

MAX_POINTS = 5  # maximum points of a curve in a sentence
STEADY = 1e-6  # relative; coordinates no further apart are one number


def labels(axis: Axis) -> list[str]:
    """Labels as they are; long numbers with as few digits as tell them apart, and at least three."""
    if not axis.numbers or max(map(len, axis.labels)) <= MAX_NUMBER:
        return list(axis.labels)
    rounded = ([typed(value, digits) for value in axis.numbers] for digits in range(MIN_DIGITS, MAX_DIGITS))
    return next((texts for texts in rounded if len(set(texts)) == len(texts)), list(axis.labels))


def folded(label: str, room: int) -> str:
    """The whole label in lines of at most `room` characters, broken behind punctuation where there is some."""
    lines = []
    while len(label) > room:
        cut = max(label.rfind(mark, 0, room) for mark in ":,=_/- ") + 1 or room
        lines.append(label[:cut])
        label = label[cut:]
    return "\n".join([*lines, label])


def picked(axis: Axis, most: int) -> list[int]:
    """Indices of at most `most` places: of numbers evenly from end to end, of names the first."""
    # Between two names there is nothing that a third could stand for, so they are left out where a reader expects it.
    return evenly(len(axis), most) if axis.numbers else list(range(min(most, len(axis))))


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0 … count - 1, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / max(most - 1, 1)) for step in range(most)]


def omitted(axes: Sequence[Axis], places: Sequence[Sequence[int]]) -> str:
    """`9 of 50 values of gain and 25 of 50 of layers shown; --format csv has all`, or nothing if all are shown."""
    parts = [(len(some), axis) for axis, some in zip(axes, places, strict=True) if len(some) < len(axis)]
    texts = [f"{count} of {len(axis)}{'' if number else ' values'} of {axis.name}"
             for number, (count, axis) in enumerate(parts)]
    return f"{' and '.join(texts)} shown; --format csv has all" if texts else ""


def course(line: Line, axes: Sequence[Axis]) -> str:
    """`edge of chaos at gain 1.4142`, or up to five points at values of the other axis, or one for each name; "" if it
    has none within the axes' values: a figure's outermost cells reach beyond them."""
    points = [point for point in line.points if all(
        axis.places[0] <= place <= axis.places[-1] for axis, place in zip(axes, point, strict=False))]
    if not points:
        return ""
    steady = _steady(points, axes)
    if steady is not None and not line.rows:
        values = dict.fromkeys(_text(axes[steady], point[steady]) for point in points)
        return f"{line.title} at {axes[steady].name} {', '.join(values)}"
    # A line can lie anywhere on this axis, given a place on the other.
    moving = next((number for number, axis in enumerate(axes) if axis.numbers and not axis.whole), 0)
    given = axes[1 - moving]
    own = [point for point in points if point[1 - moving] in given.places] or points
    some = points if line.rows else [own[index] for index in evenly(len(own), MAX_POINTS)]
    pairs = [(_text(axes[moving], point[moving]), _text(given, point[1 - moving])) for point in some]
    words = [f"{place} ({row})" if number or not given.numbers else f"{place} ({given.name} {row})"
             for number, (place, row) in enumerate(pairs)]
    return f"{line.title} at {axes[moving].name} {', '.join(words)}"


def _steady(points: Sequence[Point], axes: Sequence[Axis]) -> int | None:
    """The axis on which all points are at one place; the only axis in any case."""
    if len(axes) == 1:
        return 0
    for axis in (0, 1) if len(points) > 1 else ():
        values = [point[axis] for point in points]
        if max(values) - min(values) <= STEADY * max(map(abs, values)):
            return axis
    return None


def _text(axis: Axis, value: float) -> str:
    if not axis.numbers:
        return axis.labels[round(value)]
    return typed(round(value, 1)) if axis.whole else typed(value, 5)


# Verdicts in at most eight characters.
WORDS = {HEALTHY: "ok", "vanishing": "vanish", "exploding": "explode", "saturated": "saturat.", "dying": "dying",
         "collapsed": "collaps.", "symmetric": "symm.", "non_finite": "non-fin.", DRIFTING: "drift",
         UNCERTAIN: "unsure"}


def title(name: str) -> str:
    """What the cells of a quantity show: of a logarithm the ratio, of a share the percentage."""
    if name == VERDICT:
        return VERDICT
    # A cell holds the ratio itself, which needs no more room than its logarithm and is read at once.
    return f"{BY_NAME[name].subject}, in %" if BY_NAME[name].is_share else BY_NAME[name].subject


def heading(name: str) -> str:
    """`gradient ratio`, `saturated fraction`."""
    return (name if name == VERDICT else BY_NAME[name].ratio_name).replace("_", " ")


def reading(name: str, value: float) -> str:
    """A value in three digits, `-` where it is not finite."""
    if BY_NAME[name].logarithmic:
        return power_of_ten(value)
    return percent(value) if BY_NAME[name].is_share else number(value)


def span(name: str, low: float, high: float) -> str:
    """`0.812 … 0.854`; `-` where neither end is known."""
    ends = reading(name, low), reading(name, high)
    return "-" if ends == ("-", "-") else " … ".join(ends)


def shown(name: str, cell: Cell, short: bool = False) -> str:
    """A quantity of a cell, the verdict too: as one of WORDS where it is to be short."""
    if name != VERDICT:
        return reading(name, cell.statistic(name))
    return (WORDS[cell.verdict] if short else cell.verdict) if cell.verdict else "-"


MAX_ROWS = 25  # maximum rows of a matrix, so that it can be seen as a whole
ROW_LABEL, COLUMN_LABEL, HEADING = 14, 10, 12  # characters of a line of them

# What of the cells' common configuration stands above the tables; JSON has all.
SETTINGS = ("init", "act", "widths", "layers", "width", "bias", "norm", "dropout")

USUAL_WORDS = ("bias zeros", "norm none")

Grid = list[list[str]]  # columns, each with its header first


def print_result(sweep: Sweep, stream: TextIO) -> None:
    """Print what was swept, the tables, what their words mean, how quantities follow the width, and theory's lines."""
    _say(" · ".join(_heading(sweep)), stream)
    remarks = _print_matrices(sweep, stream) if len(sweep.axes) > 1 else _print_values(sweep, stream)
    remarks += [trend.text for trend in sweep.trends] + [course(line, sweep.axes) for line in sweep.lines]
    if any(remarks):
        stream.write("\n")
    for text in remarks:
        _say(text, stream)


def _heading(sweep: Sweep) -> Iterator[str]:
    """The axes; what all cells share; how many networks each has."""
    across, *upwards = (axis.title for axis in sweep.axes)
    yield f"{across} across, {upwards[0]} upwards" if upwards else f"sweep of the {across}"
    yield from (word for word in words(_short(sweep.config)) if word not in USUAL_WORDS)
    yield f"seed {sweep.seed}"
    networks = max((len(values) for cell in sweep.cells for values in cell.networks.values()), default=1)
    if networks > 1:
        yield f"median of {networks} networks"


def _short(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = {key for name in SETTINGS for key in (name, f"{name}_parameters", f"{name}_position")}
    return {key: value for key, value in config.items() if key in keys}


def _say(text: str, stream: TextIO) -> None:
    """Print a line folded to the stream's width, unless it is empty."""
    lines = textwrap.wrap(written(text, stream), width(stream), subsequent_indent="  ", break_on_hyphens=False)
    stream.write("".join(f"{line}\n" for line in lines))


def _print_values(sweep: Sweep, stream: TextIO) -> list[str]:
    """Print a row for each value of the axis, in several tables where one is too wide; returns what to say below."""
    axis = sweep.axes[0]
    first = [axis.name, *(folded(written(label, stream), ROW_LABEL) for label in labels(axis))]
    for names, columns in _parts(sweep, first, stream):
        stream.write("\n")
        *titles, last = [_named(name) for name in names if name != VERDICT] or [VERDICT]
        for text in titles:
            _say(text, stream)
        _print(last, [first, *columns], bool(axis.numbers), stream)
    return _legend(sweep, short=False)


def _parts(sweep: Sweep, first: list[str], stream: TextIO) -> list[tuple[list[str], Grid]]:
    """Quantities that fit beside each other and the first column, with their columns."""
    parts: list[tuple[list[str], Grid]] = []
    for name in sweep.quantities:
        columns = _columns(sweep, name, stream)
        if not parts or _taken([first, *parts[-1][1], *columns]) > width(stream):
            parts.append(([], []))
        parts[-1][0].append(name)
        parts[-1][1].extend(columns)
    return parts


def _legend(sweep: Sweep, short: bool) -> list[str]:
    """A line for each verdict that occurs, with the meaning that every command gives it."""
    codes = {cell.verdict for cell in sweep.cells} if VERDICT in sweep.quantities else set()
    return [f"{f'{WORDS[term.key]} = ' if short else ''}{term.key}: {term.meaning}"
            for term in VERDICTS if term.key in codes]


def _named(name: str) -> str:
    return f"{heading(name)}: {title(name)}"


def _columns(sweep: Sweep, name: str, stream: TextIO) -> Grid:
    """A quantity's median, its quartiles, and what theory says of it, each where it is known."""
    columns = [[folded(heading(name), HEADING), *(shown(name, cell) for cell in sweep.cells)]]
    if any(name in cell.spread for cell in sweep.cells):
        columns.append(["quartiles", *(span(name, *cell.quartiles(name)) for cell in sweep.cells)])
    said = [cell.prediction(name) for cell in sweep.cells]
    if any(name in cell.predicted for cell in sweep.cells):
        columns.append(["theory", *(reading(name, value) for value, _, _ in said)])
        ranges = [span(name, low, high) for _, low, high in said]
        if set(ranges) != {"-"}:
            columns.append(["95 % of\nnetworks", *ranges])
    return [[written(text, stream) for text in column] for column in columns]


def _print_matrices(sweep: Sweep, stream: TextIO) -> list[str]:
    """Print a matrix for each quantity, all with the same rows and columns; returns what to say below."""
    # The largest is at the top, as in the figure, so that a place in the one is found in the other.
    rows = picked(sweep.axes[1], MAX_ROWS)[::-1]
    columns, matrices = _fitting(sweep, rows, stream)
    for name, matrix in zip(sweep.quantities, matrices, strict=True):
        stream.write("\n")
        _print(title(name), matrix, bool(sweep.axes[1].numbers), stream)
    return [omitted(sweep.axes, (columns, rows)), *_legend(sweep, short=True)]


def _fitting(sweep: Sweep, rows: Sequence[int], stream: TextIO) -> tuple[list[int], list[Grid]]:
    """The most columns with which every matrix is within the stream's width."""
    for most in range(min(len(sweep.axes[0]), width(stream) // 2), 0, -1):
        columns = picked(sweep.axes[0], most)
        matrices = [_matrix(sweep, name, columns, rows, stream) for name in sweep.quantities]
        if max(map(_taken, matrices), default=0) <= width(stream):
            break
    return columns, matrices


def _matrix(sweep: Sweep, name: str, columns: Sequence[int], rows: Sequence[int], stream: TextIO) -> Grid:
    across, upwards = ([written(label, stream) for label in labels(axis)] for axis in sweep.axes)
    first = [sweep.axes[1].name, *(folded(upwards[row], ROW_LABEL) for row in rows)]
    cells = ([shown(name, sweep.cells[column * len(upwards) + row], short=True) for row in rows] for column in columns)
    heads = (folded(across[column], COLUMN_LABEL) for column in columns)
    return [first, *([head, *texts] for head, texts in zip(heads, cells, strict=True))]


def _taken(columns: Grid) -> int:
    """Characters of all columns with the space between them."""
    return sum(map(text_width, columns)) + len(columns) - 1


def _print(title_: str, columns: Grid, right: bool, stream: TextIO) -> None:
    """Print a table; the labels of its rows keep to the right where they are numbers."""
    first, *others = (column[0] for column in columns)
    made = Table([Column(first, right), *map(Column, others)], stream)
    for row in zip(*(column[1:] for column in columns), strict=True):
        made.add_row(*row)
    made.print(title_)
