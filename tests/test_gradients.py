"""Gradients in a profile: those of a plain float64 backward pass, however the work is cut, and never underflowing."""

import csv
import dataclasses
import io
import json
import math
import warnings
from itertools import pairwise

import numpy as np
import pytest

from actprof.digits import power_of_ten
from actprof.engine import inputs, jacobian, measure, memory, spec
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, Tape, forward
from actprof.engine.gradients import GRADIENT_STATISTICS, MAX_COMPARED, draw_cotangent
from actprof.engine.inputs import open_inputs
from actprof.engine.network import Network
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import ResourceError, SpecError
from actprof.histogram import records
from actprof.histogram.compare import compare
from actprof.program import main
from actprof.report.records import to_csv, to_json
from actprof.streams import BLOCK
from actprof.theory.stack import predict
from tests import naive
from tests.cases import for_each
from tests.naive import ArrayInputs, statistics
from tests.tables import tables

SETTINGS = [
    {}, {"act": "tanh", "init": "xavier"}, {"act": "sigmoid/relu/gelu"}, {"act": "maxout:3"}, {"act": "linear"},
    {"init": "torch.linear"}, {"act": "elu", "bias": "normal:0.5"}, {"init": "orthogonal", "act": "hard_tanh"},
    {"norm": "batch"}, {"norm": "batch", "norm_position": "after", "act": "tanh"}, {"norm": "layer", "act": "silu"},
    {"norm": "layer", "act": "maxout"}, {"norm": "rms", "norm_position": "after", "act": "softplus"},
    {"norm": "rms", "act": "sigmoid"},
]
FIXED = {"gradients": True, "range": (-9.0, 9.0)}


def stacks(init="he", act="relu", widths="20,30,10,30", **settings):
    return stack_specs(init.split("|"), act.split("|"), widths=widths, **settings)


def run_on(specs, run, data=None):
    return measure.measured(specs, run, data or open_inputs(run, specs[0].widths[0]))[0]


def cotangents(stack, run, rows, batch=0):
    out = np.empty((rows, stack.widths[-1]), run.dtype)
    draw_cotangent(Network(stack, run.seed, 0, np.dtype(run.dtype)), Chunk(batch, 0, rows), out)
    return out


def gradient_statistics(arm):
    return {(layer.layer, name): value for layer in arm.layers for name, value in layer.gradient.statistics.items()}


@for_each("dtype", ["float32", "float64"])
@for_each("settings", SETTINGS)
def test_the_gradients_are_those_of_a_plain_float64_backward_pass(settings, dtype):
    stack = stacks(**settings)[0]
    rows = np.random.default_rng(5).standard_normal((700, 20)).astype(dtype)
    run = RunSpec(seed=3, dtype=dtype, batch_size=700, gradients=True)
    arm = run_on([stack], run, ArrayInputs(rows, 700))
    expected = naive.gradients(stack, 3, rows, cotangents(stack, run, 700))
    tolerance = 1e-3 if dtype == "float32" else 1e-9
    last = np.sqrt(np.mean(expected[-1][0] ** 2))
    for layer, (dz, dw) in zip(arm.layers, expected, strict=True):
        measured = layer.gradient.statistics
        for name, value in statistics(dz).items():
            if name in measured and name != "correlation":
                assert measured[name] == pytest.approx(value, rel=tolerance, abs=tolerance), name
        rms = np.sqrt(np.mean(dz**2))
        assert measured["rms"] == pytest.approx(rms, rel=tolerance)
        assert measured["ratio"] == pytest.approx(rms / last, rel=tolerance)
        assert measured["weight_norm"] == pytest.approx(np.linalg.norm(dw / 700), rel=tolerance)
        for name in ("rms", "ratio", "weight_norm"):
            assert 10 ** measured[f"log10_{name}"] == pytest.approx(measured[name], rel=1e-9)
    if settings.get("norm") == "batch":
        return
    same = np.repeat(cotangents(stack, run, 1), MAX_COMPARED, axis=0)
    for layer, (dz, _) in zip(arm.layers, naive.gradients(stack, 3, rows[:MAX_COMPARED], same), strict=True):
        assert layer.gradient.statistics["correlation"] == pytest.approx(statistics(dz)["correlation"], abs=tolerance)


