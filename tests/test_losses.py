"""Every loss is what its formula says, however large z, and its gradient is the slope of its value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actprof.errors import SpecError
from actprof.train import losses
from actprof.train.losses import LOSSES
from tests.cases import for_each

TINY = {"float32": 1e-6, "float64": 1e-14}


def texts():
    """Every row with every choice of its words."""
    for row in LOSSES:
        words = [[f"{parameter.name}={word}" for word in parameter.choices] for parameter in row.parameters]
        yield from (f"{row.name}:{','.join(chosen)}" for chosen in itertools.product(*words))


TEXTS = list(texts())
each_text = for_each("text", TEXTS)
each_dtype = for_each("dtype", list(TINY))
each_number_of_classes = for_each("classes", [2, 3, 10])


def loss_of(text):
    return losses.bind(LOSSES.parse(text))


def batch_of(text, classes, samples=7, dtype="float64", scale=3.0):
    """z as large as the loss wants it, and labels among which each class is."""
    rng = np.random.default_rng(classes)
    z = rng.normal(scale=scale, size=(samples, loss_of(text).outputs(classes))).astype(dtype)
    return z, rng.permutation(np.arange(samples) % classes)


def gradient_of(loss, z, labels):
    out = np.full_like(z, np.nan)
    loss.gradient(z, labels, out)
    return out


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


def softmax(z):
    powers = [math.exp(value - max(z)) for value in z]
    return [power / math.fsum(powers) for power in powers]


def targets(z, label):
    return [float(label == 1)] if len(z) == 1 else [float(place == label) for place in range(len(z))]


def cross_entropy(z, y):
    return max(z) - z[y.index(1)] + math.log(math.fsum(math.exp(value - max(z)) for value in z))


def binary_cross_entropy(z, y):
    """-ln σ(z) where y = 1, -ln σ(-z) where y = 0; far out the logarithm is the exponent."""
    wrong = [-value if target else value for value, target in zip(z, y, strict=True)]
    return math.fsum(value if value > 40 else math.log1p(math.exp(value)) for value in wrong)


def sigmoid_gap(z, y):
    """|a - y|, small where a is near y."""
    return [sigmoid(-value) if target else sigmoid(value) for value, target in zip(z, y, strict=True)]


def slope(z, y):
    """dL/dz of the quadratic loss: (a - y)·σ'(z)."""
    return [(-1 if target else 1) * gap * sigmoid(value) * sigmoid(-value)
            for value, target, gap in zip(z, y, sigmoid_gap(z, y), strict=True)]


VALUE = {
    "cross_entropy:": cross_entropy,
    "binary_cross_entropy:": binary_cross_entropy,
    "mse:output=sigmoid": lambda z, y: math.fsum(gap**2 for gap in sigmoid_gap(z, y)) / 2,
    "mse:output=linear": lambda z, y: math.fsum((value - target) ** 2 for value, target in zip(z, y, strict=True)) / 2,
}
SLOPE = {
    "cross_entropy:": lambda z, y: [a - target for a, target in zip(softmax(z), y, strict=True)],
    "binary_cross_entropy:": lambda z, y: [gap * (-1 if target else 1)
                                           for gap, target in zip(sigmoid_gap(z, y), y, strict=True)],
    "mse:output=sigmoid": slope,
    "mse:output=linear": lambda z, y: [value - target for value, target in zip(z, y, strict=True)],
}


def expected(text, z, labels):
    """Loss and gradient, sample by sample in Python's own floats."""
    rows = [(row, targets(row, label)) for row, label in zip(z.tolist(), labels.tolist(), strict=True)]
    value = math.fsum(VALUE[text](*row) for row in rows) / len(rows)
    return value, [[part / len(rows) for part in SLOPE[text](*row)] for row in rows]


def test_the_expectations_cover_the_table():
    assert set(TEXTS) == set(VALUE) == set(SLOPE)


@each_text
@each_number_of_classes
def test_the_gradient_is_the_central_difference_of_the_value(text, classes):
    loss, h = loss_of(text), 1e-5
    z, labels = batch_of(text, classes)
    slopes = np.empty_like(z)
    for place in np.ndindex(*z.shape):
        step = np.zeros_like(z)
        step[place] = h
        slopes[place] = (loss.value(z + step, labels) - loss.value(z - step, labels)) / (2 * h)
    assert np.abs(slopes).max() > 1e-3
    assert np.allclose(gradient_of(loss, z, labels), slopes, rtol=1e-7, atol=1e-10)


@each_text
@each_dtype
@each_number_of_classes
@for_each("scale", [0.0, 1.0, 30.0, 1e4, 1e30])
def test_value_and_gradient_are_those_of_the_formula_however_large_z(text, dtype, classes, scale):
    z, labels = batch_of(text, classes, 23, dtype, scale)
    value, slopes = expected(text, z, labels)
    assert loss_of(text).value(z, labels) == pytest.approx(value, rel=4 * TINY[dtype])
    out = gradient_of(loss_of(text), z, labels)
    assert out.dtype == z.dtype
    # The exponent of a power is rounded before the power is taken, so its error grows with the exponent.
    assert np.allclose(out, slopes, rtol=100 * TINY[dtype], atol=TINY[dtype] / 10)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TEXTS), st.sampled_from(["float32", "float64"]), st.data())
