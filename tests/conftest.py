"""What every test relies on, wherever it is started.

The engine's threads are the only ones, as in the program, set before NumPy is first imported. Files lie in a folder of
this session alone, which goes with it. Hypothesis tries the same examples everywhere.
"""

import gc
import shutil
import signal
import tempfile

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from actprof.machine import one_blas_thread

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
