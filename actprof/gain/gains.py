"""Gains of activations and the fixed points they lead to: asks the theory, restates no formula of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from actprof.catalogue.activations import ACTIVATIONS, BoundActivation, bind
from actprof.catalogue.expectations import curve
from actprof.digits import typed
from actprof.errors import SpecError, quoted, require_distinct
from actprof.gain.result import ActivationGains, GainCourse, GainTable, LengthMap, Shape
from actprof.registry import Choice
from actprof.theory.fixed_points import critical, fixed_points, gains, jump, stable_edge
from actprof.theory.length_map import length_map
from actprof.theory.predictions import MAX_Q, MAX_SIGMA, Edge, FixedPoint, FixedPoints, Gains

REACH = 4.0  # of z, either side
POINTS = 321
MAP_POINTS = 161

DECADES = 1.7  # largest over least of what is to be seen, as a power of ten, above which the axes are logarithmic
MAX_STEEPNESS = 1e6  # slope from which on φ is drawn as the step that it is on any axis

MAX_LAYERS = 60


def shape(phi: BoundActivation) -> Shape | None:
    """φ and φ' between ±4, or closer where φ is too steep; None for a maxout, whose pieces are several."""
    if phi.pieces > 1:
        return None
    found = _shape(phi, REACH)
    value, slope = (float(np.abs(part)[np.isfinite(part)].max(initial=0.0))
                    for part in (np.array(found.value), np.array(found.derivative)))
    if not value <= REACH < slope < MAX_STEEPNESS:  # sin(30z), but neither relu nor e^z
        return found
    steepness = float(f"{slope:.2g}")
    return replace(_shape(phi, REACH / steepness), steepness=steepness)


def _shape(phi: BoundActivation, reach: float) -> Shape:
    """φ and φ' between ±reach, broken where they jump."""
    breaks = [point for point in sorted({*phi.kinks, *phi.jumps}) if -reach < point < reach]
    sides = [side for point in breaks for side in (point - 1e-9, math.nan, point + 1e-9)]
    even = [z for z in np.linspace(-reach, reach, POINTS).tolist()
            if all(abs(z - point) > 1e-9 for point in breaks)]
    z = np.array(_merged(even, sides))
    value, slope = phi.value(z), phi.derivative(z)
    if not phi.jumps:
        value = np.where(np.isnan(z), np.nan, value)
    return Shape(tuple(z.tolist()), tuple(value.tolist()), tuple(np.where(np.isnan(z), np.nan, slope).tolist()))


def _merged(even: list[float], sides: list[float]) -> list[float]:
    """All places in rising order, with a NaN between both sides of every break."""
    known = [z for z in sides if not math.isnan(z)]
    rising = sorted([*even, *known])
    lower = set(known[::2])
    return [each for z in rising for each in ((z, math.nan) if z in lower else (z,))]


def map_around(phi: BoundActivation, found: FixedPoints, start: float) -> LengthMap:
    """The map as far as its fixed points and the start need, and the first layers' variances."""
    sigmas = found.sigma_w, found.sigma_b
    seen = [q for q in (*(point.q_star for point in found.points), start) if 1e-12 < q < math.inf] or [1.0]
    least, most = min(seen), max(seen)
    logarithmic = most / least > 10**DECADES
    q = (np.geomspace(least / 5, most * 5, MAP_POINTS) if logarithmic
         else np.linspace(0.0, 1.35 * most, MAP_POINTS))
    with np.errstate(all="ignore"):
        image = found.sigma_w**2 * curve(phi, q).square + found.sigma_b**2
        course = _lengths(phi, sigmas, start, float(q[-1]))
    return LengthMap(tuple(q.tolist()), tuple(image.tolist()), logarithmic, course, found)


def _lengths(phi: BoundActivation, sigmas: tuple[float, float], q: float, most: float) -> tuple[float, ...]:
    """The variances of the first layers, until they stand still or leave the map."""
    course = [q]
    while len(course) < MAX_LAYERS and course[-1] <= most:
        course.append(length_map(phi, *sigmas, course[-1]))
        if abs(course[-1] - course[-2]) <= 1e-4 * course[-2]:
            break
    return tuple(course)


NAMES = ("relu", "tanh", "gelu")


@dataclass(frozen=True)
class GainSpec:
    """Activations and what to ask about them.

    Attributes:
        everything: the whole catalogue, sorted.
        sigma_w, sigma_b: None where not asked for.
        q0: variance of the first layer's pre-activations; None for σ_w² + σ_b².
        curves: whether they will be drawn.
    """

    activations: tuple[Choice, ...]
    everything: bool = False
    sigma_w: float | None = None
    sigma_b: float | None = None
    q0: float | None = None
    curves: bool = True

    def __post_init__(self) -> None:
        for option, value, most in (("--sigma-w", self.sigma_w, MAX_SIGMA), ("--sigma-b", self.sigma_b, MAX_SIGMA),
                                    ("--q0", self.q0, MAX_Q)):
            if value is not None and not 0 <= value <= most:
                raise SpecError(f"{option} must be from 0 to {most:,.0f}, not {value:.12g}.")
        require_distinct("the activation", self.activations, name=lambda choice: quoted(choice.label))


