"""Laws that hold for every row of the table of activations."""

import itertools
import math
import threading

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, FLAT, Activation, BoundActivation, bind
from actprof.errors import SpecError
from tests.cases import for_each

OTHER_SETTINGS = (
    "keras2.hard_sigmoid", "leaky_relu:0.2", "leaky_relu:0", "leaky_relu:1", "leaky_relu:-0.5", "rrelu:eval", "elu:2.5",
    "elu:0.3", "celu:2", "celu:0.4", "softplus:5", "softplus:0.5", "squareplus:0.1", "soft_shrink:1", "soft_shrink:0",
    "hard_shrink:1.5", "hard_shrink:0", "sin:w0=5", "cos:0.5", "tanh:2", "sigmoid:slope=0.3", "silu:beta=2",
    "gelu:1.702", "snake:3", "general_relu:leak=0.1,sub=0.4", "general_relu:sub=1",
)
ELEMENTWISE = (*(row.name for row in ACTIVATIONS if row.name != "maxout"), *OTHER_SETTINGS)
DTYPES = ("float32", "float64")

each = for_each("text", ELEMENTWISE)
each_dtype = for_each("dtype", DTYPES)


def act(text):
    return bind(ACTIVATIONS.parse(text))


def logistic(z):
    return 1 / (1 + math.exp(-z))


def clip(z, low, high):
    return min(max(z, low), high)


def Phi(z):
    return math.erfc(-z / math.sqrt(2)) / 2


DEFINITIONS = {
    "linear": lambda z: z,
    "step": lambda z: float(z > 0),
    "sigmoid": logistic,
    "hard_sigmoid": lambda z: clip(z + 3, 0, 6) / 6,
    "keras2.hard_sigmoid": lambda z: clip(0.2 * z + 0.5, 0, 1),
    "log_sigmoid": lambda z: math.log(logistic(z)),
    "tanh": math.tanh,
    "hard_tanh": lambda z: clip(z, -1, 1),
    "lecun_tanh": lambda z: 1.7159 * math.tanh(2 * z / 3),
    "arctan": math.atan,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "gaussian": lambda z: math.exp(-z * z),
    "softsign": lambda z: z / (1 + abs(z)),
    "relu": lambda z: max(z, 0.0),
    "relu6": lambda z: clip(z, 0, 6),
    "relu_squared": lambda z: max(z, 0.0) ** 2,
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "keras.leaky_relu": lambda z: z if z > 0 else 0.3 * z,
    "prelu": lambda z: z if z > 0 else 0.25 * z,
    "rrelu": lambda z: z if z > 0 else 11 / 48 * z,
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "elu:2.5": lambda z: z if z > 0 else 2.5 * math.expm1(z),
    "celu:2": lambda z: z if z > 0 else 2 * math.expm1(z / 2),
    "selu": lambda z: 1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * math.expm1(z)),
    "gelu": lambda z: z * Phi(z),
    "gelu_tanh": lambda z: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "quick_gelu": lambda z: z * logistic(1.702 * z),
    "silu": lambda z: z * logistic(z),
    "hard_silu": lambda z: z * clip(z + 3, 0, 6) / 6,
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "softplus:5": lambda z: math.log1p(math.exp(5 * z)) / 5,
    "squareplus": lambda z: (z + math.sqrt(z * z + 4)) / 2,
    "tanh_shrink": lambda z: z - math.tanh(z),
    "soft_shrink": lambda z: math.copysign(max(abs(z) - 0.5, 0), z),
    "hard_shrink": lambda z: z if abs(z) > 0.5 else 0.0,
    "snake": lambda z: z + math.sin(z) ** 2,
    "snake:3": lambda z: z + math.sin(3 * z) ** 2 / 3,
    "general_relu": lambda z: max(z, 0.0),
    "general_relu:leak=0.1,sub=0.4": lambda z: (z if z > 0 else 0.1 * z) - 0.4,
    "sin:w0=30": lambda z: math.sin(30 * z),
    "cos:0.5": lambda z: math.cos(z / 2),
    "tanh:2": lambda z: math.tanh(2 * z),
    "sigmoid:slope=0.3": lambda z: logistic(0.3 * z),
    "swish:2": lambda z: z * logistic(2 * z),
    "gelu:1.702": lambda z: z * Phi(1.702 * z),
    "exponential": math.exp,
    "abs": abs,
    "square": lambda z: z * z,
}