def test_what_relu_gradients_of_two_inputs_share_shatters_with_depth():
    """Π σ_w² E φ'₁φ'₂ = Π (π - arccos c)/π along the correlation map (Balduzzi et al. 2017); He, from c = 0."""
    for depth, share in {1: 0.5, 2: 0.302, 5: 0.105, 10: 0.0337, 24: 0.00546, 50: 0.000912}.items():
        [stack] = stack_specs(["he"], ["relu"], layers=depth, width=300)
        said = predict(stack, 1.0, 0.0, 100, typical=False).layers
        assert said[0].gradient_correlation == pytest.approx(share, rel=5e-3)
        assert all(one.gradient_correlation < other.gradient_correlation for one, other in pairwise(said))


@for_each(("settings", "act"), [({}, "relu"), ({}, "tanh"), ({"norm": "layer"}, "relu"),
                                ({"dropout": 0.2}, "relu"), ({"bias": "0.5"}, "tanh")])
def test_what_gradients_of_two_inputs_share_is_what_theory_says(settings, act):
    [stack] = stack_specs(["lecun:gain=1.5"], [act], layers=4, width=250, **settings)
    run = RunSpec(batch_size=32, repeats=24, gradients=True)
    [arm] = compare([stack], run, open_inputs(run, 250)).arms
    for said, *drawn in zip(arm.forecast.theory.layers, *(each.layers for each in arm.networks), strict=True):
        seen = [layer.gradient.correlation for layer in drawn]
        error = np.std(seen) / math.sqrt(len(seen))
        assert np.mean(seen) == pytest.approx(said.gradient_correlation, abs=4 * error + 0.004)


def test_samples_that_a_normalisation_mixes_and_single_units_have_no_correlation_of_gradients():
    for layer in run_on(stacks(norm="batch"), RunSpec(gradients=True)).layers:
        assert math.isnan(layer.gradient.statistics["correlation"])
    *_, last = run_on(stacks(widths="20,30,1"), RunSpec(gradients=True)).layers
    assert math.isnan(last.gradient.statistics["correlation"])


@for_each("settings", [{}, {"act": "tanh"}, {"act": "maxout"}])
def test_the_counts_are_those_of_numpy_over_the_same_edges(settings):
    stack = stacks(**settings)[0]
    rows = np.random.default_rng(5).standard_normal((300, 20))
    run = RunSpec(dtype="float64", batch_size=300, gradients=True)
    arm = run_on([stack], run, ArrayInputs(rows, 300))
    for layer, (dz, _) in zip(arm.layers, naive.gradients(stack, 0, rows, cotangents(stack, run, 300)), strict=True):
        histogram = layer.gradient.histogram
        assert histogram.edges[0] == -histogram.edges[-1]
        assert histogram.below + histogram.above + histogram.counts.sum() == dz.size
        assert np.abs(histogram.counts - np.histogram(dz, histogram.edges)[0]).sum() <= 2
        assert dict(layer.gradient.atoms).get(0.0, 0) == np.count_nonzero(dz == 0)


def test_profiles_of_two_batches_merge_to_the_profile_of_both():
    rows = np.random.default_rng(7).standard_normal((2 * BLOCK, 20)).astype("float32")
    run = RunSpec(batch_size=BLOCK, batches=2, **FIXED)
    both = run_on(stacks(), run, ArrayInputs(rows, BLOCK)).networks[0]
    stack = stacks()[0]
    parts = [naive.gradients(stack, 0, rows[first:first + BLOCK], cotangents(stack, run, BLOCK, batch))
             for batch, first in enumerate((0, BLOCK))]
    for place, layer in enumerate(both.layers):
        dz = np.concatenate([part[place][0] for part in parts])
        norms = [np.linalg.norm(part[place][1] / BLOCK) for part in parts]
        assert 10**layer.gradient.log10_rms == pytest.approx(np.sqrt(np.mean(dz**2)), rel=1e-4)
        assert 10**layer.gradient.log10_weight_norm == pytest.approx(np.sqrt(np.mean(np.square(norms))), rel=1e-4)
    first = run_on(stacks(), RunSpec(batch_size=BLOCK, **FIXED), ArrayInputs(rows[:BLOCK], BLOCK)).networks[0]
    doubled = first.merge(first)
    for once, twice in zip(first.layers, doubled.layers, strict=True):
        assert twice.gradient.scaled.count == 2 * once.gradient.scaled.count
        assert twice.gradient.log10_rms == pytest.approx(once.gradient.log10_rms, abs=1e-9)
        assert twice.gradient.log10_weight_norm == pytest.approx(once.gradient.log10_weight_norm, abs=1e-9)


