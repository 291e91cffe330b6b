"""`actprof train`: what a network learns, what is noted on the way, and what is said of it."""

import contextlib
import io
import itertools
import json
import math
import re
import statistics
import threading
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actprof.catalogue.initializers import INITIALIZERS
from actprof.data import labelled, sources
from actprof.data.request import DataSpec
from actprof.engine.network import Network
from actprof.errors import SpecError
from actprof.report.records import to_json
from actprof.train import learners, session
from actprof.train.observer import BINS, Histograms
from actprof.train.outcome import Evidence, judged, outdone
from actprof.train.request import Varied, train_specs
from actprof.train.result import TrainedArm
from actprof.train.session import summarised, train
from actprof.train.table import print_result
from actprof.train.trainer import Batches, Trainer, checkpoints_of, smoothed, updates_per_epoch
from tests.cases import for_each

BLOBS = DataSpec(sources.parse("blobs:train=240,test=90"))
DATA = labelled.load(BLOBS, 0)
GLYPHS = DataSpec(sources.parse("glyphs:train=600,test=100"))
SMALL = {"layers": 2, "width": 12, "iterations": 60, "batch_size": 30}


def specs(*inits, data=DATA, **settings):
    varied = {each.name: settings.pop(each.name) for each in fields(Varied) if each.name in settings}
    return train_specs(Varied(inits, **varied), data.features, len(data.classes), **(SMALL | settings))


def learned(*inits, data=DATA, report=lambda done, loss: True, **settings):
    """The trainer, and its run."""
    [spec] = specs(*(inits or ("he",)), data=data, **settings)
    trainer = Trainer(spec, data, 0)
    return trainer, trainer.run(report)


def run(*inits, **settings):
    return learned(*inits, **settings)[1]


# Batches

@for_each(("rows", "size", "batches"), [
    (129, 128, [129]), (257, 128, [128, 129]), (130, 128, [128, 2]), (3, 1, [1, 1, 1]), (1, 5, [1]), (5, 9, [5])])
def test_a_lone_row_at_the_end_of_an_epoch_joins_the_batch_before(rows, size, batches):
    drawn = Batches(rows, size, 0, 0, by_epochs=True)
    assert [len(drawn.take(update)) for update in range(len(batches))] == batches
    assert drawn.per_epoch == len(batches)
    assert max(batches) <= drawn.largest


def test_an_epoch_shows_every_row_once_in_an_order_of_its_own():
    batches = Batches(25, 10, 3, 0, by_epochs=True)
    epochs = [np.concatenate([batches.take(3 * epoch + place) for place in range(3)]) for epoch in range(2)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(25))
    assert list(epochs[0]) != list(epochs[1])
    assert updates_per_epoch(25, 10) == 3
    assert [len(batches.take(update)) for update in range(4)] == [10, 10, 5, 10]


def test_batches_with_replacement_are_uniform_and_go_on_for_ever():
    batches = Batches(20, 50, 3, 0, by_epochs=False)
    seen = np.bincount(np.concatenate([batches.take(update) for update in range(400)]), minlength=20)
    # Of 20,000 draws each row gets 1000, with a standard deviation of 31.
    assert np.abs(seen - 1000).max() < 5 * math.sqrt(20_000 * 0.05 * 0.95)


@for_each("by_epochs", [True, False])
def test_the_same_seed_and_repeat_give_the_same_batches_in_any_order(by_epochs):
    first, second = (Batches(70, 16, 3, 1, by_epochs) for _ in range(2))
    forwards = [list(first.take(update)) for update in range(700)]
    assert forwards[::-1] == [list(second.take(update)) for update in reversed(range(700))]
    other = Batches(70, 16, 3, 2, by_epochs)
    assert forwards[0] != list(other.take(0))


# Curves

def test_smoothing_is_the_windows_moving_mean_over_the_curve_mirrored_at_its_end():
    values = np.random.default_rng(0).random(40)
    mirrored = np.concatenate([values, values[-2:-7:-1]])
    for place, found in enumerate(smoothed(values)):
        half = min(place, 5)
        window = np.kaiser(2 * half + 1, 2)
        assert found == pytest.approx(window @ mirrored[place - half:place + half + 1] / window.sum(), rel=1e-12)


