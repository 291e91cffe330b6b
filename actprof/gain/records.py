"""`actprof gain` for machines: the object of schema actprof.gain/1, and its rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from actprof import __version__
from actprof.gain.result import ActivationGains, GainCourse, GainTable
from actprof.gain.words import bias_recipes, recipes
from actprof.theory.predictions import Edge, FixedPoint

JSON_SCHEMA = "actprof.gain/1"

# What is told of a fixed point; null where none is reached.
POINT = ("q_star", "c_star", "chi_1", "xi_q", "xi_c", "phase", "length_slope", "stability", "stable")


def record_of(table: GainTable) -> dict[str, Any]:
    """The object of schema actprof.gain/1."""
    return {"schema": JSON_SCHEMA, "version": __version__, "config": table.config,
            "activations": [_activation(each, not table.config["all"]) for each in table.activations],
            "notes": table.notes}


def rows_of(table: GainTable) -> list[dict[str, Any]]:
    """One row per activation, or per fixed point of it where these are asked for; what belongs to the fixed point and
    the edge has its name in front."""
    return [row for each in table.activations for row in _rows(each)]


def _activation(each: ActivationGains, alone: bool) -> dict[str, Any]:
    """The record of one activation; of the whole catalogue it leaves out what is not looked for there."""
    record = {**_statistics(each), "edge": _edge(each.edge)}
    if alone:
        record["stable_edge"] = _edge(each.stable_edge)
        record["jump"] = None if each.jump is None else asdict(each.jump)
    if each.fixed_points is not None:
        record["fixed_point"] = _reached(each)
    if alone:
        record["courses"] = [_course(course) for course in each.courses]
    return record | {"init": recipes(each.gains.gain_forward)}


def _statistics(each: ActivationGains) -> dict[str, Any]:
    figures = asdict(each.gains)
    return {"activation": figures.pop("activation"), "label": each.label, "formula": each.formula, **figures,
            "stability": each.gains.stability or None, "stable": each.gains.stable,
            "torch_difference": each.torch_difference}


def _edge(edge: Edge | None) -> dict[str, Any] | None:
    return None if edge is None else asdict(edge)


def _reached(each: ActivationGains) -> dict[str, Any]:
    """The fixed point that the start leads to, and all there are."""
    found = each.fixed_points
    assert found is not None
    return {"sigma_w": found.sigma_w, "sigma_b": found.sigma_b, **_point(found.reached), "q0": each.start,
            "limit": found.limit, "course": found.course, "roots": [_point(point) for point in found.points],
            "init": recipes(found.sigma_w), "bias_init": bias_recipes(found.sigma_b)}


def _point(point: FixedPoint | None) -> dict[str, Any]:
    if point is None:
        return dict.fromkeys(POINT)
    return {name: getattr(point, name) for name in POINT} | {"phase": point.phase or None}


def _course(course: GainCourse) -> dict[str, Any]:
    return {"name": course.name, "gain": course.gain, "q0": course.start, **_point(course.point),
            "limit": course.fixed_points.limit, "course": course.fixed_points.course or None,
            "roots": [point.q_star for point in course.fixed_points.points]}


def _rows(each: ActivationGains) -> list[dict[str, Any]]:
    edge = asdict(each.edge) if each.edge else {}
    row = _statistics(each) | {f"edge_{name}": edge.get(name) for name in Edge.__dataclass_fields__}
    found = each.fixed_points
    if found is None:
        return [row]
    start = {"sigma_w": found.sigma_w, "sigma_b": found.sigma_b, "q0": each.start, "limit": found.limit,
             "course": found.course}
    return [row | {f"fixed_point_{name}": value for name, value in (start | _point(point)).items()}
            | {"fixed_point_reached": point is not None and point is found.reached}
            for point in found.points or (found.reached,)]
