"""Every derivative of the way back is that of the forward pass, and the laws that hold for any network."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

from actprof.catalogue import normalizations
from actprof.catalogue.activations import ACTIVATIONS, bind
from actprof.catalogue.functions import RRELU_HIGH, RRELU_LOW
from actprof.engine.backward import Gradient, backward
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, Dropout, Tape, forward
from actprof.engine.network import Network
from actprof.engine.stacks import stack_specs
from actprof.train.trainable import TrainableNetwork, lay_out, parameters_of
from tests.cases import for_each

ACTS = (*(row.name for row in ACTIVATIONS), "leaky_relu:0.2", "leaky_relu:0", "rrelu:eval", "elu:2.5", "celu:0.4",
        "softplus:5", "maxout:3")
NORMS = [(norm, position) for norm in ("batch", "layer", "rms") for position in ("before", "after")]

each_act = for_each("act", ACTS)
each_norm = for_each(("norm", "position"), NORMS)
each_setting = for_each(
    "settings", [{}, *({"norm": norm, "position": position} for norm, position in NORMS)])
each_dtype = for_each("dtype", ["float32", "float64"])


def network_of(act="relu", widths="4,5,3", norm="none", position="before", dtype="float64", seed=0, init="he",
               residual="none"):
    spec = stack_specs([init], [act], widths=widths, norm=norm, norm_position=position, bias="normal:0.3",
                       residual=residual)[0]
    return Network(spec, seed, 0, np.dtype(dtype))


def all_layers(network):
    return lay_out([network.layer(number) for number in range(1, network.stack.depth + 1)])


def rows_of(shape, dtype="float64", seed=5):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


class Run:
    """Passes over one batch whose loss is the sum of the outputs times fixed numbers."""

    def __init__(self, network, rows, dropout=None):
        self.parameters = all_layers(network)
        rng = np.random.default_rng(11)
        for layer in self.parameters.layers:
            for array in (layer.scale, layer.shift):
                if array is not None:
                    array += rng.uniform(-0.5, 0.5, array.shape)
        self.rows, self.dropout = rows, dropout
        self.state = dropout.rng.bit_generator.state if dropout else None
        self.passes = TrainableNetwork(network, self.parameters, dropout)
        self.cotangent = rng.standard_normal(self.outputs().shape).astype(rows.dtype)

    def outputs(self):
        if self.dropout:
            self.dropout.rng.bit_generator.state = self.state
        return self.passes.forward(self.rows, 3)

    def loss(self):
        return float((self.outputs() * self.cotangent).sum())

    def gradients(self):
        """dL/dparameters and dL/drows."""
        self.outputs()
        below = self.passes.backward(self.cotangent.copy(), inputs=True)
        return self.parameters.gradient.copy(), below.copy()

    def distance_to_a_kink(self):
        """How near a pre-activation comes to where its activation bends or jumps."""
        distance = math.inf
        self.outputs()
        for layer, tape in zip(self.parameters.layers, self.passes._current, strict=True):
            for point in (*layer.activation.kinks, *layer.activation.jumps):
                distance = min(distance, np.abs(tape.z - point).min())
            if layer.activation.pieces > 1:
                pieces = np.sort(tape.z.reshape(-1, layer.activation.pieces), axis=1)
                distance = min(distance, (pieces[:, -1] - pieces[:, -2]).min())
        return distance


def run_away_from_kinks(act, rows=(6, 4), rate=0.0, **settings):
    for seed in range(200):
        dropout = Dropout(rate, np.random.default_rng(seed)) if rate else None
        run = Run(network_of(act, seed=seed, **settings), rows_of(rows, seed=seed + 1), dropout)
        if run.distance_to_a_kink() > 1e-3:
            return run
    raise AssertionError("no network whose pre-activations are all away from the kinks")


def slopes(run, array, h=1e-6):
    """Central differences of the loss by every element of an array."""
    result = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        kept = array[place]
        losses = []
        for step in (h, -h):
            array[place] = kept + step
            losses.append(run.loss())
        array[place] = kept
        result[place] = (losses[0] - losses[1]) / (2 * h)
    return result


def assert_exact(run):
    gradient, below = run.gradients()
    for analytic, array in ((gradient, run.parameters.values), (below, run.rows)):
        numeric = slopes(run, array)
        np.testing.assert_allclose(analytic, numeric, rtol=1e-5, atol=1e-7 * max(1, np.abs(numeric).max()))


@each_act
def test_the_gradients_are_the_slopes_of_the_loss(act):
    assert_exact(run_away_from_kinks(act))


@each_norm
@for_each("act", ["tanh", "relu", "maxout"])
def test_the_gradients_through_a_normalisation_its_scale_and_its_shift_are_the_slopes_of_the_loss(act, norm, position):
    run = run_away_from_kinks(act, norm=norm, position=position)
    assert [layer.shift is None for layer in run.parameters.layers] == [norm == "rms"] * 2
    assert_exact(run)


@each_norm
def test_the_gradients_through_a_normalisation_without_eps_are_the_slopes_of_the_loss(norm, position):
    assert_exact(run_away_from_kinks("tanh", norm=f"{norm}:eps=0", position=position))


@each_setting
@for_each("act", ["tanh", "maxout"])
def test_the_gradients_through_dropout_are_the_slopes_of_the_loss_under_the_same_mask(act, settings):
    run = run_away_from_kinks(act, rate=0.4, **settings)
    assert {0, 1 / 0.6} == set(run.passes._current[0].mask.ravel())
    assert run.passes._current[-1].mask is None
    assert_exact(run)


def test_random_slopes_come_back_as_they_were_drawn():
    network = network_of("rrelu", widths="30,20")
    run = Run(network, rows_of((300, 30)))
    run.outputs()
    tape = run.passes._current[0]
    drawn = -np.ones_like(tape.z)
    phi = bind(network.stack.activations[0])
    for block, start in enumerate((0, 256)):
        part = drawn[start:start + 256]
        phi.apply(part, part, network.noise(1, 3, block))
    route = np.empty_like(tape.z)
    phi.backpropagate(tape.z, tape.a, np.ones_like(tape.z), route)
    np.testing.assert_allclose(route, np.where(tape.z > 0, 1, -drawn), rtol=1e-14)
    assert RRELU_LOW <= route.min() < 0.13
    assert 0.32 < route[tape.z < 0].max() <= RRELU_HIGH


@each_act
@each_dtype
@np.errstate(all="ignore")
def test_going_back_through_an_activation_multiplies_by_its_derivative(act, dtype):
    phi = bind(ACTIVATIONS.parse(act))
    z = np.concatenate([np.linspace(-12, 12, 1200), *[(0.0,) * 12]]).reshape(-1, 12).astype(dtype)
    a = phi.value(z)
    cotangent = rows_of(a.shape, dtype)
    exact = phi.derivative(z.astype("float64")) * np.repeat(cotangent, phi.pieces, axis=1)
    out = np.empty_like(z)
    phi.backpropagate(z, a, cotangent, out)
    tolerance = 4 * np.finfo(dtype).eps * np.maximum(1, np.abs(exact))
    assert (np.abs(out - exact) <= tolerance).all()
    if phi.pieces == 1:
        phi.backpropagate(z, a, cotangent, cotangent)
        np.testing.assert_array_equal(cotangent, out)


@each_dtype
@each_setting
@for_each("act", ["relu", "tanh", "gelu", "maxout", "rrelu"])
def test_a_tape_changes_nothing_of_the_forward_pass(act, settings, dtype):
    network = network_of(act, widths="20,30,10", dtype=dtype, **settings)
    plain = taped = rows_of((700, 20), dtype)
    scratch = Scratch()
    for number in (1, 2):
        layer = network.layer(number)
        plain = forward(network, layer, plain, Chunk(0, 0, 700), NOBODY, scratch)
        taped = forward(network, layer, taped, Chunk(0, 0, 700), NOBODY, scratch, Tape(layer, 700))
        np.testing.assert_array_equal(plain, taped)


@each_norm
def test_a_normalisation_that_is_not_trained_goes_back_as_with_scale_1_and_shift_0(norm, position):
    network = network_of("tanh", norm=norm, position=position, widths="4,3")
    rows, cotangent, gradients = rows_of((6, 4)), rows_of((6, 3)), []
    bare = network.layer(1)
    for layer in (bare, replace(bare, scale=np.ones(3), shift=np.zeros(3))):
        tape, gradient = Tape(layer, 6), Gradient(np.empty((4, 3)))
        forward(network, layer, rows, Chunk(0, 0, 6), NOBODY, Scratch(), tape)
        gradients.append((backward(layer, tape, cotangent.copy(), Scratch(), gradient), gradient.weights))
    np.testing.assert_allclose(gradients[0][0], gradients[1][0], rtol=1e-13)
    np.testing.assert_allclose(gradients[0][1], gradients[1][1], rtol=1e-13)


@each_setting
@for_each("act", ["gelu", "maxout"])
def test_the_gradients_of_two_batches_add_up_unless_a_batch_is_normalised(act, settings):
    network = network_of(act, widths="20,40,30", **settings)
    rows = rows_of((5000, 20))
    whole = Run(network, rows)
    parts = [Run(network, rows[:2000]), Run(network, rows[2000:])]
    parts[0].cotangent, parts[1].cotangent = whole.cotangent[:2000], whole.cotangent[2000:]
    total = sum(part.gradients()[0] for part in parts)
    assert np.allclose(total, whole.gradients()[0], rtol=1e-9, atol=1e-9) == (settings.get("norm") != "batch")


@each_act
def test_the_weight_gradient_of_one_sample_is_as_long_as_its_two_factors(act):
    """‖dL/dW‖² = ‖dL/dz‖²·‖x‖², exactly."""
    network = network_of(act, widths="7,6")
    layer = network.layer(1)
    tape, gradient, seen = Tape(layer, 1), Gradient(np.empty_like(layer.weights)), []
    rows = rows_of((1, 7))
    outputs = forward(network, layer, rows, Chunk(0, 0, 1), NOBODY, Scratch(), tape)
    backward(layer, tape, np.ones_like(outputs), Scratch(), gradient, lambda block: seen.append((block**2).sum()))
    assert (gradient.weights**2).sum() == pytest.approx(seen[0] * (rows**2).sum(), rel=1e-12)


@for_each("act", ["relu", "maxout"])
def test_what_is_looked_at_is_the_gradient_by_the_pre_activations_in_blocks(act):
    network = network_of(act, widths="20,60")
    layer = network.layer(1)
    rows, seen = rows_of((5000, 20)), []
    tape = Tape(layer, 5000)
    gradient = Gradient(np.empty_like(layer.weights), np.empty_like(layer.bias))
    forward(network, layer, rows, Chunk(0, 0, 5000), NOBODY, Scratch(), tape)
    below = backward(layer, tape, rows_of((5000, 60)), Scratch(), gradient, lambda block: seen.append(block.copy()),
                     inputs=False)
    assert below is None
    assert len(seen) > 1
    np.testing.assert_allclose(np.concatenate(seen).sum(axis=0), gradient.bias, rtol=1e-10, atol=1e-12)


@each_setting
@for_each("act", ["relu", "tanh", "sigmoid", "gelu"])
def test_float32_gives_nearly_what_float64_gives(act, settings):
    rows = rows_of((128, 30), "float32")
    single = network_of(act, widths="30,50,50,10", dtype="float32", **settings)
    double = network_of(act, widths="30,50,50,10", dtype="float64", **settings)
    for layer, exact in zip(single.keep(1), double.keep(1), strict=True):
        exact.weights[...], exact.bias[...] = layer.weights, layer.bias
    for result, exact in zip(Run(single, rows).gradients(), Run(double, rows.astype("float64")).gradients(),
                             strict=True):
        assert result.dtype == np.float32
        assert np.linalg.norm(result - exact) < 1e-4 * np.linalg.norm(exact)


def test_a_linear_network_of_any_depth_is_one_linear_map():
    network = network_of("linear", widths="8,7,9,6")
    parameters = all_layers(network)
    passes = TrainableNetwork(network, parameters)
    passes.forward(np.repeat(rows_of((1, 8)), 6, axis=0), 0)
    jacobian = passes.backward(np.eye(6), inputs=True)
    product = np.linalg.multi_dot([layer.weights for layer in parameters.layers])
    np.testing.assert_allclose(jacobian, product.T, rtol=1e-12, atol=1e-13)


@each_setting
@for_each("act", ["linear", "relu", "tanh", "rrelu", "exponential", "maxout"])
def test_overflow_warns_of_nothing(act, settings):
    network = network_of(act, widths="20,20,20,20", init="normal:1e30", dtype="float32", **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        passes = TrainableNetwork(network, all_layers(network))
        outputs = passes.forward(rows_of((40, 20), "float32"), 0)
        passes.backward(np.full_like(outputs, 1e30), inputs=True)
        passes.evaluate(rows_of((30, 20), "float32"))


def test_all_parameters_lie_in_one_vector_weights_first():
    network = network_of("relu", widths="784,100,100,100,100,10", norm="batch", dtype="float32")
    parameters = parameters_of(network)
    assert parameters.values.shape == parameters.gradient.shape == (109_810 + 4 * 2 * 100,)
    assert parameters.weights == 109_400
    assert sum(layer.parameters for layer in parameters.layers) == parameters.values.size
    assert [layer.norm is None for layer in parameters.layers] == [False] * 4 + [True]
    assert parameters.values[-800:].tolist() == [1] * 400 + [0] * 400
    for number, (layer, gradient) in enumerate(zip(parameters.layers, parameters.gradients, strict=True), start=1):
        np.testing.assert_array_equal(layer.weights, network.layer(number).weights)
        np.testing.assert_array_equal(layer.bias, network.layer(number).bias)
        for name in ("weights", "bias", "scale", "shift"):
            value, slope = getattr(layer, name), getattr(gradient, name)
            assert (value is None) == (slope is None) == (number == 5 and name in ("scale", "shift"))
            if value is not None:
                assert value.shape == slope.shape
                assert np.shares_memory(value, parameters.values)
                assert np.shares_memory(slope, parameters.gradient)


def test_biases_that_start_at_0_are_trained_too():
    spec = stack_specs(["he"], ["relu"], widths="3,4,2")[0]
    parameters = parameters_of(Network(spec, 0, 0, np.dtype("float32")))
    assert [layer.bias.tolist() for layer in parameters.layers] == [[0] * 4, [0] * 2]


def test_a_step_against_the_gradient_lowers_the_loss():
    run = run_away_from_kinks("relu", norm="batch")
    before = run.loss()
    gradient, _ = run.gradients()
    np.subtract(run.parameters.values, 1e-6 * gradient, out=run.parameters.values)
    assert run.loss() - before == pytest.approx(-1e-6 * (gradient @ gradient), rel=1e-3)


def test_batches_of_two_sizes_do_not_disturb_each_other():
    network = network_of("tanh", norm="layer")
    first, passes = Run(network, rows_of((6, 4))), []
    expected = first.gradients()[0]
    for rows in (6, 5, 6):
        first.rows = rows_of((rows, 4))
        first.outputs()
        passes.append(first.passes._current)
    assert passes[0] is passes[2]
    np.testing.assert_array_equal(first.gradients()[0], expected)


@each_norm
def test_after_one_batch_an_evaluation_of_it_gives_what_training_gave(norm, position):
    run = Run(network_of("tanh", norm=norm, position=position), rows_of((50, 4)))
    np.testing.assert_allclose(run.passes.evaluate(run.rows), run.outputs(), rtol=1e-10, atol=1e-12)


def test_before_the_first_batch_an_evaluation_normalises_by_its_own_moments():
    network = network_of("tanh", norm="batch")
    rows = rows_of((50, 4))
    evaluated = TrainableNetwork(network, all_layers(network)).evaluate(rows).copy()
    np.testing.assert_allclose(evaluated, TrainableNetwork(network, all_layers(network)).forward(rows, 0), rtol=1e-12)


class Sums:
    """A recorder that takes no value for finite."""

    def __init__(self):
        self.before, self.after = 0.0, 0.0

    def preactivations(self, block):
        self.before += block.sum()

    def activations(self, block):
        self.after += block.sum()
        return False


def test_recorders_see_the_first_layers_of_an_evaluation_and_leave_no_row_out():
    network = network_of("relu", widths="4,5,6,3")
    layer, passes, recorder = network.layer(1), TrainableNetwork(network, all_layers(network)), Sums()
    rows = rows_of((50, 4))
    rows[7] = np.nan
    assert len(passes.evaluate(rows, [recorder])) == 50
    rows[7] = 0
    assert math.isnan(recorder.after)
    passes.evaluate(rows, [recorder := Sums()])
    z = rows @ layer.weights + layer.bias
    assert (recorder.before, recorder.after) == pytest.approx((z.sum(), np.maximum(z, 0).sum()))


def test_an_evaluation_looks_at_each_sample_alone_and_by_the_mean_of_the_batches():
    network = network_of("linear", norm="batch:eps=0", widths="3,2")
    layers = lay_out([replace(network.layer(1), weights=np.eye(3, 2), bias=None)])
    passes = TrainableNetwork(network, layers)
    batches = [rows_of((50, 3), seed=seed) * (1 + seed) + seed for seed in range(4)]
    for number, batch in enumerate(batches):
        passes.forward(batch, number)
    mean = np.mean([batch.mean(axis=0) for batch in batches], axis=0)[:2]
    variance = np.mean([batch.var(axis=0) for batch in batches], axis=0)[:2]
    row = rows_of((1, 3), seed=9)
    np.testing.assert_allclose(passes.evaluate(row), (row[:, :2] - mean) / np.sqrt(variance), rtol=1e-12)


def test_the_running_moments_forget_old_batches():
    network = network_of("linear", norm="batch", widths="3,2")
    passes = TrainableNetwork(network, all_layers(network))
    for number in range(200):
        passes.forward(rows_of((50, 3), seed=number) + (1e6 if number < 5 else 0), number)
    running = passes._running[0]
    usual = normalizations.bind(network.stack.norm).apply(rows_of((5000, 3)) @ network.layer(1).weights)
    assert np.abs(running.square / usual.square - 1).max() < 0.5
    assert np.abs(running.mean).max() < 1


def test_nothing_is_drawn_in_an_evaluation():
    rng = np.random.default_rng(3)
    network = network_of("rrelu")
    passes = TrainableNetwork(network, all_layers(network), Dropout(0.5, rng))
    rows, state = rows_of((20, 4)), rng.bit_generator.state
    first = passes.evaluate(rows).copy()
    np.testing.assert_array_equal(passes.evaluate(rows), first)
    assert rng.bit_generator.state == state
    for layer in all_layers(network).layers:
        rows = layer.activation.value(rows @ layer.weights + layer.bias)
    np.testing.assert_allclose(first, rows, rtol=1e-12)


@each_dtype
def test_dropout_leaves_out_its_share_and_keeps_the_mean(dtype):
    network = network_of("relu", widths="20,200,10", dtype=dtype)
    rows = rows_of((500, 20), dtype)
    layer = network.layer(1)
    tape = Tape(layer, 500, Dropout(0.3, np.random.default_rng(4)))
    outputs = forward(network, layer, rows, Chunk(0, 0, 500), NOBODY, Scratch(), tape)
    np.testing.assert_array_equal(outputs, tape.a * tape.mask)
    kept = tape.mask > 0
    np.testing.assert_allclose(tape.mask[kept], 1 / 0.7, rtol=1e-6)
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.7 * 0.3 / kept.size)


def test_a_dropout_of_0_draws_nothing():
    rng = np.random.default_rng(4)
    network = network_of("relu")
    passes = TrainableNetwork(network, all_layers(network), Dropout(0.0, rng))
    passes.forward(rows_of((6, 4)), 0)
    assert rng.bit_generator.state == np.random.default_rng(4).bit_generator.state
