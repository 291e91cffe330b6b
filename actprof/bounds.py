"""How the scale of weights depends on the fan-in: asks the table of initialisers and proves it by sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actprof import initializers, spec
from actprof.errors import SpecError
from actprof.fan_ins import MOST_POINTS, fan, fan_ins, kernel
from actprof.fans import Fans
from actprof.initializers import BoundInitializer
from actprof.registry import Choice, folded
from actprof.schemes import has_gain, namesakes, schemes, with_gain
from actprof.spec import BoundsSpec
from actprof.streams import WEIGHT, stream
from actprof.weight_scales import Bounds, Sample, Scheme

LARGEST_MATRIX = 1 << 20
"""Weights of a matrix that is drawn to be checked, 1024 × 1024; more would keep a live demo waiting."""

MOST_MATRICES = 1000
"""Small matrices that are drawn to have enough weights."""


def bounds_spec(names: Sequence[str] = spec.SCHEMES, *, fan_in: str = spec.FAN_IN, at: str | None = None,
                fan_out: str = spec.FAN_OUT, kernel_sides: str | None = None, gain: float | None = None,
                samples: int = BoundsSpec.samples, seed: int = BoundsSpec.seed) -> BoundsSpec:
    """The spec of a request as on the command line. Raises SpecError."""
    chosen = schemes(names)
    if gain is not None and not any(map(has_gain, chosen)):
        raise SpecError(f"--gain cannot be combined with {', '.join(choice.label for choice in chosen)}: "
                        "no gain to replace.")
    curve, sampled = fan_ins(fan_in, at)
    units = None if folded(fan_out) == spec.FAN_OUT else _fan_out(fan_out)
    return BoundsSpec(chosen, curve, sampled, units, () if kernel_sides is None else kernel(kernel_sides), gain,
                      samples, seed)


def bounds(request: BoundsSpec) -> Bounds:
    """The curves of every scheme, and its samples; all schemes see the same draws."""
    thinned = len(request.fan_in) >= MOST_POINTS
    notes = (f"--fan-in is followed at {len(request.fan_in):,} fan-ins, evenly spaced",) if thinned else ()
    return Bounds(request.seed, _config(request), tuple(_scheme(choice, request) for choice in request.schemes), notes)


def _fan_out(text: str) -> int:
    try:
        return fan(text, "--fan-out")
    except SpecError as error:
        raise SpecError(f"{error} '{spec.FAN_OUT}' is as many as inputs.") from None


def _scheme(choice: Choice, request: BoundsSpec) -> Scheme:
    initializer = initializers.bind(with_gain(choice, request.gain))
    fans = [_fans(inputs, request) for inputs in request.fan_in]
    supports = [initializer.support(each) for each in fans]
    sampled = [inputs for inputs in request.at if _drawable(initializer, _fans(inputs, request))]
    std = tuple(map(initializer.std, fans))
    return Scheme(
        choice.label, str(with_gain(choice, request.gain)), initializer.formula, initializer.distribution,
        request.fan_in, tuple(each.fan_in for each in fans), tuple(each.fan_out for each in fans),
        tuple(map(initializer.mean, fans)), std,
        None if None in supports else tuple(support for support in supports if support is not None),
        _slope(np.array([each.fan_in for each in fans], np.float64), np.array(std)), initializer.inside(fans[-1]),
        tuple(_sample(initializer, inputs, request) for inputs in sampled), tuple(_notes(choice, request, sampled)))


def _fans(inputs: int, request: BoundsSpec) -> Fans:
    """A convolution's fans are its channels times the area of its kernel."""
    return Fans(inputs * request.area, (request.fan_out or inputs) * request.area)


def _slope(fan_in: NDArray[np.float64], std: NDArray[np.float64]) -> tuple[float, float] | None:
    """d log std / d log fan_in over the first and the last quarter, or more, of the fan-ins' decades."""
    n, s = np.log10(fan_in[std > 0]), np.log10(std[std > 0])
    if len(n) < 2 or n[-1] - n[0] < 1e-9 or (np.diff(s).max() > 1e-9 and np.diff(s).min() < -1e-9):
        return None
    quarter = (n[-1] - n[0]) / 4
    early = int(np.searchsorted(n, n[0] + quarter))
    late = int(np.searchsorted(n, n[-1] - quarter, "right")) - 1
    return float((s[early] - s[0]) / (n[early] - n[0])), float((s[-1] - s[late]) / (n[-1] - n[late]))


def _drawable(initializer: BoundInitializer, fans: Fans) -> bool:
    return initializer.row.matrix is None or fans.fan_in * fans.fan_out <= LARGEST_MATRIX


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


def _weights(initializer: BoundInitializer, fans: Fans, request: BoundsSpec) -> NDArray[np.float64]:
    rng = stream(request.seed, WEIGHT, 0, fans.fan_in)
    if initializer.row.matrix is None:
        return initializer.sample(rng, fans, (request.samples,), np.float64)
    shape = fans.fan_in, fans.fan_out
    matrices = min(math.ceil(request.samples / math.prod(shape)), MOST_MATRICES)
    return np.stack([initializer.sample(rng, fans, shape, np.float64) for _ in range(matrices)])


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
