"""Samples of lines with what they mean, below the strip of σ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actprof.report import key

SIZE = 14.0

Entry = tuple[str, Sequence[dict[str, Any]]]
"""What it means, and the looks of the lines drawn on each other that have it."""


class Legend(key.Key):
    """Entries from left to right."""

    def __init__(self, entries: Sequence[Entry], room: float) -> None:
        super().__init__([key.Entry(text, key.Strokes(looks)) for text, looks in entries], room, SIZE)