def gain_spec(names: Sequence[str] = (), *, everything: bool = False, sigma_w: float | None = None,
              sigma_b: float | None = None, q0: float | None = None, curves: bool = True) -> GainSpec:
    """The spec of a request as on the command line. Raises SpecError."""
    if everything and names:
        raise SpecError(f"--all cannot be combined with {', '.join(map(quoted, names))}. It shows every activation.")
    asked = [row.name for row in ACTIVATIONS] if everything else names or NAMES
    return GainSpec(tuple(map(ACTIVATIONS.parse, asked)), everything, sigma_w, sigma_b, q0, curves)


def gain_table(request: GainSpec, progress: Callable[[float], None] = lambda share: None) -> GainTable:
    """The gains of every activation, in the order of the request; the whole catalogue by its forward gain.

    `progress` hears the share done.
    """
    found = []
    for done, choice in enumerate(request.activations):
        progress(done / len(request.activations))
        found.append(_activation(choice, request))
    if request.everything:
        found.sort(key=lambda each: (-(each.gains.gain_forward or 0.0), each.label))
    return GainTable(_config(request), tuple(found), tuple(_notes(found, request)))


def _activation(choice: Choice, request: GainSpec) -> ActivationGains:
    """What is known of one activation; of the whole catalogue no more than is shown, as the rest takes longer."""
    phi, figures, edge = bind(choice), gains(choice), critical(choice, request.sigma_b or 0.0)
    asked, start = _asked(choice, edge, request)
    known = ActivationGains(choice.label, phi.formula, phi.tex, figures, edge, fixed_points=asked, start=start)
    if not request.everything or request.curves:
        known = replace(known, courses=_courses(choice, figures, request),
                        stable_edge=stable_edge(choice, edge) if edge else None, jump=jump(choice))
    return _with_curves(phi, known, request) if request.curves else known


def _with_curves(phi: BoundActivation, known: ActivationGains, request: GainSpec) -> ActivationGains:
    """The same with its curves: the map is at the σ_w and σ_b asked for, or else at the forward gain."""
    found, start = known.fixed_points, known.start
    if request.sigma_w is None and request.sigma_b is None:
        forward = next((each for each in known.courses if each.name == "forward"), None)
        found, start = (forward.fixed_points, forward.start) if forward else (None, None)
    return replace(known, shape=shape(phi),
                   length_map=map_around(phi, found, start) if found and start is not None else None)


def _asked(choice: Choice, edge: Edge | None, request: GainSpec) -> tuple[FixedPoints | None, float | None]:
    """The fixed points at σ_w and σ_b, and the start; at the edge of chaos where σ_b alone is given."""
    sigma_w, sigma_b = request.sigma_w, request.sigma_b
    if sigma_w is None:
        sigma_w = edge.sigma_w if sigma_b is not None and edge else None
    if sigma_w is None:
        return None, None
    start = _start(sigma_w, sigma_b or 0.0, request.q0)
    return fixed_points(choice, sigma_w, sigma_b or 0.0, start), start


def _start(sigma_w: float, sigma_b: float, q0: float | None) -> float:
    """The variance of the first layer's pre-activations, for inputs with E x² = 1 unless it is given."""
    return sigma_w**2 + sigma_b**2 if q0 is None else q0


def _courses(choice: Choice, figures: Gains, request: GainSpec) -> tuple[GainCourse, ...]:
    named = {"forward": figures.gain_forward, "backward": figures.gain_backward, "std": figures.gain_std,
             "torch": figures.torch_gain}
    return tuple(_course(choice, name, gain, _start(gain, 0.0, request.q0)) for name, gain in named.items()
                 if gain is not None and gain <= MAX_SIGMA and (name == "forward" or not request.everything))


def _course(choice: Choice, name: str, gain: float, start: float) -> GainCourse:
    if name == "std":
        return GainCourse(name, gain, start, None, FixedPoints(gain, 0.0, (), math.nan, None, ""))
    found = fixed_points(choice, gain, 0.0, start)
    return GainCourse(name, gain, start, _at_one(found) if name == "forward" else found.reached, found)


def _at_one(found: FixedPoints) -> FixedPoint | None:
    """The fixed point at 1, which the forward gain has whether it is reached or not."""
    return next((point for point in found.points if abs(point.q_star - 1) < 1e-6), found.reached)


def _notes(found: Sequence[ActivationGains], request: GainSpec) -> list[str]:
    without = [each.label for each in found if each.edge is None]
    if request.sigma_b is None or request.sigma_w is not None or not without:
        return []
    return [f"no edge of chaos at --sigma-b {typed(request.sigma_b)}, and so no fixed point looked for without "
            f"--sigma-w: {', '.join(without)}"]


def _config(request: GainSpec) -> dict[str, object]:
    """Every resolved setting, by the name of its option."""
    return {"activations": [str(choice) for choice in request.activations], "all": request.everything,
            "sigma_w": request.sigma_w, "sigma_b": request.sigma_b, "q0": request.q0}
