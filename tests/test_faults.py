"""What bad input and bad luck get: each fault is a named case, put to the installed program as a process of its own.

Exit code 2 is a bad request, 1 what could not be done. Both say one line, `Error: <what>. <what instead>.`, and leave
no file behind and none changed.
"""

import gzip
import io
import json
import os
import pty
import re
import shlex
import signal
import stat
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actprof.program import COMMANDS
from tests.children import finished
from tests.forked import Ended, Program

pytestmark = pytest.mark.slow

BASE = {
    "histogram": "histogram --layers 2 --width 8 --batch-size 20",
    "bounds": "bounds --scheme he --fan-in 3 --samples 10",
    "gain": "gain relu",
    "sweep": "sweep --over layers=1,2 --width 4 --batch-size 8",
    "phases": "phases --over sigma_w=1:2:3",
    "train": "train --data blobs:train=40,test=20 --layers 1 --width 4 --iterations 3 --init he",
    "list": "list schedules",
}
"""The least that each command can be asked."""

DRAWING = [name for name in BASE if name != "list"]
SMALL, PICTURE = BASE["histogram"], BASE["bounds"]
ENDLESS = "histogram --width 300 --batches 1000000 --no-figure"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def assert_refused(ended: Ended, code: int, pattern: str) -> None:
    """One line that says what the pattern says, nothing on standard output, and no bug."""
    assert (ended.code, ended.out) == (code, b""), ended
    assert re.fullmatch(r"Error: [^\n]+[.?!]\n", ended.err), ended.err
    assert re.search(pattern, ended.err), ended.err
    assert "bug" not in ended.err
    assert "Traceback" not in ended.err


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


def everywhere(text: str, *commands: str) -> list[str]:
    """The same options behind several commands."""
    return [f"{command} {text}" for command in commands or BASE]


