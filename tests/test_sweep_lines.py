"""The lines that theory draws on a grid: the edge of chaos, and how deep a stack can be trained."""

import math
from itertools import pairwise

import numpy as np
import pytest

from actprof.activations import ACTIVATIONS, bind
from actprof.predictions import TRAINABLE_SCALES
from actprof.stacks import stack_specs
from actprof.sweep_maps import Axis
from actprof.sweeps.conditions import Conditions, silence_about
from actprof.sweeps.correlation_series import TERMS, by_pairs, by_series, has_series
from actprof.sweeps.criticality import Criticalities, criticality
from actprof.sweeps.crossings import searches, together
from actprof.sweeps.lines import lines
from actprof.sweeps.variance_ends import variance_ends
from actprof.theory.edges import critical, edge_of_chaos
from actprof.theory.fixed_points import fixed_points
from actprof.theory.gaussian import moments


def numbers(name, values, **kind):
    return Axis(name, name, tuple(f"{value:g}" for value in values), tuple(map(float, values)), **kind)


def stack(act="relu", gain=1.0, layers=5, sigma_b=0.0, init="lecun_normal", **more):
    bias = f"normal:std={sigma_b!r}" if sigma_b else None
    return stack_specs([f"{init}:gain={gain!r}"], [act], layers=layers, bias=bias, **more)[0]


GAINS = numbers("gain", np.linspace(0.5, 3, 11))
LAYERS = numbers("layers", (2, 5, 10, 20, 50), whole=True)


def over_gain(act, **more):
    """(lines, note) over the gain alone."""
    return lines((GAINS,), lambda at: stack(act, at[0], **more), 1.0)


def places(found, name="critical"):
    return [x for line in found[0] if line.name == name for x, _ in line.points]


@pytest.mark.parametrize(("act", "slope"), [("relu", 0.0), ("leaky_relu:0.2", 0.2), ("leaky_relu:0.5", 0.5),
                                            ("linear", 1.0)])
@pytest.mark.parametrize("sigma_b", [0.0, 0.3])
def test_a_rectifier_is_critical_where_its_two_slopes_keep_the_mean_square(act, slope, sigma_b):
    assert places(over_gain(act, sigma_b=sigma_b)) == [pytest.approx(math.sqrt(2 / (1 + slope**2)), rel=1e-8)]


@pytest.mark.parametrize("act", ["tanh", "erf", "hard_tanh", "selu", "softsign"])
@pytest.mark.parametrize("sigma_b", [0.1, 0.4, 1.0])
def test_a_saturating_activation_is_critical_on_the_edge_of_chaos(act, sigma_b):
    if act not in ACTIVATIONS.names():
        pytest.skip(f"there is no {act}")
    known = critical(ACTIVATIONS.parse(act), sigma_b)
    assert places(over_gain(act, sigma_b=sigma_b)) == [pytest.approx(known.sigma_w, rel=1e-8)]


def test_tanh_without_biases_is_critical_at_1():
    assert places(over_gain("tanh")) == [pytest.approx(1, abs=1e-8)]


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


def test_gelu_diverges_from_where_its_first_variance_is_above_the_unstable_root():
    gain = places(over_gain("gelu"))[0]
    for factor, course in ((1 - 1e-6, "converges"), (1 + 1e-6, "diverges")):
        sigma_w = gain * factor
        assert fixed_points(ACTIVATIONS.parse("gelu"), sigma_w, 0.0, sigma_w**2).course == course


def test_gelu_diverges_as_soon_as_its_two_roots_have_merged():
    gain = places(over_gain("gelu", sigma_b=0.4))[0]
    roots = [len(fixed_points(ACTIVATIONS.parse("gelu"), gain * factor, 0.4, 1.0).points) for factor in (0.99, 1.01)]
    assert roots[0] > roots[1]


@pytest.mark.parametrize("sign", [-1, 1])
def test_relu_can_be_trained_down_to_6_depth_scales(sign):
    axes = numbers("gain", np.linspace(0.1, 6.5, 9)), LAYERS
    drawn, note = lines(axes, lambda at: stack("relu", at[0], int(at[1])), 1.0)
    curves = [np.array(line.points).T for line in drawn if line.name == "trainable"]
    (gains, depths), = [curve for curve in curves if (curve[0, 0] > math.sqrt(2)) == (sign > 0)]
    assert note == ""
    assert gains == pytest.approx(np.sqrt(2 * np.exp(sign * TRAINABLE_SCALES / depths)), rel=1e-7)
    assert set(LAYERS.numbers) <= set(depths)


@pytest.mark.parametrize("act", ["relu", "tanh", "gelu"])
def test_the_axes_can_be_swapped(act):
    one, _ = lines((GAINS, LAYERS), lambda at: stack(act, at[0], int(at[1]), 0.2), 1.0)
    other, _ = lines((LAYERS, GAINS), lambda at: stack(act, at[1], int(at[0]), 0.2), 1.0)
    assert [[point[::-1] for point in line.points] for line in one] == [list(line.points) for line in other]


