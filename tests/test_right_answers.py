"""Questions that people asked in public, with answers from formulas, papers or a computation that is not the program's.

Names of frameworks mean what the frameworks compute; verdicts go by what was measured; remedies hold when followed.
"""

import itertools
import math

import numpy as np
import pytest

from actprof.bounds.scales import bounds, bounds_spec
from actprof.catalogue.activations import ACTIVATIONS
from actprof.catalogue.activations import bind as bind_activation
from actprof.catalogue.draws import TRUNCATED_STD
from actprof.catalogue.initializers import INITIALIZERS, bind
from actprof.catalogue.weights import Fans
from actprof.diagnosis.rules import verdict
from actprof.engine.inputs import input_moments, open_inputs, parse
from actprof.engine.measure import measured
from actprof.engine.spec import RunSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError
from actprof.gain.gains import shape
from actprof.histogram.compare import compare
from actprof.histogram.curves import gradient
from actprof.histogram.scene import Scene
from actprof.report.style import THEMES
from actprof.theory.criticality import conditions, silence_about
from tests.cases import for_each

pytestmark = pytest.mark.slow

NARROW = "1,2,2,2,2,2,2,2,2,2,1"


def judged(init, act, *, inputs="normal", rows=1000, repeats=1, seed=0, **stack):
    run = RunSpec(parse(inputs), batch_size=rows, repeats=repeats, seed=seed, gradients=True)
    stacks = stack_specs([init], [act], **stack)
    return compare(stacks, run, open_inputs(run, stacks[0].widths[0]))


def scheme(text, fan_in, fan_out, **request):
    return bounds(bounds_spec([text], fan_in=str(fan_in), fan_out=str(fan_out), samples=10, **request))


@for_each(("text", "fans", "kernel", "std", "bound"), [
    ("glorot_uniform", (1, 16), "3x3", None, 0.1980), ("glorot_uniform", (16, 8), "3x3", None, 0.1667),
    ("glorot_uniform", (8, 8), "3x3", None, 0.2041), ("keras.conv2d", (8, 8), "3x3", None, 0.2041),
    ("torch.trunc_normal:0.02", (64, 64), None, 0.02, 2.0),
    ("truncated_normal:0.02", (64, 64), None, 0.01759, 0.04),
    ("keras.truncated_normal:stddev=0.02", (64, 64), None, 0.01759, 0.04),
    ("jax.lecun_normal", (768, 768), None, 1 / math.sqrt(768), 0.08204),
    ("torch.linear", (64, 64), None, 0.07217, 0.125), ("lecun_normal", (64, 64), None, 0.125, None),
    ("torch.kaiming_uniform:a=2.2360679775", (64, 10), None, 0.07217, 0.125),
    ("torch.conv2d", (3, 64), "3x3", 1 / math.sqrt(81), 1 / math.sqrt(27)),
    ("orthogonal", (3, 64), "3x3", 0.125, 1.0), ("orthogonal", (64, 3), "3x3", 1 / 24, 1.0),
    ("delta_orthogonal", (3, 64), "3x3", 1 / 24, 1.0),
])
def test_published_scales(text, fans, kernel, std, bound):
    found = scheme(text, *fans, kernel_sides=kernel).schemes[0]
    assert std is None or found.std[0] == pytest.approx(std, rel=4e-4)
    assert found.bound is None if bound is None else found.bound[0] == pytest.approx(bound, rel=4e-4)


