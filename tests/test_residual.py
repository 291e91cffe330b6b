"""Residual stacks: what a plain NumPy network computes, exact derivatives, and the growth that the formulas give."""

import dataclasses
import json
import math
import warnings

import numpy as np
import pytest

import actprof
from actprof import streams
from actprof.catalogue import activations, initializers, normalizations
from actprof.catalogue.normalizations import NORMALIZATIONS
from actprof.catalogue.residuals import RESIDUALS
from actprof.diagnosis import evidence
from actprof.engine import jacobian, measure, memory
from actprof.engine.blocks import blocks_of, parts_of
from actprof.engine.inputs import open_inputs
from actprof.engine.network import Network
from actprof.engine.spec import QUANTITIES, STREAMS, RunSpec
from actprof.engine.stacks import stack_arms, stack_specs
from actprof.errors import SpecError
from actprof.program import main
from actprof.theory.criticality import silence_about
from actprof.theory.stack import predict
from actprof.train.request import Varied, train_specs
from tests import naive
from tests.cases import for_each
from tests.naive import ArrayInputs
from tests.test_backpropagation import Run, assert_exact, run_away_from_kinks

RULES = [row.name for row in RESIDUALS if row.name != "none"]
ORDERS = [f"{rule}:order={order},matrices={2 if rule == 'fixup' else matrices}" for rule in RULES
          for order in ("pre", "post") for matrices in (1, 2) if rule != "fixup" or matrices == 2]
BATCHED = ["pre_norm:batch", "post_norm:norm=batch,matrices=2", "branch_norm:batch"]

each_order = for_each("rule", [*ORDERS, *BATCHED])


def stack(rule, widths="6,6,6,9,9,9,9,4", init="he", act="tanh", **settings):
    return stack_specs([init], [act], widths=widths, residual=rule, **settings)[0]


def profiled(spec, rows=1000, data=None, **run):
    run = RunSpec(batch_size=rows, **run)
    return measure.measured([spec], run, data or open_inputs(run, spec.widths[0]))[0]


def streams_of(arm, name="second_moment", quantity="stream"):
    return np.array([getattr(layer, quantity).statistics[name] for layer in arm.layers if layer.stream])


def normalised(name, values):
    values = values.copy()
    normalizations.apply(NORMALIZATIONS.parse(name), values)
    return values


def propagated(spec, rows, seed=0):
    """(layer, stream, branch) of each block, by the definitions of the rules, one block after the other."""
    given, widths = spec.residual.values, spec.widths
    rule, matrices, first = spec.residual.name, given["matrices"], given["order"] == "pre"
    blocks, place = [], 0
    while place < spec.depth:
        fits = place + matrices <= spec.depth and widths[place] == widths[place + matrices]
        blocks.append((place, matrices if fits else 1, fits))
        place += blocks[-1][1]
    count, passed = sum(fits for *_, fits in blocks), 0
    alpha = {"depth": lambda: count ** -given["power"]}.get(rule, lambda: given.get("alpha", 1.0))()
    norm = f"{given['norm']}" if "norm" in given else "none"
    x, found = rows, []
    for place, length, fits in blocks:
        f = x / math.sqrt(1 + alpha**2 * passed) if rule == "nfnet" else x
        if fits and rule in ("pre_norm", "gpt2"):
            f = normalised(norm, f)
        for number in range(place + 1, place + length + 1):
            fans = naive.Fans(widths[number - 1], widths[number], number == 1)
            weights = initializers.bind(spec.inits[number - 1]).sample(
                streams.stream(seed, streams.WEIGHT, 0, number), fans, fans.shape, rows.dtype)
            bias = initializers.bind(spec.bias).sample(
                streams.stream(seed, streams.BIAS, 0, number), fans, fans.shape[1:], rows.dtype)
            last = fits and number == place + length
            if rule == "fixup" and fits:
                weights = weights * (0 if last else count**-0.5)
            if rule == "gpt2" and last:
                weights = weights / math.sqrt(count)
            phi = activations.bind(spec.activations[number - 1])
            kinds = [spec.norm.name if spec.norm_position == place else "none" for place in ("before", "after")]
            steps = [lambda f, w=weights, b=bias: f @ w + b,
                     lambda f, phi=phi, kinds=kinds: normalised(kinds[1], phi.value(normalised(kinds[0], f)))]
            for step in reversed(steps) if first else steps:
                f = step(f)
        passed = passed + 1 if fits else 0
        if not fits:
            x = f
            continue
        branch = alpha * (normalised(norm, f) if rule == "branch_norm" else f)
        x = normalised(norm if rule == "post_norm" else "none", x + branch)
        found.append((place + length, x, branch))
    return found


