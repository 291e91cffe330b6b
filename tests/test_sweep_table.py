"""`actprof sweep` in the terminal: within 80 columns whatever the grid, and every figure that of the data, rounded."""

import io
import math
import re
from collections.abc import Sequence
from itertools import pairwise

import pytest

from actprof.diagnosis.terms import VERDICTS
from actprof.diagnosis.verdicts import CODES
from actprof.sweep.result import BY_NAME, VERDICT, Axis, Line, Sweep, Trend
from actprof.sweep.table import WORDS, evenly, folded, labels
from actprof.sweep.table import print_result as print_sweep
from tests.cases import for_each
from tests.tables import says, says_power, says_share
from tests.tables import tables as by_head
from tests.test_sweep_records import (
    ACTS,
    GAINS,
    LAYERS,
    LOGARITHM,
    NAMES,
    Formula,
    Place,
    named,
    numbers,
    odd,
    smooth,
    swept,
)

LONG = "variance_scaling:scale=2,mode=fan_avg,distribution=uniform"
INITS = named("init", "he", LONG, "torch.linear", "xavier", "lecun", "orthogonal", "0.01", "zeros", "normal:std=0.02",
              "glorot_uniform", "delta_orthogonal", LONG.replace("uniform", "truncated_normal"))
FINE = numbers("gain", *(round(0.5 + 2.5 * step / 49, 8) for step in range(50)))
DEEP = numbers("layers", *range(1, 51), whole=True)
WIDE = Axis("width", "width", tuple(f"{2**power}" for power in range(24)), tuple(2.0**power for power in range(24)),
            logarithmic=True, whole=True)
ALL = (*NAMES, VERDICT)
GRIDS = [(GAINS,), (ACTS,), (INITS,), (FINE,), (WIDE,), (numbers("gain", 1.0),), (FINE, DEEP), (INITS, DEEP),
         (FINE, INITS), (INITS, INITS), (WIDE, FINE), (GAINS, LAYERS), (ACTS, LAYERS),
         (numbers("gain", 1.0), numbers("bias", 0.0))]


def small(name: str, place: Place) -> float:
    """Statistics of many characters, of either sign where that can be."""
    value = smooth(name, place)
    if name == LOGARITHM:
        return -480.0 + value / 10
    return value if name.endswith("fraction") else -1e-9 * value if name == "correlation" else 1e-300 * value


def printed(sweep: Sweep, encoding: str = "utf-8") -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    print_sweep(sweep, stream)
    stream.seek(0)
    return stream.read().split("\n")


def tables(lines: Sequence[str]) -> list[tuple[str, list[list[str]]]]:
    """(The line above the heads, the cells of each row) of every table."""
    found = []
    for place, line in enumerate(lines):
        if line and set(line) <= {"─", "-"}:
            top = next(above for above in range(place, 0, -1) if not lines[above - 1])
            bottom = next(below for below in range(place, len(lines)) if not lines[below])
            found.append((lines[top], [re.split(" (?!…)(?<!… )", re.sub(" +", " ", row.strip()))
                                       for row in lines[place + 1:bottom]]))
    return found


def holds(cell: str, name: str, value: float) -> bool:
    """Whether a cell says the value of that quantity."""
    return (says_power if name == LOGARITHM else says_share if name.endswith("fraction") else says)(cell, value)


def spans(cell: str, name: str, *ends: float) -> bool:
    """Whether a cell says both ends of a range, or that they are not known."""
    words = cell.split(" … ") if cell != "-" else ["-", "-"]
    return len(words) == 2 and all(holds(word, name, end) for word, end in zip(words, ends, strict=True))


@pytest.mark.slow
@for_each(("axes", "formula", "networks", "encoding"), [
    (axes, *((smooth, 1, "utf-8"), (small, 5, "utf-8"), (odd, 5, "ascii"), (small, 1, "cp1252"))[place % 4])
    for place, axes in enumerate(GRIDS)])
