"""Tables on a stream: as wide, as colourful and in the characters that it can show, and never cut."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

LEAST_WIDTH, USUAL_WIDTH = 40, 80
LEAST_FOLD = 20

PLAIN = str.maketrans({"×": "x", "σ": "sigma", "φ": "phi", "Φ": "Phi", "²": "^2", "³": "^3", "·": "*", "±": "+-",
                       "√": "sqrt", "−": "-", "–": "-", "…": "...", "→": "->", "∞": "inf", "≤": "<=", "≥": ">=",
                       "π": "pi", "λ": "lambda", "χ": "chi", "ξ": "xi", "β": "beta", "α": "alpha",
                       "∫": "integral ", "ᶻ": "^z",
                       **{chr(ord("₀") + digit): f"_{digit}" for digit in range(10)}})
"""How mathematics is written where only ASCII can be."""

PLAIN_HEAD = Box("    \n    \n -- \n" + "    \n" * 5, ascii=True)
"""SIMPLE_HEAD where only ASCII can be shown."""

BARS, PLAIN_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


class Column(NamedTuple):
    """A header, whether its cells keep to the right, and whether they may fold where a terminal is narrow."""

    header: str
    right: bool = True
    folds: bool = False


def takes_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding has the block characters and Greek letters."""
    try:
        (BARS + "σ×²√").encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def written(text: str, stream: TextIO) -> str:
    """The text in characters that the stream has."""
    return text if takes_unicode(stream) else text.translate(PLAIN)


def takes_colour(stream: TextIO) -> bool:
    """A terminal does unless NO_COLOR or TERM=dumb says otherwise; anything does that FORCE_COLOR asks for."""
    if os.environ.get("NO_COLOR"):
        return False
    force = os.environ.get("FORCE_COLOR")
    if force:
        return force != "0"
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def width(stream: TextIO) -> int:
    """Columns of a terminal (at least LEAST_WIDTH); USUAL_WIDTH in a pipe."""
    if not stream.isatty():
        return USUAL_WIDTH
    return max(shutil.get_terminal_size((USUAL_WIDTH, 24)).columns, LEAST_WIDTH)


def text_width(cells: Iterable[str]) -> int:
    """Columns that the longest line takes."""
    return max(len(line) for cell in cells for line in cell.split("\n"))


def table(columns: Sequence[Column], stream: TextIO) -> Table:
    """An empty table."""
    made = Table(header_style="bold", box=SIMPLE_HEAD if takes_unicode(stream) else PLAIN_HEAD, padding=0,
                 pad_edge=False, show_edge=False)
    lines = max(column.header.count("\n") for column in columns)
    for column in columns:
        header = "\n" * (lines - column.header.count("\n")) + written(column.header, stream)
        made.add_column(header, justify="right" if column.right else "left", no_wrap=not column.folds,
                        overflow="fold")
    return made


def printed(title: str, made: Table, stream: TextIO) -> None:
    """Print a title and a table: whole in a pipe; on a terminal columns that may do so fold to its width."""
    least, needed = _widths(made)
    wide = min(max(least, width(stream)), needed) if stream.isatty() else needed
    colour = takes_colour(stream)
    text = io.StringIO()
    console = Console(file=text, width=wide, force_terminal=colour, no_color=not colour, highlight=False,
                      markup=False, emoji=False, legacy_windows=False, color_system="standard" if colour else None)
    console.print(Text(written(title, stream), style="bold"), soft_wrap=True)
    console.print(made)
    lines = text.getvalue().splitlines()
    stream.write("".join(f"{line.rstrip()}\n" for line in lines))


def _widths(made: Table) -> tuple[int, int]:
    """The least and the largest width that the table asks for; no column will be narrower than its least."""
    whole = [text_width(map(str, (column.header, *column.cells))) for column in made.columns]
    folded = [size if column.no_wrap else min(size, LEAST_FOLD)
              for size, column in zip(whole, made.columns, strict=True)]
    for column, least in zip(made.columns, folded, strict=True):
        column.min_width = least
    return sum(folded) + len(folded) - 1, sum(whole) + len(whole) - 1
