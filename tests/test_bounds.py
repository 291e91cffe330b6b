"""`actprof bounds`: every promise from the formula in the literature, every sample against its promise."""

import csv
import io
import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actprof.bounds.records import record_of as bounds_record
from actprof.bounds.records import rows_of as bounds_rows
from actprof.bounds.request import MAX_POINTS, NAMESAKES, fan_ins, kernel
from actprof.bounds.scales import bounds, bounds_spec
from actprof.bounds.spec import SCHEMES, BoundsSpec
from actprof.bounds.table import print_result as print_bounds
from actprof.catalogue.draws import NORMAL, POINT, UNIFORM, truncated
from actprof.catalogue.initializers import INITIALIZERS
from actprof.catalogue.weights import BoundInitializer
from actprof.errors import SpecError
from actprof.registry import MAX_FAN
from actprof.report.records import to_csv, to_json
from tests.cases import for_each


def one(scheme, **request):
    return bounds(bounds_spec([scheme], **request)).schemes[0]


def at(scheme, fan_in, **request):
    return one(scheme, fan_in=str(fan_in), **request)


# Brownlee, Weight Initialization for Deep Learning Neural Networks

def test_the_standard_xavier_of_the_article_is_within_one_over_the_root_of_n():
    scheme = at("fan_in_uniform", 10)
    assert scheme.bound == (0.31622776601683794,)
    assert scheme.std[0] == pytest.approx(0.1826, abs=5e-5)


def test_the_normalised_xavier_of_the_article_has_the_root_of_six():
    scheme = at("normalized_xavier", 10, fan_out="20")
    assert scheme.bound[0] == pytest.approx(0.44721359549995787, rel=1e-15)
    assert scheme.std[0] == pytest.approx(0.2582, abs=5e-5)
    curve = one("normalized_xavier", fan_in="1:100", fan_out="10")
    read = dict(zip(curve.fan_in, curve.bound, strict=True))
    assert [round(read[n], 4) for n in (1, 10, 100)] == [0.7385, 0.5477, 0.2335]


def test_he_is_the_root_of_two_over_n():
    curve = one("he")
    assert curve.fan_in == tuple(range(1, 101))
    np.testing.assert_allclose(curve.std, np.sqrt(2 / np.arange(1, 101)), rtol=1e-15)
    assert [round(curve.std[n - 1], 4) for n in (1, 10, 100)] == [1.4142, 0.4472, 0.1414]


def test_xavier_without_fan_out_has_the_band_of_a_square_layer():
    np.testing.assert_allclose(one("xavier").std, 1 / np.sqrt(np.arange(1, 101)), rtol=1e-15)


KERAS = {"lecun_uniform": (0.216506, "bound"), "lecun_normal": (0.125, "std"), "glorot_normal": (0.144338, "std"),
         "glorot_uniform": (0.25, "bound"), "he_uniform": (0.306186, "bound"), "he_normal": (0.176777, "std"),
         "variance_scaling:scale=2,mode=fan_avg,distribution=uniform": (0.353553, "bound")}


@for_each("name", KERAS)
def test_a_layer_of_64_inputs_and_32_units_has_the_scale_that_keras_documents(name):
    expected, attribute = KERAS[name]
    assert getattr(at(name, 64, fan_out="32"), attribute)[0] == pytest.approx(expected, abs=5e-7)


@for_each("stem", ["lecun", "glorot", "he"])
def test_all_shapes_of_a_scheme_have_the_same_std(stem):
    stds = [one(f"{stem}_{shape}", fan_out="7").std for shape in ("normal", "uniform", "truncated")]
    np.testing.assert_allclose(stds[1:], [stds[0]] * 2, rtol=1e-14)


# What a sample shows

