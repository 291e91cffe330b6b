"""A page of pixels: texts measured before they are drawn, x to the right and y downwards from the top left corner.

Whatever goes below each other is a block: it knows its height once it is made, and draws itself at a place. A figure
makes its blocks, adds up their heights, and only then has a sheet, 1080 pixels high or as high as they need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from numpy.typing import ArrayLike

from actprof.arrays import Floats
from actprof.report.lettering import fitting_size, font, formula_extent, line_height, printable, width, wrapped
from actprof.report.settings import Compared, own_words
from actprof.report.style import EM, UNIT, Theme

WIDTH, HEIGHT = 1920.0, 1080.0
MARGIN = 32.0
TITLE, SUBTITLE, LABEL, DETAIL, KEY = 22.0, 14.0, 16.0, 14.0, 15.0
SAMPLE, BESIDE, BETWEEN = 44.0, 10.0, 30.0  # pixels of a key's sample, beside it, and between entries
INDENT = SAMPLE + BESIDE


class Sheet:
    """A figure of 16:9, or as high as its blocks need."""

    def __init__(self, figure: Figure, theme: Theme, height: float = HEIGHT, width: float = WIDTH) -> None:
        self.figure, self.theme, self.width, self.height = figure, theme, width, max(height, HEIGHT * width / WIDTH)
        figure.set_size_inches(self.width / UNIT, self.height / UNIT)
        figure.set_facecolor(theme.background)
        self.transform = Affine2D().scale(1, -1).translate(0, self.height).scale(1 / UNIT) + figure.dpi_scale_trans

    def text(self, x: float, y: float, text: str, size: float = DETAIL, *, align: str = "left", bold: bool = False,
             color: str | None = None, mathematics: bool = False) -> Text:
        """One line; `y` is the middle of its capitals, or the baseline of `mathematics` between dollars."""
        made = Text(x, y if mathematics else y + 0.36 * size * EM, text if mathematics else printable(text, bold),
                    font=font(bold), fontsize=size, color=color or self.theme.foreground, ha=align, va="baseline",
                    parse_math=mathematics, zorder=9)
        self.add(made)
        return made

    def add(self, artist: Artist) -> None:
        """Any artist in pixels of the sheet."""
        artist.set_transform(self.transform)
        self.figure.add_artist(artist)

    def display(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """Matplotlib's own pixels (points, 2), y upwards, of places on the sheet."""
        found: Floats = self.transform.transform(np.column_stack([x, y]))
        return found

    def pixels(self, axes: Axes, x: ArrayLike, y: ArrayLike) -> Floats:
        """Places on the sheet (points, 2) of values in the units of axes."""
        shown = axes.transData.transform(np.column_stack([x, y]))
        found: Floats = self.transform.inverted().transform(shown)
        return found

    def values(self, axes: Axes, x: ArrayLike, y: ArrayLike) -> Floats:
        """The way back from `pixels`."""
        found: Floats = axes.transData.inverted().transform(self.display(x, y))
        return found


class Block(Protocol):
    """What takes a height on the page."""

    @property
    def height(self) -> float: ...
    def draw(self, sheet: Sheet, x: float, top: float) -> None: ...


@dataclass(frozen=True)
class Stack:
    """Blocks below each other."""

    blocks: Sequence[Block]
    gap: float = 0.0

    @property
    def height(self) -> float:
        return sum(block.height for block in self.blocks) + self.gap * max(0, len(self.blocks) - 1)

    def draw(self, sheet: Sheet, x: float, top: float) -> None:
        for block in self.blocks:
            block.draw(sheet, x, top)
            top += block.height + self.gap