def test_finite_z_up_to_1e30_have_a_finite_loss_and_gradient(text, dtype, data):
    classes = data.draw(st.integers(2, 5))
    outputs, samples = loss_of(text).outputs(classes), data.draw(st.integers(1, 4))
    numbers = st.floats(-1e30, 1e30) | st.sampled_from([0.0, -0.0, 1e30, -1e30, 88.8, -103.5, 1e-45, 710.0])
    z = np.array([[data.draw(numbers) for _ in range(outputs)] for _ in range(samples)], dtype)
    labels = np.array([data.draw(st.integers(0, classes - 1)) for _ in range(samples)])
    assert loss_of(text).value(z, labels) == pytest.approx(expected(text, z, labels)[0], rel=1e-5, abs=1e-6)
    assert np.isfinite(gradient_of(loss_of(text), z, labels)).all()


@each_text
@each_dtype
def test_even_the_largest_numbers_have_a_finite_loss_in_single_precision_and_never_nan(text, dtype):
    largest = np.finfo(dtype).max
    for outputs in {1 if loss_of(text).outputs(2) == 1 else 2, 3}:
        for z in itertools.product([largest, -largest], repeat=outputs):
            for label in range(max(outputs, 2)):
                rows = np.array([z], dtype)
                value = loss_of(text).value(rows, np.array([label]))
                assert value >= 0
                assert math.isfinite(value) or dtype == "float64"
                assert not np.isnan(gradient_of(loss_of(text), rows, np.array([label]))).any()


@each_text
def test_a_diverged_network_has_a_loss_that_is_not_finite_and_no_warning(text):
    loss = loss_of(text)
    z, labels = batch_of(text, 3)
    z[0, 0] = np.nan
    assert math.isnan(loss.value(z, labels))
    assert np.isnan(gradient_of(loss, z, labels)).any()


@each_text
@each_number_of_classes
def test_one_call_gives_both_and_may_write_over_z(text, classes):
    loss = loss_of(text)
    z, labels = batch_of(text, classes, dtype="float32")
    out, before = np.full_like(z, np.nan), z.copy()
    value = loss.value_and_gradient(z, labels, out)
    assert np.array_equal(z, before)
    assert value == loss.value(z, labels)
    assert np.array_equal(out, gradient_of(loss, z, labels))
    assert loss.value_and_gradient(z, labels, z) == value
    assert np.array_equal(z, out)


@each_text
def test_a_loss_is_a_mean_over_the_samples(text):
    loss = loss_of(text)
    z, labels = batch_of(text, 4)
    twice, both = np.concatenate([z, z]), np.concatenate([labels, labels])
    assert loss.value(twice, both) == pytest.approx(loss.value(z, labels), rel=1e-14)
    assert np.allclose(2 * gradient_of(loss, twice, both)[:len(z)], gradient_of(loss, z, labels), rtol=1e-14)
    alone = [loss.value(z[[place]], labels[[place]]) for place in range(len(z))]
    assert np.mean(alone) == pytest.approx(loss.value(z, labels), rel=1e-14)


@each_text
def test_a_mean_over_many_samples_keeps_its_digits_in_single_precision(text):
    z, labels = batch_of(text, 2, dtype="float32")
    many = loss_of(text).value(np.tile(z, (30_000, 1)), np.tile(labels, 30_000))
    assert many == pytest.approx(loss_of(text).value(z, labels), rel=1e-9)


@each_text
@each_number_of_classes
def test_the_initial_loss_is_that_of_zeros_on_balanced_classes(text, classes):
    loss = loss_of(text)
    labels = np.repeat(np.arange(classes), 3)
    assert loss.chance_loss(classes) == pytest.approx(
        loss.value(np.zeros((len(labels), loss.outputs(classes))), labels), rel=1e-14)


def test_the_initial_losses_are_those_of_the_textbooks():
    assert loss_of("cross_entropy").chance_loss(10) == pytest.approx(2.302585092994046)
    assert loss_of("bce").chance_loss(2) == pytest.approx(0.6931471805599453)
    assert loss_of("mse").chance_loss(2) == 0.125


@each_text
@each_number_of_classes
def test_the_blind_loss_is_the_least_that_a_z_reaches_which_is_the_same_for_all_samples(text, classes):
    loss = loss_of(text)
    labels = np.repeat(np.arange(classes), np.arange(1, classes + 1) * 2)
    shares = np.bincount(labels) / len(labels)
    z = np.zeros((1, loss.outputs(classes)))
    for _ in range(4000):
        slopes = gradient_of(loss, np.repeat(z, len(labels), axis=0), labels)
        z -= 0.9 * slopes.sum(axis=0)
    reached = loss.value(np.repeat(z, len(labels), axis=0), labels)
    assert loss.best_constant_loss(shares) == pytest.approx(reached, rel=1e-5)
    assert loss.best_constant_loss(shares) <= reached + 1e-12
    assert loss.best_constant_loss(shares) < loss.chance_loss(classes)


