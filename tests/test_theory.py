"""Mean-field theory against closed forms, published statistics, derivatives and networks."""

import itertools
import math

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.expectations import curve, forward_gain, moments
from actprof.errors import SpecError
from actprof.theory import pairs, paths
from actprof.theory.fields import field
from actprof.theory.fixed_points import critical, depth_scale, edge_of_chaos, fixed_points, gains, stable_edge
from actprof.theory.length_map import VARIANCES, length_map, length_slope
from actprof.theory.pairs import pair
from actprof.theory.paths import Follower
from actprof.theory.roots import LengthMaps, between, fixed_variances
from tests.cases import for_each

DECADES = [10.0**power for power in range(-12, 7)]
ELEMENTWISE = tuple(row.name for row in ACTIVATIONS if row.name != "maxout")
SMOOTH_ENOUGH = tuple(name for name in ELEMENTWISE if name not in ("step", "hard_shrink"))
FEW = ("relu", "tanh", "selu", "gelu", "hard_tanh", "softsign", "rrelu", "softplus:20", "relu6", "sin", "celu:0.1")


def choice(text):
    return ACTIVATIONS.parse(text)


def act(text):
    return bind(choice(text))


def roots(phi, sigma_w, sigma_b):
    return fixed_variances(phi, sigma_w, sigma_b, 1.0)[0]


@for_each(("f", "low", "high", "root", "most"), [
    (lambda x: x**3 - 2, 0.1, 10.0, 2 ** (1 / 3), 20), (lambda x: np.cos(x) - x, -1.0, 3.0, 0.7390851332151607, 20),
    (lambda x: np.tanh(x) - 0.3, -9.0, 2.0, math.atanh(0.3), 20), (np.log, 1e-8, 1e9, 1.0, 30),
    (lambda x: (x - 1) ** 9, 0.0, 3.0, 1.0, 90), (lambda x: np.sign(x - 0.3), 0.1, 7.0, 0.3, 90),
    (lambda x: 1 - np.exp(x), -3.0, 40.0, 0.0, 90), (lambda x: x + 1, 0.0, 5.0, 5.0, 90),
])
def test_roots_are_found_to_rounding_and_those_of_smooth_functions_soon(f, low, high, root, most):
    asked = []
    found = between(lambda x: asked.append(x) or f(x), np.array([low, low]), np.array([high, high]))
    assert found.tolist() == pytest.approx([root] * 2, rel=1e-15, abs=4e-16)
    assert len(asked) <= most


def test_a_root_is_as_near_as_is_asked_for_where_the_first_lines_hardly_leave_an_end():
    found = between(lambda x: np.exp(100 * (x - 0.3)) - 1, np.zeros(1), np.ones(1), 1e-6)
    assert found[0] == pytest.approx(0.3, abs=1e-6)


def leaky(slope):
    def closed(q):
        root = math.sqrt(q / (2 * math.pi))
        return (1 - slope) * root, q * (1 + slope**2) / 2, (1 + slope**2) / 2

    return closed


def elu(q):
    """In double precision where the differences of exponentials do not cancel."""
    s = math.sqrt(q)
    e1 = math.exp(q / 2) * math.erfc(s / math.sqrt(2)) / 2
    e2 = math.exp(2 * q) * math.erfc(s * math.sqrt(2)) / 2
    return s / math.sqrt(2 * math.pi) + e1 - 0.5, q / 2 + e2 - 2 * e1 + 0.5, 0.5 + e2


def gelu(q):
    angle = math.asin(q / (1 + q)) / (2 * math.pi)
    square = q / 4 + q * angle + q * q / (math.pi * (1 + q) * math.sqrt(1 + 2 * q))
    slope = 0.25 + angle + q / (math.pi * (1 + q) * math.sqrt(1 + 2 * q)) + q / (2 * math.pi * (1 + 2 * q) ** 1.5)
    return q / math.sqrt(2 * math.pi * (1 + q)), square, slope


def snake(q, a):
    """Of z + sin²(az)/a; 1 - cos(2az) = 2 sin²(az)."""
    e2, e8 = math.expm1(-2 * a * a * q), math.expm1(-8 * a * a * q)
    return -e2 / (2 * a), q + (e8 / 8 - e2 / 2) / a**2, 1 - e8 / 2


CLOSED = {
    "linear": lambda q: (0, q, 1),
    "relu": leaky(0),
    "leaky_relu": leaky(0.01),
    "prelu": leaky(0.25),
    "rrelu:eval": leaky(11 / 48),
    "abs": leaky(-1),
    "erf": lambda q: (0, 2 / math.pi * math.asin(2 * q / (1 + 2 * q)), 4 / math.pi / math.sqrt(1 + 4 * q)),
    "sin": lambda q: (0, -math.expm1(-2 * q) / 2, (1 + math.exp(-2 * q)) / 2),
    "cos": lambda q: (math.exp(-q / 2), (1 + math.exp(-2 * q)) / 2, -math.expm1(-2 * q) / 2),
    "gaussian": lambda q: ((1 + 2 * q) ** -0.5, (1 + 4 * q) ** -0.5, 4 * q * (1 + 4 * q) ** -1.5),
    "snake": lambda q: snake(q, 1),
    "snake:5": lambda q: snake(q, 5),
    "gelu": gelu,
    "square": lambda q: (q, 3 * q * q, 4 * q),
    "step": lambda q: (1 / 2, 1 / 2, 0),
}


@for_each("text", CLOSED)
def test_expectations_are_those_of_the_closed_forms(text):
    for q in DECADES:
        one = moments(act(text), q)
        mean, square, slope_square = CLOSED[text](q)
        assert one.mean == pytest.approx(mean, rel=1e-12, abs=1e-12 * math.sqrt(square)), q
        assert one.square == pytest.approx(square, rel=1e-12, abs=0), q
        assert one.slope_square == pytest.approx(slope_square, rel=1e-12, abs=0), q


@for_each("q", [0.01, 0.3, 1.0, 10.0, 100.0, 300.0])
def test_expectations_of_elu_are_those_of_the_closed_form(q):
    one = moments(act("elu"), q)
    assert (one.mean, one.square, one.slope_square) == pytest.approx(elu(q), rel=1e-12, abs=1e-13)


