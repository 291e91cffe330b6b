"""Verdicts: each lecture classic gets its code, its layer and its number, and the remedy helps."""

import functools
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.initializers import INITIALIZERS
from actprof.diagnosis import remedies
from actprof.diagnosis.evidence import Evidence, number, times
from actprof.diagnosis.remedies import Trials, candidates
from actprof.diagnosis.rules import judge, verdict
from actprof.diagnosis.terms import STATUSES as TOLD
from actprof.diagnosis.terms import VERDICTS, readme
from actprof.diagnosis.verdicts import CHANGE, CODES, THRESHOLDS, Verdict
from actprof.engine.inputs import input_moments, open_inputs, parse
from actprof.engine.measure import measured
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.histogram.compare import forecast
from actprof.report.terminal import PLAIN
from actprof.train.result import STATUSES

TANH = "lecun_normal:gain=1.6666667"


@functools.cache
def seen(init, act, layers=5, source="normal", rows=128, gradients=True, seed=0, repeats=1, **settings):
    """(arm, stack, forecast, trials of remedies)."""
    run = RunSpec(parse(source), batch_size=rows, gradients=gradients, seed=seed, repeats=repeats)
    stack, = stack_specs([init], [act], layers=layers, **settings)
    inputs = open_inputs(run, stack.widths[0])
    arm, = measured([stack], run, inputs)
    said = forecast(stack, input_moments(inputs), inputs.batch_rows(0), arm.layers)
    return arm, stack, said, Trials(run, inputs, judge)


def profiled(init, act, layers=5, second_moment=1.0, mean=0.0, theory=True, **settings):
    """(arm, stack, theory, the inputs' moments)."""
    arm, stack, said, _ = seen(init, act, layers, **settings)
    inputs = replace(said.inputs, second_moment=second_moment, mean=mean)
    return arm, stack, said.theory if theory else None, inputs


def judged(init, act, layers=5, **settings):
    return verdict(*profiled(init, act, layers, **settings))


@functools.cache
def advised(init, act, layers=5, **settings):
    """The verdict with a remedy that was run."""
    arm, stack, said, trials = seen(init, act, layers, **settings)
    return verdict(arm, stack, said.theory, said.inputs, trials)


def followed(found, init, act, layers, **settings):
    """The verdict after the options that a remedy names are taken; None where it names none."""
    named = re.search(r"try ((?:--\w+ \S+ ?)+)", found.remedy)
    if not named:
        return None
    words = named[1].split()
    taken = {"init": init, "act": act, "layers": str(layers), **settings,
             **dict(zip([word[2:] for word in words[::2]], words[1::2], strict=True))}
    if "widths" in taken:
        taken["layers"] = None
    taken = {name: int(value) if name in ("layers", "width") and value is not None else value
             for name, value in taken.items()}
    return advised(taken.pop("init"), taken.pop("act"), taken.pop("layers"), **taken)


def gradient_ratio(arm, layer=1):
    return arm.layers[layer - 1].gradient.statistics["log10_ratio"]


CLASSICS = [
    # init, act, layers, code, from layer, to layer
    ("he", "relu", 5, "healthy", None, None),
    ("he", "relu", 50, "healthy", None, None),
    ("lecun_normal", "selu", 5, "healthy", None, None),
    ("lecun_normal", "selu", 50, "drifting", None, None),
    ("xavier", "tanh", 5, "healthy", None, None),
    ("xavier", "tanh", 50, "healthy", None, None),
    (TANH, "tanh", 5, "healthy", None, None),
    (TANH, "tanh", 50, "exploding", 10, 20),
    ("he", "selu", 50, "exploding", 1, 30),
    ("he", "gelu", 50, "vanishing", 15, 40),
    ("xavier", "relu", 10, "drifting", None, None),
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
BAD = [case[:3] for case in CLASSICS if case[3] not in ("healthy", "drifting")]


@pytest.mark.slow
@pytest.mark.parametrize(("init", "act", "layers", "code", "first", "last"), CLASSICS)
def test_a_classic_gets_its_code_and_the_layer_that_shows_it(init, act, layers, code, first, last):
    arm, stack, said, _ = seen(init, act, layers)
    theory = None if init == "1" and layers == 100 else said.theory
    found = verdict(arm, stack, theory, said.inputs)
    assert found.code == code, found
    assert found.good == (code == "healthy") == (advised(init, act, layers).remedy == "")
    line_is_fine(found)
    if first is None:
        assert found.layer is None
    else:
        assert first <= found.layer <= last, found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("init", "act"), [("he", "relu"), ("xavier", "tanh"), ("lecun_normal", "selu")])