def test_gradients_in_different_units_do_not_merge():
    gradient = run_on(stacks(), RunSpec(gradients=True)).networks[0].layers[0].gradient
    with pytest.raises(ValueError, match="different units"):
        gradient.merge(dataclasses.replace(gradient, exponent=7))


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"act": "rrelu"}, {"norm": "batch"}], ids=str)
def test_the_number_of_workers_does_not_change_a_bit(settings, monkeypatch):
    specs = stacks(widths="100,200,200,200", **settings)
    run = RunSpec(batch_size=1200, batches=2, gradients=True)
    monkeypatch.setattr(memory, "TAPE_BYTES", 0)
    arms = []
    for workers in (1, 2, 5):
        monkeypatch.setattr(measure, "cores", lambda workers=workers: workers)
        arms.append(run_on(specs, run))
    assert gradient_statistics(arms[0]) == gradient_statistics(arms[1]) == gradient_statistics(arms[2])


@pytest.mark.parametrize("settings", [{}, {"act": "rrelu"}, {"act": "maxout", "norm": "layer"}], ids=str)
def test_chunks_do_not_change_the_gradients(settings, monkeypatch):
    specs, run = stacks(**settings), RunSpec(batch_size=2000, gradients=True)
    whole = run_on(specs, run)
    monkeypatch.setattr(memory, "TAPE_BYTES", 0)
    data = open_inputs(run, 20)
    assert len(measure._chunks(Network(specs[0], 0, 0, np.dtype("float32")), data, back=True)) == 8
    parts = run_on(specs, run, data)
    assert gradient_statistics(parts) == pytest.approx(gradient_statistics(whole), rel=1e-4, abs=1e-5)
    for left, right in zip(whole.layers, parts.layers, strict=True):
        np.testing.assert_array_equal(left.gradient.histogram.edges, right.gradient.histogram.edges)


@pytest.mark.slow
@for_each("settings", [*SETTINGS, {"act": "rrelu"}, {"init": "1e20"}, {"init": "1e30", "act": "tanh"}])
def test_gradients_change_nothing_of_the_other_statistics(settings):
    specs, run = stacks(**settings), RunSpec()
    for quantities in (spec.QUANTITIES, spec.QUANTITIES[:1]):
        plain, more = (run_on(specs, dataclasses.replace(run, gradients=gradients, quantities=quantities))
                       for gradients in (False, True))
        for left, right in zip(plain.layers, more.layers, strict=True):
            for quantity in spec.QUANTITIES:
                np.testing.assert_equal(dict(left.quantity(quantity).statistics),
                                        dict(right.quantity(quantity).statistics))
        assert plain.layers[0].gradient is None


def test_a_forty_layer_sigmoid_stack_in_float32_has_the_ratios_of_float64():
    stack = stack_specs(["xavier"], ["sigmoid"], layers=40, width=30)[0]
    rows = np.random.default_rng(2).standard_normal((BLOCK, 30)).astype("float32")
    run = RunSpec(batch_size=BLOCK, gradients=True)
    arm = run_on([stack], run, ArrayInputs(rows, BLOCK))
    expected = naive.gradients(stack, 0, rows, cotangents(stack, run, BLOCK))
    last = np.sqrt(np.mean(expected[-1][0] ** 2))
    for layer, (dz, dw) in zip(arm.layers, expected, strict=True):
        measured = layer.gradient.statistics
        assert measured["ratio"] == pytest.approx(np.sqrt(np.mean(dz**2)) / last, rel=1e-3)
        assert measured["weight_norm"] == pytest.approx(np.linalg.norm(dw) / BLOCK, rel=1e-3)
        assert measured["std"] == pytest.approx(dz.std(), rel=1e-3)
        assert (measured["min"], measured["max"]) == pytest.approx((dz.min(), dz.max()), rel=1e-3)
    assert arm.layers[0].gradient.statistics["ratio"] < 1e-20


