"""The engine against a plain NumPy propagation, and the laws that make its results trustworthy."""

import dataclasses
import math
import warnings
from itertools import pairwise

import numpy as np
import pytest

from actprof import machine
from actprof.catalogue import activations
from actprof.engine import inputs, measure, memory
from actprof.engine.distributions import STATISTICS
from actprof.engine.inputs import open_inputs
from actprof.engine.network import Network
from actprof.engine.pilot import TAIL, extent_of
from actprof.engine.profiles import Profile
from actprof.engine.spec import QUANTITIES, RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import ResourceError
from actprof.histogram.compare import compare
from actprof.machine import ordered_map
from actprof.streams import BLOCK
from tests.naive import ArrayInputs, layers, statistics


def stacks(init="he", act="relu", widths="20,30,10,30", bias=None, norm="none", norm_position="before"):
    return stack_specs(init.split("|"), act.split("|"), widths=widths, bias=bias, norm=norm,
                       norm_position=norm_position)


def run_on(specs, run, data=None):
    return compare(specs, run, data or open_inputs(run, specs[0].widths[0]))


def every_figure(arm):
    return {(layer.layer, quantity, name): value for layer in arm.layers for quantity in QUANTITIES
            for name, value in layer.quantity(quantity).statistics.items()}


SETTINGS = [
    {"act": "relu"}, {"act": "tanh", "init": "xavier"}, {"act": "sigmoid/relu/gelu"}, {"act": "maxout:3"},
    {"init": "torch.linear"}, {"act": "elu", "bias": "normal:0.5"}, {"init": "orthogonal", "act": "hard_tanh"},
    {"norm": "batch"}, {"norm": "batch", "norm_position": "after"}, {"norm": "layer", "act": "silu"},
    {"norm": "rms", "norm_position": "after", "act": "softplus"}, {"init": "siren", "act": "sin"},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_engine_computes_what_plain_numpy_computes(settings, dtype):
    specs = stacks(**settings)
    rows = np.random.default_rng(5).standard_normal((700, 20)).astype(dtype)
    run = RunSpec(seed=3, dtype=dtype, batch_size=700)
    arm = run_on(specs, run, ArrayInputs(rows, 700)).arms[0]
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    for layer, (z, a) in zip(arm.layers, layers(specs[0], 3, rows), strict=True):
        for quantity, values in (("preactivation", z), ("activation", a)):
            measured = layer.quantity(quantity).statistics
            for name, expected in statistics(values).items():
                if name in measured and name != "zero_fraction":
                    assert measured[name] == pytest.approx(expected, rel=tolerance, abs=tolerance), (quantity, name)


def test_batches_that_stream_equal_one_batch_of_all_rows():
    rows = np.random.default_rng(6).standard_normal((2048, 20)).astype("float32")
    whole = run_on(stacks(), RunSpec(batch_size=2048, range=(-9, 9)), ArrayInputs(rows, 2048)).arms[0]
    parts = run_on(stacks(), RunSpec(batch_size=256, batches=8, range=(-9, 9)), ArrayInputs(rows, 256)).arms[0]
    assert every_figure(parts) == pytest.approx(every_figure(whole), rel=1e-5, abs=1e-6)
    for left, right in zip(whole.layers, parts.layers, strict=True):
        assert left.activation.histogram.total == right.activation.histogram.total


def test_profiles_of_two_halves_merge_to_the_profile_of_the_whole():
    rows = np.random.default_rng(7).standard_normal((512, 20)).astype("float32")
    run = RunSpec(batch_size=512, range=(-9, 9))
    first, second, whole = (run_on(stacks(), run, ArrayInputs(part, 512)).arms[0]
                            for part in (rows[:256], rows[256:], rows))
    merged = dataclasses.replace(whole, networks=(first.networks[0].merge(second.networks[0]),))
    assert every_figure(merged) == pytest.approx(every_figure(whole), rel=1e-5, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"act": "rrelu"}, {"norm": "batch"}], ids=str)