@for_each("q", [1e-12, 1.0, 80.0, 88.0, 400.0, 1e6])
def test_expectations_of_the_exponential_are_infinite_where_they_overflow(q):
    one = moments(act("exponential"), q)
    expected = tuple(math.exp(power) if power < 709 else math.inf for power in (q / 2, 2 * q, 8 * q))
    assert (one.mean, one.square, one.fourth) == pytest.approx(expected, rel=1e-12)


def test_random_slopes_count_with_their_own_moments():
    low, high = 1 / 8, 1 / 3
    mean_square = (high**3 - low**3) / (3 * (high - low))
    fourth = (high**5 - low**5) / (5 * (high - low))
    one = moments(act("rrelu"), 2.0)
    assert one.mean == pytest.approx((1 - 11 / 48) * math.sqrt(1 / math.pi), rel=1e-12)
    assert one.square == pytest.approx(1 + mean_square, rel=1e-12)
    assert one.fourth == pytest.approx(6 * (1 + fourth), rel=1e-12)
    assert one.slope_square == pytest.approx((1 + mean_square) / 2, rel=1e-12)


def test_the_largest_of_two_and_three_has_the_moments_of_order_statistics():
    two, three = moments(act("maxout:2"), 1.0), moments(act("maxout:3"), 1.0)
    assert (two.mean, two.square) == pytest.approx((1 / math.sqrt(math.pi), 1), rel=1e-12)
    assert (three.mean, three.square) == pytest.approx(
        (1.5 / math.sqrt(math.pi), 1 + math.sqrt(3) / (2 * math.pi)), rel=1e-12)


@for_each("text", [*ELEMENTWISE, "maxout:3"])
def test_derivatives_by_the_variance_are_the_differences(text):
    for q, offset in itertools.product([1e-2, 0.7, 30.0], [0.0, 0.7]):
        derivatives_are_differences(text, q, offset)


def derivatives_are_differences(text, q, offset):
    phi, h = act(text), 1e-4 * min(q, 1)
    below, one, above = (moments(phi, q + step, offset) for step in (-h, 0, h))
    if math.isinf(one.fourth):
        return
    for value, slope, curvature in (("mean", "mean_slope", "mean_curvature"),
                                    ("square", "square_slope", "square_curvature")):
        size = math.sqrt(one.square) if value == "mean" else one.square
        difference = (getattr(above, value) - getattr(below, value)) / (2 * h)
        assert getattr(one, slope) == pytest.approx(difference, rel=1e-6, abs=1e-7 * size / q)
        difference = (getattr(above, slope) - getattr(below, slope)) / (2 * h)
        assert getattr(one, curvature) == pytest.approx(difference, rel=1e-6, abs=1e-6 * size / q**2)


@for_each("text", [name for name in SMOOTH_ENOUGH if name not in ("relu_squared", "hard_silu")])
def test_little_variance_gives_the_tangent(text):
    phi, q = act(text), 1e-12
    one, value = moments(phi, q), float(phi.value(np.array([0.0]))[0])
    sides = phi.derivative(np.array([-1e-9, 1e-9]))
    tangent = float((sides**2).mean()) if text != "rrelu" else one.slope_square
    assert one.slope_square == pytest.approx(tangent, rel=1e-5, abs=1e-11)
    assert one.square == pytest.approx(value**2 + q * tangent, rel=1e-5, abs=1e-11 * q)


def arc_cosine(q, d):
    theta = 2 * math.asin(math.sqrt(d / (2 * q)))
    c = math.cos(theta)
    product = q * (math.sin(theta) + (math.pi - theta) * c) / (2 * math.pi)
    squares = q * q * (3 * math.sin(theta) * c + (math.pi - theta) * (1 + 2 * c * c)) / (2 * math.pi)
    return product, (math.pi - theta) / (2 * math.pi), squares - q * q / 4


@for_each("offset", [0.0, 1e-300])
@for_each("gap", [1e-6, 1e-3, 0.1, 0.5, 1.0, 1.4, 1.99])
@for_each("q", [1e-6, 1.0, 1e4])
def test_relu_has_the_arc_cosine_kernel_in_closed_form_and_by_quadrature(q, gap, offset):
    two = pair(act("relu"), q, q * gap, offset)
    product, slopes, squares = arc_cosine(q, q * gap)
    assert two.product == pytest.approx(product, rel=1e-12, abs=1e-12 * q)
    assert two.slopes == pytest.approx(slopes, rel=1e-12, abs=1e-12)
    assert two.shared_squares == pytest.approx(squares, rel=1e-10, abs=1e-12 * q * q)


@for_each("c", [-0.9, 0.0, 0.3, 0.99, 1 - 1e-6])
@for_each("q", [1e-6, 1.0, 50.0])
def test_erf_and_sin_have_their_kernels(q, c):
    erf = pair(act("erf"), q, q * (1 - c)).product
    assert erf == pytest.approx(2 / math.pi * math.asin(2 * q * c / (1 + 2 * q)), rel=1e-11, abs=1e-12 * q)
    sin = pair(act("sin"), q, q * (1 - c)).product
    expected = math.exp(-q) * math.sinh(q * c)
    assert sin == pytest.approx(expected, rel=1e-11, abs=1e-12 * min(q, 1))


@for_each("c", [-0.9, 0.0, 0.3, 0.99, 1 - 1e-6])
@for_each("q", [1e-2, 0.9, 50.0, 1e4, 1e8])
def test_snake_has_its_kernel_at_any_variance(q, c):
    """E sin²u sin²v = (1 - E cos 2u - E cos 2v + E cos 2u cos 2v)/4, and z is uncorrelated with an even function."""
    a = 3.0
    product = q * c + (1 - 2 * math.exp(-2 * a * a * q)) / (4 * a * a) + (
        math.exp(-4 * a * a * q * (1 - c)) + math.exp(-4 * a * a * q * (1 + c))) / (8 * a * a)
    assert pair(act(f"snake:{a}"), q, q * (1 - c)).product == pytest.approx(product, rel=1e-11, abs=1e-12 * q)