def test_three_standard_deviations_hold_99_73_percent_of_a_normal():
    assert NORMAL.inside(3) == pytest.approx(0.9973, abs=5e-5)
    assert NORMAL.inside(1) == pytest.approx(0.6827, abs=5e-5)
    assert UNIFORM.inside(1) == pytest.approx(1 / math.sqrt(3), rel=1e-15)
    assert POINT.inside(1) == 1


@for_each("cut", [0.01, 0.049, 0.051, 0.3, 1.0, 2.0, 6.0])
def test_the_moments_of_a_cut_normal_are_those_of_its_density(cut):
    z = np.linspace(-cut, cut, 200_001)
    density = np.exp(-z**2 / 2)

    def expected(values):
        return np.sum(values * density) / np.sum(density)

    draw, variance = truncated(cut), expected(z**2)
    assert draw.square_variance == pytest.approx(expected(z**4) / variance**2 - 1, rel=1e-3)
    assert draw.inside(1) == pytest.approx(expected(np.abs(z) <= math.sqrt(variance)), abs=1e-4)


SEEDS = range(300)


@for_each("name", ["he", "he_uniform", "he_truncated", "haiku.linear", "torch.trunc_normal",
                   "normal:std=0.5,mean=3", "sparse:sparsity=0.5"])
def test_the_sampled_std_lies_about_the_promise_as_its_standard_error_says(name):
    errors = [at(name, 20, samples=400, seed=seed).samples[0].error for seed in SEEDS]
    assert abs(np.mean(errors)) < 4 / math.sqrt(len(SEEDS))
    # The spread of 300 errors of spread 1 is within 4 of its own standard errors of 1.
    assert np.std(errors) == pytest.approx(1, abs=4 / math.sqrt(2 * len(SEEDS)))


@for_each("name", ["he", "he_uniform", "he_truncated", "normal:std=0.5,mean=3", "torch.trunc_normal"])
def test_the_share_of_weights_within_one_std_is_the_promised_one(name):
    scheme = at(name, 20, samples=100_000)
    promised = scheme.inside[0]
    assert scheme.samples[0].inside == pytest.approx(promised, abs=4 * math.sqrt(promised * (1 - promised) / 1e5))


@pytest.mark.slow
@for_each("name", ["orthogonal", "identity", "zeros", "ones", "constant:0.1"])
def test_what_leaves_nothing_to_chance_agrees_whatever_the_seed(name):
    assert all(sample.agrees for seed in range(20) for sample in one(name, fan_in="1,7,64", seed=seed).samples)


@for_each("name", [entry.name for entry in INITIALIZERS if not (entry.activation or entry.calibrated)])
def test_no_weight_lies_beyond_the_bound(name):
    for sample in one(name, fan_in="3,40", samples=2000).samples:
        if sample.bound is not None:
            assert max(-sample.min, sample.max) <= sample.bound * (1 + 1e-12)
            assert np.isfinite(sample.bound)


def test_a_promise_that_is_wrong_by_a_tenth_is_found_and_said(monkeypatch):
    def broken(self, rng, fans, shape, dtype):
        return 1.1 * self.draw.sample(rng, shape, dtype) * self.std(fans)

    monkeypatch.setattr(BoundInitializer, "sample", broken)
    result = bounds(bounds_spec(["he"], fan_in="7,50", samples=20_000))
    for sample in result.schemes[0].samples:
        assert sample.error == pytest.approx(0.1 * math.sqrt(2 * 20_000), abs=4)
    assert [each["agrees"] for each in bounds_record(result)["schemes"][0]["samples"]] == [False, False]
    stream = io.StringIO()
    print_bounds(result, stream)
    assert stream.getvalue().count(" ! ") == 2
    assert "0 of 2 sampled std" in stream.getvalue()
    assert "outside: he at fan_in 7, he at fan_in 50" in stream.getvalue()


@for_each("name", ["normal:std=1e-300", "normal:std=1e-37,mean=1e37", "normal:std=1,mean=1e16",
                   "uniform:low=1e30,high=1e30", "normal:std=0", "he:gain=0", "he:gain=1e37"])
