"""The figure of `actprof gain`: laws that hold for every picture."""

import io
import json
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from actprof.gain.figure import draw_figure, render
from actprof.gain.fixed_marks import spread
from actprof.gain.gains import gain_spec, gain_table
from actprof.report.style import FORMATS, THEMES, Style
from tests.figures import assert_fit_to_print, drawn_by, each_once, marks, texts


def table(*names, **request):
    return gain_table(gain_spec(names, **request))


drawn = partial(drawn_by, draw_figure)


KINDS = ("stable", "neutral", "unstable")

ODD = {
    "the default": lambda: table(),
    "one": lambda: table("gelu"),
    "no gain, a jump, several z, an overflow": lambda: table("hard_shrink:1e3", "step", "maxout", "exponential"),
    "two fixed points": lambda: table("silu", "gelu", "mish", sigma_b=0.2, q0=0.5),
    "no edge": lambda: table("softplus", sigma_b=0.2),
    "no weights": lambda: table("tanh", sigma_w=0.0),
    "a start at 0": lambda: table("tanh", sigma_w=1.5, q0=0.0),
    "a small start": lambda: table("tanh", "sigmoid", sigma_w=1.5, q0=1e-6),
    "a huge start": lambda: table("linear", "gelu", "exponential", sigma_w=1.5, q0=1e8),
    "the largest weights": lambda: table("tanh", "relu", sigma_w=1e3, sigma_b=1e3),
    "long names": lambda: table("leaky_relu:slope=0.123456789012345", "hard_sigmoid:slope=0.12345678901234"),
    "beside a curve": lambda: table("cos", "gaussian", "square", "relu_squared", "hard_shrink", sigma_w=1.2),
    "an edge for one only": lambda: table("softplus", "tanh", sigma_b=0.2),
    "many": lambda: table("sigmoid", "tanh", "elu", "selu", "silu", "mish", "cos", "relu6"),
}