def test_curves_are_in_order_along_the_other_axis():
    drawn, _ = lines((GAINS, LAYERS), lambda at: stack("tanh", at[0], int(at[1]), 0.2), 1.0)
    assert [line.name for line in drawn] == ["critical", "trainable", "trainable"]
    for line in drawn:
        assert not line.rows
        assert all(before[1] < after[1] for before, after in pairwise(line.points))


@pytest.mark.parametrize("act", ["relu", "tanh", "gelu"])
def test_the_grid_does_not_matter(act):
    found = [lines((numbers("gain", grid, **kind), LAYERS), lambda at: stack(act, at[0], int(at[1]), 0.2), 1.0)[0]
             for grid, kind in ((np.linspace(0.5, 3, 3), {}), (np.linspace(0.5, 3, 61), {}),
                                (np.geomspace(0.5, 3, 8), {"logarithmic": True}))]
    for other in found[1:]:
        assert [line.name for line in other] == [line.name for line in found[0]]
        for line, same in zip(found[0], other, strict=True):
            gains, again = ({depth: gain for gain, depth in each.points} for each in (line, same))
            shared = gains.keys() & again.keys()
            assert len(shared) > 10
            assert [gains[depth] for depth in shared] == pytest.approx([again[depth] for depth in shared], rel=1e-7)


def test_a_second_continuous_axis_gives_the_edge_of_chaos_as_a_curve():
    axes = GAINS, numbers("sigma_b", (0.1, 0.5, 1.0))
    drawn, _ = lines(axes, lambda at: stack("tanh", at[0], 3, at[1]), 1.0)
    (edge,) = [line for line in drawn if line.name == "critical"]
    assert len(edge.points) >= 25
    for sigma_w, sigma_b in edge.points[::5]:
        assert sigma_w == pytest.approx(critical(ACTIVATIONS.parse("tanh"), sigma_b).sigma_w, rel=1e-8)


def test_two_continuous_axes_can_be_swapped():
    sigmas = numbers("bias", (0.0, 0.5, 1.0))
    one, _ = lines((GAINS, sigmas), lambda at: stack("hard_tanh", at[0], 20, at[1]), 1.0)
    other, _ = lines((sigmas, GAINS), lambda at: stack("hard_tanh", at[1], 20, at[0]), 1.0)
    assert [[point[::-1] for point in line.points] for line in one] == [list(line.points) for line in other]


@pytest.mark.parametrize(("values", "kind", "low", "high"), [
    ((0.1, 0.5, 1.0), {}, 0.0, 1.25),
    ((0.4, 0.6, 1.0), {}, 0.3, 1.2),
    ((0.01, 0.1, 1.0), {"logarithmic": True}, math.sqrt(0.001 * 0.01), math.sqrt(10)),
])
def test_curves_reach_the_ends_of_the_first_and_the_last_cell_but_no_bias_below_0(values, kind, low, high):
    drawn, _ = lines((GAINS, numbers("sigma_b", values, **kind)), lambda at: stack("tanh", at[0], 3, at[1]), 1.0)
    reached = [sigma_b for line in drawn if line.name == "critical" for _, sigma_b in line.points]
    assert (reached[0], reached[-1]) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(("depths", "low", "high"), [((5, 15, 45), 1.0, 60.0), ((10, 12, 20), 9.0, 24.0)])
def test_curves_over_depths_reach_as_far_but_to_no_depth_below_1(depths, low, high):
    drawn, _ = lines((GAINS, numbers("layers", depths, whole=True)), lambda at: stack("tanh", at[0], int(at[1])), 1.0)
    reached = [depth for line in drawn if line.name == "critical" for _, depth in line.points]
    assert (reached[0], reached[-1]) == (pytest.approx(low), pytest.approx(high))
    assert len(reached) >= 60


def test_the_first_and_the_last_column_are_searched_to_their_ends():
    gains = numbers("gain", (1.0, 1.4))
    for stretch, count in (((gains, LAYERS), 1), ((gains,), 0)):
        drawn, _ = lines(stretch, lambda at: stack("relu", at[0]), 1.0)
        assert len([line for line in drawn if line.name == "critical"]) == count


def test_along_widths_that_change_the_scale_there_is_a_point_at_each_and_none_between():
    widths = (16, 64, 256)
    axes = numbers("std", np.geomspace(0.01, 1, 9), logarithmic=True), numbers("width", widths, whole=True)
    drawn, _ = lines(axes, lambda at: stack_specs([f"normal:std={at[0]!r}"], ["relu"], layers=5, width=int(at[1]),
                                                  features=int(at[1]))[0], 1.0)
    (edge,) = [line for line in drawn if line.name == "critical"]
    assert edge.points == tuple((pytest.approx(math.sqrt(2 / width), rel=1e-7), float(width)) for width in widths)