def test_every_row_has_a_definition_to_be_checked_against():
    defined = {ACTIVATIONS.parse(text).name for text in DEFINITIONS}
    assert defined == {row.name for row in ACTIVATIONS} - {"maxout"}


@for_each("text", DEFINITIONS)
def test_every_value_is_that_of_its_definition(text):
    z = np.concatenate([np.linspace(-9, 9, 1_000), [-3, -1, -0.5, 0, 0.5, 1, 3, 6]])
    expected = [DEFINITIONS[text](float(value)) for value in z]
    np.testing.assert_allclose(act(text).value(z), expected, rtol=1e-14, atol=2e-15)


def away_from(points, z, distance):
    return z[[all(abs(value - point) > distance for point in points) for value in z]]


@each
def test_every_derivative_is_the_slope_of_its_value(text):
    h = 1e-5
    phi = act(text)
    z = away_from((*phi.kinks, *phi.jumps), np.arange(-8, 8, 0.01) + 0.0013, 2 * h)
    slope = (phi.value(z + h) - phi.value(z - h)) / (2 * h)
    truncation, rounding = 5 * h**2, 4 * np.finfo(float).eps / h
    scale = np.maximum(10, np.abs(phi.value(z)))
    assert (np.abs(phi.derivative(z) - slope) <= (truncation + rounding) * scale).all()


def extremes(dtype):
    smallest = float(np.finfo(dtype).smallest_subnormal)
    sizes = [0.0, smallest, 3 * smallest, *np.logspace(-37, 30, 300), 88.0, 89.0, 104.0, 709.0, 710.0, 746.0]
    return np.array([*sizes, *(-size for size in sizes)], dtype)


@each
@each_dtype
def test_no_finite_pre_activation_gives_nan_or_a_warning(text, dtype):
    phi, z = act(text), extremes(dtype)
    row, parameters = phi.activation, phi.settings
    with np.errstate(invalid="raise", divide="raise", over="ignore", under="ignore"):
        a = np.empty_like(z)
        row.write(z, a, **parameters)
        assert not np.isnan(a).any()
        assert not np.isnan(row.derivative(z, **parameters)).any()
    with np.errstate(all="raise"):
        phi.value(z)
        phi.derivative(z)


@each
def test_what_is_not_a_number_stays_so(text):
    assert np.isnan(act(text).value(np.array([1.0, np.nan])))[1]


@each
@each_dtype
def test_the_type_and_shape_are_kept(text, dtype):
    phi = act(text)
    for z in (np.zeros((3, 4), dtype), np.ones((), dtype), np.zeros((0, 4), dtype)):
        for result in (phi.value(z), phi.derivative(z)):
            assert (result.dtype, result.shape) == (z.dtype, z.shape)


@each
def test_float32_agrees_with_float64_within_a_few_roundings(text):
    phi = act(text)
    z = np.linspace(-10, 10, 5_001).astype(np.float32)
    exact = phi.value(z.astype(np.float64))
    argument = np.abs(phi.stretch * z) if phi.stretch != 1 else 1  # has been rounded too
    largest = np.maximum(np.maximum(1, argument), np.abs(exact))
    assert (np.abs(phi.value(z) - exact) <= 4 * np.finfo(np.float32).eps * largest).all()


@each
@each_dtype
@np.errstate(all="ignore")
def test_working_in_place_gives_the_same_values(text, dtype):
    phi = act(text)
    z = np.random.default_rng(1).normal(0, 3, (100, 70)).astype(dtype)
    expected = phi.value(z)
    phi.apply(z, z)
    np.testing.assert_array_equal(z, expected)


