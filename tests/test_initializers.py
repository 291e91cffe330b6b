"""Laws that hold for every row of the table of initialisers, and the formulas of the papers and frameworks.

Samples are held to five standard errors (of the std: std·√((kurtosis − 1)/4N)), bounds to what a sound draw misses with
probability e^-15: fewer than one false alarm in a million, and the seeds are fixed.
"""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.draws import NORMAL, POINT, UNIFORM, truncated
from actprof.catalogue.initializers import INITIALIZERS, as_bias, bind, preset_bias
from actprof.catalogue.weights import Fans
from actprof.errors import SpecError
from actprof.streams import BIAS, WEIGHT, stream
from tests.cases import for_each

SHAPES = ((64, 32), (32, 64), (16, 16), (784, 10), (1, 7), (1, 1))
COUNT = 40_000
CUT_2 = 0.87962566103423978


def cut_std(cut):
    """Std of N(0, 1) cut at ±cut: 1 − 2cφ(c)/(2Φ(c) − 1)."""
    density = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * cut * density / math.erf(cut / math.sqrt(2)))


def normal(std):
    return "normal", 0.0, std, None


def uniform(bound):
    return "uniform", 0.0, bound / math.sqrt(3), bound


def cut(std, at):
    return "truncated", 0.0, std, at


def corrected(std):
    return cut(std, 2 * std / CUT_2)


def all_equal(value):
    return "point", value, 0.0, abs(value)


def scaled(scale, fan, shape):
    return {"normal": normal, "uniform": lambda std: uniform(math.sqrt(3) * std), "truncated": corrected}[shape](
        math.sqrt(scale / fan))


def zero_share(n, sparsity):
    return math.ceil(sparsity * n) / n