def test_no_line_is_wider_than_80_columns(axes: tuple[Axis, ...], formula: Formula, networks: int,
                                          encoding: str) -> None:
    sweep = swept(axes, formula, ALL, networks, predicted=networks > 1, judged=True,
                  lines=(Line("critical", "edge of chaos (χ₁ = 1)", tuple((math.sqrt(2), y) for y in (0.0, 1.0))),))
    lines = printed(sweep, encoding)
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line != line.rstrip()] == []
    assert encoding == "utf-8" or "".join(lines).isascii()


@for_each("formula", [smooth, odd, small])
@for_each("name", NAMES)
def test_a_matrix_holds_the_figures_with_the_largest_at_the_top(name: str, formula: Formula) -> None:
    sweep = swept([GAINS, LAYERS], formula, [name])
    (_, rows), = tables(printed(sweep))
    assert [row[0] for row in rows] == list(LAYERS.labels[::-1])
    for row, layers in zip(rows, LAYERS.numbers[::-1], strict=True):
        assert len(row) == 1 + len(GAINS)
        assert all(holds(cell, name, formula(name, (gain, layers)))
                   for cell, gain in zip(row[1:], GAINS.numbers, strict=True))


@for_each("formula", [smooth, odd, small])
@for_each("name", NAMES)
def test_one_axis_has_a_row_a_value_with_quartiles_and_theory_beside_the_median(name: str, formula: Formula) -> None:
    sweep = swept([FINE], formula, [name], networks=5, predicted=True)
    lines = printed(sweep)
    heads = next(above for above, line in pairwise(lines) if line and set(line) <= {"─", "-"})
    assert re.fullmatch(r" *gain +\S+ +quartiles +theory +networks", heads)
    (_, rows), = tables(lines)
    for row, gain, cell in zip(rows, FINE.numbers, sweep.cells, strict=True):
        shown, median, quartiles, value, band = row
        assert float(shown) == pytest.approx(gain, rel=5e-3)
        assert holds(median, name, cell.statistics[name])
        assert spans(quartiles, name, *cell.spread[name])
        assert holds(value, name, cell.predicted[name][0])
        assert spans(band, name, *cell.predicted[name][1:])


@for_each("networks", [1, 5])
def test_quantities_that_do_not_fit_beside_each_other_have_tables_of_their_own(networks: int) -> None:
    def rows(*names: str) -> list[list[list[str]]]:
        return [cells for _, cells in tables(printed(swept([GAINS], smooth, names, networks, judged=True)))]

    together, alone = rows(*ALL), [rows(name)[0] for name in ALL]
    assert 1 < len(together) < len(ALL)
    for place, label in enumerate(GAINS.labels):
        assert {cells[place][0] for cells in together} == {label}
        assert [cell for cells in together for cell in cells[place][1:]] == [
            cell for cells in alone for cell in cells[place][1:]]


def test_theory_that_knows_no_range_has_a_value_alone() -> None:
    sweep = swept([GAINS], lambda name, place: place[0], predicted=True)
    for cell in sweep.cells:
        cell.predicted["std"] = (2.0, math.nan, math.nan)  # type: ignore[index]
    (_, rows), = tables(printed(sweep))
    assert rows == [["0.5", "0.500", "2.00"], ["1", "1.00", "2.00"], ["1.5", "1.50", "2.00"]]


@pytest.mark.slow
@for_each("axes", GRIDS)
def test_the_titles_say_what_is_shown(axes: tuple[Axis, ...]) -> None:
    lines = printed(swept(axes, smooth, NAMES))
    for name in NAMES:
        title = BY_NAME[name].title.replace("log₁₀ of ", "") + ", in %" * name.endswith("fraction")
        assert sum(line.endswith(title) for line in lines) == 1
    head = " ".join(lines[:3])
    assert all(axis.title in head for axis in axes)
    assert "init he_normal · act tanh" in head
    assert "seed 7" in head
    assert "networks" not in head
    assert "median of 5 networks" in " ".join(printed(swept(axes, networks=5))[:3])