@each
def test_the_pre_activations_are_left_alone(text):
    phi = act(text)
    z = np.linspace(-5, 5, 101)
    kept = z.copy()
    phi.value(z)
    phi.derivative(z)
    phi.apply(z, np.empty_like(z))
    np.testing.assert_array_equal(z, kept)


@each
def test_the_curve_bends_and_jumps_where_the_row_says_and_nowhere_else(text):
    phi, h = act(text), 1e-6
    for z in {*np.arange(-8, 8.25, 0.25).tolist(), *phi.kinks, *phi.jumps}:
        far_left, left, right, far_right = phi.value(z + h * np.array([-2.0, -1, 1, 2]))
        limit = 1e-3 * max(1, abs(right))
        assert (abs((far_right - right) - (left - far_left)) / h > limit) == (z in phi.kinks), z
        assert (abs(right - left) > limit) == (z in phi.jumps), z


@each
def test_the_atoms_are_the_values_that_come_again_and_again(text):
    phi = act(text)
    z = np.random.default_rng(2).uniform(-4, 8 if 6.0 in phi.atoms else 4, 20_000)
    values, counts = np.unique(phi.value(z) + 0.0, return_counts=True)
    assert tuple(values[counts > 20]) == phi.atoms


def test_rectifiers_are_silent_on_an_interval_and_slope_elsewhere():
    silent = {text for text in ELEMENTWISE if act(text).rectifier}
    assert silent == {"relu", "relu6", "relu_squared", "leaky_relu:0", "hard_sigmoid", "keras2.hard_sigmoid",
                      "hard_silu", "general_relu", "soft_shrink", "soft_shrink:1", "hard_shrink", "hard_shrink:1.5"}


@each
def test_no_slope_is_above_the_supremum_and_some_slope_comes_near(text):
    phi = act(text)
    size = np.logspace(-8, 7, 60_000)
    beside = np.add.outer(phi.kinks, [-1e-9, 1e-9]).ravel()
    steepest = np.abs(phi.derivative(np.concatenate([-size, [0], size, beside]))).max()
    if math.isinf(phi.sup_derivative):
        assert steepest > 1e6
    else:
        assert (1 - 1e-6) * phi.sup_derivative <= steepest <= (1 + 1e-12) * phi.sup_derivative


@for_each(("text", "sup"), [
    ("sigmoid", 1 / 4), ("tanh", 1), ("erf", 2 / math.sqrt(math.pi)), ("gaussian", math.sqrt(2 / math.e)),
    ("lecun_tanh", 1.7159 * 2 / 3), ("hard_silu", 1.5), ("selu", 1.0507009873554805 * 1.6732632423543772),
    ("gelu", Phi(math.sqrt(2)) + math.exp(-1) / math.sqrt(math.pi)), ("elu:2.5", 2.5), ("squareplus", 1), ("cos", 1),
    ("softplus:5", 1), ("step", 0), ("square", math.inf), ("exponential", math.inf), ("relu_squared", math.inf),
])
def test_the_supremum_of_the_slope_is_that_of_the_closed_form(text, sup):
    assert act(text).sup_derivative == pytest.approx(sup, rel=1e-9)


@each
def test_the_curve_is_flat_beyond_the_saturation_points_and_not_before(text):
    phi = act(text)
    sup = 1.0 if text == "exponential" else phi.sup_derivative
    for edge, outwards in zip(phi.saturation, (-1, 1), strict=True):
        if math.isfinite(edge):
            beyond = np.abs(phi.derivative(edge + outwards * np.logspace(-9, 9, 500)))
            assert (beyond < FLAT * sup * (1 + 1e-8)).all()
            assert abs(phi.derivative(edge - outwards * 1e-6)) > FLAT * sup


