"""What the lines on a grid are found with: the criticality of stacks, where variances end, and crossings of curves."""

import functools
import math
from itertools import pairwise

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.engine.stacks import stack_specs
from actprof.sweep.level_search import crossings
from actprof.theory.criticality import Conditions, Criticalities, between, conditions, silence_about
from actprof.theory.fields import field
from actprof.theory.fixed_points import critical, depth_scale, edge_of_chaos, fixed_points, stable_edge
from tests.cases import for_each


def stack(act="relu", gain=1.0, sigma_b=0.0):
    return stack_specs([f"lecun_normal:gain={gain!r}"], [act], layers=5,
                       bias=f"normal:std={sigma_b!r}" if sigma_b else None)[0]


def criticality(stack, second_moment):
    return Criticalities().compared([conditions(stack, second_moment)], [math.nan])[0]


@for_each("q", [0.2, 1.0, 3.0])
def test_the_criticality_is_0_at_any_point_of_the_edge(q):
    edge = edge_of_chaos(ACTIVATIONS.parse("tanh"), q)
    at_edge = stack("tanh", edge.sigma_w, sigma_b=edge.sigma_b)
    assert criticality(at_edge, 1.0) == pytest.approx(0, abs=1e-7)
    assert criticality(stack("tanh", 0.99 * edge.sigma_w, sigma_b=edge.sigma_b), 1.0) < 0
    assert criticality(stack("tanh", 1.01 * edge.sigma_w, sigma_b=edge.sigma_b), 1.0) > 0


@for_each("act", ["tanh", "gelu", "sigmoid", "selu", "cos", "sin", "mish"])
@for_each("sigma_b", [0.0, 0.3])
def test_it_is_the_depth_scale_of_the_fixed_point_that_is_reached(act, sigma_b):
    for gain in (0.6, 1.1, 1.7, 2.6):
        point = fixed_points(ACTIVATIONS.parse(act), gain, sigma_b, gain**2 + sigma_b**2).reached
        if point is None or not point.q_star:
            continue
        sign = {"ordered": -1, "chaotic": 1}[point.phase]
        assert criticality(stack(act, gain, sigma_b=sigma_b), 1.0) == pytest.approx(sign / point.xi_c, rel=1e-5)


@for_each("gain", [0.7, 1.0, 1.4, 1.5, 2.5])
@for_each("sigma_b", [0.0, 0.5])
def test_of_relu_it_is_the_growth_of_the_gradient_whether_the_signal_grows_or_not(gain, sigma_b):
    assert criticality(stack("relu", gain, sigma_b=sigma_b), 1.0) == pytest.approx(math.log(gain**2 / 2), abs=1e-12)


@for_each("act", ["relu", "tanh", "sigmoid"])
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
    assert conditions(stack("tanh", 0.5), math.nan) is None


SMOOTH = [name for name in dict.fromkeys(ACTIVATIONS.parse(name).name for name in ACTIVATIONS.names())
          if not bind(ACTIVATIONS.parse(name)).jumps]


@pytest.mark.slow
@for_each("act", SMOOTH)
def test_a_field_is_what_exact_theory_says_of_each_of_its_stacks(act):
    choice, rng = ACTIVATIONS.parse(act), np.random.default_rng(sum(map(ord, act)))
    asked = 10 ** rng.uniform([[-1], [-2], [-3]], [[1], [0.5], [2]], (3, 6))
    asked[1, ::3] = 0.0
    found = field(bind(choice), *asked)
    for number, known in enumerate(map(functools.partial(fixed_points, choice), *asked.tolist())):
        slack = 1 / max(1 - abs(known.reached.length_slope), 1e-3) if known.reached else 1.0
        assert found.q_star[number] == pytest.approx(known.limit, rel=1e-8 * slack, abs=1e-13)
        if known.reached and known.limit:
            assert found.chi_1[number] == pytest.approx(known.reached.chi_1, rel=1e-7 * slack, abs=1e-12)
            assert found.c_star[number] == pytest.approx(known.reached.c_star, abs=1e-6)
            assert depth_scale(found.decay[number]) == pytest.approx(known.reached.xi_c, rel=1e-5, abs=0.1)