@dataclass(frozen=True)
class Paragraph:
    """Wrapped lines of one size, from x to the right or around it; `lead` stands before the first, in bold; `accent` is
    its colour, or without one that of all lines."""

    lines: list[str]
    size: float = DETAIL
    bold: bool = False
    muted: bool = False
    lead: str = ""
    accent: str = ""
    align: str = "left"

    @classmethod
    def of(cls, items: Iterable[str], room: float, size: float = DETAIL, **look: Any) -> Paragraph:
        """Items, joined by dots, on lines of at most `room` pixels."""
        return cls(wrapped(items, room, size, look.get("bold", False)), size, **look)

    @classmethod
    def prose(cls, text: str, room: float, size: float = DETAIL, lead: str = "", **look: Any) -> Paragraph:
        """A text broken between its words, which is fast as words recur."""
        space, taken = width("n n", size) - 2 * width("n", size), lead_width(lead, size) if lead else 0.0
        lines: list[list[str]] = [[]]
        for piece in (piece for word in text.split() for piece in wrapped([word], room, size)):
            wide = width(piece, size)
            if taken and taken + wide > room:
                lines.append([])
                taken = 0.0
            lines[-1].append(piece)
            taken += wide + space
        return cls([" ".join(line) for line in lines], size, lead=lead, **look)

    @property
    def height(self) -> float:
        return len(self.lines) * line_height(self.size)

    def draw(self, sheet: Sheet, x: float, top: float) -> None:
        step, color = line_height(self.size), sheet.theme.muted if self.muted else sheet.theme.foreground
        accent = self.accent or color
        for number, line in enumerate(self.lines):
            left, middle = x, top + (number + 0.5) * step
            if self.lead and number == 0:
                sheet.text(x, middle, self.lead, self.size, bold=True, color=accent)
                left += lead_width(self.lead, self.size)
            sheet.text(left, middle, line, self.size, align=self.align, bold=self.bold,
                       color=color if self.lead else accent)


def lead_width(lead: str, size: float) -> float:
    """Pixels that the bold words before a paragraph take."""
    return width(lead, size, True) + 2


@dataclass(frozen=True)
class Marked:
    """A sample beside the first line of a block."""

    sample: Entry
    block: Block

    @property
    def height(self) -> float:
        return self.block.height

    def draw(self, sheet: Sheet, x: float, top: float) -> None:
        self.sample.draw_sample(sheet, x, top + line_height(LABEL) / 2 + 2)
        self.block.draw(sheet, x + INDENT, top)