@for_each(("text", "low", "high"), [
    ("tanh", -math.acosh(math.sqrt(20)), math.acosh(math.sqrt(20))),
    ("arctan", -math.sqrt(19), math.sqrt(19)),
    ("softsign", 1 - math.sqrt(20), math.sqrt(20) - 1),
    ("hard_tanh", -1, 1), ("hard_sigmoid", -3, 3), ("keras2.hard_sigmoid", -2.5, 2.5),
    ("softplus", -math.log(19), math.inf), ("softplus:5", -math.log(19) / 5, math.inf),
    ("log_sigmoid", -math.inf, math.log(19)),
    ("elu", math.log(FLAT), math.inf), ("selu", math.log(FLAT), math.inf), ("celu:2", 2 * math.log(FLAT), math.inf),
    ("exponential", math.log(FLAT), math.inf), ("relu6", -math.inf, 6),
    ("relu", -math.inf, math.inf), ("leaky_relu", -math.inf, math.inf), ("linear", -math.inf, math.inf),
])
def test_saturation_begins_where_the_closed_form_says(text, low, high):
    assert act(text).saturation == pytest.approx((low, high), rel=1e-12)


def expectation(f, points):
    """E[f(z)], z ~ N(0, 1): Gauss-Legendre on panels that end at the given points."""
    edges = sorted({*np.arange(-12, 12.5, 0.5).tolist(), *points})
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = 0.0
    for low, high in itertools.pairwise(edges):
        z = (low + high) / 2 + (high - low) / 2 * nodes
        total += (high - low) / 2 * float(weights @ (f(z) * np.exp(-z * z / 2))) / math.sqrt(2 * math.pi)
    return total


@for_each(("text", "forward", "backward"), [
    ("relu", math.sqrt(2), math.sqrt(2)), ("leaky_relu", 1.41414286, 1.41414286),
    ("leaky_relu:0.2", 1.38675049, 1.38675049), ("elu", 1.24519830, 1.22342856), ("selu", 1, 0.96602578),
    ("gelu", 1.53353044, 1.48111441), ("silu", 1.67653247, 1.62332026), ("mish", 1.48684758, 1.44475523),
    ("tanh", 1.59253742, 1.46741359), ("sigmoid", 1.84622855, 4.72264609), ("softplus", 1.04186684, 1.84622855),
    ("softsign", 2.33753336, 2.09578061),
])
def test_the_gains_are_those_of_the_literature(text, forward, backward):
    phi = act(text)
    assert expectation(lambda z: phi.value(z) ** 2, phi.kinks) ** -0.5 == pytest.approx(forward, abs=6e-9)
    assert expectation(lambda z: phi.derivative(z) ** 2, phi.kinks) ** -0.5 == pytest.approx(backward, abs=6e-9)


def test_sigmoid_keeps_its_digits_in_the_tails():
    z = np.linspace(-700, -20, 500)
    np.testing.assert_allclose(act("sigmoid").value(z), [math.exp(v) / (1 + math.exp(v)) for v in z], rtol=1e-15)
    np.testing.assert_allclose(act("sigmoid").derivative(-z), [math.exp(v) / (1 + math.exp(v)) ** 2 for v in z],
                               rtol=1e-14)


def test_sigmoid_is_symmetric_about_a_half():
    z = np.linspace(0, 40, 4_001)
    np.testing.assert_allclose(act("sigmoid").value(z) + act("sigmoid").value(-z), 1, rtol=0, atol=2.3e-16)


def test_the_slope_of_tanh_keeps_its_digits_in_the_tails():
    z = np.linspace(-350, 350, 701)
    np.testing.assert_allclose(act("tanh").derivative(z), [math.cosh(v) ** -2 for v in z], rtol=1e-13)


@for_each("text", ["sigmoid", "gelu", "gelu_tanh", "silu", "mish", "softplus", "exponential"])
def test_no_output_is_zero_only_because_float32_is_short(text):
    z = np.linspace(-80 if text not in ("gelu", "gelu_tanh") else -9, -1, 500).astype(np.float32)
    assert (act(text).value(z) != 0).all()


