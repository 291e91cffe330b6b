"""The mean-field prediction of whole stacks, against networks that are really built."""

import functools
import itertools
import math
from dataclasses import astuple

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.engine.backward import backward
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, Tape, forward
from actprof.engine.inputs import open_inputs
from actprof.engine.measure import measured
from actprof.engine.network import Network
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.theory.fixed_points import fixed_points, gains
from actprof.theory.masses import masses
from actprof.theory.predictions import BAND
from actprof.theory.stack import predict
from tests.cases import for_each

LEVELS = ("mean", "std", "second_moment")
ROWS, NETWORKS = 100, 4

INITS = ("he", "xavier", "0.01", "lecun_uniform", "he_truncated", "torch.linear", "orthogonal")
STACKS = [
    *((INITS[place % 4], row.name, {}) for place, row in enumerate(ACTIVATIONS) if row.name not in (
        "exponential", "square", "relu_squared", "tanh_shrink", "soft_shrink", "hard_shrink")),
    *((init, act, {}) for init in INITS[4:] for act in ("relu", "tanh", "sigmoid", "gelu", "selu")),
    ("he", "relu", {"widths": "120,60,100,40"}),
    ("he:mode=fan_out", "relu", {"widths": "100,60,40,30"}),
    ("he", "relu/tanh/sigmoid", {}),
    ("he", "relu", {"bias": "uniform:-1,1"}),
    ("lecun", "tanh", {"bias": "normal:0.3"}),
    ("lecun", "sigmoid", {"bias": "constant:0.5"}),
    *(("lecun", act, {"norm": norm, "norm_position": position}) for norm in ("batch", "layer", "rms")
      for position in ("before", "after") for act in ("relu", "tanh")),
]


def stack(init, act, settings):
    sizes = {} if "widths" in settings or "/" in act else {"layers": 3, "width": 60}
    (only,) = stack_specs([init], [act], **sizes, **settings)
    return only


def statistics(spec, run):
    """What is measured in each layer of each network."""
    (arm,) = measured([spec], run, open_inputs(run, spec.widths[0]))
    return [[layer.activation for layer in network.layers] for network in arm.networks]


@pytest.mark.slow
def test_measured_moments_lie_within_their_error_bars():
    """4 networks × 3 figures × 3 layers each; beyond 3 errors 0.3 % of a normal distribution, here at most 1.5 %, and
    beyond 7 errors nothing: figures of small networks have somewhat longer tails."""
    scores = []
    for init, act, settings in STACKS:
        spec = stack(init, act, settings)
        theory = predict(spec, 1.0, 0.0, ROWS)
        assert theory.reason == ""
        run = RunSpec(batch_size=ROWS, repeats=NETWORKS, quantities=("activation",))
        for number, network in enumerate(statistics(spec, run)):
            for layer, found in zip(theory.layers, network, strict=True):
                scores += [(abs(getattr(found, level) - getattr(layer, level)) / getattr(layer, f"{level}_error"),
                            init, act, settings, layer.layer, level, number) for level in LEVELS]
    distances = np.array([score[0] for score in scores])
    assert max(scores, key=lambda score: score[0])[0] < 7, max(scores, key=lambda score: score[0])
    assert (distances > 3).mean() < 0.015
    assert 0.4 < np.median(distances) < 0.8  # 0.674 for a normal distribution


def test_the_band_of_the_std_holds_19_networks_of_20():
    outside = []
    for init, act in (("he", "relu"), ("xavier", "tanh"), ("xavier", "sigmoid"), ("lecun", "selu"), ("he", "gelu")):
        spec = stack(init, act, {})
        theory = predict(spec, 1.0, 0.0, ROWS)
        for network in statistics(spec, RunSpec(batch_size=ROWS, seed=100, repeats=30, quantities=("activation",))):
            outside += [not layer.std_low <= found.std <= layer.std_high
                        for layer, found in zip(theory.layers, network, strict=True)]
    assert 0.005 < np.mean(outside) < 0.1


