"""The program as a process: what it loads, how it ends, and what its streams get."""

import json
import os
import re
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess
from typing import Any

import pytest

from tests.children import PATIENCE, finished, started

pytestmark = pytest.mark.slow
PROGRAM = [sys.executable, "-m", "actprof"]
SMALL = ["histogram", "--layers", "2", "--width", "8", "--batch-size", "50"]
PICTURE = ["bounds", "--scheme", "he_uniform", "--fan-in", "3", "--samples", "10", "--dpi", "30"]
ENDLESS = ["histogram", "--width", "300", "--batches", "1000000", "--no-figure"]

LOADED = """
import json, sys
from actprof.program import main
try:
    main(json.loads(sys.argv[1]))
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""

AT_WORK = """
import sys, threading
calls = iter(range(500_000))
def counted(frame, event, argument):
    if next(calls, None) is None:
        sys.setprofile(None)
        open("at work", "w").close()
threading.setprofile(counted)
from actprof.program import main
main(sys.argv[1:])
"""
"""The program, which says by a file that its working thread has made 500,000 calls: on any machine it is at work."""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, code: str = "", **options: Any) -> CompletedProcess[str]:
    return finished([*([sys.executable, "-c", code] if code else PROGRAM), *arguments], **options)


def loaded(*arguments: str) -> set[str]:
    """Top-level modules in memory when the program has ended with 0."""
    done = run(json.dumps(arguments), code=LOADED)
    code, names = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(names)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("histogram", "-h"), ("list", "--help")])
def test_help_and_version_load_click_alone(arguments: tuple[str, ...]) -> None:
    assert not loaded(*arguments) & {"numpy", "rich", "matplotlib", "PIL"}


def test_completion_loads_click_alone() -> None:
    environment = os.environ | {"_ACTPROF_COMPLETE": "bash_complete", "COMP_WORDS": "actprof histogram --them",
                                "COMP_CWORD": "2"}
    done = run(code="import sys; from actprof.program import main\ntry: main([])\n"
                    "finally: print('numpy' in sys.modules, 'rich' in sys.modules)", env=environment)
    assert done.stdout.split() == ["plain,--theme", "False", "False"]


def test_a_table_without_a_figure_never_loads_matplotlib() -> None:
    modules = loaded(*SMALL, "--no-figure")
    assert "numpy" in modules
    assert "matplotlib" not in modules


def test_json_loads_no_tables() -> None:
    assert not loaded(*SMALL, "--no-figure", "--json") & {"rich", "matplotlib"}


def test_the_table_is_out_before_matplotlib_is_loaded() -> None:
    code = ("import sys, os\nclass Refuse:\n    def find_spec(self, name, path=None, target=None):\n"
            "        if name == 'matplotlib': os._exit(77)\n"
            "sys.meta_path.insert(0, Refuse())\nfrom actprof.program import main\nmain(sys.argv[1:])")
    done = run(*SMALL, "-o", "a.png", code=code)
    assert done.returncode == 77
    assert done.stdout.startswith("he / relu: W ~ N(0, 2/n)")
    assert "\ntotal " in done.stdout


def test_without_matplotlib_the_table_still_comes_and_the_figure_is_named() -> None:
    done = run(*SMALL, "-o", "a.png", code="import sys; sys.modules['matplotlib'] = None\n"
                                           "from actprof.program import main; main(sys.argv[1:])")
    assert done.returncode == 1
    assert "\ntotal " in done.stdout
    assert done.stderr.startswith("Error: matplotlib cannot be loaded, so there is no figure: ")
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir() == []


def test_the_program_has_one_behaviour_under_both_names() -> None:
    script = Path(sys.executable).with_name("actprof")
    as_module = run("histogrm")
    as_script = finished([script, "histogrm"])
    for done in (as_module, as_script):
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "Error: unknown command 'histogrm'. Did you mean 'histogram'?\n"


def test_a_figure_for_a_pipe_is_all_that_a_pipe_gets_and_pyplot_has_no_part_in_it() -> None:
    done = run(*PICTURE, "-o", "-", encoding=None, code="import sys; sys.modules['matplotlib.pyplot'] = None\n"
                                                        "from actprof.program import main; main(sys.argv[1:])")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\x89PNG\r\n")
    assert done.stdout.endswith(b"IEND\xaeB`\x82")


def test_json_comes_through_a_stream_that_only_knows_ascii() -> None:
    done = run("list", "--json", env=os.environ | {"PYTHONIOENCODING": "ascii:strict"})
    assert done.returncode == 0
    assert "²" in json.loads(done.stdout)["initializers"][3]["formula"]


def interrupted(number: int, *arguments: str, shell: tuple[str, ...] = ()) -> CompletedProcess[str]:
    """What the program, and the shell around it, say when they get the signal in the midst of the work."""
    command = [*shell, sys.executable, "-c", AT_WORK, *arguments]
    with started(command, stdout=PIPE, stderr=PIPE) as process:
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists("at work"):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=PATIENCE)
    os.remove("at work")
    return CompletedProcess(command, process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_work_is_answered_at_once_and_ends_the_process(number: int) -> None:
    done = interrupted(number, *ENDLESS)
    assert (done.returncode, done.stdout, done.stderr) == (-number, "", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_ctrl_c_stops_a_loop_of_the_shell_too() -> None:
    done = interrupted(signal.SIGINT, *ENDLESS, shell=("bash", "-c", 'while :; do "$@"; echo next; done', "loop"))
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "Interrupted.\n")


def test_an_interrupted_training_shows_what_was_learned_and_still_ends_by_the_signal() -> None:
    done = interrupted(signal.SIGINT, "train", "--data", "blobs", "--iterations", "1000000", "--init", "he", "-o",
                       "a.png", "--dpi", "30")
    assert done.returncode == -signal.SIGINT
    assert re.search(r"^he: interrupted\W+after [\d,]+ iterations", done.stdout, re.MULTILINE)
    assert done.stderr == "wrote a.png\nInterrupted.\n"
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_several_processes_that_write_one_file_leave_a_whole_one() -> None:
    with ExitStack() as stack:
        command = [*PROGRAM, *PICTURE, "--quiet", "-o", "a.png"]
        processes = [stack.enter_context(started(command, stdout=DEVNULL)) for _ in range(2)]
        assert [process.wait(PATIENCE) for process in processes] == [0, 0]
    content = Path("a.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert content.endswith(b"IEND\xaeB`\x82")
    assert os.listdir() == ["a.png"]