@given(st.integers(2, 40), st.floats(-1e3, 1e3))
def test_smoothing_starts_at_the_first_batch_and_keeps_a_slope_but_at_the_end(length, slope):
    values = 7 + slope * np.arange(length)
    flat = max(length - min(11, length) // 2, 1)
    np.testing.assert_allclose(smoothed(values)[:flat], values[:flat], rtol=1e-9, atol=1e-9)


@given(st.integers(0, 40), st.floats(-1e6, 1e6))
def test_smoothing_keeps_a_level_and_the_length(length, level):
    np.testing.assert_allclose(smoothed(np.full(length, level)), np.full(length, level), rtol=1e-9, atol=1e-9)


@given(st.integers(1, 10**6))
def test_checkpoints_are_the_start_the_end_and_evenly_between(updates):
    places = checkpoints_of(updates)
    assert (places[0], places[-1]) == (0, updates)
    steps = np.diff(places)
    assert len(places) == min(updates, 50) + 1
    assert steps.max() - steps.min() <= 1


values = st.lists(st.floats(-1e6, 1e6).filter(lambda value: value != 0), max_size=30)


@given(st.lists(values, min_size=1, max_size=6))
def test_histograms_of_different_reach_count_as_ones_that_knew_their_common_range(sets):
    histograms = Histograms()
    for each in sets:
        histograms.add(np.array(each, np.float64))
    edges, counts, below, above = histograms.joined()
    for row, each in enumerate(sets):
        # np.histogram finds bins by division: next to an edge it may round, powers of two do not.
        places = np.searchsorted(edges, each, side="right") - 1
        inside = (places >= 0) & (places < len(edges) - 1)
        if not below[row] + above[row]:
            assert counts[row].tolist() == np.bincount(places[inside], minlength=len(edges) - 1).tolist()
        assert counts[row].sum() + below[row] + above[row] == len(each)


def test_a_signal_that_grows_step_by_step_stays_in_sight():
    histograms = Histograms()
    for power in range(-8, 9):
        histograms.add(np.linspace(0, 1.99 * 2.0**power, 100)[1:])
    edges, counts, _, above = histograms.joined()
    assert above.sum() == 0
    assert (counts.sum(axis=1) == 99).all()
    assert edges[-1] == pytest.approx(2**9, rel=0.02)


def test_a_lost_network_does_not_hide_what_there_was_before():
    histograms = Histograms()
    for value in (1.0, 3.0, 2.0, -1e9, 1e30, math.inf, math.nan):
        histograms.add(np.array([value]))
    edges, counts, below, above = histograms.joined()
    assert counts.sum(axis=1).tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert above.tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert below.tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert np.diff(edges) == pytest.approx(4 / BINS)


# Learning

def test_a_run_notes_as_much_of_everything_as_it_should():
    result = run("he")
    assert (len(result.loss), len(result.smoothed), len(result.learning_rate)) == (60, 60, 60)
    checkpoints = len(result.checkpoints)
    assert result.checkpoints.tolist() == checkpoints_of(60)
    assert result.test_loss.shape == result.test_accuracy.shape == (checkpoints,)
    assert result.update_ratio.shape == (checkpoints, 3)
    assert np.isfinite(result.update_ratio).all()
    for layer in result.layers:
        assert layer.counts.shape == (checkpoints, len(layer.edges) - 1)
        seen = layer.counts.sum(axis=1) + layer.below + layer.above + layer.zeros
        assert seen.tolist() == [240 * 12] * checkpoints


def test_the_same_spec_learns_the_same_and_another_seed_something_else():
    first, second = run("he"), run("he")
    np.testing.assert_array_equal(first.loss, second.loss)
    assert not np.array_equal(first.loss, run("he", seed=1).loss)


def test_the_first_loss_is_that_of_the_network_as_it_was_drawn():
    [spec] = specs("he")
    trainer = Trainer(spec, DATA, 0)
    weights = [layer.weights.astype(np.float64) for layer in trainer.parameters.layers]
    rows = Batches(240, 30, 0, 0, False).take(0)
    a = DATA.x_train[rows].astype(np.float64)
    for layer in weights[:-1]:
        a = np.maximum(a @ layer, 0)
    z = a @ weights[-1]
    right = z[np.arange(30), DATA.y_train[rows]]
    expected = np.mean(np.log(np.exp(z).sum(axis=1)) - right)
    assert trainer.run(lambda done, loss: True).loss[0] == pytest.approx(expected, rel=1e-5)


def test_test_figures_and_dead_units_are_those_of_the_network_at_the_end():
    trainer, result = learned("he", rates=[0.5])
    alive = []
    a, train = DATA.x_test.astype(np.float64), DATA.x_train.astype(np.float64)
    *hidden, last = trainer.parameters.layers
    for layer in hidden:
        a = np.maximum(a @ layer.weights + layer.bias, 0)
        train = np.maximum(train @ layer.weights + layer.bias, 0)
        alive.append((train > 0).any(axis=0).mean())
    z = a @ last.weights + last.bias
    assert result.test_accuracy[-1] == (z.argmax(axis=1) == DATA.y_test).mean()
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), DATA.y_test])
    assert result.test_loss[-1] == pytest.approx(loss, rel=1e-5)
    scores = train @ last.weights + last.bias
    loss = np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(scores)), DATA.y_train])
    assert result.train_loss == pytest.approx(loss, rel=1e-5)
    assert result.dead_fraction == pytest.approx([1 - share for share in alive])