@for_each("settings", [{}, {"norm": "rms", "bias": "normal:0.3"},
                       {"norm": "layer", "norm_position": "after"}])
@each_order
def test_streams_and_branches_are_those_of_plain_numpy(rule, settings):
    spec = stack(rule, **settings)
    rows = np.random.default_rng(5).standard_normal((300, 6))
    arm = profiled(spec, 300, ArrayInputs(rows, 300), dtype="float64")
    expected = propagated(spec, rows)
    assert [layer.layer for layer in arm.layers if layer.stream] == [number for number, *_ in expected]
    for number, stream, branch in expected:
        for quantity, values in (("stream", stream), ("branch", branch)):
            measured = getattr(arm.layers[number - 1], quantity).statistics
            for name, value in naive.statistics(values).items():
                if name in measured:
                    assert measured[name] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), (number, name)


@each_order
def test_gradients_through_blocks_are_the_slopes_of_the_loss(rule):
    assert_exact(run_away_from_kinks("tanh", rows=(5, 3), widths="3,3,3,2", residual=rule))


@for_each("rule", [*RULES, "rezero:0.5", "rezero:alpha=0.5,matrices=2,order=post"])
def test_a_network_in_training_has_plain_ends_and_gradients_that_are_the_slopes_of_the_loss(rule):
    [spec] = train_specs(Varied(("he",), ("tanh",), residuals=(rule,)), 3, 3, widths="3,3,3", bias="normal:0.3")
    network = Network(spec.stack, 0, 0, np.dtype("float64"))
    run = Run(network, np.random.default_rng(0).standard_normal((5, 3)))
    first, *inner, last = run.parameters.layers
    assert first.part is last.part is None
    assert any(layer.part.skips for layer in inner)
    assert sum(layer.alpha is not None for layer in inner) == (0 if "rezero" not in rule else 1 if "=2" in rule else 2)
    assert_exact(run)


@for_each("settings", [{"act": "relu", "norm": "layer"}, {"act": "silu", "rate": 0.4},
                       {"act": "gelu", "norm": "batch", "position": "after"}])
@for_each("rule", ["plain:0.7", "post_norm:order=post", "gpt2:matrices=2"])
def test_so_they_are_with_a_norm_in_the_branch_and_with_dropout(rule, settings):
    assert_exact(run_away_from_kinks(rows=(5, 3), widths="3,3,3,2", residual=rule, **settings))


@for_each("rule", ["plain:order=post", "post_norm:order=post,matrices=2"])
def test_a_maxout_joins_the_stream_behind_its_matrix_but_never_stands_before_one(rule):
    assert_exact(run_away_from_kinks("maxout", rows=(5, 3), widths="3,3,3,2,2", residual=rule))
    with pytest.raises(SpecError, match="order=post"):
        stack("plain", act="maxout")


@for_each("rule", ["plain", "nfnet:order=post", "pre_norm:matrices=2"])
def test_the_jacobian_is_the_slope_of_the_outputs(rule):
    network = Network(stack(rule, widths="4,4,4,3"), 0, 0, np.dtype("float64"))
    layers = [network.layer(number) for number in (1, 2, 3)]
    row, h = np.random.default_rng(1).standard_normal(4), 1e-6

    def output(x):
        x = x[None]
        for layer in layers:
            x = measure.forward(network, layer, x, None, measure.NOBODY, measure.Scratch()).copy()
        return x[0]

    numeric = np.stack([(output(row + step) - output(row - step)) / (2 * h) for step in h * np.eye(4)], axis=1)
    np.testing.assert_allclose(jacobian.jacobian(network, layers, row), numeric, rtol=1e-6, atol=1e-8)