@each_text
def test_a_class_that_never_occurs_costs_nothing(text):
    assert loss_of(text).best_constant_loss(np.array([1.0, 0.0])) == 0


@each_text
def test_the_predicted_class_is_the_one_that_would_cost_least(text):
    for classes in (2, 5):
        loss = loss_of(text)
        z, _ = batch_of(text, classes, samples=40, scale=1.5)
        predicted = loss.predictions(z)
        assert predicted.dtype == np.int64
        assert set(predicted) == set(range(classes))
        for row, found in zip(z, predicted, strict=True):
            costs = [loss.value(row[None], np.array([label])) for label in range(classes)]
            assert int(np.argmin(costs)) == found


def test_the_undecided_are_given_to_the_first_class():
    assert loss_of("cross_entropy").predictions(np.array([[1.0, 2.0, 2.0]])).tolist() == [1]
    assert loss_of("bce").predictions(np.array([[0.0], [1e-9]])).tolist() == [0, 1]
    assert loss_of("mse:linear").predictions(np.array([[0.5], [0.51]])).tolist() == [0, 1]


@for_each(("text", "outputs"), [("cross_entropy", 2), ("bce", 1), ("mse", 1), ("mse:linear", 1)])
def test_two_classes_need_one_output_unless_it_is_a_softmax_and_more_need_one_each(text, outputs):
    assert [loss_of(text).outputs(classes) for classes in (2, 3, 10)] == [outputs, 3, 10]


def test_a_saturated_neuron_learns_slowly_from_the_quadratic_loss_and_fast_from_cross_entropy():
    z, labels = np.array([[5.0]]), np.array([0])
    assert f"{gradient_of(loss_of('mse'), z, labels).item():.4f}" == "0.0066"
    assert f"{gradient_of(loss_of('bce'), z, labels).item():.4f}" == "0.9933"


def test_a_softmax_of_two_is_a_sigmoid_of_their_difference():
    z, labels = batch_of("cross_entropy", 2)
    apart = z[:, 1:] - z[:, :1]
    assert loss_of("cross_entropy").value(z, labels) == pytest.approx(loss_of("bce").value(apart, labels), rel=1e-14)
    assert np.allclose(gradient_of(loss_of("cross_entropy"), z, labels)[:, 1:],
                       gradient_of(loss_of("bce"), apart, labels), rtol=1e-12)


def test_cross_entropy_does_not_see_what_all_outputs_have_in_common():
    z, labels = batch_of("cross_entropy", 5)
    loss = loss_of("cross_entropy")
    assert loss.value(z + 1e3, labels) == pytest.approx(loss.value(z, labels), rel=1e-12)
    assert np.allclose(gradient_of(loss, z, labels).sum(axis=1), 0, atol=1e-16)


@for_each("text", ["binary_cross_entropy:", "mse:output=sigmoid"])
def test_what_is_almost_right_keeps_the_digits_of_its_small_gradient(text):
    z, labels = np.array([[30.0], [-30.0]], "float32"), np.array([1, 0])
    assert np.allclose(gradient_of(loss_of(text), z, labels), expected(text, z, labels)[1], rtol=1e-5, atol=0)


def test_the_loss_that_goes_with_a_number_of_classes():
    assert losses.chosen("Auto", 2) == LOSSES.parse("binary_cross_entropy")
    assert losses.chosen("auto", 3) == losses.chosen("auto", 10) == LOSSES.parse("cross_entropy")
    assert losses.chosen("auto", 0) == losses.chosen("mse", 0) == LOSSES.parse("mse:linear")
    with pytest.raises(SpecError, match=r"^--loss cross_entropy cannot be combined with numbers to predict\. Use"):
        losses.chosen("ce", 0)


def test_squared_errors_of_numbers_are_half_their_mean_square_and_have_its_gradient():
    rng = np.random.default_rng(4)
    y, z = rng.normal(3, 2, 50), rng.normal(size=(50, 1)).astype(np.float32)
    out = np.empty_like(z)
    assert loss_of("mse:linear").value_and_gradient(z, y, out) == pytest.approx(((z[:, 0] - y)**2).mean() / 2, rel=1e-6)
    np.testing.assert_allclose(out[:, 0], (z[:, 0] - y) / 50, rtol=1e-5, atol=1e-7)
    undecided, blind = losses.of_targets(0, y, LOSSES.parse("mse:linear"))
    assert undecided == pytest.approx((y**2).mean() / 2)
    assert blind == pytest.approx(min(((y - c)**2).mean() / 2 for c in np.linspace(2, 4, 20_001)), rel=1e-6)


def test_a_choice_is_bound_once():
    assert loss_of("mse:output=linear") is loss_of("quadratic:linear")
    assert loss_of("mse") is not loss_of("mse:linear")