@for_each("text", ELEMENTWISE)
def test_uncorrelated_inputs_share_the_mean_and_equal_ones_share_all(text):
    phi = act(text)
    for q in (1e-4, 0.7, 200.0):
        one, apart, same = moments(phi, q), pair(phi, q, q), pair(phi, q, 0.0)
        if math.isinf(one.square):
            continue
        assert apart.product == pytest.approx(one.mean**2, abs=1e-10 * one.square)
        assert apart.difference == pytest.approx(one.variance, rel=1e-9)
        assert apart.shared == pytest.approx(0, abs=1e-10 * one.square)
        noise = q / 2 * (1 / 3 - 1 / 8) ** 2 / 12 if text == "rrelu" else 0
        assert same.product == pytest.approx(one.square - noise, rel=1e-9)
        assert same.difference == pytest.approx(noise, rel=1e-9, abs=1e-12 * one.square)


@for_each("text", ["tanh", "sigmoid", "relu", "gelu", "selu", "softsign", "hard_tanh", "mish"])
def test_inputs_closer_than_rounding_still_drift_apart_by_chi(text):
    phi, q = act(text), 0.8
    for gap in (1e-10, 1e-14, 1e-18, 1e-30):
        assert pair(phi, q, q * gap).difference == pytest.approx(q * gap * moments(phi, q).slope_square, rel=2e-5)


@for_each("text", [*FEW, "step", "hard_shrink", "maxout:2", "maxout:4"])
@for_each("c", [-0.4, 0.95])
def test_two_point_expectations_agree_with_sampling(text, c):
    phi, q, offset, samples = act(text), 1.7, 0.3, 100_000
    rng = np.random.default_rng(1)
    z = rng.normal(size=(2, samples, phi.pieces))
    u = [offset + math.sqrt(q) * z[0], offset + math.sqrt(q) * (c * z[0] + math.sqrt(1 - c * c) * z[1])]
    a = []
    for pre in u:
        out = np.empty((samples, 1))
        phi.apply(pre, out, rng)
        a.append(out[:, 0])
    two = pair(phi, q, q * (1 - c), offset)
    first, second = a
    mean, square = moments(phi, q, offset).mean, moments(phi, q, offset).square
    for sample, expected in ((first * second, two.product), ((first - second) ** 2 / 2, two.difference),
                             ((first - mean) * (second - mean), two.shared),
                             ((first**2 - square) * (second**2 - square), two.shared_squares),
                             ((first**2 - square) * (second - mean), two.shared_mixed)):
        assert abs(sample.mean() - expected) < 4.5 * sample.std() / math.sqrt(samples)


@for_each("gap", [0.0, 1e-12, 1e-6, 0.003, 0.02, 0.3, 1.0, 1.7, 1.985, 1.9995, 2 - 1e-9, 2.0])
def test_the_largest_of_two_has_its_kernel_up_to_opposite_inputs(gap):
    c = 1 - gap  # max(a, b) = (a + b)/2 + |a - b|/2
    product = c / 2 + (math.sqrt(1 - c * c) + c * math.asin(c)) / math.pi
    for variance in (1.0, 9.0):
        found = pair(act("maxout:2"), variance, gap * variance)
        assert found.slopes == pytest.approx(1 - math.acos(c) / math.pi, abs=1e-4)
        assert found.product == pytest.approx(variance * product, abs=1e-3 * variance)
        assert found.product + found.difference == pytest.approx(variance)
        assert found.slope_squares == 1


@for_each("name", ["tanh", "softplus", "gelu"])
def test_equal_inputs_share_the_variance_of_the_square_and_its_covariance_with_the_value(name):
    z = np.linspace(-9, 9, 20_001)
    a, weights = np.empty((len(z), 1)), np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    act(name).apply(z[:, None], a, np.random.default_rng(0))
    a = a[:, 0]
    square = a**2 @ weights
    for d in (0.0, 1e-14):
        found = pair(act(name), 1.0, d)
        assert found.shared_squares == pytest.approx(a**4 @ weights - square**2, rel=1e-8)
        assert found.shared_mixed == pytest.approx(a**3 @ weights - square * (a @ weights), rel=1e-8, abs=1e-12)


def test_inputs_that_share_one_of_several_offsets_share_what_those_differ_in_too():
    offsets = ((-0.4, 0.25), (1.1, 0.75))
    for name in ("tanh", "relu"):
        found, weights = pairs.mixed(act(name), 1.3, 0.4, offsets), np.array([weight for _, weight in offsets])
        parts = np.array([pair(act(name), 1.3, 0.4, offset) for offset, _ in offsets])
        means, squares = np.array([[part.mean, part.square] for part in (
            moments(act(name), 1.3, offset) for offset, _ in offsets)]).T
        product, *_, slopes, slope_squares = weights @ parts
        mean, square = weights @ means, weights @ squares
        assert (found.product, found.slopes, found.slope_squares) == pytest.approx((product, slopes, slope_squares))
        assert found.shared == pytest.approx(product - mean**2)
        assert found.shared_mixed == pytest.approx(weights @ (parts[:, 3] + means * squares) - mean * square)
        assert found.shared_squares == pytest.approx(weights @ (parts[:, 4] + squares**2) - square**2)


