"""Learning-rate schedules give the rates that are printed where they come from."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actprof.train.optimizers import SCHEDULES, rates
from tests.cases import for_each

NAMES = [row.name for row in SCHEDULES]
WARM = {"warmup", "warmup_cosine"}
BY_EPOCH = {"constant", "time", "compound_time", "step", "exponential"}

each_name = for_each("name", NAMES)


def rates_of(text, lr=0.1, updates=500, per_epoch=20):
    return rates(SCHEDULES.parse(text), lr, updates, per_epoch)


def by_epoch(text, lr, epochs):
    """The rates of the epochs, each of one update."""
    return rates_of(text, lr, epochs, 1)


@for_each(("text", "printed"), [
    ("time:decay=0.001", ["0.1000000000", "0.0999000999", "0.0998003992", "0.0997008973", "0.0996015936"]),
    ("compound_time:decay=0.001", ["0.1000000000", "0.0999000999", "0.0997006985", "0.0994024910", "0.0990064652"]),
    ("exponential:decay=0.1", ["0.1000000000", "0.0904837418", "0.0818730753", "0.0740818221", "0.0670320046"]),
    ("constant", ["0.1000000000"] * 5),
])
def test_the_first_epochs_are_as_printed_to_the_last_digit(text, printed):
    assert [f"{value:.10f}" for value in by_epoch(text, 0.1, 5)] == printed
    assert [f"{value:.10f}" for value in rates_of(text, 0.1, 15, 3)[::3]] == printed


def test_kerass_decay_counts_updates_not_epochs():
    assert rates_of("keras_time:0.002", 0.1, 450, 9) == pytest.approx([0.1 / (1 + 0.002 * t) for t in range(450)],
                                                                      rel=1e-15)
    assert np.array_equal(rates_of("keras_time:0.002", 0.1, 450, 9), by_epoch("time:0.002", 0.1, 450))


def test_the_compound_schedule_is_the_table_that_the_article_prints():
    printed = [f"{value:.11f}" for value in by_epoch("compound_time:decay=0.001", 0.1, 5)]
    assert printed == ["0.10000000000", "0.09990009990", "0.09970069850", "0.09940249103", "0.09900646517"]


def test_the_compound_schedule_is_the_loop_over_the_epochs():
    lr, looped = 0.1, []
    for epoch in range(300):
        lr *= 1 / (1 + 0.001 * epoch)
        looped.append(lr)
    assert by_epoch("compound_time", 0.1, 300) == pytest.approx(looped, rel=1e-12)


def test_the_step_schedule_halves_every_ten_epochs():
    assert by_epoch("step", 0.1, 35).tolist() == [0.1] * 10 + [0.05] * 10 + [0.025] * 10 + [0.0125] * 5
    assert rates_of("step:drop=0.1,every=2", 1.0, 12, 3) == pytest.approx([1.0] * 6 + [0.1] * 6, rel=1e-15)
    assert by_epoch("step:drop=0,every=2", 0.1, 5).tolist() == [0.1, 0.1, 0, 0, 0]


def test_the_cosine_goes_from_the_rate_to_the_final_share_of_it_at_the_last_update():
    values = rates_of("cosine:final=0.1", 0.5, 101)
    assert values[[0, 25, 50, 75, 100]] == pytest.approx(
        [0.5, 0.5 * (0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2), 0.275, 0.5 * (0.1 + 0.9 * (1 - math.sqrt(0.5)) / 2), 0.05])
    assert rates_of("cosine", 0.5, 101)[-1] == 0


def test_a_warm_up_is_a_straight_line_to_the_rate_which_then_stays():
    assert rates_of("warmup:updates=4", 0.1, 6) == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1], rel=1e-15)
    assert rates_of("warmup:updates=1", 0.1, 3).tolist() == [0.1, 0.1, 0.1]


def test_a_warm_up_before_a_cosine_is_followed_by_the_whole_of_it():
    values = rates_of("warmup_cosine:updates=10,final=0.2", 0.1, 110)
    assert np.array_equal(values[:10], rates_of("warmup:updates=10", 0.1, 10))
    assert values[9:] == pytest.approx(rates_of("cosine:final=0.2", 0.1, 101), rel=1e-14)


@each_name
def test_there_is_one_rate_for_every_update_and_it_is_positive_until_the_last(name):
    values = rates_of(name)
    assert values.shape == (500,)
    assert values.dtype == np.float64
    assert (values[:-1] > 0).all()
    assert rates_of(name, updates=0).shape == (0,)


@each_name
def test_the_first_rate_is_the_one_asked_for_unless_it_is_warmed_up_to(name):
    assert rates_of(name, 0.3)[0] == pytest.approx(0.3 / (100 if name in WARM else 1), rel=1e-15)
    assert rates_of(name, 0.3).max() == 0.3


@each_name
def test_rates_fall_after_the_warm_up_and_only_some_stay_as_they_are(name):
    values = rates_of(name)[100 if name in WARM else 0:]
    assert (np.diff(values) <= 0).all()
    assert (values[-1] < values[0]) == (name not in ("constant", "warmup"))


@each_name
def test_a_schedule_changes_within_an_epoch_only_if_it_counts_updates(name):
    epochs = rates_of(name).reshape(-1, 20)
    assert bool((epochs == epochs[:, :1]).all()) == (name in BY_EPOCH)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(NAMES), st.floats(1e-6, 10), st.integers(1, 300), st.integers(1, 50))
def test_every_rate_is_proportional_to_the_first_one(name, lr, updates, per_epoch):
    choice = SCHEDULES.parse(name)
    every = rates(choice, lr, updates, per_epoch)
    assert every == pytest.approx(lr * rates(choice, 1.0, updates, per_epoch), rel=1e-14)


@for_each("text", ["time", "keras_time", "compound_time", "exponential"])
@for_each("decay", ["0", "1e308"])
def test_a_decay_of_nothing_is_no_schedule_and_one_beyond_measure_stops_all(text, decay):
    values = by_epoch(f"{text}:decay={decay}", 0.1, 20)
    assert values[0] == 0.1
    assert values[1:] == pytest.approx([0.1 if decay == "0" else 0.0] * 19, abs=1e-300)


@for_each("text", ["cosine", "warmup_cosine", "warmup"])
@for_each("updates", [1, 2, 50])
def test_a_training_shorter_than_its_schedule_has_finite_rates(text, updates):
    values = rates_of(text, 0.1, updates)
    assert np.isfinite(values).all()
    assert values[0] == pytest.approx(0.1 if text == "cosine" else 0.001, rel=1e-15)