def test_where_the_variance_jumps_the_edge_is_the_end_of_what_is_trainable_below_it_too():
    axes = GAINS, numbers("sigma_b", (0.0, 0.2))
    drawn, _ = lines(axes, lambda at: stack("gelu", at[0], 50, at[1]), 1.0)
    jump, same, beyond = sorted(line.points[0][0] for line in drawn)
    assert same == pytest.approx(jump, rel=3e-9)
    assert beyond == pytest.approx(math.sqrt(2 * math.exp(TRAINABLE_SCALES / 50)))  # as relu, which gelu is by far


def test_a_line_goes_on_to_the_end_of_the_last_column():
    drawn, _ = lines((GAINS, LAYERS), lambda at: stack("relu", at[0], int(at[1])), 1.0)
    furthest = max(gain for line in drawn for gain, _ in line.points)
    assert furthest == pytest.approx(3 + 0.25 / 2, rel=2e-3)


def test_along_an_axis_of_names_points_are_rows_of_their_own():
    acts = "relu", "tanh", "leaky_relu:0.2"
    drawn, note = lines((Axis("act", "activation", acts), GAINS), lambda at: stack(acts[int(at[0])], at[1], 20), 1.0)
    edge = drawn[0]
    assert note == ""
    assert [line.name for line in drawn] == ["critical", "trainable"]
    assert all(line.rows for line in drawn)
    assert edge.points == ((0.0, pytest.approx(math.sqrt(2))), (1.0, pytest.approx(1.0)),
                           (2.0, pytest.approx(math.sqrt(2 / 1.04))))


def test_a_row_of_which_theory_says_nothing_has_no_point_and_is_named():
    acts = "relu", "step"
    drawn, note = lines((Axis("act", "activation", acts), GAINS), lambda at: stack(acts[int(at[0])], at[1], 20), 1.0)
    assert {x for line in drawn for x, _ in line.points} == {0.0}
    assert note == "theory draws no lines for act step: step jumps, so χ₁ is infinite"


def test_a_single_layer_has_the_edge_of_deep_stacks():
    assert places(over_gain("relu", layers=1)) == [pytest.approx(math.sqrt(2), rel=1e-8)]


@pytest.mark.parametrize(("built", "reason"), [
    (stack("step"), "step jumps, so χ₁ is infinite"),
    (stack("relu/tanh/relu", layers=None), "activations that differ between layers have no common depth scale"),
    (stack("relu", norm="layer"),
     "layer normalisation sets the size of what enters the activation, so there is no edge"),
    (stack_specs(["he:mode=fan_out"], ["relu"], widths="100,100,50,20")[0],
     "weights whose scale differs from layer to layer have no common depth scale"),
    (stack_specs(["he"], ["relu"], bias="constant:0.1")[0], "constant biases have a mean other than 0"),
    (stack_specs(["lsuv"], ["relu"])[0],
     "lsuv weights depend on the inputs, which mean-field theory does not cover"),
])
def test_where_theory_is_silent_it_says_why(built, reason):
    assert silence_about(built) == reason
    assert criticality(built, 1.0) is None
    assert lines((GAINS,), lambda at: built, 1.0) == ((), f"theory draws no lines: {reason}")


def test_a_width_that_varies_does_not_matter_to_scales_that_keep_the_fan_in():
    assert silence_about(stack_specs(["he"], ["relu"], widths="784,100,50,20")[0]) == ""


def test_without_an_axis_that_is_continuous_there_is_nothing_to_draw():
    assert lines((LAYERS,), lambda at: stack(layers=int(at[0])), 1.0) == ((), "")


def test_an_axis_that_meets_no_level_says_so():
    drawn, note = lines((numbers("gain", (1.3, 1.35)),), lambda at: stack("relu", at[0]), 1.0)
    assert drawn == ()
    assert note == "theory has no edge of chaos where gain is from 1.3 to 1.35"


def test_weights_of_zero_and_inputs_of_zero_are_no_obstacle():
    assert criticality(stack("relu", 0.0), 1.0) == -math.inf
    assert criticality(stack("tanh", 0.5), 0.0) == pytest.approx(math.log(0.25))
    assert criticality(stack("tanh", 0.5), math.nan) is None


SMOOTH = [name for name in dict.fromkeys(ACTIVATIONS.parse(name).name for name in ACTIVATIONS.names())
          if not bind(ACTIVATIONS.parse(name)).jumps]
SIGMA_W, SIGMA_B = (values.ravel() for values in np.meshgrid([0.6, 1.0, 1.3, 1.7, 2.6], [0.0, 0.3, 1.0]))


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
