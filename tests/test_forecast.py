"""Theory beside measurement in `actprof histogram`: its own inputs, verdicts, and weights that depend on data."""

import io
import json
import math

import numpy as np
import pytest

from actprof.catalogue.initializers import INITIALIZERS
from actprof.data import labelled, sources
from actprof.data.request import DataSpec
from actprof.diagnosis.verdicts import CODES, THRESHOLDS
from actprof.engine import pilot
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, forward
from actprof.engine.inputs import Inputs, input_moments, open_inputs, parse
from actprof.engine.network import Network
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import ResourceError
from actprof.histogram.compare import compare
from actprof.histogram.records import record_of as comparison_record
from actprof.histogram.result import std_errors
from actprof.histogram.table import Shown
from actprof.histogram.table import print_result as print_comparison
from actprof.program import main
from actprof.report.records import to_json
from actprof.theory.stack import predict
from actprof.train.request import Varied, train_specs
from actprof.train.trainer import Trainer
from tests.cases import for_each


def compared(init="he", act="relu", *, source="normal", rows=1000, repeats=1, dtype="float32", **stack):
    run = RunSpec(parse(source), batch_size=rows, gradients=True, repeats=repeats, dtype=dtype)
    specs = stack_specs([init], [act], **{"layers": 5, "width": 100} | stack)
    return compare(specs, run, open_inputs(run, specs[0].widths[0]))


@for_each(("source", "mean", "second", "correlation", "kurtosis"), [
    ("normal", 0, 1, 0, 3), ("normal:std=3", 0, 9, 0, 3), ("normal:mean=1", 1, 2, 0.5, 10 / 4),
    ("uniform:0,1", 1 / 2, 1 / 3, 3 / 4, 9 / 5), ("constant:2", 2, 4, 1, 1)])
def test_the_inputs_are_seen_as_their_distribution_says(source, mean, second, correlation, kurtosis):
    """A row of 400 independent numbers has a mean square of variance (kurtosis - 1)/400."""
    run = RunSpec(parse(source))
    seen = input_moments(open_inputs(run, 400))
    # 400,000 numbers: a relative error of some 0.005 at five standard errors; of 1,000 rows' variance one of 0.22.
    found = (seen.mean, seen.second_moment, seen.correlation)
    assert found == pytest.approx((mean, second, correlation), rel=0.02, abs=0.01)
    assert 400 * seen.unevenness == pytest.approx(kurtosis - 1, rel=0.25, abs=1e-9)


class Rows(Inputs):
    """Rows from an array."""

    batches = 1

    def __init__(self, rows):
        self._rows, self.features = rows, rows.shape[1]

    def batch_rows(self, batch):
        return len(self._rows)

    def rows(self, batch, start, stop):
        return self._rows[start:stop]


def test_the_correlation_of_rows_is_their_mean_cosine_whatever_their_sizes():
    rng = np.random.default_rng(3)
    rows = (1 + 0.1 * rng.normal(size=(12, 50))) * 10.0 ** np.arange(12)[:, None]
    unit = rows / np.linalg.norm(rows, axis=1)[:, None]
    cosines = (unit @ unit.T)[np.triu_indices(12, 1)]
    assert input_moments(Rows(rows)).correlation == pytest.approx(cosines.mean(), abs=1e-12)
    assert cosines.mean() > 0.98
    assert input_moments(Rows(np.outer([1.0, 2.0, 1e-9], np.ones(5)))).correlation == 1
    assert input_moments(Rows(np.zeros((3, 5)))).correlation == 0


@for_each(("init", "act"), [("he", "relu"), ("xavier", "tanh"), ("1", "sigmoid"), ("lecun", "selu"),
                            ("critical", "gelu"), ("he_uniform", "elu"), ("torch.linear", "silu")])
def test_measurements_lie_within_the_error_bars_of_the_theory(init, act):
    errors = [std_errors(layer, arm.forecast.layer(layer.layer))
              for arm in compared(init, act, repeats=1, source="normal").arms for layer in arm.layers]
    # Five strongly correlated errors: beyond 4.5 one run in about 100,000 would lie.
    assert np.abs(errors).max() < 4.5


def test_the_expected_masses_are_those_of_the_bins_that_were_counted():
    arm = compared("lecun", "tanh", rows=4000, width=400).arms[0]
    for number in (0, 1):
        masses, histogram = arm.forecast.masses[number], arm.layers[number].activation.histogram
        assert len(masses.bins) == len(histogram.counts)
        assert math.fsum(masses.bins) + masses.below + masses.above == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(masses.bins, histogram.counts / histogram.total, atol=0.01)


