"""What the figures of `gain` mean, in words for the table and the figure."""

from __future__ import annotations

import math

from actprof.gain_tables import ActivationGains, EdgePoint, GainCourse
from actprof.predictions import FixedPoint, FixedPoints

NEUTRAL = 1e-6


def figure(value: float | None, digits: int = 6) -> str:
    """`1.19968`, `∞`, `-`; rounding alone is 0."""
    if value is None or math.isnan(value):
        return "-"
    return "∞" if math.isinf(value) else "0" if abs(value) < 1e-13 else f"{value:.{digits}g}"


def stability(slope: float) -> str:
    """`stable`, `unstable` or, of a slope of 1, `neutral`."""
    return "neutral" if abs(abs(slope) - 1) <= NEUTRAL else "stable" if abs(slope) < 1 else "unstable"


def course_words(course: GainCourse) -> str:
    """What becomes of the variance in layers of a gain."""
    found = course.fixed_points
    if found.course == "any":
        return "kept, whatever it is"
    end = "grows" if math.isinf(found.limit) else f"ends at {figure(found.limit, 4)}"
    if course.point is not None and course.point is not found.reached:
        return f"unstable: {end}"
    if found.course == "power law" and course.point is not None and _marginal(course.point):
        return "neutral: a power law"
    return "grows without end" if course.point is None else stability(course.point.length_slope)


def edge_words(each: ActivationGains) -> list[str]:
    """The edge of chaos, and where it turns stable."""
    if each.edge is None:
        return ["edge of chaos: none"]
    where = "at any variance" if each.edge.q is None else f"at q* = {figure(each.edge.q)}"
    lines = [f"edge of chaos: {_sigmas(each.edge)}, {where}, {edge_stability(each)}"]
    if each.stable_edge is not None:
        lines.append(f"  stable only from {_sigmas(each.stable_edge)} on, at q* = {figure(each.stable_edge.q)}")
    return lines


def edge_stability(each: ActivationGains) -> str:
    """Of a neutral fixed point, whether the edge is stable just above it."""
    return "unstable" if each.stable_edge is not None else stability(each.edge.length_slope) if each.edge else ""


def torch_words(each: ActivationGains) -> str:
    """PyTorch's calculate_gain beside the forward gain."""
    torch, difference, forward = each.gains.torch_gain, each.torch_difference, each.gains.gain_forward
    if torch is None or difference is None or forward is None:
        return "torch calculate_gain: refuses this activation"
    apart = "the same" if abs(difference) < 1e-12 else (
        f"{difference:+.6f} ({100 * difference / forward:+.2f} %) from the forward gain")
    return f"torch calculate_gain: {torch:.8g}, {apart}"


def fixed_point_lines(each: ActivationGains) -> list[str]:
    """The fixed points at the σ_w and σ_b asked for, and which one the start reaches."""
    found = each.fixed_points
    if found is None:
        return []
    lines = [f"at σ_w = {figure(found.sigma_w)}, σ_b = {figure(found.sigma_b)}:"]
    lines += [f"  {_point_words(point)}" for point in found.points]
    if found.course == "any" and found.reached:
        lines.append(f"  every variance is fixed: χ₁ = {figure(found.reached.chi_1)}{phase(found.reached)}")
    elif not found.points:
        lines.append("  no fixed point")
    return [*lines, f"  q0 = {figure(each.start)} {reaches(found)}"]


def reaches(found: FixedPoints, digits: int = 6) -> str:
    """`reaches q* = 0.194, ordered`."""
    if found.reached is None:
        return "grows without end"
    if found.course == "any":
        return "is kept"
    how = ", ever more slowly" * _marginal(found.reached)
    return f"reaches q* = {figure(found.limit, digits)}{how}{phase(found.reached)}"


def _marginal(point: FixedPoint) -> bool:
    return stability(point.length_slope) == "neutral"


def _point_words(point: FixedPoint) -> str:
    figures = [("q*", point.q_star), ("c*", point.c_star), ("χ₁", point.chi_1), ("xi_q", point.xi_q),
               ("xi_c", point.xi_c)]
    listed = ", ".join(f"{name} {figure(value, 4)}" for name, value in figures if value is not None)
    return f"{listed}: {stability(point.length_slope)}{phase(point)}"


def phase(point: FixedPoint) -> str:
    """`, ordered`; nothing where φ jumps."""
    return f", {'edge of chaos' if point.phase == 'edge' else point.phase}" if point.phase else ""


def _sigmas(edge: EdgePoint) -> str:
    return f"σ_w = {figure(edge.sigma_w, 9)}, σ_b = {figure(edge.sigma_b)}"
