"""The texts beside a bounds figure: the schemes with their formulas, and what each kind of mark means."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_rgba

from actprof.bounds.curves import SAME, Schemes
from actprof.bounds.result import Bounds
from actprof.bounds.table import kind, law, sign, slope_words
from actprof.digits import grouped, short
from actprof.report.formulas import Formula
from actprof.report.sheet import INDENT, Block, Entry, Key, Marked, Paragraph, Stack

LABEL, GAP = 18.0, 18.0
DASHED = (0, (3, 2))


def scheme_list(schemes: Schemes, room: float) -> Stack:
    """`▒ he`, `N(0, 2/n)`, `normal · std 0.141 at n = 100`, below each other."""
    return Stack([_entry(schemes, number, room - INDENT) for number in range(len(schemes.bounds.schemes))], GAP)


def _entry(schemes: Schemes, number: int, room: float) -> Block:
    scheme, color = schemes.bounds.schemes[number], schemes.theme.arm(number)
    texts = Stack([Paragraph.of([scheme.label], room, LABEL, bold=True),
                   Formula(sign(scheme) + scheme.tex if scheme.tex else "", law(scheme), room),
                   Paragraph.of(_details(schemes, number), room, muted=True)])
    line = {"color": color, "linewidth": 4.4} if schemes.log else {
        "facecolor": to_rgba(color, 0.24), "edgecolor": color, "linewidth": 2.2,
        "linestyle": DASHED if scheme.support is None else "-"}
    return Marked(Entry("", [line, schemes.theme.mark(number)]), texts)


def _details(schemes: Schemes, number: int) -> list[str]:
    scheme, stds = schemes.bounds.schemes[number], [each.std for each in schemes.bounds.schemes]
    if not any(scheme.curve.std):
        return [kind(scheme)]
    std = f"std {short(scheme.curve.std[-1])} at n = {short(schemes.fan_ins[-1])}"
    same = next(other for other, each in enumerate(stds) if np.allclose(each, stds[number], SAME, 0))
    return [kind(scheme), (slope_words(scheme) if schemes.log else "") or std,
            *([f"std as {schemes.bounds.schemes[same].label}"] if same < number else [])]


def mark_key(bounds: Bounds, log: bool, room: float) -> Key:
    """The kinds of marks that occur."""
    counts = {sample.count for scheme in bounds.schemes for sample in scheme.samples}
    bounded = any(scheme.support for scheme in bounds.schemes)
    drawn = f"{grouped(min(counts))} weights" if len(counts) == 1 else "the weights drawn"
    dot: dict[str, Any] = {"marker": "o", "markersize": 9, "markeredgewidth": 1.8}
    ring, bar = {**dot, "fillstyle": "none"}, {"marker": "|", "markersize": 15, "markeredgewidth": 1.5}
    band = {"facecolor": (0.5, 0.5, 0.5, 0.35), "edgecolor": "#808080", "linewidth": 1.8, "linestyle": DASHED}
    marks: list[tuple[str, dict[str, Any], object]] = [
        ("std", {"linewidth": 4.4}, True), ("limit: no |w| beyond", {"linewidth": 1.8}, bounded),
        (f"std of {drawn}", ring, counts), ("their largest |w|", dot, counts)] if log else [
        ("mean ± std", band, True), ("limit: no weight beyond", {"linewidth": 2.6}, bounded),
        (f"min and max of {drawn}", dot, counts),
        ("from least to largest weight" if bounded else "mean ± one std", bar, len(bounds.schemes) == 1)]
    return Key([Entry(text, [look]) for text, look, occurs in marks if occurs], room)


def without_logarithm(bounds: Bounds) -> list[str]:
    """What logarithmic axes cannot show."""
    names = [scheme.label + ("" if not any(scheme.std) else " at some fan-ins") for scheme in bounds.schemes
             if not all(scheme.std)]
    return [f"std 0 has no logarithm: {', '.join(names)}"] if names else []
