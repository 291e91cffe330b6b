"""Output files: refused before the work if they cannot be written, replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from actprof.errors import OutputError, SpecError, quoted

STDOUT = "-"


@dataclass(frozen=True)
class Target:
    """Where a figure goes: a path whose suffix is one of the known formats, or `-` for standard output (PNG)."""

    path: str
    format: str
    option: str = "--output"
    no_clobber: bool = False

    def write(self, content: bytes) -> None:
        """Write all of it or leave what was there; raises OutputError."""
        if self.path == STDOUT:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        try:
            with atomic_open(self.path, self.no_clobber) as file:
                file.write(content)
        except FileExistsError:
            raise _kept(self) from None
        except OSError as error:
            raise self.unwritable(error) from None

    def unwritable(self, error: OSError) -> OutputError:
        """What to say of an error that the system gave."""
        reason = str(error.strerror or error)
        return OutputError(f"{quoted(self.path, 300)} cannot be written: {reason[:1].lower()}{reason[1:]}. "
                           f"Choose another {self.option}.")


def targets(paths: Sequence[str], formats: Sequence[str], no_clobber: bool = False,
            option: str = Target.option) -> list[Target]:
    """Check every path of an option before the work begins.

    Raises SpecError for a bad request, OutputError for a bad place.
    """
    checked = [Target(*_place(path, formats, option), option, no_clobber) for path in paths]
    first: dict[str, str] = {}
    for target in checked:
        real = target.path if target.path == STDOUT else _real(target.path)
        if real in first:
            both = " and ".join(dict.fromkeys(quoted(path, 300) for path in (first[real], target.path)))
            raise SpecError(f"{option} names the same file twice: {both}. Name each file once.")
        first[real] = target.path
    for target in checked:
        if target.path != STDOUT:
            check_place(target)
    return checked


def refuse_inputs(checked: Sequence[Target], inputs: Sequence[str]) -> None:
    """Raise SpecError where a target is one of the files that are read, or lies in a folder of them, by any path."""
    read = {os.path.realpath(os.path.join(path, name)) for path in inputs
            for name in (os.listdir(path) if os.path.isdir(path) else [""])}
    for target in checked:
        if target.path != STDOUT and _real(target.path) in read:
            raise SpecError(f"{target.option} {quoted(target.path, 300)} is a file that is read. Choose another.")


def _place(path: str, formats: Sequence[str], option: str) -> tuple[str, str]:
    """The path and its format."""
    if not path:
        raise SpecError(f"{option} is empty. Name a file, such as figure.{formats[0]}.")
    if path in (STDOUT, "/dev/stdout"):
        if sys.stdout is not None and sys.stdout.isatty():
            raise SpecError(f"{option} - writes a picture, and standard output is a terminal. "
                            "Use | or > to send it on.")
        return STDOUT, formats[0]
    if os.path.isdir(path) or path.endswith(os.sep):
        raise SpecError(f"{option} {quoted(path, 300)} is a folder. Name a file in it.")
    suffix = os.path.splitext(path)[1].lstrip(".").casefold()
    if suffix in formats:
        return path, suffix
    if os.path.exists(path) and not os.path.isfile(path):  # /dev/null, a FIFO
        return path, formats[0]
    what = f"the suffix of {quoted(path, 300)} is unknown" if suffix else f"{quoted(path, 300)} has no suffix"
    raise SpecError(f"{option}: {what}. Use {', '.join('.' + name for name in formats)}.")


def _real(path: str) -> str:
    """Where a path leads when every link is followed."""
    try:
        return os.path.realpath(path)
    except FileNotFoundError:
        raise OutputError(f"{quoted(path, 300)} has no place: the current folder is gone. Change to another.") from None


def check_place(target: Target) -> None:
    """Raise SpecError or OutputError where nothing could be written."""
    path = target.path
    folder = os.path.dirname(path) or os.curdir
    if not os.path.exists(folder):
        raise SpecError(f"{target.option}: the folder {quoted(folder, 300)} does not exist. "
                        f"Make it first: {quoted('mkdir -p ' + shlex.quote(folder), 300)}.")
    if target.no_clobber and os.path.lexists(path):
        raise _kept(target)
    real = _real(path)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.stat(path)  # a name too long, a circle of links, a file where a folder should be
        places = [os.path.dirname(real) if _is_regular(path) else path, *([real] if os.path.exists(real) else [])]
        if not all(os.access(place, os.W_OK) for place in places):
            raise PermissionError(None, "permission denied")
    except OSError as error:
        raise target.unwritable(error) from None


def _kept(target: Target) -> OutputError:
    return OutputError(f"{quoted(target.path, 300)} exists, and --no-clobber keeps it. Choose another {target.option}.")


def _is_regular(path: str) -> bool:
    """Whether the path is, or would become, an ordinary file."""
    return not os.path.exists(path) or os.path.isfile(path)


@contextlib.contextmanager
def atomic_open(path: str, no_clobber: bool = False) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` on success and leaves nothing on failure.

    Links are followed, modes kept; devices and pipes are written directly. With `no_clobber` what has appeared at
    `path` in the meantime stays, and FileExistsError is raised.
    """
    if not _is_regular(path):
        with open(path, "wb") as file:
            yield file
        return
    real = path if no_clobber else os.path.realpath(path)
    # Named before it is made, so that a signal at any moment finds the clean-up in charge of it.
    temporary = os.path.join(os.path.dirname(real), f".actprof-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if no_clobber:
            _take_free_name(temporary, real)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(os.stat(real).st_mode))
            os.replace(temporary, real)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _take_free_name(temporary: str, path: str) -> None:
    """Rename a file, or raise FileExistsError where os.replace would replace what is there."""
    try:
        os.link(temporary, path)
        os.unlink(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        open(path, "xb").close()
        os.replace(temporary, path)
