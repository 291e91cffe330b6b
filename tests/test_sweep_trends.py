"""Whether a statistic is flat in the width."""

import math

import numpy as np
import pytest

from actprof.sweep.result import BY_NAME, Axis, Cell
from actprof.sweep.trends import tail, trends
from tests.cases import for_each

STD, CORRELATION, RATIO = BY_NAME["std"], BY_NAME["correlation"], BY_NAME["log10_gradient_ratio"]
WIDTHS = (64, 128, 256, 512, 1024, 2048, 4096)


def axis(widths=WIDTHS, name="width"):
    return Axis(name, name, tuple(map(str, widths)), tuple(map(float, widths)), logarithmic=True, whole=True)


def trend(draw, quantity=STD, widths=WIDTHS):
    """The trend of networks whose values are draw(width)."""
    cells = [Cell("", {}, networks={quantity.name: tuple(map(float, draw(width)))}) for width in widths]
    return trends((axis(widths),), cells, (quantity,))[0]


def sizes(rng, layers, networks):
    """Sizes of deep relu stacks, without a trend: std of their logarithms √(5L/n)/2 (Hanin & Nica 2018)."""
    return lambda width: np.exp(rng.normal(0, math.sqrt(5 * layers / width) / 2, networks))


def share_of(answer, draw, quantity, widths, times=400):
    """Of many draws, those of which `flat` is `answer`."""
    return sum(trend(draw, quantity, widths).flat is answer for _ in range(times)) / times


@pytest.mark.slow
@for_each("networks", [2, 3, 10])
@for_each("widths", [(64, 256, 1024), WIDTHS])
def test_what_is_flat_is_seldom_called_otherwise(widths, networks):
    rng = np.random.default_rng(networks)
    assert share_of(False, sizes(rng, 10, networks), STD, widths) <= 0.04


@pytest.mark.slow
@for_each("networks", [2, 3, 10])
@for_each("factor", [2.0, 0.3])
def test_what_changes_is_seldom_called_flat_however_few_networks_there_are(networks, factor):
    rng = np.random.default_rng(networks)
    draw, power = sizes(rng, 10, networks), math.log(factor) / math.log(WIDTHS[-1] / WIDTHS[0])
    assert share_of(True, lambda width: draw(width) * (width / WIDTHS[0]) ** power, STD, WIDTHS) <= 0.04


def test_networks_that_are_too_few_to_tell_say_so_and_more_of_them_do_tell():
    rng = np.random.default_rng(0)
    found = trend(sizes(rng, 100, 2), STD, (20, 60, 200))
    assert found.flat is None
    assert found.text.endswith("; more --repeats would tell")
    assert "may or may not depend on the width" in found.text
    assert share_of(True, sizes(rng, 10, 100), STD, WIDTHS, 50) >= 0.9


@pytest.mark.slow
@for_each("draw", [
    lambda rng, width: rng.normal(0.3, 0.05, 3),
    lambda rng, width: rng.normal(0.3, 5 / width, 3),
    lambda rng, width: 0.3 + rng.standard_t(4, 3) / math.sqrt(width),
])
def test_so_it_is_whatever_the_scatter_does_with_the_width(draw):
    rng = np.random.default_rng(0)
    assert share_of(False, lambda width: draw(rng, width), CORRELATION, WIDTHS) <= 0.04


@for_each(("layers", "networks", "widths"), [(1, 3, (64, 256, 1024)), (5, 3, WIDTHS), (20, 2, WIDTHS)])
def test_a_fixed_std_lets_sizes_grow_with_the_root_of_the_width_in_every_layer(layers, networks, widths):
    rng = np.random.default_rng(layers)
    draw = sizes(rng, layers, networks)
    found = [trend(lambda width: draw(width) * width ** (layers / 2), widths=widths) for _ in range(100)]
    assert sum(each.flat for each in found) <= 1
    assert sum(abs(each.power - layers / 2) <= 3 * each.error for each in found) >= 90
    assert np.median([each.power for each in found]) == pytest.approx(layers / 2, rel=0.05)


def test_the_error_is_that_of_the_slope_of_many_repetitions():
    rng = np.random.default_rng(3)
    found = [trend(sizes(rng, 5, 5)) for _ in range(400)]
    assert np.std([each.power for each in found]) == pytest.approx(np.mean([each.error for each in found]), rel=0.15)


def test_without_scatter_a_power_law_is_read_off_exactly():
    found = trend(lambda width: [3 * width**1.5] * 2)
    assert (found.power, found.error) == (pytest.approx(1.5), 0.0)
    assert found.change == pytest.approx(64**1.5)
    assert not found.flat


def test_a_difference_is_by_decade_and_a_change_over_all_widths():
    found = trend(lambda width: [0.1 * math.log10(width)] * 3, CORRELATION, (10, 100, 1000))
    assert (found.power, found.change) == (pytest.approx(0.1), pytest.approx(0.2))
    assert found.text == "correlation grows with the width: +0.200 from 10 to 1000"


