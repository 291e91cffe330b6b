"""The figure of `actprof sweep --phase`: laws that hold for every picture."""

import io
import json
from collections import Counter
from functools import partial

import numpy as np
import pytest
from matplotlib.image import BboxImage
from PIL import Image

from actprof.report.clipping import clipped, interrupted
from actprof.report.plane import LinearAxis
from actprof.report.room import FreeSpace
from actprof.report.style import FORMATS, Style
from actprof.sweep.phases.diagrams import phase_diagrams
from actprof.sweep.phases.figure import draw_figure, render
from actprof.sweep.phases.regions import REGIONS, regions
from actprof.sweep.phases.request import phase_spec
from tests.figures import assert_fit_to_print, drawn_by, each_once, marks, texts

INITS = ("he", "xavier", "lecun", "torch.linear", "0.01", "critical")


def diagrams(*names, inits=INITS, **request):
    return phase_diagrams(phase_spec(names, inits, **request))


drawn = partial(drawn_by, draw_figure)


ODD = {
    "relu": lambda: diagrams("relu"),
    "tanh": lambda: diagrams("tanh"),
    "an unstable edge": lambda: diagrams("gelu"),
    "dots in a heap": lambda: diagrams("sigmoid"),
    "no edge, no schemes": lambda: diagrams("softplus", inits=()),
    "an overflow": lambda: diagrams("exponential", "soft_shrink"),
    "several": lambda: diagrams("tanh", "relu", "silu", "selu"),
    "many": lambda: diagrams("tanh", "relu", "sigmoid", "elu", "mish", "cos", "softplus"),
    "long names": lambda: diagrams("leaky_relu:slope=0.123456789012345", inits=(
        "variance_scaling:scale=2,mode=fan_avg,distribution=uniform", "normal:std=0.0123456789,mean=0", "he")),
    "many schemes": lambda: diagrams("tanh", inits=[f"{n / 100}" for n in range(1, 21)]),
    "all in one phase": lambda: diagrams("tanh", sigma_w=(0.1, 0.2, 0.3), sigma_b=(0.0, 0.1)),
    "all diverges": lambda: diagrams("relu", sigma_w=(2.0, 3.0), sigma_b=(0.5, 1.0)),
    "a coarse and uneven grid": lambda: diagrams("gelu", sigma_w=(0.0, 1.0, 1.5, 10.0), sigma_b=(0.0, 0.01, 2.0)),
    "far from zero": lambda: diagrams("tanh", sigma_w=(100.0, 500.0, 1000.0), sigma_b=(100.0, 1000.0)),
}


