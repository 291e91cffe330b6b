"""How the scale of weights depends on the fan-in: asks the table of initialisers and proves it by sampling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from actprof.arrays import Floats
from actprof.bounds.request import MAX_POINTS, as_kernels, fan_ins, has_gain, kernel, namesakes, schemes, with_gain
from actprof.bounds.result import Bounds, Curve, Sample, Scheme
from actprof.bounds.spec import FAN_IN, FAN_OUT, SCHEMES, BoundsSpec
from actprof.catalogue import initializers
from actprof.catalogue.initializers import INITIALIZERS
from actprof.catalogue.weights import BoundInitializer, Fans
from actprof.errors import SpecError
from actprof.registry import Choice, fan, folded
from actprof.streams import WEIGHT, stream

# Weights of a matrix that is drawn to be checked, 1024 × 1024; more would keep a live demo waiting.
MAX_MATRIX = 1 << 20

FINE = 100  # fan-ins from which on a curve can be drawn as it is
NEAR = 1e-4  # relative distance over which a slope is measured
MAX_MATRICES = 1000  # small matrices that are drawn to have enough weights


def bounds_spec(names: Sequence[str] = SCHEMES, *, fan_in: str = FAN_IN, at: str | None = None,
                fan_out: str = FAN_OUT, kernel_sides: str | None = None, gain: float | None = None,
                samples: int = BoundsSpec.samples, seed: int = BoundsSpec.seed, groups: int = 1,
                depthwise: bool = False, transposed: bool = False) -> BoundsSpec:
    """The spec of a request as on the command line. Raises SpecError."""
    chosen = schemes(names)
    if gain is not None and not any(map(has_gain, chosen)):
        raise SpecError(f"--gain cannot be combined with {', '.join(choice.label for choice in chosen)}: "
                        "no gain to replace.")
    if kernel_sides is not None or groups > 1 or depthwise or transposed:
        as_kernels(chosen)
    curve, sampled = fan_ins(fan_in, at)
    units = None if folded(fan_out) == FAN_OUT else _fan_out(fan_out)
    return BoundsSpec(chosen, curve, sampled, units, () if kernel_sides is None else kernel(kernel_sides), gain,
                      samples, seed, groups, depthwise, transposed)


def bounds(request: BoundsSpec, progress: Callable[[float], None] = lambda share: None) -> Bounds:
    """The curves of every scheme, and its samples; all schemes see the same draws. `progress` hears the share done."""
    thinned = len(request.fan_in) >= MAX_POINTS
    notes = [f"--fan-in is followed at {len(request.fan_in):,} fan-ins, evenly spaced"] if thinned else []
    found = []
    for done, choice in enumerate(request.schemes):
        progress(done / len(request.schemes))
        found.append(_scheme(choice, request))
    return Bounds(request.seed, _config(request), tuple(found), (*notes, *_torch_fans(request)))


def _torch_fans(request: BoundsSpec) -> list[str]:
    """A note where PyTorch, which reads the fans off the shape of a weight, has others, if a scheme goes by them."""
    if all(INITIALIZERS[choice.name].matrix for choice in request.schemes):
        return []
    inputs = request.at[-1]
    meant, outputs = _fans(inputs, request), request.fan_out or inputs
    groups = request.groups_of(inputs)
    first, second = (inputs, outputs) if request.transposed else (outputs, inputs)  # of the weight's shape
    theirs = second // groups * request.area, first * request.area
    wrong = [f"{name} = {has:,} where {wanted:,} is meant" for name, has, wanted
             in zip(("fan_in", "fan_out"), theirs, (meant.fan_in, meant.fan_out), strict=True) if has != wanted]
    why = "takes the two channels the wrong way round" if request.transposed and groups == 1 else (
        "does not divide by the groups" if not request.transposed else "knows neither groups nor transposed kernels")
    return [f"PyTorch computes {' and '.join(wrong)} (for {inputs:,} input and {outputs:,} output channels): it {why}"
            ] if wrong else []


def _fan_out(text: str) -> int:
    try:
        return fan(text, "--fan-out")
    except SpecError as error:
        raise SpecError(f"{error} '{FAN_OUT}' is as many as inputs.") from None


def _scheme(choice: Choice, request: BoundsSpec) -> Scheme:
    altered = with_gain(choice, request.gain)
    initializer = initializers.bind(altered)
    asked = _curve(initializer, request.fan_in, request)
    sampled = [inputs for inputs in request.at
               if initializer.row.matrix is None or math.prod(_fans(inputs, request).shape) <= MAX_MATRIX]
    return Scheme(
        choice.label, str(altered), initializer.formula, initializer.distribution, request.fan_in, asked.fan_in,
        tuple(_fans(inputs, request).fan_out for inputs in request.fan_in), asked.mean, asked.std, asked.support,
        _slope(initializer, asked, request), _curve(initializer, _filled(request.fan_in), request),
        initializer.inside(_fans(request.fan_in[-1], request)),
        tuple(_sample(initializer, inputs, request) for inputs in sampled),
        tuple(_notes(choice, request, sampled)), initializer.tex)


def _fans(inputs: int, request: BoundsSpec) -> Fans:
    """A convolution's fans are the channels of a group times the area of its kernel."""
    groups, outputs, area = request.groups_of(inputs), request.fan_out or inputs, request.area
    # Between two points of a curve a group may have a fraction of a channel.
    fan_in, fan_out = (each * area // groups if each * area % groups == 0 else cast(int, each * area / groups)
                       for each in (inputs, outputs))
    matrix = (fan_out, inputs) if request.transposed else (fan_in, outputs)
    return Fans(fan_in, fan_out, matrix=matrix, area=area)


