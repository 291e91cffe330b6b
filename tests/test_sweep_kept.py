"""`actprof sweep --resume`: finished cells are found again, all of them and no others, and no file is lost."""

import json
import math
import os

import pytest

from actprof.errors import ActprofError
from actprof.sweep.kept import KeptCells
from actprof.sweep.result import Cell

SMALL = "--width 6 --batch-size 8 --no-figure --json"
ODD = Cell("gain=1", {"std": 0.1, "correlation": math.nan}, {"std": (-0.0, math.inf)},
           {"std": (5e-324, 1 / 3, -math.inf)}, "dying", {"std": (1.0, math.nan, 2.0)}, {"dying": 3})


@pytest.fixture
def call(program):
    return lambda arguments: program(f"sweep {arguments}")


def test_a_cell_comes_back_as_it_was(tmp_path):
    path = str(tmp_path / "cells")
    KeptCells(path).add("a", ODD)
    assert repr(KeptCells(path).find("a")) == repr(ODD)  # a NaN is not equal to itself
    assert KeptCells(path).find("b") is None
    [line] = (tmp_path / "cells").read_text().splitlines()
    json.loads(line, parse_constant=pytest.fail)


def test_a_second_run_makes_what_is_missing_only_and_prints_the_same(call, tmp_path):
    whole = f"--over gain=1,2,3 --over act=relu,tanh {SMALL} --repeats 2"
    expected = call(whole)[1]
    assert call(f"--over gain=1,2 --over act=tanh {SMALL} --repeats 2 --resume cells")[2] == (
        "note: 0 of 2 cells from 'cells'\n")
    first = (tmp_path / "cells").read_bytes()
    for found in ("2", "6"):
        code, out, said = call(f"{whole} --resume cells")
        assert (code, out) == (0, expected)
        assert f"note: {found} of 6 cells from 'cells'\n" in said
    kept = (tmp_path / "cells").read_bytes()
    assert kept.startswith(first)
    assert kept.count(b"\n") == 6


def test_at_whatever_byte_it_was_broken_off_only_the_last_cell_is_lost(tmp_path):
    path = tmp_path / "cells"
    for key in "abc":
        KeptCells(str(path)).add(key, ODD)
    content = path.read_bytes()
    starts = [0, *(place + 1 for place, byte in enumerate(content) if byte == ord("\n"))]
    for length in [*range(40), *range(starts[2] - 5, starts[2] + 40), len(content) - 1]:
        path.write_bytes(content[:length])
        kept = KeptCells(str(path))
        whole = sum(start <= length for start in starts) - 1
        assert [kept.find(key) is not None for key in "abc"] == [place < whole for place in range(3)]
        kept.add("d", ODD)
        assert path.read_bytes()[:starts[whole]] == content[:starts[whole]]
        assert KeptCells(str(path)).find("d") is not None


@pytest.mark.parametrize("other", ["--seed 1", "--repeats 2", "--batch-size 9", "--dtype float64", "--quantity verdict",
                                   "--init xavier", "--act tanh", "--norm batch", "--bias 0.1", "--input uniform",
                                   "--dropout 0.1", "--width 7", "--layers 4"])
def test_what_differs_in_any_setting_is_another_cell(call, other):
    for settings, found in (("--layers 3", 0), (other, 0), (other, 1)):
        assert f"note: {found} of 1 cells" in call(f"--over gain=1 --no-figure --resume cells {_with(settings)}")[2]


def _with(other):
    settings = {"--layers": "3", "--width": "6", "--batch-size": "8"} | dict([other.split()])
    return " ".join(f"{name} {value}" for name, value in settings.items())


def test_other_rows_in_a_file_of_the_same_name_are_other_cells(call, tmp_path):
    for row, found in (("1,2", 0), ("1,3", 0), ("1,3", 1)):
        (tmp_path / "rows.csv").write_text(f"a,b\n{row}\n0,1\n")
        said = call(f"--over gain=1 {SMALL} --input rows.csv --resume cells")[2]
        assert f"note: {found} of 1 cells from 'cells'\n" in said


@pytest.mark.parametrize(("content", "line"), [
    ("hello", 1), ("a,b\n1,2\n", 1), ("{}\n", 1), ("[1]\n", 1), ('{"schema": "actprof.sweep/1"}\n', 1), ("\n", 1),
    ('{"schema": "actprof.cell/1"}\n', 1), ('{"schema": "actprof.cell/1", "key": "a", "cell": []}\n', 1),
    ('{"schema": "actprof.cell/1", "key": "a", "cell": {"label": ""\n', 1), ("\xff\xfe\0", 1),
])
def test_a_file_of_another_kind_is_refused_and_left_alone(call, tmp_path, content, line):
    (tmp_path / "notes").write_bytes(content.encode("latin-1"))
    assert call(f"--over gain=1 {SMALL} --resume notes") == (
        1, "", f"Error: 'notes' is no file of --resume: line {line} holds no cell. Name another file.\n")
    assert (tmp_path / "notes").read_bytes() == content.encode("latin-1")


@pytest.mark.parametrize(("path", "code", "message"), [
    ("''", 2, "--resume '' is no ordinary file. Name one, such as cells.jsonl."),
    (".", 2, "--resume '.' is no ordinary file. Name one, such as cells.jsonl."),
    ("/dev/null", 2, "--resume '/dev/null' is no ordinary file. Name one, such as cells.jsonl."),
    ("a/b", 2, "--resume: the folder 'a' does not exist. Make it first: 'mkdir -p a'."),
    ("x.png -o x.png", 2, "--output 'x.png' is a file that is read. Choose another."),
])
def test_a_place_that_cannot_be_is_refused(call, path, code, message):
    figure = "" if "-o" in path else "--no-figure"
    assert call(f"--over gain=1 --resume {path} {figure}") == (code, "", f"Error: {message}\n")


def test_a_file_that_takes_no_more_is_told(tmp_path):
    kept = KeptCells(str(tmp_path / "cells"))
    os.mkdir(tmp_path / "cells")
    with pytest.raises(ActprofError, match=r"'.*cells' cannot be written: is a directory\. Choose another --resume\."):
        kept.add("a", ODD)
