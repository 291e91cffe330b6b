"""A scheme's law and its kind of distribution in words, for the table and for the figure."""

from __future__ import annotations

from actprof.weight_scales import Scheme

KINDS = {"truncated": "truncated normal", "matrix": "matrix, not weight by weight", "point": "constant"}


def law(scheme: Scheme) -> str:
    """`W ~ N(0, 2/n)`; a recipe in words stays as it is."""
    sign = "= " if scheme.distribution == "point" else "~ " if scheme.formula.startswith(("N(", "U(")) else ""
    return f"W {sign}{scheme.formula}" if sign else scheme.formula


def kind(scheme: Scheme) -> str:
    return KINDS.get(scheme.distribution, scheme.distribution)