def test_half_of_a_relu_is_expected_to_be_exactly_zero():
    atoms = compared().arms[0].forecast.masses[0].atoms
    assert atoms == ((0.0, pytest.approx(0.5, abs=1e-9)),)


@for_each("init", ["ones", "identity", "lsuv"])
def test_where_theory_is_silent_it_says_why(init):
    comparison = compared(init, "tanh")
    assert comparison.arms[0].forecast.theory.layers == ()
    record = json.loads(to_json(comparison_record(comparison)))["arms"][0]
    assert all(layer["theory"] is None for layer in record["layers"])
    assert record["theory_reason"]
    stream = io.StringIO()
    print_comparison(comparison, stream, Shown())
    assert f"theory says nothing: {record['theory_reason']}" in stream.getvalue()


def test_json_holds_theory_and_verdict_as_the_contract_says():
    record = json.loads(to_json(comparison_record(compared())), parse_constant=pytest.fail)
    [arm] = record["arms"]
    assert {"code", "layer", "text", "remedy"} <= arm["verdict"].keys()
    assert arm["verdict"]["code"] in CODES
    for layer in arm["layers"]:
        assert {"mean", "std", "second_moment", "preactivation_std", "chi", "gradient_ratio", "correlation", "std_low",
                "std_high"} <= layer["theory"].keys()
        assert layer["theory"]["second_moment"] == pytest.approx(1, rel=0.02)
        assert layer["gradient"]["count"] == 100_000
    assert [layer["theory"]["chi"] for layer in arm["layers"]] == [pytest.approx(1)] * 4 + [None]


@for_each("value", ["0.1", "1e30", "1e-30", "3"])
@for_each("act", ["relu", "leaky_relu", "cos", "exponential", "maxout"])
def test_equal_rows_have_a_correlation_of_exactly_one_and_crash_nothing(value, act):
    arm = compared("he", act, source=f"constant:{value}", rows=2, width=30, dtype="float64").arms[0]
    assert arm.forecast.inputs.correlation == 1
    assert arm.verdict.code != "collapsed"


def test_inputs_too_small_to_be_squared_are_not_called_zero():
    arm = compared("he", "relu", source="constant:1e-200", dtype="float64").arms[0]
    assert "all inputs are 0" not in arm.verdict.text


@for_each(("act", "chi"), [("relu", 1.0), ("linear", 2.0)])
def test_the_mean_square_of_a_jacobian_has_the_power_of_chi_beside_it(act, chi):
    assert compared("he", act, layers=7).arms[0].forecast.chi_power == pytest.approx(chi**7, rel=1e-6)
    assert compared("he", "step", layers=7).arms[0].forecast.chi_power is None


# Weights scaled on a batch

@for_each(("act", "bias"), [("relu", None), ("tanh", None), ("gelu", None),
                            ("sigmoid", "normal:std=0.5")])
def test_lsuv_gives_every_layer_pre_activations_of_variance_one(act, bias):
    [stack] = stack_specs(["lsuv:tolerance=0.001,iterations=50"], [act], layers=6, width=60, bias=bias)
    network = Network(stack, 0, 0, np.dtype(np.float64))
    rows = np.random.default_rng(0).normal(2, 3, (500, 60))
    pilot.calibrate(network, rows)
    for number in range(1, 7):
        layer = network.layer(number)
        z = rows @ layer.weights + (0 if layer.bias is None else layer.bias)
        assert z.var() == pytest.approx(1, abs=0.001)
        # Scaled as a whole: what was orthogonal still is, up to its size.
        gram = layer.weights.T @ layer.weights
        np.testing.assert_allclose(gram, gram[0, 0] * np.eye(60), atol=1e-9 * gram[0, 0])
        rows = forward(network, layer, rows, Chunk(0, 0, 500), NOBODY, Scratch()).copy()


def test_lsuv_leaves_other_initialisers_and_their_std_alone():
    for init in ("he", "orthogonal"):
        [stack] = stack_specs([init], layers=2, width=20)
        network, plain = (Network(stack, 0, 0, np.dtype(np.float32)) for _ in range(2))
        pilot.calibrate(network, np.ones((10, 20), np.float32))
        np.testing.assert_array_equal(network.layer(1).weights, plain.layer(1).weights)
    layer = compared("lsuv", "tanh").arms[0].layers[1]
    assert layer.weight_std != pytest.approx(0.1, rel=0.01)


def test_lsuv_scales_the_weights_that_are_trained():
    data = labelled.load(DataSpec(sources.parse("blobs:train=300,test=50")), 0)
    [spec] = train_specs(Varied(("lsuv",)), 2, 3, layers=2, width=16)
    layer = Trainer(spec, data, 0).parameters.layers[0]
    assert (data.x_train @ layer.weights).var() == pytest.approx(1, abs=0.1)


