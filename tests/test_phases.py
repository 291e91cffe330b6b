"""Phase diagrams: the fast planes against exact theory, the edge against the literature, and the output's contract."""

import csv
import functools
import io
import itertools
import json
import math

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.expectations import curve, moments
from actprof.errors import SpecError
from actprof.report.records import to_csv, to_json
from actprof.sweep.phases.boundaries import LAYERS, boundaries
from actprof.sweep.phases.diagrams import grid as cells_of
from actprof.sweep.phases.diagrams import phase_diagrams
from actprof.sweep.phases.records import record_of as diagram_record
from actprof.sweep.phases.records import rows_of as diagram_rows
from actprof.sweep.phases.request import VALUES_B, VALUES_W, most_sigma_w, phase_spec
from actprof.sweep.phases.result import PHASES
from actprof.sweep.phases.table import print_result as print_diagrams
from actprof.theory.fields import pair_rows
from actprof.theory.fixed_points import edge_of_chaos, fixed_points
from actprof.theory.length_map import moment_table
from actprof.theory.predictions import TRAINABLE_SCALES
from actprof.theory.roots import LengthMaps
from tests.tables import tables

pytestmark = pytest.mark.slow

NAMES = ("relu", "leaky_relu:0.2", "tanh", "sigmoid", "gelu", "silu", "mish", "hard_silu", "elu", "selu", "softplus",
         "hard_tanh", "relu6", "softsign", "sin", "cos", "gaussian", "exponential", "soft_shrink", "abs", "maxout")


@functools.cache
def diagram(name, *inits, **request):
    return phase_diagrams(phase_spec([name], inits, **request)).diagrams[0]


HIGH = {"soft_shrink": 3.0}
"""σ_w up to which there are fixed points, where the usual plane goes far beyond."""


@functools.cache
def sample(name, cells=12):
    """Random cells of random σ_w and σ_b as far as the usual plane goes: (what is reached exactly, index, grid)."""
    rng, choice = np.random.default_rng(len(name)), ACTIVATIONS.parse(name)
    high = HIGH.get(name) or most_sigma_w(boundaries(choice)[0])
    sigma_w = tuple(np.sort(high * rng.random(40) + 1e-3).tolist())
    sigma_b = tuple(np.sort(0.4 * high * rng.random(30) + 1e-3).tolist())
    grid = cells_of(bind(choice), sigma_w, sigma_b)
    places = zip(rng.integers(0, 40, cells).tolist(), rng.integers(0, 30, cells).tolist(), strict=True)
    return [(fixed_points(choice, sigma_w[i], sigma_b[j], sigma_w[i]**2 + sigma_b[j]**2).reached, (i, j), grid)
            for i, j in places]


def slope_of(xi):
    """|slope| with ξ = -1/ln|slope|."""
    return math.exp(-1 / xi) if xi else 0.0


@pytest.mark.parametrize("name", NAMES)
def test_the_plane_agrees_with_the_exact_fixed_points_at_random_cells(name):
    cells = sample(name)
    known = [each for each in cells if each[0]]
    assert len(known) >= 4
    for reached, cell, grid in cells:
        assert math.isinf(grid.q_star[cell]) == (reached is None)
        assert all(np.isnan(getattr(grid, each)[cell]) == (reached is None)
                   for each in ("chi_1", "xi_c", "xi_q", "c_star"))
    for reached, cell, grid in known:
        # W is interpolated to 1e-9 of itself, and an error in it moves q* by 1/(1 - slope) times as much.
        slack = 1 / max(1 - abs(reached.length_slope), 1e-9)
        assert grid.q_star[cell] == pytest.approx(reached.q_star, rel=1e-8 * slack)
        assert grid.chi_1[cell] == pytest.approx(reached.chi_1, rel=1e-7 * slack, abs=1e-9)
        assert slope_of(grid.xi_q[cell]) == pytest.approx(slope_of(reached.xi_q), abs=1e-7 * slack)


