"""`actprof gain`: the digits of the literature, closed forms, and the contract of its output."""

import csv
import io
import json
import math
import os
import shlex

import pytest

from actprof.cli import main
from actprof.errors import SpecError
from actprof.gains import GainSpec, gain_spec, gain_table
from actprof.render.gains.recipes import recipes
from actprof.render.gains.records import gain_record, gain_rows
from actprof.render.gains.table import print_gains
from actprof.render.records import to_csv, to_json


def one(name, **request):
    return gain_table(gain_spec([name], curves=False, **request)).activations[0]


# name: forward, backward, std, chi, slope, σ_w of the edge without biases, torch
TABLE = {
    "linear": (1, 1, 1, 1, 1, 1, 1),
    "relu": (1.41421356, 1.41421356, 1.712859, 1, 1, 1.414214, 1.41421356),
    "leaky_relu:0.01": (1.41414286, 1.41414286, 1.704832, 1, 1, 1.414143, 1.41414286),
    "leaky_relu:0.2": (1.38675049, 1.38675049, 1.546460, 1, 1, 1.386750, 1.38675049),
    "hard_tanh": (1.39203614, 1.21028706, 1.392036, 1.3229, 0.3851, 1, None),
    "torch.hard_sigmoid": (1.89784042, 6.00811583, 6.015034, 0.0998, 0.0971, 10.329483, None),
    "elu": (1.24519830, 1.22342856, 1.270843, 1.0359, 0.8910, 1, None),
    "celu": (1.24519830, 1.22342856, 1.270843, 1.0359, 0.8910, 1, None),
    "selu": (1, 0.96602578, 1, 1.0716, 0.7826, 0.690486, 0.75),
    "gelu": (1.53353044, 1.48111441, 1.700926, 1.0720, 1.1441, 2, None),
    "gelu_tanh": (1.53358052, 1.48116806, 1.700917, 1.0720, 1.1443, 2, None),
    "silu": (1.67653247, 1.62332026, 1.787187, 1.0666, 1.1726, 2, None),
    "mish": (1.48684758, 1.44475523, 1.592025, 1.0591, 1.0763, 1.666667, None),
    "softplus": (1.04186684, 1.84622855, 1.919126, 0.3185, 0.4921, None, None),
    "log_sigmoid": (1.04186684, 1.84622855, 1.919126, 0.3185, 0.4921, None, None),
    "sigmoid": (1.84622855, 4.72264609, 4.801313, 0.1528, 0.1063, 10.149264, 1),
    "tanh": (1.59253742, 1.46741359, 1.592537, 1.1778, 0.4611, 1, 5 / 3),
    "softsign": (2.33753336, 2.09578061, 2.337533, 1.2440, 0.4767, 1, None),
}
UNSTABLE = {"gelu", "gelu_tanh", "silu", "mish"}


@pytest.mark.parametrize("name", TABLE)
def test_the_gains_are_those_of_the_literature_to_the_last_digit_printed(name):
    record = gain_record(gain_table(gain_spec([name])))["activations"][0]
    keys = ("gain_forward", "gain_backward", "gain_std", "chi_at_gain_forward", "length_slope", "critical_sigma_w",
            "torch_gain")
    for key, expected, digits in zip(keys, TABLE[name], (8, 8, 6, 4, 4, 6, 8), strict=True):
        assert record[key] == (None if expected is None else pytest.approx(expected, abs=0.505 * 10.0**-digits)), key
    assert record["stable"] == (name not in UNSTABLE)


@pytest.mark.parametrize("name", TABLE)
def test_the_gains_follow_from_the_moments(name):
    gains = one(name).gains
    assert gains.gain_forward == pytest.approx(gains.e_phi2**-0.5, rel=1e-14)
    assert gains.gain_backward == pytest.approx(gains.e_dphi2**-0.5, rel=1e-14)
    assert gains.gain_std == pytest.approx((gains.e_phi2 - gains.e_phi**2) ** -0.5, rel=1e-12)
    assert gains.chi_at_gain_forward == pytest.approx(gains.e_dphi2 / gains.e_phi2, rel=1e-14)


