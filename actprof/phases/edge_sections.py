"""The edge of chaos as far as a plane shows it: finely, however small the plane, and from border to border."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise

from actprof.phases.boundaries import Branch
from actprof.predictions import Edge
from actprof.registry import Choice
from actprof.theory.edges import edge_of_chaos
from actprof.theory.length_map import bisected

STEP = 0.01
"""Between neighbours, at most: a part of the plane's width or height."""

NEAREST = 1e-13
"""Between neighbours' variances, relative to them: nothing is between."""

Extent = tuple[float, float, float, float]
"""(least σ_w, most σ_w, least σ_b, most σ_b)."""


def edge_sections(choice: Choice, branch: Branch, extent: Extent) -> tuple[Branch, ...]:
    """The parts of a branch on a plane; the ends of each are its own or lie on the border.

    A corner that a part cuts off by less than STEP may be missed.
    """
    if len(branch) == 1:
        return (branch,) if _depth(branch[0], extent) >= 0 else ()
    finer = [branch[0]]
    for one, other in pairwise(branch):
        finer += [*_between(choice, one, other, extent), other]
    told = [(point, _depth(point, extent) >= 0) for point in finer]
    parts = (tuple(point for point, _ in part)
             for inside, part in groupby(_bordered(choice, told, extent), lambda each: each[1]) if inside)
    return tuple(part for part in parts if len(part) > 1)


def _between(choice: Choice, one: Edge, other: Edge, extent: Extent) -> list[Edge]:
    """Points to put between two, until none of the steps on the plane is too long."""
    if not (_is_long(one, other, extent) and _is_near(one, other, extent)):
        return []
    middle = _at(choice, one, ((one.q or 0.0) + (other.q or 0.0)) / 2)
    if middle is None:
        return []
    return [*_between(choice, one, middle, extent), middle, *_between(choice, middle, other, extent)]


def _at(choice: Choice, before: Edge, q: float) -> Edge | None:
    """The edge at a variance after a point; where its slope is 1 up to rounding it is as stable as there."""
    found = edge_of_chaos(choice, q)
    if found is None or found.stability != "neutral":
        return found
    return replace(found, stability=before.stability)


def _is_long(one: Edge, other: Edge, extent: Extent) -> bool:
    width, height = extent[1] - extent[0], extent[3] - extent[2]
    parts = abs(other.sigma_w - one.sigma_w) / width, abs(other.sigma_b - one.sigma_b) / height
    return max(parts) > STEP and (other.q or 0.0) - (one.q or 0.0) > NEAREST * (other.q or 0.0)


def _is_near(one: Edge, other: Edge, extent: Extent) -> bool:
    """Whether the curve between two points may come to the plane: where it turns it leaves their rectangle, but by less
    than the size of that."""
    for first, last, least, most in ((one.sigma_w, other.sigma_w, *extent[:2]),
                                     (one.sigma_b, other.sigma_b, *extent[2:])):
        size = abs(last - first)
        if max(first, last) + size < least or min(first, last) - size > most:
            return False
    return True


def _depth(point: Edge, extent: Extent) -> float:
    """How far inside the plane a point is, in parts of its width or height; below 0 outside."""
    width, height = extent[1] - extent[0], extent[3] - extent[2]
    return min((point.sigma_w - extent[0]) / width, (extent[1] - point.sigma_w) / width,
               (point.sigma_b - extent[2]) / height, (extent[3] - point.sigma_b) / height)


def _bordered(choice: Choice, told: list[tuple[Edge, bool]], extent: Extent) -> Iterator[tuple[Edge, bool]]:
    """(point, whether it is on the plane), with the points on the border between those inside and outside."""
    for (one, inside), (other, stays) in pairwise(told):
        yield one, inside
        border = _border(choice, one, other, extent) if inside != stays else None
        if border is not None:
            yield border, True
    yield told[-1]


def _border(choice: Choice, one: Edge, other: Edge, extent: Extent) -> Edge | None:
    """Between a point on the plane and one beyond; None where the first is on the border itself."""
    def depth(q: float) -> float:
        point = _at(choice, one, q)
        return -1.0 if point is None else _depth(point, extent)

    if max(_depth(one, extent), _depth(other, extent)) == 0:
        return None
    return _at(choice, one, bisected(depth, one.q or 0.0, other.q or 0.0))