@pytest.mark.slow
@for_each("dtype", ["float32", "float64"])
@for_each(("init", "act", "sign"), [("1e-6", "sigmoid", -1), ("1e8", "sin", 1)])
def test_what_is_beyond_every_float_keeps_its_logarithm(init, act, sign, dtype):
    stack = stack_specs([init], [act], layers=55, width=20)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        arm = run_on([stack], RunSpec(batch_size=100, gradients=True, dtype=dtype))
    first = arm.layers[0].gradient
    assert math.isfinite(first.statistics["log10_ratio"])
    assert sign * first.statistics["log10_ratio"] > 300
    assert math.isfinite(first.statistics["log10_weight_norm"])
    assert math.isnan(first.statistics["ratio"])
    assert math.isnan(first.statistics["std"])
    assert first.exponent
    assert first.histogram.total == first.statistics["count"] == 100 * 20
    steps = np.diff([layer.gradient.statistics["log10_ratio"] for layer in arm.layers])
    assert np.abs(steps - np.median(steps)).max() < 2


def test_slopes_of_a_sudden_beyond_every_float_keep_their_edges():
    stack = stack_specs(["1e37"], ["arctan"], layers=12, width=10)[0]
    for layer in run_on([stack], RunSpec(batch_size=100, gradients=True, dtype="float64")).layers:
        assert (np.diff(layer.gradient.histogram.edges) > 0).all()
        assert layer.gradient.histogram.total == 1000
        assert math.isfinite(layer.gradient.statistics["log10_rms"])


def test_he_keeps_the_gradients_of_relu_layers_as_large_as_they_are():
    specs = stack_specs(["he"], ["relu"], layers=5, width=100)
    arm = run_on(specs, RunSpec(repeats=30, batch_size=100, gradients=True))
    ratios = np.array([[layer.gradient.log10_rms - network.layers[-1].gradient.log10_rms for layer in network.layers]
                       for network in arm.networks])
    squares = 100.0**ratios[:, :-1]
    assert (np.abs(squares.mean(axis=0) - 1) < 5 * squares.std(axis=0, ddof=1) / math.sqrt(30)).all()


def test_repeats_have_their_median_and_quartiles():
    arm = run_on(stacks(act="tanh"), RunSpec(repeats=7, gradients=True))
    values = [10**network.layers[0].gradient.log10_rms for network in arm.networks]
    summary = arm.layers[0].gradient
    assert len(set(values)) == 7
    assert summary.statistics["rms"] == pytest.approx(np.median(values), rel=1e-12)
    assert summary.statistics["count"] == 7 * 1000 * 30


@for_each("repeats", [1, 2, 5, 6])
def test_what_has_a_logarithm_beside_it_is_ten_to_that_also_of_several_networks(repeats):
    for layer in run_on(stacks(act="tanh"), RunSpec(repeats=repeats, batch_size=50, gradients=True)).layers:
        middle, spread = layer.gradient.statistics, layer.gradient.spread
        pairs = [(name.removeprefix("log10_"), name) for name in middle if name.startswith("log10_")]
        assert len(pairs) == 4
        assert spread.keys() >= {name for pair in pairs for name in pair} if repeats > 1 else not spread
        for plain, logarithm in pairs:
            assert middle[plain] == pytest.approx(10 ** middle[logarithm], rel=1e-12)
            for ends in zip(spread.get(plain, ()), spread.get(logarithm, ()), strict=True):
                assert ends[0] == pytest.approx(10 ** ends[1], rel=1e-12)