@pytest.mark.parametrize("name", NAMES)
def test_two_inputs_end_on_the_plane_as_in_exact_theory(name):
    apart = [each for each in sample(name) if each[0] and abs(each[0].chi_1 - 1) > 1e-4]
    assert len(apart) >= 4
    for reached, cell, grid in apart:
        assert grid.phase[cell] == reached.phase
        assert grid.c_star[cell] == pytest.approx(reached.c_star, abs=1e-6)
        assert slope_of(grid.xi_c[cell]) == pytest.approx(slope_of(reached.xi_c), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_variance_of_every_cell_is_a_fixed_point_of_the_exact_length_map(name):
    grid, phi = sample(name)[0][2], bind(ACTIVATIONS.parse(name))
    weights, biases = np.meshgrid(np.square(grid.sigma_w), np.square(grid.sigma_b), indexing="ij")
    known, empty = np.isfinite(grid.q_star) & (grid.q_star > 0), grid.q_star == 0
    images = weights[known] * curve(phi, grid.q_star[known]).square + biases[known]
    np.testing.assert_allclose(images, grid.q_star[known], rtol=1e-8, atol=1e-13)
    assert (weights[empty] * moments(phi, 0.0).square + biases[empty] == 0).all()
    assert known.sum() >= 30


@pytest.mark.parametrize("name", ["tanh", "gelu", "sigmoid", "elu", "cos"])
def test_iterating_layer_by_layer_ends_at_the_variance_of_the_cell(name):
    grid, phi = sample(name)[0][2], bind(ACTIVATIONS.parse(name))
    for i, j in ((5, 3), (15, 20), (20, 4), (30, 10)):
        weights, biases = grid.sigma_w[i] ** 2, grid.sigma_b[j] ** 2
        q = weights + biases
        for _ in range(400):
            q = float(weights * moments(phi, min(q, 1e8)).square + biases)
        if math.isfinite(grid.q_star[i, j]):
            assert q == pytest.approx(grid.q_star[i, j], rel=1e-3, abs=1e-12)
        else:
            assert q > 50  # still on its way


@pytest.mark.parametrize(("name", "sigma_w", "sigma_b", "q"), [
    ("gelu", 1.40821, 0.41584, 3.5616), ("silu", 1.40997, 0.74508, 14.320), ("mish", 1.41899, 0.30744, 1.6702)])
def test_the_edge_is_unstable_below_its_half_stable_point_and_stable_above(name, sigma_w, sigma_b, q):
    found = diagram(name)
    [turn], [branch] = found.turns, found.edges
    assert (turn.sigma_w, turn.sigma_b, turn.q) == pytest.approx((sigma_w, sigma_b, q), rel=2e-5)
    assert turn.length_slope == pytest.approx(1, abs=1e-8)
    assert [point.stable for point in branch] == [point.q >= turn.q for point in branch]
    assert (found.critical[0].sigma_b, found.critical[0].stable) == (0, False)


@pytest.mark.parametrize(("name", "sigma_w", "q"), [("tanh", 1.0, 0.0), ("sigmoid", 10.149263710, 45.6242778),
                                                    ("gaussian", 1 + 1 / math.sqrt(2), (1 + math.sqrt(2)) / 2)])
def test_the_edge_starts_where_closed_forms_have_it_and_chi_is_1_all_along(name, sigma_w, q):
    found, phi = diagram(name), bind(ACTIVATIONS.parse(name))
    [branch] = found.edges
    assert (branch[0].sigma_w, branch[0].sigma_b, branch[0].q) == pytest.approx((sigma_w, 0.0, q), abs=1e-7)
    for point in branch[1::7]:
        one = moments(phi, point.q)
        assert point.sigma_w**2 * one.slope_square == pytest.approx(1, rel=1e-12)
        assert point.sigma_w**2 * one.square + point.sigma_b**2 == pytest.approx(point.q, rel=1e-9)


def test_the_edge_of_relu_is_one_point_between_order_and_divergence():
    found = diagram("relu", sigma_w=(1.0, math.sqrt(2), 2.0), sigma_b=(0.0, 0.5))
    assert [[(point.sigma_w, point.q) for point in branch] for branch in found.edges] == [
        [(pytest.approx(math.sqrt(2)), None)]]
    assert found.grid.phase.tolist() == [["ordered", "ordered"], ["edge", "diverges"], ["diverges", "diverges"]]
    assert found.grid.q_star[0].tolist() == [0.0, pytest.approx(0.25 / (1 - 0.5))]
    assert found.grid.q_star[1, 0] == pytest.approx(2.0)


def test_softplus_has_no_edge_and_no_chaos():
    found = diagram("softplus")
    assert found.edges == found.critical == ()
    assert set(found.grid.phase.ravel().tolist()) == {"ordered", "diverges"}


def around(name, q, half, count=24):
    """A plane around the edge of chaos at variance q, which reaches as far as `half` in all four directions."""
    centre = edge_of_chaos(ACTIVATIONS.parse(name), q)
    steps = half * np.linspace(-1, 1, count)
    return diagram(name, sigma_w=tuple((centre.sigma_w + steps).tolist()),
                   sigma_b=tuple((centre.sigma_b + steps).tolist())), centre


@pytest.mark.parametrize(("name", "q"), [("tanh", 0.37), ("sigmoid", 60.0), ("gelu", 5.0), ("elu", 0.7), ("sin", 0.4)])
@pytest.mark.parametrize("half", [0.1, 1e-3, 1e-6])
def test_a_plane_of_any_size_shows_the_edge_finely_from_border_to_border(name, q, half):
    found, centre = around(name, q, half)
    [piece] = found.edges
    places = np.array([(point.sigma_w - centre.sigma_w, point.sigma_b - centre.sigma_b) for point in piece]) / half
    rounding = 1e-12 / half
    far = np.abs(places).max(axis=1)
    assert far.max() <= 1 + rounding
    assert (far[0], far[-1]) == pytest.approx((1, 1), abs=rounding)
    assert np.abs(np.diff(places, axis=0)).max() <= 0.02 + rounding
    phi = bind(ACTIVATIONS.parse(name))
    for point in piece:
        one = moments(phi, point.q)
        assert point.sigma_w**2 * one.slope_square == pytest.approx(1, rel=1e-12)
        assert point.sigma_w**2 * one.square + point.sigma_b**2 == pytest.approx(point.q, rel=1e-9)


@pytest.mark.parametrize(("name", "q"), [("tanh", 0.37), ("sigmoid", 60.0), ("elu", 0.7), ("sin", 0.4)])
@pytest.mark.parametrize("half", [0.1, 1e-3])
def test_the_edge_on_a_small_plane_is_where_the_phases_change(name, q, half):
    found, _ = around(name, q, half)
    [piece] = found.edges
    sigma_w, sigma_b = np.array([(point.sigma_w, point.sigma_b) for point in piece]).T
    rows = [row for row, level in enumerate(found.grid.sigma_b) if sigma_b[0] <= level <= sigma_b[-1]]
    assert len(rows) >= 5
    for row in rows:
        beyond = np.array(found.grid.sigma_w) - np.interp(found.grid.sigma_b[row], sigma_b, sigma_w)
        clear = np.abs(beyond) > 0.05 * half  # what the interpolated cells may be off
        assert clear.sum() >= 20
        assert found.grid.phase[clear, row].tolist() == np.where(beyond > 0, "chaotic", "ordered")[clear].tolist()


@pytest.mark.parametrize("half", [0.1, 1e-3, 1e-5, 1e-7])
def test_the_edge_turns_stable_at_its_half_stable_point_on_a_plane_of_any_size(half):
    [turn] = diagram("gelu").turns
    [piece] = around("gelu", turn.q, half)[0].edges
    assert {point.stable for point in piece} == {False, True}
    assert [point.stable for point in piece] == [point.q >= turn.q for point in piece]


def test_an_edge_that_leaves_the_plane_and_comes_back_is_in_pieces():
    # That of gelu comes down from σ_w = 2 to 1.408 at its half-stable point, and rises to √2 from there on.
    found = diagram("gelu", sigma_w=(1.41, 1.45, 1.5), sigma_b=(0.0, 10.0, 20.0))
    down, up = found.edges
    assert (down[0].sigma_w, down[-1].sigma_w) == pytest.approx((1.5, 1.41), rel=1e-9)
    assert (up[0].sigma_w, up[-1].sigma_b) == pytest.approx((1.41, 20.0), rel=1e-9)
    assert {point.stable for point in down} == {False}
    assert {point.stable for point in up} == {True}
    assert diagram("gelu", sigma_w=(1.5, 1.6), sigma_b=(10.0, 15.0, 20.0)).edges == ()
    assert diagram("relu", sigma_w=(1.5, 1.6), sigma_b=(0.0, 1.0)).edges == ()


CHAOTIC_LAYERS = {"tanh": {30, 100}, "sigmoid": {30, 100}, "sin": {10, 30, 100}, "selu": {100}, "relu6": {30, 100}}
"""Depths down to which chaotic networks on the plane can be trained, where the variance is bounded."""


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "elu", "selu", "gelu", "relu", "sin", "relu6"])
def test_six_depth_scales_on_a_line_are_as_many_layers_as_it_says(name):
    lines = diagram(name).depth_lines
    assert {line.layers for line in lines if line.phase == "ordered"} == set(LAYERS)
    assert {line.layers for line in lines if line.phase == "chaotic"} == CHAOTIC_LAYERS.get(name, set())
    for line in lines:
        points = line.points[5:-5:max(len(line.points) // 3, 1)]
        assert len(points) >= 2
        for sigma_w, sigma_b in points:
            reached = fixed_points(ACTIVATIONS.parse(name), sigma_w, sigma_b, sigma_w**2 + sigma_b**2).reached
            assert reached.phase == line.phase
            assert TRAINABLE_SCALES * reached.xi_c == pytest.approx(line.layers, rel=0.03)


def layers_of_gradients(weights, q):
    """Over how many layers of tanh, without biases, a gradient's norm changes by ×30, by quadrature."""
    z, share = np.polynomial.hermite_e.hermegauss(200)
    share, growths = share / math.sqrt(2 * math.pi), [0.0]
    while abs(growths[-1]) < 2 * math.log(30):
        a = np.tanh(math.sqrt(q) * z)
        growths.append(growths[-1] + math.log(weights * share @ (1 - a**2) ** 2))
        q = weights * share @ a**2
    before, here = np.abs(growths[-2:])
    return len(growths) - 2 + (2 * math.log(30) - before) / (here - before)


def test_a_scheme_is_marked_at_its_sigmas_with_exact_theory():
    found = {scheme.label: scheme for scheme in diagram("tanh", "he", "torch.linear", "0.01", "xavier").schemes}
    assert (found["he"].sigma_w, found["he"].sigma_b, found["he"].start) == pytest.approx((math.sqrt(2), 0, 2))
    assert found["he"].fixed_points == fixed_points(ACTIVATIONS.parse("tanh"), found["he"].sigma_w, 0.0,
                                                    found["he"].start)
    reached = found["he"].fixed_points.reached
    assert found["he"].signal_layers == 6 * reached.xi_c
    assert found["he"].gradient_layers == pytest.approx(layers_of_gradients(2.0, 2.0), rel=1e-6)
    assert found["he"].layers == found["he"].gradient_layers < found["he"].signal_layers
    linear = found["torch.linear"]
    assert (linear.sigma_w**2, linear.sigma_b**2) == pytest.approx((1 / 3, 1 / 300))
    assert found["0.01"].sigma_w == pytest.approx(0.1)
    assert (found["xavier"].phase, found["xavier"].layers) == ("edge", math.inf)


def test_width_and_bias_move_the_schemes():
    scheme = diagram("tanh", "0.02", width=400, bias="normal:0.3").schemes[0]
    assert (scheme.sigma_w, scheme.sigma_b) == pytest.approx((0.4, 0.3))
    assert scheme.start == pytest.approx(0.25)


def test_schemes_at_the_same_point_share_a_spot():
    found = diagram("relu", "xavier", "he", "lecun", "critical")
    assert [[scheme.label for scheme in spot] for spot in found.spots] == [["xavier", "lecun"], ["he", "critical"]]


def test_what_theory_does_not_cover_is_a_note_and_no_mark():
    result = phase_diagrams(phase_spec(["tanh"], ["lsuv", "identity", "he"], bias="zeros"))
    assert [scheme.label for scheme in result.diagrams[0].schemes] == ["he"]
    assert [note.split(":")[0] for note in result.notes] == ["lsuv / tanh is not on the plane",
                                                            "identity / tanh is not on the plane"]
    result = phase_diagrams(phase_spec(["tanh"], ["he"], bias="constant:0.5"))
    assert result.notes == ("he / tanh is not on the plane: constant biases have a mean other than 0, "
                            "which sigma_b does not tell",)


def test_slopes_that_are_drawn_anew_keep_two_inputs_apart_in_every_phase():
    grid = diagram("rrelu:train", sigma_w=(0.5, 1.0, 1.3), sigma_b=(0.2, 0.4)).grid
    for (i, j), c_star in np.ndenumerate(grid.c_star):
        w, b = grid.sigma_w[i], grid.sigma_b[j]
        known = fixed_points(ACTIVATIONS.parse("rrelu:train"), w, b, w**2 + b**2).reached
        assert known.phase == grid.phase[i, j] == "ordered"
        assert c_star == pytest.approx(known.c_star, abs=1e-7)


def test_a_plane_widens_for_a_scheme_nearby_and_tells_of_one_far_away():
    assert diagram("tanh", "0.4").grid.sigma_w[-1] >= 4.0
    result = phase_diagrams(phase_spec(["tanh"], ["normal:1"]))
    assert not result.diagrams[0].schemes[0].shown
    assert result.notes == ("normal:1 / tanh lies beyond the plane, at sigma_w = 10, sigma_b = 0",)
    asked = phase_diagrams(phase_spec(["tanh"], ["he"], sigma_w=(0.1, 0.5, 1.0)))
    assert asked.diagrams[0].grid.sigma_w == (0.1, 0.5, 1.0)
    assert not asked.diagrams[0].schemes[0].shown


def test_a_range_that_nobody_gives_has_the_usual_number_of_values():
    grid = diagram("tanh").grid
    assert (len(grid.sigma_w), len(grid.sigma_b)) == (VALUES_W, VALUES_B)


def test_progress_ends_at_the_whole():
    shares = []
    phase_diagrams(phase_spec(["relu", "tanh"]), shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1.0


def test_the_table_of_moments_is_exact_at_its_nodes_and_near_between():
    """And beside variances whose moments no float holds, which are from 355 on for the exponential."""
    usual = itertools.product(("tanh", "selu", "gelu"), (1e-5, 0.123, 3.3, 4321.0))
    for name, q in (*usual, ("exponential", 250.0)):
        phi = bind(ACTIVATIONS.parse(name))
        table, one, at = moment_table(phi), moments(phi, q), np.array([q])
        assert table.square(np.log(at))[0] == pytest.approx(one.square, rel=1e-9)
        assert table.slope_square(at)[0] == pytest.approx(one.slope_square, rel=1e-9)
        assert table.square_slope(at)[0] == pytest.approx(one.square_slope, rel=1e-8)


def test_a_variance_that_meets_no_fixed_point_has_no_end():
    square = bind(ACTIVATIONS.parse("square"))  # W = 3q², so q = 3σ_w²q² ends only below 1/(3σ_w²)
    weights = np.array([0.7, 0.8]) ** 2
    q_star, growth, _ = LengthMaps(square, weights, np.zeros(2)).limits(weights)
    assert q_star.tolist() == [0.0, math.inf]
    assert growth[1] == pytest.approx(3 * 0.8**4 - 1, rel=1e-6)


def test_the_correlations_of_relu_are_the_arc_cosine_kernel():
    rows, y = pair_rows(bind(ACTIVATIONS.parse("relu")), np.array([0.7])), np.linspace(0.01, 1, 20)
    gaps, slopes = np.array([(rows.gap(each)[0], rows.at(each)[1][0]) for each in y[:, None]]).T
    np.testing.assert_allclose(slopes, (math.pi - np.arccos(1 - gaps)) / (2 * math.pi), rtol=1e-6)


@functools.cache
def result():
    return phase_diagrams(phase_spec(["tanh", "relu"], ["he", "xavier", "0.07"], sigma_w=(0.5, 1.0, 1.5),
                                     sigma_b=(0.0, 0.2)))


def test_json_is_strict_and_holds_what_the_schema_promises():
    record = json.loads(to_json(diagram_record(result())), parse_constant=pytest.fail)
    assert list(record)[:2] == ["schema", "kind"]
    assert (record["schema"], record["kind"], record["seed"]) == ("actprof.sweep/1", "phases", None)
    assert record["notes"] == []
    assert record["config"].keys() >= {"activations", "inits", "width", "bias", "sigma_w", "sigma_b"}
    for each in record["diagrams"]:
        assert each["axes"] == [
            {"name": "sigma_w", "title": "σ_w", "labels": ["0.5", "1", "1.5"], "values": [0.5, 1.0, 1.5],
             "logarithmic": False},
            {"name": "sigma_b", "title": "σ_b", "labels": ["0", "0.2"], "values": [0.0, 0.2], "logarithmic": False}]
        assert each["quantities"].keys() >= {"q_star", "chi_1", "xi_c", "xi_q", "c_star", "phase"}
        for values in each["quantities"].values():
            assert np.shape(np.array(values, object)) == (3, 2)
        assert {phase for row in each["quantities"]["phase"] for phase in row} <= set(PHASES)
        assert each["edges"][0][0].keys() == {"sigma_w", "sigma_b", "q", "length_slope", "stability", "stable"}
        assert [scheme["label"] for scheme in each["schemes"]] == ["he", "xavier", "0.07"]
    assert [len(each["edges"]) for each in record["diagrams"]] == [1, 1]
    assert [len(piece) > 1 for each in record["diagrams"] for piece in each["edges"]] == [True, False]
    relu = record["diagrams"][1]["quantities"]
    assert relu["phase"][2][1] == "diverges"
    assert relu["q_star"][2][1] is relu["chi_1"][2][1] is None


def test_the_pieces_of_an_edge_stay_apart_in_json():
    found = phase_diagrams(phase_spec(["gelu"], [], sigma_w=(1.41, 1.5), sigma_b=(0.0, 20.0)))
    told = json.loads(to_json(diagram_record(found)))["diagrams"][0]["edges"]
    assert [[point["sigma_w"] for point in piece] for piece in told] == [
        [point.sigma_w for point in piece] for piece in found.diagrams[0].edges]
    assert len(told) == 2


def test_csv_has_a_row_for_each_cell_and_each_scheme():
    rows = list(csv.DictReader(io.StringIO(to_csv(diagram_rows(result())))))
    assert len(rows) == 2 * (3 * 2 + 3)
    he = next(row for row in rows if row["scheme"] == "he")
    assert float(he["sigma_w"]) == pytest.approx(math.sqrt(2))
    assert float(rows[3]["chi_1"]) < 1
    assert {row["activation"] for row in rows} == {"tanh", "relu"}


@functools.cache
def diagrams(*names):
    return phase_diagrams(phase_spec(names, ("he", "xavier", "torch.linear", "0.01", "critical")))


def printed(*names, encoding="utf-8"):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    print_diagrams(diagrams(*names), stream)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "sigmoid", "exponential", "softplus"])
def test_the_tables_fit_80_columns_in_any_encoding(name):
    for encoding in ("utf-8", "ascii"):
        assert max(map(len, printed(name, encoding=encoding).splitlines())) <= 80


def test_the_table_says_where_the_edge_is_and_how_deep_can_be_trained():
    text = printed("gelu", "softplus")
    assert "where it turns stable: σ_w = 1.40821, σ_b = 0.4158, q* = 3.562" in text
    assert "no edge of chaos" in text
    [he] = [row for table in tables(printed("relu").splitlines(), "he ") for row in table]
    assert (he["σ_w"], he["phase"], he["depth"]) == ("1.41", "edge", "∞")


ERRORS = {
    "a phase diagram needs an activation. Name one with --act.": {"acts": []},
    "unknown activation 'rleu'. Did you mean 'relu'?": {"acts": ["rleu"]},
    "step has no phase diagram: it jumps, so that chi_1 is not defined. Choose a continuous --act, such as tanh.":
        {"acts": ["step"]},
    "'tanh/relu' names an activation a layer, but a phase diagram is of one. Repeat --act instead.":
        {"acts": ["tanh/relu"]},
    "--act 'tanh' is asked for twice. Name each once.": {"acts": ["tanh", "tanh"]},
    "--init 'kaiming' is asked for twice. Name each once.": {"inits": ["he", "kaiming"]},
    "--over sigma_w must have from 2 to 400 values for a phase diagram, not 401.":
        {"sigma_w": tuple(range(401))},
    "--over sigma_b must have from 2 to 400 values for a phase diagram, not 1.": {"sigma_b": (0.5,)},
    "--over sigma_b must be from 0 to 1,000, not -1.": {"sigma_b": (-1.0, 1.0)},
    "--over sigma_w must be from 0 to 1,000, not nan.": {"sigma_w": (0.0, math.nan)},
    "the values of --over sigma_w must rise.": {"sigma_w": (1.0, 1.0)},
    "--width must be from 1 to 10,000,000, not 0.": {"width": 0},
    "orthogonal makes matrices, not biases. Choose another --bias, such as zeros.": {"bias": "orthogonal"},
}


@pytest.mark.parametrize("message", ERRORS)
def test_a_request_that_cannot_be_is_refused_in_one_line(message):
    with pytest.raises(SpecError) as error:
        phase_spec(**{"acts": ["tanh"], "inits": ["he"], **ERRORS[message]})
    assert str(error.value) == message
