"""How wide a text is, before it is drawn: matplotlib's own font, measured, wrapped and fitted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from matplotlib import get_data_path
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.textpath import text_to_path

from actprof.report.style import EM

LEADING = 1.3  # line height over font size
MIN_SIZE = 11.0
_SLACK = 1.03  # hinting at the final size makes some texts a little wider


@lru_cache
def font(bold: bool = False) -> FontProperties:
    """DejaVu Sans as it comes with matplotlib, by its file: no search among the user's fonts."""
    return FontProperties(fname=f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf")


@lru_cache
def _glyphs(bold: bool) -> frozenset[int]:
    return frozenset(get_font(str(font(bold).get_file())).get_charmap())


def printable(text: str, bold: bool = False) -> str:
    """The text with a � for each character that cannot be drawn."""
    return "".join(c if c.isprintable() and ord(c) in _glyphs(bold) else "\ufffd" for c in text)


@lru_cache(4096)
def _advance(character: str, bold: bool) -> float:
    """Ems from a character to the next."""
    return _in_ems(printable(character, bold), bold)[0]


@lru_cache(4096)
def _in_ems(text: str, bold: bool, mathematics: bool = False) -> tuple[float, float, float]:
    properties = font(bold).copy()
    properties.set_size(100)
    wide, high, deep = text_to_path.get_text_width_height_descent(text, properties, ismath=mathematics)
    return float(wide) / 100, float(high - deep) / 100, float(deep) / 100


def formula_extent(text: str, size: float) -> tuple[float, float, float]:
    """Pixels: (width, height above the baseline, depth below it) of mathematics between dollars."""
    wide, above, below = _in_ems(text, False, True)
    return wide * size * EM * _SLACK, above * size * EM, below * size * EM


def width(text: str, size: float, bold: bool = False) -> float:
    """Pixels that the text takes at a font size in points; kerning may take a little off them."""
    return sum(_advance(character, bold) for character in text) * size * EM * _SLACK


def line_height(size: float) -> float:
    return size * EM * LEADING


def wrapped(items: Iterable[str], room: float, size: float, bold: bool = False, joint: str = " · ") -> list[str]:
    """Lines of at most `room` pixels, broken between items; within one only where it alone is too long."""
    lines: list[str] = []
    for item in items:
        for piece in _pieces(item, room, size, bold):
            joined = f"{lines[-1]}{joint}{piece}" if lines else piece
            if lines and piece is not item:
                lines.append(piece)
            elif lines and width(joined, size, bold) <= room:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _pieces(item: str, room: float, size: float, bold: bool) -> list[str]:
    if width(item, size, bold) <= room:
        return [item]
    pieces, rest = [], item
    while width(rest, size, bold) > room and len(rest) > 1:
        fits = bisect_right(range(len(rest)), room, key=lambda count: width(rest[:count], size, bold)) - 1
        cut = max(fits, 1)
        gap = max(rest.rfind(mark, 1, cut) for mark in " /,")
        cut = gap + 1 if gap > cut // 2 else cut
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [*pieces, rest]


def fitting_size(fits: Callable[[float], bool], sizes: Sequence[float]) -> float:
    """The first size that fits, else the last."""
    return next(filter(fits, sizes), sizes[-1])


def shortened(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, or its beginning and its end."""
    kept = len(text)
    while kept > 4 and width(text, size, bold) > room:
        kept -= 2
        text = f"{text[:kept // 2]}…{text[-(kept // 2 - 1):]}"
    return text