def test_extreme_scales_are_not_accused_of_what_rounding_did(name):
    scheme = one(name, fan_in="1,100")
    assert all(sample.agrees for sample in scheme.samples)
    if scheme.inside == (1, 1):
        assert all(sample.inside == 1 for sample in scheme.samples)


def test_all_schemes_see_the_same_draws():
    together = bounds(bounds_spec(["he", "xavier", "lecun"]))
    scaled = [np.array([sample.mean / sample.std for sample in scheme.samples]) for scheme in together.schemes]
    np.testing.assert_allclose(scaled[1:], [scaled[0]] * 2, rtol=1e-12)
    assert one("xavier").samples == together.schemes[1].samples


def test_a_matrix_too_large_to_draw_is_promised_and_named():
    scheme = one("orthogonal", fan_in="10,1000000")
    assert scheme.std[1] == pytest.approx(1e-3)
    assert [sample.fan_in for sample in scheme.samples] == [10]
    assert scheme.notes == ("orthogonal is not sampled at 1,000,000: its matrix would be too large to draw",)


@for_each(("name", "fan_out", "slope"), [
    ("xavier", "10", lambda n: -n / (2 * (n + 10))), ("he", "same", lambda n: -0.5), ("siren", "same", lambda n: -0.5),
    ("he:mode=fan_out", "7", lambda n: 0), ("identity", "1", lambda n: (0.5 / (n - 1) * n - 1) if n > 1 else None)])
def test_the_slope_is_the_derivative_of_the_formula_at_both_ends(name, fan_out, slope):
    scheme = one(name, fan_in="2:1000", fan_out=fan_out)
    assert scheme.slope == pytest.approx((slope(2), slope(1000)), abs=1e-6)


def test_few_fan_ins_are_followed_between_to_be_drawn_but_not_to_be_listed():
    scheme = one("he", fan_in="3,64,128", kernel_sides="3x3")
    assert scheme.fan_in == (27, 576, 1152)
    assert set(scheme.fan_in) <= set(scheme.curve.fan_in)
    assert (scheme.curve.fan_in[0], scheme.curve.fan_in[-1]) == (scheme.fan_in[0], scheme.fan_in[-1])
    assert len(scheme.curve.fan_in) > 60
    np.testing.assert_allclose(scheme.curve.std, np.sqrt(2 / np.array(scheme.curve.fan_in)), rtol=1e-14)
    assert scheme.curve.fan_in == tuple(sorted(scheme.curve.fan_in))


def test_a_std_that_goes_up_and_down_has_no_slope():
    assert one("sparse", fan_in="11:40").slope is None
    assert one("zeros").slope is None
    assert one("he", fan_in="5").slope is None


def test_many_small_matrices_are_not_drawn_without_end():
    assert one("orthogonal", fan_in="1", samples=10**7).samples[0].count == 1000


def test_a_spec_is_valid_or_not_at_all():
    he = INITIALIZERS.parse("he")
    for wrong in ((), (10,), (10,)), ((he,), (), ()), ((he,), (10, 1), (1,)), ((he,), (1, 10), (5,)):
        with pytest.raises(SpecError):
            BoundsSpec(*wrong)


# Fan-ins

def test_a_kernel_multiplies_the_channels_by_its_area():
    convolution = at("he", 64, kernel_sides="3x3", fan_out="128")
    assert (convolution.fan_in, convolution.fan_out) == ((576,), (1152,))
    assert convolution.std == at("he", 576, fan_out="1152").std


@for_each(("text", "asked", "sampled"), [
    ("1:100", tuple(range(1, 101)), (1, 10, 100)),
    ("10:50:20", (10, 30, 50), (10, 50)),
    ("10:55:20", (10, 30, 50, 55), (10, 55)),
    ("256, 16,64,16", (16, 64, 256), (16, 64, 256)),
    ("7", (7,), (7,)),
    ("3:3", (3,), (3,)),
    ("1e3,10**18", (1000, 10**18), (1000, 10**18)),
])
def test_fan_ins_are_read_as_written(text, asked, sampled):
    assert fan_ins(text) == (asked, sampled)


