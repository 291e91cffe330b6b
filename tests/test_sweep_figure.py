"""The figure of `actprof sweep`: laws that hold for every picture."""

import io
import itertools
import json
import math
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.image import BboxImage
from matplotlib.text import Text
from PIL import Image

from actprof.diagnosis.verdicts import CODES
from actprof.report.clipping import clipped, runs
from actprof.report.decades import DecadeAxis
from actprof.report.plane import Plane
from actprof.report.style import FORMATS, THEMES, Style
from actprof.sweep import theory_lines
from actprof.sweep.figure import draw_figure, render
from actprof.sweep.result import BY_NAME, QUANTITIES, VERDICT
from actprof.sweep.scales import NameSide, NumberSide, cells_at, side
from actprof.sweep.shades import ink, shades
from actprof.sweep.signs import hatching
from actprof.sweep.theory_lines import pieces
from actprof.sweep.values import Shown
from actprof.sweep.verdict_map import color
from tests.figures import assert_fit_to_print, assert_texts_clear, drawn_by, marks, texts
from tests.sweeps_made import (
    CRITICAL,
    LONG,
    TRAINABLE,
    along_gains,
    by_width,
    constant,
    depths,
    gain_by_name,
    gains,
    names,
    numbers,
    of_values,
    relu_map,
    swapped,
    widths,
)

NAN, INF = math.nan, math.inf
INITS = names("init", ("he", "xavier", "normal:std=0.01", "orthogonal:gain=1.4142135623730951"), "initial weights")
MANY = names("act", [f"activation_{number}:slope=0.{number}" for number in range(40)])
FOUR = ("std", "correlation", "log10_gradient_ratio", VERDICT)
ODD_STDS = [1e-300, 1e-200, 1e-3, 1.0, NAN, 0.0, 1e5, 1e30, INF, 2.0, 3.0, 0.1]
ODD_RATIOS = [-480.0, -300.0, -3.0, 1.0, NAN, -INF, 5.0, 30.0, INF, 2.0, 3.0, 0.1]


drawn = partial(drawn_by, draw_figure)


def mixed(count):
    return [CODES[number % len(CODES)] for number in range(count)]


def grid_of(axes, *quantities):
    """Any figures at all."""
    count = math.prod(map(len, axes))
    return of_values(axes, quantities[0], [math.sin(number) ** 2 for number in range(count)], mixed(count),
                     quantities=quantities)