def outside(acts, networks, depths=(10, 40), init="critical", norms=("none", "batch", "layer", "rms"), width=64,
            rows=50):
    """{depth: the share of networks whose std lies outside of the band}, over norms too; none where theory is silent.

    Every stack draws weights of its own, so that all of them are independent.
    """
    found = {depth: [] for depth in depths}
    for seed, (act, norm) in enumerate(itertools.product(acts, norms)):
        sizes = {"width": width, "norm": norm}
        (spec,) = stack_specs([init], [act], layers=max(depths), **sizes)
        theory = predict(spec, 1.0, 0.0, rows)
        told = [depth for depth in depths if depth <= len(theory.layers)]
        if not told:
            continue
        (spec,) = stack_specs([init], [act], layers=max(told), **sizes)
        run = RunSpec(batch_size=rows, seed=seed, repeats=networks, quantities=("activation",))
        for network, depth in itertools.product(statistics(spec, run), told):
            layer = theory.layers[depth - 1]
            found[depth].append(not layer.std_low <= network[depth - 1].std <= layer.std_high)
    return {depth: np.mean(stray) for depth, stray in found.items()}


@pytest.mark.slow
def test_bands_hold_95_per_cent_of_networks_under_every_normalisation():
    """120 networks: of bands that hold 95 % more than 15 % stray once in 50,000 times."""
    assert max(outside(("relu", "tanh", "gelu", "selu", "sigmoid"), 6, (3, 10)).values()) < 0.15


@pytest.mark.slow
def test_bands_hold_95_per_cent_of_networks_over_the_whole_catalogue():
    """92 networks at each depth, of every sixth activation: more than 15 % stray once in 5,000 times."""
    assert max(outside([row.name for row in ACTIVATIONS][::6], 4).values()) < 0.15


@pytest.mark.slow
def test_bands_hold_where_a_curved_map_lets_networks_go_their_own_ways():
    """With he a gelu's or silu's size falls ever faster, but for the networks that stay large; 48 networks or more at
    each depth, of which more than 20 % stray once in 9,000 times."""
    assert max(outside(("gelu", "silu", "mish", "elu", "softplus"), 24, (4, 20, 40), "he", ("none",)).values()) < 0.2


@pytest.mark.slow
@for_each(("act", "speaks"), [("relu", 5), ("tanh", 40), ("elu", 40), ("gelu", 4), ("softplus", 5)])
def test_theory_follows_a_normalised_batch_until_its_rows_grow_unlike(act, speaks):
    """Until then the band holds what 12 networks measure, at the last layer that it speaks of too: with 95 % each, 4 or
    more stray once in 450 times, 5 once in 5,000."""
    (spec,) = stack_specs(["critical"], [act], layers=40, width=100, norm="batch")
    theory, run = predict(spec, 1.0, 0.0, 100), RunSpec(batch_size=100, repeats=12, quantities=("activation",))
    assert speaks <= len(theory.layers) <= (speaks + 3 if speaks < 40 else 40)
    assert ("outweigh" in theory.reason) == (speaks < 40)
    last = theory.layers[-1]
    (spec,) = stack_specs(["critical"], [act], layers=last.layer, width=100, norm="batch")
    stds = np.array([network[-1].std for network in statistics(spec, run)])
    assert ((stds < last.std_low) | (stds > last.std_high)).sum() < 5


def test_a_typical_network_lies_below_the_mean_by_5_over_2n_a_layer():
    """E ln K = -5l/2n for relu (Hanin & Nica 2018), while E K is that of an infinite network."""
    (spec,) = stack_specs(["he"], ["relu"], layers=30, width=200)
    layer = predict(spec, 1.0, 0.0, 1, unevenness=0.0).layers[-1]
    assert 2 * math.log(layer.std_typical / layer.std) == pytest.approx(-5 * 30 / (2 * 200), rel=0.05)


@pytest.mark.slow
@for_each(("init", "act", "settings"), [
    ("he", "relu", {}), ("xavier", "sigmoid", {}), ("lecun:2", "tanh", {}), ("he", "hard_tanh", {}),
    ("he", "rrelu", {}), ("lecun", "maxout:3", {}), ("he", "relu", {"norm": "batch"}), ("lecun", "relu6", {}),
])
def test_all_figures_agree_with_wide_networks(init, act, settings):
    rows, layers = 200, 3
    (spec,) = stack_specs([init], [act], layers=layers, width=800, **settings)
    theory = predict(spec, 1.0, 0.0, rows)
    for layer, found in zip(theory.layers, *statistics(spec, RunSpec(batch_size=rows)), strict=True):
        allowed = 5 * max(layer.mean_error, layer.std_error) / layer.std
        assert found.within_unit_std == pytest.approx(layer.within_unit_std, rel=0.02 + allowed)
        assert found.between_unit_std == pytest.approx(layer.between_unit_std, rel=0.05 + allowed, abs=0.03 * layer.std)
        assert found.correlation == pytest.approx(layer.correlation, abs=0.03)
        assert found.zeros / found.count == pytest.approx(layer.zero_fraction, abs=0.03)
        assert found.saturated / found.count == pytest.approx(layer.saturated_fraction, abs=0.02)


