"""Work on several processes and several machines: whose fault it may be, what arrives, and what is left behind."""

import io
import os
import signal
import sys
import time
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from subprocess import PIPE

import pytest

import actprof
from actprof.errors import ActprofError, SpecError
from actprof.machine import cores
from actprof.program import main
from actprof.workers import ProcessPool, map_unordered, processes
from tests.children import PATIENCE, started


def by_processes(work, items, workers=2):
    with processes(workers) as pool:
        return list(map_unordered(work, items, pool))


def _slowly(seconds):
    time.sleep(seconds)
    return os.getpid(), seconds


def _refusing(number):
    if number == 2:
        raise SpecError("two is refused.")
    return number


def _dying(number):
    os._exit(number)


class _Unportable(Exception):
    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


def _unportable(number):
    raise _Unportable(number, number)


def _endless(folder):
    (Path(folder) / str(os.getpid())).touch()
    while True:
        time.sleep(1)


def _threads(_):
    return cores()


@pytest.mark.slow
def test_processes_share_the_work_and_every_result_knows_its_place():
    found = by_processes(_slowly, [0.3, 0.0, 0.2, 0.1])
    assert sorted(place for place, _ in found) == [0, 1, 2, 3]
    assert all([0.3, 0.0, 0.2, 0.1][place] == seconds for place, (_, seconds) in found)
    assert len({process for _, (process, _) in found} - {os.getpid()}) == 2


@pytest.mark.slow
def test_workers_share_the_cores():
    assert {threads for _, threads in by_processes(_threads, [0] * cores(), cores())} == {1}


@pytest.mark.slow
def test_the_pool_is_an_executor_like_any_other():
    with ProcessPool(2) as pool:
        assert [seconds for _, seconds in pool.map(_slowly, [0.1, 0.0, 0.2])] == [0.1, 0.0, 0.2]
        last = pool.submit(_slowly, 0.1)
    assert last.result(0)[1] == 0.1


@pytest.mark.slow
def test_an_error_of_a_worker_is_raised_as_it_is_and_a_worker_that_dies_is_told():
    with pytest.raises(SpecError, match=r"two is refused\."):
        by_processes(_refusing, [1, 2, 3])
    with pytest.raises(RuntimeError, match="_Unportable: 1 and 1"):
        by_processes(_unportable, [1, 1])
    with pytest.raises(ActprofError, match="a worker process ended early"):
        by_processes(_dying, [1, 2])


@pytest.mark.slow
def test_work_that_a_worker_cannot_take_is_told_too():
    with pytest.raises(ActprofError, match="a worker process ended early"):
        by_processes(_Gone(), [1, 2, 3, 4])