@for_each("axes", [(FINE, DEEP), (WIDE, FINE), (FINE, LAYERS), (GAINS, DEEP)])
def test_of_a_large_grid_both_ends_are_shown_and_how_much_was_left_out(axes: tuple[Axis, ...]) -> None:
    lines = printed(swept(axes, smooth, ["std", LOGARITHM]))
    heads = next(line for line in lines if line.strip().startswith(axes[1].name)).split()[1:]
    across, up = ([float(text) for text in texts] for texts in (axes[0].labels, axes[1].labels))
    for _, rows in tables(lines):
        assert [float(rows[0][0]), float(rows[-1][0])] == pytest.approx([up[-1], up[0]], rel=5e-3)
        assert len(rows) == min(25, len(axes[1]))
        assert all(len(row) == len(heads) + 1 for row in rows)
    assert [float(heads[0]), float(heads[-1])] == pytest.approx([across[0], across[-1]], rel=5e-3)
    assert len(heads) == len(axes[0]) or len(heads) >= 8
    said = [(int(some), int(many)) for line in lines if line.endswith("shown; --format csv has all")
            for some, many in re.findall(r"(\d+) of (\d+)", line)]
    counts = (len(heads), len(axes[0])), (min(25, len(axes[1])), len(axes[1]))
    assert said == [pair for pair in counts if pair[0] < pair[1]]


def test_a_small_grid_is_shown_whole_and_nothing_is_said_of_it() -> None:
    assert "shown" not in "\n".join(printed(swept([GAINS, LAYERS], smooth, NAMES)))


@for_each(("count", "most"), [(50, 9), (50, 25), (3, 9), (1, 1), (9, 9), (50, 2)])
def test_what_is_picked_lies_evenly_from_end_to_end(count: int, most: int) -> None:
    places = evenly(count, most)
    assert len(places) == min(count, most)
    assert (places[0], places[-1]) == (0, count - 1)
    steps = {after - before for before, after in pairwise(places)}
    assert not steps or max(steps) - min(steps) <= 1


@for_each("axis", [FINE, WIDE, GAINS, DEEP, INITS, numbers("gain", 1.00000001, 1.00000002)])
def test_labels_tell_values_apart(axis: Axis) -> None:
    shown = labels(axis)
    assert len(set(shown)) == len(axis)
    if axis.numbers:
        assert list(map(float, shown)) == pytest.approx(axis.numbers, rel=5e-3)
        assert max(map(len, shown)) <= max(8, *map(len, axis.labels))


def test_fine_steps_have_as_few_digits_as_they_need() -> None:
    assert max(map(len, FINE.labels)) > 8
    assert max(map(len, labels(FINE))) == len("0.551")


@for_each("room", [4, 10, 16])
@for_each("label", INITS.labels)
def test_a_long_label_is_folded_and_loses_nothing(label: str, room: int) -> None:
    lines = folded(label, room).split("\n")
    assert "".join(lines) == label
    assert max(map(len, lines)) <= room


def test_a_verdict_is_a_short_word_in_a_matrix_and_explained_where_it_occurs() -> None:
    assert set(WORDS) == set(CODES)
    assert len(set(WORDS.values())) == len(CODES)
    assert max(map(len, WORDS.values())) <= 8
    sweep = swept([GAINS, LAYERS], quantities=[VERDICT], judged=True)
    lines = printed(sweep)
    (title, rows), = tables(lines)
    assert title == VERDICT
    shown = [WORDS[cell.verdict] for cell in sweep.cells]
    assert rows == [["10", *shown[1::2]], ["5", *shown[0::2]]]
    explained = [line.partition(" = ")[2].partition(":")[0] for line in lines if " = " in line]
    assert sorted(explained) == sorted(CODES[:6])


def test_a_verdict_of_one_axis_is_in_full() -> None:
    sweep = swept([GAINS], quantities=["std", VERDICT], judged=True)
    lines = printed(sweep)
    (rows,) = by_head(lines)
    assert [row["verdict"] for row in rows] == [cell.verdict for cell in sweep.cells]
    meaning = next(term.meaning for term in VERDICTS if term.key == sweep.cells[1].verdict)
    assert f"{sweep.cells[1].verdict}: {meaning}" in " ".join(map(str.strip, lines))
    (rows,) = by_head(printed(swept([GAINS], quantities=[VERDICT])))
    assert [row["verdict"] for row in rows] == ["-"] * 3


