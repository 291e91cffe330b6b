"""The twelve classic cases (sigmoid, tanh, relu × std 1, 0.01, Xavier, He) against mean-field theory, not our output.

Expected: q = σ_w² K, K' = E φ(√q z)², m = E φ(√q z), from K = 1 for N(0, 1) inputs; for a pair of samples the same,
followed through their distance. Closed forms for relu, quadrature for the others. Networks of finite width differ from
the theory by a random part, whose size the spread over independent networks tells, and by a bias of order depth/width.
The tolerance is five standard errors of the mean over the networks plus 3·depth/width of the value for that bias.
"""

import math
from functools import cache

import numpy as np
import pytest

from actprof.catalogue import activations, initializers
from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.initializers import INITIALIZERS
from actprof.catalogue.weights import Fans
from actprof.engine import measure
from actprof.engine.inputs import SOURCES, open_inputs
from actprof.engine.spec import InputSpec, RunSpec
from actprof.engine.stacks import stack_specs
from actprof.histogram.compare import compare
from tests.cases import for_each
from tests.naive import expectation, gaussian_rule

pytestmark = pytest.mark.slow

WIDTH, DEPTH, NETWORKS = 100, 5, 30
CASES = [(act, init) for act in ("sigmoid", "tanh", "relu") for init in ("1", "0.01", "xavier", "he")]


def sigma_w(init):
    """σ_w = √(n·Var W), from the textbook: std·√n, 1 for Xavier and √2 for He in square layers."""
    return {"1": math.sqrt(WIDTH), "0.01": 0.01 * math.sqrt(WIDTH), "xavier": 1.0, "he": math.sqrt(2)}[init]


def within_variance(phi, q, distance):
    """E (φ(u1) - φ(u2))²/2 for u1, u2 ~ N(0, q), E(u1 - u2)²/2 = distance: the variance over what they do not share.

    It is not taken as the difference K - E φ(u1)φ(u2), which cancels where a layer has collapsed.
    """
    z, weights = gaussian_rule(nodes=8)
    values = phi(math.sqrt(max(q - distance, 0.0)) * z[:, None] + math.sqrt(distance) * z)
    deviations = values - (values @ weights)[:, None]
    return float(weights @ (deviations**2 @ weights))


def predicted(act, init):
    """Per layer: std and within-unit std of the activations at infinite width."""
    phi = activations.bind(ACTIVATIONS.parse(act)).value
    scale, second, distance, layers = sigma_w(init) ** 2, 1.0, 1.0, []
    for _ in range(DEPTH):
        q, apart = scale * second, scale * distance
        mean = expectation(lambda z, q=q: phi(math.sqrt(q) * z))
        second = expectation(lambda z, q=q: phi(math.sqrt(q) * z) ** 2)
        distance = second - relu_product(q, 1 - apart / q) if act == "relu" else within_variance(phi, q, apart)
        layers.append((math.sqrt(second - mean**2), math.sqrt(distance)))
    return layers


