"""The demo scripts: each tells its story under sh, and the numbers that it names are those of its own runs."""

import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.children import finished
from tests.forked import Program

pytestmark = pytest.mark.slow
SCRIPTS = Path(__file__).parent.parent / "scripts"
STORIES = sorted(path.stem for path in SCRIPTS.glob("*.sh") if "/demo.sh" in path.read_text())


# Puts its arguments to the warm program behind a socket, and ends as that does.
CLIENT = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as warm:
    warm.connect(sys.argv[1])
    with warm.makefile("rw", encoding="utf-8") as both:
        print(json.dumps([os.getcwd(), *sys.argv[2:]]), file=both, flush=True)
        code, out, err = json.loads(both.readline())
for stream, text in ((sys.stdout, out), (sys.stderr, err)):
    stream.buffer.write(text.encode("utf-8"))
    stream.flush()
sys.exit(code)
"""


@pytest.fixture(scope="module")
def warm(call: Program) -> Iterator[str]:
    """The address of the program of this interpreter, wherever the tests are started."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(address := f"{folder}/warm")  # a short path, as sockets need
        server.listen()
        thread = threading.Thread(target=serve, args=(server, call))
        thread.start()
        yield address
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def serve(server: socket.socket, call: Program) -> None:
    """Answer one client after the other until nobody can come any more."""
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as both:
                folder, *argv = json.loads(both.readline())
                ended = call(*argv, cwd=folder)
                print(json.dumps([ended.code, ended.out.decode(), ended.err]), file=both, flush=True)


@pytest.fixture
def program(tmp_path: Path, warm: str) -> Path:
    path = tmp_path / "actprof"
    (tmp_path / "client.py").write_text(CLIENT)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{tmp_path}/client.py" "{warm}" "$@"\n')
    path.chmod(0o755)
    return path


def tell(path: Path, program: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return finished(["sh", path, *arguments], cwd=program.parent,
                    env=os.environ | {"ACTPROF": str(program), "LC_ALL": "C.UTF-8", "PATH": here} | environment)


def lectured(text: str, program: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    """That of a script's text."""
    (program.parent / "lecture.sh").write_text(text)
    return tell(program.parent / "lecture.sh", program, *arguments, **environment)


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_true_of_small_networks_too(story: str, program: Path) -> None:
    told = tell(SCRIPTS / f"{story}.sh", program, "out of it", DEMO_SIZE="small")
    assert told.returncode == 0, told.stderr
    steps, seen = told.stdout.count("\n→ "), told.stdout.count("\n✓ ")
    assert 1 <= steps <= seen
    numbers = sorted((program.parent / "out of it").glob("*.json"))
    assert len(numbers) == steps
    assert all(json.loads(path.read_text())["schema"].startswith("actprof.") for path in numbers)


LECTURE = f""". "{SCRIPTS}/demo.sh"
title "A lecture"
step first "Look." histogram --layers 2 --width 8
seen "Layer 1 has std {{A.layers[0].activation.std:.2g}}." "A.layers[0].layer == 1"
step second "And here." gain relu
seen "E φ² = {{A.e_phi2:.1f}}." "abs(A.e_phi2 - 0.5) < 1e-9"
"""


def test_a_lecture_has_tables_figures_and_pauses(program: Path) -> None:
    told = lectured(LECTURE, program, "--interactive")
    assert told.returncode == 0, told.stderr
    assert "verdict" in told.stdout
    assert "[Enter]" in told.stdout
    assert told.stdout.endswith("✓ E φ² = 0.5.\n")
    folder = program.parent / "demo-out"
    assert {path.name for path in folder.iterdir()} == {
        f"{step}.{suffix}" for step in ("first", "second") for suffix in ("png", "json")}


def test_a_story_that_the_run_does_not_show_ends_with_an_error(program: Path) -> None:
    told = lectured(LECTURE.replace("layer == 1", "layer == 2"), program, DEMO_SIZE="small")
    assert told.returncode == 1
    assert "does not show this" in told.stderr
    assert "✓" not in told.stdout


def test_all_demos_are_all() -> None:
    text = (SCRIPTS / "all-demos.sh").read_text()
    named = text.partition("for demo in")[2].partition(";")[0].replace("\\", " ").split()
    assert sorted(named) == STORIES


def test_an_unknown_option_is_a_bad_request(program: Path) -> None:
    told = tell(SCRIPTS / "symmetry.sh", program, "--fast")
    assert told.returncode == 2
    assert told.stderr.startswith("Usage: ")
