"""How the scale of weights depends on the fan-in: asks the table of initialisers and proves it by sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actprof import initializers, spec
from actprof.errors import SpecError
from actprof.fan_ins import fan, fan_ins, kernel
from actprof.fans import Fans
from actprof.initializers import BoundInitializer
from actprof.registry import Choice, folded
from actprof.schemes import has_gain, namesakes, schemes
from actprof.spec import BoundsSpec
from actprof.streams import WEIGHT, stream
from actprof.weight_scales import Bounds, Sample, Scheme

LARGEST_MATRIX = 1 << 20
"""Weights of a matrix that is drawn to be checked; more would keep a live demo waiting."""


def bounds_spec(names: Sequence[str] = spec.SCHEMES, *, fan_in: str | None = None, at: str | None = None,
                fan_out: str = spec.FAN_OUT, kernel_sides: str | None = None, gain: float | None = None,
                samples: int = BoundsSpec.samples, seed: int = BoundsSpec.seed) -> BoundsSpec:
    """The spec of a request as on the command line. Raises SpecError."""
    curve, sampled = fan_ins(spec.FAN_IN if fan_in is None else fan_in, at)
    units = None if folded(fan_out) == spec.FAN_OUT else _fan_out(fan_out)
    return BoundsSpec(schemes(names, gain), curve, sampled, units, () if kernel_sides is None else kernel(kernel_sides),
                      gain, samples, seed)


def bounds(request: BoundsSpec) -> Bounds:
    """The curves of every scheme, and its samples; all schemes see the same draws."""
    return Bounds(request.seed, _config(request), tuple(_scheme(choice, request) for choice in request.schemes))


def _fan_out(text: str) -> int:
    try:
        return fan(text, "--fan-out")
    except SpecError as error:
        raise SpecError(f"{error} '{spec.FAN_OUT}' is as many as inputs.") from None


def _scheme(choice: Choice, request: BoundsSpec) -> Scheme:
    initializer = initializers.bind(choice)
    fans = [_fans(inputs, request) for inputs in request.fan_in]
    limits = [initializer.bound(each) for each in fans]
    sampled = [inputs for inputs in request.at if _drawable(initializer, _fans(inputs, request))]
    return Scheme(
        choice.label, str(choice), initializer.formula, initializer.distribution, request.fan_in,
        tuple(each.fan_in for each in fans), tuple(each.fan_out for each in fans),
        tuple(map(initializer.mean, fans)), tuple(map(initializer.std, fans)),
        None if None in limits else tuple(limit for limit in limits if limit is not None), initializer.inside,
        tuple(_sample(initializer, inputs, request) for inputs in sampled), tuple(_notes(choice, request, sampled)))


def _fans(inputs: int, request: BoundsSpec) -> Fans:
    """A convolution's fans are its channels times the area of its kernel."""
    return Fans(inputs * request.area, (request.fan_out or inputs) * request.area)


def _drawable(initializer: BoundInitializer, fans: Fans) -> bool:
    return initializer.row.matrix is None or fans.fan_in * fans.fan_out <= LARGEST_MATRIX


def _sample(initializer: BoundInitializer, inputs: int, request: BoundsSpec) -> Sample:
    fans = _fans(inputs, request)
    std, mean = initializer.std(fans), initializer.mean(fans)
    weights = _weights(initializer, fans, request)
    centred = weights - mean
    sample_std = float(weights.std())
    return Sample(inputs, fans.fan_in, fans.fan_out, std, initializer.bound(fans), weights.size,
                  float(weights.min()), float(weights.max()), float(weights.mean()), sample_std,
                  # A weight at exactly one std is inside, however its last bit was rounded.
                  float(np.mean(np.abs(centred) <= std * (1 + 1e-12) + 1e-12 * abs(mean))),
                  _in_std_errors(sample_std - std, initializer.std_error(fans, weights.size), abs(mean)))


def _weights(initializer: BoundInitializer, fans: Fans, request: BoundsSpec) -> NDArray[np.float64]:
    rng = stream(request.seed, WEIGHT, 0, fans.fan_in)
    if initializer.row.matrix is None:
        return initializer.sample(rng, fans, (request.samples,), np.float64)
    shape = fans.fan_in, fans.fan_out
    matrices = math.ceil(request.samples / math.prod(shape))
    return np.stack([initializer.sample(rng, fans, shape, np.float64) for _ in range(matrices)])


def _in_std_errors(difference: float, std_error: float, size: float) -> float:
    """A difference in standard errors; where there is none (all weights equal), 0 up to rounding, else NaN."""
    if std_error:
        return difference / std_error
    return 0.0 if abs(difference) <= 1e-12 * size else math.nan


def _notes(choice: Choice, request: BoundsSpec, sampled: Sequence[int]) -> list[str]:
    notes = [namesakes(choice)]
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
        "fan_out": spec.FAN_OUT if request.fan_out is None else request.fan_out,
        "kernel": list(request.kernel),
        "gain": request.gain,
        "samples": request.samples,
        "seed": request.seed,
    }
