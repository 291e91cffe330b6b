"""Tables on a stream: as wide, as colourful and in the characters that it can show, and never cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from typing import Literal, TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

LEAST_WIDTH, USUAL_WIDTH = 40, 80

PLAIN = str.maketrans({"×": "x", "σ": "sigma", "φ": "phi", "Φ": "Phi", "²": "^2", "³": "^3", "·": "*", "±": "+-",
                       "√": "sqrt", "−": "-", "–": "-", "…": "...", "→": "->", "∞": "inf", "≤": "<=", "≥": ">=",
                       "π": "pi", "λ": "lambda", "β": "beta", "α": "alpha"})
"""How mathematics is written where only ASCII can be."""

PLAIN_HEAD = Box("    \n    \n -- \n" + "    \n" * 5, ascii=True)
"""SIMPLE_HEAD where only ASCII can be shown."""

Column = tuple[str, Literal["left", "right"]]
"""A header and the side its cells keep to."""

BARS, PLAIN_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


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


def table(title: str, columns: Iterable[Column], stream: TextIO,
          fold: bool = False) -> Table:
    """An empty table with (header, side) columns; `fold` lets long cells break into lines."""
    made = Table(title=written(title, stream), title_justify="left", title_style="bold", header_style="bold",
                 box=SIMPLE_HEAD if takes_unicode(stream) else PLAIN_HEAD, padding=0, pad_edge=False,
                 show_edge=False)
    for header, side in columns:
        made.add_column(written(header, stream), justify=side, no_wrap=not fold, overflow="fold",
                        vertical="top" if fold else "bottom")
    return made


def printed(made: Table, stream: TextIO, fit: bool = False) -> None:
    """Print a table; what is wider than the terminal is left to it, unless the table may `fit` itself."""
    needed = Console(file=stream, width=100_000, force_terminal=False).measure(made).maximum
    colour = takes_colour(stream)
    Console(file=stream, width=width(stream) if fit else max(needed, width(stream)), force_terminal=colour,
            no_color=not colour, highlight=False, markup=False, emoji=False, legacy_windows=False).print(made)