@example(2**53 + 1, 2**53 + 1, ":log")  # no float
@given(st.integers(1, MAX_FAN), st.integers(1, MAX_FAN), st.sampled_from(["", ":log", ":1", ":1000"]))
def test_a_range_ascends_from_end_to_end_and_is_sampled_within(first, second, rule):
    low, high = sorted((first, second))
    asked, sampled = fan_ins(f"{low}:{high}{rule}")
    assert (asked[0], asked[-1]) == (low, high) == (sampled[0], sampled[-1])
    assert all(a < b for a, b in itertools.pairwise(asked))
    assert set(sampled) <= set(asked)
    assert len(asked) <= MAX_POINTS


def test_nothing_is_followed_that_was_not_asked_for():
    assert fan_ins("1:100:10") == ((1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 100), (1, 11, 100))
    assert fan_ins("1:4096")[0] == tuple(range(1, 4097))
    assert fan_ins(",".join(map(str, range(3, 45, 3))))[0] == tuple(range(3, 45, 3))


def test_a_range_too_long_to_follow_says_so():
    result = bounds(bounds_spec(["he"], fan_in="1:10**18"))
    assert result.notes == ("--fan-in is followed at 10,000 fan-ins, evenly spaced",)
    assert bounds(bounds_spec(["he"], fan_in="1:9999")).notes == ()


def test_a_logarithmic_range_hits_every_power_of_ten():
    asked, _ = fan_ins("1:10**18:log")
    assert {10**power for power in range(19)} <= set(asked)


def test_a_range_is_widened_to_where_samples_are_wanted():
    assert fan_ins("5:20", "10,1,40") == (tuple(range(1, 41)), (1, 10, 40))
    assert fan_ins("5,20", "10") == ((5, 10, 20), (10,))


@for_each(("text", "sides"), [("3x3", (3, 3)), ("3", (3,)), ("1X5×2", (1, 5, 2))])
def test_kernels_are_read_as_written(text, sides):
    assert kernel(text) == sides


def test_the_largest_fan_in_has_a_scale_and_a_sample():
    scheme = at("he", "10**18")
    assert scheme.std[0] == pytest.approx(math.sqrt(2) * 1e-9, rel=1e-15)
    assert scheme.samples[0].agrees


# Schemes

def test_a_gain_replaces_that_of_every_scheme_that_has_one():
    he, normal = bounds(bounds_spec(["he", "normal"], gain=2.0)).schemes
    assert he.std[-1] == pytest.approx(2 / math.sqrt(100))
    assert he.formula == "N(0, 4/n)"
    assert normal.std == (0.05,) * 100
    assert normal.slope == (0, 0)
    assert normal.notes == ("normal has no gain and stays as it is",)


def test_frameworks_names_for_one_distribution_may_stand_side_by_side():
    keras, jax = bounds(bounds_spec(["keras.glorot_uniform", "jax.glorot_uniform"])).schemes
    assert keras.std == jax.std
    assert (keras.label, jax.label) == ("keras.glorot_uniform", "jax.glorot_uniform")


