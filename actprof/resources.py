"""What the machine has to give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_LIMITS = (("sys/fs/cgroup", "memory.max"), ("sys/fs/cgroup/memory", "memory.limit_in_bytes"))
"""Mount point and limit file of control groups, version 2 and version 1."""


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can still be had: what the system reports, or the control group's limit where that is lower.

    None where neither is known. `root` is the folder that holds `proc` and `sys`.
    """
    known = [*_system(root), *_control_groups(root)]
    return min(known) if known else None


def amount(size: float) -> str:
    """A number of bytes for people: `3.6 TiB`, `20 GiB`, `128 bytes`."""
    units = iter(("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"))
    unit = next(units)
    while size >= 1024 and (larger := next(units, "")):
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}" if size < 10 and unit != "bytes" else f"{size:,.0f} {unit}"


def _system(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _control_groups(root: Path) -> Iterator[int]:
    """The limits of this process's groups and of the groups around them."""
    own = [line.split(":", 2)[-1].strip("/") for line in _lines(root / "proc/self/cgroup")]
    for mount, name in _LIMITS:
        for group in {Path(), *(folder for path in own for folder in (Path(path), *Path(path).parents))}:
            yield from (int(line) for line in _lines(root / mount / group / name) if line.strip().isdecimal())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