GAINS = {
    "linear": (1, 1, 1, 1, 1, 1, 1),
    "relu": (1.41421356, 1.41421356, 1.712859, 1, 1, 1.414214, 1.41421356),
    "leaky_relu": (1.41414286, 1.41414286, 1.704832, 1, 1, 1.414143, 1.41414286),
    "leaky_relu:0.2": (1.38675049, 1.38675049, 1.546460, 1, 1, 1.386750, 1.38675049),
    "hard_tanh": (1.39203614, 1.21028706, 1.392036, 1.3229, 0.3851, 1, None),
    "hard_sigmoid": (1.89784042, 6.00811583, 6.015034, 0.0998, 0.0971, 10.329483, None),
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


@for_each("text", GAINS)
def test_gains_are_those_of_the_tables(text):
    found, printed = gains(choice(text)), GAINS[text]
    digits = (5e-9, 5e-9, 5e-7, 5e-5, 5e-5, 5e-7, 5e-9)
    statistics = (found.gain_forward, found.gain_backward, found.gain_std, found.chi_at_gain_forward,
                  found.length_slope, found.critical_sigma_w, found.torch_gain)
    for statistic, expected, precision in zip(statistics, printed, digits, strict=True):
        assert statistic == (None if expected is None else pytest.approx(expected, abs=1.01 * precision))
    assert found.stable == (printed[4] <= 1)
    assert forward_gain(choice(text)) == pytest.approx(printed[0], abs=1.01 * digits[0])


def test_gains_obey_identities():
    assert gains(choice("sigmoid")).gain_forward == pytest.approx(gains(choice("softplus")).gain_backward, rel=1e-14)
    assert gains(choice("arctan")).gain_backward == pytest.approx(math.sqrt(2), rel=1e-14)


def test_there_is_no_gain_for_the_gradient_where_the_activation_jumps():
    for text in ("step", "hard_shrink"):
        found = gains(choice(text))
        assert (found.e_dphi2, found.gain_backward, found.chi_at_gain_forward, found.critical_sigma_w) == (None,) * 4


def test_selu_keeps_its_fixed_point_and_is_slightly_chaotic():
    course = fixed_points(choice("selu"), 1.0, 0.0, q_0=0.3)
    assert course.reached.q_star == pytest.approx(1, abs=1e-12)
    assert course.reached.length_slope == pytest.approx(0.7826, abs=5e-5)
    assert course.reached.chi_1 == pytest.approx(1.071575, abs=5e-7)
    assert (course.reached.phase, course.reached.stable, course.course) == ("chaotic", True, "converges")
    assert course.reached.c_star == pytest.approx(0, abs=1e-9)


def bisected(f, low, high):
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return low


def erf_pair(q, c):
    """(E φ₁φ₂, E φ'₁φ'₂), as below."""
    return 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q)), 4 / math.pi / math.sqrt((1 + 2 * q)**2 - (2 * q * c)**2)


def sin_pair(q, c):
    return math.exp(-q) * math.sinh(q * c), math.exp(-q) * math.cosh(q * c)


def relu_pair(q, c):
    angle = math.acos(min(c, 1.0))
    return q * (math.sin(angle) + (math.pi - angle) * c) / (2 * math.pi), (math.pi - angle) / (2 * math.pi)


def gaussian_pair(q, c):
    inverse = (1 + 2 * q) ** 2 - (2 * q * c) ** 2
    return inverse**-0.5, 4 * q * c * inverse**-1.5


@for_each(("text", "of_pair", "q", "sigma_w"), [
    ("erf", erf_pair, 0.3, 0.9), ("erf", erf_pair, 0.8, 1.3), ("erf", erf_pair, 30.0, 5.0), ("sin", sin_pair, 0.2, 0.9),
    ("sin", sin_pair, 1.1, 1.5), ("sin", sin_pair, 3.0, 2.4), ("relu", relu_pair, 0.5, 1.0),
    ("relu", relu_pair, 40.0, 1.4),
    ("gaussian", gaussian_pair, (1 + math.sqrt(2)) / 2, 1.2), ("gaussian", gaussian_pair, 2.0, 2.3)])
def test_fixed_points_and_fields_are_those_of_the_closed_kernels(text, of_pair, q, sigma_w):
    """σ_b² = q - σ_w² E φ², and c* is the root of qc = σ_w² E φ₁φ₂ + σ_b² below 1, or 1."""
    sigma_b = math.sqrt(q - sigma_w**2 * of_pair(q, 1)[0])
    chi = sigma_w**2 * of_pair(q, 1)[1]
    c = 1.0 if chi < 1 else bisected(lambda c: sigma_w**2 * of_pair(q, c)[0] + sigma_b**2 - q * c, 0.0, 1 - 1e-6)
    exact = fixed_points(choice(text), sigma_w, sigma_b, q).reached
    assert (exact.q_star, exact.chi_1, exact.c_star) == pytest.approx((q, chi, c), rel=1e-9)
    assert exact.xi_c == pytest.approx(depth_scale(sigma_w**2 * of_pair(q, c)[1]), rel=1e-9)
    [cell] = np.transpose(field(act(text), *(np.array([each]) for each in (sigma_w, sigma_b, q))))
    assert cell[:2].tolist() == pytest.approx([q, chi], rel=2e-8)
    assert cell[3:5].tolist() == pytest.approx([c, sigma_w**2 * of_pair(q, c)[1]], abs=1e-6)


@for_each(("text", "sigma_b", "sigma_w", "q", "digits"), [
    ("sigmoid", 0.0, 10.149263710, 45.6243, 5e-9),
    ("cos", 0.0, None, 1.19967864, 5e-9),
    ("gaussian", 0.0, 1 + 1 / math.sqrt(2), (1 + math.sqrt(2)) / 2, 1e-12),
    ("silu", 0.2, 1.6795316, 0.6895, 5e-8),
    ("hard_sigmoid", 0.0, 10.329483, 47.2737, 5e-7),
])
def test_the_edge_of_chaos_is_where_it_is_known_to_be(text, sigma_b, sigma_w, q, digits):
    edge = critical(choice(text), sigma_b)
    assert sigma_w is None or edge.sigma_w == pytest.approx(sigma_w, abs=digits)
    assert q is None or edge.q == pytest.approx(q, abs=max(digits, 5e-9) if q < 1.3 and text != "silu" else 5e-5)


@for_each(("text", "q", "sigma_w", "sigma_b"), [
    ("gelu", 3.5616, 1.40821, 0.41584), ("silu", 14.320, 1.40997, 0.74508), ("mish", 1.6702, 1.41899, 0.30744),
])
def test_the_edge_of_chaos_turns_stable_at_the_known_points(text, q, sigma_w, sigma_b):
    edge = edge_of_chaos(choice(text), q)
    assert (edge.sigma_w, edge.sigma_b) == pytest.approx((sigma_w, sigma_b), abs=1e-5)
    assert edge.length_slope == pytest.approx(1, abs=1e-5)
    assert edge_of_chaos(choice(text), 0.8 * q).length_slope > 1 > edge_of_chaos(choice(text), 1.2 * q).length_slope


