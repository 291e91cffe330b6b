"""`actprof gain` in a terminal: what fits, what is told, and what can be pasted."""

import ast
import functools
import io
import math
import re

import numpy as np
import pytest

from actprof.digits import typed
from actprof.errors import SpecError
from actprof.gain.gains import gain_spec, gain_table
from actprof.gain.table import narrow
from actprof.gain.table import print_result as print_gains
from actprof.gain.words import IMPORTS, bias_recipes, recipes
from actprof.report.style import require_drawable
from tests.cases import for_each
from tests.tables import tables

ENCODINGS = ("utf-8", "ascii")


@functools.cache
def gains_of(*names, **request):
    return gain_table(gain_spec(names, curves=False, **request))


def shown(*names, encoding="utf-8", **request):
    result = gains_of(*names, **request)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_gains(result, stream)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


REQUESTS = {
    "the default": ((), {}),
    "unstable": (("silu", "gelu", "exponential"), {"sigma_b": 0.123456789, "q0": 0.123456789}),
    "no slope": (("step", "maxout", "hard_shrink:1e3"), {"sigma_w": 1.2345678}),
    "long names": (("leaky_relu:slope=0.123456789012345", "hard_sigmoid:slope=0.12345678901234"), {"sigma_w": 0.0}),
    "extreme": (("tanh", "exponential"), {"sigma_w": 1e3, "sigma_b": 1e-9, "q0": 1e8}),
    "the catalogue": ((), {"everything": True}),
    "the catalogue at its edges": ((), {"everything": True, "sigma_b": 0.2}),
    "the catalogue at small weights": ((), {"everything": True, "sigma_w": 1e-3, "sigma_b": 1e-3}),
    "the catalogue at large weights": ((), {"everything": True, "sigma_w": 1e3, "sigma_b": 1e3}),
}


@pytest.mark.slow
@for_each("encoding", ENCODINGS)
@for_each("name", REQUESTS)
def test_no_line_is_wider_than_a_usual_terminal(name, encoding):
    names, request = REQUESTS[name]
    lines = shown(*names, encoding=encoding, **request).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_the_heads_stand_below_the_whole_catalogue_too():
    once, whole = shown("relu", "tanh"), shown(everything=True)
    head = next(line for line in whole.splitlines() if line.startswith("activation"))
    assert whole.splitlines().count(head) == 2
    assert once.count("activation ") == 1


def test_the_table_of_the_whole_catalogue_has_every_figure():
    [table] = tables(shown(everything=True).splitlines(), r"\w")
    rows = {row["activation"]: row for row in table}
    ones = ("E φ²", "E φ'²", "for- ward", "back- ward", "std", "χ", "slope", "edge", "torch")
    assert rows["linear"] == {"activation": "linear", "E φ": "0", **dict.fromkeys(ones, "1.000"), "minus forw.": "0"}
    assert rows["step"] == {
        "activation": "step", "E φ": "0.500", "E φ²": "0.500", "E φ'²": "n/a", "for- ward": "1.414",
        "back- ward": "n/a", "std": "2.000", "χ": "n/a", "slope": "0", "edge": "none", "torch": "-", "minus forw.": ""}
    assert float(rows["tanh"]["minus forw."]) == pytest.approx(5 / 3 - float(rows["tanh"]["for- ward"]), abs=6e-4)


@for_each("value", [0.0277, 0.81649, -0.806, 2.338, 10.334, 47.36, 6.69e-11, 1234.5, -0.2384, 99999.0])
def test_a_narrow_figure_is_rounded_and_nothing_else(value):
    text = narrow(value)
    assert float(text) == pytest.approx(value, rel=0.06)
    assert len(text) <= 5


@for_each("q0", [0.5, 1e-6, 3.0])
def test_a_given_start_is_told(q0):
    assert f"from q0 = {typed(q0)}" in shown("tanh", q0=q0)
    assert "q0" not in shown("tanh")


def test_only_weights_that_do_not_keep_the_variance_come_with_a_warning():
    remark = "! with these weights the variance 1 is unstable"
    for name in ("gelu", "silu", "mish", "exponential"):
        assert remark in shown(name)
    for name in ("tanh", "relu", "linear", "step"):
        assert remark not in shown(name)
    assert "stable above --sigma-b 0.4158" in " ".join(shown("gelu").split())


def pasted(text):
    """The lines to paste, whole calls again."""
    block = re.search(r"^to paste .*\n((?:  .*\n)+)", text, re.M).group(1)
    return [ast.unparse(node) for node in ast.parse("if True:\n" + block).body[0].body]


