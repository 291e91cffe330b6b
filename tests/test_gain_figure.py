"""The figure of `actprof gain`: laws that hold for every picture."""

import json
import math
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.expectations import moments
from actprof.gain.figure import draw_figure
from actprof.gain.gains import gain_spec, gain_table
from actprof.report.lettering import formula_extent
from actprof.report.style import THEMES
from actprof.theory.fixed_points import jump
from tests.figures import assert_fit_to_print, axes_named, drawn_by, each_once, marks, provenance, texts

pytestmark = pytest.mark.slow


@cache
def table(*names, **request):
    return gain_table(gain_spec(names, **request))


drawn = partial(drawn_by, draw_figure)


KINDS = ("stable", "neutral", "unstable")

ODD = {
    "the default": lambda: table(),
    "one": lambda: table("gelu"),
    "no gain, a jump, several z, an overflow": lambda: table("hard_shrink:1e3", "step", "maxout", "exponential"),
    "two fixed points": lambda: table("silu", "gelu", sigma_b=0.2, q0=0.5),
    "no edge": lambda: table("softplus", sigma_b=0.2),
    "no weights": lambda: table("tanh", sigma_w=0.0),
    "a start at 0": lambda: table("tanh", sigma_w=1.5, q0=0.0),
    "a small start": lambda: table("tanh", "sigmoid", sigma_w=1.5, q0=1e-6),
    "a huge start": lambda: table("linear", "gelu", "exponential", sigma_w=1.5, q0=1e8),
    "the largest weights": lambda: table("tanh", "relu", sigma_w=1e3, sigma_b=1e3),
    "long names": lambda: table("leaky_relu:slope=0.123456789012345", "hard_sigmoid:slope=0.12345678901234"),
    "beside a curve": lambda: table("cos", "relu_squared", "hard_shrink", sigma_w=1.2),
    "an edge for one only": lambda: table("softplus", "tanh", sigma_b=0.2),
    "many": lambda: table("sigmoid", "tanh", "elu", "selu", "silu", "mish", "cos", "relu6"),
}


case = each_once(ODD, drawn)


@pytest.mark.parametrize("name", ODD)
def test_strange_requests_are_drawn_without_a_warning_and_without_overlap(name):
    result, figure = case(name)
    assert_fit_to_print(figure)
    rows = len(result.activations) <= 6
    maps = {f"{each.label} map" for each in result.activations if each.length_map}
    shapes = {f"{each.label} shape" for each in result.activations if each.shape}
    assert axes_named(figure).keys() == (maps | shapes if rows else shapes)
    if rows:
        points = [(drawn, point) for drawn in (each.length_map for each in result.activations if each.length_map)
                  for point in drawn.fixed_points.points]
        said = " ".join(texts(figure))
        assert sum(said.count(sign) for sign in "●◐○") == len(points)
        markers = sum(len(marks(figure, kind)) for kind in KINDS)
        assert markers == sum(drawn.q[0] <= point.q_star <= drawn.q[-1] for drawn, point in points)
        assert markers + said.count("(off the map)") == len(points)
    shown = texts(figure)
    for before, after in pairwise(shown):
        if after.startswith(("σ_b = ", "at q* = ", "at any variance", "+0.0", "-0.")) and before[-1:].isalnum():
            pytest.fail(f"{before!r} goes on with {after!r}")


def test_the_whole_catalogue_is_a_gallery_on_a_page_or_little_more():
    result = gain_table(gain_spec(everything=True))
    figure = drawn(result)
    assert figure.get_figheight() < 13
    assert_fit_to_print(figure)
    assert {each.label for each in result.activations} <= set(texts(figure))


def test_a_gallery_of_what_was_asked_for_shows_maps():
    result = table("sigmoid", "tanh", "elu", "selu", "silu", "mish", "cos", sigma_w=1.5, sigma_b=0.1)
    figure = drawn(result)
    assert_fit_to_print(figure)
    assert axes_named(figure).keys() == {f"{each.label} map" for each in result.activations}


def test_a_result_gives_its_figure_in_its_own_units():
    [shape, length] = table("tanh", sigma_w=1.5, sigma_b=0.3).figure(theme="dark").axes
    [value] = [line for line in shape.lines if line.get_gid() == "value"]
    np.testing.assert_allclose(value.get_ydata(), np.tanh(value.get_xdata()))
    assert length.get_xlabel() == "variance q of a layer's z"