def everything(arm):
    return {(layer.layer, quantity, name): value for layer in arm.layers for quantity in layer.quantities
            for name, value in layer.quantity(quantity).statistics.items()}


@pytest.mark.parametrize("settings", [{"rule": "plain:matrices=2", "act": "rrelu"}, {"rule": "pre_norm:batch"},
                                      {"rule": "branch_norm:order=post", "act": "maxout", "dropout": 0.2}], ids=str)
def test_however_the_work_is_cut_the_figures_are_the_same(settings, monkeypatch):
    spec, run = stack(**settings, widths="20,20,20,30"), {"rows": 1500, "batches": 2}
    whole = everything(profiled(spec, **run))
    back = everything(profiled(spec, **run, gradients=True))
    assert {key: back[key] for key in whole} == pytest.approx(whole, rel=1e-5, abs=1e-6, nan_ok=True)
    monkeypatch.setattr(memory, "TAPE_BYTES", 0)
    assert everything(profiled(spec, **run, gradients=True)) == pytest.approx(back, rel=1e-4, abs=1e-5, nan_ok=True)
    monkeypatch.setattr(memory, "WHOLE_BYTES", 0)
    monkeypatch.setattr(memory, "SUPER_ROWS", 800)
    assert everything(profiled(spec, **run)) == pytest.approx(whole, rel=1e-5, abs=1e-6, nan_ok=True)


@for_each("rule", ["plain", "plain:order=post,matrices=2", "post_norm"])
@for_each("act", ["relu", "tanh"])
def test_a_stream_that_overflows_is_counted_and_warns_of_nothing(rule, act):
    """Beyond a layer that nothing finite leaves nothing is counted; tanh and a normalised sum do not grow."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        arm = profiled(stack(rule, init="1e15", act=act, widths="20,20,20,20,20"), gradients=True)
    seen = [layer.quantity(quantity) for layer in arm.layers if layer.stream for quantity in STREAMS]
    assert {each.statistics["count"] + each.non_finite for each in seen} <= {0, 20_000}
    assert any(each.non_finite for each in seen) == (act == "relu" and rule != "post_norm")


def test_alpha_0_leaves_inputs_and_gradients_as_they_are():
    arm = profiled(stack("rezero", widths="50,50,50,50"), gradients=True)
    [first, *rest] = streams_of(arm)
    assert rest == [first] * 2
    assert [layer.gradient.statistics["ratio"] for layer in arm.layers] == [1, 1, 1]
    assert not streams_of(arm, "second_moment", "branch").any()


def mean_moments(rule, layers, width=100, seeds=6, **settings):
    """The mean over networks of the last stream's second moment, its standard error beside it."""
    spec = stack_specs(["he"], [settings.pop("act", "relu")], layers=layers, width=width, residual=rule, **settings)[0]
    arm = profiled(spec, 50, repeats=seeds, quantities=QUANTITIES[:1])
    values = [network.layers[-1].stream.second_moment for network in arm.networks]
    return np.mean(values), np.std(values) / math.sqrt(seeds - 1)


@pytest.mark.slow
@for_each(("rule", "layers", "expected"), [
    ("plain", 20, 2.0**20), ("plain:0.5", 10, 1.25**10), ("depth", 10, 1.1**10), ("depth", 50, 1.02**50),
    ("depth:matrices=2", 20, 1.1**10),
    ("pre_norm:rms", 48, 49), ("pre_norm:layer", 24, 25), ("gpt2", 24, 2), ("gpt2", 48, 2),
    ("nfnet", 20, 1 + 20 * 0.04), ("branch_norm:rms", 20, 21), ("post_norm:rms", 10, 1), ("fixup", 10, 1)])
def test_the_stream_grows_as_the_formula_says(rule, layers, expected):
    mean, error = mean_moments(rule, layers)
    assert mean == pytest.approx(expected, abs=5 * error + 0.06 * expected)


