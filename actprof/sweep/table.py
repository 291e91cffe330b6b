"""`actprof sweep` in the terminal: a row for each value of one axis; of two axes a matrix for each quantity."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from actprof.render.settings import words
from actprof.render.sweeps.places import course, folded, labels, omitted, picked
from actprof.render.sweeps.readings import heading, legend, reading, shown, span, title
from actprof.render.terminal import Column, printed, table, text_width, width, written
from actprof.sweep_maps import VERDICT, Sweep

MOST_ROWS = 25
"""Of a matrix, so that it can be seen as a whole."""

ROW_LABEL, COLUMN_LABEL, HEADING = 14, 10, 12
"""Characters of a line of them."""

SETTINGS = ("init", "act", "widths", "layers", "width", "bias", "norm")
"""What of the cells' common configuration stands above the tables; JSON has all."""

USUAL_WORDS = ("bias zeros", "norm none")

Grid = list[list[str]]
"""Columns, each with its header first."""


def print_sweep(sweep: Sweep, stream: TextIO) -> None:
    """What was swept, the tables, what their words mean, how quantities follow the width, and theory's lines."""
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
    """A line folded to the stream's width, unless it is empty."""
    lines = textwrap.wrap(written(text, stream), width(stream), subsequent_indent="  ", break_on_hyphens=False)
    stream.write("".join(f"{line}\n" for line in lines))


def _print_values(sweep: Sweep, stream: TextIO) -> list[str]:
    """A table with a row for each value of the axis, several where one would be too wide; returns what to say below."""
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
    return legend({cell.verdict for cell in sweep.cells}, short) if VERDICT in sweep.quantities else []


def _named(name: str) -> str:
    return f"{heading(name)}: {title(name)}"


def _columns(sweep: Sweep, name: str, stream: TextIO) -> Grid:
    """A quantity's median, its quartiles, and what theory says of it, each where it is known."""
    columns = [[folded(heading(name), HEADING), *(shown(name, cell) for cell in sweep.cells)]]
    if any(name in cell.spread for cell in sweep.cells):
        columns.append(["quartiles", *(span(name, *cell.quartiles(name)) for cell in sweep.cells)])
    said = [cell.foretold(name) for cell in sweep.cells]
    if any(name in cell.predicted for cell in sweep.cells):
        columns.append(["theory", *(reading(name, value) for value, _, _ in said)])
        ranges = [span(name, low, high) for _, low, high in said]
        if set(ranges) != {"-"}:
            columns.append(["95 % of\nnetworks", *ranges])
    return [[written(text, stream) for text in column] for column in columns]


def _print_matrices(sweep: Sweep, stream: TextIO) -> list[str]:
    """A matrix for each quantity, all with the same rows and columns; returns what to say below."""
    # The largest is at the top, as in the figure, so that a place in the one is found in the other.
    rows = picked(sweep.axes[1], MOST_ROWS)[::-1]
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
    """A table; the labels of its rows keep to the right where they are numbers."""
    first, *others = (column[0] for column in columns)
    made = table([Column(first, right), *map(Column, others)], stream)
    for row in zip(*(column[1:] for column in columns), strict=True):
        made.add_row(*row)
    printed(title_, made, stream)
