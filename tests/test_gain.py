"""`actprof gain`: the digits of the literature, closed forms, and the contract of its output."""

import csv
import io
import json
import math
import os

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.errors import SpecError
from actprof.gain.gains import GainSpec, gain_spec, gain_table
from actprof.gain.records import record_of as gain_record
from actprof.gain.records import rows_of as gain_rows
from actprof.gain.table import print_result as print_gains
from actprof.report.records import to_csv, to_json
from actprof.theory.fixed_points import gains
from tests.cases import for_each
from tests.naive import gaussian_rule
from tests.tables import tables
from tests.test_theory import GAINS


def one(name, **request):
    return gain_table(gain_spec([name], curves=False, **request)).activations[0]


@for_each("name", GAINS)
def test_json_hands_on_the_gains_of_the_theory(name):
    record, known = gain_record(gain_table(gain_spec([name])))["activations"][0], gains(ACTIVATIONS.parse(name))
    for key in ("e_phi", "e_phi2", "e_dphi2", "gain_forward", "gain_backward", "gain_std", "chi_at_gain_forward",
                "length_slope", "critical_sigma_w", "critical_q", "torch_gain", "stability", "stable"):
        assert record[key] == getattr(known, key), key


@for_each("name", [row.name for row in ACTIVATIONS])
def test_what_is_stable_is_so_wherever_it_is_told(name):
    record = gain_record(gain_table(gain_spec([name], curves=False)))["activations"][0]
    [forward] = [course for course in record["courses"] if course["name"] == "forward"]
    assert (record["stability"], record["stable"]) == (forward["stability"], forward["stable"])


SELU = 1.0507009873554805 * math.sqrt((1 + 1.6732632423543773**2) / 2)
"""The root mean square of its slopes beside the kink."""


@for_each(("name", "sigma_w", "q", "stable"), [
    ("gaussian", 1 + 1 / math.sqrt(2), (1 + math.sqrt(2)) / 2, "stable"), ("cos", None, 1.19967864, "stable"),
    ("tanh", 1, 0, "stable"), ("softsign", 1, 0, "stable"), ("elu", 1, 0, "stable"), ("celu", 1, 0, "stable"),
    ("selu", 1 / SELU, 0, "stable"), ("hard_tanh", 1, 0, "neutral"), ("relu", math.sqrt(2), None, "neutral"),
    ("gelu", 2, 0, "unstable"), ("silu", 2, 0, "unstable"), ("mish", 5 / 3, 0, "unstable"),
    ("exponential", 1 / math.e, 1, "unstable")])
def test_the_edge_of_chaos_without_biases_is_where_closed_forms_have_it(name, sigma_w, q, stable):
    edge = one(name).edge
    assert sigma_w is None or edge.sigma_w == pytest.approx(sigma_w, rel=1e-12)
    assert edge.q == (None if q is None else pytest.approx(q, abs=5e-9))
    assert (edge.sigma_b, edge.stability) == (0, stable)
    if not q:
        assert edge.length_slope == pytest.approx(1, abs=1e-12)


@for_each(("name", "q", "sigma_w", "sigma_b"), [
    ("gelu", 3.5616, 1.40821, 0.41584), ("silu", 14.320, 1.40997, 0.74508), ("mish", 1.6702, 1.41899, 0.30744)])
def test_the_edge_turns_stable_at_the_known_points_and_only_there(name, q, sigma_w, sigma_b):
    edge = one(name).stable_edge
    assert edge.q == pytest.approx(q, rel=2e-5)
    assert (edge.sigma_w, edge.sigma_b) == pytest.approx((sigma_w, sigma_b), abs=6e-6)
    assert edge.length_slope == pytest.approx(1, abs=1e-9)
    assert one(name, sigma_b=1.05 * sigma_b).stable_edge is None


def test_gelu_is_half_stable_where_the_closed_form_says():
    assert one("gelu").stable_edge.q == pytest.approx((3 + math.sqrt(17)) / 2, rel=1e-7)


@for_each(("q0", "limit", "phase"), [(0.5, 0.194, "ordered"), (0.1, 0.194, "ordered"),
                                     (0.8, math.inf, None)])
