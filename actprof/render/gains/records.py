"""`actprof gain` for machines: the object of schema actprof.gain/1, and its rows."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from actprof import __version__
from actprof.gain_tables import ActivationGains, EdgePoint, GainCourse, GainTable
from actprof.predictions import FixedPoint
from actprof.render.gains.recipes import recipes

JSON_SCHEMA = "actprof.gain/1"

POINT = ("q_star", "c_star", "chi_1", "xi_q", "xi_c", "phase", "length_slope", "stable")
"""What is told of a fixed point; null where none is reached."""


def gain_record(table: GainTable) -> dict[str, Any]:
    """The object of schema actprof.gain/1."""
    return {"schema": JSON_SCHEMA, "version": __version__, "config": table.config,
            "activations": [_activation(each) for each in table.activations], "notes": table.notes}


def gain_rows(table: GainTable) -> list[dict[str, Any]]:
    """One row per activation; what belongs to the fixed point and the edge has its name in front."""
    return [_row(each) for each in table.activations]


def _activation(each: ActivationGains) -> dict[str, Any]:
    fixed_point = {} if each.fixed_points is None else {"fixed_point": _reached(each)}
    return {**_figures(each), "edge": _edge(each.edge), "stable_edge": _edge(each.stable_edge), **fixed_point,
            "courses": [_course(course) for course in each.courses], "init": recipes(each.gains.gain_forward)}


def _figures(each: ActivationGains) -> dict[str, Any]:
    figures = asdict(each.gains)
    if math.isnan(each.gains.length_slope):
        figures["stable"] = None
    return {"activation": figures.pop("activation"), "label": each.label, "formula": each.formula, **figures,
            "torch_difference": each.torch_difference}


def _edge(edge: EdgePoint | None) -> dict[str, Any] | None:
    return None if edge is None else asdict(edge)


def _reached(each: ActivationGains) -> dict[str, Any]:
    """The fixed point that the start leads to, and all there are."""
    found = each.fixed_points
    assert found is not None
    return {"sigma_w": found.sigma_w, "sigma_b": found.sigma_b, **_point(found.reached), "q0": each.start,
            "limit": found.limit, "course": found.course, "roots": [_point(point) for point in found.points]}


def _point(point: FixedPoint | None) -> dict[str, Any]:
    if point is None:
        return dict.fromkeys(POINT)
    return {name: getattr(point, name) for name in POINT} | {"phase": point.phase or None}


def _course(course: GainCourse) -> dict[str, Any]:
    return {"name": course.name, "gain": course.gain, "q0": course.start, **_point(course.point),
            "limit": course.fixed_points.limit, "course": course.fixed_points.course,
            "roots": [point.q_star for point in course.fixed_points.points]}


def _row(each: ActivationGains) -> dict[str, Any]:
    row = _figures(each)
    edge = asdict(each.edge) if each.edge else {}
    row |= {f"edge_{name}": edge.get(name) for name in EdgePoint.__dataclass_fields__}
    if each.fixed_points is not None:
        roots = " ".join(repr(point.q_star) for point in each.fixed_points.points)
        row |= {f"fixed_point_{name}": value for name, value in (_reached(each) | {"roots": roots}).items()}
    return row