def test_a_first_update_of_twice_the_rate_is_twice_as_large():
    once, twice = run("he", rates=[0.01]), run("he", rates=[0.02])
    np.testing.assert_allclose(twice.update_ratio[0], 2 * once.update_ratio[0], rtol=1e-3)


def test_the_ratio_of_a_checkpoint_is_that_of_the_update_before_it():
    [spec] = specs("he", iterations=3, rates=[0.1])
    trainer, weights = Trainer(spec, DATA, 0), []
    for update in range(3):
        weights.append([layer.weights.copy() for layer in trainer.parameters.layers])
        trainer.update(update)
    weights.append([layer.weights.copy() for layer in trainer.parameters.layers])
    moved = [[np.linalg.norm(new - old) / np.linalg.norm(old) for old, new in zip(*pair, strict=True)]
             for pair in itertools.pairwise(weights)]
    np.testing.assert_allclose(run("he", iterations=3, rates=[0.1]).update_ratio, [moved[0], *moved], rtol=1e-4)


def test_weight_decay_alone_shrinks_the_weights_by_its_rate():
    # Where no unit is alive there is no gradient but the decay's: W loses lr·λ of itself in every update.
    result = run("he", weight_decay=0.5, rates=[0.1], bias="constant:-100", iterations=10)
    np.testing.assert_allclose(result.update_ratio[:, 0], 0.05, rtol=1e-5)


def test_the_learning_rate_follows_its_schedule():
    result = run("he", rates=[0.1], schedules=["keras_time:decay=0.01"])
    np.testing.assert_allclose(result.learning_rate, 0.1 / (1 + 0.01 * np.arange(60)), rtol=1e-12)
    result = run("he", rates=[0.1], schedules=["step:drop=0.5,every=2"], epochs=6, batch_size=100)
    np.testing.assert_allclose(result.learning_rate, np.repeat([0.1, 0.05, 0.025], 6), rtol=1e-12)


def test_zero_weights_with_relu_let_nothing_learn_but_the_output_bias():
    trainer, result = learned("zeros")
    *hidden, last = trainer.parameters.layers
    assert all(not layer.weights.any() and not layer.bias.any() for layer in hidden)
    assert not last.weights.any()
    assert last.bias.any()
    assert result.status == "not_learning"
    assert result.dead_fraction == (1.0, 1.0)
    assert result.reason.startswith("all weights of layers 1, 2 are 0 and no gradient reaches them: only the output "
                                    "bias learns")


@for_each("batch_size", [1, 4, 16])
def test_no_luck_of_the_last_batches_passes_for_learning(batch_size):
    rng = np.random.default_rng(0)
    data = replace(DATA, y_train=(rng.random(240) < 0.2).astype(np.int64))
    for seed in range(5):
        assert run("zeros", data=data, batch_size=batch_size, seed=seed).status == "not_learning"


def test_rows_of_one_class_leave_nothing_to_learn():
    data = replace(DATA, y_train=np.zeros(240, np.int64))
    result = run("he", data=data)
    assert (result.status, result.reason) == (
        "ok", "all training rows are of one class, so there is nothing to learn from the inputs")


def test_a_network_that_computes_no_numbers_is_right_nowhere():
    result = run("1e30")
    assert result.status == "diverged"
    assert result.test_accuracy[-1] == 0
    assert np.isnan(result.dead_fraction[-1])


def test_where_no_gradient_passes_that_is_the_reason():
    result = run("he", acts=["step"], rates=[1e-6])
    assert result.remedy == "try --act relu --init he"
    assert result.reason.startswith("vanishing from layer 2: no gradient comes back, the slope of step is 0 "
                                    "throughout layer 2")


