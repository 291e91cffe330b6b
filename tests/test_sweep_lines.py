"""The lines that theory draws on a grid: the edge of chaos, and how deep a stack can be trained."""

import functools
import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS
from actprof.engine.stacks import stack_specs
from actprof.sweep import lines as sweep_lines
from actprof.sweep.lines import DEPTH_SCALES, GRADIENT, SCALES
from actprof.sweep.lines import lines as every_line
from actprof.sweep.result import Axis
from actprof.theory.criticality import Criticalities, conditions, silence_about
from actprof.theory.fixed_points import critical, fixed_points
from actprof.theory.predictions import TRAINABLE_SCALES
from actprof.theory.stack import predict

pytestmark = pytest.mark.slow


def numbers(name, values, **kind):
    return Axis(name, name, tuple(f"{value:g}" for value in values), tuple(map(float, values)), **kind)


def stack(act="relu", gain=1.0, layers=5, sigma_b=0.0, init="lecun_normal", **more):
    bias = f"normal:std={sigma_b!r}" if sigma_b else None
    return stack_specs([f"{init}:gain={gain!r}"], [act], layers=layers, bias=bias, **more)[0]


def lines(axes, stack_at, second_moment):
    """But for the gradients' lines, which have laws of their own: here they are not even looked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_lines, "SCALES", [each for each in SCALES if each[0] != GRADIENT])
        patch.delitem(DEPTH_SCALES, GRADIENT)
        return every_line(axes, stack_at, second_moment)


@functools.cache
def over_depths(act, sigma_b=0.0):
    """All lines over gain and depth."""
    return every_line((GAINS, LAYERS), lambda at: stack(act, at[0], int(at[1]), sigma_b), 1.0)[0]


def but_gradients(drawn):
    return tuple(line for line in drawn if line.name != GRADIENT)


EDGE, JUMP = "edge of chaos: χ₁ = 1", "variance jumps, χ₁ skips 1"
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
    known = critical(ACTIVATIONS.parse(act), sigma_b)
    assert places(over_gain(act, sigma_b=sigma_b)) == [pytest.approx(known.sigma_w, rel=1e-8)]


@pytest.mark.parametrize("values", [(1, 1.5, 2), (0.2, 0.6, 1), (1, 3)])
def test_an_edge_at_the_first_or_the_last_value_is_found(values):
    gains = numbers("gain", values)
    drawn, note = lines((gains,), lambda at: stack("tanh", at[0]), 1.0)
    assert [(line.title, line.points) for line in drawn if line.name == "critical"] == [(EDGE, ((1.0, 0.0),))]
    assert note == ""
    drawn, _ = lines((gains, LAYERS), lambda at: stack("tanh", at[0], int(at[1])), 1.0)
    (line,) = [line for line in drawn if line.name == "critical"]
    assert np.array(line.points)[:, 0] == pytest.approx(np.ones(len(line.points)), abs=1e-8)


def test_an_edge_at_the_first_std_is_found():
    drawn, _ = lines((numbers("std", (0.1, 0.55, 1)),), lambda at: stack_specs([f"normal:std={at[0]!r}"], ["tanh"])[0],
                     1.0)
    assert [line.points for line in drawn if line.name == "critical"] == [((0.1, 0.0),)]  # √100 · 0.1 = 1


@pytest.mark.parametrize("act", ["tanh", "softsign"])
def test_weights_that_are_critical_without_biases_are_so_at_0_exactly(act):
    axes = numbers("layers", np.linspace(1, 100, 12).round(), whole=True), numbers("bias", np.linspace(0, 0.5, 6))
    drawn, _ = lines(axes, lambda at: stack(act, 1.0, int(at[0]), at[1]), 1.0)
    (edge,) = [line for line in drawn if line.name == "critical"]
    assert {sigma_b for _, sigma_b in edge.points} == {0.0}


def test_tanh_without_biases_is_critical_at_1():
    assert places(over_gain("tanh")) == [pytest.approx(1, abs=1e-8)]


def test_gelu_diverges_from_where_its_first_variance_is_above_the_unstable_root():
    gain = places(over_gain("gelu"), "jump")[0]
    for factor, course in ((1 - 1e-6, "converges"), (1 + 1e-6, "diverges")):
        sigma_w = gain * factor
        assert fixed_points(ACTIVATIONS.parse("gelu"), sigma_w, 0.0, sigma_w**2).course == course


def test_gelu_diverges_as_soon_as_its_two_roots_have_merged():
    gain = places(over_gain("gelu", sigma_b=0.4), "jump")[0]
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


@pytest.mark.parametrize("act", ["tanh", "gelu"])
def test_the_axes_can_be_swapped(act):
    one = but_gradients(over_depths(act, 0.2))
    other, _ = lines((LAYERS, GAINS), lambda at: stack(act, at[1], int(at[0]), 0.2), 1.0)
    assert [[point[::-1] for point in line.points] for line in one] == [list(line.points) for line in other]


def test_curves_are_in_order_along_the_other_axis():
    drawn = but_gradients(over_depths("tanh", 0.2))
    assert [line.name for line in drawn] == ["critical", "trainable", "trainable"]
    for line in drawn:
        assert not line.rows
        assert all(before[1] < after[1] for before, after in pairwise(line.points))


@pytest.mark.parametrize("act", ["tanh", "gelu"])
def test_the_grid_does_not_matter(act):
    found = [but_gradients(over_depths(act, 0.2)),
             *(lines((numbers("gain", grid, **kind), LAYERS), lambda at: stack(act, at[0], int(at[1]), 0.2), 1.0)[0]
               for grid, kind in ((np.linspace(0.5, 3, 3), {}), (np.geomspace(0.5, 3, 8), {"logarithmic": True})))]
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
    assert {0.1, 0.5, 1.0} <= {sigma_b for _, sigma_b in edge.points}
    for sigma_w, sigma_b in edge.points[::5]:
        assert sigma_w == pytest.approx(critical(ACTIVATIONS.parse("tanh"), sigma_b).sigma_w, rel=1e-8)


@pytest.mark.parametrize("act", ["tanh", "gelu"])
def test_two_continuous_axes_can_be_swapped(act):
    sigmas = numbers("bias", np.linspace(0, 0.5, 4))
    one, _ = lines((GAINS, sigmas), lambda at: stack(act, at[0], 20, at[1]), 1.0)
    other, _ = lines((sigmas, GAINS), lambda at: stack(act, at[1], 20, at[0]), 1.0)
    assert one
    assert ([(line.name, line.title, [point[::-1] for point in line.points]) for line in one]
            == [(line.name, line.title, list(line.points)) for line in other])


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


def test_where_the_variance_jumps_nothing_is_said_to_be_critical_nor_to_be_a_depth_scale():
    axes = GAINS, numbers("sigma_b", (0.0, 0.2))
    jump, trainable = lines(axes, lambda at: stack("gelu", at[0], 50, at[1]), 1.0)[0]
    assert (jump.name, jump.title) == ("jump", JUMP)
    beyond = math.sqrt(2 * math.exp(TRAINABLE_SCALES / 50))  # as relu, which gelu is by far
    assert np.array(trainable.points)[:, 0] == pytest.approx(np.full(len(trainable.points), beyond))


@pytest.mark.parametrize(("act", "sigma_b"), [("gelu", 0.41584), ("silu", 0.74508), ("mish", 0.30744)])
def test_the_edge_of_chaos_begins_where_its_fixed_point_becomes_stable(act, sigma_b):
    second_moment = 0.5  # of inputs so small that the variance does not start beyond the unstable fixed point
    for factor, title in ((0.998, JUMP), (1.002, EDGE)):
        built = partial(stack, act, sigma_b=sigma_b * factor)
        drawn, _ = lines((GAINS,), lambda at, built=built: built(at[0]), second_moment)
        (edge,) = [line for line in drawn if line.name != "trainable"]
        assert edge.title == title
        beside = [conditions(built(edge.points[0][0] * (1 + step)), second_moment) for step in (-1e-8, 1e-8)]
        values = Criticalities().compared(beside, [math.nan] * 2)
        assert values[0] < 0 < values[1]
        assert (max(map(abs, values)) < 1e-4) == (title == EDGE)


def test_a_curve_that_jumps_is_tied_to_its_part_that_does_not():
    sigmas = numbers("bias", np.linspace(0, 1, 11))
    drawn, _ = lines((GAINS, sigmas), lambda at: stack("gelu", at[0], 20, at[1]), 1.0)
    edge, jump = [line for line in drawn if line.name != "trainable"]
    assert (edge.title, jump.title) == (EDGE, JUMP)
    assert jump.points[0][1] == 0
    assert jump.points[-2][1] < 0.41584 < jump.points[-1][1]
    assert jump.points[-1] == edge.points[0]


def test_the_depth_that_is_trainable_ends_at_the_jump():
    jump, below, beyond = (np.array(line.points) for line in but_gradients(over_depths("gelu")))
    sigma_w = jump[0, 0]
    assert jump[:, 0] == pytest.approx(np.full(len(jump), sigma_w))
    assert below[:, 0].max() < sigma_w < beyond[:, 0].min()
    assert below[:, 1].max() == pytest.approx(TRAINABLE_SCALES / -math.log(sigma_w**2 / 4), rel=0.01)  # χ₁ at q* = 0


def test_a_line_goes_on_to_the_end_of_the_last_column():
    furthest = max(gain for line in but_gradients(over_depths("relu")) for gain, _ in line.points)
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
    assert note == "theory draws no edge of chaos for act step: step jumps, so χ₁ is infinite"


def test_a_single_layer_has_the_edge_of_deep_stacks():
    assert places(over_gain("relu", layers=1)) == [pytest.approx(math.sqrt(2), rel=1e-8)]


@pytest.mark.parametrize(("built", "reason"), [
    (stack("step"), "step jumps, so χ₁ is infinite"),
    (stack("relu/tanh/relu", layers=None), "activations that differ between layers have no common depth scale"),
    *((stack("relu", norm=norm), "normalisation sets the size of what enters the activation, so there is no edge")
      for norm in ("batch", "layer", "rms")),
    (stack_specs(["he:mode=fan_out"], ["relu"], widths="100,100,50,20")[0],
     "weights whose scale differs from layer to layer have no common depth scale"),
    (stack_specs(["he*4/lecun"])[0], "weights whose scale differs from layer to layer have no common depth scale"),
    (stack_specs(["he"], ["relu"], bias="constant:0.1")[0], "constant biases have a mean other than 0"),
    (stack_specs(["lsuv"], ["relu"])[0],
     "lsuv weights depend on the inputs, which mean-field theory does not cover"),
])
def test_where_theory_is_silent_it_says_why(built, reason):
    assert silence_about(built) == reason
    assert conditions(built, 1.0) is None
    assert lines((GAINS,), lambda at: built, 1.0) == ((), f"theory draws no edge of chaos: {reason}")


def test_rows_are_named_with_the_reason_that_is_theirs():
    norms, acts = ("none", "batch", "layer", "rms"), ("hard_shrink", "relu", "step")
    _, note = lines((Axis("norm", "", norms), GAINS), lambda at: stack("relu", at[1], norm=norms[int(at[0])]), 1.0)
    assert note == ("theory draws no edge of chaos for norm batch, layer, rms: normalisation sets the size of "
                    "what enters the activation, so there is no edge")
    _, note = lines((Axis("act", "", acts), GAINS), lambda at: stack(acts[int(at[0])], at[1]), 1.0)
    assert note == ("theory draws no edge of chaos for act hard_shrink: hard_shrink jumps, so χ₁ is infinite; "
                    "for step: step jumps, so χ₁ is infinite")


def test_where_only_names_vary_there_is_nothing_to_draw():
    acts = "relu", "tanh"
    assert lines((Axis("act", "activation", acts),), lambda at: stack(acts[int(at[0])]), 1.0) == (
        (), "theory draws no edge of chaos where only names vary")


def test_an_axis_that_meets_no_level_says_so():
    drawn, note = lines((numbers("gain", (1.3, 1.35)),), lambda at: stack("relu", at[0]), 1.0)
    assert drawn == ()
    assert note == "theory draws no edge of chaos: χ₁ does not cross 1 where gain is from 1.3 to 1.35"


@pytest.mark.parametrize("layers", [5, 50])
def test_relu_s_gradients_pass_the_limit_at_a_power_of_the_gain(layers):
    drawn, _ = every_line((GAINS, numbers("bias", (0.0, 0.5))), lambda at: stack("relu", at[0], layers, at[1]), 1.0)
    found = sorted({x for line in drawn if line.name == GRADIENT for x, _ in line.points})
    expected = [gain for sign in (-1, 1) if (gain := math.sqrt(2) * 30 ** (sign / (layers - 1))) < GAINS.numbers[-1]]
    assert [min(found), max(found)] == pytest.approx([expected[0], expected[-1]], rel=1e-6)


@pytest.mark.parametrize("act", ["relu", "tanh", "gelu"])
def test_gradients_change_by_the_limit_between_the_two_depths_beside_their_line(act):
    points = [point for line in over_depths(act) if line.name == GRADIENT for point in line.points[::15]]
    assert len(points) > 5
    for gain, depth in points:
        theory = [predict(stack(act, gain, math.floor(depth) + more), 1.0, 0.0, 100, typical=False) for more in (0, 1)]
        changes = [abs(each.layers[0].log_gradient_ratio) for each in theory]
        assert changes[0] <= math.log(30) * (1 + 1e-6)
        assert changes[1] >= math.log(30) * (1 - 1e-6)
