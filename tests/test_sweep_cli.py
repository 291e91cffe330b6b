"""`actprof sweep` as its users call it: results, refusals, formats and figures."""

import csv
import io
import json

import pytest

from actprof.sweep import grid
from actprof.sweep.result import BY_NAME, SWEPT, VERDICT

SMALL = "--width 12 --layers 3 --batch-size 16"


def strict(text):
    """The object, which holds nothing that JSON does not know."""
    def refused(constant):
        pytest.fail(f"{constant} in JSON")

    return json.loads(text, parse_constant=refused)


@pytest.fixture
def call(program):
    return lambda arguments: program(f"sweep {arguments}")


@pytest.mark.parametrize(("arguments", "message"), [
    ("--over depths=1:3", "--over cannot vary 'depths'. Did you mean 'depth'?"),
    ("--over sigma_w=1:2", "--over sigma_w needs --phase. For a grid of networks vary gain, which is σ_w where --init "
                           "is lecun or he."),
    ("--over layers=1:3 --layers 2", "--layers is both set and varied by --over. Leave one out."),
    ("--over width=8,16 --width 4", "--width is both set and varied by --over. Leave one out."),
    ("--over width=8,16 --widths 4,4", "--widths cannot be combined with --width. It names every width itself."),
    ("--over init=he,xavier --init lecun", "--init is both set and varied by --over. Leave one out."),
    ("--over act=relu,tanh --act relu --act gelu", "--act is both set and varied by --over. Leave one out."),
    ("--phase --layers 3",
     "unknown option '--layers'. 'actprof histogram' and 'actprof sweep' and 'actprof train' have it."),
    ("--phase --over gain=1:2", "--over cannot vary 'gain'. It knows sigma_w, sigma_b."),
    ("--phase --over sigma_w=1:2 --over sigma_w=1:3", "--over sigma_w is asked for twice. Name each thing once."),
    ("--phase --act step", "step has no phase diagram: it jumps, so that chi_1 is not defined. Choose a continuous "
                           "--act, such as tanh."),
    ("--quantity rms", "--quantity must be std, square, within, correlation, saturated, dead, gradient or verdict, not "
                       "'rms'."),
    ("--quantity std --quantity std", "--quantity std is asked for twice. Name each once."),
    ("--workers 0", "--workers must be a whole number from 1 to 1,024, not '0'."),
    ("--scheduler here", "--scheduler must be HOST:PORT or tcp://HOST:PORT, as 'dask scheduler' says it, not 'here'."),
    ("--over act=relu,rleu", "unknown activation 'rleu'. Did you mean 'relu'?"),
    ("--over gain=1:2 --init he:gain=2", "'he:gain=2' sets the gain that --over varies. Leave it out: he_normal."),
    ("--over std=1:2 --init 0.01", "'0.01' sets the std that --over varies. Leave it out: normal."),
    ("--over gian=1:2 --input missing.csv", "--over cannot vary 'gian'. Did you mean 'gain'?"),
    ("-o a.gif --input missing.csv", "--output: the suffix of 'a.gif' is unknown. Use .png, .svg, .pdf."),
])
def test_a_request_that_cannot_be_is_refused_in_one_line_before_the_work(call, arguments, message):
    assert call(arguments) == (2, "", f"Error: {message}\n")


def test_json_has_the_axes_and_an_array_for_each_quantity(call):
    code, out, _ = call(f"--over gain=0.5:2:3 --over act=relu,tanh {SMALL} --json --no-figure --repeats 2")
    record = strict(out)
    assert code == 0
    assert record["schema"] == "actprof.sweep/1"
    assert [axis["name"] for axis in record["axes"]] == ["gain", "act"]
    assert set(record["quantities"]) >= {*BY_NAME, VERDICT}
    for rows in record["quantities"].values():
        assert [len(row) for row in rows] == [2, 2, 2]


