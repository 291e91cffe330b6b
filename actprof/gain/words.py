"""What the figures of `gain` mean, in words for the table and the figure."""

from __future__ import annotations

import math

from actprof.gain_tables import ActivationGains, GainCourse
from actprof.predictions import LARGEST_Q, Edge, FixedPoint, FixedPoints
from actprof.render.cells import without_rounding

ENDLESS = f"grows beyond {LARGEST_Q:g}"
"""Of a variance that no fixed point stops as far as they are sought."""


def figure(value: float | None, digits: int = 6) -> str:
    """`1.19968`, `∞`, `-`; rounding alone is 0."""
    if value is None or math.isnan(value):
        return "-"
    return "∞" if math.isinf(value) else f"{without_rounding(value):.{digits}g}"


def course_words(course: GainCourse) -> str:
    """What becomes of the variance in layers of a gain."""
    found, point = course.fixed_points, course.point
    if not found.course:
        return "for centred layers"
    if found.course == "any":
        return "kept, whatever it is"
    if point is None:
        return ENDLESS
    if point is not found.reached:
        end = "grows" if math.isinf(found.limit) else f"ends at {figure(found.limit, 4)}"
        return f"{point.stability}: {end}"
    return point.stability + ": a power law" * (found.course == "power law")


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
    """Whether the fixed point at the edge draws the variances beside it."""
    return each.edge.stability if each.edge else ""


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
        lines.append(f"  no fixed point up to q* = {LARGEST_Q:g}")
    return [*lines, f"  q0 = {figure(each.start)} {reaches(found)}"]


def reaches(found: FixedPoints, digits: int = 6) -> str:
    """`reaches q* = 0.194, ordered`."""
    if found.reached is None:
        return ENDLESS
    if found.course == "any":
        return "is kept"
    how = ", ever more slowly" * (found.course == "power law")
    return f"reaches q* = {figure(found.limit, digits)}{how}{phase(found.reached)}"


def _point_words(point: FixedPoint) -> str:
    figures = [("q*", point.q_star), ("c*", point.c_star), ("χ₁", point.chi_1), ("xi_q", point.xi_q),
               ("xi_c", point.xi_c)]
    listed = ", ".join(f"{name} {figure(value, 4)}" for name, value in figures if value is not None)
    return f"{listed}: {point.stability}{phase(point)}"


def phase(point: FixedPoint) -> str:
    """`, ordered`; nothing where φ jumps."""
    return f", {'edge of chaos' if point.phase == 'edge' else point.phase}" if point.phase else ""


def _sigmas(edge: Edge) -> str:
    return f"σ_w = {figure(edge.sigma_w, 9)}, σ_b = {figure(edge.sigma_b)}"
