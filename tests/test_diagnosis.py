"""Verdicts: each lecture classic gets its code, its layer and its number, and the remedy helps."""

import functools
import math
import re
import shlex
from dataclasses import replace

import pytest

from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.initializers import INITIALIZERS
from actprof.diagnosis.evidence import Evidence, number, times
from actprof.diagnosis.rules import verdict
from actprof.diagnosis.verdicts import CHANGE, CODES, THRESHOLDS, Verdict
from actprof.engine.inputs import open_inputs, parse
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.histogram.compare import compare
from actprof.report.terminal import PLAIN

TANH = "lecun_normal:gain=1.6666667"


@functools.cache
def arm_of(init, act, layers, source="normal", rows=500, gradients=True, seed=0, **settings):
    run = RunSpec(parse(source), batch_size=rows, gradients=gradients, seed=seed)
    stack, = stack_specs([init], [act], layers=layers, **settings)
    arm, = compare([stack], run, open_inputs(run, stack.widths[0])).arms
    return arm, stack


def profiled(init, act, layers=5, second_moment=1.0, mean=0.0, theory=True, **settings):
    """(arm, stack, theory, the inputs' moments)."""
    arm, stack = arm_of(init, act, layers, **settings)
    inputs = replace(arm.forecast.inputs, second_moment=second_moment, mean=mean)
    return arm, stack, arm.forecast.theory if theory else None, inputs


def judged(init, act, layers=5, **settings):
    return verdict(*profiled(init, act, layers, **settings))


def gradient_ratio(arm, layer=1):
    return arm.layers[layer - 1].gradient.statistics["log10_ratio"]


def change(arguments):
    """The largest |log₁₀| of what becomes of sizes; infinite where something is 0 or not finite."""
    if any(layer.activation.non_finite for layer in arguments[0].layers):
        return math.inf
    return Evidence(*arguments).change


CLASSICS = [
    # init, act, layers, code, from layer, to layer
    ("he", "relu", 5, "healthy", None, None),
    ("he", "relu", 50, "healthy", None, None),
    ("lecun_normal", "selu", 5, "healthy", None, None),
    ("lecun_normal", "selu", 50, "healthy", None, None),
    ("xavier", "tanh", 5, "healthy", None, None),
    ("xavier", "tanh", 50, "healthy", None, None),
    (TANH, "tanh", 5, "healthy", None, None),
    (TANH, "tanh", 50, "exploding", 10, 20),
    ("he", "selu", 50, "exploding", 1, 30),
    ("he", "gelu", 50, "vanishing", 15, 40),
    ("torch.linear", "relu", 50, "vanishing", 45, 48),
    ("torch.linear", "relu", 5, "vanishing", 1, 2),
    ("0.01", "relu", 5, "vanishing", 2, 2),
    ("1", "relu", 5, "exploding", 2, 2),
    ("1", "relu", 100, "non_finite", 40, 55),
    ("1", "sigmoid", 5, "saturated", 1, 1),
    ("0.01", "sigmoid", 5, "vanishing", 4, 4),
    ("lecun_normal", "sigmoid", 5, "collapsed", 4, 4),
    ("1", "tanh", 5, "saturated", 1, 1),
    ("zeros", "relu", 5, "symmetric", 1, 1),
    ("zeros", "sigmoid", 5, "symmetric", 1, 1),
    ("ones", "relu", 5, "symmetric", 1, 1),
    ("ones", "tanh", 5, "symmetric", 1, 1),
    ("constant:0.5", "sigmoid", 5, "symmetric", 1, 1),
]
BAD = [case[:3] for case in CLASSICS if case[3] != "healthy"]


@pytest.mark.parametrize(("init", "act", "layers", "code", "first", "last"), CLASSICS)
def test_a_classic_gets_its_code_and_the_layer_that_shows_it(init, act, layers, code, first, last):
    arguments = profiled(init, act, layers, theory=not (init == "1" and layers == 100))
    found = verdict(*arguments)
    assert found.code == code, found
    assert found.good == (code == "healthy") == (found.remedy == "")
    if first is None:
        assert found.layer is None
    else:
        assert first <= found.layer <= last, found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("init", "act"), [("he", "relu"), ("xavier", "tanh"), ("lecun_normal", "selu")])
def test_an_ordinary_network_is_healthy_whatever_the_seed(init, act, seed):
    assert judged(init, act, seed=seed).good