def test_the_number_of_workers_does_not_change_a_bit(settings, monkeypatch):
    specs = stacks(widths="100,200,200,200", **settings)
    run = RunSpec(batch_size=5000, batches=2)
    arms = []
    for workers in (1, 2, 5):
        monkeypatch.setattr(measure, "cores", lambda workers=workers: workers)
        arms.append(run_on(specs, run).arms[0])
    assert every_figure(arms[0]) == every_figure(arms[1]) == every_figure(arms[2])


@pytest.mark.parametrize("settings", [{}, {"act": "rrelu"}, {"norm": "batch"}, {"act": "maxout"}], ids=str)
def test_drawing_layer_by_layer_gives_the_same_as_keeping_all_weights(settings, monkeypatch):
    specs, run = stacks(widths="100,80,120,90", **settings), RunSpec(batch_size=3000, batches=2)
    kept = run_on(specs, run).arms[0]
    monkeypatch.setattr(memory, "WHOLE_BYTES", 0)
    monkeypatch.setattr(memory, "SUPER_ROWS", 1500)
    drawn = run_on(specs, run).arms[0]
    assert every_figure(drawn) == pytest.approx(every_figure(kept), rel=1e-5, abs=1e-6)


def test_a_layers_weights_do_not_change_when_the_depth_grows():
    shallow, deep = (Network(stacks(widths=widths)[0], 4, 0, np.dtype("float32"))
                     for widths in ("10,10,10", "10,10,10,10"))
    for number in (1, 2):
        np.testing.assert_array_equal(shallow.layer(number).weights, deep.layer(number).weights)


