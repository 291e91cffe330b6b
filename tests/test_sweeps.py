"""Sweeps: the grammar of grids, cells beside single runs, workers, and measured borders beside theory's."""

import math
from dataclasses import replace

import numpy as np
import pytest

from actprof.catalogue.activations import ACTIVATIONS
from actprof.diagnosis.rules import verdict
from actprof.engine import configuration, inputs, memory, spec
from actprof.engine.measure import measured
from actprof.engine.spec import RunSpec
from actprof.errors import ActprofError, SpecError
from actprof.histogram.compare import forecast
from actprof.sweep import sweeping
from actprof.sweep.axes import KINDS, SIGMAS, parsed
from actprof.sweep.grid import Grid, grid
from actprof.sweep.result import BY_NAME, VERDICT
from actprof.sweep.sweeping import SweepSpec, sweep
from actprof.theory.fixed_points import critical
from tests.cases import for_each


def run_of(**settings):
    return RunSpec(inputs.parse(settings.pop("source", "normal")), batch_size=settings.pop("batch_size", 64),
                   quantities=spec.QUANTITIES[:1], **settings)


def swept(*over, inits=("he",), acts=("relu",), run=None, workers=1, everything=True, file=None, **settings):
    request = SweepSpec(grid(over, inits, acts, settings), run or run_of(), everything=everything, workers=workers)
    return sweep(request, file)


@for_each(("text", "expected"), [
    ("gain=0.5:3:6", (0.5, 1, 1.5, 2, 2.5, 3)),
    ("gain=0.1:10:3:log", (0.1, 1, 10)),
    ("gain=2,1,1", (1, 2)),
    ("gain=1:1", (1,)),
    ("width=64:4096:log", (64, 128, 256, 512, 1024, 2048, 4096)),
    ("width=1e3,10**2", (100, 1000)),
    ("layers=1:5", (1, 2, 3, 4, 5)),
    ("LAYERS=5:50:10", (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)),
    ("bias=0:1:3", (0, 0.5, 1)),
    ("std=0.001:1:4:log", (0.001, 0.01, 0.1, 1)),
    ("bias=0.001:1:4:log", (0.001, 0.01, 0.1, 1)),
    ("gain=1.41421356237,1.41421356238", (1.41421356237, 1.41421356238)),
    ("gain=0.123456789012:1:2", (0.123456789012, 1)),
    ("gain=1e-300:1e6:3:log", (1e-300, 1e-147, 1e6)),
])
def test_numbers_are_ranges_with_a_count_or_a_logarithm_or_lists(text, expected):
    axis = parsed(text)
    assert axis.numbers == expected
    assert [float(label) for label in axis.labels] == list(expected)


@for_each(("text", "logarithmic"), [
    ("width=64,256,1024", True), ("width=64,128,192", False), ("gain=0,1,10", False), ("gain=1,2", False),
    ("std=0.01,0.1,0.2,1", True), ("layers=10,20,30,45", False), ("gain=1:100:log", True), ("gain=1:100", False)])
def test_a_list_with_steps_that_are_even_as_ratios_is_shown_on_a_logarithmic_axis(text, logarithmic):
    assert parsed(text).logarithmic == logarithmic


def test_a_range_without_a_count_has_enough_values_and_both_ends():
    for text, low, high in (("gain=0.5:3", 0.5, 3.0), ("layers=1:1000", 1, 1000), ("std=1e-3:1:log", 1e-3, 1)):
        axis = parsed(text)
        assert len(axis) >= 20
        assert (axis.numbers[0], axis.numbers[-1]) == (low, high)


@for_each(("text", "labels"), [
    ("init=he,xavier", ("he", "xavier")),
    ("init=uniform:low=-1,high=1,0.01", ("uniform:low=-1,high=1", "0.01")),
    ("act=ReLU,leaky_relu:0.2", ("relu", "leaky_relu:0.2")),
    ("bias=zeros,torch.linear", ("zeros", "torch.linear")),
    ("norm=none,batch", ("none", "batch")),
])
def test_names_are_joined_by_commas_and_keep_their_parameters(text, labels):
    axis = parsed(text)
    assert axis.labels == labels
    assert axis.numbers == ()