def test_zero_weights_with_sigmoid_move_from_the_second_update_on_and_stay_alike():
    settings = {"acts": ["sigmoid"], "layers": 1, "rates": [0.5]}
    assert not learned("zeros", **settings, iterations=1)[0].parameters.layers[0].weights.any()
    trainer, _ = learned("zeros", **settings, iterations=2)
    first = trainer.parameters.layers[0].weights
    assert first.any()
    np.testing.assert_array_equal(first, first[:, :1] * np.ones(12, np.float32))


def test_without_a_hidden_layer_zero_weights_are_fine():
    assert run("zeros", layers=0, width=None, rates=[0.5]).status == "ok"


def test_constant_weights_never_break_the_symmetry():
    trainer, result = learned("constant:0.01", acts=["sigmoid"], data=labelled.load(GLYPHS, 0))
    for layer in trainer.parameters.layers[:-1]:
        assert np.ptp(layer.weights, axis=1).max() == 0
    assert trainer.parameters.layers[0].weights.std() > 0
    assert result.reason.startswith("all units of layers 1, 2 have the same weights")


def test_a_rate_far_too_large_diverges_early_and_says_so():
    result = run("he", rates=[1e5])
    assert result.status == "diverged"
    assert result.iterations < 60
    assert result.checkpoints[-1] < 60
    assert "try a --lr below 100000" in result.remedy
    decayed = run("he", weight_decay=1e5)
    assert decayed.status == "diverged"
    assert decayed.remedy == "try a --weight-decay below 200"


def test_the_reason_is_what_a_histogram_of_the_same_network_says():
    result = run("0.01", layers=6, width=30, iterations=30)
    assert result.status == "not_learning"
    assert result.reason.startswith("vanishing from layer 1: activations shrink")
    assert result.remedy == "try --init he"
    assert run("10", layers=6, width=30, iterations=30).reason.startswith("exploding from layer 2: activations grow")


JUDGED = {  # accuracy, training loss beside the best constant's, loss after three quarters beside the last → status
    (0.99, 0.05, 1.0): "ok",
    (0.80, 0.50, 1.0): "ok",
    (0.80, 0.50, 1.1): "slow",
    (0.82, 3.00, 1.0): "badly_scaled",
    (0.82, 3.00, 1.1): "slow",
    (0.36, 0.95, 1.0): "slow",
    (0.50, 0.80, 1.1): "slow",
    (0.35, 1.00, 1.0): "not_learning",
    (0.35, 0.01, 1.0): "ok",
    (0.35, 99.0, 1.0): "diverged",
}


@for_each(("accuracy", "share", "fall"), JUDGED)
def test_a_status_looks_at_the_accuracy_beside_the_baseline_as_well_as_at_the_loss(accuracy, share, fall):
    [spec] = specs("he")
    loss = math.log(3)
    smoothed = np.repeat([loss, fall * share * loss, share * loss], [45, 10, 5])
    made = replace(run("he", iterations=2), status="ok", smoothed=smoothed, test_accuracy=np.array([accuracy]),
                   train_loss=share * loss)
    status, why = judged(Evidence(made, loss, loss, (), spec, DATA))
    assert status == JUDGED[accuracy, share, fall]
    assert bool(why.reason) == (status != "ok")


@for_each(("share", "fall", "status"), [(0.95, 1.1, "slow"), (0.6, 1.1, "slow"), (0.05, 1.0, "ok"),
                                        (1.0, 1.0, "not_learning")])
def test_test_rows_of_one_class_show_nothing_so_that_the_loss_decides(share, fall, status):
    [spec], loss = specs("he"), math.log(3)
    frequent = np.bincount(DATA.y_train).argmax()
    alike = replace(DATA, y_test=np.full_like(DATA.y_test, frequent))
    smoothed = np.repeat([loss, fall * share * loss, share * loss], [45, 10, 5])
    made = replace(run("he", iterations=2), status="ok", smoothed=smoothed, test_accuracy=np.array([1.0]),
                   train_loss=share * loss)
    assert judged(Evidence(made, loss, loss, (), spec, alike))[0] == status


@pytest.mark.parametrize(("learned", "most", "status"), [(0.6, 0.62, "ok"), (0.6, 0.7, "slow"), (0.92, 1.0, "ok")])
def test_a_loss_at_rest_is_slow_where_another_arm_comes_further(learned, most, status):
    assert outdone(replace(run("he"), status="ok", learned=learned), most).status == status


