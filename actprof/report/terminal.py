"""Tables on a stream: as wide, as colourful and in the characters that it can show, and never cut."""

from __future__ import annotations

import io
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO
from unicodedata import combining, east_asian_width

import click

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

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


MIN_BARS = 4  # characters of a block histogram


class Page(io.StringIO):
    """A text as a pipe in UTF-8 would get it."""

    encoding = "utf-8"


class Column(NamedTuple):
    """A header, whether its cells keep to the right, and whether they may fold where a terminal is narrow."""

    header: str
    right: bool = True
    folds: bool = False

    def padded(self, line: str, wide: int) -> str:
        blank = " " * (wide - line_width(line))
        return blank + line if self.right else line + blank


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


def pasted(lead: str, words: Sequence[str], stream: TextIO) -> str:
    """A command line to paste; where a terminal is narrower the shell reads on in the next line, from an option on."""
    room = width(stream) - 2 if stream.isatty() else sys.maxsize
    lines = [lead]
    for word in words:
        if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > room:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines) + "\n"


def text_width(cells: Iterable[str]) -> int:
    """Columns that the longest line takes."""
    return max(line_width(line) for cell in cells for line in cell.split("\n"))


def line_width(line: str) -> int:
    """Columns that a line takes on a terminal: East Asian letters two, accents that stand above others none."""
    if line.isascii():
        return len(line)
    return sum(0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in line)


class Table:
    """Rows of cells below heads and a rule, in characters that the stream has."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        self._columns, self._stream = columns, stream
        self._heads = [written(column.header, stream) for column in columns]
        self._rows = list[list[str]]()
        self._colours = list[str | None]()

    def __len__(self) -> int:
        return len(self._rows)

    def add_row(self, *cells: str, colour: str | None = None) -> None:
        """Add a row, whose first cell has a colour where the stream takes one."""
        self._rows.append([written(cell, self._stream) for cell in cells])
        self._colours.append(colour)

    def add_gap(self) -> None:
        self.add_row(*[""] * len(self._columns))

    def print(self, title: str = "", foot: bool = False) -> None:
        """Print a title, if any, and the table: whole in a pipe; on a terminal columns that may do so fold to its
        width. With `foot` the heads stand once more below the last row."""
        stream, widths = self._stream, self._widths()
        rule = ("─" if takes_unicode(stream) else "-") * (sum(widths) + len(widths) - 1)
        deepest = max(head.count("\n") for head in self._heads)
        heads = self._lines(["\n" * (deepest - head.count("\n")) + head for head in self._heads], widths)
        titles = [part for line in title.split("\n") for part in folded(line, stream).splitlines() or [""]]
        bold = [self._styled(line, bold=True) for line in [*titles, *heads]]
        lines = [*bold[0 if title else 1:], rule]
        for row, colour in zip(self._rows, self._colours, strict=True):
            first, *more = self._lines(row, widths)
            if colour:
                first = first.replace(row[0], self._styled(row[0], fg=colour), 1)
            lines += [first, *more]
        lines += ["", *bold[-len(heads):]] if foot else []
        stream.write("".join(f"{line}\n" for line in lines))

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if text and takes_colour(self._stream) else text

    def _widths(self) -> list[int]:
        """Columns of each column, when the widest of those that may fold are folded as far as there is need."""
        widths = [text_width(cells) for cells in zip(self._heads, *self._rows, strict=True)]
        folding = [place for place, column in enumerate(self._columns) if column.folds]
        room = width(self._stream) if self._stream.isatty() else sys.maxsize
        while sum(widths) + len(widths) - 1 > room:
            widest = max(folding, key=widths.__getitem__, default=None)
            if widest is None or widths[widest] <= MIN_FOLD:
                break
            widths[widest] -= 1
        return widths

    def _lines(self, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
        """The lines of a row, whose cells go on below each other."""
        parts = [(broken(cell, wide) if column.folds else cell).split("\n")
                 for cell, wide, column in zip(cells, widths, self._columns, strict=True)]
        return [" ".join(column.padded(part, wide) for part, wide, column in zip(
            line, widths, self._columns, strict=True)).rstrip() for line in zip_longest(*parts, fillvalue="")]


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
