"""Tables on a stream: as wide, as colourful and in the characters that it can show, and never cut."""

from __future__ import annotations

import io
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from rich.box import Box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MIN_WIDTH, USUAL_WIDTH = 40, 80
MIN_FOLD = 13

_GREEK = dict(zip("αβγδεηθκλμνξπρσφχψωΔΠΣΦ", (
    "alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho",
    "sigma", "phi", "chi", "psi", "omega", "Delta", "Prod ", "Sum ",
    "Phi"), strict=True))
_RAISED = {raised: f"^{plain}" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵗᶻˣⁿ", "0123456789-tzxn", strict=True)}
_LOWERED = {chr(ord("₀") + digit): f"_{digit}" for digit in range(10)}
# How mathematics is written where only ASCII can be.
PLAIN = str.maketrans({**_GREEK, **_RAISED, **_LOWERED, "×": "x", "·": "*", "÷": "/", "±": "+-", "√": "sqrt",
                       "−": "-", "–": "-", "…": "...", "→": "->", "←": "<-", "∞": "inf", "≤": "<=", "≥": ">=",
                       "≈": "~", "≠": "!=", "∝": "~", "½": "1/2", "‖": "|", "∫": "integral ", "⌊": "floor(",
                       "⌋": ")", "\u0302": "_hat", "∂": "d", "✓": "+", "✗": "x"})

BARS, PLAIN_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


MIN_BARS = 6  # characters of a block histogram


class Page(io.StringIO):
    """A text as a pipe in UTF-8 would get it."""

    encoding = "utf-8"


class Column(NamedTuple):
    """A header, whether its cells keep to the right, and whether they may fold where a terminal is narrow."""

    header: str
    right: bool = True
    folds: bool = False


def takes_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding has the block characters and Greek letters."""
    try:
        (BARS + "σ×²√✓✗").encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def written(text: str, stream: TextIO) -> str:
    """The text in characters that the stream has."""
    return text if takes_unicode(stream) else text.translate(PLAIN)


def takes_colour(stream: TextIO) -> bool:
    """A terminal does unless NO_COLOR or TERM=dumb says otherwise; any stream does where FORCE_COLOR asks for it."""
    if os.environ.get("NO_COLOR") or isinstance(stream, Page):
        return False
    force = os.environ.get("FORCE_COLOR")
    if force:
        return force != "0"
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def console(stream: TextIO, file: TextIO | None = None, width: int | None = None) -> Console:
    """A console of rich that writes to `file`, or to the terminal `stream` itself, coloured as the stream takes it.

    Rich alone takes FORCE_COLOR=0 for on.
    """
    from rich.console import Console

    colour = takes_colour(stream)
    return Console(file=file or stream, width=width, force_terminal=colour or file is None, no_color=not colour,
                   highlight=False, markup=False, emoji=False, legacy_windows=False, force_jupyter=False,
                   color_system="standard" if colour else None)


def width(stream: TextIO) -> int:
    """Columns of a terminal (at least MIN_WIDTH); USUAL_WIDTH in a pipe."""
    return max(columns(), MIN_WIDTH) if stream.isatty() else USUAL_WIDTH


def columns() -> int:
    """Columns that COLUMNS or the terminal says, as shutil has them, whose import costs as much as half of Python."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or USUAL_WIDTH  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return USUAL_WIDTH


def folded(text: str, stream: TextIO) -> str:
    """A line in characters that the stream has; on a terminal folded between words to its width."""
    line = written(text, stream)
    if not stream.isatty():
        return f"{line}\n"
    lines = textwrap.wrap(line, width(stream), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "".join(f"{each}\n" for each in lines)


def styled(text: str, style: str) -> Text:
    """A cell in a colour, where the stream takes one."""
    from rich.text import Text

    return Text(text, style=style)


def text_width(cells: Iterable[str]) -> int:
    """Columns that the longest line takes."""
    return max(len(line) for cell in cells for line in cell.split("\n"))


def table(columns: Sequence[Column], stream: TextIO) -> Table:
    """An empty table."""
    from rich.table import Table

    made = Table(header_style="bold", box=_box(takes_unicode(stream)), padding=0, pad_edge=False, show_edge=False)
    lines = max(column.header.count("\n") for column in columns)
    for column in columns:
        header = "\n" * (lines - column.header.count("\n")) + written(column.header, stream)
        made.add_column(header, justify="right" if column.right else "left", no_wrap=not column.folds,
                        overflow="fold")
    return made


def _box(unicode: bool) -> Box:
    """A line below the header and nothing else."""
    from rich.box import SIMPLE_HEAD, Box

    return SIMPLE_HEAD if unicode else Box("    \n    \n -- \n" + "    \n" * 5, ascii=True)


def printed(title: str, made: Table, stream: TextIO) -> None:
    """Print a title, if any, and a table: whole in a pipe; on a terminal columns that may do so fold to its width."""
    from rich.text import Text

    text = io.StringIO()
    paper = console(stream, text, _fitted(made, width(stream) if stream.isatty() else sys.maxsize))
    if title:
        paper.print(Text(written(title, stream), style="bold"), soft_wrap=True)
    paper.print(made)
    lines = text.getvalue().splitlines()
    stream.write("".join(f"{line.rstrip()}\n" for line in lines))


def _fitted(made: Table, room: int) -> int:
    """The width of the table when the widest of the columns that may fold are folded as far as there is need."""
    widths = [text_width(map(str, (column.header, *column.cells))) for column in made.columns]
    folding = [place for place, column in enumerate(made.columns) if not column.no_wrap]
    while sum(widths) + len(widths) - 1 > room:
        widest = max(folding, key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= MIN_FOLD:
            break
        widths[widest] -= 1
    for column, wide in zip(made.columns, widths, strict=True):
        column.min_width = wide
        if not column.no_wrap:
            column._cells = [broken(str(cell), wide) for cell in column.cells]
    return sum(widths) + len(widths) - 1


def blocks(counts: ArrayLike, length: int, bars: str = BARS) -> str:
    """A histogram in at most so many characters."""
    import numpy as np

    heights = np.asarray(counts)
    length = _characters(len(heights), length)
    starts = np.arange(length) * len(heights) // length
    shares = np.add.reduceat(heights, starts) / np.diff([*starts, len(heights)])
    return "".join(bars[height] for height in np.ceil(shares / max(shares.max(), 1) * (len(bars) - 1)).astype(int))


def _characters(bins: int, room: int) -> int:
    """Characters for `bins` bins: the most that give each the same number of bins, if that is not too few."""
    most = min(bins, room)
    even = max(length for length in range(1, most + 1) if bins % length == 0)
    return even if even >= min(MIN_BARS, most) else most


def broken(text: str, room: int) -> str:
    """The whole text in lines of at most `room` characters, broken at blanks, else behind punctuation."""
    lines = []
    for line in text.split("\n"):
        while len(line) > room:
            blank = line.rfind(" ", 0, room + 1)
            cut = blank if blank > 0 else max(line.rfind(mark, 0, room) for mark in ":,=_/-") + 1 or room
            lines.append(line[:cut])
            line = line[cut:].lstrip(" ")
        lines.append(line)
    return "\n".join(lines)