def test_an_ordinary_network_is_healthy_whatever_the_seed(init, act, seed):
    assert judged(init, act, seed=seed).good


@pytest.mark.slow
@pytest.mark.parametrize(("init", "act", "layers"), [*BAD, ("he", "softplus", 40), ("lecun:gain=3", "relu_squared", 5),
                                                    ("critical", "sigmoid", 5), ("he", "relu", 100)])
def test_a_remedy_followed_cures(init, act, layers):
    found = advised(init, act, layers)
    after = followed(found, init, act, layers)
    told = re.search(r"bad from ([\d,]+) on$", found.remedy)
    if told:  # no gain holds the size of gelu in layer after layer: the best of them drifts, and the remedy says so
        assert after.code == "drifting"
        [depth] = re.findall(r"bad from ([\d,]+) layers on", after.text)
        assert int(depth) == pytest.approx(int(told[1]), rel=0.05)  # a trial may be of fewer rows
    else:
        assert found.good or (after and after.good), (found, after)


@pytest.mark.slow
@pytest.mark.parametrize(("init", "act", "layers", "norm", "bias"), [
    ("he", "relu", 50, "batch", None), ("lecun_normal", "gelu", 30, "none", None), ("he", "mish", 50, "none", None),
    ("he", "relu", 5, "none", "constant:-3"), ("he", "hard_tanh", 20, "none", None), ("0.05", "relu", 20, "none", None),
    ("he", "softplus", 20, "none", None), ("lecun_normal:gain=3", "relu", 10, "none", "normal:std=1"),
])
def test_other_remedies_help_too(init, act, layers, norm, bias):
    found = advised(init, act, layers, norm=norm, bias=bias)
    after = followed(found, init, act, layers, norm=norm, bias=bias)
    assert found.bad
    assert after is not None
    assert after.good, (found, after)


def test_the_gain_of_a_remedy_is_the_one_of_the_papers():
    """1/√E φ(z)²: 1.5925 for tanh; √2 and 1 by name for relu and selu; the edge of chaos of tanh at σ_w = 1."""
    assert "--init lecun_normal:gain=1.593 " in advised("0.01", "tanh").remedy
    assert "--init he " in advised("0.01", "relu").remedy
    assert "--init lecun_normal (the gain" in advised("he", "selu", 30).remedy
    assert "--init lecun_normal (the edge of chaos)" in advised(TANH, "tanh", 50).remedy


@pytest.mark.slow
@pytest.mark.parametrize("gain", [0.5, 0.7, 0.9, 1.35, 1.42, 1.5, 2.0, 2.4, 3.0])
def test_relu_grows_by_gain_over_root_two_a_layer_and_20_layers_show_it(gain):
    growth = 20 * math.log10(gain / math.sqrt(2))
    found = judged(f"lecun_normal:gain={gain}", "relu", 20, width=300)
    sure = abs(growth) > 1.3 * math.log10(CHANGE.value) or abs(growth) < 0.7 * math.log10(CHANGE.value)
    assert sure
    if abs(growth) < math.log10(CHANGE.value):
        assert not found.bad
    else:
        assert found.code == ("exploding" if growth > 0 else "vanishing")
        step = growth / 20
        assert found.layer == pytest.approx(math.log10(CHANGE.value) / abs(step) + 1, abs=2)


def said(pattern, text):
    """The number that stands in the text where the pattern has N, of three digits, or two and an exponent."""
    [found] = re.findall(re.escape(pattern).replace("N", r"([\d.,]+(?:e[+-]?\d+)?)"), text)
    return pytest.approx(float(found.replace(",", "")), rel=0.05 if "e" in found else 5e-3)