ARGUMENTS: dict[str, tuple[list[str], str]] = {
    "a command with a typo": (["histogrm"], "Did you mean 'histogram'"),
    "an option with a typo": (everywhere("--fromat json", *COMMANDS), "unknown option '--fromat'. Did you mean"),
    "an initialiser with a typo": (["bounds --scheme xaver", *everywhere("--init xaver", "histogram", "sweep", "phases",
                                                                         "train")], "Did you mean 'xavier'"),
    "an activation with a typo": (everywhere("--act rleu", "histogram", "gain", "sweep", "phases", "train"),
                                  "Did you mean 'relu'"),
    "a residual connection with a typo": (everywhere("--residual rezro", "histogram", "sweep", "train"),
                                          "Did you mean 'rezero'"),
    "a normalisation with a typo": (everywhere("--norm bacth", "histogram", "sweep", "train"), "Did you mean 'batch'"),
    "inputs with a typo": (["histogram --input nromal"], "Did you mean 'normal'"),
    "data with a typo": (["train --data glyps"], "Did you mean 'glyphs'"),
    "a loss with a typo": (["train --loss msee"], "Did you mean 'mse'"),
    "an optimizer with a typo": (["train --optimizer adan"], "Did you mean 'adam'"),
    "a schedule with a typo": (["train --schedule cosin"], "Did you mean 'cosine'"),
    "a list with a typo": (["list activatons"], "Did you mean 'activations'"),
    "an axis with a typo": (["sweep --over gian=1:2", "phases --over sigma_v=1:2"],
                            "Did you mean '(gain|sigma_w)'"),
    "layers that cannot be": ([f"{command} --layers {value}" for command in ("histogram", "sweep", "train")
                               for value in ("-1", "1000000000", "5.0", "''", "nan")] + ["histogram --layers 0"],
                              r"--layers must be a whole number from [01] to [\d,]+, not "),
    "a std that cannot be": ([f"histogram --init normal:std={value}" for value in ("nan", "inf", "-1")],
                             "normal: std must be a finite number, 0 or more, not "),
    "a parameter that a scheme has not": (["histogram --init normal:gain=2", "bounds --scheme normal:gain=2"],
                                          "normal has no parameter 'gain'. Its parameters: std, mean"),
    "a seed that cannot be": ([f"{command} --seed {seed}" for command in ("histogram", "bounds", "sweep", "train")
                               for seed in (-1, 2**200)], "--seed must be a whole number from 0 to "),
    "bins that cannot be": ([f"histogram --bins {bins}" for bins in (0, 10**12)],
                            "--bins must be a whole number from 1 to 4,096"),
    "a range that is none": ([f"histogram --range {ends}" for ends in ("2 1", "1 1", "nan 1")],
                             "--range needs two finite numbers, LOW below HIGH"),
    "flags against each other": ([*everywhere("--json --format table"),
                                  *everywhere("--no-figure -o a.png", *DRAWING),
                                  "histogram --widths 9,10 --layers 3", "train --epochs 1 --iterations 1",
                                  "gain --all relu"], "cannot be combined with"),
    "an argument too many": (everywhere("extra", "histogram", "bounds", "sweep", "phases", "train", "list inits"),
                             "unexpected argument 'extra'"),
    "code for a name": ([f"histogram --act {shlex.quote(code)}" for code in ("lambda x: x", "__import__('os')")],
                        "unknown activation"),
    "control characters": (["histogram --act 'rel\x1b[31mu\x07'", "gain 're\x1b[0mlu'"],
                           r"\\x1b\[[^\x1b]*$"),
    "more than 64 megapixels": (everywhere("--dpi 1000", *DRAWING), "64 megapixels .* Take a --dpi of at most 555"),
    "too high a sheet": (["gain relu tanh gelu silu elu selu --dpi 500"], "64 megapixels .* Take a --dpi of at most"),
    "an animation of too many pixels": ([f"{BASE['train'].replace('tions 3', 'tions 60')} --animate a.gif --dpi 555"],
                                        "the animation would have"),
    "a missing folder": (everywhere("-o no/a.png", *DRAWING), "Make it first: 'mkdir -p no'"),
    "a folder for a file": (everywhere("-o .", *DRAWING), "is a folder. Name a file in it"),
    "an unknown suffix": (everywhere("-o a.jpg", *DRAWING), "suffix of 'a.jpg' is unknown. Use .png, .svg, .pdf"),
    "no suffix": (everywhere("-o a", *DRAWING), "has no suffix. Use .png, .svg, .pdf"),
    "no name": (everywhere("-o ''", *DRAWING), "--output is empty. Name a file"),
    "the same file twice": (everywhere("-o a.png -o ./a.png", *DRAWING), "names the same file twice"),
    "more weights than can be drawn": (["bounds --samples 10000000 --fan-in 1:4096 --at "
                                        + ",".join(map(str, range(1, 300)))], "weights would be drawn"),
}
"""Bad requests → (command lines, what each says)."""


@pytest.mark.parametrize("fault", ARGUMENTS)
def test_a_bad_request_is_told_before_the_work(fault: str, call: Program) -> None:
    lines, pattern = ARGUMENTS[fault]
    for line in lines:
        assert_refused(call(*shlex.split(line)), 2, pattern)
    assert files() == {}


def test_no_arguments_get_help_on_standard_error(call: Program) -> None:
    ended = call()
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.startswith("Usage: actprof")


def test_an_environment_variable_is_named_and_an_empty_one_is_none(call: Program) -> None:
    line = ["train", "--data", "mnist", "--no-figure"]
    homeless = {"HOME": "/nowhere", "KERAS_HOME": None}
    assert_refused(call(*line, env={"ACTPROF_DATA_DIR": "/nowhere", **homeless}), 1, "ACTPROF_DATA_DIR")
    unset, empty = (call(*line, env={"ACTPROF_DATA_DIR": value, **homeless}) for value in (None, ""))
    assert unset[:3] == empty[:3]
    assert_refused(unset, 1, r"mnist is not on this machine. Searched: .*To fetch it: ")


