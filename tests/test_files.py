"""Output files: refused before the work, replaced whole or not at all."""

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from actprof.errors import ActprofError, OutputError, SpecError
from actprof.report.files import Target, atomic_open, targets

FORMATS = ("png", "svg", "pdf")


def refusal(*paths: str, no_clobber: bool = False) -> ActprofError:
    with pytest.raises(ActprofError) as caught:
        targets(paths, FORMATS, no_clobber)
    return caught.value


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("path", "message"), [
    ("", "--output is empty. Name a file, such as figure.png."),
    (".", "--output '.' is a folder. Name a file in it."),
    ("new/", "--output 'new/' is a folder. Name a file in it."),
    ("a", "--output: 'a' has no suffix. Use .png, .svg, .pdf."),
    (".png", "--output: '.png' has no suffix. Use .png, .svg, .pdf."),
    ("a.gif", "--output: the suffix of 'a.gif' is unknown. Use .png, .svg, .pdf."),
    ("a\x1b[31m.gif", r"--output: the suffix of 'a\x1b[31m.gif' is unknown. Use .png, .svg, .pdf."),
    ("no/a.png", "--output: the folder 'no' does not exist. Make it first: 'mkdir -p no'."),
])
def test_a_bad_path_is_a_bad_request(path: str, message: str) -> None:
    error = refusal(path)
    assert (str(error), error.exit_code) == (message, 2)
    assert os.listdir() == []


def test_the_same_file_twice_is_refused_also_through_a_link() -> None:
    os.symlink("a.png", "link.png")
    error = refusal("a.png", "b.svg", "link.png")
    assert str(error) == "--output names the same file twice: 'a.png' and 'link.png'. Name each file once."
    assert isinstance(error, SpecError)
    assert str(refusal("a.png", "a.png")) == "--output names the same file twice: 'a.png'. Name each file once."


def test_a_folder_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    os.rmdir(tmp_path / "gone")
    assert str(refusal("a.png")) == "'a.png' has no place: the current folder is gone. Change to another."


def test_no_clobber_keeps_whatever_is_there() -> None:
    for make in (Path("a.png").touch, lambda: os.symlink("nowhere", "b.png")):
        make()
    for path in ("a.png", "b.png"):
        error = refusal(path, no_clobber=True)
        assert str(error) == f"'{path}' exists, and --no-clobber keeps it. Choose another --output."
        assert isinstance(error, OutputError)
    assert targets(["c.png"], FORMATS, no_clobber=True) == [Target("c.png", "png", no_clobber=True)]


def test_a_place_that_cannot_be_written_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    os.symlink("loop.png", "loop.png")
    Path("file").touch()
    long = "n" * 252 + ".png"
    for path, reason in (("loop.png", os.strerror(40 if sys.platform == "linux" else 62)),
                         ("file/a.png", "not a directory"), (long, "file name too long")):
        error = refusal(path)
        assert str(error).lower() == f"'{path}' cannot be written: {reason}. choose another --output.".lower()
        assert error.exit_code == 1
    # The superuser may write everywhere, so it is the system's answer that is replaced here.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert str(refusal("a.png")) == "'a.png' cannot be written: permission denied. Choose another --output."


def test_a_write_protected_figure_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.png").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: os.path.isdir(path))  # the superuser may write everywhere
    assert str(refusal("a.png")) == "'a.png' cannot be written: permission denied. Choose another --output."


@pytest.mark.parametrize("name", ["a b.png", "new\nline.png", "ünï.svg", "A.PNG", "inv\udcff.pdf", "n" * 251 + ".png",
                                  "-x.png"])
def test_any_name_that_the_system_takes_is_written(name: str) -> None:
    [target] = targets([name], FORMATS)
    target.write(b"content")
    assert Path(name).read_bytes() == b"content"
    assert os.listdir() == [name]


def test_whatever_interrupts_the_writing_leaves_the_old_file_and_nothing_else() -> None:
    Path("a.png").write_bytes(b"old")
    for failure in (KeyboardInterrupt, SystemExit, MemoryError, OSError):
        with pytest.raises(failure):
            _write_half("a.png", failure)
        assert Path("a.png").read_bytes() == b"old"
        assert os.listdir() == ["a.png"]


def _write_half(path: str, failure: type[BaseException]) -> None:
    with atomic_open(path) as file:
        file.write(b"half")
        raise failure


def test_a_disk_that_fills_up_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.png").write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as caught:
        Target("a.png", "png").write(b"new")
    assert str(caught.value) == "'a.png' cannot be written: no space left on device. Choose another --output."
    assert Path("a.png").read_bytes() == b"old"
    assert os.listdir() == ["a.png"]


def test_a_link_stays_a_link_and_a_mode_stays_as_it_was() -> None:
    Path("real.png").write_bytes(b"old")
    os.chmod("real.png", 0o640)
    os.symlink("real.png", "link.png")
    Target("link.png", "png").write(b"new")
    assert os.readlink("link.png") == "real.png"
    assert Path("real.png").read_bytes() == b"new"
    assert stat.S_IMODE(os.stat("real.png").st_mode) == 0o640


def test_a_new_file_follows_the_umask() -> None:
    before = os.umask(0o027)
    try:
        Target("a.png", "png").write(b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat("a.png").st_mode) == 0o640


def test_devices_and_pipes_are_written_directly_and_stay_what_they_are() -> None:
    [null] = targets(["/dev/null"], FORMATS)
    null.write(b"content")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.mkfifo("f.svg")
    [pipe] = targets(["f.svg"], FORMATS)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(Path("f.svg").read_bytes()))
    reader.start()
    pipe.write(b"content")
    reader.join(10)
    assert received == [b"content"]
    assert stat.S_ISFIFO(os.stat("f.svg").st_mode)
    assert pipe.format == "svg"