# Fixed points in closed form: of relu with biases, of selu, of exp(-h²) and cos on the edge, of gelu where that turns.
COS = bisected(lambda q: 1 - q * math.tanh(q), 1.0, 1.4)
SPOTS = [("relu", 1.3, 0.1, 0.01 / (1 - 1.3**2 / 2), 1.3**2 / 2), ("selu", 1.0, 0.0, 1.0, None),
         ("gaussian", 1 + 1 / math.sqrt(2), 0.0, (1 + math.sqrt(2)) / 2, 1.0),
         ("cos", math.sqrt(2 / (1 - math.exp(-2 * COS))), 0.0, COS, 1.0)]


@pytest.mark.parametrize(("text", "sigma_w", "sigma_b", "q", "chi"), SPOTS)
def test_fixed_points_in_closed_form_are_met_to_nine_digits(text, sigma_w, sigma_b, q, chi):
    exact = fixed_points(choice(text), sigma_w, sigma_b, q).reached
    cell = field(act(text), *(np.array([each]) for each in (sigma_w, sigma_b, q)))
    for found in (exact.q_star, cell.q_star[0]):
        assert found == pytest.approx(q, rel=1e-9)
    for found in (exact.chi_1, cell.chi_1[0]) if chi else ():
        assert found == pytest.approx(chi, rel=1e-9)


def test_the_edge_of_gelu_turns_stable_in_closed_form():
    turn, q = stable_edge(choice("gelu"), critical(choice("gelu"))), (3 + math.sqrt(17)) / 2
    assert turn.q == pytest.approx(q, rel=1e-9)
    assert (turn.sigma_w**-2, q - turn.sigma_b**2) == pytest.approx(
        (gelu(q)[2], gelu(q)[1] / gelu(q)[2]), rel=1e-9)


def test_silu_reaches_the_lower_of_two_fixed_points_or_none():
    low = fixed_points(choice("silu"), 1.67953, 0.2, q_0=0.5)
    assert [point.q_star for point in low.points] == pytest.approx([0.194, 0.6895], abs=5e-4)
    assert [point.stability for point in low.points] == ["stable", "unstable"]
    assert (low.limit, low.reached.phase) == (low.points[0].q_star, "ordered")
    high = fixed_points(choice("silu"), 1.67953, 0.2, q_0=0.8)
    assert (high.limit, high.reached, high.course) == (math.inf, None, "diverges")


def test_the_usual_sigmoid_stack_is_just_ordered():
    assert fixed_points(choice("sigmoid"), 10.0, 0.0).reached.chi_1 == pytest.approx(0.98581, abs=5e-6)


def test_torch_s_gain_of_tanh_overshoots():
    point = fixed_points(choice("tanh"), 5 / 3, 0.0).reached
    assert (point.q_star, point.chi_1) == pytest.approx((1.17848, 1.2098), abs=5e-5)
    assert math.sqrt(moments(act("tanh"), point.q_star).square) == pytest.approx(0.6514, abs=1e-4)


def test_torch_s_gain_of_selu_trades_the_fixed_point_for_chi():
    point = fixed_points(choice("selu"), 0.75, 0.0).reached
    assert point.q_star == pytest.approx(0.0230, abs=5e-5)
    assert point.chi_1 == pytest.approx(1.00367, abs=5e-6)


def test_tanh_of_gain_one_decays_by_a_power_law_at_the_edge():
    course = fixed_points(choice("tanh"), 1.0, 0.0)
    assert (course.limit, course.course, course.reached.phase) == (0.0, "power law", "edge")
    assert math.isinf(course.reached.xi_q)


def test_elu_with_he_weights_grows_forever_and_gelu_with_them_fades():
    assert fixed_points(choice("elu"), math.sqrt(2), 0.0).course == "diverges"
    faded = fixed_points(choice("gelu"), math.sqrt(2), 0.0)
    assert faded.limit == 0
    assert faded.reached.length_slope == pytest.approx(1 / 2, abs=1e-6)


def test_relu_with_he_weights_keeps_every_variance():
    course = fixed_points(choice("relu"), math.sqrt(2), 0.0, q_0=0.3)
    assert (course.course, course.limit, course.points, course.reached.phase) == ("any", 0.3, (), "edge")


@for_each(("sigma_w", "sigma_b"), [(1.0, 0.3), (1.3, 0.1)])
def test_relu_with_biases_has_the_fixed_point_of_its_linear_map(sigma_w, sigma_b):
    point = fixed_points(choice("relu"), sigma_w, sigma_b).reached
    slope = sigma_w**2 / 2
    assert point.q_star == pytest.approx(sigma_b**2 / (1 - slope), rel=1e-12)
    assert (point.chi_1, point.length_slope) == pytest.approx((slope, slope), rel=1e-12)
    assert (point.xi_c, point.xi_q) == pytest.approx((-1 / math.log(slope),) * 2, rel=1e-9)


def test_the_exponential_has_fixed_points_up_to_its_known_limit():
    limit = math.sqrt(1 / (2 * math.e))
    assert len(fixed_points(choice("exponential"), 0.99 * limit, 0.0).points) == 2
    assert fixed_points(choice("exponential"), 1.01 * limit, 0.0).course == "diverges"


@for_each(("text", "sigma_w", "sigma_b"), [("tanh", 2.0, 0.1), ("erf", 1.8, 0.3), ("selu", 1.1, 0.0)])
def test_correlations_return_to_the_chaotic_fixed_point(text, sigma_w, sigma_b):
    point = fixed_points(choice(text), sigma_w, sigma_b).reached
    product = pair(act(text), point.q_star, point.q_star * (1 - point.c_star)).product
    assert point.phase == "chaotic"
    assert (sigma_w**2 * product + sigma_b**2) / point.q_star == pytest.approx(point.c_star, abs=1e-9)
    assert 0 <= point.c_star < 1


def test_the_depth_scale_is_that_of_exponential_decay():
    assert depth_scale(math.exp(-0.25)) == pytest.approx(4, rel=1e-12)
    assert (depth_scale(0.0), depth_scale(1.0), depth_scale(1.2)) == (0, math.inf, math.inf)



