"""What a request means, and what a wrong one is told."""

import csv
import io
import json
import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pytest
from PIL import Image

from actprof import __version__
from actprof.cli.output import default_name
from actprof.engine import spec
from actprof.histogram.command import command as histogram
from actprof.program import COMMANDS, cli, main
from actprof.sweep import grid
from tests.cases import for_each

SMALL = ["--layers", "2", "--width", "8", "--batch-size", "50"]
PICTURE = ["bounds", "--scheme", "he_uniform", "--fan-in", "3", "--samples", "10"]
"""The least figure."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def once(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        captured = capsys.readouterr()
        return Ended(int(end.value.code or 0), captured.out, captured.err)

    return once


def settings(run: Run, *arguments: str) -> dict[str, Any]:
    """The resolved settings of the first arm."""
    done = run("histogram", *arguments, "--no-figure", "--json")
    assert (done.code, done.err) == (0, "")
    config: dict[str, Any] = json.loads(done.out)["arms"][0]["config"]
    return config


@for_each(("arguments", "message"), [
    ("histgram", "unknown command 'histgram'. Did you mean 'histogram'?"),
    ("x\x1b[31m", r"unknown command 'x\x1b[31m'. 'actprof --help' lists the commands."),
    ("--foo", "unknown option '--foo'. 'actprof --help' lists the options."),
    ("--versoin", "unknown option '--versoin'. Did you mean '--version'?"),
    ("histogram --ini he", "unknown option '--ini'. Did you mean '--init'?"),
    ("histogram --zzz", "unknown option '--zzz'. 'actprof histogram --help' lists the options."),
    ("histogram -x", "unknown option '-x'. 'actprof histogram --help' lists the options."),
    ("histogram --init", "--init needs a value: NAME[:VALUE…]."),
    ("histogram --layers", "--layers needs a value: N."),
    ("histogram -o", "--output needs a value: PATH."),
    ("histogram --json=1", "--json takes no value. Leave out what follows the '='."),
    ("histogram extra", "unexpected argument 'extra'. 'actprof histogram --help' shows what is expected."),
    ("list inits more", "unexpected argument 'more'. 'actprof list --help' shows what is expected."),
    ("list init", "the table must be inits, activations, normalizations, residuals, inputs, datasets, losses, "
                  "optimizers, schedules or terms, not 'init'. Did you mean 'inits'?"),
    ("train --layers -1", "--layers must be a whole number from 0 to 9,999, not '-1'."),
    ("train --epochs 3 --iterations 5", "--epochs cannot be combined with --iterations. Choose one."),
    ("train --dropout 1", "--dropout must be from 0 to below 1, not 1."),
    ("train --lr 0", "--lr must be above 0 and at most 1,000,000, not 0."),
    ("train --lr nan", "--lr must be a finite number, 0 or more, not 'nan'."),
    ("train --optimizer adan", "unknown optimizer 'adan'. Did you mean 'adam'?"),
    ("train --schedule step:drop=2", "step: drop must be a number from 0 to 1, not '2'."),
    ("train --data mnits", "unknown data set 'mnits'. Did you mean 'mnist'? Files end in .npz, .npy, .csv, .tsv, "
                           ".txt, .data or -ubyte[.gz]; or name a folder that holds the last."),
    ("train --validation-split 0.3", "--validation-split cannot be combined with glyphs. It brings its own test set."),
    ("train --animate a.png", "--animate: the suffix of 'a.png' is unknown. Use .gif."),
    ("train --animate nowhere/a.gif",
     "--animate: the folder 'nowhere' does not exist. Make it first: 'mkdir -p nowhere'."),
    ("train --summary --animate a.gif",
     "--animate cannot be combined with --summary, which trains nothing. Choose one."),
    ("train -o - --animate -", "--output and --animate cannot both write to standard output. Name a file for one."),
    ("train --animate - --json", "--animate - cannot be combined with --format json. Standard output takes one of "
                                 "them: name a file for the figure."),
    ("train --norm batch --batch-size 1",
     "--norm batch needs batches of two rows or more: a single one is its own mean. Raise --batch-size."),
    ("train --layers 0 --animate a.gif --data blobs",
     "--animate needs a hidden layer whose activations can be shown. Add --layers 1."),
    ("list --format csv", "--format must be table or json, not 'csv'."),
    ("list --json --format table", "--json cannot be combined with --format table. Choose one."),
    ("histogram --json --format csv", "--json cannot be combined with --format csv. Choose one."),
    ("histogram --theme drak", "--theme must be light or dark, not 'drak'. Did you mean 'dark'?"),
    ("histogram --norm-position under", "--norm-position must be before or after, not 'under'."),
    ("histogram --no-figure -o a.png", "--no-figure cannot be combined with --output. Choose one."),
    ("histogram --no-figure --show", "--no-figure cannot be combined with --show. Choose one."),
    ("histogram -o - --json", "--output - cannot be combined with --format json. Standard output takes one of them: "
                              "name a file for the figure."),
    ("histogram -o a.png -o b.svg -o ./a.png",
     "--output names the same file twice: 'a.png' and './a.png'. Name each file once."),
    ("histogram --dpi 556",
     "the figure would have 10,675 × 6,005 pixels; 64 megapixels and 65,535 a side are the limit. Take a --dpi of at "
     "most 555."),
    ("histogram -o /dev/stdout -o -", "--output names the same file twice: '-'. Name each file once."),
    ("histogram --widths 9,10 --layers 3", "--widths cannot be combined with --layers. It names every width itself."),
    ("histogram --widths 9,10 --width 3", "--widths cannot be combined with --width. It names every width itself."),
    ("histogram --widths 784,x", "--widths needs whole numbers joined by commas, such as 784,512,10, not '784,x'."),
    ("histogram --widths 784", "--widths needs at least two numbers, inputs and units, not '784'."),
    ("histogram --init xaviar", "unknown initialiser 'xaviar'. Did you mean 'xavier'?"),
    ("histogram --act rleu", "unknown activation 'rleu'. Did you mean 'relu'?"),
    ("histogram --act 'lambda x: x'", "unknown activation 'lambda x: x'. 'actprof list activations' shows all."),
    ("histogram --act relu/", "--act has an empty name in 'relu/'."),
    ("histogram --init he,xavier", "unknown initialiser 'he,xavier'. For several repeat the option."),
    ("histogram --init he//lecun", "--init has an empty name in 'he//lecun'."),
    *((f"histogram --init '{text}'", f"--init '{text}': the number after '*' must be of layers, from 1 to 10,000, as "
                                     "in he*4.") for text in ("he*0", "0.1/he*x", "he*2*2", "he*-1")),
    ("histogram --init he*2/lecun --layers 4", "--init names 3 initialisers for 4 layers. Name one, or one for each "
                                               "layer."),
    ("histogram --init he*1 --widths 9,8,7", "--init names 1 initialiser for 2 layers. Name one, or one for each "
                                             "layer."),
    ("histogram --init he/torch.linear", "--init names initialisers with zeros and with torch.linear biases. Choose "
                                         "--bias, such as zeros."),
    ("sweep --over gain=1,2 --init lecun:gain=3/0.1", "'lecun:gain=3' sets the gain that --over varies. Leave it out: "
                                                      "lecun_normal."),
    ("phases --init he/lecun", "'he/lecun' names an initialiser a layer, but a phase diagram is of one. Repeat --init "
                               "instead."),
    ("histogram --tied --widths 3,4", "--tied needs layers as wide as the inputs, not 3 and 4. Take --width 3."),
    ("histogram --tied --init he/lecun", "--tied makes one matrix for all layers, and --init names several. Name one."),
    ("histogram --tied --residual plain", "--tied cannot be combined with --residual plain. Choose one."),
    ("sweep --tied --init lsuv", "--tied cannot be combined with --init lsuv, which scales each layer by itself."),
    ("histogram --tied --act maxout/relu", "--tied needs activations that take as many values each, unlike maxout. "
                                           "Name another --act."),
    ("train --init he/lecun --layers 2", "--init names 2 initialisers for 3 layers. Name one, or one for each layer."),
    ("histogram --act 'relu\x1b[3'", r"unknown activation 'relu\x1b[3'. Did you mean 'relu'?"),
    ("histogram --act relu/tanh --layers 3",
     "--act names 2 activations for 3 layers. Name one, or one for each layer."),
    ("histogram --quantity gradient --quantity activation", "--quantity is given twice. Give it once."),
    ("sweep --norm none --norm batch", "--norm is given twice. Give it once."),
    ("train --layers 2 --layers=3", "--layers is given twice. Give it once."),
    ("histogram --gradients --no-gradients", "--gradients is given twice. Give it once."),
    ("histogram --init he --init HE", "the arm 'he / relu' is asked for twice. Name each --init and --act once."),
    ("histogram --range 1", "--range must be two numbers LOW HIGH, 'layer' or 'shared', not '1'."),
    ("histogram --range 1 a", "--range must be two numbers LOW HIGH, 'layer' or 'shared', not '1 a'."),
    ("histogram --range 0 --bins 5", "--range must be two numbers LOW HIGH, 'layer' or 'shared', not '0 --bins'."),
    ("histogram --range", "--range needs a value: LOW HIGH|layer|shared."),
    ("histogram --range layr", "--range must be two numbers LOW HIGH, 'layer' or 'shared', not 'layr'."),
    ("histogram --range layer x", "unexpected argument 'x'. 'actprof histogram --help' shows what is expected."),
    ("histogram --range 2 1", "--range needs two finite numbers, LOW below HIGH, not 2 1."),
    ("histogram --range 1 1", "--range needs two finite numbers, LOW below HIGH, not 1 1."),
    ("histogram --range nan 1", "--range needs two finite numbers, LOW below HIGH, not nan 1."),
    ("bounds --scheme critical", "critical depends on an activation, and bounds knows none. Give the gain itself, such "
                                 "as lecun_normal:gain=1.593 for tanh."),
    ("histogram --view gradient_path", "--view gradient_path needs --input line, not 'normal'."),
    ("histogram --input line --view gradient_path --no-gradients",
     "--view gradient_path cannot be combined with --no-gradients. Choose one."),
    ("histogram --quantity gradient --no-gradients",
     "--quantity gradient cannot be combined with --no-gradients. Choose one."),
    ("histogram --depth 3", "unknown option '--depth'. Did you mean '--layers'?"),
    ("histogram --activation relu", "unknown option '--activation'. Did you mean '--act'?"),
    ("histogram --normalization batch", "unknown option '--normalization'. Did you mean '--norm'?"),
    ("histogram --norm-positon after", "unknown option '--norm-positon'. Did you mean '--norm-position'?"),
    ("histogram --float16", "unknown option '--float16'. 'actprof histogram --help' lists the options."),
    ("bounds --learning-rate 1", "unknown option '--learning-rate'. 'actprof train' has --lr."),
    ("bounds --scheme xavir", "unknown initialiser 'xavir'. Did you mean 'xavier'?"),
    ("bounds --fan-in 0", "--fan-in must be a whole number from 1 to 1,000,000,000,000,000,000, not '0'."),
    ("bounds --fan-in 9:1", "--fan-in '9:1' runs backwards. Write '1:9'."),
    ("bounds --kernel 0x3", "a side of --kernel must be from 1 to 1,000, not 0."),
    ("bounds --gain nan", "--gain must be a finite number, 0 or more, not 'nan'."),
    ("bounds --gain -1", "--gain must be a finite number, 0 or more, not '-1'."),
    ("bounds --samples 1", "--samples must be a whole number from 2 to 10,000,000, not '1'."),
])
def test_a_wrong_request_is_one_line_that_says_what_and_what_instead(run: Run, arguments: str, message: str) -> None:
    assert run(*shlex.split(arguments)) == Ended(2, "", f"Error: {message}\n")
    assert os.listdir() == []


@pytest.mark.parametrize(("option", "low", "high"), [
    ("--layers", 1, spec.MAX_LAYERS), ("--width", 1, spec.MAX_WIDTH), ("--seed", 0, spec.MAX_SEED),
    ("--bins", 1, spec.MAX_BINS), ("--batch-size", 1, spec.MAX_BATCH), ("--batches", 1, spec.MAX_BATCHES),
    ("--repeats", 1, spec.MAX_REPEATS), ("--dpi", 30, 1000),
])
def test_a_number_outside_its_range_is_told_the_range(run: Run, option: str, low: int, high: int) -> None:
    for value in (str(low - 1), str(high + 1), "5.0", "", "five", "1\x1b"):
        shown = value.replace("\x1b", r"\x1b")
        assert run("histogram", option, value) == Ended(
            2, "", f"Error: {option} must be a whole number from {low:,} to {high:,}, not '{shown}'.\n")


def test_no_arguments_get_the_help_on_standard_error(run: Run) -> None:
    done = run()
    assert (done.code, done.out) == (2, "")
    assert done.err == run("--help").out


def test_what_the_machine_cannot_do_is_refused_before_it_starts(run: Run) -> None:
    done = run("histogram", "--width", "1000000", "--layers", "1000")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: needs about ")
    assert done.err.endswith("Lower --width, --layers, --batch-size or --repeats.\n")
    assert len(done.err.splitlines()) == 1
    assert os.listdir() == []


def test_a_bug_is_one_line_unless_its_place_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("no\nluck")

    monkeypatch.setattr(cli, "invoke", broken)
    assert run("list") == Ended(1, "", "Error: this is a bug in actprof: RuntimeError: no luck. "
                                       "ACTPROF_DEBUG=1 shows where; please report it.\n")
    monkeypatch.setenv("ACTPROF_DEBUG", "1")
    with pytest.raises(RuntimeError, match="luck"):
        main(["list"])


@pytest.mark.parametrize(("words", "stored"), [
    ((), "shared"), (("--range", "shared"), "shared"), (("--range", "LAYER"), "layer"), (("--range=layer",), "layer"),
    (("--range", "-1", "2"), [-1.0, 2.0]), (("--range", "-1e-3", "-.0005"), [-0.001, -0.0005]),
    (("--range=0", "1"), [0.0, 1.0]), (("--range", "0 1"), [0.0, 1.0]),
])
def test_a_range_is_two_numbers_or_a_word(run: Run, words: Sequence[str], stored: object) -> None:
    assert settings(run, *SMALL, *words, "--bins", "7")["range"] == stored


def test_case_and_hyphens_do_not_matter_and_the_canonical_name_is_stored(run: Run) -> None:
    config = settings(run, *SMALL, "--init", "Kaiming-Normal", "--act", "ReLU", "--dtype", "FLOAT64", "--norm", "RMS",
                      "--norm-position", "After")
    assert [config[key] for key in ("init", "act", "dtype", "norm", "norm_position")] == [
        "he_normal", "relu", "float64", "rms", "after"]


def test_the_defaults_are_those_of_the_spec(run: Run) -> None:
    config = settings(run)
    run_spec = spec.RunSpec()
    for name in ("batch_size", "batches", "repeats", "seed", "dtype", "bins", "range"):
        assert config[name] == getattr(run_spec, name)
    assert config["widths"] == [spec.WIDTH] * (spec.LAYERS + 1)
    assert (config["init"], config["act"]) == ("he_normal", spec.ACTIVATION)


def test_every_init_meets_every_activation(run: Run) -> None:
    done = run("histogram", *SMALL, "--init", "he", "--init", "0.01", "--act", "relu", "--act", "tanh", "--json",
               "--no-figure")
    labels = [arm["label"] for arm in json.loads(done.out)["arms"]]
    assert labels == ["he / relu", "he / tanh", "0.01 / relu", "0.01 / tanh"]


def test_a_file_sets_the_first_width(run: Run) -> None:
    np.save("rows.npy", np.random.default_rng(0).standard_normal((30, 7)))
    done = run("histogram", *SMALL, "--input", "rows.npy", "--json", "--no-figure", "--quiet")
    assert (done.code, done.err) == (0, "")
    config = json.loads(done.out)["arms"][0]["config"]
    assert (config["widths"], config["input"]) == ([7, 8, 8], "rows.npy")


def test_the_figure_has_a_default_name_in_the_current_folder(run: Run) -> None:
    done = run("histogram", *SMALL, "--init", "he", "--init", "0.01", "--act", "relu/tanh", "--dpi", "30")
    name = "histogram-he+0.01-relu_tanh-layers=2-width=8-batch-size=50-dpi=30.png"
    assert (done.code, done.err) == (0, f"wrote {name}\n")
    assert os.listdir() == [name]
    assert done.out.startswith("he / relu/tanh: W ~ N(0, 2/n) · seed 0\n")


def test_a_default_name_is_never_too_long_and_has_no_folders() -> None:
    assert default_name("histogram", [["normal:std=0.01"], ["RELU/../x"]]) == "histogram-normal_std=0.01-relu_.._x.png"
    long, other = (default_name("histogram", [["he"] * 60, [act]]) for act in ("relu", "tanh"))
    assert len(long) <= 104
    assert long != other


@pytest.mark.parametrize(("given", "told"), [
    ("--seed 1 --layers 6", "-layers=6-seed=1"), ("--layers 5 --width 100", ""), ("--norm none", ""),
    ("--norm none --norm batch", "-norm=none+batch"),
    ("--quantity gradient --no-figure --brief --check", "-quantity=gradient"),
])
def test_a_default_name_tells_what_is_not_usual_and_changes_the_picture(given: str, told: str) -> None:
    ctx = histogram.make_context("histogram", given.split())
    with ctx:
        assert default_name("histogram", [["he"]], ("inits", "acts")) == f"histogram-he{told}.png"


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_a_figure_of_another_configuration_is_not_replaced_without_a_word(run: Run, name: str) -> None:
    told = [run(*PICTURE, "--seed", seed, "-o", name).err for seed in "112"]
    assert told == [f"wrote {name}\n", f"wrote {name}\n",
                    f"wrote {name}, in place of a figure of another configuration\n"]


@pytest.mark.slow
def test_a_title_of_one_s_own_is_drawn_as_it_stands_and_is_the_title_of_the_file(run: Run) -> None:
    drawn = run(*PICTURE, "--title", "  Käse\n$x_1$ & 5 % 標", "-o", "a.png")
    assert drawn.code == 0
    assert drawn.err.endswith("wrote a.png\nnote: the font of figures lacks some characters of the --title\n")
    with Image.open("a.png") as image:
        assert image.info["Title"] == "Käse $x_1$ & 5 % 標"
    for title in (" ", "x" * 201):
        refused = run("bounds", "--title", title)
        assert (refused.code, refused.err.startswith("Error: --title must have 1 to 200 characters")) == (2, True)


def test_what_is_given_several_times_becomes_arms(run: Run) -> None:
    done = run("histogram", *SMALL[2:], "--layers", "2", "--layers", "3", "--norm", "none", "--norm", "batch", "--json",
               "--no-figure")
    arms = json.loads(done.out)["arms"]
    assert [(len(arm["layers"]), arm["config"]["norm"]) for arm in arms] == [
        (2, "none"), (2, "batch"), (3, "none"), (3, "batch")]
    assert arms[0]["label"] == "he / relu / 2 layers / norm none"


def test_several_figures_are_written_by_their_suffixes(run: Run) -> None:
    done = run(*PICTURE, "-o", "a.PNG", "-o", "b\n.svg", "-o", "c.pdf")
    assert (done.code, done.err) == (0, "wrote a.PNG\nwrote 'b\\n.svg'\nwrote c.pdf\n")
    assert Path("a.PNG").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in Path("b\n.svg").read_bytes()
    assert Path("c.pdf").read_bytes().startswith(b"%PDF")


def test_quiet_leaves_the_result_alone(run: Run) -> None:
    done = run("histogram", *SMALL, "--init", "zeros", "-q", "-o", "a.png", "--dpi", "30")
    assert (done.code, done.err) == (0, "")
    assert "all 0" in done.out
    assert run("list", "losses", "-q") == run("list", "losses")


def test_an_exploding_network_is_a_result_with_a_note(run: Run) -> None:
    done = run("histogram", *SMALL, "--init", "1e30", "--no-figure")
    assert done.code == 0
    assert done.err.startswith("note: 1e30 / relu: layer 2 overflows: ")
    assert len(done.err.splitlines()) == 1


def test_bounds_prints_tables_json_and_csv_and_names_its_figure_by_its_schemes(run: Run) -> None:
    done = run("bounds", "--init", "he", "--scheme", "0.05", "--fan-in", "1,10")
    assert done.code == 0
    assert "he: W ~ N(0, 2/n) · normal, 68.3 % within ±std" in done.out
    assert done.err.splitlines()[-1] == "wrote bounds-he+0.05-fan-in=1_10.png"
    assert Path("bounds-he+0.05-fan-in=1_10.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads(run("bounds", "--scheme", "he", "--json", "--no-figure", "-q").out)
    assert (record["schema"], record["seed"]) == ("actprof.bounds/1", 0)
    rows = list(csv.DictReader(io.StringIO(run("bounds", "--format", "csv", "--no-figure", "-q").out)))
    assert len(rows) == 5 * 100
    assert run("bounds", "--scheme", "he", "-q", "-o", "a.svg") == run("bounds", "--scheme", "he", "-q", "-o", "b.svg")
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


LITTLE = ["--data", "blobs:train=60,test=30", "--layers", "2", "--width", "6", "--iterations", "20", "--lr", "0.1"]


@pytest.mark.slow
def test_train_prints_a_table_and_draws_its_figure(run: Run) -> None:
    done = run("train", *LITTLE, "--animate", "a.gif", "--dpi", "30")
    assert done.code == 0
    assert "blobs: 2-6×2-3; 81 parameters; seed 0" in done.out
    assert "always answering the most frequent of 3 classes is right in 33.3 % of 30 test rows" in done.out
    name = "train-0.01+xavier+he-blobs_train=60_test=30-layers=2-width=6-lr=0.1-iterations=20-dpi=30.png"
    assert done.err.splitlines() == [f"wrote {name}", "wrote a.gif"]
    assert Path(name).read_bytes().startswith(b"\x89PNG")
    assert Path("a.gif").read_bytes().startswith(b"GIF8")


def test_train_in_json_holds_what_the_schema_promises(run: Run) -> None:
    done = run("train", *LITTLE, "--init", "he", "--repeats", "2", "--json", "--no-figure")
    record = json.loads(done.out, parse_constant=pytest.fail)
    assert record["schema"] == "actprof.train/1"
    assert {key: record["data"][key] for key in ("name", "samples", "features", "classes")} == {
        "name": "blobs", "samples": 60, "features": 2, "classes": 3}
    [arm] = record["arms"]
    assert (arm["label"], arm["parameters"], arm["iterations"]) == ("he", 81, list(range(1, 21)))
    for key in ("loss", "smoothed", "learning_rate"):
        assert len(arm[key]) == 20
    assert {"test_loss", "test_accuracy", "dead_fraction", "status", "config"} <= arm.keys()
    assert len(arm["dead_fraction"]) == 2
    assert len(arm["runs"]) == 2


def test_train_in_csv_has_a_row_for_each_iteration(run: Run) -> None:
    done = run("train", *LITTLE, "--format", "csv", "--no-figure")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["arm"], int(row["iteration"])) for row in rows] == [
        (arm, iteration) for arm in ("0.01", "xavier", "he") for iteration in range(1, 21)]


def test_a_summary_trains_nothing(run: Run) -> None:
    done = run("train", "--summary", "--init", "he", "--data", "blobs", "--layers", "1", "--width", "2")
    assert "dense 1 (relu)" in done.out
    assert done.out.splitlines()[-1].split() == ["total", "15"]
    assert Path("network-he-blobs-layers=1-width=2.png").read_bytes().startswith(b"\x89PNG")


def test_a_network_too_large_to_train_is_refused_before_it_starts(run: Run) -> None:
    done = run("train", "--data", "blobs", "--width", "1000000", "--no-figure")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: needs about ")


def test_no_clobber_keeps_the_old_figure_and_says_so_before_the_work(run: Run) -> None:
    Path("a.png").write_bytes(b"old")
    assert run("histogram", *SMALL, "-o", "a.png", "--no-clobber") == Ended(
        1, "", "Error: 'a.png' exists, and --no-clobber keeps it. Choose another --output.\n")
    assert Path("a.png").read_bytes() == b"old"


def test_show_without_a_display_is_a_note(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    done = run(*PICTURE, "-o", "a.png", "--show")
    assert (done.code, done.err) == (0, "wrote a.png\nnote: there is no display to --show the figure on\n")


def test_show_opens_the_first_figure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(click, "launch", lambda path: opened.append(path) or 1)
    done = run(*PICTURE, "-o", "a.png", "-o", "b.svg", "--show")
    assert opened == ["a.png"]
    assert done.err.endswith("note: nothing was found that can --show the figure\n")


def test_csv_goes_to_standard_output(run: Run) -> None:
    done = run("histogram", *SMALL, "--format", "CSV", "--no-figure")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["layer"], row["quantity"]) for row in rows] == [
        (layer, quantity) for layer in "12" for quantity in spec.SHOWN]


def test_the_same_seed_gives_the_same_bytes(run: Run) -> None:
    arguments = ["histogram", *SMALL, "--seed", "5", "--json", "--dpi", "30", "-o"]
    first, second = run(*arguments, "a.png"), run(*arguments, "b.png")
    assert first.out == second.out != run(*arguments[:-1], "--seed", "6", "--no-figure").out
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


@pytest.mark.parametrize("table", ["inits", "activations", "normalizations", "residuals", "inputs", "datasets",
                                   "losses", "optimizers", "schedules"])
def test_list_shows_one_table_or_all(run: Run, table: str) -> None:
    everything = json.loads(run("list", "--json").out)
    one = json.loads(run("list", table.upper(), "--format", "json").out)
    [key] = set(one) - {"schema", "version"}
    assert one[key] == everything[key]
    text = run("list", table).out
    assert all(entry["name"] in text for entry in one[key])
    assert text in run("list").out


def helps() -> list[tuple[str, ...]]:
    return [(), *((name,) for name in COMMANDS)]


@pytest.mark.parametrize("given", [
    "--init 0.01 --act relu*4", "--init 1/0.5*2/0.01 --act relu/tanh/relu*2",
    "--init 1 --init xavier --act tanh --range -1 1",
    "--widths 50,50,50 --init=0.01 --no-gradients --range=layer", "--layers 60 --width 8 --bins 10 --init lecun:gain=2",
])
def test_the_line_to_paste_is_the_users_own_with_the_remedys_options_and_cures(run: Run, given: str) -> None:
    done = run("histogram", *given.split(), "--batch-size", "100", "--no-figure")
    lines = done.out.splitlines()
    offered = [line for line in lines if line.startswith(("remedy: actprof ", "  actprof "))]
    assert offered
    for pasted in offered:
        words = shlex.split(pasted.removeprefix("remedy:"))[1:]
        cured = json.loads(run(*words, "--json").out)
        assert [arm["verdict"]["code"] in ("healthy", "drifting") for arm in cured["arms"]] == [True]
        assert cured["arms"][0]["config"]["batch_size"] == 100
        assert ("--range" in given) == ("--range" in pasted)


def test_try_runs_the_remedy_as_a_further_arm(run: Run) -> None:
    done = run("histogram", *SMALL, "--init", "0.01", "--init", "0.02", "--try", "--no-figure", "--json")
    arms = json.loads(done.out)["arms"]
    assert [arm["label"] for arm in arms] == ["0.01 / relu", "0.02 / relu", "he / relu"]
    assert [arm["verdict"]["code"] for arm in arms] == ["vanishing", "vanishing", "healthy"]


@pytest.mark.parametrize("command", helps())
def test_help_fits_80_columns_and_opens_with_examples(run: Run, command: tuple[str, ...],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = run(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert run(*command, "-h") == done
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    usage, summary, examples = done.out.split("\n\n")[:3]
    assert usage.startswith("Usage: actprof")
    assert len(summary.splitlines()) == 1
    assert all(line.startswith("  actprof ") for line in examples.splitlines())
    assert "..." not in done.out.replace("[OPTIONS]", "").replace("[ARGS]...", "")


def test_the_overview_says_of_each_command_what_its_own_help_says() -> None:
    for name, (_, summary) in COMMANDS.items():
        text = cli.get_command(click.Context(cli), name).help  # type: ignore[union-attr]
        assert (text or "").splitlines()[0] == summary


def examples() -> list[list[str]]:
    """The command lines in the help of every command; remarks stand behind two spaces."""
    texts = [cli.help, *(cli.get_command(click.Context(cli), name).help for name in COMMANDS)]  # type: ignore
    lines = [line.strip() for text in texts for line in (text or "").splitlines()]
    return [shlex.split(line.split("  ")[0])[1:] for line in lines if line.startswith("actprof ")]


LESS = {"--data": "blobs:train=60,test=30", "--iterations": "3", "--batch-size": "50", "--width": "20"}
"""What makes the work of an example small, where the example does not say how much it is."""

OF_WORK = {"histogram": {"--batch-size", "--width"}, "sweep": {"--batch-size", "--width"},
           "phases": set(), "train": {"--data", "--iterations", "--width"}}
REFUSED = {"--epochs": {"--iterations"}, "--phase": {"--batch-size", "--width"}, "--summary": {"--iterations"},
           "--widths": {"--width"}}
OF_PICTURES = {"--view", "--log", "--log-y", "--quantity", "--phase", "--summary", "--animate", "--output", "-o"}


@pytest.mark.slow
@pytest.mark.parametrize("arguments", examples(), ids=" ".join)
def test_the_examples_in_the_help_work(run: Run, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a figure where the example is about one, or is the command alone."""
    Path("data.csv").write_text("a,b,label\n" + "1,2,x\n3,5,y\n4,1,x\n" * 20)
    refused = (words for option, words in REFUSED.items() if option in arguments)
    less = OF_WORK.get(arguments[0], set()).difference(arguments, *refused)
    if any(word.startswith("width=") for word in arguments):
        less -= {"--width"}
    figure = "--no-figure" if len(arguments) > 1 and not OF_PICTURES.intersection(arguments) else "--dpi=30"
    monkeypatch.setattr(grid, "OVER", ("gain=0.5:3:2", "layers=5:50:2"))
    arguments = [re.sub(r"^(gain|bias|layers)=([\d.]+:[\d.]+)(:\d+)?$", r"\1=\2:3", word) for word in arguments]
    extra = [figure] if arguments[0] != "list" and "--no-figure" not in arguments else []
    done = run(*arguments, *(word for option in sorted(less) for word in (option, LESS[option])), *extra)
    assert done.code == 0, done.err
    assert done.out


def test_the_version_is_the_packages(run: Run) -> None:
    assert run("--version") == Ended(0, f"actprof, version {__version__}\n", "")