def test_of_two_fixed_points_the_one_is_told_that_the_input_reaches(q0, limit, phase):
    found = one("silu", sigma_w=1.67953, sigma_b=0.2, q0=q0)
    roots = found.fixed_points.points
    assert [point.q_star for point in roots] == pytest.approx([0.194, 0.6895], abs=5e-4)
    assert [point.stability for point in roots] == ["stable", "unstable"]
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


def test_the_std_gain_is_for_centred_layers_and_not_judged_as_one_of_others():
    [std] = [course for course in one("sigmoid").courses if course.name == "std"]
    assert (std.point, std.fixed_points.points, std.fixed_points.course) == (None, (), "")
    assert "for centred layers" in printed("sigmoid")


@for_each(("names", "asked", "drawn"), [
    (["relu"], {}, [(math.sqrt(2), 0)]), (["tanh"], {"sigma_w": 1.5}, [(1.5, 0)]),
    (["softplus"], {"sigma_b": 0.2}, [None]), (["hard_shrink:1e3"], {}, [None]),
    (["softplus", "step"], {"sigma_w": 1.2, "sigma_b": 0.3}, [(1.2, 0.3)] * 2)])
def test_the_map_is_that_of_the_scales_asked_for_and_of_no_others(names, asked, drawn):
    maps = [each.length_map for each in gain_table(gain_spec(names, **asked)).activations]
    assert [each and (each.fixed_points.sigma_w, each.fixed_points.sigma_b) for each in maps] == [
        scales and pytest.approx(scales) for scales in drawn]


def test_torch_s_gain_is_set_beside_the_forward_one():
    assert one("tanh").torch_difference == pytest.approx(5 / 3 - 1.59253742, abs=5e-9)
    assert one("relu").torch_difference == one("leaky_relu:0.2").torch_difference == 0
    assert one("gelu").torch_difference is None


KEYS = {"activation", "e_phi", "e_phi2", "e_dphi2", "gain_forward", "gain_backward", "gain_std", "chi_at_gain_forward",
        "length_slope", "stable", "torch_gain"}
ASKED = {"sigma_w", "sigma_b", "q_star", "c_star", "chi_1", "xi_q", "xi_c", "phase"}


@for_each("asked", [{}, {"sigma_w": 1.5}, {"sigma_w": 1.5, "sigma_b": 0.1, "q0": 3.0}])
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


def test_csv_has_a_row_for_each_activation_or_for_each_of_its_fixed_points():
    def rows_of(result):
        return list(csv.DictReader(io.StringIO(to_csv(gain_rows(result)))))

    alone = gain_table(gain_spec(["tanh", "gelu"]))
    assert [(row["activation"], float(row["length_slope"])) for row in rows_of(alone)] == [
        (each.label, each.gains.length_slope) for each in alone.activations]
    result = gain_table(gain_spec(["tanh", "silu", "relu"], sigma_w=1.68, sigma_b=0.2, q0=0.5))
    rows = rows_of(result)
    assert [(row["activation"], float(row["fixed_point_q_star"] or "nan")) for row in rows[:-1]] == [
        (each.label, point.q_star) for each in result.activations for point in each.fixed_points.points]
    assert (rows[-1]["activation"], rows[-1]["fixed_point_q_star"]) == ("relu", "")  # it has none
    assert [row["fixed_point_reached"] for row in rows if row["activation"] == "silu"] == ["True", "False"]


def printed(*names, encoding="utf-8", **request):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    print_gains(gain_table(gain_spec(names, curves=False, **request)), stream)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def test_the_table_says_what_is_unstable_and_what_is_reached():
    text = printed("silu", sigma_b=0.2, q0=0.5)
    for line in ("edge of chaos: σ_w = 1.6795316, σ_b = 0.2, at q* = 0.68945, unstable",
                 "  where it turns stable: σ_w = 1.4099662, σ_b = 0.745079",
                 "  q0 = 0.50000 reaches q* = 0.19404, ordered"):
        assert line in text
    assert "+0.074129 (+4.65 %) from the forward gain" in printed("tanh")
    assert "grows beyond 1e12" in printed("silu", sigma_w=1.67953, sigma_b=0.2, q0=0.8)
    assert "kept, whatever it is" in printed("relu")