def test_the_numbers_in_a_text_are_those_measured():
    arguments = profiled(TANH, "tanh", 50)
    arm, text = arguments[0], verdict(*arguments).text
    largest = max(gradient_ratio(arm, layer) for layer in range(1, 51))
    assert 10 ** (2 * largest) == said("(squared ×N)", text)
    first, last = (arm.layers[place].activation.statistics["std"] for place in (0, -1))
    assert f"forward looks healthy, std {first:#.3g} → {last:#.3g}, but" in text
    assert "chi = 1.21 a layer" in text
    assert text.startswith("tanh with lecun_normal:gain=1.6666667: ")
    collapsed = profiled("lecun_normal", "sigmoid")
    statistics = collapsed[0].layers[-1].activation.statistics
    text = verdict(*collapsed).text
    assert statistics["std"] == said("(std N in layer 5), yet", text)
    assert statistics["within_unit_std"] == said("in layer 5), yet within units std is N:", text)
    vanishing = profiled("0.01", "relu")
    statistics = vanishing[0].layers[-1].activation.statistics
    text = verdict(*vanishing).text
    assert math.sqrt(statistics["second_moment"]) == said(" to rms N in layer 5", text)
    assert statistics["second_moment"] ** 0.1 == said(" ×N a layer to rms", text)


def test_what_is_healthy_may_carry_a_remark():
    assert re.search(r"inputs grow alike: correlation 0\.3\d+ → 0\.9\d+ by layer 50", judged("he", "relu", 50).text)
    assert "by a power law, not exponentially" in judged("xavier", "tanh", 50).text
    faded = judged("xavier", "softsign", 20)
    assert faded.code == "vanishing"
    assert "by a power law" in faded.text
    assert "a layer" not in faded.text  # there is no factor a layer
    assert "chi = 1.07 a layer: gradients ×10 every 67 layers" in judged("lecun_normal", "selu", 50).text


def test_what_would_be_bad_in_a_deeper_stack_drifts_and_the_depth_is_that_of_chi():
    """Xavier halves the squared gradient of ReLU a layer; ×1/30 is passed after 2·ln 30/ln 2 = 9.8 of them."""
    found = judged("xavier", "relu", 10)
    assert (found.code, found.layer, found.bad, found.good) == ("drifting", None, False, False)
    assert f"bad from {1 + math.ceil(2 * math.log(CHANGE.value) / math.log(2))} layers on" in found.text
    assert "chi = 0.500 a layer: gradients ×0.1 every 6.6 layers" in found.text
    assert "--init he " in advised("xavier", "relu", 10).remedy
    assert judged("he", "relu", 50).good
    slow = judged(f"lecun_normal:gain={math.sqrt(2 * 1.04)}", "relu", 100)
    assert f"chi = 1.04 a layer: gradients ×10 every {2 / math.log10(1.04):.0f} layers" in slow.text
    assert judged("xavier", "tanh", 5).good  # by a power law: ×0.4 over 5 layers, and no more than that over 50


def test_gradients_drift_where_only_activations_follow_a_power_law():
    """E a² of He's ELU grows by a power law, but χ - 1 as 1/√E a², so that gradients grow faster than by any power."""
    assert judged("he", "elu", 32, rows=16).code == "drifting"


def test_networks_of_finite_width_that_fall_behind_the_average_are_not_called_chance():
    """ln K of ReLU falls by 5/2n a layer (Hanin & Nica 2018): ×0.04 in the std of 50 layers of 20 units."""
    assert "finite width drifts" in judged("he", "relu", 50, width=30, rows=100).text


def test_inputs_that_are_all_alike_are_said_to_be():
    found = judged("he", "relu", source="constant:1", mean=1.0)
    assert "all inputs are alike" in found.text
    assert "all inputs are alike" in found.headline


@pytest.mark.parametrize("bias", [-1, -2, -3])
def test_biases_that_push_every_unit_off_make_them_die_however_slowly(bias):
    assert judged("he", "relu", bias=f"constant:{bias}").code == "dying"


def test_a_collapse_is_told_with_the_gradient_that_vanishes_beside_it():
    assert "gradients ×0.00" in judged("lecun_normal", "sigmoid").text


def test_a_gain_that_does_not_keep_its_word_does_not_claim_to():
    for init, act in (("0.01", "exponential"), ("1", "relu_squared"), ("0.01", "softplus")):
        found = advised(init, act, 4).remedy
        activations = re.search(r"activations ×([\d.e+-]+)", found)
        assert "the gain that keeps" not in found or 1 / 3 < float(activations[1]) < 3