ALL = tuple(row.name for row in ACTIVATIONS)


@for_each("text", ALL)
def test_many_variances_at_once_have_the_moments_of_each(text):
    phi, variances = act(text), VARIANCES[::20]
    parts = [moments(phi, q) for q in variances.tolist()]
    for found, name in zip(curve(phi, variances)[:2], ("square", "slope_square"), strict=True):
        assert found == pytest.approx([getattr(part, name) for part in parts], rel=1e-12, abs=0)


@for_each("text", [name for name in ALL if name != "exponential"])
def test_many_variances_at_once_have_the_derivative_of_each(text):
    phi, variances = act(text), np.geomspace(1e-3, 1e6, 19)
    found = curve(phi, variances)
    expected = np.array([moments(phi, q).square_slope for q in variances.tolist()])
    size = np.maximum(found.square, 1e-300) / variances
    assert found.square_slope / size == pytest.approx(expected / size, rel=1e-9, abs=1e-11)


@for_each("text", ["tanh", "softsign", "elu", "celu", "selu", "gelu", "silu", "mish", "erf", "sin",
                   "arctan", "hard_tanh", "relu", "leaky_relu", "hard_silu"])
def test_the_slopes_without_variance_are_those_of_the_tangents(text):
    phi = act(text)
    tangent = float((phi.derivative(np.array([-1e-14, 1e-14])) ** 2).mean())
    assert (moments(phi, 0.0).square_slope, moments(phi, 0.0).slope_square) == pytest.approx((tangent,) * 2, rel=1e-12)


@for_each("text", ["step", "square", "relu_squared", "tanh_shrink", "soft_shrink", "hard_shrink"])
def test_a_slope_that_is_0_is_no_rounding(text):
    assert moments(act(text), 0.0).square_slope == 0
    reached = fixed_points(choice(text), 0.4, 0.0, q_0=0.5).reached
    assert (reached.length_slope, reached.xi_q) == (0, 0)


@for_each(("text", "sigma_w", "q"), [("cos", 9.0, 40.5), ("sin", 1000.0, 5e5)])
def test_a_fast_sine_forgets_the_variance_and_the_correlation_at_once(text, sigma_w, q):
    point = fixed_points(choice(text), sigma_w, 0.0).reached
    assert point.q_star == pytest.approx(q, rel=1e-12)
    assert (point.xi_q, point.c_star, point.xi_c) == (0, 0, 0)
    assert abs(point.length_slope) <= sigma_w**2 * math.exp(-2 * q) * (1 + 1e-12)


@for_each("text", ["tanh", "arctan", "erf", "sin", "softsign", "lecun_tanh"])
def test_an_odd_activation_has_no_mean_and_keeps_two_inputs_orthogonal(text):
    assert gains(choice(text)).e_phi == 0
    assert fixed_points(choice(text), 1.5, 0.0).reached.c_star == 0


@for_each("sigma_b", [0.0, 0.3, 1.0, 3.0])
def test_the_edge_of_the_exponential_is_its_closed_form_on_a_point_of_the_scan_too(sigma_b):
    edge = critical(choice("exponential"), sigma_b)
    assert (edge.q, edge.sigma_w) == pytest.approx((1 + sigma_b**2, math.exp(-1 - sigma_b**2)), rel=1e-12)
    assert (edge.length_slope, edge.stability) == (pytest.approx(2, rel=1e-12), "unstable")


def averages(f, slope, q):
    """(E f², E f'²) by a sum over a fine grid."""
    z = np.linspace(-12, 12, 48_001)
    weights = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    return float(weights @ f(math.sqrt(q) * z) ** 2), float(weights @ slope(math.sqrt(q) * z) ** 2)


@for_each("sigma_b", [0.01, 0.2236, 1.0])
def test_the_edge_of_tanh_meets_both_conditions(sigma_b):
    edge = critical(choice("tanh"), sigma_b)
    square, slope_square = averages(np.tanh, lambda h: np.cosh(h) ** -2, edge.q)
    assert edge.sigma_w**2 * slope_square == pytest.approx(1, rel=1e-12)
    assert edge.sigma_w**2 * square + sigma_b**2 == pytest.approx(edge.q, rel=1e-12)


@for_each("sigma_b", [1e-9, 1e-11, 1e-30])
def test_a_small_sigma_b_moves_the_edge_little(sigma_b):
    edge = critical(choice("tanh"), sigma_b)
    assert (edge.sigma_w, edge.q) == pytest.approx((1, 0), abs=2e-6)


@for_each("text", ["gelu", "silu", "mish", "hard_silu"])
def test_the_edge_is_unstable_up_to_where_it_turns_stable_and_nowhere_after(text):
    turn = stable_edge(choice(text), critical(choice(text)))
    slopes = [edge_of_chaos(choice(text), turn.q * factor).length_slope for factor in (0.5, 0.99, 1.01, 2, 1e3)]
    assert [slope > 1 + 1e-6 for slope in slopes] == [True, True, False, False, False]
    assert stable_edge(choice(text), turn) is None


@for_each("text", ["tanh", "exponential", "relu", "gaussian", "elu"])
def test_an_edge_that_does_not_turn_is_not_said_to(text):
    assert stable_edge(choice(text), critical(choice(text))) is None


@for_each(("sigma_w", "sigma_b"), [(0.1, 1.0), (0.5, 0.3), (2.0, 0.144), (1.0, 0.2886), (0.01, 28.8)])
def test_square_has_the_two_fixed_points_of_its_quadratic(sigma_w, sigma_b):
    root = math.sqrt(1 - 12 * (sigma_w * sigma_b) ** 2)
    found = fixed_points(choice("square"), sigma_w, sigma_b).points
    assert [point.q_star for point in found] == pytest.approx(
        [(1 + sign * root) / (6 * sigma_w**2) for sign in (-1, 1)], rel=1e-9)
    assert [point.stability for point in found] == ["stable", "unstable"]


