"""The words of a verdict: what theory and the neighbouring statistics say about why."""

from __future__ import annotations

import math
from collections.abc import Callable

from actprof import digits
from actprof.catalogue.activations import bind
from actprof.diagnosis.evidence import STREAMS, Course, Evidence, number, rms, signal, times
from actprof.diagnosis.verdicts import ALIKE, CHANGE, COLLAPSED, NOTABLE, STANDARD, VISIBLE
from actprof.engine.profiles import Summary
from actprof.theory.layers import scales

MAX_TEXT = 200  # characters of a verdict's text, the name of the arm included


def fitted(text: str, *remarks: str) -> str:
    """The text and those of the remarks, in order of importance, for which there is room."""
    for remark in remarks:
        if remark and len(text) + len(remark) + 2 <= MAX_TEXT:
            text = f"{text}; {remark}"
    return text


def chi(seen: Evidence) -> str:
    """`chi = 1.21 a layer`, where theory knows it and there is one for all layers."""
    return "" if seen.chi is None or seen.power_law_back else f"chi = {number(seen.chi)} a layer"


def forward(seen: Evidence, course: Course, sign: int) -> str:
    """How activations grow (sign 1) or shrink (-1), at what rate, and after how many layers by a factor of ten."""
    layer, size = max(course, key=lambda pair: sign * pair[1])
    verb = "grow" if size > 0 else "shrink"
    if not math.isfinite(size):
        first = next(place for place, each in course if not math.isfinite(each))
        reached = "0" if size < 0 else "infinity"
        return fitted(f"{seen.name}: {seen.signals} {verb} to {reached}, in layer {first}", unmet(seen), chi(seen))
    exponentially = " exponentially," if seen.signals == STREAMS else ""
    rate = "" if seen.power_law else f"{exponentially} {times(size / layer)} a layer"
    reached = number(next(rms(signal(each)) for each in seen.layers if each.layer == layer))
    text = (f"{seen.name}: {seen.signals} {verb}{rate} to rms {reached} in layer {layer}, "
            f"{_pace(seen.power_law, size, layer)}")
    return fitted(text, unmet(seen), chi(seen), back(seen))


def backward(seen: Evidence, sign: int) -> str:
    """How gradients grow (sign 1) or shrink (-1) on their way back though activations do not."""
    swing = seen.swing(sign)
    assert swing is not None
    start, layer, size = swing
    if not math.isfinite(size):
        return fitted(f"{seen.name}: no gradient reaches layer {layer}", unmet(seen), chi(seen))
    text = (f"{seen.name}: {_stds(seen)} gradients{seen.source} {'grow' if size > 0 else 'shrink'} {times(size)} "
            f"(squared {times(2 * size)}) from layer {start} back to {layer}, "
            f"{_pace(seen.power_law_back, size, start - layer)}")
    return fitted(text, chi(seen), unmet(seen))


def back(seen: Evidence) -> str:
    """`gradients ×3.1e-5 back to layer 1`."""
    if not seen.backward or seen.judged == 1:
        return ""
    first, size = seen.backward[-1]
    return f"gradients{seen.source} {times(size)} back to layer {first}"


def share_within(summary: Summary) -> float:
    """Of the std of a layer, what is over the samples."""
    std = summary.statistics["std"]
    return summary.statistics["within_unit_std"] / std if std > 0 else math.inf


def _stds(seen: Evidence) -> str:
    """`forward looks healthy, std 0.76 → 0.65, but`, or the statistics with what is wrong about them."""
    last = seen.layers[-1].activation
    start, end = (each["std"] for each in seen.ends)
    stds = f"std {number(start)} → {number(end)}"
    if share_within(last) < COLLAPSED.value:
        return f"{stds}, within units {number(last.statistics['within_unit_std'])};"
    even = end >= VISIBLE.value and start / NOTABLE.value < end < start * NOTABLE.value
    return f"forward looks healthy, {stds}, but" if even else f"{stds};"


def _pace(power_law: bool, size: float, layers: int) -> str:
    """`×10 every 2.6 layers`, or that there is no such number."""
    if power_law:
        return "by a power law"
    return f"{'×10' if size > 0 else '×0.1'} every {digits.number(layers / abs(size), 2)} layers"


def of_overflow(seen: Evidence) -> str:
    """Growth up to the last layer that is finite."""
    sizes = [(layer, size) for layer, size in seen.forward if math.isfinite(size)]
    if not sizes or not sizes[-1][1] > math.log10(CHANGE.value):
        return ""
    layer, size = sizes[-1]
    return f": {seen.signals} grow {times(size / layer)} a layer"


def health(seen: Evidence) -> str:
    """Sizes, and what is worth knowing all the same."""
    return fitted(f"{seen.name}: {sizes(seen)}", *(remark(seen) for remark in REMARKS))


def sizes(seen: Evidence) -> str:
    """`std 0.82 → 0.99 over 5 layers, gradients ×0.97 back to layer 1`."""
    if not seen.layers:
        return "nothing was measured"
    first, last = (each["std"] for each in seen.ends)
    gradients = back(seen)
    return (f"{'stream ' * (seen.signals == STREAMS)}std {number(first)} → {number(last)} over {seen.judged} "
            f"layer{'s' if seen.judged > 1 else ''}{gradients and f', {gradients}'}")


