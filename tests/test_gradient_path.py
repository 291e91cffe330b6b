"""Inputs on a line and the gradient along it: Balduzzi et al. 2017, The shattered gradients problem."""

import numpy as np
import pytest

from actprof import histogram
from actprof.engine.counting import Scratch
from actprof.engine.forward import NOBODY, Chunk, forward
from actprof.engine.gradients import draw_cotangent
from actprof.engine.inputs import open_inputs, parse
from actprof.engine.network import Network
from actprof.engine.path import GradientPath, gradient_path
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError
from actprof.histogram.figure import draw_figure
from actprof.report.style import PATH, View
from tests.figures import assert_texts_clear, axes_named, drawn_by

T = np.linspace(-1, 3, 256)


def line(features, **run):
    inputs = open_inputs(RunSpec(parse("line:-1,3"), dtype="float64", **run), features)
    return inputs.rows(0, 0, inputs.batch_rows(0))


def path_of(act, text="line:-1,3", **settings):
    """The path of a small network in float64, what makes its outputs, and the cotangent of these."""
    stack, = stack_specs(acts=[act], **settings)
    run = RunSpec(parse(text), dtype="float64")
    network = Network(stack, 0, 0, np.dtype("float64"))
    cotangent = np.empty((1, stack.widths[-1]))
    draw_cotangent(network, Chunk(0, 0, 1), cotangent)
    return gradient_path(network, open_inputs(run, stack.widths[0]), run.input.source), network, cotangent[0]


def test_the_inputs_are_256_points_of_a_line_that_misses_the_origin():
    rows = line(500)
    start, along = rows[0] + (rows[-1] - rows[0]) / 4, (rows[-1] - rows[0]) / 4
    np.testing.assert_allclose(rows, start + T[:, None] * along, atol=1e-12)
    error = 5 / np.sqrt(2 * len(start))
    assert (np.std(start), np.std(along)) == pytest.approx((1, 1), abs=error)
    assert abs(np.corrcoef(start, along)[0, 1]) < error
    assert np.linalg.norm(rows, axis=1).min() > 10
    np.testing.assert_array_equal(line(500, batch_size=9), rows[:9])


def test_along_a_linear_network_the_gradient_is_constant():
    path, network, cotangent = path_of("linear", layers=4, width=20)
    product = np.linalg.multi_dot([layer.weights for layer in network.keep(1)])
    rows = line(20)
    np.testing.assert_allclose(path.gradient, (rows[-1] - rows[0]) / 4 @ product @ cotangent, rtol=1e-9)
    np.testing.assert_allclose(path.t, T)
    assert path.autocorrelation == ()


@pytest.mark.parametrize("residual", ["none", "plain:matrices=2"])
def test_the_gradient_is_the_slope_of_the_outputs_along_the_line(residual):
    path, network, cotangent = path_of("tanh", layers=4, width=20, residual=residual)
    rows, step = line(20), 1e-6
    along = (rows[-1] - rows[0]) / 4

    def outputs(rows):
        for layer in network.keep(1):
            rows = forward(network, layer, rows, None, NOBODY, Scratch())
        return rows @ cotangent

    slopes = (outputs(rows + step * along) - outputs(rows - step * along)) / (2 * step)
    np.testing.assert_allclose(path.gradient, slopes, rtol=1e-5, atol=1e-7)


def test_the_autocorrelation_is_that_of_the_formula():
    values = np.random.default_rng(0).standard_normal(256)
    centred = values - values.mean()
    expected = np.correlate(centred, centred, "full")[255:288] / (centred @ centred)
    for unit in (1.0, 1e-200, 1e200):
        found = GradientPath(tuple(T), tuple(unit * values)).autocorrelation
        np.testing.assert_allclose(found, expected, atol=1e-12)
    assert GradientPath(tuple(T), (np.nan, *values[1:])).autocorrelation == ()


def test_deep_plain_relu_networks_shatter_gradients_and_residual_ones_do_not():
    plain, residual = (path_of("relu", "line", layers=24, width=60, residual=rule)[0].autocorrelation
                       for rule in ("none", "depth"))
    assert plain[0] == residual[0] == pytest.approx(1)
    assert plain[1] < residual[1]
    assert abs(plain[20]) < residual[20]


@pytest.mark.slow
def test_each_arm_is_drawn_beside_its_autocorrelation():
    found = histogram("he", ["relu", "linear"], layers=3, width=12, input="line")
    figure = drawn_by(lambda *drawn: draw_figure(*drawn, View(view=PATH)), found)
    named = axes_named(figure)
    for number, arm in enumerate(found.arms, start=1):
        drawn, = (each for each in named[f"path-{number}"].lines if each.get_gid())
        np.testing.assert_allclose(drawn.get_ydata(), arm.path.gradient)
        dots, = (each for each in named[f"autocorrelation-{number}"].lines if each.get_gid())
        np.testing.assert_allclose(dots.get_ydata(), arm.path.autocorrelation)
    assert_texts_clear(figure)
    assert found.to_dict()["arms"][0]["gradient_path"]["gradient"] == pytest.approx(found.arms[0].path.gradient)


@pytest.mark.parametrize("settings", [{"input": "normal"}, {"input": "line", "gradients": False},
                                      {"input": "line", "batch_size": 1}], ids=str)
def test_without_points_of_a_line_there_is_no_path(settings):
    found = histogram(layers=1, width=4, **settings)
    with pytest.raises(SpecError, match=r"^--view gradient_path needs gradients at two or more points of --input"):
        found.figure(PATH)
