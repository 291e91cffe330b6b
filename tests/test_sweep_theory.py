"""What the lines on a grid are found with: the criticality of stacks, where variances end, and crossings of curves."""

import math
from itertools import pairwise

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.expectations import moments
from actprof.engine.stacks import stack_specs
from actprof.sweep.lines import searches, together
from actprof.theory.conditions import Conditions, between, conditions, silence_about
from actprof.theory.correlation_series import TERMS, by_pairs, by_series, has_series
from actprof.theory.criticality import Criticalities, criticality
from actprof.theory.fixed_points import edge_of_chaos, fixed_points
from actprof.theory.variance_ends import variance_ends


def stack(act="relu", gain=1.0, sigma_b=0.0):
    return stack_specs([f"lecun_normal:gain={gain!r}"], [act], layers=5,
                       bias=f"normal:std={sigma_b!r}" if sigma_b else None)[0]


@pytest.mark.parametrize("q", [0.2, 1.0, 3.0])
def test_the_criticality_is_0_at_any_point_of_the_edge(q):
    edge = edge_of_chaos(ACTIVATIONS.parse("tanh"), q)
    at_edge = stack("tanh", edge.sigma_w, sigma_b=edge.sigma_b)
    assert criticality(at_edge, 1.0) == pytest.approx(0, abs=1e-7)
    assert criticality(stack("tanh", 0.99 * edge.sigma_w, sigma_b=edge.sigma_b), 1.0) < 0
    assert criticality(stack("tanh", 1.01 * edge.sigma_w, sigma_b=edge.sigma_b), 1.0) > 0


@pytest.mark.parametrize("act", ["tanh", "gelu", "sigmoid", "selu", "cos", "sin", "mish"])
@pytest.mark.parametrize("sigma_b", [0.0, 0.3])
def test_it_is_the_depth_scale_of_the_fixed_point_that_is_reached(act, sigma_b):
    for gain in (0.6, 1.1, 1.7, 2.6):
        point = fixed_points(ACTIVATIONS.parse(act), gain, sigma_b, gain**2 + sigma_b**2).reached
        if point is None or not point.q_star:
            continue
        sign = {"ordered": -1, "chaotic": 1}[point.phase]
        assert criticality(stack(act, gain, sigma_b=sigma_b), 1.0) == pytest.approx(sign / point.xi_c, rel=1e-6)


@pytest.mark.parametrize("gain", [0.7, 1.0, 1.4, 1.5, 2.5])
@pytest.mark.parametrize("sigma_b", [0.0, 0.5])
def test_of_relu_it_is_the_growth_of_the_gradient_whether_the_signal_grows_or_not(gain, sigma_b):
    assert criticality(stack("relu", gain, sigma_b=sigma_b), 1.0) == pytest.approx(math.log(gain**2 / 2), abs=1e-12)


@pytest.mark.parametrize("act", ["relu", "tanh", "sigmoid"])
def test_it_rises_with_the_gain(act):
    found = [criticality(stack(act, gain, sigma_b=0.2), 1.0) for gain in np.linspace(0.3, 3, 28).tolist()]
    assert all(before < after for before, after in pairwise(found))


def test_the_first_layer_sets_only_where_the_variance_starts():
    wide = stack_specs(["he:mode=fan_out"], ["tanh"], widths="784,100,100,100")[0]
    assert criticality(wide, 1.0) == pytest.approx(criticality(stack("tanh", math.sqrt(2)), 1.0), rel=1e-9)


def test_a_width_that_varies_does_not_matter_to_scales_that_keep_the_fan_in():
    assert silence_about(stack_specs(["he"], ["relu"], widths="784,100,50,20")[0]) == ""


def test_weights_of_zero_and_inputs_of_zero_are_no_obstacle():
    assert criticality(stack("relu", 0.0), 1.0) == -math.inf
    assert criticality(stack("tanh", 0.5), 0.0) == pytest.approx(math.log(0.25))
    assert criticality(stack("tanh", 0.5), math.nan) is None


SMOOTH = [name for name in dict.fromkeys(ACTIVATIONS.parse(name).name for name in ACTIVATIONS.names())
          if not bind(ACTIVATIONS.parse(name)).jumps]
SIGMA_W, SIGMA_B = (values.ravel() for values in np.meshgrid([0.6, 1.0, 1.3, 1.7, 2.6], [0.0, 0.3, 1.0]))


@pytest.mark.slow
@pytest.mark.parametrize("act", SMOOTH)
def test_many_variances_end_where_each_does(act):
    choice = ACTIVATIONS.parse(act)
    start = SIGMA_W**2 + SIGMA_B**2
    found = variance_ends(bind(choice), SIGMA_W, SIGMA_B, start)
    for sigma_w, sigma_b, q, end in zip(SIGMA_W, SIGMA_B, start, found, strict=True):
        known = fixed_points(choice, float(sigma_w), float(sigma_b), float(q)).limit
        assert end == pytest.approx(known, rel=1e-7, abs=1e-13)