NOTES = {
    "Xavier": "xavier here is N(0, 2/(n+m)) (the paper's variance, PyTorch's xavier_normal_). Others mean "
              "N(0, 1/n) (textbooks): --scheme lecun_normal; "
              "U(±√(6/(n+m))) (the paper's eq. 16, Keras, PyTorch's xavier_uniform_): --scheme glorot_uniform; "
              "U(±1/√n) (blogs, the paper's eq. 1): --scheme fan_in_uniform; "
              "U(±√(3/n)) (Caffe): --scheme caffe.xavier",
    "variance_scaling:distribution=normal":
        "distribution=normal here is not cut, as in JAX. In TensorFlow and Keras it means truncated "
        "(distribution=truncated); theirs that is not cut is untruncated_normal",
    "he:gain=1": "he here is N(0, 2/n) (the paper). Others mean "
                 "N(0, 2/m) (the paper's other form, PyTorch's ResNets): --scheme he_normal:mode=fan_out; "
                 "N(0, 2/n) cut at ±2.27 std, std corrected (Keras's and JAX's he_normal): --scheme he_truncated; "
                 "U(±√(6/n)) (Keras's he_uniform, PyTorch's kaiming_uniform_): --scheme he_uniform",
    "kaiming-uniform": "kaiming_uniform here is U(±√(6/n)) (PyTorch). Others mean U(±1/√n), biases too "
                       "(nn.Linear: kaiming_uniform_ with a = √5): --scheme torch.linear",
}


@for_each("name", NOTES)
def test_a_name_with_several_meanings_tells_of_each_and_how_to_ask_for_it(name):
    assert one(name, fan_in="5").notes == (NOTES[name],)


def test_among_many_schemes_a_note_is_brief():
    notes = [scheme.notes for scheme in bounds(bounds_spec(["xavier", "he_truncated", "ones"])).schemes]
    assert notes == [("xavier here is N(0, 2/(n+m)). Others mean N(0, 1/n) (lecun_normal), U(±√(6/(n+m))) "
                      "(glorot_uniform), U(±1/√n) (fan_in_uniform), U(±√(3/n)) (caffe.xavier)",), (), ()]


@for_each("name", NAMESAKES)
def test_every_ambiguous_name_tells_of_other_distributions_and_how_to_ask_for_them(name):
    asked = INITIALIZERS.parse(name)
    meanings = [INITIALIZERS.parse(meaning.scheme) for meaning in NAMESAKES[name]]
    assert meanings.count(asked) == 1, "what it means here is one of its meanings"
    note = one(name, fan_in="5").notes[0]
    for meaning in meanings:
        named = note.count(f"--scheme {meaning.label};") + note.endswith(f"--scheme {meaning.label}")
        assert named == (meaning != asked)


def test_a_frameworks_own_name_has_one_meaning():
    assert one("keras.he_normal", fan_in="5").notes == ()


ERRORS = {
    ("he", "0"): "--fan-in must be a whole number from 1 to 1,000,000,000,000,000,000, not '0'.",
    ("he", "100:1"): "--fan-in '100:1' runs backwards. Write '1:100'.",
    ("he", "1:2:3:4"): "--fan-in must be a whole number such as 100, a range such as 1:100 or 1:4096:log, or a list "
                       "such as 16,64,256, not '1:2:3:4'.",
    ("he", "1:x"): "--fan-in must be a whole number such as 100, a range such as 1:100 or 1:4096:log, or a list such "
                   "as 16,64,256, not '1:x'.",
    ("he", "9**99"): f"--fan-in must be a whole number from 1 to {10**18:,}, not '9**99'.",
    ("he", "4,096"): "--fan-in must be a whole number such as 100, a range such as 1:100 or 1:4096:log, or a list such "
                     "as 16,64,256, not '4,096'.",
    ("he", "1:9:0"): f"the step of --fan-in must be a whole number from 1 to {10**18:,}, not '0'.",
    ("he", "9:1:log"): "--fan-in '9:1:log' runs backwards. Write '1:9:log'.",
}


@for_each(("scheme", "fan_in"), ERRORS)
def test_a_fan_in_that_cannot_be_is_refused_in_one_line(scheme, fan_in):
    with pytest.raises(SpecError) as error:
        one(scheme, fan_in=fan_in)
    assert str(error.value) == ERRORS[scheme, fan_in]