@for_each("sigma_w", [0.01, 1 / math.sqrt(3), 2.0, 30.0])
def test_where_the_quadratic_of_square_touches_there_is_one_fixed_point_and_beyond_none(sigma_w):
    sigma_b = 1 / (math.sqrt(12) * sigma_w)
    [only] = fixed_points(choice("square"), sigma_w, sigma_b).points
    assert only.q_star == pytest.approx(1 / (6 * sigma_w**2), rel=1e-6)
    assert (only.stability, only.stable) == ("neutral", True)
    assert roots(act("square"), sigma_w, sigma_b * (1 + 1e-9)) == []
    assert len(roots(act("square"), sigma_w, sigma_b * (1 - 1e-9))) == 2


def test_gelu_has_three_fixed_points_beside_its_half_stable_one():
    edge = stable_edge(choice("gelu"), critical(choice("gelu")))
    low, half = fixed_points(choice("gelu"), edge.sigma_w, edge.sigma_b).points
    assert (half.q_star, half.stability) == (pytest.approx((3 + math.sqrt(17)) / 2, rel=1e-6), "neutral")
    assert low.stability == "stable"
    sigma_b = 0.415839
    beside = roots(act("gelu"), critical(choice("gelu"), sigma_b).sigma_w, sigma_b)
    assert len(beside) == 3
    for q in beside:
        assert critical(choice("gelu"), sigma_b).sigma_w**2 * gelu(q)[1] + sigma_b**2 == pytest.approx(q, rel=1e-14)


@for_each("text", ["gelu", "silu", "quick_gelu", "relu6"])
def test_no_root_between_two_variances_of_the_scan_is_missed(text):
    """Random requests, and up to three roots within a step around the half-stable point: signs on a finer lattice."""
    phi, rng = act(text), np.random.default_rng(sum(map(ord, text)))
    turn = stable_edge(choice(text), critical(choice(text)))
    beside = [critical(choice(text), turn.sigma_b * (1 - shift)) for shift in (1e-2, 1e-3, 1e-4)] if turn else []
    asked = [*[(edge.sigma_w, edge.sigma_b) for edge in beside], *10 ** rng.uniform((-0.3, -2), (0.8, 0), (3, 2))]
    around = turn.q * np.geomspace(0.87, 1.15, 700) if turn else []
    lattice = np.sort([*np.geomspace(1e-4, 1e4, 600), *around])
    square = curve(phi, lattice).square
    for sigma_w, sigma_b in asked:
        rises = (sigma_w**2 * square + sigma_b**2) > lattice
        assert np.diff(rises).sum() == sum(1e-4 < q < 1e4 for q in roots(phi, sigma_w, sigma_b))


@for_each("text", ALL)
def test_without_weights_the_biases_alone_are_the_variance(text):
    for sigma_b in (0.0, 1e-20, 1e-3, 1.0, 1e3):
        found = fixed_points(choice(text), 0.0, sigma_b)
        assert [point.q_star for point in found.points] == pytest.approx([sigma_b**2], rel=1e-12, abs=0)
        assert found.limit == found.points[0].q_star
        assert (found.points[0].length_slope, found.points[0].stability) == (0, "stable")


def test_a_fixed_point_may_be_very_large():
    point = fixed_points(choice("leaky_relu:0.2"), 1.386, 1000.0).reached
    assert point.q_star == pytest.approx(1e6 / (1 - 1.386**2 * 0.52), rel=1e-9)
    assert fixed_points(choice("leaky_relu:0.2"), 1.387, 1000.0).limit == math.inf


def test_a_step_leaves_the_variance_0():
    found = fixed_points(choice("step"), 1.5, 0.0, q_0=1e-9)
    assert [(point.q_star, point.stability) for point in found.points] == [
        (0, "unstable"), (pytest.approx(1.5**2 / 2), "stable")]
    assert found.limit == found.points[1].q_star
    assert (found.reached.chi_1, found.reached.xi_c, found.reached.phase) == (None, None, "")


def test_a_start_on_an_unstable_fixed_point_stays_there():
    start = roots(act("silu"), 1.67953, 0.2)[1]
    found = fixed_points(choice("silu"), 1.67953, 0.2, q_0=start)
    assert (found.limit, found.reached.stability, found.course) == (start, "unstable", "converges")


@for_each("text", ["gelu", "mish", "square", "hard_silu", "exponential"])
def test_of_two_roots_about_to_merge_a_course_from_below_ends_at_the_lower(text):
    """Where χ_q = 1 and W'' > 0 the map touches the diagonal; a smaller σ_b leaves it a root on each side."""
    phi, rng = act(text), np.random.default_rng(sum(map(ord, text)))
    touching, shift, away = 10 ** rng.uniform([[-2], [-11], [0.1]], [[2], [-5], [1]], (3, 9))
    one = [moments(phi, q) for q in touching.tolist()]
    square, slope, curvature = np.transpose([(each.square, each.square_slope, each.square_curvature) for each in one])
    touches = (touching > square / slope) & (curvature > 0)
    high, shift, weights = touching[touches], shift[touches], 1 / slope[touches]
    biases, start = (high - weights * square[touches]) * (1 - shift), (touching / away)[touches]
    low = start
    for _ in range(50):
        middle = (low + high) / 2
        grows = weights * curve(phi, middle).square + biases > middle
        low, high = np.where(grows, middle, low), np.where(grows, high, middle)
    sigma_w, sigma_b = np.sqrt(weights), np.sqrt(biases)
    asked = zip(sigma_w.tolist(), sigma_b.tolist(), start.tolist(), strict=True)
    exact = [fixed_variances(phi, *each)[1] for each in asked]
    assert exact == pytest.approx(low.tolist(), rel=1e-6)
    assert LengthMaps(phi, weights, biases).limits(start)[0] == pytest.approx(low, rel=1e-6)
    assert len(low) >= 2


