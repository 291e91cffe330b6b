"""What the machine has to give."""

from __future__ import annotations

import os
from collections.abc import Iterator

_LIMITS = (("sys/fs/cgroup", "memory.max"), ("sys/fs/cgroup/memory", "memory.limit_in_bytes"))
"""Mount point and limit file of control groups, version 2 and version 1."""


def available_memory(root: str = "/") -> int | None:
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


def _system(root: str) -> Iterator[int]:
    for line in _lines(root, "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _control_groups(root: str) -> Iterator[int]:
    """The limits of this process's groups and of the groups around them."""
    groups = {""}
    for line in _lines(root, "proc/self/cgroup"):
        group = line.split(":", 2)[-1].strip("/")
        while group:
            groups.add(group)
            group = os.path.dirname(group)
    for mount, name in _LIMITS:
        for group in groups:
            yield from (int(line) for line in _lines(root, mount, group, name) if line.isdecimal())


def _lines(*path: str) -> list[str]:
    try:
        with open(os.path.join(*path), encoding="utf-8") as file:
            return file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