def test_csv_has_a_row_for_each_cell_and_quantity(call):
    _, out, _ = call(f"--over layers=1:3 {SMALL.replace('--layers 3', '')} --format csv --no-figure")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["layers"] for row in rows} == {"1", "2", "3"}
    assert {row["quantity"] for row in rows} >= set(BY_NAME)


def test_the_figure_is_named_after_what_varies(call, tmp_path):
    code, _, err = call(f"--over gain=1,2 --over init=he,lecun {SMALL}")
    assert code == 0
    name = err.removeprefix("wrote ").strip()
    assert name.startswith("sweep-gain+init-relu-over=gain=1_2+init=he_lecun-")
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_what_has_a_value_of_its_own_is_not_varied_by_default(call, monkeypatch):
    monkeypatch.setattr(grid, "OVER", ("gain=1:2:2", "layers=2:3:2"))
    for arguments, varied in (("--width 2", ["gain", "layers"]), ("--layers 3", ["gain"]), ("--widths 9,9", ["gain"])):
        _, out, _ = call(f"--batch-size 2 --json --no-figure {arguments}")
        assert [axis["name"] for axis in json.loads(out)["axes"]] == varied


def test_several_initialisers_and_activations_make_a_grid_by_themselves(call):
    _, out, _ = call(f"--init he --init xavier --act relu --act tanh {SMALL} --json --no-figure")
    axes = json.loads(out)["axes"]
    assert [(axis["name"], axis["labels"]) for axis in axes] == [("init", ["he", "xavier"]), ("act", ["relu", "tanh"])]


@pytest.mark.parametrize("word", SWEPT)
def test_every_quantity_can_be_shown(call, word):
    code, out, _ = call(f"--over gain=1,1.5 {SMALL} --quantity {word} --no-figure")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "1.5" in out


def test_the_words_of_quantities_stand_for_all_that_a_cell_knows():
    assert set(SWEPT.values()) == {*BY_NAME, VERDICT}


def test_a_file_of_rows_sets_the_first_width(call, tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n-1,0\n0.5,1\n", encoding="utf-8")
    code, out, _ = call(f"--input rows.csv --over gain=1,2 {SMALL} --json --no-figure")
    config = json.loads(out)["config"]
    assert (code, config["widths"], config["input"]) == (0, [2, 12, 12, 12], "rows.csv")


def test_a_sweep_over_the_width_says_of_every_quantity_whether_it_is_flat(call):
    _, out, _ = call("--over width=16:64:log --layers 3 --repeats 4 --batch-size 32 --init 0.1 --no-figure")
    assert "std grows with the width" in out
    _, out, _ = call("--over width=16:64:log --layers 3 --repeats 4 --batch-size 32 --act tanh --init lecun --json "
                     "--no-figure")
    assert {trend["quantity"] for trend in json.loads(out)["trends"]} == set(BY_NAME)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_phase_diagram_knows_the_scheme_that_sits_on_the_edge(call, form):
    code, out, _ = call(f"--phase --act tanh --init lecun --init 0.01 --no-figure --format {form}")
    assert code == 0
    if form == "json":
        [diagram] = strict(out)["diagrams"]
        assert [(scheme["label"], scheme["phase"]) for scheme in diagram["schemes"]] == [
            ("lecun", "edge"), ("0.01", "ordered")]
    elif form == "table":
        assert max(map(len, out.splitlines())) <= 80


def test_a_phase_diagram_takes_the_ranges_that_are_asked_for(call):
    _, out, _ = call("--phase --over sigma_w=1:2:5 --over sigma_b=0:0.5:3 --json --no-figure")
    [diagram] = json.loads(out)["diagrams"]
    assert [axis["values"] for axis in diagram["axes"]] == [[1, 1.25, 1.5, 1.75, 2], [0, 0.25, 0.5]]
    assert [len(row) for row in diagram["quantities"]["phase"]] == [3] * 5
