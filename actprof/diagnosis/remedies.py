"""What would do better: other settings, each run on the same inputs and seeds before it is named; the first that holds.

Where a trial would take longer than the run that was judged, theory follows the settings through the layers instead,
and the text says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

import numpy as np

from actprof.catalogue import initializers
from actprof.catalogue.activations import bind
from actprof.catalogue.expectations import forward_gain, moments
from actprof.catalogue.initializers import INITIALIZERS, preset_bias
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.catalogue.residuals import RESIDUALS
from actprof.diagnosis.evidence import STREAMS, Evidence, number, times
from actprof.diagnosis.verdicts import CHANGE, COLLAPSED, FLAT, NOTABLE, SATURATED, Verdict
from actprof.digits import typed
from actprof.engine import memory
from actprof.engine.inputs import FirstRows, InputMoments, Inputs, StandardInputs, input_moments, open_inputs
from actprof.engine.measure import measured
from actprof.engine.network import Network, fans_of
from actprof.engine.spec import NO_NORM, QUANTITIES, ZEROS, RunSpec, StackSpec
from actprof.errors import ActprofError, SpecError
from actprof.machine import Progress, portions
from actprof.registry import Choice
from actprof.theory import fixed_points
from actprof.theory.layers import scales
from actprof.theory.predictions import LayerTheory
from actprof.theory.stack import predict

NAMED = ((math.sqrt(2), "he"), (1.0, "lecun_normal"))  # gains that have a name of their own

VARIANCES = (1.0, 2.0, 4.0, 8.0, 16.0)  # variances at which the edge of chaos with biases is tried

KEEPS = "the gain that keeps E a²"
# The same of a run in which it does not, by the stability of E a² = 1.
KEPT = {"unstable": "the gain that would keep E a² = 1, were this stable", "stable": "the gain that leads to E a² = 1",
        "neutral": "the gain that in the mean of many networks keeps E a²"}

BETWEEN = 7  # gains that are tried between those that theory names

# Rows of a trial: so many that they make this many multiplications, between these limits.
MIN_ROWS, MAX_ROWS, ROWS_WORK = 32, 128, 1e9

# Trials take no more multiplications than this share of the run's, or than that many, whichever is more.
MAX_SHARE, MIN_WORK = 0.1, 1.5e9

MIN_BATCH = 8  # rows of a batch whose statistics may stand in for the scale of the weights

MAX_WIDTH, MAX_LISTED = 2048, 20  # units of a layer that is tried; layers whose widths are listed one by one


class Candidate(NamedTuple):
    """Settings to try: as options and why; `standardised` where it is the inputs that change."""

    options: str
    reason: str
    stack: StackSpec
    standardised: bool = False


@dataclass
class Trials:
    """Runs of candidates on the inputs and seeds of a run that was judged, as long as they stay cheap beside it.

    `progress` hears the share of what may be spent that is spent.
    """

    run: RunSpec
    inputs: Inputs
    judge: Callable[[Evidence], Verdict]
    progress: Progress = lambda share: None

    def begin(self, stack: StackSpec) -> None:
        """Set what may be spent beside the run of this stack."""
        rows = self.inputs.batch_rows(0) * self.inputs.batches * self.run.repeats
        self._whole = memory.work_of(self._network(stack), rows)
        self._most = self._left = max(MAX_SHARE * self._whole, MIN_WORK)

    def evidence(self, candidate: Candidate) -> tuple[Evidence | None, bool]:
        """(what a run of the candidate shows, whether it is healthy): of a few rows, or of all where those are healthy.

        None where too much was spent before or the run cannot be made.
        """
        try:
            inputs, network = self._inputs_of(candidate), self._network(candidate.stack)
            rows = int(min(max(ROWS_WORK / memory.work_of(network, 1), MIN_ROWS), MAX_ROWS))
            few = FirstRows(inputs, inputs.batch_rows(0) if candidate.stack.whole_batch else rows)
            found, good = self._judged(network, few)
            if good and (inputs.batches > 1 or inputs.batch_rows(0) > few.batch_rows(0)):
                whole, held = self._judged(network, inputs, (True,))
                found, good = (whole, held) if whole else (found, good)
            return found, good
        except ActprofError:  # other features than the file's, memory, weights too large for gradients
            return None, False

    def _judged(self, network: Network, inputs: Inputs,
                ways: tuple[bool, ...] = (False, True)) -> tuple[Evidence | None, bool]:
        """What runs of a network show, without gradients and with them, if they are affordable; a bad one is the last.

        Most that is bad is so on the way up already, which takes a third of the time.
        """
        work = memory.work_of(network, inputs.batch_rows(0) * inputs.batches)
        if work > self._left:
            return None, False
        spent, found, good = self._most - self._left, None, False
        self._left -= work
        steps = portions(lambda share: self.progress((spent + share * work) / self._most),
                         [3 if gradients else 1 for gradients in ways])
        for gradients, step in zip(ways, steps, strict=True):
            found = self._run(network.stack, inputs, gradients, step)
            good = self.judge(found).good
            if not good:
                break
        return found, good

    def _run(self, stack: StackSpec, inputs: Inputs, gradients: bool, step: Progress) -> Evidence:
        rows, few = inputs.batch_rows(0), self.run.gradient_rows
        run = replace(self.run, gradients=gradients, gradient_rows=few if few and few < rows else None, jacobian=False,
                      quantities=QUANTITIES[:1], bins=1, range=(-1.0, 1.0), batch_size=rows, batches=inputs.batches,
                      repeats=1)
        arm, = measured([stack], run, inputs, step)
        return Evidence(arm, stack, None, input_moments(inputs))

    def _inputs_of(self, candidate: Candidate) -> Inputs:
        if candidate.standardised:
            return StandardInputs(self.inputs)
        features = candidate.stack.widths[0]
        return self.inputs if features == self.inputs.features else open_inputs(self.run, features)

    def longer(self, candidate: Candidate) -> bool:
        """Whether a run of the candidate would take longer than the run that was judged."""
        return memory.work_of(self._network(candidate.stack), MIN_ROWS) > self._whole

    def _network(self, stack: StackSpec) -> Network:
        return Network(stack, self.run.seed, 0, np.dtype(self.run.dtype))


class Advice(NamedTuple):
    """A remedy in words, its options alone and the stack that they ask for; None where there is none."""

    remedy: str
    options: str = ""
    remedied: StackSpec | None = None


def remedy(seen: Evidence, bad: bool, trials: Trials, *first: Candidate) -> Advice:
    """The first candidate with which a run is healthy, `first` ones before the others; for a run that is bad or drifts.

    Where networks with it would be bad if they were somewhat deeper, a later one may be better, but not one of fewer
    layers; of such candidates the one that holds deepest, and no less deep than what drifts already.
    """
    with np.errstate(all="ignore"):
        trials.begin(seen.stack)
        longer, drifting = [], dict[int, Advice]()
        for candidate in chain(first, candidates(seen)):
            if candidate.stack.depth < seen.depth and (drifting or not bad):
                break
            found, good = trials.evidence(candidate)
            if found is not None and good:
                share = " of one network" * (trials.run.repeats > 1)
                share += "" if found.samples == seen.samples else f" on {found.samples:,} rows"
                advice = _advice(candidate, found.forward[-1][1], _back(found), f"a run{share} gives")
                bad_depth = _with_theory(found).bad_depth
                if bad_depth is None:
                    return advice
                if bad or bad_depth > (seen.bad_depth or 0):
                    drifting.setdefault(bad_depth, advice._replace(
                        remedy=f"{advice.remedy}, bad from {bad_depth:,} on"))
            if found is None and trials.longer(candidate):
                longer.append(candidate)
        return drifting[max(drifting)] if drifting else _by_theory(seen, longer, (CHANGE if bad else NOTABLE).value)


def _with_theory(found: Evidence) -> Evidence:
    inputs = found.inputs
    theory = predict(found.stack, inputs.second_moment, inputs.correlation, found.rows, inputs.unevenness,
                     normal=inputs.normal)
    return replace(found, theory=theory)


def _back(found: Evidence) -> float:
    return max((size for _, size in found.backward), key=abs, default=0.0)


def _advice(candidate: Candidate, forward: float, backward: float, source: str) -> Advice:
    lead, depth, reason = "" if candidate.standardised else "try ", candidate.stack.depth, candidate.reason
    if abs(forward) > math.log10(NOTABLE.value):
        stability = fixed_points.gains(candidate.stack.activations[0]).stability
        reason = reason.replace(KEEPS, KEPT.get(stability, KEEPS))
    words = "activations" if candidate.stack.residual.name == "none" else STREAMS
    text = (f"{lead}{candidate.options} ({reason}): {source} {words} {times(forward)}, "
            f"gradients {times(backward)} over {depth:,} layer{'s' if depth > 1 else ''}")
    return Advice(text, candidate.options, None if candidate.standardised else candidate.stack)


def candidates(seen: Evidence) -> Iterator[Candidate]:
    """All that may help, in order of preference, each once; none of it is what was run."""
    given = set[str]()
    for candidate in _all(seen):
        if candidate.options not in given and (candidate.standardised or candidate.stack.depth < seen.depth
                                               or not same(seen.stack, candidate.stack)):
            yield candidate
        given.add(candidate.options)


def _all(seen: Evidence) -> Iterator[Candidate]:
    stack = seen.stack
    clean = ("" if _unasked_bias(stack) else " --bias zeros") + (
        "" if stack.norm.name == "none" else " --norm none")
    plain = replace(stack, norm=NO_NORM, norm_position="before", bias=ZEROS)
    choices = set(stack.activations)
    named = list(_named(stack.activations[0], plain, clean)) if len(choices) == 1 else [Candidate(
        f"--init critical{clean}", "the gain of each layer's activation",
        plain.initialised(INITIALIZERS.parse("critical")))]
    if seen.input_rms > NOTABLE.value:
        large = f"their rms is {number(seen.input_rms)}"
        yield Candidate("standardise the inputs", large, stack, True)
        for each in named:
            yield each._replace(options=f"standardise the inputs and try {each.options}", reason=large,
                                standardised=True)
    yield from _tamed(stack)
    yield from named
    if len(choices) == 1:
        gains = sorted({*(_scale(candidate.stack) for candidate in named), *_backward(stack.activations[0])})
        yield from _between(gains, plain, clean)
        for gain in gains:
            yield _orthogonal(gain, plain, clean)
    if stack.norm.name == "none" and seen.rows >= MIN_BATCH:
        yield _normalised(stack, plain)
    yield from _wider(stack)
    if any(choice.name != "relu" for choice in choices):
        relu = (Choice("relu", label="relu"),) * stack.depth
        yield Candidate(f"--act relu --init he{clean}", "an activation that has a slope",
                        replace(plain.initialised(INITIALIZERS.parse("he")), activations=relu))
    yield from _shallower(seen)  # last: whoever asks for a depth wants to know what holds there


# Residual rules, and what tames a stream there.
TAMED = (("depth", "each block adds 1/L of its branch's square"), ("pre_norm", "branches see a stream of size 1"),
         ("rezero", "the stream passes as it is"))


def _tamed(stack: StackSpec) -> Iterator[Candidate]:
    """Other residual rules, with branches of the same order and as many matrices."""
    given = {name: value for name, value in stack.residual.values.items() if name in ("matrices", "order")}
    common = ",".join(f"{name}={value}" for name, value in given.items() if value not in (1, "pre"))
    for name, reason in TAMED if given else ():
        rule = RESIDUALS.parse(f"{name}:{common}")
        yield Candidate(f"--residual {rule.label}", reason, replace(stack, residual=rule))


def _named(choice: Choice, plain: StackSpec, clean: str) -> Iterator[Candidate]:
    """The gain that keeps E a², the edge of chaos, and the edge with biases."""
    kept = math.sqrt(1 - plain.dropout)  # what dropout adds to E a²
    keeping = kept * _gain(choice)
    if 0 < keeping < math.inf:
        as_critical = "" if plain.dropout else ", as --init critical"
        yield _scaled(keeping, plain, clean, f"{KEEPS}{as_critical}")
    edge = fixed_points.critical(choice)
    if edge is not None and edge.stability != "unstable" and not edge.sigma_b:
        yield _scaled(kept * edge.sigma_w, plain, clean, "the edge of chaos")
    for q in VARIANCES:
        edge = fixed_points.edge_of_chaos(choice, q)
        if edge is not None and edge.sigma_b > 1e-3 and edge.stability != "unstable":
            bias = f"normal:std={typed(edge.sigma_b, 4)}"
            yield Candidate(f"{_init(kept * edge.sigma_w)} --bias {bias}{' --norm none' * ('--norm' in clean)}",
                            f"the edge of chaos at variance {q:g}",
                            replace(plain.initialised(_weights(kept * edge.sigma_w)), bias=INITIALIZERS.parse(bias)))


def _between(gains: list[float], plain: StackSpec, clean: str) -> Iterator[Candidate]:
    """Even ratios between the least and the largest gain that theory names, those in the middle first."""
    if len(gains) > 1 and gains[-1] > 1.02 * gains[0]:
        places = sorted(range(1, BETWEEN + 1), key=lambda place: abs(place - (BETWEEN + 1) / 2))
        for place in places:
            gain = gains[0] * (gains[-1] / gains[0]) ** (place / (BETWEEN + 1))
            reason = f"between the gains {typed(gains[0], 4)} and {typed(gains[-1], 4)} of theory"
            yield _scaled(gain, plain, clean, reason)


def _scaled(gain: float, plain: StackSpec, clean: str, reason: str) -> Candidate:
    return Candidate(f"{_init(gain)}{clean}", reason, plain.initialised(_weights(gain)))


def _orthogonal(gain: float, plain: StackSpec, clean: str) -> Candidate:
    init = "orthogonal" if math.isclose(gain, 1.0, rel_tol=1e-4) else f"orthogonal:gain={typed(gain, 4)}"
    return Candidate(f"--init {init}{clean}", "orthogonal weights stray less from layer to layer",
                     plain.initialised(INITIALIZERS.parse(init)))


def _normalised(stack: StackSpec, plain: StackSpec) -> Candidate:
    """Batch normalisation, with another init where the weights have no spread of their own or are not centred."""
    kinds = {init: fans_of(stack, number) for number, init in enumerate(stack.inits, start=1)}
    spread = all(initializers.bind(init).std(fans) > 0 == initializers.bind(init).mean(fans)
                 for init, fans in kinds.items())
    kept = plain if spread else plain.initialised(INITIALIZERS.parse("lecun_normal"))
    bias = "" if _unasked_bias(stack) else " --bias zeros"
    return Candidate(f"{'' if spread else '--init lecun_normal '}--norm batch{bias}", "normalised over the batch",
                     replace(kept, norm=NORMALIZATIONS.parse("batch")))


def _unasked_bias(stack: StackSpec) -> bool:
    """Whether the biases are 0, or those that go with the weights."""
    return stack.bias == ZEROS or {stack.bias} == set(map(preset_bias, stack.inits))


def _wider(stack: StackSpec) -> Iterator[Candidate]:
    """The same settings in wider layers, where few numbers say what these are."""
    depth, even = stack.depth, len(set(stack.widths)) == 1
    narrowest = min(stack.widths[1:-1], default=stack.widths[-1])
    wide = min(max(5 * depth, 2 * narrowest), MAX_WIDTH)
    if wide > narrowest and (depth <= MAX_LISTED or even):
        widths = (wide,) * (depth + 1) if even else (
            stack.widths[0], *(max(width, wide) for width in stack.widths[1:-1]), stack.widths[-1])
        options = f"--width {wide}" if even else f"--widths {','.join(map(str, widths))}"
        yield Candidate(options, f"{narrowest:,} unit{'s are' if narrowest > 1 else ' is'} few for {depth:,} layers",
                        replace(stack, widths=widths))


def _shallower(seen: Evidence) -> Iterator[Candidate]:
    """The same settings in fewer layers, where one number says what these are."""
    stack, depth = seen.stack, seen.depth
    if len(set(stack.widths)) == 1 and stack.alike:
        rate = seen.change / max(depth - 1, 1)
        fits = 1 + int(math.log10(CHANGE.value) / rate) if 0 < rate < math.inf else depth // 2
        layers = min(fits, depth - 1)
        while layers:
            yield Candidate(f"--layers {layers}", "fewer layers at this scale", stack.first(layers))
            layers //= 2


def _gain(choice: Choice) -> float:
    try:
        return forward_gain(choice)
    except SpecError:
        return math.nan


def _backward(choice: Choice) -> list[float]:
    """The gain that keeps gradients, where there is one."""
    slope_square = float(moments(bind(choice), 1.0).slope_square)
    return [1 / math.sqrt(slope_square)] if not bind(choice).jumps and 0 < slope_square < math.inf else []


def _weights(gain: float) -> Choice:
    """What the option of _init asks for, to its printed digits."""
    return INITIALIZERS.parse(_init(gain).removeprefix("--init "))


def _scale(stack: StackSpec) -> float:
    """fan_in·Var W of the first layer, as a root."""
    return math.sqrt(scales(stack, 1).weights)


def _init(gain: float) -> str:
    """--init with the name of the gain, if it has one."""
    named = next((name for value, name in NAMED if math.isclose(gain, value, rel_tol=1e-4)), None)
    return f"--init {named or f'lecun_normal:gain={typed(gain, 4)}'}"


def same(stack: StackSpec, other: StackSpec) -> bool:
    """Whether two stacks draw weights and biases alike, of the same sizes, activations, normalisation and rule."""
    kinds = [(each.widths, each.activations, each.norm, each.residual) for each in (stack, other)]
    if kinds[0] != kinds[1]:
        return False
    our_bias, their_bias = (initializers.bind(each.bias) for each in (stack, other))
    layers = ((fans_of(stack, number), initializers.bind(ours), initializers.bind(theirs))
              for number, (ours, theirs) in enumerate(zip(stack.inits, other.inits, strict=True), start=1))
    return all(ours.row.matrix is theirs.row.matrix and math.isclose(ours.std(fans), theirs.std(fans), rel_tol=0.01)
               and ours.mean(fans) == theirs.mean(fans)
               and math.isclose(our_bias.std(fans), their_bias.std(fans), abs_tol=0.01)
               and our_bias.mean(fans) == their_bias.mean(fans) for fans, ours, theirs in layers)


def _by_theory(seen: Evidence, untried: list[Candidate], most: float) -> Advice:
    """The first candidate that would take too long to run and that, by theory, changes sizes no more than that.

    Or that nothing holds.
    """
    for candidate in untried:
        moments = replace(seen.inputs, second_moment=1.0) if candidate.standardised else seen.inputs
        outlook = _outlook(seen, candidate.stack, moments)
        if outlook is not None and max(map(abs, outlook)) <= math.log10(most):
            return _advice(candidate, *outlook, "theory expects")
    return Advice("nothing that was tried holds: other scales of the weights, orthogonal ones, batch normalisation, "
                  "other sizes")


def _outlook(seen: Evidence, stack: StackSpec, moments: InputMoments) -> tuple[float, float] | None:
    """log₁₀ of what theory makes of the last activations and the first gradients; None where it cannot be healthy."""
    layers = predict(stack, moments.second_moment, moments.correlation, seen.rows, moments.unevenness,
                     typical=False).layers
    ratios = [layer.log_gradient_ratio for layer in layers]
    if len(layers) < stack.depth or None in ratios or any(map(_spoiled, layers, stack.activations)):
        return None
    if seen.inputs_differ and layers[-1].within_unit_std < COLLAPSED.value * layers[-1].std:
        return None
    forward = math.log10(layers[-1].second_moment / max(moments.second_moment, 1.0)) / 2
    return forward, max((ratio / math.log(10) for ratio in ratios if ratio is not None), key=abs)


def _spoiled(layer: LayerTheory, choice: Choice) -> bool:
    """Whether a layer is lost: no size, or most of it where the activation is flat."""
    limit = SATURATED if all(map(math.isfinite, bind(choice).saturation)) else FLAT
    return not 0 < layer.second_moment < math.inf or layer.saturated_fraction > limit.value
