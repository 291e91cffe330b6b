"""The words that tables, figures and verdicts use, each explained once."""

from __future__ import annotations

from typing import NamedTuple

from actprof.diagnosis.verdicts import (
    CHANCE,
    CHANGE,
    COLLAPSED,
    DEEPER,
    DIVERGED,
    DYING,
    FALLING,
    FLAT,
    LEARNED,
    MASTERED,
    NO_SIGNAL,
    NOTABLE,
    SATURATED,
    WEAK,
    Threshold,
)


class Term(NamedTuple):
    """A word or symbol as it is printed, its key in JSON if it has one, and what it means."""

    name: str
    key: str
    meaning: str


def _percent(limit: Threshold) -> str:
    return f"{100 * limit.value:g} %"


VERDICTS = (
    Term("✓ healthy", "healthy", "activations and gradients keep their size at this depth, and inputs stay apart"),
    Term("~ drifting", "drifting", f"healthy at this depth, but ×{NOTABLE.value:g} is passed already and ×"
         f"{CHANGE.value:g} would be within {DEEPER.value:g} times the depth; not bad for --check"),
    Term("? uncertain", "uncertain", "gradients were not measured, and theory cannot tell those of one network"),
    Term("✗ vanishing", "vanishing", f"activations or a sample's gradient shrink to less than 1/{CHANGE.value:g}, or "
         f"within units less than {NO_SIGNAL.value:g} of the inputs' std is left"),
    Term("✗ exploding", "exploding", f"activations or a sample's gradient grow more than ×{CHANGE.value:g}"),
    Term("✗ saturated", "saturated", f"more than {_percent(SATURATED)} of a layer lies where the activation is flat on "
         f"both sides, or {_percent(FLAT)} where it is on one"),
    Term("✗ dying", "dying", f"more than {_percent(DYING)} of a layer's units, and more than chance, are always 0"),
    Term("✗ collapsed", "collapsed", f"less than {_percent(COLLAPSED)} of a layer's std lies within units: all inputs "
         "give nearly the same"),
    Term("✗ symmetric", "symmetric", "all units of a layer are the same, and stay so in training"),
    Term("✗ non finite", "non_finite", "an activation became infinite or no number"),
)

STATUSES = (
    Term("ok", "ok", f"of a training: by the loss or the test rows {_percent(MASTERED)} of the way from guessing to no "
         f"error; or the loss falls no more at {_percent(WEAK)}, or earlier without a cause, and no other arm comes "
         f"{_percent(CHANCE)} further"),
    Term("slow", "slow", f"less than that, though better than guessing: the loss came down {_percent(FALLING)} of its "
         "way in the last quarter, a verdict on the network before training is bad, weights hardly move, or another "
         "arm's loss comes further"),
    Term("badly scaled", "badly_scaled", "less than that, and the network before training explodes, is saturated or "
         "not finite, or the test rows are better than guessed while the loss is not"),
    Term("not learning", "not_learning", f"the training loss is above {_percent(LEARNED)} of that without looking at "
         f"the inputs, and the test rows are within {_percent(CHANCE)} of guessing, or three standard errors"),
    Term("diverged", "diverged", f"the loss is no number any more, or ends above ×{DIVERGED.value:g} its start and "
         "that without looking at the inputs"),
    Term("interrupted", "interrupted", "Ctrl-C ended the training; what was learned so far is shown"),
)