@for_each(("text", "message"), [
    ("gain", "--over must be NAME=VALUES, such as gain=0.5:3:26, layers=5:50:10, width=64:4096:log or "
             "init=he,xavier, not 'gain'."),
    ("q=1:5", "--over cannot vary 'q'. It knows gain, std, bias, layers, width, init, act, norm, residual."),
    ("layer=1:5", "--over cannot vary 'layer'. Did you mean 'layers'?"),
    ("gain=3:1", "--over gain='3:1' runs backwards. Write gain=1:3."),
    ("gain=1:2:1", "--over gain='1:2:1' asks for one value from 1 to 2. The third number is how many there are: "
                   "2 or more."),
    ("gain=0:1:log", "--over gain='0:1:log' starts at 0, which has no logarithm. Start above 0, or leave out log."),
    ("gain=1:x", "--over gain must be LOW:HIGH, LOW:HIGH:COUNT, LOW:HIGH:log, LOW:HIGH:COUNT:log or numbers joined by "
                 "commas, not 'x'."),
    ("gain=-1,1", "--over gain takes numbers from 0 to 1,000,000, not '-1'."),
    ("layers=0:5", "--over layers takes whole numbers from 1 to 10,000, not '0'."),
    ("layers=1.5,2", "--over layers takes whole numbers from 1 to 10,000, not '1.5'."),
    ("gain=0:1:5000", "--over gain has 5,000 values; 1,000 are the most."),
    ("gain=0:1:100000000000", "--over gain has 100,000,000,000 values; 1,000 are the most."),
    ("init=he,,x", "--over init has an empty name in 'he,,x'."),
    ("init=he,HE", "--over init names 'he' twice. Name each once."),
])
def test_what_cannot_be_swept_is_refused_in_one_line(text, message):
    with pytest.raises(SpecError) as refused:
        parsed(text)
    assert str(refused.value) == message


@for_each("kind", [*KINDS, *SIGMAS])
def test_every_kind_refuses_nonsense_and_takes_what_it_is_for(kind):
    for values in ("", ",", *(() if kind.numbers in ("names", "any") else (":", "1:", ":1", "nan", "inf", "1:inf"))):
        with pytest.raises(SpecError):
            parsed(f"{kind.name}={values}", (kind,))
    good = {"names": "a,b", "whole": "2:4", "any": "0:1:3", "real": "0:1:3"}[kind.numbers]
    assert len(parsed(f"{kind.name}={good}", (kind,))) == (2 if kind.numbers == "names" else 3)


@for_each(("over", "init", "message"), [
    (["gain=1:2"], "0.01", "'0.01' has no gain to vary. Its parameters: std, mean. Take another --init, such as "
                           "lecun."),
    (["gain=1:2"], "he:gain=1", "'he:gain=1' sets the gain that --over varies. Leave it out: he_normal."),
    (["std=1:2"], "he", "'he' has no std to vary. Its parameters: gain, mode. Take another --init, such as normal."),
    (["gain=1:2", "gain=1:3"], "he", "--over gain is asked for twice. Name each thing once."),
    (["gain=1:2", "layers=1:3", "width=8,16"], "he", "3 things vary: gain, layers, width. A sweep has one or two."),
    (["gain=0:1:400", "bias=0:1:400"], "he", "160,000 cells are too many; 40,000 are the most. Take fewer values."),
    (["act=relu,rleu"], "he", "unknown activation 'rleu'. Did you mean 'relu'?"),
])
def test_a_grid_with_a_stack_that_cannot_be_is_refused_before_the_work(over, init, message):
    with pytest.raises(SpecError) as refused:
        SweepSpec(grid(over, [init], ["relu"], {}), run_of())
    assert str(refused.value) == message


def test_several_initialisers_and_activations_are_axes_of_names():
    made = grid([], ["he", "xavier"], ["relu", "tanh"], {})
    assert [(axis.name, axis.labels) for axis in made.axes] == [("init", ("he", "xavier")), ("act", ("relu", "tanh"))]


GRIDS = [
    (("gain=0.7:2.1:3", "layers=2,6"), {}),
    (("bias=0,0.5", "act=tanh,gelu"), {"layers": 4}),
    (("init=0.01,he,orthogonal", "norm=none,batch,layer"), {"layers": 3}),
    (("width=8,24",), {"layers": 3, "bias": "0.1"}),
    (("std=0.01:1:3:log",), {"inits": ("normal",), "acts": ("sigmoid",)}),
]