def passed(spec, seed, rows):
    """Each layer's std, and ln of the rms of dL/dz less the last one's, for dL/da of the last layer drawn at random."""
    network, rng = Network(spec, seed, 0, np.dtype("float64")), np.random.default_rng(seed)
    layers = [network.layer(number) for number in range(1, spec.depth + 1)]
    tapes, scratch = [Tape(layer, rows) for layer in layers], Scratch()
    values, stds = rng.normal(size=(rows, spec.widths[0])), []
    for layer, tape in zip(layers, tapes, strict=True):
        values = forward(network, layer, values, Chunk(0, 0, rows), NOBODY, scratch, tape)
        stds.append(values.std())
    cotangent, sizes = rng.normal(size=values.shape), []
    for layer, tape in zip(layers[::-1], tapes[::-1], strict=True):
        squares = []
        cotangent = backward(layer, tape, cotangent, scratch, look=lambda block, into=squares: into.append(
            (float((block**2).sum()), block.size)))
        total, count = np.sum(squares, axis=0)
        sizes.append(math.log(total / count) / 2)
    return stds, np.array(sizes[::-1]) - sizes[0]


def strays(act, norm, layers, networks, **settings):
    """How many networks' std, and how many gradients' rms, lie outside of the band, layer by layer."""
    (spec,) = stack_specs(["he"], [act], layers=layers, norm=norm, **{"width": 100, **settings})
    theory = predict(spec, 1.0, 0.0, 30).layers
    low, high, middle, error = np.array([(layer.std_low, layer.std_high, layer.log_gradient_ratio or 0.0,
                                          BAND * (layer.log_gradient_error or 0.0) + 1e-9) for layer in theory]).T
    stds, gradients = np.swapaxes([passed(spec, seed, 30) for seed in range(networks)], 0, 1)
    return ((stds < low) | (stds > high)).sum(axis=0), (np.abs(gradients - middle) > error).sum(axis=0)


@for_each(("act", "norm", "layers"), [("elu", "layer", 24), ("sigmoid", "batch", 30), ("hard_silu", "none", 6)])
def test_bands_hold_where_correlations_wander_rows_lie_on_a_sphere_or_maps_curve(act, norm, layers):
    """40 networks, in the last layer: of bands that hold 95 %, 8 or more stray once in 1,400 times."""
    assert strays(act, norm, layers, 40)[0][-1] < 8


@for_each(("act", "norm"), [("softplus", "none"), ("abs", "rms"), ("tanh", "batch")])
def test_the_gradients_band_holds_where_sizes_or_a_normalisation_decide(act, norm):
    """24 networks, in the first of 20 layers and in the middle: 7 or more stray once in 3,800 times."""
    found = strays(act, norm, 20, 24)[1]
    assert max(found[0], found[10]) < 7


def test_bands_hold_where_phi_jumps_or_a_normalisation_follows_it():
    """The std's of 160 networks where correlations pass jumps, and the gradients' of 100 below layer normalisation: of
    bands that hold 95 %, 18 or more and 13 or more stray once in 700 times."""
    assert strays("hard_shrink", "none", 9, 160, width=30)[0][-1] < 18
    assert strays("sigmoid", "layer", 3, 100, width=50, norm_position="after")[1][0] < 13


@for_each("init", ["10", "0.001"])
def test_the_gradients_band_of_relu_does_not_depend_on_its_size(init):
    """Which no float holds the powers of after 60 layers, while relu has no scale."""
    errors = [[layer.log_gradient_error for layer in predict(spec, 1.0, 0.0, 50).layers]
              for spec in stack_specs(["he", init], ["relu"], layers=60)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-6)