def title_of(arms: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """A title that says what became of whom, from (word, arm, colour) of each: pieces with their colours."""
    groups: dict[tuple[str, str], list[str]] = {}
    for word, label, colour in arms:
        groups.setdefault((word, colour), []).append(label)
    named = [(f"{word}: {', '.join(labels)}", colour) for (word, colour), labels in groups.items()]
    if width("MM".join(text for text, _ in named), TITLE, bold=True) <= WIDTH - 2 * MARGIN:
        return named
    return [(f"{word}: {len(labels)} arm{'s' * (len(labels) > 1)}", colour)
            for (word, colour), labels in groups.items()]


class Header:
    """Title, or pieces of one in their colours, and subtitle over the width; the title leaves room at its right."""

    def __init__(self, title: str | Sequence[tuple[str, str]], words: Sequence[str], across: float = WIDTH,
                 beside: float = 0.0) -> None:
        room = across - 2 * MARGIN
        pieces = [(title, "")] if isinstance(title, str) else title
        self._title = [Paragraph.of([text], room - beside, TITLE, bold=True, accent=accent) for text, accent in pieces]
        self._words = Paragraph.of(words, room, SUBTITLE, muted=True)
        self._below = 24 + self._title[0].height
        self.height = self._below + self._words.height + 12

    def draw(self, sheet: Sheet) -> None:
        x = MARGIN
        for piece in self._title:
            piece.draw(sheet, x, 22)
            x += width(piece.lines[0], TITLE, True) + TITLE * EM
        self._words.draw(sheet, MARGIN, self._below)


@dataclass(frozen=True)
class Entry:
    """What a mark means. The sample lays looks over each other: of Line2D, or of a Rectangle where they are filled."""

    text: str
    looks: Sequence[dict[str, Any]]
    upright: bool = False

    def draw_sample(self, sheet: Sheet, x: float, middle: float) -> None:
        for look in self.looks:
            if "facecolor" in look or "hatch" in look:
                sheet.add(Rectangle((x, middle - 9), SAMPLE, 18, **{"linewidth": 0, **look}))
                continue
            across, up = ([x, x + SAMPLE], [middle] * 2) if not self.upright else (
                [x + SAMPLE / 2] * 2, [middle - 12, middle + 12])
            if "marker" in look:
                across, up = [x + SAMPLE / 2], [middle]
            sheet.add(Line2D(across, up, **{"color": sheet.theme.foreground, **look}))


def arm_heading(comparison: Compared, number: int, theme: Theme, room: float, notes: Sequence[str] = (),
                more: Sequence[Block] = ()) -> Marked:
    """`● he / relu`, below what sets this arm apart, and `more`."""
    arm = comparison.arms[number]
    details = Paragraph.of([*own_words(arm, comparison), *notes], room - INDENT, muted=True)
    return Marked(Entry("", [{"linewidth": 3, "color": theme.arm(number)}, theme.mark(number)]),
                  Stack([Paragraph.of([arm.label], room - INDENT, LABEL, bold=True), details, *more]))


class Key:
    """Samples and what they mean, in rows as wide as the room; no height where there is nothing to tell."""

    def __init__(self, entries: Iterable[Entry], room: float, size: float = KEY, bold: bool = False) -> None:
        self._size, self._bold, self._step = size, bold, line_height(size)
        self._placed: list[tuple[Entry, list[str], float, int]] = []
        x, row = 0.0, 0
        for entry in entries:
            lines = wrapped([entry.text], room - SAMPLE - BESIDE, size, bold)
            wide = SAMPLE + BESIDE + max((width(line, size, bold) for line in lines), default=0.0)
            if x and (x + wide > room or len(lines) > 1):
                x, row = 0.0, row + 1
            self._placed.append((entry, lines, x, row))
            x, row = (0.0, row + len(lines)) if len(lines) > 1 else (x + wide + BETWEEN, row)
        self.height = max((row + len(lines) for _, lines, _, row in self._placed), default=0) * self._step

    def draw(self, sheet: Sheet, x: float, top: float) -> None:
        for entry, lines, left, row in self._placed:
            middle = top + (row + 0.5) * self._step
            entry.draw_sample(sheet, x + left, middle)
            for number, line in enumerate(lines):
                sheet.text(x + left + SAMPLE + BESIDE, middle + number * self._step, line, self._size, bold=self._bold)


FORMULAS = (17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0)
AROUND = 6.0
_PIECE = re.compile(r"(?:\$[^$]*\$|[^\s$])+")


class Formula:
    """Lines of at most `room` pixels: of `tex` where it fits in some size, else of the `plain` text."""

    def __init__(self, tex: str, plain: str, room: float, largest: float = FORMULAS[0]) -> None:
        pieces, sizes = _PIECE.findall(tex), [size for size in FORMULAS if size <= largest]
        self._size = fitting_size(lambda size: all(_wide(piece, size) <= room for piece in pieces), sizes)
        fits = pieces and all(_wide(piece, self._size) <= room for piece in pieces)
        self._plain = None if fits else Paragraph.of([plain], room, largest)
        self._lines = _filled(pieces, room, self._size) if fits else []
        self._extents = [_extent(line, self._size) for line in self._lines]
        self.height = self._plain.height if self._plain else sum(above + below for above, below in self._extents)

    def draw(self, sheet: Sheet, x: float, top: float) -> None:
        if self._plain:
            self._plain.draw(sheet, x, top)
        for line, (above, below) in zip(self._lines, self._extents, strict=True):
            sheet.text(x, top + above, " ".join(line), self._size, mathematics=True)
            top += above + below


def _wide(piece: str, size: float) -> float:
    return formula_extent(piece, size)[0] if "$" in piece else width(piece, size)


def _extent(line: list[str], size: float) -> tuple[float, float]:
    """Pixels above and below the baseline, at least those of a line of text."""
    tall = [formula_extent(piece, size) for piece in line if "$" in piece]
    above, below = (max((extent[side] for extent in tall), default=0.0) for side in (1, 2))
    return max(above + AROUND / 2, 0.75 * line_height(size)), max(below + AROUND / 2, 0.25 * line_height(size))


def _filled(pieces: list[str], room: float, size: float) -> list[list[str]]:
    lines: list[list[str]] = []
    space = width(" ", size)
    for piece in pieces:
        if lines and sum(_wide(each, size) + space for each in (*lines[-1], piece)) - space <= room:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return lines