ACCEPTED: dict[str, tuple[str, str]] = {
    "any case, hyphens and aliases": (f"{SMALL} --init Kaiming-Normal --act ReLU", ""),
    "a table with a mark of its encoding, semicolons and decimal commas": (f"{SMALL} --input comma.csv", ""),
    "a suffix in capitals": (f"{PICTURE} -o A.PNG -q", ""),
    "one unit": ("histogram --layers 2 --width 1 --batch-size 9", "theory assumes wide layers"),
    "one row": (SMALL.replace("20", "1"), ""),
    "weights of std 0": (f"{SMALL} --init normal:std=0", "100 % zeros from layer 1"),
    "overflow": ("histogram --layers 4 --width 20 --init 1e30", "layer 2 overflows: .* of the finite part"),
    "inf − inf": ("histogram --layers 4 --width 20 --init 1e30 --act linear", "layers? 3.* not computed"),
    "denormals": (f"{SMALL} --input normal:std=1e-44", ""),
    "one value": (f"{SMALL} --input constant:1e20 --init identity --act linear", "the same value everywhere"),
    "a layer one ulp wide": (f"{SMALL} --input uniform:low=1e20,high=1.0000001e20 --init identity --act linear", ""),
    "the largest floats": (f"{SMALL} --input uniform:low=-3e38,high=3e38 --init identity --act linear", ""),
    "squares beyond all floats": (f"{SMALL} --input normal:std=1e200 --dtype float64 --init identity --act linear", ""),
    "exponentials of a thousand": (f"{SMALL} --input normal:std=1000 --init identity --act sigmoid", ""),
    "softplus of a thousand": (f"{SMALL} --input normal:std=1000 --init identity --act softplus", ""),
    "elu of a thousand": (f"{SMALL} --input normal:std=1000 --init identity --act elu", ""),
    "a dead network": ("histogram --layers 5 --width 8 --bias constant:-9", "100 % zeros from layer 1"),
    "a fan-in of 10**18": ("bounds --fan-in 10**18", ""),
    "a plane without height": ("phases --act relu --over sigma_b=0:1e-11", ""),
    "a plane below all floats": ("phases --init orthogonal --act arctan --over sigma_b=1e-300:1e-299", ""),
    "training that diverges": (f"{BASE['train'].replace('tions 3', 'tions 40')} --lr 1e6", ""),
}
"""What is a result and no error → (command line, what a note says)."""


IN_JSON = {
    "any case, hyphens and aliases": '"init": "he_normal"',
    "training that diverges": '"status": "diverged"',
}
"""Of those cases, what JSON says."""


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_looks_odd_is_a_result(case: str, call: Program) -> None:
    line, note = ACCEPTED[case]
    Path("comma.csv").write_text("\ufeffa;b\n1,5;2,5\n3;4\n", "utf-8")
    for form in ("table", "json"):
        figure = ["-o", "a.svg"] if form == "table" and line.startswith("train") else ["--no-figure"]
        ended = call(*shlex.split(line), *([] if "-o" in line else figure), "--format", form)
        assert ended.code == 0, ended
        assert re.search(note, ended.err), ended.err
        assert all(said.startswith(("note: ", "wrote ")) for said in ended.err.splitlines())
    record = json.loads(ended.out, parse_constant=pytest.fail)
    assert IN_JSON.get(case, "") in ended.out.decode()
    assert not note or "warnings" not in record or record["warnings"]


def write_bytes(name: str, content: bytes) -> None:
    Path(name).write_bytes(content)


def archive(**arrays: Any) -> bytes:
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