REQUESTS = {
    "--kernel must be the sides of a kernel, such as 3x3, not '3x'.": {"kernel_sides": "3x"},
    "a side of --kernel must be from 1 to 1,000, not 0.": {"kernel_sides": "0x3"},
    "--fan-out must be a whole number from 1 to 1,000,000,000,000,000,000, not 'few'. 'same' is as many as inputs.":
        {"fan_out": "few"},
    "--at must be whole numbers joined by commas, such as 10,100,1000, not '10,'.": {"at": "10,"},
    "--at must be a whole number from 1 to 1,000,000,000,000,000,000, not '0'.": {"at": "10,0"},
    "the number of sides of --kernel must be from 0 to 3, not 4.": {"kernel_sides": "3x3x3x3"},
    "--kernel must be the sides of a kernel, such as 3x3, not '33333333333333'.": {"kernel_sides": "3" * 14},
    "--gain must be a finite number, 0 or more, not nan.": {"gain": math.nan},
    "--gain cannot be combined with normal, zeros: no gain to replace.": {"names": ["normal", "zeros"], "gain": 2.0},
    "critical depends on an activation, and bounds knows none. Give the gain itself, such as lecun_normal:gain=1.593 "
    "for tanh.": {"names": ["critical"]},
    "lsuv scales its weights on a batch of inputs, and bounds has none. Take orthogonal, from which it starts.":
        {"names": ["he", "lsuv"]},
    "the scheme 'he' is asked for twice. Name each --scheme once.": {"names": ["he", "HE"]},
    "--samples must be from 2 to 10,000,000, not 1.": {"samples": 1},
}


@for_each("message", REQUESTS)
def test_a_request_that_cannot_be_is_refused_in_one_line(message):
    with pytest.raises(SpecError) as error:
        bounds_spec(**REQUESTS[message])
    assert str(error.value) == message


def test_a_gain_out_of_its_range_is_refused_like_the_parameter_it_is():
    with pytest.raises(SpecError, match="he_normal: gain must be at most 1e37 in size"):
        one("he", gain=1e38)


# What is written

def test_json_is_strict_and_holds_what_the_schema_promises():
    result = bounds(bounds_spec(["he", "xavier_uniform", "normal"], fan_in="1:10", at="5,10"))
    record = json.loads(to_json(bounds_record(result)), parse_constant=pytest.fail)
    assert record["schema"] == "actprof.bounds/1"
    for scheme in record["schemes"]:
        assert scheme["fan_in"] == scheme["fan_out"] == list(range(1, 11))
        assert len(scheme["std"]) == 10
        assert {"count", "min", "max", "mean", "std"} <= scheme["sample"].keys()
        assert [sample["fan_in"] for sample in scheme["samples"]] == [5, 10]
        assert scheme["sample"] == scheme["samples"][-1]
    assert [scheme["bound"] is None for scheme in record["schemes"]] == [True, False, True]


def test_csv_has_a_row_for_each_scheme_and_fan_in():
    result = bounds(bounds_spec(["he", "he_uniform"], fan_in="1:10", at="5"))
    rows = list(csv.DictReader(io.StringIO(to_csv(bounds_rows(result)))))
    assert [(row["scheme"], int(row["fan_in"])) for row in rows] == [
        (scheme, n) for scheme in ("he", "he_uniform") for n in range(1, 11)]
    assert [float(row["std"]) for row in rows[:10]] == list(result.schemes[0].std)
    assert {row["fan_in"] for row in rows if row["sample_std"]} == {"5"}
    assert {row["bound"] for row in rows[:10]} == {""}


def printed(*names, **request):
    stream = io.StringIO()
    print_bounds(bounds(bounds_spec(names, **request)), stream)
    return stream.getvalue()


def test_the_tables_of_the_default_schemes_fit_80_columns():
    text = printed(*SCHEMES)
    assert max(map(len, text.splitlines())) <= 80
    assert "15 of 15 sampled std lie within 3 standard errors" in text