def test_stable_fixed_points_are_filled_and_unstable_ones_hollow():
    figure = drawn(table("silu", sigma_b=0.2, q0=0.5))
    [stable], [unstable] = marks(figure, "stable"), marks(figure, "unstable")
    assert stable.get_markerfacecolor() == stable.get_markeredgecolor() == unstable.get_markeredgecolor()
    assert unstable.get_markerfacecolor() == THEMES["light"].background
    assert "● q* = 0.19404 stable · ○ q* = 0.68945 unstable" in texts(figure)
    assert not [line for axes in figure.axes for line in axes.lines if line.is_dashed()]


def test_fixed_points_of_nearly_the_same_variance_are_told_apart():
    result = table("silu", sigma_b=0.2, q0=0.5)
    [silu] = result.activations
    low, high = silu.length_map.fixed_points.points
    near = replace(low, q_star=high.q_star * (1 - 1e-6))
    found = replace(silu.length_map.fixed_points, points=(near, high))
    near_map = replace(silu.length_map, fixed_points=found)
    figure = drawn(replace(result, activations=(replace(silu, length_map=near_map),)))
    [stable], [unstable] = marks(figure, "stable"), marks(figure, "unstable")
    edge = stable.get_markeredgewidth()
    assert stable.get_markersize() + edge < unstable.get_markersize() - edge
    assert stable.get_zorder() > unstable.get_zorder()
    [key] = [text for text in texts(figure) if text.startswith("●")]
    first, second = (words.split()[3] for words in key.split(" · "))
    assert (float(first), float(second)) == pytest.approx((near.q_star, high.q_star), abs=1e-6)
    assert first != second


def test_fixed_points_lie_on_the_curve_and_on_the_diagonal_and_the_course_ends_there():
    figure = drawn(table("tanh", sigma_w=1.5, sigma_b=0.3, q0=0.5))
    [point], [curve], [diagonal] = (marks(figure, gid) for gid in ("stable", "map", "diagonal"))
    (x,), (y,) = point.get_data()
    for line in (curve, diagonal):
        assert np.interp(x, *line.get_data()) == pytest.approx(y, rel=1e-3)
    [course], [start] = marks(figure, "course"), marks(figure, "start")
    across, up = course.get_data()
    assert (across[0], up[0]) == (start.get_xdata()[0], start.get_ydata()[0])
    assert (across[-1], up[-1]) == pytest.approx((x, y), rel=1e-2)


def test_every_activation_is_named_with_its_gains():
    shown = " ".join(texts(drawn(table("tanh", "gelu"))))
    for words in ("φ(z) = tanh z", "forward gain 1.59253742", "backward gain 1.46741359", "χ = 1.1778",
                  "variance 1 is stable", "variance 1 is unstable", "turns stable: σ_w = 1.40821101",
                  "forward gain: σ_w = 1.59253742, σ_b = 0"):
        assert words in shown


def test_every_row_says_where_its_map_is_drawn_and_the_subtitle_leaves_it_to_them():
    shown = texts(drawn(ODD["an edge for one only"]()))
    words = " ".join(shown)
    assert "no edge of chaos at this σ_b, no length map" in words  # softplus
    assert "no gain, no length map" in texts(drawn(table("hard_shrink:1e3")))
    assert "edge: σ_w = 1.3041" in words
    assert "gains for z ~ N(0, 1) · asked for σ_b 0.2 · length maps from q₀ = σ_w² + σ_b²" in shown


def test_what_is_not_defined_is_so_called():
    words = " ".join(texts(drawn(table("step", "hard_shrink"))))
    assert "backward gain n/a" in words
    assert "χ = n/a" in words


def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside():
    said = provenance(table("gelu").image)
    assert json.loads(said["Configuration"])["activations"] == ["gelu"]
    assert "Seed" not in said


def test_every_pattern_of_an_activation_is_one_that_matplotlib_sets():
    patterns = [row.tex for row in ACTIVATIONS if row.tex]
    assert len(patterns) > 10
    assert all(formula_extent(pattern, 14)[0] > 0 for pattern in patterns)


@pytest.mark.parametrize("act", ["gelu", "silu", "mish"])
def test_the_jump_is_where_the_start_passes_the_unstable_fixed_point(act):
    choice = ACTIVATIONS.parse(act)
    found = jump(choice)
    assert moments(bind(choice), found.sigma_w**2).square == pytest.approx(1)  # so that q = σ_w² is kept
    assert (found.below, found.above) == (0.0, math.inf)
    assert jump(ACTIVATIONS.parse("relu")) is jump(ACTIVATIONS.parse("tanh")) is None