def test_an_arm_that_diverges_outdoes_none(monkeypatch):
    at_rest = run("he", iterations=1)
    runs = [replace(at_rest, status="diverged", learned=math.nan), replace(at_rest, status="ok", learned=0.6)]
    monkeypatch.setattr(session, "learners",
                        lambda *given: contextlib.nullcontext(lambda task, report: runs[task[0]]))
    assert [arm.median_run.status for arm in train(specs("1e9", "he"), DATA, BLOBS).arms] == ["diverged", "ok"]


def test_a_network_that_starts_badly_scaled_is_called_that_where_it_is_weak():
    [spec] = specs("10")
    made = replace(run("he"), status="ok", train_loss=0.9 * math.log(3), test_accuracy=np.array([0.5]))
    status, why = judged(Evidence(made, math.log(3), math.log(3), (), spec, DATA))
    assert (status, why.cause[:9]) == ("badly_scaled", "exploding")


def test_normalised_layers_of_large_weights_are_told_that_their_steps_are_small():
    [spec] = specs("he", norms=["batch"])
    made = run("he")
    made = replace(made, status="ok", train_loss=0.9 * math.log(3), test_accuracy=np.array([0.36]),
                   update_ratio=np.full_like(made.update_ratio, 1e-6))
    status, why = judged(Evidence(made, math.log(3), math.log(3), (), spec, DATA))
    assert status == "slow"
    assert "it is worth lr/‖W‖², 1.0e-6 of the size of the weights of layers 1, 2" in why.reason


def test_a_run_that_is_stopped_keeps_what_it_learned():
    whole, part = run("he"), run("he", report=lambda done, loss: done < 17)
    assert (part.status, part.iterations) == ("interrupted", 17)
    np.testing.assert_array_equal(part.loss, whole.loss[:17])
    assert part.checkpoints[-1] == 17
    assert len(part.test_loss) == len(part.checkpoints) == len(part.layers[0].dead)


@for_each(("loss", "optimizer"), [
    ("cross_entropy", "sgd"), ("binary_cross_entropy", "momentum"), ("mse", "nesterov"),
    ("mse:output=linear", "adam:beta1=0.8"), ("cross_entropy", "rmsprop"), ("binary_cross_entropy", "adagrad")])
def test_every_loss_comes_down_with_every_optimizer(loss, optimizer):
    rate = 0.3 if optimizer == "sgd" else 0.03
    result = run("he", losses=[loss], optimizers=[optimizer], rates=[rate], iterations=200)
    assert result.smoothed[-1] < 0.7 * result.smoothed[0]
    assert result.test_accuracy[-1] > DATA.baseline + 0.3


@for_each("settings", [{"norms": ["batch"]}, {"norms": ["layer"], "norm_position": "after"},
                       {"norms": ["rms"]}, {"dropout": 0.3}, {"acts": ["maxout"]}, {"acts": ["rrelu"]},
                       {"residuals": ["plain"]}, {"residuals": ["rezero"]}])
def test_networks_of_every_kind_learn_the_blobs(settings):
    result = run("he", rates=[0.1], iterations=200, **settings)
    assert result.test_accuracy[-1] > 0.8
    assert result.status == "ok"


def test_from_a_saturated_start_the_quadratic_loss_is_slow_and_cross_entropy_is_not():
    # One neuron that starts at z = 5 or beyond for every row, right for one class only (Nielsen, ch. 3).
    data = labelled.load(DataSpec(sources.parse("blobs:classes=2,spread=0.1,train=200,test=100")), 0)
    settings = {"data": data, "layers": 0, "width": None, "bias": "constant:5", "rates": [0.1], "iterations": 30}
    quadratic, entropy = (run("zeros", losses=[loss], **settings) for loss in ("mse", "binary_cross_entropy"))
    fallen = [1 - each.smoothed[-1] / each.smoothed[0] for each in (quadratic, entropy)]
    assert fallen[0] < 0.1
    assert fallen[1] > 0.5


def test_two_classes_are_told_apart_by_one_output():
    data = labelled.load(DataSpec(sources.parse("circles:train=300,test=100")), 0)
    trainer, result = learned("he", data=data, optimizers=["adam"], rates=[0.02], iterations=200)
    assert trainer.parameters.layers[-1].fans.fan_out == 1
    assert result.test_accuracy[-1] > 0.9


def test_a_deep_linear_network_is_one_linear_map():
    trainer, learned_run = learned("lecun", acts=["linear"], layers=3)
    product, shift = np.eye(2), np.zeros(2)
    for layer in trainer.parameters.layers:
        product, shift = product @ layer.weights, shift @ layer.weights + layer.bias
    boundary = learned_run.boundary
    across, up = np.linspace(*boundary.x, 200), np.linspace(*boundary.y, 200)
    points = np.stack(np.meshgrid(across, up), axis=-1)
    alike = (points @ product + shift).argmax(axis=-1) == boundary.classes
    assert alike.mean() > 0.999  # float32 may round next to a boundary