@for_each(("text", "law"), [
    ("nn.init.kaiming_normal_", "he_normal"), ("torch.nn.init.xavier_uniform_", "glorot_uniform"),
    ("tf.keras.initializers.he_normal", "he_truncated"), ("tf.glorot_normal", "glorot_truncated"),
    ("jax.nn.initializers.he_uniform", "he_uniform"), ("torch.normal", "normal:std=1"),
    ("torch.normal:mean=0.5,std=0.02", "normal:mean=0.5,std=0.02"), ("torch.uniform:a=-0.1,b=0.3", "uniform:-0.1,0.3"),
    ("torch.uniform", "uniform:0,1"), ("torch.constant:val=3", "constant:3"), ("torch.eye", "identity"),
    ("keras.random_normal", "normal:std=0.05"), ("keras.random_normal:stddev=0.1,mean=2", "normal:std=0.1,mean=2"),
    ("keras.random_uniform:minval=0,maxval=2", "uniform:0,2"), ("jax.normal", "normal:std=0.01"),
    ("jax.uniform:scale=3", "uniform:0,3"), ("keras.variance_scaling:distribution=normal", "variance_scaling"),
    ("jax.variance_scaling:distribution=normal", "variance_scaling:distribution=normal"),
    ("keras.zeros", "zeros"), ("torch.sparse:sparsity=0.5", "sparse:0.5"), ("flax.conv", "lecun_truncated"),
])
def test_words_of_frameworks_mean_what_they_mean_there(text, law):
    assert INITIALIZERS.parse(text) == INITIALIZERS.parse(law)


def test_tensorflows_names_are_not_those_of_the_papers():
    cut = bind(INITIALIZERS.parse("tf.initializers.truncated_normal:stddev=1"))
    assert cut.std(Fans(3, 3)) == pytest.approx(TRUNCATED_STD)


def test_a_slope_is_asked_of_the_function_that_has_one():
    with pytest.raises(SpecError, match=r"no parameter 'a'.* torch\.kaiming_uniform has it\.$"):
        INITIALIZERS.parse("kaiming_uniform:a=2.236")


@for_each(("text", "more", "noted"), [
    ("he", {"depthwise": True}, True), ("orthogonal", {"depthwise": True}, False),
    ("he", {"groups": 4}, True), ("orthogonal", {"transposed": True}, False)])
def test_fans_of_pytorch_are_remarked_on_where_a_scheme_goes_by_them(text, more, noted):
    assert any("PyTorch computes" in note for note in scheme(text, 32, 64, kernel_sides="3x3", **more).notes) == noted


def test_a_product_of_normal_matrices_leaves_single_precision_in_layer_32():
    """A layer of 256 units grows by 16: 16³² = 2¹²⁸, the first power that float32 lacks."""
    found = judged("1", "linear", layers=40, width=256, rows=50).arms[0]
    assert (found.verdict.code, found.verdict.layer) == ("non_finite", 32)


@for_each(("init", "act"), [(init, act) for init in ("xavier", "he", "torch.linear", "1")
                            for act in ("tanh/tanh/linear", "sigmoid/sigmoid/linear")])
def test_inputs_of_a_hundred_saturate_the_first_layer_and_are_to_be_standardised(init, act):
    found = judged(init, act, inputs="uniform:low=-100,high=100", widths="1,50,50,1").arms[0].verdict
    assert (found.code, found.layer) == ("saturated", 1)
    assert found.remedy.startswith("standardise the inputs")


def test_the_share_that_inputs_of_a_hundred_saturate_is_that_of_normal_times_uniform():
    """P(|w·x| > c), w ~ N(0, 2/51), x ~ U(±100), where 1/cosh² c is a twentieth."""
    weights = np.abs(np.random.default_rng(3).normal(0, math.sqrt(2 / 51), 4000))
    expected = np.mean(np.clip(1 - math.acosh(math.sqrt(20)) / (100 * weights), 0, 1))
    found = judged("0.19803", "tanh", inputs="uniform:low=-100,high=100", widths="1,4000").arms[0].layers[0]
    assert found.activation.statistics["saturated_fraction"] == pytest.approx(expected, abs=0.02)


@for_each("widths", ["100,2000,1", "784,2048,2048,1", "50,300,20,400,3"])
def test_a_change_of_width_is_no_change_of_the_gradient(widths):
    """He weights keep E‖dL/dz‖² of a sample; the rms per unit falls by the root of the widths."""
    found = judged("he", "/".join(["relu"] * widths.count(",")), widths=widths, rows=100)
    arm, sizes = found.arms[0], [int(part) for part in widths.split(",")][1:]
    assert arm.verdict.code in ("healthy", "drifting")
    for layer, size in zip(arm.layers, sizes, strict=True):
        said = layer.gradient.statistics
        assert said["norm_ratio"] == pytest.approx(said["ratio"] * math.sqrt(size / sizes[-1]), rel=1e-6)
    curve = gradient(Scene(found, "activation", False, THEMES["light"])).courses[0]
    assert np.abs(curve.values).max() < 0.5
    assert np.abs(curve.theory).max() < 1e-9