case = each_once(ODD, drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_strange_requests_are_drawn_without_a_warning_and_without_overlap(name):
    assert_fit_to_print(case(name)[1], name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_every_mark_lies_between_the_axes(name):
    _, figure = case(name)
    height = figure.get_figheight() * 100
    for gid in ("value", "derivative", "map", "diagonal", "course", "start", *KINDS):
        for mark in marks(figure, gid):
            points = mark.get_xydata()
            points = points[np.isfinite(points).all(1)]
            assert ((points[:, 0] > 600) & (points[:, 0] <= 1920 - 30)).all(), gid
            assert ((points[:, 1] > 90) & (points[:, 1] <= height - 50)).all(), gid


def test_stable_fixed_points_are_filled_and_unstable_ones_hollow():
    figure = drawn(table("silu", sigma_b=0.2, q0=0.5))
    [stable], [unstable] = marks(figure, "stable"), marks(figure, "unstable")
    assert stable.get_markerfacecolor() == stable.get_markeredgecolor() == unstable.get_markeredgecolor()
    assert unstable.get_markerfacecolor() == THEMES["light"].background
    assert "1 ● q* = 0.19404 stable · 2 ○ q* = 0.68945 unstable" in texts(figure)


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_no_text_lies_in_a_map(name):
    _, figure = case(name)
    renderer = figure.canvas.get_renderer()
    frames = [text.get_window_extent(renderer) for text in figure.findobj(Text) if text.get_text()]
    for gid in ("diagonal", "map", "course", "start", *KINDS):
        for mark in marks(figure, gid):
            frame = mark.get_window_extent(renderer)
            if np.isfinite(frame.get_points()).all():
                assert not any(frame.overlaps(text) for text in frames), gid


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_every_fixed_point_has_a_key_and_every_one_on_the_map_a_marker(name):
    result = ODD[name]()
    maps = [each.length_map for each in result.activations if each.length_map]
    points = [(drawn, point) for drawn in maps for point in drawn.fixed_points.points]
    figure = drawn(result)
    words = " ".join(texts(figure))
    assert sum(words.count(sign) for sign in "●◐○") == len(points)
    markers = sum(len(marks(figure, kind)) for kind in KINDS)
    assert markers == sum(drawn.q[0] <= point.q_star <= drawn.q[-1] for drawn, point in points)
    assert markers + words.count("(off the map)") == len(points)


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
    [key] = [text for text in texts(figure) if text.startswith("1 ●")]
    first, second = (words.split()[4] for words in key.split(" · "))
    assert (float(first), float(second)) == pytest.approx((near.q_star, high.q_star), abs=1e-6)
    assert first != second
    ends = [leader.get_xydata() for leader in marks(figure, "leader")]
    assert ends[0][0, 0] + 10 < ends[1][0, 0]
    assert [end[-1].tolist() for end in ends] == [mark.get_xydata()[0].tolist() for mark in (stable, unstable)]


@pytest.mark.parametrize("places", [[], [5.0], [0.0, 0.1, 0.2], [0.0, 50.0, 99.9, 100.0], [100.0] * 9])
def test_numbers_keep_their_order_and_their_distance_and_stay_within_the_map(places):
    moved = spread(places, 10.0, 100.0)
    assert all(after - before >= 10 - 1e-9 for before, after in pairwise(moved))
    assert all(0 <= place <= 100 for place in moved)
    assert spread(moved, 10.0, 100.0) == moved


def test_fixed_points_lie_on_the_curve_and_on_the_diagonal():
    figure = drawn(table("tanh", sigma_w=1.5, sigma_b=0.3))
    [point], [curve], [diagonal] = (marks(figure, gid) for gid in ("stable", "map", "diagonal"))
    (x,), (y,) = point.get_data()
    for line in (curve, diagonal):
        assert np.interp(x, *line.get_data()) == pytest.approx(y, abs=0.2)


def test_the_course_goes_from_the_start_to_the_fixed_point_it_reaches():
    figure = drawn(table("tanh", sigma_w=1.5, sigma_b=0.3, q0=0.5))
    [course], [point], [start] = (marks(figure, gid) for gid in ("course", "stable", "start"))
    x, y = course.get_data()
    assert (x[0], y[0]) == (start.get_xdata()[0], start.get_ydata()[0])
    assert (x[-1], y[-1]) == pytest.approx((point.get_xdata()[0], point.get_ydata()[0]), abs=0.5)


def test_every_activation_is_named_with_its_gains():
    shown = " ".join(texts(drawn(table("tanh", "gelu"))))
    for words in ("φ(z) = tanh z", "forward gain 1.59254", "backward gain 1.46741", "χ = 1.1778",
                  "variance 1 is stable", "variance 1 is unstable", "stable only from σ_w = 1.40821101",
                  "forward gain: σ_w = 1.5925, σ_b = 0"):
        assert words in shown


def test_every_row_says_where_its_map_is_drawn_and_the_subtitle_leaves_it_to_them():
    shown = texts(drawn(ODD["an edge for one only"]()))
    words = " ".join(shown)
    assert "no edge of chaos at this σ_b, no length map" in words  # softplus
    assert "no gain, no length map" in texts(drawn(table("hard_shrink:1e3")))
    assert "edge: σ_w = 1.3041, σ_b = 0.2" in words
    assert "gains for z ~ N(0, 1) · asked for σ_b 0.2 · length maps from q₀ = σ_w² + σ_b²" in shown


def test_what_is_not_defined_is_so_called():
    words = " ".join(texts(drawn(table("step", "hard_shrink"))))
    assert "backward gain n/a" in words
    assert "χ = n/a" in words


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_a_line_of_words_that_goes_on_ends_in_its_comma(name):
    shown = texts(case(name)[1])
    for before, after in pairwise(shown):
        if after.startswith(("σ_b = ", "at q* = ", "at any variance", "+0.0", "-0.")) and before[-1:].isalnum():
            pytest.fail(f"{before!r} goes on with {after!r}")


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside(format):
    once, again = (render(table("tanh", "gelu"), Style(), format) for _ in range(2))
    assert once == again
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert json.loads(metadata["Configuration"])["activations"] == ["tanh", "gelu"]
        assert "Seed" not in metadata
