"""The tables: readable at 80 columns, complete in a pipe, in the characters that the stream has."""

import io
import math
import re

import pytest

from actprof.catalogue.activations import ACTIVATIONS
from actprof.digits import count, number, percent, typed
from actprof.engine import inputs
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.histogram.compare import compare
from actprof.histogram.result import Comparison
from actprof.histogram.table import Shown
from actprof.histogram.table import print_result as print_comparison
from actprof.listing import print_tables
from tests.cases import for_each
from tests.tables import says, says_share, tables

LONG = "variance_scaling:scale=2,mode=fan_avg,distribution=uniform"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def pipe(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)


def compared(*inits: str, act: str = "relu", layers: int | None = 3, width: int | None = 20, widths: str | None = None,
             **run: object) -> Comparison:
    spec = RunSpec(batch_size=100, **run)  # type: ignore[arg-type]
    stacks = stack_specs(inits, [act], layers=layers, width=width, widths=widths)
    return compare(stacks, spec, inputs.open_inputs(spec, stacks[0].widths[0]))


def piped(comparison: Comparison, quantity: str = "activation", encoding: str = "utf-8") -> list[str]:
    stream = pipe(encoding)
    print_comparison(comparison, stream, Shown(quantity))
    stream.seek(0)
    return stream.read().split("\n")


def layer_rows(lines: list[str]) -> list[dict[str, str]]:
    """The rows that begin with a layer's number, of every arm, as head → cell."""
    return [{"histogram" if head.startswith("histogram") else head: cell for head, cell in row.items()}
            for table in tables(lines) for row in table if "shape" in row]


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_the_table_says_what_the_profile_says() -> None:
    comparison = compared("he")
    lines = piped(comparison)
    assert lines[0] == "he / relu: W ~ N(0, 2/n) · seed 0"
    headers = " ".join(" ".join(lines[1:3]).split())
    for word in ("layer", "shape", "params", "mean", "std", "in-unit", "zero", "sat", "dead", "units", "histogram"):
        assert word in headers
    for cells, layer in zip(layer_rows(lines), comparison.arms[0].layers, strict=True):
        statistics = layer.activation.statistics
        assert (cells["layer"], cells["shape"], cells["params"]) == (str(layer.layer), "20×20", "400")
        assert cells["% sat"] == "-"
        assert says(cells["mean"], statistics["mean"])
        assert says(cells["std"], statistics["std"])
        assert says(cells["in-unit std"], statistics["within_unit_std"])
        assert says_share(cells["% zero"], statistics["zero_fraction"])
        assert float(cells["dead units"]) == statistics["dead_units"]
    assert next(line for line in lines if line.startswith("total")).split() == ["total", "1,200", "0"]


def test_a_table_of_ordinary_numbers_fits_80_columns() -> None:
    for comparison in (compared("he", "xavier", "0.01", layers=12, width=100), compared("he", act="sigmoid"),
                       compared("normal:0.01", act="tanh", layers=8)):
        for quantity in ("activation", "preactivation"):
            lines = piped(comparison, quantity)
            assert max(len(line) for line in lines[:lines.index("", -8)] if ": " not in line) <= 80


def test_a_pipe_gets_everything_and_nothing_but_text(monkeypatch: pytest.MonkeyPatch) -> None:
    act = "sigmoid/sigmoid/tanh/tanh/tanh"
    comparison = compared(LONG, "he", "1e30", act=act, layers=5)
    for columns in ("0", "1", "abc", "20"):
        monkeypatch.setenv("COLUMNS", columns)
        lines = piped(comparison)
        text = "\n".join(lines)
        assert "\x1b" not in text
        assert [line for line in lines if line != line.rstrip()] == []
        assert "…" not in text.replace("0 … 1", "").replace(" … ", "")
        assert len(layer_rows(lines)) == 15
        for arm in comparison.arms:
            assert sum(line.endswith(arm.label) for line in lines) == 1
            assert sum(line.startswith(f"{arm.label}: W") for line in lines) == 1