def test_a_step_has_no_gradient_at_all():
    for layer in run_on(stacks(act="step"), RunSpec(gradients=True)).layers:
        measured = layer.gradient.statistics
        assert (measured["min"], measured["max"], measured["rms"], measured["weight_norm"]) == (0, 0, 0, 0)
        assert layer.gradient.atoms == ((0.0, measured["count"]),)
        assert math.isnan(measured["ratio"])


def test_rows_that_are_lost_on_the_way_up_do_not_come_back():
    rows = np.random.default_rng(3).standard_normal((300, 20)).astype("float32")
    broken = rows.copy()
    broken[[3, 77, 250]] *= np.float32(1e38)
    stack, run = stacks(act="relu", init="normal:2")[0], RunSpec(batch_size=300, gradients=True)
    arm = run_on([stack], run, ArrayInputs(broken, 300))
    kept = np.delete(np.arange(300), [3, 77, 250])
    expected = naive.gradients(stack, 0, rows[kept], cotangents(stack, run, 300)[kept])
    for layer, (dz, dw) in zip(arm.layers, expected, strict=True):
        measured = layer.gradient.statistics
        assert measured["count"] == dz.size
        assert measured["nan"] == measured["posinf"] == measured["neginf"] == 0
        assert measured["rms"] == pytest.approx(np.sqrt(np.mean(dz**2)), rel=1e-4)
        assert measured["weight_norm"] == pytest.approx(np.linalg.norm(dw) / len(kept), rel=1e-4)


@for_each("norm", ["none", "layer", "rms", "batch", "batch:eps=0"])
def test_nothing_comes_back_where_nothing_finite_arrives(norm):
    for layer in run_on(stacks(init="1e37", act="linear", norm=norm), RunSpec(gradients=True)).layers:
        measured = layer.gradient.statistics
        assert measured["count"] + layer.gradient.non_finite in (0, layer.activation.statistics["count"])


def test_json_and_csv_carry_the_gradients():
    run = RunSpec(batch_size=300, gradients=True, jacobian=True)
    specs = stacks(init="he|0.01", act="sigmoid")
    comparison = compare(specs, run, open_inputs(run, 20))
    text = to_json(records.record_of(comparison))
    parsed = json.loads(text, parse_constant=lambda constant: pytest.fail(constant))
    names = {statistic.name for statistic in GRADIENT_STATISTICS}
    for arm, stored in zip(comparison.arms, parsed["arms"], strict=True):
        assert stored["jacobian"] == [{name: None if math.isnan(value) else value for name, value in sample.items()}
                                      for sample in arm.jacobian]
        for layer, kept in zip(arm.layers, stored["layers"], strict=True):
            gradient = kept["gradient"]
            assert names | {"count", "mean", "std", "second_moment", "min", "max"} <= gradient.keys()
            assert {name: gradient[name] for name in layer.gradient.statistics} == dict(layer.gradient.statistics)
            histogram = gradient["histogram"]
            assert sum(histogram["counts"]) + histogram["below"] + histogram["above"] == gradient["count"]
            assert histogram["edges"] == sorted(set(histogram["edges"]))
    rows = list(csv.DictReader(io.StringIO(to_csv(records.rows_of(comparison)))))
    assert [row["quantity"] for row in rows] == list(spec.SHOWN) * 6
    for row in rows:
        assert (row["ratio"] == "") == (row["quantity"] != "gradient")
    plain = records.record_of(compare(specs, RunSpec(), open_inputs(RunSpec(), 20)))
    assert {layer["gradient"] for arm in plain["arms"] for layer in arm["layers"]} == {None}
    assert all("jacobian" not in arm for arm in plain["arms"])


def test_gradients_come_unasked_for_all_rows_where_they_are_light_and_for_a_few_elsewhere(monkeypatch):
    run = RunSpec()
    for widths, batch, rows in (("100,100,100", 1000, None), ("1000,1000,1000", 10000, 128),
                                (",".join(["10"] * 9000), 1000, 128), ("1000,1000,1000", 100, None)):
        specs, asked = stacks(widths=widths), dataclasses.replace(run, batch_size=batch)
        assert memory.gradient_rows(specs, asked, open_inputs(asked, specs[0].widths[0])) == rows
    monkeypatch.setattr(memory, "WHOLE_BYTES", 1000)
    assert memory.any_too_large(stacks(), run)


