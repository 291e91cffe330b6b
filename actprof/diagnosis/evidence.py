"""What a diagnosis goes by: sizes on the way forward and back, measured first, and from theory what was not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from actprof import digits
from actprof.diagnosis.verdicts import CHANGE, COLLAPSED, DEEPER, NOTABLE
from actprof.engine.blocks import parts_of
from actprof.engine.inputs import InputMoments
from actprof.engine.profiles import Arm, LayerSummary, Statistics
from actprof.engine.spec import StackSpec
from actprof.registry import Choice
from actprof.theory.layers import scales
from actprof.theory.predictions import BAND, LayerTheory, StackTheory
from actprof.theory.stack import predict

Course = tuple[tuple[int, float], ...]  # ((layer, log₁₀ of a ratio), …)

STREAMS = "streams"  # the word for what goes from layer to layer where there are residual blocks

MIN_LAYERS = 8  # layers from which on a power law can be told from an exponential


MAX_STRAYS = 0.5  # half a decade either way: where the band is wider than a decade theory alone makes no verdict

SETTLED = 20  # layers after which what is left of the start no longer tells what comes: theory goes on as at their end


class Swing(NamedTuple):
    """How gradients change on their way back from one layer to another: by 10**size."""

    start: int
    layer: int
    size: float


@dataclass(frozen=True)
class Evidence:
    """An arm beside its spec and what theory expects of it, if it does."""

    arm: Arm
    stack: StackSpec
    theory: StackTheory | None
    inputs: InputMoments

    @cached_property
    def judged(self) -> int:
        """How many layers are judged: not a last one with a smaller initialiser of its own, which is small by choice.

        Outputs start near 0 so, as policies and residual branches are wished to.
        """
        stack, depth = self.stack, self.depth
        own = depth > 1 and stack.inits[-1] not in stack.inits[:-1]
        return depth - (own and scales(stack, depth).weights < scales(stack, depth - 1).weights)

    @cached_property
    def layers(self) -> tuple[LayerSummary, ...]:
        """Those judged of which something finite was seen."""
        return tuple(layer for layer in self.arm.layers[:self.judged] if layer.activation.statistics["count"])

    @cached_property
    def outside(self) -> tuple[LayerSummary, ...]:
        """Those that are not inside a branch of a residual block."""
        parts = parts_of(self.stack)
        return tuple(layer for layer in self.layers if (part := parts[layer.layer - 1]) is None or part.ends)

    @property
    def ends(self) -> tuple[Statistics, Statistics]:
        """The statistics of the first and the last signal: of streams where there are some."""
        passing = [layer for layer in self.layers if layer.stream] or self.layers
        return signal(passing[0]), signal(passing[-1])

    @property
    def signals(self) -> str:
        """What goes from layer to layer, in words."""
        return STREAMS if any(layer.stream for layer in self.layers) else "activations"

    @cached_property
    def expected(self) -> tuple[LayerTheory, ...]:
        return self.theory.layers[:self.judged] if self.theory else ()

    @cached_property
    def forward(self) -> Course:
        """Root mean squares of the activations; beside the inputs' where those are larger than 1, else beside 1."""
        above = math.log10(max(self.input_rms, 1.0))
        return tuple((layer.layer, log10(rms(signal(layer))) - above) for layer in self.outside)

    @cached_property
    def fading(self) -> Course:
        """The same beside the inputs' where those are smaller than 1."""
        step = math.log10(max(self.input_rms, 1.0)) - math.log10(min(self.input_rms, 1.0))
        return tuple((layer, size + step) for layer, size in self.forward)

    @property
    def faded(self) -> int | None:
        """The first layer of which less than 1/CHANGE is left."""
        return beyond(self.fading, -1)

    @cached_property
    def backward(self) -> Course:
        """Norms of a sample's dL/dz beside the last judged layer's, outputs first: measured, else theory's, else none.

        None of theory where `strays` is too much for a verdict to rest on it alone.

        Not root mean squares over units: a layer of more units has a smaller share for each and is none the worse.
        """
        if self.measured_back:
            found = [(layer.layer, layer.gradient.statistics["log10_norm_ratio"])
                     for layer in self.outside if layer.gradient]
        else:
            told = self.strays <= MAX_STRAYS
            found = [(layer.layer, layer.log_gradient_ratio / math.log(10)
                      + math.log10(self.stack.widths[layer.layer] / self.stack.widths[-1]) / 2)
                     for layer in self.expected if told and layer.log_gradient_ratio is not None]
        last = found[-1][1] if found and self.judged < self.depth else 0.0
        return tuple((layer, size - last) for layer, size in reversed(found) if not math.isnan(size - last))

    @cached_property
    def strays(self) -> float:
        """log₁₀ of the factor, up or down, within which 95 % of networks' gradients are of what theory expects."""
        errors = [layer.log_gradient_error for layer in self.expected if layer.log_gradient_error is not None]
        return BAND * max(errors, default=0.0) / math.log(10)

    @property
    def measured_back(self) -> bool:
        """Whether gradients were measured."""
        return any(layer.gradient for layer in self.layers)

    @property
    def source(self) -> str:
        """` by theory` where gradients were not measured."""
        return "" if self.measured_back else " by theory"

    @property
    def input_rms(self) -> float:
        return math.sqrt(self.inputs.second_moment) if 0 < self.inputs.second_moment < math.inf else 1.0

    @property
    def depth(self) -> int:
        return self.stack.depth

    @property
    def inputs_differ(self) -> bool:
        """Whether there are inputs to tell apart."""
        return self.rows > 1 and self.inputs.correlation < 1 - COLLAPSED.value**2

    @property
    def rows(self) -> int:
        """Of a batch."""
        return int(min(self.arm.config["batch_size"], self.arm.config["samples"]))

    @property
    def samples(self) -> int:
        """Rows of all batches."""
        return int(self.arm.config["samples"])

    @cached_property
    def change(self) -> float:
        """The largest |log₁₀| of all ratios, forward and, between any two layers, back."""
        swings = [abs(swing.size) for sign in (1, -1) if (swing := self.swing(sign))]
        return max((*(abs(size) for _, size in self.forward), *swings), default=0.0)

    def swing(self, sign: int) -> Swing | None:
        """The largest growth (sign 1) or loss (-1) of gradients on their way back between any two layers."""
        found = max(self._swings(sign), key=lambda swing: sign * swing.size, default=None)
        return found if found and sign * found.size > 0 else None

    def swung(self, sign: int) -> int | None:
        """The layer nearest to the outputs where gradients have changed by more than CHANGE on their way back."""
        return next((swing.layer for swing in self._swings(sign) if sign * swing.size > math.log10(CHANGE.value)), None)

    def _swings(self, sign: int) -> Iterator[Swing]:
        """For each layer on the way back the change since gradients were smallest (sign 1) or largest (-1)."""
        since: tuple[int, float] | None = None
        for layer, size in self.backward:
            if since is not None:
                yield Swing(since[0], layer, size - since[1])
            if math.isfinite(size) and (since is None or sign * size < sign * since[1]):
                since = layer, size

    @cached_property
    def chi(self) -> float | None:
        """χ, by which theory lets squared gradients grow a layer: the median over the layers."""
        import statistics  # few verdicts ask for χ, and it loads decimals and fractions

        known = [layer.chi for layer in self.expected[:self.judged - 1] if layer.chi is not None]
        middle = statistics.median(known) if known else math.nan
        return middle if 0 < middle < math.inf else None

    @cached_property
    def power_law(self) -> bool:
        """Whether theory lets the size change ever more slowly: halfway down twice as fast as at the end."""
        squares = [layer.signal_square for layer in _going_on(self.expected)]
        return _slows([after / before if before > 0 else math.nan for before, after in pairwise(squares)])

    @cached_property
    def power_law_back(self) -> bool:
        """The same of gradients."""
        return _slows([layer.chi for layer in self.expected if layer.chi is not None])

    @cached_property
    def bad_depth(self) -> int | None:
        """From how many layers on theory lets sizes change by more than CHANGE, where they drift.

        None where they do not: where little has changed so far, by a power law or only at the start.
        """
        if self.change <= math.log10(NOTABLE.value) or not self.stack.alike or self.depth < 2:
            return None
        layers, most = self.expected, int(DEEPER.value * self.depth)
        if len(layers) == self.depth < SETTLED:
            layers = _deeper(self, most)
        slow = self.power_law, self.power_law_back
        return next((depth for depth, *sizes in _courses(layers, most) if depth > self.depth and any(
            size > math.log(CHANGE.value) and not slows for size, slows in zip(sizes, slow, strict=True))), None)

    @property
    def name(self) -> str:
        """`tanh with lecun_normal:gain=1.6`."""
        norm = "" if self.stack.norm.name == "none" else f", {self.stack.norm.name} norm"
        norm += "" if self.stack.residual.name == "none" else f", residual {self.stack.residual.label}"
        init, tied = _few(self.stack.inits), ", tied" * self.stack.tied
        return f"{_few(self.stack.activations)} with {'std ' if init[0] in '.0123456789' else ''}{init}{norm}{tied}"