@for_each(("init", "act", "settings", "bias"), [
    ("he", "relu", {}, 0), ("xavier", "tanh", {}, 0), ("1.0", "sigmoid", {}, 0.05), ("lecun", "selu", {}, 0),
    ("he", "gelu", {}, 0.02), ("he", "rrelu", {}, 0), ("lecun", "maxout:2", {}, 0),
    ("he", "relu", {"widths": "50,120,60,100"}, 0), ("he", "relu", {"norm": "batch"}, 0.03),
    ("lecun", "tanh", {"norm": "rms"}, 0.03), ("he", "relu", {"norm": "layer", "norm_position": "after"}, 0.05),
])
def test_gradients_grow_and_fade_as_predicted(init, act, settings, bias):
    """`bias`: terms of order depth/width, on top of four errors of the mean."""
    sizes = {} if "widths" in settings else {"layers": 4, "width": 100}
    (spec,) = stack_specs([init], [act], **sizes, **settings)
    theory = predict(spec, 1.0, 0.0, 60)
    measured = np.array([passed(spec, seed, 60)[1] for seed in range(16)])
    for layer, found in zip(theory.layers[:-1], measured.T[:-1], strict=True):
        error = max(layer.log_gradient_error, found.std())
        assert found.mean() == pytest.approx(layer.log_gradient_ratio, abs=0.01 + bias + error)
        assert 0.4 < found.std() / layer.log_gradient_error < 2


def test_widths_enter_the_gradient_s_rms_but_not_chi():
    (spec,) = stack_specs(["he"], ["relu"], widths="50,200,100,60")
    first, second, last = predict(spec, 1.0, 0.0, 100).layers
    assert (first.chi, second.chi, last.chi) == (pytest.approx(1), pytest.approx(1), None)
    assert first.log_gradient_ratio == pytest.approx(math.log(60 / 200) / 2)
    assert last.log_gradient_ratio == 0


def test_gradients_of_deep_sigmoid_stacks_stay_representable():
    (spec,) = stack_specs(["0.01"], ["sigmoid"], layers=300)
    ratio = predict(spec, 1.0, 0.0, 100).layers[0].log_gradient_ratio
    assert ratio == pytest.approx(-299 * math.log(4 / math.sqrt(0.01)), rel=1e-3)


def test_batch_normalisation_of_relu_multiplies_gradients_by_pi_over_pi_minus_one():
    (spec,) = stack_specs(["he"], ["relu"], layers=3, norm="batch:eps=0")
    chi = predict(spec, 1.0, 0.0, 10**6).layers[1].chi
    assert chi == pytest.approx(math.pi / (math.pi - 1), rel=1e-5)


@for_each(("act", "chi"), [("tanh", 1.1778), ("relu", 1.0), ("gelu", 1.0720)])
def test_layer_normalisation_multiplies_gradients_by_the_known_factor(act, chi):
    for gain in ("1", "3"):
        (spec,) = stack_specs([f"lecun:{gain}"], [act], layers=3, norm="layer:eps=0")
        assert predict(spec, 1.0, 0.0, 100).layers[0].chi == pytest.approx(chi, abs=5e-5)


@for_each("rows", [1, 2, 10])
def test_a_normalised_batch_has_the_correlation_of_numbers_that_sum_to_zero(rows):
    (spec,) = stack_specs(["he"], ["linear"], layers=2, norm="batch:eps=0")
    layer = predict(spec, 1.0, 0.0, rows).layers[1]
    if rows == 1:
        assert layer.std == 0
    else:
        assert layer.correlation == pytest.approx(-1 / (rows - 1))
        assert (layer.std, layer.within_unit_std, layer.between_unit_std) == pytest.approx((1, 1, 0), abs=1e-7)


def test_the_pooled_std_of_sigmoid_hides_that_all_inputs_look_alike():
    (spec,) = stack_specs(["lecun"], ["sigmoid"], layers=5)
    layer = predict(spec, 1.0, 0.0, 10**6).layers[4]
    assert layer.std == pytest.approx(0.12119, abs=5e-6)
    assert layer.within_unit_std == pytest.approx(6.4e-4, abs=1e-5)
    (spec,) = stack_specs(["0.01"], ["sigmoid"], layers=5)
    assert predict(spec, 1.0, 0.0, 10**6).layers[4].within_unit_std == pytest.approx(9.7e-9, abs=1e-10)


def test_relu_strays_as_hanin_and_nica_say():
    """E K² = K²(1 + 2/n₀)(1 + 5/n)ˡ at one input, since every layer multiplies K by an independent mean of n units."""
    (spec,) = stack_specs(["he"], ["relu"], widths="50,100,100,100")
    told = [layer.second_moment_error**2 for layer in predict(spec, 1.0, 0.0, 1).layers]
    assert told == pytest.approx([(1 + 2 / 50) * 1.05**number - 1 for number in (1, 2, 3)], rel=1e-6)


