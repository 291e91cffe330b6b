"""The figure of `actprof train --summary`: laws that hold for every network."""

import itertools
import json
from functools import partial

import pytest
from matplotlib.collections import LineCollection

from actprof.train.network_figure import (
    MAX_CIRCLES,
    MAX_NETWORKS,
    MAX_PLACES,
    draw_figure,
    networks,
    places_of,
)
from actprof.train.result import TrainedArm
from tests.figures import assert_fit_to_print, axes_named, drawn_by, each_once, provenance, texts
from tests.trained import arm, training

pytestmark = pytest.mark.slow


drawn = partial(drawn_by, draw_figure)


def described(*networks, **config):
    return training(*(arm(widths, f"arm {number}", (), **config) for number, widths in enumerate(networks)))


WIDTHS = {
    "1-2-1": (1, 2, 1), "34-34-1": (34, 34, 1), "classic": (784, *[100] * 4, 10), "12 layers": (784, *[100] * 11, 10),
    "13 layers": (784, *[100] * 12, 10), "20 layers": (784, *[100] * 19, 10), "wide": (784, 5000, 5000, 10),
    "1 layer": (784, 10), "all circles": (12, 11, 10), "one more": (13, 13, 13), "1000 layers": (2, *[3] * 999, 2),
    "widest": (10**7, *[10**7] * 11, 10**7), "narrowest": (1, 1)}


network = each_once({name: lambda widths=widths: described(widths) for name, widths in WIDTHS.items()}, drawn)


@pytest.mark.parametrize("name", WIDTHS)
def test_no_text_is_cut_or_touches_another(name):
    assert_fit_to_print(network(name)[1])


ODD = {
    "several networks": lambda: described((34, 34, 1), (784, 5000, 10), (5, 4, 3, 2, 1), (2, 2)),
    "too many networks": lambda: described(*((2, units, 1) for units in range(1, 12))),
    "a long activation": lambda: described((784, *[100] * 11, 10), act="a_very_long_activation_name_indeed"),
    "long labels": lambda: training(arm((2, 3, 1), "a long name / " * 40, ()), arm((2, 3, 1), "b" * 400, ())),
    "an odd label": lambda: training(arm((2, 3, 1), "$x^2$ \x1b[31m\n\udcff 漢字 & <b>", ())),
    "many arms": lambda: training(*(arm((2, 3, 1), f"arm {number}", ()) for number in range(40))),
    "normalised": lambda: described((784, 100, 100, 10), norm="batch"),
}


case = each_once(ODD, drawn)


@pytest.mark.parametrize("name", ODD)
def test_strange_networks_are_drawn_without_overlap(name):
    assert_fit_to_print(case(name)[1])


@pytest.mark.parametrize("name", ["1-2-1", "34-34-1", "classic", "12 layers", "wide", "1 layer"])
def test_every_width_and_every_number_of_parameters_is_written(name):
    widths = WIDTHS[name]
    shown = texts(network(name)[1])
    total = sum((fan_in + 1) * units for fan_in, units in itertools.pairwise(widths))
    assert any(text.endswith(f"{total:,} parameters") for text in shown)
    for units in set(widths):
        assert shown.count(f"{units:,}") == widths.count(units)
    for fan_in, units in itertools.pairwise(widths):
        assert f"{fan_in:,} × {units:,}" in shown
        assert f"= {(fan_in + 1) * units:,}" in shown


def test_the_sum_of_the_classic_network_stands_below_it():
    shown = texts(network("classic")[1])
    assert "78,500 + 10,100 + 10,100 + 10,100 + 1,010 = 109,810 parameters" in shown
    assert [shown.count(name) for name in ("input", "dense 1", "dense 4", "output", "relu", "softmax")] == [
        1, 1, 1, 1, 4, 1]


def test_layers_that_are_left_out_are_counted_with_their_parameters():
    [found] = networks(described(WIDTHS["20 layers"]))
    assert len(found.terms) == 20
    [left_out] = [column for column in found.columns if not column.units]
    shown = [int(column.arithmetic[2][2:].replace(",", "")) for column in found.columns if column.arithmetic]
    assert left_out.names[0] == f"{20 - len(shown)} more"
    assert left_out.names[2] == f"{sum(found.terms) - sum(shown):,}"
    assert set(left_out.names) <= set(texts(network("20 layers")[1]))


@pytest.mark.parametrize("units", [1, 2, MAX_CIRCLES, MAX_CIRCLES + 1, 100, 784, 5000, 10**7])
def test_circles_are_all_units_or_both_ends_of_a_taller_column(units):
    places, heights, gap = places_of(units)
    assert len(heights) == (units if units <= MAX_CIRCLES else places - 2)
    assert places <= min(MAX_PLACES, places_of(units + 1)[0])
    assert heights[0] == -heights[-1] == (places - 1) / 2
    assert units <= MAX_CIRCLES or min(abs(gap - height) for height in heights) == 1.5


def test_every_circle_is_joined_with_every_circle_of_the_next_layer():
    figure = drawn(described((3, 4, 2)))
    [lines] = figure.findobj(LineCollection)
    assert len(lines.get_segments()) == 3 * 4 + 4 * 2
    assert "network 1" in axes_named(figure)


def test_arms_with_the_same_network_share_its_picture():
    same = [arm((2, 3, 1), label, ()) for label in ("0.01", "xavier", "he")]
    other = arm((2, 3, 1), "tanh", (), act="tanh")
    assert [each.labels for each in networks(training(*same, other))] == [("0.01", "xavier", "he"), ("tanh",)]
    assert "0.01 · xavier · he" in texts(drawn(training(*same)))


def test_networks_that_are_not_drawn_are_named():
    shown = " ".join(texts(drawn(described(*((2, units, 1) for units in range(1, MAX_NETWORKS + 3))))))
    assert "not drawn: 2 more" in shown
    assert f"arm {MAX_NETWORKS}: 21 parameters" in shown


def test_what_is_not_weight_or_bias_stands_as_a_term_of_its_own():
    plain = arm((784, 100, 10), runs=(), norm="batch")
    layers = (("dense 1 (relu)", "(batch, 100)", 78_700), plain.layers[1])
    normed = TrainedArm("he", plain.config, layers, plain.chance_loss, ())
    shown = texts(drawn(training(normed)))
    assert {"784 × 100", "+ 100 + 200", "= 78,700", "+ 10"} <= set(shown)


def test_a_unit_of_several_sums_shows_its_whole_weight_matrix():
    plain = arm((784, 100, 10), runs=(), act="maxout")
    layers = (("dense 1 (maxout)", "(batch, 100)", 785 * 200), plain.layers[1])
    shown = texts(drawn(training(TrainedArm("he", plain.config, layers, plain.chance_loss, ()))))
    assert {"784 × 200", "+ 200", "= 157,000"} <= set(shown)
    layers = (("dense 1 (maxout)", "(batch, 100)", 785 * 200 + 400), plain.layers[1])
    normed = arm((784, 100, 10), runs=(), act="maxout", norm="batch")
    shown = texts(drawn(training(TrainedArm("he", normed.config, layers, plain.chance_loss, ()))))
    assert {"784 × 200", "+ 200 + 400", "= 157,400"} <= set(shown)


def test_the_same_picture_is_the_same_bytes_with_the_seed_inside():
    said = provenance(described((34, 34, 1)).image)
    assert said["Seed"] == "7"
    assert json.loads(said["Configuration"])[0]["config"]["widths"] == [34, 34, 1]
