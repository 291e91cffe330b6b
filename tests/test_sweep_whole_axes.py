"""Theory's lines where nothing is continuous: over depths, widths and names."""

import math

import numpy as np
import pytest

from actprof.engine.stacks import stack_specs
from actprof.sweep.lines import GRADIENT, lines
from actprof.sweep.result import Axis
from actprof.theory.predictions import TRAINABLE_SCALES
from tests.cases import for_each

LN_4 = math.log(4)


def whole(name, values):
    return Axis(name, name, tuple(map(str, values)), tuple(map(float, values)), whole=True)


def named(name, labels):
    return Axis(name, name, tuple(labels))


def drawn_on(*axes, **settings):
    """(lines, note) on a grid; its stacks are built at places of its axes alone."""
    def stack_at(places):
        asked = {"init": "lecun", "act": "tanh", **settings}
        for axis, place in zip(axes, places, strict=True):
            label = axis.labels[axis.places.index(place)] if axis.whole or not axis.numbers else repr(place)
            asked[axis.name] = int(label) if axis.whole else label
        return stack_specs([asked.pop("init")], [asked.pop("act")], **asked)[0]

    drawn, note = lines(axes, stack_at, 1.0)
    return tuple(line for line in drawn if line.name != GRADIENT), note


def flipped(found):
    return [(line.name, line.title, [point[::-1] for point in line.points], line.rows) for line in found[0]]


def plain(found):
    return [(line.name, line.title, list(line.points), line.rows) for line in found[0]]


def test_over_depths_there_is_the_one_that_is_6_depth_scales():
    (line,), note = drawn_on(whole("layers", range(1, 61)), init="0.05")  # σ_w = 0.05 √100 = 1/2
    assert (line.name, line.title, line.rows, note) == ("trainable", "depth 6 ξ_c: inputs still told apart", False, "")
    assert line.points == ((pytest.approx(TRAINABLE_SCALES / LN_4), 0.0),)


@for_each("first", [1, 2])
def test_over_names_and_depths_it_is_a_place_in_each_row_that_is_not_critical(first):
    acts, depths = named("act", ("relu", "tanh", "gelu")), whole("layers", (first, 10, 20))
    one, other = drawn_on(acts, depths), drawn_on(depths, acts)
    (line,) = one[0]
    assert one[1] == ""
    assert line.rows
    assert line.points == ((0.0, pytest.approx(TRAINABLE_SCALES / math.log(2))),
                           (2.0, pytest.approx(TRAINABLE_SCALES / LN_4)))  # gelu's slope at q* = 0 is 1/2
    assert flipped(other) == plain(one)


def test_a_depth_that_is_not_on_the_axis_is_not_drawn():
    inits = named("init", ("he", "lecun", "0.05"))
    (line,), _ = drawn_on(inits, whole("layers", (6, 8, 10)), act="relu")
    assert line.points == ((1.0, pytest.approx(TRAINABLE_SCALES / math.log(2))),)
    assert drawn_on(whole("layers", (50, 60)), init="0.05") == (
        (), "theory draws no edge of chaos: depth 6 ξ is not reached where layers is from 50 to 60")


def test_over_depths_and_widths_both_lines_are_curves_between_the_widths_too():
    depths, widths = whole("layers", range(5, 101, 5)), whole("width", (10, 21, 45, 94, 200))
    one, other = drawn_on(depths, widths, init="0.1"), drawn_on(widths, depths, init="0.1")
    edge, ordered, chaotic = (np.array(line.points).T for line in one[0])
    assert edge[1] == pytest.approx(np.full(len(edge[1]), 100.0), rel=1e-7)  # σ_w² = 0.1² · width
    assert ordered[0] == pytest.approx(TRAINABLE_SCALES / np.log(100 / ordered[1]), rel=1e-6)
    assert chaotic[1].min() > 100
    assert min(len(ordered[0]), len(edge[0])) > 20
    assert flipped(other) == plain(one)


@for_each(("act", "std"), [("relu", 0.03), ("relu", 0.1), ("leaky_relu:0.5", 0.05)])
def test_over_widths_there_is_the_one_that_is_critical(act, std):
    slope = 0.5 if act.startswith("leaky") else 0.0
    found, note = drawn_on(whole("width", (64, 256, 1024, 4096)), act=act, init=str(std))
    assert [line.points for line in found if line.name == "critical"] == [
        ((pytest.approx(2 / (1 + slope**2) / std**2), 0.0),)]
    assert note == ""


def test_over_widths_and_names_each_row_has_its_own():
    acts = named("act", ("tanh", "relu", "gelu"))
    found, _ = drawn_on(whole("width", (10, 50, 400)), acts, init="0.1")
    assert [line.title for line in found] == ["edge of chaos: χ₁ = 1", "variance jumps, χ₁ skips 1",
                                              "depth 6 ξ_c: inputs still told apart"]
    assert all(line.rows for line in found)
    assert found[0].points == ((pytest.approx(100), 0.0), (pytest.approx(200), 1.0))


@for_each("other", [whole("width", (16, 64, 256)), whole("width", (32,)),
                    Axis("bias", "bias", ("0", "0.25", "0.5"), (0.0, 0.25, 0.5))])
def test_a_depth_that_does_not_depend_on_the_other_axis_is_drawn_across_all_of_it(other):
    depths = whole("layers", (2, 8, 32))
    (line,), note = drawn_on(other, depths, act="relu")
    places, depth = np.array(line.points).T
    assert depth == pytest.approx(np.full(len(depth), TRAINABLE_SCALES / math.log(2)))
    assert (places[0] <= other.numbers[0], places[-1] >= other.numbers[-1]) == (True, True)
    assert note == ""


@for_each(("axes", "settings", "note"), [
    ([whole("layers", (2, 10))], {"act": "relu", "init": "he"}, "theory draws no edge of chaos: χ₁ = 1 everywhere"),
    ([whole("layers", (2, 10)), whole("width", (20, 40))], {}, "theory draws no edge of chaos: χ₁ = 1 everywhere"),
    ([whole("layers", (2, 10))], {"act": "step"}, "theory draws no edge of chaos: step jumps, so χ₁ is infinite"),
    ([whole("width", (20, 40))], {"init": "he"},
     "theory draws no edge of chaos: χ₁ does not cross 1 where width is from 20 to 40"),
    ([whole("width", (20, 40)), whole("layers", (2, 5))], {"init": "he"},
     "theory draws no edge of chaos: χ₁ does not cross 1 where width is from 20 to 40 and depth 6 ξ is not reached "
     "where layers is from 2 to 5"),
    ([named("act", ("relu", "tanh")), named("init", ("he", "xavier"))], {},
     "theory draws no edge of chaos where only names vary"),
])
def test_where_nothing_can_be_drawn_it_is_said_why(axes, settings, note):
    assert drawn_on(*axes, **settings) == ((), note)