def _slows(steps: Sequence[float]) -> bool:
    """Whether a factor a layer is halfway down twice as far from 1 as at the end."""
    if len(steps) < MIN_LAYERS - 1 or not all(0 < step < math.inf for step in (steps[len(steps) // 2], steps[-1])):
        return False
    halfway = math.log(steps[len(steps) // 2])
    return abs(halfway) > 1e-6 and 0.4 < math.log(steps[-1]) / halfway < 0.62


def _few(choices: Sequence[Choice]) -> str:
    """Each of them once, up to three."""
    names = list(dict.fromkeys(choice.label or choice.name for choice in choices))
    return "/".join(names[:3]) + ("/…" if len(names) > 3 else "")


def _going_on(layers: Sequence[LayerTheory]) -> Sequence[LayerTheory]:
    """Those that end residual blocks; all where there are none."""
    return [layer for layer in layers if layer.stream] or layers


def _deeper(seen: Evidence, depth: int) -> tuple[LayerTheory, ...]:
    """What theory says of a stack of so many layers of the same kind."""
    stack = replace(seen.stack, widths=(seen.stack.widths[0], *seen.stack.widths[1:2] * depth),
                    inits=seen.stack.inits[:1] * depth, activations=seen.stack.activations[:1] * depth)
    inputs = seen.inputs
    return predict(stack, inputs.second_moment, inputs.correlation, seen.rows, inputs.unevenness, typical=False,
                   normal=inputs.normal).layers


def _courses(layers: Sequence[LayerTheory], most: int) -> Iterator[tuple[int, float, float]]:
    """(depth, by how much sizes change over so many layers forward and back as natural logarithms), as theory has it.

    Beyond the layers that it knows both ways go on as at their end.
    """
    known = [layer for layer in layers if 0 < layer.signal_square < math.inf]
    chis = [layer.chi for layer in known if layer.chi]
    if len(known) < 2 or not chis:
        return
    sizes = [math.log(layer.signal_square) / 2 for layer in known]
    backward = 0.0
    for depth in range(2, most + 1):
        ahead = depth - len(sizes)
        forward = sizes[min(depth, len(sizes)) - 1] + max(ahead, 0) * (sizes[-1] - sizes[-2])
        backward += math.log(chis[min(depth - 1, len(chis)) - 1]) / 2
        yield depth, abs(forward), abs(backward)


def beyond(course: Iterable[tuple[int, float]], sign: int) -> int | None:
    """The first layer on the way whose ratio is beyond CHANGE, above (sign 1) or below (-1)."""
    return next((layer for layer, size in course if sign * size > math.log10(CHANGE.value)), None)


def signal(layer: LayerSummary) -> Statistics:
    """The statistics of what goes on from a layer: where it ends a residual block its stream, else its activations."""
    return (layer.stream or layer.activation).statistics


def rms(statistics: Statistics) -> float:
    """√E a², which neither overflows nor underflows before the values do."""
    return math.hypot(statistics["std"], statistics["mean"])


def log10(size: float) -> float:
    return math.log10(size) if size > 0 else -math.inf


def number(value: float) -> str:
    """The value as tables show it; infinite and undefined ones in words."""
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    return digits.number(value)


def times(exponent: float) -> str:
    """×10**exponent, beyond the range of floats too: ×1.4e4, ×8.1e-20, ×3.4e-412."""
    return f"×{digits.power_of_ten(exponent) if exponent < math.inf else number(exponent)}"