@pytest.mark.parametrize(("name", "sigma_w", "q", "stable"), [
    ("sigmoid", 10.149263710, 45.62427780, True), ("torch.hard_sigmoid", 10.329483110, 47.2736572, True),
    ("gaussian", 1 + 1 / math.sqrt(2), (1 + math.sqrt(2)) / 2, True), ("cos", None, 1.19967864, True),
    ("tanh", 1, 0, None), ("gelu", 2, 0, False), ("silu", 2, 0, False), ("mish", 5 / 3, 0, False)])
def test_the_edge_of_chaos_is_where_closed_forms_have_it(name, sigma_w, q, stable):
    found = one(name)
    assert sigma_w is None or found.edge.sigma_w == pytest.approx(sigma_w, abs=5e-9)
    assert found.edge.q == pytest.approx(q, abs=5e-8)
    assert found.edge.sigma_b == 0
    if stable is not None:
        assert (found.stable_edge is None and found.edge.length_slope < 1) == stable


@pytest.mark.parametrize(("name", "q", "sigma_w", "sigma_b"), [
    ("gelu", 3.5616, 1.40821, 0.41584), ("silu", 14.320, 1.40997, 0.74508), ("mish", 1.6702, 1.41899, 0.30744)])
def test_the_edge_turns_stable_at_the_known_points_and_only_there(name, q, sigma_w, sigma_b):
    edge = one(name).stable_edge
    assert edge.q == pytest.approx(q, rel=2e-5)
    assert (edge.sigma_w, edge.sigma_b) == pytest.approx((sigma_w, sigma_b), abs=6e-6)
    assert edge.length_slope == pytest.approx(1, abs=1e-9)
    assert one(name, sigma_b=1.05 * sigma_b).stable_edge is None


def test_gelu_is_half_stable_where_the_closed_form_says():
    assert one("gelu").stable_edge.q == pytest.approx((3 + math.sqrt(17)) / 2, rel=1e-7)


@pytest.mark.parametrize(("q0", "limit", "phase"), [(0.5, 0.194, "ordered"), (0.1, 0.194, "ordered"),
                                                    (0.8, math.inf, None)])
def test_of_two_fixed_points_the_one_is_told_that_the_input_reaches(q0, limit, phase):
    found = one("silu", sigma_w=1.67953, sigma_b=0.2, q0=q0)
    roots = found.fixed_points.points
    assert [point.q_star for point in roots] == pytest.approx([0.194, 0.6895], abs=5e-4)
    assert [point.stable for point in roots] == [True, False]
    assert found.fixed_points.limit == pytest.approx(limit, abs=5e-4)
    assert (found.reached and found.reached.phase) == phase


def test_a_sigma_b_alone_is_taken_to_the_edge_of_chaos():
    found = one("silu", sigma_b=0.2)
    assert found.fixed_points.sigma_w == found.edge.sigma_w == pytest.approx(1.6795316, abs=5e-8)
    assert found.fixed_points.points[1].chi_1 == pytest.approx(1, abs=1e-9)
    assert one("softplus", sigma_b=0.2).fixed_points is None


def test_the_input_has_a_second_moment_of_1_unless_its_variance_is_given():
    assert one("tanh", sigma_w=1.5, sigma_b=0.5).start == 1.5**2 + 0.5**2
    assert one("tanh", sigma_w=1.5, q0=0.25).start == 0.25
    assert one("tanh").courses[0].start == pytest.approx(1 / one("tanh").gains.e_phi2)