@for_each("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_stream_without_greek_letters_and_blocks_gets_plain_ones(encoding: str) -> None:
    lines = piped(compared("he", "xavier", "1e30", layers=9), encoding=encoding)
    assert "\n".join(lines).isascii()
    assert lines[0] == "he / relu: W ~ N(0, 2/n) * seed 0"
    assert re.search("  1 20x20 .*@", "\n".join(lines))
    stream = pipe(encoding)
    print_tables({"activations": ACTIVATIONS}, stream)


@pytest.mark.parametrize("columns", ["0", "1", "abc", "", "60"])
def test_a_terminal_of_any_width_shows_every_row(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    print_comparison(compared("he", LONG), stream, Shown())
    lines = stream.getvalue().split("\n")
    assert len(layer_rows(lines)) == 6
    start, place = next((number, line.index("arm")) for number, line in enumerate(lines) if line.startswith("verdict "))
    assert LONG in "".join(line[place:] for line in lines[start + 2:]).replace(" ", "")


@pytest.mark.parametrize(("environment", "coloured"), [
    ({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"FORCE_COLOR": "0"}, False),
    ({"NO_COLOR": ""}, True), ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
])
def test_a_terminal_gets_colour_unless_the_environment_says_otherwise(
        environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    print_comparison(compared("he"), stream, Shown())
    assert ("\x1b" in stream.getvalue()) == coloured


def test_layers_that_were_not_computed_share_a_row_when_there_are_many() -> None:
    comparison = compared("200", layers=60)
    rows = layer_rows(piped(comparison))
    assert rows[-1]["histogram"] == "not computed"
    first, last = map(int, rows[-1]["layer"].split("–"))
    assert last == 60
    assert first == next(layer.layer for layer in comparison.arms[0].layers if not layer.activation.computed)
    assert len(rows) == first
    few = layer_rows(piped(compared("1e30", layers=4)))
    assert len(few) == 4
    assert few[-1]["histogram"] == "not computed"


def test_what_is_not_finite_is_counted_in_place_of_the_bars() -> None:
    rows = layer_rows(piped(compared("1e30", layers=4)))
    counted = [row["histogram"] for row in rows if "inf" in row["histogram"]]
    assert counted
    assert re.fullmatch(r"[\d,]+ \+inf(, [\d,]+ NaN)?", counted[0])


def test_a_layer_at_one_value_says_which_and_one_out_of_range_that_it_is() -> None:
    assert [row["histogram"] for row in layer_rows(piped(compared("zeros")))] == ["all 0"] * 3
    lines = piped(compared("he", act="linear", range=(100.0, 200.0)))
    assert [row["histogram"] for row in layer_rows(lines)] == ["outside the range"] * 3
    assert "out of range: layer 1 100 %, layer 2 100 %, layer 3 100 %" in lines


def test_many_layers_outside_the_range_are_listed_at_their_ends() -> None:
    lines = piped(compared("he", act="linear", layers=9, range=(100.0, 200.0)))
    assert ("out of range: layer 1 100 %, layer 2 100 %, layer 3 100 %, …, layer 7 100 %, "
            "layer 8 100 %, layer 9 100 %") in lines


def test_preactivations_have_no_columns_that_belong_to_the_activation() -> None:
    lines = piped(compared("xavier", act="tanh"), "preactivation")
    assert lines[0] == "xavier / tanh · preactivations: W ~ N(0, 2/(n+m)) · seed 0"
    headers = " ".join(lines[1:3])
    assert "sat" in headers
    assert "zero" not in headers
    assert "dead" not in headers


def test_several_networks_show_the_quartiles_of_the_std() -> None:
    comparison = compared("he", repeats=5)
    lines = piped(comparison)
    assert lines[0] == "he / relu: W ~ N(0, 2/n) · seed 0 · median of 5 networks of 1,200 parameters"
    for cells, layer in zip(layer_rows(lines), comparison.arms[0].layers, strict=True):
        assert says(cells["std"], layer.activation.statistics["std"])
        low, high = cells["std quartiles"].split("–")
        assert says(low, layer.activation.spread["std"][0])
        assert says(high, layer.activation.spread["std"][1])


VERDICT, PLAINLY = "[✓~?✗] ", Shown()


def ranked(*inits: str, layers: int, act: str = "relu") -> list[dict[str, str]]:
    return tables(piped(compared(*inits, layers=layers, width=50, act=act, gradients=True)), VERDICT)[-1]


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, comparison: Comparison, shown: Shown = PLAINLY,
                  columns: int = 80) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    print_comparison(comparison, stream, shown)
    return stream.getvalue().splitlines()


def test_arms_are_ranked_by_verdict_then_by_the_worse_of_signal_and_gradient() -> None:
    rows = ranked("1e30", "0.01", "xavier", "he", layers=4)
    assert [row["arm"] for row in rows] == [f"{init} / relu" for init in ("he", "xavier", "0.01", "1e30")]
    assert [row["verdict"] for row in rows] == ["✓ healthy", "~ drifting", "✗ vanishing", "✗ non finite"]
    assert rows[-1]["signal a layer"] == "-"
    assert ranked("1", "he", layers=5, act="tanh")[-1]["arm"] == "1 / tanh"  # its std is kept, all of it is flat


def test_one_layer_is_ranked_by_how_near_its_std_is_to_one() -> None:
    assert next(row["arm"] for row in ranked("0.01", "he", "5", layers=1)) == "he / relu"


def test_an_arm_of_five_layers_fits_a_terminal_of_24_lines_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for init, act in (("he", "relu"), ("0.01", "relu"), ("1", "tanh")):
        lines = on_a_terminal(monkeypatch, compared(init, layers=5, width=100, act=act))
        assert len(lines) <= 20  # the command, a remedy to paste, the file that was written, the prompt
        assert max(map(len, lines)) <= 80


def test_a_terminal_gets_theory_where_it_is_wanted_or_disagrees_and_a_pipe_always(
        monkeypatch: pytest.MonkeyPatch) -> None:
    agreeing = compared("he", layers=3, width=200)
    assert "theory (mean field)" not in "".join(on_a_terminal(monkeypatch, agreeing))
    assert "theory (mean field)" in "".join(on_a_terminal(monkeypatch, agreeing, Shown(theory=True)))
    assert "theory (mean field)" in "".join(piped(agreeing))
    arm = agreeing.arms[0]
    std = arm.layers[0].activation.statistics["std"]
    monkeypatch.setitem(arm.layers[0].activation.statistics, "std", 1.5 * std)
    assert "theory (mean field)" in "".join(on_a_terminal(monkeypatch, agreeing))


def test_long_stacks_show_their_ends_and_turning_points(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = compared("lecun:gain=1.2", act="/".join(["relu"] * 20 + ["tanh"] + ["relu"] * 19), layers=40)
    lines = on_a_terminal(monkeypatch, comparison)
    shown = [int(row["layer"]) for row in layer_rows(lines)]
    assert {1, 40} < set(shown)
    assert {20, 21, 22} & set(shown)
    assert f"{len(shown)} of 40 layers; --all-layers shows the others" in lines
    assert len(layer_rows(on_a_terminal(monkeypatch, comparison, Shown(all_layers=True)))) == 40
    assert len(layer_rows(piped(comparison))) == 40


def test_brief_is_the_table_of_verdicts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_a_terminal(monkeypatch, compared("he", "0.01", "1e30"), Shown(brief=True))
    assert lines[0].startswith("verdicts, ")
    assert lines[7:] == ["remedy for 0.01 / relu, 1e30 / relu:", "  --init he"]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_table_that_must_fold_breaks_between_words_or_behind_punctuation(columns: int,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = compared("1", "0.01", layers=5, act="tanh", width=50)
    lines = on_a_terminal(monkeypatch, comparison, Shown(brief=True), columns)
    assert max(map(len, lines[1:])) <= max(columns, 80)
    assert not [line for line in lines if re.search(r"lecun_norma$|lecun$|gai$|1\.\d$", line)]


@for_each(("value", "text"), [
    (0.0, "0"), (-0.0, "0"), (1.0, "1.00"), (0.54, "0.540"), (-0.831, "-0.831"), (0.00541, "0.00541"), (12.0, "12.0"),
    (999.4, "999"), (999.6, "1000"), (1643.2, "1643"), (9999.6, "1.0e4"), (16434.0, "1.6e4"), (3.1e-7, "3.1e-7"),
    (1e-45, "1.0e-45"), (3.4e38, "3.4e38"), (-3.4e38, "-3.4e38"), (math.nan, "-"), (math.inf, "-"),
])
def test_a_number_has_three_digits(value: float, text: str) -> None:
    assert number(value) == text


@for_each(("value", "digits", "text"), [
    (99.4, 2, "99"), (99.7, 2, "100"), (123.4, 2, "123"), (1234.4321, 4, "1234"), (1234.4321, 6, "1234.43"),
    (9999.4999, 9, "9999.49990"), (-999.96, 4, "-1000"), (-999.96, 5, "-999.96"),
])
def test_a_number_has_as_many_digits_as_are_asked_for(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@for_each(("value", "text"), [
    (1e-5, "1e-5"), (-6.25e-7, "-6.25e-7"), (1e9, "1e9"), (0.0001, "0.0001"), (100000.0, "100000"), (1e-310, "1e-310"),
    (math.inf, "inf")])
def test_a_number_that_was_chosen_is_written_as_it_is_typed(value: float, text: str) -> None:
    assert (typed(value), float(typed(value))) == (text, value)


@for_each(("share", "text"), [
    (0.0, "0"), (1e-9, "<0.1"), (0.0006, "0.1"), (0.123, "12.3"), (0.5, "50.0"), (0.99949, "99.9"), (0.9996, ">99.9"),
    (1.0, "100"), (math.nan, "-"),
])
def test_a_share_is_nothing_or_all_only_where_it_is(share: float, text: str) -> None:
    assert percent(share) == text


def test_counts_are_grouped_and_halves_shown() -> None:
    assert [count(value) for value in (0, 25000, 12.5, 1e6)] == ["0", "25,000", "12.5", "1,000,000"]


def test_the_catalogue_shows_every_name_with_what_belongs_to_it() -> None:
    stream = pipe("utf-8")
    print_tables({"activations": ACTIVATIONS}, stream)
    stream.seek(0)
    text = stream.read()
    for entry in ACTIVATIONS:
        assert re.search(rf"^{re.escape(entry.name)} +{re.escape(entry.formula)}$", text, re.MULTILINE)
        assert all(alias in text for alias in entry.aliases)
        assert entry.source in text
        assert all(f"{parameter.name}=" in text for parameter in entry.parameters)
    assert all(preset in text for preset in ACTIVATIONS.presets)
