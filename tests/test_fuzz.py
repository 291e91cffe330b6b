"""Some random requests, the same every time; `scripts/fuzz.py` makes as many as one has time for."""

import sys
from pathlib import Path

import pytest

from tests.children import finished

FUZZER = Path(__file__).parent.parent / "scripts" / "fuzz.py"


@pytest.mark.slow
def test_random_requests_get_what_the_fuzzer_asks_for() -> None:
    ended = finished([sys.executable, FUZZER, "--seed", "0", "--requests", "25"])
    assert ended.returncode == 0, ended.stdout + ended.stderr