@pytest.mark.slow
@for_each(("over", "settings"), GRIDS)
def test_a_cell_is_what_a_single_run_with_the_same_seed_gives(over, settings):
    run = run_of(seed=5, repeats=3)
    result = swept(*over, run=run, **settings)
    stacks = grid(over, settings.pop("inits", ("he",)), settings.pop("acts", ("relu",)), settings).stacks
    for stack, cell in zip(stacks, result.cells, strict=True):
        alone = replace(run, gradients=True, quantities=spec.QUANTITIES)
        rows = inputs.open_inputs(alone, stack.widths[0])
        [arm] = measured([stack], alone, rows)
        last, first = arm.layers[-1].activation, arm.layers[0].gradient
        for name in BY_NAME:
            said, spread = ((first.statistics["log10_ratio"], first.spread["log10_ratio"]) if BY_NAME[name].back
                            else (last.statistics[name], last.spread[name]))
            np.testing.assert_equal(cell.statistics[name], said, name)
            np.testing.assert_equal(cell.spread[name], spread, name)
            assert np.median(cell.networks[name]) == pytest.approx(said, rel=1e-12, nan_ok=True)
        said = forecast(stack, inputs.input_moments(rows), rows.batch_rows(0), arm.layers)
        assert cell.verdict == verdict(arm, stack, said.theory, said.inputs).code


def test_a_parameter_varies_in_the_layers_that_do_not_set_it():
    stacks = grid(["gain=0.5,2"], ["lecun*3/orthogonal:gain=0.01"], ["tanh"], {}).stacks
    assert [[init.values["gain"] for init in stack.inits] for stack in stacks] == [
        [0.5, 0.5, 0.5, 0.01], [2, 2, 2, 0.01]]


def test_a_cell_can_be_asked_for_by_its_label():
    result = swept("gain=0.5:3:3", "layers=2,3")
    for (gain, layers), cell in result.items():
        assert float(gain) in result.axes[0].numbers
        run = replace(run_of(), gradients=True)
        [arm] = measured(Grid((parsed(f"gain={gain}"),), settings={"layers": int(layers)}).stacks, run,
                         inputs.open_inputs(run, spec.WIDTH))
        assert cell.statistics["std"] == arm.layers[-1].activation.statistics["std"]


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_workers():
    over = ("gain=0.7:2.1:3", "act=relu,tanh")
    alone, two = (swept(*over, run=run_of(repeats=2), workers=workers) for workers in (1, 2))
    assert repr(alone) == repr(two)  # a NaN is not equal to itself


@pytest.mark.slow
def test_rows_of_a_file_go_to_the_workers(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(0).standard_normal((50, 7)))
    run = run_of(source=str(path))
    file = inputs.open_inputs(run, 7)
    one, two = (swept("gain=1,2", run=run, file=file, workers=workers, features=7, width=5, layers=2)
                for workers in (1, 2))
    assert repr(one) == repr(two)
    assert one.config["input"] == str(path)


def test_the_shared_configuration_is_what_all_cells_have_in_common():
    result = swept("width=8,24", layers=3)
    known = [configuration.of_stack(stack) for stack in grid(["width=8,24"], ["he"], ["relu"], {"layers": 3}).stacks]
    assert "widths" not in result.config
    assert all(result.config[name] == value for name, value in known[0].items() if name != "widths")


def test_a_network_that_overflows_or_is_cut_off_does_not_hide_the_others():
    cell = swept("gain=1:1", layers=12, width=2, bias="0.3", run=run_of(repeats=9)).cells[0]
    ratios = sorted(cell.networks["log10_gradient_ratio"], key=lambda each: (math.isnan(each), each))
    known = [ratio for ratio in ratios if not math.isnan(ratio)]
    assert -math.inf in known
    assert cell.statistics["log10_gradient_ratio"] in known
    assert sum(ratio <= cell.statistics["log10_gradient_ratio"] for ratio in known) >= len(known) / 2


def test_a_stack_that_is_too_large_for_gradients_costs_the_others_nothing(monkeypatch):
    monkeypatch.setattr(memory, "WHOLE_BYTES", 4 * 20 * 20 * 3)
    small, large = swept("width=20,40", layers=3).cells
    assert small == swept("width=20", layers=3).cells[0]
    assert "log10_gradient_ratio" not in large.statistics
    assert large.verdict


@pytest.mark.slow
def test_workers_have_room_beside_each_other(monkeypatch):
    monkeypatch.setattr(sweeping, "available_memory", lambda: 3 * sweeping.WORKER_BYTES)
    request = swept("gain=1,2,3,4", layers=2, width=4, workers=4)
    assert request.notes == ("only 2 of 4 workers, as more would not fit into memory",)
    monkeypatch.setattr(sweeping, "available_memory", lambda: 1000)
    with pytest.raises(ActprofError, match="the largest cell needs about"):
        swept("gain=1,2", layers=2, width=40)