def dead(widths, networks):
    """The share of ReLU networks of He weights that answer 0 to all of a line, by NumPy: to 1 and -1, as to all."""
    rng, found = np.random.default_rng(1), 0
    for _ in range(networks):
        rows = np.array([[1.0], [-1.0]])
        for fan_in, units in itertools.pairwise(widths):
            rows = np.maximum(rows @ rng.normal(0, math.sqrt(2 / fan_in), (fan_in, units)), 0)
        found += not rows.any()
    return found / networks


def test_how_many_narrow_networks_are_born_dead():
    """Lu et al. 2019, Dying ReLU and initialization: most of those of two units."""
    expected = dead([int(part) for part in NARROW.split(",")], 1000)
    run, [stack] = RunSpec(batch_size=20, repeats=100, gradients=True), stack_specs(["he"], ["relu"], widths=NARROW)
    rows = open_inputs(run, 1)
    [arm] = measured([stack], run, rows)
    counts = verdict(arm, stack, None, input_moments(rows)).networks
    assert counts["dying"] / 100 == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 100))
    assert sum(counts.values()) == 100


def test_a_layer_of_one_unit_has_no_correlation_measured_or_foretold():
    arm = judged("he", "sigmoid", widths="20,20,1").arms[0]
    assert math.isnan(arm.layers[-1].activation.statistics["correlation"])
    assert math.isnan(arm.forecast.theory.layers[-1].correlation)
    assert math.isfinite(arm.forecast.theory.layers[0].correlation)
    assert "alike" not in arm.verdict.text


def test_dropout_has_no_edge_of_chaos():
    """Schoenholz et al. 2017, section 5: c = 1 is no fixed point."""
    plain, dropped = (stack_specs(["he"], ["tanh"], dropout=rate)[0] for rate in (0.0, 0.1))
    assert conditions(plain, 1.0) is not None
    assert conditions(dropped, 1.0) is None
    assert "dropout" in silence_about(dropped)


@for_each(("init", "act", "layers", "settings"), [
    ("he", "relu", 30, {"dropout": 0.5}), ("he", "tanh", 30, {"dropout": 0.5}), ("1", "gelu", 12, {"dropout": 0.2}),
    ("lecun:gain=3", "relu", 10, {"norm": "layer", "norm_position": "after"}), ("0.01", "relu", 12, {"bias": "0.5"}),
    ("critical", "sigmoid", 5, {"rows": 1}), ("1", "linear", 100, {"width": 4}),
    ("he", "relu", 60, {"width": 10}), ("1", "tanh", 8, {"repeats": 3}),
])
def test_a_remedy_that_is_followed_holds(init, act, layers, settings):
    settings = {"rows": 100, "width": 50, **settings}
    run = RunSpec(batch_size=settings.pop("rows"), repeats=settings.pop("repeats", 1), gradients=True)
    stacks = stack_specs([init], [act], layers=layers, **settings)
    found = compare(stacks, run, open_inputs(run, stacks[0].widths[0])).arms[0].verdict
    assert found.remedied not in (None, stacks[0])
    after = compare([found.remedied], run, open_inputs(run, found.remedied.widths[0])).arms[0].verdict
    assert after.code in ("healthy", "drifting"), (found.remedy, after.text)


@for_each(("act", "steepness"), [
    ("sin:w0=30", 30), ("tanh:30", 30), ("sigmoid:40", 10), ("tanh", 1), ("snake:3", 1), ("exponential", 1)])
def test_steep_activations_are_drawn_where_they_bend(act, steepness):
    """sup φ' is 30, 30 and 40/4: both φ and φ' over that are to be seen, over a few bends."""
    found = shape(bind_activation(ACTIVATIONS.parse(act)))
    assert found.steepness == steepness
    assert found.z[-1] == pytest.approx(4 / steepness)
    assert steepness == 1 or np.nanmax(np.abs(found.derivative)) / steepness == pytest.approx(1, abs=0.01)
