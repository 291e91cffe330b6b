"""What every test relies on, wherever it is started.

The engine's threads are the only ones, as in the program, set before NumPy is first imported. Files lie in a folder of
this session alone, which goes with it. Hypothesis tries the same examples everywhere.
"""

import gc
import shlex
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from actprof.machine import one_blas_thread
from tests import forked

one_blas_thread()
gc.set_threshold(100_000, 50, 50)  # figures are many small objects, among which there is nothing to collect
settings.register_profile("steady", database=None, deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take a folder of this session's own, unless --basetemp or the process that deals out the tests gives one."""
    signal.signal(signal.SIGTERM, lambda number, frame: pytest.exit("terminated", 143))  # cleans up after itself
    if not config.option.basetemp:
        config.option.basetemp = folder = tempfile.mkdtemp(prefix="actprof-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    set_hypothesis_home_dir(f"{config.option.basetemp}/hypothesis")


def pytest_collection_finish() -> None:
    """What was imported stays: no collection of garbage need look at it again."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget at a module's end what its tests shared, such as gigabytes of figures."""
    yield
    shared = [each for each in vars(request.module).values()
              if hasattr(each, "cache_clear") and each.__module__.startswith("tests.")]
    for each in shared:
        each.cache_clear()
    if shared:
        gc.collect()


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
            tmp_path: Path) -> Callable[[str], tuple[object, str, str]]:
    """Runs a command line in an empty folder → (exit code, standard output, standard error)."""
    from actprof.program import main

    monkeypatch.chdir(tmp_path)

    def called(line: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(line))
        return ended.value.code, *capsys.readouterr()

    return called


@pytest.fixture(scope="session")
def call() -> Iterator[forked.Program]:
    """The program as real processes, of one warm interpreter for all."""
    with forked.program() as started:
        yield started