EXPECTED = {
    "zeros": lambda n, m: all_equal(0.0),
    "ones": lambda n, m: all_equal(1.0),
    "constant": lambda n, m: all_equal(0.0),
    "constant:-0.3": lambda n, m: all_equal(-0.3),
    "normal": lambda n, m: normal(0.05),
    "normal:std=2,mean=-3": lambda n, m: ("normal", -3.0, 2.0, None),
    "normal:std=0": lambda n, m: normal(0.0),
    "0.01": lambda n, m: normal(0.01),
    "uniform": lambda n, m: uniform(0.05),
    "uniform:low=-1,high=3": lambda n, m: ("uniform", 1.0, 2 / math.sqrt(3), 3.0),
    "uniform:low=-4,high=-2": lambda n, m: ("uniform", -3.0, 1 / math.sqrt(3), 4.0),
    "truncated_normal": lambda n, m: cut(0.05 * CUT_2, 0.1),
    "truncated_normal:3": lambda n, m: cut(3 * CUT_2, 6.0),
    "variance_scaling": lambda n, m: scaled(1, n, "truncated"),
    "variance_scaling:scale=2,mode=fan_avg,distribution=uniform": lambda n, m: scaled(4, n + m, "uniform"),
    "variance_scaling:3,fan_out,normal": lambda n, m: scaled(3, m, "normal"),
    "variance_scaling:2,fan_geo_avg,truncated": lambda n, m: scaled(2, math.sqrt(n * m), "truncated"),
    "lecun_normal": lambda n, m: normal(1 / math.sqrt(n)),
    "lecun_uniform": lambda n, m: uniform(math.sqrt(3 / n)),
    "lecun_truncated": lambda n, m: corrected(1 / math.sqrt(n)),
    "lecun_uniform:gain=2": lambda n, m: uniform(2 * math.sqrt(3 / n)),
    "glorot_normal": lambda n, m: normal(math.sqrt(2 / (n + m))),
    "glorot_uniform": lambda n, m: uniform(math.sqrt(6 / (n + m))),
    "glorot_truncated": lambda n, m: corrected(math.sqrt(2 / (n + m))),
    "glorot_normal:5": lambda n, m: normal(5 * math.sqrt(2 / (n + m))),
    "he_normal": lambda n, m: normal(math.sqrt(2 / n)),
    "he_uniform": lambda n, m: uniform(math.sqrt(6 / n)),
    "he_truncated": lambda n, m: corrected(math.sqrt(2 / n)),
    "he_normal:mode=fan_out": lambda n, m: normal(math.sqrt(2 / m)),
    "he_uniform:gain=1,mode=fan_avg": lambda n, m: uniform(math.sqrt(6 / (n + m))),
    "fan_in_uniform": lambda n, m: uniform(1 / math.sqrt(n)),
    "fan_in_uniform:gain=3": lambda n, m: uniform(3 / math.sqrt(n)),
    "orthogonal": lambda n, m: ("orthogonal", 0.0, 1 / math.sqrt(max(n, m)), 1.0),
    "orthogonal:1.5": lambda n, m: ("orthogonal", 0.0, 1.5 / math.sqrt(max(n, m)), 1.5),
    "identity": lambda n, m: ("identity", 1 / max(n, m), math.sqrt(1 / max(n, m) - 1 / max(n, m) ** 2), 1.0),
    "identity:2": lambda n, m: ("identity", 2 / max(n, m), 2 * math.sqrt(1 / max(n, m) - 1 / max(n, m) ** 2), 2.0),
    "sparse": lambda n, m: ("sparse", 0.0, 0.01 * math.sqrt(1 - zero_share(n, 0.9)), None),
    "sparse:sparsity=0.5,std=2": lambda n, m: ("sparse", 0.0, 2 * math.sqrt(1 - zero_share(n, 0.5)), None),
    "spectral": lambda n, m: normal(math.sqrt(1 / n) * min(1, math.sqrt(m / n))),
    "spectral:2": lambda n, m: normal(2 * math.sqrt(1 / n) * min(1, math.sqrt(m / n))),
    "mup": lambda n, m: normal(1 / math.sqrt(n)),
    "gpt2": lambda n, m: normal(0.02),
    "gpt2:12": lambda n, m: normal(0.02 / math.sqrt(24)),
    "torch.kaiming_uniform:a=2": lambda n, m: uniform(math.sqrt(6 / (5 * n))),
    "torch.kaiming_uniform:0.5,fan_out": lambda n, m: uniform(math.sqrt(6 / (1.25 * m))),
    "torch.kaiming_normal:nonlinearity=tanh": lambda n, m: normal(5 / 3 / math.sqrt(n)),
    "torch.kaiming_normal:a=9,nonlinearity=relu,mode=fan_out": lambda n, m: normal(math.sqrt(2 / m)),
    "torch.kaiming_normal:gain=3": lambda n, m: normal(3 / math.sqrt(n)),
    "variance_scaling:distribution=untruncated_normal": lambda n, m: scaled(1, n, "normal"),
    "variance_scaling:distribution=truncated-normal": lambda n, m: scaled(1, n, "truncated"),
    "siren": lambda n, m: uniform(math.sqrt(6 / n) / 30),
    "siren:w0=1": lambda n, m: uniform(math.sqrt(6 / n)),
    "torch.linear": lambda n, m: uniform(1 / math.sqrt(n)),
    "torch.trunc_normal": lambda n, m: cut(CUT_2, 2.0),
    "torch.trunc_normal:std=3": lambda n, m: cut(3 * cut_std(2 / 3), 2.0),
    "torch.trunc_normal:std=0.02": lambda n, m: ("normal", 0.0, 0.02, 2.0),
    "torch.trunc_normal:std=0": lambda n, m: all_equal(0.0),
    "haiku.linear": lambda n, m: cut(CUT_2 / math.sqrt(n), 2 / math.sqrt(n)),
}
PRESETS = {
    "lecun": "lecun_normal", "xavier": "glorot_normal", "glorot": "glorot_normal", "xavier_normal": "glorot_normal",
    "xavier_uniform": "glorot_uniform", "normalized_xavier": "glorot_uniform", "he": "he_normal",
    "kaiming": "he_normal", "kaiming_normal": "he_normal", "kaiming_uniform": "he_uniform",
    "xavier_standard": "fan_in_uniform", "random_normal": "normal", "random_uniform": "uniform",
    "torch.xavier_normal": "glorot_normal", "torch.xavier_uniform": "glorot_uniform",
    "torch.kaiming_normal": "he_normal", "torch.kaiming_uniform": "he_uniform",
    "keras.dense": "glorot_uniform", "keras.glorot_uniform": "glorot_uniform",
    "keras.glorot_normal": "glorot_truncated", "keras.he_normal": "he_truncated", "keras.he_uniform": "he_uniform",
    "keras.lecun_normal": "lecun_truncated", "keras.lecun_uniform": "lecun_uniform",
    "keras.random_normal": "normal", "keras.random_uniform": "uniform", "keras.truncated_normal": "truncated_normal",
    "jax.lecun_normal": "lecun_truncated", "jax.glorot_normal": "glorot_truncated",
    "jax.glorot_uniform": "glorot_uniform", "jax.he_normal": "he_truncated", "jax.he_uniform": "he_uniform",
    "msra": "he_normal", "caffe.msra": "he_normal", "caffe.xavier": "lecun_uniform", "equinox.linear": "torch.linear",
    "jax.delta_orthogonal": "delta_orthogonal", "flax.dense": "lecun_truncated",
    "torch.orthogonal": "orthogonal", "eye": "identity",
}