ODD = {
    "numbers by numbers": lambda: relu_map(quantities=FOUR),
    "numbers by numbers, swapped": lambda: swapped(relu_map(quantities=FOUR)),
    "50 by 50": lambda: relu_map(gains(50), depths(50, 1), FOUR),
    "2 by 2": lambda: relu_map(gains(2), depths(2)),
    "1 by 1": lambda: relu_map(gains(1), depths(1), FOUR),
    "1 by 3": lambda: relu_map(gains(1), depths(3)),
    "1,000 by 2": lambda: relu_map(gains(1000), depths(2)),
    "deep": lambda: relu_map(gains(20), depths(20, 25), ("log10_gradient_ratio", "std", VERDICT)),
    "numbers by names": gain_by_name,
    "names by numbers": lambda: swapped(gain_by_name()),
    "names by names": lambda: grid_of((names("act", LONG), INITS), "std", "dead_fraction", VERDICT),
    "one name by one": lambda: grid_of((names("act", LONG[:1]), names("init", ["he"])), "std", VERDICT),
    "many names across": lambda: grid_of((MANY, gains(5)), "correlation", VERDICT),
    "many names upwards": lambda: grid_of((gains(5), MANY), "correlation", "std", VERDICT),
    "more names than there is room for": lambda: grid_of((names("act", map(str, range(150))), gains(2)), "std"),
    "an endless name": lambda: grid_of((names("act", ["x" * 200, "y"]), names("init", ["z" * 200, "w"])), "std"),
    "logarithmic widths": lambda: grid_of((widths(), depths(6, 1)), "std", "second_moment", VERDICT),
    "uneven": lambda: grid_of((numbers("gain", [0.1, 0.2, 1, 10]), numbers("layers", [1, 2, 50], whole=True)), "std"),
    "negative": lambda: grid_of((numbers("bias", [-1, -0.5, 0, 2]), numbers("a", [-1e-9, 0, 1e-9])), "correlation"),
    "close together": lambda: grid_of((numbers("gain", [1 + n * 1e-12 for n in range(5)]), gains(3)), "std"),
    "far apart": lambda: grid_of((numbers("gain", [1e-300, 1, 1e300], logarithmic=True), gains(3)), "std"),
    "neighbours": lambda: grid_of((numbers("width", [10**9, 10**9 + 1], whole=True), gains(3)), "std"),
    "a narrow logarithm": lambda: grid_of((numbers("width", range(100, 131), logarithmic=True, whole=True), gains(3)),
                                          "std"),
    "no number at all": lambda: constant(NAN),
    "all zeros": lambda: constant(0.0),
    "a constant": lambda: constant(0.83),
    "a constant share": lambda: constant(0.0, "dead_fraction"),
    "from 1e-300 to 1e30": lambda: of_values((gains(4), depths(3)), "std", ODD_STDS),
    "ratios to 10**-480": lambda: of_values((gains(4), depths(3)), "log10_gradient_ratio", ODD_RATIOS),
    "cosines of both signs": lambda: of_values((gains(4), depths(3)), "correlation",
                                               [-1, -0.5, 0, 1, NAN, 0.3, 1, 1.0000001, -0.2, 0, 0, 0]),
    "every verdict": lambda: of_values((gains(3), depths(3)), "std", [1.0] * 9, mixed(9), quantities=(VERDICT,)),
    "no verdict": lambda: of_values((gains(3), depths(3)), "std", [1.0] * 9, quantities=(VERDICT,)),
    "along widths": by_width,
    "along widths, many networks": lambda: by_width(networks=100, quantities=("std", "correlation", VERDICT)),
    "along names": lambda: by_width(names("act", LONG, "activation"), 9, ("std", "correlation", VERDICT), False),
    "along many names": lambda: by_width(MANY, 3, ("std", VERDICT), False),
    "a single name": lambda: by_width(names("act", ["relu"]), 3),
    "a single width": lambda: by_width(widths(6, 6)),
    "along gains": lambda: along_gains(quantities=FOUR),
    "along 500 gains": lambda: along_gains(200, FOUR, 500),
    "a single gain": lambda: along_gains(count=1),
    "curves with holes": lambda: of_values((gains(12),), "std", ODD_STDS),
    "ratios along an axis": lambda: of_values((gains(12),), "log10_gradient_ratio", ODD_RATIOS),
    "a curve of nothing": lambda: of_values((gains(5),), "std", [NAN] * 5),
    "a curve of zeros": lambda: of_values((gains(5),), "std", [0.0] * 5),
    "a constant curve": lambda: of_values((gains(5),), "std", [0.83] * 5),
    "a curve of shares": lambda: of_values((gains(5),), "dead_fraction", [0.0, 0.1, 0.5, 1.0, NAN]),
    "every quantity": lambda: relu_map(quantities=(*BY_NAME, VERDICT)),
    "every quantity along an axis": lambda: along_gains(quantities=(*BY_NAME, VERDICT)),
    "notes": lambda: replace(relu_map(), notes=("a note " * 80, "another")),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "theme"), list(zip(ODD, itertools.cycle(THEMES), strict=False)))
def test_strange_sweeps_are_drawn_without_a_warning_and_without_overlap(name, theme):
    assert_fit_to_print(drawn(ODD[name](), theme), name)


