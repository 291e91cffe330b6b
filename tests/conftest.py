"""What every test relies on, wherever it is started: the engine's threads are the only ones, as in the program, set
before NumPy is first imported; and Hypothesis tries the same examples everywhere and keeps nothing."""

import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from actprof.machine import one_blas_thread

one_blas_thread()
settings.register_profile("steady", database=None, deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _no_files_of_hypothesis() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        set_hypothesis_home_dir(folder)
        yield