@for_each(("axes", "line", "said"), [
    ((GAINS,), Line("critical", "edge of chaos", ((math.sqrt(2), 0.0),)), "edge of chaos at gain 1.4142"),
    ((GAINS,), Line("critical", "edges", ((0.75, 0.0), (1.25, 0.0))), "edges at gain 0.75, 1.25"),
    ((GAINS, LAYERS), Line("critical", "edge", tuple((math.sqrt(2), y) for y in LAYERS.numbers)),
     "edge at gain 1.4142"),
    ((LAYERS, GAINS), Line("critical", "edge", tuple((x, math.sqrt(2)) for x in LAYERS.numbers)),
     "edge at gain 1.4142"),
    ((GAINS, LAYERS), Line("trainable", "depth", ((1.25, 5.0), (1.5, 10.0))),
     "depth at gain 1.25 (layers 5), 1.5 (10)"),
    ((LAYERS, GAINS), Line("trainable", "depth", ((5.0, 1.25), (10.0, 1.5))),
     "depth at gain 1.25 (layers 5), 1.5 (10)"),
    ((ACTS, LAYERS), Line("trainable", "depth", ((0.0, 6.04), (1.0, 9.96)), rows=True),
     "depth at act relu (layers 6), leaky_relu:0.2 (10)"),
    ((GAINS, DEEP), Line("critical", "edge", tuple((1 + y / 100, y) for y in DEEP.numbers)),
     "edge at gain 1.01 (layers 1), 1.13 (13), 1.25 (25), 1.38 (38), 1.5 (50)"),
    ((GAINS, ACTS), Line("critical", "edge", ((1.25, 0.0), (1.25, 1.0)), rows=True),
     "edge at gain 1.25 (relu), 1.25 (leaky_relu:0.2)"),
    ((ACTS, GAINS), Line("critical", "edge", ((1.0, 1.25),), rows=True), "edge at gain 1.25 (leaky_relu:0.2)"),
    ((GAINS, LAYERS), Line("critical", "edge", ((1.25, 5.0), (1.5, math.inf))), "edge at gain 1.25 (layers 5)"),
    ((GAINS, LAYERS), Line("trainable", "depth", ((0.3, 8.0), (1.25, 5.0), (1.4, 10.1), (1.6, 7.0))),
     "depth at gain 1.25 (layers 5)"),  # none beyond the values, in the outer halves of a figure's outermost cells
])
def test_a_line_of_theory_is_one_number_or_a_few_places(axes: tuple[Axis, ...], line: Line, said: str) -> None:
    assert printed(swept(axes, lines=(line,)))[-2:] == [said, ""]


def test_a_line_without_points_is_not_spoken_of() -> None:
    empty = Line("critical", "edge of chaos", ()), Line("trainable", "depth", ((1.0, math.inf), (1.6, 5.0)))
    assert printed(swept([GAINS, LAYERS], lines=empty)) == printed(swept([GAINS, LAYERS]))


@for_each("axes", [(WIDE,), (WIDE, GAINS)])
def test_trends_have_a_line_each_and_notes_are_not_in_the_table(axes: tuple[Axis, ...]) -> None:
    trends = tuple(Trend(name, 0.0, 0.1, 1.0, 0.1, True, f"{name} is flat over the width") for name in NAMES)
    lines = printed(swept(axes, trends=trends, notes=("a note for standard error",)))
    start = lines.index(trends[0].text)
    assert lines[start:start + len(trends)] == [trend.text for trend in trends]
    assert "a note" not in "\n".join(lines)


def test_a_terminal_of_another_width_gets_as_many_columns_as_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    counts = []
    for columns in (40, 80, 160):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("NO_COLOR", "1")
        stream = Terminal()
        print_sweep(swept([FINE, LAYERS], small, NAMES), stream)
        lines = stream.getvalue().split("\n")
        rows = [line for place, line in enumerate(lines) if place and lines[place - 1]]  # a title is never cut
        assert max(map(len, rows)) <= columns
        counts.append(len(next(line for line in lines if line.startswith("layers")).split()))
    assert counts == sorted(set(counts))
