"""The README says what is true: its commands run, its tables are those of the program, its pictures are there."""

import contextlib
import io
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest

from actprof.catalogue.initializers import INITIALIZERS, bind
from actprof.catalogue.weights import Fans
from actprof.engine.distributions import STATISTICS
from actprof.engine.gradients import GRADIENT_STATISTICS
from actprof.program import COMMANDS, main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = [line.partition(" #")[0].strip() for language, block in BLOCKS if language == "sh"
         for line in block.splitlines()]
COMMAND_LINES = [line for line in SHELL if line.startswith("actprof ")]
SIZES = {"histogram": "--batch-size 40 --width 50", "sweep": "--batch-size 10 --width 10 --workers 1",
         "train": "--data glyphs:train=60,test=40 --batch-size 20 --epochs 3"}
"""What makes a command small beside the README's own options."""

SMALLER = {"--over width=64:1024:log": "--over width=8:32:log", "--repeats 20": "--repeats 2",
           "gain=0.5:3:26": "gain=0.5:3:4", "bias=0:1:11": "bias=0:1:2", "gain=0.5:3 ": "gain=0.5:3:3 ",
           ".gif": ".gif --dpi 30", "sweep --quantity": "sweep --over gain=1:2:3 --quantity",
           "--epochs 10": ""}


def small(line: str) -> list[str]:
    """The arguments of a command line, up to its pipe, for small networks and without a figure."""
    for full, less in SMALLER.items():
        line = line.replace(full, less)
    command, *options = shlex.split(re.split("[|>] ", line)[0])[1:]
    sizes = SIZES.get(command, "") if "width=8:32:log" not in options else "--batch-size 10"
    for given, left_out in (("--widths", "--width 50"), ("--data", "--data glyphs:train=60,test=40")):
        sizes = sizes.replace(left_out, "") if given in options else sizes
    return [command, *options, *sizes.split(), "--no-figure"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds the files that the README's commands name."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 2)).round(3)
    (tmp_path / "data.csv").write_text("a,b,label\n" + "".join(f"{a},{b},{'yn'[int(a > b)]}\n" for a, b in x))
    (tmp_path / "houses.csv").write_text("id,area,rooms,price\n" + "".join(
        f"{row},{a},{'' if row == 7 else b},{a + b / 2:.3f}\n" for row, (a, b) in enumerate(x)))
    (tmp_path / "curve.csv").write_text("x,y\n" + "".join(f"{a},{np.sin(a):.4f}\n" for a, _ in x))
    (tmp_path / "pixels.csv").write_text("p1,p2,digit\n" + "".join(
        f"{p},{q},{(p + q) % 10}\n" for p, q in rng.integers(0, 256, (60, 2))))


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_command_runs(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(small(line))
    captured = capsys.readouterr()
    assert end.value.code == 0, captured.err
    assert captured.out


def test_every_command_is_shown() -> None:
    assert {line.split()[1] for line in COMMAND_LINES} | {"list"} == set(COMMANDS)
    assert "`actprof list`" in README


def test_scripts_that_it_names_are_there() -> None:
    named = set(re.findall(r"scripts/[\w.-]+\.(?:sh|py)", README))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
    stories = {path.stem for path in ROOT.glob("scripts/*.sh") if "/demo.sh" in path.read_text()}
    assert [story for story in sorted(stories) if f"`{story}`" not in README] == []


def test_its_pictures_are_few_and_small() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert 1 <= len(pictures) <= 4
    assert {ROOT / path for path in pictures} == set((ROOT / "scripts" / "figures").iterdir())
    assert max((ROOT / path).stat().st_size for path in pictures) <= 150_000


def test_its_first_table_is_what_the_command_before_prints(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*shlex.split(COMMAND_LINES[0])[1:], "--no-figure"])
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = [line.split() for line in next(block for language, block in BLOCKS if language == "text").splitlines()]
    verdicts = [line for line in shown if line[0] in "✓✗~?"]
    assert len(verdicts) == 3
    assert [line for line in verdicts if line not in printed] == []


def rows(heading: str) -> list[dict[str, str]]:
    """The rows of the first table below a heading, as head → cell; a second column of a name gets a number."""
    table = re.search(r"(?:^\|.*\n)+", README[README.index(f"\n## {heading}\n"):], re.MULTILINE)
    assert table is not None
    lines = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[0].splitlines()]
    heads = [f"{head} 2" if head in lines[0][:place] else head for place, head in enumerate(lines[0])]
    return [dict(zip(heads, line, strict=True)) for line in lines[2:]]


def test_every_statistic_has_its_formula() -> None:
    explained = {name for row in rows("Every statistic with its formula")
                 for name in re.findall(r"`(\w+)`", row["statistic"])}
    assert {each.name for each in (*STATISTICS, *GRADIENT_STATISTICS)} <= explained


@pytest.mark.parametrize("row", rows("Which Xavier?"), ids=lambda row: row["who says “Xavier”"])
def test_xaviers_are_those_of_the_catalogue(row: dict[str, str]) -> None:
    names = re.findall(r"`([\w.]+)`", row["here"])
    assert names
    for name in names:
        initializer = bind(INITIALIZERS.parse(name))
        assert initializer.formula == row["weights"]
        assert f"{initializer.std(Fans(784, 100)):.4f}" == row["std"]


def test_its_python_runs() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(next(block for language, block in BLOCKS if language == "python"), "README.md", "exec"), {})
    assert len(said.getvalue().splitlines()) == 13


def test_its_table_of_options_is_that_of_the_commands() -> None:
    assert runpy.run_path(str(ROOT / "scripts" / "options_table.py"))["table"]() in README


def test_its_table_of_speed_has_the_rows_that_the_benchmark_prints() -> None:
    goals = runpy.run_path(str(ROOT / "scripts" / "bench.py"))["GOALS"]
    assert [(row["what"], row["against"], row["goal"]) for row in rows("Speed")] == [
        (goal.what, goal.against, f"{goal.ratio:g}") for goal in goals]