GAINS = (1.6, 5 / 3, math.sqrt(2), 1.5335304411955355, 1e-3, 123.456, 1 / 3)


@for_each("gain", GAINS)
def test_a_recipe_has_the_gain_exactly_in_each_library_s_own_terms(gain):
    calls = {library: ast.parse(call, mode="eval").body for library, call in recipes(gain).items()}
    arguments = {library: {each.arg: each.value for each in call.keywords} for library, call in calls.items()}
    assert {library: ast.unparse(call.func) for library, call in calls.items()} == {
        "PyTorch": "nn.init.normal_", "Keras": "keras.initializers.VarianceScaling",
        "JAX": "jax.nn.initializers.variance_scaling"}
    assert ast.literal_eval(arguments["PyTorch"]["std"].left) == gain
    for library, normal in (("Keras", "untruncated_normal"), ("JAX", "normal")):
        known = {name: ast.literal_eval(value) for name, value in arguments[library].items()}
        assert math.sqrt(known.pop("scale")) == pytest.approx(gain, rel=2e-16)
        assert known == {"mode": "fan_in", "distribution": normal}


def test_without_weights_there_is_nothing_to_paste():
    assert recipes(None) is recipes(0.0) is None
    assert "to paste" not in shown("tanh", sigma_w=0.0)


@for_each("request_", [{}, {"sigma_w": 1.68, "sigma_b": 0.2}, {"sigma_b": 0.2}])
def test_what_is_printed_is_the_recipe_of_the_weights_asked_for(request_):
    [found] = gain_table(gain_spec(["silu"], **request_)).activations
    sigma_w = found.gains.gain_forward if not request_ else found.fixed_points.sigma_w
    lines = [*recipes(sigma_w).values(), *bias_recipes(request_.get("sigma_b", 0.0)).values()]
    text = shown("silu", **request_)
    assert sorted(pasted(text)) == sorted(ast.unparse(ast.parse(line)) for line in lines)
    assert f"after {IMPORTS}:" in text


@pytest.mark.parametrize("request_", [{}, {"sigma_w": 1.5, "sigma_b": 0.3}])
def test_the_lines_for_pytorch_run_as_pasted_and_give_these_scales(request_):
    torch = pytest.importorskip("torch")
    forward = gain_table(gain_spec(["tanh"])).activations[0].gains.gain_forward
    sigma_w, sigma_b = request_.get("sigma_w", forward), request_.get("sigma_b", 0.0)
    torch.manual_seed(0)
    layer = torch.nn.Linear(400, 2000)
    names = {"layer": layer}
    exec(IMPORTS.split(",")[0], names)
    for line in pasted(shown("tanh", **request_)):
        if line.startswith("nn."):
            exec(line, names)
    assert layer.weight.std().item() == pytest.approx(sigma_w / math.sqrt(400), rel=5 / math.sqrt(2 * 400 * 2000))
    assert layer.bias.std().item() == pytest.approx(sigma_b, rel=5 / math.sqrt(2 * 2000))
    # Nothing is truncated: of so many the largest lies beyond four standard deviations.
    assert layer.weight.abs().max().item() > 4 * sigma_w / math.sqrt(400)


def test_the_lines_for_keras_run_as_pasted_and_give_these_scales():
    names = {"keras": pytest.importorskip("keras")}
    drawn = np.asarray(eval(recipes(1.6)["Keras"], names)((400, 2000)))
    assert drawn.std() == pytest.approx(1.6 / math.sqrt(400), rel=5 / math.sqrt(2 * drawn.size))
    assert np.asarray(eval(bias_recipes(0.3)["Keras"], names)((2000,))).std() == pytest.approx(0.3, rel=0.1)


def test_the_lines_for_jax_run_as_pasted_and_give_these_scales():
    jax = pytest.importorskip("jax")
    drawn = np.asarray(eval(recipes(1.6)["JAX"])(jax.random.PRNGKey(0), (400, 2000)))
    assert drawn.std() == pytest.approx(1.6 / math.sqrt(400), rel=5 / math.sqrt(2 * drawn.size))
    biases = np.asarray(eval(bias_recipes(0.3)["JAX"])(jax.random.PRNGKey(0), (2000,)))
    assert biases.std() == pytest.approx(0.3, rel=0.1)


def test_a_figure_too_large_is_refused_with_advice_that_every_command_can_follow():
    with pytest.raises(SpecError) as refused:
        require_drawable(19.2, 100.0, 400)
    assert str(refused.value) == ("the figure would have 7,680 × 40,000 pixels; 64 megapixels and 65,535 a side are "
                                  "the limit. Take a --dpi of at most 182.")
