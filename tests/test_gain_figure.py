"""The figure of `actprof gain`: laws that hold for every picture."""

import io
import json
import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from actprof.gains import gain_spec, gain_table
from actprof.render.drawing import FORMATS, THEMES, matplotlib_set_up
from actprof.render.gains.figure import draw_figure, render
from actprof.spec import Style
from tests.figures import assert_texts_clear, texts


def table(*names, **request):
    return gain_table(gain_spec(names, **request))


def drawn(result, theme="light"):
    with matplotlib_set_up():
        figure = Figure(dpi=100)
        FigureCanvasAgg(figure)
        draw_figure(figure, THEMES[theme], result)
    return figure


def marks(figure, name):
    return [artist for artist in figure.findobj() if artist.get_gid() == name]


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
    "many": lambda: table("sigmoid", "tanh", "elu", "selu", "silu", "mish", "cos", "relu6"),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ODD)
def test_strange_requests_are_drawn_without_a_warning_and_without_overlap(name, theme):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = ODD[name]()
        figure = drawn(result, theme)
        assert tuple(figure.get_size_inches() * 100) >= (1920, 1080)
        assert_texts_clear(figure)
        assert render(result, Style(theme, dpi=30), FORMATS[len(name) % 3])


@pytest.mark.parametrize("name", ODD)
def test_every_mark_lies_between_the_axes(name):
    figure = drawn(ODD[name]())
    height = figure.get_figheight() * 100
    for gid in ("value", "derivative", "map", "diagonal", "course", "start", "stable", "unstable"):
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
    shown = texts(figure)
    assert "q* = 0.19404 stable" in shown
    assert "q* = 0.68945 unstable" in shown


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
                  "σ_w the forward gain"):
        assert words in shown


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside(format):
    once, again = (render(table("tanh", "gelu"), Style(), format) for _ in range(2))
    assert once == again
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert json.loads(metadata["Configuration"])["activations"] == ["tanh", "gelu"]
        assert "Seed" not in metadata