def largest_change(seen: Evidence) -> str:
    """`gradients ×0.97`: what changes most of activations and gradients over all layers."""
    if _all_alike(seen):
        return "inputs alike"
    courses = [(f"{what} {times(size)}", abs(size)) for what, course in
               ((seen.signals, seen.forward), ("gradients", seen.backward)) for _, size in course[-1:]]
    return max(courses, key=lambda pair: pair[1], default=("", 0.0))[0]


def drift(seen: Evidence) -> str:
    """What changes, how fast, and from how many layers on it is bad."""
    deep = f"bad from {seen.bad_depth:,} layers on" if seen.bad_depth else ""
    first, last = (each.activation.statistics["std"] for each in (seen.layers[0], seen.layers[-1]))
    return fitted(f"{seen.name}: {largest_change(seen)} over {seen.depth} layers, {deep}", unmet(seen), _rate(seen),
                  f"std {number(first)} → {number(last)}", _alike(seen))


def _rate(seen: Evidence) -> str:
    """`chi = 0.5 a layer: gradients ×0.1 every 6.64 layers`."""
    if seen.chi is None or abs(math.log10(seen.chi)) <= 0.01:
        return ""
    return f"{chi(seen)}: gradients {_pace(False, math.log10(seen.chi) / 2, 1)}"


def unmet(seen: Evidence) -> str:
    """What a self-normalising activation asks for and does not get."""
    stack = seen.stack
    ours = [number for number, choice in enumerate(stack.activations, start=1)
            if bind(choice).activation.self_normalizing]
    if not ours or stack.norm.name != "none":
        return ""
    first = {stack.inits[number - 1]: number for number in reversed(ours)}.values()
    scale = max((scales(stack, number).weights for number in first), key=lambda scale: abs(scale - 1))
    checks = (
        (abs(scale - 1), f"LeCun weights (fan_in·Var W is {number(scale)}, not 1)"),
        (abs(seen.inputs.mean), f"inputs of mean 0 (not {number(seen.inputs.mean)})"),
        (abs(seen.inputs.second_moment - seen.inputs.mean**2 - 1),
         f"inputs of variance 1 (not {number(seen.inputs.second_moment - seen.inputs.mean**2)})"),
    )
    missing = [text for distance, text in checks if distance > STANDARD.value]
    return f"{stack.activations[ours[0] - 1].name} needs {' and '.join(missing)}" if missing else ""


def _alike(seen: Evidence) -> str:
    if len(seen.layers) < 2 or seen.layers[-1].fan_out == 1:
        return ""
    first, last = (each.activation.statistics["correlation"] for each in (seen.layers[0], seen.layers[-1]))
    if not last > ALIKE.value >= first:
        return ""
    return f"inputs grow alike: correlation {number(first)} → {number(last)} by layer {seen.layers[-1].layer}"


def _slow(seen: Evidence) -> str:
    """A change that is not yet too much."""
    if seen.change <= math.log10(NOTABLE.value):
        return ""
    if seen.power_law:
        return "activations change by a power law, not exponentially"
    return _chance(seen)


def _chance(seen: Evidence) -> str:
    """A narrow network strays from what theory expects on average: most do to one side, by a formula, or by chance."""
    last = seen.expected[-1] if len(seen.expected) == seen.judged else None
    measured = seen.layers[-1].activation.statistics["std"] if seen.layers else 0.0
    if last is None or not (last.std > 0 and measured > 0) or _near(measured, last.std):
        return ""
    units = min(seen.stack.widths[1:])
    if (last.std_typical < last.std) == (measured < last.std) and not _near(last.std_typical, last.std):
        return (f"finite width drifts: theory's mean over networks is std {number(last.std)}, most of {units:,} units "
                f"have {'less' if measured < last.std else 'more'}")
    return f"theory expects std {number(last.std)}: {units:,} units stray by chance"


def _near(one: float, other: float) -> bool:
    return abs(math.log(one / other)) < math.log(NOTABLE.value) if one > 0 and other > 0 else False


def _small(seen: Evidence) -> str:
    """The last layer where it is small by choice."""
    if seen.judged == seen.depth or len(seen.arm.layers) < seen.depth:
        return ""
    last = seen.arm.layers[-1].activation.statistics["std"]
    return f"the last layer's own init makes it small: std {number(last)}"


def _all_alike(seen: Evidence) -> str:
    if seen.rows < 2 or seen.inputs_differ:
        return ""
    return "all inputs are alike, so that nothing shows what becomes of their differences"


def _last_block(seen: Evidence) -> str:
    """`the stream grows by a power law: the last block adds 0.14 of its rms`: what is left for deep blocks to say."""
    ends = [layer for layer in seen.outside if layer.stream and layer.branch]
    if len(ends) < 2:
        return ""
    first, last = (rms(signal(layer)) for layer in (ends[0], ends[-1]))
    added = rms(ends[-1].branch.statistics) / last if ends[-1].branch and last else math.nan
    if added == 0:
        return "branches add nothing yet"
    grows = f"the stream grows {times(math.log10(last / first))}{' by a power law' * seen.power_law}: " if (
        last > MIN_GROWTH * first > 0) else ""
    return f"{grows}the last block adds {number(added)} of its rms"


MIN_GROWTH = 1.5  # of a stream, from which on it is said

# In order of importance.
REMARKS: tuple[Callable[[Evidence], str], ...] = (_all_alike, unmet, _last_block, _small, _slow, _alike)