@pytest.mark.slow
def test_behind_its_matrix_a_relu_drifts_and_multiplies_by_almost_3():
    """K' = K + 2 m_a m(q) + W(q), m_a' = m_a + m(q), q = 2K (He): the mean drifts."""
    moment, drift = 1.0, 0.0
    for _ in range(12):
        q = 2 * moment
        moment, drift = moment + 2 * drift * math.sqrt(q / (2 * math.pi)) + q / 2, drift + math.sqrt(q / (2 * math.pi))
    mean, error = mean_moments("plain:order=post", 12, seeds=20)
    assert moment ** (1 / 12) == pytest.approx(2.7, abs=0.1)
    assert mean == pytest.approx(moment, abs=4 * error)


@for_each("alpha", [0.5, 1.0])
def test_gradients_grow_by_1_plus_alpha_squared_chi_a_block(alpha):
    arm = profiled(stack(f"plain:{alpha}", widths=",".join(["300"] * 9), act="relu"), 500, gradients=True)
    assert arm.layers[0].gradient.statistics["ratio"] ** 2 == pytest.approx((1 + alpha**2) ** 7, rel=0.15)


def test_a_norm_behind_unit_branches_shrinks_what_comes_back_by_the_root_of_2():
    """Branches that do not depend on the stream leave it alone the way back: 1/√(1 + 1) a block."""
    spec = stack("post_norm:rms", widths=",".join(["400"] * 6), init="0", bias="normal:1")
    ratios = [layer.gradient.statistics["ratio"] for layer in profiled(spec, 200, gradients=True).layers]
    assert ratios == pytest.approx([2 ** (-(4 - place) / 2) for place in range(5)], rel=0.1)


def test_layers_that_do_not_fit_into_a_block_stand_between():
    spec = stack("plain:matrices=2", widths="8,5,5,5,5,9,9,3")
    assert [(part.skips, part.begins, part.ends) for part in parts_of(spec)] == [
        (False, True, True), (True, True, False), (True, False, True), (False, True, True), (False, True, True),
        (False, True, True), (False, True, True)]
    assert blocks_of(spec) == 1
    assert parts_of(stack("none")) == (None,) * 7
    assert profiled(spec).layers[0].quantities == ("activation", "preactivation")


def test_a_stack_without_a_block_is_a_plain_stack():
    plain, without = (profiled(stack(rule, widths="6,5,4")) for rule in ("none", "plain:order=post"))
    assert everything(plain) == everything(without)


def test_lsuv_gives_what_each_matrix_makes_variance_1():
    arm = profiled(stack("plain", init="lsuv", widths="50,50,50,50"), 512)
    assert streams_of(arm, "std", "branch") == pytest.approx([1, 1, 1], abs=0.1)


@for_each(("text", "words"), [
    ("plian", "plain"), ("plain:alpha=x", "number"), ("fixup:matrices=1", "from 2 to 2"), ("gpt2:none", "layer"),
    ("plain:order=mid", "pre, post"), ("plain:matrices=3", "from 1 to 2")])
def test_bad_rules_are_refused_with_what_is_allowed(text, words):
    with pytest.raises(SpecError, match=words):
        stack(text)


def test_arms_are_named_by_their_rule_and_configured_by_it():
    first, second = stack_arms(["he"], ["relu"], residual=["none", "skipinit:0.1"], layers=[2])
    assert second.label == f"{first.label.removesuffix('none')}skipinit:0.1"
    config = profiled(second).config
    assert (config["residual"], config["residual_parameters"]) == (
        "rezero", {"alpha": 0.1, "matrices": 1, "order": "pre"})