@pytest.mark.slow
@for_each("text", [name for name in ALL if name != "rrelu"])
def test_the_limit_is_where_plain_iteration_ends(text):
    phi, q, moving = act(text), np.ones(4), np.full(4, True)
    sigma_w, sigma_b = np.array([(0.7, 0.0), (0.9, 0.4), (1.6, 0.1), (3.0, 1.0)]).T
    for _ in range(1500):
        before = q[moving]
        q[moving] = sigma_w[moving] ** 2 * curve(phi, before).square + sigma_b[moving] ** 2
        q[q > 1e12] = math.inf
        moving[moving] = (np.abs(q[moving] - before) > 1e-15 * before) & (q[moving] > 1e-12)
        moving &= np.isfinite(q)
        if not moving.any():
            break
    found = LengthMaps(phi, sigma_w**2, sigma_b**2).limits(np.ones(4))[0].tolist()
    assert found == pytest.approx(q.tolist(), rel=1e-9, abs=1e-9)


@for_each("text", ALL)
def test_every_fixed_point_is_one_and_has_the_stability_of_its_slope(text):
    phi = act(text)
    for sigma_w, sigma_b in ((0.5, 0.5), (1.1, 0.0), (2.5, 0.3)):
        for point in fixed_points(choice(text), sigma_w, sigma_b).points:
            assert length_map(phi, sigma_w, sigma_b, point.q_star) == pytest.approx(point.q_star, rel=1e-11)
            assert (point.stability == "unstable") == (abs(length_slope(phi, sigma_w, point.q_star)) > 1)


@for_each(("text", "sigma_w", "course"), [
    ("relu", 1.41421356, "any"), ("leaky_relu:0.2", 1.38675049, "any"), ("tanh", 1.0000001, "power law"),
    ("selu", 0.690486074, "power law"), ("selu", 0.690486073, "power law"), ("hard_tanh", 1.0, "power law")])
def test_an_edge_typed_in_as_it_is_printed_is_one(text, sigma_w, course):
    found = fixed_points(choice(text), sigma_w, 0.0, q_0=0.5)
    assert (found.course, found.reached.phase, found.reached.stable) == (course, "edge", True)
    assert {point.phase for point in found.points} <= {"edge"}


@for_each(("sigma_w", "sigma_b"), [(1.0, 0.5), (1.2, 0.1), (0.5, 2.0)])
def test_random_slopes_keep_two_inputs_apart(sigma_w, sigma_b):
    """By the kernel of a leaky ReLU of the mean slope: E|h||h'| = 2q/π (√(1 - c²) + c asin c)."""
    mean, square = 11 / 48, ((1 / 3) ** 3 - (1 / 8) ** 3) / (3 * (1 / 3 - 1 / 8))
    q = sigma_b**2 / (1 - sigma_w**2 * (1 + square) / 2)
    c = 0.5
    for _ in range(2000):
        sizes = 2 / math.pi * (math.sqrt(1 - c * c) + c * math.asin(c))
        c = sigma_w**2 * ((1 + mean) ** 2 / 4 * c + (1 - mean) ** 2 / 4 * sizes) + sigma_b**2 / q
    point = fixed_points(choice("rrelu"), sigma_w, sigma_b).reached
    assert (point.q_star, point.c_star) == pytest.approx((q, c), rel=1e-9)
    assert c < 1


def test_an_activation_without_a_second_moment_has_no_gain_to_ask_for():
    with pytest.raises(SpecError) as error:
        forward_gain(choice("hard_shrink:1e3"))
    assert str(error.value) == ("hard_shrink:threshold=1000.0 has no gain that keeps the variance: E φ(z)² is 0 "
                                "for z ~ N(0, 1).")


@for_each("name", ["selu", "hard_tanh", "gelu", "sigmoid"])
def test_a_follower_tells_pairs_as_they_are(name):
    phi, q = bind(ACTIVATIONS.parse(name)), 0.7
    follower = Follower()
    for gap in 0.4 * 0.995 ** np.arange(60):
        found, exact = (np.array(each(phi, q, q * float(gap))) for each in (follower.pair, pair))
        np.testing.assert_allclose(found, exact, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", [activation.name for activation in ACTIVATIONS])
def test_a_table_tells_layers_as_they_are(name):
    """Interpolated moments, and Mehler's sums against a fine quadrature over two inputs."""
    phi, rng = bind(ACTIVATIONS.parse(name)), np.random.default_rng(len(name))
    q, gap = float(2 * np.exp(rng.uniform(0, 1))), float(rng.uniform(0.3, 1.3))
    table = paths._serving(phi, q, 0.0, 1 - gap)
    if table is None:
        assert phi.random or phi.pieces > 1 or phi.terms or phi.bends
        return
    exact, exact_pair = moments(phi, q), pair(phi, q, gap * q, rule=pairs.EXACT._replace(order=24, step=0.1))
    size = 1e-11 * float(np.sqrt(exact.square))
    follower = Follower()
    for layer in range(paths.LAYERS + 2):
        told = follower.moments(phi, q * (1 + 1e-9 * layer))
    np.testing.assert_allclose(told, moments(phi, q * (1 + 1e-9 * layer)), rtol=1e-11, atol=size)
    np.testing.assert_allclose(table.pair(q, gap * q), exact_pair, rtol=1e-11, atol=size)


@pytest.mark.parametrize("name", [activation.name for activation in ACTIVATIONS])
def test_one_size_stands_for_all_where_phi_is_two_rays_as_it_is_near_0_if_it_has_a_slope_there(name):
    phi, sizes = bind(ACTIVATIONS.parse(name)), paths.POWERS[:9]
    low, high = paths.rays(phi)
    if phi.pieces == 1:
        nothing = np.array([-1e-30, 1e-30])
        through_0 = np.abs(phi.value(nothing)).max() < 1e-20 and np.abs(phi.derivative(nothing)).max() > 0.1
        assert (low > 0) == through_0
    for q, miss in ((low / 1e3, 1e-8), (high * 1e3, 1e-6)):
        if not 0 < q < math.inf:
            continue
        size = q**sizes
        found, exact = (np.array(each(phi, q)[:9]) / size for each in (Follower().moments, moments))
        np.testing.assert_allclose(found, exact, atol=miss * np.abs(exact).max())
        gap = 0.3
        found, exact = (np.array(each(phi, q, gap * q)) / q**paths.PAIR_POWERS for each in (Follower().pair, pair))
        np.testing.assert_allclose(found, exact, atol=miss * np.abs(exact).max())