@pytest.mark.slow
def test_the_classic_shows_what_the_textbook_says():
    data = labelled.load(GLYPHS, 0)
    small, xavier, he = (run(init, data=data, layers=4, width=100, iterations=400, batch_size=32)
                         for init in ("0.01", "xavier", "he"))
    assert np.abs(small.smoothed - math.log(10)).max() < 0.01
    assert small.status == "not_learning"
    assert he.reached(1.0) < 400
    assert he.smoothed[-1] < xavier.smoothed[-1] < math.log(10)


# Sessions

LINE = np.linspace(-1, 1, 200)


def of_numbers(folder, x, y, **options):
    np.savez(folder / "x.npz", x=x, y=y)
    return labelled.load(DataSpec(sources.parse(str(folder / "x.npz")), shuffle=True, **options), 0)


def test_a_line_is_learned_and_what_is_predicted_is_that_line(tmp_path):
    data = of_numbers(tmp_path, LINE, 0.7 * LINE - 0.2)
    result = run(data=data, layers=0, width=None, iterations=400, rates=(0.1,))
    np.testing.assert_allclose(result.fit.y, 0.7 * result.fit.x - 0.2, atol=1e-3)
    assert (result.status, result.boundary, result.train_loss < 1e-6) == ("ok", None, True)
    assert np.isnan(result.test_accuracy).all()
    made = train(specs("he", data=data), data, DataSpec())
    assert made.data.score(result)[-1] == pytest.approx(
        1 - result.test_loss[-1] / (np.mean((data.y_test - data.y_train.mean())**2) / 2))
    assert made.arms[0].chance_loss == pytest.approx(np.mean(data.y_train**2) / 2)


def test_numbers_as_large_as_they_come_are_named_as_the_reason_and_can_be_scaled(tmp_path):
    result = run(data=of_numbers(tmp_path, LINE, 1e8 * LINE**4), optimizers=("adam",))
    assert (result.status, result.iterations) == ("not_learning", 60)
    assert result.reason.startswith("the rms of the numbers to predict is 33,")
    assert run(data=of_numbers(tmp_path, LINE, 1e8 * LINE**4, scale="standard"), iterations=300,
               optimizers=("adam",)).train_loss < 0.1


def test_inputs_far_from_1_are_the_first_reason_of_an_arm_that_does_not_learn(tmp_path):
    data = of_numbers(tmp_path, 200 * np.abs(np.random.default_rng(0).normal(size=(200, 9))), np.arange(200) % 2)
    result = run(data=data, iterations=2)
    assert result.status == "not_learning"
    assert result.reason.startswith("the inputs' rms is 198, not about 1")
    assert f"the loss starts at {result.loss[0]:.4g} where 0.6931 is undecided" in result.reason
    assert result.remedy == "try --scale standard"


def trained(*inits, repeats=1, stop=None, **settings):
    return train(specs(*inits, **settings), DATA, BLOBS, repeats, stop=stop)


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_workers(monkeypatch):
    every = []
    for workers, worth in (1, 0), (2, 0), (5, math.inf):
        monkeypatch.setattr(learners, "cores", lambda workers=workers: workers)
        monkeypatch.setattr(learners, "WORTH_PROCESSES", worth)
        every.append(to_json(trained("he", "xavier", repeats=2, dropout=0.1).record()))
    assert every[1:] == every[:1] * 2


@pytest.mark.slow
def test_processes_tell_how_far_they_are_and_keep_what_they_learned_when_stopped(monkeypatch):
    monkeypatch.setattr(learners, "cores", lambda: 2)
    monkeypatch.setattr(learners, "WORTH_PROCESSES", 0)
    stop, shares = threading.Event(), {}

    def progress(share, arm, loss):
        shares[arm] = share
        if all(shares.get(name) for name in ("he", "xavier")):
            stop.set()

    result = train(specs("he", "xavier", iterations=10**6), DATA, BLOBS, 1, progress, stop)
    for arm in result.arms:
        assert arm.runs[0].status == "interrupted"
        assert len(arm.runs[0].loss) == round(shares[arm.label] * 10**6)


