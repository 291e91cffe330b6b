"""Output files: refused before the work if they cannot be written, replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from actprof.errors import OutputError, SpecError, shown

STDOUT = "-"


@dataclass(frozen=True)
class Target:
    """Where a figure goes: a path whose suffix is one of the known formats, or `-` for standard output (PNG)."""

    path: str
    format: str

    def write(self, content: bytes) -> None:
        """Write all of it or leave what was there; raises OutputError."""
        if self.path == STDOUT:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        try:
            with atomic_open(self.path) as file:
                file.write(content)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"{shown(self.path, 300)} cannot be written: {error.strerror or error}.") from None


def targets(paths: Sequence[str], formats: Sequence[str], no_clobber: bool = False) -> list[Target]:
    """Check every path before the work begins. Raises SpecError for a bad request, OutputError for a bad place."""
    checked = [_target(path, formats) for path in paths]
    real = [os.path.realpath(target.path) for target in checked if target.path != STDOUT]
    for path in {path for path in real if real.count(path) > 1}:
        raise SpecError(f"--output names {shown(path, 300)} twice. Name each file once.")
    for target in checked:
        _check_place(target.path, no_clobber)
    return checked


def _target(path: str, formats: Sequence[str]) -> Target:
    if not path:
        raise SpecError("--output is empty. Name a file, such as figure.png.")
    if path == STDOUT:
        if sys.stdout.isatty():
            raise SpecError("--output - writes a picture, and standard output is a terminal. Use | or > to send it on.")
        return Target(path, formats[0])
    suffix = os.path.splitext(path)[1].lstrip(".").casefold()
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        return Target(path, suffix if suffix in formats else formats[0])
    if suffix not in formats:
        what = f"suffix '.{suffix}' of {shown(path)} is unknown" if suffix else f"{shown(path)} has no suffix"
        raise SpecError(f"--output: {what}. Use {', '.join('.' + name for name in formats)}.")
    return Target(path, suffix)


def _check_place(path: str, no_clobber: bool) -> None:
    if path == STDOUT:
        return
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise SpecError(f"--output {shown(path, 300)} is a folder. Name a file in it.")
    if not os.path.isdir(folder):
        raise SpecError(f"--output: the folder {shown(folder, 300)} does not exist. Make it first: mkdir -p {folder}")
    if no_clobber and os.path.lexists(path):
        raise OutputError(f"{shown(path, 300)} exists, and --no-clobber keeps it.")
    writable = os.access(folder, os.W_OK | os.X_OK) if _is_regular(path) else os.access(path, os.W_OK)
    if not writable:
        raise OutputError(f"{shown(path, 300)} cannot be written: permission denied. Choose another --output.")


def _is_regular(path: str) -> bool:
    """Whether the path is, or would become, an ordinary file."""
    return not os.path.exists(path) or os.path.isfile(path)


@contextlib.contextmanager
def atomic_open(path: str) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` on success and leaves nothing on failure.

    Links are followed, modes kept; devices and pipes are written directly.
    """
    real = os.path.realpath(path)
    if not _is_regular(real):
        with open(real, "wb") as file:
            yield file
        return
    descriptor, temporary = tempfile.mkstemp(prefix=".actprof-", suffix=".tmp", dir=os.path.dirname(real))
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(real))
        os.replace(temporary, real)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(path: str) -> int:
    """The mode of the file that is replaced; that of a new file follows the umask."""
    with contextlib.suppress(FileNotFoundError):
        return stat.S_IMODE(os.stat(path).st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