QUANTITIES = (
    Term("std", "std", "population standard deviation of all values of a layer, samples × units"),
    Term("in-unit std", "within_unit_std", "root mean square over units of the std over samples: what the layer still "
         "says about its input"),
    Term("between-unit std", "between_unit_std", "std over units of the mean over samples; std² = in-unit std² + "
         "between-unit std²"),
    Term("% zero", "zero_fraction", "share of values that are exactly 0"),
    Term("% sat", "saturated_fraction", "share of values whose pre-activation lies in a flat tail: |φ'(z)| < 0.05 · "
         "sup|φ'|"),
    Term("dead units", "dead_units", "units that are exactly 0 for every sample seen"),
    Term("always-on units", "always_on_units", "units of a rectifier that are never 0"),
    Term("correlation", "correlation", "mean cosine between the activation vectors of different samples"),
    Term("(layer 15)", "layer", "of a verdict: the first layer that shows it, on the signal's way; of what comes back "
         "that nearest to the outputs"),
    Term("signal a layer", "", "factor by which the in-unit std changes from layer to layer (geometric mean), until it "
         "is rounding; of a single layer its in-unit std"),
    Term("gradient a layer", "", "factor by which the norm of a sample's gradient changes a layer on its way back"),
    Term("gradient ratio", "ratio", "root mean square of dL/dz in a layer over that in the last, for a random N(0, 1) "
         "gradient of the outputs"),
    Term("gradient norm", "norm_ratio", "the same of a sample's whole vector, which a change of width leaves as it is"),
    Term("gradient correlation", "correlation", "of gradients: mean cosine between dL/dz of different samples for the "
         "same gradient of the outputs, by theory Π E φ'₁φ'₂/E φ'²; near 0 they are shattered (Balduzzi et al. 2017)"),
    Term("theory", "theory", "what mean-field theory expects of infinitely wide layers on the same inputs"),
    Term("std errors", "std_errors", "how far the measured std is from that of a typical network of this width, in "
         "standard errors over such networks; theory's std is of infinite width and may lie elsewhere"),
    Term("parameters", "parameters", "weights, and biases unless they are zero by design"),
    Term("E a²", "second_moment", "mean square of the activations of a layer; its root is their rms"),
    Term("σ_w, σ_b", "sigma_w", "√(fan_in · Var W) and √Var b"),
    Term("q*", "q_star", "variance of the pre-activations that a layer gives back: q* = σ_w² E φ(√q* z)² + σ_b²"),
    Term("c*", "c_star", "correlation that two inputs approach in deep layers"),
    Term("χ, chi", "chi", "σ_w² E φ'(z)²: by how much a layer grows the squared gradient on its way back; χ₁ at q*"),
    Term("ξ_q, ξ_c", "xi_c", "depths, in layers, over which variance and correlation approach q* and c* by a factor e"),
    Term("edge of chaos", "critical", "σ_w and σ_b at which χ₁ = 1: gradients neither vanish nor explode"),
    Term("where it turns stable", "stable_edge", "σ_w, σ_b from which on signals stay at the edge of chaos; before, "
         "as without biases for gelu, silu and mish, they leave it"),
    Term("variance jumps", "jump", "χ₁ skips 1: inputs start on an unstable fixed point, E φ(σ_w z)² = 1 for inputs "
         "with E x² = 1; below that gain they vanish, above it explode, also at a forward gain that is unstable"),
    Term("6 ξ_c", "signal_layers", "layers down to which the signal still tells inputs apart"),
    Term("×30 layers", "gradient_layers", "layers over which gradients change by no more than a verdict lets them, "
         f"from the inputs on; at q* 2·ln {CHANGE.value:g}/|ln χ₁|; trainable is what lies within both"),
    Term("power law", "", "change that becomes slower from layer to layer, such as 1/depth: no factor a layer"),
    Term("forward gain", "gain_forward", "1/√E φ², which keeps E a² = 1 where the variance 1 is stable"),
    Term("backward gain", "gain_backward", "1/√E φ'², at which χ = 1 for pre-activations of variance 1"),
    Term("10⁻³ line", "", "of a training figure: an update of 1/1000 of the weights, as a rule of thumb wants it"),
    Term("smoothed", "smoothed", "of a loss: a running mean over iterations"),
    Term("undecided", "", "of a network: all outputs 0, so that all classes are as likely"),
    Term("iterations to half", "", "until the smoothed loss is half of an undecided network's"),
)
TERMS = (*VERDICTS, *STATUSES, *QUANTITIES)


def readme() -> str:
    """The table of README."""
    rows = ((f"`{term.name}`", f"`{term.key}`" * bool(term.key), term.meaning.replace("|", r"\|")) for term in TERMS)
    return "\n".join(["| word | in JSON | meaning |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])
