"""Every optimizer does what its paper says, in place, in the parameters' type, and allocates nothing on the way."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actprof.errors import SpecError
from actprof.train import optimizers
from actprof.train.optimizers import OPTIMIZERS
from tests.cases import for_each

NAMES = [row.name for row in OPTIMIZERS]
TEXTS = [*NAMES, "momentum:0.5", "momentum:0", "nesterov:0.3", "adam:0.5,0.9,0.1", "adam:0,0,1e-3", "rmsprop:0.5,0.2",
         "rmsprop:0,1", "adagrad:0.5"]
TINY = {"float32": 2e-6, "float64": 1e-13}

each_name = for_each("name", NAMES)
each_text = for_each("text", TEXTS)
each_dtype = for_each("dtype", list(TINY))


def start(text, parameters, **options):
    return optimizers.bind(OPTIMIZERS.parse(text)).start(parameters, **options)


def sgd(w, gradients, rates):
    for g, lr in zip(gradients, rates, strict=True):
        w = w - lr * g
    return w


def momentum(w, gradients, rates, momentum):
    v = 0.0
    for g, lr in zip(gradients, rates, strict=True):
        v = momentum * v - lr * g
        w = w + v
    return w


def nesterov(w, gradients, rates, momentum):
    v = 0.0
    for g, lr in zip(gradients, rates, strict=True):
        v = momentum * v - lr * g
        w = w + momentum * v - lr * g
    return w


def adam(w, gradients, rates, beta1, beta2, eps):
    """Algorithm 1 of Kingma & Ba."""
    m = v = 0.0
    for t, (g, alpha) in enumerate(zip(gradients, rates, strict=True), start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w = w - alpha * m_hat / (math.sqrt(v_hat) + eps)
    return w


def rmsprop(w, gradients, rates, rho, eps):
    h = 0.0
    for g, lr in zip(gradients, rates, strict=True):
        h = rho * h + (1 - rho) * g * g
        w = w - lr * g / (math.sqrt(h) + eps)
    return w


def adagrad(w, gradients, rates, eps):
    h = 0.0
    for g, lr in zip(gradients, rates, strict=True):
        h = h + g * g
        w = w - lr * g / (math.sqrt(h) + eps)
    return w


TEXTBOOK = {"sgd": sgd, "momentum": momentum, "nesterov": nesterov, "adam": adam, "rmsprop": rmsprop,
            "adagrad": adagrad}


def expected(text, parameters, gradients, rates):
    """Each weight on its own, in Python's floats."""
    choice = OPTIMIZERS.parse(text)
    columns = zip(*(gradient.tolist() for gradient in gradients), strict=True)
    return np.array([TEXTBOOK[choice.name](w, column, rates, **choice.values)
                     for w, column in zip(parameters.tolist(), columns, strict=True)])