def test_fewer_networks_than_two_for_each_core_learn_together(monkeypatch):
    monkeypatch.setattr(learners, "cores", lambda: 2)
    assert [learners.at_once(networks) for networks in (1, 2, 3, 4, 5)] == [1, 2, 3, 2, 2]
    monkeypatch.setattr(learners, "cores", lambda: 1)
    assert learners.at_once(3) == 1


def test_all_arms_see_the_same_batches():
    first, second = trained("he", "he:gain=1.41421356").arms
    np.testing.assert_allclose(first.runs[0].loss, second.runs[0].loss, rtol=1e-3)
    assert len({run.loss[0] for run in trained("he", repeats=3).arms[0].runs}) == 3


def test_what_was_not_begun_when_it_was_stopped_is_left_out(monkeypatch):
    monkeypatch.setattr(learners, "cores", lambda: 1)
    stop = threading.Event()

    def progress(share, arm, loss):
        if arm == "he" and share > 0.02:
            stop.set()

    result = train(specs("he", "xavier"), DATA, BLOBS, 1, progress, stop)
    assert [arm.label for arm in result.arms] == ["he"]
    assert result.arms[0].runs[0].status == "interrupted"
    assert result.notes[-1] == "not trained (interrupted first): xavier"


@for_each(("widths", "parameters", "data"), [
    ("2", 7, "1-2-1"), ("34", 1225, "34-34-1"), ("100,100,100,100", 109_810, "784-100×4-10")])
def test_a_summary_counts_the_parameters(widths, parameters, data):
    features, classes = {"1-2-1": (1, 2), "34-34-1": (34, 2), "784-100×4-10": (784, 10)}[data]
    rows = np.zeros((classes, features), np.float32)
    numbers = np.arange(classes)
    made = labelled.Labelled(data, rows, numbers, rows, numbers, tuple(map(str, numbers)))
    described = summarised(train_specs(Varied(("he",)), features, classes, widths=widths), made, BLOBS)
    assert described.arms[0].parameters == parameters
    assert Trainer(train_specs(Varied(("he",)), features, classes, widths=widths)[0], made,
                   0).parameters.values.size == parameters


@for_each("act", ["relu", "maxout:3"])
@for_each("position", ["before", "after"])
@for_each("norm", ["none", "batch", "rms"])
def test_a_summary_counts_what_is_trained_and_so_does_a_histogram(act, norm, position):
    settings = {"acts": [act], "norms": [norm], "norm_position": position}
    [spec] = specs("he", **settings)
    trainer = Trainer(spec, DATA, 0)
    assert summarised([spec], DATA, BLOBS).arms[0].parameters == trainer.parameters.values.size
    drawn = Network(replace(spec.stack, bias=INITIALIZERS.parse("normal")), 0, 0, np.dtype(np.float32))
    hidden = [drawn.layer(number).parameters for number in (1, 2)]
    assert hidden == [count for _, _, count in summarised([spec], DATA, BLOBS).arms[0].layers[:2]]


def test_a_summary_counts_the_alphas_and_names_the_blocks_between_the_first_layer_and_the_outputs():
    [spec] = specs("he", residuals=["rezero:matrices=2"], layers=5)
    layers = summarised([spec], DATA, BLOBS).arms[0].layers
    assert sum(count for _, _, count in layers) == Trainer(spec, DATA, 0).parameters.values.size
    assert [name[-8:-1] for name, _, _ in layers if "block" in name] == ["block 1"] * 2 + ["block 2"] * 2
    assert "block" not in layers[0][0] + layers[-1][0]


def test_the_typical_run_is_the_median_one_and_the_band_its_quartiles():
    arm = trained("he", repeats=5).arms[0]
    finals = sorted(each.smoothed[-1] for each in arm.runs)
    assert arm.median_run.smoothed[-1] == finals[2]
    low, middle, high = arm.band("smoothed")
    assert middle[-1] == finals[2]
    assert (low[-1], high[-1]) == (finals[1], finals[3])


def test_a_record_of_several_runs_has_the_medians_that_the_table_shows():
    record = json.loads(to_json(trained("he", repeats=4).record()))["arms"][0]
    runs, medians = record["runs"], record["medians"]
    assert len(runs) == 4
    for name in ("initial_loss", "test_accuracy"):
        assert medians[name] == pytest.approx(statistics.median(run[name] for run in runs), rel=1e-12)
    assert medians["final_smoothed_loss"] == pytest.approx(statistics.median(run["smoothed"][-1] for run in runs))