def test_lsuv_is_refused_where_not_all_weights_can_be_kept():
    [stack] = stack_specs(["lsuv"], layers=20, width=5000)
    with pytest.raises(ResourceError) as error:
        pilot.calibrate(Network(stack, 0, 0, np.dtype(np.float32)), np.ones((1, 5000), np.float32))
    assert str(error.value) == "lsuv keeps all weights, and these are too many. Lower --width or --layers."


def test_each_layer_has_the_weights_that_its_initialiser_draws_for_all_layers():
    """And lsuv scales those layers alone that are its own."""
    named = ("he", "lsuv", "orthogonal:gain=0.01")
    network, *alone = (Network(stack, 3, 0, np.dtype(np.float64)) for stack in stack_specs(
        ["/".join(named), "he", "orthogonal", named[2]], layers=3, width=40))
    for number, other in enumerate(alone, start=1):
        np.testing.assert_array_equal(network.layer(number).weights, other.layer(number).weights)
    rows = np.random.default_rng(0).normal(2, 3, (500, 40))
    pilot.calibrate(network, rows)
    a = np.maximum(rows @ alone[0].layer(1).weights, 0)
    assert (a @ network.layer(2).weights).var() == pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(network.layer(3).weights, alone[2].layer(3).weights)


def test_a_small_last_layer_is_as_small_as_its_gain_says():
    """q = σ_w² E a² each time, with σ_w² = g²·17/64 where 17 inputs fan out."""
    said = stack_specs(["orthogonal:gain=1.414*2/orthogonal:gain=0.01"], ["tanh"], widths="17,64,64,6")[0]
    z = np.random.default_rng(0).standard_normal(400_000)
    first = np.std(np.tanh(1.414 * math.sqrt(17 / 64) * z))
    second = np.std(np.tanh(1.414 * first * z))
    layers = predict(said, 1.0, 0.0, 1000).layers
    assert [layer.std for layer in layers] == pytest.approx([first, second, 0.01 * second], rel=0.005)
    assert layers[2].std == pytest.approx(0.0055, abs=1e-4)
    [arm] = compare([said], RunSpec(repeats=40, batch_size=200, seed=1), open_inputs(RunSpec(batch_size=200), 17)).arms
    for layer, expected in zip(arm.layers, layers, strict=True):
        assert layer.activation.statistics["std"] == pytest.approx(expected.std, rel=0.05)
    assert arm.verdict.code == "healthy"
    assert "the last layer's own init makes it small" in arm.verdict.text


def test_critical_weights_take_the_gain_of_each_layers_own_activation():
    [stack] = stack_specs(["critical"], ["relu/tanh"], width=400)
    network = Network(stack, 0, 0, np.dtype(np.float64))
    for number, act in enumerate(("relu", "tanh"), start=1):
        z = np.random.default_rng(0).standard_normal(400_000)
        gain = 1 / math.sqrt(np.mean(np.square({"relu": np.maximum(z, 0), "tanh": np.tanh(z)}[act])))
        assert network.layer(number).weight_std == pytest.approx(gain / 20, rel=0.02)
    assert INITIALIZERS["critical"].activation


# The command line

@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def once(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["histogram", "--no-figure", *arguments])
        return int(end.value.code or 0), capsys.readouterr().out

    return once


def test_check_ends_with_3_on_a_bad_verdict_and_with_0_on_a_good_one(run):
    assert run("--check")[0] == 0
    assert run("--check", "--init", "he", "--init", "zeros")[0] == 3
    assert run("--init", "zeros")[0] == 0


def test_explain_prints_every_limit_with_its_reason_and_profiles_nothing(run):
    code, text = run("--explain")
    assert code == 0
    assert all(limit.name in text and limit.reason.split()[0] in text for limit in THRESHOLDS)
    assert "he / relu" not in text
    record = json.loads(run("--explain", "--json")[1])
    assert [limit["name"] for limit in record["limits"]] == [limit.name for limit in THRESHOLDS]


@pytest.mark.slow
def test_the_table_ends_with_the_verdict_and_its_remedy(run):
    lines = run("--act", "tanh", "--init", "lecun:gain=1.6666667", "--layers", "50")[1].splitlines()
    why, remedy = lines[-8:-6]
    assert why.startswith("verdict: exploding (layer ")
    assert "chi = 1.21 a layer" in why
    assert remedy.startswith("remedy: try --init lecun")
    assert lines[-2].startswith("✗ exploding ")
    assert lines[-2].endswith(" lecun:gain=1.6666667 / tanh")
    assert lines[-1].startswith("remedy: actprof histogram ")
    assert lines[-1].split()[-6:] == ["--act", "tanh", "--init", "lecun_normal", "--layers", "50"]