def test_a_gain_is_judged_at_the_fixed_point_that_its_layers_have():
    courses = {course.name: course for course in one("tanh").courses}
    assert courses["forward"].point.q_star == pytest.approx(1, abs=1e-12)
    assert (courses["torch"].point.q_star, courses["torch"].point.chi_1) == pytest.approx((1.17848, 1.2098), abs=5e-5)
    gelu = {course.name: course for course in one("gelu").courses}
    assert gelu["forward"].point.q_star == pytest.approx(1, abs=1e-12)
    assert not gelu["forward"].point.stable
    assert gelu["forward"].fixed_points.limit == math.inf
    assert gelu["backward"].point is None
    assert "torch" not in gelu


def test_torch_s_gain_is_set_beside_the_forward_one():
    assert one("tanh").torch_difference == pytest.approx(5 / 3 - 1.59253742, abs=5e-9)
    assert one("gelu").torch_difference is None


def test_a_recipe_has_the_gain_in_each_library_s_own_terms():
    assert recipes(1.6) == {
        "PyTorch": "nn.init.normal_(w, std=1.6 / fan_in**0.5)",
        "Keras": "VarianceScaling(scale=2.56, mode='fan_in', distribution='untruncated_normal')",
        "JAX": "variance_scaling(2.56, 'fan_in', 'normal')"}
    assert recipes(None) is None


KEYS = {"activation", "e_phi", "e_phi2", "e_dphi2", "gain_forward", "gain_backward", "gain_std", "chi_at_gain_forward",
        "length_slope", "stable", "torch_gain"}
ASKED = {"sigma_w", "sigma_b", "q_star", "c_star", "chi_1", "xi_q", "xi_c", "phase"}


@pytest.mark.parametrize("asked", [{}, {"sigma_w": 1.5}, {"sigma_w": 1.5, "sigma_b": 0.1, "q0": 3.0}])
def test_json_is_strict_and_holds_what_the_schema_promises(asked):
    result = gain_table(gain_spec(["tanh", "step", "maxout", "hard_shrink:1e3", "exponential"], **asked))
    record = json.loads(to_json(gain_record(result)), parse_constant=pytest.fail)
    assert record["schema"] == "actprof.gain/1"
    for each in record["activations"]:
        assert each.keys() >= KEYS
        assert ("fixed_point" in each) == bool(asked)
        if asked:
            assert each["fixed_point"].keys() >= ASKED
    tanh, step, _, nothing, exponential = record["activations"]
    assert tanh["gain_forward"] == one("tanh").gains.gain_forward
    assert [step[key] for key in ("e_dphi2", "gain_backward", "chi_at_gain_forward")] == [None] * 3
    assert [nothing[key] for key in ("gain_forward", "length_slope", "stable", "init")] == [None] * 4
    if asked:
        assert exponential["fixed_point"]["q_star"] is exponential["fixed_point"]["phase"] is None


def test_csv_has_a_row_for_each_activation():
    result = gain_table(gain_spec(["tanh", "gelu"], sigma_w=1.5))
    rows = list(csv.DictReader(io.StringIO(to_csv(gain_rows(result)))))
    assert [row["activation"] for row in rows] == ["tanh", "gelu"]
    assert [float(row["length_slope"]) for row in rows] == [each.gains.length_slope for each in result.activations]
    assert float(rows[0]["fixed_point_q_star"]) == result.activations[0].reached.q_star


def printed(*names, encoding="utf-8", **request):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    print_gains(gain_table(gain_spec(names, curves=False, **request)), stream)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("name", [*TABLE, "step", "maxout", "exponential", "hard_shrink:1e3"])
def test_the_tables_of_one_activation_fit_80_columns(name):
    for asked in ({}, {"sigma_w": 1.234567, "sigma_b": 0.1234567}, {"sigma_b": 0.2}):
        assert max(map(len, printed(name, **asked).splitlines())) <= 80
    assert max(map(len, printed(name, encoding="ascii").splitlines())) <= 80