@for_each(("act", "sigma_w", "sigma_b", "q", "chi"), [
    ("tanh", 5 / 3, 0.0, 1.17848, 1.2098), ("selu", 1.0, 0.0, 1.0, 1.071575), ("selu", 0.75, 0.0, 0.0230, 1.00367)])
def test_a_field_has_the_known_values(act, sigma_w, sigma_b, q, chi):
    found = field(bind(ACTIVATIONS.parse(act)), np.array([sigma_w]), np.array([sigma_b]))
    assert (found.q_star[0], found.chi_1[0]) == (pytest.approx(q, rel=3e-3), pytest.approx(chi, rel=5e-5))


@for_each("act", ["gelu", "silu", "mish"])
def test_two_fixed_points_that_have_just_parted_hold_the_variance(act):
    """Beside the half-stable point of the edge, on the side where there are two, no grid sees either."""
    choice = ACTIVATIONS.parse(act)
    turn = stable_edge(choice, critical(choice, 0.0))
    for shift in (1e-5, 1e-6, 1e-9):
        sigma_b = turn.sigma_b * (1 - shift)
        known = fixed_points(choice, turn.sigma_w, sigma_b, turn.q / 4)
        found = field(bind(choice), np.array([turn.sigma_w]), np.array([sigma_b]), np.array([turn.q / 4]))
        assert found.q_star[0] == pytest.approx(known.limit, rel=1e-6)
        assert math.isfinite(known.limit)


@for_each("level", [0.01, 0.1, 0.5])
@for_each("act", ["tanh", "hard_tanh", "selu", "erf"])
def test_what_is_told_from_a_level_is_on_the_same_side_as_what_is_exact(act, level):
    choice = ACTIVATIONS.parse(act)
    known = [Conditions(choice, sigma_w, 0.1, sigma_w**2) for sigma_w in np.linspace(0.8, 3, 23).tolist()]
    exact = Criticalities().compared(known, [math.nan] * len(known))
    rough = Criticalities().compared(known, [level] * len(known))
    assert [value > level for value in rough] == [value > level for value in exact]


def found(curve, level, grid):
    """The crossings of a function."""
    ends = crossings([[(place, curve(place)) for place in grid]], [level],
                     lambda numbers, places: np.array([curve(place) for place in places]))
    return [place for _, _, place in ends]


@for_each("level", [-0.9, -0.3, 0.0, 0.5])
def test_every_crossing_of_a_smooth_curve_is_found(level):
    ends = found(math.sin, level, np.linspace(0.1, 9, 12).tolist())
    assert np.sin(ends) == pytest.approx(np.full(len(ends), level), abs=1e-8)
    assert len(ends) == sum(0.1 < turn * math.pi + sign * math.asin(level) < 9
                            for turn, sign in ((0, 1), (1, -1), (2, 1), (3, -1)))


@for_each("jump", [0.123, 1.0, 2.71828])
@for_each("above", [0.5, 7.0, math.inf])
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


@for_each("init", ["normal:std=0.1", "uniform:low=-0.2,high=0.2", "lecun", "xavier", "he:mode=fan_out"])
@for_each("act", ["relu", "tanh"])
def test_what_lies_between_two_widths_is_what_a_stack_of_a_width_between_has(init, act):
    low, middle, high, wide = (conditions(stack_specs([init], [act], width=width, bias="normal:std=0.3")[0], 1.0)
                               for width in (16, 40, 64, 112))
    for found, known in ((between(low, high, 0.5), middle), (between(low, high, 2.0), wide)):
        assert found.activation == known.activation
        assert (found.sigma_w, found.sigma_b, found.first) == pytest.approx(
            (known.sigma_w, known.sigma_b, known.first), rel=1e-12)