def lesson(dtype="float64", size=9, steps=25):
    """Parameters, gradients of very different sizes, and rates that change."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** np.linspace(-4, 2, size)
    gradients = [(sizes * (rng.normal(size=size) + 0.3)).astype(dtype) for _ in range(steps)]
    return rng.normal(size=size).astype(dtype), gradients, np.linspace(0.1, 0.02, steps).tolist()


def learned(text, parameters, gradients, rates, **options):
    """The parameters after the lesson; the original is left alone, the gradients must be."""
    w = parameters.copy()
    state = start(text, w)
    for gradient, rate in zip(gradients, rates, strict=True):
        gradient.flags.writeable = False
        state.step(gradient, rate, **options)
    assert w.dtype == parameters.dtype
    return w


def test_the_textbook_covers_the_table():
    assert set(TEXTBOOK) == set(NAMES)


@each_text
@each_dtype
def test_many_steps_are_those_of_the_textbook(text, dtype):
    w, gradients, rates = lesson(dtype)
    wanted = expected(text, w, gradients, rates)
    assert np.abs(wanted - w).max() > 0.1
    moved = np.abs(wanted - w).astype(dtype) + 1
    assert (np.abs(learned(text, w, gradients, rates) - wanted) <= 25 * TINY[dtype] * moved).all()


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TEXTS), st.lists(st.floats(-1e3, 1e3, allow_subnormal=False), min_size=1, max_size=8),
       st.floats(1e-4, 1))
def test_one_weight_with_any_gradients_moves_as_in_the_textbook(text, slopes, rate):
    gradients = [np.array([slope]) for slope in slopes]
    rates = [rate] * len(slopes)
    w = np.array([0.5])
    assert learned(text, w, gradients, rates) == pytest.approx(expected(text, w, gradients, rates), rel=1e-9, abs=1e-9)


@each_name
@each_dtype
def test_a_valley_is_descended(name, dtype):
    curvature = np.array([0.2, 0.5, 1.0, 2.0], dtype)
    w = np.array([1.0, -1.0, 2.0, -0.5], dtype)
    height = float((curvature * w**2).sum())
    state = start(name, w)
    for step in range(400):
        state.step(curvature * w, 0.1 / (1 + 0.01 * step))
    assert float((curvature * w**2).sum()) < 0.06 * height


@each_text
def test_the_first_step_goes_against_the_gradient(text):
    w = np.zeros(3)
    start(text, w).step(np.array([2.0, -3.0, 0.5]), 0.1)
    assert (np.sign(w) == [-1, 1, -1]).all()


@each_text
@each_dtype
def test_without_a_gradient_nothing_moves(text, dtype):
    w = np.array([1.0, -2.0, 0.0], dtype)
    state = start(text, w)
    for _ in range(3):
        state.step(np.zeros(3, dtype), 0.1)
    assert w.tolist() == [1.0, -2.0, 0.0]


@each_text
def test_a_rate_that_is_a_numpy_number_changes_nothing_in_single_precision(text):
    w, gradients, rates = lesson("float32")
    plain = learned(text, w, gradients, rates)
    assert np.array_equal(learned(text, w, gradients, [np.float64(rate) for rate in rates]), plain)
    decayed = learned(text, w, gradients, rates, weight_decay=0.1)
    assert np.array_equal(learned(text, w, gradients, rates, weight_decay=np.float64(0.1)), decayed)


@each_text
def test_weight_decay_adds_its_share_of_the_weights_to_the_gradient(text):
    w, gradients, rates = lesson()
    by_hand = w.copy()
    state = start(text, by_hand)
    for gradient, rate in zip(gradients, rates, strict=True):
        state.step(gradient + 0.3 * by_hand, rate)
    decayed = learned(text, w, gradients, rates, weight_decay=0.3)
    assert np.allclose(decayed, by_hand, rtol=1e-12)
    assert not np.allclose(decayed, learned(text, w, gradients, rates), rtol=1e-3)


@each_text
@for_each("weights", [0, 4, 9])
def test_weight_decay_is_for_the_weights_alone(text, weights):
    w, gradients, rates = lesson()
    decayed, plain = learned(text, w, gradients, rates, weight_decay=0.3), learned(text, w, gradients, rates)
    partly = w.copy()
    state = start(text, partly, weights=weights)
    for gradient, rate in zip(gradients, rates, strict=True):
        state.step(gradient, rate, 0.3)
    assert np.array_equal(partly[:weights], decayed[:weights])
    assert np.array_equal(partly[weights:], plain[weights:])


@each_text
def test_two_networks_that_learn_in_turn_learn_as_if_alone(text):
    w, gradients, rates = lesson()
    first, second = w.copy(), 2 * w
    states = start(text, first), start(text, second)
    for gradient, rate in zip(gradients, rates, strict=True):
        states[0].step(gradient, rate)
        states[1].step(-gradient, rate)
    assert np.array_equal(first, learned(text, w, gradients, rates))
    assert np.array_equal(second, learned(text, 2 * w, [-gradient for gradient in gradients], rates))


@each_text
def test_what_is_a_view_into_the_parameters_learns_with_them(text):
    w, gradients, rates = lesson()
    flat = w.copy()
    view = flat[3:].reshape(2, 3)
    start(text, flat).step(gradients[0], rates[0])
    assert np.array_equal(view.ravel(), learned(text, w, gradients[:1], rates[:1])[3:])
    assert not np.array_equal(view.ravel(), w[3:])


@each_text
def test_a_step_allocates_nothing_of_the_size_of_the_parameters(text):
    w, gradient = np.ones(50_000, "float32"), np.full(50_000, 0.1, "float32")
    state = start(text, w)
    tracemalloc.start()
    try:
        for _ in range(3):
            state.step(gradient, 0.01, 0.1)
        assert tracemalloc.get_traced_memory()[1] < 0.1 * w.nbytes
    finally:
        tracemalloc.stop()


@each_text
def test_infinite_gradients_are_not_finite_weights_and_no_warning(text):
    w = np.ones(2, "float32")
    state = start(text, w)
    for _ in range(2):
        state.step(np.array([np.inf, 1.0], "float32"), 0.1)
    assert not np.isfinite(w[0])
    assert np.isfinite(w[1])


def test_adams_first_step_is_the_rate_whatever_the_size_of_the_gradient():
    w = np.zeros(4)
    start("adam", w).step(np.array([1e-3, -1.0, 1e3, 0.0]), 0.01)
    assert w == pytest.approx([-0.01, 0.01, -0.01, 0.0], rel=1e-4)


def test_momentum_on_a_constant_slope_reaches_its_terminal_velocity():
    w = np.zeros(1)
    state = start("momentum:0.8", w)
    for _ in range(200):
        before = w.copy()
        state.step(np.ones(1), 0.1)
    assert (before - w).item() == pytest.approx(0.1 / (1 - 0.8))


@for_each("name", ["momentum:0", "nesterov:0"])
def test_without_momentum_it_is_plain_gradient_descent(name):
    w, gradients, rates = lesson()
    assert np.array_equal(learned(name, w, gradients, rates), learned("sgd", w, gradients, rates))


@for_each(("text", "message"), [
    ("momentum:1", "momentum: momentum must be below 1. At 1 nothing is ever forgotten."),
    ("adam:beta2=1", "adam: beta2 must be below 1. At 1 nothing is ever forgotten."),
    ("rmsprop:1.5", "rmsprop: rho must be a number from 0 to 1, not '1.5'."),
    ("adagrad:eps=0", "adagrad: eps must be a finite number above 0, not '0'."),
    ("adm", "unknown optimizer 'adm'. Did you mean 'adam'?"),
])
def test_what_makes_no_sense_is_refused(text, message):
    with pytest.raises(SpecError) as caught:
        OPTIMIZERS.parse(text)
    assert str(caught.value) == message


def test_an_eps_of_1_is_no_share_and_allowed():
    assert OPTIMIZERS.parse("adam:eps=1").values["eps"] == 1