def test_the_table_says_what_is_unstable_and_what_is_reached():
    text = printed("silu", sigma_b=0.2, q0=0.5)
    for line in ("edge of chaos: σ_w = 1.6795316, σ_b = 0.2, at q* = 0.689453, unstable",
                 "  stable only from σ_w = 1.4099662, σ_b = 0.745079 on, at q* = 14.3202",
                 "  q0 = 0.5 reaches q* = 0.194038, ordered"):
        assert line in text
    assert "+0.074129 (+4.65 %) from the forward gain" in printed("tanh")
    assert "grows without end" in printed("silu", sigma_w=1.67953, sigma_b=0.2, q0=0.8)
    assert "kept, whatever it is" in printed("relu")


def test_the_whole_catalogue_is_sorted_by_its_forward_gain():
    found = gain_table(gain_spec(everything=True, curves=False)).activations
    assert len(found) > 30
    gains = [each.gains.gain_forward for each in found]
    assert gains == sorted(gains, reverse=True)
    lines = printed(everything=True).splitlines()
    assert [line.split()[0] for line in lines[4:7]] == [each.label for each in found[:3]]
    assert lines[-1].startswith("! the variance 1 is unstable")


ERRORS = {
    "unknown activation 'rleu'. Did you mean 'relu'?": {"names": ["rleu"]},
    "the activation 'RELU' is asked for twice. Name each once.".casefold(): {"names": ["relu", "RELU"]},
    "--all cannot be combined with 'relu', 'tanh'. it shows every activation.":
        {"names": ["relu", "tanh"], "everything": True},
    "--sigma-w must be from 0 to 1,000, not 1001.": {"sigma_w": 1001.0},
    "--sigma-b must be from 0 to 1,000, not nan.": {"sigma_b": math.nan},
    "--q0 must be from 0 to 100,000,000, not -1.": {"q0": -1.0},
    "leaky_relu: slope must be a number, not 'x'.": {"names": ["leaky_relu:x"]},
}


@pytest.mark.parametrize("message", ERRORS)
def test_a_request_that_cannot_be_is_refused_in_one_line(message):
    with pytest.raises(SpecError) as error:
        gain_spec(**ERRORS[message])
    assert str(error.value).casefold() == message.casefold()


def test_a_spec_is_valid_or_not_at_all():
    with pytest.raises(SpecError):
        GainSpec((), sigma_w=math.inf)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def once(arguments):
        with pytest.raises(SystemExit) as end:
            main(["gain", *shlex.split(arguments)])
        captured = capsys.readouterr()
        return end.value.code, captured.out, captured.err

    return once


def test_the_figure_is_named_after_the_activations_and_the_catalogue_has_none_unasked(run):
    code, out, err = run("tanh --act leaky_relu:0.2")
    assert (code, err) == (0, "wrote gain-tanh+leaky_relu_0.2.png\n")
    assert "nn.init.normal_(w, std=1.59253742 / fan_in**0.5)" in out
    assert run("--all")[0] == 0
    assert os.listdir() == ["gain-tanh+leaky_relu_0.2.png"]


@pytest.mark.parametrize(("arguments", "message"), [
    ("rleu", "unknown activation 'rleu'. Did you mean 'relu'?"),
    ("relu --act RELU", "the activation 'relu' is asked for twice. Name each once."),
    ("--all relu", "--all cannot be combined with 'relu'. It shows every activation."),
    ("--sigma-w nan", "--sigma-w must be a finite number, 0 or more, not 'nan'."),
    ("--sigma-b -1", "--sigma-b must be a finite number, 0 or more, not '-1'."),
    ("--q0 much", "--q0 must be a finite number, 0 or more, not 'much'."),
    ("--all --no-figure -o a.png", "--no-figure cannot be combined with --output. Choose one.")])
def test_a_wrong_request_is_one_line_and_writes_nothing(run, arguments, message):
    assert run(arguments) == (2, "", f"Error: {message}\n")
    assert os.listdir() == []