@for_each(("repeats", "numbers"), [(1, True), (2, False), (3, False)])
def test_a_sentence_of_several_runs_has_no_numbers_of_one_beside_the_tables_medians(repeats, numbers):
    text = io.StringIO()
    print_result(trained("he", repeats=repeats, iterations=24), text)
    said, = re.findall("^he: slow: the loss is still falling(.*)$", text.getvalue(), re.MULTILINE)
    assert bool(re.search(r"\d", said)) is numbers


def test_a_band_leaves_out_what_a_run_did_not_reach():
    one = run("he")
    short = replace(one, smoothed=one.smoothed[:10], status="diverged")
    arm = TrainedArm("he", {}, (), 1.0, (one, short))
    _, middle, _ = arm.band("smoothed")
    np.testing.assert_array_equal(middle[10:], one.smoothed[10:])
    assert len(middle) == 60


def test_more_updates_than_can_be_are_refused():
    with pytest.raises(SpecError) as error:
        trained("he", iterations=2000, epochs=10**7, batch_size=1)
    assert str(error.value) == ("--epochs makes 2,400,000,000 updates; 10,000,000 are the limit. "
                                "Lower --epochs or raise --batch-size.")


# Requests

def test_arms_are_the_cross_product_and_are_labelled_by_what_differs():
    labels = [spec.label for spec in specs("he", "0.01", rates=[0.1, 1.0], norms=["none", "batch"])]
    assert labels == [f"{init} / {norm} / lr {rate}" for init, norm, rate in
                      itertools.product(("he", "0.01"), ("none", "batch"), ("0.1", "1"))]
    assert [spec.label for spec in specs("he", acts=["tanh"])] == ["he"]


def test_the_last_layer_is_linear_and_as_wide_as_the_loss_wants():
    [spec] = specs("he", widths="5,7", layers=None, width=None, acts=["relu/tanh"])
    assert spec.stack.widths == (2, 5, 7, 3)
    assert [choice.name for choice in spec.stack.activations] == ["relu", "tanh", "linear"]
    [spec] = train_specs(Varied(("he",)), 4, 2)
    assert (spec.stack.widths[-1], spec.loss.name) == (1, "binary_cross_entropy")


REFUSED = {
    "--act names 2 activations for 3 hidden layers. Name one, or one for each hidden layer.":
        {"acts": ["relu/tanh"], "layers": 3},
    "--widths cannot be combined with --layers. It names the units of every hidden layer itself.":
        {"widths": "5,5", "width": None},
    "--widths cannot be combined with --width. It names the units of every hidden layer itself.":
        {"widths": "5,5", "layers": None},
    "--widths needs whole numbers joined by commas, the units of each hidden layer, such as 100,50, not '5,x'.":
        {"widths": "5,x", "layers": None, "width": None},
    "the arm 'he / lr 0.1' is asked for twice. Name each setting once.": {"rates": [0.1, 0.1]},
    "--lr must be above 0 and at most 1,000,000, not 0.": {"rates": [0.0]},
    "--dropout must be from 0 to below 1, not 1.": {"dropout": 1.0},
    "--norm batch needs batches of two rows or more: a single one is its own mean. Raise --batch-size.":
        {"norms": ["batch"], "batch_size": 1},
    "--residual fixup needs 3 hidden layers or more, of one width: the first one is in no block. Take --layers 3.":
        {"residuals": ["fixup"]},
    "--residual pre_norm:norm=batch cannot be trained. Take norm=layer or norm=rms, or --residual plain --norm batch.":
        {"residuals": ["pre_norm:norm=batch"]},
    "unknown optimizer 'adan'. Did you mean 'adam'?": {"optimizers": ["adan"]},
    "unknown loss 'mes'. Did you mean 'mse'?": {"losses": ["mes"]},
    "unknown schedule 'cosin'. Did you mean 'cosine'?": {"schedules": ["cosin"]},
}


@for_each("message", REFUSED)
def test_a_request_that_cannot_be_is_refused_in_one_line(message):
    with pytest.raises(SpecError) as error:
        specs("he", **REFUSED[message])
    assert str(error.value) == message


def test_the_defaults_are_the_textbooks():
    spec = train_specs(Varied(), 784, 10)[0]
    assert spec.stack.widths == (784, 100, 100, 100, 100, 10)
    assert (spec.batch_size, spec.iterations, spec.rate, spec.optimizer.name) == (128, 2000, 0.01, "sgd")
    assert [each.label for each in train_specs(Varied(), 784, 10)] == ["0.01", "xavier", "he"]
    assert spec.loss.name == "cross_entropy"
