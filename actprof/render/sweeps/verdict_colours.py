"""A colour for each verdict: those of Okabe & Ito (2008), told apart with any colour vision."""

from __future__ import annotations

from collections import Counter

import numpy as np

from actprof.render.drawing import Theme
from actprof.render.numerals import grouped
from actprof.render.sweeps.key import Entry
from actprof.render.sweeps.shades import Colours, channels
from actprof.sweep_maps import Sweep
from actprof.verdicts import CODES

NO_NUMBER = "non_finite"
COLOURS = {"healthy": "#009e73", "vanishing": "#56b4e9", "exploding": "#d55e00", "saturated": "#e69f00",
           "dying": "#cc79a7", "collapsed": "#0072b2", "symmetric": "#f0e442", "": "#8d939e"}


def painted(sweep: Sweep, theme: Theme) -> Colours:
    """(cells across, cells upwards, 4)."""
    known = {code: channels(color(code, theme)) for code in (*CODES, "")}
    colours = np.array([known[cell.verdict] for cell in sweep.cells], np.uint8)
    return colours.reshape(len(sweep.axes[0]), -1, 4)


def entries(sweep: Sweep, theme: Theme) -> list[Entry]:
    """Those that occur, with the number of cells."""
    counts = Counter(cell.verdict for cell in sweep.cells)
    return [Entry(f"{words(code)} ({grouped(counts[code])})", fill=color(code, theme), hatched=code == NO_NUMBER)
            for code in (*CODES, "") if counts[code]]


def color(code: str, theme: Theme) -> str:
    """Cells without a number are hatched and have no other colour."""
    return COLOURS.get(code, theme.background)


def words(code: str) -> str:
    return code.replace("_", " ") or "no verdict"
