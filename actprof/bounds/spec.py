"""What `bounds` is asked: schemes, fan-ins, and how they are sampled; the place of its defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actprof.engine.spec import MAX_SEED, require
from actprof.errors import SpecError
from actprof.registry import MAX_FAN, Choice

MAX_KERNEL, MAX_SIDES = 1_000, 3
MIN_SAMPLES, MAX_SAMPLES = 2, 10**7
MAX_DRAWN = 10**9  # weights of all samples together; they take most of a minute

SCHEMES = ("xavier", "xavier_uniform", "he", "lecun", "fan_in_uniform")
FAN_IN = "1:100"
FAN_OUT = "same"


@dataclass(frozen=True)
class BoundsSpec:
    """Schemes whose weights' scale is followed over fan-ins, and checked by sampling at some of them.

    Attributes:
        fan_in: the fan-ins of the curves, or the input channels of a convolution; ascending.
        at: those at which weights are sampled.
        fan_out: units, or output channels; None for as many as inputs.
        kernel: the sides of a convolution's kernel; a dense layer has none.
        groups: in which a convolution's channels do not see those of the others.
        depthwise: as many groups as input channels.
        transposed: a convolution that makes images larger, whose weights stand the other way round.
        gain: replaces the gain of every scheme that has one.
        samples: weights drawn; a matrix is drawn whole.
    """

    schemes: tuple[Choice, ...]
    fan_in: tuple[int, ...]
    at: tuple[int, ...]
    fan_out: int | None = None
    kernel: tuple[int, ...] = ()
    gain: float | None = None
    samples: int = 1000
    seed: int = 0
    groups: int = 1
    depthwise: bool = False
    transposed: bool = False

    def __post_init__(self) -> None:
        if not (self.schemes and self.fan_in and self.at):
            raise SpecError("bounds need a scheme, a fan-in and a place to sample at.")
        for fan in (*self.fan_in, *self.at):
            require("--fan-in", fan, 1, MAX_FAN)
        if self.fan_out is not None:
            require("--fan-out", self.fan_out, 1, MAX_FAN)
        require("the number of sides of --kernel", len(self.kernel), 0, MAX_SIDES)
        for side in self.kernel:
            require("a side of --kernel", side, 1, MAX_KERNEL)
        require("--samples", self.samples, MIN_SAMPLES, MAX_SAMPLES)
        require("--seed", self.seed, 0, MAX_SEED)
        if (drawn := len(self.schemes) * len(self.at) * self.samples) > MAX_DRAWN:
            raise SpecError(f"{drawn:,} weights would be drawn, --samples for each of {len(self.schemes)} schemes at "
                            f"{len(self.at):,} fan-ins; {MAX_DRAWN:,} are the limit. Lower --samples.")
        if self.gain is not None and not 0 <= self.gain < math.inf:
            raise SpecError(f"--gain must be a finite number, 0 or more, not {self.gain:g}.")
        if list(self.fan_in) != sorted(set(self.fan_in)):
            raise SpecError("the fan-ins must ascend.")
        if not set(self.at) <= set(self.fan_in):
            raise SpecError("--at must name some of the fan-ins.")

        require("--groups", self.groups, 1, MAX_FAN)
        if self.depthwise and self.groups > 1:
            raise SpecError("--groups cannot be combined with --depthwise, which has as many as there are inputs.")
        for inputs in self.fan_in:
            groups, outputs = self.groups_of(inputs), self.fan_out or inputs
            if inputs % groups or outputs % groups:
                many, name = (inputs, "--fan-in") if inputs % groups else (outputs, "--fan-out")
                raise SpecError(f"{name} {many} cannot be divided into {groups} groups. Take multiples of {groups}"
                                f"{f', such as --fan-in {groups}:{10 * groups}:{groups}' if inputs % groups else ''}.")

    def groups_of(self, inputs: int) -> int:
        """The groups of a layer with so many input channels."""
        return inputs if self.depthwise else self.groups

    @property
    def area(self) -> int:
        """The factor from a convolution's channels to its fans."""
        return math.prod(self.kernel)