def test_gelu_keeps_its_digits_in_the_negative_tail():
    assert act("gelu").value(-10.0) == pytest.approx(-10 * math.erfc(10 / math.sqrt(2)) / 2, rel=1e-13)


@for_each(("text", "left", "right"), [
    ("sigmoid", 0, 1), ("tanh", -1, 1), ("erf", -1, 1), ("relu", 0, math.inf), ("elu", -1, math.inf),
    ("gelu", 0, math.inf), ("softplus", 0, math.inf), ("squareplus", 0, math.inf), ("leaky_relu", -math.inf, math.inf),
])
def test_an_exploded_pre_activation_gives_the_limit_of_the_curve(text, left, right):
    np.testing.assert_array_equal(act(text).value(np.array([-np.inf, np.inf])), [left, right])


@each
@each_dtype
def test_infinite_pre_activations_give_the_limits_of_the_curve(text, dtype):
    phi = act(text)
    infinite, huge = np.array([[-math.inf, math.inf], [-1e30, 1e30]], dtype)
    beside = np.array([-math.inf, math.nan, 0.5, math.inf], dtype)
    results = (infinite.copy(), beside.copy())
    with np.errstate(all="raise"):
        expected = phi.value(huge)
        value = phi.value(infinite)
    with np.errstate(all="ignore"):
        for z in results:
            phi.apply(z, z)
    assert value.dtype == dtype
    np.testing.assert_array_equal(value, phi.value(infinite.tolist()).astype(dtype))
    assert np.isnan(results[1]).tolist() == [phi.activation.periodic, True, False, phi.activation.periodic]
    assert results[1][2] == pytest.approx(float(phi.value(0.5)), rel=1e-6)
    if phi.random:
        np.testing.assert_array_equal(results[0], infinite)
    else:
        np.testing.assert_array_equal(results[0], value)
    for side, limit, near in zip(("left", "right"), value, expected, strict=True):
        if side in phi.activation.flat:
            assert math.isfinite(limit)
            assert limit == pytest.approx(near, rel=0, abs=2e-30)
        elif not phi.activation.periodic:
            assert not math.isnan(limit)


@each
@each_dtype
def test_slopes_at_infinity_are_those_far_out(text, dtype):
    slopes = act(text).derivative(np.array([-math.inf, math.inf], dtype))
    if not act(text).activation.periodic:
        far = np.where(np.isinf(slopes), slopes, act(text).derivative(np.array([-1e30, 1e30], dtype)))
        np.testing.assert_allclose(slopes, far, rtol=0, atol=1e-30)


@for_each(("text", "low", "high"), [
    ("linear", -math.inf, math.inf), ("step", 0, 1), ("sigmoid", 0, 1), ("hard_sigmoid", 0, 1),
    ("log_sigmoid", -math.inf, 0), ("tanh", -1, 1), ("hard_tanh", -1, 1), ("lecun_tanh", -1.7159, 1.7159),
    ("arctan", -math.pi / 2, math.pi / 2), ("sin", -1, 1), ("cos", -1, 1), ("erf", -1, 1), ("gaussian", 0, 1),
    ("softsign", -1, 1), ("relu", 0, math.inf), ("relu6", 0, 6), ("relu_squared", 0, math.inf),
    ("leaky_relu", -math.inf, math.inf), ("leaky_relu:0", 0, math.inf), ("leaky_relu:-0.5", 0, math.inf),
    ("rrelu", -math.inf, math.inf), ("elu:2.5", -2.5, math.inf), ("celu:0.4", -0.4, math.inf),
    ("selu", -1.0507009873554805 * 1.6732632423543772, math.inf), ("gelu", -0.16997120747990369, math.inf),
    ("silu", -0.27846454276107380, math.inf), ("quick_gelu", -0.27846454276107380 / 1.702, math.inf),
    ("hard_silu", -0.375, math.inf), ("mish", -0.30884341, math.inf), ("softplus:5", 0, math.inf),
    ("squareplus", 0, math.inf), ("tanh_shrink", -math.inf, math.inf), ("soft_shrink", -math.inf, math.inf),
    ("exponential", 0, math.inf), ("abs", 0, math.inf), ("square", 0, math.inf),
    ("maxout", -math.inf, math.inf), ("maxout:3", -math.inf, math.inf),
])
def test_the_bounds_are_those_of_the_closed_form(text, low, high):
    assert act(text).bounds == pytest.approx((low, high), rel=1e-8 if text == "mish" else 1e-13, abs=0)