@pytest.mark.parametrize("name", ODD)
def test_numbers_have_different_ticks_within_the_axis_and_names_have_none(name):
    sweep = ODD[name]()
    for axis in sweep.axes:
        ticks = side(axis).ticks(600.0, lambda label: 12.0 * len(label))
        assert bool(ticks) == bool(axis.numbers)
        assert all(0 <= place <= 1 for place, _ in ticks)
        assert len({label for _, label in ticks}) == len(ticks)


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_every_quantity_can_be_shown_over_one_axis_and_over_two(quantity):
    for axes in ((gains(6),), (gains(3), depths(2))):
        values = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0] if quantity.logarithmic else [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        figure = drawn(of_values(axes, quantity.name, values))
        assert_texts_clear(figure)
        assert any(quantity.title.removeprefix("log₁₀ of ").startswith(text) for text in texts(figure) if len(text) > 9)


def pictures(figure):
    return [np.asarray(image.get_array()) for image in figure.findobj(BboxImage)]


def test_a_cell_has_its_colour_wherever_the_axes_put_it():
    sweep = relu_map(gains(7), depths(5), ("std",))
    picture = pictures(drawn(sweep))[0]
    shown = Shown.of(sweep, "std")
    colours = shades(shown.quantity, shown.values).paint(shown.values, THEMES["light"])
    for column, row in np.ndindex(7, 5):
        np.testing.assert_array_equal(picture[4 - row, column], colours[column, row])


def test_the_second_axis_goes_upwards():
    png = render(of_values((gains(2), depths(2)), "std", [1e-9, 1e9, 1e-9, 1e9]), Style(), "png")
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    upper, lower = pixels[350, 600], pixels[900, 600]
    assert upper[0] > upper[2]  # what explodes is orange
    assert lower[2] > lower[0]  # what vanishes is blue


def edges(axis):
    """Places of the edges as numbers of the axis, or of its logarithm."""
    cut, centres = side(axis).edges, np.asarray(axis.places)
    places = side(axis).place(centres)
    centres = np.log10(centres) if axis.logarithmic else centres
    return np.interp(cut, places, centres), centres


@pytest.mark.parametrize("axis", [gains(9), depths(4), widths(), numbers("gain", [0.1, 0.2, 1, 10]),
                                  numbers("gain", [0.01, 1, 3], logarithmic=True), names("act", LONG)],
                         ids=lambda axis: f"{axis.name} {len(axis)}")
def test_cells_end_halfway_between_neighbours(axis):
    cut, centres = edges(axis)
    np.testing.assert_allclose(cut[1:-1], (centres[1:] + centres[:-1]) / 2)
    found = side(axis)
    assert (found.edges[0], found.edges[-1]) == (0, 1)
    assert (np.diff(found.edges) > 0).all()
    places = found.place(axis.places)
    assert ((found.edges[:-1] < places) & (places < found.edges[1:])).all()
    pixels = cells_at(found.edges, 5000)
    np.testing.assert_array_equal(pixels[(places * 5000).astype(int)], np.arange(len(axis)))


@pytest.mark.parametrize("axis", [depths(50, 1), numbers("layers", [1, 2, 3], whole=True), depths(30, 33),
                                  numbers("width", [100, 1000], whole=True)],
                         ids=len)
def test_ticks_of_what_is_counted_are_whole(axis):
    for room in (200.0, 600.0, 1600.0):
        for _, label in NumberSide(axis).ticks(room, lambda text: 12.0 * len(text)):
            assert "." not in label


def test_names_are_all_there_and_in_their_order():
    for sweep in (gain_by_name(), swapped(gain_by_name())):
        figure = drawn(sweep)
        found = {text.get_text(): text.get_position() for text in figure.findobj(Text)}
        along = 1 if sweep.axes[0].name == "gain" else 0
        places = [next(at for text, at in found.items() if name.startswith(text) and len(text) > 3)[along]
                  for name in LONG]
        assert all((after < before) == (along == 1) for before, after in pairwise(places))


def test_neutral_is_one_and_equal_factors_up_and_down_are_equally_strong():
    scale = shades(BY_NAME["std"], np.array([-4.0, 0.0, 3.0]))
    assert (scale.low, scale.high) == (-4, 4)
    for theme in THEMES.values():
        low, middle, high = scale.paint(np.array([-4.0, 0.0, 4.0]), theme).astype(int)[:, :3]
        assert np.ptp(middle) < 20
        assert low[2] > low[0]
        assert high[0] > high[2]


def test_one_far_cell_does_not_take_the_colours_from_the_others():
    logs = np.append(np.linspace(-1, 1, 50), -400.0)
    scale = shades(BY_NAME["log10_gradient_ratio"], logs)
    assert scale.high <= 4
    assert scale.below
    assert not scale.above
    assert scale.ticks(400.0)[0][1].startswith("≤ 10⁻")


@pytest.mark.parametrize("reach", [0.01, 0.9, 1.0, 1.5, 3.3, 7.0, 11.9, 40.0, 480.0])
def test_the_scale_is_symmetrical_and_holds_all_or_says_that_it_does_not(reach):
    scale = shades(BY_NAME["std"], np.linspace(-reach, reach / 2, 40))
    assert scale.low == -scale.high <= -1
    assert scale.below == (reach > scale.high)
    assert scale.high <= 12
    places, labels = zip(*scale.ticks(400.0), strict=True)
    assert places[0] == 0
    assert places[-1] == 1
    assert dict(zip(places, labels, strict=True))[0.5] == "1"
    assert len(places) <= 9


def test_lightness_is_monotone_on_either_side_of_the_middle():
    scale = shades(BY_NAME["std"], np.array([-4.0, 4.0]))
    weights = np.array([0.2126, 0.7152, 0.0722])  # ITU-R BT.709
    for theme, sign in (("light", 1), ("dark", -1)):
        colours = scale.paint(np.linspace(-4, 4, 101), THEMES[theme])[:, :3] / 255
        change = sign * np.diff(colours**2.2 @ weights)
        assert (change[:50] > -1e-3).all()
        assert (change[50:] < 1e-3).all()


def test_the_scale_of_cosines_starts_at_0_unless_they_are_negative():
    correlation = BY_NAME["correlation"]
    assert (shades(correlation, np.array([0.1, 0.9])).low, shades(correlation, np.array([-0.01, 0.9])).low) == (0, 0)
    assert shades(correlation, np.array([-0.01, 0.9])).below
    assert shades(correlation, np.array([-0.5, 0.9])).low == -1


def test_ink_is_read_on_what_it_is_written_on():
    assert ink((255, 255, 255)) == ink((240, 228, 66)) == "#000000"
    assert ink((0, 0, 0)) == ink((8, 48, 107)) == "#ffffff"


def test_cells_without_a_number_are_counted_and_hatched_and_zeros_are_not():
    figure = drawn(of_values((gains(4), depths(3)), "std", ODD_STDS))
    shown = texts(figure)
    assert "no number (2)" in shown
    assert "exactly 0 (1)" in shown
    assert len(marks(figure, "no-number")) == 1
    assert marks(drawn(constant(0.5)), "no-number") == []
    assert not any("no number" in text or "exactly" in text for text in texts(drawn(constant(0.5))))


def test_hatching_covers_the_cells_and_nothing_else():
    across, upwards = NumberSide(numbers("gain", [0.1, 0.2, 1, 10])), NameSide(3)
    plane = Plane(100.0, 50.0, 640.0, 333.0, across, upwards)
    cells = np.zeros((4, 3), bool)
    cells[[2, 3, 3], [0, 0, 2]] = True
    met = np.zeros_like(cells)
    for start, stop in hatching(plane, across, upwards, cells):
        if stop[0] - start[0] > 2:  # pixels, of which the outermost may reach over an edge by a half
            for part in np.linspace(1, stop[0] - start[0] - 1, 9):
                column = np.searchsorted(across.edges, (start[0] + part - plane.left) / plane.width) - 1
                row = np.searchsorted(upwards.edges, (plane.bottom - start[1] + part) / plane.height) - 1
                met[column, row] = True
    np.testing.assert_array_equal(met, cells)


@pytest.mark.parametrize("sweep", [relu_map(), gain_by_name(), along_gains()], ids=["map", "rows", "curves"])
def test_lines_of_one_name_share_an_entry_and_stand_on_a_halo(sweep):
    figure = drawn(sweep)
    assert [texts(figure).count(title) for title in (CRITICAL, TRAINABLE)] == [1, 1]
    for name, dashed in (("critical", False), ("trainable", True)):
        lines = marks(figure, name)
        assert len(lines) % 2 == 0
        for halo, line in zip(lines[::2], lines[1::2], strict=True):
            np.testing.assert_array_equal(halo.get_xydata(), line.get_xydata())
            assert halo.get_linewidth() > line.get_linewidth()
            assert (halo.get_color(), line.get_color()) == (THEMES["light"].background, THEMES["light"].foreground)
            assert (line.get_linestyle() != "-") == dashed


def test_lines_in_the_legend_go_as_those_in_the_figure():
    for sweep, upright in ((relu_map(), False), (gain_by_name(), True), (swapped(gain_by_name()), False),
                           (along_gains(), True)):
        assert {entry.paint.upright for entry in theory_lines.entries(sweep, THEMES["dark"])} == {upright}


def plane_of(sweep):
    upwards = side(sweep.axes[1]) if len(sweep.axes) > 1 else NameSide(1)
    return Plane(0.0, 0.0, 100.0, 100.0, side(sweep.axes[0]), upwards)


@pytest.mark.parametrize("name", [name for name in ODD if ODD[name]().lines])
def test_lines_lie_within_the_plane(name):
    sweep = ODD[name]()
    for line in sweep.lines:
        for piece in pieces(plane_of(sweep), sweep, line):
            assert ((np.array(piece) >= 0) & (np.array(piece) <= 1)).all()


def test_the_critical_line_passes_where_theory_has_it():
    sweep = relu_map(gains(11, 0.5, 3.0))
    [piece] = pieces(plane_of(sweep), sweep, sweep.lines[0])
    reach = 2.5 + 0.25  # half a cell on either side
    np.testing.assert_allclose(np.array(piece)[:, 0], (math.sqrt(2) - 0.5 + 0.125) / reach)


def test_a_tick_of_a_row_stays_in_its_row():
    sweep = gain_by_name()
    for turned in (sweep, swapped(sweep)):
        along = 1 if turned is sweep else 0
        found = [np.array(piece)[:, along] for piece in pieces(plane_of(turned), turned, turned.lines[0])]
        for row, ends in enumerate(found):
            assert (np.floor(np.sort(ends) * len(LONG)) == row).all()


def test_a_curve_is_cut_at_the_edges_and_broken_where_it_is_no_number():
    [piece] = clipped([(-1.0, 0.5), (3.0, 0.5)])
    assert piece == [(0.0, 0.5), (1.0, 0.5)]
    [piece] = clipped([(0.5, -INF), (0.5, INF)])
    np.testing.assert_allclose(piece, [(0.5, 0.0), (0.5, 1.0)])
    [piece] = clipped([(0.1, 1.0), (0.9, 1.0 + 1e-12)])
    assert piece == [(0.1, 1.0), (0.9, 1.0)]
    assert clipped([(-1.0, 0.0), (-0.5, 1.0)]) == []
    first, second = clipped([(0.1, 0.1), (0.2, 0.2), (0.2, NAN), (0.3, 0.3), (0.4, 0.3)])
    assert (first, second) == ([(0.1, 0.1), (0.2, 0.2)], [(0.3, 0.3), (0.4, 0.3)])
    first, second = clipped([(0.0, 0.5), (0.3, 2.0), (0.6, 0.5)])
    np.testing.assert_allclose([*first, *second], [(0.0, 0.5), (0.1, 1.0), (0.5, 1.0), (0.6, 0.5)])


@pytest.mark.parametrize("seed", range(5))
def test_runs_are_all_true_with_nothing_true_beside_them(seed):
    flags = np.random.default_rng(seed).random(200) < 0.6
    found = np.zeros_like(flags)
    for first, last in runs(flags):
        assert flags[first:last].all()
        assert not flags[first - 1:first].any()
        assert not flags[last:last + 1].any()
        found[first:last] = True
    np.testing.assert_array_equal(found, flags)


def test_every_verdict_has_a_colour_of_its_own_and_is_counted():
    for theme in THEMES.values():
        assert len({color(code, theme) for code in (*CODES, "")}) == len(CODES) + 1
    shown = texts(drawn(of_values((gains(3), depths(3)), "std", [1.0] * 9, mixed(9), quantities=(VERDICT,))))
    assert [f"{code.replace('_', ' ')} ({2 if code == CODES[0] else 1})" in shown for code in CODES] == [True] * 8


def test_a_verdict_is_named_on_its_region():
    shown = texts(drawn(relu_map(gains(50), depths(50, 1), (VERDICT,))))
    assert {"vanishing", "exploding", "healthy"} <= set(shown)
    shown = texts(drawn(along_gains(quantities=(VERDICT,))))
    assert [shown.count(word) for word in ("vanishing", "exploding", "healthy")] == [1, 1, 1]


@pytest.mark.parametrize("sweep", [
    relu_map(gains(50), depths(50, 1), (VERDICT,)), relu_map(gains(6), depths(4), (VERDICT,)),
    of_values((gains(3), depths(3)), "std", [1.0] * 9, mixed(9), quantities=(VERDICT,)),
    along_gains(quantities=(VERDICT,))], ids=["50 by 50", "6 by 4", "every verdict", "along gains"])
def test_a_word_lies_wholly_on_cells_with_its_verdict(sweep):
    figure = drawn(sweep)
    [frame] = [image.get_window_extent() for image in figure.findobj(BboxImage)]
    across, upwards = (side(axis).edges for axis in sweep.axes) if len(sweep.axes) > 1 else (
        side(sweep.axes[0]).edges, np.array([0.0, 1.0]))
    words = [text for text in figure.findobj(Text) if text.get_bbox_patch()]
    assert words
    for word in words:
        box = word.get_window_extent(figure.canvas.get_renderer())
        for x, y in ((box.x0, box.y0), (box.x1, box.y0), (box.x0, box.y1), (box.x1, box.y1)):
            column = np.searchsorted(across, (x - frame.xmin) / frame.width) - 1
            row = np.searchsorted(upwards, (y - frame.ymin) / abs(frame.height)) - 1
            assert sweep.cells[column * (len(upwards) - 1) + row].verdict.replace("_", " ") == word.get_text()


def test_figures_are_written_on_few_cells_and_not_below_lines():
    assert "0.83" in texts(drawn(constant(0.83)))
    assert "0.83" not in texts(drawn(constant(0.83, "std", 40, 40)))
    lined = replace(constant(0.83), lines=relu_map().lines)
    assert "0.83" not in texts(drawn(lined))
    assert "10⁻⁴⁸⁰" in texts(drawn(of_values((gains(2), depths(1)), "log10_gradient_ratio", [-480.0, 0.0])))


def line_of(figure, name):
    [line] = marks(figure, name)
    return line.get_xydata()


def test_a_curve_over_decades_is_straight_where_the_logarithm_is():
    axis = depths(10)
    figure = drawn(of_values((axis,), "std", [10.0 ** -layers for layers in axis.numbers]))
    x, y = line_of(figure, "measured").T
    np.testing.assert_allclose(np.diff(y) / np.diff(x), (y[-1] - y[0]) / (x[-1] - x[0]))
    assert "10⁻¹⁰" in texts(figure)


def test_a_curve_within_a_decade_is_straight_where_the_values_are():
    axis = depths(10)
    x, y = line_of(drawn(of_values((axis,), "std", [0.5 + layers / 100 for layers in axis.numbers])), "measured").T
    np.testing.assert_allclose(np.diff(y) / np.diff(x), (y[-1] - y[0]) / (x[-1] - x[0]))


def test_what_hardly_changes_looks_flat():
    figure = drawn(of_values((widths(),), "std", [0.8 + 0.001 * (-1) ** number for number in range(7)]))
    assert np.ptp(line_of(figure, "measured")[:, 1]) < 0.01 * figure.get_figheight() * 100


def test_a_curve_is_broken_where_there_is_no_number():
    figure = drawn(of_values((gains(5),), "std", [1.0, 2.0, NAN, 3.0, 4.0]))
    assert [len(line.get_xydata()) for line in marks(figure, "measured")] == [2, 2]
    assert "no number (1)" in texts(figure)
    figure = drawn(of_values((gains(5),), "std", [1.0, 20.0, 0.0, 300.0, 4.0]))
    assert len(marks(figure, "zero")) == 1
    assert "exactly 0, below the axis (1)" in texts(figure)


def test_nothing_joins_names():
    figure = drawn(by_width(names("act", LONG), 9))
    assert marks(figure, "measured") == []
    for kind, count in (("cells", 2), ("networks", 2), ("quartiles", 2), ("predicted", 2 * len(LONG)),
                        ("predicted-band", 2 * len(LONG))):
        assert len(marks(figure, kind)) == count, kind
    [whiskers, _] = marks(figure, "quartiles")
    assert isinstance(whiskers, LineCollection)
    assert len(whiskers.get_segments()) == len(LONG)


def test_theory_is_dashed_within_its_band():
    figure = drawn(by_width(quantities=("std",)))
    [line], [band] = marks(figure, "predicted"), marks(figure, "predicted-band")
    assert line.get_linestyle() != "-"
    corners = band.get_xy()[:-1, 1].reshape(2, -1)
    assert (line.get_ydata() < corners[0]).all()
    assert (line.get_ydata() > corners[1][::-1]).all()
    assert "theory and where 95 % of networks lie" in texts(figure)


@pytest.mark.parametrize(("networks", "points"), [(1, 0), (2, 1), (30, 1), (31, 0)])
def test_networks_are_drawn_one_by_one_where_there_are_few(networks, points):
    figure = drawn(by_width(networks=networks, quantities=("std",)))
    assert len(marks(figure, "networks")) == points
    assert ("each network" in texts(figure)) == bool(points)
    assert (f"median of {networks} networks" in texts(figure)) == (networks > 1)


def test_a_trend_is_written_above_its_own_quantity():
    figure = drawn(by_width())
    found = [text for text in figure.findobj(Text) if text.get_text().startswith("flat in the width: ×0.99 ± 0.02")]
    assert len(found) == 1
    assert found[0].get_position()[0] < 960


@pytest.mark.parametrize(("low", "high"), [(-0.01, 0.01), (0.0, 1.0), (-3.2, 2.7), (-480.0, 30.0), (-320.0, -318.0)])
def test_decades_hold_all_of_their_values_with_ticks_between(low, high):
    axis = DecadeAxis.over([low, high])
    assert (axis.place([low, high]) >= 0).all()
    assert (axis.place([low, high]) <= 1).all()
    assert np.diff(axis.place([low, low + 1]))[0] <= 1
    for room in (150.0, 700.0):
        ticks = axis.ticks(room, lambda _: 21.0)
        assert len(ticks) >= (2 if high - low > 2 or high < 300 > -low else 1)
        assert all(0 <= place <= 1 for place, _ in ticks)


def test_a_prediction_far_away_does_not_press_the_others_flat():
    near = DecadeAxis.over([0.0, 2.0])
    far = DecadeAxis.over([0.0, 2.0], [-300.0, 300.0])
    assert np.diff(far.place([0.0, 2.0]))[0] > 0.45 * np.diff(near.place([0.0, 2.0]))[0]


def test_a_map_says_of_how_many_networks_it_shows_the_median():
    several = of_values((gains(2), depths(1)), "std", [1.0, 2.0])
    cells = tuple(replace(cell, networks={"std": (0.5, cell.statistics["std"], 3.0)}) for cell in several.cells)
    assert "median of 3 networks" in texts(drawn(replace(several, cells=cells)))
    assert not any("median" in text for text in texts(drawn(several)))


def test_the_subtitle_holds_every_shared_setting_and_the_seed():
    shown = " ".join(texts(drawn(relu_map())))
    for word in ("init normal", "act relu", "bias zeros", "norm none", "batches of 256", "5 networks", "float32",
                 "seed 7", "Sweep over gain and layers", "gain of the weights", "number of layers"):
        assert word in shown


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("make", [relu_map, by_width], ids=["map", "curves"])
def test_the_same_picture_is_the_same_bytes_with_the_seed_inside(format, make):
    once, again = (render(make(), Style(), format) for _ in range(2))
    assert once == again
    if format == "png":
        metadata = Image.open(io.BytesIO(once)).text
        assert metadata["Seed"] == "7"
        said = json.loads(metadata["Configuration"])
        assert said["init"] == "normal"
        assert list(said["over"]) == [axis.name for axis in make().axes]
    else:
        assert b"Seed: 7" in once