def test_a_factor_and_its_power_stand_in_the_text():
    found = trend(lambda width: width**0.5 * np.array([0.99, 1.0, 1.01]), widths=(16, 64, 256))
    assert found.text.startswith("std grows with the width: ×4.00 from 16 to 256, as width^0.5")


def test_decades_are_named():
    assert " decades from 64 to 4096" in trend(lambda width: [-width / 1e3, -width / 1e3 + 0.1], RATIO).text


def test_what_never_changes_is_flat_without_an_error():
    found = trend(lambda width: [0.0, 0.0], STD)
    assert (found.power, found.error, found.change, found.flat) == (0.0, 0.0, 1.0, True)
    assert found.text == "std is the same at every width: 0"


def test_a_course_that_bends_is_not_flat_though_its_slope_is_0():
    rng = np.random.default_rng(0)
    found = trend(lambda width: (math.log2(width) - 9) ** 2 + rng.normal(0, 0.1, 5), CORRELATION)
    assert not found.flat
    assert "not evenly" in found.text


@for_each("widths", [(1, 2, 4), WIDTHS])
def test_the_unit_of_the_width_does_not_matter(widths):
    draws = {width: np.exp(np.random.default_rng(width).normal(0, 1 / math.sqrt(width), 4)) for width in widths}
    one = trend(lambda width: draws[width], widths=widths)
    other = trend(lambda width: draws[width // 10], widths=[10 * width for width in widths])
    assert (one.power, one.error, one.flat) == (pytest.approx(other.power), pytest.approx(other.error), other.flat)


def test_the_unit_of_a_size_does_not_matter():
    draws = {width: np.exp(np.random.default_rng(width).normal(0, 1 / math.sqrt(width), 4)) for width in WIDTHS}
    one, other = trend(lambda width: draws[width]), trend(lambda width: 1e-30 * draws[width])
    assert one.text == other.text


def test_networks_that_are_no_number_or_no_size_are_left_out_and_counted():
    values = {width: [1.0, 1.1, 0.9] for width in WIDTHS}
    known = trend(lambda width: values[width])
    found = trend(lambda width: [*values[width], {64: 0.0, 128: math.nan, 256: math.inf}.get(width, 1.0)])
    assert found.text.endswith("; 3 networks without a positive value left out")
    assert found.flat is not False
    assert known.flat is not False


def test_with_too_few_widths_left_there_is_no_answer_and_the_text_says_so():
    found = trend(lambda width: [0.0, 1.0, 2.0 if width > 2000 else 0.0])
    assert math.isnan(found.power)
    assert not found.flat
    assert found.text == "std: too few widths with two positive values to say how it follows them"
    assert "two finite values" in trend(lambda width: [math.nan, 1.0], CORRELATION).text


def test_a_second_axis_has_a_trend_at_each_of_its_places():
    acts = Axis("act", "activation", ("relu", "tanh"))
    for axes, order in (((axis((1, 2, 4)), acts), lambda grid: grid), ((acts, axis((1, 2, 4))), lambda grid: grid.T)):
        grid = np.array([[Cell("", {}, networks={"std": (1.0, 1.0)}), Cell("", {}, networks={"std": (width,) * 2})]
                         for width in (1.0, 2.0, 4.0)])
        found = trends(axes, list(order(grid).ravel()), (STD,))
        assert [(each.at, each.power) for each in found] == [("act relu", 0.0), ("act tanh", pytest.approx(1.0))]
        assert [each.text.partition(": ")[0] for each in found] == ["act relu", "act tanh"]


def test_there_are_no_trends_but_along_the_width():
    cells = [Cell("", {}, networks={"std": (1.0, 2.0)})] * 3
    few = [Cell("", {}, networks={"std": (1.0,)})] * 3
    widths = axis((1, 2, 3))
    assert len(trends((widths,), cells, (STD, CORRELATION))) == 1
    assert trends((widths,), few, (STD,)) == ()
    assert trends((axis((1, 2, 3), "layers"),), cells, (STD,)) == ()
    assert trends((axis((1, 2)),), cells[:2], (STD,)) == ()


@for_each(("below", "t"), [(1, 63.657), (3, 5.8409), (10, 3.1693), (30, 2.7500)])
def test_the_tail_agrees_with_tables_of_students_t(below, t):
    assert tail(t**2, 1, below) == pytest.approx(0.01, rel=1e-3)


@for_each(("above", "below", "ratio"), [(2, 10, 7.56), (5, 20, 4.10), (3, 4, 16.69)])
def test_the_tail_agrees_with_tables_of_fishers_f(above, below, ratio):
    assert tail(ratio, above, below) == pytest.approx(0.01, rel=5e-3)