def record_of(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--batch-size", "50", "--no-figure", "-q"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_json_and_csv_have_stream_and_branch_where_a_block_ends(capsys):
    arguments = ["histogram", "--residual", "plain", "--widths", "9,9,4", "--format"]
    first, second = json.loads(record_of(capsys, *arguments, "json"))["arms"][0]["layers"]
    for quantity in STREAMS:
        assert {"std", "second_moment", "mean", "correlation"} <= first[quantity].keys()
        assert quantity not in second
    rows = [line.split(",") for line in record_of(capsys, *arguments, "csv").splitlines()[1:]]
    assert [quantity for _, layer, quantity, *_ in rows if layer == "1"][-2:] == list(STREAMS)


def test_a_sweep_varies_rules_and_the_depth_of_a_residual_stack(capsys):
    record = json.loads(record_of(capsys, "sweep", "--over", "residual=none,depth:1", "--over", "layers=2,8", "--width",
                                  "20", "--format", "json"))
    assert [axis["name"] for axis in record["axes"]] == ["residual", "layers"]
    assert len({value for row in record["quantities"]["std"] for value in row}) == 4


def test_profiles_of_two_halves_merge_to_the_profile_of_the_whole():
    rows = np.random.default_rng(7).standard_normal((512, 20)).astype("float32")
    spec = stack("plain", widths="20,20,20")
    first, second, whole = (profiled(spec, len(part), ArrayInputs(part, len(part)), range=(-9.0, 9.0))
                            for part in (rows[:256], rows[256:], rows))
    merged = dataclasses.replace(whole, networks=(first.networks[0].merge(second.networks[0]),))
    assert everything(merged) == pytest.approx(everything(whole), rel=1e-5, abs=1e-6)


def said_of(rule, layers, width=100, act="relu", init="he", **settings):
    spec = stack_specs([init], [act], layers=layers, width=width, residual=rule, **settings)[0]
    found = predict(spec, 1.0, 0.0, 10**6)
    assert found.reason == ""
    return found.layers


@for_each(("rule", "layers", "expected"), [
    ("plain", 20, 2.0**20), ("plain:0.5", 8, 1.25**8), ("plain:matrices=2", 20, 2.0**10),
    ("depth", 10, 2.5937), ("depth", 50, 2.6916), ("depth", 100, 2.7048), ("pre_norm:rms", 48, 49),
    *(("pre_norm", 2 * blocks, rms**2) for blocks, rms in ((12, 5.0), (24, 7.0), (48, 9.849), (96, 13.892))),
    ("gpt2", 24, 2), ("gpt2", 192, 2), ("nfnet", 20, 1.8), ("branch_norm:rms", 20, 21), ("post_norm:batch", 9, 1),
    ("fixup", 10, 1), ("rezero", 10, 1)])
def test_theory_of_the_stream_is_the_formula(rule, layers, expected):
    assert said_of(rule, layers)[-1].stream.second_moment == pytest.approx(expected, rel=1e-3)


def test_theory_of_a_relu_behind_its_matrix_has_the_drift_of_the_mean():
    moment, drift, growth = 1.0, 0.0, []
    for layer in said_of("plain:order=post", 12):
        mean = math.sqrt(2 * moment / (2 * math.pi))
        grown, drift = 2 * moment + 2 * drift * mean, drift + mean
        growth.append(grown / moment)
        moment = grown
        assert (layer.stream.second_moment, layer.stream.mean) == pytest.approx((moment, drift), rel=1e-6)
    assert growth[-1] == pytest.approx(2.9, abs=0.05)


@for_each("act", ["relu", "tanh"])
@for_each("alpha", [0.5, 1.0])
def test_theory_of_the_way_back_is_1_plus_alpha_squared_chi_a_block(act, alpha):
    layers = said_of(f"plain:{alpha}", 6, act=act)
    z, weights = naive.gaussian_rule()
    moment = 1.0
    for layer, below in zip(layers[1:], layers, strict=False):
        moment = below.stream.second_moment
        slope = (z > 0) * 1.0 if act == "relu" else 1 / np.cosh(math.sqrt(moment) * z) ** 2
        factor = 1 + alpha**2 * 2 * float(slope**2 @ weights)
        assert math.exp(2 * (below.log_gradient_ratio - layer.log_gradient_ratio)) == pytest.approx(factor, rel=1e-5)
        assert below.chi == pytest.approx(factor, rel=1e-5)


@pytest.mark.slow
@for_each(("rule", "settings"), [
    ("plain:matrices=2", {"act": "tanh", "bias": "normal:0.3"}), ("plain:order=post,matrices=2", {}),
    ("post_norm:norm=batch,order=post", {}), ("branch_norm", {"act": "gelu"}), ("gpt2:matrices=2", {"dropout": 0.2}),
    ("plain", {"norm": "batch"}), ("nfnet:order=post", {"norm": "rms", "norm_position": "after"})])
def test_measured_streams_and_gradients_are_those_of_theory(rule, settings):
    spec = stack_specs(["he"], [settings.get("act", "relu")], layers=6, width=200, residual=rule, **{
        name: value for name, value in settings.items() if name != "act"})[0]
    arm, theory = profiled(spec, 200, repeats=4, gradients=True), predict(spec, 1.0, 0.0, 200)
    assert sum(layer.stream is not None for layer in arm.layers) >= 2
    for layer, said in zip(arm.layers, theory.layers, strict=True):
        assert layer.gradient.statistics["ratio"] == pytest.approx(math.exp(said.log_gradient_ratio), rel=0.1)
        for quantity in STREAMS if layer.stream else ():
            measured, expected = layer.quantity(quantity).statistics, getattr(said, quantity)
            assert measured["std"] == pytest.approx(expected.std, rel=0.1)
            assert measured["mean"] == pytest.approx(expected.mean, abs=0.1 * expected.std)
            assert measured["correlation"] == pytest.approx(expected.correlation, abs=0.05)


def test_theory_is_silent_where_inputs_are_no_normal_numbers():
    arm = actprof.histogram(layers=2, width=20, residual="plain", input="uniform:low=0,high=1").arms[0]
    assert "normally distributed" in arm.forecast.theory.reason
    assert actprof.histogram(layers=2, width=20, residual="plain").arms[0].forecast.theory.reason == ""


def test_no_edge_of_chaos_is_told_of_a_residual_stack():
    assert "skip" in silence_about(stack("plain"))
    assert "skip" not in silence_about(stack("none"))


def judged(rule, layers, **settings):
    return actprof.histogram(residual=rule, layers=layers, batch_size=100, **settings).arms[0]


def test_exponential_growth_is_named_and_a_remedy_followed_cures():
    arm = judged("plain", 16, width=50)
    assert arm.verdict.code == "exploding"
    assert "exponentially" in arm.verdict.text
    assert arm.verdict.options == "--residual depth"
    assert judged("depth", 16, width=50).verdict.code == "healthy"


def test_the_growth_a_layer_is_the_streams_where_branches_are_zero():
    arm = judged("fixup:matrices=2", 8, width=20)
    ends = [layer.stream.statistics["std"] for layer in arm.layers if layer.stream]
    assert np.ptp(ends) == 0  # fixup's last matrices are zero
    assert arm.signal_growth() == 1
    assert arm.gradient_growth == pytest.approx(1, rel=1e-6)


def test_growth_by_a_power_law_is_no_explosion(monkeypatch):
    monkeypatch.setattr(evidence, "CHANGE", dataclasses.replace(evidence.CHANGE, value=3.0))
    assert judged("plain", 16, width=20).verdict.code == "exploding"
    arm = judged("pre_norm:rms", 24, width=20)
    assert arm.layers[-1].stream.statistics["std"] > 3
    assert arm.verdict.code not in ("exploding", "drifting")
    assert "power law: the last block adds 0.2" in arm.verdict.text


def test_the_table_has_a_row_for_each_block_and_names_the_layers_between(capsys):
    text = record_of(capsys, "histogram", "--residual", "plain", "--widths", "30,20,20,20,10")
    _, rows = text.split("streams behind blocks, and what branches add\n")
    table = rows.split("plain layers")[0].splitlines()
    assert [line.split()[0] for line in table[3:]] == ["2", "3"]
    assert max(map(len, table)) <= 80
    assert "in no block of equal widths: 1, 4" in rows.replace("which fit into", "in")
    assert "streams" not in record_of(capsys, "histogram", "--layers", "2")