def header(shape: str, dtype: str = "<f8") -> bytes:
    """An .npy file that claims a shape and holds nothing."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def zipped(name: str, content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr(name, content)
    return memory.getvalue()


ROWS = np.arange(12.0).reshape(4, 3)
IMAGES = gzip.compress(b"\0\0\x08\3" + b"".join(size.to_bytes(4, "big") for size in (6, 4, 4)) + bytes(range(96)))
UNTRUSTED: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    "objects in an archive": ("a.npz", lambda: archive(x=np.array([{}, []], object)), "", "Python objects"),
    "a header that claims 400 GB": ("a.npy", lambda: header("(50000000, 1000)"), "", r"400|373|GiB|bytes"),
    "an archive that claims 400 GB": ("a.npz", lambda: zipped("x.npy", header("(50000000, 1000)")), "",
                                      r"400|373|GiB|bytes"),
    "garbage": ("a.npz", lambda: b"garbage", "", r"not an? \.npz file"),
    "an archive cut short": ("a.npz", lambda: archive(x=ROWS)[:-30], "", r"not an? \.npz file"),
    "an archive that points to before its beginning": ("a.npz", lambda: archive(x=ROWS)[60:], "", r"it is damaged\."),
    "an empty file": ("a.npz", lambda: b"", "", r"not an? \.npz file|is empty"),
    "a wrong key": ("a.npz", lambda: archive(train=ROWS), "--input-key trian", "Did you mean 'train'"),
    "a wrong dtype": ("a.npy", lambda: archive_of(np.array(["a", "b"])), "", "numbers|<U1"),
    "a wrong shape": ("a.npy", lambda: archive_of(np.arange(5.0)), "", r"found shape \(5,\), expected 2-D"),
    "text in a table": ("a.csv", lambda: b"1,2\nx,3\n5,6\n", "", r"a\.csv:2:1: 'x'"),
    "NaN in a table": ("a.csv", lambda: b"1,2\nnan,3\n5,6\n", "", r"a\.csv:2:1: 'nan' is not a finite number"),
    "a ragged row": ("a.csv", lambda: b"1,2\n3\n", "", r"a\.csv:2"),
    "IDX of bad magic": ("t-images-idx3-ubyte", lambda: b"\1\2\3\4" * 9, "", "magic|IDX"),
    "a gzip'd file cut short": ("t-images-idx3-ubyte.gz", lambda: IMAGES[:-20], "", "damaged or cut short"),
    "a wrong checksum": ("t-images-idx3-ubyte.gz", lambda: IMAGES[:-8] + bytes(4) + IMAGES[-4:], "",
                         "CRC check failed 0x0 != 0x[0-9a-f]+"),
}
"""Files that nobody should trust → (name, content, options, what is said)."""


def archive_of(values: Any) -> bytes:
    memory = io.BytesIO()
    np.save(memory, values)
    return memory.getvalue()


@pytest.mark.parametrize("fault", UNTRUSTED)
def test_a_file_that_is_not_what_it_says_is_refused_and_kept(fault: str, call: Program) -> None:
    name, content, options, pattern = UNTRUSTED[fault]
    write_bytes(name, content())
    before = files()
    for command in ("histogram --input", "sweep --over layers=1,2 --input", "train --data"):
        ended = call(*command.split(), name, *options.split(), "--no-figure")
        assert_refused(ended, 1, pattern)
        assert ended.peak < 400e6
    assert files() == before


def old_file() -> None:
    Path("a.png").write_bytes(b"old")


@pytest.mark.parametrize(("line", "option", "name"), [
    (PICTURE, "--output", "a.png"), (f"{BASE['train']} --no-figure", "--animate", "a.gif"),
])
def test_a_full_disk_leaves_the_old_figure(line: str, option: str, name: str, call: Program) -> None:
    Path(name).write_bytes(b"old")
    ended = call(*shlex.split(line), "-q", option, name, limits={"FSIZE": 3000})
    assert ended.code == 1
    assert ended.err == f"Error: '{name}' cannot be written: file too large. Choose another {option}.\n"
    assert files() == {name: b"old"}


def test_a_signal_at_any_moment_leaves_a_whole_figure_and_nothing_else(call: Program) -> None:
    whole = call(*shlex.split(PICTURE), "-q", "-o", "b.png")
    new = Path("b.png").read_bytes()
    numbers = cycle([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    for moment, number in zip(np.linspace(0.1, 1.2, 6) * whole.seconds, numbers, strict=False):
        old_file()
        twice = [(moment, number), (moment + 0.001, number)]
        ended = call(*shlex.split(PICTURE), "-q", "-o", "a.png", signals=twice)
        assert ended.code in (0, -number)
        assert ended.err == ("Interrupted.\n" if number == signal.SIGINT and ended.err else "")
        assert files()["a.png"] in (b"old", new)
        assert set(os.listdir()) == {"a.png", "b.png"}


@pytest.mark.parametrize("line", [ENDLESS, "sweep --over layers=5,6 --batches 1000000 --workers 2 --no-figure"])
def test_ctrl_c_is_answered_at_once(line: str, call: Program) -> None:
    ended = call(*line.split(), signals=[(1.2, signal.SIGINT)])  # when a progress bar would be there
    assert (ended.code, ended.out, ended.err) == (-signal.SIGINT, b"", "Interrupted.\n")


def test_an_ignored_signal_stays_ignored_also_by_workers(call: Program) -> None:
    both = [signal.SIGINT, signal.SIGHUP]  # of a job in the background, and under nohup
    ended = call(*shlex.split(BASE["sweep"]), "--workers", "2", "--no-figure", "-q", ignored=both,
                 signals=[(moment, number) for moment in (0.1, 0.3, 0.5) for number in both])
    assert ended.code == 0


def test_a_link_a_mode_and_special_files_stay_what_they_are(call: Program) -> None:
    Path("real.png").write_bytes(b"old")
    os.chmod("real.png", 0o640)
    os.symlink("real.png", "link.png")
    os.mkfifo("pipe.svg")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(Path("pipe.svg").read_bytes()))
    reader.start()
    outputs = ("link.png", "/dev/null", "pipe.svg", "new.pdf")
    ended = call(*shlex.split(PICTURE), "-q", *(f"--output={output}" for output in outputs))
    reader.join(10)
    assert (ended.code, ended.err) == (0, "")
    os.umask(umask := os.umask(0))
    assert stat.S_IMODE(os.stat("new.pdf").st_mode) == 0o666 & ~umask
    assert os.readlink("link.png") == "real.png"
    assert stat.S_IMODE(os.stat("real.png").st_mode) == 0o640
    assert Path("real.png").read_bytes().startswith(b"\x89PNG")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert stat.S_ISFIFO(os.stat("pipe.svg").st_mode)
    assert received[0].rstrip().endswith(b"</svg>")


def test_any_name_works(call: Program) -> None:
    names = {"inv\udcff.svg", "-x.svg"}
    ended = call(*shlex.split(PICTURE), "-q", *(f"--output={name}" for name in names))
    assert (ended.code, ended.err) == (0, "")
    assert set(os.listdir()) == names


def test_a_folder_that_cannot_be_written_is_told_before_the_work(call: Program) -> None:
    os.mkdir("closed", 0o555)
    os.chmod(".", 0o755)
    for name in DRAWING:
        assert_refused(call(*shlex.split(BASE[name]), "-o", "closed/a.png", powerless=True), 1,
                       "'closed/a.png' cannot be written: permission denied. Choose another --output")


def test_an_output_is_never_the_input(call: Program) -> None:
    np.save("in.npy", ROWS)
    os.symlink("in.npy", "x.png")
    os.symlink("in.npy", "histogram-he-relu-layers=1-input=in.npy.png")
    before = files()
    for line in (f"{SMALL} --input in.npy -o x.png", "histogram --layers 1 --input in.npy",
                 f"{BASE['sweep']} --input in.npy -o x.png", "train --data in.npy -o x.png"):
        assert_refused(call(*shlex.split(line)), 2, "is a file that is read. Choose another")
    assert files() == before


def when_the_table_is_out(call: Program, act: Callable[[], object], *argv: str) -> Ended:
    """Run the program, and act between its table and its figure."""
    read, write = os.pipe()
    watcher = threading.Thread(target=lambda: os.read(read, 1) and act())
    watcher.start()
    ended = call(*shlex.split(PICTURE), "-q", *argv, stdout=f"/proc/{os.getpid()}/fd/{write}")
    os.close(write)
    watcher.join(10)
    os.close(read)
    return ended


def test_no_clobber_keeps_a_file_that_appears_during_the_run(call: Program) -> None:
    ended = when_the_table_is_out(call, old_file, "-o", "a.png", "--no-clobber")
    assert (ended.code, ended.err) == (1, "Error: 'a.png' exists, and --no-clobber keeps it. "
                                          "Choose another --output.\n")
    assert files() == {"a.png": b"old"}


def test_a_folder_that_vanishes_is_one_line(call: Program) -> None:
    os.mkdir("gone")
    ended = when_the_table_is_out(call, lambda: os.rmdir("gone"), "-o", "gone/a.png")
    assert (ended.code, ended.err) == (1, "Error: 'gone/a.png' cannot be written: no such file or directory. "
                                          "Choose another --output.\n")


STREAMS: dict[str, tuple[dict[str, Any], int, str]] = {
    "a full disk": ({"stdout": "/dev/full"}, 1, "standard output cannot be written: No space left on device"),
    "a limit on files": ({"limits": {"FSIZE": 100}}, 1, "standard output cannot be written: File too large"),
    "a limit on files, without a buffer": ({"limits": {"FSIZE": 100}, "unbuffered": True}, 1,
                                           "standard output cannot be written: File too large"),
    "closed": ({"stdout": "closed"}, 1, "standard output is closed, so there is no place for the result"),
}
"""Standard outputs that take nothing → (how they are made, exit code, what is said)."""


@pytest.mark.parametrize("fault", STREAMS)
def test_a_standard_output_that_takes_nothing_is_one_line(fault: str, call: Program) -> None:
    options, code, pattern = STREAMS[fault]
    for line in (*(f"{line} --no-figure" for line in BASE.values() if not line.startswith("list")), "list --json",
                 f"{SMALL} --json --no-figure", f"{PICTURE} -o -"):
        ended = call(*shlex.split(line), "-q" if not line.startswith("list") else "--json", **options)
        assert ended.code == code, (line, ended)
        assert len(ended.out) <= 100
        assert re.fullmatch(rf"Error: {pattern}\. Send [^\n]*\n", ended.err), (line, ended.err)


@pytest.mark.parametrize("name", BASE)
def test_a_reader_that_goes_away_ends_in_silence_but_figures_are_written(name: str, call: Program) -> None:
    figure = {"list": "", "bounds": "-q -o a.svg", "histogram": "-q -o a.svg"}.get(name, "-q --no-figure")
    read, write = os.pipe()
    os.close(read)
    ended = call(*shlex.split(f"{BASE[name]} {figure}"), stdout=f"/proc/{os.getpid()}/fd/{write}")
    os.close(write)
    assert (ended.code, ended.err) == (141, "")
    assert os.listdir() == ["a.svg"] * ("-o" in figure)


def test_a_slow_reader_gets_everything_though_the_pipe_does_not_block(call: Program) -> None:
    for unbuffered in (False, True):
        read, write = os.pipe()
        os.set_blocking(write, False)
        received: list[bytes] = []
        reader = threading.Thread(target=lambda end=read, into=received: into.append(_read_slowly(end)))
        reader.start()
        ended = call("histogram", "--layers", "40", "--width", "4", "--json", "--no-figure", "-q",
                     stdout=f"/proc/{os.getpid()}/fd/{write}", unbuffered=unbuffered, nonblocking=True)
        os.close(write)
        reader.join(30)
        assert (ended.code, ended.err) == (0, "")
        assert len(json.loads(received[0])["arms"][0]["layers"]) == 40


def _read_slowly(end: int) -> bytes:
    time.sleep(0.3)
    with open(end, "rb") as pipe:
        return pipe.read()


def test_a_standard_error_that_takes_nothing_loses_remarks_alone(call: Program) -> None:
    for place in ("closed", "/dev/full"):
        ended = call(*shlex.split(SMALL), "--no-figure", stderr=place)
        assert ended.code == 0
        assert b"verdict" in ended.out
        assert call("histogrm", stderr=place).code == 2


@pytest.mark.parametrize(("name", "encoding"), [*((name, "ascii") for name in BASE), ("histogram", "cp1252")])
def test_a_stream_of_few_characters_gets_plain_ones(name: str, encoding: str, call: Program) -> None:
    figure = [] if name == "list" else ["--no-figure"]
    for line in ("list" if name == "list" else BASE[name], f"{name} --help"):
        ended = call(*shlex.split(line), *(figure if "--help" not in line else []), encoding=encoding)
        assert ended.code == 0
        assert "\\u" not in ended.out.decode(encoding) + ended.err
        if encoding == "ascii":
            assert ended.err.isascii()


def on_a_terminal(call: Program, line: str, columns: int, awaited: bytes = b"\0", **env: str) -> tuple[Ended, str]:
    """What the program shows on a terminal of that width, until it has shown what is awaited."""
    master, slave = pty.openpty()
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda: seen.extend(_read_all(master, awaited)))
    reader.start()
    name = os.ttyname(slave)
    ended = call(*shlex.split(line), stdout=name, stderr=name, signals=[(os.path.abspath("seen"), signal.SIGTERM)],
                 env={"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": None, "FORCE_COLOR": None, **env})
    os.close(slave)
    reader.join(10)
    os.close(master)
    return ended, b"".join(seen).decode()


def _read_all(master: int, awaited: bytes) -> Iterator[bytes]:
    try:
        while part := os.read(master, 65536):
            yield part
            if awaited in part:
                Path("seen").touch()
    except OSError:  # Linux's way to say that the other end is closed
        return


@pytest.mark.parametrize("name", BASE)
def test_a_terminal_of_any_width_shows_everything_and_a_pipe_has_none(name: str, call: Program) -> None:
    line = BASE[name] + {"list": "", "histogram": " --theory --no-figure -q"}.get(name, " --no-figure -q")
    [piped] = {call(*shlex.split(line), env={"COLUMNS": columns}).out.decode() for columns in (None, "1")}
    assert "\x1b" not in piped
    assert not re.search(r"\w…|…\w", piped)
    digits = re.compile(r"\d+\.\d+")
    for columns in (0, 40, 200):
        ended, seen = on_a_terminal(call, line, columns, NO_COLOR="1")
        assert ended.code == 0
        assert "\x1b" not in seen
        assert set(digits.findall(piped)) <= set(digits.findall(seen)) | set(digits.findall(re.sub(r"\s", "", seen)))


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "0"}], ids=str)
def test_colour_can_be_had_without(env: dict[str, str], call: Program) -> None:
    _, seen = on_a_terminal(call, f"{SMALL} --no-figure", 80, **env)
    assert bool(re.search(r"\x1b\[[\d;]*m", seen)) == (not env)


def test_a_progress_bar_is_on_a_terminal(call: Program) -> None:
    ended, seen = on_a_terminal(call, ENDLESS, 80, b"%", FORCE_COLOR="0")
    assert ended.code == -signal.SIGTERM
    assert not re.search(r"\x1b\[[\d;]*m", seen)


def test_a_picture_for_a_terminal_is_refused(call: Program) -> None:
    ended, seen = on_a_terminal(call, f"{SMALL} -o -", 80)
    assert ended.code == 2
    assert "standard output is a terminal" in seen


RESOURCES: dict[str, tuple[str, dict[str, int], str]] = {
    "too large a network": ("histogram --width 1000000 --layers 1000", {},
                            r"needs about 3\.6 PiB|needs about [\d.]+ TiB; .* available\. Lower --width"),
    "too large a training": ("train --data blobs --width 1000000", {}, r"needs about .* available\. Lower --width"),
    "too large a sweep": ("sweep --width 1000000", {}, r"needs about .* available\. Lower --width"),
    "more than a control group may have": ("histogram --width 900 --no-figure", {},
                                           r"needs about [\d.]+ MiB; 3\.0 MiB available\. Lower --width"),
    "memory that gives out": ("histogram --width 6000 --no-figure --batch-size 2000", {"AS": 400_000_000},
                              "memory|needs about"),
    "too many open files": (f"{SMALL} -o a.png --input x.npy", {"NOFILE": 3}, "Too many open files"),
    "no more threads": (f"{SMALL} --no-figure", {"NPROC": 0}, "threads"),
}
"""What a machine has not got → (command line, limits, what is said)."""


@pytest.mark.parametrize("fault", RESOURCES)
def test_what_the_machine_has_not_got_is_one_line(fault: str, call: Program) -> None:
    line, limits, pattern = RESOURCES[fault]
    Path("x.npy").write_bytes(archive_of(ROWS))
    machine = "/"
    if "control group" in fault:
        machine = os.getcwd()
        for path, text in {"proc/meminfo": "MemAvailable: 8000000 kB", "proc/self/cgroup": "0::/a",
                           "sys/fs/cgroup/a/memory.max": str(3 * 2**20)}.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text)
    ended = call(*shlex.split(line), limits=limits, machine=machine, powerless="threads" in fault)
    assert_refused(ended, 1, pattern)


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "a backend of a notebook, a hostile matplotlibrc, any hash seed": {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline", "MATPLOTLIBRC": "hostile", "PYTHONHASHSEED": "7"},
    "a backend without a display, a matplotlibrc that is not UTF-8, warnings that are errors": {
        "MPLBACKEND": "TkAgg", "DISPLAY": "", "MATPLOTLIBRC": "broken", "PYTHONWARNINGS": "error"},
    "a bogus backend, no home that can be written, ASCII, threads in BLAS": {
        "MPLBACKEND": "bogus", "HOME": "/dev/null", "MPLCONFIGDIR": "/dev/null", "LC_ALL": "C", "PYTHONUTF8": "0",
        "PYTHONOPTIMIZE": "1", "OPENBLAS_NUM_THREADS": "64", "OMP_NUM_THREADS": "64"},
}
"""A fresh interpreter each, for matplotlib and NumPy read these when they are imported."""


@pytest.fixture(scope="module")
def plain_figure(call: Program, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("plain")
    assert call(*shlex.split(PICTURE), "-q", "-o", "a.svg", cwd=folder).code == 0
    return (folder / "a.svg").read_bytes()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_changes_no_byte(name: str, plain_figure: bytes) -> None:
    hostile = b"text.usetex: True\nfont.size: 90\nsavefig.bbox: tight\nno.such.key: 1\n"
    for folder, content in (("hostile", hostile), ("broken", b"\xff\xfe:")):
        os.mkdir(folder)
        Path(folder, "matplotlibrc").write_bytes(content)
    ended = finished([sys.executable, "-m", "actprof", *shlex.split(PICTURE), "-q", "-o", "a.svg"],
                     env=os.environ | ENVIRONMENTS[name])
    assert (ended.returncode, ended.stderr) == (0, "")
    assert Path("a.svg").read_bytes() == plain_figure


def test_files_of_the_current_folder_are_never_imported() -> None:
    for module in ("signal", "socket", "math", "types", "numpy", "click"):
        Path(f"{module}.py").write_text(f"open('executed-{module}', 'w')")
    script = Path(sys.executable).with_name("actprof")
    ended = finished([script, *shlex.split(BASE["sweep"]), "--workers", "2", "--no-figure", "-q"])
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not [name for name in os.listdir() if name.startswith("executed")]


def test_without_a_display_showing_is_a_note(call: Program) -> None:
    ended = call(*shlex.split(PICTURE), "--show", "-o", "a.svg", env={"DISPLAY": None, "WAYLAND_DISPLAY": None})
    assert ended.code == 0
    assert re.search("note: .*display", ended.err)


def test_the_figure_is_the_same_whatever_standard_output_gets(call: Program) -> None:
    line = "histogram --layers 1 --width 5 --init 0.931 --act relu6 --batch-size 10 --bins 2 --dtype float64"
    names = [f"{form}.svg" for form in ("table", "json", "csv")]
    for name in names:
        assert call(*shlex.split(line), "-q", "--format", Path(name).stem, "-o", name).code == 0
    assert len({Path(name).read_bytes() for name in names}) == 1


def test_options_in_vain_are_named(call: Program) -> None:
    for line, note in (("histogram --explain --init xaver --act nope", "--init and --act mean nothing to --explain"),
                       (f"{BASE['train']} --summary --lr 1 --repeats 2 --no-figure",
                        "--iterations and --lr and --repeats mean nothing to --summary"),
                       (f"{BASE['bounds']} --no-figure --log", "--log means nothing without a figure"),
                       ("gain --all --q0 2", "--q0 means nothing to --all without --sigma-w, --sigma-b or a figure")):
        ended = call(*shlex.split(line))
        assert ended.code == 0
        assert set(note.split()) == set(ended.err.splitlines()[0].removeprefix("note: ").split())
