"""Which columns of a table are inputs and which one is the label, by what was asked for, by names and by content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from actprof.data.request import AUTO, FIRST, LAST, NONE, RowsSpec
from actprof.errors import DataError, quoted
from actprof.registry import did_you_mean, folded

# What the column of labels is called, the surest first.
LABEL_NAMES = ("label", "labels", "class", "classes", "class_label", "target", "targets", "species", "category",
               "quality", "diagnosis", "outcome", "survived", "variety", "response", "y")

# What a first column that names rows is called.
INDEX_NAMES = ("", "id", "index", "unnamed: 0", "rownames", "row_names")

RANGE = re.compile(r"(\d{1,9})\s*[-:]\s*(\d{1,9})", re.ASCII)
NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
MAX_NAMED = 12


class Look(NamedTuple):
    """A table as its first rows show it.

    Attributes:
        width: columns.
        names: of the columns, or None.
        text: the columns that hold text.
        repeating: those in which values come again.
        counting: whether the first column counts the rows from 0 or 1.
    """

    width: int
    names: tuple[str, ...] | None = None
    text: frozenset[int] = frozenset()
    repeating: frozenset[int] = frozenset()
    counting: bool = False

    def called(self, column: int) -> str:
        """`column 5 'target'`."""
        return f"column {column + 1}" + (f" {quoted(self.names[column], 30)}" if self.names else "")


class Columns(NamedTuple):
    """The inputs; and the label if there is one, how it is called, and why it is that one where nobody said so."""

    inputs: tuple[int, ...]
    label: int | None = None
    called: str = ""
    why: str = ""
    notes: tuple[str, ...] = ()


def columns(what: str, look: Look, spec: RowsSpec, labelled: bool) -> Columns:
    """The parts of a table; DataError names `what`.

    Args:
        labelled: whether there must be a label; without one, any is left out of the inputs.
    """
    items = _items(spec.drop, look)
    dropped = {column for item in items if folded(item) != NONE for column in _range(what, look, item)}
    label, reason = _label(what, look, spec.label_column, labelled, dropped)
    if label in dropped:
        raise DataError(f"{what}: {look.called(label)} cannot be dropped and be the label. Choose one.")
    notes: tuple[str, ...] = ()
    inputs = [column for column in range(look.width) if column not in dropped and column != label]
    if 0 in inputs[:1] and len(inputs) > 1 and _is_index(look) and not any(folded(item) == NONE for item in items):
        inputs = inputs[1:]
        notes = (f"{look.called(0)} names the rows and is left out; --drop none keeps it",)
    if not inputs and labelled and not spec.drop:
        raise DataError(f"{what} has {look.width} column{'s' * (look.width > 1)}, expected inputs and a column of "
                        "labels.")
    if not inputs:
        raise DataError(f"{what} has no column left but those left out. "
                        f"{'--drop fewer' if dropped else '--label-column none uses it'}.")
    called = "" if label is None else look.called(label)
    if called and not labelled:
        notes = (*notes, f"{called}, {reason}, is left out; --label-column none uses it" if reason else
                 f"{called} is left out")
    return Columns(tuple(inputs), label, called, reason, notes)


def _label(what: str, look: Look, asked: str, labelled: bool, dropped: set[int]) -> tuple[int | None, str]:
    """The column of labels, and why it is that one where nobody said so."""
    if asked not in (look.names or ()) and folded(asked) == NONE:
        if labelled:
            raise DataError(f"{what}: --label-column none leaves nothing to learn. Name a column.")
        return None, ""
    if asked in (look.names or ()) or folded(asked) != AUTO:
        return column(what, look, asked), ""
    left = [each for each in range(look.width) if each not in dropped]
    names = {folded(look.names[each]): each for each in reversed(left)} if look.names else {}
    named = next((names[name] for name in LABEL_NAMES if name in names), None)
    if named is not None and len(left) > 1:
        return named, "going by its name"
    if len(left) > 1 and left[-1] in look.text:
        return left[-1], "the last one, of text"
    if len(left) > 1 and look.text - dropped == {left[0]} and left[0] in look.repeating:
        return left[0], "the first one, of text"
    return (left[-1], "the last one") if labelled and left else (None, "")


def _is_index(look: Look) -> bool:
    if look.names is None:
        return False
    name = folded(look.names[0])
    return (name in INDEX_NAMES and (bool(name) or look.counting)) or (name.endswith("id") and look.counting)


def column(what: str, look: Look, text: str) -> int:
    """The place of a column by its name, its number from 1 (or from -1 backwards), first or last."""
    names = look.names or ()
    exact = text if text in names else None
    found = [place for place, name in enumerate(names) if name == exact or (exact is None and
                                                                            folded(name) == folded(text))]
    if found:
        return found[0]
    places = {FIRST: 0, LAST: look.width - 1}
    if folded(text) in places:
        return places[folded(text)]
    number = int(text) if NUMBER.fullmatch(text.strip()) else 0
    if 1 <= abs(number) <= look.width:
        return number - 1 if number > 0 else look.width + number
    offered = f"first, last or a number from 1 to {look.width:,}"
    if not names:
        raise DataError(f"{what} has no header line, so no column {quoted(text)}. Name {offered}.")
    guess = did_you_mean(text, names)
    listed = ", ".join([*(quoted(name, 20) for name in names[:MAX_NAMED]), *["…"] * (len(names) > MAX_NAMED)])
    raise DataError(f"{what} has no column {quoted(text)}. {guess or f'Its columns: {listed}; or {offered}.'}")


def _items(drop: str, look: Look) -> list[str]:
    """What is joined by commas, unless a column is called so itself."""
    if drop and drop in (look.names or ()):
        return [drop]
    return [item.strip() for item in drop.split(",") if item.strip()]


def _range(what: str, look: Look, item: str) -> Iterable[int]:
    match = RANGE.fullmatch(item)
    if match is None or item in (look.names or ()):
        return [column(what, look, item)]
    first, last = (column(what, look, end) for end in match.groups())
    return range(min(first, last), max(first, last) + 1)


def drop_option(look: Look, chosen: Sequence[int], before: str = "") -> str:
    """The `--drop` that leaves out these columns beside those that are left out already: by name where that is plain,
    else by number."""
    names = [look.names[each] if look.names else "" for each in chosen]
    plain = all(re.fullmatch(r"[A-Za-z]\w*", name) and (look.names or ()).count(name) == 1 for name in names)
    items = names if plain and len(names) <= MAX_NAMED else _numbers(chosen)
    return f"--drop {','.join([*([before] if before else []), *items])}"


def _numbers(chosen: Sequence[int]) -> list[str]:
    """`2,4-7`."""
    starts = [chosen[0], *(after for before, after in pairwise(chosen) if after != before + 1)]
    ends = [*(before for before, after in pairwise(chosen) if after != before + 1), chosen[-1]]
    return [f"{low + 1}" if low == high else f"{low + 1}-{high + 1}" for low, high in zip(starts, ends, strict=True)]