def test_the_schemes_are_ranked_by_their_std_at_the_last_fan_in():
    ranking = printed("lecun", "he", "0.001", fan_in="100").split("last n first")[1].split("--\n")[1]
    assert [line.split()[0] for line in ranking.splitlines()[:3]] == ["he", "lecun", "0.001"]


def test_a_convolutions_table_starts_with_the_channels():
    text = printed("he", fan_in="64", kernel_sides="3x3")
    assert "nels fan_in fan_out" in text
    assert "64    576     576" in text
    assert max(map(len, text.splitlines())) <= 80
    record = bounds_record(bounds(bounds_spec(["he"], fan_in="64", kernel_sides="3x3")))["schemes"][0]
    assert (record["channels"], record["fan_in"]) == ((64,), (576,))


def test_a_scheme_that_cannot_be_sampled_still_has_its_promise():
    text = printed("orthogonal", fan_in="10**18")
    assert "1e18" in text
    assert "1.00e-9" in text
    assert "nothing was sampled" in text


@for_each(("settings", "fans", "std", "theirs"), [
    ({"fan_in": "3", "fan_out": "64"}, (27, 576), 1 / 8, ""),
    ({"fan_in": "64", "fan_out": "3"}, (576, 27), 1 / 24, ""),
    ({"fan_in": "64", "fan_out": "32", "groups": 4}, (144, 72), 1 / 12, "fan_out = 288 where 72 is meant"),
    ({"fan_in": "4", "depthwise": True}, (9, 9), 1 / 3, "fan_out = 36 where 9 is meant"),
    ({"fan_in": "4", "fan_out": "8", "depthwise": True}, (9, 18), 1 / 3, "fan_out = 72 where 18 is meant"),
    ({"fan_in": "8", "fan_out": "16", "transposed": True}, (72, 144), 1 / 12,
     "fan_in = 144 where 72 is meant and fan_out = 72 where 144 is meant"),
    ({"fan_in": "8", "transposed": True}, (72, 72), 72**-0.5, ""),
])
def test_a_kernel_has_the_fans_of_what_it_connects_and_the_matrix_of_its_weight(settings, fans, std, theirs):
    found = bounds(bounds_spec(["orthogonal", "he"], kernel_sides="3x3", **settings))
    matrix, normal = found.schemes
    assert (normal.fan_in[0], normal.fan_out[0]) == fans
    assert normal.std[0] == pytest.approx(math.sqrt(2 / fans[0]))
    assert matrix.std[0] == pytest.approx(std)
    assert matrix.samples[0].agrees
    assert matrix.samples[0].sample_std == pytest.approx(std, rel=0.1)
    assert len(found.notes) == bool(theirs)
    assert all(theirs in note for note in found.notes)


@for_each(("scheme", "settings", "message"), [
    ("identity", {"kernel_sides": "3x3"}, "identity has no kernels: torch's eye_ and Keras's Identity make "
                                          "matrices alone; PyTorch's dirac_ is the kernel that passes its input on."),
    ("sparse", {"groups": 2}, "sparse has no kernels: PyTorch's sparse_ makes matrices alone."),
    ("he", {"groups": 4, "fan_in": "1:8"}, "--fan-in 1 cannot be divided into 4 groups. Take multiples of 4, such as "
                                           "--fan-in 4:40:4."),
    ("he", {"groups": 4, "fan_in": "8", "fan_out": "6"}, "--fan-out 6 cannot be divided into 4 groups. "
                                                         "Take multiples of 4."),
    ("he", {"groups": 4, "depthwise": True, "fan_in": "8"},
     "--groups cannot be combined with --depthwise, which has as many as there are inputs."),
])
def test_a_kernel_that_cannot_be_is_refused(scheme, settings, message):
    with pytest.raises(SpecError) as caught:
        bounds_spec([scheme], **settings)
    assert str(caught.value) == message
