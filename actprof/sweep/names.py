"""Names beside rows and below columns: wrapped, made smaller, or turned, so that each stays by its own cells."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from actprof.report.lettering import MIN_SIZE, fitting_size, line_height, printable, width, wrapped
from actprof.report.style import TICK

SIZES = (TICK, 15.0, 14.0, 13.0, 12.0, MIN_SIZE)
MAX_LINES, MAX_CUT_LINES = 4, 6  # of a label; where it must be cut within a word
MIN_CUT = 56.0  # pixels of a column with labels that are cut so
MAX_TURNED = 280.0  # pixels of a label that is turned
GAP = 8.0  # between neighbours


class Names(NamedTuple):
    """The labels of ticks; `step` is above 1 where only some have room, and `extent` the pixels they take."""

    texts: list[str]
    size: float
    extent: float
    step: int = 1
    turned: bool = False


def beside_rows(names: Sequence[str], room: float) -> tuple[float, float]:
    """(width, height of a plane that has room for them) of names left of a plane, at most `room` wide."""
    wide = min(max(width(name, TICK) for name in names), room)
    return wide, len(names) * (_most_lines(names, wide, MIN_SIZE) * line_height(MIN_SIZE) + 2)


def in_rows(names: Sequence[str], wide: float, height: float) -> Names:
    """Names for the rows of a plane of that height."""
    row = height / len(names)
    size = fitting_size(lambda size: _most_lines(names, wide, size) * line_height(size) + 2 <= row, SIZES)
    return Names(_joined(names, wide, size), size, wide)


def in_columns(names: Sequence[str], room: float) -> Names:
    """Names for the columns of a plane that is `room` pixels wide."""
    column = room / len(names)
    size = next(iter(_sizes_across(names, column - GAP)), None)
    if size is not None:
        most = _most_lines(names, column - GAP, size)
        return Names(_joined(names, column - GAP, size), size, most * line_height(size))
    size = fitting_size(lambda size: line_height(size) <= column, SIZES)
    texts = [shortened(printable(name), MAX_TURNED, size) for name in names]
    step = math.ceil(line_height(size) / column)
    return Names(texts, size, max(width(text, size) for text in texts), step, turned=True)


def shortened(text: str, room: float, size: float) -> str:
    """The text, or its beginning and its end."""
    kept = len(text)
    while kept > 4 and width(text, size) > room:
        kept -= 2
        text = f"{text[:kept // 2]}…{text[-(kept // 2 - 1):]}"
    return text


def _broken(name: str, room: float, size: float) -> list[str]:
    """Lines of at most `room` pixels, broken behind a mark of the grammar of names where there is one."""
    return wrapped(_pieces(name), room, size, joint="") or [""]


def _pieces(name: str) -> list[str]:
    return re.findall(r"[^ :,=/_]+[ :,=/_]*|[ :,=/_]+", printable(name))


def _joined(names: Sequence[str], room: float, size: float) -> list[str]:
    return ["\n".join(_broken(name, room, size)) for name in names]


def _sizes_across(names: Sequence[str], room: float) -> list[float]:
    """Sizes at which all have room as they are, the largest first; if there is none, where words must be cut."""
    return ([size for size in SIZES if all(width(piece, size) <= room for name in names for piece in _pieces(name))
             and _most_lines(names, room, size) <= MAX_LINES]
            or [size for size in SIZES if room >= MIN_CUT and _most_lines(names, room, size) <= MAX_CUT_LINES])


def _most_lines(names: Sequence[str], room: float, size: float) -> int:
    return max(len(_broken(name, room, size)) for name in names)
