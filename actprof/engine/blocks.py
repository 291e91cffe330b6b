"""Which layers of a stack form residual blocks, and what each layer does for its block.

Layers go into blocks one after the other, as many as a branch has matrices, where such a run ends with the width that
it began with; a layer that fits into no block stands between them as a plain layer.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from actprof.catalogue import residuals
from actprof.catalogue.normalizations import BoundNormalization
from actprof.catalogue.residuals import ENTERING
from actprof.registry import Choice

if TYPE_CHECKING:
    from actprof.engine.spec import StackSpec


class Part(NamedTuple):
    """What a layer of a residual stack does.

    Between the layers of a branch the rows are the branch's and, beside them, those of the stream.

    Attributes:
        first: φ comes before the matrix.
        skips: it belongs to a block; else it is a plain layer, which begins and ends what it does.
        begins, ends: whether its inputs are the stream alone, and whether its outputs are.
        alpha: what a branch that ends is multiplied by; where training starts, if it `learns`.
        divisor: β, by which the stream is divided where a branch begins.
        factor: what the drawn weights are multiplied by.
        norm, place: the rule's own normalisation, if it is this layer's, and where it stands.
    """

    first: bool
    skips: bool = False
    begins: bool = True
    ends: bool = True
    alpha: float = 1.0
    learns: bool = False
    divisor: float = 1.0
    factor: float = 1.0
    norm: BoundNormalization | None = None
    place: str = ""

    @property
    def joins(self) -> bool:
        """Whether it ends a branch, which is added to the stream."""
        return self.skips and self.ends

    def norm_at(self, place: str) -> BoundNormalization | None:
        """Its normalisation, if that stands there."""
        return self.norm if place == self.place else None


def parts_of(stack: StackSpec) -> tuple[Part | None, ...]:
    """The part of each layer; None for one that is plain and has its matrix first, as all are without a rule."""
    if stack.residual.name == "none":
        return (None,) * stack.depth
    below, above = stack.apart
    inner = stack.widths[below:len(stack.widths) - above]
    if len(inner) < 2:
        return (None,) * stack.depth
    return (None,) * below + _parts(inner, stack.residual) + (None,) * above


def blocks_of(stack: StackSpec) -> int:
    """The number of residual blocks."""
    return sum(part is not None and part.joins for part in parts_of(stack))


@functools.lru_cache(1024)
def _parts(widths: tuple[int, ...], choice: Choice) -> tuple[Part | None, ...]:
    rule, depth = residuals.bind(choice), len(widths) - 1
    assert rule is not None
    starts, place = set[int](), 0
    while place + rule.matrices <= depth:
        fits = widths[place] == widths[place + rule.matrices]
        starts |= {place} if fits else set()
        place += rule.matrices if fits else 1
    blocks, parts, passed = len(starts), list[Part | None](), 0
    while len(parts) < depth:
        divisor = rule.divisor(passed, blocks)
        if len(parts) not in starts:
            passed = 0
            parts.append(Part(rule.first, divisor=divisor) if rule.first or divisor != 1 else None)
            continue
        passed += 1
        for number in range(rule.matrices):
            begins, ends = number == 0, number == rule.matrices - 1
            has_norm = begins if rule.row.place == ENTERING else ends
            parts.append(Part(rule.first, True, begins, ends, rule.alpha(blocks) if ends else 1.0,
                              ends and rule.row.learns, divisor if begins else 1.0,
                              rule.row.weights(blocks, rule.matrices, ends), rule.norm if has_norm else None,
                              rule.row.place))
    return tuple(parts)