@each
def test_no_value_is_outside_the_bounds_and_some_values_come_near(text):
    phi = act(text)
    rng = np.random.default_rng(7)
    size = np.concatenate([np.abs(rng.normal(0, 3, 100_000)), 10 ** rng.uniform(-9, 30, 20_000)])
    values = phi.value(np.concatenate([-size, [0], size]))
    low, high = phi.bounds
    for bound, extreme in ((-low, -values.min()), (high, values.max())):
        if math.isinf(bound):
            assert extreme > 60
        else:
            assert bound - 1e-6 <= extreme <= bound + 1e-15 * max(1, abs(bound))


def test_tanh_shrink_of_little_is_a_third_of_its_cube():
    z = np.array([1e-30, 1e-8, -1e-5])
    np.testing.assert_allclose(act("tanh_shrink").value(z), z**3 / 3, rtol=1e-9)


@for_each("k", [1, 2, 3])
@each_dtype
def test_maxout_takes_the_largest_of_neighbouring_pieces(k, dtype):
    phi = act(f"maxout:{k}")
    z = np.random.default_rng(3).normal(size=(5, 4 * k)).astype(dtype)
    out = np.empty((5, 4), dtype)
    phi.apply(z, out)
    np.testing.assert_array_equal(out, [[max(row[j * k : (j + 1) * k]) for j in range(4)] for row in z])
    np.testing.assert_array_equal(phi.value(z), out)
    assert (phi.pieces, phi.value(z).dtype) == (k, z.dtype)


def test_maxout_passes_the_gradient_to_the_piece_that_won():
    route = act("maxout:2").derivative(np.array([[1.0, 2.0, 5.0, -1.0, 3.0, 3.0]]))
    np.testing.assert_array_equal(route, [[0, 1, 1, 0, 1, 0]])


def test_maxout_refuses_units_that_cannot_be_shared_out():
    with pytest.raises(ValueError, match=r"^maxout of 2 pieces needs a multiple of 2 pre-activations, not 3$"):
        act("maxout").value(np.zeros((2, 3)))


@each_dtype
def test_rrelu_draws_a_slope_between_an_eighth_and_a_third_for_each_element(dtype):
    z = np.full((100, 100), -1, dtype)
    z[:, ::2] = 2
    out = np.empty_like(z)
    act("rrelu").apply(z, out, np.random.default_rng(4))
    slopes = -out[:, 1::2]
    assert (out[:, ::2] == 2).all()
    assert slopes.min() >= 1 / 8
    assert slopes.max() <= 1 / 3 * (1 + 1e-6)
    assert len(np.unique(slopes)) > 0.99 * slopes.size
    standard_error = (1 / 3 - 1 / 8) / math.sqrt(12 * slopes.size)
    assert abs(slopes.mean() - 11 / 48) < 5 * standard_error


def test_only_rrelu_in_training_is_random():
    assert [text for text in ELEMENTWISE if act(text).random] == ["rrelu"]


def test_the_same_generator_gives_the_same_slopes():
    z = np.full(1000, -1.0)
    first, second = np.empty_like(z), z.copy()
    act("rrelu").apply(z, first, np.random.default_rng(5))
    act("rrelu").apply(second, second, np.random.default_rng(5))
    np.testing.assert_array_equal(first, second)


