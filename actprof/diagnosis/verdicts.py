"""What a diagnosis comes to: a verdict in a word, where it shows, why, and what to do; and the limits it goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actprof.engine.spec import StackSpec

HEALTHY, DRIFTING, UNCERTAIN = "healthy", "drifting", "uncertain"
CODES = (HEALTHY, "vanishing", "exploding", "saturated", "dying", "collapsed", "symmetric", "non_finite", UNCERTAIN,
         DRIFTING)

# Before the words of a verdict, the best first; BAD before all others.
SIGNS, BAD = {HEALTHY: "✓", DRIFTING: "~", UNCERTAIN: "?"}, "✗"


@dataclass(frozen=True)
class Verdict:
    """What becomes of the signal in one arm.

    Attributes:
        code: one of CODES.
        layer: the first layer that shows it, on the signal's way: of what comes back that nearest to the outputs.
        text: the cause in words with the number behind it, in one line.
        remedy: what to do instead, with what a run of it gave; "" where nothing is wrong.
        networks: code → how many of several networks get it on their own; empty for a single one.
        headline: the finding in a few words, as the title of a figure says it: `Gradients explode ×97`.
        measured: the number behind it alone, as a cell of a table says it: `gradients ×97`.
        options: of the remedy alone, as on the command line: `--init he`.
        remedied: the stack that they ask for; None where the remedy names no options.
    """

    code: str
    layer: int | None
    text: str
    remedy: str = ""
    networks: Mapping[str, int] = field(default_factory=dict)
    headline: str = ""
    measured: str = ""
    options: str = ""
    remedied: StackSpec | None = None

    @property
    def good(self) -> bool:
        return self.code == HEALTHY

    @property
    def bad(self) -> bool:
        """Whether something is wrong: what is not known, or would be bad only in deeper stacks, is not."""
        return self.code not in SIGNS

    @property
    def order(self) -> int:
        """0 for what is good, rising to what is bad."""
        return list(SIGNS).index(self.code) if self.code in SIGNS else len(SIGNS)

    @property
    def sign(self) -> str:
        """`✗`, which stands before the word."""
        return SIGNS.get(self.code, BAD)

    @property
    def word(self) -> str:
        """`non finite`."""
        return self.code.replace("_", " ")

    @property
    def record(self) -> dict[str, Any]:
        """The fields as plain values; without `networks` for a single one."""
        return {name: value for name, value in vars(self).items()
                if name != "remedied" and (name != "networks" or value)}

    @property
    def counts(self) -> str:
        """`dying 174, healthy 26` over several networks; empty for a single one."""
        return ", ".join(f"{code.replace('_', ' ')} {count:,}" for code, count in self.networks.items())


@dataclass(frozen=True)
class Threshold:
    """A limit of a diagnosis: its name, its value, what it is of, and why it lies there."""

    name: str
    value: float
    unit: str
    reason: str


CHANGE = Threshold(
    "change", 30.0, "times: activations (rms) over all layers, a sample's gradient (norm) between any two",
    "no learning rate suits layers whose gradients differ more; 50 ReLU layers of 100 units stray ×10 by chance")
NO_SIGNAL = Threshold(
    "no signal", 1e-3, "of the inputs' std left within units",
    "what is left of the difference between inputs is lost beside any bias or noise")
SATURATED = Threshold(
    "saturated", 0.4, "of values, where both ends of the activation are flat",
    "a unit flat for almost every second input hardly learns; tanh at its fixed points has less than 0.2")
FLAT = Threshold(
    "flat", 0.9, "of values, where one end of the activation is flat",
    "half of the values lie on the flat side by symmetry; beyond 0.9 hardly any slope is left")
DYING = Threshold(
    "dying", 0.5, "of units always 0, and 2/√units more for chance",
    "where all inputs look alike half of the units are off by the sign of z alone; more are pushed there")
COLLAPSED = Threshold(
    "collapsed", 0.05, "of the std of a layer lies within units",
    "then 99.75 % of the variance is between units and the same for every input")
VISIBLE = Threshold(
    "visible", 0.05, "std of a layer",
    "from here on a histogram looks as if there were a signal; below, the verdict is vanishing")
ALIKE = Threshold(
    "alike", 0.9, "mean cosine between different inputs in the last layer",
    "further layers can hardly tell the inputs apart: a remark, no fault")
NOTABLE = Threshold(
    "notable", 3.0, "times, of activations or gradients over all layers",
    "more than chance in a few wide layers: a remark, no fault; where theory lets it go on, the verdict is drifting")
DEEPER = Threshold(
    "deeper", 5.0, "times the depth",
    "what would be bad in a stack of no more than so many layers is drifting; a power law takes longer")
STANDARD = Threshold(
    "standard", 0.1, "from 0 for the mean, from 1 for the second moment and fan_in·Var W",
    "SELU holds its fixed point only near standardised inputs and LeCun weights")
THRESHOLDS = (CHANGE, NO_SIGNAL, SATURATED, FLAT, DYING, COLLAPSED, VISIBLE, ALIKE, NOTABLE, DEEPER, STANDARD)


# What the status of a training goes by.
LEARNED = Threshold(
    "learned", 0.99, "of the loss of a network that does not look at its inputs",
    "a training loss above shows that nothing was learned")
MASTERED = Threshold(
    "mastered", 0.9, "of the way from guessing to no error, by the loss or the test rows", "from here on all is well")
WEAK = Threshold(
    "weak", 0.5, "of that way, where the loss falls no more", "below, something is wrong")
CHANCE = Threshold(
    "chance", 0.05, "of the way above guessing, and three standard errors", "fewer right answers may be luck")
FALLING = Threshold(
    "falling", 0.1, "of the way that the loss has come, in the last quarter of the updates",
    "a straight line comes a quarter of its way there; a loss at rest next to nothing")
DIVERGED = Threshold(
    "diverged", 10.0, "times the loss at the start, and that of a network that does not look at its inputs",
    "a loss that ends above has gone astray")


@dataclass(frozen=True)
class Warning:
    """Something in the result that the user should know; `layer` None for the whole arm."""

    code: str
    arm: str
    layer: int | None
    message: str
