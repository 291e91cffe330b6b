"""The demo scripts: each tells its story under sh, and the numbers that it names are those of its own runs."""

import json
import os
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.children import finished

pytestmark = pytest.mark.slow
SCRIPTS = Path(__file__).parent.parent / "scripts"
STORIES = sorted(path.stem for path in SCRIPTS.glob("*.sh") if "/demo.sh" in path.read_text())


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program of this interpreter, wherever the tests are started."""
    path = tmp_path / "actprof"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m actprof "$@"\n')
    path.chmod(0o755)
    return path


def tell(story: str, program: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    return finished(["sh", SCRIPTS / f"{story}.sh", *arguments], cwd=program.parent,
                    env=os.environ | {"ACTPROF": str(program), "LC_ALL": "C.UTF-8"} | environment)


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_true_of_small_networks_too(story: str, program: Path) -> None:
    told = tell(story, program, "out of it", DEMO_SIZE="small")
    assert told.returncode == 0, told.stderr
    steps, seen = told.stdout.count("\n→ "), told.stdout.count("\n✓ ")
    assert 1 <= steps <= seen
    numbers = sorted((program.parent / "out of it").glob("*.json"))
    assert len(numbers) == steps
    assert all(json.loads(path.read_text())["schema"].startswith("actprof.") for path in numbers)


def test_a_lecture_has_tables_figures_and_pauses(program: Path) -> None:
    told = tell("framework-defaults", program, "--interactive")
    assert told.returncode == 0, told.stderr
    assert "verdict" in told.stdout
    assert "[Enter]" in told.stdout
    folder = program.parent / "demo-out"
    assert {path.suffix for path in folder.iterdir()} == {".png", ".json"}


def test_a_story_that_the_run_does_not_show_ends_with_an_error(program: Path) -> None:
    wrong = program.parent / "wrong.sh"
    text = (SCRIPTS / "framework-defaults.sh").read_text()
    wrong.write_text(text.replace('$(dirname "$0")', str(SCRIPTS)).replace("B.std[0] / 3**0.5", "B.std[0]"))
    told = finished(["sh", wrong], cwd=program.parent, env=os.environ | {"ACTPROF": str(program), "DEMO_SIZE": "small"})
    assert told.returncode == 1
    assert "does not show this" in told.stderr


def test_all_demos_are_all() -> None:
    text = (SCRIPTS / "all-demos.sh").read_text()
    named = text.partition("for demo in")[2].partition(";")[0].replace("\\", " ").split()
    assert sorted(named) == STORIES


def test_an_unknown_option_is_a_bad_request(program: Path) -> None:
    told = tell("symmetry", program, "--fast")
    assert told.returncode == 2
    assert told.stderr.startswith("Usage: ")