@pytest.mark.parametrize("act", [act for act in SMOOTH if has_series(bind(ACTIVATIONS.parse(act)))])
@pytest.mark.parametrize("length", range(len(TERMS)))
def test_a_series_is_as_exact_as_it_says(act, length):
    phi, q = bind(ACTIVATIONS.parse(act)), np.array([0.3, 1.0, 4.0, 20.0])
    sigma_w = np.sqrt(np.array([1.05, 1.3, 2.0, 4.0]) / [float(moments(phi, each).slope_square) for each in q.tolist()])
    slopes, doubts = by_series(phi, sigma_w, q, length)
    exact = np.array([by_pairs(phi, *each) for each in zip(sigma_w.tolist(), q.tolist(), strict=True)])
    sure = doubts < 1e-3
    assert (np.abs(slopes - exact)[sure] <= 8 * doubts[sure] + 1e-7).all()
    assert sure[-1] or length == 0


@pytest.mark.parametrize("level", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("act", ["tanh", "hard_tanh", "selu", "erf"])
def test_what_is_told_from_a_level_is_on_the_same_side_as_what_is_exact(act, level):
    choice = ACTIVATIONS.parse(act)
    known = [Conditions(choice, sigma_w, 0.1, sigma_w**2) for sigma_w in np.linspace(0.8, 3, 23).tolist()]
    exact = Criticalities().compared(known, [math.nan] * len(known))
    rough = Criticalities().compared(known, [level] * len(known))
    assert [value > level for value in rough] == [value > level for value in exact]


def found(curve, level, grid):
    """The crossings of a function."""
    begun = searches([(place, curve(place)) for place in grid], level)
    return together([(None, search) for _, search in begun], lambda asked: [curve(place) for _, place in asked])


@pytest.mark.parametrize("level", [-0.9, -0.3, 0.0, 0.5])
def test_every_crossing_of_a_smooth_curve_is_found(level):
    ends = found(math.sin, level, np.linspace(0.1, 9, 12).tolist())
    assert np.sin(ends) == pytest.approx(np.full(len(ends), level), abs=1e-8)
    assert len(ends) == sum(0.1 < turn * math.pi + sign * math.asin(level) < 9
                            for turn, sign in ((0, 1), (1, -1), (2, 1), (3, -1)))


@pytest.mark.parametrize("jump", [0.123, 1.0, 2.71828])
@pytest.mark.parametrize("above", [0.5, 7.0, math.inf])
def test_a_jump_is_a_crossing_of_all_levels_that_it_passes(jump, above):
    def curve(place):
        return -1 + place / 10 if place < jump else above

    for level in (-0.5, 0.0, 0.4):
        assert found(curve, level, np.linspace(0.1, 3, 9).tolist()) == [pytest.approx(jump, rel=2e-9)]


def test_a_curve_that_never_leaves_a_level_crosses_it_nowhere():
    assert found(lambda place: 0.0, 0.0, [1.0, 2.0, 3.0]) == []


def test_an_end_that_is_on_the_level_is_the_crossing():
    assert found(lambda place: -place, 0.0, [0.0, 0.5, 1.0]) == [0.0]
    assert found(lambda place: place - 1, 0.0, [0.0, 0.5, 1.0]) == [1.0]
    assert found(lambda place: place, 0.0, [0.0, 0.5, 1.0]) == [0.0]
    assert found(lambda place: 1 - place, 0.0, [0.0, 0.5, 1.0]) == [1.0]


def test_a_curve_that_starts_on_a_level_and_comes_back_to_it_crosses_it_at_both_ends():
    assert found(lambda place: place * (1 - place), 0.0, [0.0, 0.25, 0.75, 1.0]) == [0.0, 1.0]
    assert found(lambda place: place * (place - 1), 0.0, [0.0, 0.25, 0.75, 1.0]) == [0.0, 1.0]


@pytest.mark.parametrize("init", ["normal:std=0.1", "uniform:low=-0.2,high=0.2", "lecun", "xavier", "he:mode=fan_out"])
@pytest.mark.parametrize("act", ["relu", "tanh"])
def test_what_lies_between_two_widths_is_what_a_stack_of_a_width_between_has(init, act):
    low, middle, high, wide = (conditions(stack_specs([init], [act], width=width, bias="normal:std=0.3")[0], 1.0)
                               for width in (16, 40, 64, 112))
    for found, known in ((between(low, high, 0.5), middle), (between(low, high, 2.0), wide)):
        assert found.activation == known.activation
        assert (found.sigma_w, found.sigma_b, found.first) == pytest.approx(
            (known.sigma_w, known.sigma_b, known.first), rel=1e-12)