@pytest.mark.slow
def test_a_worker_that_dies_before_it_has_heard_anything_is_told_too(monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")
    monkeypatch.setattr(sys, "path", [f"{far:0300}" for far in range(1000)])  # more than a pipe holds
    with pytest.raises(ActprofError, match="a worker process ended early"):
        by_processes(_threads, [1, 2, 3])


class _Gone:
    """Does not arrive: the worker dies before it takes its first item."""

    def __reduce__(self):
        return os._exit, (3,)


@pytest.mark.slow
def test_no_worker_is_left_when_the_work_is_done_or_given_up():
    workers = [process for _, (process, _) in by_processes(_slowly, [0.0, 0.0, 0.0])]
    with processes(2) as pool:
        workers += [next(map_unordered(_slowly, [0.0, 30.0, 30.0], pool))[1][0]]
    for process in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


SCRIPT = """
import sys
from tests.test_workers import _endless, by_processes
from actprof.cli import signals
with signals.handle_signals():
    try:
        signals.in_thread(lambda: by_processes(_endless, [sys.argv[1]] * 2))
    except signals.Signalled as error:
        signals.end_by(error.number)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_parent(number, tmp_path):
    with started([sys.executable, "-c", SCRIPT, str(tmp_path)], stderr=PIPE,
                 cwd=Path(__file__).parent.parent) as process:
        _until(lambda: len(list(tmp_path.iterdir())) == 2)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
        assert said == ""
        assert process.returncode == -number
        _until(lambda: not any(_alive(worker.name) for worker in tmp_path.iterdir()))


def _until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


PROGRAM = [sys.executable, "-m", "actprof"]
DASK = [sys.executable, "-m", "dask"]
SWEEP = ["sweep", "--over", "gain=1:2:12", "--over", "layers=2,3", "--width", "10", "--batch-size", "20", "--json",
         "--no-figure"]


@pytest.fixture
def cluster(tmp_path):
    """(address, scheduler, [worker, worker]) of a cluster on this machine."""
    pytest.importorskip("distributed")
    where = {"cwd": tmp_path, "stdout": PIPE, "stderr": PIPE}
    with ExitStack() as stack:
        scheduler = stack.enter_context(started([*DASK, "scheduler", "--host", "127.0.0.1", "--port", "0",
                                                 "--no-dashboard", "--no-show"], **where))
        address = _told(scheduler, "Scheduler at:")
        workers = [stack.enter_context(started([*DASK, "worker", address, "--nthreads", "1", "--no-nanny",
                                                "--no-dashboard"], **where)) for _ in range(2)]
        for worker in workers:
            _told(worker, "Registered to:")
        yield address, scheduler, workers


def _told(process, words):
    """What a process logs behind some words."""
    return next(line for line in process.stderr if words in line).split(words)[1].strip()


def _begun(file):
    """Wait until a cell is finished."""
    _until(lambda: file.exists() and b"\n" in file.read_bytes())


@pytest.fixture
def alone():
    """What one core prints."""
    with pytest.raises(SystemExit), redirect_stdout(io.StringIO()) as out:
        main([*SWEEP, "--workers", "1"])
    return out.getvalue()


@pytest.mark.slow
def test_a_cluster_prints_what_one_core_prints_as_long_as_there_is_one(cluster, alone, tmp_path, capsys):
    address, scheduler, workers = cluster
    same_networks(address)
    same_cells_though_a_worker_is_killed(address, workers[0], alone, tmp_path / "killed.jsonl")
    ctrl_c_cancels(address, tmp_path / "cells.jsonl")
    what_was_finished_is_kept(address, scheduler, alone, tmp_path / "cells.jsonl", capsys)


def same_networks(address):
    asked = {"init": ["he", "lsuv"], "repeats": 3, "layers": 2, "width": 10, "batch_size": 20}
    assert actprof.histogram(**asked, scheduler=address).to_json() == actprof.histogram(**asked).to_json()


def same_cells_though_a_worker_is_killed(address, worker, alone, file):
    with started([*PROGRAM, *SWEEP, "--scheduler", address, "--resume", file], stdout=PIPE, stderr=PIPE) as process:
        _begun(file)
        worker.kill()
        out, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, f"note: 0 of 24 cells from '{file}'\n")
    assert out == alone


def ctrl_c_cancels(address, file):
    import distributed

    with started([*PROGRAM, *SWEEP, "--scheduler", address, "--resume", file], stdout=PIPE, stderr=PIPE) as process:
        _begun(file)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("", "Interrupted.\n")
    assert process.returncode == -signal.SIGINT
    with distributed.Client(address, set_as_default=False) as client:
        _until(lambda: client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0)


def what_was_finished_is_kept(address, scheduler, alone, file, capsys):
    kept = file.read_bytes()
    with started([*PROGRAM, *SWEEP, "--scheduler", address, "--resume", file], stdout=PIPE, stderr=PIPE) as process:
        _until(lambda: len(file.read_bytes()) > len(kept))
        scheduler.kill()
        out, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert said.startswith(f"Error: the scheduler '{address}' was lost.")
    assert len(said.splitlines()) == 1
    assert file.read_bytes().startswith(kept)

    finished_cells = len(file.read_bytes().splitlines())
    assert 2 <= finished_cells < 24
    with pytest.raises(SystemExit):
        main([*SWEEP, "--workers", "1", "--resume", str(file)])
    assert capsys.readouterr() == (alone, f"note: {finished_cells} of 24 cells from '{file}'\n")
