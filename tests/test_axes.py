"""Axes of figures: any range of numbers is drawn in its place, with labels that stand clear of each other."""

import math
import sys

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from actprof.report.axes import Box, FreeSpace, add_axes, colour_bar, hatch, write
from actprof.report.sheet import Sheet
from actprof.report.style import THEMES, matplotlib_set_up
from actprof.report.ticks import Fixed, Linear, Log
from tests.cases import for_each
from tests.figures import assert_texts_clear

TINY, HUGE, NEXT = 1e-310, sys.float_info.max, math.nextafter(1, 2)
RANGES = {
    "ordinary": (-1.0, 3.0), "subnormal": (TINY, 3 * TINY), "huge": (-HUGE, HUGE), "one step": (1.0, NEXT),
    "nothing": (7.0, 7.0), "zero": (0.0, 0.0), "far off": (1e15, 1e15 + 4),
    "tiny beside huge": (TINY, HUGE), "negative": (-5e-8, -4e-8),
}
BOX = Box(200, 100, 800, 600)


def sheet():
    figure = Figure(dpi=100)
    FigureCanvasAgg(figure)
    return Sheet(figure, THEMES["light"])


def drawn(x, y, points):
    """Axes over BOX with a line through the points, and the sheet."""
    with matplotlib_set_up(THEMES["light"]):
        page = sheet()
        axes = add_axes(page, "made", BOX, x, y, titles=("across", "upwards"))
        axes.plot(x.of(points), y.of(points), marker="o")
        page.figure.draw_without_rendering()
    return page, axes


@for_each("name", RANGES)
def test_the_ends_of_any_range_are_drawn_at_the_ends_of_the_axes(name):
    low, high = RANGES[name]
    page, axes = drawn(Linear(low, high, 1.0), Linear(low, high, 1.0), [low, high])
    assert_texts_clear(page.figure)
    places = page.pixels(axes, *axes.lines[0].get_data())
    ends = [(1 / 3, 1 / 3), (2 / 3, 2 / 3)] if low < high else [(0.5, 0.5)] * 2
    np.testing.assert_allclose((places - BOX[:2]) / BOX[2:], np.array(ends) * (1, -1) + (0, 1), atol=1e-6)


@for_each("low", [-480.0, -307.0, -3.0, 0.0])
@for_each("decades", [1.0, 3.0, 40.0, 900.0])
def test_logarithms_beyond_floats_are_drawn_too(low, decades):
    scale = Log(low - 0.1 * decades, low + 1.1 * decades, logs=True)
    page, axes = drawn(scale, scale, [low, low + decades / 4, low + decades])
    assert_texts_clear(page.figure)
    parts = (page.pixels(axes, *axes.lines[0].get_data())[:, 0] - BOX.left) / BOX.width
    np.testing.assert_allclose(parts, [1 / 12, 3.5 / 12, 11 / 12], atol=1e-6)
    assert (axes.get_xscale() == "log") == (max(abs(low), abs(low + 1.1 * decades)) < 290)


@for_each("scale", [Linear(-1, 1), Log(-3, 3), Log(-3, 3, logs=True), Log(-400, 0)])
def test_what_has_no_place_breaks_a_line_and_what_is_far_away_can_be_drawn(scale):
    values = scale.of([math.nan, -HUGE, HUGE, math.inf])
    assert math.isnan(values[0])
    assert not np.isinf(values).any()


def test_after_zooming_there_are_other_ticks():
    page, axes = drawn(Linear(0, 10), Log(-3, 3), [1, 2])
    with matplotlib_set_up(THEMES["light"]):
        axes.set(xlim=(0.5, 0.6), ylim=(1, 50))
        page.figure.draw_without_rendering()
        inside = [tick for tick in axes.get_xticks() if 0.5 <= tick <= 0.6]
    assert len(inside) > 2
    for tick in axes.yaxis.get_major_ticks():  # matplotlib 3.8 has some far beyond the view, and draws none of them
        tick.label1.set_visible(1 <= tick.get_loc() <= 50)
    assert_texts_clear(page.figure)


def test_names_are_left_out_where_there_is_no_room_for_all():
    scale = Fixed(0, 100, [(place + 0.5, f"name {place}") for place in range(100)])
    shown = scale.ticks(800, lambda label: 70.0)
    assert 5 <= len(shown) <= 10
    assert len(scale.ticks(80_000, lambda label: 70.0)) == 100


def test_a_text_finds_the_free_place_next_to_a_line():
    page, axes = drawn(Linear(0, 1), Linear(0, 1), [0, 1])
    line = page.pixels(axes, [0, 1], [0, 1])
    free = FreeSpace(BOX)
    free.take_line(line)
    left, top = free.nearest(100, 30, line)
    assert BOX.left <= left <= BOX.right - 100
    heights = BOX.bottom - (np.array([left, left + 100]) - BOX.left) * BOX.height / BOX.width  # of the line
    assert (heights > top + 30).all() or (heights < top).all()
    assert np.abs(heights - top - 15).min() < 60
    free.take(BOX)
    assert free.nearest(100, 30, line) is None
    assert free.middle(10, 10) is None


def test_maps_have_hatches_and_a_bar_with_open_ends():
    with matplotlib_set_up(THEMES["dark"]):
        page, scale = sheet(), Fixed(0, 3)
        axes = add_axes(page, "map", BOX, scale, scale, grid="")
        hatch(axes, range(4), range(4), np.eye(3, dtype=bool), "black")
        write(page, axes, 300, 300, "in it", 14, boxed=True)
        bar = colour_bar(page, "bar", Box(1020, 100, 24, 600), ScalarMappable(Normalize(0, 5)), Linear(0, 5, 0.0),
                         above=True)
        page.figure.draw_without_rendering()
    assert [patch.get_xy() for patch in axes.patches] == [(0, 0), (1, 1), (2, 2)]
    assert bar.get_label() == "bar"
    assert [label.get_text() for label in bar.get_yticklabels()] == ["0", "1", "2", "3", "4", "5"]
    assert_texts_clear(page.figure)