def test_weights_that_are_not_kept_are_refused(monkeypatch):
    monkeypatch.setattr(memory, "WHOLE_BYTES", 2048)
    with pytest.raises(ResourceError, match=r"^gradients are not computed for stacks above 2\.0 KiB of weights: one "):
        run_on(stacks(), RunSpec(gradients=True))


def test_the_memory_check_knows_tapes(monkeypatch):
    specs, run = stacks(widths=",".join(["500"] * 11)), RunSpec(batch_size=300)
    data = open_inputs(run, 500)
    monkeypatch.setattr(memory, "available_memory", lambda: 30 * 2**20)
    memory.check(specs, run, data)
    with pytest.raises(ResourceError, match="needs about"):
        memory.check(specs, dataclasses.replace(run, gradients=True), data)


@for_each("settings", SETTINGS)
def test_a_row_takes_on_the_tapes_what_the_memory_check_thinks(settings):
    network = Network(stacks(**settings)[0], 0, 0, np.dtype("float32"))
    tapes = [Tape(layer, 3, sparing=True) for layer in network.keep(1)]
    arrays = {id(array): array.nbytes for tape in tapes for array in (tape.z, tape.a, tape.normal, tape.scaled)}
    assert sum(arrays.values()) == 3 * memory.tape_row(network)


def linear_product(stack, dtype="float32"):
    network = Network(stack, 0, 0, np.dtype(dtype))
    product = np.eye(stack.widths[0])
    for layer in network.keep(1):
        product = product @ layer.weights.astype(float)
    return product


@for_each("widths", ["20,30,10,30", "8,300,600,400", "30,20,1"])
def test_the_jacobian_of_a_linear_network_is_the_product_of_its_weights(widths):
    stack = stacks(act="linear", widths=widths)[0]
    arm = run_on([stack], RunSpec(jacobian=True, batch_size=3))
    values = np.linalg.svd(linear_product(stack), compute_uv=False)
    assert len(arm.jacobian) == 3
    for number, found in enumerate(arm.jacobian, start=1):
        assert found["sample"] == number
        assert found["largest"] == pytest.approx(values[0], rel=1e-9)
        if values[-1] > 1e-12 * values[0]:
            assert found["smallest"] == pytest.approx(values[-1], rel=1e-6)
        else:  # rounding, of which nothing is said
            assert math.isnan(found["smallest"]) or found["smallest"] == 0
        assert found["mean_square"] == pytest.approx(np.mean(values**2), rel=1e-9)


def test_orthogonal_weights_keep_every_length():
    stack = stack_specs(["orthogonal:gain=1"], ["linear"], layers=6, width=40)[0]
    for found in run_on([stack], RunSpec(jacobian=True)).jacobian:
        assert (found["largest"], found["smallest"], found["condition"], found["mean_square"]) == pytest.approx(
            (1, 1, 1, 1), rel=1e-5)


@for_each("settings", [{"act": "tanh"}, {"norm": "layer"}, {"act": "maxout"}, {"act": "rrelu"}])
def test_the_jacobian_is_what_small_steps_of_the_inputs_do(settings):
    network = Network(stacks(widths="7,9,300", **settings)[0], 0, 0, np.dtype("float64"))
    layers, row, step = network.keep(1), np.random.default_rng(1).standard_normal(7), 1e-6
    def outputs(rows):
        for layer in layers:
            rows = forward(network, layer, rows, None, NOBODY, Scratch())
        return rows
    slopes = (outputs(row + step * np.eye(7)) - outputs(row - step * np.eye(7))).T / (2 * step)
    np.testing.assert_allclose(jacobian.jacobian(network, layers, row), slopes, rtol=1e-5, atol=1e-6)