@pytest.mark.parametrize(("init", "act", "layers"), BAD)
def test_the_remedy_when_it_is_run_is_healthy_or_at_least_better(init, act, layers):
    arguments = profiled(init, act, layers, theory=False)
    options = re.match(r"try (--.*?) \(", verdict(*arguments).remedy)
    assert options, verdict(*arguments).remedy
    words = shlex.split(options[1])
    settings = dict(zip([word[2:] for word in words[::2]], words[1::2], strict=True))
    better = profiled(settings.pop("init", init), act, layers, theory=False, **settings)
    assert verdict(*better).good or change(better) < change(arguments)
    assert verdict(*better).good or layers == 50


@pytest.mark.parametrize(("init", "act", "layers", "norm", "bias"), [
    ("he", "relu", 50, "batch", None), ("lecun_normal", "gelu", 30, "none", None), ("he", "mish", 50, "none", None),
    ("he", "relu", 5, "none", "constant:-3"), ("he", "hard_tanh", 20, "none", None), ("0.05", "relu", 20, "none", None),
    ("he", "softplus", 20, "none", None), ("lecun_normal:gain=3", "relu", 10, "none", "normal:std=1"),
])
def test_other_remedies_help_too(init, act, layers, norm, bias):
    arguments = profiled(init, act, layers, theory=False, norm=norm, bias=bias)
    found = verdict(*arguments)
    words = re.search(r"try ((?:--\w+ \S+ ?)+)", found.remedy)[1].split()
    settings = {"norm": norm, "bias": bias} | dict(zip([w[2:] for w in words[::2]], words[1::2], strict=True))
    after = verdict(*profiled(settings.pop("init", init), act, layers, theory=False, **settings))
    assert not found.good
    assert after.good, (found, after)


def test_the_gain_of_a_remedy_is_the_one_of_the_papers():
    """1/√E φ(z)²: 1.5925 for tanh; √2 and 1 by name for relu and selu; the edge of chaos of tanh at σ_w = 1."""
    assert "--init lecun_normal:gain=1.593 " in judged("0.01", "tanh").remedy
    assert "--init he " in judged("0.01", "relu").remedy
    assert "--init lecun_normal (the gain" in judged("he", "selu", 50).remedy
    assert "--init lecun_normal (the edge of chaos)" in judged(TANH, "tanh", 50).remedy
    assert "--norm batch" in judged("lecun_normal", "sigmoid").remedy


@pytest.mark.parametrize("gain", [0.5, 0.7, 0.9, 1.35, 1.42, 1.5, 2.0, 2.4, 3.0])
def test_relu_grows_by_gain_over_root_two_a_layer_and_20_layers_show_it(gain):
    growth = 20 * math.log10(gain / math.sqrt(2))
    found = judged(f"lecun_normal:gain={gain}", "relu", 20, width=300)
    sure = abs(growth) > 1.3 * math.log10(CHANGE.value) or abs(growth) < 0.7 * math.log10(CHANGE.value)
    assert sure
    if abs(growth) < math.log10(CHANGE.value):
        assert found.good
    else:
        assert found.code == ("exploding" if growth > 0 else "vanishing")
        step = growth / 20
        assert found.layer == pytest.approx(math.log10(CHANGE.value) / abs(step) + 1, abs=2)


def test_the_numbers_in_a_text_are_those_measured():
    arguments = profiled(TANH, "tanh", 50)
    arm, text = arguments[0], verdict(*arguments).text
    largest = max(gradient_ratio(arm, layer) for layer in range(1, 51))
    assert f"(squared ×{number(10 ** (2 * largest))})" in text
    first, last = (arm.layers[place].activation.statistics["std"] for place in (0, -1))
    assert f"forward looks healthy, std {first:.3g} → {last:.3g}, but" in text
    assert "chi = 1.21 a layer" in text
    assert text.startswith("tanh with lecun_normal:gain=1.6666667: ")
    collapsed = profiled("lecun_normal", "sigmoid")
    statistics = collapsed[0].layers[-1].activation.statistics
    within = number(statistics["within_unit_std"])
    assert f"(std {statistics['std']:.3g} in layer 5), yet within units std is {within}:" in verdict(*collapsed).text
    vanishing = profiled("0.01", "relu")
    statistics = vanishing[0].layers[-1].activation.statistics
    assert f"to rms {number(math.sqrt(statistics['second_moment']))} in layer 5" in verdict(*vanishing).text
    assert f"×{statistics['second_moment'] ** 0.1:.3g} a layer" in verdict(*vanishing).text


def test_what_is_healthy_may_carry_a_remark():
    assert re.search(r"inputs grow alike: correlation 0\.3\d+ → 0\.9\d+ by layer 50", judged("he", "relu", 50).text)
    assert "by a power law, not exponentially" in judged("xavier", "tanh", 50).text
    assert "chi = 1.07 a layer: gradients ×10 every 66" in judged("lecun_normal", "selu", 50).text


