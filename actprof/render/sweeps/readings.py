"""A quantity of a sweep in a table: its title, its column's heading, its cells, and verdicts in a short word."""

from __future__ import annotations

from typing import NamedTuple

from actprof.render.cells import number, percent, power_of_ten
from actprof.sweep_maps import BY_NAME, VERDICT, Cell
from actprof.verdicts import HEALTHY


class Word(NamedTuple):
    """A verdict in at most eight characters, and what it means."""

    short: str
    meaning: str


WORDS = {
    HEALTHY: Word("ok", "activations and gradients keep their size"),
    "vanishing": Word("vanish", "activations or gradients shrink to nothing"),
    "exploding": Word("explode", "activations or gradients grow too much"),
    "saturated": Word("saturat.", "most values lie where the activation is flat"),
    "dying": Word("dying", "most units are 0 for every input"),
    "collapsed": Word("collaps.", "units give the same for every input"),
    "symmetric": Word("symm.", "all units of a layer are the same"),
    "non_finite": Word("non-fin.", "numbers became infinite or NaN"),
}


def title(name: str) -> str:
    """What the cells of a quantity show: of a logarithm the ratio, of a share the percentage."""
    if name == VERDICT:
        return VERDICT
    # A cell holds the ratio itself, which needs no more room than its logarithm and is read at once.
    return f"{BY_NAME[name].subject}, in %" if _is_share(name) else BY_NAME[name].subject


def heading(name: str) -> str:
    """`gradient ratio`, `saturated fraction`."""
    return (name if name == VERDICT else BY_NAME[name].ratio_name).replace("_", " ")


def reading(name: str, value: float) -> str:
    """A value in three digits, `-` where it is not finite."""
    if BY_NAME[name].logarithmic:
        return power_of_ten(value)
    return percent(value) if _is_share(name) else number(value)


def span(name: str, low: float, high: float) -> str:
    """`0.812 … 0.854`; `-` where neither end is known."""
    ends = reading(name, low), reading(name, high)
    return "-" if ends == ("-", "-") else " … ".join(ends)


def shown(name: str, cell: Cell, short: bool = False) -> str:
    """A quantity of a cell, the verdict too: as one of WORDS where it is to be short."""
    if name != VERDICT:
        return reading(name, cell.figure(name))
    return (WORDS[cell.verdict].short if short else cell.verdict) if cell.verdict else "-"


def legend(codes: set[str], short: bool) -> list[str]:
    """A line for each verdict that occurs, in the order of WORDS."""
    return [f"{f'{word.short} = ' if short else ''}{code}: {word.meaning}"
            for code, word in WORDS.items() if code in codes]


def _is_share(name: str) -> bool:
    quantity = BY_NAME[name]
    return (quantity.low, quantity.high) == (0.0, 1.0)
