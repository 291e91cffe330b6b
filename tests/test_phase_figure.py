"""The figure of `actprof phases`: laws that hold for every picture."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest

from actprof.sweep.phases.diagrams import phase_diagrams
from actprof.sweep.phases.figure import draw_figure
from actprof.sweep.phases.request import phase_spec
from tests.figures import assert_fit_to_print, axes_named, drawn_by, each_once, marks, provenance, texts

pytestmark = pytest.mark.slow

INITS = ("he", "xavier", "lecun", "torch.linear", "0.01", "critical")


@cache
def diagrams(*names, inits=INITS, **request):
    return phase_diagrams(phase_spec(names, inits, **request))


def together(*names):
    """The diagrams that are there anyway, as of one request."""
    found = [diagrams(name) for name in names]
    return replace(found[0], diagrams=tuple(diagram for each in found for diagram in each.diagrams))


drawn = partial(drawn_by, draw_figure)


ODD = {
    "relu": lambda: diagrams("relu"),
    "tanh": lambda: diagrams("tanh"),
    "an unstable edge": lambda: diagrams("gelu"),
    "dots in a heap": lambda: diagrams("sigmoid"),
    "no edge, no schemes": lambda: diagrams("softplus", inits=()),
    "an overflow": lambda: diagrams("exponential", "soft_shrink"),
    "many": lambda: together("tanh", "relu", "sigmoid", "gelu", "elu"),
    "long names": lambda: diagrams("leaky_relu:slope=0.123456789012345", inits=(
        "variance_scaling:scale=2,mode=fan_avg,distribution=uniform", "normal:std=0.0123456789,mean=0", "he")),
    "many schemes": lambda: diagrams("tanh", inits=tuple(f"{n / 100}" for n in range(1, 21))),
    "all in one phase": lambda: diagrams("tanh", sigma_w=(0.1, 0.2, 0.3), sigma_b=(0.0, 0.1)),
    "all diverges": lambda: diagrams("relu", sigma_w=(2.0, 3.0), sigma_b=(0.5, 1.0)),
    "a coarse and uneven grid": lambda: diagrams("gelu", sigma_w=(0.0, 1.0, 1.5, 10.0), sigma_b=(0.0, 0.01, 2.0)),
    "far from zero": lambda: diagrams("tanh", sigma_w=(100.0, 500.0, 1000.0), sigma_b=(100.0, 1000.0)),
}


case = each_once(ODD, drawn)


@pytest.mark.parametrize("name", ODD)
def test_strange_requests_are_drawn_without_a_warning_and_without_overlap(name):
    result, figure = case(name)
    assert_fit_to_print(figure)
    assert axes_named(figure).keys() == {diagram.label for diagram in result.diagrams}
    for gid in ("edge point", "turn", "depth 10", "depth 30", "depth 100", "spot"):
        assert len(marks(figure, gid)) == counted(result)[gid], gid
    curves = sum(len(branch) > 1 for diagram in result.diagrams for branch in diagram.edges)
    assert len(marks(figure, "edge") + marks(figure, "unstable edge")) >= curves
    renderer = figure.canvas.get_renderer()
    for label in marks(figure, "label"):
        frame = label.get_window_extent(renderer)
        dots = [axes.transData.transform(line.get_xydata()[0]) for axes in figure.axes for line in axes.lines
                if line.get_gid() == "spot"]
        assert not any(frame.contains(*dot) for dot in dots)


def counted(result):
    """How many of each kind of line and mark the planes have."""
    found = Counter()
    for diagram in result.diagrams:
        found["spot"] += len(diagram.spots)
        found["edge point"] += sum(len(branch) == 1 for branch in diagram.edges)
        found["turn"] += sum(diagram.grid.holds(turn.sigma_w, turn.sigma_b) for turn in diagram.turns)
        found.update(f"depth {line.layers}" for line in diagram.depth_lines)
    return found


def test_a_result_gives_its_figure_in_its_own_units():
    result = diagrams("tanh", inits=("he",))
    [axes] = result.figure().axes
    assert (*axes.get_xlim(), *axes.get_ylim()) == result.diagrams[0].grid.extent
    [dot] = [line for line in axes.lines if line.get_gid() == "spot"]
    assert dot.get_xydata()[0] == pytest.approx((2**0.5, 0))


def test_phases_and_schemes_are_named_with_what_becomes_of_them():
    shown = " ".join(texts(drawn(diagrams("tanh", inits=("he", "xavier", "lecun", "0.05")))))
    for words in ("ordered", "gradients vanish", "chaotic", "gradients explode", "edge of chaos, χ₁ = 1",
                  "xavier, lecun", "on the edge: no depth limit", "about 76 layers",
                  "σ_w = √(fan_in·Var W)", "σ_b = √Var b", "n = m = fan_in = 100"):
        assert words in shown
    assert "diverges" not in shown
    shown = texts(drawn(diagrams("tanh", "gelu")))
    assert any("he ~76 (chaotic)" in text for text in shown)
    assert "the variance grows without bound" in shown


def test_the_unstable_edge_is_dashed_up_to_the_mark_where_it_turns_stable():
    figure = drawn(diagrams("gelu"))
    [stable], [unstable], [turn] = (marks(figure, gid) for gid in ("edge", "unstable edge", "turn"))
    assert (stable.get_linestyle(), unstable.get_linestyle()) == ("-", "--")
    assert stable.get_xydata()[0] == pytest.approx(turn.get_xydata()[0], abs=1e-6)
    assert unstable.get_xydata()[-1] == pytest.approx(turn.get_xydata()[0], abs=1e-6)
    assert not [line for axes in figure.axes for line in axes.lines if line.is_dashed() and line is not unstable]


def test_an_edge_in_one_point_is_a_mark_under_the_dot_of_he():
    figure = drawn(diagrams("relu", inits=("he",)))
    [point], [spot] = marks(figure, "edge point"), marks(figure, "spot")
    assert point.get_xydata() == pytest.approx(spot.get_xydata(), abs=1e-6)
    assert marks(figure, "edge") == []


@pytest.mark.parametrize("name", ["tanh", "gelu", "relu", "elu", "sigmoid"])
def test_the_colour_of_every_cell_is_that_of_its_phase(name):
    result = diagrams(name)
    grid, figure = result.diagrams[0].grid, drawn(result)
    areas = {gid: [path for area in marks(figure, gid) for path in area.get_paths()] for gid in ("chaotic", "diverges")}
    for i in range(0, len(grid.sigma_w) - 1, 7):
        for j in range(1, len(grid.sigma_b) - 1, 7):
            if abs(grid.growth[i, j]) > 0.05 and abs(grid.chi_passing[i, j] - 1) > 0.05:
                place = grid.sigma_w[i], grid.sigma_b[j]
                seen = [phase for phase, paths in areas.items() if any(path.contains_point(place) for path in paths)]
                assert (seen or ["ordered"])[-1] == grid.phase[i, j]


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_a_phase_is_named_in_the_region_that_it_names(name):
    result = diagrams(name)
    grid, figure = result.diagrams[0].grid, drawn(result)
    named = [text for text in marks(figure, "phase") if text.get_text() in {"ordered", "chaotic", "diverges"}]
    assert len(named) >= 2
    for text in named:
        box = text.get_window_extent(figure.canvas.get_renderer())
        for corner in box.corners():
            x, y = figure.axes[0].transData.inverted().transform(corner)
            near = np.abs(np.array(grid.sigma_w) - x).argmin(), np.abs(np.array(grid.sigma_b) - y).argmin()
            assert grid.phase[near] == text.get_text()


def test_the_same_picture_is_the_same_bytes_with_the_configuration_inside():
    said = provenance(diagrams("tanh").image)
    assert json.loads(said["Configuration"])["activations"][0] == "tanh"
    assert "Seed" not in said