@for_each("act", ["relu", "leaky_relu:0.1", "rrelu", "abs", "maxout"])
def test_what_strays_does_so_in_proportion_where_phi_knows_no_size(act):
    """φ(λh) = λφ(h): weights of a tenth make the same network, a tenth as large in every layer."""
    one, small = (predict(spec, 1.0, 0.1, 50).layers for spec in stack_specs(["0.1", "0.01"], [act], layers=40))
    names = ("std", "std_typical", "std_low", "std_high", "mean_error", "std_error")
    for layer, (large, little) in enumerate(zip(one, small, strict=True), 1):
        told = [getattr(little, name) / 0.1**layer for name in names]
        assert told == pytest.approx([getattr(large, name) for name in names], rel=1e-9)


def test_the_gradients_band_of_relu_is_as_wide_as_hanin_and_nica_say():
    """Var ln ‖g‖² = 5/n a layer at one input, as on the way up: a wider band would hold too, and tell nothing."""
    (spec,) = stack_specs(["he"], ["relu"], layers=11, width=10_000)
    told = [layer.log_gradient_error for layer in predict(spec, 1.0, 0.0, 1).layers]
    assert told == pytest.approx([math.sqrt(5e-4 * below) / 2 for below in range(10, -1, -1)], rel=2e-3)


def test_orthogonal_weights_take_out_what_they_preserve():
    (spec,) = stack_specs([f"orthogonal:{math.sqrt(2)}"], ["relu"], widths="100,100,100,100")
    told = [layer.second_moment_error**2 for layer in predict(spec, 1.0, 0.0, 1, unevenness=0.0).layers]
    assert told == pytest.approx([1.03**number - 1 for number in (1, 2, 3)], rel=1e-6)
    (spec,) = stack_specs(["orthogonal"], ["linear"], widths="100,100,100")
    assert predict(spec, 1.0, 0.0, 1, unevenness=0.0).layers[-1].second_moment_error < 1e-5


@for_each(("init", "depth", "reason"), [
    ("ones", 0, "ones weights have a mean other than 0, which mean-field theory does not cover"),
    ("normal:mean=0.1", 0, "normal weights have a mean other than 0, which mean-field theory does not cover"),
    ("identity", 0, "identity weights mix 1 input in a unit, too few for a normal distribution; 30 would do"),
    ("sparse:0.9", 0, "sparse weights mix 10 inputs in a unit, too few for a normal distribution; 30 would do"),
    ("sparse:0.5", 2, ""), ("zeros", 2, ""), ("siren", 2, ""),
])
def test_there_is_a_statement_or_a_reason(init, depth, reason):
    (spec,) = stack_specs([init], ["tanh"], layers=2)
    theory = predict(spec, 1.0, 0.0, 100)
    assert (len(theory.layers), theory.reason) == (depth, reason)


def test_without_weights_every_unit_gives_its_bias():
    (spec,) = stack_specs(["zeros"], ["relu"], layers=2, bias="constant:0.5")
    layer = predict(spec, 1.0, 0.0, 100).layers[1]
    assert (layer.mean, layer.std, layer.zero_fraction) == (pytest.approx(0.5), 0, 0)


def test_there_is_no_chi_where_the_activation_jumps():
    (spec,) = stack_specs(["lecun"], ["tanh/step/tanh"])
    layers = predict(spec, 1.0, 0.0, 100).layers
    assert [layer.chi is None for layer in layers] == [False, True, True]
    assert [layer.log_gradient_ratio is None for layer in layers] == [True, True, False]


def test_what_overflows_is_infinite_or_no_number_and_raises_nothing():
    for init, act, layers in (("lecun", "exponential", 6), ("100", "relu", 200), ("10", "square", 20)):
        (spec,) = stack_specs([init], [act], layers=layers)
        theory = predict(spec, 1.0, 0.0, 100)
        assert theory.reason or not math.isfinite(theory.layers[-1].second_moment)


