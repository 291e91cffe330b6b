"""From the catalogue's formulas to matplotlib's mathtext: `N(0, 2/n)` with a true fraction, words left as they are."""

from __future__ import annotations

import re

from actprof.report.expressions import NotUnderstood, Parser

_WORD = re.compile(r"(\S+(?: = \S+)?) ?")
_BOUNDARY = re.compile(r"[,:]?(?: (?!= )|$)")
_LONE = re.compile(r"[A-Za-z_]+|[\d.]+")


def words(formula: str) -> list[str]:
    """The formula in pieces that go side by side: mathematics as `$…$`, anything else as plain text."""
    pieces, rest = [], " ".join(formula.split())
    while rest:
        piece, rest = _mathematics(rest) or _plain(rest)
        pieces.append(piece)
    return pieces


def _plain(text: str) -> tuple[str, str]:
    """The next word, or `gain = 1`."""
    word = _WORD.match(text)
    assert word is not None
    return word[1].replace("$", r"\$"), text[word.end():]


def _mathematics(text: str) -> tuple[str, str] | None:
    """The expression that a text starts with, and what follows; None for a lone word or number, which needs none."""
    parser = Parser(text)
    try:
        written = parser.sum().write(False)
    except NotUnderstood:
        return None
    end = _BOUNDARY.match(text, parser.place)
    if end is None or _LONE.fullmatch(text, 0, parser.place):
        return None
    mark = text[parser.place:end.end()].rstrip()
    return f"${written}${mark}", text[end.end():]