def relu_product(q, c):
    """E relu(u1)relu(u2) = q(sin t + (π - t)cos t)/(2π), t = acos c: the arc-cosine kernel (Cho & Saul 2009)."""
    angle = math.acos(min(c, 1.0))
    return q * (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / (2 * math.pi)


@cache
def measured(act, init, **settings):
    run = RunSpec(batch_size=400, repeats=NETWORKS, dtype="float64", quantities=("activation",), **settings)
    specs = stack_specs([init], [act], layers=DEPTH, width=WIDTH)
    return measure.measured(specs, run, open_inputs(run, WIDTH))[0]


@for_each(("act", "init"), CASES)
def test_the_textbook_case_behaves_as_theory_says(act, init):
    arm = measured(act, init)
    for layer, (std, within) in enumerate(predicted(act, init)):
        stats = [network.layers[layer].activation for network in arm.networks]
        for name, expected, values in (
                ("std", std, [s.std for s in stats]),
                ("within", within, [s.within_unit_std for s in stats])):
            error = np.std(values, ddof=1) / math.sqrt(NETWORKS)
            bias = 3 * (layer + 1) / WIDTH * expected
            assert abs(np.mean(values) - expected) < 5 * error + bias, (layer + 1, name)


@for_each(("init", "factor"), [("0.01", math.sqrt(0.005)), ("xavier", math.sqrt(0.5)), ("he", 1.0)])
def test_relu_scales_by_the_root_of_half_the_weight_variance_a_layer(init, factor):
    stds = [layer.activation.statistics["std"] for layer in measured("relu", init).layers]
    growth = (stds[-1] / stds[0]) ** (1 / (DEPTH - 1))
    assert growth == pytest.approx(factor, rel=0.08)  # log K has a std of √(5·5/100) a network, over 30 networks


def test_relu_with_unit_weights_explodes():
    """√(n/2) a layer: std √(50⁵)·√(1 - 1/π)."""
    expected = 50**2.5 * math.sqrt(1 - 1 / math.pi)
    assert measured("relu", "1").layers[-1].activation.statistics["std"] == pytest.approx(expected, rel=0.2)


def test_half_of_a_relu_layer_is_exactly_zero():
    for layer in measured("relu", "he").layers:
        assert layer.activation.statistics["zero_fraction"] == pytest.approx(0.5, abs=0.03)


def test_sigmoid_with_unit_weights_piles_up_in_the_end_bins():
    """P(sigmoid(10 z) < 1/30) = Φ(-ln 29 / 10), about 37 %."""
    expected = 0.5 * math.erfc(math.log(29) / 10 / math.sqrt(2))
    histogram = measured("sigmoid", "1", range=(0.0, 1.0)).layers[0].activation.histogram
    shares = histogram.counts / histogram.total
    assert shares[0] == pytest.approx(expected, abs=0.01)
    assert shares[-1] == pytest.approx(expected, abs=0.01)
    assert expected == pytest.approx(0.37, abs=0.005)


def test_the_textbook_range_drops_a_quarter_of_he_with_relu():
    """P(√2 z > 1) = Φ(-1/√2), 24 %."""
    histogram = measured("relu", "he", range=(0.0, 1.0)).layers[0].activation.histogram
    assert histogram.outside_fraction == pytest.approx(0.5 * math.erfc(0.5), abs=0.01)


def test_sigmoid_with_xavier_looks_healthy_while_the_units_say_the_same_of_every_sample():
    layers = measured("sigmoid", "xavier").layers
    within = [layer.activation.statistics["within_unit_std"] for layer in layers]
    assert layers[-1].activation.statistics["std"] == pytest.approx(0.12, abs=0.01)
    for value, book in zip(within, (0.208, 0.049, 0.0115, 0.0027, 0.0006), strict=True):
        assert value == pytest.approx(book, rel=0.12)
    assert layers[-1].activation.statistics["correlation"] > 0.9999


def test_saturated_values_lie_beyond_the_point_where_the_slope_is_a_twentieth():
    """σ'(z) = σ(1-σ) < 1/80 ⇔ |z| > ln((1+√(1-1/20))/(1-√(1-1/20))): share 2Φ(-·/10) at layer 1."""
    root = math.sqrt(0.95)
    edge = math.log((1 + root) / (1 - root))
    expected = math.erfc(edge / 10 / math.sqrt(2))
    assert measured("sigmoid", "1").layers[0].activation.statistics["saturated_fraction"] == pytest.approx(
        expected, abs=0.02)


@for_each(("act", "init"), [case for case in CASES if case != ("relu", "1")])
def test_the_default_range_covers_what_does_not_explode(act, init):
    for layer in measured(act, init).layers:
        assert layer.activation.histogram.outside_fraction < 1e-3


def test_the_textbook_scales_are_those_of_the_table():
    for init in ("1", "0.01", "xavier", "he"):
        std = initializers.bind(INITIALIZERS.parse(init)).std(Fans(WIDTH, WIDTH))
        assert std * math.sqrt(WIDTH) == pytest.approx(sigma_w(init))


def siren(act):
    run = RunSpec(batch_size=2000, input=InputSpec(SOURCES.parse("uniform")))
    stacks = stack_specs(["siren"], [act], widths="2,256,256,256")
    return compare(stacks, run, open_inputs(run, 2))


def test_siren_keeps_its_sines_busy():
    """z = w0·(xW + b): in the first layer 30·√(2·1/12·1/3), then √(2·E sin² z) = 1 and √(1 - e^-2)."""
    found = siren("sin:w0=30")
    layers = found.arms[0].layers
    expected = (30 / math.sqrt(18), 1, math.sqrt(1 - math.exp(-2)))
    assert [layer.preactivation.statistics["std"] for layer in layers] == pytest.approx(expected, rel=0.08)
    predicted = found.arms[0].forecast.theory.layers
    assert [layer.preactivation_std for layer in predicted] == pytest.approx(expected, rel=0.03)
    assert [layer.activation.statistics["std"] for layer in layers] == pytest.approx(
        [layer.std for layer in predicted], rel=0.03)
    assert not found.warnings


def test_siren_without_the_factor_of_its_sines_is_remarked_on():
    assert [(each.code, each.message) for each in siren("sin").warnings] == [
        ("unpaired", "siren weights are made for --act sin:w0=30, not for sin")]