def test_every_arm_sees_the_same_inputs_and_the_same_underlying_draws():
    small, large = run_on(stacks(init="normal:0.01|normal:1", act="linear", widths="20,30"), RunSpec()).arms
    assert large.layers[0].activation.statistics["std"] == pytest.approx(
        100 * small.layers[0].activation.statistics["std"], rel=1e-5)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    first, again, other = (every_figure(run_on(stacks(), RunSpec(seed=seed)).arms[0]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_repeats_are_independent_networks_with_their_median_and_quartiles():
    run = RunSpec(repeats=9)
    arm = run_on(stacks(), run).arms[0]
    stds = [STATISTICS[5].of(network.layers[1].activation) for network in arm.networks]
    summary = arm.layers[1].activation
    assert STATISTICS[5].name == "std"
    assert len(set(stds)) == 9
    assert summary.statistics["std"] == np.median(stds)
    assert summary.spread["std"] == (np.quantile(stds, 0.25), np.quantile(stds, 0.75))
    assert summary.statistics["count"] == 9 * 1000 * 10
    assert summary.histogram.total == summary.statistics["count"]
    single = run_on(stacks(), RunSpec()).arms[0]
    assert STATISTICS[5].of(single.networks[0].layers[1].activation) == pytest.approx(stds[0], rel=1e-12)


def test_overflow_is_a_result_and_not_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        comparison = run_on(stacks(init="normal:1e6", act="linear", widths=",".join(["50"] * 16)), RunSpec())
    arm = comparison.arms[0]
    broken = [layer.layer for layer in arm.layers if layer.activation.non_finite]
    idle = [layer.layer for layer in arm.layers if not layer.activation.computed]
    assert broken
    assert idle == list(range(broken[-1] + 1, 16))
    assert {warning.code for warning in comparison.warnings} == {"non_finite", "not_computed"}
    assert math.isfinite(arm.layers[0].activation.statistics["std"])


def test_a_dead_network_says_from_which_layer_on():
    comparison = run_on(stacks(init="constant:-1", widths="5,6,7,8"), RunSpec(input=inputs.parse("constant:1")))
    assert [(w.code, w.layer, w.message) for w in comparison.warnings] == [("dead", 1, "100 % zeros from layer 1 on")]
    assert comparison.arms[0].layers[2].activation.statistics["dead_units"] == 8


def test_zero_weights_make_a_constant_network():
    comparison = run_on(stacks(init="zeros", act="sigmoid"), RunSpec())
    assert [w.code for w in comparison.warnings] == ["constant"]
    for layer in comparison.arms[0].layers:
        figures_ = layer.activation.statistics
        assert (figures_["mean"], figures_["std"]) == (0.5, 0)
        assert sorted(layer.activation.histogram.counts)[-1] == figures_["count"]


def test_underflow_is_noted():
    comparison = run_on(stacks(init="normal:1e-9", act="linear", widths="20,20,20,20,20,20,20"), RunSpec())
    assert "underflow" in [w.code for w in comparison.warnings]


@pytest.mark.parametrize("init", ["1", "0.01", "he"])
def test_batch_norm_before_the_activation_standardises_whatever_the_weights(init):
    specs = stacks(init=init, norm="batch:eps=0", act="tanh")
    for layer in run_on(specs, RunSpec()).arms[0].layers:
        figures_ = layer.preactivation.statistics
        assert figures_["mean"] == pytest.approx(0, abs=1e-5)
        assert figures_["std"] == pytest.approx(1, abs=1e-4)
        assert figures_["between_unit_std"] == pytest.approx(0, abs=1e-5)


def test_batch_norm_after_the_activation_standardises_the_outputs():
    for layer in run_on(stacks(init="0.01", norm="batch:eps=0", norm_position="after"), RunSpec()).arms[0].layers:
        assert layer.activation.statistics["within_unit_std"] == pytest.approx(
            math.sqrt(1 - layer.activation.statistics["dead_fraction"]), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("act", ["linear", "relu"])
def test_the_second_moment_of_linear_and_relu_is_the_closed_form_on_average(act):
    """E[K] is exact for these at any width: the inputs' own K, times σ_w² (linear) or σ_w²/2 (relu) a layer: 1 here."""
    init = "lecun" if act == "linear" else "he"
    run = RunSpec(repeats=200, batch_size=64)
    data = open_inputs(run, 100)
    arm = run_on(stacks(init=init, act=act, widths="100,100,100,100"), run, data).arms[0]
    inputs_moment = np.mean(data.rows(0, 0, 64).astype(float)**2)
    for place in range(3):
        moments = np.array([network.layers[place].activation.second_moment for network in arm.networks])
        assert abs(moments.mean() - inputs_moment) < 5 * moments.std(ddof=1) / math.sqrt(len(moments))


def test_parameters_are_the_weights_and_the_biases_that_are_not_zero_by_design():
    assert [stack.parameters for stack in (
        run_on(stacks(widths="784,100,10"), RunSpec(batch_size=2)).arms[0],
        run_on(stacks(init="torch.linear", widths="784,100,10"), RunSpec(batch_size=2)).arms[0],
        run_on(stacks(act="maxout:2", widths="784,100,10"), RunSpec(batch_size=2)).arms[0],
        run_on(stacks(norm="batch", widths="784,100,10"), RunSpec(batch_size=2)).arms[0])] == [
        784 * 100 + 100 * 10, 784 * 100 + 100 + 100 * 10 + 10, 2 * (784 * 100 + 100 * 10),
        784 * 100 + 100 * 10 + 2 * 110]


def test_what_cannot_fit_is_refused_before_it_is_allocated():
    specs = stacks(widths=",".join(["1000000"] * 1001))
    with pytest.raises(ResourceError, match=r"^needs about [34]\.\d TiB; .* available\. Lower --width, --layers, "):
        run_on(specs, RunSpec())


def test_the_share_done_rises_to_one():
    shares = []
    run = RunSpec(batch_size=5000, repeats=2)
    specs = stacks(init="he|xavier")
    compare(specs, run, open_inputs(run, 20), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_results_come_in_order_from_any_number_of_threads():
    assert list(ordered_map(lambda item: item**2, range(50), 4)) == [item**2 for item in range(50)]


def test_an_error_in_a_thread_is_raised_to_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(lambda item: 1 // item, [1, 2, 0, 3], 3))


def test_workers_are_one_unless_blas_keeps_to_one_thread(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    assert machine.cores() == 1
    for variable in machine.BLAS_VARIABLES:
        monkeypatch.setenv(variable, "1")
    assert machine.cores() >= 1


def test_an_empty_profile_is_the_neutral_element_of_merging():
    arm = run_on(stacks(), RunSpec()).arms[0]
    layer = arm.networks[0].layers[0]
    empty = type(layer.activation).empty(layer.fan_out, layer.activation.histogram.edges,
                                         tuple(value for value, _ in layer.activation.atoms), True)
    merged = empty.merge(layer.activation)
    for statistic in STATISTICS:
        assert statistic.of(merged) == pytest.approx(statistic.of(layer.activation), rel=1e-12)
    assert isinstance(arm.networks[0], Profile)


def test_the_units_of_a_rectifier_with_a_large_bias_are_always_on():
    always_on = {act: run_on(stacks(act=act, bias="constant:1000", widths="20,30"), RunSpec()).arms[0]
                 .layers[0].activation.statistics["always_on_units"] for act in ("relu", "tanh")}
    assert always_on == {"relu": 30, "tanh": 0}
    normalised = run_on(stacks(norm="batch", norm_position="after"), RunSpec()).arms[0].layers[0].activation
    assert (normalised.statistics["always_on_units"], normalised.atoms) == (0, ())


def test_random_slopes_differ_between_blocks_batches_and_networks_and_are_those_of_their_streams():
    rows = np.tile(np.random.default_rng(8).standard_normal((BLOCK, 20)).astype("float32"), (4, 1))
    run = RunSpec(batch_size=2 * BLOCK, batches=2, repeats=2, range=(-9, 9))
    specs = stacks(act="rrelu", widths="20,30")
    networks = run_on(specs, run, ArrayInputs(rows, 2 * BLOCK)).arms[0].networks
    phi = activations.bind(specs[0].activations[0])
    for repeat, measured in enumerate(networks):
        network = Network(specs[0], run.seed, repeat, np.dtype("float32"))
        z = rows[:BLOCK] @ network.layer(1).weights
        parts = []
        for batch in range(2):
            for block in range(2):
                parts.append(np.empty_like(z))
                phi.apply(z.copy(), parts[-1], network.noise(1, batch, block))
        assert len({float(part.sum()) for part in parts}) == 4
        assert measured.layers[0].activation.mean == pytest.approx(np.concatenate(parts).mean(dtype=float), rel=1e-5)


def test_a_few_far_outliers_do_not_set_the_range():
    values = np.random.default_rng(9).standard_normal((1000, 100))
    values[3, 4] = 1e6
    assert extent_of(values) == pytest.approx(np.quantile(values, (TAIL, 1 - TAIL)))


def test_what_drawing_a_matrix_takes_is_part_of_the_need(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 60 * 2**20)
    run = RunSpec(batch_size=1)
    for init in ("he", "orthogonal"):
        specs = stacks(init=init, widths="2000,2000")
        if init == "he":
            memory.check(specs, run, open_inputs(run, 2000))
        else:
            with pytest.raises(ResourceError):
                memory.check(specs, run, open_inputs(run, 2000))


@pytest.mark.parametrize("quantities", [QUANTITIES, QUANTITIES[:1]])
def test_infinite_preactivations_are_reported_whatever_is_counted(quantities):
    comparison = run_on(stacks(init="1e37", act="tanh", widths="100,200"), RunSpec(quantities=quantities))
    assert [w.code for w in comparison.warnings] == ["non_finite"]


def test_a_stretch_that_ends_is_not_said_to_go_on():
    comparison = run_on(stacks(init="constant:-1", bias="constant:0.5", widths="5,6,7"),
                        RunSpec(input=inputs.parse("constant:1")))
    assert [w.message for w in comparison.warnings] == [
        "100 % zeros in layer 1", "the same value everywhere from layer 2 on"]


def test_dropout_multiplies_the_second_moment_and_the_matching_gain_undoes_it():
    """q' = σ_w²·E φ²/(1 − p): He and ReLU with p = ½ grow √2 a layer, the gain √(2(1 − p)) holds."""
    for gain, growth in ((math.sqrt(2), 2.0), (1.0, 1.0)):
        stack, = stack_specs([f"lecun:gain={gain!r}"], ["relu"], layers=6, width=500, dropout=0.5)
        run = RunSpec(batch_size=400)
        arm, = compare([stack], run, open_inputs(run, 500)).arms
        layers = arm.layers
        for layer, said in zip(layers, arm.forecast.theory.layers, strict=True):
            assert layer.activation.statistics["std"] == pytest.approx(said.std, rel=0.25)
            assert layer.activation.statistics["correlation"] == pytest.approx(said.correlation, abs=0.06)
            assert said.chi is None or said.chi == pytest.approx(growth)
        steps = [after.activation.statistics["second_moment"] / before.activation.statistics["second_moment"]
                 for before, after in pairwise(layers)]
        assert np.mean(steps) == pytest.approx(growth, rel=0.1)


def test_dropout_does_not_depend_on_how_rows_are_cut(monkeypatch):
    stack, = stack_specs(["he"], ["relu"], layers=3, width=40, dropout=0.3)
    run = RunSpec(batch_size=3000, gradients=True)
    whole = compare([stack], run, open_inputs(run, 40)).arms[0].layers[-1]
    monkeypatch.setattr(memory, "TAPE_BYTES", 0)
    cut = compare([stack], run, open_inputs(run, 40)).arms[0].layers[-1]
    assert cut.activation.statistics["zero_fraction"] == whole.activation.statistics["zero_fraction"]
    assert cut.gradient.statistics["std"] == pytest.approx(whole.gradient.statistics["std"], rel=1e-6)


@pytest.mark.parametrize("sub", [0.4, 0.7, 1.0])
def test_an_atom_that_single_precision_rounds_is_counted(sub):
    run = RunSpec(batch_size=1000)
    stacks = stack_specs(["he"], [f"general_relu:sub={sub}"], layers=2, width=50)
    layer = compare(stacks, run, open_inputs(run, 50)).arms[0].layers[0]
    (value, count), = layer.activation.atoms
    assert value == pytest.approx(-sub, rel=1e-7)
    assert 0.45 < count / layer.activation.statistics["count"] < 0.55


def test_a_comparison_is_told_in_few_words():
    stacks, run = stack_specs(["he", "xavier"], ["relu"], layers=20, width=30), RunSpec(batch_size=50)
    assert len(repr(compare(stacks, run, open_inputs(run, 30)))) < 6000


# One matrix for all layers

def tied(init, act="linear", layers=5, width=60, **settings):
    stack, = stack_specs([init], [act], layers=layers, width=width, tied=True, **settings)
    run = RunSpec(dtype="float64", batch_size=50, gradients=True)
    return compare([stack], run, open_inputs(run, width)).arms[0], Network(stack, run.seed, 0, np.dtype(np.float64))


def test_tied_layers_draw_one_matrix_and_one_vector_of_biases_which_count_once():
    arm, network = tied("he", "tanh/relu*4", bias="normal:0.3")
    first, *others = (network.layer(number) for number in range(1, 6))
    for layer in others:
        np.testing.assert_array_equal(layer.weights, first.weights)
        np.testing.assert_array_equal(layer.bias, first.bias)
    assert [layer.activation.name for layer in (first, *others)] == ["tanh", *["relu"] * 4]
    assert arm.parameters == 60 * 60 + 60
    assert arm.config["tied"]


@pytest.mark.slow
def test_what_one_linear_matrix_makes_of_the_signal_tends_to_its_spectral_radius():
    """The power method, forward and back; the radius of one matrix is σ_w in the limit of many units alone."""
    arm, network = tied("lecun:gain=1.05", layers=300)
    radius = np.abs(np.linalg.eigvals(network.layer(1).weights)).max()
    assert abs(math.log(radius / 1.05)) > 0.02
    logs = [math.log(layer.activation.statistics["std"]) for layer in arm.layers]
    assert (logs[299] - logs[99]) / 200 == pytest.approx(math.log(radius), abs=0.005)
    back = [layer.gradient.statistics["log10_norm_ratio"] * math.log(10) for layer in arm.layers]
    assert (back[0] - back[200]) / 200 == pytest.approx(math.log(radius), abs=0.005)
    assert "eigenvalue" in arm.forecast.theory.reason
    assert len(arm.forecast.theory.layers) == 7  # √60


def test_one_orthogonal_matrix_keeps_every_length():
    arm, _ = tied("orthogonal", layers=7)
    square = pytest.approx(arm.forecast.inputs.second_moment, rel=1e-9)
    for layer, said in zip(arm.layers, arm.forecast.theory.layers, strict=True):
        assert [layer.activation.statistics["second_moment"], said.second_moment] == [square, square]
        assert layer.gradient.statistics["norm_ratio"] == pytest.approx(1, rel=1e-9)
        assert math.isnan(said.std_low)