def test_what_selu_needs_and_does_not_get_is_named():
    assert "selu needs LeCun weights (fan_in·Var W is 2.00, not 1)" in judged("he", "selu").text
    assert "selu needs LeCun weights (fan_in·Var W is 2.00, not 1)" in judged("he", "selu", 50).text
    assert "needs" not in judged("lecun_normal", "selu").text
    text = judged("lecun_normal", "selu", source="uniform:low=0,high=1", second_moment=1 / 3, mean=0.5).text
    assert "selu needs inputs of mean 0 (not 0.500) and inputs of variance 1 (not 0.0833)" in text


def test_without_measured_gradients_theory_stands_in_and_without_theory_only_what_was_measured_is_said():
    by_theory = judged(TANH, "tanh", 50, gradients=False)
    assert by_theory.code == "exploding"
    assert "gradients by theory grow" in by_theory.text
    measured = judged(TANH, "tanh", 50, theory=False)
    assert measured.code == "exploding"
    assert "chi" not in measured.text
    assert judged(TANH, "tanh", 50, gradients=False, theory=False).good


def test_dead_units_are_more_than_chance_and_a_bias_below_0_is_named():
    found = advised("he", "relu", bias="constant:-3")
    assert found.code == "dying"
    assert found.remedy.startswith("try --bias zeros (biases of -3 push z below 0): a run gives activations ×")
    assert "are 0 for every input: z has mean -3" in found.text
    assert judged("0.01", "relu", 60).code == "vanishing"


def test_a_remedy_that_was_run_on_less_says_of_how_much_and_what_that_gave(monkeypatch):
    monkeypatch.setattr(remedies, "MIN_WORK", 0)
    monkeypatch.setattr(remedies, "MAX_SHARE", 1.0)
    arm, stack, said, trials = seen("xavier", "relu", 10, rows=500, width=20, repeats=2)
    found = verdict(arm, stack, said.theory, said.inputs, trials)
    rows, told = re.search(r"a run of one network on (\d+) rows gives activations (\S+),", found.remedy).groups()
    arm, stack, said, _ = seen("he", "relu", 10, rows=int(rows), width=20)
    assert times(Evidence(arm, stack, None, said.inputs).forward[-1][1]) == told
    assert int(rows) < 500


def test_fewer_layers_are_the_last_that_is_tried():
    arm, stack, said, _ = seen("0.001", "sigmoid", 30, width=10)
    depths = [candidate.stack.depth for candidate in candidates(Evidence(arm, stack, said.theory, said.inputs))]
    assert depths == sorted(depths, reverse=True)
    assert depths[0] == 30 > depths[-1]


@pytest.mark.slow
def test_chance_in_a_narrow_network_is_cured_by_what_strays_less():
    found = advised("he", "relu", 100, width=8)
    assert not found.good
    assert followed(found, "he", "relu", 100, width=8).good


@pytest.mark.slow
def test_products_of_narrow_gaussian_matrices_stray_and_orthogonal_ones_hold_exactly():
    found = advised("1", "linear", 100, width=4)
    assert "--init orthogonal (" in found.remedy
    assert "activations ×1.00, gradients ×1.00 over 100 layers" in found.remedy


def test_gradients_are_judged_between_any_two_layers():
    """Up ×12 and down ×0.07 beside the last layer is a swing of 168."""
    arm, stack, _, inputs = profiled("he", "relu", 3)
    evidence = Evidence(arm, stack, None, inputs)
    object.__setattr__(evidence, "backward", ((3, 0.0), (2, math.log10(12)), (1, math.log10(0.07))))
    swing = evidence.swing(-1)
    assert (swing.start, swing.layer) == (2, 1)
    assert 10**-swing.size == pytest.approx(12 / 0.07)
    assert (evidence.swung(-1), evidence.swung(1)) == (1, None)


def test_the_verdicts_of_several_networks_are_counted():
    narrow = {"layers": None, "widths": "1,2,2,2,2,2,2,2,2,2,1", "rows": 20}
    found = judged("he", "relu", **narrow, repeats=40)
    assert sum(found.networks.values()) == 40
    assert found.code == max(found.networks, key=found.networks.get)
    assert [judged("he", "relu", **narrow, seed=seed).networks for seed in range(2)] == [{}, {}]