def test_an_activation_that_is_not_random_ignores_the_generator():
    rng = np.random.default_rng(6)
    act("rrelu:eval").apply(np.ones(3), np.empty(3), rng)
    assert rng.bit_generator.state == np.random.default_rng(6).bit_generator.state


@for_each("text", ["gelu", "erf", "leaky_relu", "mish", "tanh_shrink", "relu"])
def test_threads_do_not_disturb_each_other(text):
    phi = act(text)
    blocks = [np.random.default_rng(seed).normal(size=50_000).astype(np.float32) for seed in range(4)]
    expected = [phi.value(z) for z in blocks]
    outputs = [np.empty_like(z) for z in blocks]

    def work(z, out):
        for _ in range(10):
            phi.apply(z, out)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(blocks, outputs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(outputs, expected)


def test_whole_numbers_are_taken_as_float64():
    assert act("sigmoid").value([0]) == np.array([0.5])
    assert act("sigmoid").derivative(np.array([0])).dtype == np.float64


@for_each(("alias", "name"), [
    ("identity", "linear"), ("none", "linear"), ("heaviside", "step"), ("logistic", "sigmoid"),
    ("hardtanh", "hard_tanh"), ("atan", "arctan"), ("relu2", "relu_squared"), ("lrelu", "leaky_relu"),
    ("swish", "silu"), ("hardswish", "hard_silu"), ("hard-swish", "hard_silu"), ("exp", "exponential"),
    ("ReLU", "relu"), ("torch.gelu", "gelu"), ("jax.gelu", "gelu_tanh"), ("keras.hard_sigmoid", "hard_sigmoid"),
])
def test_other_names_lead_to_the_same_row(alias, name):
    assert ACTIVATIONS.parse(alias).name == name


@for_each(("preset", "slope"), [
    ("keras.leaky_relu", 0.3), ("keras2.hard_sigmoid", 0.2), ("torch.leaky_relu", 0.01), ("torch.hard_sigmoid", 1 / 6),
    ("keras.prelu", 0), ("torch.prelu", 0.25),
])
def test_presets_set_what_the_framework_sets(preset, slope):
    assert ACTIVATIONS.parse(preset).values == {"slope": slope}


def test_every_preset_can_be_bound():
    assert all(act(preset).value(0.5) > 0 for preset in ACTIVATIONS.presets)


@for_each("text", ["maxout", *ELEMENTWISE])
def test_the_canonical_text_of_a_choice_is_that_choice(text):
    choice = ACTIVATIONS.parse(text)
    assert ACTIVATIONS.parse(str(choice)) == choice
    assert bind(choice) is bind(ACTIVATIONS.parse(text))


def test_the_formula_shows_the_parameters():
    assert act("leaky_relu").formula == "max(z, slope·z), slope = 0.01"
    assert act("maxout:3").formula == "max(z₁, …, z_k), k linear maps for each output, k = 3"
    assert act("relu").formula == "max(z, 0)"


COUPLED = "it couples all units of a layer, and only element-wise activations can be profiled."
GATED = "a gated unit multiplies two linear maps, and only element-wise activations can be profiled; its gate is "


@for_each(("text", "message"), [
    ("softmax", f"'softmax' cannot be used here: {COUPLED}"),
    ("log_softmax", f"'log_softmax' cannot be used here: {COUPLED}"),
    ("glu", f"'glu' cannot be used here: {GATED}'sigmoid'."),
    ("swiglu", f"'swiglu' cannot be used here: {GATED}'silu'."),
    ("geglu", f"'geglu' cannot be used here: {GATED}'gelu'."),
    ("reglu", f"'reglu' cannot be used here: {GATED}'relu'."),
    ("rleu", "unknown activation 'rleu'. Did you mean 'relu'?"),
    ("qqq", "unknown activation 'qqq'. 'actprof list activations' shows all."),
    ("leaky_relu:2", "leaky_relu: slope must be a number from -1 to 1, not '2'."),
    ("softplus:beta=0", "softplus: beta must be a number from 0.0001 to 10000, not '0'."),
    ("elu:-1", "elu: alpha must be a number from 0.0001 to 10000, not '-1'."),
    ("soft_shrink:-1", "soft_shrink: threshold must be a finite number, 0 or more, not '-1'."),
    ("maxout:2.5", "maxout: k must be a whole number, not '2.5'."),
    ("maxout:65", "maxout: k must be a whole number from 1 to 64, not '65'."),
    ("rrelu:test", "rrelu: mode must be one of train, eval, not 'test'."),
    ("relu:1", "relu takes no values, 1 given: '1'."),
])
def test_a_request_that_cannot_be_met_says_why(text, message):
    with pytest.raises(SpecError) as refusal:
        ACTIVATIONS.parse(text)
    assert str(refusal.value) == message


NEWCOMER = Activation("bent_identity", "(√(z² + 1) - 1)/2 + z", "", derivative=lambda z: z / (2 * np.hypot(z, 1)) + 1,
                      value=lambda z: (np.hypot(z, 1) - 1) / 2 + z)


def test_a_row_may_be_a_plain_value_and_derivative():
    phi = BoundActivation.of(NEWCOMER)
    z = np.linspace(-3, 3, 50)
    expected = (np.sqrt(z**2 + 1) - 1) / 2 + z
    cotangent, out = np.linspace(1, 2, 50), z.copy()
    np.testing.assert_allclose(phi.value(z), expected)
    phi.apply(out, out)
    np.testing.assert_allclose(out, expected)
    phi.backpropagate(z, expected, cotangent, out)
    np.testing.assert_allclose(out, (z / np.sqrt(z * z + 1) / 2 + 1) * cotangent)
    assert phi.sup_derivative == pytest.approx(1.5)


@for_each("functions", [
    {}, {"value": np.tanh}, {"derivative": np.cos}, {"value": np.sin, "write": np.copyto, "derivative": np.cos}])
def test_a_row_has_a_derivative_and_a_value_given_in_one_way(functions):
    with pytest.raises(ValueError, match="'new' needs a derivative, and either a write or a value"):
        Activation("new", "z", "", **functions)


@each
def test_the_facts_of_a_row_are_those_of_its_curve(text):
    phi, z = act(text), np.linspace(-12, 12, 2401) + 1e-4
    value = phi.value(z)
    if phi.activation.periodic:
        np.testing.assert_allclose(phi.value(z + phi.waves), value, atol=1e-12)
        assert np.abs(phi.value(z + phi.waves / 2) - value).max() > 0.1
    if phi.slope_below is not None:
        np.testing.assert_allclose(value, np.where(z > 0, z, phi.slope_below * z))
    if phi.terms:
        w = phi.stretch * z
        waves = sum(c * w**power * np.exp(kappa * w) for c, power, kappa in phi.terms)
        np.testing.assert_allclose(waves, value, rtol=1e-12, atol=1e-12)
    if phi.activation.piecewise:  # fourth differences of a polynomial of degree 3 are 0, but where it bends
        inside = np.all([np.abs(z[2:-2] - bend) > 0.03 for bend in phi.bends], axis=0) if phi.bends else slice(None)
        assert np.abs(np.diff(value, 4))[inside].max() < 1e-12
    step = 0.01 * phi.scale
    z = step * (np.arange(-400, 400) + 0.37)
    value = phi.value(z)
    thirds = np.abs(np.diff(value, 3)) / np.maximum(1, np.abs(value[3:]))
    bent = z[1:-2][thirds > 10 * 0.01**3]  # a third difference is the third derivative times step³, unless φ bends
    assert all(min(abs(place - bend) for bend in (*phi.bends, math.inf)) < 3 * step for place in bent)