def test_what_selu_needs_and_does_not_get_is_named():
    assert "selu needs LeCun weights (fan_in·Var W is 2, not 1)" in judged("he", "selu").text
    assert "selu needs LeCun weights (fan_in·Var W is 2, not 1)" in judged("he", "selu", 50).text
    assert "needs" not in judged("lecun_normal", "selu").text
    text = judged("lecun_normal", "selu", source="uniform:low=0,high=1", second_moment=1 / 3, mean=0.5).text
    assert "selu needs inputs of mean 0 (not 0.5) and inputs of variance 1 (not 0.0833)" in text


def test_without_measured_gradients_theory_stands_in_and_without_theory_only_what_was_measured_is_said():
    by_theory = judged(TANH, "tanh", 50, gradients=False)
    assert by_theory.code == "exploding"
    assert "gradients by theory grow" in by_theory.text
    measured = judged(TANH, "tanh", 50, theory=False)
    assert measured.code == "exploding"
    assert "chi" not in measured.text
    assert judged(TANH, "tanh", 50, gradients=False, theory=False).good


def test_dead_units_are_more_than_chance_and_a_bias_below_0_is_named():
    found = judged("he", "relu", bias="constant:-3")
    assert (found.code, found.remedy) == ("dying", "biases of -3 push z below 0: try --bias zeros")
    assert "are 0 for every input: z has mean -3" in found.text
    assert judged("0.01", "relu", 60).code == "vanishing"


def test_chance_in_a_narrow_network_is_told_from_a_wrong_scale():
    codes = {seed: judged("he", "relu", 100, width=8, seed=seed) for seed in range(3)}
    fading = [found for found in codes.values() if found.code == "vanishing"]
    assert fading
    assert all(found.remedy.startswith("theory expects these settings to hold: 8 units are few") for found in fading)
    assert all("try --width 500" in found.remedy for found in fading)


def test_a_step_has_no_gradient_and_zero_inputs_no_signal():
    assert judged("he", "step").text.endswith("no gradient comes back, the slope of step is 0 throughout layer 5")
    assert judged("he", "relu", source="constant:0", second_moment=0.0).text.endswith("all inputs are 0")


def test_inputs_that_settle_to_the_fixed_point_of_an_activation_do_not_explode_or_vanish():
    assert "activations" not in judged("lecun_normal", "selu", 20, source="normal:std=0.01", second_moment=1e-4).text
    assert judged("lecun_normal", "relu", 2, source="normal:std=100", second_moment=1e4).code == "healthy"


def test_one_sample_or_equal_inputs_do_not_make_a_layer_collapsed_or_dying():
    assert judged("he", "relu", rows=1, theory=False).code == "healthy"
    assert judged("he", "relu", source="constant:1", mean=1.0).code == "healthy"


def line_is_fine(found: Verdict) -> None:
    assert found.code in CODES
    for text in (found.text, found.remedy):
        assert "\n" not in text
        assert not text.endswith(".")
        assert "nan" not in re.sub(r"\d+ nan\b", "", text.casefold())
    assert len(found.text) <= 200
    assert (found.text + found.remedy).translate(PLAIN).isascii()


@pytest.mark.parametrize(("init", "act", "layers"), [case[:3] for case in CLASSICS])
def test_a_text_is_one_short_line_and_turns_into_ascii(init, act, layers):
    line_is_fine(judged(init, act, layers, theory=not (init == "1" and layers == 100)))


@pytest.mark.parametrize("init", [row.name for row in INITIALIZERS])
def test_there_is_a_verdict_on_every_init_with_every_activation(init):
    for act in ACTIVATIONS:
        found = judged(init, act.name, 2, width=8, rows=20)
        assert found.code in CODES
        line_is_fine(found)


def test_every_limit_has_a_name_of_its_own_and_a_reason():
    assert len(THRESHOLDS) == len({limit.name for limit in THRESHOLDS})
    assert all(limit.value > 0 and limit.unit and limit.reason for limit in THRESHOLDS)


def test_factors_are_written_with_three_digits_and_beyond_the_range_of_floats():
    assert [times(exponent) for exponent in (0, 1, 4.1367, -19.09, -412.5, 500, -math.inf)] == [
        "×1", "×10", "×13,700", "×8.1e-20", "×3.2e-413", "×1.0e500", "×0"]
    assert [number(value) for value in (0, 0.0312, 999.7, 1.6e4, 2.5e37, math.inf)] == [
        "0", "0.0312", "1,000", "16,000", "2.5e37", "infinity"]
