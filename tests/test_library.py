"""`import actprof` in a notebook: the functions are the commands, and their results show themselves."""

import doctest
import inspect
import io
import json
import math
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from matplotlib.figure import Figure

import actprof
from actprof import machine
from actprof.program import cli, main
from actprof.report.result import Result
from actprof.report.terminal import BARS
from tests.cases import for_each

FUNCTIONS = [name for name in actprof.__all__ if name.islower()]
COMMANDS = [name for name in FUNCTIONS if name != "weights"]
SHOWING = {"format_", "as_json", "paths", "no_figure", "show", "no_clobber", "theme", "dpi", "quiet", "log", "log_y",
           "view", "title", "check", "explain", "brief", "all_layers", "theory", "animate", "activations"}
"""Parameters of commands that say how a result is shown."""

REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "histogram": ({"init": [0.5, "he"], "layers": 2, "width": 20, "batch_size": 50, "seed": 3, "range": (-2, 3)},
                  "--init 0.5 --init he --layers 2 --width 20 --batch-size 50 --seed 3 --range -2 3"),
    "bounds": ({"scheme": "orthogonal", "fan_in": [8, 16], "kernel": (3, 3), "samples": 50},
               "--scheme orthogonal --fan-in 8,16 --kernel 3x3 --samples 50"),
    "gain": ({"act": "tanh", "sigma_b": 0.1}, "tanh --sigma-b 0.1"),
    "sweep": ({"over": ["gain=1:2:2", "act=relu,tanh"], "layers": 2, "width": 10, "batch_size": 20, "quantity": "std"},
              "--over gain=1:2:2 --over act=relu,tanh --layers 2 --width 10 --batch-size 20"),
    "phases": ({"act": "tanh", "init": ["he", "lecun"], "over": "sigma_w=0.5:2:3", "width": np.int64(50)},
               "--act tanh --init he --init lecun --over sigma_w=0.5:2:3 --width 50"),
    "train": ({"data": "blobs", "init": ["he", 0.1], "layers": 1, "width": 5, "lr": [0.1], "epochs": 1},
              "--data blobs --init he --init 0.1 --layers 1 --width 5 --lr 0.1 --epochs 1"),
}


@pytest.fixture(scope="module", params=COMMANDS)
def made(request: pytest.FixtureRequest) -> tuple[str, Result]:
    """A command and the result of its function."""
    name: str = request.param
    return name, quietly(getattr(actprof, name), **REQUESTS[name][0])