def test_a_jacobian_that_would_be_too_much_or_mixes_samples_is_refused():
    data = inputs.open_inputs(RunSpec(), 20)
    with pytest.raises(SpecError, match=r"^--jacobian cannot be combined with --norm batch, which mixes the samples\. "
                                        r"Take layer or rms\.$"):
        run_on(stacks(norm="batch"), RunSpec(jacobian=True), data)
    for widths, what in ((["4000"] * 6, r"about [\d,]+ s"), (["5000"] * 7 + ["2"], r"1\.\d GiB")):
        layers = len(widths) - 1
        with pytest.raises(SpecError, match=rf"^--jacobian would take {what}\. {layers} layers of about [\d,]+ units "
                                            r"would fit\.$") as refusal:
            jacobian.check(stacks(widths=",".join(widths)), data)
        fitting = int(str(refusal.value).split("about")[-1].split()[0].replace(",", ""))
        jacobian.check(stack_specs(layers=layers, width=fitting), data)


@for_each(("exponent", "text"), [
    (0.0, "1.00"), (-28.92, "1.2e-29"), (-411.47, "3.4e-412"), (400.0, "1.0e400"), (-400.001, "1.0e-400"),
    (-math.inf, "0"), (math.nan, "-"), (math.inf, "-"),
])
def test_a_power_of_ten_is_shown_beyond_the_range_of_floats(exponent, text):
    assert power_of_ten(exponent) == text


def test_a_gradient_of_zero_has_a_ratio_of_zero():
    gradient = run_on(stacks(act="step/linear/linear"), RunSpec(gradients=True)).layers[0].gradient
    assert (gradient.statistics["ratio"], gradient.statistics["log10_ratio"]) == (0, -math.inf)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run the program in this process, in an empty folder; (exit code, output, notes)."""
    monkeypatch.chdir(tmp_path)

    def once(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["histogram", "--layers", "2", "--width", "8", "--batch-size", "50", *arguments])
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return once


def test_the_table_has_the_ratio_unless_gradients_are_left_out(run):
    rows = [row for arguments in ([], ["--no-gradients"])
            for row in tables(run("--no-figure", *arguments)[1].splitlines())[1]]
    assert [row["gradient ratio"] == "-" for row in rows] == [False, False, True, True]
    code, table, _ = run("--no-figure", "--quantity", "gradient", "--act", "sigmoid", "--jacobian")
    assert (code, table.split("\n")[0]) == (0, "he / sigmoid · gradients: W ~ N(0, 2/n) · seed 0")
    assert "Jacobian (median of 4 samples): singular values " in table


@pytest.mark.slow
@pytest.mark.parametrize("settings", [["--act", "sigmoid"], ["--act", "step"], ["--init", "1e30"], ["--init", "zeros"],
                                      ["--act", "sigmoid", "--init", "1e-8", "--layers", "40"],
                                      ["--repeats", "3", "--range", "-1", "1"]], ids=" ".join)
def test_a_figure_of_gradients_is_drawn_whatever_they_are(settings, run):
    code, table, notes = run(*settings, "--quantity", "gradient", "--dpi", "50", "-o", "a.png")
    assert (code, notes.split("\n")[-2]) == (0, "wrote a.png")
    lines = [line for line in table.split("\n")
             if not line.startswith(("verdict: ", "remedy", "theory says", "  actprof "))]
    assert max(map(len, lines)) <= 120


def test_what_contradicts_itself_is_refused(run):
    assert run("--quantity", "gradient", "--no-gradients") == (
        2, "", "Error: --quantity gradient cannot be combined with --no-gradients. Choose one.\n")


def test_a_stack_without_gradients_because_of_its_size_says_so(run, monkeypatch):
    monkeypatch.setattr(memory, "WHOLE_BYTES", 100)
    note = "gradients are not computed for stacks above 100 bytes of weights"
    assert run("--no-figure") == (0, run("--no-figure", "--no-gradients")[1], f"note: {note}\n")
    assert run("--no-figure", "--gradients") == (
        1, "", f"Error: {note}: one has 512 bytes. Lower --width or --layers, or leave the gradients out.\n")