each = for_each("text", list(EXPECTED))
each_row = for_each("name", [row.name for row in INITIALIZERS])
each_shape = for_each("shape", SHAPES)
each_dtype = for_each("dtype", ["float32", "float64"])


def init(text):
    return bind(INITIALIZERS.parse(text))


def weights(text, shape, dtype="float64", copies=1, layer=2):
    """`copies` matrices of the given shape beside each other."""
    rows, columns = shape
    rng = stream(0, WEIGHT, 0, layer)
    return init(text).sample(rng, Fans(*shape, first=layer == 1), (rows, columns * copies), dtype)


def many(text, shape, dtype):
    """About COUNT weights; fewer where each matrix is made as a whole."""
    whole = INITIALIZERS[INITIALIZERS.parse(text).name].matrix is not None
    return weights(text, shape, dtype, copies=max(1, min(COUNT // math.prod(shape), 200 if whole else COUNT)))


KURTOSIS = {"uniform": 1.8, "normal": 3.0, "sparse": 3.0, "truncated": 3.0, "orthogonal": 1.0}
"""E[w⁴]/E[w²]² of what is random: a cut normal has less than a normal; an orthogonal matrix's mean square is exact."""


def test_every_row_is_held_to_a_formula():
    assert {INITIALIZERS.parse(text).name for text in EXPECTED} == {
        row.name for row in INITIALIZERS if not (row.activation or row.calibrated or row.kernels_only)}


@for_each(("act", "gain"), [("relu", math.sqrt(2)), ("tanh", 1.59253742), ("gelu", 1.53353044),
                            ("selu", 1.0), ("linear", 1.0)])
def test_critical_weights_have_the_gain_of_their_activation(act, gain):
    fans = Fans(64, 32, activation=ACTIVATIONS.parse(act))
    assert init("critical").std(fans) == pytest.approx(gain / 8, rel=1e-8)


def test_critical_weights_need_an_activation():
    with pytest.raises(SpecError) as caught:
        init("critical").std(Fans(64, 32))
    assert str(caught.value) == "critical needs an activation. Name one, or write lecun_normal:gain=…."


@each
@each_shape
def test_mean_std_and_bound_are_those_of_the_formula(text, shape):
    kind, mean, std, bound = EXPECTED[text](*shape)
    fans = Fans(*shape)
    assert init(text).mean(fans) == pytest.approx(mean, rel=1e-12)
    assert init(text).std(fans) == pytest.approx(std, rel=1e-12, abs=1e-16)
    assert init(text).bound(fans) == (None if bound is None else pytest.approx(bound, rel=1e-12))
    if INITIALIZERS.parse(text).name not in ("orthogonal", "identity", "sparse"):
        assert init(text).draw.name == kind


@each
@each_shape
@each_dtype
def test_sampled_weights_have_the_mean_std_and_bound_of_the_formula(text, shape, dtype):
    kind, mean, std, bound = EXPECTED[text](*shape)
    sample = many(text, shape, dtype)
    assert sample.dtype == np.dtype(dtype)
    assert np.isfinite(sample).all()
    w = sample.astype("float64")
    rounding = 8 * np.finfo(dtype).eps * (abs(mean) + std)
    drawn = 0 if kind not in KURTOSIS else np.count_nonzero(w) if kind == "sparse" else w.size
    assert abs(w.mean() - mean) <= rounding + (5 * std / math.sqrt(w.size) if drawn else 0)
    error = math.sqrt((KURTOSIS[kind] - 1) / (4 * drawn)) if drawn else 0
    assert abs(math.sqrt(np.mean((w - mean) ** 2)) - std) <= rounding + 5 * error * std
    if bound is not None:
        assert np.abs(w).max() <= bound * (1 + 8 * np.finfo(dtype).eps)


@for_each("text", [text for text in EXPECTED if EXPECTED[text](64, 32)[0] in ("uniform", "truncated")])
@each_dtype
def test_uniform_and_cut_weights_come_close_to_both_ends_of_their_support(text, dtype):
    kind, mean, _, bound = EXPECTED[text](64, 32)
    half = bound - abs(mean)
    # At its end a uniform has the density 1/2 in units of half its width, a normal cut at 2 std or less at least 0.11.
    density = 1 / 2 if kind == "uniform" else 2 * 0.056
    w = many(text, (64, 32), dtype)
    margin = half * 16 / (w.size * density)
    assert mean + half - margin < w.max()
    assert w.min() < mean - half + margin


@each
@each_dtype
def test_the_same_stream_gives_the_same_bytes_and_another_layer_other_weights(text, dtype):
    first, again, other = (weights(text, (20, 20), dtype, layer=layer) for layer in (2, 2, 3))
    assert first.tobytes() == again.tobytes()
    assert first.flags.c_contiguous
    kind, _, std, _ = EXPECTED[text](20, 20)
    assert np.array_equal(first, other) == (std == 0 or kind == "identity")


@each
@for_each("shape", [(10**18, 10**18), (10**18, 1), (1, 10**18), (10**18 + 1, 7)])
def test_the_figures_of_a_layer_of_10_to_the_18_inputs_are_exact(text, shape):
    _, mean, std, bound = EXPECTED[text](*shape)
    fans = Fans(*shape)
    assert init(text).mean(fans) == pytest.approx(mean, rel=1e-12, abs=0)
    assert init(text).std(fans) == pytest.approx(std, rel=1e-9, abs=0)
    assert init(text).bound(fans) == (None if bound is None else pytest.approx(bound, rel=1e-12, abs=0))
    assert isinstance(init(text).std(fans), float)


def test_all_weights_of_a_huge_layer_can_be_zero():
    for rows in (10**18, 2**53 + 3, 2**60 - 1, 1):
        assert init("sparse:sparsity=1").std(Fans(rows, 3)) == 0


@for_each("alias", list(PRESETS))
def test_an_alias_is_the_scheme_that_the_catalogue_says(alias):
    assert INITIALIZERS.parse(alias) == INITIALIZERS.parse(PRESETS[alias])


@each_row
def test_only_the_torch_layer_draws_its_biases(name):
    choice = INITIALIZERS.parse(name)
    assert str(preset_bias(choice)) == ("torch.linear" if name == "torch.linear" else "zeros")


def test_the_biases_of_the_torch_layer_are_uniform_within_one_over_the_root_of_the_inputs():
    bias = init("torch.linear").sample(stream(0, BIAS, 0, 1), Fans(25, 10_000), (10_000,), "float32")
    assert bias.shape == (10_000,)
    assert 0.2 - 16 * 0.4 / 10_000 < np.abs(bias).max() <= 0.2 * (1 + 1e-6)


@for_each(("text", "what", "figure"), [
    ("lecun_uniform", "bound", 0.216506), ("lecun_normal", "std", 0.125), ("glorot_normal", "std", 0.144338),
    ("glorot_uniform", "bound", 0.25), ("he_uniform", "bound", 0.306186), ("he_normal", "std", 0.176777),
    ("variance_scaling:scale=2,mode=fan_avg,distribution=uniform", "bound", 0.353553),
])
def test_the_published_figures_of_a_64_to_32_layer(text, what, figure):
    assert getattr(init(text), what)(Fans(64, 32)) == pytest.approx(figure, abs=5e-7)


@for_each("stem", ["lecun", "glorot", "he"])
@each_shape
def test_the_normal_uniform_and_truncated_members_of_a_scheme_have_one_std(stem, shape):
    fans = Fans(*shape)
    stds = {init(f"{stem}_{member}").std(fans) for member in ("normal", "uniform", "truncated")}
    assert len(stds) == 1
    assert init(f"{stem}_uniform").bound(fans) == pytest.approx(math.sqrt(3) * stds.pop(), rel=1e-14)


@for_each("text", ["keras.he_normal", "jax.glorot_normal", "flax.dense", "variance_scaling"])
def test_a_corrected_truncated_scheme_is_cut_at_2_2737_true_std(text):
    fans = Fans(30, 50)
    assert init(text).bound(fans) / init(text).std(fans) == pytest.approx(2.2737, abs=5e-5)


@settings(deadline=None)
@given(n=st.integers(1, 10**30), m=st.integers(1, 10**30), gain=st.floats(0, 1e37))
def test_a_scheme_is_proportional_to_its_gain(n, m, gain):
    for name in ("lecun_normal", "glorot_uniform", "he_truncated", "fan_in_uniform", "orthogonal", "identity"):
        unit = init(f"{name}:gain=1").std(Fans(n, m))
        assert init(f"{name}:gain={gain!r}").std(Fans(n, m)) == pytest.approx(gain * unit, rel=1e-12, abs=5e-324)


@for_each(("one", "other", "ratio"), [
    ("normal:std=1", "normal:std=0.01", 100), ("lecun_normal", "he_normal", math.sqrt(0.5)),
    ("lecun_normal", "normal:std=1", 1 / 8), ("lecun_uniform", "torch.linear", math.sqrt(3)),
    ("uniform:-1,1", "uniform:-0.05,0.05", 20), ("lecun_truncated", "haiku.linear", 1 / CUT_2),
    ("truncated_normal:1", "truncated_normal:0.001", 1000), ("orthogonal:3", "orthogonal:0.5", 6),
    ("sparse:0.5,1", "sparse:0.5,0.01", 100), ("identity:3", "identity:1", 3),
])
@each_dtype
def test_every_scale_has_the_same_underlying_draws(one, other, ratio, dtype):
    first, second = weights(one, (64, 32), dtype), weights(other, (64, 32), dtype)
    assert np.allclose(first, ratio * second, rtol=16 * np.finfo(dtype).eps, atol=0)


@for_each("other", [(0, WEIGHT, 0, 2), (0, BIAS, 0, 1), (0, WEIGHT, 1, 1), (1, WEIGHT, 0, 1)])
@for_each("text", ["he", "glorot_uniform", "haiku.linear", "orthogonal"])
def test_layers_networks_and_seeds_are_independent(text, other):
    fans = Fans(100, 100)
    first, second = (init(text).sample(stream(*key), fans, (100, 100), "float32") for key in ((0, WEIGHT, 0, 1), other))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / math.sqrt(first.size)


@for_each("shape", [(64, 32), (32, 64), (40, 40), (1, 1), (1, 5), (5, 1)])
@for_each("gain", [1, 1.7, 0])
@each_dtype
def test_the_shorter_side_of_an_orthogonal_matrix_is_orthonormal_times_the_gain(shape, gain, dtype):
    w = weights(f"orthogonal:gain={gain}", shape, dtype).astype("float64")
    product = w.T @ w if shape[0] >= shape[1] else w @ w.T
    assert np.allclose(product, gain**2 * np.eye(min(shape)), atol=100 * np.finfo(dtype).eps * gain**2)


@for_each("shape", [(4, 4), (6, 3), (3, 6), (1, 1)])
def test_the_diagonal_of_an_orthogonal_matrix_has_no_preferred_sign(shape):
    """Haar: every entry is symmetric with variance 1/max(n, m). A QR's diagonal is not, without the signs of diag R."""
    copies = 4000
    pieces = weights("orthogonal", shape, copies=copies).reshape(*shape, copies)
    diagonal = np.array([pieces[i, i] for i in range(min(shape))])
    assert np.all(np.abs(diagonal.mean(axis=1)) < 5 / math.sqrt(copies * max(shape)))
    assert np.all(np.abs(np.mean(diagonal > 0, axis=1) - 0.5) < 5 * 0.5 / math.sqrt(copies))


def test_each_piece_of_a_maxout_is_an_orthogonal_matrix_of_its_own():
    pieces = weights("orthogonal", (8, 8), copies=3).reshape(8, 8, 3)
    for piece in range(3):
        assert np.allclose(pieces[..., piece].T @ pieces[..., piece], np.eye(8), atol=1e-13)
    assert not np.allclose(pieces[..., 0], pieces[..., 1])


@for_each("shape", [(3, 5), (5, 3), (4, 4), (1, 1)])
def test_the_identity_is_padded_with_zeros(shape):
    expected = [[2.5 * (i == j) for j in range(shape[1])] for i in range(shape[0])]
    assert weights("identity:2.5", shape).tolist() == expected


@for_each(("sparsity", "rows", "zeros"), [
    (0.9, 100, 90), (0.9, 64, 58), (0.9, 1, 1), (0.5, 7, 4), (0, 50, 0), (1, 50, 50), (0.01, 10, 1), (0.999, 10, 10)])
@each_dtype
def test_every_column_of_a_sparse_matrix_has_the_same_number_of_zeros_elsewhere(sparsity, rows, zeros, dtype):
    w = weights(f"sparse:sparsity={sparsity},std=1", (rows, 40), dtype)
    assert (w == 0).sum(axis=0).tolist() == [zeros] * 40
    if 0 < zeros < rows and rows > 20:
        assert len({tuple(column) for column in (w == 0).T.tolist()}) > 30


@for_each(("layer", "bound"), [(1, 1 / 150), (2, math.sqrt(6 / 150) / 30)])
def test_the_first_layer_of_siren_is_wider_than_the_hidden_ones(layer, bound):
    assert init("siren").bound(Fans(150, 150, first=layer == 1)) == pytest.approx(bound, rel=1e-14)
    w = weights("siren", (150, 150), layer=layer)
    assert bound * (1 - 16 / w.size) < np.abs(w).max() <= bound * (1 + 1e-15)


@for_each(("std", "draw"), [
    ("0", POINT), ("0.02", NORMAL), ("1", truncated(2.0)), ("4", truncated(0.5))])
def test_torch_cuts_at_an_absolute_2_whatever_the_std(std, draw):
    bound = init(f"torch.trunc_normal:std={std}")
    assert bound.draw is draw
    assert bound.bound(Fans(3, 3)) == (2.0 if float(std) else 0.0)


@for_each("std", ["1e-300", "1e-30", "1e30", "1e37"])
@each_dtype
def test_a_cut_normal_of_any_std_can_be_drawn(std, dtype):
    w = weights(f"torch.trunc_normal:std={std}", (100, 100), dtype).astype("float64")
    assert np.isfinite(w).all()
    assert np.abs(w).max() <= 2 * (1 + 1e-6)
    assert (np.abs(w).max() > 1.9) == (float(std) > 1)


@for_each("name", [row.name for row in INITIALIZERS if row.parameters])
@each_dtype
def test_the_largest_parameters_give_finite_weights(name, dtype):
    row = INITIALIZERS[name]
    numbers = ((p, min(1e37, p.high)) for p in row.parameters if not p.choices)
    text = f"{name}:" + ",".join(f"{p.name}={value}" for p, value in numbers)
    assert np.isfinite(weights(text, (3, 3), dtype)).all()


@each_dtype
def test_the_widest_uniform_gives_finite_weights(dtype):
    w = weights("uniform:low=-1e37,high=1e37", (100, 100), dtype)
    assert 0.99e37 < np.abs(w).max() <= 1.000001e37


@each_row
@each_dtype
def test_no_initialiser_needs_more_memory_than_it_announces(name, dtype):
    rng, fans = stream(0), Fans(700, 700, activation=ACTIVATIONS.parse("relu"))
    bound = init(name)
    bound.sample(rng, Fans(7, 7, activation=fans.activation), (7, 7), dtype)  # what is worked out once is no weight
    tracemalloc.start()
    try:
        size = bound.sample(rng, fans, (700, 700), dtype).nbytes
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= (1 + bound.row.spare) * size + 2**21


@for_each("name", ["orthogonal", "identity", "sparse"])
def test_a_matrix_rule_makes_no_biases(name):
    with pytest.raises(SpecError) as caught:
        as_bias(INITIALIZERS.parse(name))
    assert str(caught.value) == f"{name} makes matrices, not biases. Choose another --bias, such as zeros."


@for_each(("text", "formula"), [
    ("he", "N(0, 2/n)"), ("he:mode=fan_out", "N(0, 2/m)"), ("he:1", "N(0, 1/n)"), ("xavier", "N(0, 2/(n+m))"),
    ("xavier_uniform", "U(±√(6/(n+m)))"), ("lecun", "N(0, 1/n)"), ("xavier_standard", "U(±1/√n)"),
    ("he_uniform", "U(±√(6/n))"), ("lecun_uniform", "U(±√(3/n))"), ("0.01", "N(0, 0.01²)"), ("ones", "1"),
    ("uniform", "U(-0.05, 0.05)"), ("siren", "U(±√(6/n)/w0), first layer U(±1/n), w0 = 30"),
    ("keras.he_normal", "N(0, 2/n) cut at ±2.27 std, std corrected"),
    ("torch.trunc_normal:0.5", "N(0, std²) cut at absolute ±2, std = 0.5"),
])
def test_the_formula_shows_what_a_name_means(text, formula):
    assert init(text).formula == formula


@each_row
def test_every_row_tells_its_formula_and_source(name):
    assert INITIALIZERS[name].formula
    assert INITIALIZERS[name].source
    assert len(INITIALIZERS[name].formula.splitlines()) == 1


@for_each(("text", "message"), [
    ("normal:std=-1", "normal: std must be a finite number, 0 or more, not '-1'."),
    ("normal:std=nan", "normal: std must be a finite number, 0 or more, not 'nan'."),
    ("nan", "normal: std must be a finite number, 0 or more, not 'nan'."),
    ("-0.1", "normal: std must be a finite number, 0 or more, not '-0.1'."),
    ("1e400", "normal: std must be a finite number, 0 or more, not '1e400'."),
    ("1e200", "normal: std must be at most 1e37 in size, not '1e200'."),
    ("constant:-2e38", "constant: value must be at most 1e37 in size, not '-2e38'."),
    ("he:gain=-1", "he: gain must be a finite number, 0 or more, not '-1'."),
    ("he:gain=1e200", "he_normal: gain must be at most 1e37 in size, not '1e200'."),
    ("he:mode=fan", "he: mode must be one of fan_in, fan_out, fan_avg, fan_geo_avg, not 'fan'."),
    ("sparse:1.5", "sparse: sparsity must be a number from 0 to 1, not '1.5'."),
    ("sparse:sparsity=-0.1", "sparse: sparsity must be a number from 0 to 1, not '-0.1'."),
    ("siren:w0=0", "siren: w0 must be a finite number, 1e-06 or more, not '0'."),
    ("uniform:1,0.5", "uniform: low must be at most high, not 1 and 0.5."),
    ("uniform:low=0.1", "uniform: low must be at most high, not 0.1 and 0.05."),
    ("variance_scaling:distribution=cauchy",
     "variance_scaling: distribution must be one of normal, truncated, uniform, not 'cauchy'."),
    ("variance_scaling:-1", "variance_scaling: scale must be a finite number, 0 or more, not '-1'."),
    ("lsuv:0", "lsuv: tolerance must be a finite number above 0, not '0'."),
    ("zeros:1", "zeros takes no values, 1 given: '1'."),
    ("torch.linear:gain=2", "torch.linear has no parameter 'gain'. It has none."),
    ("xaver", "unknown initialiser 'xaver'. Did you mean 'xavier'?"),
    ("__import__('os')", "unknown initialiser '__import__('os')'. 'actprof list inits' shows all."),
])
def test_a_bad_initialiser_is_refused(text, message):
    with pytest.raises(SpecError) as caught:
        INITIALIZERS.parse(text)
    assert str(caught.value) == message


def test_the_draws_of_the_table_are_the_shared_ones():
    assert init("he").draw is NORMAL
    assert init("xavier_uniform").draw is UNIFORM
    assert init("keras.he_normal").draw is truncated(2.0)


@for_each(("area", "channels"), [(9, (3, 64)), (9, (64, 64)), (4, (1, 5)), (1, (6, 8))])
def test_a_delta_orthogonal_kernel_is_orthonormal_in_its_middle_and_0_around_it(area, channels):
    rows, columns = channels
    fans = Fans(rows * area, columns * area, matrix=(rows * area, columns), area=area)
    kernel = init("delta_orthogonal:2").sample(stream(0, WEIGHT, 0, 1), fans, fans.shape, "float64")
    assert np.sqrt(np.mean(kernel**2)) == pytest.approx(init("delta_orthogonal:2").std(fans), rel=1e-12)
    positions = kernel.reshape(area, rows, columns)
    used = np.flatnonzero(np.abs(positions).sum(axis=(1, 2)))
    assert used.tolist() == [(area - 1) // 2]
    np.testing.assert_allclose(positions[used[0]] @ positions[used[0]].T, 4 * np.eye(rows), atol=1e-12)


def test_a_delta_orthogonal_kernel_needs_enough_output_channels():
    with pytest.raises(SpecError) as caught:
        init("delta_orthogonal").std(Fans(27, 9, matrix=(27, 1), area=9))
    assert str(caught.value) == ("delta_orthogonal needs at least as many output channels as input channels, "
                                 "not 3 and 1. Take orthogonal.")


def test_the_last_layer_of_mup_is_smaller_by_the_root_of_its_inputs():
    assert init("mup").std(Fans(64, 10, last=True)) == pytest.approx(1 / 64)


@for_each(("text", "message"), [
    ("torch.kaiming_normal:nonlinearity=gelu", "torch.kaiming_normal: nonlinearity must be one of linear, sigmoid, "
                                               "tanh, relu, leaky_relu, selu, not 'gelu'."),
    ("torch.kaiming_uniform:b=1", "torch.kaiming_uniform has no parameter 'b'. Its parameters: a, mode, nonlinearity, "
                                  "gain."),
])
def test_the_words_of_torch_are_held_to_what_torch_takes(text, message):
    with pytest.raises(SpecError) as caught:
        INITIALIZERS.parse(text)
    assert str(caught.value) == message