@pytest.mark.parametrize("width", [10, 60, 300])
@pytest.mark.parametrize(("init", "act"), [("he", "relu"), (TANH, "tanh"), ("2.0", "linear")])
def test_no_verdict_rests_on_theory_alone_where_its_band_is_wider_than_a_decade(init, act, width):
    """The band widens with depth/width; what was measured on the way forward still counts."""
    arm, stack, theory, inputs = profiled(init, act, 30, width=width, gradients=False, rows=40)
    band = 2 * 1.96 * max(layer.log_gradient_error for layer in theory.layers) / math.log(10)
    found = verdict(arm, stack, theory, inputs)
    silent = verdict(arm, stack, None, inputs)
    assert (found.code == "uncertain") == (band > 1 and silent.good)
    assert "by theory" not in found.text or band <= 1


def test_what_theory_alone_cannot_tell_of_one_network_is_not_called_healthy():
    """Var ln of a gradient's norm grows with depth/width: at 300 layers of 10 units one network strays by decades."""
    assert judged("he", "relu", 300, width=10, gradients=False, rows=50).code != "healthy"
    assert judged("he", "relu", 3, width=100, gradients=False).good


def test_few_rows_tell_the_ratio_of_gradients():
    stack, = stack_specs(["he"], ["tanh"], layers=8)
    run = RunSpec(batch_size=2000, gradients=True)
    whole, = measured([stack], run, open_inputs(run, 100))
    few, = measured([stack], replace(run, gradient_rows=128), open_inputs(run, 100))
    assert few.config["gradient_rows"] == 128
    assert few.layers[0].activation.statistics["count"] == 200_000
    assert few.layers[0].gradient.statistics["count"] == 12_800
    for one, other in zip(whole.layers, few.layers, strict=True):
        ratios = [layer.gradient.statistics["log10_ratio"] for layer in (one, other)]
        assert ratios[0] == pytest.approx(ratios[1], abs=0.05)


def test_a_step_has_no_gradient_and_zero_inputs_no_signal():
    assert judged("he", "step").text.endswith("no gradient comes back, the slope of step is 0 throughout layer 5")
    assert judged("he", "relu", source="constant:0", second_moment=0.0).text.endswith("all inputs are 0")


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("init", [row.name for row in INITIALIZERS if not row.kernels_only])
def test_there_is_a_verdict_on_every_init_and_every_activation(init):
    every = [row.name for row in ACTIVATIONS]
    inits = [row.name for row in INITIALIZERS]
    for act in every[inits.index(init)::len(inits)]:  # each activation with one of them
        found = judged(init, act, 2, width=8, rows=20)
        assert found.code in CODES
        line_is_fine(found)


def test_every_verdict_is_explained_with_its_sign_and_readme_has_the_table_of_terms():
    assert sorted(term.key for term in VERDICTS) == sorted(CODES)
    for term in VERDICTS:
        found = Verdict(term.key, None, "")
        assert term.name == f"{found.sign} {found.word}"
    assert [term.key for term in TOLD] == list(STATUSES)
    assert readme() in (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_limit_has_a_name_of_its_own_and_a_reason():
    assert len(THRESHOLDS) == len({limit.name for limit in THRESHOLDS})
    assert all(limit.value > 0 and limit.unit and limit.reason for limit in THRESHOLDS)


def test_factors_are_written_with_three_digits_and_beyond_the_range_of_floats():
    assert [times(exponent) for exponent in (0, 1, 4.1367, -19.09, -412.5, 500, -math.inf)] == [
        "×1.00", "×10.0", "×1.4e4", "×8.1e-20", "×3.2e-413", "×1.0e500", "×0"]
    assert [number(value) for value in (0, 0.0312, 999.7, 1.6e4, 2.5e37, math.inf)] == [
        "0", "0.0312", "1000", "1.6e4", "2.5e37", "infinity"]


@pytest.mark.parametrize(("act", "bias", "code"), [
    ("tanh_shrink", None, "vanishing"), ("gelu", "constant:-50", "dying"), ("relu", "constant:-3", "dying")])
def test_zeros_of_values_too_small_for_single_precision_are_no_dead_units(act, bias, code):
    assert judged("he", act, 12, **({"bias": bias} if bias else {})).code == code


def test_what_holds_at_this_depth_is_named_before_fewer_layers():
    assert "--layers" not in advised("he", "selu", 50, rows=1000).options