case = each_once(ODD, drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_strange_requests_are_drawn_without_a_warning_and_without_overlap(name):
    assert_fit_to_print(case(name)[1], name)


def counted(result):
    """How many of each kind of line and mark the planes have."""
    found = Counter()
    for diagram in result.diagrams:
        found["spot"] += len(diagram.spots)
        found["edge point"] += sum(len(branch) == 1 for branch in diagram.edges)
        found["turn"] += sum(diagram.grid.holds(turn.sigma_w, turn.sigma_b) for turn in diagram.turns)
        found.update(f"depth {line.layers}" for line in diagram.depth_lines)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_every_line_and_mark_lies_on_a_plane_and_no_label_covers_a_dot(name):
    result, figure = case(name)
    height = figure.get_figheight() * 100
    frames = [image.get_window_extent() for image in figure.findobj(BboxImage)]
    assert len(frames) == len(result.diagrams)
    for gid in ("edge", "unstable edge", "edge point", "turn", "depth 10", "depth 30", "depth 100", "spot"):
        found = marks(figure, gid)
        if gid not in ("edge", "unstable edge"):
            assert len(found) == counted(result)[gid], gid
        for mark in found:
            x, y = np.asarray(mark.get_xydata())[np.isfinite(mark.get_xydata()).all(1)].T
            assert any(((frame.xmin - 1e-6 <= x) & (x <= frame.xmax + 1e-6) & (frame.ymin - 1e-6 <= height - y)
                        & (height - y <= frame.ymax + 1e-6)).all() for frame in frames), gid
    curves = sum(len(branch) > 1 for diagram in result.diagrams for branch in diagram.edges)
    assert len(marks(figure, "edge") + marks(figure, "unstable edge")) >= curves
    for label in marks(figure, "label"):
        left, top, right, bottom = (label.get_x(), label.get_y(), label.get_x() + label.get_width(),
                                    label.get_y() + label.get_height())
        for (x,), (y,) in (spot.get_data() for spot in marks(figure, "spot")):
            assert not (left <= x <= right and top <= y <= bottom)


@pytest.mark.slow
def test_phases_and_schemes_are_named_with_what_becomes_of_them():
    shown = " ".join(texts(drawn(diagrams("tanh"))))
    for words in ("ordered", "gradients vanish", "chaotic", "gradients explode", "edge of chaos, χ₁ = 1",
                  "xavier, lecun", "on the edge of chaos", "trainable to about 130 layers",
                  "σ_w = √(fan_in·Var W)", "σ_b = √Var b", "n = m = fan_in = 100"):
        assert words in shown
    assert "diverges" not in shown
    shown = texts(drawn(diagrams("tanh", "gelu")))
    assert any("he ~130 (chaotic)" in text for text in shown)
    assert "the variance grows without bound" in shown


def test_the_unstable_edge_is_dashed_up_to_the_mark_where_it_turns_stable():
    figure = drawn(diagrams("gelu"))
    [stable], [unstable], [turn] = (marks(figure, gid) for gid in ("edge", "unstable edge", "turn"))
    assert (stable.get_linestyle(), unstable.get_linestyle()) == ("-", "--")
    ends = [line.get_xydata()[np.isfinite(line.get_xydata()).all(1)] for line in (stable, unstable)]
    assert ends[0][0] == pytest.approx(turn.get_xydata()[0], abs=1e-6)
    assert ends[1][-1] == pytest.approx(turn.get_xydata()[0], abs=1e-6)


def test_an_edge_in_one_point_is_a_mark_under_the_dot_of_he():
    figure = drawn(diagrams("relu", inits=["he"]))
    [point], [spot] = marks(figure, "edge point"), marks(figure, "spot")
    assert point.get_xydata() == pytest.approx(spot.get_xydata(), abs=1e-6)
    assert marks(figure, "edge") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tanh", "gelu", "relu", "elu", "sigmoid"])
def test_the_colour_of_every_cell_is_that_of_its_phase(name):
    grid = diagrams(name, inits=()).diagrams[0].grid
    columns, rows = 16 * len(grid.sigma_w), 16 * (len(grid.sigma_b) - 1)
    found = regions(grid, columns, rows)
    for i in range(0, len(grid.sigma_w) - 1, 7):
        for j in range(1, len(grid.sigma_b) - 1, 7):
            if abs(grid.growth[i, j]) > 0.05 and abs(grid.chi_passing[i, j] - 1) > 0.05:
                assert REGIONS[found[rows - 16 * j, 16 * (i + 1)]] == grid.phase[i, j]


def test_a_line_is_cut_at_the_border_and_goes_on_where_it_comes_back():
    pieces = clipped([(0.5, 0.5), (0.5, 2.0), (0.9, 2.0), (0.9, 0.1)])
    assert pieces == [[(0.5, 0.5), (0.5, 1.0)], [(0.9, 1.0), (0.9, 0.1)]]
    x, y = interrupted(pieces)
    np.testing.assert_array_equal(x, [0.5, 0.5, np.nan, 0.9, 0.9])
    np.testing.assert_array_equal(y, [0.5, 1.0, np.nan, 1.0, 0.1])


def test_there_is_room_for_a_box_exactly_where_nothing_is_taken():
    room = FreeSpace(0.0, 0.0, 300.0, 150.0)
    room.take((0.0, 0.0, 150.0, 150.0))
    left, top, covers = room.places(60.0, 30.0)
    assert left.min() >= 150
    assert (left + 60).max() <= 300
    assert (top + 30).max() <= 150
    assert not covers.any()
    assert len(room.places(200.0, 30.0)[0]) == 0


@pytest.mark.parametrize("high", [0.7, 1.0, 1.5, 2.5, 4.0, 30.0, 1000.0])
@pytest.mark.parametrize("room", [90.0, 150.0, 290.0, 311.0, 600.0])
def test_ticks_are_at_equal_steps_with_none_left_out(high, room):
    ticks = LinearAxis(0.0, high, 0.0, most=8).ticks(room, lambda label: 29.0)
    places = np.array([place for place, _ in ticks])
    assert 2 <= len(ticks) <= 9
    np.testing.assert_allclose(np.diff(places), places[1], rtol=1e-9)
    assert places[-1] + places[1] > 1


def test_the_middle_place_of_several_parts_is_in_the_middle_of_one():
    room = FreeSpace(0.0, 0.0, 900.0, 300.0)
    room.take((300.0, 0.0, 600.0, 300.0))
    left, top = room.middle(60.0, 30.0)
    assert min(abs(left + 30 - middle) for middle in (150, 750)) < 6
    assert abs(top + 15 - 150) < 6
    assert room.middle(320.0, 30.0) is None


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside(format):
    result = diagrams("tanh", "relu")
    once, again = (render(result, Style(), format) for _ in range(2))
    assert once == again
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert json.loads(metadata["Configuration"])["activations"][0] == "tanh"
        assert "Seed" not in metadata