def quietly(function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    """What a function returns, whatever it warns of."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", actprof.ActprofWarning)
        return function(*args, **settings)


def printed(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command line leaves on standard output."""
    with pytest.raises(SystemExit) as end:
        main([*line.split(), "--no-figure", "-q"])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_importing_is_light_and_lists_what_there_is() -> None:
    said = subprocess.run([sys.executable, "-c", "import actprof, sys; print(dir(actprof)); "
                           "print({'numpy', 'click', 'typing', 'actprof.errors'} & set(sys.modules))"],
                          capture_output=True, text=True, check=True).stdout.splitlines()
    assert set(FUNCTIONS) < set(eval(said[0]))
    assert said[1] == "set()"


def test_a_room_does_not_take_the_place_of_its_function() -> None:
    from actprof.histogram.result import Comparison

    assert Comparison.__module__ == "actprof.histogram.result"
    assert all(inspect.isfunction(getattr(actprof, name)) for name in FUNCTIONS)
    with pytest.raises(AttributeError, match="no attribute 'histogramm'"):
        _ = actprof.histogramm  # type: ignore[attr-defined]


@for_each("name", COMMANDS)
def test_keyword_arguments_are_the_options_with_their_defaults(name: str) -> None:
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    options = {str(param.name): param for param in command.params if param.name not in SHOWING}
    known = inspect.signature(getattr(actprof, name)).parameters
    extra = {"progress", "stop", "preactivations", "curves", "everything"}
    assert set(known) - extra == set(options) - ({"phase"} if name == "sweep" else {"quantity"})
    for option in options.keys() & known.keys():
        assert several(known[option].default) == several(options[option].default), option


def several(default: object) -> tuple[object, ...]:
    """A default as those that are several; none for a flag that is off, and for what Click calls unset."""
    if isinstance(default, list | tuple):
        return tuple(default)
    return (default,) if isinstance(default, str | float | int) and default is not False and default != "" else ()


@for_each("name", FUNCTIONS)
def test_signatures_are_full(name: str) -> None:
    parameters = inspect.signature(getattr(actprof, name)).parameters.values()
    assert not {each.kind for each in parameters} & {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    assert all("Any" not in str(each.annotation) and each.annotation is not each.empty for each in parameters)
    assert (Path(actprof.__file__).parent / "py.typed").is_file()


@pytest.mark.slow
@for_each("name", FUNCTIONS)
def test_documentation_names_every_argument_and_its_example_runs(name: str) -> None:
    function = getattr(actprof, name)
    text = inspect.getdoc(function) or ""
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text
    arguments = text.partition("Parameters\n")[2].partition("Returns\n")[0]
    headings = {word for line in arguments.splitlines() if line and not line.startswith(" ")
                for word in line.partition(" : ")[0].split(", ")}
    assert set(inspect.signature(function).parameters) <= headings
    [example] = doctest.DocTestFinder(recurse=False).find(inspect.unwrap(function), name, globs={})
    report = io.StringIO()
    assert doctest.DocTestRunner().run(example, out=report.write).attempted > 0
    assert report.getvalue() == ""


@pytest.mark.slow
def test_the_command_line_prints_what_the_function_returns(made: tuple[str, Result],
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    name, result = made
    line = f"{name} {REQUESTS[name][1]}"
    assert printed(f"{line} --json", capsys) == f"{result.to_json()}\n"
    assert printed(f"{line} --format csv", capsys) == result.to_csv()
    if name != "gain":  # a table of gains shows no curves, which that of a function has
        assert printed(line, capsys) == result.table()


@pytest.mark.slow
def test_results_are_data_and_pictures(made: tuple[str, Result]) -> None:
    name, result = made
    assert result.to_dict() == json.loads(result.to_json())
    frame = result.to_frame()
    assert list(frame.columns) == result.to_csv().partition("\n")[0].split(",")
    assert len(frame) == result.to_csv().count("\n") - 1
    assert isinstance(result.figure(theme="dark"), Figure)
    lines = repr(result).splitlines()
    assert len(lines) == len(result.findings) > 0
    assert all(finding.label in line for finding, line in zip(result.findings, lines, strict=True))
    if name != "phases":
        assert all(set(line) & set(BARS[1:]) for line in lines)
    assert name in ("sweep", "gain", "bounds") or len(result.verdicts) == 2  # those of both arms


@pytest.mark.slow
def test_a_notebook_gets_table_verdicts_and_a_picture_in_both_themes() -> None:
    comparison = actprof.histogram(["he", "0.01"], layers=2, width=10, batch_size=20, act="tanh:slope=2")
    html = comparison._repr_html_()
    assert html.count("data:image/png;base64,") == 2
    assert "prefers-color-scheme: dark" in html
    assert '<span class="bad">✗ 0.01 / tanh:slope=2  vanishing' in html
    assert "total" in html
    assert comparison.figure()._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


def test_a_figure_can_be_changed_and_saved() -> None:
    figure = actprof.gain("relu").figure()
    figure.suptitle("mine")
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    assert b"mine" in file.getvalue()


def test_a_frame_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(actprof.ActprofError, match="needs pandas, which is not installed"):
        actprof.gain("relu", curves=False).to_frame()


@pytest.mark.parametrize(("name", "settings", "line"), [
    ("histogram", {"act": "rleu"}, "--act rleu"),
    ("histogram", {"layers": 0}, "--layers 0"),
    ("histogram", {"layers": [3, 2.5]}, "--layers 3 --layers 2.5"),
    ("histogram", {"norm_position": "under"}, "--norm-position under"),
    ("histogram", {"range": (1, 0)}, "--range 1 0"),
    ("histogram", {"widths": [784, 0]}, "--widths 784,0"),
    ("histogram", {"init": ["he", "he"]}, "--init he --init he"),
    ("histogram", {"input": "normal", "scale": "unit"}, "--scale unit"),
    ("histogram", {"input": Path("nowhere.csv")}, "--input nowhere.csv"),
    ("bounds", {"fan_in": [0, 1]}, "--fan-in 0,1"),
    ("bounds", {"gain": float("nan")}, "--gain nan"),
    ("gain", {"act": "relu", "q0": -1}, "relu --q0 -1"),
    ("sweep", {"over": ["gain=1:2", "gain=1:3"]}, "--over gain=1:2 --over gain=1:3"),
    ("sweep", {"quantity": ["std", "stdd"]}, "--quantity std --quantity stdd"),
    ("phases", {"width": 0}, "--width 0"),
    ("train", {"lr": [0.1, -1]}, "--lr 0.1 --lr -1"),
    ("train", {"data": "blobs", "iterations": 3, "epochs": 1}, "--data blobs --iterations 3 --epochs 1"),
])
def test_bad_values_are_told_as_on_the_command_line(name: str, settings: Mapping[str, Any], line: str,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([name, *line.split(), "--no-figure"])
    with pytest.raises(actprof.ActprofError) as error:
        getattr(actprof, name)(**settings)
    assert capsys.readouterr().err == f"Error: {error.value}\n"


@for_each(("settings", "message"), [
    ({"init": []}, "--init needs a value."),
    ({"jacobian": "no"}, "--jacobian must be True or False, not 'no'."),
    ({"input": [1.0, 2.0]}, r"array: found shape \(2,\), expected 2-D rows"),
    ({"input": [["a"]]}, "array holds values of type"),
    ({"input": np.array([[1.0, np.nan]])}, "array holds nan at row 1, column 2. --missing drop-rows leaves"),
    ({"input": np.ones((2, 2)), "input_key": "x"}, "--input-key cannot be combined with an array."),
    ({"input": pandas.DataFrame({"a": ["x", "y"], "b": [1, 2]}), "label_column": "none"},
     "data frame: column 1 'a' holds text, expected numbers. --drop a leaves it out."),
    ({"input": pandas.DataFrame()}, "data frame is empty."),
    ({"data_dir": 3}, "--data-dir must be a path, not '3'."),
])
def test_what_only_python_can_ask_for_is_refused_in_one_line(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(actprof.ActprofError, match=message) as error:
        actprof.histogram(**settings)
    assert "\n" not in str(error.value)


@for_each(("settings", "message"), [
    ({"layer": 6}, "layer must be a whole number from 1 to 5, not '6'."),
    ({"fan_in": 2.5}, "fan_in must be a whole number from 1 to 10,000,000, not '2.5'."),
    ({"init": "lsuv"}, "lsuv scales its weights on a batch of inputs"),
    ({"init": "hee"}, "unknown initialiser 'hee'. Did you mean 'he'?"),
])
def test_weights_that_cannot_be_drawn_are_refused(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(actprof.ActprofError, match=message.replace("?", r"\?")):
        actprof.weights(**settings)


@for_each("init", ["he", "mup", "siren", "orthogonal", "torch.linear"])
def test_weights_are_those_of_the_networks(init: str) -> None:
    [arm] = quietly(actprof.histogram, init, layers=3, width=12, batch_size=5, seed=7).arms
    for layer in arm.layers:
        drawn = actprof.weights(init, 12, 12, layer=layer.layer, layers=3, seed=7)
        assert (drawn.shape, drawn.dtype) == ((12, 12), np.float32)
        assert layer.weight_std == pytest.approx(drawn.astype(np.float64).std(), rel=1e-6)


def table_of_flowers() -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.standard_normal((60, 3)).round(3), columns=["length", "width", "height"])
    frame.insert(0, "id", range(1, 61))
    frame["species"] = np.where(frame.length > 0, "setosa", "virginica")
    return frame


@pytest.mark.parametrize("settings", [{}, {"scale": "standard", "drop": "width"}, {"label_column": "height",
                                                                                    "drop": ["species"]}])
def test_a_data_frame_is_read_as_its_csv(settings: dict[str, Any], tmp_path: Path) -> None:
    frame, file = table_of_flowers(), tmp_path / "flowers.csv"
    frame.to_csv(file, index=False)
    mine, theirs = ([quietly(actprof.histogram, layers=2, input=rows, **settings).to_dict()["arms"][0][key]
                     for key in ("layers", "verdict")] for rows in (frame, file))
    assert mine == theirs
    learned = [quietly(actprof.train, rows, layers=1, width=4, init="he", iterations=20, **settings)
               for rows in (frame, file)]
    assert learned[0].arms[0].median_run.loss.tolist() == learned[1].arms[0].median_run.loss.tolist()
    assert learned[0].data.classes == learned[1].data.classes


def test_arrays_are_read_as_files_of_them(tmp_path: Path) -> None:
    frame = table_of_flowers()
    x, y = frame[["length", "width"]].to_numpy(), frame["species"].to_numpy() == "setosa"
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    np.save(tmp_path / "rows.npy", np.column_stack([x, y]))
    wanted = quietly(actprof.train, tmp_path / "rows.npz", layers=1, width=4, init="he", iterations=20)
    for rows in ((x, y), (x.tolist(), y.tolist()), np.column_stack([x, y]), tmp_path / "rows.npy"):
        found = quietly(actprof.train, rows, layers=1, width=4, init="he", iterations=20)
        assert found.arms[0].median_run.loss.tolist() == wanted.arms[0].median_run.loss.tolist()
    with pytest.raises(actprof.ActprofError, match="60 rows of inputs and 59 labels"):
        actprof.train((x, y[:-1]))


def test_what_a_frame_lacks_may_be_left_out() -> None:
    frame = table_of_flowers().astype({"length": object})
    frame.loc[3, "length"], frame.loc[5, "species"] = None, None
    with pytest.raises(actprof.ActprofError, match="--missing drop-rows leaves such rows out: 2 of 60"):
        actprof.train(frame)
    with pytest.warns(actprof.ActprofWarning) as told:
        actprof.train(frame, missing="drop-rows", layers=1, width=4, init="he", iterations=5)
    assert "2 of 60 rows lack a value and are left out" in [str(each.message) for each in told]


def test_notes_are_warnings_of_the_line_that_calls() -> None:
    with pytest.warns(actprof.ActprofWarning, match="selu") as told:
        actprof.histogram("he", "selu", layers=1, width=1, batch_size=5)
    assert {each.filename for each in told} == {__file__}


def test_progress_is_heard_and_scripts_show_none(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[float] = []
    actprof.histogram(layers=2, width=10, batch_size=20, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert capfd.readouterr() == ("", "")


def test_steps_take_their_cost_s_share_of_the_whole() -> None:
    heard: list[float] = []
    for step in machine.portions(heard.append, [1, 3, 4]):
        step(0.5)
        step(1.0)
    assert heard == pytest.approx([1 / 16, 1 / 8, 5 / 16, 1 / 2, 3 / 4, 1])


NUMPY_FIRST = """
import numpy, os, threadpoolctl
before = threadpoolctl.threadpool_info()
import actprof
from actprof import machine
result = actprof.histogram(["he", "orthogonal"], layers=3, width=160, batch_size=3000)
with machine.blas_held():
    cores = machine.cores()
assert cores == len(os.sched_getaffinity(0)) and machine.cores() == 1
assert threadpoolctl.threadpool_info() == before and before[0]["num_threads"] == 2
assert not any(variable in os.environ for variable in machine.BLAS_VARIABLES[1:])
print(result.to_json())
"""


@pytest.mark.slow
def test_results_are_the_same_when_numpy_was_imported_first(monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    for variable in machine.BLAS_VARIABLES[1:]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv(machine.BLAS_VARIABLES[0], "2")
    said = subprocess.run([sys.executable, "-c", NUMPY_FIRST], capture_output=True, text=True, check=True).stdout
    for variable in machine.BLAS_VARIABLES:
        monkeypatch.setenv(variable, "1")
    assert said == printed("histogram --init he --init orthogonal --layers 3 --width 160 --batch-size 3000 --json",
                           capsys)


def test_calls_from_several_threads_are_the_same() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(
        actprof.histogram(layers=2, width=20, batch_size=100).to_json())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    assert machine._holding == 0


@pytest.mark.slow
def test_the_notebook_runs_and_holds_no_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where IPython keeps its history; there may be none
    import nbformat
    from nbclient import NotebookClient

    path = Path(__file__).parent.parent / "scripts" / "notebook-tour.ipynb"
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = [output.data for cell in code for output in cell.outputs if "data" in output]
    assert any("text/html" in each and "class=\"actprof\"" in each["text/html"] for each in shown)
    assert any("image/png" in each for each in shown)
    assert not any("error" in output.output_type for cell in code for output in cell.outputs)


@pytest.mark.filterwarnings("ignore::actprof.errors.ActprofWarning")
def test_the_signal_shrinks_a_layer_by_what_it_does_until_its_rest_is_rounding() -> None:
    """Rounding alone neither grows nor shrinks: float64, which has twice the digits, follows the signal further."""
    sizes = {"width": 50, "batch_size": 100}
    [single], [double] = (actprof.histogram("he", "sigmoid", layers=20, dtype=dtype, **sizes).arms
                          for dtype in ("float32", "float64"))
    assert single.layers[-1].activation.is_rounding("float32")
    assert not double.layers[-1].activation.is_rounding("float64")
    assert single.signal_growth() == pytest.approx(double.signal_growth(), rel=0.05)
    [alike] = actprof.histogram(input="constant", layers=3, **sizes).arms
    assert math.isnan(alike.signal_growth())