def _curve(initializer: BoundInitializer, inputs: Sequence[int], request: BoundsSpec) -> Curve:
    fans = [_fans(each, request) for each in inputs]
    supports = [initializer.support(each) for each in fans]
    return Curve(tuple(each.fan_in for each in fans), tuple(map(initializer.mean, fans)),
                 tuple(map(initializer.std, fans)),
                 None if None in supports else tuple(support for support in supports if support is not None))


def _filled(inputs: Sequence[int]) -> list[int]:
    """The same fan-ins and, where they are few, some between them: evenly, and in equal ratios."""
    low, high = inputs[0], inputs[-1]
    if len(inputs) >= FINE or low == high:
        return list(inputs)
    even = {low + (high - low) * place // FINE for place in range(FINE)}
    ratios = {min(max(round(low * (high / low) ** (place / FINE)), low), high) for place in range(FINE)}
    return sorted({*inputs, *even, *ratios})


def _slope(initializer: BoundInitializer, asked: Curve, request: BoundsSpec) -> tuple[float, float] | None:
    """The slope at both ends, of the formula itself, which knows fractions of an input too."""
    steps = np.diff(asked.std)
    if len(asked.std) < 2 or not all(asked.std) or (steps.max() > 0 and steps.min() < 0):
        return None

    def log_std(inputs: float) -> float:
        return math.log(initializer.std(_fans(cast(int, inputs), request)))

    first, last = ((log_std(inputs * (1 + NEAR)) - log_std(inputs * (1 - NEAR))) / (2 * NEAR)
                   for inputs in (request.fan_in[0], request.fan_in[-1]))
    return first, last


def _sample(initializer: BoundInitializer, inputs: int, request: BoundsSpec) -> Sample:
    fans = _fans(inputs, request)
    std = initializer.std(fans)
    weights = _weights(initializer, fans, request)
    # In units of the std squares neither overflow nor underflow.
    scaled = (weights - initializer.mean(fans)) / (std or 1)
    difference = (math.sqrt(np.mean(scaled**2)) - (std > 0)) * (std or 1)
    allowed = initializer.std_error(fans, weights.size)
    return Sample(inputs, fans.fan_in, fans.fan_out, std, initializer.bound(fans), weights.size,
                  float(weights.min()), float(weights.max()), float(weights.mean()),
                  float(scaled.std()) * (std or 1),
                  # A weight at exactly one std is inside, however its last bit was rounded.
                  float(np.mean(np.abs(scaled) <= (1 + 1e-12 if std else allowed))),
                  difference / allowed if difference else 0.0)


def _weights(initializer: BoundInitializer, fans: Fans, request: BoundsSpec) -> Floats:
    rng = stream(request.seed, WEIGHT, 0, fans.fan_in)
    if initializer.row.matrix is None:
        return initializer.sample(rng, fans, (request.samples,), np.float64)
    matrices = min(math.ceil(request.samples / math.prod(fans.shape)), MAX_MATRICES)
    return np.stack([initializer.sample(rng, fans, fans.shape, np.float64) for _ in range(matrices)])


def _notes(choice: Choice, request: BoundsSpec, sampled: Sequence[int]) -> list[str]:
    notes = [namesakes(choice, brief=len(request.schemes) > 2)]
    if request.gain is not None and not has_gain(choice):
        notes.append(f"{choice.label} has no gain and stays as it is")
    missing = [f"{inputs:,}" for inputs in request.at if inputs not in sampled]
    if missing:
        notes.append(f"{choice.label} is not sampled at {', '.join(missing)}: its matrix would be too large to draw")
    return [note for note in notes if note]


def _config(request: BoundsSpec) -> dict[str, object]:
    """Every resolved setting, by the name of its option."""
    return {
        "schemes": [str(choice) for choice in request.schemes],
        "fan_in": list(request.fan_in),
        "at": list(request.at),
        "fan_out": FAN_OUT if request.fan_out is None else request.fan_out,
        "kernel": list(request.kernel),
        "groups": request.groups,
        "depthwise": request.depthwise,
        "transposed": request.transposed,
        "gain": request.gain,
        "samples": request.samples,
        "seed": request.seed,
    }