def test_only_what_is_asked_for_is_computed_and_it_is_the_same():
    full, lean = (swept("gain=1,2", layers=3, everything=everything) for everything in (True, False))
    for whole, part in zip(full.cells, lean.cells, strict=True):
        assert part.verdict == ""
        assert "log10_gradient_ratio" not in part.statistics
        assert part.statistics == {name: whole.statistics[name] for name in part.statistics}
    [cell] = sweep(SweepSpec(grid(["gain=1"], ["he"], ["relu"], {}), run_of(), (VERDICT,))).cells
    assert cell.verdict


def test_a_layer_that_overflows_has_no_figures_and_is_counted():
    result = swept("gain=1,1e6", layers=12)
    assert math.isfinite(result.cells[0].statistics["std"])
    assert all(math.isnan(value) for name, value in result.cells[1].statistics.items() if not BY_NAME[name].back)
    assert result.cells[1].verdict == "non_finite"
    assert result.notes == ("1 of 2 cells end in values that are not finite",)


@pytest.mark.slow
def test_no_size_is_too_large_for_float64():
    cells = swept("gain=10,1e6", acts=("linear",), layers=400, width=8, run=run_of(dtype="float64")).cells
    assert [cell.verdict for cell in cells] == ["non_finite"] * 2
    assert all(math.isfinite(value) for cell in cells for triple in cell.predicted.values() for value in triple[:1])


@pytest.mark.slow
def test_a_relu_networks_border_between_vanishing_and_exploding_is_at_root_two():
    """ln of the root mean square of L layers is L ln(g/√2) and what chance adds, of mean -5L/4n and variance 5L/4n
    (Hanin & Nica 2018): so is where each network's crosses that of its inputs."""
    layers, width, repeats = 20, 100, 24
    result = swept("gain=1.2:1.6:3", layers=layers, width=width, everything=False,
                   run=run_of(repeats=repeats, batch_size=16))
    logs = np.log(np.array([cell.networks["second_moment"] for cell in result.cells])) / 2
    gains = np.log(result.axes[0].numbers)
    assert (np.diff(logs, axis=0) > 0).all()
    borders = np.array([np.interp(0.0, logs[:, network], gains) for network in range(repeats)])
    promised, spread = math.log(math.sqrt(2)) + 5 / (4 * width), math.sqrt(5 / (4 * layers * width))
    assert abs(borders.mean() - promised) < 4 * spread / math.sqrt(repeats)
    assert borders.std() == pytest.approx(spread, rel=0.5)
    [line] = [line for line in result.lines if line.name == "critical"]
    assert line.points[0][0] == pytest.approx(math.sqrt(2), abs=1e-8)
    assert abs(math.log(line.points[0][0]) - borders.mean()) < 4 * spread


@pytest.mark.slow
@for_each("sigma_b", [0.0, 0.3])
def test_tanh_turns_from_order_to_chaos_where_theory_says(sigma_b):
    """Below the edge all inputs end alike and gradients vanish; above it inputs differ and gradients explode, each by
    as much as theory says."""
    edge = critical(ACTIVATIONS.parse("tanh"), sigma_b).sigma_w
    result = swept(f"gain={0.75 * edge},{1.6 * edge}", inits=("lecun",), acts=("tanh",), layers=40, width=300,
                   bias=str(sigma_b), run=run_of(batch_size=16))
    for cell, sign in zip(result.cells, (-1, 1), strict=True):
        value, low, high = cell.predicted["log10_gradient_ratio"]
        assert sign * cell.statistics["log10_gradient_ratio"] > 1
        assert abs(cell.statistics["log10_gradient_ratio"] - value) < 2 * (high - low) / 1.96
        assert cell.statistics["correlation"] == pytest.approx(cell.predicted["correlation"][0], abs=0.1)
    [line] = [line for line in result.lines if line.name == "critical"]
    assert line.points[0][0] == pytest.approx(edge, rel=1e-6)


def test_theory_stands_beside_the_cells_of_one_axis():
    result = swept("gain=0.8:2:4", acts=("tanh",), run=run_of(repeats=4), layers=4, width=400)
    for cell in result.cells:
        value, low, high = cell.predicted["std"]
        assert low < value < high
        inside = [low <= each <= high for each in cell.networks["std"]]
        assert sum(inside) >= 2
        assert cell.predicted["correlation"][0] == pytest.approx(cell.statistics["correlation"], abs=0.1)