@pytest.mark.slow
@for_each("variance", [0.01, 1.0, 400.0])
@for_each("text", [row.name for row in ACTIVATIONS if row.name != "maxout"])
def test_masses_are_the_shares_of_a_grid_of_pre_activations(text, variance):
    gain = math.sqrt(variance)
    (spec,) = stack_specs([f"lecun:{gain}"], [f"{text}:eval" if text == "rrelu" else text], layers=1)
    (layer,) = predict(spec, 1.0, 0.0, 100, typical=False).layers
    phi, h = bind(spec.activations[0]), gain * quantiles()
    a, points = phi.value(h), len(h)
    reach = min(layer.std, 1e6)
    edges = np.linspace(layer.mean - 2 * reach, layer.mean + 3 * reach, 32) + 1e-7 * reach
    found = masses(spec, layer, edges)
    places = np.searchsorted(edges, a[~np.isin(a, phi.atoms)], side="right")
    shares = np.bincount(places, minlength=len(edges) + 1)[1:len(edges)] / points
    np.testing.assert_allclose(found.bins, shares, atol=2e-5)
    assert sum(found.bins) + found.below + found.above + sum(p for _, p in found.atoms) == pytest.approx(1, abs=1e-9)
    for value, probability in found.atoms:
        assert probability == pytest.approx((a == value).mean(), abs=2e-5)


@functools.cache
def quantiles(count=400_000):
    """So many equally likely numbers of the normal distribution, in order."""
    z = np.linspace(-8, 8, 160_001)
    probabilities = np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in z.tolist()])
    return np.interp((np.arange(count) + 0.5) / count, probabilities, z)


@pytest.mark.slow
@for_each(("act", "settings"), [
    ("relu", {}), ("rrelu", {}), ("maxout:3", {}), ("relu", {"bias": "uniform:-1,1"}), ("tanh", {"norm": "batch"}),
    ("relu6", {"norm": "rms", "norm_position": "after"}), ("gelu", {"norm": "layer", "norm_position": "after"}),
])
def test_masses_agree_with_a_wide_network(act, settings):
    (spec,) = stack_specs(["he"], [act], layers=1, width=2000, **settings)
    run = RunSpec(batch_size=200, range=(-2.1, 3.1), bins=20)
    (layer,) = predict(spec, 1.0, 0.0, 200).layers
    ((measured,),) = statistics(spec, run)
    found = masses(spec, layer, measured.histogram.edges)
    whole = np.array(found.bins)
    for value, probability in found.atoms:
        place = np.searchsorted(measured.histogram.edges, value, side="right") - 1
        if 0 <= place < len(whole):
            whole[place] += probability
    np.testing.assert_allclose(whole, measured.histogram.counts / measured.count, atol=0.012)


def test_masses_without_weights_are_a_single_value():
    (spec,) = stack_specs(["zeros"], ["sigmoid"], layers=1, bias="constant:1")
    found = masses(spec, predict(spec, 1.0, 0.0, 10).layers[0], [0.0, 0.5, 1.0])
    assert (found.bins, found.atoms) == ((0, 0), ((pytest.approx(1 / (1 + math.exp(-1))), 1.0),))


def test_predictions_are_plain_numbers():
    (spec,) = stack_specs(["he"], ["relu"], layers=3, norm="batch")
    for layer in predict(spec, 1.0, 0.0, 10).layers:
        assert {type(value) for value in astuple(layer)} <= {int, float, type(None)}
    for text in ("relu", "tanh", "step"):
        assert {type(value) for value in astuple(gains(ACTIVATIONS.parse(text)))} <= {str, bool, float, type(None)}
        for point in fixed_points(ACTIVATIONS.parse(text), 1.5, 0.1).points:
            assert {type(value) for value in astuple(point)} <= {str, bool, float, type(None)}


@pytest.mark.parametrize(("depth", "width"), [(50, 20), (1000, 100)])
def test_a_typical_network_that_is_deep_and_narrow_follows_the_product(depth, width):
    """E K² is about (1 + 2/n₀)(1 + 5/n)ˡ for He and ReLU (Hanin & Nica 2018), and ln K is normal."""
    spec, = stack_specs(["he"], ["relu"], layers=depth, width=width)
    layer = predict(spec, 1.0, 0.0, 1000).layers[-1]
    spread = math.log((1 + 2 / width) * (1 + 5 / width) ** depth)
    assert math.log(layer.std_typical / layer.std) == pytest.approx(-spread / 4, rel=0.4)
    assert math.log(layer.std_high / layer.std_low) == pytest.approx(BAND * math.sqrt(spread), rel=0.2)