@for_each("name", ["tanh", "relu", "gelu", "exponential", "square"])
def test_what_is_said_of_the_forward_gain_is_where_plain_iteration_ends(name):
    """From E x² = 1, with Gauss–Legendre's sums."""
    [rows] = tables(printed(name).splitlines(), row=r"(forward|backward|std|torch) ")
    forward = next(row for row in rows if row["gain"] == "forward")
    phi, weights, words = bind(ACTIVATIONS.parse(name)).value, float(forward["gain²"]), forward["the variance"]
    z, shares = gaussian_rule(nodes=8)
    before, q = 0.0, weights
    while 1e-9 < q < 1000 and abs(q - before) > 1e-6 * q:
        before, q = q, weights * (phi(np.sqrt(q) * z) ** 2 @ shares)
    if words == "unstable: grows":
        assert q >= 1000
    else:
        end = {"stable": 1.0, "kept, whatever it is": weights}.get(words)
        assert q == pytest.approx(float(words.removeprefix("unstable: ends at ")) if end is None else end,
                                  rel=5e-3, abs=1e-6)


def test_the_whole_catalogue_is_sorted_by_its_forward_gain():
    found = gain_table(gain_spec(everything=True, curves=False)).activations
    assert len(found) > 30
    forward = [each.gains.gain_forward for each in found]
    assert forward == sorted(forward, reverse=True)
    lines = printed(everything=True).splitlines()
    assert [line.split()[0] for line in lines[4:7]] == [each.label for each in found[:3]]
    assert lines[-1].startswith("! the variance 1 is unstable")


ERRORS = {
    "unknown activation 'rleu'. Did you mean 'relu'?": {"names": ["rleu"]},
    "the activation 'RELU' is asked for twice. Name each once.".casefold(): {"names": ["relu", "RELU"]},
    "--all cannot be combined with 'relu', 'tanh'. it shows every activation.":
        {"names": ["relu", "tanh"], "everything": True},
    "--sigma-w must be from 0 to 1,000, not 1001.": {"sigma_w": 1001.0},
    "--sigma-w must be from 0 to 1,000, not 1000.0001.": {"sigma_w": 1000.0001},
    "--sigma-b must be from 0 to 1,000, not nan.": {"sigma_b": math.nan},
    "--q0 must be from 0 to 1,000,000,000,000, not -1.": {"q0": -1.0},
    "leaky_relu: slope must be a number, not 'x'.": {"names": ["leaky_relu:x"]},
    "softplus: beta must be a number from 0.0001 to 10000, not '1e-300'.": {"names": ["softplus:1e-300"]},
    "squareplus: b must be a number from 0.0001 to 10000, not '1e300'.": {"names": ["squareplus:1e300"]},
    "celu: alpha must be a number from 0.0001 to 10000, not '1e300'.": {"names": ["celu:1e300"]},
    "elu: alpha must be a number from 0.0001 to 10000, not '1e200'.": {"names": ["elu:1e200"]},
}


@for_each("message", ERRORS)
def test_a_request_that_cannot_be_is_refused_in_one_line(message):
    with pytest.raises(SpecError) as error:
        gain_spec(**ERRORS[message])
    assert str(error.value).casefold() == message.casefold()


def test_a_spec_is_valid_or_not_at_all():
    with pytest.raises(SpecError):
        GainSpec((), sigma_w=math.inf)


@pytest.fixture
def run(program):
    return lambda arguments: program(f"gain {arguments}")


@pytest.mark.slow
def test_the_figure_is_named_after_the_activations_and_the_catalogue_has_none_unasked(run):
    code, out, err = run("tanh --act leaky_relu:0.2")
    assert (code, err) == (0, "wrote gain-tanh+leaky_relu_0.2.png\n")
    assert "nn.init.normal_(" in out
    assert run("--all")[0] == 0
    assert os.listdir() == ["gain-tanh+leaky_relu_0.2.png"]


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["", " --sigma-w 1.5 --sigma-b 0.2"])
def test_of_the_whole_catalogue_the_same_is_told_whether_it_is_drawn_or_not(run, asked):
    alone, drawn = run(f"--all --json{asked}"), run(f"--all --json{asked} -o all.png --dpi 30")
    assert alone[:2] == drawn[:2]
    for each in json.loads(alone[1])["activations"]:
        assert not {"courses", "stable_edge"} & each.keys()


def test_all_without_an_edge_are_named_in_one_note(run):
    code, _, err = run("softplus step tanh --sigma-b 0.2 --no-figure")
    assert (code, err.count("note: "), err.count("\n")) == (0, 1, 1)
    assert err.rstrip().endswith("softplus, step")


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
