"""A spec is valid once built, or not built at all."""

import math
from dataclasses import replace

import pytest

from actprof.data.request import RowsSpec
from actprof.engine import configuration
from actprof.engine.spec import DTYPES, SCALES, InputSpec, RunSpec, StackSpec
from actprof.engine.stacks import stack_specs
from actprof.errors import SpecError
from actprof.registry import Choice
from tests.cases import for_each

HE, RELU = Choice("he_normal"), Choice("relu")


@for_each(("build", "message"), [
    (lambda: StackSpec((3,), (), ()), "--layers must be from 1 to 10,000, not 0."),
    (lambda: StackSpec((3, 0), (HE,), (RELU,)), "a layer's width must be from 1 to 10,000,000, not 0."),
    (lambda: StackSpec((3, 4), (HE,), (RELU,), norm_position="befor"),
     "--norm-position must be before or after, not 'befor'."),
    (lambda: StackSpec((3, 4, 5), (HE, HE), (RELU,)),
     "--act names 1 activation for 2 layers. Name one, or one for each layer."),
    (lambda: InputSpec(None, RowsSpec(None, "a.csv"), "standrad"),
     "--scale must be auto or none or unit or standard, not 'standrad'."),
    (lambda: RunSpec(range="sharde"), "--range must be shared or layer, not 'sharde'."),
    (lambda: RunSpec(range=(2.0, 1.0)), "--range needs two finite numbers, LOW below HIGH, not 2 1."),
    (lambda: RunSpec(range=(math.nan, 1.0)), "--range needs two finite numbers, LOW below HIGH, not nan 1."),
    (lambda: RunSpec(range=(1.0, 1.0 + 1e-15)),
     "--range 1.0 1.000000000000001 is too narrow for 30 bins of floating-point numbers."),
    (lambda: RunSpec(range=(-1e308, 1e308)),
     "--range -1e+308 1e+308 is too wide for 30 bins of floating-point numbers."),
    (lambda: RunSpec(dtype="float16"), "--dtype must be float32 or float64, not 'float16'."),
    (lambda: RunSpec(bins=0), "--bins must be from 1 to 4,096, not 0."),
    (lambda: RunSpec(seed=-1), "--seed must be from 0 to 18,446,744,073,709,551,615, not -1."),
    (lambda: RunSpec(quantities=("preactivation",)),
     "what is counted must be activation, alone or with preactivation."),
    (lambda: stack_specs(layers=0), "--layers must be from 1 to 10,000, not 0."),
    (lambda: stack_specs(width=0), "a layer's width must be from 1 to 10,000,000, not 0."),
    (lambda: stack_specs(bias="identity"),
     "identity makes matrices, not biases. Choose another --bias, such as zeros."),
])
def test_what_makes_no_sense_is_not_built(build, message):
    with pytest.raises(SpecError) as caught:
        build()
    assert str(caught.value) == message


@for_each("dtype", DTYPES)
@for_each("scale", SCALES)
def test_what_makes_sense_is_built(dtype, scale):
    assert RunSpec(InputSpec(None, RowsSpec(None, "a.csv"), scale), dtype=dtype, range=(0.0, 1e-300)).bins == 30


def test_as_many_layers_as_activations_are_named_unless_told_otherwise():
    assert stack_specs(acts=["tanh/relu/gelu"])[0].depth == 3
    assert stack_specs(acts=["tanh"], layers=7)[0].depth == 7


def test_layers_are_named_one_by_one_or_by_how_many():
    [stack] = stack_specs([" HE*2/orthogonal:gain=0.01"], ["relu/tanh*2"])
    assert [init.name for init in stack.inits] == ["he_normal", "he_normal", "orthogonal"]
    assert [act.name for act in stack.activations] == ["relu", "tanh", "tanh"]
    assert stack.label == "he*2/orthogonal:gain=0.01 / relu/tanh*2"
    assert (stack.options["--init"], stack.options["--act"]) == ("he*2/orthogonal:gain=0.01", "relu/tanh*2")
    assert stack_specs([stack.options["--init"]], [stack.options["--act"]])[0].inits == stack.inits
    assert stack_specs(["lecun*7"])[0] == replace(stack_specs(["lecun"], layers=7)[0], label="lecun*7 / relu")


def test_what_is_the_same_in_all_layers_is_named_once():
    alike, other = (configuration.of_stack(stack_specs([init])[0]) for init in ("he/he", "he/critical/0.5"))
    assert (alike["init"], alike["init_parameters"]["mode"]) == ("he_normal", "fan_in")
    assert other["init"] == "he_normal/critical/normal"
    assert other["init_parameters"][2] == {"std": 0.5, "mean": 0.0}
    assert other["init_formula"] == "N(0, 2/n); N(0, 0.5²)"  # critical for relu is N(0, 2/n) too
